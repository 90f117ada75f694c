/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boot loader says: memory, modules, command line, ACPI's root pointer. Multiboot 1 (specification 0.6.96, 3.3),
 * Multiboot 2 (2.0, 3.6), PVH (Xen's start_info.h). A loader is a stranger: what it says is checked as far as it can be.
 */
#ifndef BH_X86_LOADER_H
#define BH_X86_LOADER_H

#include "bh/board.h"
#include "bh/types.h"

/* What head.S passes of how it was entered. */
#define LOADER_MULTIBOOT1 0x2badb002
#define LOADER_MULTIBOOT2 0x36d76289
#define LOADER_PVH        0x336ec578

#define LOADER_TEXT_SIZE 4096

struct loader {
    const char *name;              /* of the protocol */
    uint64_t rsdp;                 /* 0: it does not say */
    char arguments[1024];          /* the hypervisor's command line, terminated */
    char first_arguments[LOADER_TEXT_SIZE]; /* that of the first module */
};

/*
 * Fills memory, what is reserved, and the modules of *B, and *L, from INFORMATION, a physical address. -XEN_EINVAL: the
 * loader is none of those; -XEN_ENODEV: it names no memory.
 */
MUST_USE int loader_read(uint32_t magic, uint64_t information, struct board *b, struct loader *l);

/*
 * Moves the modules that lie below LIMIT, where the hypervisor has things of its own and GRUB, on EFI, puts small ones,
 * to memory above it, clear of the image. Once nothing else of what the boot loader left is needed. One that finds no
 * room stays where it is. Bound: modules times modules and banks.
 */
void loader_raise_modules(struct board *b, uint64_t limit, uint64_t image_start, uint64_t image_end);

/* SIZE bytes of physical memory at PA, to read at boot, until loader_view_end(). NULL: no room for tables or addresses. */
const void *loader_view(uint64_t pa, uint64_t size);
/* Unmaps all that loader_view() mapped from P on; NULL: all of it. */
void loader_view_end(const void *p);

#endif
