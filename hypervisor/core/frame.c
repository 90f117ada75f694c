/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership of frames. The facts of a frame are written when it is assigned and when it is freed, by the one that
 * holds its only reference; in between only its counts change, both at once: a transition of bh/ownership.h is
 * applied to a copy, which is published if the counts are still what they were.
 */
#include "bh/frame.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/page_affinity.h"
#include "bh/page_alloc.h"
#include "bh/window.h"

struct frame *frame_table;

static struct memory_range bank[FRAME_BANK_COUNT]; /* [boot] in frame numbers */
static unsigned bank_count;                        /* [boot] */
static bool scrub_domain_memory = true;            /* [boot] */
static bool domains_run;                           /* [boot] frame_scrub_always() was called */

void frame_init(const struct memory_range *banks, unsigned count)
{
    bank_count = 0;
    for (unsigned i = 0; i < count && i < FRAME_BANK_COUNT; i++) {
        bank[i].start = ALIGN_UP(banks[i].start, PAGE_SIZE) >> PAGE_SHIFT;
        bank[i].end = banks[i].end >> PAGE_SHIFT;
        bank_count++;
    }
}

uint64_t frame_count(void)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < bank_count; i++) {
        count += bank[i].end - bank[i].start;
    }
    return count;
}

uint64_t frame_highest(void)
{
    uint64_t highest = 0;

    for (unsigned i = 0; i < bank_count; i++) {
        highest = MAX(highest, bank[i].end - 1);
    }
    return highest;
}

struct frame *frame_lookup(mfn_t m)
{
    for (unsigned i = 0; i < bank_count; i++) {
        if (m.n >= bank[i].start && m.n < bank[i].end) {
            return &frame_table[m.n];
        }
    }
    return NULL;
}

/* An entry of the table as one number, which a pair of registers holds. */
typedef unsigned __int128 entry_t __attribute__((may_alias, aligned(8)));

/* A store each: the frames of a partition are assigned, and freed, while its owner waits for it to start again. */
static ALWAYS_INLINE void store_eight(entry_t *at, entry_t e)
{
    at[0] = e;
    at[1] = e;
    at[2] = e;
    at[3] = e;
    at[4] = e;
    at[5] = e;
    at[6] = e;
    at[7] = e;
}

void frame_assign(mfn_t m, unsigned order, enum frame_type type, uint16_t owner, uint16_t charge, uint16_t mapper,
                  bool mapped)
{
    entry_t *at = (entry_t *)&frame_table[m.n], e;
    struct frame f;

    ownership_assign(&f, type, owner, charge, mapper, mapped);
    e = *(const entry_t *)&f;
    if (order < 4) {
        for (entry_t *last = at + (1UL << order) - 1; at != last; at++) {
            *at = e;
        }
        *at = e;
        return;
    }
    for (const entry_t *end = at + (1UL << order); at != end; at += 16) {
        store_eight(at, e);
        store_eight(at + 8, e);
    }
}

/* Both counts of a frame, as one number that changes atomically. */
static uint64_t *counts(struct frame *f)
{
    _Static_assert(offsetof(struct frame, references) == 0 && offsetof(struct frame, mappings) == 4, "one number");
    return (uint64_t *)f;
}

/* A copy of F. */
static struct frame look(struct frame *f)
{
    struct frame copy = *f;

    *counts(&copy) = __atomic_load_n(counts(f), __ATOMIC_ACQUIRE);
    return copy;
}

/*
 * Publishes the counts of AFTER if F still has those of BEFORE; if not, BEFORE becomes what F has now. That takes
 * another CPU that changed them, which is that one's progress.
 */
static bool publish(struct frame *f, struct frame *before, struct frame *after)
{
    uint64_t seen = *counts(before);

    if (likely(
            __atomic_compare_exchange_n(counts(f), &seen, *counts(after), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))) {
        return true;
    }
    *counts(before) = seen;
    return false;
}

/* F is nobody's: its facts go, too. */
static void publish_freed(struct frame *f, const struct frame *after)
{
    f->owner = after->owner;
    f->charge = after->charge;
    f->mapper = after->mapper;
    /* Last: who takes a frame that is set apart looks at it. */
    __atomic_store_n(&f->type, after->type, __ATOMIC_RELEASE);
}

/* Req: BH-MEM-002 */
int frame_get(mfn_t m, uint16_t owner)
{
    struct frame *f = frame_lookup(m), before, after;
    int err;

    if (f == NULL) {
        return -XEN_EINVAL;
    }
    before = look(f);
    do {
        after = before;
        err = ownership_reference(&after, owner);
    } while (err == 0 && !publish(f, &before, &after));
    return err;
}

int frame_map(mfn_t m, uint16_t domid, const struct grant_pin *pin, bool write)
{
    struct frame *f = frame_lookup(m), before, after;
    int err;

    if (f == NULL) {
        return -XEN_EINVAL;
    }
    before = look(f);
    do {
        after = before;
        err = ownership_map(&after, domid, pin, write);
    } while (err == 0 && !publish(f, &before, &after));
    return err;
}

