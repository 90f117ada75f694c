/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC: vectors against a model in plain words, modes, registers, interrupts between vCPUs. Its timer:
 * test_vlapic_timer.c.
 */
#include "vlapic_board.h"

#include <pthread.h>
#include <sched.h>

/* ---- Reset and modes ---- */

/* Req: BH-APIC-005, BH-APIC-012 */
static void test_reset(void **state)
{
    (void)state;
    board(3);
    for (unsigned id = 0; id < 3; id++) {
        assert_int_equal(get_msr(id, 0x1b), BASE_XAPIC | (id == 0 ? 0x100 : 0));
        assert_int_equal(get(id, 0x20), id << 24);
        assert_int_equal(get(id, 0x30), 0x50014);
        assert_int_equal(get(id, 0xf0), 0xff);
        assert_int_equal(get(id, 0xe0), 0xffffffff);
        for (unsigned offset = 0x320; offset <= 0x370; offset += 16) {
            assert_int_equal(get(id, offset), 0x10000);
        }
        for (unsigned offset = 0x100; offset < 0x280; offset += 16) {
            assert_int_equal(get(id, offset), 0);
        }
        assert_int_equal(get(id, 0x380) | get(id, 0x390) | get(id, 0x3e0) | get(id, 0x80) | get(id, 0xa0), 0);
        assert_int_equal(get(id, 0x300) | get(id, 0x310) | get(id, 0x280) | get(id, 0xd0), 0);
        assert_int_equal(pending(id), -1);
    }
    /* All of that again, after a life. */
    enable(1);
    set(1, 0x80, 0x20);
    set(1, 0x320, 0x20030);
    set(1, 0x380, 1000);
    vlapic_post(&vcpus[1], 0x31);
    vlapic_post(&vcpus[1], 0x61);
    vlapic_accept(&vcpus[1], 0x61);
    set_msr(1, 0x1b, BASE_X2APIC);
    vlapic_reset(&vcpus[1]);
    assert_int_equal(get_msr(1, 0x1b), BASE_XAPIC);
    assert_int_equal(get(1, 0xf0), 0xff);
    assert_int_equal(get(1, 0x130) | get(1, 0x210) | get(1, 0x380) | get(1, 0x80), 0);
    assert_null(vcpus[1].arch.vlapic.timer.queue);
    enable(1);
    assert_int_equal(pending(1), -1);
}

/* Req: BH-APIC-005 */
static void test_more_vcpus_than_short_ids(void **state)
{
    (void)state;
    board(2);
    domain.vcpu_count = 255;
    vlapic_reset(&vcpus[1]);
    assert_int_equal(get_msr(1, 0x1b), BASE_XAPIC);
    domain.vcpu_count = 256;
    vlapic_reset(&vcpus[1]);
    assert_int_equal(get_msr(1, 0x1b), BASE_X2APIC);
    assert_int_equal(get_msr(1, 0x80f), 0xff);
}

/* Req: BH-APIC-006 */
static void test_init_keeps_mode(void **state)
{
    (void)state;
    board(2);
    enter_x2apic(1);
    set_msr(1, 0x808, 0x30);
    vlapic_reset_by_init(&vcpus[1]);
    assert_int_equal(get_msr(1, 0x1b), BASE_X2APIC);
    assert_int_equal(get_msr(1, 0x808), 0);
    assert_int_equal(get_msr(1, 0x80f), 0xff);
}

