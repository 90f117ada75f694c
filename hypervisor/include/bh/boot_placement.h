/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the board's memory a partition is given: Xen's "xen,static-mem" and "direct-map" (Xen,
 * docs/misc/arm/device-tree/booting.txt, "Static Allocation"). Only if CONFIG_PLACEMENT.
 */
#ifndef BH_BOOT_PLACEMENT_H
#define BH_BOOT_PLACEMENT_H

#include "bh/boot_config.h"

struct boot_reading;
/*
 * Reads what the node of R's partition, whose memory is known, says of places. They are in the board's memory, clear of
 * what is taken and of what partitions before it have. False: something was wrong, and has been reported. Bound: a look
 * at each range of each partition.
 */
MUST_USE bool boot_placement_read(const struct boot_reading *r);

/*
 * Reads "xen,static-heap": all memory that is given out, but for what partitions have by "xen,static-mem", is of these
 * ranges. What is wrong with one is reported, and it is left out.
 */
void boot_placement_read_heap(const struct fdt *t, const struct board *b, struct boot_config *c);

/* Is some of START up to END set apart for D? */
static inline bool boot_placement_overlaps(const struct boot_domain *d, uint64_t start, uint64_t end)
{
    bool overlaps = false;

    for (unsigned i = 0; CONFIG_PLACEMENT && i < d->place_count; i++) {
        overlaps = overlaps || (d->place[i].start < end && start < d->place[i].end);
    }
    return overlaps;
}

/* Does a module of D, or memory that is set apart for it, lie between START and END? */
static inline bool boot_placement_is_used_by(const struct boot_domain *d, uint64_t start, uint64_t end)
{
    return boot_domain_uses(d, start, end) || boot_placement_overlaps(d, start, end);
}

#endif
