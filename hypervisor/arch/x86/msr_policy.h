/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which model-specific registers a guest has, and what is behind each. What is not in the table is #GP(0).
 */
#ifndef BH_X86_MSR_POLICY_H
#define BH_X86_MSR_POLICY_H

#include "bh/types.h"
#include "bh/vcpu.h"

/* Lets guests reach those that hardware switches without an exit. Boot, once. */
void msr_policy_open(void);
/* The bits of EFER that a guest may set, LMA among them. */
uint64_t msr_policy_efer(void);
/* The current vCPU reads, or writes, MSR. -XEN_EINVAL: #GP(0). */
MUST_USE int msr_policy_read(struct vcpu *v, uint32_t msr, uint64_t *value);
MUST_USE int msr_policy_write(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
