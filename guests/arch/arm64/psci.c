/* SPDX-License-Identifier: Apache-2.0 */
/* Every PSCI and SMCCC function with good and bad arguments; CPUs turned on, off and on again. PSCI: Arm DEN 0022. */
#include "guest.h"

#define AFFINITY_ON  0
#define AFFINITY_OFF 1

static volatile unsigned arrived; /* counts arrivals of secondary CPUs */
static volatile uint64_t context_seen;

static void features(void)
{
    static const struct { uint32_t id; const char *name; } list[] = {
        { 0x84000000, "VERSION" }, { 0x84000001, "CPU_SUSPEND 32" }, { 0xc4000001, "CPU_SUSPEND 64" },
        { 0x84000002, "CPU_OFF" }, { 0x84000003, "CPU_ON 32" }, { 0xc4000003, "CPU_ON 64" },
        { 0x84000004, "AFFINITY_INFO 32" }, { 0xc4000004, "AFFINITY_INFO 64" }, { 0x84000005, "MIGRATE 32" },
        { 0xc4000005, "MIGRATE 64" }, { 0x84000006, "MIGRATE_INFO_TYPE" }, { 0x84000007, "MIGRATE_INFO_UP_CPU 32" },
        { 0xc4000007, "MIGRATE_INFO_UP_CPU 64" }, { 0x84000008, "SYSTEM_OFF" }, { 0x84000009, "SYSTEM_RESET" },
        { 0x8400000a, "FEATURES" }, { 0x8400000b, "CPU_FREEZE" }, { 0x8400000c, "CPU_DEFAULT_SUSPEND 32" },
        { 0xc400000c, "CPU_DEFAULT_SUSPEND 64" }, { 0x8400000d, "NODE_HW_STATE 32" },
        { 0x8400000e, "SYSTEM_SUSPEND 32" }, { 0xc400000e, "SYSTEM_SUSPEND 64" },
        { 0x8400000f, "SET_SUSPEND_MODE" }, { 0x84000010, "STAT_RESIDENCY 32" }, { 0x84000011, "STAT_COUNT 32" },
        { 0x84000012, "SYSTEM_RESET2 32" }, { 0xc4000012, "SYSTEM_RESET2 64" }, { 0x84000013, "MEM_PROTECT" },
        { 0x84000014, "MEM_PROTECT_CHECK_RANGE" }, { 0x84000099, "unallocated" }, { 0x80000000, "SMCCC_VERSION" },
        { 0xc4000000, "VERSION 64" }, { 0xc4000008, "SYSTEM_OFF 64" }, { 0, "zero" },
    };

    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        say("features %s: %d\n", list[i].name, (int)psci(PSCI_FEATURES, list[i].id, 0, 0));
    }
}

