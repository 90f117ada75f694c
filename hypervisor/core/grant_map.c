/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of granted pages: made, ended, and ended for a domain that dies. A mapping has a handle in the mapping
 * domain's table. Who ends a mapping first claims its handle, so that it is ended once.
 */
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/heap.h"
#include "bh/physmap.h"

/* Of grant_mapping.flags, beside GNTMAP_*: somebody makes or ends the mapping now. */
#define CLAIMED 0x80

static struct grant_mapping *mapping_at(struct grant_table *t, uint32_t handle)
{
    return &t->mapping[handle / GRANT_MAPPING_PER_PAGE][handle % GRANT_MAPPING_PER_PAGE];
}

/* A free handle, claimed. */
static int claim_new(struct domain *d, struct grant_table *t, uint32_t *handle) REQUIRES(t->lock)
{
    struct grant_mapping **page;

    if (t->free_mapping != 0) {
        *handle = t->free_mapping - 1;
        t->free_mapping = mapping_at(t, *handle)->reference;
    } else {
        if (t->mapping_count == CONFIG_MAX_GRANT_MAPPINGS) {
            return GNTST_no_space;
        }
        page = &t->mapping[t->mapping_count / GRANT_MAPPING_PER_PAGE];
        if (*page == NULL && (*page = heap_alloc(PAGE_SIZE, d->id)) == NULL) {
            return GNTST_no_space;
        }
        *handle = t->mapping_count++;
    }
    mapping_at(t, *handle)->flags = CLAIMED;
    return GNTST_okay;
}

static void free_handle(struct grant_table *t, uint32_t handle)
{
    struct grant_mapping *m;

    spin_lock(&t->lock);
    m = mapping_at(t, handle);
    m->flags = 0;
    m->reference = t->free_mapping;
    t->free_mapping = handle + 1;
    spin_unlock(&t->lock);
}

static enum p2m_type type_of(unsigned flags)
{
    return (flags & GNTMAP_readonly) != 0 ? P2M_GRANT_RO : P2M_GRANT;
}

/* Maps OWNER's entry REFERENCE at D's page G; *FRAME is what it stands for. */
static int map_entry(struct domain *d, struct domain *owner, uint32_t reference, unsigned flags, gfn_t g,
                     uint64_t *frame)
{
    bool write = (flags & GNTMAP_readonly) == 0;
    struct grant_active *a;
    int status;

    spin_lock(&owner->grant->lock);
    status = grant_acquire(owner, reference, d, write, true, &a);
    if (status == GNTST_okay && physmap_map(d, g, mfn(a->frame), type_of(flags), &a->pin) != 0) {
        grant_release(owner, reference, write);
        status = GNTST_general_error;
    }
    if (status == GNTST_okay) {
        *frame = a->frame;
    }
    spin_unlock(&owner->grant->lock);
    return status;
}

/* Req: BH-GNT-003 */
void grant_map(struct domain *d, struct gnttab_map_grant_ref *op)
{
    struct grant_table *t = grant_table_of(d);
    struct domain *owner;
    uint32_t handle = 0;
    uint64_t frame = 0;
    int status;

    if (t == NULL || (op->flags & (GNTMAP_device_map | GNTMAP_host_map)) == 0) {
        op->status = t == NULL ? GNTST_general_error : GNTST_bad_gntref;
        return;
    }
    status = grant_get_owner(d, op->dom, &owner);
    if (status != GNTST_okay) {
        op->status = (int16_t)status;
        return;
    }
    spin_lock(&t->lock);
    status = t->closed ? GNTST_general_error : claim_new(d, t, &handle);
    spin_unlock(&t->lock);
    if (status == GNTST_okay) {
        /* For the CPUs only: no device's address space is the guest's, and it has no tables of PTEs for us. */
        if ((op->flags & ~(uint32_t)GNTMAP_readonly) != GNTMAP_host_map) {
            status = GNTST_general_error;
        } else {
            status = map_entry(d, owner, op->ref, op->flags, gfn(op->host_addr >> PAGE_SHIFT), &frame);
        }
        if (status == GNTST_okay) {
            spin_lock(&t->lock);
            *mapping_at(t, handle) = (struct grant_mapping){
                .reference = op->ref, .domid = owner->id, .flags = (uint8_t)op->flags,
                .gfn = op->host_addr >> PAGE_SHIFT,
            };
            spin_unlock(&t->lock);
            op->handle = handle;
            /* Req: BH-DEV-008 */
            /* Machine addresses are nobody's business, but for who tells them to devices. */
            op->dev_bus_addr = DOMAIN_HAS_PLACES && d->is_direct ? frame << PAGE_SHIFT : 0;
        } else {
            free_handle(t, handle);
        }
    }
    domain_put(owner);
    op->status = (int16_t)status;
}

