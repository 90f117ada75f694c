/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PV console (io/console.h, struct xencons_interface) of a domain that has no other backend: the hypervisor's
 * console takes what the guest writes to its ring, and writes what is typed. The ring is a page of the domain's own
 * memory in the place where Xen puts such pages; an event channel tells either side.
 */
#ifndef BH_PV_CONSOLE_H
#define BH_PV_CONSOLE_H

#include "bh/types.h"

struct domain;

/* Makes the page and the channel, and sets the domain's parameters. -XEN_ENOMEM. Before D runs. */
MUST_USE int pv_console_create(struct domain *d);
/* The guest has told that its ring changed: takes what is there. Bound: the ring, 2,048 characters. */
void pv_console_notified(struct domain *d);
/* A character was typed; it is lost if the ring is full. */
void pv_console_input(struct domain *d, char c);

#endif
