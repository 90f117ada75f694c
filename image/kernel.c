/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "bzimage.h"
#include "kernel_pvh.h"
#include "unpack.h"

#define IMAGE_HEADER_SIZE  64
#define IMAGE_MAGIC_OFFSET 56
#define IMAGE_FLAG_BIG     1u

/* What the hypervisor's loader looks at: segments, and the part of the file that their table has to lie in (bytes). */
#define ELF_SEGMENT_LIMIT 16
#define ELF_HEAD_SIZE     4096u

static uint64_t read_le(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

static const char *recognise_image(const struct blob *blob, struct kernel_info *out)
{
    uint64_t text_offset = read_le(blob->data + 8, 8);
    uint64_t image_size = read_le(blob->data + 16, 8);
    uint64_t flags = read_le(blob->data + 24, 8);

    if (flags & IMAGE_FLAG_BIG) {
        return "is a big-endian Image, and partitions start little-endian";
    }
    if (image_size == 0) {
        /* Images older than Linux 3.17: the field meant nothing and the offset is 0x80000. */
        text_offset = 0x80000;
        image_size = blob->size;
    }
    if (text_offset >= BLOB_LIMIT || image_size >= BLOB_LIMIT) {
        return "is an Image with a damaged header (text_offset or image_size)";
    }
    out->kind = "Image";
    out->has_address = false;
    out->address = 0;
    out->text_offset = text_offset;
    out->memory_size = image_size > blob->size ? image_size : blob->size;
    return NULL;
}

/* The span of the segments to load. `segment_count` is at most ELF_SEGMENT_LIMIT. */
static const char *span_of_segments(const struct blob *blob, const Elf64_Ehdr *header, struct kernel_info *out)
{
    uint64_t low = UINT64_MAX, high = 0;
    bool entry_is_inside = false;
    unsigned i;

    for (i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, blob->data + header->e_phoff + i * sizeof(segment), sizeof(segment));
        if (segment.p_type == PT_INTERP) {
            return "is an ELF file that wants an interpreter, and only static ones can be started";
        }
        if (segment.p_type != PT_LOAD || segment.p_memsz == 0) {
            continue;
        }
        if (segment.p_filesz > segment.p_memsz || segment.p_offset > blob->size ||
            segment.p_filesz > blob->size - segment.p_offset) {
            return "is an ELF file with a segment beyond its end";
        }
        if (segment.p_memsz > UINT64_MAX - segment.p_paddr || segment.p_memsz > UINT64_MAX - segment.p_vaddr) {
            return "is an ELF file with a segment beyond the end of memory";
        }
        low = segment.p_paddr < low ? segment.p_paddr : low;
        high = segment.p_paddr + segment.p_memsz > high ? segment.p_paddr + segment.p_memsz : high;
        entry_is_inside |=
            header->e_entry - segment.p_vaddr < segment.p_memsz || header->e_entry - segment.p_paddr < segment.p_memsz;
    }
    if (low >= high) {
        return "is an ELF file without anything to load";
    }
    if (!entry_is_inside) {
        return "is an ELF file whose entry point is in none of its segments";
    }
    out->kind = "ELF";
    out->text_offset = 0;
    out->memory_size = high - low;
    out->has_address = header->e_type == ET_EXEC;
    out->address = low;
    return NULL;
}

static const char *recognise_elf(const struct blob *blob, struct kernel_info *out)
{
    Elf64_Ehdr header;

    if (blob->size < sizeof(header)) {
        return "is a truncated ELF file";
    }
    memcpy(&header, blob->data, sizeof(header));
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_AARCH64) {
        return "is an ELF file, but not for 64-bit little-endian Arm";
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
        return "is an ELF file, but not an executable";
    }
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > ELF_SEGMENT_LIMIT) {
        return "is an ELF file with a damaged or too long table of segments";
    }
    if (header.e_phoff > blob->size || header.e_phnum * sizeof(Elf64_Phdr) > blob->size - header.e_phoff) {
        return "is an ELF file whose table of segments lies beyond its end";
    }
    if (header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr) > ELF_HEAD_SIZE) {
        return "is an ELF file whose table of segments is not in its first 4096 bytes";
    }
    return span_of_segments(blob, &header, out);
}

static bool is_elf(const struct blob *blob)
{
    return blob->size >= SELFMAG && memcmp(blob->data, ELFMAG, SELFMAG) == 0;
}

static const char *recognise_arm64(const struct blob *blob, struct kernel_info *out)
{
    if (blob->size >= IMAGE_HEADER_SIZE && memcmp(blob->data + IMAGE_MAGIC_OFFSET, "ARM\x64", 4) == 0) {
        return recognise_image(blob, out);
    }
    if (is_elf(blob)) {
        return recognise_elf(blob, out);
    }
    if (blob->size >= 8 && memcmp(blob->data, "MZ\0\0zimg", 8) == 0) {
        return "is an EFI zboot file; its Image has to be unpacked first";
    }
    return "is neither an arm64 Image nor an ELF file (nor one of them gzip'd)";
}

static const char *recognise_x86(struct blob *blob, struct kernel_info *out)
{
    const char *why = bzimage_is_one(blob) ? bzimage_unpack(blob, BLOB_LIMIT) : NULL;

    if (why != NULL) {
        return why;
    }
    return is_elf(blob) ? kernel_pvh_recognise(blob, out)
                        : "is neither a bzImage with an ELF file in it nor an ELF file (nor one of them gzip'd)";
}

/* Req: BH-TOOL-006 */
const char *kernel_recognise(enum arch arch, struct blob *blob, struct kernel_info *out)
{
    const char *why = unpack_gzip(blob, BLOB_LIMIT);

    if (why != NULL) {
        return why;
    }
    return arch == ARCH_X86_64 ? recognise_x86(blob, out) : recognise_arm64(blob, out);
}
