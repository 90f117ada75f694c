/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op: every operation, on pages that are mostly there or mostly not.
 */
#include "hypercalls.h"

#define LIST_MAX 6

static void reservation(struct vcpu *v, struct call *c)
{
    struct xen_memory_reservation r = { .domid = own_domid(v->domain, 16) };
    unsigned order = once_in(8) ? 1 + byte() % 3 : 0, count = 1 + byte() % LIST_MAX;
    xen_pfn_t list[LIST_MAX];

    if (once_in(128)) {
        order = byte() % 12;
    }
    for (unsigned i = 0; i < count; i++) {
        list[i] = once_in(16) ? any_page() : c->a[0] == XENMEM_decrease_reservation ? any_ram(v->domain)
                                                                                    : any_hole(v->domain);
        if (order >= 9) {
            list[i] = 0x50000 + ((uint64_t)i << order);
        } else if (order != 0 && !once_in(8)) {
            list[i] = ALIGN_DOWN(list[i], 1UL << order);
        }
    }
    r.extent_order = order;
    r.nr_extents = once_in(64) ? number() : count;
    r.mem_flags = once_in(32) ? (unsigned)number() : 0;
    *(uint64_t *)&r.extent_start = put_new(v, list, count * sizeof(list[0]));
    c->a[1] = put_new(v, &r, sizeof(r));
    c->a[0] |= once_in(64) ? number() << 6 : 0;
}

static uint64_t any_index(void)
{
    unsigned kind = byte();

    return kind < 200 ? kind % 4 : kind < 230 ? XENMAPIDX_grant_table_status | kind % 2 : kind < 250 ? kind : number();
}

static uint32_t any_space(void)
{
    unsigned kind = byte();

    if (has_control && kind < 120) {
        return XENMAPSPACE_gmfn_foreign;
    }
    return kind < 60 ? XENMAPSPACE_shared_info : kind < 220 ? XENMAPSPACE_grant_table : kind % 8;
}

static uint64_t where(void)
{
    return byte() % 4 == 0 ? any_page() : any_place();
}

static void add(struct vcpu *v, struct call *c)
{
    struct xen_add_to_physmap a = { .domid = own_domid(v->domain, 16), .space = any_space() };

    a.idx = a.space == XENMAPSPACE_shared_info && !once_in(16) ? 0 : any_index();
    a.gpfn = where();
    c->a[1] = put_new(v, &a, sizeof(a));
}

static void add_batch(struct vcpu *v, struct call *c)
{
    struct xen_add_to_physmap_batch b = { .domid = own_domid(v->domain, 16), .space = (uint16_t)any_space() };
    unsigned count = 1 + byte() % LIST_MAX;
    xen_ulong_t index[LIST_MAX];
    xen_pfn_t page[LIST_MAX];

    for (unsigned i = 0; i < count; i++) {
        index[i] = b.space == XENMAPSPACE_gmfn_foreign ? any_page() : any_index();
        page[i] = where();
    }
    b.size = (uint16_t)(once_in(64) ? number() : count);
    b.u.foreign_domid = b.space == XENMAPSPACE_gmfn_foreign || once_in(32) ? any_domid(v->domain) : 0;
    *(uint64_t *)&b.idxs = put_new(v, index, count * sizeof(index[0]));
    *(uint64_t *)&b.gpfns = put_new(v, page, count * sizeof(page[0]));
    *(uint64_t *)&b.errs = room(count * sizeof(int));
    c->a[1] = put_new(v, &b, sizeof(b));
    c->a[0] |= once_in(64) ? number() << 6 : 0;
}

static void acquire(struct vcpu *v, struct call *c)
{
    struct xen_mem_acquire_resource a = { .domid = own_domid(v->domain, 16) };
    xen_pfn_t page[LIST_MAX];

    a.type = once_in(8) ? (uint16_t)byte() : XENMEM_resource_grant_table;
    a.id = once_in(16) ? (uint32_t)number() : byte() % 2;
    a.nr_frames = once_in(16) ? (uint32_t)number() : 1 + byte() % 3;
    a.frame = once_in(16) ? number() : byte() % 4;
    a.pad = once_in(32);
    for (unsigned i = 0; i < LIST_MAX; i++) {
        page[i] = where();
    }
    if (once_in(4)) {
        a.nr_frames = once_in(4);
    } else {
        *(uint64_t *)&a.frame_list = put_new(v, page, sizeof(page));
    }
    c->a[1] = put_new(v, &a, sizeof(a));
}

