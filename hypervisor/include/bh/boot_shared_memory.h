/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory partitions share, as the boot description says: nodes "xen,domain-shared-memory-v1" of a partition (Xen,
 * docs/misc/arm/device-tree/booting.txt). Ours is in such a node:
 *   bulkhead,read-only   empty: this partition may not write there
 * Only if CONFIG_SHARED_MEMORY.
 */
#ifndef BH_BOOT_SHARED_MEMORY_H
#define BH_BOOT_SHARED_MEMORY_H

#include "bh/boot_config.h"

/*
 * Reads NODE, a share of partition D, into bh/shared_memory.h. A place is in the board's memory, clear of the COUNT ranges
 * at TAKEN, of D's own and of what partitions of C have. False: something was wrong, and has been reported.
 */
MUST_USE bool boot_shared_memory_read(const struct fdt *t, const struct board *b, const struct memory_range *taken,
                                      unsigned count, const struct boot_config *c, struct boot_domain *d,
                                      const struct fdt_node *node);

#endif
