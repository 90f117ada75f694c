/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: which registers and interrupts of the board are whose, by `dtdev`, `iomem` or a partial device tree.
 */
#ifndef BH_IMAGE_CLAIMS_H
#define BH_IMAGE_CLAIMS_H

#include "board_devices.h"
#include "module.h"

struct claim {
    const struct domain_config *config;
    enum config_key key; /* what says so, in line `line` */
    unsigned line;
    const struct board_device *device; /* NULL: not known, registers only */
    char *what;                        /* of a partial tree: the node; else NULL */
    bool is_line;
    unsigned number;          /* of the interrupt, or of the device's range of registers */
    uint64_t start, size, at; /* machine addresses of registers, whole pages, and the partition's */
};

struct claims {
    struct claim *claim;
    unsigned count, room;
};

/*
 * Collects and checks what the partitions claim: that it is there, nobody else's and not the hypervisor's, can be where the
 * partition sees it, and does no DMA that nothing holds. Reports through diag.h.
 */
void claims_collect(const struct board *board, const struct board_devices *devices, const struct partition *partitions,
                    unsigned count, struct claims *out);
void claims_free(struct claims *claims);

/*
 * The first of `count` claims that is the partition's to just these pages: devices that share a page are where it is. NULL:
 * there is none.
 */
const struct claim *claims_find_page(const struct claims *claims, unsigned count, const struct domain_config *config,
                                     uint64_t start, uint64_t size);

/* The next parts of claims_collect(): see there. */
void claims_check(const struct board *board, const struct board_devices *devices, const struct claims *claims);

#endif
