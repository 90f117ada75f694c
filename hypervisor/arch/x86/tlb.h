/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUs may still know of translations that are gone. A CPU that waits for others to forget cannot rely on them taking
 * an interrupt, since they may wait for a lock that it holds. So: a CPU in a guest, or asleep, forgets before anything
 * else when it comes back; one that is in the hypervisor does when it waits for something, or goes to its guest.
 */
#ifndef BH_X86_TLB_H
#define BH_X86_TLB_H

#include "bh/cpu.h"
#include "bh/types.h"

/* VA of the hypervisor's own mappings: when it returns, no CPU uses what it knew of it. Bound: each CPU's next wait or exit. */
void tlb_forget_everywhere(uint64_t va);
/* When it returns, no CPU is in a guest with the nested tables at ROOT that entered before the call. Kicks those. */
void tlb_leave_guests(uint64_t root);

/* [atomic] Counts changes of the hypervisor's own mappings. */
extern uint32_t tlb_changes;

/* This CPU leaves the hypervisor, or is back. */
static ALWAYS_INLINE void tlb_turn_away(struct cpu *cpu)
{
    __atomic_fetch_add(&cpu->arch.turns, 1, __ATOMIC_SEQ_CST);
}

static ALWAYS_INLINE void tlb_turn_back(struct cpu *cpu)
{
    __atomic_store_n(&cpu->arch.turns, cpu->arch.turns + 1, __ATOMIC_RELEASE);
    if (unlikely(__atomic_load_n(&tlb_changes, __ATOMIC_RELAXED) != cpu->arch.tlb_seen)) {
        tlb_serve();
    }
}

#endif