/* Req: BH-APIC-007 */
static void test_mode_changes(void **state)
{
    static const uint32_t modes[] = { 0, 0x800, 0xc00, 0x400 };
    static const bool allowed[3][4] = {
        { true, true, false, false }, /* disabled */
        { true, true, true, false },  /* xAPIC */
        { true, false, true, false }, /* x2APIC */
    };
    uint32_t value;

    (void)state;
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = 0; to < 4; to++) {
            board(1);
            if (modes[from] != 0x800) {
                set_msr(0, 0x1b, 0xfee00100 | modes[from]);
            }
            assert_int_equal(vlapic_msr_write(&vcpus[0], 0x1b, 0xfee00100 | modes[to]),
                             allowed[from][to] ? 0 : EINVAL_ERR);
            assert_int_equal(get_msr(0, 0x1b), 0xfee00100 | modes[allowed[from][to] ? to : from]);
        }
    }
    /* Disabled: no page, no registers, nothing pending, and everything is forgotten. */
    board(2);
    enable(1);
    set(1, 0x80, 0x10);
    vlapic_post(&vcpus[1], 0x50);
    set_msr(1, 0x1b, 0xfee00000);
    assert_int_equal(pending(1), -1);
    assert_int_equal(vlapic_read(&vcpus[1], 0x20, &value), EINVAL_ERR);
    assert_int_equal(vlapic_write(&vcpus[1], 0x80, 1), EINVAL_ERR);
    set_msr(1, 0x1b, BASE_XAPIC);
    assert_int_equal(get(1, 0x80), 0);
    enable(1);
    assert_int_equal(pending(1), -1);
    /* xAPIC to x2APIC: what is pending and how it is set up stay. */
    set(1, 0x80, 0x10);
    set(1, 0xd0, 0x42000000);
    set(1, 0x350, 0x700);
    vlapic_post(&vcpus[1], 0x51);
    set_msr(1, 0x1b, BASE_X2APIC);
    assert_int_equal(get_msr(1, 0x808), 0x10);
    assert_int_equal(get_msr(1, 0x835), 0x700);
    assert_int_equal(get_msr(1, 0x80d), 2);
    assert_int_equal(pending(1), 0x51);
    assert_int_equal(vlapic_read(&vcpus[1], 0x20, &value), EINVAL_ERR);
    assert_int_equal(vlapic_write(&vcpus[1], 0x80, 1), EINVAL_ERR);
}

/* Req: BH-APIC-008 */
static void test_base_is_fixed(void **state)
{
    static const uint64_t wrong[] = { 0xfee01800, 0x1fee00800, 0xfed00800, 0x8000000000000000 | BASE_XAPIC, 0xfee00801,
                                      0xfee00a00, 0x800 };

    (void)state;
    board(2);
    for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_int_equal(vlapic_msr_write(&vcpus[0], 0x1b, wrong[i]), EINVAL_ERR);
    }
    set_msr(0, 0x1b, BASE_XAPIC);         /* who is the BSP does not change */
    set_msr(1, 0x1b, BASE_XAPIC | 0x100);
    assert_int_equal(get_msr(0, 0x1b), BASE_XAPIC | 0x100);
    assert_int_equal(get_msr(1, 0x1b), BASE_XAPIC);
}

/* ---- Vectors ---- */

/* What ought to be, vector by vector. */
static bool model_irr[256], model_isr[256];

static int model_highest(const bool *set_of)
{
    for (int i = 255; i >= 0; i--) {
        if (set_of[i]) {
            return i;
        }
    }
    return -1;
}

static unsigned model_ppr(unsigned tpr)
{
    int isr = model_highest(model_isr);
    unsigned class = isr < 0 ? 0 : (unsigned)isr / 16;

    return tpr / 16 >= class ? tpr : class * 16;
}

static int model_pending(unsigned tpr)
{
    int irr = model_highest(model_irr);

    return irr >= 0 && (unsigned)irr / 16 > model_ppr(tpr) / 16 ? irr : -1;
}

static void model_compare(unsigned tpr)
{
    for (unsigned word = 0; word < 8; word++) {
        uint32_t irr = 0, isr = 0;

        for (unsigned bit = 0; bit < 32; bit++) {
            irr |= (uint32_t)model_irr[word * 32 + bit] << bit;
            isr |= (uint32_t)model_isr[word * 32 + bit] << bit;
        }
        assert_int_equal(get(0, 0x200 + word * 16), irr);
        assert_int_equal(get(0, 0x100 + word * 16), isr);
    }
    assert_int_equal(get(0, 0xa0), model_ppr(tpr));
    assert_int_equal(pending(0), model_pending(tpr));
}

