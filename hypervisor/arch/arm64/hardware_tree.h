/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of the domain that has the hardware: the board's, without what is not the domain's, and with the
 * domain's CPUs, memory, interrupt controller, timer and hypervisor in the place of the board's.
 */
#ifndef BH_ARM64_HARDWARE_TREE_H
#define BH_ARM64_HARDWARE_TREE_H

#include "guest_tree.h"
#include "hardware_devices.h"

/* Regions of address space that the guest may fill: the grant table's and others. */
#define HARDWARE_REGIONS 8

struct hardware_tree {
    const struct fdt *board;
    const struct board_arm *arm;
    struct guest_tree guest;           /* but for MEMORY, has_vpl011 and the version of the GIC */
    const struct memory_range *memory;
    unsigned memory_count;
    struct memory_range region[HARDWARE_REGIONS]; /* the first is the grant table's */
    unsigned region_count;
    struct memory_range reserved[BOARD_RESERVED_COUNT]; /* of RAM, by nodes of /reserved-memory */
    unsigned reserved_count;
};

/* Bytes of the largest tree for BOARD, with the longest command line and the most vCPUs. */
size_t hardware_tree_size_max(const struct fdt *board);

/*
 * Finds H->reserved, and room for H->region in what of B's memory is neither H's nor reserved: nothing is in a domain's address space
 * there, and machine addresses of devices are not. -XEN_ENOMEM: there is none for the grant table.
 */
MUST_USE int hardware_tree_find_regions(const struct board *b, struct hardware_tree *h);

/* As guest_tree_write(). */
MUST_USE int hardware_tree_write(const struct hardware_tree *h, void *buffer, size_t size, size_t *tree_size);

#endif
