/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for a partition that is built. What is at its machine addresses, or set apart for it, has a place for good
 * (struct domain_place), and stays the domain's when the guest gives it back.
 */
#include "bh/partition_memory.h"

#include "arch/arch_types.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"

#define GO_ON PARTITION_GO_ON

static const uint64_t bank_base[] = ARCH_GUEST_RAM_BASES, bank_size[] = ARCH_GUEST_RAM_SIZES;

/* Maps 2^ORDER new frames at G. On an error those that found no place go back at once, the others with the tables. */
static int map_new(struct domain *d, gfn_t g, mfn_t m, unsigned order)
{
    int err = p2m_map_range(&d->p2m, g, m, 1UL << order, P2M_RAM);

    for (uint64_t i = 0; i < 1UL << order && err != 0; i++) {
        enum p2m_type type;
        unsigned there_order;
        mfn_t there;

        spin_lock(&d->p2m.lock);
        if (p2m_lookup(&d->p2m, gfn_add(g, i), &there, &type, &there_order) != 0) {
            (void)frame_unmap(mfn_add(m, i));
        }
        spin_unlock(&d->p2m.lock);
    }
    return err;
}

/* ---- Any that is free ---- */

/* Req: BH-MEM-001, BH-MEM-012, BH-MEM-013 */
/* A block of up to LEFT pages, 2^*ORDER of them. GO_ON: there was none of the size tried; the next try is for less. */
static int take_block(struct partition_memory *p, const struct domain *d, uint64_t left, unsigned *order, mfn_t *m)
{
    int err;

    *order = p->order;
    while (left < 1UL << *order) {
        (*order)--;
    }
    err = frame_alloc_ram(d->id, *order, m);
    if (err != 0 && *order > 0) {
        p->order = *order - 1;
        return GO_ON;
    }
    return err;
}

/* The memory of bank NUMBER ends before page END now. */
static void lay_out_bank(struct partition_layout *l, unsigned number, gfn_t end)
{
    l->ram[number] = (struct memory_range){ .start = bank_base[number], .end = end.n << PAGE_SHIFT };
}

/* One block, as large a one as there is and as the guest's addresses allow. */
static int add_any(struct partition_memory *p, struct domain *d, struct partition_layout *l)
{
    uint64_t left = d->page_limit - d->page_count;
    unsigned order;
    mfn_t m;
    gfn_t g;
    int err;

    if (left == 0) {
        return 0;
    }
    if (p->at == ARCH_GUEST_RAM_BANKS) {
        return -XEN_ENOMEM;
    }
    left = MIN(left, (bank_size[p->at] >> PAGE_SHIFT) - p->done);
    if (left == 0) {
        p->at++;
        p->done = 0;
        p->order = p->order_max;
        return GO_ON;
    }
    g = gfn((bank_base[p->at] >> PAGE_SHIFT) + p->done);
    err = take_block(p, d, left, &order, &m);
    if (err == 0) {
        err = map_new(d, g, m, order);
    }
    if (err != 0) {
        return err;
    }
    d->page_count += 1UL << order;
    p->done += 1UL << order;
    lay_out_bank(l, p->at, gfn_add(g, 1UL << order));
    return GO_ON;
}

/* ---- With a place for good ---- */

/*
 * 2^ORDER frames from M on are at D's pages from G on, for good: one more piece, or part of one that they adjoin. Pieces
 * begin at whole blocks of 2 MiB if they can. -XEN_ENOSPC: too many.
 */
static int add_piece(struct domain *d, gfn_t g, mfn_t m, unsigned order)
{
    for (unsigned i = 0; i < d->place_count; i++) {
        struct domain_place *p = &d->place[i];

        if (p->g.n + p->count == g.n && p->m.n + p->count == m.n) {
            p->count += 1UL << order;
            return 0;
        }
        if (order >= ORDER_2M && g.n + (1UL << order) == p->g.n && m.n + (1UL << order) == p->m.n) {
            p->g = g;
            p->m = m;
            p->count += 1UL << order;
            return 0;
        }
    }
    if (d->place_count == DOMAIN_PLACE_COUNT) {
        return -XEN_ENOSPC;
    }
    d->place[d->place_count++] = (struct domain_place){ .g = g, .m = m, .count = 1UL << order };
    return 0;
}

