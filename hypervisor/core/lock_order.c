/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug builds: every CPU remembers the levels of the locks it holds; taking one that is not above all of them could
 * deadlock against another CPU, whether it does today or not.
 */
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/spinlock.h"

static void enter(const struct spinlock *l, unsigned least)
{
    struct cpu *cpu = this_cpu();

    if (cpu->held_count != 0 && cpu->held_level[cpu->held_count - 1] > least) {
        panic("lock order: level %u taken while %u is held", l->level, cpu->held_level[cpu->held_count - 1]);
    }
    if (cpu->held_count == ARRAY_COUNT(cpu->held_level)) {
        panic("lock order: too many locks held");
    }
    cpu->held_level[cpu->held_count++] = l->level;
}

void lock_order_enter(const struct spinlock *l)
{
    enter(l, l->level - 1U);
}

void lock_order_enter_second(const struct spinlock *l)
{
    enter(l, l->level);
}

void lock_order_leave(const struct spinlock *l)
{
    struct cpu *cpu = this_cpu();

    /* Locks need not be released in the order of taking. */
    for (unsigned i = cpu->held_count; i > 0; i--) {
        if (cpu->held_level[i - 1] == l->level) {
            for (unsigned k = i; k < cpu->held_count; k++) {
                cpu->held_level[k - 1] = cpu->held_level[k];
            }
            cpu->held_count--;
            return;
        }
    }
    panic("lock order: level %u released but not held", l->level);
}
