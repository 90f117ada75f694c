/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the board's I/O ports and ISA interrupts a partition is given, so that it drives a device behind them. A
 * device is one partition's, and none is if it is the hypervisor's. Of a "xen,domain" node:
 *
 *   bulkhead,ioports  pairs of cells: a port, and how many from there on
 *   bulkhead,irqs     cells: ISA interrupts, 0 to 15
 *
 * Only if CONFIG_IOPORTS.
 */
#ifndef BH_BOOT_PORTS_H
#define BH_BOOT_PORTS_H

#include "bh/boot_config.h"
#include "bh/types.h"

#define BOOT_PORT_END  0x10000U
#define BOOT_IRQ_COUNT 16

/* Reads these keys of D, the partition after those in C. False: one of them is wrong, and a message has said what. */
MUST_USE bool boot_ports_read(const struct fdt *t, const struct boot_config *c, struct boot_domain *d);

#endif
