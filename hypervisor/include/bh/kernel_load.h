/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: what a file is and where it goes in a partition's memory. Only looks and computes; the caller copies. The
 * file is a stranger's: every number is checked against the file's size and the memory there is.
 *
 * Which files are kernels, and where things go, is a matter of the architecture's boot protocol: of its rules. Core
 * passes ARCH_KERNEL_RULES; tests try them all.
 *
 * KERNEL_RULES_ARM64: an arm64 Image (Linux, Documentation/arm64/booting.rst, 4), or an ELF file (System V ABI, object
 * files, and the ELF for the Arm 64-bit Architecture), statically linked, at physical addresses, or position
 * independent and relocating itself. All of it is in the first range of memory.
 *
 * KERNEL_RULES_PVH: an ELF file of 32 or 64 bits for x86, at physical addresses, whose entry is what its note
 * XEN_ELFNOTE_PHYS32_ENTRY says (Xen, docs/misc/pvh.pandoc, and the public header elfnote.h). Notes may be anywhere in
 * the file, so that planning has two steps: kernel_load_plan() says where they are, kernel_load_notes() reads them.
 */
#ifndef BH_KERNEL_LOAD_H
#define BH_KERNEL_LOAD_H

#include "bh/frame.h"
#include "bh/types.h"

/* Bytes from the start of the file that are looked at: headers and, of an ELF file, the program headers. */
#define KERNEL_HEAD_SIZE     4096
#define KERNEL_SEGMENT_COUNT 16
/* Segments of notes, and bytes of each. */
#define KERNEL_NOTES_COUNT    4
#define KERNEL_NOTES_SIZE_MAX KIB(64)

enum kernel_rules { KERNEL_RULES_ARM64, KERNEL_RULES_PVH };

enum kernel_kind { KERNEL_IMAGE, KERNEL_ELF };

/* FILE_SIZE bytes at SOURCE in the file go to ADDRESS; from there to MEMORY_SIZE zeros follow. */
struct kernel_segment {
    uint64_t source, file_size, address, memory_size;
};

/* SIZE bytes at SOURCE in the file, never none, are notes, each at a multiple of ALIGNMENT from the first. */
struct kernel_notes {
    uint64_t source, size;
    unsigned alignment; /* 4 or 8 */
};

struct kernel_plan {
    enum kernel_kind kind;
    unsigned segment_count;
    uint64_t entry;      /* 0 as long as the notes were not read, where there are any */
    uint64_t start, end; /* all that the kernel occupies, END not included */
    struct kernel_segment segment[KERNEL_SEGMENT_COUNT]; /* apart from each other, inside [start, end) */
    unsigned notes_count; /* 0, unless a note says what the entry is */
    struct kernel_notes notes[KERNEL_NOTES_COUNT];
};

/*
 * Plans the loading of a file of FILE_SIZE bytes, whose first HEAD_SIZE bytes (KERNEL_HEAD_SIZE, or the whole file if
 * it is shorter) are at HEAD, to the guest memory RAM, a list of RAM_COUNT ranges, of which empty ones do not count.
 * The first one begins at a multiple of 2 MiB. -XEN_EINVAL: it cannot be; *PROBLEM says why and what was expected. PLAN
 * is written on success only.
 */
MUST_USE int kernel_load_plan(enum kernel_rules rules, const void *head, size_t head_size, uint64_t file_size,
                              const struct memory_range *ram, unsigned ram_count, struct kernel_plan *plan,
                              const char **problem);

/*
 * Looks for the entry in the notes PLAN->notes[INDEX], whose bytes are at BYTES. -XEN_ENOENT: they do not have it;
 * -XEN_EINVAL: they are wrong, or the entry is. *PROBLEM says why in both cases. The plan is complete once this
 * succeeded for one INDEX. Bound: KERNEL_NOTES_SIZE_MAX / 12 notes.
 */
MUST_USE int kernel_load_notes(struct kernel_plan *plan, unsigned index, const void *bytes, const char **problem);

/*
 * Chooses where a ramdisk (RAMDISK_SIZE 0: none) and the guest's description of its machine (a device tree, a
 * start_info) go, clear of the kernel and of each other, each at a multiple of 2 MiB or, if there is no other way, of a
 * page. KERNEL_RULES_ARM64: as Xen does, the description and behind it the ramdisk 128 MiB into RAM, or else at its
 * end, or else in front of the kernel. KERNEL_RULES_PVH: pages, as high as there is room below 1 GiB, where kernels read
 * it early, or else below 4 GiB, and above the first MiB; the ramdisk comes first. -XEN_ENOMEM: they do not fit.
 */
MUST_USE int kernel_load_place(enum kernel_rules rules, const struct kernel_plan *plan, const struct memory_range *ram,
                               unsigned ram_count, uint64_t ramdisk_size, uint64_t description_size,
                               uint64_t *ramdisk_address, uint64_t *description_address);

#endif
