/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How guests on x86 make hypercalls (Xen's arch-x86/xen-x86_64.h and xen-x86_32.h): registers, and the page of stubs that
 * the hypervisor writes for them.
 */
#ifndef BH_X86_HYPERCALL_X86_H
#define BH_X86_HYPERCALL_X86_H

#include "bh/hypercall.h"
#include "bh/types.h"
#include "bh/vcpu.h"
#include "state.h"

/* A kernel in 64-bit code calls: as hypercall_x86(), the short way that nearly all calls take. */
static ALWAYS_INLINE bool hypercall_from_64bit(struct vcpu *v, struct vcpu_regs *s)
{
    uint64_t a[5] = { s->r[RDI], s->r[RSI], s->r[RDX], s->r[R10], s->r[R8] };
    int64_t answer;

    answer = hypercall_dispatch(v, s->r[RAX], a);

    if (unlikely(answer == HYPERCALL_RESTART)) {
        s->r[RDI] = a[0];
        s->r[RSI] = a[1];
        s->r[RDX] = a[2];
        s->r[R10] = a[3];
        s->r[R8] = a[4];
        return false;
    }
    s->r[RAX] = (uint64_t)answer;
    return true;
}

/* The current vCPU calls. True: it is answered, in RAX; false: the same instruction is to be executed again. */
bool hypercall_x86(struct vcpu *v, struct vcpu_regs *s);
/* The MSRs from 0x40000000 on. -XEN_EINVAL: #GP(0). */
MUST_USE int hypercall_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
MUST_USE int hypercall_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
