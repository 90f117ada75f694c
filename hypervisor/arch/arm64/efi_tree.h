/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree that the image's entry gets after a start as an EFI program: that of the firmware or boot loader,
 * with
 *
 * - "reg" in the place of "xen,uefi-binary" in the nodes of those modules whose files were loaded,
 * - EFI's memory map in the place of the nodes "memory",
 * - reservations for what of that memory stays the firmware's.
 *
 * Plain functions of their arguments. No pointer stored in the image is followed, so that they run wherever it was
 * loaded.
 */
#ifndef BH_ARM64_EFI_TREE_H
#define BH_ARM64_EFI_TREE_H

#include "bh/boot_config.h"
#include "bh/types.h"
#include "efi.h"
#include "lib/fdt.h"

/* Two a partition, kernel and ramdisk. */
#define EFI_MODULE_COUNT (2 * CONFIG_MAX_DOMAINS)

/* A module whose node names a file. */
struct efi_module {
    const char *file;     /* in the tree, terminated */
    struct fdt_node node; /* with the cell counts of its reg */
    uint64_t start, size; /* where the file was loaded; size 0: it was not */
};

struct efi_memory_map {
    const uint8_t *descriptors; /* a whole number of them, each DESCRIPTOR_SIZE bytes, in any order */
    uint64_t size, descriptor_size;
};

/*
 * Finds the modules of T that name a file, in the order of the tree, none of them loaded; returns how many there are,
 * of which the first MAX are in OUT. Bound: the nodes of /chosen, and of the partitions.
 */
unsigned efi_tree_modules(const struct fdt *t, struct efi_module *out, unsigned max);

/* The first address beyond those that the reg of M can name. */
uint64_t efi_tree_address_limit(const struct efi_module *m);

/* Bytes that suffice for efi_tree_write() with a map of up to DESCRIPTOR_COUNT descriptors. */
uint64_t efi_tree_room(const struct fdt *t, unsigned module_count, uint64_t descriptor_count);

/*
 * Writes the tree into ROOM bytes at OUT, a multiple of 8. -XEN_ENOSPC: it does not fit. -XEN_EINVAL: the cell counts
 * of the root's children cannot name memory. Bound: the tokens of T, for each of its nodes the modules, and the square
 * of the descriptors.
 */
MUST_USE int efi_tree_write(const struct fdt *t, const struct efi_module *modules, unsigned module_count,
                            const struct efi_memory_map *map, void *out, uint64_t room);

#endif
