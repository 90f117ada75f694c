/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page allocator: a binary buddy system over the frame table, orders 0 (4 KiB) to 18 (1 GiB). Its lists are
 * threaded through the table's own entries; free memory is not touched, so nothing needs to be mapped for it.
 */
#ifndef BH_PAGE_ALLOC_H
#define BH_PAGE_ALLOC_H

#include "bh/types.h"

#define PAGE_ORDER_MAX 18

/* Gives the frames START to END (frame numbers, END not included) to the allocator. They must be RAM and unused. */
void page_alloc_add(uint64_t start, uint64_t end);

/* Free frames that are kept for somebody: nobody else takes the last ones. */
struct page_claim {
    uint64_t count; /* [lock page_alloc] read [atomic] */
};

struct page_affinity;
/*
 * Takes a block of 2^ORDER frames, aligned to its size, as affinity A wants it (NULL: any); they come off CLAIM (or NULL)
 * first. The frames stay FRAME_FREE until assigned. -XEN_ENOMEM: also if what is free is claimed by others, or of other
 * colours. Bound: a look at each colour and order of each node.
 */
MUST_USE int page_alloc_take_claimed(unsigned order, const struct page_affinity *a, struct page_claim *claim, mfn_t *out);
static inline MUST_USE int page_alloc_take(unsigned order, mfn_t *out)
{
    return page_alloc_take_claimed(order, NULL, NULL, out);
}
/*
 * COUNT frames, wherever they are, are CLAIM's; with 0 none are any more. -XEN_EINVAL: some are already. -XEN_ENOMEM:
 * so many are not free, or others' claim.
 */
MUST_USE int page_alloc_claim(struct page_claim *claim, uint64_t count);
/* Claimed frames in all. */
uint64_t page_alloc_claimed_count(void);
/* Gives a block back, merged with its free neighbours. At most PAGE_ORDER_MAX steps. */
void page_alloc_give(mfn_t m, unsigned order);
/*
 * Boot: the frames START to END are never the allocator's: when nobody refers to them they are whose they were set apart
 * for, who takes them by frame_take_apart(). -XEN_ENOSPC: PAGE_ALLOC_APART_COUNT such ranges, and no more.
 */
#define PAGE_ALLOC_APART_COUNT 64
MUST_USE int page_alloc_set_apart(uint64_t start, uint64_t end);
/* Are all 2^ORDER frames from M on set apart? */
bool page_alloc_is_apart(mfn_t m, unsigned order);
/* Free frames in all. */
uint64_t page_alloc_free_count(void);
/* After this, page_alloc_take() fails: a static configuration allocates nothing once its domains run. */
void page_alloc_seal(void);
/* For this CPU the seal does not count while it builds what starts again, from what its old life gave back. */
void page_alloc_admit(bool admit);
/* Forgets all memory it was given and the seal: a test begins anew with it, over a new frame table. */
void page_alloc_reset(void);
/* Checks every list against the frame table; panics on a contradiction. Debug and tests. */
void page_alloc_audit(void);

#endif
