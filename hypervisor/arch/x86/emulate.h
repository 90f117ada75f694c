/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses of guests to what is no memory: the local APIC's page, and addresses where nothing is.
 */
#ifndef BH_X86_EMULATE_H
#define BH_X86_EMULATE_H

#include "bh/types.h"
#include "bh/vcpu.h"

/* Are there registers of V's at GPA? */
bool emulate_is_device(const struct vcpu *v, uint64_t gpa);

/*
 * Carries out the instruction of the current vCPU, V, that accessed GPA, which is not mapped for it. Where nothing is,
 * reads give ones and writes go nowhere; an instruction that is not emulated is #GP(0).
 */
void emulate_access(struct vcpu *v, uint64_t gpa, bool is_write);

#endif
