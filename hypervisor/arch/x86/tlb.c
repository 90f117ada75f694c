/* SPDX-License-Identifier: Apache-2.0 */
#include "tlb.h"

#include "arch/arch.h"
#include "cpu_registers.h"

uint32_t tlb_changes;

void tlb_serve(void)
{
    struct cpu *cpu = this_cpu();
    uint32_t changes = __atomic_load_n(&tlb_changes, __ATOMIC_ACQUIRE);

    if (changes != cpu->arch.tlb_seen) {
        cr3_write(cr3_read());
        __atomic_store_n(&cpu->arch.tlb_seen, changes, __ATOMIC_RELEASE);
    }
}

void tlb_forget_everywhere(uint64_t va)
{
    uint32_t changes = __atomic_add_fetch(&tlb_changes, 1, __ATOMIC_SEQ_CST);
    struct cpu *self = this_cpu();

    tlb_forget_here(va);
    for (unsigned i = 0; i < cpu_count; i++) {
        const struct cpu *cpu = cpu_table[i];
        uint32_t turns;

        if (cpu == NULL || cpu == self || !__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
            continue;
        }
        turns = __atomic_load_n(&cpu->arch.turns, __ATOMIC_SEQ_CST);
        /* Odd, or another number than now: it goes through tlb_turn_back() before it looks at anything. */
        while ((turns & 1) == 0 && __atomic_load_n(&cpu->arch.turns, __ATOMIC_ACQUIRE) == turns &&
               (int32_t)(__atomic_load_n(&cpu->arch.tlb_seen, __ATOMIC_ACQUIRE) - changes) < 0) {
            arch_relax();
        }
    }
}

void tlb_leave_guests(uint64_t root)
{
    struct cpu *self = this_cpu();

    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];
        uint32_t turns;

        if (cpu == NULL || cpu == self) {
            continue;
        }
        turns = __atomic_load_n(&cpu->arch.turns, __ATOMIC_SEQ_CST);
        if ((turns & 1) == 0 || __atomic_load_n(&cpu->arch.guest_root, __ATOMIC_RELAXED) != root) {
            continue;
        }
        arch_cpu_kick(cpu);
        while (__atomic_load_n(&cpu->arch.turns, __ATOMIC_ACQUIRE) == turns) {
            arch_relax();
        }
    }
}