/* Req: BH-APIC-001, BH-APIC-002, BH-APIC-003, BH-APIC-004 */
static void test_vectors_model(void **state)
{
    unsigned tpr = 0;

    (void)state;
    srand(4);
    board(1);
    enable(0);
    for (unsigned step = 0; step < 40000; step++) {
        unsigned vector = 16 + (unsigned)rand() % 240;
        int highest;

        switch (rand() % 6) {
        case 0: case 1:
            kicks[0] = 0;
            vlapic_post(&vcpus[0], (uint8_t)vector);
            assert_int_equal(kicks[0], 1);
            model_irr[vector] = true;
            break;
        case 2:
            tpr = rand() % 3 == 0 ? (unsigned)rand() % 256 : 0;
            set(0, 0x80, tpr);
            break;
        case 3: case 4:
            highest = model_pending(tpr);
            assert_int_equal(pending(0), highest);
            if (highest >= 0) {
                vlapic_accept(&vcpus[0], (uint8_t)highest);
                model_irr[highest] = false;
                model_isr[highest] = true;
            }
            break;
        default:
            set(0, 0xb0, 0);
            highest = model_highest(model_isr);
            if (highest >= 0) {
                model_isr[highest] = false;
            }
            break;
        }
        model_compare(tpr);
    }
}

/* A mark without a bit, as a sender leaves it whose bit was taken between its two stores, and the other way round. */
static void test_marks(void **state)
{
    struct vlapic *a = &vcpus[0].arch.vlapic;

    (void)state;
    board(1);
    enable(0);
    a->irr_words = 0xff;
    assert_int_equal(pending(0), -1);
    vlapic_post(&vcpus[0], 0x20);
    assert_int_equal(take(0), 0x20);
    assert_int_equal(a->irr_words, 0xfd);
    /* Two in one word: the mark stays with the second. */
    vlapic_post(&vcpus[0], 0x21);
    vlapic_post(&vcpus[0], 0x22);
    assert_int_equal(take(0), 0x22);
    assert_int_equal(take(0), 0x21);
    assert_int_equal(take(0), -1);
    assert_int_equal(a->irr_words, 0xfd);
}

#define POSTS 20000

/* Vectors of one word, one for each thread: posted again when the last one was taken. */
static bool is_posted[2];

static void *post_all(void *which)
{
    unsigned i = *(unsigned *)which;

    for (unsigned n = 0; n < POSTS; n++) {
        while (__atomic_load_n(&is_posted[i], __ATOMIC_ACQUIRE)) {
            sched_yield();
        }
        __atomic_store_n(&is_posted[i], true, __ATOMIC_RELEASE);
        vlapic_post(&vcpus[0], (uint8_t)(0x40 + i));
    }
    return NULL;
}

/* Req: BH-APIC-001 */
/* Two CPUs post while a third takes: each interrupt comes once. One that is lost ends this by the test's time limit. */
static void test_concurrent_posts(void **state)
{
    pthread_t threads[2];
    unsigned which[2] = { 0, 1 }, taken = 0;

    (void)state;
    board(1);
    enable(0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &which[i]), 0);
    }
    while (taken < 2 * POSTS) {
        int vector = take(0);

        if (vector < 0) {
            sched_yield();
            continue;
        }
        assert_true(__atomic_load_n(&is_posted[vector - 0x40], __ATOMIC_ACQUIRE));
        __atomic_store_n(&is_posted[vector - 0x40], false, __ATOMIC_RELEASE);
        taken++;
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(take(0), -1);
}

