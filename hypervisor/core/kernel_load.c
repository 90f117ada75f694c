/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels: what a file is and where it goes. Nothing of the file is used before it was checked.
 */
#include "bh/kernel_load.h"

#include "lib/string.h"

#define PLACEMENT_ALIGN  MIB(2)
#define PLACEMENT_OFFSET MIB(128)

/* Booting.rst, 4: the header of an Image, 64 bytes, little endian. */
struct image_header {
    uint32_t code[2];
    uint64_t text_offset;
    uint64_t image_size;
    uint64_t flags;
    uint64_t reserved[3];
    uint32_t magic;
    uint32_t reserved_pe;
};
_Static_assert(sizeof(struct image_header) == 64, "header of an Image");
#define IMAGE_MAGIC               0x644d5241 /* "ARM\x64" */
#define IMAGE_FLAG_BIG_ENDIAN     BIT(0)
#define IMAGE_TEXT_OFFSET_DEFAULT 0x80000 /* where image_size is 0, text_offset is not reliable */

/* System V ABI, ELF header and program header, 64-bit. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, section_names;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF header");
struct elf_program {
    uint32_t type, flags;
    uint64_t offset, virtual_address, physical_address, file_size, memory_size, alignment;
};
_Static_assert(sizeof(struct elf_program) == 56, "ELF program header");
#define ELF_MAGIC         "\177ELF"
#define ELF_CLASS_64      2
#define ELF_LITTLE_ENDIAN 1
#define ELF_VERSION       1
#define ELF_EXECUTABLE    2
#define ELF_SHARED        3 /* position independent */
#define ELF_AARCH64       183
#define ELF_LOAD          1
#define ELF_INTERPRETER   3

static int refuse(const char **problem, const char *text)
{
    *problem = text;
    return -XEN_EINVAL;
}

/* Is [START, START + SIZE) in RAM? */
static bool is_in(const struct memory_range *ram, uint64_t start, uint64_t size)
{
    return start >= ram->start && start <= ram->end && size <= ram->end - start;
}

/* Req: BH-BOOT-012 */
static int plan_image(const struct image_header *h, uint64_t file_size, const struct memory_range *ram,
                      struct kernel_plan *plan, const char **problem)
{
    uint64_t offset = h->image_size != 0 ? h->text_offset : IMAGE_TEXT_OFFSET_DEFAULT;
    uint64_t size = MAX(h->image_size, file_size);
    uint64_t start = ram->start + offset;

    if ((h->flags & IMAGE_FLAG_BIG_ENDIAN) != 0) {
        return refuse(problem, "a big-endian Image; a little-endian one is expected");
    }
    if ((offset & 7) != 0 || offset >= ram->end - ram->start || !is_in(ram, start, size)) {
        return refuse(problem, "the Image's text_offset and image_size do not fit the partition's memory");
    }
    plan->kind = KERNEL_IMAGE;
    plan->entry = start;
    plan->start = start;
    plan->end = start + size;
    plan->segment_count = 1;
    /* The kernel clears its own .bss: beyond the file nothing is promised. */
    plan->segment[0] = (struct kernel_segment){
        .source = 0, .file_size = file_size, .address = start, .memory_size = file_size,
    };
    return 0;
}

/* Adds a segment to the plan; the file's address FROM, which is not above the segment's, is TO in memory. */
static int add_segment(const struct elf_program *p, uint64_t from, uint64_t to, uint64_t file_size,
                       const struct memory_range *ram, struct kernel_plan *plan, const char **problem)
{
    uint64_t address = to + (p->physical_address - from);

    if (p->file_size > p->memory_size || p->offset > file_size || p->file_size > file_size - p->offset) {
        return refuse(problem, "a segment of the ELF file lies outside the file");
    }
    if (p->physical_address - from > UINT64_MAX - to || !is_in(ram, address, p->memory_size)) {
        return refuse(problem, "a segment of the ELF file lies outside the partition's memory");
    }
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        if (address < s->address + s->memory_size && s->address < address + p->memory_size) {
            return refuse(problem, "segments of the ELF file overlap");
        }
    }
    if (plan->segment_count == KERNEL_SEGMENT_COUNT) {
        return refuse(problem, "an ELF file of more than 16 loaded segments");
    }
    plan->start = MIN(plan->start, address);
    plan->end = MAX(plan->end, address + p->memory_size);
    plan->segment[plan->segment_count++] = (struct kernel_segment){
        .source = p->offset, .file_size = p->file_size, .address = address, .memory_size = p->memory_size,
    };
    return 0;
}

