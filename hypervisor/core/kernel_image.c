/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arm64 Image: Linux, Documentation/arm64/booting.rst, 4.
 */
#include "bh/kernel_format.h"
#include "lib/string.h"

/* The header of an Image, 64 bytes, little endian. */
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

/* Req: BH-BOOT-012, BH-BOOT-014, BH-BOOT-015 */
int kernel_image_plan(const struct kernel_file *f, struct kernel_plan *plan, const char **problem)
{
    struct image_header h;
    uint64_t offset, size, start;

    if (f->head_size < sizeof(h)) {
        return kernel_refuse(problem, "too short for an arm64 Image");
    }
    memcpy(&h, f->head, sizeof(h));
    if (f->head[0] == 'M' && f->head[1] == 'Z' && memcmp(f->head + 4, "zimg", 4) == 0) {
        return kernel_refuse(problem, "a compressed EFI kernel (vmlinuz.efi); an uncompressed Image is expected");
    }
    if (h.magic != IMAGE_MAGIC) {
        return kernel_refuse(problem, "neither an arm64 Image nor an ELF file");
    }
    if ((h.flags & IMAGE_FLAG_BIG_ENDIAN) != 0) {
        return kernel_refuse(problem, "a big-endian Image; a little-endian one is expected");
    }
    offset = h.image_size != 0 ? h.text_offset : IMAGE_TEXT_OFFSET_DEFAULT;
    size = MAX(h.image_size, f->size);
    start = f->ram->start + offset;
    if ((offset & 7) != 0 || offset >= f->ram->end - f->ram->start || !kernel_file_fits(f, start, size)) {
        return kernel_refuse(problem, "the Image's text_offset and image_size do not fit the partition's memory");
    }
    plan->kind = KERNEL_IMAGE;
    plan->entry = start;
    plan->start = start;
    plan->end = start + size;
    plan->segment_count = 1;
    /* The kernel clears its own .bss: beyond the file nothing is promised. */
    plan->segment[0] = (struct kernel_segment){
        .source = 0, .file_size = f->size, .address = start, .memory_size = f->size,
    };
    return 0;
}
