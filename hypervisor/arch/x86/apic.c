/* SPDX-License-Identifier: Apache-2.0 */
#include "apic.h"

#include "bh/console.h"
#include "bh/hyp_map.h"
#include "clock.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"
#include "layout.h"

/* Offsets of registers; in x2APIC mode MSR_X2APIC + offset / 16. */
#define APIC_ID       0x020
#define APIC_TPR      0x080
#define APIC_EOI      0x0b0
#define APIC_SVR      0x0f0
#define APIC_ICR      0x300
#define APIC_ICR_HIGH 0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0

#define SVR_ENABLED   BIT(8)
#define LVT_MASKED    BIT(16)
#define LVT_DEADLINE  BIT(18)
#define DIVIDE_BY_1   0xb
#define ICR_INIT      0x00004500U /* INIT, level assert */
#define ICR_STARTUP   0x00004600U
#define ICR_BUSY      BIT(12)

#define BASE_ENABLED  BIT(11)
#define BASE_X2APIC   BIT(10)
#define BASE_ADDRESS  0x000ffffffffff000UL

#define CPUID_1_C_X2APIC BIT(21)

static volatile uint32_t *registers; /* [boot] NULL: x2APIC */

static ALWAYS_INLINE uint32_t apic_read(unsigned offset)
{
    return registers != NULL ? registers[offset / sizeof(uint32_t)] : (uint32_t)msr_read(MSR_X2APIC + offset / 16);
}

static ALWAYS_INLINE void apic_write(unsigned offset, uint32_t value)
{
    if (registers != NULL) {
        registers[offset / sizeof(uint32_t)] = value;
    } else {
        msr_write(MSR_X2APIC + offset / 16, value);
    }
}

int apic_init(void)
{
    struct cpuid_leaf leaf;

    cpuid_read(1, 0, &leaf);
    if ((leaf.ecx & CPUID_1_C_X2APIC) != 0) {
        return 0;
    }
    registers = device_map(msr_read(MSR_APIC_BASE) & BASE_ADDRESS, PAGE_SIZE);
    return registers != NULL ? 0 : -XEN_ENODEV;
}

void apic_cpu_init(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLED;

    msr_write(MSR_APIC_BASE, base);
    if (registers == NULL) {
        msr_write(MSR_APIC_BASE, base | BASE_X2APIC);
    }
    apic_write(APIC_SVR, SVR_ENABLED | VECTOR_SPURIOUS);
    apic_write(APIC_TPR, 0);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_MASKED);
    apic_write(APIC_LVT_ERROR, LVT_MASKED);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(APIC_ID);

    return registers != NULL ? id >> 24 : id;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

static void command(uint32_t target, uint32_t value)
{
    if (registers == NULL) {
        msr_write(MSR_X2APIC + APIC_ICR / 16, (uint64_t)target << 32 | value);
        return;
    }
    /* Bound: the sending of one interrupt, by hardware. */
    while ((apic_read(APIC_ICR) & ICR_BUSY) != 0) {
        __asm__ volatile("pause");
    }
    apic_write(APIC_ICR_HIGH, target << 24);
    apic_write(APIC_ICR, value);
}

void apic_send(uint32_t target, uint8_t vector)
{
    /* What the other CPU is to find was written before: a WRMSR to x2APIC's registers waits for nothing by itself. */
    __asm__ volatile("mfence" ::: "memory");
    command(target, vector);
}

void apic_start_cpu(uint32_t target, uint32_t pa)
{
    command(target, ICR_INIT);
    clock_wait_us(10000);
    for (unsigned i = 0; i < 2; i++) {
        command(target, ICR_STARTUP | pa >> PAGE_SHIFT);
        clock_wait_us(200);
    }
}

void apic_timer_start(uint32_t count)
{
    apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_left(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_use_deadline(void)
{
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER | LVT_DEADLINE);
    __asm__ volatile("mfence" ::: "memory");
}
