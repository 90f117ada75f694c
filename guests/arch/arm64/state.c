/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vCPU's registers hold after others had its CPU: each vCPU writes values of its own everywhere, lets others
 * run, by yielding and by being preempted, and looks. "role=N" makes the values of one partition other than those of
 * the next, "rounds=N" says how often. Registers that decide how this code itself runs change only where it does not
 * matter: what is for EL0, or for addresses above.
 */
#include "xen_guest.h"

#define SPINS_US 12000 /* longer than a turn */
#define YIELDS 20

/* Name, encoding, bits to change, flags. */
#define IN_GICV3 1
#define REGISTERS(X) \
    X(TPIDR_EL0, S3_3_C13_C0_2, ~0ull, 0) X(TPIDRRO_EL0, S3_3_C13_C0_3, ~0ull, 0) \
    X(CONTEXTIDR_EL1, S3_0_C13_C0_1, 0xffffffff, 0) X(PAR_EL1, S3_0_C7_C4_0, 0xff00fffffffff380, 0) \
    X(AFSR0_EL1, S3_0_C5_C1_0, 0xffffffff, 0) X(AFSR1_EL1, S3_0_C5_C1_1, 0xffffffff, 0) \
    X(AMAIR_EL1, S3_0_C10_C3_0, ~0ull, 0) X(MAIR_EL1, S3_0_C10_C2_0, 0xffffffffffff0000, 0) \
    X(TTBR1_EL1, S3_0_C2_C0_1, 0xffffffffffff, 0) X(TCR_EL1, S3_0_C2_C0_2, 1ull << 38 | 1ull << 22, 0) \
    X(SCTLR_EL1, S3_0_C1_C0_0, 1 << 26 | 1 << 15 | 1 << 14 | 1 << 9, 0) X(CPACR_EL1, S3_0_C1_C0_2, 2 << 20, 0) \
    X(VBAR_EL1, S3_0_C12_C0_0, 0xfffffffff800, 0) X(ESR_EL1, S3_0_C5_C2_0, 0xffffffff, 0) \
    X(FAR_EL1, S3_0_C6_C0_0, ~0ull, 0) X(ELR_EL1, S3_0_C4_C0_1, ~0ull, 0) \
    X(SPSR_EL1, S3_0_C4_C0_0, 0xf0000000, 0) X(SP_EL0, S3_0_C4_C1_0, ~0ull, 0) \
    X(CSSELR_EL1, S3_2_C0_C0_0, 0xf, 0) X(CNTKCTL_EL1, S3_0_C14_C1_0, 0x3ff, 0) \
    X(CNTV_CVAL_EL0, S3_3_C14_C3_2, ~0ull, 0) X(CNTV_CTL_EL0, S3_3_C14_C3_1, 2, 0) \
    X(CNTP_CVAL_EL0, S3_3_C14_C2_2, ~0ull, 0) X(CNTP_CTL_EL0, S3_3_C14_C2_1, 2, 0) \
    X(APIAKeyLo_EL1, S3_0_C2_C1_0, ~0ull, 0) X(APIAKeyHi_EL1, S3_0_C2_C1_1, ~0ull, 0) \
    X(APIBKeyLo_EL1, S3_0_C2_C1_2, ~0ull, 0) X(APIBKeyHi_EL1, S3_0_C2_C1_3, ~0ull, 0) \
    X(APDAKeyLo_EL1, S3_0_C2_C2_0, ~0ull, 0) X(APDAKeyHi_EL1, S3_0_C2_C2_1, ~0ull, 0) \
    X(APDBKeyLo_EL1, S3_0_C2_C2_2, ~0ull, 0) X(APDBKeyHi_EL1, S3_0_C2_C2_3, ~0ull, 0) \
    X(APGAKeyLo_EL1, S3_0_C2_C3_0, ~0ull, 0) X(APGAKeyHi_EL1, S3_0_C2_C3_1, ~0ull, 0) \
    X(MDSCR_EL1, S2_0_C0_C2_2, 1 << 15 | 1 << 12, 0) \
    X(DBGBVR0_EL1, S2_0_C0_C0_4, 0xfffffffffffc, 0) X(DBGBCR0_EL1, S2_0_C0_C0_5, 0x1e6, 0) \
    X(DBGBVR1_EL1, S2_0_C0_C1_4, 0xfffffffffffc, 0) X(DBGBCR1_EL1, S2_0_C0_C1_5, 0x1e6, 0) \
    X(DBGWVR0_EL1, S2_0_C0_C0_6, 0xfffffffffffc, 0) X(DBGWCR0_EL1, S2_0_C0_C0_7, 0x1ffe, 0) \
    X(DBGWVR1_EL1, S2_0_C0_C1_6, 0xfffffffffffc, 0) X(DBGWCR1_EL1, S2_0_C0_C1_7, 0x1ffe, 0) \
    X(PAN, S3_0_C4_C2_3, 1 << 22, 0) X(UAO, S3_0_C4_C2_4, 1 << 23, 0) X(DIT, S3_3_C4_C2_5, 1 << 24, 0) \
    X(SSBS, S3_3_C4_C2_6, 1 << 12, 0) \
    X(SCXTNUM_EL1, S3_0_C13_C0_7, ~0ull, 0) X(SCXTNUM_EL0, S3_3_C13_C0_7, ~0ull, 0) \
    X(FPCR, S3_3_C4_C4_0, 0x7c00000, 0) X(FPSR, S3_3_C4_C4_1, 0x0800009f, 0) \
    X(ICC_PMR_EL1, S3_0_C4_C6_0, 0xf0, IN_GICV3) X(ICC_BPR1_EL1, S3_0_C12_C12_3, 7, IN_GICV3) \
    X(ICC_BPR0_EL1, S3_0_C12_C8_3, 7, IN_GICV3)

