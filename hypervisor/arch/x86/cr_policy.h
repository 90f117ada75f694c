/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest may write to CR4 (AMD APM volume 2, 3.1.3; Intel SDM volume 3A, 2.5): bits of features that CPUID offers
 * it, whatever the host has. Pure functions.
 */
#ifndef BH_X86_CR_POLICY_H
#define BH_X86_CR_POLICY_H

#include "bh/types.h"

/* The registers of the guest that a write of CR4 depends on, before it. */
struct cr_state {
    uint64_t cr3, cr4, efer;
};

/* May a guest in state S write VALUE to CR4? If not, it gets #GP(0). Bound: the 32 bits that may have changed. */
bool cr_policy_cr4_is_valid(const struct cr_state *s, uint64_t value);
/* Does that write make the CPU forget translations? */
bool cr_policy_cr4_flushes(uint64_t before, uint64_t value);

#endif
