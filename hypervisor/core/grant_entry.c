/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a grant table while somebody uses them. The shared entry is read when a use begins; what it said then is
 * in the active entry, with a reference to the frame, until the last use ends. The bits that tell the owner of a use
 * (GTF_reading, GTF_writing) are set by compare-and-exchange on the entry's header (version 1), or in the states' frame
 * before the header is looked at again (version 2): the owner either sees them or has changed the entry in time.
 */
#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/guest_atomic.h"
#include "bh/heap.h"
#include "bh/policy.h"
#include "bh/window.h"

/* A header as one word, as it lies in memory. */
union header {
    struct grant_entry_header h;
    uint32_t word;
};

static uint32_t entries_per_frame(const struct grant_table *t)
{
    return (uint32_t)(t->version == 1 ? GRANT_V1_PER_FRAME : GRANT_V2_PER_FRAME);
}

static size_t entry_size(const struct grant_table *t)
{
    return t->version == 1 ? sizeof(struct grant_entry_v1) : sizeof(union grant_entry_v2);
}

static bool exists(const struct grant_table *t, uint32_t reference)
{
    return reference / entries_per_frame(t) < t->frame_count;
}

/* A window on entry REFERENCE; its header is the first word of either version. */
static void *open_entry(const struct grant_table *t, uint32_t reference)
{
    char *p = window_open(t->frame[reference / entries_per_frame(t)]);

    return p + reference % entries_per_frame(t) * entry_size(t);
}

static grant_status_t *open_status(const struct grant_table *t, uint32_t reference)
{
    return (grant_status_t *)window_open(t->status[reference / GRANT_STATUS_PER_FRAME]) +
           reference % GRANT_STATUS_PER_FRAME;
}

/* The active entry, which is made if it is missing; NULL: no memory. */
static struct grant_active *active_of(struct domain *owner, struct grant_table *t, uint32_t reference) REQUIRES(t->lock)
{
    struct grant_active **page = &t->active[reference / GRANT_ACTIVE_PER_PAGE];

    if (*page == NULL) {
        *page = heap_alloc(PAGE_SIZE, owner->id);
    }
    return *page != NULL ? &(*page)[reference % GRANT_ACTIVE_PER_PAGE] : NULL;
}

/* Does H let GRANTEE do what it wants? */
static bool permits(struct grant_entry_header h, const struct domain *grantee, bool write, bool to_map)
{
    uint16_t mask = GTF_type_mask | (to_map ? GTF_sub_page : 0);

    /* Not GTF_transitive: an owner cannot pass on what is another's. */
    return (h.flags & mask) == GTF_permit_access && h.domid == grantee->id && !(write && (h.flags & GTF_readonly) != 0);
}

/* Version 1: marks the use in the entry itself. */
static int mark_v1(uint32_t *word, const struct domain *grantee, bool write, bool to_map)
{
    union header seen, wanted;

    seen.word = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES; i++) {
        if (!permits(seen.h, grantee, write, to_map)) {
            return GNTST_general_error;
        }
        wanted = seen;
        wanted.h.flags |= GTF_reading | (write ? GTF_writing : 0);
        if (__atomic_compare_exchange_n(word, &seen.word, wanted.word, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return GNTST_okay;
        }
    }
    return GNTST_general_error;
}

/* The owner is told that the entry is not written any more, or not used at all. */
static void unmark(const struct grant_table *t, uint32_t reference, uint16_t bits)
{
    uint16_t before;

    if (bits == 0) {
        return;
    }
    if (t->version == 1) {
        struct grant_entry_header *h = open_entry(t, reference);

        (void)guest_atomic_change16(&h->flags, (uint16_t)~bits, 0, &before);
        window_close(h);
    } else {
        grant_status_t *s = open_status(t, reference);

        (void)guest_atomic_change16(s, (grant_status_t)~bits, 0, &before);
        window_close(s);
    }
}

/* Version 2: marks the use in its state, then looks whether it is still permitted. */
static int mark_v2(const struct grant_table *t, uint32_t reference, const uint32_t *word, const struct domain *grantee,
                   bool write, bool to_map)
{
    uint16_t bits = GTF_reading | (write ? GTF_writing : 0);
    union header h;
    grant_status_t *s;
    uint16_t before;
    bool changed;

    h.word = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (!permits(h.h, grantee, write, to_map)) {
        return GNTST_general_error;
    }
    s = open_status(t, reference);
    changed = guest_atomic_change16(s, UINT16_MAX, bits, &before);
    window_close(s);
    if (!changed) {
        return GNTST_general_error;
    }
    arch_full_barrier();
    h.word = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (permits(h.h, grantee, write, to_map)) {
        return GNTST_okay;
    }
    unmark(t, reference, bits & ~before);
    return GNTST_general_error;
}

/* What the entry stands for, read once. */
struct meaning {
    gfn_t g;
    uint16_t start, length;
    bool writable;
};

static void read_meaning(const struct grant_table *t, const void *entry, struct meaning *m)
{
    const struct grant_entry_v1 *v1 = entry;
    const union grant_entry_v2 *v2 = entry;

    m->start = 0;
    m->length = PAGE_SIZE;
    if (t->version == 1) {
        m->g = gfn(__atomic_load_n(&v1->frame, __ATOMIC_RELAXED));
        return;
    }
    m->g = gfn(__atomic_load_n(&v2->full_page.frame, __ATOMIC_RELAXED));
    if ((__atomic_load_n(&v2->hdr.flags, __ATOMIC_RELAXED) & GTF_sub_page) != 0) {
        m->start = __atomic_load_n(&v2->sub_page.page_off, __ATOMIC_RELAXED);
        m->length = __atomic_load_n(&v2->sub_page.length, __ATOMIC_RELAXED);
    }
}

