/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buddy allocator. A free block is represented by the frame-table entry of its first frame: type FRAME_FREE, its
 * order, and in the place of its counts its neighbours on the list: references has the previous block, mappings the
 * next one. Entries inside a free block say FRAME_NONE. Number 0 ends a list, which is why frame 0 is never handed out.
 *
 * Each node has lists of its own, and of an order for which a block has not frames of all colours, each run of colours
 * that a block can have: where one of a colour is to be found, if there is one, the number of the colour says. Without
 * nodes and colours there is one list an order.
 *
 * All under one lock, LOCK_PAGE_ALLOC.
 */
#include "bh/page_alloc.h"

#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/spinlock.h"

static struct spinlock page_lock = SPINLOCK_INIT(LOCK_PAGE_ALLOC);
#define LIST_COUNT (2 * (PAGE_COLOUR_MAX - 1) + PAGE_ORDER_MAX + 1)
static uint32_t free_list[PAGE_NODE_MAX][LIST_COUNT]; /* [lock page_lock] first block, 0: none; see list_of() */
static uint64_t free_count;                    /* [lock page_lock] frames */
static uint64_t claimed_count;                 /* [lock page_lock] of these, by all claims; never more than there are */
static bool sealed;                            /* [boot] */
static struct {
    uint64_t start, end;
} apart[PAGE_ALLOC_APART_COUNT];               /* [boot] frames that are no allocator's */
static unsigned apart_count;                   /* [boot] */
static const struct cpu *admitted;             /* [atomic] the CPU for which that does not count */

static bool is_divided; /* [boot] there are colours, or nodes */

static unsigned colour_count(void)
{
    return CONFIG_CACHE_COLOURS ? page_affinity_colour_count() : 1;
}

static unsigned node_of(uint64_t n)
{
    return CONFIG_NUMA && unlikely(is_divided) ? page_affinity_node(mfn(n)) : 0;
}

/* The list of NODE for blocks of ORDER that have the colour of frame N in them. */
static uint32_t *list_of(unsigned node, uint64_t n, unsigned order) REQUIRES(page_lock)
{
    unsigned count, at = order;

    if (!PAGE_HAS_AFFINITY || likely(!is_divided)) {
        return &free_list[0][order];
    }
    count = colour_count();
    if (count > 1) {
        unsigned whole = (unsigned)__builtin_ctz(count);

        at = order >= whole ? 2 * count - 2 + order - whole
                            : 2 * count - (2 * count >> order) + (unsigned)((n & (count - 1)) >> order);
    }
    return &free_list[node][at];
}

static void list_push(uint64_t n, unsigned order) REQUIRES(page_lock)
{
    struct frame *f = &frame_table[n];
    uint32_t *list = list_of(node_of(n), n, order);

    f->type = FRAME_FREE;
    f->order = (uint8_t)order;
    f->owner = FRAME_NO_DOMAIN;
    f->charge = FRAME_NO_DOMAIN;
    f->mapper = FRAME_NO_DOMAIN;
    f->references = 0;
    f->mappings = *list;
    if (f->mappings != 0) {
        frame_table[f->mappings].references = (uint32_t)n;
    }
    *list = (uint32_t)n;
}

