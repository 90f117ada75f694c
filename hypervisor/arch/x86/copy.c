/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying and filling by the CPU's string instructions, which move whole lines where it can, in the place of lib/copy.c.
 */
#include "lib/string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)

static void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t words = size / WORD, rest = size % WORD;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if ((uintptr_t)t - (uintptr_t)f >= size) {
        copy_up(t, f, size);
        return to;
    }
    while (size > 0) {
        size--;
        t[size] = f[size];
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    size_t words = size / WORD, rest = size % WORD;
    uint64_t word = (uint8_t)byte * 0x0101010101010101ULL;
    void *t = to;

    __asm__ volatile("rep stosq" : "+D"(t), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(t), "+c"(rest) : "a"(byte) : "memory");
    return to;
}
