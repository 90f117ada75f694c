/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_channel_op: a guest's operations on its channels (event_channel.h).
 */
#include "bh/control.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/policy.h"
#include "bh/pv_console.h"
#include "bh/start_order.h"
#include "bh/vcpu.h"
#include "bh/vuart.h"

static int get_peer(struct vcpu *v, uint16_t id, struct domain **out)
{
    struct domain *peer = domain_get(id == DOMID_SELF ? v->domain->id : id);

    if (peer == NULL) {
        return -XEN_ESRCH;
    }
    *out = peer;
    return 0;
}

/* Req: BH-EVT-004 */
static int alloc_unbound(struct vcpu *v, struct evtchn_alloc_unbound *a)
{
    struct domain *d, *peer;
    uint32_t port = 0;
    int err = control_get_or_self(v, a->dom, CONTROL_PLUMB, &d);

    if (err != 0) {
        return err;
    }
    err = get_peer(v, a->remote_dom, &peer);
    if (err != 0) {
        control_put(v, d);
        return err;
    }
    err = policy_ask(d, peer, POLICY_EVENT) ? 0 : -XEN_EPERM;
    if (CONFIG_CONTROL && d->vcpus[0] == NULL) {
        /* Nobody could be told. */
        err = -XEN_EINVAL;
    }
    spin_lock(&d->evtchn.lock);
    if (err == 0) {
        err = evtchn_find_free(d, &port);
    }
    if (err == 0) {
        evtchn_occupy(d, port, EVTCHN_UNBOUND)->remote_id = peer->id;
        a->port = port;
    }
    spin_unlock(&d->evtchn.lock);
    domain_put(peer);
    control_put(v, d);
    return err;
}

/* Req: BH-EVT-004 */
static int bind_interdomain(struct vcpu *v, struct evtchn_bind_interdomain *a)
{
    struct domain *d = v->domain, *peer;
    struct evtchn *r;
    uint32_t port = 0;
    int err = get_peer(v, a->remote_dom, &peer);

    if (err != 0) {
        return err;
    }
    evtchn_lock_both(d, peer);
    err = evtchn_find_free(d, &port);
    r = evtchn_at(&peer->evtchn, a->remote_port);
    if (err == 0 && (r == NULL || r->state != EVTCHN_UNBOUND || r->remote_id != d->id)) {
        err = -XEN_EINVAL;
    }
    if (err == 0 && !policy_ask(d, peer, POLICY_EVENT)) {
        err = -XEN_EPERM;
    }
    if (err == 0) {
        evtchn_pair(d, port, peer, a->remote_port);
        r->state = EVTCHN_INTERDOMAIN;
        r->remote = d;
        r->remote_port = port;
        /* What was sent before there was anybody to hear it. */
        evtchn_set_pending(d, port, evtchn_at(&d->evtchn, port));
        a->local_port = port;
    }
    evtchn_unlock_both(d, peer);
    domain_put(peer);
    return err;
}

