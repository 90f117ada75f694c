/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage-2 tables: three levels of 512 entries under a root of 2^ARCH_P2M_ROOT_ORDER frames. Level 1 maps 1 GiB an
 * entry, level 2 2 MiB, level 3 4 KiB. Tables are reached through windows, at most three at a time.
 *
 * An entry is never changed from one valid mapping to another: it goes through invalid and an invalidation first
 * (Arm ARM D8.14.1, break before make).
 */
#include "bh/p2m.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/foreign.h"
#include "bh/frame.h"
#include "bh/window.h"
#include "lib/string.h"

#define LEVEL_ORDER(level) (9 * (3 - (level)))
#define ENTRIES 512

static unsigned entry_index(gfn_t g, unsigned level)
{
    return (unsigned)(g.n >> LEVEL_ORDER(level)) & (ENTRIES - 1);
}

/* The frame of the root that holds G's level 1 entry. */
static mfn_t root_frame(const struct p2m *p, gfn_t g)
{
    return mfn_add(p->root, g.n >> (LEVEL_ORDER(1) + 9));
}

static bool gfn_in_range(gfn_t g)
{
    return g.n >> (ARCH_P2M_ADDRESS_BITS - PAGE_SHIFT) == 0;
}

/* Req: BH-MEM-016, BH-MEM-018 */
static int alloc_table(struct p2m *p, mfn_t *t) REQUIRES(p->lock)
{
    if (p->table_count == p->table_limit) {
        return -XEN_ENOMEM;
    }
    if (frame_alloc_p2m(p->domid, 0, t) != 0) {
        if (p->reserve_count == 0) {
            return -XEN_ENOMEM;
        }
        *t = p->reserve[--p->reserve_count];
    }
    p->table_count++;
    return 0;
}

int p2m_init(struct p2m *p, uint16_t domid, uint32_t table_limit)
{
    int err;

    *p = (struct p2m){ .domid = domid, .table_count = 1U << ARCH_P2M_ROOT_ORDER, .table_limit = table_limit };
    spinlock_init(&p->lock, LOCK_P2M);
    err = frame_alloc_p2m(domid, ARCH_P2M_ROOT_ORDER, &p->root);

    if (err == 0) {
        err = arch_p2m_init(p);
        if (err != 0) {
            frame_put_block(p->root, ARCH_P2M_ROOT_ORDER);
        }
    }
    return err;
}

/* Req: BH-CTL-014 */
int p2m_set_pool(struct p2m *p, uint64_t size)
{
    uint64_t pages = size >> PAGE_SHIFT;
    int err = 0;

    if (size % PAGE_SIZE != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&p->lock);
    if (pages < p->table_count || pages > UINT32_MAX - P2M_TABLE_LIMIT(0)) {
        err = -XEN_ENOMEM;
    } else {
        p->table_limit = (uint32_t)(pages + P2M_TABLE_LIMIT(0));
        p->pool = size;
    }
    spin_unlock(&p->lock);
    return err;
}

int p2m_fill_reserve(struct p2m *p)
{
    int err = 0;

    spin_lock(&p->lock);
    while (p->reserve_count < P2M_RESERVE && err == 0) {
        err = frame_alloc_p2m(p->domid, 0, &p->reserve[p->reserve_count]);
        p->reserve_count += err == 0;
    }
    spin_unlock(&p->lock);
    return err;
}

/*
 * Replaces the block entry at *SLOT by a table of the next level that maps the same. Where the entry has to be taken away
 * first, a guest's access in between is a fault that is none: who takes it asks p2m_permits(), which waits for the lock.
 */
static int split(struct p2m *p, uint64_t *slot, gfn_t g, unsigned level) REQUIRES(p->lock)
{
    uint64_t old = *slot;
    unsigned order = LEVEL_ORDER(level + 1);
    uint64_t *table;
    mfn_t t;
    int err = alloc_table(p, &t);

    if (err != 0) {
        return err;
    }
    table = window_open(t);
    for (unsigned i = 0; i < ENTRIES; i++) {
        table[i] = arch_pte_leaf(mfn_add(arch_pte_mfn(old), (uint64_t)i << order), arch_pte_type(old), level + 1);
    }
    window_close(table);
    if (ARCH_P2M_BREAKS_BEFORE_MAKE) {
        arch_pte_store(slot, 0);
        arch_p2m_invalidate(p, gfn(ALIGN_DOWN(g.n, 1UL << LEVEL_ORDER(level))), LEVEL_ORDER(level));
        arch_pte_store(slot, arch_pte_table(t));
    } else {
        arch_pte_store(slot, arch_pte_table(t));
        arch_p2m_invalidate(p, gfn(ALIGN_DOWN(g.n, 1UL << LEVEL_ORDER(level))), LEVEL_ORDER(level));
    }
    return 0;
}

