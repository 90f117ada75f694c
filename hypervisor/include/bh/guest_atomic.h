/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atomic changes of words that a guest writes at the same time. Where the machine makes them of a load and a store that
 * fails if anybody came in between (Arm ARM B2.9, Load-Exclusive and Store-Exclusive), a guest could make it fail for
 * ever. So tries are counted, and a change that does not succeed is given up. No guest that leaves the line alone for a
 * moment sees that happen, and the word is its own: so is what it loses.
 */
#ifndef BH_GUEST_ATOMIC_H
#define BH_GUEST_ATOMIC_H

#include "arch/arch_types.h"
#include "bh/types.h"

#define GUEST_ATOMIC_TRIES 1024

/*
 * *W becomes (*W & KEEP) | SET; *BEFORE is what it was. False: it was given up, and *BEFORE is what it was last. Bound:
 * GUEST_ATOMIC_TRIES.
 */
#define GUEST_ATOMIC(bits) \
static ALWAYS_INLINE bool guest_atomic_change##bits(uint##bits##_t *w, uint##bits##_t keep, uint##bits##_t set, \
                                                    uint##bits##_t *before) \
{ \
    uint##bits##_t seen = __atomic_load_n(w, __ATOMIC_RELAXED); \
    unsigned tries = GUEST_ATOMIC_TRIES; \
    bool done; \
    do { \
        done = __atomic_compare_exchange_n(w, &seen, (uint##bits##_t)((seen & keep) | set), true, __ATOMIC_SEQ_CST, \
                                           __ATOMIC_RELAXED); \
    } while (unlikely(!done) && --tries != 0); \
    *before = seen; \
    return done; \
}
/* Req: BH-SEC-011 */
GUEST_ATOMIC(8)
GUEST_ATOMIC(16)
GUEST_ATOMIC(32)
GUEST_ATOMIC(64)
#undef GUEST_ATOMIC

/* Sets, or clears, bit BIT of *W; returns whether it was set before. As above, and where changes succeed in one go. */
static ALWAYS_INLINE bool guest_atomic_set_bit(uint64_t *w, unsigned bit)
{
    uint64_t mask = BIT(bit), before;

    if (ARCH_ATOMICS_SUCCEED) {
        return (__atomic_fetch_or(w, mask, __ATOMIC_SEQ_CST) & mask) != 0;
    }
    (void)guest_atomic_change64(w, ~0UL, mask, &before);
    return (before & mask) != 0;
}

static ALWAYS_INLINE bool guest_atomic_clear_bit(uint64_t *w, unsigned bit)
{
    uint64_t mask = BIT(bit), before;

    if (ARCH_ATOMICS_SUCCEED) {
        return (__atomic_fetch_and(w, ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
    }
    (void)guest_atomic_change64(w, ~mask, 0, &before);
    return (before & mask) != 0;
}

#endif
