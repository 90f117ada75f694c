/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything lies in the board's RAM when the hypervisor starts: its image and the device tree where QEMU's
 * loader puts them, the modules in the lowest gaps.
 */
#ifndef BH_IMAGE_PLACE_H
#define BH_IMAGE_PLACE_H

#include "board.h"
#include "module.h"
#include "shared_memory.h"

#define PLACE_ALIGN ((uint64_t)2 << 20) /* bytes; a block of the hypervisor's page tables */

/* Room kept for the hypervisor's image when it is not known (bytes). */
#define PLACE_HYPERVISOR_DEFAULT ((uint64_t)16 << 20)

struct placement {
    struct range hypervisor; /* from the start of RAM, boot loader stub included */
    struct range tree;       /* with what QEMU adds to its size */
    uint64_t taken;          /* bytes of RAM that are reserved, loaded or shared */
    uint64_t overhead;       /* and what the hypervisor takes at least beside them */
    uint64_t left;           /* bytes that nothing of this and no partition takes */
};

/*
 * Places the modules of all partitions (sets module.address), clear of what is set apart for partitions and what
 * they share, and checks that the partitions' own memory fits beside them; static_memory_check() and
 * shared_memory_check() come first. `hypervisor` may be NULL; `tree_size` in bytes. Errors go to diag.h; true if there
 * was none.
 */
bool place_all(const struct board *board, const struct kernel_info *hypervisor, size_t tree_size,
               const struct shared_regions *shared, struct partition *partitions, unsigned count,
               struct placement *out);

/*
 * Checks that the partitions' memory fits in the board's RAM, of which out->taken bytes are taken by what is loaded and
 * the hypervisor takes its own share; sets the other numbers. Errors go to diag.h; true if there was none.
 */
bool place_check_memory(const struct board *board, const struct partition *partitions, unsigned count,
                        struct placement *out);

/* Bytes that a partition takes, with what the hypervisor needs for it. */
uint64_t place_need(const struct domain_config *config);

#endif