/* Claims HANDLE of D for its end; *OUT is what it was. False: there is no such mapping, or somebody ends it. */
static bool claim(struct grant_table *t, uint32_t handle, struct grant_mapping *out)
{
    struct grant_mapping *m;
    bool is_ours = false;

    spin_lock(&t->lock);
    if (handle < t->mapping_count) {
        m = mapping_at(t, handle);
        if (m->flags != 0 && (m->flags & CLAIMED) == 0) {
            *out = *m;
            m->flags |= CLAIMED;
            is_ours = true;
        }
    }
    spin_unlock(&t->lock);
    return is_ours;
}

static void give_up_claim(struct grant_table *t, uint32_t handle)
{
    spin_lock(&t->lock);
    mapping_at(t, handle)->flags &= (uint8_t)~CLAIMED;
    spin_unlock(&t->lock);
}

/*
 * Ends mapping M of D, whose handle is claimed. False: it is not there any more where it was made, and stays pinned;
 * ALWAYS: all the same, as D's tables are about to go.
 */
static bool end(struct domain *d, const struct grant_mapping *m, bool always)
{
    /* It is there: a domain with a live pin is not freed. */
    struct domain *owner = domain_get_any(m->domid);
    const struct grant_active *a;
    bool done;

    if (owner == NULL) {
        return false;
    }
    spin_lock(&owner->grant->lock);
    a = &owner->grant->active[m->reference / GRANT_ACTIVE_PER_PAGE][m->reference % GRANT_ACTIVE_PER_PAGE];
    done = p2m_unmap_if(&d->p2m, gfn(m->gfn), mfn(a->frame), type_of(m->flags)) == 0;
    if (done) {
        (void)frame_unmap(mfn(a->frame));
    }
    if (done || always) {
        grant_release(owner, m->reference, (m->flags & GNTMAP_readonly) == 0);
    }
    spin_unlock(&owner->grant->lock);
    domain_put(owner);
    return done || always;
}

/* Req: BH-GNT-005 */
void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op)
{
    struct grant_table *t = grant_table_of(d);
    struct grant_mapping m;

    if (t == NULL || !claim(t, op->handle, &m)) {
        op->status = GNTST_bad_handle;
        return;
    }
    /* An address of zero is ignored (grant_table.h): then nothing is ended. */
    if (op->host_addr != 0 && op->host_addr >> PAGE_SHIFT == m.gfn && end(d, &m, false)) {
        op->status = GNTST_okay;
        free_handle(t, op->handle);
    } else {
        op->status = op->host_addr == 0 ? GNTST_okay : GNTST_general_error;
        give_up_claim(t, op->handle);
    }
}

/* Req: BH-GNT-006 */
bool grant_domain_close(struct domain *d)
{
    struct grant_table *t = d->grant;
    uint32_t last;

    if (t == NULL) {
        return true;
    }
    spin_lock(&t->lock);
    t->closed = true;
    last = MIN(t->close_from + GRANT_CLOSE_STEP, t->mapping_count);
    spin_unlock(&t->lock);
    for (; t->close_from < last; t->close_from++) {
        struct grant_mapping m;

        if (claim(t, t->close_from, &m)) {
            (void)end(d, &m, true);
            free_handle(t, t->close_from);
        }
    }
    return t->close_from >= t->mapping_count;
}
