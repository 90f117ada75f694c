/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on ranges of physical memory, for boot.
 */
#ifndef BH_MEMORY_MAP_H
#define BH_MEMORY_MAP_H

#include "bh/frame.h"
#include "bh/types.h"

/*
 * What is left of BANKS without TAKEN, in whole pages, ascending; to OUT, at most LIMIT ranges. Banks may not overlap
 * each other; what is taken may overlap anything and is sorted in place. Returns how many ranges there are; what does
 * not fit OUT is lost. Bound: banks times taken ranges.
 */
unsigned memory_gaps(const struct memory_range *banks, unsigned bank_count, struct memory_range *taken,
                     unsigned taken_count, struct memory_range *out, unsigned limit);

/* Sorts RANGES and makes one of those that overlap or touch. Returns how many are left. */
unsigned memory_merge(struct memory_range *ranges, unsigned count);

/*
 * Takes SIZE bytes, aligned to ALIGN (a power of two), from the first range where they fit; the range may split in
 * two. True: *AT is where. *COUNT and RANGES change; LIMIT is the room there.
 */
bool memory_carve(struct memory_range *ranges, unsigned *count, unsigned limit, uint64_t size, uint64_t align,
                  uint64_t *at);

#endif
