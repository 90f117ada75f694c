/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/memory_map.c: what is left of memory, and pieces of it.
 */
#include "test.h"

#include "bh/memory_map.h"

#define P PAGE_SIZE

static void expect(const struct memory_range *r, uint64_t start, uint64_t end)
{
    assert_true(r->start == start && r->end == end);
}

static void test_nothing_taken(void **state)
{
    static const struct memory_range banks[] = { { 100 * P, 200 * P }, { 10 * P, 20 * P } };
    struct memory_range out[4];

    (void)state;
    assert_int_equal(memory_gaps(banks, 2, NULL, 0, out, 4), 2);
    expect(&out[0], 10 * P, 20 * P);
    expect(&out[1], 100 * P, 200 * P);
}

static void test_holes(void **state)
{
    static const struct memory_range banks[] = { { 10 * P, 20 * P }, { 30 * P, 40 * P } };
    struct memory_range taken[] = {
        { 35 * P, 36 * P }, { 5 * P, 11 * P }, { 18 * P, 32 * P }, { 12 * P, 14 * P }, { 13 * P, 15 * P }, { 50 * P, 60 * P },
    };
    struct memory_range out[8];

    (void)state;
    assert_int_equal(memory_gaps(banks, 2, taken, 6, out, 8), 4);
    expect(&out[0], 11 * P, 12 * P);
    expect(&out[1], 15 * P, 18 * P);
    expect(&out[2], 32 * P, 35 * P);
    expect(&out[3], 36 * P, 40 * P);
}

static void test_parts_of_pages(void **state)
{
    static const struct memory_range banks[] = { { 10 * P + 1, 20 * P + 5 } };
    struct memory_range taken[] = { { 12 * P + 8, 13 * P - 8 }, { 14 * P, 14 * P + 1 }, { 15 * P + 1, 15 * P + 2 } };
    struct memory_range out[8];

    (void)state;
    assert_int_equal(memory_gaps(banks, 1, taken, 3, out, 8), 3);
    expect(&out[0], 11 * P, 12 * P);
    expect(&out[1], 13 * P, 14 * P);
    expect(&out[2], 16 * P, 20 * P);
}

static void test_all_taken(void **state)
{
    static const struct memory_range banks[] = { { 10 * P, 20 * P } };
    struct memory_range taken[] = { { 0, UINT64_MAX } };
    struct memory_range out[1];

    (void)state;
    assert_int_equal(memory_gaps(banks, 1, taken, 1, out, 1), 0);
    taken[0] = (struct memory_range){ 10 * P, 20 * P };
    assert_int_equal(memory_gaps(banks, 1, taken, 1, out, 1), 0);
}

static void test_limit(void **state)
{
    static const struct memory_range banks[] = { { 10 * P, 20 * P } };
    struct memory_range taken[] = { { 12 * P, 13 * P }, { 14 * P, 15 * P } };
    struct memory_range out[2];

    (void)state;
    assert_int_equal(memory_gaps(banks, 1, taken, 2, out, 2), 2);
    expect(&out[1], 13 * P, 14 * P);
}

/* Page by page against a set of pages. */
static void test_random_gaps(void **state)
{
    (void)state;
    srand(11);
    for (unsigned round = 0; round < 3000; round++) {
        struct memory_range banks[3], taken[6], out[16];
        bool model[200] = { false };
        unsigned count, at = 0;

        for (unsigned i = 0; i < 3; i++) {
            at += (unsigned)rand() % 20;
            banks[i].start = at * P;
            at += (unsigned)rand() % 40;
            banks[i].end = at * P;
            for (uint64_t n = banks[i].start / P; n < banks[i].end / P; n++) {
                model[n] = true;
            }
        }
        for (unsigned i = 0; i < 6; i++) {
            uint64_t start = (uint64_t)rand() % (190 * P), size = 1 + (uint64_t)rand() % (9 * P);

            taken[i] = (struct memory_range){ start, start + size };
            for (uint64_t n = start / P; n <= (start + size - 1) / P; n++) {
                model[n] = false;
            }
        }
        count = memory_gaps(banks, 3, taken, 6, out, 16);
        for (unsigned i = 0; i < count; i++) {
            assert_true(out[i].start < out[i].end && (i == 0 || out[i - 1].end <= out[i].start));
            for (uint64_t n = out[i].start / P; n < out[i].end / P; n++) {
                assert_true(model[n]);
                model[n] = false;
            }
        }
        for (unsigned n = 0; n < 200; n++) {
            assert_false(model[n]);
        }
    }
}

static void test_merge(void **state)
{
    struct memory_range r[] = {
        { 30 * P, 40 * P }, { 10 * P, 20 * P }, { 20 * P, 25 * P }, { 11 * P, 12 * P }, { 35 * P, 50 * P }, { 60 * P, 61 * P },
    };

    (void)state;
    assert_int_equal(memory_merge(r, 6), 3);
    expect(&r[0], 10 * P, 25 * P);
    expect(&r[1], 30 * P, 50 * P);
    expect(&r[2], 60 * P, 61 * P);
    assert_int_equal(memory_merge(r, 1), 1);
    assert_int_equal(memory_merge(r, 0), 0);
}

static void test_carve(void **state)
{
    struct memory_range r[4] = { { 10 * P, 12 * P }, { 100 * P, 200 * P } };
    unsigned count = 2;
    uint64_t at;

    (void)state;
    /* From the first that has room; what is in front of an aligned piece stays. */
    assert_true(memory_carve(r, &count, 4, 2 * P, P, &at));
    assert_int_equal(at, 10 * P);
    assert_true(memory_carve(r, &count, 4, 4 * P, 64 * P, &at));
    assert_int_equal(at, 128 * P);
    assert_int_equal(count, 3);
    expect(&r[1], 100 * P, 128 * P);
    expect(&r[2], 132 * P, 200 * P);
    assert_false(memory_carve(r, &count, 4, 69 * P, P, &at));
    assert_false(memory_carve(r, &count, 4, P, 1024 * P, &at));
    assert_false(memory_carve(r, &count, 4, UINT64_MAX, P, &at));
    /* No room for the part behind: it is lost, and the piece is good. */
    assert_true(memory_carve(r, &count, 3, P, 64 * P, &at));
    assert_int_equal(at, 192 * P);
    assert_int_equal(count, 3);
    expect(&r[2], 132 * P, 192 * P);
    /* Aligning must not go round the end of the address space. */
    r[0] = (struct memory_range){ UINT64_MAX - P, UINT64_MAX };
    count = 1;
    assert_false(memory_carve(r, &count, 4, 1, 1UL << 40, &at));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_taken), cmocka_unit_test(test_holes),
        cmocka_unit_test(test_parts_of_pages), cmocka_unit_test(test_all_taken),
        cmocka_unit_test(test_limit),         cmocka_unit_test(test_random_gaps),
        cmocka_unit_test(test_carve),         cmocka_unit_test(test_merge),
    };

    return RUN_TESTS(tests);
}
