/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The final device tree: the board's (on x86-64 an empty one), with the partitions under /chosen as Xen's dom0less
 * binding has them (Xen, docs/misc/arm/device-tree/booting.txt), with properties of our own: bulkhead,name,
 * bulkhead,cpus, bulkhead,weight, bulkhead,read-only, what follows an end and so on; and schedules, channels and policy.
 * On x86-64 "module-index", a number in the boot loader's list, stands in the place of a module's "reg".
 */
#ifndef BH_IMAGE_FDT_OUT_H
#define BH_IMAGE_FDT_OUT_H

#include "system.h"

/*
 * Builds the tree; no address makes it larger than MODULE_NOT_PLACED does. Random seeds are forgotten where the tree is
 * QEMU's: what it drew by chance has no place in a file. Reports errors through diag.h; true if there was none, and only
 * then `*out` is written.
 */
bool fdt_out_build(const struct system *system, bool are_random_seeds_forgotten, struct blob *out);

#endif
