/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XEN_ARGO_OP_notify: first the caller's own rings, where it may have made room that others wait for; then what it asks
 * about rings of others. It stops between two rings, or two of the questions, when something waits for the CPU.
 */
#include "bh/argo.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define OVERHEAD (sizeof(struct xen_argo_ring_message_header) + XEN_ARGO_MSG_SLOT_SIZE)

_Static_assert(sizeof(struct xen_argo_ring_data_ent) == 20, "layout of argo.h");

/* Bytes between where R is written and where it is read. */
static uint32_t room_in(const struct argo_ring *r)
{
    const struct xen_argo_ring *w = window_open_read(mfn(r->page[0]));
    uint32_t room = argo_room(r, argo_read_position(r, w));

    window_close(w);
    return room;
}

/* Takes those off R's list for whose messages there is room now; how many they are. */
static unsigned take_ready(struct argo_ring *r, uint16_t *ready)
{
    uint32_t room = r->waiting_count != 0 ? room_in(r) : 0;
    unsigned count = 0, kept = 0;

    for (unsigned i = 0; i < r->waiting_count; i++) {
        if (argo_fits(room, r->waiting[i].length)) {
            ready[count++] = r->waiting[i].domid;
        } else {
            r->waiting[kept++] = r->waiting[i];
        }
    }
    r->waiting_count = (uint16_t)kept;
    return count;
}

/* Req: BH-ARGO-007 */
/* Tells who waits for room in ring INDEX of A; false: there are no more rings. */
static bool tell_ready(struct argo_domain *a, uint32_t index)
{
    uint16_t ready[ARGO_WAITING_MAX];
    struct argo_ring *r;
    unsigned count = 0;
    bool more;

    spin_lock(&a->lock);
    more = index < a->slot_end;
    r = argo_live_at(a, index);
    if (r != NULL) {
        count = take_ready(r, ready);
    }
    spin_unlock(&a->lock);
    for (unsigned i = 0; i < count; i++) {
        struct domain *d = domain_get(ready[i]);

        if (d != NULL) {
            evtchn_virq(d->vcpus[0], VIRQ_ARGO);
            domain_put(d);
        }
    }
    return more;
}

/* What ring R, for all senders or not, is to D, which wants to send E's bytes. */
static void look(const struct domain *d, struct argo_ring *r, bool is_shared, struct xen_argo_ring_data_ent *e)
{
    uint32_t room = room_in(r), space = room > OVERHEAD ? room - (uint32_t)OVERHEAD : 0;

    e->max_message_size = r->length - (uint32_t)OVERHEAD;
    e->flags = XEN_ARGO_RING_EXISTS;
    if (is_shared) {
        e->flags |= XEN_ARGO_RING_SHARED;
    }
    if (e->space_required > e->max_message_size) {
        e->flags |= XEN_ARGO_RING_EMSGSIZE;
    } else if (space >= e->space_required) {
        argo_wait_end(r, d->id);
        e->flags |= XEN_ARGO_RING_SUFFICIENT;
    } else if (argo_wait(r, d->id, e->space_required) != 0) {
        e->flags |= XEN_ARGO_RING_EBUSY;
    }
    if (space == e->max_message_size) {
        e->flags |= XEN_ARGO_RING_EMPTY;
    }
}

/* Req: BH-ARGO-014 */
/* One question, at H. -XEN_EPERM: about a domain that it may not send to. */
static int answer(struct vcpu *v, struct guest_handle h)
{
    struct xen_argo_ring_data_ent e;
    struct domain *d = NULL;
    int err = guest_copy_from(v, &e, h, sizeof(e));

    if (err != 0) {
        return err;
    }
    e.flags = 0;
    err = argo_get_receiver(v->domain, e.ring.domain_id, &d);
    if (err == -XEN_EPERM) {
        return err;
    }
    if (d != NULL) {
        struct argo_domain *a = __atomic_load_n(&d->argo, __ATOMIC_ACQUIRE);

        if (a != NULL) {
            uint32_t index;

            spin_lock(&a->lock);
            index = argo_match(a, e.ring.aport, v->domain->id);
            if (index != ARGO_NO_SLOT) {
                look(v->domain, a->slot[index].ring, a->slot[index].partner == XEN_ARGO_DOMID_ANY, &e);
            }
            spin_unlock(&a->lock);
        }
        domain_put(d);
    }
    err = guest_copy_to(v, guest_handle(h.address + offsetof(struct xen_argo_ring_data_ent, flags)), &e.flags,
                        sizeof(e.flags));
    if (err == 0) {
        err = guest_copy_to(v, guest_handle(h.address + offsetof(struct xen_argo_ring_data_ent, max_message_size)),
                            &e.max_message_size, sizeof(e.max_message_size));
    }
    return err;
}

/* Progress: rings of its own, then CONFIG_MAX_ARGO_RINGS and questions. */
int64_t argo_notify(struct vcpu *v, uint64_t *a, uint32_t progress)
{
    struct argo_domain *own = __atomic_load_n(&v->domain->argo, __ATOMIC_ACQUIRE);
    struct xen_argo_ring_data data;
    int err;

    if (a[2] != 0 || a[3] != 0 || a[4] != 0) {
        return -XEN_EINVAL;
    }
    while (own != NULL && progress < CONFIG_MAX_ARGO_RINGS && tell_ready(own, progress)) {
        progress++;
        if (hypercall_must_yield()) {
            return argo_restart(v, a, progress);
        }
    }
    progress = MAX(progress, (uint32_t)CONFIG_MAX_ARGO_RINGS) - CONFIG_MAX_ARGO_RINGS;
    if (a[1] == 0) {
        return 0;
    }
    err = guest_copy_from(v, &data, guest_handle(a[1]), sizeof(data));
    if (err == 0 && data.nent > ARGO_NOTIFY_MAX) {
        err = -XEN_EACCES;
    }
    while (err == 0 && progress < data.nent) {
        uint64_t at = a[1] + offsetof(struct xen_argo_ring_data, data) + progress * sizeof(data.data[0]);

        err = answer(v, guest_handle(at));
        progress++;
        if (err == 0 && progress < data.nent && hypercall_must_yield()) {
            return argo_restart(v, a, CONFIG_MAX_ARGO_RINGS + progress);
        }
    }
    return err;
}
