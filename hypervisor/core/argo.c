/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings: registered, found, closed; and where a domain's part of Argo begins and ends.
 *
 * A ring of 16 MiB has 4096 pages. So an operation goes in steps, each under the lock for itself, and stops between
 * two of them when something waits for the CPU. How far it came is in the upper half of its fourth argument, whose
 * value has 32 bits in all operations; each step checks again what it finds.
 */
#include "bh/argo.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/heap.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "lib/string.h"

#define SLOT XEN_ARGO_MSG_SLOT_SIZE
#define HEADER ((uint32_t)sizeof(struct xen_argo_ring_message_header))
/* Room for the header and some bytes, and for what stays free. */
#define LENGTH_MIN (HEADER + 2 * SLOT)

/*
 * Progress of an operation that gives back a ring's pages: the ring's slot, and what is answered afterwards: an error
 * number, 0, or GO_ON: the registration goes on.
 */
#define CLOSING 0x80000000U
#define ANSWER_SHIFT 16
#define GO_ON 0x7fff

_Static_assert(CONFIG_MAX_ARGO_RINGS < 1 << ANSWER_SHIFT, "a slot's number");
_Static_assert(sizeof(struct xen_argo_ring) == 64 && sizeof(struct xen_argo_iov) == 16, "layout of argo.h");
_Static_assert(sizeof(struct xen_argo_ring_message_header) == SLOT, "a header takes one slot");

/* A registration, as the guest asks for it. */
struct registration {
    uint32_t port, length, page_count;
    uint16_t partner;
    bool must_be_new;
    uint64_t list;
};

/* ---- Slots; D's lock is held ---- */

static uint32_t find(const struct argo_domain *a, uint32_t port, uint16_t partner, enum argo_state state)
{
    for (uint32_t i = 0; i < a->slot_end; i++) {
        const struct argo_slot *s = &a->slot[i];

        if (s->ring != NULL && s->state == state && s->port == port && s->partner == partner) {
            return i;
        }
    }
    return ARGO_NO_SLOT;
}

/* Req: BH-ARGO-003 */
uint32_t argo_match(const struct argo_domain *a, uint32_t port, uint16_t sender)
{
    uint32_t i = find(a, port, sender, ARGO_LIVE);

    return i != ARGO_NO_SLOT ? i : find(a, port, XEN_ARGO_DOMID_ANY, ARGO_LIVE);
}

static size_t ring_size(uint32_t page_limit)
{
    return sizeof(struct argo_ring) + page_limit * sizeof(uint32_t);
}

/* Req: BH-ARGO-009 */
/* A ring without pages, which V registers. -XEN_ENOSPC: D has all that it may have. -XEN_ENOMEM. */
static int add_ring(struct vcpu *v, const struct registration *r, uint32_t *index)
{
    struct argo_domain *a = v->domain->argo;
    struct argo_ring *ring;
    uint32_t i = 0;

    while (i < a->slot_end && a->slot[i].ring != NULL) {
        i++;
    }
    if (i == CONFIG_MAX_ARGO_RINGS) {
        return -XEN_ENOSPC;
    }
    ring = heap_alloc(ring_size(r->page_count), v->domain->id);
    if (ring == NULL) {
        return -XEN_ENOMEM;
    }
    ring->length = r->length;
    ring->page_limit = r->page_count;
    ring->builder = v->id;
    a->slot[i] = (struct argo_slot){ .ring = ring, .port = r->port, .partner = r->partner, .state = ARGO_BUILDING };
    a->slot_end = MAX(a->slot_end, i + 1);
    *index = i;
    return 0;
}

/* Gives back some pages of closing ring INDEX of D, *LEFT of them at most; with the last one, the ring. */
static void close_some(struct domain *d, uint32_t index, uint32_t *left)
{
    struct argo_domain *a = d->argo;
    struct argo_ring *ring = a->slot[index].ring;

    while (ring->page_count != 0 && *left != 0) {
        domain_put_page(d, mfn(ring->page[--ring->page_count]));
        (*left)--;
    }
    if (ring->page_count != 0) {
        return;
    }
    heap_free(ring, ring_size(ring->page_limit));
    a->slot[index].ring = NULL;
    while (a->slot_end != 0 && a->slot[a->slot_end - 1].ring == NULL) {
        a->slot_end--;
    }
}

/* ---- Operations in steps ---- */

int64_t argo_restart(struct vcpu *v, uint64_t *a, uint32_t progress)
{
    a[3] = (uint32_t)a[3] | (uint64_t)progress << 32;
    if (progress != 0) {
        __atomic_fetch_add(&v->domain->argo_restarts, 1, __ATOMIC_RELAXED);
    }
    return HYPERCALL_RESTART;
}

