/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/page_affinity.c, and what core/page_alloc.c makes of it: who gets which frames.
 */
#include "test.h"

#include <string.h>

#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/page_alloc.h"
#include "hypervisor/arch/host/host.h"

#define RAM_FRAMES 4096 /* 16 MiB */

/* All memory, with COUNT colours. */
static void begin(unsigned count)
{
    host_board_init(1, 16);
    page_alloc_reset();
    memset(&frame_table[HOST_RAM_MFN], 0, RAM_FRAMES * sizeof(struct frame));
    page_affinity_set_colour_count(count);
}

static void add_all(void)
{
    page_alloc_add(HOST_RAM_MFN, HOST_RAM_MFN + RAM_FRAMES);
    page_alloc_audit();
}

static struct page_affinity colours(const char *text)
{
    struct page_affinity a = { 0 };

    assert_int_equal(page_affinity_read_colours(text, strlen(text), 128, &a), 0);
    return a;
}

/* Req: BH-BOOT-060 */
static void test_text(void **state)
{
    static const char *const bad[] = { "", ",", "-", "1,", ",1", "1-", "-1", "3-2", "2,1", "1,1", "0-3,3", "1 2", "a", "1--2",
                                       "0-3,", "1;2" };
    struct page_affinity a;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(page_affinity_read_colours(bad[i], strlen(bad[i]), 128, &a), -XEN_EINVAL);
    }
    assert_int_equal(page_affinity_read_colours("0-8", 3, 8, &a), -XEN_ERANGE);
    assert_int_equal(page_affinity_read_colours("128", 3, 1000, &a), -XEN_ERANGE);
    assert_int_equal(page_affinity_read_colours("99999999999999999999", 20, 128, &a), -XEN_ERANGE);
    a = colours("0-3,8,63-64,127");
    for (unsigned c = 0; c < 128; c++) {
        assert_int_equal(page_affinity_has_colour(&a, c), c <= 3 || c == 8 || c == 63 || c == 64 || c == 127);
    }
    assert_true(page_affinity_has_colours(&a));
    a = colours("127");
    assert_true(page_affinity_has_colours(&a));
}

/* Req: BH-MEM-025 */
/* Each of four has what is its own to the last frame, evenly; whole blocks are for who has all colours. */
static void test_colours(void **state)
{
    static const char *const text[] = { "0-3", "4,6,8-9", "5,7", "10-15" };
    static mfn_t held[RAM_FRAMES];
    unsigned held_count = 0;
    mfn_t m;

    (void)state;
    begin(16);
    add_all();
    for (size_t i = 0; i < ARRAY_COUNT(text); i++) {
        struct page_affinity a = colours(text[i]);
        unsigned of[16] = { 0 }, most = 0, least = RAM_FRAMES, taken = 0;

        while (page_alloc_take_claimed(0, &a, NULL, &m) == 0) {
            assert_true(page_affinity_has_colour(&a, m.n % 16));
            held[held_count++] = m;
            of[m.n % 16]++;
            taken++;
            if (taken == 100) {
                for (unsigned c = 0; c < 16; c++) {
                    most = MAX(most, of[c]);
                    least = page_affinity_has_colour(&a, c) ? MIN(least, of[c]) : least;
                }
                assert_true(most - least <= 1);
            }
        }
        page_alloc_audit();
        for (unsigned c = 0; c < 16; c++) {
            assert_int_equal(of[c], page_affinity_has_colour(&a, c) ? RAM_FRAMES / 16 : 0);
        }
    }
    assert_int_equal(page_alloc_free_count(), 0);
    while (held_count != 0) {
        page_alloc_give(held[--held_count], 0);
    }
    page_alloc_audit();
    /* All that was torn apart is whole again. */
    assert_int_equal(page_alloc_take(12, &m), 0);
    page_alloc_give(m, 12);
}

/* Req: BH-MEM-025 */
static void test_order(void **state)
{
    static const struct { const char *text; unsigned order; } cases[] = {
        { "0-3", 2 }, { "0-1,4-5", 1 }, { "8-11,14-15", 1 }, { "1-2", 0 }, { "64-127", 6 }, { "0-127", 9 }, { "0-63", 6 },
        { "3", 0 }, { "126-127", 1 }, { "0-7,16-31", 3 },
    };
    struct page_affinity none = { .nodes = 1 };

    (void)state;
    assert_int_equal(page_affinity_order(&none, 18), 18);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct page_affinity a = colours(cases[i].text);

        assert_int_equal(page_affinity_order(&a, 9), cases[i].order);
    }
}

