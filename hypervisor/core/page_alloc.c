/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buddy allocator. A free block is represented by the frame-table entry of its first frame: type FRAME_FREE, its
 * order, and in the place of its counts its neighbours on the list: references has the previous block, mappings the
 * next one. Entries inside a free block say FRAME_NONE. Number 0 ends a list, which is why frame 0 is never handed out.
 *
 * All under one lock, LOCK_PAGE_ALLOC.
 */
#include "bh/page_alloc.h"

#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/spinlock.h"

static struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGE_ALLOC);
static uint32_t free_list[PAGE_ORDER_MAX + 1]; /* [lock page_lock] first block of each order, 0: none */
static uint64_t free_count;                    /* [lock page_lock] frames */
static uint64_t claimed_count;                 /* [lock page_lock] of these, by all claims; never more than there are */
static bool sealed;                            /* [boot] */
static struct {
    uint64_t start, end;
} apart[PAGE_ALLOC_APART_COUNT];               /* [boot] frames that are no allocator's */
static unsigned apart_count;                   /* [boot] */
static const struct cpu *admitted;             /* [atomic] the CPU for which that does not count */

static void list_push(uint64_t n, unsigned order) REQUIRES(page_lock)
{
    struct frame *f = &frame_table[n];

    f->type = FRAME_FREE;
    f->order = (uint8_t)order;
    f->owner = FRAME_NO_DOMAIN;
    f->charge = FRAME_NO_DOMAIN;
    f->mapper = FRAME_NO_DOMAIN;
    f->references = 0;
    f->mappings = free_list[order];
    if (f->mappings != 0) {
        frame_table[f->mappings].references = (uint32_t)n;
    }
    free_list[order] = (uint32_t)n;
}

static void list_remove(uint64_t n, unsigned order) REQUIRES(page_lock)
{
    struct frame *f = &frame_table[n];

    if (f->references != 0) {
        frame_table[f->references].mappings = f->mappings;
    } else {
        free_list[order] = f->mappings;
    }
    if (f->mappings != 0) {
        frame_table[f->mappings].references = f->references;
    }
    /* No longer a block of its own: a stale order must not look like one. */
    f->type = FRAME_NONE;
}

/* Puts a block on its list after merging it with free buddies. */
static void give(uint64_t n, unsigned order) REQUIRES(page_lock)
{
    while (order < PAGE_ORDER_MAX) {
        uint64_t buddy = n ^ (1UL << order);
        const struct frame *b = frame_lookup(mfn(buddy));

        if (b == NULL || b->type != FRAME_FREE || b->order != order) {
            break;
        }
        list_remove(buddy, order);
        n = MIN(n, buddy);
        order++;
    }
    list_push(n, order);
}

int page_alloc_set_apart(uint64_t start, uint64_t end)
{
    if (apart_count == PAGE_ALLOC_APART_COUNT) {
        return -XEN_ENOSPC;
    }
    apart[apart_count].start = start;
    apart[apart_count++].end = end;
    return 0;
}

bool page_alloc_is_apart(mfn_t m, unsigned order)
{
    for (unsigned i = 0; CONFIG_PLACEMENT && i < apart_count; i++) {
        if (m.n >= apart[i].start && m.n + (1UL << order) <= apart[i].end) {
            return true;
        }
    }
    return false;
}

void page_alloc_add(uint64_t start, uint64_t end)
{
    /* What is given back together is set apart together, or not at all. */
    if (page_alloc_is_apart(mfn(start), 0)) {
        return;
    }
    if (start == 0) {
        start = 1;
    }
    spin_lock(&page_lock);
    while (start < end) {
        unsigned order = start == 0 ? PAGE_ORDER_MAX : (unsigned)__builtin_ctzll(start);

        order = MIN(order, (unsigned)PAGE_ORDER_MAX);
        while ((1UL << order) > end - start) {
            order--;
        }
        give(start, order);
        free_count += 1UL << order;
        start += 1UL << order;
    }
    spin_unlock(&page_lock);
}

/* Is a block of SIZE frames more than what is CLAIM's, and nobody's? */
static bool is_claimed(uint64_t size, const struct page_claim *claim) REQUIRES(page_lock)
{
    return CONFIG_CONTROL && size > free_count - claimed_count + (claim != NULL ? claim->count : 0);
}

