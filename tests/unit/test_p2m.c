/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/p2m.c: tables against a plain array; every size; every allocation failing in turn.
 */
#include "apart.h"

#include <string.h>

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/p2m.h"
#include "bh/page_alloc.h"
#include "bh/window.h"
#include "hypervisor/arch/host/host.h"

#define DOMID 5

static struct p2m p;
static uint64_t free_before;

static void init(unsigned ram_mib)
{
    host_board_init(1, ram_mib);
    frame_scrub_at_boot(false);
    free_before = page_alloc_free_count();
    assert_int_equal(p2m_init(&p, DOMID, 1000000), 0);
    assert_int_equal(page_alloc_free_count(), free_before - (1U << ARCH_P2M_ROOT_ORDER));
}

static void teardown(void)
{
    for (unsigned steps = 0; !p2m_teardown(&p); steps++) {
        assert_int_not_equal(steps, 10000);
    }
    assert_false(p.arch.is_live);
    assert_int_equal(page_alloc_free_count(), free_before);
    page_alloc_audit();
    assert_int_equal(window_count(), 0);
}

static int look(gfn_t g, mfn_t *m, enum p2m_type *type, unsigned *order)
{
    int err;

    spin_lock(&p.lock);
    err = p2m_lookup(&p, g, m, type, order);
    spin_unlock(&p.lock);
    return err;
}

static void expect(uint64_t g, mfn_t m, enum p2m_type type, unsigned order)
{
    enum p2m_type there_type;
    unsigned there_order;
    mfn_t there;

    assert_int_equal(look(gfn(g), &there, &there_type, &there_order), 0);
    assert_int_equal(there.n, m.n);
    assert_int_equal(there_type, type);
    assert_int_equal(there_order, order);
}

static void expect_nothing(uint64_t g)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m;

    assert_int_equal(look(gfn(g), &m, &type, &order), -XEN_ENOENT);
}

static mfn_t ram(unsigned order)
{
    mfn_t m;

    assert_int_equal(frame_alloc_ram(DOMID, order, &m), 0);
    return m;
}

/* Req: BH-MEM-006 */
static void test_sizes(void **state)
{
    static const uint64_t at[] = { 0x123, 0x40000, 0x8000000, 0xfffffff };
    enum p2m_type type;
    mfn_t small, block, there;

    (void)state;
    init(16);
    for (unsigned i = 0; i < 4; i++) {
        expect_nothing(at[i]);
        small = ram(0);
        assert_int_equal(p2m_map(&p, gfn(at[i]), small, ORDER_4K, P2M_RAM), 0);
        expect(at[i], small, P2M_RAM, ORDER_4K);
        assert_int_equal(p2m_map(&p, gfn(at[i]), small, ORDER_4K, P2M_RAM), -XEN_EEXIST);
    }
    block = ram(ORDER_2M);
    assert_int_equal(p2m_map(&p, gfn(0x80000), block, ORDER_2M, P2M_RAM), 0);
    for (unsigned i = 0; i < 512; i++) {
        expect(0x80000 + i, mfn_add(block, i), P2M_RAM, ORDER_2M);
    }
    expect_nothing(0x80200);
    expect_nothing(0x7ffff);
    assert_int_equal(p2m_map(&p, gfn(0x80001), small, ORDER_4K, P2M_RAM), -XEN_EEXIST);
    assert_int_equal(p2m_unmap(&p, gfn(0x123), P2M_ANY_TYPE, &there, &type), 0);
    assert_int_equal(type, P2M_RAM);
    frame_unmap(there);
    expect_nothing(0x123);
    assert_int_equal(p2m_unmap(&p, gfn(0x123), P2M_ANY_TYPE, &there, &type), -XEN_ENOENT);
    teardown();
}

