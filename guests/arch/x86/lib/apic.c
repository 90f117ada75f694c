/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC in both of its modes, and its timer (Intel SDM, volume 3, "Advanced Programmable Interrupt
 * Controller").
 */
#include "guest.h"

#define BASE_ENABLED (1u << 11)
#define BASE_X2APIC (1u << 10)
#define FEATURE_X2APIC (1u << 21)       /* CPUID 1, ecx */
#define FEATURE_TSC_DEADLINE (1u << 24)
#define MSR_TSC_DEADLINE 0x6e0u
#define SVR_ENABLED 0x1ffu
#define ICR_BUSY (1u << 12)
#define LVT_TSC_DEADLINE (2u << 17)
#define DIVIDE_BY_1 0xbu
#define TIMER_IRQ 20
#define CALIBRATION_US 20000

static struct { bool is_set; uint64_t deadline; } timers[CPU_MAX];
static uint32_t timer_khz;
bool apic_prefers_x2 = true;

bool apic_is_x2(void)
{
    return (msr_read(MSR_APIC_BASE) & BASE_X2APIC) != 0;
}

uint32_t apic_read(unsigned offset)
{
    return apic_is_x2() ? (uint32_t)msr_read(MSR_X2APIC(offset)) : read32(APIC_ADDRESS + offset);
}

void apic_write(unsigned offset, uint32_t value)
{
    if (apic_is_x2()) {
        msr_write(MSR_X2APIC(offset), value);
    } else {
        write32(APIC_ADDRESS + offset, value);
    }
}

void apic_send(uint32_t apic_id, uint32_t command)
{
    dsb();
    if (apic_is_x2()) {
        msr_write(MSR_X2APIC(APIC_ICR), (uint64_t)apic_id << 32 | command);
        return;
    }
    write32(APIC_ADDRESS + APIC_ICR_HIGH, apic_id << 24);
    write32(APIC_ADDRESS + APIC_ICR, command);
    for (unsigned i = 0; i < 1000000 && (read32(APIC_ADDRESS + APIC_ICR) & ICR_BUSY) != 0; i++) {
        cpu_yield();
    }
}

void apic_enable(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLED;

    msr_write(MSR_APIC_BASE, base);
    if (apic_prefers_x2 && (cpuid_read(1, 0).c & FEATURE_X2APIC) != 0) {
        msr_write(MSR_APIC_BASE, base | BASE_X2APIC);
    }
    apic_write(APIC_SVR, SVR_ENABLED);
}

void irq_init_cpu(void)
{
    apic_enable();
    apic_write(APIC_TPR, 0);
}

void irq_init(void)
{
    irq_init_cpu();
}

void irq_send(unsigned cpu, unsigned irq)
{
    apic_send(board.apic_ids[cpu], IRQ_VECTOR(irq));
}

uint64_t ticks_from_us(uint64_t us)
{
    return us * board.tsc_khz / 1000;
}

uint32_t apic_timer_khz(void)
{
    if (timer_khz == 0) {
        uint64_t start;

        apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
        apic_write(APIC_LVT_TIMER, 1u << 16);
        start = now();
        apic_write(APIC_TIMER_START, 0xffffffff);
        delay_us(CALIBRATION_US);
        timer_khz = (uint32_t)((0xffffffff - apic_read(APIC_TIMER_NOW)) * board.tsc_khz / (now() - start));
        apic_write(APIC_TIMER_START, 0);
    }
    return timer_khz;
}

unsigned timer_irq(void) { return TIMER_IRQ; }

void timer_set(uint64_t deadline)
{
    timers[cpu_id()].deadline = deadline;
    timers[cpu_id()].is_set = true;
    if ((cpuid_read(1, 0).c & FEATURE_TSC_DEADLINE) != 0) {
        apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | IRQ_VECTOR(TIMER_IRQ));
        msr_write(MSR_TSC_DEADLINE, deadline);
    } else {
        uint32_t khz = apic_timer_khz();
        uint64_t from = now();
        uint64_t counts = (deadline > from ? deadline - from : 0) * khz / board.tsc_khz;

        apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
        apic_write(APIC_LVT_TIMER, IRQ_VECTOR(TIMER_IRQ));
        apic_write(APIC_TIMER_START, (uint32_t)counts + 1);
    }
}

bool timer_goes_on(void)
{
    if (!timer_is_waiting()) {
        return false;
    }
    timer_set(timers[cpu_id()].deadline);
    return true;
}

void timer_stop(void)
{
    timers[cpu_id()].is_set = false;
    apic_write(APIC_LVT_TIMER, 1u << 16 | IRQ_VECTOR(TIMER_IRQ));
    apic_write(APIC_TIMER_START, 0);
}

bool timer_is_waiting(void) { return timers[cpu_id()].is_set && now() < timers[cpu_id()].deadline; }
bool timer_has_fired(void) { return timers[cpu_id()].is_set && now() >= timers[cpu_id()].deadline; }
