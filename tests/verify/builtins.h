/* SPDX-License-Identifier: Apache-2.0 */
/* GCC's built-in functions that Frama-C does not know, by what they do where nobody else runs. */
#ifndef BH_VERIFY_BUILTINS_H
#define BH_VERIFY_BUILTINS_H

#include <stdbool.h>

static inline unsigned verify_bswap32(unsigned x)
{
    return x >> 24 | (x >> 8 & 0xff00u) | (x << 8 & 0xff0000u) | x << 24;
}

#define __builtin_bswap32(x)           verify_bswap32(x)
#define __builtin_expect(x, expected)  (x)
#define __atomic_load_n(p, order)      (*(p))
#define __atomic_store_n(p, v, order)  (*(p) = (v))

#endif
