/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of instructions: what it says of a word is the whole word. The input is words; each that is decoded is
 * encoded again from what was said, and has to be the same.
 */
#include "support/fuzz.h"

#include "decode.h"

static uint32_t encode(const struct a64_access *a)
{
    uint32_t size = (uint32_t)__builtin_ctz(a->size);
    uint32_t opc = a->is_write ? 0 : !a->is_signed ? 1 : a->is_wide ? 2 : 3;

    return size << 30 | 0x38000400u | opc << 22 | ((uint32_t)a->offset & 0x1ff) << 12 | (uint32_t)a->is_pre << 11 |
           (uint32_t)a->rn << 5 | a->rt;
}

static void check(uint32_t word)
{
    struct a64_access a;
    uint64_t value;

    if (a64_decode_access(word, &a) != 0) {
        return;
    }
    CHECK(encode(&a) == word);
    CHECK(a.size == 1 || a.size == 2 || a.size == 4 || a.size == 8);
    CHECK(a.rt < 32 && a.rn < 32 && (a.rt != a.rn || a.rn == A64_SP));
    CHECK(a.offset >= -256 && a.offset <= 255);
    CHECK(!a.is_write || !a.is_signed);
    CHECK(!a.is_signed || a.size < (a.is_wide ? 8 : 4));
    value = word * 0x9e3779b97f4a7c15ULL >> (64 - 8 * a.size);
    CHECK(((a64_extend(&a, value) ^ value) << (64 - 8 * a.size)) == 0);
    CHECK(a.is_wide || a64_extend(&a, value) >> 32 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (; size >= sizeof(uint32_t); data += sizeof(uint32_t), size -= sizeof(uint32_t)) {
        uint32_t word;

        memcpy(&word, data, sizeof(word));
        check(word);
        /* Most words are far from a load or store: the same with the fixed bits right. */
        check((word & ~0x3f200400u) | 0x38000400u);
    }
    return 0;
}