static void remove_page(struct vcpu *v, struct call *c)
{
    struct xen_remove_from_physmap a = { .domid = own_domid(v->domain, 16) };
    unsigned kind = byte();

    a.gpfn = kind < 60 ? any_ram(v->domain) : kind < 220 ? any_place() : any_page();
    c->a[1] = put_new(v, &a, sizeof(a));
}

/* Up to all that is free: then the others get nothing more. */
static void claim(struct vcpu *v, struct call *c)
{
    struct xen_memory_reservation r = { .domid = any_domid(v->domain) };
    unsigned kind = byte();

    r.nr_extents = kind < 60 ? 0 : kind < 200 ? kind : kind < 240 ? page_alloc_free_count() + kind % 64 : number();
    r.extent_order = once_in(32);
    r.mem_flags = once_in(32);
    c->a[1] = put_new(v, &r, sizeof(r));
}

/* What is refused, as a guest would ask for it. */
static void refused(struct vcpu *v, struct call *c)
{
    union {
        domid_t domid;
        struct xen_memory_exchange exchange;
        struct xen_vnuma_topology_info vnuma;
        uint8_t raw[96];
    } u;

    memset(&u, 0, sizeof(u));
    if (c->a[0] == XENMEM_exchange) {
        xen_pfn_t list[2] = { any_ram(v->domain), any_ram(v->domain) };

        u.exchange.in = (struct xen_memory_reservation){ .nr_extents = 1, .domid = DOMID_SELF };
        u.exchange.out = u.exchange.in;
        *(uint64_t *)&u.exchange.in.extent_start = put_new(v, list, sizeof(list));
        *(uint64_t *)&u.exchange.out.extent_start = *(uint64_t *)&u.exchange.in.extent_start;
    } else {
        u.domid = own_domid(v->domain, 16);
    }
    c->a[1] = put_new(v, &u, sizeof(u));
}

void memory_call(struct vcpu *v, struct call *c)
{
    static const uint8_t operations[] = {
        XENMEM_populate_physmap, XENMEM_populate_physmap, XENMEM_populate_physmap, XENMEM_decrease_reservation,
        XENMEM_decrease_reservation, XENMEM_increase_reservation, XENMEM_exchange, XENMEM_add_to_physmap,
        XENMEM_add_to_physmap, XENMEM_add_to_physmap, XENMEM_add_to_physmap_batch, XENMEM_add_to_physmap_batch,
        XENMEM_remove_from_physmap, XENMEM_remove_from_physmap, XENMEM_remove_from_physmap, XENMEM_acquire_resource,
        XENMEM_acquire_resource, XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
        XENMEM_get_vnumainfo, XENMEM_memory_map,
    };
    unsigned kind = byte();

    c->number = __HYPERVISOR_memory_op;
    c->a[0] = kind >= 253 ? number() : operations[kind % ARRAY_COUNT(operations)];
    if (has_control && kind >= 246 && kind < 253) {
        c->a[0] = XENMEM_claim_pages;
    }
    switch (c->a[0]) {
    case XENMEM_populate_physmap: case XENMEM_decrease_reservation: case XENMEM_increase_reservation:
        reservation(v, c);
        break;
    case XENMEM_add_to_physmap:
        add(v, c);
        break;
    case XENMEM_add_to_physmap_batch:
        add_batch(v, c);
        break;
    case XENMEM_remove_from_physmap:
        remove_page(v, c);
        break;
    case XENMEM_acquire_resource:
        acquire(v, c);
        break;
    case XENMEM_claim_pages:
        claim(v, c);
        break;
    default:
        refused(v, c);
        break;
    }
}