/* Req: BH-MEM-006 */
static void test_gigabytes(void **state)
{
    enum p2m_type type;
    uint64_t g = 3UL << ORDER_1G;
    mfn_t m, there;
    unsigned invalidations;

    (void)state;
    init(1040);
    m = ram(ORDER_1G);
    assert_int_equal(p2m_map(&p, gfn(g), m, ORDER_1G, P2M_RAM), 0);
    assert_int_equal(p.table_count, 1U << ARCH_P2M_ROOT_ORDER);
    expect(g, m, P2M_RAM, ORDER_1G);
    expect(g + 0x3ffff, mfn_add(m, 0x3ffff), P2M_RAM, ORDER_1G);
    expect_nothing(g - 1);
    expect_nothing(g + 0x40000);
    /* One page taken out splits it twice; everything else stays where it was. */
    invalidations = p.arch.invalidations;
    assert_int_equal(p2m_unmap(&p, gfn(g + 0x12345), P2M_ANY_TYPE, &there, &type), 0);
    assert_int_equal(there.n, m.n + 0x12345);
    assert_int_equal(p.arch.invalidations, invalidations + 3);
    assert_int_equal(p.table_count, (1U << ARCH_P2M_ROOT_ORDER) + 2);
    for (uint64_t i = 0; i < 0x40000; i += 0x100) {
        expect(g + i, mfn_add(m, i), P2M_RAM, i / 512 == 0x12345 / 512 ? ORDER_4K : ORDER_2M);
    }
    expect_nothing(g + 0x12345);
    assert_int_equal(p2m_map(&p, gfn(g + 0x12345), there, ORDER_4K, P2M_RAM), 0);
    /* Whole again, and apart once more. */
    teardown();
}

static void test_range(void **state)
{
    mfn_t m;

    (void)state;
    init(1040);
    m = mfn(1UL << 24); /* not RAM: registers */
    assert_int_equal(p2m_map_range(&p, gfn(0x3ffff), mfn_add(m, 0x3ffff), 1 + 0x40000 + 0x200 + 3, P2M_MMIO), 0);
    expect(0x3ffff, mfn_add(m, 0x3ffff), P2M_MMIO, ORDER_4K);
    expect(0x40000, mfn_add(m, 0x40000), P2M_MMIO, ORDER_1G);
    expect(0x80000, mfn_add(m, 0x80000), P2M_MMIO, ORDER_2M);
    expect(0x80202, mfn_add(m, 0x80202), P2M_MMIO, ORDER_4K);
    expect_nothing(0x80203);
    /* Guest and machine differ in alignment: only small pages fit. */
    assert_int_equal(p2m_map_range(&p, gfn(0x100000), mfn_add(m, 1), 600, P2M_MMIO), 0);
    expect(0x100000, mfn_add(m, 1), P2M_MMIO, ORDER_4K);
    assert_int_equal(p2m_map_range(&p, gfn(0x100000 + 599), m, 2, P2M_MMIO), -XEN_EEXIST);
    assert_int_equal(p2m_map_range(&p, gfn(0x200000), m, 0, P2M_MMIO), 0);
    expect_nothing(0x200000);
    teardown();
}

static void test_errors(void **state)
{
    enum p2m_type type;
    mfn_t m = mfn(1UL << 24);

    (void)state;
    init(16);
    assert_int_equal(p2m_map(&p, gfn(1), m, ORDER_2M, P2M_MMIO), -XEN_EINVAL);
    assert_int_equal(p2m_map(&p, gfn(0), mfn_add(m, 1), ORDER_2M, P2M_MMIO), -XEN_EINVAL);
    assert_int_equal(p2m_map(&p, gfn(0x200), m, ORDER_1G, P2M_MMIO), -XEN_EINVAL);
    assert_int_equal(p2m_map(&p, gfn(1UL << 28), m, ORDER_4K, P2M_MMIO), -XEN_EINVAL);
    assert_int_equal(p2m_map(&p, gfn(UINT64_MAX), m, ORDER_4K, P2M_MMIO), -XEN_EINVAL);
    assert_int_equal(p2m_unmap(&p, gfn(1UL << 28), P2M_ANY_TYPE, &m, &type), -XEN_ENOENT);
    assert_int_equal(p2m_unmap(&p, gfn(UINT64_MAX), P2M_ANY_TYPE, &m, &type), -XEN_ENOENT);
    expect_nothing(1UL << 28);
    expect_nothing(UINT64_MAX);
    assert_int_equal(page_alloc_free_count(), free_before - (1U << ARCH_P2M_ROOT_ORDER));
    /* A block over a table, and a page in a block. */
    assert_int_equal(p2m_map(&p, gfn(5), m, ORDER_4K, P2M_MMIO), 0);
    assert_int_equal(p2m_map(&p, gfn(0), m, ORDER_2M, P2M_MMIO), -XEN_EEXIST);
    assert_int_equal(p2m_map(&p, gfn(0), m, ORDER_1G, P2M_MMIO), -XEN_EEXIST);
    teardown();
}

