/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain that has the hardware, on arm64: the board as it finds it.
 */
#ifndef BH_ARM64_HARDWARE_DOMAIN_H
#define BH_ARM64_HARDWARE_DOMAIN_H

#include "board_arm.h"

struct domain;
struct partition_layout;

/* D gets the board's devices, which are looked for now: other boards' starts are spared it. False: it cannot. */
bool hardware_domain_take(struct domain *d);
/* Its virtual GIC, in the place of the board's. As arch_domain_create(). */
MUST_USE int hardware_domain_add_gic(struct domain *d);
/* As arch_guest_describe(). */
MUST_USE int hardware_domain_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                                      size_t *used);

#endif
