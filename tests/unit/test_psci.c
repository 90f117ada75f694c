/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware calls of guests: every function, with good and bad arguments, and what they ask of the rest.
 */
#include "test.h"

#include <string.h>

#include "arch/arch.h"
#include "arch/arch_psci.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/psci.h"
#include "bh/vcpu.h"

#define SUSPEND       0x84000001u
#define OFF           0x84000002u
#define ON            0x84000003u
#define AFFINITY_INFO 0x84000004u
#define SYSTEM_OFF    0x84000008u
#define SYSTEM_RESET  0x84000009u
#define FEATURES      0x8400000au
#define CALL_64       0x40000000u

#define VCPUS 20
#define RAM   0x40000000ull
#define ENTRY 0x40080000ull

static struct cpu cpu;
static struct domain domain;
static struct vcpu vcpu[VCPUS];

/* ---- Fakes: they note what they were asked ---- */

static struct vcpu *reset_vcpu;
static uint64_t reset_entry;
static uint64_t reset_argument;
static unsigned blocks;
static unsigned offs;
static int shutdown_reason;
static int workaround_answer;
static uint32_t workaround_done;
static int online_error;

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t argument)
{
    assert_int_equal(v->state, VCPU_OFFLINE);
    assert_int_equal(cpu.held_count, 1); /* the domain's lock */
    reset_vcpu = v;
    reset_entry = entry;
    reset_argument = argument;
}

int vcpu_online(struct vcpu *v)
{
    if (online_error == 0) {
        v->state = VCPU_RUNNABLE;
    }
    return online_error;
}

void vcpu_offline_current(void)
{
    offs++;
}

void vcpu_block_current(void)
{
    blocks++;
}

void domain_shutdown(struct domain *d, unsigned reason)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(cpu.held_count, 0);
    shutdown_reason = (int)reason;
}

bool domain_gfn_is_ram(struct domain *d, gfn_t g)
{
    assert_ptr_equal(d, &domain);
    return g.n >= RAM >> PAGE_SHIFT && g.n < (RAM + MIB(64)) >> PAGE_SHIFT;
}

int arch_smccc_workaround_query(uint32_t function)
{
    return function == SMCCC_ARCH_WORKAROUND_2 ? -1 : workaround_answer;
}

void arch_smccc_workaround(uint32_t function, uint64_t x1)
{
    assert_int_equal(x1, 1);
    workaround_done = function;
}

/* ---- Tests ---- */

static int setup(void **state)
{
    (void)state;
    memset(&cpu, 0, sizeof(cpu));
    memset(&domain, 0, sizeof(domain));
    memset(vcpu, 0, sizeof(vcpu));
    host_this_cpu = &cpu;
    spinlock_init(&domain.lock, LOCK_DOMAIN);
    domain.phase = DOMAIN_RUNNING;
    domain.vcpu_count = VCPUS;
    for (unsigned i = 0; i < VCPUS; i++) {
        vcpu[i].domain = &domain;
        vcpu[i].id = (uint16_t)i;
        vcpu[i].state = i == 0 ? VCPU_RUNNING : VCPU_OFFLINE;
        domain.vcpus[i] = &vcpu[i];
    }
    reset_vcpu = NULL;
    blocks = 0;
    offs = 0;
    shutdown_reason = -1;
    workaround_answer = 0;
    workaround_done = 0;
    online_error = 0;
    return 0;
}

/* The call as number; x1 to x3 must not change. */
static int64_t call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    uint64_t x[4] = { function, x1, x2, x3 };

    smccc_call(&vcpu[0], x);
    assert_int_equal(x[1], x1);
    assert_int_equal(x[2], x2);
    assert_int_equal(x[3], x3);
    assert_int_equal(cpu.held_count, 0);
    return (int64_t)x[0];
}

/* Req: BH-PSCI-001 */
static void test_versions(void **state)
{
    (void)state;
    assert_int_equal(call(0x84000000, 1, 2, 3), 0x10001);
    assert_int_equal(call(0x1234567884000000, 1, 2, 3), 0x10001); /* only the lower half counts */
    assert_int_equal(call(0x80000000, 0, 0, 0), 0x10001);
    assert_int_equal(call(0x84000006, 0, 0, 0), 2);
}