/* Where a walk to G begins: the lowest table at hand, whose level goes to *LEVEL. */
static inline mfn_t nearest(const struct p2m *p, gfn_t g, unsigned *level) REQUIRES(p->lock)
{
    for (unsigned at = 3; at > 1 && !CONFIG_SIZE; at--) {
        if (p->near[at - 2].block == 1 + (g.n >> LEVEL_ORDER(at - 1))) {
            *level = at;
            return p->near[at - 2].table;
        }
    }
    *level = 1;
    return root_frame(p, g);
}

/* The walk to G went on in T, of level LEVEL. */
static inline void remember(struct p2m *p, gfn_t g, unsigned level, mfn_t t) REQUIRES(p->lock)
{
    if (!CONFIG_SIZE) {
        p->near[level - 2] = (struct p2m_near){ .block = 1 + (g.n >> LEVEL_ORDER(level - 1)), .table = t };
    }
}

/* The entry that maps G, or does not, and its level. */
static inline uint64_t find(struct p2m *p, gfn_t g, unsigned *level) REQUIRES(p->lock)
{
    mfn_t t = nearest(p, g, level);

    for (;;) {
        const uint64_t *table = window_open_leaf(t);
        uint64_t pte = table[entry_index(g, *level)];

        window_close_leaf();
        if (likely(!arch_pte_is_table(pte, *level))) {
            return pte;
        }
        t = arch_pte_mfn(pte);
        ++*level;
        remember(p, g, *level, t);
    }
}

/*
 * Opens a window on the table of level LEVEL for G, and gives G's entry in it; the caller closes the window. Missing
 * tables are made and larger blocks split.
 */
static int walk(struct p2m *p, gfn_t g, unsigned level, uint64_t **out) REQUIRES(p->lock)
{
    unsigned at;
    mfn_t t = nearest(p, g, &at);

    if (at > level) {
        at = 1;
        t = root_frame(p, g);
    }
    for (;; at++) {
        uint64_t *slot = (uint64_t *)window_open(t) + entry_index(g, at);
        int err = 0;

        if (at == 1 && (level == 1 || !arch_pte_is_valid(*slot))) {
            p->reach = MAX(p->reach, g.n);
        }
        if (at == level) {
            *out = slot;
            return 0;
        }
        if (!arch_pte_is_valid(*slot)) {
            err = alloc_table(p, &t);
            if (err == 0) {
                arch_pte_store(slot, arch_pte_table(t));
            }
        } else if (!arch_pte_is_table(*slot, at)) {
            err = split(p, slot, g, at);
        }
        t = arch_pte_mfn(*slot);
        window_close(slot);
        if (err != 0) {
            return err;
        }
        remember(p, g, at + 1, t);
    }
}

/* What G is mapped to changes. */
static inline void forget_page(struct p2m *p, gfn_t g) REQUIRES(p->lock)
{
    struct p2m_page *page = &p->page[g.n & (P2M_PAGE_COUNT - 1)];

    if (ARCH_P2M_REMEMBERS_PAGES && page->tag == 1 + g.n) {
        page->tag = 0;
    }
}

static void note_highest(struct p2m *p, gfn_t g) REQUIRES(p->lock)
{
    if (g.n > p->highest) {
        __atomic_store_n(&p->highest, g.n, __ATOMIC_RELAXED);
    }
}

/* Req: BH-MEM-006 */
int p2m_map(struct p2m *p, gfn_t g, mfn_t m, unsigned order, enum p2m_type type)
{
    unsigned level = 3 - order / 9;
    uint64_t *slot;
    int err;

    if (((g.n | m.n) & ((1UL << order) - 1)) != 0 || !gfn_in_range(g)) {
        return -XEN_EINVAL;
    }
    spin_lock(&p->lock);
    err = walk(p, g, level, &slot);
    if (err == 0) {
        if (arch_pte_is_valid(*slot)) {
            err = -XEN_EEXIST;
        } else {
            arch_pte_store(slot, arch_pte_leaf(m, type, level));
            note_highest(p, gfn_add(g, (1UL << order) - 1));
        }
        window_close(slot);
    }
    spin_unlock(&p->lock);
    return err;
}

