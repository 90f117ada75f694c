/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts work on every CPU for "ms=N" of virtual time, "rounds=N" times (0: forever), and says how much it was: its
 * share of the CPUs. "sleep=N" sleeps N ms after each round instead of counting on.
 */
#include "guest.h"

static volatile uint64_t counts[CPU_MAX];
static volatile uint64_t deadline;

static void count(void *argument)
{
    uint64_t end = deadline, n = 0;

    (void)argument;
    while (counter_read() < end) {
        for (unsigned i = 0; i < 1000; i++) {
            __asm__ volatile("" ::: "memory");
        }
        n++;
    }
    counts[cpu_id()] = n;
}

static unsigned early;

static void wake(unsigned irq)
{
    (void)irq;
    if (!timer_has_fired()) {
        early++; /* the condition is gone: an interrupt of last time, delivered again */
        return;
    }
    timer_stop();
}

static void sleep_ms(uint64_t ms)
{
    uint64_t end = now() + ticks_from_us(ms * 1000);

    timer_set(end);
    while (now() < end) {
        wfi();
        irq_on();
        irq_off();
    }
}

void guest_main(void)
{
    uint64_t ms = arg_number("ms", 1000), rounds = arg_number("rounds", 1), rest = arg_number("sleep", 0);
    uint64_t total = 0;

    irq_init();
    irq_handle(timer_irq(), wake);
    irq_enable(timer_irq());
    for (uint64_t round = 1; rounds == 0 || round <= rounds; round++) {
        deadline = now() + ticks_from_us(ms * 1000);
        for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
            counts[cpu] = 0;
            cpu_on(cpu, count, NULL);
        }
        count(NULL);
        for (unsigned cpu = 0; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
            while (cpu != 0 && cpu_is_on(cpu)) {
                cpu_yield();
            }
            total += counts[cpu];
        }
        say("round %lu: %lu\n", round, total);
        if (rest != 0) {
            sleep_ms(rest);
        }
    }
    say("interrupts without a cause: %u\n", early);
    say("count: %lu\n", total);
}
