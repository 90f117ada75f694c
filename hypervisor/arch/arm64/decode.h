/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A64 instructions that hardware does not describe when they meet a device: loads and stores of one register that
 * change their base register (Arm ARM C4.1, load/store register, immediate post-indexed and pre-indexed). Everything
 * else without a syndrome is no way to use a device.
 */
#ifndef BH_ARM64_DECODE_H
#define BH_ARM64_DECODE_H

#include "bh/types.h"

#define A64_SP 31 /* as base: the stack pointer; as the register that is loaded or stored: zero */

struct a64_access {
    uint8_t size;       /* bytes */
    uint8_t rt, rn;     /* the same only if both are A64_SP */
    int16_t offset;     /* added to the base: -256 to 255 */
    bool is_write;
    bool is_signed;     /* a load that extends the sign .. */
    bool is_wide;       /* .. into 64 bits, not 32 */
    bool is_pre;        /* the offset counts for the access itself */
};

/* What WORD does. -XEN_EINVAL: another instruction, or one that is CONSTRAINED UNPREDICTABLE. */
MUST_USE int a64_decode_access(uint32_t word, struct a64_access *out);

/* VALUE, no wider than the access, as the load puts it into its register. */
uint64_t a64_extend(const struct a64_access *a, uint64_t value);

#endif