static void harmless_calls(void)
{
    static const struct { uint64_t id; uint64_t a; const char *name; } list[] = {
        { 0x84000000, 0, "VERSION" }, { 0xc4000000, 0, "VERSION as 64-bit call" }, { 0x84000005, 0, "MIGRATE" },
        { 0xc4000005, 0, "MIGRATE 64" }, { 0x84000006, 0, "MIGRATE_INFO_TYPE" },
        { 0x84000007, 0, "MIGRATE_INFO_UP_CPU" }, { 0x8400000b, 0, "CPU_FREEZE" },
        { 0x8400000d, 0, "NODE_HW_STATE" }, { 0x8400000f, 0, "SET_SUSPEND_MODE" },
        { 0x84000010, 0, "STAT_RESIDENCY" }, { 0x84000011, 0, "STAT_COUNT" }, { 0x84000013, 0, "MEM_PROTECT" },
        { 0x84000014, 0, "MEM_PROTECT_CHECK_RANGE" }, { 0x84000020, 0, "unallocated 0x20" },
        { 0xc4000020, 0, "unallocated 64 0x20" }, { 0x80000000, 0, "SMCCC_VERSION" },
        { 0x80000001, 0x80000000, "SMCCC_ARCH_FEATURES of SMCCC_VERSION" },
        { 0x80000001, 0x80000001, "SMCCC_ARCH_FEATURES of itself" },
        { 0x80000001, 0x80008000, "SMCCC_ARCH_FEATURES of ARCH_WORKAROUND_1" },
        { 0x80000001, 0x80007fff, "SMCCC_ARCH_FEATURES of ARCH_WORKAROUND_2" },
        { 0x80000001, 0x80003fff, "SMCCC_ARCH_FEATURES of ARCH_WORKAROUND_3" },
        { 0x80000001, 0x80000002, "SMCCC_ARCH_FEATURES of SOC_ID" },
        { 0x80000001, 0x12345678, "SMCCC_ARCH_FEATURES of nonsense" },
        { 0x80008000, 0, "ARCH_WORKAROUND_1" }, { 0x80000002, 0, "SOC_ID" },
        { 0x8000ff00, 0, "arch call count" }, { 0x8400ff00, 0, "standard call count" },
        { 0x8500ff00, 0, "standard hypervisor call count" },
        { 0x8600ff00, 0, "hypervisor call count" }, { 0x81000000, 0, "CPU service" }, { 0x82000000, 0, "SiP service" },
        { 0x83000000, 0, "OEM service" }, { 0x85000000, 0, "reserved service" }, { 0xb2000000, 0, "trusted app" },
        { 0xbf00ff01, 0, "trusted OS UID" }, { 0x84000050, 0, "TRNG_VERSION" }, { 0x84000001 | 0x20000000, 0, "fast call bit of owner" },
        { 0x04000000, 0, "yielding call" }, { 0, 0, "zero" }, { 0xffffffff, 0, "all ones" },
        { 0x184000000, 0, "VERSION with upper bits set" }, { 0x95c1ba60, 0, "PSCI 0.1 CPU_ON id" },
    };

    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        say("call %s: 0x%lx\n", list[i].name, (uint64_t)psci((uint32_t)list[i].id, list[i].a, 0, 0));
    }
    struct smccc r = smccc_hvc(0x84000000 | 1ull << 32, 0, 0, 0);
    say("VERSION with bit 32 set: 0x%lx\n", r.x[0]);
    r = smccc_hvc(0x8600ff01, 0, 0, 0);
    say("hypervisor UID: 0x%lx 0x%lx 0x%lx 0x%lx\n", r.x[0], r.x[1], r.x[2], r.x[3]);
    r = smccc_hvc(0x8600ff03, 0, 0, 0);
    say("hypervisor revision: 0x%lx 0x%lx\n", r.x[0], r.x[1]);
    r = smccc_hvc(0x8500ff01, 0, 0, 0);
    say("standard hypervisor UID: 0x%lx 0x%lx 0x%lx 0x%lx\n", r.x[0], r.x[1], r.x[2], r.x[3]);
    r = smccc_hvc(0x8500ff03, 0, 0, 0);
    say("standard hypervisor revision: 0x%lx 0x%lx\n", r.x[0], r.x[1]);
    r = smccc_hvc(0x8400ff01, 0, 0, 0);
    say("standard UID: 0x%lx 0x%lx 0x%lx 0x%lx\n", r.x[0], r.x[1], r.x[2], r.x[3]);
    r = smccc_hvc(0x8400ff03, 0, 0, 0);
    say("standard revision: 0x%lx 0x%lx\n", r.x[0], r.x[1]);
    r = smccc_hvc(PSCI_VERSION, 0x1111, 0x2222, 0x3333);
    say("VERSION keeps x1..x3: %s\n", r.x[1] == 0x1111 && r.x[2] == 0x2222 && r.x[3] == 0x3333 ? "yes" : "no");
}

static int affinity(uint64_t cpu, uint64_t level)
{
    return (int)psci(PSCI_AFFINITY_INFO | PSCI_64, cpu, level, 0);
}

/* Req: BH-PSCI-005 */
static void affinities(void)
{
    say("affinity of self: %d\n", affinity(0, 0));
    say("affinity 32 of self: %d\n", (int)psci(PSCI_AFFINITY_INFO, 0, 0, 0));
    say("affinity of 1, off: %d\n", affinity(1, 0));
    say("affinity of missing CPU: %d\n", affinity(board.cpu_count, 0));
    say("affinity of 0x1234: %d\n", affinity(0x1234, 0));
    say("affinity of 0x100000000: %d\n", affinity(0x100000000, 0));
    say("affinity of bit 31: %d\n", affinity(0x80000000, 0));
    say("affinity of all ones: %d\n", affinity(~0ull, 0));
    say("affinity level 1: %d\n", affinity(0, 1));
    say("affinity level 3: %d\n", affinity(0, 3));
    say("affinity level 4: %d\n", affinity(0, 4));
}