enum {
#define X(name, encoding, mask, flags) R_##name,
    REGISTERS(X)
#undef X
    REGISTER_COUNT,
};

static const struct { const char *name; uint64_t mask; unsigned flags; } registers[] = {
#define X(name, encoding, mask, flags) { #name, mask, flags },
    REGISTERS(X)
#undef X
};

/* What is wrong is counted for each register, then the parts that are no system registers. */
enum { PART_GENERAL = REGISTER_COUNT, PART_FLAGS, PART_VECTORS, PART_TPIDR, PART_GICC, PART_COUNT };

static bool is_there[REGISTER_COUNT];
static unsigned lost[CPU_MAX][PART_COUNT], switches[CPU_MAX];
static volatile struct vcpu_runstate_info runstate[CPU_MAX] __attribute__((aligned(64)));
static uint64_t vectors[CPU_MAX][2][64] __attribute__((aligned(64)));
static uint64_t seed, rounds;
static volatile unsigned ready;

static inline uint64_t read_register(unsigned i)
{
    uint64_t value = 0;

    switch (i) {
#define X(name, encoding, mask, flags) \
    case R_##name: \
        __asm__ volatile("mrs %0, " #encoding : "=r"(value) :: "memory"); \
        break;
    REGISTERS(X)
#undef X
    }
    return value;
}

static inline void write_register(unsigned i, uint64_t value)
{
    switch (i) {
#define X(name, encoding, mask, flags) \
    case R_##name: \
        __asm__ volatile("msr " #encoding ", %0" :: "r"(value) : "memory"); \
        break;
    REGISTERS(X)
#undef X
    }
    isb();
}

static uint64_t mix(uint64_t cpu, uint64_t round, uint64_t index)
{
    uint64_t state = (seed << 48 | cpu << 40 | round << 16 | index) + 1;

    random_next(&state);
    return random_next(&state);
}

static void vectors_on(void)
{
    WRITE_SYSREG(cpacr_el1, READ_SYSREG(cpacr_el1) | 3 << 20);
    isb();
}

static void vectors_load(const uint64_t *from)
{
    __asm__ volatile(".arch_extension simd\n\t"
                     "ldp q0, q1, [%0]\n\tldp q2, q3, [%0, #32]\n\tldp q4, q5, [%0, #64]\n\tldp q6, q7, [%0, #96]\n\t"
                     "ldp q8, q9, [%0, #128]\n\tldp q10, q11, [%0, #160]\n\tldp q12, q13, [%0, #192]\n\t"
                     "ldp q14, q15, [%0, #224]\n\tldp q16, q17, [%0, #256]\n\tldp q18, q19, [%0, #288]\n\t"
                     "ldp q20, q21, [%0, #320]\n\tldp q22, q23, [%0, #352]\n\tldp q24, q25, [%0, #384]\n\t"
                     "ldp q26, q27, [%0, #416]\n\tldp q28, q29, [%0, #448]\n\tldp q30, q31, [%0, #480]"
                     :: "r"(from) : "memory");
}

static void vectors_store(uint64_t *to)
{
    __asm__ volatile(".arch_extension simd\n\t"
                     "stp q0, q1, [%0]\n\tstp q2, q3, [%0, #32]\n\tstp q4, q5, [%0, #64]\n\tstp q6, q7, [%0, #96]\n\t"
                     "stp q8, q9, [%0, #128]\n\tstp q10, q11, [%0, #160]\n\tstp q12, q13, [%0, #192]\n\t"
                     "stp q14, q15, [%0, #224]\n\tstp q16, q17, [%0, #256]\n\tstp q18, q19, [%0, #288]\n\t"
                     "stp q20, q21, [%0, #320]\n\tstp q22, q23, [%0, #352]\n\tstp q24, q25, [%0, #384]\n\t"
                     "stp q26, q27, [%0, #416]\n\tstp q28, q29, [%0, #448]\n\tstp q30, q31, [%0, #480]"
                     :: "r"(to) : "memory");
}

/*
 * Counts down with VALUE in x1 to x28 and in the flags; how many of the registers then hold something else, and
 * FLAGS_LOST if the flags do.
 */
#define FLAGS_LOST 256
static unsigned spin(uint64_t value, uint64_t count)
{
    register uint64_t x0 __asm__("x0") = value;
    register uint64_t x30 __asm__("x30") = count;

    __asm__ volatile(
        "stp x19, x29, [sp, #-16]!\n\t"
        ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28\n\t"
        "add x\\n, x0, #\\n\n\t"
        ".endr\n\t"
        "msr nzcv, x0\n"
        "1:\tsub x30, x30, #1\n\t"
        "cbnz x30, 1b\n\t"
        "mrs x29, nzcv\n\t"
        ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28\n\t"
        "sub x\\n, x\\n, #\\n\n\t"
        "sub x\\n, x\\n, x0\n\t"
        "cbz x\\n, 2f\n\t"
        "add x30, x30, #1\n"
        "2:\n\t"
        ".endr\n\t"
        "eor x29, x29, x0\n\t"
        "and x29, x29, #0xf0000000\n\t"
        "cbz x29, 3f\n\t"
        "add x30, x30, #256\n"
        "3:\n\t"
        "ldp x19, x29, [sp], #16"
        : "+r"(x0), "+r"(x30)
        :: "cc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
           "x18", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "memory");
    return (unsigned)x30;
}

/* Others run. True if they did. Registers are as the test has set them: no exception is taken, nothing is printed. */
static bool let_others_run(unsigned cpu, bool by_yield, uint64_t value, uint64_t spins)
{
    uint64_t before = runstate[cpu].state_entry_time;

    if (by_yield) {
        for (unsigned i = 0; i < YIELDS; i++) {
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
        }
    } else {
        unsigned wrong = spin(value, spins);

        lost[cpu][PART_GENERAL] += wrong % FLAGS_LOST;
        lost[cpu][PART_FLAGS] += wrong / FLAGS_LOST;
    }
    return runstate[cpu].state_entry_time != before;
}

static void one_round(unsigned cpu, uint64_t round, uint64_t spins)
{
    uint64_t old[REGISTER_COUNT], wanted[REGISTER_COUNT], found[REGISTER_COUNT], tpidr, tpidr_found;
    uint64_t mask = board.gic_version == 2 ? read32(board.gicc + 4) : 0, mask_wanted = 0;
    uint64_t *out = vectors[cpu][0], *in = vectors[cpu][1];

    for (unsigned i = 0; i < 64; i++) {
        out[i] = mix(cpu, round, 1000 + i);
        in[i] = 0;
    }
    tpidr = mix(cpu, round, 2000);
    if (board.gic_version == 2) {
        write32(board.gicc + 4, (uint32_t)mix(cpu, round, 2001) & 0xf0);
        mask_wanted = read32(board.gicc + 4);
    }
    vectors_load(out);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        old[i] = is_there[i] ? read_register(i) : 0;
    }
    WRITE_SYSREG(tpidr_el1, tpidr);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        if (is_there[i]) {
            write_register(i, (old[i] & ~registers[i].mask) | (mix(cpu, round, i) & registers[i].mask));
            wanted[i] = read_register(i);
        }
    }
    switches[cpu] += let_others_run(cpu, round % 2 == 0, mix(cpu, round, 2002), spins);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        if (is_there[i]) {
            found[i] = read_register(i);
        }
    }
    tpidr_found = READ_SYSREG(tpidr_el1);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        if (is_there[i]) {
            write_register(i, old[i]);
        }
    }
    WRITE_SYSREG(tpidr_el1, cpu);
    isb();
    vectors_store(in);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        lost[cpu][i] += is_there[i] && found[i] != wanted[i];
    }
    for (unsigned i = 0; i < 64; i++) {
        lost[cpu][PART_VECTORS] += in[i] != out[i];
    }
    lost[cpu][PART_TPIDR] += tpidr_found != tpidr;
    if (board.gic_version == 2) {
        lost[cpu][PART_GICC] += read32(board.gicc + 4) != mask_wanted;
        write32(board.gicc + 4, (uint32_t)mask);
    }
}