/* Walks begin where the last one came through: never in a table that is gone. A window on a free frame would fail. */
static void test_walks_between_teardown_steps(void **state)
{
    static const uint64_t place[] = { 0x40000, 0x40200, 0x40201, 0x80000, 0xc0123 };

    (void)state;
    init(64);
    for (unsigned i = 0; i < ARRAY_COUNT(place); i++) {
        mfn_t m = ram(0);

        assert_int_equal(p2m_map(&p, gfn(place[i]), m, ORDER_4K, P2M_RAM), 0);
        expect(place[i], m, P2M_RAM, ORDER_4K);
    }
    for (bool over = false; !over;) {
        for (unsigned i = 0; i < ARRAY_COUNT(place) && p.table_count > 1U << ARCH_P2M_ROOT_ORDER; i++) {
            enum p2m_type type;
            unsigned order;
            mfn_t m;

            spin_lock(&p.lock);
            (void)!p2m_lookup(&p, gfn(place[i]), &m, &type, &order);
            spin_unlock(&p.lock);
        }
        over = p2m_teardown(&p);
    }
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* A mapping of another type than wanted stays. */
static void test_unmap_by_type(void **state)
{
    enum p2m_type type;
    mfn_t m, there;

    (void)state;
    init(16);
    m = ram(0);
    assert_int_equal(p2m_map(&p, gfn(0x40000), m, ORDER_4K, P2M_RAM), 0);
    assert_int_equal(p2m_unmap(&p, gfn(0x40000), ~(1u << P2M_RAM), &there, &type), -XEN_EPERM);
    expect(0x40000, m, P2M_RAM, ORDER_4K);
    assert_int_equal(p2m_unmap(&p, gfn(0x40001), 1u << P2M_RAM, &there, &type), -XEN_ENOENT);
    assert_int_equal(p2m_unmap(&p, gfn(0x40000), 1u << P2M_RAM, &there, &type), 0);
    frame_unmap(there);
    teardown();
}

/* Req: BH-MEM-007 */
/* References that others hold keep frames when the tables go, and only those. */
static void test_kept_references(void **state)
{
    mfn_t block, small;

    (void)state;
    init(16);
    block = ram(ORDER_2M);
    small = ram(0);
    assert_int_equal(p2m_map(&p, gfn(0x40000), block, ORDER_2M, P2M_RAM), 0);
    assert_int_equal(p2m_map(&p, gfn(0x50000), small, ORDER_4K, P2M_RAM_RO), 0);
    assert_int_equal(frame_get(mfn_add(block, 77), DOMID), 0);
    assert_int_equal(frame_get(small, DOMID), 0);
    while (!p2m_teardown(&p)) {
    }
    assert_int_equal(page_alloc_free_count(), free_before - 2);
    frame_put(mfn_add(block, 77));
    frame_put(small);
    assert_int_equal(page_alloc_free_count(), free_before);
    page_alloc_audit();
}

/* ---- Failures ---- */

static void test_init_fails(void **state)
{
    (void)state;
    host_board_init(1, 16);
    host_fail_allocation(1);
    assert_int_equal(p2m_init(&p, DOMID, 1000000), -XEN_ENOMEM);
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

/* Unmapping out of a 1 GiB block needs two tables; whichever is refused, nothing has moved. */
static void test_split_fails(void **state)
{
    enum p2m_type type;
    mfn_t m, there;

    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        init(1040);
        m = ram(ORDER_1G);
        assert_int_equal(p2m_map(&p, gfn(0), m, ORDER_1G, P2M_RAM), 0);
        host_fail_allocation(n);
        assert_int_equal(p2m_unmap(&p, gfn(0x3ffff), P2M_ANY_TYPE, &there, &type), -XEN_ENOMEM);
        host_fail_allocation(0);
        for (uint64_t i = 0; i < 0x40000; i += 0xff) {
            expect(i, mfn_add(m, i), P2M_RAM, n == 1 ? ORDER_1G : ORDER_2M);
        }
        assert_int_equal(p2m_unmap(&p, gfn(0x3ffff), P2M_ANY_TYPE, &there, &type), 0);
        assert_int_equal(there.n, m.n + 0x3ffff);
        frame_unmap(there);
        teardown();
    }
}

/* Req: BH-MEM-016 */
/* Mappings that lie far from each other take a table each, until there may be no more. */
static void test_table_limit(void **state)
{
    mfn_t m;
    unsigned mapped = 0;

    (void)state;
    init(16);
    p.table_limit = p.table_count + 21;
    m = ram(0);
    while (p2m_map(&p, gfn(mapped << ORDER_2M), m, ORDER_4K, P2M_RAM) == 0) {
        m = ram(0);
        mapped++;
    }
    assert_int_equal(mapped, 20);
    assert_int_equal(p.table_count, p.table_limit);
    assert_true(frame_unmap(m));
    m = ram(0);
    assert_int_equal(p2m_map(&p, gfn(1), m, ORDER_4K, P2M_RAM), 0); /* where there is a table */
    teardown();
}

/* Req: BH-MEM-018 */
/* When nothing is allocated any more, tables come from the reserve, as long as it lasts; what is left of it goes back. */
static void test_reserve(void **state)
{
    mfn_t m;

    (void)state;
    for (unsigned used = 0; used < 2; used++) {
        init(16);
        for (unsigned left = P2M_RESERVE; left != 0; left--) {
            host_fail_allocation(2);
            assert_int_equal(p2m_fill_reserve(&p), left == 1 ? 0 : -XEN_ENOMEM);
        }
        host_fail_allocation(0);
        assert_int_equal(p2m_fill_reserve(&p), 0);
        assert_int_equal(p.reserve_count, P2M_RESERVE);
        m = ram(0);
        for (unsigned i = 1; i < 4; i++) {
            assert_int_equal(frame_map(m, DOMID, NULL, false), 0);
        }
        page_alloc_seal();
        assert_int_equal(p2m_map(&p, gfn(0), m, ORDER_4K, P2M_RAM), 0);
        assert_int_equal(p.reserve_count, P2M_RESERVE - 2);
        if (used != 0) {
            assert_int_equal(p2m_map(&p, gfn(1UL << ORDER_1G), m, ORDER_4K, P2M_RAM), 0);
            assert_int_equal(p.reserve_count, 0);
            assert_int_equal(p2m_map(&p, gfn(2UL << ORDER_1G), m, ORDER_4K, P2M_RAM), -XEN_ENOMEM);
            assert_int_equal(p2m_map(&p, gfn(1), m, ORDER_4K, P2M_RAM), 0);
            expect(1, m, P2M_RAM, ORDER_4K);
            expect_nothing(2UL << ORDER_1G);
        }
        for (unsigned i = used != 0 ? 3 : 1; i < 4; i++) {
            (void)frame_unmap(m);
        }
        teardown();
        page_alloc_reset();
    }
}

/* Nor does the reserve make tables beyond what the domain may have. */
static void test_reserve_is_limited(void **state)
{
    mfn_t m;

    (void)state;
    init(16);
    assert_int_equal(p2m_fill_reserve(&p), 0);
    m = ram(0);
    p.table_limit = p.table_count + 1;
    page_alloc_seal();
    assert_int_equal(p2m_map(&p, gfn(0), m, ORDER_4K, P2M_RAM), -XEN_ENOMEM);
    assert_true(frame_unmap(m));
    teardown();
}

static void test_map_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        mfn_t m;
        int err;

        init(16);
        m = ram(0);
        host_fail_allocation(n);
        err = p2m_map(&p, gfn(0x40000), m, ORDER_4K, P2M_RAM);
        host_fail_allocation(0);
        if (n <= 2) {
            assert_int_equal(err, -XEN_ENOMEM);
            expect_nothing(0x40000);
            assert_int_equal(frame_lookup(m)->references, 1);
            frame_unmap(m);
        } else {
            assert_int_equal(err, 0);
        }
        teardown();
    }
}