/* Req: BH-APIC-009 */
static void test_software_disable(void **state)
{
    (void)state;
    board(2);
    enable(0);
    enable(1);
    set(0, 0x350, 0x20);
    set(0, 0x320, 0x30);
    assert_int_equal(get(0, 0x350), 0x20);
    vlapic_post(&vcpus[0], 0x40);
    set(0, 0xf0, 0xff);
    assert_int_equal(get(0, 0x350), 0x10020);
    assert_int_equal(get(0, 0x320), 0x10030);
    set(0, 0x350, 0x20); /* they stay masked */
    assert_int_equal(get(0, 0x350), 0x10020);
    assert_int_equal(pending(0), -1);
    set(1, 0x300, 0x50); /* another vCPU's interrupt is not accepted */
    assert_int_equal(get(0, 0x220), 1u << 0);
    set(0, 0xf0, 0x1ff);
    assert_int_equal(get(0, 0x350), 0x10020); /* and are not unmasked by themselves */
    assert_int_equal(take(0), 0x40);         /* what was requested before is held */
    assert_int_equal(take(0), -1);
}

/* ---- Registers ---- */

/* Req: BH-APIC-010, BH-APIC-011 */
static void test_page(void **state)
{
    static const struct { unsigned offset; uint32_t written, read; } registers[] = {
        { 0x020, 0xff000000, 0 },          { 0x030, 0, 0x50014 },
        { 0x080, 0x1ff, 0xff },            { 0x090, 1, 0 },
        { 0x0c0, 1, 0 },                   { 0x0d0, 0x12345678, 0x12000000 },
        { 0x0e0, 0x12345678, 0x1fffffff }, { 0x0f0, 0xffffffff, 0x3ff },
        { 0x100, 1, 0 },                   { 0x1f0, 1, 0 },
        { 0x270, 1, 0 },                   { 0x310, 0x12345678, 0x12000000 },
        { 0x320, 0xffffffff, 0x700ff },    { 0x330, 0xffffffff, 0x107ff },
        { 0x340, 0xffffffff, 0x107ff },    { 0x350, 0xffffffff, 0x1a7ff },
        { 0x360, 0xffffffff, 0x1a7ff },    { 0x370, 0xffffffff, 0x100ff },
        { 0x390, 5, 0 },                   { 0x3e0, 0xffffffff, 0xb },
    };
    static const unsigned unknown[] = { 0x000, 0x010, 0x040, 0x070, 0x290, 0x2f0, 0x3a0, 0x3f0, 0x400, 0x500, 0xff0 };
    uint32_t value;

    (void)state;
    board(1);
    enable(0);
    for (unsigned i = 0; i < ARRAY_COUNT(registers); i++) {
        set(0, registers[i].offset, registers[i].written);
        assert_int_equal(get(0, registers[i].offset), registers[i].read);
    }
    assert_int_equal(get(0, 0xb0), 0);
    set(0, 0x280, 0);
    assert_int_equal(get(0, 0x280), 0); /* none of that is an error */
    for (unsigned i = 0; i < ARRAY_COUNT(unknown); i++) {
        assert_int_equal(get(0, unknown[i]), 0);
        assert_int_equal(get(0, 0x280), 0);
        set(0, 0x280, 0xff);
        assert_int_equal(get(0, 0x280), 0x80);
        set(0, unknown[i], ~0u);
        set(0, 0x280, 0);
        assert_int_equal(get(0, 0x280), 0x80);
        set(0, 0x280, 0);
        assert_int_equal(get(0, 0x280), 0);
    }
    assert_int_equal(vlapic_read(&vcpus[0], 0x24, &value), EINVAL_ERR);
    assert_int_equal(vlapic_read(&vcpus[0], 0x1020, &value), EINVAL_ERR);
    assert_int_equal(vlapic_write(&vcpus[0], 0x81, 1), EINVAL_ERR);
    assert_int_equal(vlapic_write(&vcpus[0], 0x1080, 1), EINVAL_ERR);
}

