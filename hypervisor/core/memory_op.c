/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op: what a guest may do to its own physical address space (memory.h). An operation on a list stops between
 * two elements when something waits for the CPU; how far it came is in the upper bits of the command, as Xen has it.
 */
#include "arch/arch.h"
#include "bh/control.h"
#include "bh/domain.h"
#include "bh/foreign.h"
#include "bh/grant.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/vcpu.h"

#define COMMAND_BITS 6
#define COMMAND_MASK ((1U << COMMAND_BITS) - 1)
/* The largest extent that a guest may ask for. One of more than 2^PIECE_ORDER pages is done in pieces of so many. */
#define EXTENT_ORDER_MAX ORDER_2M
#define PIECE_ORDER 4
/* Where the command says how many pages of an extent are done that was stopped between two pieces. */
#define PAGES_SHIFT 32
#define GO_ON 1

/* The domain that an operation is about, until control_put(): the caller's own, or one that it may do that to. */
static int get_subject(struct vcpu *v, uint16_t domid, struct domain **d)
{
    return control_get_or_self(v, domid, CONTROL_MEMORY, d);
}

/* Element INDEX of the frame numbers, or indices, at LIST. */
static int read_long(struct vcpu *v, uint64_t *value, uint64_t list, uint64_t index)
{
    struct guest_handle at = guest_struct_at(v, list, index, sizeof(*value), STRUCT_guest_long);

    return guest_struct_from(v, value, at, sizeof(*value), STRUCT_guest_long);
}

/* ---- Reservations ---- */

/*
 * The pages that are done of the extent where a call goes on. What is in the upper half of the register means nothing
 * unless some call of the domain was stopped there: guests need not clear it.
 */
