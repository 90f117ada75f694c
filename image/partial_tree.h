/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partial device trees for what `dtdev` and `iomem` name: nodes of the board's tree, for the guest and the hypervisor
 * (Xen, docs/misc/arm/passthrough.txt).
 */
#ifndef BH_IMAGE_PARTIAL_TREE_H
#define BH_IMAGE_PARTIAL_TREE_H

#include "claims.h"

/*
 * Makes the tree of each partition that has no file of its own but claims something, and adds it to `files` as its module.
 * Reports through diag.h.
 */
void partial_tree_make(const struct board *board, const struct claims *claims, struct partition *partitions,
                       unsigned count, struct module_file **files);

#endif
