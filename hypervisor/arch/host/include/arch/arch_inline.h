/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: the contract's operations that are inline elsewhere. One thread plays all CPUs: host_this_cpu says which.
 */
#ifndef BH_ARCH_ARCH_INLINE_H
#define BH_ARCH_ARCH_INLINE_H

#include "bh/types.h"

struct cpu;

extern struct cpu *host_this_cpu;
extern uint64_t host_now;

static inline struct cpu *arch_this_cpu(void)
{
    return host_this_cpu;
}

static inline uint64_t arch_time_now(void)
{
    return host_now;
}

/* A lock that is held when one thread wants it is a deadlock. */
void arch_spin_wait(const uint16_t *owner, uint16_t ticket);

/* One thread plays all CPUs: what it waits for will not come. A test may say otherwise. */
void arch_relax(void);

static inline void arch_full_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
