/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include "acpi.h"
#include "apic.h"
#include "arch/arch.h"
#include "arch/arch_ports.h"
#include "bh/console.h"
#include "bh/hyp_map.h"
#include "bh/timer.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"

/* How long clocks are compared. */
#define MEASURE_US 10000

/* Intel 8254, channel 0. */
#define PIT_FREQUENCY  1193182
#define PIT_CHANNEL0   0x40
#define PIT_MODE       0x43
#define PIT_MODE_ONCE  0x30
#define PIT_MODE_LATCH 0x00
#define PIT_STILL      10000 /* looks without a change: there is none */

/* IA-PC HPET 1.0a, 2.3. */
#define HPET_CAPABILITIES 0x000 /* in its upper half: femtoseconds of a tick */
#define HPET_CONFIGURATION 0x010
#define HPET_COUNTER      0x0f0
#define HPET_ENABLED      BIT(0)
#define HPET_PERIOD_MAX   100000000 /* 100 ns */

/* ACPI 6.4, 4.8.2.1. */
#define PM_TIMER_FREQUENCY 3579545

#define CPUID_1_C_TSC_DEADLINE BIT(24)
#define CPUID_80000007_D_INVARIANT_TSC BIT(8)

static uint64_t frequency;     /* [boot] of the TSC, in Hz */
static uint64_t apic_frequency; /* [boot] of the APIC's timer */
static bool has_deadline;      /* [boot] the timer compares with the TSC */
/* [boot] Ticks of the APIC's timer in one of the TSC, as a fraction of 2^32. */
static uint64_t apic_ratio;

uint64_t arch_time_frequency(void)
{
    return frequency;
}

uint64_t clock_ticks(uint64_t ns)
{
    /* No overflow in between: fewer than 2^64 / 10^9 ticks are in a second. */
    return ns / 1000000000 * frequency + ns % 1000000000 * frequency / 1000000000;
}

void clock_wait_us(unsigned us)
{
    uint64_t end = arch_time_now() + frequency * us / 1000000;

    while (arch_time_now() < end) {
        arch_relax();
    }
}

/* What the two counters were at the beginning and at the end of some microseconds, by a clock that is known. */
struct measure {
    uint64_t tsc[2];
    uint32_t apic[2];
    uint64_t ns;
};

static void look(struct measure *m, unsigned i)
{
    m->tsc[i] = arch_time_now();
    m->apic[i] = apic_timer_left();
}

static unsigned pit_count(void)
{
    unsigned low;

    arch_port_write8(PIT_MODE, PIT_MODE_LATCH);
    low = arch_port_read8(PIT_CHANNEL0);
    return low | (unsigned)arch_port_read8(PIT_CHANNEL0) << 8;
}

/*
 * Channel 0, whose gate is always open; where the gate of channel 2 is (port 0x61) not every machine has something.
 * False: it does not count. Its interrupt goes nowhere.
 */
static bool measure_by_pit(struct measure *m)
{
    unsigned ticks = (unsigned)((uint64_t)PIT_FREQUENCY * MEASURE_US / 1000000);
    unsigned first, now, before, still = 0;

    arch_port_write8(PIT_MODE, PIT_MODE_ONCE);
    arch_port_write8(PIT_CHANNEL0, 0xff);
    arch_port_write8(PIT_CHANNEL0, 0xff);
    first = now = pit_count();
    look(m, 0);
    do {
        before = now;
        now = pit_count();
        still = now == before ? still + 1 : 0;
        if (still == PIT_STILL) {
            return false;
        }
    } while (first - now < ticks);
    look(m, 1);
    m->ns = (uint64_t)(first - now) * 1000000000 / PIT_FREQUENCY;
    return true;
}

static bool measure_by_hpet(struct measure *m, uint64_t address)
{
    volatile uint64_t *hpet = device_map(address, PAGE_SIZE);
    uint64_t period, ticks, start, now;

    if (hpet == NULL) {
        return false;
    }
    period = hpet[HPET_CAPABILITIES / 8] >> 32;
    if (period == 0 || period > HPET_PERIOD_MAX) {
        return false;
    }
    hpet[HPET_CONFIGURATION / 8] |= HPET_ENABLED;
    ticks = (uint64_t)MEASURE_US * 1000000000 / period;
    start = hpet[HPET_COUNTER / 8];
    look(m, 0);
    /* The lower half counts everywhere; the wait is far shorter than its round. */
    do {
        now = (uint32_t)(hpet[HPET_COUNTER / 8] - start);
    } while (now < ticks);
    look(m, 1);
    m->ns = now * period / 1000000;
    return true;
}

static bool measure_by_pm_timer(struct measure *m, const struct acpi_register *r)
{
    uint32_t mask = r->bits >= 32 ? UINT32_MAX : (1U << r->bits) - 1, start, passed;
    uint32_t ticks = (uint32_t)((uint64_t)PM_TIMER_FREQUENCY * MEASURE_US / 1000000);

    if (r->address == 0 || !r->is_port) {
        return false;
    }
    start = arch_port_read32((uint16_t)r->address);
    look(m, 0);
    do {
        passed = (arch_port_read32((uint16_t)r->address) - start) & mask;
    } while (passed < ticks);
    look(m, 1);
    m->ns = (uint64_t)passed * 1000000000 / PM_TIMER_FREQUENCY;
    return true;
}

/* ---- MC146818A: the wall clock, and the last one to measure by ---- */

