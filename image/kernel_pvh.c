/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_pvh.h"

#include <elf.h>
#include <string.h>

/* What the hypervisor's loader looks at. */
#define SEGMENT_LIMIT     16
#define HEAD_SIZE         4096u
#define NOTES_COUNT_LIMIT 4
#define NOTES_SIZE_LIMIT  ((uint64_t)64 << 10)

/* Xen, public header elfnote.h: XEN_ELFNOTE_PHYS32_ENTRY. */
#define NOTE_NAME         "Xen"
#define NOTE_PHYS32_ENTRY 18

/* IBM PC: video memory and ROMs. */
#define HOLE_START 0xa0000u
#define HOLE_END   0x100000u

/* An ELF file of either class. */
struct elf {
    const struct blob *blob;
    bool is_64;
    uint64_t table;
    unsigned count; /* of program headers */
    Elf64_Phdr load[SEGMENT_LIMIT], notes[NOTES_COUNT_LIMIT];
    unsigned load_count, notes_count;
};

static const char *read_header(struct elf *elf)
{
    const struct blob *blob = elf->blob;
    uint16_t type, machine, entry_size;
    Elf64_Ehdr header;
    Elf32_Ehdr header32;

    if (blob->size < sizeof(header)) {
        return "is a truncated ELF file";
    }
    memcpy(&header, blob->data, sizeof(header));
    memcpy(&header32, blob->data, sizeof(header32));
    elf->is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
    elf->table = elf->is_64 ? header.e_phoff : header32.e_phoff;
    elf->count = elf->is_64 ? header.e_phnum : header32.e_phnum;
    entry_size = elf->is_64 ? header.e_phentsize : header32.e_phentsize;
    /* The two are at the same place in both classes. */
    type = header.e_type;
    machine = header.e_machine;
    if ((!elf->is_64 && header.e_ident[EI_CLASS] != ELFCLASS32) || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        machine != (elf->is_64 ? EM_X86_64 : EM_386)) {
        return "is an ELF file, but not for x86";
    }
    if (type != ET_EXEC) {
        return "is an ELF file, but not an executable with fixed addresses";
    }
    if (entry_size != (elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || elf->count == 0) {
        return "is an ELF file with a damaged table of segments";
    }
    if (elf->table > blob->size || elf->count * (uint64_t)entry_size > blob->size - elf->table) {
        return "is an ELF file whose table of segments lies beyond its end";
    }
    if (elf->table + elf->count * (uint64_t)entry_size > HEAD_SIZE) {
        return "is an ELF file whose table of segments is not in its first 4096 bytes";
    }
    return NULL;
}

static Elf64_Phdr read_segment(const struct elf *elf, unsigned i)
{
    const uint8_t *table = elf->blob->data + elf->table;
    Elf64_Phdr segment;
    Elf32_Phdr segment32;

    if (elf->is_64) {
        memcpy(&segment, table + i * sizeof(segment), sizeof(segment));
        return segment;
    }
    memcpy(&segment32, table + i * sizeof(segment32), sizeof(segment32));
    return (Elf64_Phdr){
        .p_type = segment32.p_type,
        .p_offset = segment32.p_offset,
        .p_paddr = segment32.p_paddr,
        .p_filesz = segment32.p_filesz,
        .p_memsz = segment32.p_memsz,
        .p_align = segment32.p_align,
    };
}

/* A segment to load, which may not share memory with one before it. */
static const char *add_load(struct elf *elf, const Elf64_Phdr *segment)
{
    uint64_t start = segment->p_paddr, end = start + segment->p_memsz;
    unsigned i;

    if (segment->p_filesz > segment->p_memsz) {
        return "is an ELF file with a segment beyond its end";
    }
    if (segment->p_memsz > UINT64_MAX - start) {
        return "is an ELF file with a segment beyond the end of memory";
    }
    if (start < HOLE_END && end > HOLE_START) {
        return "is an ELF file with a segment where a PC has its ROMs (0xa0000 to 0xfffff)";
    }
    if (elf->load_count == SEGMENT_LIMIT) {
        return "is an ELF file of more than 16 segments to load";
    }
    for (i = 0; i < elf->load_count; i++) {
        if (start < elf->load[i].p_paddr + elf->load[i].p_memsz && elf->load[i].p_paddr < end) {
            return "is an ELF file with segments that overlap";
        }
    }
    elf->load[elf->load_count++] = *segment;
    return NULL;
}

static const char *add_notes(struct elf *elf, const Elf64_Phdr *segment)
{
    if (segment->p_filesz > NOTES_SIZE_LIMIT || elf->notes_count == NOTES_COUNT_LIMIT) {
        return "is an ELF file with more notes than 4 segments of 64 KiB";
    }
    elf->notes[elf->notes_count++] = *segment;
    return NULL;
}

/* Takes the segments to load and those of notes out of the table. */
static const char *read_segments(struct elf *elf)
{
    const char *why = NULL;
    unsigned i;

    for (i = 0; i < elf->count && why == NULL; i++) {
        Elf64_Phdr segment = read_segment(elf, i);
        bool is_load = segment.p_type == PT_LOAD && segment.p_memsz != 0;

        if (!is_load && (segment.p_type != PT_NOTE || segment.p_filesz == 0)) {
            continue;
        }
        if (segment.p_offset > elf->blob->size || segment.p_filesz > elf->blob->size - segment.p_offset) {
            return "is an ELF file with a segment beyond its end";
        }
        why = is_load ? add_load(elf, &segment) : add_notes(elf, &segment);
    }
    return why != NULL || elf->load_count != 0 ? why : "is an ELF file without anything to load";
}

static bool is_loaded(const struct elf *elf, uint64_t address)
{
    unsigned i;

    for (i = 0; i < elf->load_count; i++) {
        if (address >= elf->load[i].p_paddr && address - elf->load[i].p_paddr < elf->load[i].p_memsz) {
            return true;
        }
    }
    return false;
}

/* Looks for the note in one segment. Every note has 12 bytes at least, and sums of 32-bit sizes do not wrap. */
static const char *find_entry(const struct elf *elf, const Elf64_Phdr *segment, bool *found)
{
    const uint8_t *notes = elf->blob->data + segment->p_offset;
    uint64_t align = segment->p_align == 8 ? 8 : 4, at = 0, entry = 0;

    while (at <= segment->p_filesz && segment->p_filesz - at >= sizeof(Elf64_Nhdr)) {
        uint64_t name = at + sizeof(Elf64_Nhdr), descriptor;
        Elf64_Nhdr note;

        memcpy(&note, notes + at, sizeof(note));
        descriptor = (name + note.n_namesz + align - 1) & ~(align - 1);
        if (descriptor + note.n_descsz > segment->p_filesz) {
            return "is an ELF file with a damaged note";
        }
        if (note.n_type == NOTE_PHYS32_ENTRY && note.n_namesz == sizeof(NOTE_NAME) &&
            memcmp(notes + name, NOTE_NAME, sizeof(NOTE_NAME)) == 0) {
            if (note.n_descsz != 4 && note.n_descsz != 8) {
                return "is an ELF file with a damaged note PHYS32_ENTRY";
            }
            memcpy(&entry, notes + descriptor, note.n_descsz);
            *found = true;
            return entry <= UINT32_MAX && is_loaded(elf, entry)
                       ? NULL
                       : "is an ELF file whose note PHYS32_ENTRY names an address in none of its segments";
        }
        at = (descriptor + note.n_descsz + align - 1) & ~(align - 1);
    }
    return NULL;
}

/* Req: BH-TOOL-013 */
const char *kernel_pvh_recognise(const struct blob *blob, struct kernel_info *out)
{
    struct elf elf = {.blob = blob};
    uint64_t low = UINT64_MAX, high = 0;
    const char *why = read_header(&elf);
    bool found = false;
    unsigned i;

    if (why == NULL) {
        why = read_segments(&elf);
    }
    for (i = 0; i < elf.notes_count && why == NULL && !found; i++) {
        why = find_entry(&elf, &elf.notes[i], &found);
    }
    if (why != NULL) {
        return why;
    }
    if (!found) {
        return "is an ELF file that can't be started: it lacks Xen's note PHYS32_ENTRY (Linux: CONFIG_PVH)";
    }
    for (i = 0; i < elf.load_count; i++) {
        uint64_t end = elf.load[i].p_paddr + elf.load[i].p_memsz;

        low = elf.load[i].p_paddr < low ? elf.load[i].p_paddr : low;
        high = end > high ? end : high;
    }
    *out = (struct kernel_info){.kind = "ELF", .memory_size = high - low, .has_address = true, .address = low};
    return NULL;
}