/* ---- Long sequences ---- */

#define SPAN  2048 /* pages of the guest, on a 2 MiB boundary, across a 1 GiB boundary */
#define START ((1UL << ORDER_1G) - SPAN / 2)

static void check_all(const uint64_t *model)
{
    for (unsigned i = 0; i < SPAN; i++) {
        enum p2m_type type;
        unsigned order;
        mfn_t m;
        int err = look(gfn(START + i), &m, &type, &order);

        assert_int_equal(err, model[i] == 0 ? -XEN_ENOENT : 0);
        if (err == 0) {
            assert_int_equal(m.n, model[i]);
        }
    }
}

static void test_random(void **state)
{
    uint64_t model[SPAN] = { 0 };

    (void)state;
    srand(9);
    init(32);
    for (unsigned step = 0; step < 6000; step++) {
        unsigned order = rand() % 16 == 0 ? ORDER_2M : ORDER_4K;
        unsigned at = (unsigned)rand() % SPAN & ~((1U << order) - 1);
        enum p2m_type type;
        mfn_t m;

        host_fail_allocation(rand() % 4 == 0 ? 1 + (unsigned)rand() % 3 : 0);
        if (rand() % 2 == 0) {
            bool is_there = false;
            int err = frame_alloc_ram(DOMID, order, &m);

            if (err != 0) {
                continue;
            }
            for (unsigned i = 0; i < 1U << order; i++) {
                is_there = is_there || model[at + i] != 0;
            }
            err = p2m_map(&p, gfn(START + at), m, order, P2M_RAM);
            if (err == 0) {
                assert_false(is_there);
                for (unsigned i = 0; i < 1U << order; i++) {
                    model[at + i] = m.n + i;
                }
            } else {
                /* A table once made stays, so that a block may not fit where nothing is mapped. */
                assert_true(err == -XEN_ENOMEM || (err == -XEN_EEXIST && (is_there || order != ORDER_4K)));
                frame_unmap_block(m, order);
            }
        } else {
            int err = p2m_unmap(&p, gfn(START + at), P2M_ANY_TYPE, &m, &type);

            if (err == 0) {
                assert_int_equal(m.n, model[at]);
                frame_unmap(m);
                model[at] = 0;
            } else {
                assert_true(err == -XEN_ENOMEM || model[at] == 0);
            }
        }
        if (step % 500 == 0) {
            check_all(model);
        }
    }
    host_fail_allocation(0);
    check_all(model);
    teardown();
}

