/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises what a partition can start. arm64: an Image, or a static 64-bit ELF file (position independent or not).
 * x86-64: an ELF file with Xen's note PHYS32_ENTRY, or a Linux bzImage that has one in it.
 */
#ifndef BH_IMAGE_KERNEL_H
#define BH_IMAGE_KERNEL_H

#include <stdbool.h>

#include "arch.h"
#include "blob.h"

struct kernel_info {
    const char *kind;     /* for people: "Image", "ELF" */
    uint64_t text_offset; /* Image: bytes from a 2 MiB boundary to its first byte */
    uint64_t memory_size; /* bytes of RAM that it covers once started, what is only zeroed included */
    bool has_address;     /* it runs at one address only: */
    uint64_t address;     /* the guest physical one of its first byte */
};

/*
 * Unpacks a gzip'd `*blob`, or a bzImage, in place and looks at it. Returns NULL, or the reason why nothing can start
 * it, which is valid until the next call. Image: Linux, Documentation/arm64/booting.rst, "Call the kernel image". ELF:
 * System V ABI, chapters 4 and 5.
 */
const char *kernel_recognise(enum arch arch, struct blob *blob, struct kernel_info *out);

#endif
