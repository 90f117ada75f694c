/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that a partition is built with, block by block: any that is free at the addresses where guests expect
 * memory, or what its description sets apart for it, there or at its machine addresses.
 */
#ifndef BH_PARTITION_MEMORY_H
#define BH_PARTITION_MEMORY_H

#include "bh/partition.h"
#include "bh/types.h"

struct domain;

/* How far it has come. */
struct partition_memory {
    unsigned at;              /* the bank, or the range that is set apart */
    uint64_t done;            /* pages of it */
    unsigned order;           /* of the next block */
    unsigned order_max;
};

void partition_memory_begin(struct partition_memory *p, unsigned order_max);

/*
 * One more block of at most 2^ORDER_MAX pages for D, which is built as L->config says; L->ram says where memory is. 0: all of it is there. PARTITION_GO_ON. On an
 * error a message has said what was wrong. -XEN_ENOMEM: too little is free. -XEN_EBUSY: what is set apart is in use.
 * -XEN_ENOSPC: it is in too many pieces.
 */
MUST_USE int partition_memory_step(struct partition_memory *p, struct domain *d, struct partition_layout *l);

#endif
