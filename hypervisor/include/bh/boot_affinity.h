/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache colours and NUMA nodes as the boot description and the hypervisor's command line name them (Xen,
 * docs/misc/cache-coloring.rst): of a partition "llc-colors" and, ours, "bulkhead,nodes"; of the hypervisor
 * llc-coloring, llc-size, llc-nr-ways and xen-llc-colors. Only if CONFIG_CACHE_COLOURS or CONFIG_NUMA.
 */
#ifndef BH_BOOT_AFFINITY_H
#define BH_BOOT_AFFINITY_H

#include "bh/board.h"
#include "bh/boot_config.h"

/* A word of the command line. False: it is none of these. */
bool boot_affinity_option(const char *name, const char *value);
/*
 * All options are known and no memory is given out yet: how many colours there are, which ones are the hypervisor's, and
 * what of B's memory is of which node.
 */
void boot_affinity_settle(const struct board *b);
/* Reads what the node of partition D says. False: something was wrong, and has been reported. */
MUST_USE bool boot_affinity_read(const struct fdt *t, struct boot_domain *d);
/*
 * What was read of D counts for domain DOMID from now on. -XEN_EINVAL: it cannot, as a message has said. -XEN_ENOSPC:
 * see page_affinity_set().
 */
MUST_USE int boot_affinity_apply(uint16_t domid, const struct boot_domain *d);

#endif