/* Req: BH-MEM-025 */
static void test_blocks(void **state)
{
    struct page_affinity a = colours("2-3,8-15"), all = colours("0-15");
    mfn_t m;

    (void)state;
    begin(16);
    add_all();
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(page_alloc_take_claimed(1, &a, NULL, &m), 0);
        assert_int_equal(m.n % 2, 0);
        assert_true(m.n % 16 == 2 || m.n % 16 >= 8);
    }
    assert_int_equal(page_alloc_take_claimed(3, &a, NULL, &m), 0);
    assert_int_equal(m.n % 16, 8);
    assert_int_equal(page_alloc_take_claimed(4, &a, NULL, &m), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take_claimed(9, &a, NULL, &m), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take_claimed(9, &all, NULL, &m), 0);
    assert_int_equal(page_alloc_take_claimed(9, NULL, NULL, &m), 0);
    page_alloc_audit();
}

/* Req: BH-MEM-025 */
/* What is charged to a domain is of its colours, of whatever type; others get any. */
static void test_whose(void **state)
{
    struct page_affinity own = colours("6-7"), a = colours("1,3");
    mfn_t m;

    (void)state;
    begin(8);
    add_all();
    assert_int_equal(page_affinity_set(FRAME_NO_DOMAIN, &own), 0);
    assert_int_equal(page_affinity_set(5, &a), 0);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(frame_alloc_ram(5, 0, &m), 0);
        assert_true(m.n % 8 == 1 || m.n % 8 == 3);
        assert_int_equal(frame_alloc_state(5, &m), 0);
        assert_true(m.n % 8 == 1 || m.n % 8 == 3);
        assert_int_equal(frame_alloc_p2m(5, 0, &m), 0);
        assert_true(m.n % 8 == 1 || m.n % 8 == 3);
        assert_int_equal(frame_alloc_hyp(5, &m), 0);
        assert_true(m.n % 8 == 1 || m.n % 8 == 3);
        assert_int_equal(frame_alloc_hyp(FRAME_NO_DOMAIN, &m), 0);
        assert_true(m.n % 8 >= 6);
        assert_int_equal(frame_alloc_table(&m), 0);
        assert_true(m.n % 8 >= 6);
    }
    assert_int_equal(frame_alloc_ram(6, 9, &m), 0);
    assert_int_equal(page_affinity_set(5, NULL), 0);
    assert_null(page_affinity_of(5));
    assert_int_equal(frame_alloc_ram(5, 9, &m), 0);
    for (unsigned id = 0; id < CONFIG_MAX_DOMAINS; id++) {
        assert_int_equal(page_affinity_set((uint16_t)id, &a), 0);
    }
    assert_int_equal(page_affinity_set(CONFIG_MAX_DOMAINS, &a), -XEN_ENOSPC);
    assert_int_equal(page_affinity_set(CONFIG_MAX_DOMAINS, NULL), 0);
    assert_int_equal(page_affinity_set(3, &a), 0);
}

/* Req: BH-MEM-028 */
/* Three nodes, one in two pieces that are not whole blocks: each gets its own first, then others'. */
static void test_nodes(void **state)
{
    static const uint64_t start = HOST_RAM_MFN;
    struct page_affinity one = { .nodes = 1U << 1 }, two = { .nodes = 1U << 2 | 1U << 5 };
    mfn_t m;

    (void)state;
    begin(4);
    assert_int_equal(page_affinity_add_node(start + 1000, start + 1500, 1), 0);
    assert_int_equal(page_affinity_add_node(start + 1500, start + 2100, 2), 0);
    assert_int_equal(page_affinity_add_node(start + 3333, start + 3334, 1), 0);
    assert_int_equal(page_affinity_add_node(start, start + 1, PAGE_NODE_MAX), -XEN_ENOSPC);
    add_all();
    for (unsigned i = 0; i < 501; i++) {
        assert_int_equal(page_alloc_take_claimed(0, &one, NULL, &m), 0);
        assert_true((m.n >= start + 1000 && m.n < start + 1500) || m.n == start + 3333);
    }
    assert_int_equal(page_alloc_take_claimed(0, &one, NULL, &m), 0);
    assert_false(m.n >= start + 1000 && m.n < start + 1500);
    page_alloc_give(m, 0);
    for (unsigned i = 0; i < 600; i++) {
        assert_int_equal(page_alloc_take_claimed(0, &two, NULL, &m), 0);
        assert_true(m.n >= start + 1500 && m.n < start + 2100);
    }
    page_alloc_audit();
    for (uint64_t n = start + 1000; n < start + 2100; n++) {
        page_alloc_give(mfn(n), 0);
    }
    page_alloc_audit();
    /* Blocks do not grow over where a node ends. */
    assert_int_equal(page_alloc_take_claimed(8, &one, NULL, &m), 0);
    assert_int_equal(m.n, start + 1024);
    assert_int_equal(page_alloc_free_count(), RAM_FRAMES - 1 - 256);
}

static int teardown(void **state)
{
    (void)state;
    page_affinity_reset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_text, teardown),
        cmocka_unit_test_teardown(test_colours, teardown),
        cmocka_unit_test_teardown(test_order, teardown),
        cmocka_unit_test_teardown(test_blocks, teardown),
        cmocka_unit_test_teardown(test_whose, teardown),
        cmocka_unit_test_teardown(test_nodes, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
