/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition while it is read from the boot description: what core/boot_config.c shares with the files that read parts
 * of it, its modules (core/boot_modules.c) and a dom0 (core/boot_dom0.c).
 */
#ifndef BH_BOOT_READING_H
#define BH_BOOT_READING_H

#include "bh/board.h"
#include "bh/boot_config.h"

struct boot_reading {
    const struct fdt *t;
    const struct board *board;
    const struct memory_range *taken; /* what is the hypervisor's, or the tree's */
    unsigned taken_count;
    struct boot_config *config; /* the partitions before it */
    bool failed;
    struct boot_domain *d;
};

/* Reports an error that keeps the partition from starting. */
#define boot_reading_error(r, node, property, ...)                                    \
    do {                                                                              \
        (r)->failed = true;                                                           \
        boot_config_report(LOG_ERROR, (r)->t, node, property, __VA_ARGS__);           \
    } while (0)

/* Reads NODE, a child of a partition's node, or for a dom0 of /chosen; warns of one that means nothing. */
void boot_config_read_child(struct boot_reading *r, const struct fdt_node *node);

/* Reads NODE if it is a module: a kernel, a ramdisk or a partial device tree. False: it is none. Bound: other modules. */
MUST_USE bool boot_modules_read(struct boot_reading *r, const struct fdt_node *node);

/* Is NODE, in /chosen, a module of dom0's? */
bool boot_dom0_is_module(const struct fdt *t, const struct fdt_node *node);
/* Has dom0 a command line of its own, so that "bootargs" is not its but the hypervisor's? */
bool boot_dom0_has_arguments(const struct fdt *t, const struct fdt_node *chosen);
/* Reads all of dom0: its modules are in /chosen itself, the rest is on the hypervisor's command line. CONFIG_CONTROL. */
void boot_dom0_read(struct boot_reading *r);

#endif
