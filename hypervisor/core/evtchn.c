/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/evtchn.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/heap.h"
#include "bh/hypercall.h"
#include "bh/policy.h"
#include "bh/pv_console.h"
#include "bh/vcpu.h"
#include "bh/window.h"

/* ---- Life ---- */

void evtchn_domain_init(struct domain *d)
{
    spinlock_init(&d->evtchn.lock, LOCK_EVTCHN);
}

void evtchn_vcpu_init(struct vcpu *v)
{
    v->evtchn = (struct evtchn_vcpu){ .info = 0 };
    if (v->id < XEN_LEGACY_MAX_VCPUS) {
        v->evtchn.info = mfn_to_paddr(v->domain->shared_info).a + v->id * sizeof(struct vcpu_info);
    }
}

void evtchn_vcpu_free(struct vcpu *v)
{
    if (v->evtchn.info_registered) {
        domain_put_page(v->domain, paddr_to_mfn(paddr(v->evtchn.info)));
        v->evtchn.info_registered = false;
        v->evtchn.info = 0;
    }
}

void evtchn_domain_free(struct domain *d)
{
    for (unsigned i = 0; i < EVTCHN_BUCKET_COUNT; i++) {
        heap_free(d->evtchn.bucket[i], PAGE_SIZE);
    }
}

/* The lock of A and that of B, which may be the same. */
static void lock_both(struct domain *a, struct domain *b) NO_LOCK_ANALYSIS
{
    if (a == b) {
        spin_lock(&a->evtchn.lock);
    } else if (a->id < b->id) {
        spin_lock(&a->evtchn.lock);
        spin_lock_second(&b->evtchn.lock);
    } else {
        spin_lock(&b->evtchn.lock);
        spin_lock_second(&a->evtchn.lock);
    }
}

static void unlock_both(struct domain *a, struct domain *b) NO_LOCK_ANALYSIS
{
    spin_unlock(&a->evtchn.lock);
    if (a != b) {
        spin_unlock(&b->evtchn.lock);
    }
}

/* ---- Ports ---- */

/* More ports, a bucket full. -XEN_ENOSPC: the domain has all that it may have. -XEN_ENOMEM. */
static int add_bucket(struct domain *d) REQUIRES(d->evtchn.lock)
{
    /* The shared page has bits for so many. */
    uint32_t limit = d->evtchn.fifo != NULL ? CONFIG_MAX_EVTCHN_PORT + 1U
                                            : MIN(CONFIG_MAX_EVTCHN_PORT + 1U, (uint32_t)EVTCHN_2L_NR_CHANNELS);
    uint32_t index = d->evtchn.port_count / EVTCHN_BUCKET;
    struct evtchn *bucket;

    if (d->evtchn.port_count >= limit) {
        return -XEN_ENOSPC;
    }
    bucket = heap_alloc(PAGE_SIZE, d->id);
    if (bucket == NULL) {
        return -XEN_ENOMEM;
    }
    d->evtchn.bucket[index] = bucket;
    d->evtchn.port_count = MIN(d->evtchn.port_count + (uint32_t)EVTCHN_BUCKET, limit);
    return 0;
}

/* Makes PORT exist. */
static int make_port(struct domain *d, uint32_t port) REQUIRES(d->evtchn.lock)
{
    int err = d->evtchn.closed ? -XEN_ESRCH : 0;

    while (err == 0 && port >= d->evtchn.port_count) {
        err = add_bucket(d);
    }
    return err;
}

/* A port that the guest has in a queue still is not free yet. */
static bool is_free(struct domain *d, uint32_t port) REQUIRES(d->evtchn.lock)
{
    return evtchn_at(&d->evtchn, port)->state == EVTCHN_FREE &&
           (d->evtchn.fifo == NULL || !evtchn_fifo_is_linked(d, port));
}

/* A free port, the lowest; never 0. Bound: a look at each port. */
static int find_free(struct domain *d, uint32_t *port) REQUIRES(d->evtchn.lock)
{
    uint32_t at = MAX(d->evtchn.free_from, 1U);
    int err;

    while (at < d->evtchn.port_count && !is_free(d, at)) {
        at++;
    }
    err = make_port(d, at);
    if (err == 0) {
        *port = at;
        /* One that only waits for the guest to unlink it is looked at again. */
        d->evtchn.free_from = d->evtchn.fifo == NULL ? at : 0;
    }
    return err;
}

