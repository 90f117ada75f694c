/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying and filling. Copying guest kernels of tens of megabytes is where start-up time goes, so memcpy() and memset()
 * have a wide loop; the hypervisor does not use FP registers, hence pairs of general ones. The build tells the compiler
 * not to turn these loops into calls of the very functions that they are the bodies of.
 */
#include "lib/string.h"

#include <stdint.h>

#define WORD 8
/* One load or store of a pair of registers; the alignment is that of one register. */
typedef unsigned __int128 pair_t __attribute__((aligned(WORD), may_alias));
typedef uint64_t word_t __attribute__((may_alias));

static size_t misalignment(const void *p)
{
    return (uintptr_t)p & (WORD - 1);
}

static inline __attribute__((always_inline)) void copy_64(uint8_t *t, const uint8_t *f)
{
    const pair_t *p = (const pair_t *)f;
    pair_t a = p[0], b = p[1], c = p[2], d = p[3];
    pair_t *q = (pair_t *)t;

    q[0] = a;
    q[1] = b;
    q[2] = c;
    q[3] = d;
}

/* Upwards; safe where TO is below FROM, because each step reads all before it writes. */
static void copy_up(uint8_t *t, const uint8_t *f, size_t size)
{
    if (misalignment(t) == misalignment(f)) {
        for (; misalignment(t) != 0 && size > 0; size--) {
            *t++ = *f++;
        }
        for (; size >= 8 * sizeof(pair_t); size -= 8 * sizeof(pair_t)) {
            copy_64(t, f);
            copy_64(t + 4 * sizeof(pair_t), f + 4 * sizeof(pair_t));
            t += 8 * sizeof(pair_t);
            f += 8 * sizeof(pair_t);
        }
        if (size >= 4 * sizeof(pair_t)) {
            copy_64(t, f);
            t += 4 * sizeof(pair_t);
            f += 4 * sizeof(pair_t);
            size -= 4 * sizeof(pair_t);
        }
        for (; size >= WORD; size -= WORD) {
            *(word_t *)t = *(const word_t *)f;
            t += WORD;
            f += WORD;
        }
    }
    for (; size > 0; size--) {
        *t++ = *f++;
    }
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
    t += size;
    f += size;
    if (misalignment(t) == misalignment(f)) {
        for (; misalignment(t) != 0 && size > 0; size--) {
            *--t = *--f;
        }
        for (; size >= WORD; size -= WORD) {
            t -= WORD;
            f -= WORD;
            *(word_t *)t = *(const word_t *)f;
        }
    }
    for (; size > 0; size--) {
        *--t = *--f;
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *t = to;
    uint64_t word = (uint8_t)byte * 0x0101010101010101ULL;

    for (; misalignment(t) != 0 && size > 0; size--) {
        *t++ = (uint8_t)byte;
    }
    for (; size >= 8 * WORD; size -= 8 * WORD) {
        word_t *w = (word_t *)t;

        w[0] = word;
        w[1] = word;
        w[2] = word;
        w[3] = word;
        w[4] = word;
        w[5] = word;
        w[6] = word;
        w[7] = word;
        t += 8 * WORD;
    }
    for (; size >= WORD; size -= WORD) {
        *(word_t *)t = word;
        t += WORD;
    }
    for (; size > 0; size--) {
        *t++ = (uint8_t)byte;
    }
    return to;
}