static uint64_t take_pages_done(struct domain *d, uint64_t command)
{
    uint32_t count = __atomic_load_n(&d->extent_restarts, __ATOMIC_RELAXED);

    if (command >> PAGES_SHIFT == 0) {
        return 0;
    }
    do {
        if (count == 0) {
            return 0;
        }
    } while (!__atomic_compare_exchange_n(&d->extent_restarts, &count, count - 1, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return command >> PAGES_SHIFT;
}

static int free_pages(struct domain *d, gfn_t g, unsigned order)
{
    int err = 0;

    for (uint64_t i = 0; i < 1UL << order && err == 0; i++) {
        err = physmap_unmap(d, gfn_add(g, i), 1u << P2M_RAM);
    }
    return err;
}

/* Extent number I of D's, from its page *PAGES on. 0: it is done. GO_ON: *PAGES of it are, and something waits. */
static int change_extent(struct vcpu *v, struct domain *d, unsigned command, const struct xen_memory_reservation *r,
                         uint64_t i, uint64_t *pages)
{
    uint64_t list = (uint64_t)r->extent_start.p, count = 1UL << r->extent_order;
    unsigned order = MIN(r->extent_order, (unsigned)PIECE_ORDER);
    xen_pfn_t g;
    int err = read_long(v, &g, list, i);

    if (err == 0 && (*pages & ((1UL << order) - 1)) != 0) {
        err = -XEN_EINVAL;
    }
    if (err == 0 && command == XENMEM_populate_physmap && *pages == 0 && !domain_is_placed(d) &&
        __atomic_load_n(&d->page_count, __ATOMIC_RELAXED) + count > d->page_limit) {
        err = -XEN_ENOSPC;
    }
    while (err == 0 && *pages < count) {
        gfn_t piece = gfn_add(gfn(g), *pages);

        err = command == XENMEM_decrease_reservation ? free_pages(d, piece, order) : physmap_populate(d, piece, order);
        if (err == 0) {
            *pages += 1UL << order;
            err = *pages < count && hypercall_must_yield() ? GO_ON : 0;
        }
    }
    return err;
}

/* None is populated on demand or chosen by node, and there is no page that fewer than 13 bits can address. */
static bool flags_are_good(unsigned flags)
{
    unsigned bits = XENMEMF_get_address_bits(flags);

    return (flags & (XENMEMF_populate_on_demand | XENMEMF_exact_node_request)) == 0 && (bits == 0 || bits > PAGE_SHIFT);
}

/* Req: BH-ABI-020, BH-ABI-021 */
/* Returns how many extents were done: whatever is wrong with the next one ends it. */
static int64_t change_reservation(struct vcpu *v, uint64_t *a)
{
    unsigned command = (unsigned)a[0] & COMMAND_MASK;
    uint64_t done = (uint32_t)a[0] >> COMMAND_BITS, pages = take_pages_done(v->domain, a[0]);
    struct xen_memory_reservation r;
    struct domain *d;
    bool stops = false;
    int err;

    if (guest_struct_from(v, &r, guest_handle(a[1]), sizeof(r), STRUCT_xen_memory_reservation) != 0) {
        return (int64_t)done;
    }
    if (r.nr_extents > UINT32_MAX >> COMMAND_BITS) {
        return (int64_t)done;
    }
    err = get_subject(v, r.domid, &d);
    if (err != 0) {
        return err == -XEN_ESRCH ? (int64_t)done : err;
    }
    /* Memory that is nowhere in its address space is of no use to a guest. */
    if (command == XENMEM_increase_reservation || r.extent_order > EXTENT_ORDER_MAX || !flags_are_good(r.mem_flags)) {
        err = -XEN_EINVAL;
    }
    while (done < r.nr_extents && err == 0 && !stops) {
        err = change_extent(v, d, command, &r, done, &pages);
        if (err == 0) {
            done++;
            pages = 0;
        }
        stops = err == GO_ON || (err == 0 && done < r.nr_extents && hypercall_must_yield());
    }
    control_put(v, d);
    if (!stops) {
        return (int64_t)done;
    }
    a[0] = command | done << COMMAND_BITS | pages << PAGES_SHIFT;
    if (pages != 0) {
        __atomic_fetch_add(&v->domain->extent_restarts, 1, __ATOMIC_RELAXED);
    }
    return HYPERCALL_RESTART;
}

static int64_t tell_reservation(struct vcpu *v, unsigned command, struct guest_handle arg)
{
    struct domain *d;
    domid_t domid;
    int64_t result;
    int err = guest_copy_from(v, &domid, arg, sizeof(domid));

    if (err == 0) {
        err = get_subject(v, domid, &d);
    }
    if (err != 0) {
        return err;
    }
    if (command == XENMEM_maximum_gpfn) {
        result = (int64_t)__atomic_load_n(&d->p2m.highest, __ATOMIC_RELAXED);
    } else {
        result = (int64_t)__atomic_load_n(command == XENMEM_current_reservation ? &d->page_count : &d->page_limit,
                                          __ATOMIC_RELAXED);
    }
    control_put(v, d);
    return result;
}

/* Req: BH-CTL-030 */
/* D is to have R's pages in all: what it has not got yet is kept for it. With 0 no longer. */
static int claim(struct domain *d, const struct xen_memory_reservation *r)
{
    uint64_t has = __atomic_load_n(&d->page_count, __ATOMIC_RELAXED);
    int err = -XEN_EINVAL;

    spin_lock(&d->lock);
    /* Under the lock, so that one that dies claims nothing any more. */
    if (d->phase == DOMAIN_RUNNING && (r->nr_extents == 0 || (r->nr_extents > has && r->nr_extents <= d->page_limit))) {
        err = page_alloc_claim(&d->claim, r->nr_extents == 0 ? 0 : r->nr_extents - has);
    }
    spin_unlock(&d->lock);
    return err;
}

static int64_t claim_pages(struct vcpu *v, struct guest_handle arg)
{
    struct xen_memory_reservation r;
    struct domain *d;
    int err;

    if (!control_is_any(v->domain)) {
        return -XEN_ENOSYS;
    }
    err = guest_struct_from(v, &r, arg, sizeof(r), STRUCT_xen_memory_reservation);
    if (err == 0 && (r.extent_start.p != NULL || r.extent_order != 0 || r.mem_flags != 0 || r.domid == DOMID_SELF)) {
        err = -XEN_EINVAL;
    }
    if (err == 0) {
        err = control_get(v, r.domid, CONTROL_MEMORY, &d);
    }
    if (err == 0) {
        err = claim(d, &r);
        domain_put(d);
    }
    return err == -XEN_ESRCH ? -XEN_EINVAL : err;
}

/* ---- Mapping what is the hypervisor's ---- */

/* Page INDEX of FOREIGN's, which V may map, appears at D's page G. */
static int map_foreign(struct vcpu *v, struct domain *d, uint16_t foreign, uint64_t index, gfn_t g)
{
    struct domain *other;
    int err;

    if (foreign == DOMID_SELF) {
        return -XEN_EINVAL;
    }
    if (foreign == DOMID_IO || foreign == DOMID_XEN) {
        return -XEN_EPERM;
    }
    if (foreign == d->id) {
        return -XEN_ESRCH;
    }
    err = control_get_or_self(v, foreign, CONTROL_MEMORY, &other);
    if (err == 0) {
        err = CONFIG_CONTROL ? foreign_map_page(d, g, other, gfn(index)) : -XEN_EPERM;
        control_put(v, other);
    }
    return err;
}

static int map_one(struct vcpu *v, struct domain *d, unsigned space, uint16_t foreign, uint64_t index, gfn_t g)
{
    if (g.n >> (ARCH_P2M_ADDRESS_BITS - PAGE_SHIFT) != 0) {
        return -XEN_EINVAL;
    }
    switch (space) {
    case XENMAPSPACE_shared_info:
        return index != 0 ? -XEN_EINVAL : physmap_map_shared_info(d, g);
    case XENMAPSPACE_grant_table:
        return CONFIG_GRANT ? grant_map_table(d, index, g) : -XEN_ENOSYS;
    case XENMAPSPACE_gmfn_foreign:
        return map_foreign(v, d, foreign, index, g);
    default:
        return -XEN_ENOSYS;
    }
}

/* Req: BH-ABI-005 */
static int64_t add_to_physmap(struct vcpu *v, struct guest_handle arg)
{
    struct xen_add_to_physmap a;
    struct domain *d;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_xen_add_to_physmap);

    /* A foreign page needs the other domain's name, which only the batch has. */
    if (err == 0 && a.space == XENMAPSPACE_gmfn_foreign) {
        err = -XEN_ENOSYS;
    }
    if (err == 0) {
        err = get_subject(v, a.domid, &d);
    }
    if (err != 0) {
        return err;
    }
    if (a.space == XENMAPSPACE_dev_mmio) {
        err = -XEN_EACCES;
    } else if (a.gpfn == ~(xen_pfn_t)0) {
        err = -XEN_EINVAL;
    } else if (a.space != XENMAPSPACE_gmfn_range || a.size != 0) {
        err = map_one(v, d, a.space, DOMID_INVALID, a.idx, gfn(a.gpfn));
    }
    control_put(v, d);
    return err;
}

/* Element I of the lists of B, for D. */
static int add_element(struct vcpu *v, struct domain *d, const struct xen_add_to_physmap_batch *b, uint64_t i)
{
    xen_ulong_t index;
    xen_pfn_t g;
    int result, err = read_long(v, &index, (uint64_t)b->idxs.p, i);

    if (err == 0) {
        err = read_long(v, &g, (uint64_t)b->gpfns.p, i);
    }
    if (err == 0 && g == ~(xen_pfn_t)0) {
        err = -XEN_EINVAL;
    }
    if (err != 0) {
        return err;
    }
    result = map_one(v, d, b->space, b->u.foreign_domid, index, gfn(g));
    return guest_copy_to(v, guest_handle((uint64_t)b->errs.p + i * sizeof(int)), &result, sizeof(result));
}

/* Req: BH-ABI-022 */
static int64_t add_to_physmap_batch(struct vcpu *v, uint64_t *a)
{
    uint64_t done = (uint32_t)a[0] >> COMMAND_BITS;
    struct xen_add_to_physmap_batch b;
    bool stops = false;
    struct domain *d;
    int err = guest_struct_from(v, &b, guest_handle(a[1]), sizeof(b), STRUCT_xen_add_to_physmap_batch);

    if (err == 0 && b.space == XENMAPSPACE_gmfn_range) {
        err = -XEN_EOPNOTSUPP;
    }
    if (err == 0) {
        err = get_subject(v, b.domid, &d);
    }
    if (err != 0) {
        return err;
    }
    if (b.space == XENMAPSPACE_dev_mmio) {
        err = -XEN_EACCES;
    } else if (b.space != XENMAPSPACE_gmfn_foreign && b.u.res0 != 0) {
        err = -XEN_EINVAL;
    } else if (done != 0 && done >= b.size) {
        err = -XEN_EILSEQ;
    }
    while (err == 0 && done < b.size && !stops) {
        err = add_element(v, d, &b, done);
        done++;
        stops = err == 0 && done < b.size && hypercall_must_yield();
    }
    control_put(v, d);
    if (stops) {
        a[0] = XENMEM_add_to_physmap_batch | done << COMMAND_BITS;
        return HYPERCALL_RESTART;
    }
    return err;
}

static int64_t remove_from_physmap(struct vcpu *v, struct guest_handle arg)
{
    struct xen_remove_from_physmap a;
    struct domain *d;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_xen_remove_from_physmap);

    if (err == 0) {
        err = get_subject(v, a.domid, &d);
    }
    if (err == 0) {
        err = physmap_unmap(d, gfn(a.gpfn), PHYSMAP_NOT_GRANTED);
        control_put(v, d);
    }
    return err;
}