/* PORT of D becomes STATE, told to vCPU 0. What was pending of its last use is forgotten. */
static struct evtchn *occupy(struct domain *d, uint32_t port, enum evtchn_state state) REQUIRES(d->evtchn.lock)
{
    struct evtchn *c = evtchn_at(&d->evtchn, port);

    *c = (struct evtchn){
        .state = (uint8_t)state, .priority = EVTCHN_FIFO_PRIORITY_DEFAULT, .fifo_priority = c->fifo_priority,
        .fifo_vcpu = c->fifo_vcpu,
    };
    return c;
}

static void forget_pending(struct domain *d, uint32_t port) REQUIRES(d->evtchn.lock)
{
    if (d->evtchn.fifo != NULL) {
        evtchn_fifo_clear_pending(d, port);
    } else {
        evtchn_2l_clear_pending(d, port);
    }
}

/* Frees PORT of D. Its other end, if it has one, is locked too, and waits for somebody to bind to it again. */
static void release(struct domain *d, uint32_t port, struct evtchn *c) NO_LOCK_ANALYSIS
{
    if (c->state == EVTCHN_VIRQ) {
        for (unsigned i = 0; i < d->vcpu_count; i++) {
            if (d->vcpus[i] != NULL && d->vcpus[i]->evtchn.virq_port[c->virq] == port) {
                d->vcpus[i]->evtchn.virq_port[c->virq] = 0;
            }
        }
    } else if (c->state == EVTCHN_INTERDOMAIN) {
        struct evtchn *r = evtchn_at(&c->remote->evtchn, c->remote_port);

        r->state = EVTCHN_UNBOUND;
        r->remote = NULL;
        r->remote_id = d->id;
    }
    c->state = EVTCHN_FREE;
    c->vcpu = 0;
    c->remote = NULL;
    c->pending = false;
    d->evtchn.free_from = MIN(d->evtchn.free_from, port);
    forget_pending(d, port);
}

/* ---- Telling ---- */

struct vcpu_info *evtchn_open_info(const struct vcpu *v)
{
    uint64_t at = __atomic_load_n(&v->evtchn.info, __ATOMIC_RELAXED);

    if (unlikely(at == 0)) {
        return NULL;
    }
    return (struct vcpu_info *)((char *)window_open(paddr_to_mfn(paddr(at))) + (at & (PAGE_SIZE - 1)));
}

bool evtchn_mark_upcall(struct vcpu_info *info)
{
    return __atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST) == 0;
}

/* Wakes who waits for PORT in SCHEDOP_poll. Bound: the domain's vCPUs. */
static COLD void wake_pollers(struct domain *d, uint32_t port)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpus[i];
        uint32_t waits = v != NULL ? __atomic_load_n(&v->evtchn.poll_port, __ATOMIC_RELAXED) : 0;

        if (waits != 0 && (waits == port || waits == EVTCHN_POLL_MANY)) {
            evtchn_poll_expired(v);
        }
    }
}

/* Req: BH-EVT-001 */
void evtchn_set_pending(struct domain *d, uint32_t port, struct evtchn *c)
{
    if (__atomic_load_n(&d->evtchn.fifo, __ATOMIC_ACQUIRE) != NULL) {
        evtchn_fifo_set_pending(d, port, c);
    } else {
        evtchn_2l_set_pending(d, port, c);
    }
    arch_full_barrier();
    if (unlikely(__atomic_load_n(&d->evtchn.pollers, __ATOMIC_RELAXED) != 0)) {
        wake_pollers(d, port);
    }
}

void evtchn_virq(struct vcpu *v, unsigned virq)
{
    struct domain *d = v->domain;
    uint32_t port;

    spin_lock(&d->evtchn.lock);
    port = v->evtchn.virq_port[virq];
    if (port != 0) {
        evtchn_set_pending(d, port, evtchn_at(&d->evtchn, port));
    }
    spin_unlock(&d->evtchn.lock);
}

void evtchn_notify(struct domain *d, uint32_t port)
{
    struct evtchn *c;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (c != NULL && c->state == EVTCHN_CONSUMED) {
        evtchn_set_pending(d, port, c);
    }
    spin_unlock(&d->evtchn.lock);
}

/* ---- Before the domains run ---- */

