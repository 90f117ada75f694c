/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partial device tree: which of the board's devices a partition has, and the nodes that its own tree gets for them (Xen,
 * docs/misc/arm/passthrough.txt). What lies in "/passthrough" is the guest's, without these properties, which are ours:
 *   xen,reg    sets of machine address, size, guest's address: registers that appear there
 *   xen,path   the device's node in the board's tree, whose shared interrupts are the partition's under their numbers
 *   xen,force-assign-without-iommu   the device may do DMA that nothing checks; required beside xen,path, as none is
 *                                    protected here
 * Plain C, also built for the host's tests.
 */
#ifndef BH_ARM64_PARTIAL_TREE_H
#define BH_ARM64_PARTIAL_TREE_H

#include "board_arm.h"
#include "lib/fdt.h"

struct domain;
struct fdt_writer;

/* What a "gic" node's phandle is, which interrupts in it refer to; OTHERWISE if there is none. */
uint32_t partial_tree_gic_phandle(const struct fdt *partial, uint32_t otherwise);

/*
 * Boot: all that PARTIAL names is D's from now on (bh/partition_devices.h). BOARD is the board's tree. On an error a
 * message has said which node and what was wrong. -XEN_EINVAL, -XEN_ENOSPC, -XEN_EBUSY, -XEN_EPERM. Bound: the nodes of
 * PARTIAL, and a walk of BOARD for each interrupt.
 */
MUST_USE int partial_tree_assign(const struct fdt *partial, const struct fdt *board, const struct board_arm *arm,
                                 struct domain *d);

/* Writes its nodes, at the end of the root that is being written. */
void partial_tree_write(struct fdt_writer *w, const struct fdt *partial);

#endif