/* Of what is at its machine addresses the largest piece, which kernel and ramdisk go to, comes first. */
static void lay_out_direct(const struct domain *d, struct partition_layout *l)
{
    unsigned largest = 0;
    struct memory_range first;

    for (unsigned i = 0; i < d->place_count; i++) {
        l->ram[i].start = d->place[i].g.n << PAGE_SHIFT;
        l->ram[i].end = (d->place[i].g.n + d->place[i].count) << PAGE_SHIFT;
        largest = d->place[i].count > d->place[largest].count ? i : largest;
    }
    first = l->ram[0];
    l->ram[0] = l->ram[largest];
    l->ram[largest] = first;
}

static int add_placed(struct domain *d, gfn_t g, mfn_t m, unsigned order)
{
    int err = map_new(d, g, m, order);

    if (err == 0) {
        d->page_count += 1UL << order;
        err = add_piece(d, g, m, order);
    }
    return err != 0 ? err : GO_ON;
}

/* Req: BH-DEV-009 */
/* One block, as large as there is, at its machine address. */
static int add_direct(struct partition_memory *p, struct domain *d, struct partition_layout *l)
{
    uint64_t left = d->page_limit - d->page_count;
    unsigned order;
    mfn_t m;
    int err;

    if (left == 0) {
        lay_out_direct(d, l);
        return 0;
    }
    err = take_block(p, d, left, &order, &m);
    return err != 0 ? err : add_placed(d, gfn(m.n), m, order);
}

/* Where page N of a guest's memory is, if it is not at its machine address; *LEFT pages of its bank begin there. */
static gfn_t page_in_banks(uint64_t n, uint64_t *left, unsigned *bank)
{
    for (*bank = 0; *bank < ARCH_GUEST_RAM_BANKS - 1 && n >= bank_size[*bank] >> PAGE_SHIFT; ++*bank) {
        n -= bank_size[*bank] >> PAGE_SHIFT;
    }
    *left = (bank_size[*bank] >> PAGE_SHIFT) - n;
    return gfn((bank_base[*bank] >> PAGE_SHIFT) + n);
}

/* Req: BH-MEM-022, BH-MEM-024 */
/* One block of what is set apart for it, in the order of its description. */
static int add_apart(struct partition_memory *p, struct domain *d, struct partition_layout *l)
{
    const struct memory_range *r = &l->config->place[p->at];
    uint64_t left, left_in_bank;
    unsigned order = p->order_max, bank;
    mfn_t m;
    gfn_t g;
    int err;

    if (p->at == l->config->place_count) {
        if (d->is_direct) {
            lay_out_direct(d, l);
        }
        return 0;
    }
    m = mfn((r->start >> PAGE_SHIFT) + p->done);
    left = (r->end >> PAGE_SHIFT) - m.n;
    if (left == 0) {
        p->at++;
        p->done = 0;
        return GO_ON;
    }
    g = page_in_banks(d->page_count, &left_in_bank, &bank);
    if (d->is_direct) {
        g = gfn(m.n);
    } else {
        left = MIN(left, left_in_bank);
    }
    while (left < 1UL << order || (m.n & ((1UL << order) - 1)) != 0) {
        order--;
    }
    err = frame_take_apart(d->id, m, order);
    if (err != 0) {
        return err;
    }
    p->done += 1UL << order;
    if (!d->is_direct) {
        lay_out_bank(l, bank, gfn_add(g, 1UL << order));
    }
    return add_placed(d, g, m, order);
}

/* ---- */

void partition_memory_begin(struct partition_memory *p, unsigned order_max)
{
    *p = (struct partition_memory){ .order = order_max, .order_max = order_max };
}

int partition_memory_step(struct partition_memory *p, struct domain *d, struct partition_layout *l)
{
    int err;

    if (CONFIG_PLACEMENT && l->config->place_count != 0) {
        err = add_apart(p, d, l);
    } else if (CONFIG_HARDWARE_DOMAIN && d->is_direct) {
        err = add_direct(p, d, l);
    } else {
        err = add_any(p, d, l);
    }
    if (DOMAIN_HAS_PLACES && err == -XEN_ENOSPC) {
        log_error("%s: the memory that is free is in more than %u pieces", d->name, DOMAIN_PLACE_COUNT);
    } else if (CONFIG_PLACEMENT && err == -XEN_EBUSY) {
        log_error("%s: memory that is set apart for it is in use", d->name);
    } else if (err < 0) {
        log_error("%s: %lu KiB of memory: only %lu KiB are free", d->name, l->config->memory_kib,
                  (page_alloc_free_count() + d->page_count) << (PAGE_SHIFT - 10));
    }
    return err;
}
