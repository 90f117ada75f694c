/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: the contract's operations that must be inline.
 */
#ifndef BH_ARCH_ARCH_INLINE_H
#define BH_ARCH_ARCH_INLINE_H

#include "bh/types.h"

struct cpu;

/* layout.h */
#define ARCH_CPU_OWN_VA 0xffffff000000c000

/* First in the CPU's own pages, whose address is the same on all: no register of the guest's has to be saved for it. */
static ALWAYS_INLINE struct cpu *arch_this_cpu(void)
{
    return *(struct cpu *const *)ARCH_CPU_OWN_VA;
}

/* Ticks of the TSC. */
static ALWAYS_INLINE uint64_t arch_time_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Other CPUs may wait for this one to forget translations: a CPU that waits itself does that meanwhile. */
void tlb_serve(void);

/* Once round a loop that waits for another CPU. */
static ALWAYS_INLINE void arch_relax(void)
{
    tlb_serve();
    __asm__ volatile("pause" ::: "memory");
}

/* Waits until *OWNER is TICKET. */
static inline void arch_spin_wait(const uint16_t *owner, uint16_t ticket)
{
    while (__atomic_load_n(owner, __ATOMIC_ACQUIRE) != ticket) {
        arch_relax();
    }
}

/* Orders earlier stores before later loads, for all CPUs. */
static ALWAYS_INLINE void arch_full_barrier(void)
{
    __asm__ volatile("lock addl $0, -4(%%rsp)" ::: "memory", "cc");
}

#endif
