/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the board that partitions of the boot description have: registers and interrupts, known when the partition is
 * first built, and its again in each of its lives. Only if CONFIG_DEVICES.
 */
#ifndef BH_PARTITION_DEVICES_H
#define BH_PARTITION_DEVICES_H

#include "bh/types.h"

struct domain;

#define PARTITION_REGISTERS_COUNT 64
#define PARTITION_LINES_COUNT     128

/*
 * Boot: COUNT frames of registers from FIRST on are D's, at its page G; interrupt LINE is. As device_assign() and
 * device_line_assign(); -XEN_ENOSPC: too many.
 */
MUST_USE int partition_devices_add_registers(struct domain *d, gfn_t g, uint64_t first, uint64_t count);
MUST_USE int partition_devices_add_line(struct domain *d, unsigned line);
/* Has domain ID any, so that they were found in an earlier life? */
bool partition_devices_are_known(uint16_t id);
/*
 * D, which is built, gets them: the next piece from number *AT on, *DONE pages of it being there. 0: that was all of it, or
 * PARTITION_GO_ON. As p2m_map(). Bound: 2 MiB, and a look at each number.
 */
MUST_USE int partition_devices_map(struct domain *d, unsigned *at, uint64_t *done);
/* Domain ID is gone for good. */
void partition_devices_forget(uint16_t id);

#endif
