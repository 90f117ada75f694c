/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that partitions share: regions by name, and who sees which part of one, where (Xen,
 * docs/misc/arm/device-tree/booting.txt, "xen,domain-shared-memory-v1"). A configuration's key:
 *
 *   shared_memory = [ "id=link,at=0x80000000,size=1M,role=owner", "id=log,at=0x90000000,size=64K,offset=64K,readonly" ]
 */
#ifndef BH_IMAGE_SHARED_MEMORY_H
#define BH_IMAGE_SHARED_MEMORY_H

#include "board.h"
#include "module.h"

/* The hypervisor's own (bh/shared_memory.h); without a place a region is one block of its allocator. */
#define SHARED_REGION_LIMIT 16
#define SHARED_SHARE_LIMIT  64
#define SHARED_BLOCK_LIMIT  ((uint64_t)1 << 30)

/* One who sees a region. */
struct shared_view {
    const struct domain_config *config;
    const struct config_share *share;
};

struct shared_region {
    struct shared_view first; /* who names it first */
    struct shared_view owner; /* no share: nobody is */
    uint64_t size;            /* its owner's, or as far as all shares reach */
};

struct shared_regions {
    struct shared_region region[SHARED_REGION_LIMIT];
    unsigned count;
};

/* Reads and checks that key of `config`, whose memory is known already. Reports through diag.h. */
void shared_memory_read(struct domain_config *config, enum arch arch, const struct config_source *source);

/* The same for one share, which line `line` of `file` gives to the partition. */
void shared_memory_add(struct domain_config *config, enum arch arch, const char *text, const char *file, unsigned line);

/*
 * Collects the regions of all partitions, and checks that what these say of them fits together, and that a region with
 * a place is in the board's memory, where that is known, clear of what is set apart for partitions. What else lies
 * there is place.h's matter. Reports through diag.h.
 */
void shared_memory_check(const struct board *board, const struct partition *partitions, unsigned count,
                         struct shared_regions *out);

/* Bytes of all regions, or of those that may be anywhere. */
uint64_t shared_memory_size(const struct shared_regions *regions, bool with_placed);

#endif