int p2m_map_range(struct p2m *p, gfn_t g, mfn_t m, uint64_t count, enum p2m_type type)
{
    int err = 0;

    while (count != 0 && err == 0) {
        unsigned order = ORDER_4K;

        for (unsigned bigger = ORDER_2M; bigger <= ORDER_1G; bigger += 9) {
            if (((g.n | m.n) & ((1UL << bigger) - 1)) == 0 && count >= 1UL << bigger) {
                order = bigger;
            }
        }
        err = p2m_map(p, g, m, order, type);
        g = gfn_add(g, 1UL << order);
        m = mfn_add(m, 1UL << order);
        count -= 1UL << order;
    }
    return err;
}

mfn_t p2m_ram(struct p2m *p, gfn_t g)
{
    unsigned level;
    uint64_t pte;
    mfn_t m;

    if (!gfn_in_range(g)) {
        return MFN_INVALID;
    }
    pte = find(p, g, &level);
    if (!arch_pte_is_valid(pte) || arch_pte_type(pte) != P2M_RAM) {
        return MFN_INVALID;
    }
    m = mfn_add(arch_pte_mfn(pte), g.n & ((1UL << LEVEL_ORDER(level)) - 1));
    if (ARCH_P2M_REMEMBERS_PAGES && !p->retired) {
        p->page[g.n & (P2M_PAGE_COUNT - 1)] = (struct p2m_page){ .tag = 1 + g.n, .frame = m.n };
    }
    return m;
}

int p2m_lookup(struct p2m *p, gfn_t g, mfn_t *m, enum p2m_type *type, unsigned *order)
{
    unsigned level;
    uint64_t pte;

    if (!gfn_in_range(g)) {
        return -XEN_ENOENT;
    }
    pte = find(p, g, &level);
    if (!arch_pte_is_valid(pte)) {
        return -XEN_ENOENT;
    }
    *order = LEVEL_ORDER(level);
    *m = mfn_add(arch_pte_mfn(pte), g.n & ((1UL << *order) - 1));
    *type = arch_pte_type(pte);
    return 0;
}

/* Req: BH-MEM-019 */
bool p2m_permits(struct p2m *p, gfn_t g, unsigned rights)
{
    static const uint8_t granted[P2M_TYPE_COUNT] = {
        [P2M_RAM] = P2M_READ | P2M_WRITE | P2M_EXECUTE, [P2M_RAM_RO] = P2M_READ | P2M_EXECUTE,
        [P2M_MMIO] = P2M_READ | P2M_WRITE,              [P2M_SHARED] = P2M_READ | P2M_WRITE,
        [P2M_GRANT] = P2M_READ | P2M_WRITE,             [P2M_GRANT_RO] = P2M_READ,
        [P2M_FOREIGN] = P2M_READ | P2M_WRITE,           [P2M_RESERVED] = P2M_READ | P2M_WRITE,
    };
    enum p2m_type type = P2M_NONE;
    unsigned order;
    mfn_t m;

    spin_lock(&p->lock);
    (void)!p2m_lookup(p, g, &m, &type, &order);
    spin_unlock(&p->lock);
    return (rights & ~granted[type]) == 0;
}

/* Req: BH-MEM-007 */
int p2m_unmap(struct p2m *p, gfn_t g, unsigned types, mfn_t *m, enum p2m_type *type)
{
    uint64_t *slot;
    mfn_t there;
    enum p2m_type kind;
    unsigned order;
    int err;

    spin_lock(&p->lock);
    err = p2m_lookup(p, g, &there, &kind, &order);
    if (err == 0 && (types >> kind & 1) == 0) {
        err = -XEN_EPERM;
    }
    if (err == 0) {
        err = walk(p, g, 3, &slot);
    }
    if (err == 0) {
        forget_page(p, g);
        arch_pte_store(slot, 0);
        window_close(slot);
        arch_p2m_invalidate(p, g, ORDER_4K);
        *m = there;
        *type = kind;
    }
    spin_unlock(&p->lock);
    return err;
}

int p2m_replace(struct p2m *p, gfn_t g, mfn_t m, enum p2m_type type, mfn_t *old, enum p2m_type *old_type)
{
    uint64_t *slot;
    int err;

    if (!gfn_in_range(g)) {
        return -XEN_EINVAL;
    }
    spin_lock(&p->lock);
    err = walk(p, g, 3, &slot);
    if (err == 0) {
        uint64_t before = *slot;
        enum p2m_type type_before = arch_pte_is_valid(before) ? arch_pte_type(before) : P2M_NONE;

        if (type_before == P2M_GRANT || type_before == P2M_GRANT_RO) {
            window_close(slot);
            spin_unlock(&p->lock);
            return -XEN_EBUSY;
        }
        *old_type = P2M_NONE;
        if (type_before != P2M_NONE) {
            *old = arch_pte_mfn(before);
            *old_type = type_before;
            forget_page(p, g);
            arch_pte_store(slot, 0);
            arch_p2m_invalidate(p, g, ORDER_4K);
        }
        arch_pte_store(slot, arch_pte_leaf(m, type, 3));
        note_highest(p, g);
        window_close(slot);
    }
    spin_unlock(&p->lock);
    return err;
}

