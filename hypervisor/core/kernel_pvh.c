/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for a PC without a firmware: entered in 32-bit mode at the physical address that a note of Xen's gives (Xen,
 * docs/misc/pvh.pandoc; public header elfnote.h). A note is three words (size of its name, size of its descriptor,
 * type), the name and the descriptor, each of the two padded (System V ABI, object files, note section).
 */
#include "bh/kernel_format.h"

#include "abi/pvh.h"
#include "lib/string.h"

struct note_header {
    uint32_t name_size, descriptor_size, type;
};
_Static_assert(sizeof(struct note_header) == 12, "header of a note");
#define NOTE_NAME "Xen"

/* IBM PC: video memory and ROMs. It is no RAM, or at least no guest takes it for RAM. */
#define HOLE_START 0xa0000
#define HOLE_END   MIB(1)

/* Linux reads what it is told before it maps more than this (arch/x86/platform/pvh/head.S, kernel/head_64.S). */
#define EARLY_END GIB(1)

bool kernel_pvh_may_load(uint64_t address, uint64_t size)
{
    return address >= HOLE_END || (address <= HOLE_START && size <= HOLE_START - address);
}

/* Takes SIZE bytes of the entry's descriptor at BYTES. */
static int take_entry(struct kernel_plan *plan, const uint8_t *bytes, uint32_t size, const char **problem)
{
    uint64_t entry = 0;

    if (size != 4 && size != 8) {
        return kernel_refuse(problem, "the note PHYS32_ENTRY has neither 4 nor 8 bytes");
    }
    memcpy(&entry, bytes, size);
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        if (entry <= UINT32_MAX && entry >= s->address && entry - s->address < s->memory_size) {
            plan->entry = entry;
            return 0;
        }
    }
    return kernel_refuse(problem, "the address in the note PHYS32_ENTRY is in none of the ELF file's segments");
}

/* Req: BH-PVH-001, BH-PVH-003 */
int kernel_pvh_entry(struct kernel_plan *plan, const struct kernel_notes *notes, const uint8_t *bytes,
                     const char **problem)
{
    uint64_t at = 0;

    /* Sizes have 32 bits, so that sums of a few do not wrap. Bound: a note takes 12 bytes at least. */
    while (notes->size - at >= sizeof(struct note_header)) {
        struct note_header h;
        uint64_t name, descriptor, end;

        memcpy(&h, bytes + at, sizeof(h));
        name = at + sizeof(h);
        descriptor = ALIGN_UP(name + h.name_size, notes->alignment);
        end = descriptor + h.descriptor_size;
        if (end > notes->size) {
            return kernel_refuse(problem, "a note of the ELF file is larger than its segment");
        }
        if (h.type == XEN_ELFNOTE_PHYS32_ENTRY && h.name_size == sizeof(NOTE_NAME) &&
            memcmp(bytes + name, NOTE_NAME, sizeof(NOTE_NAME)) == 0) {
            return take_entry(plan, bytes + descriptor, h.descriptor_size, problem);
        }
        /* The last one's padding may be missing. */
        at = MIN(ALIGN_UP(end, notes->alignment), notes->size);
    }
    *problem = "an ELF file without that note; " KERNEL_PVH_EXPECTED;
    return -XEN_ENOENT;
}

/* The highest SIZE bytes, a multiple of a page, of [START, END) that are not the kernel's. */
static bool find_room(const struct kernel_plan *plan, uint64_t start, uint64_t end, uint64_t size, uint64_t *at)
{
    uint64_t kernel_start = ALIGN_DOWN(plan->start, PAGE_SIZE);
    uint64_t kernel_end = ALIGN_UP(plan->end, PAGE_SIZE);

    if (end <= start || end - start < size) {
        return false;
    }
    *at = end - size;
    if (*at >= kernel_end || end <= kernel_start) {
        return true;
    }
    /* Below the kernel, which begins above this range's start at least. */
    if (kernel_start < start || kernel_start - start < size) {
        return false;
    }
    *at = kernel_start - size;
    return true;
}

/* The highest SIZE bytes of RAM below LIMIT; 0: there is no room. */
static uint64_t find_highest(const struct kernel_plan *plan, const struct memory_range *ram, unsigned ram_count,
                             uint64_t size, uint64_t limit)
{
    uint64_t best = 0, at;

    for (unsigned i = 0; i < ram_count; i++) {
        uint64_t start = MAX(ALIGN_UP(ram[i].start, PAGE_SIZE), MIB(1));
        uint64_t end = MIN(ALIGN_DOWN(ram[i].end, PAGE_SIZE), limit);

        if (find_room(plan, start, end, size, &at)) {
            best = MAX(best, at);
        }
    }
    return best;
}

/* Req: BH-PVH-002 */
int kernel_pvh_place(const struct kernel_plan *plan, const struct memory_range *ram, unsigned ram_count,
                     uint64_t ramdisk_size, uint64_t description_size, uint64_t *ramdisk_address,
                     uint64_t *description_address)
{
    uint64_t size, best;

    if (ramdisk_size > GIB(4) || description_size > GIB(4)) {
        return -XEN_ENOMEM;
    }
    size = ALIGN_UP(ramdisk_size, PAGE_SIZE) + ALIGN_UP(description_size, PAGE_SIZE);
    best = find_highest(plan, ram, ram_count, size, EARLY_END);
    if (best == 0) {
        best = find_highest(plan, ram, ram_count, size, GIB(4));
    }
    if (best == 0) {
        return -XEN_ENOMEM;
    }
    *ramdisk_address = best;
    *description_address = best + ALIGN_UP(ramdisk_size, PAGE_SIZE);
    return 0;
}
