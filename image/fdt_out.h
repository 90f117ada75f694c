/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The final device tree: the board's (on x86-64 an empty one), with the partitions under /chosen as Xen's dom0less
 * binding has them (Xen, docs/misc/arm/device-tree/booting.txt), with properties of our own: bulkhead,name,
 * bulkhead,cpus, bulkhead,weight, bulkhead,read-only and what follows an end; and schedules. On x86-64 "module-index", a
 * number in the boot loader's list, stands in the place of a module's "reg".
 */
#ifndef BH_IMAGE_FDT_OUT_H
#define BH_IMAGE_FDT_OUT_H

#include "board.h"
#include "module.h"
#include "schedule.h"

struct fdt_options {
    enum arch arch;
    const char *bootargs;     /* the hypervisor's own command line, or NULL to leave what the board's tree has */
    const struct schedule *schedules;
    unsigned schedule_count;
    bool forget_random_seeds; /* the tree is QEMU's, and what it drew by chance has no place in a file */
};

/*
 * Builds the tree; no address makes it larger than MODULE_NOT_PLACED does. Reports errors through diag.h; true if there
 * was none, and only then `*out` is written.
 */
bool fdt_out_build(const struct board *board, const struct fdt_options *options, const struct partition *partitions,
                   unsigned count, struct blob *out);

#endif
