/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the final device tree (fdt_out.h): nodes of /chosen, which is at the offset `chosen`. A new node comes before
 * those that are there. All return 0 or a libfdt error.
 */
#ifndef BH_IMAGE_FDT_PARTS_H
#define BH_IMAGE_FDT_PARTS_H

#include "system.h"

/* Partition `number`, from 1; handles from `handle` on are those of channels, two each. */
int fdt_partition_add(void *tree, int chosen, const struct system *system, unsigned number, uint32_t handle);

/* What is no partition's own: schedules, and who may reach whom. */
int fdt_system_add(void *tree, int chosen, const struct system *system);

#endif