/* Req: BH-PSCI-009 */
static void test_features(void **state)
{
    static const uint32_t yes[] = { 0x84000000, SUSPEND, SUSPEND | CALL_64, OFF, ON, ON | CALL_64, AFFINITY_INFO,
                                    AFFINITY_INFO | CALL_64, 0x84000006, SYSTEM_OFF, SYSTEM_RESET, FEATURES,
                                    0x80000000 };
    static const uint32_t no[] = { 0xc4000000, 0xc4000002, 0x84000005, 0x84000007, 0x8400000b, 0x8400000c, 0x8400000e,
                                   0x8400000f, 0x84000012, 0xc4000012, 0x84000013, 0x84000014, 0, 0xffffffff };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(yes); i++) {
        assert_int_equal(call(FEATURES, yes[i], 0, 0), 0);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(no); i++) {
        assert_int_equal(call(FEATURES, no[i], 0, 0), -1);
    }
    assert_int_equal(call(FEATURES, 0xffffffff84000000, 0, 0), 0); /* a 32-bit call */
}

/* Req: BH-PSCI-002, BH-PSCI-003 */
static void test_cpu_on(void **state)
{
    (void)state;
    assert_int_equal(call(ON | CALL_64, 1, ENTRY, 0x123456789abcdef0), 0);
    assert_ptr_equal(reset_vcpu, &vcpu[1]);
    assert_int_equal(reset_entry, ENTRY);
    assert_int_equal(reset_argument, 0x123456789abcdef0);
    assert_int_equal(vcpu[1].state, VCPU_RUNNABLE);
    assert_int_equal(call(ON | CALL_64, 1, ENTRY, 0), -4);
    assert_int_equal(call(ON | CALL_64, 0, ENTRY, 0), -4);
    /* Aff1 counts in sixteens. */
    assert_int_equal(call(ON | CALL_64, 0x103, ENTRY, 0), 0);
    assert_ptr_equal(reset_vcpu, &vcpu[19]);
    /* The 32-bit call takes the lower halves. */
    assert_int_equal(call(ON, 0xffffffff00000002, 0xffffffff00000000 | ENTRY, 0xffffffff12345678), 0);
    assert_ptr_equal(reset_vcpu, &vcpu[2]);
    assert_int_equal(reset_entry, ENTRY);
    assert_int_equal(reset_argument, 0x12345678);
}

/* Req: BH-PSCI-004 */
static void test_cpu_on_refused(void **state)
{
    static const uint64_t nobody[] = { 20, 16, 0x10, 0x104, 0x200, 0x10000, 1ull << 32, 0xff, ~0ull };
    static const uint64_t nowhere[] = { 0, RAM - 4, RAM + MIB(64), ~0ull, ~3ull, ENTRY + 1, ENTRY + 2, 1ull << 63 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(nobody); i++) {
        assert_int_equal(call(ON | CALL_64, nobody[i], ENTRY, 0), -2);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(nowhere); i++) {
        assert_int_equal(call(ON | CALL_64, 1, nowhere[i], 0), -9);
    }
    domain.vcpus[3] = NULL;
    assert_int_equal(call(ON | CALL_64, 3, ENTRY, 0), -2);
    domain.phase = DOMAIN_DYING;
    assert_int_equal(call(ON | CALL_64, 1, ENTRY, 0), -6);
    domain.phase = DOMAIN_RUNNING;
    assert_null(reset_vcpu);
    online_error = -XEN_EBUSY;
    assert_int_equal(call(ON | CALL_64, 1, ENTRY, 0), -4);
}

/* Req: BH-PSCI-005 */
static void test_affinity_info(void **state)
{
    (void)state;
    vcpu[17].state = VCPU_BLOCKED;
    for (unsigned wide = 0; wide < 2; wide++) {
        uint64_t f = AFFINITY_INFO | (wide != 0 ? CALL_64 : 0);

        assert_int_equal(call(f, 0, 0, 0), 0);
        assert_int_equal(call(f, 1, 0, 0), 1);
        assert_int_equal(call(f, 0x101, 0, 0), 0);
        assert_int_equal(call(f, 0x102, 0, 0), 1);
        assert_int_equal(call(f, 0x1234, 0, 0), 1);
        assert_int_equal(call(f, 0x80000000, 0, 0), 0); /* bit 31 is no affinity */
        assert_int_equal(call(f, 0x1ff, 1, 0), 0);
        assert_int_equal(call(f, 0x200, 1, 0), 1);
        assert_int_equal(call(f, 0x1234, 2, 0), 0);
        assert_int_equal(call(f, 0, 3, 0), 0);
        assert_int_equal(call(f, 0, 4, 0), -2);
        assert_int_equal(call(f, 0, 0xffffffff, 0), -2);
    }
    assert_int_equal(call(AFFINITY_INFO | CALL_64, 1ull << 32, 0, 0), 1);
    assert_int_equal(call(AFFINITY_INFO, 1ull << 32, 0, 0), 0);
    domain.vcpus[17] = NULL;
    assert_int_equal(call(AFFINITY_INFO, 0x101, 0, 0), 1);
}

