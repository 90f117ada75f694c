/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUID says: how far its leaves go, the CPU's topology as each vCPU sees it, features that a hypervisor decides
 * on, and Xen's own leaves (arch-x86/cpuid.h). What depends on the machine below is told as a fact that does not.
 */
#include "xen_guest.h"

#include <xen/arch-x86/cpuid.h>

static void text_say(const char *name, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t words[4] = { a, b, c, 0 };

    say("%s: %s\n", name, (const char *)words);
}

static void features(void)
{
    static const struct { const char *name; uint32_t leaf, subleaf; unsigned reg, bit; } list[] = {
        { "fpu", 1, 0, 3, 0 }, { "vme", 1, 0, 3, 1 }, { "pse", 1, 0, 3, 3 }, { "tsc", 1, 0, 3, 4 },
        { "msr", 1, 0, 3, 5 }, { "pae", 1, 0, 3, 6 }, { "mce", 1, 0, 3, 7 }, { "apic", 1, 0, 3, 9 },
        { "sep", 1, 0, 3, 11 }, { "mtrr", 1, 0, 3, 12 }, { "pge", 1, 0, 3, 13 }, { "mca", 1, 0, 3, 14 },
        { "pat", 1, 0, 3, 16 }, { "pse36", 1, 0, 3, 17 }, { "ds", 1, 0, 3, 21 }, { "acpi", 1, 0, 3, 22 },
        { "sse2", 1, 0, 3, 26 }, { "htt", 1, 0, 3, 28 }, { "tm", 1, 0, 3, 29 }, { "sse3", 1, 0, 2, 0 },
        { "monitor", 1, 0, 2, 3 }, { "vmx", 1, 0, 2, 5 }, { "pcid", 1, 0, 2, 17 }, { "x2apic", 1, 0, 2, 21 },
        { "tsc-deadline", 1, 0, 2, 24 }, { "xsave", 1, 0, 2, 26 }, { "osxsave", 1, 0, 2, 27 },
        { "hypervisor", 1, 0, 2, 31 }, { "fsgsbase", 7, 0, 1, 0 }, { "tsc-adjust", 7, 0, 1, 1 },
        { "smep", 7, 0, 1, 7 }, { "smap", 7, 0, 1, 20 }, { "mpx", 7, 0, 1, 14 }, { "umip", 7, 0, 2, 2 },
        { "pku", 7, 0, 2, 3 }, { "ospke", 7, 0, 2, 4 }, { "la57", 7, 0, 2, 16 }, { "cet-ss", 7, 0, 2, 7 },
        { "spec-ctrl", 7, 0, 3, 26 }, { "arch-caps", 7, 0, 3, 29 }, { "arat", 6, 0, 0, 2 },
        { "syscall", 0x80000001, 0, 3, 11 }, { "nx", 0x80000001, 0, 3, 20 }, { "1gb-pages", 0x80000001, 0, 3, 26 },
        { "rdtscp", 0x80000001, 0, 3, 27 }, { "long-mode", 0x80000001, 0, 3, 29 }, { "svm", 0x80000001, 0, 2, 2 },
        { "ext-apic", 0x80000001, 0, 2, 3 }, { "osvw", 0x80000001, 0, 2, 9 }, { "topoext", 0x80000001, 0, 2, 22 },
        { "invariant-tsc", 0x80000007, 0, 3, 8 },
    };

    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        struct cpuid r = cpuid_read(list[i].leaf, list[i].subleaf);
        const uint32_t registers[4] = { r.a, r.b, r.c, r.d };

        say("feature %s: %u\n", list[i].name, registers[list[i].reg] >> list[i].bit & 1);
    }
}

static void topology(const char *name)
{
    struct cpuid one = cpuid_read(1, 0);

    say("%s: apic id %u, logical CPUs %u, clflush %u bytes\n", name, one.b >> 24, one.b >> 16 & 0xff,
        (one.b >> 8 & 0xff) * 8);
    for (uint32_t level = 0; level < 3; level++) {
        struct cpuid r = cpuid_read(0xb, level);

        say("%s, leaf 0xb level %u: shift %u, count %u, type %u, x2apic id %u\n", name, level, r.a & 31, r.b & 0xffff,
            r.c >> 8 & 0xff, r.d);
    }
    say("%s, its id is the APIC's: %s\n", name,
        apic_read(APIC_ID) >> (apic_is_x2() ? 0 : 24) == one.b >> 24 ? "yes" : "no");
}

static void xen_leaves(void)
{
    struct cpuid r = cpuid_read(board.xen_leaf, 0);

    say("xen leaves at: 0x%x\n", board.xen_leaf);
    text_say("xen signature", r.b, r.c, r.d);
    say("xen last leaf: +%u\n", r.a - board.xen_leaf);
    r = cpuid_read(board.xen_leaf + 1, 0);
    say("xen version: %u.%u, rest 0x%x 0x%x 0x%x\n", r.a >> 16, r.a & 0xffff, r.b, r.c, r.d);
    r = cpuid_read(board.xen_leaf + 2, 0);
    say("xen hypercall pages: %u, msr 0x%x, features 0x%x 0x%x\n", r.a, r.b, r.c, r.d);
    r = cpuid_read(board.xen_leaf + 3, 0);
    say("xen time: flags 0x%x, mode %u, frequency is there %s, incarnation %u\n", r.a, r.b, r.c != 0 ? "yes" : "no",
        r.d);
    r = cpuid_read(board.xen_leaf + 3, 1);
    say("xen time scale: multiplier is there %s, shift %d\n", r.c != 0 ? "yes" : "no", (int)(int8_t)r.d);
    r = cpuid_read(board.xen_leaf + 4, 0);
    say("xen hvm: 0x%x, vcpu %u, domid %u, 0x%x\n", r.a, r.b, r.c, r.d);
    r = cpuid_read(board.xen_leaf + 5, 0);
    say("xen pv: 0x%x 0x%x 0x%x 0x%x\n", r.a, r.b, r.c, r.d);
    r = cpuid_read(board.xen_leaf + 6, 0);
    say("behind xen's leaves: 0x%x 0x%x 0x%x 0x%x\n", r.a, r.b, r.c, r.d);
    for (uint32_t leaf = 0x40000100; leaf < 0x40000400; leaf += 0x100) {
        r = cpuid_read(leaf, 0);
        say("leaf 0x%x: 0x%x 0x%x 0x%x 0x%x\n", leaf, r.a, r.b, r.c, r.d);
    }
}

static void second(void *argument)
{
    (void)argument;
    irq_init_cpu();
    topology("cpu 1");
    say("xen's number of cpu 1: %u\n", cpuid_read(board.xen_leaf + 4, 0).b);
}

void guest_main(void)
{
    struct cpuid r = cpuid_read(0, 0);

    say("basic leaves: 0x%x\n", r.a);
    text_say("vendor", r.b, r.d, r.c);
    r = cpuid_read(0x80000000, 0);
    say("extended leaves: 0x%x\n", r.a);
    r = cpuid_read(0x80000008, 0);
    say("address bits: %u physical, %u virtual\n", r.a & 0xff, r.a >> 8 & 0xff);
    r = cpuid_read(0xd, 0);
    say("xsave area: 0x%x%08x, largest %u bytes\n", r.d, r.a, r.c);
    features();
    irq_init();
    topology("cpu 0");
    if (board.has_xen) {
        xen_leaves();
    }
    if (board.cpu_count > 1 && cpu_on(1, second, NULL) == 0) {
        while (cpu_is_on(1)) {
            delay_us(100);
        }
    }
}
