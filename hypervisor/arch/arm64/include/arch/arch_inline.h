/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64: the contract's operations that must be inline.
 */
#ifndef BH_ARCH_ARCH_INLINE_H
#define BH_ARCH_ARCH_INLINE_H

#include "bh/types.h"

struct cpu;

static ALWAYS_INLINE struct cpu *arch_this_cpu(void)
{
    struct cpu *cpu;

    __asm__("mrs %0, tpidr_el2" : "=r"(cpu));
    return cpu;
}

/* Ticks of the system counter (CNTPCT_EL0). */
static ALWAYS_INLINE uint64_t arch_time_now(void)
{
    uint64_t t;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(t));
    return t;
}

/* Sleeps until *OWNER is TICKET: the unlocking store clears the exclusive monitor, and that is an event. */
static inline void arch_spin_wait(const uint16_t *owner, uint16_t ticket)
{
    uint32_t now;

    __asm__ volatile("sevl\n"
                     "1:\twfe\n\tldaxrh %w0, [%1]\n\tcmp %w0, %w2\n\tb.ne 1b"
                     : "=&r"(now) : "r"(owner), "r"((uint32_t)ticket) : "cc", "memory");
}

/* Once round a loop that waits for another CPU. */
static ALWAYS_INLINE void arch_relax(void)
{
    __asm__ volatile("yield" ::: "memory");
}

/* Orders earlier stores before later loads, for all CPUs. */
static ALWAYS_INLINE void arch_full_barrier(void)
{
    __asm__ volatile("dmb ish" ::: "memory");
}

#endif
