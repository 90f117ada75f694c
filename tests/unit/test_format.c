/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/format.c, against the C library where the two should agree.
 */
#include "test.h"

#include <limits.h>
#include <string.h>

#include "lib/format.h"

#define CHECK(...)                                                      \
    do {                                                                \
        char ours[256], theirs[256];                                    \
        size_t n = format_print(ours, sizeof(ours), __VA_ARGS__);       \
        int m = snprintf(theirs, sizeof(theirs), __VA_ARGS__);          \
        assert_string_equal(ours, theirs);                              \
        assert_int_equal(n, m);                                         \
    } while (0)

static void test_numbers(void **state)
{
    (void)state;
    CHECK("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    CHECK("%i|%u|%x|%X", -5, 5U, 0xbeefU, 0xbeefU);
    CHECK("%ld %lu %lx", LONG_MIN, ULONG_MAX, 0x123456789abcdefUL);
    CHECK("%lld %llu %llx %llX", LLONG_MIN, ULLONG_MAX, ULLONG_MAX, 0xabcULL);
    CHECK("%zu %zx %hu %hhx", (size_t)7, (size_t)255, (unsigned short)3, (unsigned char)4);
    CHECK("[%5d] [%-5d] [%05d]", 42, 42, 42);
    CHECK("[%5d] [%-5d] [%05d]", -42, -42, -42);
    CHECK("[%8x] [%08x] [%016llx] [%2x]", 0xabc, 0xabc, 0xabcULL, 0xabcdef);
    CHECK("[%*d] [%*d] [%-*d]", 6, 1, -6, 2, 6, 3);
    CHECK("%p", (void *)0x1234);
}

static void test_text(void **state)
{
    static const char open[3] = { 'a', 'b', 'c' };

    (void)state;
    CHECK("plain");
    CHECK("%s", "");
    CHECK("[%s] [%10s] [%-10s] [%2s]", "text", "text", "text", "text");
    CHECK("[%.3s] [%.*s] [%.0s] [%.9s]", "text", 2, "text", "text", "text");
    CHECK("[%.*s]", 3, open);
    CHECK("[%.*s]", -1, "all");
    CHECK("[%8.3s] [%-8.3s]", "text", "text");
    CHECK("%c%c [%3c] [%-3c]", 'a', 'b', 'c', 'd');
    CHECK("100%%");
}

static void test_odd(void **state)
{
    /* Without the attribute that makes the compiler check the format. */
    size_t (*volatile print)(char *, size_t, const char *, ...) = format_print;
    char buffer[300];

    (void)state;
    assert_int_equal(print(buffer, sizeof(buffer), "%q %"), 4);
    assert_string_equal(buffer, "%q %");
    assert_int_equal(print(buffer, sizeof(buffer), "%s", NULL), 6);
    assert_string_equal(buffer, "(null)");
    assert_int_equal(print(buffer, sizeof(buffer), "%999999999999d", 1), FORMAT_WIDTH_MAX);
    assert_int_equal(print(buffer, sizeof(buffer), "%*d", INT_MIN, 1), FORMAT_WIDTH_MAX);
    print(buffer, sizeof(buffer), "[%05s] [%-03d]", "ab", 7);
    assert_string_equal(buffer, "[   ab] [7  ]");
}

static void test_bounds(void **state)
{
    (void)state;
    for (size_t size = 0; size < 20; size++) {
        char *buffer = malloc(size + 1);
        size_t n;

        memset(buffer, 'z', size + 1);
        n = format_print(buffer, size, "%s %d %08x", "abc", -77, 0x1234);
        assert_int_equal(buffer[size], 'z');
        if (size == 0) {
            assert_int_equal(n, 0);
        } else {
            assert_int_equal(n, size - 1 < 16 ? size - 1 : 16);
            assert_int_equal(strlen(buffer), n);
            assert_memory_equal(buffer, "abc -77 00001234", n);
        }
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_bounds),
    };

    return RUN_TESTS(tests);
}