/*
 * How large the resource of D's is that A names, and its frames, mapped where the caller's list says. Xen lets only
 * other domains have a domain's resources.
 */
static int take_resource(struct vcpu *v, struct domain *d, struct guest_handle arg, struct xen_mem_acquire_resource *a)
{
    int err = 0;

    if (a->frame_list.p == NULL) {
        if (a->nr_frames != 0) {
            return -XEN_EINVAL;
        }
        a->nr_frames = grant_resource_size(d, a->id);
        if (a->nr_frames == 0) {
            return -XEN_EINVAL;
        }
        return guest_struct_to(v, arg, a, sizeof(*a), STRUCT_xen_mem_acquire_resource);
    }
    /* Bound: the frames of a grant table. */
    for (uint32_t i = 0; i < a->nr_frames && err == 0; i++) {
        xen_pfn_t g;

        err = read_long(v, &g, (uint64_t)a->frame_list.p, i);
        if (err == 0 && CONFIG_CONTROL && d != v->domain) {
            err = foreign_map_grant_table(v->domain, gfn(g), d, a->id, a->frame + i);
        } else if (err == 0) {
            err = grant_map_resource(d, a->id, a->frame + i, gfn(g));
        }
    }
    return err;
}

static int64_t acquire_resource(struct vcpu *v, struct guest_handle arg)
{
    struct xen_mem_acquire_resource a;
    struct domain *d;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_xen_mem_acquire_resource);

    if (err == 0 && (a.pad != 0 || a.frame > UINT32_MAX - a.nr_frames)) {
        err = -XEN_EINVAL;
    }
    if (err == 0) {
        err = control_get_or_self(v, a.domid, CONTROL_PLUMB, &d);
    }
    if (err != 0) {
        return err;
    }
    err = CONFIG_GRANT && a.type == XENMEM_resource_grant_table ? take_resource(v, d, arg, &a) : -XEN_EOPNOTSUPP;
    control_put(v, d);
    return err;
}

