/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Division of 64 bits, by the names that a compiler for 32 bits calls it by (GCC internals, "Routines for integer
 * arithmetic").
 */
#include <stdint.h>

#ifndef __x86_64__
uint64_t __udivmoddi4(uint64_t value, uint64_t by, uint64_t *rest);
uint64_t __udivdi3(uint64_t value, uint64_t by);
uint64_t __umoddi3(uint64_t value, uint64_t by);
int64_t __divdi3(int64_t value, int64_t by);
int64_t __moddi3(int64_t value, int64_t by);

uint64_t __udivmoddi4(uint64_t value, uint64_t by, uint64_t *rest)
{
    uint64_t quotient = 0, left = 0;

    for (int bit = 63; bit >= 0; bit--) {
        uint64_t carry = left >> 63;

        left = left << 1 | (value >> bit & 1);
        if (carry != 0 || left >= by) {
            left -= by;
            quotient |= 1ull << bit;
        }
    }
    if (rest != 0) {
        *rest = left;
    }
    return quotient;
}

uint64_t __udivdi3(uint64_t value, uint64_t by) { return __udivmoddi4(value, by, 0); }

uint64_t __umoddi3(uint64_t value, uint64_t by)
{
    uint64_t rest;

    __udivmoddi4(value, by, &rest);
    return rest;
}

int64_t __divdi3(int64_t value, int64_t by)
{
    uint64_t quotient = __udivdi3(value < 0 ? -(uint64_t)value : (uint64_t)value,
                                  by < 0 ? -(uint64_t)by : (uint64_t)by);

    return (int64_t)((value < 0) != (by < 0) ? -quotient : quotient);
}

int64_t __moddi3(int64_t value, int64_t by)
{
    uint64_t rest = __umoddi3(value < 0 ? -(uint64_t)value : (uint64_t)value, by < 0 ? -(uint64_t)by : (uint64_t)by);

    return (int64_t)(value < 0 ? -rest : rest);
}
#endif
