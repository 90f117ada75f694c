/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: how fast the TSC and the local APIC's timer are, and the wall clock.
 */
#ifndef BH_X86_CLOCK_H
#define BH_X86_CLOCK_H

#include "bh/types.h"

struct acpi_board;

/*
 * Measures TSC and APIC timer against the clock that ACPI names (HPET, else the PM timer), or the PIT. Boot CPU, once,
 * after apic_cpu_init().
 */
void clock_init(const struct acpi_board *acpi);
/* The timer of this CPU is what arch_timer_program() takes it for. */
void clock_cpu_init(void);
/* NS nanoseconds, at most CLOCK_NS_MAX (73 years), in ticks of arch_time_now(). */
#define CLOCK_NS_MAX (1UL << 61)
uint64_t clock_ticks(uint64_t ns);
/* Waits US microseconds. */
void clock_wait_us(unsigned us);
/* Seconds from 1970 to when arch_time_now() was 0, by the RTC, and nanoseconds of the next. */
uint64_t clock_wall_seconds(void);

#endif
