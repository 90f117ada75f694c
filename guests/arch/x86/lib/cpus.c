/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Further CPUs, by INIT and start-up IPI (Intel SDM, volume 3, "Multiple-Processor (MP) Initialization").
 */
#include "guest.h"

#define TRAMPOLINE 0x8000u  /* start.S knows it too */
#define COMMAND_INIT 0x4500u
#define COMMAND_START 0x4600u
#define INIT_DELAY_US 10000
#define START_LIMIT_US 2000000
#define ALREADY_ON (-4)
#define NO_ANSWER (-1)

void *memcpy(void *to, const void *from, size_t size);
void secondary_main(void);

extern const char trampoline_start[], trampoline_end[];
uint32_t starting_cpu;
/* HAS_STARTED stays when FUNCTION is done with before cpu_on() looks. */
static struct { void (*function)(void *); void *argument; uint32_t is_on, has_started; } starts[CPU_MAX];

int64_t cpu_on(unsigned cpu, void (*function)(void *), void *argument)
{
    uint64_t end;

    if (cpu >= board.cpu_count || cpu_is_on(cpu)) {
        return ALREADY_ON;
    }
    apic_enable();
    starts[cpu].function = function;
    starts[cpu].argument = argument;
    starts[cpu].has_started = 0;
    starting_cpu = cpu;
    memcpy((void *)(uintptr_t)TRAMPOLINE, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    apic_send(board.apic_ids[cpu], COMMAND_INIT);
    delay_us(INIT_DELAY_US);
    apic_send(board.apic_ids[cpu], COMMAND_START | TRAMPOLINE >> 12);
    end = now() + ticks_from_us(START_LIMIT_US);
    while (__atomic_load_n(&starts[cpu].has_started, __ATOMIC_ACQUIRE) == 0) {
        if (now() > end) {
            return NO_ANSWER;
        }
        cpu_yield();
    }
    return 0;
}

void secondary_main(void)
{
    unsigned cpu = cpu_id();

    machine_tables_load();
    __atomic_store_n(&starts[cpu].is_on, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&starts[cpu].has_started, 1, __ATOMIC_RELEASE);
    starts[cpu].function(starts[cpu].argument);
    cpu_off();
}

void cpu_off(void)
{
    irq_off();
    __atomic_store_n(&starts[cpu_id()].is_on, 0, __ATOMIC_RELEASE);
    for (;;) {
        __asm__ volatile("hlt");
    }
}

bool cpu_is_on(unsigned cpu)
{
    return cpu == 0 || __atomic_load_n(&starts[cpu].is_on, __ATOMIC_ACQUIRE) != 0;
}

void cpu_await(void) { cpu_yield(); }
void cpu_notify(void) { }
