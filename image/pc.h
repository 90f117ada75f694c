/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board of x86-64. It has no device tree: the boot loader and ACPI tell the hypervisor what is there. All that can
 * be known here is what an emulated machine is given.
 */
#ifndef BH_IMAGE_PC_H
#define BH_IMAGE_PC_H

#include "board.h"
#include "kernel.h"
#include "module.h"
#include "qemu.h"
#include "place.h"

/*
 * Makes a board with an empty tree and, if there is a machine, its CPUs and RAM. Reports what is wrong with them
 * through diag.h; true if there was nothing. board_free() in either case.
 */
bool pc_make(const struct qemu_options *options, struct board *out);

/*
 * Checks that the modules, what is shared and the partitions' memory fit in the RAM, if it is known; `hypervisor` may be
 * NULL. What is left goes to `*out`. Errors go to diag.h; true if there was none.
 */
bool pc_check_memory(const struct board *board, const struct kernel_info *hypervisor, const struct blob *tree,
                     const struct module_file *files, const struct shared_regions *shared,
                     const struct partition *partitions, unsigned count, struct placement *out);

#endif
