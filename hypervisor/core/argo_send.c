/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages into a ring. A message is written behind the last one: first its data, in steps, then its header, and at
 * last its owner is told that the ring is written further. So whoever stops half-way has changed nothing that counts;
 * what it has copied stays valid until another message takes the place.
 */
#include "bh/argo.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/policy.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define SLOT ((uint32_t)XEN_ARGO_MSG_SLOT_SIZE)
#define HEADER ((uint32_t)sizeof(struct xen_argo_ring_message_header))
/* Of a message on the largest ring. */
#define MESSAGE_MAX ((uint32_t)XEN_ARGO_MAX_RING_SIZE - HEADER - SLOT)
#define STEP (ARGO_STEP_PAGES * (uint32_t)PAGE_SIZE)
#define GO_ON 1

/* A message, as the guest describes it. */
struct message {
    struct xen_argo_send_addr address;
    struct xen_argo_iov iov[XEN_ARGO_MAXIOV];
    uint32_t iov_count;
    uint32_t type;
    uint32_t length;   /* of its data */
    int length_error;  /* what is wrong with that; told only to who may send */
};

/* ---- Rings ---- */

/* Req: BH-ARGO-005 */
uint32_t argo_read_position(const struct argo_ring *r, const struct xen_argo_ring *w)
{
    uint32_t rx = __atomic_load_n(&w->rx_ptr, __ATOMIC_ACQUIRE);

    /* Near the end of numbers it becomes 0. */
    rx = (rx + SLOT - 1) & ~(SLOT - 1);
    return rx < r->length ? rx : 0;
}

uint32_t argo_room(const struct argo_ring *r, uint32_t read_position)
{
    return read_position > r->tx ? read_position - r->tx : read_position + r->length - r->tx;
}

bool argo_fits(uint32_t room, uint32_t length)
{
    return HEADER + ALIGN_UP(length, SLOT) < room;
}

/* Req: BH-ARGO-007 */
int argo_wait(struct argo_ring *r, uint16_t domid, uint32_t length)
{
    for (unsigned i = 0; i < r->waiting_count; i++) {
        if (r->waiting[i].domid == domid) {
            r->waiting[i].length = MAX(r->waiting[i].length, length);
            return 0;
        }
    }
    if (r->waiting_count == ARGO_WAITING_MAX) {
        return -XEN_EBUSY;
    }
    r->waiting[r->waiting_count++] = (struct argo_waiting){ .domid = domid, .length = length };
    return 0;
}

void argo_wait_end(struct argo_ring *r, uint16_t domid)
{
    for (unsigned i = 0; i < r->waiting_count; i++) {
        if (r->waiting[i].domid == domid) {
            r->waiting[i] = r->waiting[--r->waiting_count];
            return;
        }
    }
}

/* ---- Who may send ---- */

/* Req: BH-ARGO-004 */
int argo_get_receiver(struct domain *sender, uint16_t id, struct domain **receiver)
{
    struct domain *d = domain_get(id);

    if (d == NULL) {
        return -XEN_ESRCH;
    }
    if (!policy_ask(sender, d, POLICY_ARGO)) {
        domain_put(d);
        return -XEN_EPERM;
    }
    *receiver = d;
    return 0;
}

/* ---- The message ---- */

static void measure(struct message *m)
{
    for (uint32_t i = 0; i < m->iov_count && m->length_error == 0; i++) {
        if (m->iov[i].pad != 0 || m->iov[i].iov_len > MESSAGE_MAX) {
            m->length_error = -XEN_EINVAL;
        } else {
            m->length += m->iov[i].iov_len;
            if (m->length > MESSAGE_MAX) {
                m->length_error = -XEN_EMSGSIZE;
            }
        }
    }
}

static int read_message(struct vcpu *v, const uint64_t *a, struct message *m)
{
    int err = guest_copy_from(v, &m->address, guest_handle(a[1]), sizeof(m->address));

    if (err == 0 && a[3] > XEN_ARGO_MAXIOV) {
        err = -XEN_EINVAL;
    }
    if (err == 0) {
        err = guest_structs_from(v, m->iov, guest_handle(a[2]), a[3], sizeof(m->iov[0]), STRUCT_xen_argo_iov);
    }
    if (err == 0 && (m->address.src.pad != 0 || m->address.dst.pad != 0)) {
        err = -XEN_EINVAL;
    }
    if (err != 0) {
        return err;
    }
    /* Nobody sends in another's name. */
    if (m->address.src.domain_id == XEN_ARGO_DOMID_ANY) {
        m->address.src.domain_id = v->domain->id;
    }
    if (m->address.src.domain_id != v->domain->id) {
        return -XEN_EPERM;
    }
    m->iov_count = (uint32_t)a[3];
    m->type = (uint32_t)a[4];
    m->length = 0;
    m->length_error = 0;
    measure(m);
    return 0;
}

/* A window on byte AT of the ring's messages; valid to the end of the page. */
static char *open_at(const struct argo_ring *r, uint32_t at)
{
    uint32_t place = at + (uint32_t)sizeof(struct xen_argo_ring);

    return (char *)window_open(mfn(r->page[place >> PAGE_SHIFT])) + (place & (PAGE_SIZE - 1));
}

