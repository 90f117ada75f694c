/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a domain's virtual UART (bh/vpl011.h) when that is another domain, as XEN_DOMCTL_vuart_op asks: a
 * ring as the PV console's (io/console.h) in a page of the domain, and an event channel whose near end is the
 * hypervisor's. Without it the other end is the board's console.
 */
#ifndef BH_VUART_H
#define BH_VUART_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;

struct vuart {
    struct spinlock lock;    /* LOCK_PV_CONSOLE: the ring's indexes are one CPU's at a time */
    bool is_there;           /* [boot] */
    bool is_full;            /* [atomic] no room was left in the ring */
    uint32_t port;           /* [boot] D's port, which is not the guest's to use */
    uint64_t ring;           /* [boot] guest physical address */
};

/*
 * D's UART has its other end in domain SERVER, which is to bind to *PORT. Before D runs. -XEN_EINVAL: page RING is no RAM
 * of D's, or there is a UART, or its interrupt is a device's. -XEN_ENOENT: it has no vCPU. -XEN_ENOSPC, -XEN_ENOMEM.
 */
MUST_USE int vuart_init(struct domain *d, gfn_t ring, uint16_t server, uint32_t *port);
/* D's guest sends C; where there is no room for it, it is lost. No later lock than the domain's is held. */
void vuart_send(struct domain *d, char c);
/*
 * There is something in the ring, or room in D's FIFO for what is: what has room moves there. The server is told what
 * was taken. No later lock than the domain's is held. Bound: the FIFO.
 */
void vuart_receive(struct domain *d);
/* The server says that it changed the ring. */
void vuart_notified(struct domain *d);

#endif
