/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How guests on x86 make hypercalls (Xen's arch-x86/xen-x86_64.h and xen-x86_32.h): registers, and the page of stubs that
 * the hypervisor writes for them.
 */
#ifndef BH_X86_HYPERCALL_X86_H
#define BH_X86_HYPERCALL_X86_H

#include "bh/types.h"
#include "bh/vcpu.h"
#include "state.h"

/* The current vCPU calls. True: it is answered, in RAX; false: the same instruction is to be executed again. */
bool hypercall_x86(struct vcpu *v, struct vcpu_regs *s);
/* The MSRs from 0x40000000 on. -XEN_EINVAL: #GP(0). */
MUST_USE int hypercall_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
MUST_USE int hypercall_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
