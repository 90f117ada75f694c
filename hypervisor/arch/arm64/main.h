/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BH_ARM64_MAIN_H
#define BH_ARM64_MAIN_H

#include "bh/types.h"

/* head.S: the boot CPU, MMU on, on its own stack. TREE_PA: the device tree; IMAGE_PA: where the image was loaded. */
NORETURN void boot_main(uint64_t tree_pa, uint64_t image_pa);

#endif
