/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/string.c, under other names (support/rename.h), against byte loops.
 */
#include "test.h"

#include "lib/string.h"

#define SIZE 400

static uint8_t from[SIZE], to[SIZE], expected[SIZE];

static void fill(void)
{
    for (unsigned i = 0; i < SIZE; i++) {
        from[i] = (uint8_t)(i * 7 + 1);
        to[i] = expected[i] = (uint8_t)(i * 13 + 5);
    }
}

static void check(void)
{
    for (unsigned i = 0; i < SIZE; i++) {
        assert_int_equal(to[i], expected[i]);
    }
}

static const size_t sizes[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 200, 300 };

static void test_memcpy(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 9; a++) {
        for (unsigned b = 0; b < 9; b++) {
            for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
                fill();
                for (size_t i = 0; i < sizes[s]; i++) {
                    expected[a + i] = from[b + i];
                }
                assert_ptr_equal(memcpy(to + a, from + b, sizes[s]), to + a);
                check();
            }
        }
    }
}

static void test_memset(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 9; a++) {
        for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            fill();
            for (size_t i = 0; i < sizes[s]; i++) {
                expected[a + i] = 0xa5;
            }
            assert_ptr_equal(memset(to + a, 0x1a5, sizes[s]), to + a);
            check();
        }
    }
}

static void test_memmove(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 80; a++) {
        for (unsigned b = 0; b < 80; b++) {
            for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s += 3) {
                fill();
                for (size_t i = 0; i < sizes[s]; i++) {
                    expected[a + i] = (uint8_t)((b + i) * 13 + 5);
                }
                assert_ptr_equal(memmove(to + a, to + b, sizes[s]), to + a);
                check();
            }
        }
    }
}

static void test_compare(void **state)
{
    (void)state;
    assert_int_equal(memcmp("abc", "abd", 2), 0);
    assert_true(memcmp("abc", "abd", 3) < 0);
    assert_true(memcmp("\xff", "\x01", 1) > 0);
    assert_int_equal(strcmp("", ""), 0);
    assert_int_equal(strcmp("same", "same"), 0);
    assert_true(strcmp("same", "samey") < 0);
    assert_true(strcmp("\x80", "\x7f") > 0);
    assert_int_equal(strncmp("abcd", "abxy", 2), 0);
    assert_true(strncmp("abcd", "abxy", 3) < 0);
    assert_int_equal(strncmp("ab", "ab", 100), 0);
    assert_true(string_equal("", ""));
    assert_true(string_equal("a", "a"));
    assert_false(string_equal("a", "ab"));
    assert_false(string_equal("ab", "a"));
}

static void test_length(void **state)
{
    static const char open[4] = { 'a', 'b', 'c', 'd' };

    (void)state;
    assert_int_equal(strlen(""), 0);
    assert_int_equal(strlen("four"), 4);
    assert_int_equal(strnlen("four", 2), 2);
    assert_int_equal(strnlen("four", 99), 4);
    assert_int_equal(strnlen(open, sizeof(open)), 4);
}

static void test_copy(void **state)
{
    static const char open[4] = { 'a', 'b', 'c', 'd' };
    char buffer[5] = "zzzz";

    (void)state;
    assert_true(string_copy(buffer, sizeof(buffer), "abcd", 99));
    assert_string_equal(buffer, "abcd");
    assert_false(string_copy(buffer, sizeof(buffer), "abcde", 99));
    assert_string_equal(buffer, "abcd");
    assert_true(string_copy(buffer, sizeof(buffer), open, sizeof(open)));
    assert_string_equal(buffer, "abcd");
    assert_true(string_copy(buffer, sizeof(buffer), open, 2));
    assert_string_equal(buffer, "ab");
    assert_false(string_copy(buffer, 1, "a", 1));
    assert_string_equal(buffer, "");
    assert_true(string_copy(buffer, 1, "", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),  cmocka_unit_test(test_memset), cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_length), cmocka_unit_test(test_copy),
    };

    return RUN_TESTS(tests);
}
