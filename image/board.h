/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board: what its device tree says about RAM, CPUs and the interrupt controller. Devicetree Specification 0.4.
 */
#ifndef BH_IMAGE_BOARD_H
#define BH_IMAGE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "blob.h"

#define BOARD_TREE_LIMIT  ((size_t)2 << 20) /* bytes: no boot loader takes a larger one (arm64/booting.rst) */
#define BOARD_RANGE_LIMIT 256

struct range {
    uint64_t start; /* physical address */
    uint64_t size;  /* bytes */
    char *what;     /* for messages: the node it comes from, or what is placed there */
    unsigned node;  /* RAM's NUMA node */
};

struct board {
    const char *file;                    /* or another name for messages */
    struct blob tree;                    /* checked by fdt_check_full() */
    struct range ram[BOARD_RANGE_LIMIT]; /* ascending, 4 KiB aligned inwards, disjoint */
    unsigned ram_count;
    uint64_t ram_size;                        /* bytes in all banks; 0: not known (x86-64) */
    struct range reserved[BOARD_RANGE_LIMIT]; /* memory reservations and /reserved-memory, in the tree's order */
    unsigned reserved_count;
    unsigned cpu_count;   /* usable nodes of /cpus; 0: not known (x86-64) */
    unsigned gic_version; /* 2 or 3; 0: none (x86-64) */
    char cpu_model[64];   /* the part of the first CPU's compatible behind the comma, or "" */
    bool is_qemu_virt;    /* root node compatible with "linux,dummy-virt" */
};

/*
 * Reads and checks the device tree `file`, called `name` in messages (which has to live as long as `*out`). Reports
 * every error through diag.h; true if there was none. board_free() in either case.
 */
bool board_read(const char *file, const char *name, struct board *out);
void board_free(struct board *board);

/* For readers of the board's tree: is the node's `status` anything but okay? */
bool board_is_disabled(const void *tree, int node);
/* The number in so many cells. */
uint64_t board_read_cells(const void *cells, int count);

/* Two half-open ranges share a byte. */
bool range_overlaps(const struct range *a, const struct range *b);

/* Is all of it RAM? */
bool board_has_ram(const struct board *board, uint64_t start, uint64_t size);

#endif