static void run(void *argument)
{
    unsigned cpu = cpu_id();
    struct vcpu_register_runstate_memory_area area = { .addr.p = (uint64_t)&runstate[cpu] };
    uint64_t begin, spins;

    (void)argument;
    vectors_on();
    vcpu_op(VCPUOP_register_runstate_memory_area, cpu, &area);
    begin = now();
    (void)spin(0, 100000);
    spins = 100000 * ticks_from_us(SPINS_US) / (now() - begin + 1);
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    while (ready < board.cpu_count) {
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
    }
    for (uint64_t round = 0; round < rounds; round++) {
        one_round(cpu, round, spins);
    }
}

/* Which registers are there, and which of their bits keep what is written. */
static void probe(void)
{
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        struct caught c;
        uint64_t old, takes;

        if ((registers[i].flags & IN_GICV3) != 0 && board.gic_version != 3) {
            continue;
        }
        catch_begin();
        old = read_register(i);
        if (catch_end(&c)) {
            say("%s: %s\n", registers[i].name, caught_name(&c));
            continue;
        }
        is_there[i] = true;
        write_register(i, old | registers[i].mask);
        takes = read_register(i);
        write_register(i, old & ~registers[i].mask);
        takes ^= read_register(i);
        write_register(i, old);
        say("%s takes: 0x%lx\n", registers[i].name, takes);
    }
}

static void report(const char *name, unsigned part)
{
    unsigned count = 0;

    for (unsigned cpu = 0; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        count += lost[cpu][part];
    }
    if (count == 0) {
        say("%s kept: yes\n", name);
    } else {
        say("%s kept: no, %u times lost\n", name, count);
    }
}

void guest_main(void)
{
    bool switched = true;

    seed = arg_number("role", 1);
    rounds = arg_number("rounds", 24);
    vectors_on();
    probe();
    for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        cpu_on(cpu, run, NULL);
    }
    run(NULL);
    for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        while (psci(PSCI_AFFINITY_INFO | PSCI_64, cpu, 0, 0) == 0) {
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
        }
    }
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        if (is_there[i]) {
            report(registers[i].name, i);
        }
    }
    report("x1 to x28", PART_GENERAL);
    report("flags", PART_FLAGS);
    report("q0 to q31", PART_VECTORS);
    report("TPIDR_EL1", PART_TPIDR);
    if (board.gic_version == 2) {
        report("GICC_PMR", PART_GICC);
    }
    for (unsigned cpu = 0; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        switched = switched && switches[cpu] >= rounds / 2;
    }
    say("others ran in half of the rounds: %s\n", switched ? "yes" : "no");
}