/* Req: BH-BOOT-013 */
static int plan_elf(const uint8_t *head, size_t head_size, uint64_t file_size, const struct memory_range *ram,
                    struct kernel_plan *plan, const char **problem)
{
    struct elf_header h;
    struct elf_program p;
    uint64_t from = 0, to = 0, lowest = UINT64_MAX;
    bool entry_found = false;
    int err;

    memcpy(&h, head, sizeof(h));
    if (h.ident[4] != ELF_CLASS_64 || h.ident[5] != ELF_LITTLE_ENDIAN || h.ident[6] != ELF_VERSION ||
        h.machine != ELF_AARCH64 || (h.type != ELF_EXECUTABLE && h.type != ELF_SHARED)) {
        return refuse(problem, "an ELF file that is no 64-bit little-endian AArch64 executable");
    }
    if (h.program_size != sizeof(p) || h.program_count == 0 || h.program_offset > head_size ||
        h.program_count * sizeof(p) > head_size - h.program_offset) {
        return refuse(problem, "an ELF file whose program headers are not within its first 4096 bytes");
    }
    for (unsigned i = 0; i < h.program_count; i++) {
        memcpy(&p, head + h.program_offset + i * sizeof(p), sizeof(p));
        if (p.type == ELF_INTERPRETER) {
            return refuse(problem, "an ELF file that asks for a dynamic linker; a static one is expected");
        }
        if (p.type == ELF_LOAD && p.memory_size != 0) {
            lowest = MIN(lowest, p.physical_address);
        }
    }
    if (lowest == UINT64_MAX) {
        return refuse(problem, "an ELF file with nothing to load");
    }
    if (h.type == ELF_SHARED) {
        /* To where RAM begins, aligned as it is linked. */
        from = ALIGN_DOWN(lowest, PLACEMENT_ALIGN);
        to = ram->start;
    }
    plan->kind = KERNEL_ELF;
    plan->start = UINT64_MAX;
    plan->end = 0;
    plan->segment_count = 0;
    for (unsigned i = 0; i < h.program_count; i++) {
        memcpy(&p, head + h.program_offset + i * sizeof(p), sizeof(p));
        if (p.type != ELF_LOAD || p.memory_size == 0) {
            continue;
        }
        err = add_segment(&p, from, to, file_size, ram, plan, problem);
        if (err != 0) {
            return err;
        }
        if (h.entry >= p.virtual_address && h.entry - p.virtual_address < p.memory_size) {
            plan->entry = to + (p.physical_address - from) + (h.entry - p.virtual_address);
            entry_found = true;
        }
    }
    if (!entry_found || (plan->entry & 3) != 0) {
        return refuse(problem, "the entry point of the ELF file is in none of its segments, or not a multiple of 4");
    }
    return 0;
}

/* Req: BH-BOOT-014, BH-BOOT-015 */
int kernel_load_plan(const void *head, size_t head_size, uint64_t file_size, const struct memory_range *ram,
                     struct kernel_plan *plan, const char **problem)
{
    struct kernel_plan result;
    struct image_header image;
    const uint8_t *b = head;
    int err;

    if (head_size > file_size || head_size < 4) {
        return refuse(problem, "too short for a kernel");
    }
    if (b[0] == 0x1f && b[1] == 0x8b) {
        return refuse(problem, "compressed with gzip; decompress it first, the hypervisor has no decompressor");
    }
    if (memcmp(b, ELF_MAGIC, 4) == 0) {
        if (!CONFIG_LOADER_ELF) {
            return refuse(problem, "an ELF file, which this build does not load; an arm64 Image is expected");
        }
        if (head_size < sizeof(struct elf_header)) {
            return refuse(problem, "too short for an ELF file");
        }
        err = plan_elf(b, head_size, file_size, ram, &result, problem);
    } else if (head_size < sizeof(image)) {
        return refuse(problem, "too short for an arm64 Image");
    } else {
        memcpy(&image, head, sizeof(image));
        if (b[0] == 'M' && b[1] == 'Z' && memcmp(b + 4, "zimg", 4) == 0) {
            return refuse(problem, "a compressed EFI kernel (vmlinuz.efi); an uncompressed Image is expected");
        }
        if (image.magic != IMAGE_MAGIC) {
            return refuse(problem, "neither an arm64 Image nor an ELF file");
        }
        err = plan_image(&image, file_size, ram, &result, problem);
    }
    if (err == 0) {
        *plan = result;
    }
    return err;
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
int kernel_load_place(const struct kernel_plan *plan, const struct memory_range *ram, uint64_t ramdisk_size,
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