int p2m_unmap_if(struct p2m *p, gfn_t g, mfn_t m, enum p2m_type type)
{
    unsigned level;
    uint64_t *slot, pte;
    int err = -XEN_ENOENT;

    if (!gfn_in_range(g)) {
        return err;
    }
    spin_lock(&p->lock);
    pte = find(p, g, &level);
    if (level == 3 && arch_pte_is_valid(pte) && arch_pte_type(pte) == type && arch_pte_mfn(pte).n == m.n) {
        err = walk(p, g, level, &slot);
    }
    if (err == 0) {
        forget_page(p, g);
        arch_pte_store(slot, 0);
        arch_p2m_invalidate(p, g, ORDER_4K);
        window_close(slot);
    }
    spin_unlock(&p->lock);
    return err;
}

/* Drops what a leaf mapped. */
static void release_leaf(uint64_t pte, unsigned level)
{
    if (CONFIG_CONTROL && arch_pte_type(pte) == P2M_FOREIGN) {
        foreign_release(arch_pte_mfn(pte));
    } else if (p2m_is_counted(arch_pte_type(pte))) {
        (void)frame_unmap_block(arch_pte_mfn(pte), LEVEL_ORDER(level));
    }
}

/* Takes apart one level 2 entry: at most ENTRIES pages. */
static void teardown_entry(struct p2m *p, uint64_t pte) REQUIRES(p->lock)
{
    uint64_t *table;

    if (!arch_pte_is_table(pte, 2)) {
        release_leaf(pte, 2);
        return;
    }
    table = window_open(arch_pte_mfn(pte));
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (arch_pte_is_valid(table[i])) {
            release_leaf(table[i], 3);
        }
    }
    window_close(table);
    (void)frame_put(arch_pte_mfn(pte));
    p->table_count--;
}

/* The first entry of TABLE from number AT on that maps something, or ENTRIES. */
static unsigned next_valid(const uint64_t *table, unsigned at)
{
    while (at < ENTRIES && !arch_pte_is_valid(table[at])) {
        at++;
    }
    return at;
}

/* Takes one entry apart, from p->teardown on, of the level 2 table T; true when the table is empty. */
static bool teardown_table(struct p2m *p, mfn_t t) REQUIRES(p->lock)
{
    uint64_t *table = window_open(t);
    unsigned at = next_valid(table, entry_index(p->teardown, 2));

    if (at < ENTRIES) {
        uint64_t pte = table[at];

        table[at] = 0;
        teardown_entry(p, pte);
        at = next_valid(table, at + 1);
    }
    window_close(table);
    p->teardown = gfn(ALIGN_DOWN(p->teardown.n, 1UL << ORDER_1G) + ((uint64_t)at << ORDER_2M));
    return at == ENTRIES;
}

/* Req: BH-MEM-008 */
bool p2m_teardown(struct p2m *p)
{
    bool worked = false;

    spin_lock(&p->lock);
    if (!p->retired) {
        arch_p2m_retire(p);
        p->retired = true;
        memset(p->page, 0, sizeof(p->page));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(p->near); i++) {
        p->near[i].block = 0;
    }
    /* Bound: a look at each root entry that was ever used; the first one that leads somewhere ends the step. */
    while (ALIGN_DOWN(p->teardown.n, 1UL << ORDER_1G) <= p->reach && gfn_in_range(p->teardown) && !worked) {
        uint64_t *slot = (uint64_t *)window_open(root_frame(p, p->teardown)) + entry_index(p->teardown, 1);
        uint64_t pte = *slot;

        if (arch_pte_is_table(pte, 1)) {
            worked = true;
            if (teardown_table(p, arch_pte_mfn(pte))) {
                *slot = 0;
                (void)frame_put(arch_pte_mfn(pte));
                p->table_count--;
            }
        } else {
            if (arch_pte_is_valid(pte)) {
                *slot = 0;
                release_leaf(pte, 1);
                worked = true;
            }
            p->teardown = gfn_add(p->teardown, 1UL << ORDER_1G);
        }
        window_close(slot);
    }
    while (!worked && p->reserve_count != 0) {
        (void)frame_put(p->reserve[--p->reserve_count]);
    }
    spin_unlock(&p->lock);
    if (!worked) {
        frame_put_block(p->root, ARCH_P2M_ROOT_ORDER);
    }
    return !worked;
}
