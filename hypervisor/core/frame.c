/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership of frames. The owner, type and charge of a frame are written when it is assigned and when it is freed,
 * by the one that holds its only reference; in between they do not change. References change atomically and never
 * wrap: frame_get() refuses at the limit.
 */
#include "bh/frame.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/page_alloc.h"
#include "bh/window.h"

struct frame *frame_table;

static struct memory_range bank[FRAME_BANK_COUNT]; /* [boot] in frame numbers */
static unsigned bank_count;                        /* [boot] */
static bool scrub_domain_memory = true;            /* [boot] */

#define REFERENCE_LIMIT 0x7fffffffU

void frame_init(const struct memory_range *banks, unsigned count)
{
    bank_count = 0;
    for (unsigned i = 0; i < count && i < FRAME_BANK_COUNT; i++) {
        bank[i].start = ALIGN_UP(banks[i].start, PAGE_SIZE) >> PAGE_SHIFT;
        bank[i].end = banks[i].end >> PAGE_SHIFT;
        bank_count++;
    }
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

void frame_assign(mfn_t m, unsigned order, enum frame_type type, uint16_t owner, uint16_t charge)
{
    struct frame f = { .references = 1, .owner = owner, .charge = charge, .type = (uint8_t)type };
    struct frame *at = &frame_table[m.n];

    if (order < 2) {
        at[0] = f;
        at[(1UL << order) - 1] = f;
        return;
    }
    /* Four at a time: a partition's frames are assigned while its owner waits for it to start. */
    for (uint64_t i = 0; i < 1UL << order; i += 4) {
        at[i] = f;
        at[i + 1] = f;
        at[i + 2] = f;
        at[i + 3] = f;
    }
}

/* Req: BH-MEM-002 */
int frame_get(mfn_t m, uint16_t owner)
{
    struct frame *f = frame_lookup(m);
    uint32_t n;

    if (f == NULL) {
        return -XEN_EINVAL;
    }
    n = __atomic_load_n(&f->references, __ATOMIC_RELAXED);
    do {
        if (f->type == FRAME_NONE || f->type == FRAME_FREE || n == 0) {
            return -XEN_EINVAL;
        }
        if (n >= REFERENCE_LIMIT) {
            return -XEN_EBUSY;
        }
        if (f->owner != owner) {
            return -XEN_EPERM;
        }
        /* Bound: fails only when another CPU changed the count, which makes that one's progress. */
    } while (!__atomic_compare_exchange_n(&f->references, &n, n + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return 0;
}

/* Drops a reference; true if it was the last, and the frame is ready for the allocator. */
static bool drop(struct frame *f)
{
    uint32_t before = __atomic_fetch_sub(&f->references, 1, __ATOMIC_RELEASE);

    ASSERT(before != 0);
    if (before != 1) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    f->type = FRAME_NONE;
    f->owner = FRAME_NO_DOMAIN;
    f->charge = FRAME_NO_DOMAIN;
    return true;
}

/* Req: BH-MEM-004 */
void frame_put(mfn_t m)
{
    if (drop(&frame_table[m.n])) {
        page_alloc_give(m, 0);
    }
}

void frame_put_block(mfn_t m, unsigned order)
{
    uint64_t count = 1UL << order, run = 0;

    /* Runs of freed frames go back in blocks as large as their place allows; kept ones split the run. */
    for (uint64_t i = 0; i < count; i++) {
        if (drop(&frame_table[m.n + i])) {
            run++;
            continue;
        }
        if (run != 0) {
            page_alloc_add(m.n + i - run, m.n + i);
            run = 0;
        }
    }
    if (run == count) {
        page_alloc_give(m, order);
    } else if (run != 0) {
        page_alloc_add(m.n + count - run, m.n + count);
    }
}

/* Zeroes 2^ORDER frames, in 2 MiB windows where they are large. */
static void scrub(mfn_t m, unsigned order)
{
    if (order < ORDER_2M) {
        for (uint64_t i = 0; i < 1UL << order; i++) {
            void *p = window_open(mfn_add(m, i));

            arch_memory_clear(p, PAGE_SIZE);
            window_close(p);
        }
        return;
    }
    for (uint64_t i = 0; i < 1UL << order; i += 1UL << ORDER_2M) {
        void *p = window_open_block(mfn_add(m, i));

        arch_memory_clear(p, MIB(2));
        window_close_block(p);
    }
}

/* Req: BH-MEM-003, BH-SEC-003 */
static int alloc(unsigned order, enum frame_type type, uint16_t owner, uint16_t charge, mfn_t *out)
{
    mfn_t m;
    int err = page_alloc_take(order, &m);

    if (err != 0) {
        return err;
    }
    frame_assign(m, order, type, owner, charge);
    if (type != FRAME_RAM || scrub_domain_memory) {
        scrub(m, order);
    }
    *out = m;
    return 0;
}

int frame_alloc_ram(uint16_t domid, unsigned order, mfn_t *out)
{
    return alloc(order, FRAME_RAM, domid, domid, out);
}

int frame_alloc_p2m(uint16_t domid, unsigned order, mfn_t *out)
{
    return alloc(order, FRAME_P2M, FRAME_NO_DOMAIN, domid, out);
}

int frame_alloc_shared(uint16_t domid, mfn_t *out)
{
    return alloc(0, FRAME_SHARED, domid, domid, out);
}

int frame_alloc_state(uint16_t domid, mfn_t *out)
{
    return alloc(0, FRAME_STATE, FRAME_NO_DOMAIN, domid, out);
}

int frame_alloc_table(mfn_t *out)
{
    return alloc(0, FRAME_TABLE, FRAME_NO_DOMAIN, FRAME_NO_DOMAIN, out);
}

int frame_alloc_hyp(uint16_t charge, mfn_t *out)
{
    return alloc(0, FRAME_HYP, FRAME_NO_DOMAIN, charge, out);
}

/* Req: BH-MEM-005 */
void frame_scrub_at_boot(bool scrub_it)
{
    scrub_domain_memory = scrub_it;
}

void frame_scrub_always(void)
{
    scrub_domain_memory = true;
}
