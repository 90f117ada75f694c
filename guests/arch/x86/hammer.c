/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm of everything that a guest can do to a hypervisor: random model-specific registers, CPUID leaves, ports,
 * accesses in and around the device windows, instructions that a guest has no business with, random calls. Seeded
 * ("seed=N"), "rounds=N" steps. It spares only what would end the guest itself by design: its mode, its APIC, and the
 * calls that stop it or write to its memory. "xen=1" spares what is the machine's own in Xen's initial domain: ports,
 * registers that Xen 4.17 gives away, and calls that such a domain may make.
 */
#include "xen_guest.h"

static uint64_t state;
static uint8_t buffer[2 * PAGE] PAGES;
static uint64_t undefined, protection, faults, passed;

static void note(const struct caught *c)
{
    if (!c->taken) {
        passed++;
    } else if (c->vector == 6) {
        undefined++;
    } else if (c->vector == 13) {
        protection++;
    } else {
        faults++;
    }
}

static uint64_t interesting(void)
{
    static const uint64_t values[] = { 0, 1, 0xffffffff, ~0ull, 0x8000000000000000ull, 0xfee00000, 0xfec00000, 0xff };
    uint64_t r = random_next(&state);

    return (r & 3) == 0 ? values[r >> 8 & 7] : random_next(&state) >> (r >> 16 & 63);
}

/* Registers whose loss would end this guest, not disturb anyone else. */
static bool is_own(uint32_t index)
{
    return index == 0xc0000080 /* EFER */ || index == MSR_APIC_BASE || index == 0x40000000 /* the hypercall page */ ||
           index == 0x830 /* ICR: an INIT */ || index == 0x83f || (index >= 0x832 && index <= 0x838) ||
           index == 0x6e0 || index == 0x10 /* TSC */ || index == 0x3b;
}

static uint32_t msr_index(void)
{
    static const uint32_t bases[] = { 0, 0x100, 0x200, 0x400, 0x800, 0x40000000, 0xc0000080, 0xc0000100, 0xc0010000,
                                      0xc0010100, 0xc0011000, 0xc00102f0 };
    uint64_t r = random_next(&state);

    return (r & 7) == 0 ? (uint32_t)random_next(&state) : bases[(r >> 8) % ARRAY_COUNT(bases)] + (r >> 16 & 0xff);
}

static void model_specific(void)
{
    uint32_t index = msr_index();
    bool is_write = (random_next(&state) & 1) != 0;
    struct caught c;

    if (is_write && (is_own(index) || arg_is("xen", "1"))) {
        return;
    }
    catch_begin();
    if (is_write) {
        msr_write(index, interesting());
    } else {
        msr_read(index);
    }
    catch_end(&c);
    note(&c);
}

static void port(void)
{
    uint16_t number = (uint16_t)interesting();
    uint32_t value = (uint32_t)interesting();
    struct caught c;

    if (arg_is("xen", "1")) {
        return;
    }
    catch_begin();
    switch (random_next(&state) % 6) {
    case 0: __asm__ volatile(FIXUP("inb %w1, %b0") : "+a"(value) : "d"(number)); break;
    case 1: __asm__ volatile(FIXUP("inw %w1, %w0") : "+a"(value) : "d"(number)); break;
    case 2: __asm__ volatile(FIXUP("inl %w1, %k0") : "+a"(value) : "d"(number)); break;
    case 3: __asm__ volatile(FIXUP("outb %b0, %w1") :: "a"(value), "d"(number)); break;
    case 4: __asm__ volatile(FIXUP("outw %w0, %w1") :: "a"(value), "d"(number)); break;
    default: __asm__ volatile(FIXUP("outl %k0, %w1") :: "a"(value), "d"(number)); break;
    }
    catch_end(&c);
    note(&c);
}

/* Through the window, so that any guest physical page can be meant. */
static void device_access(void)
{
    uint64_t r = random_next(&state), offset = random_next(&state) & 0xff8;
    uint64_t gfn;
    uint8_t *at;
    struct caught c;

    switch (r & 3) {
    case 0: gfn = 0xfee00; break;                                       /* the local APIC */
    case 1: gfn = 0xfec00; break;                                       /* the first I/O APIC */
    case 2: gfn = 0xfed00 + (r >> 8 & 0xff); break;
    default: gfn = (board.memory_base + board.memory_size + (r >> 8 & 0xfffffffull)) >> PAGE_SHIFT; break;
    }
    at = window_page(0, WINDOW_DEVICE, gfn);
    catch_begin();
    switch (r >> 60 & 3) {
    case 0: read32((uint64_t)at + offset); break;
    case 1: read8((uint64_t)at + offset); break;
    case 2: read64((uint64_t)at + offset + (r >> 40 & 3)); break;
    default:
        if (gfn != 0xfee00 && !arg_is("xen", "1")) {
            write32((uint64_t)at + offset, (uint32_t)interesting());
        }
        break;
    }
    catch_end(&c);
    note(&c);
}