/* Drops a reference, or a mapping; true if it was the last, and the frame is ready for the allocator. */
static bool let_go(struct frame *f, bool mapped)
{
    struct frame before = look(f), after;
    bool freed;

    ASSERT(before.references >= before.mappings &&
           (mapped ? before.mappings != 0 : before.references > before.mappings));
    do {
        after = before;
        freed = mapped ? ownership_unmap(&after) : ownership_drop(&after);
    } while (!publish(f, &before, &after));
    if (freed) {
        publish_freed(f, &after);
    }
    return freed;
}

/*
 * The same where that is most likely the only reference, as of the pages of a domain when it ends: what comes of it is
 * known without looking. False: it is not the only one, and nothing has changed.
 */
static ALWAYS_INLINE bool let_go_of_only(struct frame *f, bool mapped)
{
    struct frame before = { .references = 1, .mappings = mapped }, after = before;
    uint64_t seen = *counts(&before);

    (void)(mapped ? ownership_unmap(&after) : ownership_drop(&after));
    if (unlikely(!__atomic_compare_exchange_n(counts(f), &seen, *counts(&after), false, __ATOMIC_ACQ_REL,
                                              __ATOMIC_RELAXED))) {
        return false;
    }
    publish_freed(f, &after);
    return true;
}

static bool let_go_one(mfn_t m, bool mapped)
{
    bool freed = let_go(&frame_table[m.n], mapped);

    if (freed) {
        page_alloc_give(m, 0);
    }
    return freed;
}

/* Req: BH-MEM-004 */
bool frame_put(mfn_t m)
{
    return let_go_one(m, false);
}

bool frame_unmap(mfn_t m)
{
    return let_go_one(m, true);
}

/* All bits of the counts of the eight frames from AT on, each of them as it was before or after what others do to it. */
static ALWAYS_INLINE uint64_t counts_of_eight(const entry_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] | (uint64_t)at[2] | (uint64_t)at[3] | (uint64_t)at[4] | (uint64_t)at[5] |
           (uint64_t)at[6] | (uint64_t)at[7];
}

/*
 * Drops a reference, or a mapping, of each of COUNT frames from F on, up to the first that has others: how many, sixteen
 * at a time. Nobody can take one meanwhile, as the caller says, so that no frame needs an exchange of its own. A
 * partition's memory goes this way when it ends, and its owner may wait for it to start again.
 */
static uint64_t let_go_of_run(struct frame *f, uint64_t count, bool mapped)
{
    struct frame freed = { .references = 1, .mappings = mapped };
    const uint64_t only = *counts(&freed);
    entry_t *first = (entry_t *)f, *at = first, e;

    (void)(mapped ? ownership_unmap(&freed) : ownership_drop(&freed));
    e = *(const entry_t *)&freed;
    for (const entry_t *end = at + ALIGN_DOWN(count, 16UL); at != end; at += 16) {
        /* None has less than the one that is dropped: if all their bits together are those of one, each has one. */
        if (unlikely((counts_of_eight(at) | counts_of_eight(at + 8)) != only)) {
            break;
        }
        for (unsigned i = 0; i < 16; i++) {
            ASSERT((uint64_t)at[i] == only);
        }
        /* What others did with the frames before they let go comes before what their next owner does. */
        __atomic_thread_fence(__ATOMIC_ACQ_REL);
        store_eight(at, e);
        store_eight(at + 8, e);
    }
    return (uint64_t)(at - first);
}

/*
 * Drops a reference, or a mapping, of each frame. Runs of freed frames go back in blocks as large as their place
 * allows; kept ones split the run.
 */
static uint64_t release_block(mfn_t m, unsigned order, bool mapped)
{
    uint64_t count = 1UL << order, run = 0, freed = 0, i = 0;

    if (order == 0 && let_go_of_only(&frame_table[m.n], mapped)) {
        page_alloc_give(m, 0);
        return 1;
    }
    while (i < count) {
        uint64_t only = let_go_of_run(&frame_table[m.n + i], count - i, mapped);

        run += only;
        i += only;
        if (i == count) {
            break;
        }
        if (let_go(&frame_table[m.n + i++], mapped)) {
            run++;
        } else if (run != 0) {
            page_alloc_add(m.n + i - 1 - run, m.n + i - 1);
            freed += run;
            run = 0;
        }
    }
    if (run == count) {
        page_alloc_give(m, order);
    } else if (run != 0) {
        page_alloc_add(m.n + count - run, m.n + count);
    }
    return freed + run;
}

void frame_put_block(mfn_t m, unsigned order)
{
    (void)release_block(m, order, false);
}

uint64_t frame_unmap_block(mfn_t m, unsigned order)
{
    return release_block(m, order, true);
}