/*
 * Takes the progress out of A. -XEN_EINVAL: a number is too large for its 32 bits. A guest may come back to an
 * operation late, after others, or on another vCPU: it is enough that some operation of the domain was stopped.
 */
static int take_progress(struct vcpu *v, uint64_t *a, uint32_t *progress)
{
    uint32_t *restarts = &v->domain->argo_restarts;
    uint32_t count = __atomic_load_n(restarts, __ATOMIC_RELAXED);

    *progress = (uint32_t)(a[3] >> 32);
    if (a[4] >> 32 != 0) {
        return -XEN_EINVAL;
    }
    if (*progress != 0) {
        do {
            if (count == 0) {
                return -XEN_EINVAL;
            }
        } while (!__atomic_compare_exchange_n(restarts, &count, count - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    }
    a[3] = (uint32_t)a[3];
    return 0;
}

/*
 * Gives back the pages of ring INDEX, if it is closing; somebody else may have done so. Then the answer of operation A
 * is -ANSWER. HYPERCALL_RESTART: not all of it is done.
 */
static int64_t close_ring(struct vcpu *v, uint64_t *a, uint32_t index, uint32_t answer)
{
    struct argo_domain *argo = __atomic_load_n(&v->domain->argo, __ATOMIC_ACQUIRE);
    bool more = argo != NULL;

    while (more) {
        uint32_t left = ARGO_CLOSE_STEP;

        spin_lock(&argo->lock);
        more = index < argo->slot_end && argo->slot[index].ring != NULL && argo->slot[index].state == ARGO_CLOSING;
        if (more) {
            close_some(v->domain, index, &left);
            more = left == 0;
        }
        spin_unlock(&argo->lock);
        if (more && hypercall_must_yield()) {
            return argo_restart(v, a, CLOSING | answer << ANSWER_SHIFT | index);
        }
    }
    return -(int64_t)answer;
}

/* ---- Registering ---- */

/* D's part, made now if it has none; NULL: no memory. */
static struct argo_domain *argo_of(struct domain *d)
{
    struct argo_domain *a = __atomic_load_n(&d->argo, __ATOMIC_ACQUIRE), *none = NULL;

    if (likely(a != NULL)) {
        return a;
    }
    a = heap_alloc(sizeof(*a), d->id);
    if (a == NULL) {
        return NULL;
    }
    spinlock_init(&a->lock, LOCK_ARGO);
    if (!__atomic_compare_exchange_n(&d->argo, &none, a, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        /* Another vCPU was faster. */
        heap_free(a, sizeof(*a));
        return none;
    }
    return a;
}

static int take_page(struct vcpu *v, struct argo_ring *ring, uint64_t list)
{
    xen_argo_gfn_t g;
    mfn_t m;
    int err = guest_copy_from(v, &g, guest_handle(list + ring->page_count * sizeof(g)), sizeof(g));

    if (err != 0) {
        return err;
    }
    if (domain_get_page(v->domain, gfn(g), &m) != 0) {
        return -XEN_EINVAL;
    }
    ring->page[ring->page_count++] = (uint32_t)m.n;
    return 0;
}

/* Req: BH-ARGO-006 */
/* Where the first message begins: where the owner says, which may have used the memory before, if that can be so. */
static void begin_ring(struct argo_ring *ring)
{
    struct xen_argo_ring *w = window_open(mfn(ring->page[0]));

    ring->tx = __atomic_load_n(&w->tx_ptr, __ATOMIC_RELAXED);
    if (ring->tx >= ring->length || ring->tx % SLOT != 0) {
        ring->tx = argo_read_position(ring, w);
        __atomic_store_n(&w->tx_ptr, ring->tx, __ATOMIC_RELEASE);
    }
    window_close(w);
}

/* Ring INDEX has all its pages: it is there for senders now, in the place of OLD, if that is a ring. */
static void publish(struct argo_domain *a, uint32_t index, uint32_t old)
{
    struct argo_ring *ring = a->slot[index].ring;

    begin_ring(ring);
    if (old != ARGO_NO_SLOT) {
        const struct argo_ring *before = a->slot[old].ring;

        ring->waiting_count = before->waiting_count;
        memcpy(ring->waiting, before->waiting, sizeof(ring->waiting));
        a->slot[old].state = ARGO_CLOSING;
    }
    a->slot[index].state = ARGO_LIVE;
}

/*
 * One step. 0: it is registered; GO_ON: it will be, *DONE pages are there; else an error. *TO_CLOSE: a ring that is
 * to be closed before anything else, or ARGO_NO_SLOT.
 */
static int register_step(struct vcpu *v, const struct registration *r, uint32_t *done, uint32_t *to_close)
    REQUIRES(v->domain->argo->lock)
{
    struct argo_domain *a = v->domain->argo;
    uint32_t live = find(a, r->port, r->partner, ARGO_LIVE), index = find(a, r->port, r->partner, ARGO_BUILDING);
    struct argo_ring *ring = index != ARGO_NO_SLOT ? a->slot[index].ring : NULL;
    int err = 0;

    *to_close = index;
    if (live != ARGO_NO_SLOT && (r->must_be_new || a->slot[live].ring->length != r->length)) {
        err = -XEN_EEXIST;
    } else if (ring == NULL) {
        err = add_ring(v, r, &index);
        ring = err == 0 ? a->slot[index].ring : NULL;
    } else if (ring->builder != v->id || ring->page_count != *done || ring->length != r->length) {
        /* Somebody began with it and did not come back, or will find that we came first. */
        a->slot[index].state = ARGO_CLOSING;
        *done = 0;
        return GO_ON;
    }
    for (unsigned i = 0; i < ARGO_STEP_PAGES && err == 0 && ring->page_count < ring->page_limit; i++) {
        err = take_page(v, ring, r->list);
    }
    if (err != 0) {
        if (ring != NULL) {
            a->slot[index].state = ARGO_CLOSING;
            *to_close = index;
        }
        return err;
    }
    *to_close = ARGO_NO_SLOT;
    *done = ring->page_count;
    if (ring->page_count < ring->page_limit) {
        return GO_ON;
    }
    publish(a, index, live);
    *to_close = live;
    return 0;
}

static int64_t register_in_steps(struct vcpu *v, uint64_t *a, const struct registration *r, uint32_t done)
{
    struct argo_domain *argo = argo_of(v->domain);

    if (argo == NULL) {
        return -XEN_ENOMEM;
    }
    for (;;) {
        uint32_t to_close;
        int result;

        spin_lock(&argo->lock);
        result = register_step(v, r, &done, &to_close);
        spin_unlock(&argo->lock);
        if (to_close != ARGO_NO_SLOT) {
            int64_t closed = close_ring(v, a, to_close, (uint32_t)(result == GO_ON ? GO_ON : -result));

            if (closed == HYPERCALL_RESTART) {
                return closed;
            }
        }
        if (result != GO_ON) {
            return result;
        }
        if (hypercall_must_yield()) {
            return argo_restart(v, a, done);
        }
    }
}

/* Req: BH-ARGO-001, BH-ARGO-002 */
static int64_t register_ring(struct vcpu *v, uint64_t *a, uint32_t progress)
{
    struct xen_argo_register_ring arg;
    struct registration r = { .list = a[2], .page_count = (uint32_t)a[3] };
    struct domain *partner = NULL;
    int64_t result;

    if (a[3] > XEN_ARGO_MAX_RING_SIZE >> PAGE_SHIFT || (a[4] & ~(uint64_t)XEN_ARGO_REGISTER_FLAG_FAIL_EXIST) != 0) {
        return -XEN_EINVAL;
    }
    result = guest_copy_from(v, &arg, guest_handle(a[1]), sizeof(arg));
    if (result != 0) {
        return result;
    }
    if (arg.len < LENGTH_MIN || arg.len > XEN_ARGO_MAX_RING_SIZE || arg.len % SLOT != 0 || arg.pad != 0 ||
        a[3] != (arg.len + sizeof(struct xen_argo_ring) + PAGE_SIZE - 1) >> PAGE_SHIFT) {
        return -XEN_EINVAL;
    }
    r.port = arg.aport;
    r.partner = arg.partner_id;
    r.length = arg.len;
    r.must_be_new = a[4] != 0;
    /* As long as the partner is held, the reaper does not look for rings that were its own to send to. */
    if (arg.partner_id != XEN_ARGO_DOMID_ANY && (partner = domain_get(arg.partner_id)) == NULL) {
        return -XEN_ESRCH;
    }
    result = register_in_steps(v, a, &r, progress);
    if (partner != NULL) {
        domain_put(partner);
    }
    return result;
}

/* Req: BH-ARGO-010 */
static int64_t unregister_ring(struct vcpu *v, uint64_t *a)
{
    struct argo_domain *argo = __atomic_load_n(&v->domain->argo, __ATOMIC_ACQUIRE);
    struct xen_argo_unregister_ring arg;
    uint32_t index;
    int err;

    if (a[2] != 0 || a[3] != 0 || a[4] != 0) {
        return -XEN_EINVAL;
    }
    err = guest_copy_from(v, &arg, guest_handle(a[1]), sizeof(arg));
    if (err == 0 && arg.pad != 0) {
        err = -XEN_EINVAL;
    }
    if (err != 0 || argo == NULL) {
        return err != 0 ? err : -XEN_ENOENT;
    }
    spin_lock(&argo->lock);
    index = find(argo, arg.aport, arg.partner_id, ARGO_LIVE);
    if (index != ARGO_NO_SLOT) {
        argo->slot[index].state = ARGO_CLOSING;
    }
    spin_unlock(&argo->lock);
    return index != ARGO_NO_SLOT ? close_ring(v, a, index, 0) : -XEN_ENOENT;
}

/* Req: BH-ARGO-011 */
int64_t hypercall_argo_op(struct vcpu *v, uint64_t *a)
{
    uint32_t progress, command = (uint32_t)a[0];
    int err = take_progress(v, a, &progress);

    if (err != 0) {
        return err;
    }
    if ((progress & CLOSING) != 0 && (command == XEN_ARGO_OP_register_ring || command == XEN_ARGO_OP_unregister_ring)) {
        uint32_t answer = (progress & ~CLOSING) >> ANSWER_SHIFT;
        int64_t result = close_ring(v, a, progress & ((1U << ANSWER_SHIFT) - 1), answer);

        if (answer != GO_ON || result == HYPERCALL_RESTART) {
            return result;
        }
        progress = 0;
    }
    switch (command) {
    case XEN_ARGO_OP_register_ring:
        return register_ring(v, a, progress);
    case XEN_ARGO_OP_unregister_ring:
        return unregister_ring(v, a);
    case XEN_ARGO_OP_sendv:
        return argo_send(v, a, progress);
    case XEN_ARGO_OP_notify:
        return argo_notify(v, a, progress);
    default:
        return -XEN_EOPNOTSUPP;
    }
}

/* ---- The end of a domain ---- */

/* Closes some of dying D's own rings; true: none is left. */
static bool close_own(struct domain *d)
{
    struct argo_domain *a = d->argo;
    uint32_t left = ARGO_CLOSE_STEP;
    bool none;

    if (a == NULL) {
        return true;
    }
    spin_lock(&a->lock);
    for (uint32_t i = a->slot_end; i-- != 0 && left != 0;) {
        if (a->slot[i].ring != NULL) {
            a->slot[i].state = ARGO_CLOSING;
            close_some(d, i, &left);
        }
    }
    none = a->slot_end == 0;
    spin_unlock(&a->lock);
    return none;
}

/* What D, which owns rings, has of GONE, the id of a domain that dies; true: all of it is gone. */
static bool forget(struct domain *d, uint16_t gone)
{
    struct argo_domain *a = d->argo;
    uint32_t left = ARGO_CLOSE_STEP;

    spin_lock(&a->lock);
    for (uint32_t i = a->slot_end; i-- != 0 && left != 0;) {
        struct argo_slot *s = &a->slot[i];

        if (s->ring != NULL && s->partner == gone) {
            s->state = ARGO_CLOSING;
            close_some(d, i, &left);
        } else if (s->ring != NULL) {
            argo_wait_end(s->ring, gone);
        }
    }
    spin_unlock(&a->lock);
    return left != 0;
}

/* The domain in place SLOT of the table, if it owns rings, until domain_put(). */
static struct domain *get_owner_at(unsigned slot)
{
    bool is_there;
    uint16_t id = 0;

    domain_list_lock();
    is_there = domain_table[slot] != NULL && __atomic_load_n(&domain_table[slot]->argo, __ATOMIC_ACQUIRE) != NULL;
    if (is_there) {
        id = domain_table[slot]->id;
    }
    domain_list_unlock();
    return is_there ? domain_get_any(id) : NULL;
}

/* Req: BH-ARGO-012, BH-ARGO-013 */
bool argo_domain_close(struct domain *d)
{
    if (!close_own(d)) {
        return false;
    }
    while (d->argo_close_from < CONFIG_MAX_DOMAINS) {
        struct domain *owner = get_owner_at(d->argo_close_from);
        bool done;

        if (owner == NULL) {
            d->argo_close_from++;
            continue;
        }
        done = forget(owner, d->id);
        domain_put(owner);
        if (done) {
            d->argo_close_from++;
        }
        return false;
    }
    return true;
}

void argo_domain_free(struct domain *d)
{
    heap_free(d->argo, sizeof(*d->argo));
}