static void secondary(void *argument)
{
    context_seen = (uint64_t)argument;
    arrived++;
    dsb();
    __asm__ volatile("sev");
    if (argument == (void *)0x2) { /* the second time it stays, with its registers looked at */
        for (;;) {
            wfi();
        }
    }
}

static void wait_for_off(unsigned cpu)
{
    while (affinity(cpu, 0) != AFFINITY_OFF) {
        delay_us(100);
    }
}

/* Req: BH-PSCI-002, BH-PSCI-006 */
static void turning_on(void)
{
    uint64_t entry = (uint64_t)secondary_start;

    say("CPU_ON self: %d\n", (int)psci(PSCI_CPU_ON | PSCI_64, 0, entry, 0));
    say("CPU_ON missing CPU: %d\n", (int)psci(PSCI_CPU_ON | PSCI_64, board.cpu_count, entry, 0));
    say("CPU_ON 0x1234: %d\n", (int)psci(PSCI_CPU_ON | PSCI_64, 0x1234, entry, 0));
    say("CPU_ON all ones: %d\n", (int)psci(PSCI_CPU_ON | PSCI_64, ~0ull, entry, 0));
    for (unsigned cpu = 1; cpu < board.cpu_count; cpu++) {
        for (unsigned round = 0; round < 3; round++) {
            unsigned before = arrived;
            int64_t result = cpu_on(cpu, secondary, (void *)(uint64_t)(0x100 + round));

            say("CPU_ON %u round %u: %ld\n", cpu, round, result);
            if (result != 0) {
                return;
            }
            while (arrived == before) {
                delay_us(100);
            }
            say("cpu %u context: 0x%lx\n", cpu, context_seen);
            wait_for_off(cpu);
            say("cpu %u turned itself off: yes\n", cpu);
        }
        say("CPU_ON %u to stay: %ld\n", cpu, cpu_on(cpu, secondary, (void *)0x2));
        while (affinity(cpu, 0) != AFFINITY_ON) {
            delay_us(100);
        }
        say("CPU_ON %u when on: %d\n", cpu, (int)psci(PSCI_CPU_ON | PSCI_64, cpu, entry, 0));
        say("affinity of %u, on: %d\n", cpu, affinity(cpu, 0));
    }
}

/* Req: BH-PSCI-007 */
static void suspend(void)
{
    static const uint64_t states[] = { 0, 0x10000, 0x1000000, 0xffffffff };

    /* A wake-up that is pending from the start: suspend must come back, with or without taking the entry point. */
    irq_init();
    irq_enable(board.vtimer_irq);
    for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        uint64_t deadline = now() + ticks_from_us(1000);

        if ((states[i] & 0x10000) != 0) {
            continue; /* a power-down state may return to the entry point */
        }
        WRITE_SYSREG(cntv_cval_el0, deadline);
        WRITE_SYSREG(cntv_ctl_el0, 1);
        isb();
        say("CPU_SUSPEND 0x%lx: %d\n", states[i], (int)psci(PSCI_CPU_SUSPEND | PSCI_64, states[i], 0, 0));
        while (now() < deadline) {
            cpu_yield();
        }
        WRITE_SYSREG(cntv_ctl_el0, 0);
        isb();
    }
}

/* The registers that a CPU starts with: PSCI section 6.4. */
static void first_registers(void)
{
    say("sctlr when on, bits that matter: 0x%lx\n", READ_SYSREG(sctlr_el1) & 0x1005);
    say("mpidr: 0x%lx\n", READ_SYSREG(mpidr_el1));
    say("current level: 0x%lx\n", READ_SYSREG(currentel));
}

void guest_main(void)
{
    say("cpus: %u\n", board.cpu_count);
    first_registers();
    features();
    harmless_calls();
    affinities();
    turning_on();
    suspend();
}