/* Zeroes 2^ORDER frames, in 2 MiB windows where they are large; PUBLISH: also for who reads past the caches. */
static void scrub(mfn_t m, unsigned order, bool publish_it)
{
    if (order < ORDER_2M) {
        for (uint64_t i = 0; i < 1UL << order; i++) {
            void *p = window_open(mfn_add(m, i));

            arch_memory_clear(p, PAGE_SIZE);
            if (publish_it) {
                arch_memory_publish(p, PAGE_SIZE);
            }
            window_close(p);
        }
        return;
    }
    for (uint64_t i = 0; i < 1UL << order; i += 1UL << ORDER_2M) {
        void *p = window_open_block(mfn_add(m, i));

        arch_memory_clear(p, MIB(2));
        if (publish_it) {
            arch_memory_publish(p, MIB(2));
        }
        window_close_block(p);
    }
}

static bool must_scrub(enum frame_type type)
{
    return type != FRAME_RAM || scrub_domain_memory;
}

/* Req: BH-MEM-003, BH-SEC-003 */
static ALWAYS_INLINE int alloc_as(const struct page_affinity *a, unsigned order, enum frame_type type, uint16_t owner,
                                  uint16_t charge, uint16_t mapper, struct page_claim *claim, mfn_t *out)
{
    mfn_t m;
    int err = page_alloc_take_claimed(order, a, claim, &m);

    if (err != 0) {
        return err;
    }
    frame_assign(m, order, type, owner, charge, mapper, type == FRAME_RAM);
    if (must_scrub(type)) {
        /* At boot memory holds nothing of another domain's; later what its last owner wrote may be in it still. */
        scrub(m, order, type == FRAME_RAM && domains_run);
    }
    *out = m;
    return 0;
}

static int alloc(unsigned order, enum frame_type type, uint16_t owner, uint16_t charge, uint16_t mapper,
                 struct page_claim *claim, mfn_t *out)
{
    return alloc_as(PAGE_HAS_AFFINITY ? page_affinity_of(charge) : NULL, order, type, owner, charge, mapper, claim,
                    out);
}

int frame_alloc_ram(uint16_t domid, unsigned order, mfn_t *out)
{
    return frame_alloc_claimed(domid, order, NULL, out);
}

int frame_alloc_claimed(uint16_t domid, unsigned order, struct page_claim *claim, mfn_t *out)
{
    return alloc(order, FRAME_RAM, domid, domid, domid, claim, out);
}

/* Req: BH-MEM-022 */
int frame_take_apart(uint16_t domid, mfn_t m, unsigned order)
{
    if (!page_alloc_is_apart(m, order) || frame_lookup(m) == NULL) {
        return -XEN_EINVAL;
    }
    for (uint64_t i = 0; i < 1UL << order; i++) {
        if (__atomic_load_n(&frame_table[m.n + i].type, __ATOMIC_ACQUIRE) != FRAME_NONE) {
            return -XEN_EBUSY;
        }
    }
    frame_assign(m, order, FRAME_RAM, domid, domid, domid, true);
    if (must_scrub(FRAME_RAM)) {
        scrub(m, order, domains_run);
    }
    return 0;
}

void frame_keep(mfn_t m, uint64_t count)
{
    while (count != 0) {
        unsigned order = (m.n & ((1UL << ORDER_2M) - 1)) == 0 && count >= 1UL << ORDER_2M ? ORDER_2M : ORDER_4K;

        frame_assign(m, order, FRAME_SHARED, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, false);
        scrub(m, order, true);
        m = mfn_add(m, 1UL << order);
        count -= 1UL << order;
    }
}

int frame_alloc_p2m(uint16_t domid, unsigned order, mfn_t *out)
{
    return alloc(order, FRAME_P2M, FRAME_NO_DOMAIN, domid, FRAME_NO_DOMAIN, NULL, out);
}

int frame_alloc_io_map(uint16_t domid, unsigned order, mfn_t *out)
{
    return alloc_as(NULL, order, FRAME_P2M, FRAME_NO_DOMAIN, domid, FRAME_NO_DOMAIN, NULL, out);
}

int frame_alloc_shared(uint16_t domid, mfn_t *out)
{
    return alloc(0, FRAME_SHARED, FRAME_NO_DOMAIN, domid, domid, NULL, out);
}

int frame_alloc_state(uint16_t domid, mfn_t *out)
{
    return alloc(0, FRAME_STATE, FRAME_NO_DOMAIN, domid, FRAME_NO_DOMAIN, NULL, out);
}

int frame_alloc_table(mfn_t *out)
{
    return alloc(0, FRAME_TABLE, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, NULL, out);
}

int frame_alloc_hyp(uint16_t charge, mfn_t *out)
{
    return alloc(0, FRAME_HYP, FRAME_NO_DOMAIN, charge, FRAME_NO_DOMAIN, NULL, out);
}

/* Req: BH-MEM-005 */
void frame_scrub_at_boot(bool scrub_it)
{
    scrub_domain_memory = scrub_it;
}

/* Req: BH-MEM-017 */
void frame_scrub_always(void)
{
    scrub_domain_memory = true;
    domains_run = true;
}
