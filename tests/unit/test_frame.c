/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/frame.c: who owns a frame, who keeps it, and when it goes back.
 */
#include "apart.h"

#include <string.h>

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/window.h"
#include "hypervisor/arch/host/host.h"


static void expect_frame(mfn_t m, unsigned type, unsigned owner, unsigned charge, unsigned references)
{
    const struct frame *f = frame_lookup(m);

    assert_non_null(f);
    assert_int_equal(f->type, type);
    assert_int_equal(f->owner, owner);
    assert_int_equal(f->charge, charge);
    assert_int_equal(f->references, references);
}

static void test_lookup(void **state)
{
    static const struct memory_range banks[] = { { 0x1234, 0x5678 }, { 0x10000, 0x20000 } };

    (void)state;
    host_board_init(1, 8);
    assert_ptr_equal(frame_lookup(mfn(HOST_RAM_MFN)), &frame_table[HOST_RAM_MFN]);
    assert_ptr_equal(frame_lookup(mfn(HOST_RAM_MFN + 2047)), &frame_table[HOST_RAM_MFN + 2047]);
    assert_null(frame_lookup(mfn(HOST_RAM_MFN + 2048)));
    assert_null(frame_lookup(mfn(HOST_RAM_MFN - 1)));
    assert_null(frame_lookup(mfn(0)));
    assert_null(frame_lookup(MFN_INVALID));
    /* Parts of a page at the ends of a bank are not memory. */
    frame_init(banks, 2);
    assert_null(frame_lookup(mfn(1)));
    assert_non_null(frame_lookup(mfn(2)));
    assert_non_null(frame_lookup(mfn(4)));
    assert_null(frame_lookup(mfn(5)));
    assert_non_null(frame_lookup(mfn(0x10)));
    assert_null(frame_lookup(mfn(0x20)));
}

static void test_banks_beyond_the_limit(void **state)
{
    struct memory_range banks[FRAME_BANK_COUNT + 2];

    (void)state;
    host_board_init(1, 8);
    for (unsigned i = 0; i < FRAME_BANK_COUNT + 2; i++) {
        banks[i] = (struct memory_range){ (2 * i + 2) * PAGE_SIZE, (2 * i + 3) * PAGE_SIZE };
    }
    frame_init(banks, FRAME_BANK_COUNT + 2);
    assert_non_null(frame_lookup(mfn(2 * FRAME_BANK_COUNT)));
    assert_null(frame_lookup(mfn(2 * FRAME_BANK_COUNT + 2)));
}

/* Req: BH-MEM-002, BH-MEM-014 */
/* What each purpose means for owner and charge. */
static void test_purposes(void **state)
{
    uint64_t free_before;
    mfn_t m[6];

    (void)state;
    host_board_init(1, 8);
    free_before = page_alloc_free_count();
    assert_int_equal(frame_alloc_ram(3, 0, &m[0]), 0);
    assert_int_equal(frame_alloc_p2m(3, 0, &m[1]), 0);
    assert_int_equal(frame_alloc_shared(3, &m[2]), 0);
    assert_int_equal(frame_alloc_state(3, &m[3]), 0);
    assert_int_equal(frame_alloc_table(&m[4]), 0);
    assert_int_equal(frame_alloc_hyp(3, &m[5]), 0);
    expect_frame(m[0], FRAME_RAM, 3, 3, 1);
    expect_frame(m[1], FRAME_P2M, FRAME_NO_DOMAIN, 3, 1);
    expect_frame(m[2], FRAME_SHARED, FRAME_NO_DOMAIN, 3, 1);
    expect_frame(m[3], FRAME_STATE, FRAME_NO_DOMAIN, 3, 1);
    expect_frame(m[4], FRAME_TABLE, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, 1);
    expect_frame(m[5], FRAME_HYP, FRAME_NO_DOMAIN, 3, 1);
    assert_int_equal(page_alloc_free_count(), free_before - 6);
    for (unsigned i = 0; i < 6; i++) {
        /* Nobody but its owner gets a reference. */
        assert_int_equal(frame_get(m[i], 4), -XEN_EPERM);
        assert_int_equal(frame_get(m[i], 3), i == 0 ? 0 : -XEN_EPERM);
        /* Who may map it is a fact of its own. */
        assert_int_equal(frame_map(m[i], 4, NULL, false), -XEN_EPERM);
        assert_int_equal(frame_map(m[i], FRAME_NO_DOMAIN, NULL, false), -XEN_EPERM);
        assert_int_equal(frame_map(m[i], 3, NULL, true), i == 0 || i == 2 ? 0 : -XEN_EPERM);
        if (i == 0) {
            assert_false(frame_put(m[i]));
        }
        if (i == 0 || i == 2) {
            assert_false(frame_unmap(m[i]));
        }
        assert_true(i == 0 ? frame_unmap(m[i]) : frame_put(m[i]));
        assert_int_equal(frame_get(m[i], 3), -XEN_EINVAL);
    }
    assert_int_equal(page_alloc_free_count(), free_before);
    page_alloc_audit();
}

