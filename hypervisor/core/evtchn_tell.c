/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a domain is told: a port becomes pending by its ABI; the vCPU's event area; and who waits for ports.
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_atomic.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "lib/string.h"

struct vcpu_info *evtchn_open_info(const struct vcpu *v)
{
    uint64_t at = __atomic_load_n(&v->evtchn.info, __ATOMIC_RELAXED);

    if (unlikely(at == 0)) {
        return NULL;
    }
    return (struct vcpu_info *)((char *)window_open_leaf(paddr_to_mfn(paddr(at))) + (at & (PAGE_SIZE - 1)));
}

bool evtchn_mark_upcall(struct vcpu_info *info)
{
    uint8_t before;

    /* By its place: a narrow guest's is less aligned than the structure. */
    (void)guest_atomic_change8((uint8_t *)info + offsetof(struct vcpu_info, evtchn_upcall_pending), 0, 1, &before);
    return before == 0;
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

static ALWAYS_INLINE void tell_pollers(struct domain *d, uint32_t port)
{
    arch_full_barrier();
    if (unlikely(__atomic_load_n(&d->evtchn.pollers, __ATOMIC_RELAXED) != 0)) {
        wake_pollers(d, port);
    }
}

static NOINLINE void set_pending_fifo(struct domain *d, uint32_t port, struct evtchn *c)
{
    evtchn_fifo_set_pending(d, port, c);
    tell_pollers(d, port);
}

/* Req: BH-EVT-001, BH-EVT-011 */
void evtchn_set_pending(struct domain *d, uint32_t port, struct evtchn *c)
{
    if (__atomic_load_n(&d->evtchn.fifo, __ATOMIC_ACQUIRE) != NULL) {
        set_pending_fifo(d, port, c);
    } else if (evtchn_2l_set_pending(d, port, c)) {
        tell_pollers(d, port);
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

bool evtchn_virq_is_bound(struct vcpu *v, unsigned virq)
{
    bool is_bound;

    spin_lock(&v->domain->evtchn.lock);
    is_bound = v->evtchn.virq_port[virq] != 0;
    spin_unlock(&v->domain->evtchn.lock);
    return is_bound;
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

void evtchn_tell_peer(struct domain *d, uint32_t port)
{
    const struct evtchn *c;

    spin_lock(&d->evtchn.lock);
    c = evtchn_at(&d->evtchn, port);
    if (c != NULL && c->is_ours && c->state == EVTCHN_INTERDOMAIN) {
        evtchn_set_pending(c->remote, c->remote_port, evtchn_at(&c->remote->evtchn, c->remote_port));
    }
    spin_unlock(&d->evtchn.lock);
}

/* ---- A vCPU's event area, and waiting for ports ---- */

int evtchn_register_vcpu_info(struct vcpu *v, gfn_t g, unsigned offset)
{
    struct domain *d = v->domain;
    struct vcpu_info *info, before = { .evtchn_upcall_pending = 0 };
    const char *old;
    char *there;
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
    old = (const char *)evtchn_open_info(v);
    if (old != NULL) {
        memcpy(&before, old, sizeof(before));
        window_close_leaf();
    }
    there = (char *)window_open(m) + offset;
    memcpy(there, &before, sizeof(before));
    info = (struct vcpu_info *)there;
    if (ARCH_GUEST_HAS_CLOCK) {
        arch_vcpu_info_init(v, info);
    }
    __atomic_store_n(&v->evtchn.info, at, __ATOMIC_SEQ_CST);
    v->evtchn.info_registered = true;
    /* Whatever came meanwhile is found by looking at all. */
    evtchn_2l_select_all(d, info);
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