int64_t hypercall_memory_op(struct vcpu *v, uint64_t *a)
{
    struct guest_handle arg = guest_handle(a[1]);
    unsigned command = (unsigned)a[0] & COMMAND_MASK;

    /* Only lists have a beginning other than 0. */
    if ((uint32_t)a[0] >> COMMAND_BITS != 0 && command != XENMEM_increase_reservation &&
        command != XENMEM_decrease_reservation && command != XENMEM_populate_physmap &&
        command != XENMEM_add_to_physmap_batch) {
        return command < XENMEM_get_vnumainfo ? -XEN_EINVAL : -XEN_ENOSYS;
    }
    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return CONFIG_BALLOON ? change_reservation(v, a) : -XEN_ENOSYS;
    case XENMEM_maximum_ram_page:
        /* No machine address is told: the end of the guest's own memory. It never fails. */
        return (int64_t)__atomic_load_n(&v->domain->p2m.highest, __ATOMIC_RELAXED) + 1;
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        /* They never fail, and no page is shared without its owner's knowledge. */
        return 0;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return tell_reservation(v, command, arg);
    case XENMEM_add_to_physmap:
        return add_to_physmap(v, arg);
    case XENMEM_add_to_physmap_batch:
        return add_to_physmap_batch(v, a);
    case XENMEM_remove_from_physmap:
        return remove_from_physmap(v, arg);
    case XENMEM_acquire_resource:
        return acquire_resource(v, arg);
    case XENMEM_claim_pages:
        return CONFIG_CONTROL ? claim_pages(v, arg) : -XEN_ENOSYS;
    case XENMEM_exchange:
        /* For guests without a second stage of translation only. */
        return -XEN_EOPNOTSUPP;
    case XENMEM_get_vnumainfo:
        return -XEN_EOPNOTSUPP;
    default:
        return ARCH_GUEST_HAS_OWN_OPS ? arch_memory_op(v, command, arg) : -XEN_ENOSYS;
    }
}