int evtchn_bind_consumer(struct domain *d, enum evtchn_consumer consumer, uint32_t *port)
{
    uint32_t at = 0;
    int err;

    spin_lock(&d->evtchn.lock);
    err = find_free(d, &at);
    if (err == 0) {
        occupy(d, at, EVTCHN_CONSUMED)->remote_id = (uint16_t)consumer;
        *port = at;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

static void pair(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b) NO_LOCK_ANALYSIS
{
    struct evtchn *c = occupy(a, port_a, EVTCHN_INTERDOMAIN);

    c->remote = b;
    c->remote_port = port_b;
}

/* Req: BH-EVT-008 */
int evtchn_bind_static(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b)
{
    int err;

    if (port_a == 0 || port_b == 0 || (a == b && port_a == port_b)) {
        return -XEN_EINVAL;
    }
    lock_both(a, b);
    err = make_port(a, port_a);
    if (err == 0) {
        err = make_port(b, port_b);
    }
    if (err == 0 && (evtchn_at(&a->evtchn, port_a)->state != EVTCHN_FREE ||
                     evtchn_at(&b->evtchn, port_b)->state != EVTCHN_FREE)) {
        err = -XEN_EBUSY;
    }
    if (err == 0) {
        pair(a, port_a, b, port_b);
        pair(b, port_b, a, port_a);
    }
    unlock_both(a, b);
    return err;
}

/* ---- A vCPU's event area, and waiting for ports ---- */

int evtchn_register_vcpu_info(struct vcpu *v, gfn_t g, unsigned offset)
{
    struct domain *d = v->domain;
    struct vcpu_info *info, *old, before = { .evtchn_upcall_pending = 0 };
    uint64_t at;
    mfn_t m;
    int err;

    spin_lock(&d->evtchn.lock);
    err = v->evtchn.info_registered || d->evtchn.closed ? -XEN_EINVAL : domain_get_page(d, g, &m);
    if (err != 0) {
        spin_unlock(&d->evtchn.lock);
        return err == -XEN_ENOENT ? -XEN_EINVAL : err;
    }
    at = mfn_to_paddr(m).a + offset;
    old = evtchn_open_info(v);
    if (old != NULL) {
        before = *old;
        window_close(old);
    }
    info = (struct vcpu_info *)((char *)window_open(m) + offset);
    *info = before;
    __atomic_store_n(&v->evtchn.info, at, __ATOMIC_SEQ_CST);
    v->evtchn.info_registered = true;
    /* Whatever came meanwhile is found by looking at all. */
    info->evtchn_pending_sel = ~(xen_ulong_t)0;
    (void)evtchn_mark_upcall(info);
    window_close(info);
    spin_unlock(&d->evtchn.lock);
    arch_vcpu_upcall(v);
    return 0;
}

static bool is_pending(struct domain *d, uint32_t port)
{
    return d->evtchn.fifo != NULL ? evtchn_fifo_is_pending(d, port) : evtchn_2l_is_pending(d, port);
}

static void stop_polling(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->evtchn.poll_port, 0, __ATOMIC_RELAXED) != 0) {
        __atomic_fetch_sub(&v->domain->evtchn.pollers, 1, __ATOMIC_RELAXED);
    }
}

/* Req: BH-EVT-007 */
int evtchn_poll(struct vcpu *v, const uint32_t *ports, unsigned port_count)
{
    struct domain *d = v->domain;
    int result = 0;

    stop_polling(v);
    if (port_count == 1 && ports[0] == 0) {
        return -XEN_EINVAL;
    }
    __atomic_store_n(&v->evtchn.poll_over, false, __ATOMIC_RELAXED);
    __atomic_store_n(&v->evtchn.poll_port, port_count == 1 ? ports[0] : EVTCHN_POLL_MANY, __ATOMIC_RELAXED);
    __atomic_fetch_add(&d->evtchn.pollers, 1, __ATOMIC_SEQ_CST);
    arch_full_barrier();
    spin_lock(&d->evtchn.lock);
    for (unsigned i = 0; i < port_count && result == 0; i++) {
        const struct evtchn *c = evtchn_at(&d->evtchn, ports[i]);

        if (c == NULL || c->state == EVTCHN_FREE) {
            result = -XEN_EINVAL;
        } else if (is_pending(d, ports[i])) {
            result = 1;
        }
    }
    spin_unlock(&d->evtchn.lock);
    if (result != 0) {
        stop_polling(v);
    }
    return result;
}

void evtchn_poll_expired(struct vcpu *v)
{
    stop_polling(v);
    __atomic_store_n(&v->evtchn.poll_over, true, __ATOMIC_RELAXED);
    vcpu_kick(v);
}

/* ---- Operations ---- */