/* Req: BH-MEM-008 */
/* A step of the teardown frees at most 2 MiB of pages, or one block, and its tables. */
static void test_bounded_teardown(void **state)
{
    uint64_t free;
    unsigned steps = 0;
    bool done;

    (void)state;
    init(64);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(p2m_map(&p, gfn((uint64_t)i << 20), ram(ORDER_2M), ORDER_2M, P2M_RAM), 0);
    }
    for (unsigned i = 0; i < 1024; i++) {
        assert_int_equal(p2m_map(&p, gfn(0x700210 + i), ram(0), ORDER_4K, P2M_RAM), 0);
    }
    do {
        free = page_alloc_free_count();
        done = p2m_teardown(&p);
        assert_true(page_alloc_free_count() - free <= 512 + 3);
        steps++;
    } while (!done);
    assert_true(steps >= 8 + 3);
    assert_int_equal(page_alloc_free_count(), free_before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_gigabytes),  cmocka_unit_test(test_range),
        cmocka_unit_test(test_errors),        cmocka_unit_test(test_walks_between_teardown_steps), cmocka_unit_test(test_unmap_by_type),
        cmocka_unit_test(test_kept_references),
        cmocka_unit_test(test_init_fails),    cmocka_unit_test(test_split_fails), cmocka_unit_test(test_table_limit), cmocka_unit_test(test_map_fails),
        cmocka_unit_test(test_reserve),       cmocka_unit_test(test_reserve_is_limited),
        cmocka_unit_test(test_random),        cmocka_unit_test(test_bounded_teardown),
    };

    return RUN_TESTS_APART(tests);
}