/* Req: BH-APIC-010 */
static void test_msrs(void **state)
{
    /* What a guest may write; -1: it may not at all. */
    static const struct { uint32_t msr; bool is_readable; int64_t bits; } registers[] = {
        { 0x802, true, -1 },     { 0x803, true, -1 },     { 0x808, true, 0xff },    { 0x80a, true, -1 },
        { 0x80b, false, 0 },     { 0x80d, true, -1 },     { 0x80f, true, 0x3ff },   { 0x810, true, -1 },
        { 0x817, true, -1 },     { 0x818, true, -1 },     { 0x81f, true, -1 },      { 0x820, true, -1 },
        { 0x827, true, -1 },     { 0x828, true, 0 },      { 0x832, true, 0x700ff }, { 0x833, true, 0x107ff },
        { 0x834, true, 0x107ff }, { 0x835, true, 0x1a7ff }, { 0x836, true, 0x1a7ff }, { 0x837, true, 0x100ff },
        { 0x838, true, 0xffffffff }, { 0x839, true, -1 }, { 0x83e, true, 0xb },     { 0x83f, false, 0xff },
    };
    unsigned known = 0;
    uint64_t value;

    (void)state;
    board(1);
    /* In xAPIC mode there is none of them. */
    for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
        assert_int_equal(vlapic_msr_read(&vcpus[0], msr, &value), EINVAL_ERR);
        assert_int_equal(vlapic_msr_write(&vcpus[0], msr, 0), EINVAL_ERR);
    }
    enter_x2apic(0);
    for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
        if (msr == 0x830) {
            continue;
        }
        while (known + 1 < ARRAY_COUNT(registers) && registers[known].msr < msr) {
            known++;
        }
        if (registers[known].msr != msr) {
            if (!(msr >= 0x810 && msr <= 0x827)) {
                assert_int_equal(vlapic_msr_read(&vcpus[0], msr, &value), EINVAL_ERR);
            }
            assert_int_equal(vlapic_msr_write(&vcpus[0], msr, 0), EINVAL_ERR);
            continue;
        }
        assert_int_equal(vlapic_msr_read(&vcpus[0], msr, &value), registers[known].is_readable ? 0 : EINVAL_ERR);
        for (unsigned bit = 0; bit < 64; bit++) {
            bool ok = registers[known].bits >= 0 && ((uint64_t)registers[known].bits >> bit & 1) != 0;

            assert_int_equal(vlapic_msr_write(&vcpus[0], msr, 1ULL << bit), ok ? 0 : EINVAL_ERR);
        }
        assert_int_equal(vlapic_msr_write(&vcpus[0], msr, 0), registers[known].bits >= 0 ? 0 : EINVAL_ERR);
    }
    assert_int_equal(vlapic_msr_write(&vcpus[0], 0x832, 0x60000), EINVAL_ERR); /* a mode of the timer that is not */
    for (unsigned bit = 0; bit < 64; bit++) {
        bool ok = bit >= 32 || (0xccfffu >> bit & 1) != 0;

        assert_int_equal(vlapic_msr_write(&vcpus[0], 0x830, 1ULL << bit), ok ? 0 : EINVAL_ERR);
    }
    set_msr(0, 0x830, 0x1234567800000030);
    assert_true(get_msr(0, 0x830) == 0x1234567800000030);
    assert_int_equal(vlapic_msr_read(&vcpus[0], 0x7ff, &value), EINVAL_ERR);
    assert_int_equal(vlapic_msr_write(&vcpus[0], 0x900, 0), EINVAL_ERR);
}

/* The logical ID of a large number, which only x2APIC mode can hold. */
static void test_large_id(void **state)
{
    (void)state;
    board(1);
    vcpus[0].id = 300;
    enter_x2apic(0);
    assert_int_equal(get_msr(0, 0x802), 300);
    assert_int_equal(get_msr(0, 0x80d), 18u << 16 | 1u << 12);
}