#define RTC_INDEX 0x70
#define RTC_DATA  0x71
#define RTC_A     0x0a
#define RTC_A_UPDATE BIT(7)
#define RTC_B     0x0b
#define RTC_B_24_HOURS BIT(1)
#define RTC_B_BINARY   BIT(2)
#define RTC_TRIES 100000
/* Looks that take seconds on any machine. */
#define RTC_SECOND_TRIES 10000000

static uint8_t rtc_read(uint8_t index)
{
    arch_port_write8(RTC_INDEX, index);
    return arch_port_read8(RTC_DATA);
}

/* Where there is nothing all bits are one; of an RTC it would be that its oscillator is held. */
static bool rtc_is_there(void)
{
    return rtc_read(RTC_A) != 0xff;
}

/* Waits until the seconds change. False: they do not. */
static bool rtc_wait_second(void)
{
    uint8_t before = rtc_read(0);

    for (unsigned tries = 0; tries < RTC_SECOND_TRIES; tries++) {
        if (rtc_read(0) != before) {
            return true;
        }
    }
    return false;
}

/* Takes up to two seconds. */
static bool measure_by_rtc(struct measure *m)
{
    if (!rtc_is_there() || !rtc_wait_second()) {
        return false;
    }
    look(m, 0);
    if (!rtc_wait_second()) {
        return false;
    }
    look(m, 1);
    m->ns = 1000000000;
    return true;
}

/* Req: BH-PC-010 */
void clock_init(const struct acpi_board *acpi)
{
    struct cpuid_leaf features, power = { .edx = 0 }, maximum;
    struct measure m;

    cpuid_read(1, 0, &features);
    cpuid_read(0x80000000, 0, &maximum);
    if (maximum.eax >= 0x80000007) {
        cpuid_read(0x80000007, 0, &power);
    }
    if ((power.edx & CPUID_80000007_D_INVARIANT_TSC) == 0) {
        log_warning("the TSC may change its speed: clocks will be wrong where it does");
    }
    apic_timer_start(UINT32_MAX);
    if ((acpi->hpet == 0 || !measure_by_hpet(&m, acpi->hpet)) && !measure_by_pm_timer(&m, &acpi->pm_timer) &&
        !measure_by_pit(&m) && !measure_by_rtc(&m)) {
        panic("clock: no HPET, ACPI timer, PIT or RTC to measure the TSC by");
    }
    apic_timer_start(0);
    frequency = (m.tsc[1] - m.tsc[0]) * 1000000000 / m.ns;
    apic_frequency = (uint64_t)(m.apic[0] - m.apic[1]) * 1000000000 / m.ns;
    if (frequency == 0 || apic_frequency == 0) {
        panic("clock: the TSC or the APIC's timer does not count");
    }
    apic_ratio = (apic_frequency << 32) / frequency;
    has_deadline = (features.ecx & CPUID_1_C_TSC_DEADLINE) != 0;
    log_info("TSC %lu kHz, APIC timer %lu kHz%s", frequency / 1000, apic_frequency / 1000,
             has_deadline ? ", deadlines" : "");
}

void clock_cpu_init(void)
{
    if (has_deadline) {
        apic_timer_use_deadline();
    }
}

void arch_timer_program(uint64_t deadline)
{
    uint64_t now, count;

    if (has_deadline) {
        msr_write(MSR_TSC_DEADLINE, deadline == TIMER_NEVER ? 0 : MAX(deadline, 1UL));
        return;
    }
    if (deadline == TIMER_NEVER) {
        apic_timer_start(0);
        return;
    }
    now = arch_time_now();
    count = deadline > now ? MIN(deadline - now, UINT32_MAX) * apic_ratio >> 32 : 0;
    /* Rounded up: an interrupt that comes too early is another one. */
    apic_timer_start((uint32_t)MIN(count + 1, UINT32_MAX));
}

/* ---- The wall clock ---- */

static unsigned rtc_number(uint8_t index, bool is_binary)
{
    uint8_t value = rtc_read(index);

    return is_binary ? value : (unsigned)(value >> 4) * 10 + (value & 0xf);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar from 2000 on. */
static uint64_t days_to(unsigned year, unsigned month, unsigned day)
{
    static const uint16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    uint64_t leaps = (year - 1969) / 4 + (year % 4 == 0 && month > 2 ? 1 : 0);

    return (uint64_t)(year - 1970) * 365 + leaps + before[(month - 1) % 12] + day - 1;
}

uint64_t clock_wall_seconds(void)
{
    uint8_t b = rtc_read(RTC_B);
    bool is_binary = (b & RTC_B_BINARY) != 0;
    unsigned hour;
    uint64_t seconds;

    if (!rtc_is_there()) {
        return 0;
    }
    for (unsigned tries = 0; tries < RTC_TRIES && (rtc_read(RTC_A) & RTC_A_UPDATE) != 0; tries++) {
    }
    hour = rtc_number(4, is_binary);
    if ((b & RTC_B_24_HOURS) == 0) {
        uint8_t raw = rtc_read(4);

        hour = (is_binary ? raw & 0x7fU : (raw >> 4 & 7U) * 10 + (raw & 0xfU)) % 12 + ((raw & 0x80) != 0 ? 12 : 0);
    }
    seconds = days_to(2000 + rtc_number(9, is_binary), rtc_number(8, is_binary), rtc_number(7, is_binary)) * 86400 +
              hour * 3600UL + rtc_number(2, is_binary) * 60UL + rtc_number(0, is_binary);
    return seconds - arch_time_now() / frequency;
}