/* LENGTH bytes from the sender's ADDRESS to byte AT; within a page of the ring. */
static int copy_piece(struct vcpu *v, const struct argo_ring *r, uint32_t at, uint64_t address, uint32_t length)
{
    char *to = open_at(r, at);
    int err = guest_copy_from(v, to, guest_handle(address), length);

    window_close(to);
    return err;
}

/* Copies data from byte *DONE of the message on, STEP bytes at most. */
static int copy_some(struct vcpu *v, const struct argo_ring *r, const struct message *m, uint32_t *done)
{
    uint32_t end = MIN(m->length, *done + STEP), first = 0;

    for (uint32_t i = 0; i < m->iov_count; i++) {
        uint32_t length = m->iov[i].iov_len;

        while (*done < end && *done < first + length) {
            uint32_t at = (r->tx + HEADER + *done) % r->length, piece;
            uint32_t place = (at + (uint32_t)sizeof(struct xen_argo_ring)) & (PAGE_SIZE - 1);
            int err;

            piece = MIN(MIN(first + length, end) - *done, MIN(r->length - at, (uint32_t)PAGE_SIZE - place));
            err = copy_piece(v, r, at, (uint64_t)m->iov[i].iov_hnd.p + (*done - first), piece);
            if (err != 0) {
                return err;
            }
            *done += piece;
        }
        first += length;
    }
    return 0;
}

/* The message's data are all there: it becomes visible. W is a window on the ring's first page. */
static void publish(struct argo_ring *r, const struct message *m, struct xen_argo_ring *w)
{
    struct xen_argo_ring_message_header *h = (struct xen_argo_ring_message_header *)(void *)open_at(r, r->tx);

    *h = (struct xen_argo_ring_message_header){
        .len = m->length + HEADER, .message_type = m->type,
        .source = { .aport = m->address.src.aport, .domain_id = m->address.src.domain_id },
    };
    window_close(h);
    r->tx = (r->tx + HEADER + ALIGN_UP(m->length, SLOT)) % r->length;
    r->partial.done = 0;
    __atomic_store_n(&w->tx_ptr, r->tx, __ATOMIC_RELEASE);
}

/* Does what was copied of a message still stand in the ring, up to DONE? */
static bool stands(const struct argo_ring *r, const struct vcpu *v, const struct message *m, uint32_t done)
{
    return r->partial.done == done && r->partial.length == m->length && r->partial.domid == v->domain->id &&
           r->partial.vcpu == v->id;
}

/* Req: BH-ARGO-003, BH-ARGO-008 */
/* One step, into ring R. 0: the message is there; GO_ON: *DONE bytes of it are; else an error. */
static int put_some(struct vcpu *v, struct argo_ring *r, const struct message *m, uint32_t *done)
{
    struct xen_argo_ring *w;
    uint32_t room;
    int err;

    if (!argo_fits(r->length, m->length)) {
        return -XEN_EMSGSIZE;
    }
    w = window_open(mfn(r->page[0]));
    room = argo_room(r, argo_read_position(r, w));
    if (!argo_fits(room, m->length)) {
        window_close(w);
        err = argo_wait(r, v->domain->id, m->length);
        return err != 0 ? err : -XEN_EAGAIN;
    }
    if (*done != 0 && !stands(r, v, m, *done)) {
        *done = 0;
    }
    err = copy_some(v, r, m, done);
    if (err == 0 && *done == m->length) {
        publish(r, m, w);
    } else if (err == 0) {
        r->partial = (struct argo_partial){
            .length = m->length, .done = *done, .domid = v->domain->id, .vcpu = v->id,
        };
        err = GO_ON;
    } else {
        /* The place may have been written over. */
        r->partial.done = 0;
    }
    window_close(w);
    return err;
}

static int send_step(struct vcpu *v, struct argo_domain *to, const struct message *m, uint32_t *done)
{
    uint32_t index;
    int result;

    spin_lock(&to->lock);
    index = argo_match(to, m->address.dst.aport, v->domain->id);
    if (index == ARGO_NO_SLOT) {
        result = -XEN_ECONNREFUSED;
    } else if (m->length_error != 0) {
        result = m->length_error;
    } else {
        result = put_some(v, to->slot[index].ring, m, done);
    }
    spin_unlock(&to->lock);
    return result;
}

int64_t argo_send(struct vcpu *v, uint64_t *a, uint32_t progress)
{
    struct argo_domain *to;
    struct domain *receiver;
    struct message m;
    int result = read_message(v, a, &m);

    if (result == 0) {
        result = argo_get_receiver(v->domain, m.address.dst.domain_id, &receiver);
    }
    if (result != 0) {
        return result;
    }
    to = __atomic_load_n(&receiver->argo, __ATOMIC_ACQUIRE);
    do {
        result = to != NULL ? send_step(v, to, &m, &progress) : -XEN_ECONNREFUSED;
    } while (result == GO_ON && !hypercall_must_yield());
    if (result == 0) {
        evtchn_virq(receiver->vcpus[0], VIRQ_ARGO);
    }
    domain_put(receiver);
    if (result == GO_ON) {
        return argo_restart(v, a, progress);
    }
    return result == 0 ? (int64_t)m.length : result;
}
