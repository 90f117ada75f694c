/* SPDX-License-Identifier: Apache-2.0 */
#include "decode.h"

#include "abi/xen.h"

/* 31:30 size, 29:27 111, 26 V 0, 25:24 00, 23:22 opc, 21 0, 20:12 imm9, 11 pre, 10 1, 9:5 Rn, 4:0 Rt. */
#define WRITE_BACK_MASK  0x3f200400u
#define WRITE_BACK_VALUE 0x38000400u

/* Indexed by size and opc; size 3 with opc 2 would be a prefetch, of which there is none with write-back. */
static const struct { uint8_t is_there, is_write, is_signed, is_wide; } kind[4][4] = {
    { { 1, 1, 0, 0 }, { 1, 0, 0, 0 }, { 1, 0, 1, 1 }, { 1, 0, 1, 0 } }, /* STRB, LDRB, LDRSB Xt, LDRSB Wt */
    { { 1, 1, 0, 0 }, { 1, 0, 0, 0 }, { 1, 0, 1, 1 }, { 1, 0, 1, 0 } }, /* STRH, LDRH, LDRSH Xt, LDRSH Wt */
    { { 1, 1, 0, 0 }, { 1, 0, 0, 0 }, { 1, 0, 1, 1 }, { 0, 0, 0, 0 } }, /* STR Wt, LDR Wt, LDRSW */
    { { 1, 1, 0, 1 }, { 1, 0, 0, 1 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } }, /* STR Xt, LDR Xt */
};

int a64_decode_access(uint32_t word, struct a64_access *out)
{
    unsigned size = word >> 30, opc = word >> 22 & 3;
    unsigned rn = word >> 5 & 0x1f, rt = word & 0x1f;

    if ((word & WRITE_BACK_MASK) != WRITE_BACK_VALUE || kind[size][opc].is_there == 0 || (rn == rt && rn != A64_SP)) {
        return -XEN_EINVAL;
    }
    *out = (struct a64_access){
        .size = (uint8_t)(1u << size),
        .rt = (uint8_t)rt,
        .rn = (uint8_t)rn,
        .offset = (int16_t)((int32_t)(word << 11) >> 23),
        .is_write = kind[size][opc].is_write != 0,
        .is_signed = kind[size][opc].is_signed != 0,
        .is_wide = kind[size][opc].is_wide != 0,
        .is_pre = (word & BIT(11)) != 0,
    };
    return 0;
}

uint64_t a64_extend(const struct a64_access *a, uint64_t value)
{
    unsigned unused = 64 - 8u * a->size;

    if (!a->is_signed) {
        return value;
    }
    value = (uint64_t)((int64_t)(value << unused) >> unused);
    return a->is_wide ? value : (uint32_t)value;
}
