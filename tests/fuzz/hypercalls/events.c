/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels: every operation, on ports that are mostly there; and what a guest does with the bits and words.
 */
#include "hypercalls.h"

/* A port of D's, in state STATE if there is one. */
static uint32_t port_in(const struct domain *d, int state)
{
    uint32_t count = d != NULL ? d->evtchn.port_count : 0, from = count != 0 ? byte() % MIN(count, 48U) : 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t port = (from + i) % count;

        if (evtchn_at(&d->evtchn, port)->state == state) {
            return port;
        }
    }
    return byte() % 16;
}

static uint32_t any_port(const struct domain *d)
{
    unsigned kind = byte();

    if (kind < 40) {
        return kind % 16;
    }
    if (kind < 48) {
        return kind < 44 ? d->evtchn.port_count + kind % 2 : (uint32_t)number();
    }
    return port_in(d, kind < 120 ? EVTCHN_INTERDOMAIN : kind < 150 ? EVTCHN_UNBOUND : kind < 190 ? EVTCHN_VIRQ :
                      kind < 240 ? EVTCHN_IPI : EVTCHN_CONSUMED);
}

/* A port of PEER's that waits for D. */
static uint32_t waiting_port(const struct domain *peer, const struct domain *d)
{
    for (uint32_t port = 1; peer != NULL && port < peer->evtchn.port_count; port++) {
        const struct evtchn *c = evtchn_at(&peer->evtchn, port);

        if (c->state == EVTCHN_UNBOUND && c->remote_id == d->id && !once_in(4)) {
            return port;
        }
    }
    return port_in(peer, EVTCHN_UNBOUND);
}

static uint32_t any_vcpu(const struct domain *d)
{
    unsigned kind = byte();

    return kind < 240 ? kind % d->vcpu_count : kind < 250 ? d->vcpu_count : (uint32_t)number();
}

static void bind_interdomain(struct vcpu *v, struct evtchn_bind_interdomain *a)
{
    struct domain *peer;

    a->remote_dom = any_domid(v->domain);
    peer = domain_get(a->remote_dom == DOMID_SELF ? v->domain->id : a->remote_dom);
    a->remote_port = waiting_port(peer, v->domain);
    if (peer != NULL) {
        domain_put(peer);
    }
}

void event_call(struct vcpu *v, struct call *c)
{
    static const uint8_t operations[] = {
        EVTCHNOP_alloc_unbound, EVTCHNOP_alloc_unbound, EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain,
        EVTCHNOP_bind_interdomain, EVTCHNOP_bind_interdomain, EVTCHNOP_bind_virq, EVTCHNOP_bind_ipi, EVTCHNOP_close,
        EVTCHNOP_close, EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_send, EVTCHNOP_status, EVTCHNOP_bind_vcpu,
        EVTCHNOP_unmask, EVTCHNOP_unmask, EVTCHNOP_init_control, EVTCHNOP_expand_array, EVTCHNOP_set_priority,
        EVTCHNOP_set_priority, EVTCHNOP_bind_pirq, EVTCHNOP_reset,
    };
    struct domain *d = v->domain;
    unsigned kind = byte();
    union {
        struct evtchn_alloc_unbound alloc_unbound;
        struct evtchn_bind_interdomain bind_interdomain;
        struct evtchn_bind_virq bind_virq;
        struct evtchn_bind_pirq bind_pirq;
        struct evtchn_bind_ipi bind_ipi;
        struct evtchn_close close;
        struct evtchn_send send;
        struct evtchn_status status;
        struct evtchn_bind_vcpu bind_vcpu;
        struct evtchn_unmask unmask;
        struct evtchn_reset reset;
        struct evtchn_init_control init_control;
        struct evtchn_expand_array expand_array;
        struct evtchn_set_priority set_priority;
    } u;

    memset(&u, 0, sizeof(u));
    c->number = __HYPERVISOR_event_channel_op;
    c->a[0] = kind >= 252 ? number() : operations[kind % ARRAY_COUNT(operations)];
    if (c->a[0] == EVTCHNOP_reset && !once_in(4)) {
        c->a[0] = EVTCHNOP_send;
    }
    switch (c->a[0]) {
    case EVTCHNOP_alloc_unbound:
        u.alloc_unbound.dom = own_domid(d, 16);
        u.alloc_unbound.remote_dom = any_domid(d);
        break;
    case EVTCHNOP_bind_interdomain:
        bind_interdomain(v, &u.bind_interdomain);
        break;
    case EVTCHNOP_bind_virq:
        u.bind_virq.virq = byte() % 26;
        u.bind_virq.vcpu = byte() % 2 == 0 ? 0 : any_vcpu(d);
        break;
    case EVTCHNOP_bind_ipi:
        u.bind_ipi.vcpu = any_vcpu(d);
        break;
    case EVTCHNOP_status:
        u.status.dom = own_domid(d, 16);
        u.status.port = any_port(d);
        break;
    case EVTCHNOP_bind_vcpu:
        u.bind_vcpu.port = any_port(d);
        u.bind_vcpu.vcpu = any_vcpu(d);
        break;
    case EVTCHNOP_reset:
        u.reset.dom = own_domid(d, 16);
        break;
    case EVTCHNOP_init_control:
        u.init_control.control_gfn = once_in(16) ? any_page() : any_ram(v->domain);
        u.init_control.offset = once_in(8) ? (uint32_t)number() : byte() * 8;
        u.init_control.vcpu = any_vcpu(d);
        break;
    case EVTCHNOP_expand_array:
        u.expand_array.array_gfn = once_in(16) ? any_page() : any_ram(v->domain);
        break;
    case EVTCHNOP_set_priority:
        u.set_priority.port = any_port(d);
        u.set_priority.priority = byte() % 17;
        break;
    default:
        /* close, send, unmask and what is unknown begin with a port. */
        u.send.port = any_port(d);
        break;
    }
    c->a[1] = put_new(v, &u, sizeof(u));
}

