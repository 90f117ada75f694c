/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between kernel_load.c and the files that know one format of kernels each: kernel_image.c, kernel_elf.c, kernel_pvh.c.
 * All of them refuse by -XEN_EINVAL with the reason in *PROBLEM, and may have written to PLAN then.
 */
#ifndef BH_KERNEL_FORMAT_H
#define BH_KERNEL_FORMAT_H

#include "arch/arch_types.h"
#include "bh/kernel_load.h"

/* Are RULES those of WHICH? Never, where no kernel of that kind can be: then the files for it need not be there. */
static ALWAYS_INLINE bool kernel_rules_are(enum kernel_rules rules, enum kernel_rules which)
{
    return (ARCH_KERNEL_RULES_BUILT & BIT(which)) != 0 && rules == which;
}

/* A file whose kernel is being planned, and the memory that it may go to. */
struct kernel_file {
    const uint8_t *head;
    size_t head_size; /* at least 4, at most SIZE */
    uint64_t size;
    const struct memory_range *ram;
    unsigned ram_count;
};

static inline int kernel_refuse(const char **problem, const char *text)
{
    *problem = text;
    return -XEN_EINVAL;
}

/* Is [START, START + SIZE) in one range of memory? */
bool kernel_file_fits(const struct kernel_file *f, uint64_t start, uint64_t size);

/* An arm64 Image. */
MUST_USE int kernel_image_plan(const struct kernel_file *f, struct kernel_plan *plan, const char **problem);

#define ELF_MAGIC "\177ELF"

/* An ELF file, which begins with ELF_MAGIC. */
MUST_USE int kernel_elf_plan(enum kernel_rules rules, const struct kernel_file *f, struct kernel_plan *plan,
                             const char **problem);

/* The end of what is said of a file that lacks it. */
#define KERNEL_PVH_EXPECTED "expected Xen's note PHYS32_ENTRY (Linux: CONFIG_PVH)"

/* Is [ADDRESS, ADDRESS + SIZE), which does not wrap, memory that a PC's kernel may be loaded to? */
bool kernel_pvh_may_load(uint64_t address, uint64_t size);
/* As kernel_load_notes(). */
MUST_USE int kernel_pvh_entry(struct kernel_plan *plan, const struct kernel_notes *notes, const uint8_t *bytes,
                              const char **problem);
/* As kernel_load_place(). */
MUST_USE int kernel_pvh_place(const struct kernel_plan *plan, const struct memory_range *ram, unsigned ram_count,
                              uint64_t ramdisk_size, uint64_t description_size, uint64_t *ramdisk_address,
                              uint64_t *description_address);

#endif
