/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bh/guest_atomic.h: what the words become, and that a guest that keeps writing to them holds up nobody.
 */
#include "test.h"

#include <pthread.h>

#include "bh/guest_atomic.h"

static void test_values(void **state)
{
    uint64_t w64 = 0x8000000000000001, b64;
    uint32_t w32 = 0xf0, b32;
    uint16_t w16 = 0x18, b16;
    uint8_t w8 = 0, b8;

    (void)state;
    assert_true(guest_atomic_change64(&w64, ~0ULL, 2, &b64));
    assert_true(w64 == 0x8000000000000003 && b64 == 0x8000000000000001);
    assert_true(guest_atomic_change64(&w64, ~(1ULL << 63), 0, &b64));
    assert_true(w64 == 3 && b64 == 0x8000000000000003);
    assert_true(guest_atomic_change32(&w32, ~0x10u, 1, &b32));
    assert_true(w32 == 0xe1 && b32 == 0xf0);
    assert_true(guest_atomic_change16(&w16, (uint16_t)~8, 0, &b16));
    assert_true(w16 == 0x10 && b16 == 0x18);
    assert_true(guest_atomic_change8(&w8, 0, 1, &b8));
    assert_true(w8 == 1 && b8 == 0);
    assert_true(guest_atomic_change8(&w8, 0, 1, &b8));
    assert_true(w8 == 1 && b8 == 1);
    assert_false(guest_atomic_set_bit(&w64, 63));
    assert_true(guest_atomic_set_bit(&w64, 63) && w64 == 0x8000000000000003);
    assert_true(guest_atomic_clear_bit(&w64, 0) && w64 == 0x8000000000000002);
    assert_false(guest_atomic_clear_bit(&w64, 0));
    assert_true(w64 == 0x8000000000000002);
}

static uint64_t word;
static bool over;

static void *write_all_the_time(void *x)
{
    for (uint64_t n = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); n += 2) {
        __atomic_store_n(&word, n, __ATOMIC_RELAXED);
    }
    return x;
}

/* Req: BH-SEC-011 */
static void test_hostile_writer(void **state)
{
    unsigned done = 0;
    pthread_t writer;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, write_all_the_time, NULL), 0);
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t before = 1;

        done += guest_atomic_change64(&word, ~0ULL, 1, &before);
    }
    over = true;
    pthread_join(writer, NULL);
    assert_true(done > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_hostile_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
