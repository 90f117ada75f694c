/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of an arm64 board, as its tree has them: registers, interrupts, and what is known of their DMA.
 */
#ifndef BH_IMAGE_BOARD_DEVICES_H
#define BH_IMAGE_BOARD_DEVICES_H

#include "board.h"

#define BOARD_DEVICE_REGS  16
#define BOARD_DEVICE_LINES 32

/* Shared interrupts begin at 32; a partition's interrupt controller has them up to this one. */
#define BOARD_LINE_FIRST 32
#define BOARD_LINE_MAX   1019
/* And this one is its virtual watchdog's, if it has one. */
#define BOARD_LINE_WATCHDOG 95

enum board_dma {
    DMA_NONE,    /* a kind of device that is known to have none */
    DMA_UNKNOWN, /* nothing says */
    DMA_YES,     /* its node says so */
};

struct board_device {
    char *path;
    int node; /* in the board's tree */
    unsigned reg_count;
    struct {
        uint64_t start, size;
    } reg[BOARD_DEVICE_REGS]; /* machine addresses; those that a CPU can't reach are left out */
    unsigned line_count;
    unsigned line[BOARD_DEVICE_LINES]; /* by their numbers at the GIC */
    bool has_other_interrupts;         /* that go elsewhere */
    bool is_enabled;
    const char *hypervisors; /* what it is to the hypervisor, which nobody else gets; or NULL */
    enum board_dma dma;
};

struct board_devices {
    struct board_device *device; /* in the tree's order: all nodes with registers or interrupts */
    unsigned count;
    uint32_t gic_handle; /* 0: none */
    int gic_cells;
};

/* Of a board that board_read() took. board_devices_free() afterwards. */
void board_devices_read(const struct board *board, struct board_devices *out);
void board_devices_free(struct board_devices *devices);

/* The one with that path or alias, or NULL. */
const struct board_device *board_devices_find(const struct board *board, const struct board_devices *devices,
                                              const char *path);

#endif
