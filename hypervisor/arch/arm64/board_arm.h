/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as its device tree describes it, Arm's part: interrupt controller, timer, PSCI and console UART. Plain C,
 * also built for the host's tests. What cannot be used is reported and left out; the caller decides what it needs.
 */
#ifndef BH_ARM64_BOARD_ARM_H
#define BH_ARM64_BOARD_ARM_H

#include "bh/board.h"
#include "bh/types.h"
#include "drivers/uart.h"
#include "lib/fdt.h"

#define BOARD_GICR_COUNT 8

/* Device registers. SIZE 0: there are none. */
struct board_registers {
    uint64_t address, size;
};

/* INTID 0: there is none. */
struct board_interrupt {
    uint16_t intid; /* as the GIC numbers it: PPIs from 16, SPIs from 32 */
    bool is_edge;
};

enum board_conduit { CONDUIT_NONE, CONDUIT_SMC, CONDUIT_HVC };

struct board_arm {
    uint8_t gic_version;                 /* 2, 3; 0: none that is known */
    uint8_t gicr_count;
    struct board_registers gicd;
    struct board_registers gicc, gich, gicv;       /* GICv2; GICv3 has them for guests of version 2 only */
    struct board_registers gicr[BOARD_GICR_COUNT]; /* GICv3: regions of redistributors */
    uint64_t gicr_stride;                /* 0: as the redistributors themselves say */
    struct board_interrupt maintenance;

    struct board_interrupt timer_virtual, timer_physical, timer_hypervisor;
    uint32_t timer_frequency;            /* 0: the counter's own register says */

    enum board_conduit psci_conduit;
    bool psci_is_0_1;                    /* the functions have the numbers below; none is standard */
    uint32_t psci_cpu_on, psci_cpu_off;

    uint32_t gic_cell, uart_cell;        /* of their nodes: fdt_node.cell; 0: there is none */
    uint8_t gic_cells;                   /* of an interrupt's specifier */

    enum uart_kind uart_kind;
    struct board_registers uart;
    struct board_interrupt uart_interrupt;
};

/* Fills *ARM from T; B is what board_read() said. Bound: one walk of the tree, and more for each path or handle in it. */
void board_arm_read(const struct fdt *t, const struct board *b, struct board_arm *arm);

#endif
