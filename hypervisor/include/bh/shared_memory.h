/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that partitions of the boot description share: regions, and who sees which part of one, where, and whether to
 * write (Xen, docs/misc/arm/device-tree/booting.txt, "xen,domain-shared-memory-v1").
 *
 * A region is the hypervisor's own, and nobody pays for it: no partition may map it by itself, give it back, grant it or
 * lose it. Each share is a right to map that lasts as long as the board runs, so that what is in a region stays when one
 * that sees it starts again. It is zero at first.
 *
 * Only if CONFIG_SHARED_MEMORY.
 */
#ifndef BH_SHARED_MEMORY_H
#define BH_SHARED_MEMORY_H

#include "bh/types.h"

#define SHARED_REGION_COUNT 16
#define SHARED_SHARE_COUNT  64
#define SHARED_PER_PARTITION 16
/* Bytes of a region's name, terminator included: as Xen. */
#define SHARED_ID_SIZE 20

struct shared_region {
    char id[SHARED_ID_SIZE];
    uint64_t size;      /* bytes: the owner's part, or as far as all shares reach; 0: nobody sees it */
    uint64_t start;     /* machine address; 0: none yet */
    bool has_owner;
    bool is_placed;     /* START is the description's */
    bool is_made;
};

/* A partition's view of a region. Addresses and sizes in bytes, whole pages. */
struct shared_share {
    uint64_t gpa;       /* where the partition sees it */
    uint64_t offset;    /* of the region's first byte that it sees */
    uint64_t size;
    uint8_t region;
    bool is_owner;
    bool is_read_only;
};

void shared_memory_forget_all(void);
/*
 * One more share, of the region ID; what is said of that region so far stays as it is. PLACE: the machine address of the
 * region, or 0: anywhere. NULL, or what is wrong: a second owner, another place, beyond the owner's part, too many.
 */
MUST_USE const char *shared_memory_add(const char *id, uint64_t place, const struct shared_share *s);
/* How many there are; and that all from COUNT on are not to be. */
unsigned shared_memory_count(void);
void shared_memory_drop(unsigned count);
/* Is some of START to END, machine addresses, set apart for a region? */
bool shared_memory_overlaps(uint64_t start, uint64_t end);
/* The next region that has a place, from *NUMBER on, which goes behind it; false: there is none. */
bool shared_memory_place(unsigned *number, uint64_t *start, uint64_t *end);

/* Region N; NULL: there are not as many. Share N; its region's name. */
struct shared_region *shared_memory_region(unsigned n);
const struct shared_share *shared_memory_share(unsigned n);
const char *shared_memory_id(const struct shared_share *s);

#endif
