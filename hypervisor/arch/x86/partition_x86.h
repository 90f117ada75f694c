/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition has on x86.
 */
#ifndef BH_X86_PARTITION_X86_H
#define BH_X86_PARTITION_X86_H

#include "bh/board.h"
#include "bh/types.h"

/* Bytes for a partition that gets all of B's memory but what the hypervisor needs for itself and for its tables. */
uint64_t partition_default_memory(const struct board *b);

#endif
