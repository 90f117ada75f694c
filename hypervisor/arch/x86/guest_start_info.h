/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition's kernel on x86 is told of its machine: an hvm_start_info of version 1 and all that it points to
 * (Xen, docs/misc/pvh.pandoc; public header arch-x86/hvm/start_info.h), with ACPI tables, in one piece.
 */
#ifndef BH_X86_GUEST_START_INFO_H
#define BH_X86_GUEST_START_INFO_H

#include "abi/pvh.h"
#include "bh/frame.h"
#include "guest_acpi.h"
#include "bh/types.h"

/* Bytes that suffice for a command line within BOOT_ARGS_SIZE and the most vCPUs. */
#define GUEST_START_INFO_SIZE_MAX (32U << 10)
/* Ranges of the memory map. */
#define GUEST_MEMORY_MAP_COUNT (8 + SHARED_PER_PARTITION)

struct guest_start_info {
    struct guest_acpi acpi;
    const struct memory_range *ram; /* apart from each other, in any order; empty ones do not count */
    unsigned ram_count;
    uint64_t ramdisk_start, ramdisk_end; /* the same: there is none */
    const char *bootargs;                /* NULL: none */
    size_t bootargs_size;                /* characters */
    bool is_initial;                     /* the initial domain, which is privileged */
};

struct guest_memory_map {
    unsigned count;
    struct hvm_memmap_table_entry entry[GUEST_MEMORY_MAP_COUNT]; /* ascending */
};

/*
 * The memory map of a partition with RAM_COUNT ranges at RAM, the pages OWN, where its start_info is, for what is told, and
 * SHARE_COUNT shares.
 * False: they are too many. Bound: the square of GUEST_MEMORY_MAP_COUNT.
 */
MUST_USE bool guest_memory_map_make(const struct memory_range *ram, unsigned ram_count, const struct memory_range *own,
                                    const struct shared_share *shares, unsigned share_count, struct guest_memory_map *m);

/*
 * Writes it to SIZE bytes at BUFFER, a multiple of 16, which the guest will see at ADDRESS, a multiple of a page
 * between 1 MiB and 4 GiB; how many bytes it took goes to *USED. The structure itself comes first: its address is
 * ADDRESS. The pages that it took are no RAM in the memory map. -XEN_ENOSPC: it does not fit; -XEN_EINVAL: ADDRESS, the
 * number of vCPUs or the number of ranges is out of bounds. Bound: the vCPUs, the command line, and the square of
 * GUEST_MEMORY_MAP_COUNT.
 */
MUST_USE int guest_start_info_write(const struct guest_start_info *in, uint64_t address, void *buffer, size_t size,
                                    size_t *used);

#endif
