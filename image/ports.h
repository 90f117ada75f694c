/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PC's I/O ports and ISA interrupts that are a partition's, in xl's syntax (x86-64):
 *
 *   ioports = [ "2f8-2ff", "80" ]      # hexadecimal
 *   irqs    = [ 3, 5 ]
 */
#ifndef BH_IMAGE_PORTS_H
#define BH_IMAGE_PORTS_H

#include "config_list.h"
#include "module.h"

#define PORT_COUNT       65536u
#define PORT_RANGE_LIMIT 8 /* the hypervisor's */
#define IRQ_COUNT        16u

/* Reads and checks these keys of `config`. Reports through diag.h. */
void ports_read(struct domain_config *config, enum arch arch, const struct config_source *source);

/* Checks that each is one partition's only. Reports through diag.h. */
void ports_check(const struct partition *partitions, unsigned count);

#endif
