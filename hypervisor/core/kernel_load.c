/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: what a file is, who plans it, and where things go. Nothing of the file is used before it was checked.
 */
#include "bh/kernel_load.h"

#include "bh/kernel_format.h"
#include "lib/string.h"

#define PLACEMENT_ALIGN  MIB(2)
#define PLACEMENT_OFFSET MIB(128)

/* Linux, Documentation/x86/boot.rst, 1: a bzImage has this at 0x202. */
#define BZIMAGE_MAGIC        "HdrS"
#define BZIMAGE_MAGIC_OFFSET 0x202

bool kernel_file_fits(const struct kernel_file *f, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < f->ram_count; i++) {
        const struct memory_range *r = &f->ram[i];

        if (start >= r->start && start < r->end && size <= r->end - start) {
            return true;
        }
    }
    return false;
}

/* Req: BH-BOOT-014, BH-BOOT-015 */
static int plan_arm64(const struct kernel_file *f, struct kernel_plan *plan, const char **problem)
{
    if (f->head[0] == 0x1f && f->head[1] == 0x8b) {
        return kernel_refuse(problem, "compressed with gzip; decompress it first, the hypervisor has no decompressor");
    }
    if (memcmp(f->head, ELF_MAGIC, 4) != 0) {
        return kernel_image_plan(f, plan, problem);
    }
    if (!CONFIG_LOADER_ELF) {
        return kernel_refuse(problem, "an ELF file, which this build does not load; an arm64 Image is expected");
    }
    return kernel_elf_plan(KERNEL_RULES_ARM64, f, plan, problem);
}

/* Req: BH-PVH-003 */
static int plan_pvh(const struct kernel_file *f, struct kernel_plan *plan, const char **problem)
{
    const char *magic = (const char *)f->head + BZIMAGE_MAGIC_OFFSET;

    if (f->head[0] == 0x1f && f->head[1] == 0x8b) {
        return kernel_refuse(problem, "compressed with gzip; decompress it first, the hypervisor has no decompressor");
    }
    if (f->head_size >= BZIMAGE_MAGIC_OFFSET + 4 && memcmp(magic, BZIMAGE_MAGIC, 4) == 0) {
        return kernel_refuse(problem, "a bzImage, which is compressed; the ELF file in it (vmlinux) is expected");
    }
    if (memcmp(f->head, ELF_MAGIC, 4) != 0) {
        return kernel_refuse(problem, "no ELF file");
    }
    return kernel_elf_plan(KERNEL_RULES_PVH, f, plan, problem);
}

int kernel_load_plan(enum kernel_rules rules, const void *head, size_t head_size, uint64_t file_size,
                     const struct memory_range *ram, unsigned ram_count, struct kernel_plan *plan,
                     const char **problem)
{
    struct kernel_file f = {
        .head = head, .head_size = head_size, .size = file_size, .ram = ram, .ram_count = ram_count,
    };
    struct kernel_plan result = { .start = 0 };
    int err;

    if (head_size > file_size || head_size < 4) {
        return kernel_refuse(problem, "too short for a kernel");
    }
    if (kernel_rules_are(rules, KERNEL_RULES_PVH)) {
        err = plan_pvh(&f, &result, problem);
    } else {
        f.ram_count = 1;
        err = plan_arm64(&f, &result, problem);
    }
    if (err == 0) {
        *plan = result;
    }
    return err;
}

int kernel_load_notes(struct kernel_plan *plan, unsigned index, const void *bytes, const char **problem)
{
    if (!kernel_rules_are(KERNEL_RULES_PVH, KERNEL_RULES_PVH)) {
        return kernel_refuse(problem, "a kernel that is entered where its notes say, which this build does not load");
    }
    return kernel_pvh_entry(plan, &plan->notes[index], bytes, problem);
}

/* Looks for SIZE bytes, a multiple of ALIGN, that are not the kernel's. */
static bool find_room(const struct kernel_plan *plan, const struct memory_range *ram, uint64_t size, uint64_t align,
                      uint64_t *at)
{
    uint64_t ram_end = ALIGN_DOWN(ram->end, align);
    uint64_t kernel_start = ALIGN_DOWN(plan->start, align);
    uint64_t kernel_end = ALIGN_UP(plan->end, align);
    uint64_t preferred = ram->start + PLACEMENT_OFFSET;

    if (ram_end >= preferred && ram_end - preferred >= size && kernel_end <= preferred) {
        *at = preferred;
        return true;
    }
    if (ram_end >= kernel_end && ram_end - kernel_end >= size) {
        *at = ram_end - size;
        return true;
    }
    if (kernel_start >= ram->start && kernel_start - ram->start >= size) {
        *at = kernel_start - size;
        return true;
    }
    return false;
}

/* Req: BH-BOOT-016 */
static int place_arm64(const struct kernel_plan *plan, const struct memory_range *ram, uint64_t ramdisk_size,
                       uint64_t tree_size, uint64_t *ramdisk_address, uint64_t *tree_address)
{
    static const uint64_t aligns[] = { PLACEMENT_ALIGN, PAGE_SIZE };
    uint64_t at;

    if (ramdisk_size > ram->end - ram->start || tree_size > ram->end - ram->start) {
        return -XEN_ENOMEM;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(aligns); i++) {
        uint64_t tree_room = ALIGN_UP(tree_size, aligns[i]);

        if (find_room(plan, ram, tree_room + ALIGN_UP(ramdisk_size, aligns[i]), aligns[i], &at)) {
            *tree_address = at;
            *ramdisk_address = at + tree_room;
            return 0;
        }
    }
    return -XEN_ENOMEM;
}

int kernel_load_place(enum kernel_rules rules, const struct kernel_plan *plan, const struct memory_range *ram,
                      unsigned ram_count, uint64_t ramdisk_size, uint64_t description_size,
                      uint64_t *ramdisk_address, uint64_t *description_address)
{
    if (kernel_rules_are(rules, KERNEL_RULES_PVH)) {
        return kernel_pvh_place(plan, ram, ram_count, ramdisk_size, description_size, ramdisk_address,
                                description_address);
    }
    return place_arm64(plan, ram, ramdisk_size, description_size, ramdisk_address, description_address);
}
