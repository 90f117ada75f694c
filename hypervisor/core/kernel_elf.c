/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels that are ELF files: System V ABI, object files, 32 and 64 bits. Headers of both classes are read into one
 * structure each; what a file's class and machine must be is a matter of the rules.
 */
#include "bh/kernel_format.h"
#include "lib/string.h"

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

/* The same, 32-bit: the fields of a program header come in another order. */
struct elf32_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint32_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, section_names;
};
_Static_assert(sizeof(struct elf32_header) == 52, "ELF header, 32-bit");
struct elf32_program {
    uint32_t type;
    uint32_t offset, virtual_address, physical_address, file_size, memory_size;
    uint32_t flags, alignment;
};
_Static_assert(sizeof(struct elf32_program) == 32, "ELF program header, 32-bit");

#define ELF_CLASS         4 /* places in ident */
#define ELF_ENCODING      5
#define ELF_IDENT_VERSION 6
#define ELF_CLASS_32      1
#define ELF_CLASS_64      2
#define ELF_LITTLE_ENDIAN 1
#define ELF_VERSION       1
#define ELF_EXECUTABLE    2
#define ELF_SHARED        3 /* position independent */
#define ELF_386           3
#define ELF_X86_64        62
#define ELF_AARCH64       183
#define ELF_LOAD          1
#define ELF_INTERPRETER   3
#define ELF_NOTE          4

#define PLACEMENT_ALIGN MIB(2)

/* A file in work. What its segments have at address FROM, which is not above the lowest one's, goes to TO in memory. */
struct elf {
    enum kernel_rules rules;
    const struct kernel_file *file;
    struct elf_header h;
    uint64_t from, to;
    bool entry_found;
};

/* The header, of which there are as many bytes as the larger class has. */
static struct elf_header read_header(const struct kernel_file *f)
{
    struct elf_header h = { .type = 0 };
    struct elf32_header h32;

    if (f->head[ELF_CLASS] != ELF_CLASS_32) {
        memcpy(&h, f->head, sizeof(h));
        return h;
    }
    memcpy(&h32, f->head, sizeof(h32));
    memcpy(h.ident, h32.ident, sizeof(h.ident));
    h.type = h32.type;
    h.machine = h32.machine;
    h.entry = h32.entry;
    h.program_offset = h32.program_offset;
    h.program_size = h32.program_size;
    h.program_count = h32.program_count;
    return h;
}

static size_t program_size(const struct elf *e)
{
    return e->h.ident[ELF_CLASS] == ELF_CLASS_32 ? sizeof(struct elf32_program) : sizeof(struct elf_program);
}

/* Program header I, which is in the head. */
static struct elf_program read_program(const struct elf *e, unsigned i)
{
    const uint8_t *at = e->file->head + e->h.program_offset + i * program_size(e);
    struct elf32_program p32;
    struct elf_program p;

    if (e->h.ident[ELF_CLASS] != ELF_CLASS_32) {
        memcpy(&p, at, sizeof(p));
        return p;
    }
    memcpy(&p32, at, sizeof(p32));
    return (struct elf_program){
        .type = p32.type, .flags = p32.flags, .offset = p32.offset, .virtual_address = p32.virtual_address,
        .physical_address = p32.physical_address, .file_size = p32.file_size, .memory_size = p32.memory_size,
        .alignment = p32.alignment,
    };
}

/* Req: BH-BOOT-013, BH-PVH-001 */
static int check_header(const struct elf *e, const char **problem)
{
    const struct elf_header *h = &e->h;
    bool is_64 = h->ident[ELF_CLASS] == ELF_CLASS_64;
    bool is_little = h->ident[ELF_ENCODING] == ELF_LITTLE_ENDIAN && h->ident[ELF_IDENT_VERSION] == ELF_VERSION;

    if (kernel_rules_are(e->rules, KERNEL_RULES_PVH)) {
        if (!is_little || h->type != ELF_EXECUTABLE || h->machine != (is_64 ? ELF_X86_64 : ELF_386) ||
            (!is_64 && h->ident[ELF_CLASS] != ELF_CLASS_32)) {
            return kernel_refuse(problem, "an ELF file that is no executable for x86, of 32 or 64 bits");
        }
    } else if (!is_little || !is_64 || h->machine != ELF_AARCH64 ||
               (h->type != ELF_EXECUTABLE && h->type != ELF_SHARED)) {
        return kernel_refuse(problem, "an ELF file that is no 64-bit little-endian AArch64 executable");
    }
    if (h->program_size != program_size(e) || h->program_count == 0 || h->program_offset > e->file->head_size ||
        h->program_count * program_size(e) > e->file->head_size - h->program_offset) {
        return kernel_refuse(problem, "an ELF file whose program headers are not within its first 4096 bytes");
    }
    return 0;
}