/* Marks the use in the shared entry, and reads what it stands for. */
static int mark(struct grant_table *t, uint32_t reference, const struct domain *grantee, bool write, bool to_map,
                struct meaning *m) REQUIRES(t->lock)
{
    uint32_t *word = open_entry(t, reference);
    int status = t->version == 1 ? mark_v1(word, grantee, write, to_map)
                                 : mark_v2(t, reference, word, grantee, write, to_map);

    if (status == GNTST_okay) {
        read_meaning(t, word, m);
    }
    window_close(word);
    return status;
}

/* Req: BH-GNT-003, BH-GNT-004 */
int grant_acquire(struct domain *owner, uint32_t reference, const struct domain *grantee, bool write, bool to_map,
                  struct grant_active **active)
{
    struct grant_table *t = owner->grant;
    uint16_t fresh = 0; /* bits that this use would be the first to have set */
    struct grant_active *a;
    struct meaning m = { .length = 0 };
    int status;
    mfn_t frame;

    if (t->closed || !exists(t, reference)) {
        return GNTST_bad_gntref;
    }
    a = active_of(owner, t, reference);
    if (a == NULL) {
        return GNTST_general_error;
    }
    if (a->pin.uses != 0 && (a->pin.grantee != grantee->id || (to_map && a->length != PAGE_SIZE))) {
        return GNTST_general_error;
    }
    fresh = (uint16_t)((a->pin.uses == 0 ? GTF_reading : 0) | (write && a->pin.writes == 0 ? GTF_writing : 0));
    if (fresh != 0) {
        status = mark(t, reference, grantee, write, to_map, &m);
        if (status != GNTST_okay) {
            return status;
        }
    }
    if (a->pin.uses == 0) {
        if (domain_get_page(owner, m.g, &frame) != 0) {
            unmark(t, reference, fresh);
            return GNTST_bad_page;
        }
        a->frame = (uint32_t)frame.n;
        a->start = m.start;
        a->length = m.length;
    }
    if (ownership_pin(&a->pin, grantee->id, write) != 0) {
        if (a->pin.uses == 0) {
            domain_put_page(owner, mfn(a->frame));
        }
        unmark(t, reference, fresh);
        return GNTST_general_error;
    }
    if (a->pin.uses == 1) {
        __atomic_store_n(&t->live, t->live + 1, __ATOMIC_RELEASE);
    }
    *active = a;
    return GNTST_okay;
}

/* Req: BH-GNT-005 */
void grant_release(struct domain *owner, uint32_t reference, bool write)
{
    struct grant_table *t = owner->grant;
    struct grant_active *a = &t->active[reference / GRANT_ACTIVE_PER_PAGE][reference % GRANT_ACTIVE_PER_PAGE];
    bool over = ownership_unpin(&a->pin, write);

    unmark(t, reference, (uint16_t)((over ? GTF_reading : 0) | (write && a->pin.writes == 0 ? GTF_writing : 0)));
    if (!over) {
        return;
    }
    domain_put_page(owner, mfn(a->frame));
    __atomic_store_n(&t->live, t->live - 1, __ATOMIC_RELEASE);
    if (t->live == 0 && t->closed) {
        /* A dead domain waited for that. */
        this_cpu()->work |= WORK_REAP;
    }
}

int grant_get_owner(struct domain *grantee, uint16_t id, struct domain **owner)
{
    struct domain *d = domain_get(id);

    if (d == NULL) {
        return GNTST_bad_domain;
    }
    if (!policy_ask(d, grantee, POLICY_GRANT)) {
        domain_put(d);
        return GNTST_permission_denied;
    }
    if (grant_table_of(d) == NULL) {
        domain_put(d);
        return GNTST_general_error;
    }
    *owner = d;
    return GNTST_okay;
}

/* Exchanges two entries that nobody uses. */
void grant_swap(struct domain *d, struct gnttab_swap_grant_ref *op)
{
    struct grant_table *t = grant_table_of(d);
    struct grant_active *a = NULL, *b = NULL;

    if (t == NULL) {
        op->status = GNTST_general_error;
        return;
    }
    spin_lock(&t->lock);
    op->status = exists(t, op->ref_a) && exists(t, op->ref_b) ? GNTST_okay : GNTST_bad_gntref;
    if (op->status == GNTST_okay && op->ref_a != op->ref_b) {
        a = active_of(d, t, op->ref_a);
        b = active_of(d, t, op->ref_b);
        if (a == NULL || b == NULL) {
            op->status = GNTST_general_error;
        } else if (a->pin.uses != 0 || b->pin.uses != 0) {
            op->status = GNTST_eagain;
        } else {
            uint64_t *x = open_entry(t, op->ref_a), *y = open_entry(t, op->ref_b);

            for (size_t i = 0; i < entry_size(t) / sizeof(*x); i++) {
                uint64_t old = x[i];

                x[i] = y[i];
                y[i] = old;
            }
            window_close(y);
            window_close(x);
        }
    }
    spin_unlock(&t->lock);
}