static void test_off_and_suspend(void **state)
{
    (void)state;
    call(OFF, 0, 0, 0);
    assert_int_equal(offs, 1);
    assert_int_equal(call(SUSPEND, 0, 0, 0), 0);
    assert_int_equal(call(SUSPEND | CALL_64, 0x10000, ENTRY, 0), 0); /* power-down becomes standby */
    assert_int_equal(call(SUSPEND | CALL_64, ~0ull, 0, 0), 0);
    assert_int_equal(blocks, 3);
}

/* Req: BH-PSCI-008 */
static void test_system(void **state)
{
    (void)state;
    call(SYSTEM_OFF, 0, 0, 0);
    assert_int_equal(shutdown_reason, SHUTDOWN_poweroff);
    call(SYSTEM_RESET, 0, 0, 0);
    assert_int_equal(shutdown_reason, SHUTDOWN_reboot);
    shutdown_reason = -1;
    assert_int_equal(call(SYSTEM_OFF | CALL_64, 0, 0, 0), -1);
    assert_int_equal(call(0x84000012, 0, 0, 0), -1);
    assert_int_equal(shutdown_reason, -1);
}

/* Req: BH-PSCI-011 */
static void test_workarounds(void **state)
{
    static const uint32_t known[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_3 };

    (void)state;
    assert_int_equal(call(0x80000001, 0x80000000, 0, 0), 0);
    assert_int_equal(call(0x80000001, 0x80000001, 0, 0), 0);
    assert_int_equal(call(0x80000001, 0x80000002, 0, 0), -1);
    for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
        workaround_answer = 1;
        assert_int_equal(call(0x80000001, known[i], 0, 0), 1);
        assert_int_equal(call(known[i], 1, 0, 0), 0);
        assert_int_equal(workaround_done, known[i]);
        workaround_answer = -1;
        assert_int_equal(call(0x80000001, known[i], 0, 0), -1);
        workaround_done = 0;
        assert_int_equal(call(known[i], 1, 0, 0), -1);
        assert_int_equal(workaround_done, 0);
    }
    assert_int_equal(call(0x80000001, SMCCC_ARCH_WORKAROUND_2, 0, 0), -1);
    assert_int_equal(call(SMCCC_ARCH_WORKAROUND_2, 1, 0, 0), -1);
}

/* Req: BH-PSCI-012 */
static void test_identification(void **state)
{
    uint64_t x[4] = { 0x8500ff01, 1, 2, 3 };

    (void)state;
    smccc_call(&vcpu[0], x);
    assert_int_equal(x[0], 0xdc1218a7); /* a71812dc-c698-4369-9acf-79d18ddee667 */
    assert_int_equal(x[1], 0x694398c6);
    assert_int_equal(x[2], 0xd179cf9a);
    assert_int_equal(x[3], 0x67e6de8d);
    x[0] = 0x8400ff01;
    smccc_call(&vcpu[0], x);
    assert_int_equal(x[0], 0x6f3863f8);
    x[0] = 0x8500ff03;
    smccc_call(&vcpu[0], x);
    assert_int_equal(x[0], 0);
    assert_int_equal(x[1], 1);
    assert_int_equal(call(0x8500ff00, 0, 0, 0), 3);
    assert_int_equal(call(0x8400ff00, 0, 0, 0), 15);
    assert_int_equal(call(0x8600ff01, 0, 0, 0), -1);
}

/* Req: BH-PSCI-010 */
/* Whatever is not listed here is unknown, and asks nothing of anybody. */
static void test_unknown(void **state)
{
    static const uint32_t functions[] = { 0, 1, 2, 0x04000000, 0x84000005, 0x84000007, 0x8400000b, 0x84000015,
                                          0x84000020, 0xc4000000, 0x80000002, 0x8000ff00, 0x81000000, 0x82000000,
                                          0x83000000, 0x85000000, 0x95c1ba60, 0xbf00ff01, 0xffffffff, 0xa4000001 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(functions); i++) {
        assert_int_equal(call(functions[i], ~0ull, ~0ull, ~0ull), -1);
    }
    for (uint64_t f = 0; f < 0x10000; f++) {
        uint64_t function = 0x84000000 | (f & 0x7fff) | (f >> 15) << 30;

        if ((f & 0x7fff) > 0x14) {
            assert_int_equal(call(function, 1, 1, 1), -1);
        }
    }
    assert_int_equal(blocks + offs, 0);
    assert_int_equal(shutdown_reason, -1);
    assert_null(reset_vcpu);
}

int main(void)
{
#define CALL(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        CALL(test_versions),
        CALL(test_features),
        CALL(test_cpu_on),
        CALL(test_cpu_on_refused),
        CALL(test_affinity_info),
        CALL(test_off_and_suspend),
        CALL(test_system),
        CALL(test_workarounds),
        CALL(test_identification),
        CALL(test_unknown),
    };

    return RUN_TESTS(tests);
}
