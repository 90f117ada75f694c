/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boot description says of channels between partitions: which pairs may reach each other, and event channels
 * that are bound when they start. As in bh/boot_config.h, whatever is wrong is reported with node, property and what
 * was expected; it costs that channel, nothing else.
 *
 * Xen's, below a "xen,domain" node (booting.txt, "Static Event Channel"):
 *   compatible = "xen,evtchn-v1"; xen,evtchn = <port handle>: PORT of this partition is bound to that of the node HANDLE,
 *   which names this one in turn.
 * Ours, below /chosen:
 *   compatible = "bulkhead,allow"; from = "name"; to = "name"; kinds = "event", "grant", "argo", "memory": partition FROM
 *   may do to partition TO what the question of that kind asks (bh/policy.h). The other direction is another node.
 *   compatible = "bulkhead,serve"; server = "name"; client = "name"; rings = "console", "xenstore": partition SERVER serves
 *   these PV rings of partition CLIENT (bh/pv_backend.h).
 */
#ifndef BH_BOOT_CHANNELS_H
#define BH_BOOT_CHANNELS_H

#include "bh/boot_config.h"

struct domain;

/*
 * Makes the channels of T between the partitions C, of which BUILT[i] is the domain of C->domain[i] (NULL: it could not
 * be built). Before they run. Bound: for each event channel node, those of all partitions.
 */
void boot_channels_make(const struct fdt *t, const struct board *b, const struct boot_config *c,
                        struct domain *const *built);

#endif
