/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of bh/shared_memory.h: their frames, and their appearance in partitions. Only if CONFIG_SHARED_MEMORY. */
#ifndef BH_PARTITION_SHARED_H
#define BH_PARTITION_SHARED_H

#include "bh/shared_memory.h"

struct domain;

/* Boot, before the first partition is built: all regions get their frames. Messages for those that do not. */
void partition_shared_make(void);
/*
 * The next piece of S, *DONE bytes of it being there, appears in D, which is built: 0: that was the last one, or
 * PARTITION_GO_ON. -XEN_ENOENT: its region was not made. Others as p2m_map(). Bound: 2 MiB.
 */
MUST_USE int partition_shared_map(struct domain *d, const struct shared_share *s, uint64_t *done);

#endif