/* Req: BH-MEM-004 */
static void test_references(void **state)
{
    uint64_t free_before;
    mfn_t m;

    (void)state;
    host_board_init(1, 8);
    free_before = page_alloc_free_count();
    assert_int_equal(frame_alloc_ram(1, 0, &m), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(frame_get(m, 1), 0);
    }
    for (unsigned i = 0; i < 100; i++) {
        frame_put(m);
        assert_int_equal(page_alloc_free_count(), free_before - 1);
    }
    expect_frame(m, FRAME_RAM, 1, 1, 1);
    /* At the limit no more are given, and none is lost. */
    frame_lookup(m)->references = OWNERSHIP_LIMIT - 1;
    assert_int_equal(frame_get(m, 1), 0);
    assert_int_equal(frame_get(m, 1), -XEN_EBUSY);
    expect_frame(m, FRAME_RAM, 1, 1, OWNERSHIP_LIMIT);
    frame_lookup(m)->references = 1;
    assert_true(frame_unmap(m));
    assert_int_equal(page_alloc_free_count(), free_before);
    assert_int_equal(frame_get(mfn(HOST_RAM_MFN - 1), 1), -XEN_EINVAL);
    assert_int_equal(frame_get(MFN_INVALID, 1), -XEN_EINVAL);
}

/* A frame inside a free block, and one that nobody assigned, belong to nobody. */
static void test_not_assigned(void **state)
{
    mfn_t m;

    (void)state;
    host_board_init(1, 8);
    for (unsigned i = 0; i < 2048; i++) {
        assert_int_equal(frame_get(mfn(HOST_RAM_MFN + i), FRAME_NO_DOMAIN), -XEN_EINVAL);
    }
    assert_int_equal(page_alloc_take(3, &m), 0);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(frame_get(mfn_add(m, i), FRAME_NO_DOMAIN), -XEN_EINVAL);
    }
}

static void put_again(void *x)
{
    (void)frame_unmap(*(mfn_t *)x);
}

static void test_no_double_free(void **state)
{
    mfn_t m[2];

    (void)state;
    host_board_init(1, 8);
    assert_int_equal(frame_alloc_ram(1, 0, &m[0]), 0);
    assert_int_equal(frame_alloc_ram(1, 0, &m[1]), 0);
    assert_true(frame_unmap(m[1]));
    assert_true(frame_unmap(m[0]));
    assert_dies(put_again, &m[1], "before.mappings");
}

/* Any frames of a block may be kept; the others go back at once, these when they are let go. */
static void test_block_with_kept_frames(void **state)
{
    uint64_t free_before;

    (void)state;
    srand(1);
    host_board_init(1, 16);
    free_before = page_alloc_free_count();
    for (unsigned round = 0; round < 200; round++) {
        unsigned order = (unsigned)rand() % 10, count = 1U << order, kept = 0;
        unsigned density = (unsigned)rand() % 5;
        bool keep[512] = { false };
        mfn_t m;

        assert_int_equal(frame_alloc_ram(7, order, &m), 0);
        for (unsigned i = 0; i < count; i++) {
            expect_frame(mfn_add(m, i), FRAME_RAM, 7, 7, 1);
            keep[i] = (unsigned)rand() % 4 < density;
            if (keep[i]) {
                assert_int_equal(frame_get(mfn_add(m, i), 7), 0);
                kept++;
            }
        }
        assert_int_equal(frame_unmap_block(m, order), count - kept);
        assert_int_equal(page_alloc_free_count(), free_before - kept);
        page_alloc_audit();
        for (unsigned i = 0; i < count; i++) {
            if (keep[i]) {
                expect_frame(mfn_add(m, i), FRAME_RAM, 7, 7, 1);
                frame_put(mfn_add(m, i));
            }
        }
        assert_int_equal(page_alloc_free_count(), free_before);
        page_alloc_audit();
    }
}

