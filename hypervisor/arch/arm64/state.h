/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's registers. They live in a frame of their own, which is mapped at CPU_STATE_VA of the CPU that runs the
 * vCPU and nowhere else. entry.S knows that x[] comes first.
 */
#ifndef BH_ARM64_STATE_H
#define BH_ARM64_STATE_H

#include "bh/types.h"
#include "layout.h"

/* The registers of EL1 and EL0 that belong to the guest and are switched as they are. */
#define STATE_SYSREGS(X) \
    X(sp_el0) X(sp_el1) X(elr_el1) X(spsr_el1) X(sctlr_el1) X(cpacr_el1) X(ttbr0_el1) X(ttbr1_el1) X(tcr_el1) \
    X(esr_el1) X(far_el1) X(afsr0_el1) X(afsr1_el1) X(mair_el1) X(amair_el1) X(vbar_el1) X(contextidr_el1) \
    X(tpidr_el0) X(tpidrro_el0) X(tpidr_el1) X(par_el1) X(csselr_el1) X(cntkctl_el1)

#define STATE_DEBUG_COUNT 16

struct vcpu_regs {
    uint64_t x[32]; /* x[31] is XZR: always 0 */
    uint64_t elr;  /* ELR_EL2 and SPSR_EL2, while it is not loaded: in between the CPU's own registers hold them */
    uint64_t spsr;
#define X(name) uint64_t name;
    STATE_SYSREGS(X)
#undef X
    uint64_t cntv_ctl, cntv_cval;
    uint64_t pauth_key[10];
    uint32_t gic_ap0r[4], gic_ap1r[4];
    /* Debug registers: what the guest wrote; in the CPU only while MDSCR_EL1.MDE is set. */
    uint64_t mdscr;
    bool os_locked;
    uint64_t dbgbvr[STATE_DEBUG_COUNT], dbgbcr[STATE_DEBUG_COUNT];
    uint64_t dbgwvr[STATE_DEBUG_COUNT], dbgwcr[STATE_DEBUG_COUNT];
    uint64_t fpcr, fpsr;
    uint64_t q[64] __attribute__((aligned(16)));
};

_Static_assert(sizeof(struct vcpu_regs) <= PAGE_SIZE, "a vCPU's state fits one frame");

/* The state of the vCPU that is loaded on this CPU. */
#define LOADED_STATE ((struct vcpu_regs *)CPU_STATE_VA)

#endif
