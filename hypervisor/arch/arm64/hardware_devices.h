/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the board's device tree is for the domain that has the hardware. Plain C, also built for the host's tests.
 */
#ifndef BH_ARM64_HARDWARE_DEVICES_H
#define BH_ARM64_HARDWARE_DEVICES_H

#include "bh/board.h"
#include "board_arm.h"
#include "lib/fdt.h"

/* What becomes of a node, and of all in it. */
enum hardware_use {
    HARDWARE_GIVEN,  /* the domain's */
    HARDWARE_HIDDEN, /* the hypervisor's, or described otherwise */
    HARDWARE_APART,  /* "xen,passthrough": for others, to whom the domain may hand it on */
    HARDWARE_GIC,    /* the interrupt controller, in whose place there is a virtual one */
};

/* A walk over all nodes that says so of each. */
struct hardware_walk {
    struct fdt_walk w;
    enum hardware_use use;
    bool is_enabled;       /* it, and all buses above it */
    uint8_t inner_depth;   /* nodes deeper than that have the same USE; 0: none */
};
void hardware_walk_begin(const struct fdt *t, const struct board_arm *arm, struct hardware_walk *h);
bool hardware_walk_next(const struct fdt *t, const struct board_arm *arm, struct hardware_walk *h);

/* A walk over the ranges that enabled nodes of /reserved-memory name by "reg"; zeros at first. */
struct hardware_reserved {
    struct memory_range range;
    bool has_begun, is_at_node;
    uint32_t entry;
    struct fdt_node node;
};
/* The next one is in R->range. False: there is none. */
bool hardware_next_reserved(const struct fdt *t, struct hardware_reserved *r);

/* The GIC's phandle; one that no node has, if its node has none. */
uint32_t hardware_gic_phandle(const struct fdt *t, const struct board_arm *arm);

/*
 * Boot: T is the tree that all of this is about, B and A what is known of the board, IMAGE where the hypervisor is; there
 * is none any more.
 */
void hardware_devices_begin(const struct fdt *t, const struct board *b, const struct board_arm *a,
                            struct memory_range image);
void hardware_devices_end(void);
/* The tree, or NULL. When it is first asked for, hardware_devices_read() is done. */
const struct fdt *hardware_devices_find(unsigned line_count);
const struct board *hardware_devices_board(void);
const struct board_arm *hardware_devices_arm(void);

/*
 * The next shared interrupt of NODE in T, from cell *AT of its property on (0: the first), which goes behind it. False:
 * there is none. Bound: a walk of the tree.
 */
bool hardware_next_line(const struct fdt *t, const struct board_arm *arm, const struct fdt_node *node, uint32_t *at,
                        unsigned *line);

/*
 * Tells bh/device.h which registers and interrupts of devices there are: those of GIVEN and APART nodes that are enabled,
 * without RAM and without what is the hypervisor's. Interrupts are those below COUNT. Bound: some walks of the tree, and
 * DEVICE_RANGE_COUNT for each entry of "reg" and "ranges".
 */
void hardware_devices_read(const struct fdt *t, const struct board *b, const struct board_arm *arm, unsigned count);

#endif
