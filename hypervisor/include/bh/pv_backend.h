/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PV rings that another partition serves: the console's (io/console.h) and the store's (io/xs_wire.h), each a page of
 * the client's own memory in the place where Xen puts it, a grant of it, and an event channel. Where they are, the
 * client asks by HVM_PARAM_*; the server knows the grants by their numbers, which are reserved (grant_table.h), and is
 * told the ports by whoever describes the system.
 */
#ifndef BH_PV_BACKEND_H
#define BH_PV_BACKEND_H

#include "bh/types.h"

struct domain;

enum pv_ring { PV_RING_CONSOLE, PV_RING_XENSTORE, PV_RING_COUNT };

/* "console", "xenstore". */
const char *pv_ring_name(enum pv_ring ring);

/*
 * CLIENT gets ring RING if it has none, and SERVER may map it and bind to its channel, *PORT of CLIENT's. The
 * hypervisor's console serves it no more. Before either runs. -XEN_EBUSY: some partition serves it already.
 * -XEN_ENOMEM, -XEN_ENOSPC.
 */
MUST_USE int pv_backend_offer(struct domain *client, struct domain *server, enum pv_ring ring, uint32_t *port);

#endif