/* Req: BH-APIC-011 */
static void test_errors(void **state)
{
    (void)state;
    board(2);
    enable(0);
    enable(1);
    set(1, 0x370, 0xfe);
    vlapic_post(&vcpus[1], 15);
    assert_int_equal(get(1, 0x200), 0);
    assert_int_equal(take(1), 0xfe);
    vlapic_post(&vcpus[1], 0); /* no second interrupt until the guest has looked */
    assert_int_equal(take(1), -1);
    assert_int_equal(get(1, 0x280), 0);
    set(1, 0x280, 0);
    assert_int_equal(get(1, 0x280), 0x40);
    set(1, 0x300, 0x0f); /* sends no interrupt */
    assert_int_equal(take(1), 0xfe);
    set(1, 0x280, 0);
    assert_int_equal(get(1, 0x280), 0x20);
    assert_int_equal(get(0, 0x200), 0);
    set(1, 0x370, 0x100fe); /* masked */
    vlapic_post(&vcpus[1], 3);
    assert_int_equal(take(1), -1);
    set(1, 0x280, 0);
    set(1, 0x370, 0x0e); /* its own vector is an error, too */
    set(1, 0x300, 0x0f);
    assert_int_equal(take(1), -1);
    set(1, 0x280, 0);
    assert_int_equal(get(1, 0x280), 0x60);
}

/* ---- Interrupts between vCPUs ---- */

/* vCPU FROM sends; what EXPECTED has bits for, and nobody else, gets vector 0x41. */
static void expect_fixed(unsigned from, uint64_t icr, uint64_t expected)
{
    if ((get_msr(from, 0x1b) & 0x400) != 0) {
        set_msr(from, 0x830, icr | 0x41);
    } else {
        set(from, 0x310, (uint32_t)(icr >> 32));
        set(from, 0x300, (uint32_t)icr | 0x41);
    }
    for (unsigned i = 0; i < domain.vcpu_count; i++) {
        assert_int_equal(take(i), (expected >> i & 1) != 0 ? 0x41 : -1);
    }
}

#define XAPIC_TO(id)  ((uint64_t)(id) << 56)
#define X2APIC_TO(id) ((uint64_t)(id) << 32)
#define LOGICAL       0x800u
#define ALL           ((1ULL << VCPUS) - 1)

/* Req: BH-APIC-012, BH-APIC-013 */
static void test_physical(void **state)
{
    (void)state;
    board(VCPUS);
    for (unsigned i = 0; i < VCPUS; i++) {
        enable(i);
    }
    expect_fixed(0, XAPIC_TO(0), 1);
    expect_fixed(0, XAPIC_TO(7), 1ULL << 7);
    expect_fixed(7, XAPIC_TO(39), 1ULL << 39);
    expect_fixed(7, XAPIC_TO(40), 0);
    expect_fixed(7, XAPIC_TO(0xfe), 0);
    expect_fixed(7, XAPIC_TO(0xff), ALL);
    expect_fixed(7, 1u << 18, 1ULL << 7);
    expect_fixed(7, 2u << 18, ALL);
    expect_fixed(7, 3u << 18, ALL & ~(1ULL << 7));
    expect_fixed(7, XAPIC_TO(3) | 3u << 18 | LOGICAL, ALL & ~(1ULL << 7));
    enter_x2apic(8);
    expect_fixed(8, X2APIC_TO(0), 1);
    expect_fixed(8, X2APIC_TO(8), 1ULL << 8);
    expect_fixed(8, X2APIC_TO(0xff), 0); /* no broadcast there */
    expect_fixed(8, X2APIC_TO(0x10000), 0);
    expect_fixed(8, X2APIC_TO(0xfffffffe), 0);
    expect_fixed(8, X2APIC_TO(0xffffffff), ALL);
    expect_fixed(8, 3u << 18, ALL & ~(1ULL << 8));
    set_msr(8, 0x83f, 0x41);
    assert_int_equal(take(8), 0x41);
    set_msr(9, 0x1b, 0xfee00000); /* who is not there does not hear */
    domain.vcpus[10] = NULL;
    expect_fixed(8, X2APIC_TO(0xffffffff), ALL & ~(3ULL << 9));
    expect_fixed(8, X2APIC_TO(9), 0);
    expect_fixed(8, X2APIC_TO(10), 0);
    set_msr(8, 0x830, X2APIC_TO(0) | 15); /* no vector */
    assert_int_equal(take(0), -1);
    set_msr(8, 0x828, 0);
    assert_true(get_msr(8, 0x828) == 0x20);
    assert_int_equal(vlapic_msr_write(&vcpus[8], 0x80b, 1), EINVAL_ERR);
    expect_fixed(8, X2APIC_TO(0) | 3u << 14, 1); /* level and assertion mean nothing to it */
}