static void list_remove(uint64_t n, unsigned order) REQUIRES(page_lock)
{
    struct frame *f = &frame_table[n];

    if (f->references != 0) {
        frame_table[f->references].mappings = f->mappings;
    } else {
        *list_of(node_of(n), n, order) = f->mappings;
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

        if (b == NULL || b->type != FRAME_FREE || b->order != order || node_of(buddy) != node_of(n)) {
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
    is_divided = PAGE_HAS_AFFINITY && (colour_count() > 1 || page_affinity_has_nodes());
    while (start < end) {
        unsigned order = start == 0 ? PAGE_ORDER_MAX : (unsigned)__builtin_ctzll(start);

        order = MIN(order, (unsigned)PAGE_ORDER_MAX);
        while ((1UL << order) > end - start || (CONFIG_NUMA && !page_affinity_is_one_node(mfn(start), order))) {
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

/*
 * A free block of NODE that has one of ORDER with COLOUR in it, as small as there is, off its list: *FROM its order, *N
 * the frame where that one begins. COLOUR is a multiple of 2^ORDER, or 0.
 */
static bool find_block(unsigned node, unsigned colour, unsigned order, unsigned *from, uint64_t *n) REQUIRES(page_lock)
{
    for (*from = order; *from <= PAGE_ORDER_MAX; ++*from) {
        uint64_t first = *list_of(node, colour, *from);

        if (first != 0) {
            list_remove(first, *from);
            *n = first + (colour & ((1UL << *from) - 1));
            return true;
        }
    }
    return false;
}

/* May who has affinity A get a block of ORDER that begins with COLOUR? */
static bool permits(const struct page_affinity *a, unsigned colour, unsigned order)
{
    unsigned end = MIN(colour + (1U << MIN(order, 16U)), colour_count());

    for (unsigned c = colour; c < end; c++) {
        if (!page_affinity_has_colour(a, c)) {
            return false;
        }
    }
    return true;
}

/* Req: BH-MEM-025 */
/* As find_block(), for who has affinity A. Colours take turns, so that they are used up evenly. */
static bool find_of_node(const struct page_affinity *a, unsigned node, unsigned order, unsigned *from, uint64_t *n)
    REQUIRES(page_lock)
{
    static unsigned turn; /* [lock page_lock] */
    unsigned count = colour_count(), step = order < 16 && 1U << order < count ? 1U << order : count;

    if (likely(count == 1)) {
        return find_block(node, 0, order, from, n);
    }
    turn += step;
    for (unsigned i = 0; i < count; i += step) {
        unsigned colour = (turn + i) & (count - 1) & ~(step - 1);

        if ((a == NULL || !page_affinity_has_colours(a) || permits(a, colour, order)) &&
            find_block(node, colour, order, from, n)) {
            turn = colour;
            return true;
        }
    }
    return false;
}

/* Req: BH-MEM-028 */
/* The same: nodes that A names come first. */
static bool find(const struct page_affinity *a, unsigned order, unsigned *from, uint64_t *n) REQUIRES(page_lock)
{
    uint32_t nodes = CONFIG_NUMA && a != NULL ? a->nodes : 0;

    if (!PAGE_HAS_AFFINITY || likely(!is_divided)) {
        return find_block(0, 0, order, from, n);
    }
    for (unsigned i = 0; i < 2 * PAGE_NODE_MAX; i++) {
        unsigned node = i % PAGE_NODE_MAX;
        bool is_near = (nodes & BIT(node)) != 0;

        if (is_near == (i < PAGE_NODE_MAX) && find_of_node(a, node, order, from, n)) {
            return true;
        }
    }
    return false;
}

/* Req: BH-MEM-009 */
/* Sealed is no panic: a guest may ask for what needs memory, and is told that there is none. */
int page_alloc_take_claimed(unsigned order, const struct page_affinity *a, struct page_claim *claim, mfn_t *out)
{
    unsigned from;
    uint64_t n;

    if (order > PAGE_ORDER_MAX || (sealed && __atomic_load_n(&admitted, __ATOMIC_RELAXED) != this_cpu())) {
        return -XEN_ENOMEM;
    }
    spin_lock(&page_lock);
    if (is_claimed(1UL << order, claim) || !find(a, order, &from, &n)) {
        spin_unlock(&page_lock);
        return -XEN_ENOMEM;
    }
    /* The halves in which it is not are free still. */
    while (from > order) {
        from--;
        list_push((n & ~((1UL << from) - 1)) ^ (1UL << from), from);
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
    for (unsigned i = 0; i < PAGE_NODE_MAX * LIST_COUNT; i++) {
        free_list[i / LIST_COUNT][i % LIST_COUNT] = 0;
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

/* Checks a list of blocks of ORDER that have COLOUR; how many frames they have. */
static uint64_t audit_list(unsigned node, unsigned colour, unsigned order) REQUIRES(page_lock)
{
    const uint32_t *list = list_of(node, colour, order);
    uint64_t counted = 0;
    uint32_t previous = 0;

    /* Bound: each block on a list is counted, and there are at most free_count of them. */
    for (uint32_t n = *list; n != 0 && counted <= free_count; n = frame_table[n].mappings) {
        const struct frame *f = frame_lookup(mfn(n));

        if (f == NULL || f->type != FRAME_FREE || f->order != order || f->references != previous ||
            (n & ((1UL << order) - 1)) != 0 || list_of(node_of(n), n, order) != list) {
            panic("page_alloc: frame %x on a list of order %u is not a free block", n, order);
        }
        counted += 1UL << order;
        previous = n;
    }
    return counted;
}

void page_alloc_audit(void)
{
    unsigned colours = colour_count();
    uint64_t counted = 0;

    spin_lock(&page_lock);
    for (unsigned i = 0; i < (is_divided ? PAGE_NODE_MAX : 1) * (PAGE_ORDER_MAX + 1); i++) {
        unsigned order = i % (PAGE_ORDER_MAX + 1), step = order < 16 ? 1U << order : colours;

        for (unsigned colour = 0; colour < colours; colour += step) {
            counted += audit_list(i / (PAGE_ORDER_MAX + 1), colour, order);
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
