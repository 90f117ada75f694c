/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexes in the ring are others' to spoil, the guest's and its server's: each is read once, and what is taken is
 * never more than there is room for.
 */
#include "bh/vuart.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/domctl.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/vpl011.h"

#define RING(member) offsetof(struct xencons_interface, member)
#define OUT_SIZE sizeof(((struct xencons_interface *)0)->out)
#define IN_SIZE  sizeof(((struct xencons_interface *)0)->in)

int vuart_init(struct domain *d, gfn_t ring, uint16_t server, uint32_t *port)
{
    uint32_t at = 0;
    int err = !d->vuart.is_there && domain_gfn_is_ram(d, ring) ? 0 : -XEN_EINVAL;

    if (err == 0 && d->vcpus[0] == NULL) {
        err = -XEN_ENOENT;
    }
    if (err == 0) {
        err = evtchn_listen(d, &at, server, CONSUMER_VUART);
    }
    if (err == 0) {
        err = arch_domain_add_uart(d);
        if (err != 0) {
            (void)!evtchn_close_port(d, at, false);
        }
    }
    if (err != 0) {
        return err;
    }
    spinlock_init(&d->vuart.lock, LOCK_PV_CONSOLE);
    d->vuart.ring = ring.n << PAGE_SHIFT;
    d->vuart.port = at;
    d->vuart.is_there = true;
    *port = at;
    return 0;
}

/* The two indexes at OFFSET of the ring: how far its reader and its writer are. */
static bool read_indexes(struct domain *d, size_t offset, XENCONS_RING_IDX index[2]) REQUIRES(d->vuart.lock)
{
    _Static_assert(RING(out_prod) == RING(out_cons) + sizeof(index[0]), "both in one copy");
    _Static_assert(RING(in_prod) == RING(in_cons) + sizeof(index[0]), "both in one copy");
    return guest_copy_from_gpa(d, d->vuart.ring + offset, index, 2 * sizeof(index[0])) == 0;
}

/*
 * A driver that was told of room by the transmit interrupt writes half a FIFO of 32 characters without another look
 * (Linux, pl011_tx_chars()): with less than a whole one there is none.
 */
#define ROOM_MIN 32

static void note_room(struct domain *d, const XENCONS_RING_IDX index[2]) REQUIRES(d->vuart.lock)
{
    __atomic_store_n(&d->vuart.is_full, index[1] - index[0] > OUT_SIZE - ROOM_MIN, __ATOMIC_RELAXED);
}

/* Req: BH-UART-010 */
void vuart_send(struct domain *d, char c)
{
    XENCONS_RING_IDX index[2];
    bool is_sent = false;

    spin_lock(&d->vuart.lock);
    if (read_indexes(d, RING(out_cons), index)) {
        if (index[1] - index[0] < OUT_SIZE &&
            guest_copy_to_gpa(d, d->vuart.ring + RING(out) + index[1] % OUT_SIZE, &c, 1) == 0) {
            index[1]++;
            is_sent = guest_copy_to_gpa(d, d->vuart.ring + RING(out_prod), &index[1], sizeof(index[1])) == 0;
        }
        note_room(d, index);
    }
    spin_unlock(&d->vuart.lock);
    if (is_sent) {
        evtchn_tell_peer(d, d->vuart.port);
    }
}

/* Req: BH-UART-011 */
void vuart_receive(struct domain *d)
{
    XENCONS_RING_IDX index[2];
    bool taken = false;
    char c;

    spin_lock(&d->vuart.lock);
    if (read_indexes(d, RING(in_cons), index) && index[1] - index[0] <= IN_SIZE) {
        /* Only who holds the lock puts something into the FIFO: what has room keeps it. */
        while (index[0] != index[1] && vpl011_has_room(d) &&
               guest_copy_from_gpa(d, d->vuart.ring + RING(in) + index[0] % IN_SIZE, &c, 1) == 0) {
            (void)vpl011_receive(d, c);
            index[0]++;
            taken = true;
        }
        taken = taken && guest_copy_to_gpa(d, d->vuart.ring + RING(in_cons), &index[0], sizeof(index[0])) == 0;
    }
    spin_unlock(&d->vuart.lock);
    if (taken) {
        evtchn_tell_peer(d, d->vuart.port);
    }
}

void vuart_notified(struct domain *d)
{
    XENCONS_RING_IDX index[2];

    spin_lock(&d->vuart.lock);
    if (read_indexes(d, RING(out_cons), index)) {
        note_room(d, index);
    }
    spin_unlock(&d->vuart.lock);
    vpl011_transmit_ready(d);
    vuart_receive(d);
}

/* Req: BH-CTL-032 */
int64_t domctl_vuart_op(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_vuart_op *o = &op->u.vuart_op;

    (void)v;
    (void)a;
    if (o->pad[0] != 0 || o->pad[1] != 0 || o->cmd != XEN_DOMCTL_VUART_OP_INIT) {
        return -XEN_EINVAL;
    }
    if (d->has_run) {
        return -XEN_EPERM;
    }
    if (o->type != XEN_DOMCTL_VUART_TYPE_VPL011) {
        return -XEN_EOPNOTSUPP;
    }
    return vuart_init(d, gfn(o->gfn), o->console_domid, &o->evtchn);
}