/* Req: BH-APIC-014 */
static void test_logical(void **state)
{
    (void)state;
    board(VCPUS);
    for (unsigned i = 0; i < VCPUS; i++) {
        enable(i);
    }
    expect_fixed(0, XAPIC_TO(1) | LOGICAL, 0); /* nobody has an ID yet */
    expect_fixed(0, XAPIC_TO(0xff) | LOGICAL, ALL);
    for (unsigned i = 0; i < 8; i++) {
        set(i, 0xd0, 1u << (24 + i));
    }
    expect_fixed(0, XAPIC_TO(0x80) | LOGICAL, 1u << 7);
    expect_fixed(3, XAPIC_TO(0x55) | LOGICAL, 0x55);
    /* Clusters of four, fifteen of them at most. */
    for (unsigned i = 0; i < VCPUS; i++) {
        set(i, 0xe0, 0x0fffffff);
        set(i, 0xd0, i / 4 << 28 | 1u << (24 + i % 4));
    }
    expect_fixed(0, XAPIC_TO(0x21) | LOGICAL, 1u << 8);
    expect_fixed(0, XAPIC_TO(0x9f) | LOGICAL, 0xfULL << 36);
    expect_fixed(0, XAPIC_TO(0x90) | LOGICAL, 0);
    expect_fixed(0, XAPIC_TO(0xf1) | LOGICAL, 0x1111111111);
    expect_fixed(0, XAPIC_TO(0xaf) | LOGICAL, 0);
    set(5, 0xe0, 0x5fffffff); /* a model that is none */
    expect_fixed(0, XAPIC_TO(0x1f) | LOGICAL, 0xd0);
    /* Clusters of sixteen, by the number. */
    for (unsigned i = 0; i < VCPUS; i++) {
        enter_x2apic(i);
    }
    expect_fixed(1, X2APIC_TO(1u << 0) | LOGICAL, 1);
    expect_fixed(1, X2APIC_TO(0xffff) | LOGICAL, 0xffff);
    expect_fixed(1, X2APIC_TO(0x18001) | LOGICAL, 0x80010000);
    expect_fixed(1, X2APIC_TO(0x2ffff) | LOGICAL, 0xffULL << 32);
    expect_fixed(1, X2APIC_TO(0x3ffff) | LOGICAL, 0);
    expect_fixed(1, X2APIC_TO(0xffff0001) | LOGICAL, 0);
    expect_fixed(1, X2APIC_TO(0xffffffff) | LOGICAL, ALL);
}

/* vCPUs in different modes: a 32-bit destination names those in x2APIC mode, 8 bits of one may name either. */
static void test_logical_mixed(void **state)
{
    (void)state;
    board(4);
    enable(0);
    enable(1);
    enter_x2apic(2);
    enter_x2apic(3);
    set(0, 0xd0, 0x01000000);
    set(1, 0xd0, 0x04000000);
    expect_fixed(0, XAPIC_TO(4) | LOGICAL, 0x6);
    expect_fixed(2, X2APIC_TO(0xd) | LOGICAL, 0xc | 0x3);
    expect_fixed(2, X2APIC_TO(0x10001) | LOGICAL, 0);
}

