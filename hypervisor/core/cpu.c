/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/cpu.h"

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/heap.h"

struct cpu *cpu_table[CONFIG_MAX_CPUS];
unsigned cpu_count;

struct cpu *cpu_create(unsigned id)
{
    struct cpu *cpu;

    if (id >= CONFIG_MAX_CPUS || (cpu = heap_alloc(sizeof(*cpu), FRAME_NO_DOMAIN)) == NULL) {
        return NULL;
    }
    cpu_init(cpu, id);
    return cpu;
}

void cpu_init(struct cpu *cpu, unsigned id)
{
    cpu->id = (uint16_t)id;
    spinlock_init(&cpu->timers.lock, LOCK_TIMER);
    sched_cpu_init(cpu);
    cpu_table[id] = cpu;
    cpu_count = MAX(cpu_count, id + 1);
}

void cpu_request(struct cpu *cpu, uint32_t work)
{
    if (cpu == this_cpu()) {
        cpu->work |= work;
        return;
    }
    /* A request that is still pending has an interrupt on its way. */
    if ((__atomic_fetch_or(&cpu->requests, work, __ATOMIC_RELEASE) & work) != work) {
        arch_cpu_kick(cpu);
    }
}