static void instruction(void)
{
    uint32_t value = (uint32_t)interesting();
    struct caught c;

    catch_begin();
    switch (random_next(&state) % 14) {
    case 0: __asm__ volatile(FIXUP("vmrun") :: "a"(buffer) : "memory"); break;
    case 1: __asm__ volatile(FIXUP("vmload") :: "a"(buffer) : "memory"); break;
    case 2: __asm__ volatile(FIXUP("vmsave") :: "a"(buffer) : "memory"); break;
    case 3: __asm__ volatile(FIXUP("clgi")); break;
    case 4: __asm__ volatile(FIXUP("stgi")); break;
    case 5: __asm__ volatile(FIXUP("skinit") :: "a"(0)); break;
    case 6: __asm__ volatile(FIXUP("invlpga") :: "a"(buffer), "c"(value) : "memory"); break;
    case 7: __asm__ volatile(FIXUP("xsetbv") :: "a"(value), "d"(0), "c"(value & 1)); break;
    case 8: __asm__ volatile(FIXUP("monitor") :: "a"(buffer), "c"(0), "d"(0)); break;
    case 9: __asm__ volatile(FIXUP("rdpmc") : "=a"(value) : "c"(value) : "edx"); break;
    case 10: __asm__ volatile(FIXUP("wbinvd") ::: "memory"); break;
    case 11: __asm__ volatile(FIXUP("vmxoff") ::: "cc"); break;
    case 12: __asm__ volatile(FIXUP("mov %0, %%cr4") :: "r"((unsigned long)value | 1ul << 30)); break;
    default: cpuid_read(value, value >> 8 & 31); break;
    }
    catch_end(&c);
    note(&c);
}

/* X, or, where that is an address of this guest's own, one of half a page that means nothing. */
static uint64_t harmless(uint64_t x)
{
    return x < 1ull << 32 ? (uint64_t)buffer + PAGE + (x & 2047) : x;
}

/* Hypercalls that block and shut down, or write to as much of the guest's memory as they are told. */
static bool ends_the_guest(uint64_t number)
{
    return number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat ||
           number == __HYPERVISOR_memory_op || number == __HYPERVISOR_multicall ||
           number == __HYPERVISOR_console_io || number == __HYPERVISOR_grant_table_op ||
           number == __HYPERVISOR_vcpu_op || number == __HYPERVISOR_hvm_op;
}

static void call(void)
{
    uint64_t r = random_next(&state);
    uint64_t number = (r & 1) != 0 ? r >> 8 & 0x3f : interesting();
    struct caught c;

    /* An initial domain may do what it likes to the machine: only calls that answer it, or that are no calls. */
    if (ends_the_guest((uint32_t)number) ||
        (arg_is("xen", "1") && (uint32_t)number < HYPERCALL_COUNT && number != __HYPERVISOR_xen_version)) {
        return;
    }
    catch_begin();
    hypercall5(number, (r & 2) != 0 ? random_next(&state) & 31 : harmless(interesting()), harmless(interesting()),
               harmless(interesting()), harmless(interesting()), harmless(interesting()));
    catch_end(&c);
    note(&c);
}

void guest_main(void)
{
    uint64_t rounds = arg_number("rounds", 20000), seed = arg_number("seed", 1);

    state = seed * 0x9e3779b97f4a7c15ull + 1;
    for (uint64_t i = 1; i <= rounds; i++) {
        switch (random_next(&state) % 8) {
        case 0:
        case 1: model_specific(); break;
        case 2: port(); break;
        case 3:
        case 4: device_access(); break;
        case 5: instruction(); break;
        default: call(); break;
        }
        if (i % 5000 == 0) {
            say("hammer: step %lu\n", i);
        }
    }
    say("hammer: %lu passed, %lu undefined, %lu refused, %lu faults\n", passed, undefined, protection, faults);
}