static bool is_zero(mfn_t m)
{
    const char *p = host_peek(m);
    bool zero = true;

    for (unsigned i = 0; i < PAGE_SIZE; i++) {
        zero = zero && p[i] == 0;
    }
    host_peek_end(m);
    return zero;
}

static void fill(mfn_t m, unsigned order)
{
    for (unsigned i = 0; i < 1U << order; i++) {
        memset(host_peek(mfn_add(m, i)), 0x5a, PAGE_SIZE);
        host_peek_end(mfn_add(m, i));
    }
}

/* Req: BH-MEM-003 */
static void test_scrub(void **state)
{
    static const unsigned orders[] = { 0, 3, 9, 10 };
    mfn_t m, all;

    (void)state;
    host_board_init(1, 8);
    for (unsigned k = 0; k < 4; k++) {
        assert_int_equal(frame_alloc_ram(1, 11, &all), 0);
        fill(all, 11);
        (void)frame_unmap_block(all, 11);
        assert_int_equal(frame_alloc_ram(2, orders[k], &m), 0);
        for (unsigned i = 0; i < 1U << orders[k]; i++) {
            assert_true(is_zero(mfn_add(m, i)));
        }
        (void)frame_unmap_block(m, orders[k]);
    }
    assert_int_equal(window_count(), 0);
}

/* Req: BH-MEM-017 */
/* What a new owner reads past the caches is zero, too, once domains run: told to the architecture. */
static unsigned published;

void arch_memory_publish(const void *p, size_t size)
{
    (void)p;
    published += (unsigned)(size / PAGE_SIZE);
}

static void test_published(void **state)
{
    mfn_t m;

    (void)state;
    host_board_init(1, 8);
    assert_int_equal(frame_alloc_ram(1, 3, &m), 0);
    assert_int_equal(published, 0);
    frame_scrub_always();
    assert_int_equal(frame_alloc_ram(1, 3, &m), 0);
    assert_int_equal(published, 8);
    assert_int_equal(frame_alloc_ram(1, ORDER_2M, &m), 0);
    assert_int_equal(published, 8 + 512);
}

/* Req: BH-MEM-005 */
/* bootscrub=0 leaves the memory of domains as it is, and nothing else; it ends when the first domain runs. */
static void test_no_scrub_at_boot(void **state)
{
    mfn_t m, all;

    (void)state;
    host_board_init(1, 8);
    assert_int_equal(frame_alloc_ram(1, 11, &all), 0);
    fill(all, 11);
    (void)frame_unmap_block(all, 11);
    frame_scrub_at_boot(false);
    assert_int_equal(frame_alloc_ram(1, 0, &m), 0);
    assert_false(is_zero(m));
    assert_int_equal(frame_alloc_p2m(1, 0, &m), 0);
    assert_true(is_zero(m));
    assert_int_equal(frame_alloc_hyp(1, &m), 0);
    assert_true(is_zero(m));
    assert_int_equal(frame_alloc_shared(1, &m), 0);
    assert_true(is_zero(m));
    assert_int_equal(frame_alloc_state(1, &m), 0);
    assert_true(is_zero(m));
    frame_scrub_always();
    assert_int_equal(frame_alloc_ram(1, 0, &m), 0);
    assert_true(is_zero(m));
}

static void test_no_memory(void **state)
{
    mfn_t m = mfn(7);

    (void)state;
    host_board_init(1, 8);
    assert_int_equal(frame_alloc_ram(1, 12, &m), -XEN_ENOMEM);
    assert_int_equal(frame_alloc_ram(1, PAGE_ORDER_MAX + 1, &m), -XEN_ENOMEM);
    host_fail_allocation(2);
    assert_int_equal(frame_alloc_table(&m), 0);
    frame_put(m);
    m = mfn(7);
    assert_int_equal(frame_alloc_table(&m), -XEN_ENOMEM);
    assert_int_equal(frame_alloc_state(1, &m), 0);
    m = mfn(7);
    page_alloc_seal();
    assert_int_equal(frame_alloc_shared(1, &m), -XEN_ENOMEM);
    assert_int_equal(m.n, 7); /* written on success only */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_banks_beyond_the_limit),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_not_assigned),
        cmocka_unit_test(test_no_double_free),
        cmocka_unit_test(test_block_with_kept_frames),
        cmocka_unit_test(test_scrub),
        cmocka_unit_test(test_no_scrub_at_boot),
        cmocka_unit_test(test_published), cmocka_unit_test(test_no_memory),
    };

    return RUN_TESTS_APART(tests);
}