/* The domain that ID names for an operation of V on somebody's channels; domain_put() it. */
static int own_domain(struct vcpu *v, uint16_t id)
{
    struct domain *d;

    if (id == DOMID_SELF || id == v->domain->id) {
        return 0;
    }
    d = domain_get(id);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    domain_put(d);
    return -XEN_EPERM;
}

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
    struct domain *d = v->domain, *peer;
    uint32_t port = 0;
    int err = own_domain(v, a->dom);

    if (err == 0) {
        err = get_peer(v, a->remote_dom, &peer);
    }
    if (err != 0) {
        return err;
    }
    err = policy_ask(d, peer, POLICY_EVENT) ? 0 : -XEN_EPERM;
    spin_lock(&d->evtchn.lock);
    if (err == 0) {
        err = find_free(d, &port);
    }
    if (err == 0) {
        occupy(d, port, EVTCHN_UNBOUND)->remote_id = peer->id;
        a->port = port;
    }
    spin_unlock(&d->evtchn.lock);
    domain_put(peer);
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
    lock_both(d, peer);
    err = find_free(d, &port);
    r = evtchn_at(&peer->evtchn, a->remote_port);
    if (err == 0 && (r == NULL || r->state != EVTCHN_UNBOUND || r->remote_id != d->id)) {
        err = -XEN_EINVAL;
    }
    if (err == 0 && !policy_ask(d, peer, POLICY_EVENT)) {
        err = -XEN_EPERM;
    }
    if (err == 0) {
        pair(d, port, peer, a->remote_port);
        r->state = EVTCHN_INTERDOMAIN;
        r->remote = d;
        r->remote_port = port;
        /* What was sent before there was anybody to hear it. */
        evtchn_set_pending(d, port, evtchn_at(&d->evtchn, port));
        a->local_port = port;
    }
    unlock_both(d, peer);
    domain_put(peer);
    return err;
}

