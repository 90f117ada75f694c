/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: what a file is and where it goes in a partition's memory. Only looks and computes; the caller copies. The
 * file is a stranger's: every number is checked against the file's size and the memory there is.
 *
 * arm64 Image: Linux, Documentation/arm64/booting.rst, 4. ELF: System V ABI, object files, and the ELF for the Arm
 * 64-bit Architecture; statically linked, at physical addresses, or position independent and relocating itself.
 */
#ifndef BH_KERNEL_LOAD_H
#define BH_KERNEL_LOAD_H

#include "bh/frame.h"
#include "bh/types.h"

/* Bytes from the start of the file that are looked at: headers and, of an ELF file, the program headers. */
#define KERNEL_HEAD_SIZE     4096
#define KERNEL_SEGMENT_COUNT 16

enum kernel_kind { KERNEL_IMAGE, KERNEL_ELF };

/* FILE_SIZE bytes at SOURCE in the file go to ADDRESS; from there to MEMORY_SIZE zeros follow. */
struct kernel_segment {
    uint64_t source, file_size, address, memory_size;
};

struct kernel_plan {
    enum kernel_kind kind;
    unsigned segment_count;
    uint64_t entry;
    uint64_t start, end; /* all that the kernel occupies, END not included */
    struct kernel_segment segment[KERNEL_SEGMENT_COUNT]; /* apart from each other, inside [start, end) */
};

/*
 * Plans the loading of a file of FILE_SIZE bytes, whose first HEAD_SIZE bytes (KERNEL_HEAD_SIZE, or the whole file if
 * it is shorter) are at HEAD, to the guest memory RAM, which begins at a multiple of 2 MiB. -XEN_EINVAL: it cannot be;
 * *PROBLEM says why and what was expected. PLAN is written on success only.
 */
MUST_USE int kernel_load_plan(const void *head, size_t head_size, uint64_t file_size, const struct memory_range *ram,
                              struct kernel_plan *plan, const char **problem);

/*
 * Chooses where a ramdisk (RAMDISK_SIZE 0: none) and a device tree go, clear of the kernel and of each other: as Xen
 * does, the tree and behind it the ramdisk 128 MiB into RAM, or else at its end, or else in front of the kernel, each
 * at a multiple of 2 MiB; of a page, if there is no other way. -XEN_ENOMEM: they do not fit.
 */
MUST_USE int kernel_load_place(const struct kernel_plan *plan, const struct memory_range *ram, uint64_t ramdisk_size,
                               uint64_t tree_size, uint64_t *ramdisk_address, uint64_t *tree_address);

#endif
