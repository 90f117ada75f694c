/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argo: rings, messages and questions, and what a ring's owner writes into it.
 */
#include "hypercalls.h"

#define RING_PAGES 24

static uint16_t any_partner(const struct domain *d)
{
    return byte() % 4 == 0 ? XEN_ARGO_DOMID_ANY : any_domid(d);
}

static void register_ring(struct vcpu *v, struct call *c)
{
    struct xen_argo_register_ring r = { .aport = byte() % 2, .partner_id = any_partner(v->domain) };
    unsigned count = 1 + byte() % RING_PAGES;
    uint64_t page[RING_PAGES];

    r.len = (uint32_t)(byte() % 8 != 0 ? count * PAGE_SIZE - 64 - byte() % 4 * 16 : number());
    for (unsigned i = 0; i < count; i++) {
        page[i] = byte() % 64 == 0 ? any_page() : any_ram(v->domain);
    }
    c->a[1] = put_new(v, &r, sizeof(r));
    c->a[2] = put_new(v, page, count * sizeof(page[0]));
    c->a[3] = byte() % 16 != 0 ? count : number();
    c->a[4] = byte() % 4 == 0;
}

static void send(struct vcpu *v, struct call *c)
{
    struct xen_argo_send_addr address = { .src = { .domain_id = XEN_ARGO_DOMID_ANY },
                                          .dst = { .aport = byte() % 2, .domain_id = any_domid(v->domain) } };
    struct xen_argo_iov iov[XEN_ARGO_MAXIOV + 2];
    unsigned count = byte() % ARRAY_COUNT(iov);

    if (address.dst.domain_id == DOMID_SELF) {
        address.dst.domain_id = v->domain->id;
    }
    memset(iov, 0, sizeof(iov));
    for (unsigned i = 0; i < count; i++) {
        uint64_t page = once_in(16) ? any_page() : any_ram(v->domain);

        iov[i].iov_len = (uint32_t)(byte() % 8 != 0 ? byte() << byte() % 9 : number());
        iov[i].iov_hnd.p = (void *)(uintptr_t)((page << PAGE_SHIFT) + byte() * 16);
    }
    c->a[1] = put_new(v, &address, sizeof(address));
    c->a[2] = put_new(v, iov, count * sizeof(iov[0]));
    c->a[3] = count;
    c->a[4] = byte();
}

static void notify(struct vcpu *v, struct call *c)
{
    struct { struct { uint32_t nent, pad; } count; struct xen_argo_ring_data_ent entry[4]; } data;

    memset(&data, 0, sizeof(data));
    data.count.nent = byte() % 5;
    for (unsigned i = 0; i < data.count.nent; i++) {
        data.entry[i].ring = (struct xen_argo_addr){ .aport = byte() % 2, .domain_id = any_domid(v->domain) };
        data.entry[i].space_required = (uint32_t)number();
    }
    c->a[1] = once_in(8) ? 0 : put_new(v, &data, sizeof(data));
}

void argo_call(struct vcpu *v, struct call *c)
{
    unsigned kind = byte();

    c->number = __HYPERVISOR_argo_op;
    c->a[0] = kind < 80 ? XEN_ARGO_OP_register_ring : kind < 95 ? XEN_ARGO_OP_unregister_ring :
              kind < 200 ? XEN_ARGO_OP_sendv : kind < 250 ? XEN_ARGO_OP_notify : number();
    if (c->a[0] == XEN_ARGO_OP_register_ring) {
        register_ring(v, c);
    } else if (c->a[0] == XEN_ARGO_OP_sendv) {
        send(v, c);
    } else if (c->a[0] == XEN_ARGO_OP_notify) {
        notify(v, c);
    } else {
        struct xen_argo_unregister_ring r = { .aport = byte() % 2, .partner_id = any_partner(v->domain) };

        c->a[1] = put_new(v, &r, sizeof(r));
    }
}

/* The owner writes its positions. */
void argo_write(struct vcpu *v)
{
    const struct argo_domain *a = v->domain->argo;
    uint32_t positions[2] = { (uint32_t)number(), (uint32_t)number() };

    for (uint32_t i = 0; a != NULL && i < a->slot_end; i++) {
        const struct argo_ring *r = a->slot[i].ring;

        if (r != NULL && r->page_count != 0 && byte() % 2 == 0) {
            memcpy(host_peek(mfn(r->page[0])), positions, sizeof(positions));
            host_peek_end(mfn(r->page[0]));
        }
    }
}
