/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm of everything that a guest can do to a hypervisor: random system registers, random accesses in and around
 * the device windows, random calls. Seeded ("seed=N"), "rounds=N" steps. It spares only what would end the guest
 * itself by design: its own page tables, stack and vectors, and the calls that stop it or write to its memory; what
 * those do with good addresses is race.c's subject.
 */
#include "guest.h"

#define SYSREG(op0, op1, crn, crm, op2) ((op0) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)

static uint64_t state;
static uint8_t buffer[8192] __attribute__((aligned(4096)));
static uint64_t undefined, aborts, passed;

static void note(const struct caught *c)
{
    if (!c->taken) {
        passed++;
    } else if (ESR_EC(c->esr) == 0) {
        undefined++;
    } else {
        aborts++;
    }
}

/* Registers whose loss would end this guest, not disturb anyone else. */
static bool is_own(unsigned r)
{
    static const unsigned own[] = {
        SYSREG(3, 0, 1, 0, 0),  /* SCTLR_EL1 */
        SYSREG(3, 0, 2, 0, 0),  /* TTBR0_EL1 */
        SYSREG(3, 0, 2, 0, 2),  /* TCR_EL1 */
        SYSREG(3, 0, 10, 2, 0), /* MAIR_EL1 */
        SYSREG(3, 0, 12, 0, 0), /* VBAR_EL1 */
        SYSREG(3, 0, 13, 0, 4), /* TPIDR_EL1 */
        SYSREG(3, 0, 4, 2, 0),  /* SPSel */
        SYSREG(3, 3, 4, 2, 1),  /* DAIF */
        SYSREG(3, 0, 4, 2, 3),  /* PAN */
        SYSREG(2, 0, 0, 2, 2),  /* MDSCR_EL1: could single-step this code */
    };

    for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (own[i] == r) {
            return true;
        }
    }
    return false;
}

static uint64_t interesting(void)
{
    static const uint64_t values[] = { 0, 1, 0xffffffff, ~0ull, 0x8000000000000000ull, 0x40000000, 0x3001000, 0xff };
    uint64_t r = random_next(&state);

    return (r & 3) == 0 ? values[r >> 8 & 7] : random_next(&state) >> (r >> 16 & 63);
}

static void system_register(void)
{
    uint64_t r = random_next(&state);
    unsigned op0 = 2 + (r & 1), code = SYSREG(op0, (unsigned)(r >> 4 & 7), (unsigned)(r >> 8 & 15),
                                             (unsigned)(r >> 12 & 15), (unsigned)(r >> 16 & 7));
    struct caught c;

    if (is_own(code)) {
        return;
    }
    run_instruction((r >> 20 & 1 ? 0xd5200000u : 0xd5000000u) | code, interesting(), 0, &c);
    note(&c);
}

/* Cache, TLB and address-translation instructions; an address is one of this guest's own. */
static void system_instruction(void)
{
    uint64_t r = random_next(&state);
    struct caught c;

    run_instruction(0xd5080000u | SYSREG(0, (unsigned)(r & 7), 7 + (unsigned)(r >> 3 & 1), (unsigned)(r >> 4 & 15),
                                         (unsigned)(r >> 8 & 7)), (uint64_t)buffer, 0, &c);
    note(&c);
}

static uint64_t device_address(void)
{
    uint64_t r = random_next(&state), offset = random_next(&state);

    switch (r % 8) {
    case 0: return board.gicd + (offset & 0xffff);
    case 1: return board.gicd + (offset & 0xfff);
    case 2: return (board.gic_version == 3 ? board.gicr : board.gicc) + (offset & 0x1ffff);
    case 3: return (board.gic_version == 3 ? board.gicr : board.gicc) + (offset & 0xfffff);
    case 4: return board.uart + 4 + (offset & 0xffb);
    case 5: return board.uart + (offset & 0xffff) + 4;
    case 6: return offset >> (24 + (r >> 8) % 16) & 0x3fffffff; /* anywhere in the first GiB */
    default: return board.memory_base + board.memory_size + (offset & 0xffffffffffull) % 0x3000000000ull;
    }
}

static void device_access(void)
{
    static const uint32_t accesses[] = {
        0x39400020, 0x39000020, 0x79400020, 0x79000020, 0xb9400020, 0xb9000020, 0xf9400020, 0xf9000020, /* 1 to 8 */
        0xb8404420, 0xb8004420, 0x29400020, 0x29000020, 0xa9400020, 0x885f7c20, 0x88007c20, /* no syndrome */
        0xbd400020, 0xbd000020, 0x3dc00020, 0xc8dffc20, 0x39c00020, 0x79800020, 0xb9800020, 0xd50b7e21,
        0xd50b7421, 0xd5087621, 0xf9800020, 0xb940003f, 0xb900003f,
    };
    uint64_t at = device_address(), r = random_next(&state);
    struct caught c;

    if (at == board.uart) {
        return; /* what it types would only fill the log */
    }
    if ((r & 3) != 0) {
        at &= ~3ull;
    }
    run_instruction(accesses[(r >> 8) % (sizeof(accesses) / sizeof(accesses[0]))], interesting(), at, &c);
    note(&c);
}