static void set_claim(struct page_claim *claim, uint64_t count) REQUIRES(page_lock)
{
    claimed_count = claimed_count - claim->count + count;
    __atomic_store_n(&claim->count, count, __ATOMIC_RELAXED);
}

/* Req: BH-MEM-009 */
/* Sealed is no panic: a guest may ask for what needs memory, and is told that there is none. */
int page_alloc_take_claimed(unsigned order, struct page_claim *claim, mfn_t *out)
{
    unsigned from = order;
    uint64_t n;

    if (order > PAGE_ORDER_MAX || (sealed && __atomic_load_n(&admitted, __ATOMIC_RELAXED) != this_cpu())) {
        return -XEN_ENOMEM;
    }
    spin_lock(&page_lock);
    while (from <= PAGE_ORDER_MAX && free_list[from] == 0) {
        from++;
    }
    if (from > PAGE_ORDER_MAX || is_claimed(1UL << order, claim)) {
        spin_unlock(&page_lock);
        return -XEN_ENOMEM;
    }
    n = free_list[from];
    list_remove(n, from);
    while (from > order) {
        from--;
        list_push(n + (1UL << from), from);
    }
    free_count -= 1UL << order;
    if (CONFIG_CONTROL && claim != NULL) {
        set_claim(claim, claim->count - MIN(claim->count, 1UL << order));
    }
    spin_unlock(&page_lock);
    *out = mfn(n);
    return 0;
}

void page_alloc_give(mfn_t m, unsigned order)
{
    if (page_alloc_is_apart(m, 0)) {
        return;
    }
    spin_lock(&page_lock);
    free_count += 1UL << order;
    give(m.n, order);
    spin_unlock(&page_lock);
}

uint64_t page_alloc_free_count(void)
{
    uint64_t count;

    spin_lock(&page_lock);
    count = free_count;
    spin_unlock(&page_lock);
    return count;
}

/* Req: BH-CTL-030 */
int page_alloc_claim(struct page_claim *claim, uint64_t count)
{
    int err = 0;

    spin_lock(&page_lock);
    if (count != 0 && claim->count != 0) {
        err = -XEN_EINVAL;
    } else if (count > free_count - claimed_count + claim->count) {
        err = -XEN_ENOMEM;
    } else {
        set_claim(claim, count);
    }
    spin_unlock(&page_lock);
    return err;
}

uint64_t page_alloc_claimed_count(void)
{
    uint64_t count;

    spin_lock(&page_lock);
    count = claimed_count;
    spin_unlock(&page_lock);
    return count;
}

void page_alloc_reset(void)
{
    spin_lock(&page_lock);
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        free_list[order] = 0;
    }
    free_count = 0;
    claimed_count = 0;
    sealed = false;
    apart_count = 0;
    spin_unlock(&page_lock);
}

void page_alloc_seal(void)
{
    sealed = true;
}

void page_alloc_admit(bool admit)
{
    __atomic_store_n(&admitted, admit ? this_cpu() : NULL, __ATOMIC_RELAXED);
}

void page_alloc_audit(void)
{
    uint64_t counted = 0;

    spin_lock(&page_lock);
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        uint32_t previous = 0;

        /* Bound: each block on a list is counted, and there are at most free_count of them. */
        for (uint32_t n = free_list[order]; n != 0 && counted <= free_count; n = frame_table[n].mappings) {
            const struct frame *f = frame_lookup(mfn(n));

            if (f == NULL || f->type != FRAME_FREE || f->order != order || f->references != previous ||
                (n & ((1UL << order) - 1)) != 0) {
                panic("page_alloc: frame %x on the list of order %u is not a free block", n, order);
            }
            counted += 1UL << order;
            previous = n;
        }
    }
    if (counted != free_count) {
        panic("page_alloc: %lu frames on the lists, %lu counted", counted, free_count);
    }
    if (claimed_count > free_count) {
        panic("page_alloc: %lu frames claimed, %lu free", claimed_count, free_count);
    }
    spin_unlock(&page_lock);
}
