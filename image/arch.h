/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machines that partitions are described for.
 */
#ifndef BH_IMAGE_ARCH_H
#define BH_IMAGE_ARCH_H

enum arch {
    ARCH_ARM64,
    ARCH_X86_64,
};

#endif