static bool virq_is_global(uint32_t virq)
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

    if (a->virq >= ARRAY_COUNT(v->evtchn.virq_port) || (virq_is_global(a->virq) && a->vcpu != 0)) {
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
        err = find_free(d, &port);
    }
    if (err == 0) {
        struct evtchn *c = occupy(d, port, EVTCHN_VIRQ);

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
    err = find_free(d, &port);
    if (err == 0) {
        occupy(d, port, EVTCHN_IPI)->vcpu = (uint16_t)a->vcpu;
        a->port = port;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

/*
 * Closes PORT of D; BY_GUEST: not one that the hypervisor listens to. Both ends' locks are needed for a pair, the
 * lower id's first: when D's has to be let go for that, the port is looked at anew.
 */
static int close_port(struct domain *d, uint32_t port, bool by_guest) NO_LOCK_ANALYSIS
{
    struct domain *peer = NULL;
    struct evtchn *c;
    int err = 0;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (c != NULL && c->state == EVTCHN_INTERDOMAIN && c->remote != d) {
        peer = c->remote;
        /* While they are bound and D is locked it is there. */
        __atomic_fetch_add(&peer->users, 1, __ATOMIC_ACQUIRE);
        spin_unlock(&d->evtchn.lock);
        lock_both(d, peer);
        if (c->state == EVTCHN_INTERDOMAIN && c->remote != peer) {
            err = -XEN_EAGAIN;
        }
    }
    if (c == NULL || c->state == EVTCHN_FREE || (by_guest && c->state == EVTCHN_CONSUMED)) {
        err = -XEN_EINVAL;
    }
    if (err == 0) {
        release(d, port, c);
    }
    if (peer != NULL) {
        unlock_both(d, peer);
        domain_put(peer);
    } else {
        spin_unlock(&d->evtchn.lock);
    }
    return err;
}

/* Req: BH-EVT-001 */
static int send(struct vcpu *v, uint32_t port)
{
    struct domain *d = v->domain;
    enum evtchn_consumer consumer = 0;
    bool consumed = false;
    struct evtchn *c;
    int err = 0;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (unlikely(c == NULL)) {
        err = -XEN_EINVAL;
    } else if (likely(c->state == EVTCHN_INTERDOMAIN)) {
        evtchn_set_pending(c->remote, c->remote_port, evtchn_at(&c->remote->evtchn, c->remote_port));
    } else if (c->state == EVTCHN_IPI) {
        evtchn_set_pending(d, port, c);
    } else if (c->state == EVTCHN_CONSUMED) {
        consumed = true;
        consumer = c->remote_id;
    } else if (c->state != EVTCHN_UNBOUND) {
        err = -XEN_EINVAL;
    }
    spin_unlock(&d->evtchn.lock);
    if (CONFIG_PV_CONSOLE && consumed && consumer == CONSUMER_CONSOLE) {
        pv_console_notified(d);
    }
    return err;
}

/* Req: BH-EVT-006 */
static int status(struct vcpu *v, struct evtchn_status *a)
{
    struct domain *d = v->domain;
    const struct evtchn *c;
    int err = own_domain(v, a->dom);

    if (err != 0) {
        return err;
    }
    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, a->port);
    if (c == NULL) {
        err = -XEN_EINVAL;
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
    if (c == NULL || !(c->state == EVTCHN_UNBOUND || c->state == EVTCHN_INTERDOMAIN || c->state == EVTCHN_CONSUMED ||
                       (c->state == EVTCHN_VIRQ && virq_is_global(c->virq)))) {
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

/*
 * Closes EVTCHN_CLOSE_STEP ports from *FROM on, passing over those that are free; true: all were looked at.
 * A port that was bound anew meanwhile is looked at again. Bound also: a look at each port.
 */
static bool close_some(struct domain *d, uint32_t *from, bool by_guest)
{
    unsigned closed = 0;

    while (closed < EVTCHN_CLOSE_STEP && *from < d->evtchn.port_count) {
        int err = close_port(d, *from, by_guest);

        closed += err == 0;
        *from += err != -XEN_EAGAIN;
    }
    return *from >= d->evtchn.port_count;
}

/* Req: BH-EVT-010 */
bool evtchn_domain_close(struct domain *d)
{
    bool done;

    spin_lock(&d->evtchn.lock);
    if (!d->evtchn.closed) {
        d->evtchn.closed = true;
        d->evtchn.closing = 0;
    }
    spin_unlock(&d->evtchn.lock);
    if (d->evtchn.port_count == 0) {
        return true;
    }
    done = close_some(d, &d->evtchn.closing, false);
    if (done) {
        spin_lock(&d->evtchn.lock);
        evtchn_fifo_reset(d);
        spin_unlock(&d->evtchn.lock);
        d->evtchn.port_count = 0;
    }
    return done;
}

/* Are all ports free but those that the hypervisor listens to? */
static bool all_are_free(const struct domain *d)
{
    for (uint32_t port = 0; port < d->evtchn.port_count; port++) {
        uint8_t state = evtchn_at(&d->evtchn, port)->state;

        if (state != EVTCHN_FREE && state != EVTCHN_CONSUMED) {
            return false;
        }
    }
    return true;
}

/* The progress is in the ports: what is closed needs no second look. */
static int64_t reset(struct vcpu *v, uint16_t id)
{
    struct domain *d = v->domain;
    uint32_t from = 0;
    int err = own_domain(v, id);

    if (err != 0) {
        return err;
    }
    while (!close_some(d, &from, true)) {
        if (hypercall_must_yield()) {
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

static int expand_array(struct vcpu *v, const struct evtchn_expand_array *a)
{
    struct domain *d = v->domain;
    int err;

    spin_lock(&d->evtchn.lock);
    err = evtchn_fifo_expand_array(d, a);
    spin_unlock(&d->evtchn.lock);
    return err;
}

/* The arguments of every operation, and whether the guest gets them back. */
union arguments {
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
    [EVTCHNOP_send] = { sizeof(struct evtchn_send), false },
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
    case EVTCHNOP_send:
        return send(v, a->send.port);
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
        return close_port(v->domain, a->close.port, true);
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

int64_t hypercall_event_channel_op(struct vcpu *v, uint64_t *a)
{
    uint32_t command = (uint32_t)a[0];
    union arguments arguments;
    int64_t result;

    if (command >= ARRAY_COUNT(argument_kind) || argument_kind[command].size == 0) {
        return -XEN_ENOSYS;
    }
    result = guest_copy_from(v, &arguments, guest_handle(a[1]), argument_kind[command].size);
    if (result == 0 && argument_kind[command].is_result) {
        /* Can the result be told? If not nothing is to be done. */
        result = guest_copy_to(v, guest_handle(a[1]), &arguments, argument_kind[command].size);
    }
    if (result == 0) {
        result = perform(v, command, &arguments);
    }
    if (result == 0 && argument_kind[command].is_result &&
        guest_copy_to(v, guest_handle(a[1]), &arguments, argument_kind[command].size) != 0) {
        result = -XEN_EFAULT;
    }
    return result;
}