static int add_segment(struct elf *e, const struct elf_program *p, struct kernel_plan *plan, const char **problem)
{
    const struct kernel_file *f = e->file;
    uint64_t address = e->to + (p->physical_address - e->from);

    if (p->file_size > p->memory_size || p->offset > f->size || p->file_size > f->size - p->offset) {
        return kernel_refuse(problem, "a segment of the ELF file lies outside the file");
    }
    if (p->physical_address - e->from > UINT64_MAX - e->to || !kernel_file_fits(f, address, p->memory_size)) {
        return kernel_refuse(problem, "a segment of the ELF file lies outside the partition's memory");
    }
    if (kernel_rules_are(e->rules, KERNEL_RULES_PVH) && !kernel_pvh_may_load(address, p->memory_size)) {
        return kernel_refuse(problem, "a segment of the ELF file lies where a PC has its ROMs");
    }
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        if (address < s->address + s->memory_size && s->address < address + p->memory_size) {
            return kernel_refuse(problem, "segments of the ELF file overlap");
        }
    }
    if (plan->segment_count == KERNEL_SEGMENT_COUNT) {
        return kernel_refuse(problem, "an ELF file of more than 16 loaded segments");
    }
    plan->start = MIN(plan->start, address);
    plan->end = MAX(plan->end, address + p->memory_size);
    plan->segment[plan->segment_count++] = (struct kernel_segment){
        .source = p->offset, .file_size = p->file_size, .address = address, .memory_size = p->memory_size,
    };
    if (e->h.entry >= p->virtual_address && e->h.entry - p->virtual_address < p->memory_size) {
        plan->entry = address + (e->h.entry - p->virtual_address);
        e->entry_found = true;
    }
    return 0;
}

/* Req: BH-PVH-001 */
static int add_notes(const struct elf *e, const struct elf_program *p, struct kernel_plan *plan, const char **problem)
{
    const struct kernel_file *f = e->file;

    if (p->offset > f->size || p->file_size > f->size - p->offset) {
        return kernel_refuse(problem, "notes of the ELF file lie outside the file");
    }
    if (p->file_size > KERNEL_NOTES_SIZE_MAX || plan->notes_count == KERNEL_NOTES_COUNT) {
        return kernel_refuse(problem, "an ELF file with more notes than 4 segments of 64 KiB");
    }
    /* The ABI has them at multiples of 8 in 64-bit files; the world has 4, unless the segment says otherwise. */
    plan->notes[plan->notes_count++] = (struct kernel_notes){
        .source = p->offset, .size = p->file_size, .alignment = p->alignment == 8 ? 8 : 4,
    };
    return 0;
}

/* The lowest address that the file's segments have; UINT64_MAX: there is nothing to load. */
static int find_lowest(const struct elf *e, uint64_t *lowest, const char **problem)
{
    *lowest = UINT64_MAX;
    for (unsigned i = 0; i < e->h.program_count; i++) {
        struct elf_program p = read_program(e, i);

        /* A note's entry needs no linker, whatever the file says: FreeBSD's kernel names one that there is nowhere. */
        if (p.type == ELF_INTERPRETER && !kernel_rules_are(e->rules, KERNEL_RULES_PVH)) {
            return kernel_refuse(problem, "an ELF file that asks for a dynamic linker; a static one is expected");
        }
        if (p.type == ELF_LOAD && p.memory_size != 0) {
            *lowest = MIN(*lowest, p.physical_address);
        }
    }
    return *lowest != UINT64_MAX ? 0 : kernel_refuse(problem, "an ELF file with nothing to load");
}

/* The entry of the header counts, or that of a note, which is not known yet. */
static int settle_entry(const struct elf *e, struct kernel_plan *plan, const char **problem)
{
    if (kernel_rules_are(e->rules, KERNEL_RULES_PVH)) {
        plan->entry = 0;
        return plan->notes_count != 0 ? 0 : kernel_refuse(problem, "an ELF file without notes; " KERNEL_PVH_EXPECTED);
    }
    if (!e->entry_found || (plan->entry & 3) != 0) {
        return kernel_refuse(problem, "the entry point of the ELF file is in none of its segments, or not a multiple "
                                      "of 4");
    }
    return 0;
}

/* Req: BH-BOOT-013, BH-BOOT-014 */
int kernel_elf_plan(enum kernel_rules rules, const struct kernel_file *f, struct kernel_plan *plan,
                    const char **problem)
{
    struct elf e = { .rules = rules, .file = f };
    uint64_t lowest;
    int err;

    if (f->head_size < sizeof(struct elf_header)) {
        return kernel_refuse(problem, "too short for an ELF file");
    }
    e.h = read_header(f);
    err = check_header(&e, problem);
    if (err == 0) {
        err = find_lowest(&e, &lowest, problem);
    }
    if (err != 0) {
        return err;
    }
    if (e.h.type == ELF_SHARED) {
        /* To where RAM begins, aligned as it is linked. */
        e.from = ALIGN_DOWN(lowest, PLACEMENT_ALIGN);
        e.to = f->ram->start;
    }
    plan->kind = KERNEL_ELF;
    plan->start = UINT64_MAX;
    plan->end = 0;
    plan->segment_count = 0;
    plan->notes_count = 0;
    for (unsigned i = 0; i < e.h.program_count && err == 0; i++) {
        struct elf_program p = read_program(&e, i);

        if (p.type == ELF_LOAD && p.memory_size != 0) {
            err = add_segment(&e, &p, plan, problem);
        } else if (p.type == ELF_NOTE && p.file_size != 0 && kernel_rules_are(rules, KERNEL_RULES_PVH)) {
            err = add_notes(&e, &p, plan, problem);
        }
    }
    return err != 0 ? err : settle_entry(&e, plan, problem);
}