/* Many ports at once, and many events. */
void event_fill(struct vcpu *v)
{
    unsigned count = byte() * 5;
    bool ipi = byte() % 2 == 0;

    for (unsigned i = 0; i < count; i++) {
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = v->domain->id };
        struct evtchn_bind_ipi b = { .vcpu = 0 };
        struct call c = { .number = __HYPERVISOR_event_channel_op,
                          .a = { ipi ? EVTCHNOP_bind_ipi : EVTCHNOP_alloc_unbound } };

        c.a[1] = ipi ? put_new(v, &b, sizeof(b)) : put_new(v, &a, sizeof(a));
        (void)hypercall_dispatch(v, c.number, c.a);
        call_count++;
        if (ipi) {
            struct evtchn_send s = { .port = i + 1 };

            c.a[0] = EVTCHNOP_send;
            c.a[1] = put_new(v, &s, sizeof(s));
            (void)hypercall_dispatch(v, c.number, c.a);
            call_count++;
        }
    }
}

/* Words of the FIFO, its control blocks, or bits of the shared page, as the guest finds them and as it should not. */
void event_write(struct vcpu *v)
{
    struct domain *d = v->domain;
    const struct evtchn_fifo *f = d->evtchn.fifo;
    uint32_t port = any_port(d), word;
    mfn_t m;

    if (f != NULL && port / EVTCHN_FIFO_WORDS < f->page_count) {
        event_word_t *w = (event_word_t *)host_peek(m = f->array[port / EVTCHN_FIFO_WORDS]) + port % EVTCHN_FIFO_WORDS;

        word = *w;
        switch (byte() % 8) {
        case 0: word = (uint32_t)number(); break;
        case 1: word ^= 1U << EVTCHN_FIFO_LINKED; break;
        case 2: word ^= 1U << EVTCHN_FIFO_MASKED; break;
        case 3: word ^= 1U << EVTCHN_FIFO_BUSY; break;
        default: word = 0; break;
        }
        *w = word;
    } else {
        xen_ulong_t *bits = host_peek(m = d->shared_info);
        size_t first = byte() % 2 == 0 ? offsetof(struct shared_info, evtchn_mask)
                                       : offsetof(struct shared_info, evtchn_pending);
        size_t at = byte() % 4 == 0 ? byte() % 512 : first / sizeof(*bits);

        bits[at] = byte() % 2 == 0 ? 0 : number();
    }
    host_peek_end(m);
}