/* Req: BH-APIC-015 */
static void test_lowest_priority(void **state)
{
    unsigned count[8] = { 0 };

    (void)state;
    board(8);
    for (unsigned i = 0; i < 8; i++) {
        enable(i);
        set(i, 0xd0, 1u << (24 + i));
    }
    set(6, 0xf0, 0xff); /* cannot take it */
    for (unsigned n = 0; n < 300; n++) {
        unsigned got = 0;

        set(0, 0x310, 0xe1000000);
        set(0, 0x300, 0x971);
        for (unsigned i = 0; i < 8; i++) {
            if (take(i) == 0x71) {
                count[i]++;
                got++;
            }
        }
        assert_int_equal(got, 1);
    }
    assert_int_equal(count[0], 100);
    assert_int_equal(count[5], 100);
    assert_int_equal(count[7], 100);
    set(0, 0x310, 0x40000000); /* there is nobody */
    set(0, 0x300, 0x971);
    assert_int_equal(take(6), -1);
    set(0, 0x310, 0x03000000); /* physical */
    set(0, 0x300, 0x171);
    assert_int_equal(take(3), 0x71);
}

/* Req: BH-APIC-016 */
static void test_signals(void **state)
{
    (void)state;
    board(4);
    set(0, 0x310, 0x02000000);
    set(0, 0x300, 0x4500); /* INIT */
    assert_int_equal(vcpus[2].arch.inits, 1);
    set(0, 0x300, 0x8500); /* level de-assert */
    assert_int_equal(vcpus[2].arch.inits, 1);
    set(0, 0x300, 0xc500); /* level assert */
    assert_int_equal(vcpus[2].arch.inits, 2);
    set(0, 0x300, 0x4600 | 0x08);
    assert_int_equal(vcpus[2].arch.startups, 1);
    assert_int_equal(vcpus[2].arch.startup_vector, 8);
    set(0, 0x300, 0x4400);
    assert_int_equal(vcpus[2].arch.nmis, 1);
    set(0, 0x300, 0xc4500); /* all others */
    set(0, 0x300, 0xc4608);
    set(0, 0x300, 0xc4400);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(vcpus[i].arch.inits, i == 0 ? 0 : i == 2 ? 3 : 1);
        assert_int_equal(vcpus[i].arch.startups, i == 0 ? 0 : i == 2 ? 2 : 1);
        assert_int_equal(vcpus[i].arch.nmis, i == 0 ? 0 : i == 2 ? 2 : 1);
    }
    set(0, 0x300, 0x84500); /* with the sender: there is no such signal */
    set(0, 0x300, 0x44608);
    assert_int_equal(vcpus[0].arch.inits + vcpus[0].arch.startups, 0);
    assert_int_equal(vcpus[1].arch.inits, 1);
    set(0, 0x300, 0x44400); /* NMI to itself */
    assert_int_equal(vcpus[0].arch.nmis, 1);
    set(0, 0x300, 0x4200); /* SMI, and two that are reserved */
    set(0, 0x300, 0x4331);
    set(0, 0x300, 0x4731);
    set(0, 0x280, 0);
    assert_int_equal(get(0, 0x280), 0);
    set_msr(3, 0x1b, 0xfee00000); /* disabled altogether: nothing comes */
    set(0, 0x310, 0x03000000);
    set(0, 0x300, 0x4400);
    assert_int_equal(vcpus[3].arch.nmis, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_more_vcpus_than_short_ids), cmocka_unit_test(test_init_keeps_mode),
        cmocka_unit_test(test_mode_changes),
        cmocka_unit_test(test_base_is_fixed),
        cmocka_unit_test(test_vectors_model),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_concurrent_posts),
        cmocka_unit_test(test_software_disable),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_msrs),
        cmocka_unit_test(test_large_id),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_physical),
        cmocka_unit_test(test_logical),
        cmocka_unit_test(test_logical_mixed),
        cmocka_unit_test(test_lowest_priority),
        cmocka_unit_test(test_signals),
    };

    return RUN_TESTS_APART(tests);
}
