/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows are a stack a CPU: the number open names the next slot. Per-CPU state, no locks.
 */
#include "bh/window.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"

/* Req: BH-SEC-007 */
static unsigned slot_push(void)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(cpu->window_count == WINDOW_STACK_COUNT)) {
        panic("window: more than %u open", WINDOW_STACK_COUNT);
    }
    return cpu->window_count++;
}

/* Req: BH-SEC-001 */
void *window_open(mfn_t m)
{
    return arch_window_map(slot_push(), m, true);
}

const void *window_open_read(mfn_t m)
{
    return arch_window_map(slot_push(), m, false);
}

void window_close(const void *p)
{
    (void)p;
    arch_window_unmap(--this_cpu()->window_count);
}

void *window_open_block(mfn_t m)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(cpu->block_window_count == ARCH_BLOCK_WINDOW_COUNT)) {
        panic("window: more than %u blocks open", ARCH_BLOCK_WINDOW_COUNT);
    }
    return arch_block_window_map(cpu->block_window_count++, m);
}

void window_close_block(const void *p)
{
    (void)p;
    arch_block_window_unmap(--this_cpu()->block_window_count);
}

unsigned window_count(void)
{
    return this_cpu()->window_count + this_cpu()->block_window_count;
}
