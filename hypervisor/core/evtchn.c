/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's ports: made, bound before the domains run, closed; and the locks of a pair.
 */
#include "bh/evtchn.h"

#include "bh/domain.h"
#include "bh/heap.h"
#include "bh/vcpu.h"

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
void evtchn_lock_both(struct domain *a, struct domain *b) NO_LOCK_ANALYSIS
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

void evtchn_unlock_both(struct domain *a, struct domain *b) NO_LOCK_ANALYSIS
{
    spin_unlock(&a->evtchn.lock);
    if (a != b) {
        spin_unlock(&b->evtchn.lock);
    }
}

/* ---- Ports ---- */

/* Linux takes five for each vCPU, and some for what the domain has. */
#define PORTS_AT_LEAST  1024U
#define PORTS_OF_A_VCPU 8U

/* How many D may have, port 0 with them, and whether its ABI has bits for so many. */
static uint32_t port_limit(const struct domain *d) REQUIRES(d->evtchn.lock)
{
    uint32_t limit = MIN(CONFIG_MAX_EVTCHN_PORT + 1U, MAX(PORTS_AT_LEAST, d->vcpu_count * PORTS_OF_A_VCPU));

    return d->evtchn.fifo != NULL ? limit : MIN(limit, evtchn_2l_port_limit(d));
}

/* More ports, a bucket full. -XEN_ENOSPC: the domain has all that it may have. -XEN_ENOMEM. */
static int add_bucket(struct domain *d) REQUIRES(d->evtchn.lock)
{
    uint32_t limit = port_limit(d);
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

/* A free port, the lowest; never 0. Bound: a look at each port. */
int evtchn_find_free(struct domain *d, uint32_t *port) REQUIRES(d->evtchn.lock)
{
    uint32_t at = MAX(d->evtchn.free_from, 1U);
    int err;

    if (d->evtchn.fifo != NULL) {
        /* A port that the guest has in a queue still is not free yet. */
        at = evtchn_fifo_find_free(d, at);
    }
    while (d->evtchn.fifo == NULL && at < d->evtchn.port_count && evtchn_at(&d->evtchn, at)->state != EVTCHN_FREE) {
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
struct evtchn *evtchn_occupy(struct domain *d, uint32_t port, enum evtchn_state state) REQUIRES(d->evtchn.lock)
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
    c->is_ours = false;
    d->evtchn.free_from = MIN(d->evtchn.free_from, port);
    forget_pending(d, port);
}

/* ---- Closing ---- */

/*
 * Closes PORT of D; BY_GUEST: not one that the hypervisor listens to. Both ends' locks are needed for a pair, the
 * lower id's first: when D's has to be let go for that, the port is looked at anew.
 */
int evtchn_close_port(struct domain *d, uint32_t port, bool by_guest) NO_LOCK_ANALYSIS
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
        evtchn_lock_both(d, peer);
        if (c->state == EVTCHN_INTERDOMAIN && c->remote != peer) {
            err = -XEN_EAGAIN;
        }
    }
    if (c == NULL || c->state == EVTCHN_FREE || (by_guest && (c->state == EVTCHN_CONSUMED || c->is_ours))) {
        err = -XEN_EINVAL;
    }
    if (err == 0) {
        release(d, port, c);
    }
    if (peer != NULL) {
        evtchn_unlock_both(d, peer);
        domain_put(peer);
    } else {
        spin_unlock(&d->evtchn.lock);
    }
    return err;
}

/* The first port from *FROM on that is not free goes to *FROM; false: there is none. */
static bool find_used(struct domain *d, uint32_t *from)
{
    uint32_t at = *from, count;

    spin_lock(&d->evtchn.lock);
    count = d->evtchn.port_count;
    while (at < count && evtchn_at(&d->evtchn, at)->state == EVTCHN_FREE) {
        at++;
    }
    spin_unlock(&d->evtchn.lock);
    *from = at;
    return at < count;
}

/*
 * Closes EVTCHN_CLOSE_STEP ports from *FROM on, passing over those that are free; true: all were looked at.
 * A port that was bound anew meanwhile is looked at again. Bound also: a look at each port.
 */
bool evtchn_close_some(struct domain *d, uint32_t *from, bool by_guest)
{
    unsigned closed = 0;

    while (closed < EVTCHN_CLOSE_STEP && find_used(d, from)) {
        int err = evtchn_close_port(d, *from, by_guest);

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
    if (d->evtchn.port_count == 0 && d->evtchn.fifo == NULL) {
        return true;
    }
    done = evtchn_close_some(d, &d->evtchn.closing, false);
    if (done) {
        spin_lock(&d->evtchn.lock);
        evtchn_fifo_reset(d);
        spin_unlock(&d->evtchn.lock);
        d->evtchn.port_count = 0;
    }
    return done;
}

/* ---- Before the domains run ---- */

int evtchn_bind_consumer(struct domain *d, enum evtchn_consumer consumer, uint32_t *port)
{
    uint32_t at = 0;
    int err;

    spin_lock(&d->evtchn.lock);
    err = evtchn_find_free(d, &at);
    if (err == 0) {
        evtchn_occupy(d, at, EVTCHN_CONSUMED)->remote_id = (uint16_t)consumer;
        *port = at;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

int evtchn_offer(struct domain *d, uint32_t *port, uint16_t remote_id)
{
    int err = 0;

    spin_lock(&d->evtchn.lock);
    if (*port == 0) {
        err = evtchn_find_free(d, port);
    }
    if (err == 0) {
        evtchn_occupy(d, *port, EVTCHN_UNBOUND)->remote_id = remote_id;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

int evtchn_listen(struct domain *d, uint32_t *port, uint16_t remote_id, enum evtchn_consumer consumer)
{
    int err;

    spin_lock(&d->evtchn.lock);
    err = evtchn_find_free(d, port);
    if (err == 0) {
        struct evtchn *c = evtchn_occupy(d, *port, EVTCHN_UNBOUND);

        c->remote_id = remote_id;
        c->virq = (uint16_t)consumer;
        c->is_ours = true;
    }
    spin_unlock(&d->evtchn.lock);
    return err;
}

void evtchn_pair(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b) NO_LOCK_ANALYSIS
{
    struct evtchn *c = evtchn_occupy(a, port_a, EVTCHN_INTERDOMAIN);

    c->remote = b;
    c->remote_port = port_b;
}

/* May PORT of D be bound to OTHER: because it is free, or waits for that one, which has started again? */
static bool may_bind(const struct domain *d, uint32_t port, const struct domain *other) REQUIRES(d->evtchn.lock)
{
    const struct evtchn *c = evtchn_at(&d->evtchn, port);

    return c->state == EVTCHN_FREE || (c->state == EVTCHN_UNBOUND && c->remote_id == other->id);
}

/* Req: BH-EVT-008 */
int evtchn_bind_static(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b)
{
    int err;

    if (port_a == 0 || port_b == 0 || (a == b && port_a == port_b)) {
        return -XEN_EINVAL;
    }
    evtchn_lock_both(a, b);
    err = make_port(a, port_a);
    if (err == 0) {
        err = make_port(b, port_b);
    }
    if (err == 0 && !(may_bind(a, port_a, b) && may_bind(b, port_b, a))) {
        err = -XEN_EBUSY;
    }
    if (err == 0) {
        evtchn_pair(a, port_a, b, port_b);
        evtchn_pair(b, port_b, a, port_a);
    }
    evtchn_unlock_both(a, b);
    return err;
}
