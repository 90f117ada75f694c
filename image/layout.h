/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is where in a partition's addresses.
 */
#ifndef BH_IMAGE_LAYOUT_H
#define BH_IMAGE_LAYOUT_H

#include "config.h"

struct layout_range {
    uint64_t start, size;
};

/* Virtual devices of any partition that overlap this range, or NULL. */
const struct layout_range *layout_find_device(enum arch arch, uint64_t start, uint64_t size);

/* Is some of the partition's memory in this range? */
bool layout_has_memory(enum arch arch, const struct domain_config *config, uint64_t start, uint64_t size);

/* Where a partition's addresses end. */
uint64_t layout_end(enum arch arch);

#endif
