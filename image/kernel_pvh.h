/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for partitions on x86: ELF files with the note that says where they are entered (Xen, docs/misc/pvh.pandoc).
 */
#ifndef BH_IMAGE_KERNEL_PVH_H
#define BH_IMAGE_KERNEL_PVH_H

#include "kernel.h"

/* As kernel_recognise(), for a file that begins as an ELF file does. */
const char *kernel_pvh_recognise(const struct blob *blob, struct kernel_info *out);

#endif
