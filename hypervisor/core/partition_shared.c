/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of a region belong to the hypervisor, which keeps a reference to each of them for good; a share maps them as
 * what they are, memory of somebody else that is granted.
 */
#include "bh/partition_shared.h"

#include "bh/console.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/partition.h"

/* A block of the allocator's for R; what it is too large goes back. */
static int take_block(struct shared_region *r)
{
    uint64_t count = r->size >> PAGE_SHIFT;
    unsigned order = 0;
    mfn_t m;
    int err;

    while (order < PAGE_ORDER_MAX && 1UL << order < count) {
        order++;
    }
    if (1UL << order < count) {
        return -XEN_ENOMEM;
    }
    err = page_alloc_take(order, &m);
    if (err == 0) {
        r->start = m.n << PAGE_SHIFT;
        if (count < 1UL << order) {
            page_alloc_add(m.n + count, m.n + (1UL << order));
        }
    }
    return err;
}

/* Req: BH-SHM-002 */
void partition_shared_make(void)
{
    struct shared_region *r;

    for (unsigned i = 0; (r = shared_memory_region(i)) != NULL; i++) {
        if (r->size == 0) {
            continue;
        }
        if (!r->is_placed && take_block(r) != 0) {
            log_error("shared memory %s: no block of %lu KiB is free", r->id, (unsigned long)(r->size >> 10));
            continue;
        }
        frame_keep(paddr_to_mfn(paddr(r->start)), r->size >> PAGE_SHIFT);
        r->is_made = true;
    }
}

/* Req: BH-SHM-003, BH-SHM-004 */
int partition_shared_map(struct domain *d, const struct shared_share *s, uint64_t *done)
{
    const struct shared_region *r = shared_memory_region(s->region);
    const struct grant_pin pin = { .uses = 1, .writes = s->is_read_only ? 0 : 1, .grantee = d->id };
    enum p2m_type type = s->is_read_only ? P2M_GRANT_RO : P2M_GRANT;
    /* To the end of a block, so that what can be one is mapped as one. */
    uint64_t size = MIN(s->size - *done, MIB(2) - ((s->gpa + *done) & (MIB(2) - 1)));
    mfn_t m = paddr_to_mfn(paddr(r->start + s->offset + *done));
    gfn_t g = gfn((s->gpa + *done) >> PAGE_SHIFT);
    uint64_t count = size >> PAGE_SHIFT, held = 0;
    int err = r->is_made && s->offset + s->size <= r->size ? 0 : -XEN_ENOENT;

    while (err == 0 && held < count) {
        err = frame_map(mfn_add(m, held), d->id, &pin, !s->is_read_only);
        held += err == 0;
    }
    if (err == 0) {
        err = p2m_map_range(&d->p2m, g, m, count, type);
    }
    if (err != 0) {
        /* What was mapped goes with the tables: those entries hold their references. */
        for (uint64_t i = 0; i < held; i++) {
            enum p2m_type there_type;
            unsigned order;
            mfn_t there;

            spin_lock(&d->p2m.lock);
            if (p2m_lookup(&d->p2m, gfn_add(g, i), &there, &there_type, &order) != 0 || there.n != m.n + i) {
                (void)frame_unmap(mfn_add(m, i));
            }
            spin_unlock(&d->p2m.lock);
        }
        return err;
    }
    *done += size;
    return *done == s->size ? 0 : PARTITION_GO_ON;
}
