/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Called by head.S with the MMU off.
 */
#ifndef BH_ARM64_EARLY_H
#define BH_ARM64_EARLY_H

#include "bh/types.h"

/*
 * Builds the boot CPU's page tables for the image loaded at BASE (4 KiB aligned); TREE is where the device tree is.
 * Returns the physical address of the root table.
 */
uint64_t early_tables(uint64_t tree, uint64_t base);
/* Says on the console that EL2 is needed, and stops. */
NORETURN void early_wrong_level(uint64_t tree);

#endif
