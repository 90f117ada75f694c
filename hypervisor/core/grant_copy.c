/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between granted pages and the caller's own, and what has to do with the caches of granted pages. Both pages
 * are held (by a pin, or by a reference) while the bytes go from window to window.
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/window.h"
#include "lib/string.h"

/* One side of a copy, held. */
struct side {
    struct domain *owner;
    uint32_t reference;
    bool is_grant;
    mfn_t m;
    uint16_t start, length;
};

static void release(struct side *s, bool write)
{
    if (!s->is_grant) {
        domain_put_page(s->owner, s->m);
        return;
    }
    spin_lock(&s->owner->grant->lock);
    grant_release(s->owner, s->reference, write);
    spin_unlock(&s->owner->grant->lock);
    domain_put(s->owner);
}

/* The side that the guest names: an entry of DOMID's table, or a page of its own. */
static int hold(struct domain *d, uint16_t domid, bool is_grant, uint64_t number, bool write, struct side *s)
{
    struct grant_active *a;
    int status;

    *s = (struct side){ .owner = d, .is_grant = is_grant, .reference = (uint32_t)number, .length = PAGE_SIZE };
    if (!is_grant) {
        return domain_get_page(d, gfn(number), &s->m) == 0 ? GNTST_okay : GNTST_bad_page;
    }
    status = grant_get_owner(d, domid == DOMID_SELF ? d->id : domid, &s->owner);
    if (status != GNTST_okay) {
        return status;
    }
    spin_lock(&s->owner->grant->lock);
    status = grant_acquire(s->owner, s->reference, d, write, false, &a);
    if (status == GNTST_okay) {
        s->m = mfn(a->frame);
        s->start = a->start;
        s->length = a->length;
    }
    spin_unlock(&s->owner->grant->lock);
    if (status != GNTST_okay) {
        domain_put(s->owner);
    }
    return status;
}

static bool covers(const struct side *s, uint32_t offset, uint32_t length)
{
    return offset >= s->start && offset + length <= (uint32_t)s->start + s->length;
}

/* From window to window. */
static void copy_bytes(mfn_t to, uint32_t to_offset, mfn_t from, uint32_t from_offset, uint32_t length)
{
    char *d = window_open_leaf(to);
    const char *s = window_open_second_leaf(from);

    if (to.n == from.n) {
        memmove(d + to_offset, s + from_offset, length);
    } else {
        memcpy(d + to_offset, s + from_offset, length);
    }
    window_close_second_leaf();
    window_close_leaf();
}

static bool is_within_pages(const struct gnttab_copy *op)
{
    return (uint32_t)op->source.offset + op->len <= PAGE_SIZE && (uint32_t)op->dest.offset + op->len <= PAGE_SIZE;
}

/* Both pages are the caller's own: they stay where they are while its tables are locked. */
static int copy_own(struct domain *d, const struct gnttab_copy *op)
{
    mfn_t from, to;
    int status = GNTST_bad_page;

    spin_lock(&d->p2m.lock);
    from = p2m_ram_again(&d->p2m, gfn(op->source.u.gmfn));
    to = p2m_ram_again(&d->p2m, gfn(op->dest.u.gmfn));
    if (mfn_valid(from) && mfn_valid(to)) {
        status = GNTST_bad_copy_arg;
        if (is_within_pages(op)) {
            copy_bytes(to, op->dest.offset, from, op->source.offset, op->len);
            status = GNTST_okay;
        }
    }
    spin_unlock(&d->p2m.lock);
    return status;
}

/* Why a page of DOMID cannot be named by its number. */
static int not_by_number(uint16_t domid)
{
    struct domain *d = domain_get(domid);

    if (d == NULL) {
        return GNTST_bad_domain;
    }
    domain_put(d);
    return GNTST_permission_denied;
}

/* Req: BH-GNT-008 */
void grant_copy(struct domain *d, struct gnttab_copy *op)
{
    bool from_grant = (op->flags & GNTCOPY_source_gref) != 0, to_grant = (op->flags & GNTCOPY_dest_gref) != 0;
    struct side from, to;
    int status;

    /* A page by its number is the caller's own. */
    if (!from_grant && op->source.domid != DOMID_SELF) {
        op->status = (int16_t)not_by_number(op->source.domid);
        return;
    }
    if (!to_grant && op->dest.domid != DOMID_SELF) {
        op->status = (int16_t)not_by_number(op->dest.domid);
        return;
    }
    if (!from_grant && !to_grant) {
        op->status = (int16_t)copy_own(d, op);
        return;
    }
    status = hold(d, op->source.domid, from_grant, from_grant ? op->source.u.ref : op->source.u.gmfn, false, &from);
    if (status == GNTST_okay) {
        status = hold(d, op->dest.domid, to_grant, to_grant ? op->dest.u.ref : op->dest.u.gmfn, true, &to);
        if (status == GNTST_okay) {
            if (!is_within_pages(op)) {
                status = GNTST_bad_copy_arg;
            } else if (covers(&from, op->source.offset, op->len) && covers(&to, op->dest.offset, op->len)) {
                copy_bytes(to.m, op->dest.offset, from.m, op->source.offset, op->len);
            } else {
                status = GNTST_general_error;
            }
            release(&to, true);
        }
        release(&from, false);
    }
    op->status = (int16_t)status;
}

/* A machine address, of a page that was granted: of its contents nothing is lost, and nothing is told. */
static int flush_frame(const struct gnttab_cache_flush *op, mfn_t m)
{
    const struct frame *f = frame_lookup(m);
    char *p;

    if (f == NULL || f->type != FRAME_RAM) {
        return -XEN_EINVAL;
    }
    p = window_open(m);
    arch_memory_publish(p + op->offset, op->length);
    window_close(p);
    return 0;
}

/*
 * Cleans and invalidates part of a page of the caller's, by guest physical address (it is never told another one), or
 * of a page that it granted.
 */
int grant_cache_flush(struct domain *d, const struct gnttab_cache_flush *op)
{
    uint32_t wanted = op->op & ~GNTTAB_CACHE_SOURCE_GREF;
    enum p2m_type type;
    unsigned order;
    gfn_t g;
    mfn_t m;
    int err;

    if (op->offset >= PAGE_SIZE || op->length > PAGE_SIZE || (uint32_t)op->offset + op->length > PAGE_SIZE ||
        (wanted & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)) != 0) {
        return -XEN_EINVAL;
    }
    if ((op->op & GNTTAB_CACHE_SOURCE_GREF) != 0) {
        return -XEN_EINVAL;
    }
    if (op->length == 0 || wanted == 0) {
        return 0;
    }
    g = gfn(op->a.dev_bus_addr >> PAGE_SHIFT);
    if (CONFIG_HARDWARE_DOMAIN && d->has_hardware && !mfn_valid(domain_place(d, g))) {
        return flush_frame(op, mfn(g.n));
    }
    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, g, &m, &type, &order);
    if (err == 0 && type != P2M_RAM && type != P2M_GRANT && type != P2M_GRANT_RO) {
        err = -XEN_EPERM;
    }
    if (err == 0) {
        char *p = window_open(m);

        arch_memory_publish(p + op->offset, op->length);
        window_close(p);
    }
    spin_unlock(&d->p2m.lock);
    return err == -XEN_ENOENT ? -XEN_EINVAL : err;
}