bool evtchn_virq_is_global(uint32_t virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

/* Req: BH-EVT-005 */
static int bind_virq(struct vcpu *v, struct evtchn_bind_virq *a)
{
    struct domain *d = v->domain;
    struct vcpu *target;
    uint32_t port = 0;
    int err = 0;

    if (a->virq >= ARRAY_COUNT(v->evtchn.virq_port) || (evtchn_virq_is_global(a->virq) && a->vcpu != 0)) {
        return -XEN_EINVAL;
    }
    if (a->vcpu >= d->vcpu_count || d->vcpus[a->vcpu] == NULL) {
        return -XEN_ENOENT;
    }
    target = d->vcpus[a->vcpu];
    spin_lock(&d->evtchn.lock);
    if (target->evtchn.virq_port[a->virq] != 0) {
        err = -XEN_EEXIST;
    }
    if (err == 0) {
        err = evtchn_find_free(d, &port);
    }
    if (err == 0) {
        struct evtchn *c = evtchn_occupy(d, port, EVTCHN_VIRQ);

        c->virq = (uint16_t)a->virq;
        c->vcpu = target->id;
        target->evtchn.virq_port[a->virq] = port;
        a->port = port;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

/* Req: BH-EVT-005 */
static int bind_ipi(struct vcpu *v, struct evtchn_bind_ipi *a)
{
    struct domain *d = v->domain;
    uint32_t port = 0;
    int err;

    if (a->vcpu >= d->vcpu_count || d->vcpus[a->vcpu] == NULL) {
        return -XEN_ENOENT;
    }
    spin_lock(&d->evtchn.lock);
    err = evtchn_find_free(d, &port);
    if (err == 0) {
        evtchn_occupy(d, port, EVTCHN_IPI)->vcpu = (uint16_t)a->vcpu;
        a->port = port;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

/*
 * Port C of D, which is locked, is no channel between guests: an end of it is the hypervisor's, or it leads nowhere. D is
 * unlocked.
 */
static COLD int send_otherwise(struct domain *d, const struct evtchn *c) NO_LOCK_ANALYSIS
{
    bool is_consumed = c->state == EVTCHN_CONSUMED;
    enum evtchn_consumer consumer = c->remote_id;
    struct domain *hears = NULL;
    int err = is_consumed || (c->state == EVTCHN_UNBOUND && !c->is_ours) ? 0 : -XEN_EINVAL;

    if (CONFIG_VUART && c->state == EVTCHN_INTERDOMAIN && !c->is_ours) {
        /* While they are bound and D is locked it is there. */
        hears = c->remote;
        __atomic_fetch_add(&hears->users, 1, __ATOMIC_ACQUIRE);
        consumer = evtchn_at(&hears->evtchn, c->remote_port)->virq;
        err = 0;
    }
    spin_unlock(&d->evtchn.lock);
    if (CONFIG_PV_CONSOLE && is_consumed && consumer == CONSUMER_CONSOLE) {
        pv_console_notified(d);
    }
    if (CONFIG_VUART && hears != NULL) {
        if (consumer == CONSUMER_VUART) {
            vuart_notified(hears);
        }
        domain_put(hears);
    }
    return err;
}

/* Is an end of C, which is bound to R, the hypervisor's? */
static inline bool is_otherwise(const struct evtchn *c, const struct evtchn *r)
{
    return CONFIG_VUART && (c->is_ours | r->is_ours) != 0;
}

/* Req: BH-EVT-001 */
static ALWAYS_INLINE int send(struct vcpu *v, uint32_t port) NO_LOCK_ANALYSIS
{
    struct domain *d = v->domain;
    struct evtchn *c;
    int err = 0;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (unlikely(c == NULL)) {
        err = -XEN_EINVAL;
    } else if (likely(c->state == EVTCHN_INTERDOMAIN)) {
        struct evtchn *r = evtchn_at(&c->remote->evtchn, c->remote_port);

        if (unlikely(is_otherwise(c, r))) {
            return send_otherwise(d, c);
        }
        evtchn_set_pending(c->remote, c->remote_port, r);
    } else if (c->state == EVTCHN_IPI) {
        evtchn_set_pending(d, port, c);
    } else {
        return send_otherwise(d, c);
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

/* Req: BH-EVT-006 */
static int status(struct vcpu *v, struct evtchn_status *a)
{
    struct domain *d;
    const struct evtchn *c;
    int err = control_get_or_self(v, a->dom, CONTROL_SEE, &d);

    if (err != 0) {
        return err;
    }
    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, a->port);
    if (c == NULL) {
        err = -XEN_EINVAL;
    } else if (c->is_ours) {
        err = -XEN_EACCES;
    } else {
        a->vcpu = c->vcpu;
        switch ((enum evtchn_state)c->state) {
        case EVTCHN_FREE:
            a->status = EVTCHNSTAT_closed;
            break;
        case EVTCHN_UNBOUND:
            a->status = EVTCHNSTAT_unbound;
            a->u.unbound.dom = c->remote_id;
            break;
        case EVTCHN_INTERDOMAIN:
            a->status = EVTCHNSTAT_interdomain;
            a->u.interdomain.dom = c->remote->id;
            a->u.interdomain.port = c->remote_port;
            break;
        case EVTCHN_VIRQ:
            a->status = EVTCHNSTAT_virq;
            a->u.virq = c->virq;
            break;
        case EVTCHN_IPI:
            a->status = EVTCHNSTAT_ipi;
            break;
        case EVTCHN_CONSUMED:
            a->status = EVTCHNSTAT_interdomain;
            a->u.interdomain.dom = DOMID_XEN;
            a->u.interdomain.port = 0;
            break;
        }
    }
    spin_unlock(&d->evtchn.lock);
    control_put(v, d);
    return err;
}

static int bind_vcpu(struct vcpu *v, uint32_t port, uint32_t vcpu)
{
    struct domain *d = v->domain;
    struct evtchn *c;
    int err = 0;

    if (vcpu >= d->vcpu_count || d->vcpus[vcpu] == NULL) {
        return -XEN_ENOENT;
    }
    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (c == NULL || c->is_ours || !(c->state == EVTCHN_UNBOUND || c->state == EVTCHN_INTERDOMAIN || c->state == EVTCHN_CONSUMED ||
                       (c->state == EVTCHN_VIRQ && evtchn_virq_is_global(c->virq)))) {
        err = -XEN_EINVAL;
    } else {
        __atomic_store_n(&c->vcpu, (uint16_t)vcpu, __ATOMIC_RELAXED);
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

static int unmask(struct vcpu *v, uint32_t port)
{
    struct domain *d = v->domain;
    struct evtchn *c;
    int err = 0;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (c == NULL) {
        err = -XEN_EINVAL;
    } else if (c->state == EVTCHN_FREE) {
        err = 0;
    } else if (d->evtchn.fifo != NULL) {
        evtchn_fifo_unmask(d, port, c);
    } else {
        evtchn_2l_unmask(d, port, c);
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

static int set_priority(struct vcpu *v, const struct evtchn_set_priority *a)
{
    struct domain *d = v->domain;
    struct evtchn *c;
    int err = 0;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, a->port);
    if (c == NULL) {
        err = -XEN_EINVAL;
    } else if (d->evtchn.fifo == NULL) {
        err = -XEN_ENOSYS;
    } else if (c->state == EVTCHN_FREE) {
        err = -XEN_EACCES;
    } else if (a->priority > EVTCHN_FIFO_PRIORITY_MIN) {
        err = -XEN_EINVAL;
    } else {
        __atomic_store_n(&c->priority, (uint8_t)a->priority, __ATOMIC_RELAXED);
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

/* Are all ports free but those that the hypervisor listens to? */
static bool all_are_free(const struct domain *d)
{
    for (uint32_t port = 0; port < d->evtchn.port_count; port++) {
        const struct evtchn *c = evtchn_at(&d->evtchn, port);

        if (c->state != EVTCHN_FREE && c->state != EVTCHN_CONSUMED && !c->is_ours) {
            return false;
        }
    }
    return true;
}

/* The progress is in the ports: what is closed needs no second look. */
static int64_t reset(struct vcpu *v, uint16_t id)
{
    struct domain *d;
    uint32_t from = 0;
    int err = control_get_or_self(v, id, CONTROL_PLUMB, &d);

    if (err != 0) {
        return err;
    }
    while (!evtchn_close_some(d, &from, true)) {
        if (hypercall_must_yield()) {
            control_put(v, d);
            return HYPERCALL_RESTART;
        }
    }
    spin_lock(&d->evtchn.lock);
    if (all_are_free(d)) {
        evtchn_fifo_reset(d);
    } else {
        err = -XEN_EAGAIN;
    }
    spin_unlock(&d->evtchn.lock);
    control_put(v, d);
    return err;
}

/*
 * Who sends to D does so under the lock of its own domain: after each was free once, nobody is at it any more who has
 * not seen which ABI D has now.
 */
static void let_senders_finish(const struct domain *d)
{
    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL && domain_table[i] != d) {
            spin_lock(&domain_table[i]->evtchn.lock);
            spin_unlock(&domain_table[i]->evtchn.lock);
        }
    }
    domain_list_unlock();
}

static int init_control(struct vcpu *v, struct evtchn_init_control *a)
{
    struct domain *d = v->domain;
    int err;

    bool switched;

    spin_lock(&d->evtchn.lock);
    switched = d->evtchn.fifo == NULL;
    err = evtchn_fifo_init_control(d, a);
    switched = switched && d->evtchn.fifo != NULL;
    spin_unlock(&d->evtchn.lock);
    if (switched) {
        let_senders_finish(d);
        spin_lock(&d->evtchn.lock);
        evtchn_fifo_adopt(d);
        spin_unlock(&d->evtchn.lock);
    }
    return err;
}

static int64_t expand_array(struct vcpu *v, const struct evtchn_expand_array *a)
{
    struct domain *d = v->domain;
    int err;

    do {
        spin_lock(&d->evtchn.lock);
        err = evtchn_fifo_expand_array(d, a);
        spin_unlock(&d->evtchn.lock);
    } while (err == EVTCHN_GO_ON && !hypercall_must_yield());
    return err == EVTCHN_GO_ON ? HYPERCALL_RESTART : err;
}

/* The arguments of every operation, and whether the guest gets them back. */
union arguments {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_close close;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
};

static int bind_pirq(void)
{
    /* No physical interrupt is routed to an event channel: guests have interrupt controllers. */
    return -XEN_EINVAL;
}

static const struct {
    uint8_t size;
    bool is_result;
} argument_kind[] = {
    [EVTCHNOP_alloc_unbound] = { sizeof(struct evtchn_alloc_unbound), true },
    [EVTCHNOP_bind_interdomain] = { sizeof(struct evtchn_bind_interdomain), true },
    [EVTCHNOP_bind_virq] = { sizeof(struct evtchn_bind_virq), true },
    [EVTCHNOP_bind_pirq] = { sizeof(struct evtchn_bind_pirq), true },
    [EVTCHNOP_bind_ipi] = { sizeof(struct evtchn_bind_ipi), true },
    [EVTCHNOP_close] = { sizeof(struct evtchn_close), false },
    [EVTCHNOP_status] = { sizeof(struct evtchn_status), true },
    [EVTCHNOP_bind_vcpu] = { sizeof(struct evtchn_bind_vcpu), false },
    [EVTCHNOP_unmask] = { sizeof(struct evtchn_unmask), false },
    [EVTCHNOP_reset] = { sizeof(struct evtchn_reset), false },
    [EVTCHNOP_init_control] = { sizeof(struct evtchn_init_control), true },
    [EVTCHNOP_expand_array] = { sizeof(struct evtchn_expand_array), false },
    [EVTCHNOP_set_priority] = { sizeof(struct evtchn_set_priority), false },
};

static int64_t perform(struct vcpu *v, uint32_t command, union arguments *a)
{
    switch (command) {
    case EVTCHNOP_alloc_unbound:
        return alloc_unbound(v, &a->alloc_unbound);
    case EVTCHNOP_bind_interdomain:
        return bind_interdomain(v, &a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return bind_virq(v, &a->bind_virq);
    case EVTCHNOP_bind_pirq:
        return bind_pirq();
    case EVTCHNOP_bind_ipi:
        return bind_ipi(v, &a->bind_ipi);
    case EVTCHNOP_close:
        return evtchn_close_port(v->domain, a->close.port, true);
    case EVTCHNOP_status:
        return status(v, &a->status);
    case EVTCHNOP_bind_vcpu:
        return bind_vcpu(v, a->bind_vcpu.port, a->bind_vcpu.vcpu);
    case EVTCHNOP_unmask:
        return unmask(v, a->unmask.port);
    case EVTCHNOP_reset:
        return reset(v, a->reset.dom);
    case EVTCHNOP_init_control:
        return init_control(v, &a->init_control);
    case EVTCHNOP_expand_array:
        return expand_array(v, &a->expand_array);
    default:
        return set_priority(v, &a->set_priority);
    }
}

static COLD int64_t other_operation(struct vcpu *v, uint32_t command, struct guest_handle arg)
{
    union arguments arguments;
    int64_t result;

    if (command >= ARRAY_COUNT(argument_kind) || argument_kind[command].size == 0) {
        return -XEN_ENOSYS;
    }
    result = guest_copy_from(v, &arguments, arg, argument_kind[command].size);
    if (result == 0 && argument_kind[command].is_result) {
        /* Can the result be told? If not nothing is to be done. */
        result = guest_copy_to(v, arg, &arguments, argument_kind[command].size);
    }
    if (result == 0) {
        result = perform(v, command, &arguments);
    }
    if (result == 0 && argument_kind[command].is_result &&
        guest_copy_to(v, arg, &arguments, argument_kind[command].size) != 0) {
        result = -XEN_EFAULT;
    }
    return result;
}

/* V's domain may say by its PORT that it is ready. */
static COLD int64_t send_ready(struct vcpu *v, uint32_t port)
{
    int err = send(v, port);

    if (err == 0) {
        start_order_ready(v->domain);
    }
    return err;
}

/* Guests send far more often than they do anything else. */
int64_t hypercall_event_channel_op(struct vcpu *v, uint64_t *a)
{
    uint32_t port;
    int err;

    if (unlikely((uint32_t)a[0] != EVTCHNOP_send)) {
        return other_operation(v, (uint32_t)a[0], guest_handle(a[1]));
    }
    _Static_assert(sizeof(struct evtchn_send) == sizeof(port), "the port is all that there is");
    err = guest_read32(v, &port, guest_handle(a[1]));
    if (unlikely(err != 0)) {
        return err;
    }
    return CONFIG_START_ORDER && unlikely(v->domain->ready_port == port) ? send_ready(v, port) : send(v, port);
}