/* X, or, where that is an address of this guest's own, one of half a page that means nothing. */
static uint64_t harmless(uint64_t x)
{
    return x - board.memory_base < board.memory_size ? (uint64_t)buffer + 4096 + (x & 2047) : x;
}

/* No other call while the registers are set: it would not keep them. */
static void call_at(uint32_t *code, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x16)
{
    register uint64_t r0 __asm__("x0") = x0;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;
    register uint64_t r4 __asm__("x4") = x4;
    register uint64_t r16 __asm__("x16") = x16;
    register uint32_t *r9 __asm__("x9") = code;

    __asm__ volatile("blr x9" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r9), "+r"(r16)
                     :: "x5", "x6", "x7", "x8", "x10", "x11", "x12", "x13", "x14", "x15", "x17", "x30", "cc", "memory");
}

/* x0 to x4 and x16 random, any immediate. */
static void call(bool smc, uint32_t immediate, uint64_t x0, uint64_t x16)
{
    uint32_t *code = (uint32_t *)buffer;
    uint64_t x1 = harmless(interesting()), x2 = harmless(interesting()), x3 = harmless(interesting());
    uint64_t x4 = harmless(interesting());
    struct caught c;

    code[0] = (smc ? 0xd4000003u : 0xd4000002u) | immediate << 5;
    code[1] = 0xd65f03c0;
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" :: "r"(code) : "memory");
    catch_begin();
    call_at(code, x0, x1, x2, x3, x4, x16);
    catch_end(&c);
    note(&c);
}

static bool stops_the_guest(uint64_t x0)
{
    switch ((uint32_t)x0 & 0xbfffffffu) {
    case 0x84000001: /* CPU_SUSPEND */
    case 0x84000002: /* CPU_OFF */
    case 0x84000003: /* CPU_ON: runs whatever lies where it begins */
    case 0x84000008: /* SYSTEM_OFF */
    case 0x84000009: /* SYSTEM_RESET */
    case 0x8400000c: /* CPU_DEFAULT_SUSPEND */
    case 0x8400000e: /* SYSTEM_SUSPEND */
    case 0x84000012: /* SYSTEM_RESET2 */
        return true;
    default:
        return false;
    }
}

/* Hypercalls that block and shut down, or write to as much of the guest's memory as they are told. */
static bool ends_the_guest(uint64_t x16)
{
    return x16 == 29 /* sched_op */ || x16 == 12 /* memory_op */ || x16 == 13 /* multicall */ ||
           x16 == 18 /* console_io */ || x16 == 20 /* grant_table_op */;
}

static void any_call(void)
{
    uint64_t r = random_next(&state), x0 = interesting(), x16 = interesting();

    switch (r & 3) {
    case 0: /* PSCI and its neighbours */
        x0 = (r & 4 ? 0xc4000000u : 0x84000000u) + (r >> 8 & 0x1f);
        break;
    case 1: /* other owners */
        x0 = 0x80000000u | (r >> 8 & 0x3f) << 24 | (random_next(&state) & 0xffff);
        break;
    case 2:
        x16 = r >> 8 & 0x3f;
        if (ends_the_guest(x16)) {
            return;
        }
        x0 = random_next(&state) & 31;
        if (arg_is("xen", "1")) {
            return;
        }
        call(false, 0xea1, x0, x16);
        return;
    default:
        break;
    }
    if (stops_the_guest(x0)) {
        return;
    }
    /* Debian's Xen ends a partition for an unknown HVC immediate: "xen=1" spares it. */
    call((r >> 4 & 1) != 0, arg_is("xen", "1") || (r >> 5 & 3) == 0 ? 0 : (uint32_t)(r >> 16 & 0xffff) | 0x8000, x0, x16);
}

void guest_main(void)
{
    uint64_t rounds = arg_number("rounds", 20000), seed = arg_number("seed", 1);

    state = seed * 0x9e3779b97f4a7c15ull + 1;
    for (uint64_t i = 1; i <= rounds; i++) {
        switch (random_next(&state) % 8) {
        case 0:
        case 1: system_register(); break;
        case 2: system_instruction(); break;
        case 3:
        case 4:
        case 5: device_access(); break;
        default: any_call(); break;
        }
        if (i % 5000 == 0) {
            say("hammer: step %lu\n", i);
        }
    }
    say("hammer: %lu passed, %lu undefined, %lu aborted\n", passed, undefined, aborts);
}
