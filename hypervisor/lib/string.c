/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings, and comparing bytes.
 */
#include "lib/string.h"

#include <stdint.h>

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *p = a;
    const uint8_t *q = b;

    for (; size > 0; size--, p++, q++) {
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

size_t strnlen(const char *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n] != '\0') {
        n++;
    }
    return n;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (; limit > 0; limit--, a++, b++) {
        uint8_t p = (uint8_t)*a;
        uint8_t q = (uint8_t)*b;

        if (p != q) {
            return p < q ? -1 : 1;
        }
        if (p == '\0') {
            break;
        }
    }
    return 0;
}

bool string_copy(char *to, size_t size, const char *from, size_t from_limit)
{
    size_t length = strnlen(from, from_limit);
    bool fits = length < size;

    if (!fits) {
        length = size - 1;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return fits;
}

bool string_equal(const char *a, const char *b)
{
    while (*a == *b) {
        if (*a == '\0') {
            return true;
        }
        a++;
        b++;
    }
    return false;
}
