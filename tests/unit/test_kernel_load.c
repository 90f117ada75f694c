/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/kernel_load.c, kernel_image.c, kernel_elf.c, kernel_pvh.c: Images and ELF files, good and bad, and where things
 * go.
 */
#include "test.h"

#include <elf.h>
#include <string.h>

#include "bh/kernel_load.h"

#define RAM_START 0x40000000ULL

static const struct memory_range ram = { RAM_START, RAM_START + MIB(64) };

/* ---- Images ---- */

struct image {
    uint32_t code[2];
    uint64_t text_offset, image_size, flags, reserved[3];
    uint32_t magic, pe;
};

static struct image good_image(void)
{
    return (struct image){ .text_offset = 0, .image_size = MIB(4), .flags = 0xa, .magic = 0x644d5241 };
}

static int plan_image(const struct image *i, uint64_t file_size, struct kernel_plan *plan, const char **problem)
{
    return kernel_load_plan(KERNEL_RULES_ARM64, i, sizeof(*i), file_size, &ram, 1, plan, problem);
}

static void expect_image(struct image i, uint64_t file_size, const char *text)
{
    struct kernel_plan plan;
    const char *problem = NULL;

    assert_int_equal(plan_image(&i, file_size, &plan, &problem), -XEN_EINVAL);
    if (strstr(problem, text) == NULL) {
        fail_msg("'%s' where '%s' was expected", problem, text);
    }
}

/* Req: BH-BOOT-012 */
static void test_image(void **state)
{
    struct image i = good_image();
    struct kernel_plan plan;
    const char *problem;

    (void)state;
    assert_int_equal(plan_image(&i, MIB(3), &plan, &problem), 0);
    assert_int_equal(plan.kind, KERNEL_IMAGE);
    assert_true(plan.entry == RAM_START && plan.start == RAM_START && plan.end == RAM_START + MIB(4));
    assert_int_equal(plan.segment_count, 1);
    assert_true(plan.segment[0].source == 0 && plan.segment[0].file_size == MIB(3));
    assert_true(plan.segment[0].address == RAM_START && plan.segment[0].memory_size == MIB(3));
    i.text_offset = 0x80000;
    assert_int_equal(plan_image(&i, MIB(5), &plan, &problem), 0); /* the file is larger than it says */
    assert_true(plan.entry == RAM_START + 0x80000 && plan.end == RAM_START + 0x80000 + MIB(5));
    i.image_size = 0; /* older than Linux 3.17 */
    i.text_offset = 0x12345;
    assert_int_equal(plan_image(&i, MIB(5), &plan, &problem), 0);
    assert_true(plan.entry == RAM_START + 0x80000);
    i = good_image();
    i.image_size = MIB(64);
    assert_int_equal(plan_image(&i, 100, &plan, &problem), 0); /* exactly all */
}

/* Req: BH-BOOT-014, BH-BOOT-015 */
static void test_bad_image(void **state)
{
    struct image i = good_image();

    (void)state;
    i.flags |= 1;
    expect_image(i, 100, "big-endian");
    i = good_image();
    i.image_size = MIB(64) + 1;
    expect_image(i, 100, "do not fit");
    i.image_size = UINT64_MAX;
    expect_image(i, 100, "do not fit");
    i = good_image();
    expect_image(i, MIB(65), "do not fit");
    i.text_offset = MIB(61);
    expect_image(i, 100, "do not fit");
    i.text_offset = UINT64_MAX - 7;
    expect_image(i, 100, "do not fit");
    i.text_offset = 0 - RAM_START;
    expect_image(i, 100, "do not fit");
    i.text_offset = 4;
    expect_image(i, 100, "do not fit");
    i = good_image();
    i.magic++;
    expect_image(i, 100, "neither");
    memcpy(&i, "MZ\0\0zimg", 8);
    expect_image(i, 100, "EFI");
}

/* Req: BH-BOOT-015 */
static void test_short(void **state)
{
    struct image i = good_image();
    Elf64_Ehdr elf = { .e_ident = ELFMAG };
    struct kernel_plan plan;
    const char *problem;

    (void)state;
    for (size_t n = 0; n < sizeof(i); n++) {
        uint8_t *p = malloc(n);

        memcpy(p, &i, n);
        assert_int_equal(kernel_load_plan(KERNEL_RULES_ARM64, p, n, n, &ram, 1, &plan, &problem), -XEN_EINVAL);
        assert_non_null(strstr(problem, "too short"));
        for (unsigned rules = KERNEL_RULES_ARM64; rules <= KERNEL_RULES_PVH; rules++) {
            memcpy(p, &elf, n);
            assert_int_equal(kernel_load_plan(rules, p, n, n, &ram, 1, &plan, &problem), -XEN_EINVAL);
            assert_non_null(strstr(problem, "too short"));
        }
        free(p);
    }
    assert_int_equal(kernel_load_plan(KERNEL_RULES_ARM64, &i, sizeof(i), 32, &ram, 1, &plan, &problem), -XEN_EINVAL);
    for (unsigned rules = KERNEL_RULES_ARM64; rules <= KERNEL_RULES_PVH; rules++) {
        assert_int_equal(kernel_load_plan(rules, "\x1f\x8b\x08\0", 4, MIB(9), &ram, 1, &plan, &problem), -XEN_EINVAL);
        assert_non_null(strstr(problem, "gzip"));
    }
}

/* ---- ELF files ---- */

#define HEADERS 20
struct elf {
    Elf64_Ehdr h;
    Elf64_Phdr p[HEADERS];
};
#define FILE_SIZE 0x10000ULL

static struct elf good_elf(void)
{
    struct elf e = { .h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                            .e_type = ET_EXEC, .e_machine = EM_AARCH64, .e_version = 1, .e_entry = 0xffff000000001004,
                            .e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
                            .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3 } };

    e.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = 0xffff000000001000,
                           .p_paddr = RAM_START + 0x1000, .p_filesz = 0x2000, .p_memsz = 0x2000 };
    e.p[1] = (Elf64_Phdr){ .p_type = PT_NOTE };
    e.p[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x4000, .p_vaddr = 0xffff000000003000,
                           .p_paddr = RAM_START + 0x3000, .p_filesz = 0x100, .p_memsz = 0x5000 };
    return e;
}

static int plan_elf(const struct elf *e, struct kernel_plan *plan, const char **problem)
{
    return kernel_load_plan(KERNEL_RULES_ARM64, e, sizeof(*e), FILE_SIZE, &ram, 1, plan, problem);
}

static void expect_elf(const struct elf *e, const char *text)
{
    struct kernel_plan plan = { .entry = 77 };
    const char *problem = NULL;

    assert_int_equal(plan_elf(e, &plan, &problem), -XEN_EINVAL);
    assert_true(plan.entry == 77);
    if (strstr(problem, text) == NULL) {
        fail_msg("'%s' where '%s' was expected", problem, text);
    }
}

/* Req: BH-BOOT-013 */
static void test_elf(void **state)
{
    struct elf e = good_elf();
    struct kernel_plan plan;
    const char *problem;

    (void)state;
    assert_int_equal(plan_elf(&e, &plan, &problem), 0);
    assert_int_equal(plan.kind, KERNEL_ELF);
    assert_int_equal(plan.segment_count, 2);
    assert_true(plan.entry == RAM_START + 0x1004);
    assert_true(plan.start == RAM_START + 0x1000 && plan.end == RAM_START + 0x8000);
    assert_true(plan.segment[1].source == 0x4000 && plan.segment[1].file_size == 0x100);
    assert_true(plan.segment[1].address == RAM_START + 0x3000 && plan.segment[1].memory_size == 0x5000);
    e.p[0].p_memsz = 0; /* empty ones do not count */
    e.p[0].p_paddr = 0;
    e.h.e_entry = 0xffff000000003000;
    assert_int_equal(plan_elf(&e, &plan, &problem), 0);
    assert_int_equal(plan.segment_count, 1);
}

static void test_position_independent(void **state)
{
    struct elf e = good_elf();
    struct kernel_plan plan;
    const char *problem;

    (void)state;
    e.h.e_type = ET_DYN;
    assert_int_equal(plan_elf(&e, &plan, &problem), 0); /* linked where memory is: stays there */
    assert_true(plan.entry == RAM_START + 0x1004);
    e.p[0].p_paddr = 0x80001000;
    e.p[2].p_paddr = 0x80003000;
    assert_int_equal(plan_elf(&e, &plan, &problem), 0);
    assert_true(plan.entry == RAM_START + 0x1004 && plan.end == RAM_START + 0x8000);
    e.p[0].p_paddr = 0;
    e.p[2].p_paddr = 0x3000;
    assert_int_equal(plan_elf(&e, &plan, &problem), 0);
    assert_true(plan.entry == RAM_START + 4 && plan.start == RAM_START);
    e.p[2].p_paddr = UINT64_MAX - 0xfff;
    expect_elf(&e, "outside the partition");
    e.p[2].p_paddr = 0 - RAM_START;
    expect_elf(&e, "outside the partition");
}

/* Req: BH-BOOT-014 */
static void test_bad_elf(void **state)
{
    struct elf e;

    (void)state;
#define BAD(change, text) e = good_elf(); change; expect_elf(&e, text)
    BAD(e.h.e_ident[EI_CLASS] = ELFCLASS32, "no 64-bit");
    BAD(e.h.e_ident[EI_DATA] = ELFDATA2MSB, "no 64-bit");
    BAD(e.h.e_ident[EI_VERSION] = 2, "no 64-bit");
    BAD(e.h.e_machine = EM_X86_64, "no 64-bit");
    BAD(e.h.e_type = ET_REL, "no 64-bit");
    BAD(e.h.e_phentsize = 32, "program headers");
    BAD(e.h.e_phnum = 0, "program headers");
    BAD(e.h.e_phnum = HEADERS + 1, "program headers");
    BAD(e.h.e_phnum = 0xffff, "program headers");
    BAD(e.h.e_phoff = sizeof(e) + 1, "program headers");
    BAD(e.h.e_phoff = UINT64_MAX, "program headers");
    BAD(e.p[1].p_type = PT_INTERP, "dynamic linker");
    BAD(e.h.e_phnum = 1; e.p[0].p_type = PT_NULL, "nothing to load");
    BAD(e.p[0].p_offset = FILE_SIZE + 1, "outside the file");
    BAD(e.p[0].p_offset = UINT64_MAX, "outside the file");
    BAD(e.p[0].p_offset = FILE_SIZE - 0x1fff, "outside the file");
    BAD(e.p[0].p_filesz = 0x2001, "outside the file");
    BAD(e.p[0].p_filesz = e.p[0].p_memsz = UINT64_MAX, "outside the file");
    BAD(e.p[0].p_paddr = RAM_START - 1, "outside the partition");
    BAD(e.p[0].p_paddr = 0, "outside the partition");
    BAD(e.p[2].p_memsz = MIB(64), "outside the partition");
    BAD(e.p[2].p_memsz = UINT64_MAX, "outside the partition");
    BAD(e.p[2].p_paddr = RAM_START + MIB(64) + 1, "outside the partition");
    BAD(e.p[2].p_paddr = RAM_START + 0x2fff, "overlap");
    BAD(e.p[2].p_paddr = RAM_START, "overlap");
    BAD(e.h.e_entry = 0xffff000000000fff, "entry point");
    BAD(e.h.e_entry = 0xffff000000008000, "entry point");
    BAD(e.h.e_entry = 0xffff000000001002, "entry point");
    e = good_elf();
    e.h.e_phnum = KERNEL_SEGMENT_COUNT + 1;
    for (unsigned i = 0; i <= KERNEL_SEGMENT_COUNT; i++) {
        e.p[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = RAM_START + 0x1000 * i, .p_memsz = 0x1000,
                               .p_vaddr = 0xffff000000000000 + 0x1000 * i };
    }
    expect_elf(&e, "more than 16");
    e.h.e_phnum--;
    {
        struct kernel_plan plan;
        const char *problem;

        assert_int_equal(plan_elf(&e, &plan, &problem), 0);
        assert_int_equal(plan.segment_count, KERNEL_SEGMENT_COUNT);
    }
}

/* ---- Placement ---- */

/* A kernel at [START, START + SIZE) of SIZE_MIB of RAM; everything in MiB. Returns an error or checks the result. */
static int place(uint64_t ram_mib, uint64_t start, uint64_t size, uint64_t ramdisk, uint64_t tree, uint64_t *tree_at)
{
    const struct memory_range r = { RAM_START, RAM_START + MIB(ram_mib) };
    const struct kernel_plan plan = { .start = RAM_START + start, .end = RAM_START + start + size };
    uint64_t d = 0, t = 0;
    int err = kernel_load_place(KERNEL_RULES_ARM64, &plan, &r, 1, ramdisk, tree, &d, &t);

    if (err == 0) {
        assert_true(t >= r.start && t + tree <= r.end && d >= r.start && d + ramdisk <= r.end);
        assert_true(t + tree <= plan.start || t >= plan.end);
        assert_true(d + ramdisk <= plan.start || d >= plan.end || ramdisk == 0);
        assert_true(d >= t + tree);
        assert_int_equal((d | t) & 0xfff, 0);
        *tree_at = t - RAM_START;
    }
    return err;
}

/* Req: BH-BOOT-016 */
static void test_place(void **state)
{
    uint64_t at;

    (void)state;
    assert_int_equal(place(512, 0, MIB(32), MIB(10), 4096, &at), 0);
    assert_true(at == MIB(128));
    assert_int_equal(place(140, 0, MIB(32), MIB(10), 4096, &at), 0);
    assert_true(at == MIB(128));
    assert_int_equal(place(138, 0, MIB(32), MIB(10), 4096, &at), 0);
    assert_true(at == MIB(126));
    assert_int_equal(place(512, 0, MIB(130), MIB(10), 4096, &at), 0); /* a kernel across 128 MiB */
    assert_true(at == MIB(500));
    assert_int_equal(place(64, 0, MIB(32), 0, 4096, &at), 0);
    assert_true(at == MIB(62));
    assert_int_equal(place(64, MIB(32), MIB(32), MIB(5), 4096, &at), 0); /* in front of the kernel */
    assert_true(at == MIB(24));
    assert_int_equal(place(2, 0, 8192, 4097, 4096, &at), 0); /* pages, where 2 MiB blocks do not fit */
    assert_true(at == MIB(2) - 3 * 4096);
    assert_int_equal(place(2, 0, MIB(2) - 4096, 0, 4096, &at), 0);
    assert_int_equal(place(2, 0, MIB(2) - 4096, 0, 4097, &at), -XEN_ENOMEM);
    assert_int_equal(place(2, 0, MIB(2) - 4096, 1, 4096, &at), -XEN_ENOMEM);
    assert_int_equal(place(64, 0, MIB(32), MIB(33), 4096, &at), -XEN_ENOMEM);
    assert_int_equal(place(64, 0, MIB(32), UINT64_MAX, 4096, &at), -XEN_ENOMEM);
    assert_int_equal(place(64, 0, MIB(32), 4096, UINT64_MAX, &at), -XEN_ENOMEM);
}

/* ---- Kernels for a PC ---- */

static const struct memory_range pc_ram[] = {
    { 0, 0xa0000 }, { MIB(1), MIB(64) }, { 0, 0 }, { GIB(4), GIB(5) },
};
#define NOTES_OFFSET 0x8000

struct pc_elf32 {
    Elf32_Ehdr h;
    Elf32_Phdr p[HEADERS];
};

static struct elf good_pc(void)
{
    struct elf e = good_elf();

    e.h.e_machine = EM_X86_64;
    e.p[0].p_paddr = MIB(16);
    e.p[2].p_paddr = MIB(18);
    e.p[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES_OFFSET, .p_filesz = 0x200, .p_align = 4 };
    return e;
}

static struct pc_elf32 good_pc32(void)
{
    struct elf e = good_pc();
    struct pc_elf32 n = { .h = { .e_type = ET_EXEC, .e_machine = EM_386, .e_version = 1, .e_entry = 7,
                                 .e_phoff = sizeof(Elf32_Ehdr), .e_ehsize = sizeof(Elf32_Ehdr),
                                 .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 3 } };

    memcpy(n.h.e_ident, e.h.e_ident, sizeof(n.h.e_ident));
    n.h.e_ident[EI_CLASS] = ELFCLASS32;
    for (unsigned i = 0; i < 3; i++) {
        n.p[i] = (Elf32_Phdr){ .p_type = e.p[i].p_type, .p_offset = e.p[i].p_offset, .p_vaddr = e.p[i].p_vaddr,
                               .p_paddr = e.p[i].p_paddr, .p_filesz = e.p[i].p_filesz, .p_memsz = e.p[i].p_memsz,
                               .p_flags = PF_X, .p_align = e.p[i].p_align };
    }
    return n;
}

static int plan_pc(const void *e, size_t size, struct kernel_plan *plan, const char **problem)
{
    return kernel_load_plan(KERNEL_RULES_PVH, e, size, FILE_SIZE, pc_ram, ARRAY_COUNT(pc_ram), plan, problem);
}

/* Req: BH-PVH-001 */
static void test_pc(void **state)
{
    struct elf e = good_pc();
    struct pc_elf32 e32 = good_pc32();
    struct kernel_plan plan;
    const char *problem = NULL;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(i == 0 ? plan_pc(&e, sizeof(e), &plan, &problem) : plan_pc(&e32, sizeof(e32), &plan, &problem),
                         0);
        assert_int_equal(plan.kind, KERNEL_ELF);
        assert_int_equal(plan.segment_count, 2);
        assert_true(plan.entry == 0 && plan.start == MIB(16) && plan.end == MIB(18) + 0x5000);
        assert_true(plan.segment[1].source == 0x4000 && plan.segment[1].file_size == 0x100);
        assert_true(plan.segment[1].address == MIB(18) && plan.segment[1].memory_size == 0x5000);
        assert_int_equal(plan.notes_count, 1);
        assert_true(plan.notes[0].source == NOTES_OFFSET && plan.notes[0].size == 0x200);
        assert_int_equal(plan.notes[0].alignment, 4);
    }
    /* In any range of memory, and with a linker that nobody needs. */
    e.p[0].p_paddr = 0x9e000;
    e.p[2].p_paddr = GIB(5) - 0x5000;
    e.p[3] = (Elf64_Phdr){ .p_type = PT_INTERP };
    e.p[4] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = FILE_SIZE - KIB(32), .p_filesz = KIB(32), .p_align = 8 };
    e.p[5] = (Elf64_Phdr){ .p_type = PT_NOTE };
    e.h.e_phnum = 6;
    assert_int_equal(plan_pc(&e, sizeof(e), &plan, &problem), 0);
    assert_int_equal(plan.notes_count, 2);
    assert_int_equal(plan.notes[1].alignment, 8);
}

static void expect_pc(const struct elf *e, const char *text)
{
    struct kernel_plan plan = { .entry = 77 };
    const char *problem = NULL;

    assert_int_equal(plan_pc(e, sizeof(*e), &plan, &problem), -XEN_EINVAL);
    assert_true(plan.entry == 77);
    if (strstr(problem, text) == NULL) {
        fail_msg("'%s' where '%s' was expected", problem, text);
    }
}

/* Req: BH-PVH-003 */
static void test_bad_pc(void **state)
{
    static const struct memory_range whole = { 0, GIB(1) };
    struct kernel_plan plan;
    const char *problem;
    uint8_t bz[0x300] = { 'M', 'Z' };
    struct pc_elf32 e32;
    struct elf e;

    (void)state;
#define BAD_PC(change, text) e = good_pc(); change; expect_pc(&e, text)
    BAD_PC(e.h.e_machine = EM_AARCH64, "for x86");
    BAD_PC(e.h.e_machine = EM_386, "for x86");
    BAD_PC(e.h.e_type = ET_DYN, "for x86");
    BAD_PC(e.h.e_ident[EI_CLASS] = 3, "for x86");
    BAD_PC(e.h.e_ident[EI_DATA] = ELFDATA2MSB, "for x86");
    BAD_PC(e.h.e_ident[0] = 'M', "no ELF file");
    BAD_PC(e.h.e_phentsize = 32, "program headers");
    BAD_PC(e.h.e_phnum = 0xffff, "program headers");
    BAD_PC(e.p[0].p_paddr = 0x9e001, "outside the partition");
    BAD_PC(e.p[0].p_paddr = 0xfffff, "outside the partition");
    BAD_PC(e.p[0].p_paddr = MIB(64) - 1, "outside the partition");
    BAD_PC(e.p[0].p_paddr = GIB(4) - 1, "outside the partition");
    BAD_PC(e.p[0].p_paddr = UINT64_MAX, "outside the partition");
    BAD_PC(e.p[0].p_offset = FILE_SIZE, "outside the file");
    BAD_PC(e.p[1].p_offset = FILE_SIZE - 0x1ff, "outside the file");
    BAD_PC(e.p[1].p_offset = UINT64_MAX, "outside the file");
    BAD_PC(e.p[1].p_filesz = 0, "without notes");
    BAD_PC(e.p[1].p_type = PT_NULL, "PHYS32_ENTRY");
    BAD_PC(e.h.e_phnum = 8; e.p[3] = e.p[4] = e.p[5] = e.p[6] = e.p[7] = e.p[1], "more notes");
    e = good_pc();
    e.p[1].p_filesz = KIB(64) + 1;
    assert_int_equal(kernel_load_plan(KERNEL_RULES_PVH, &e, sizeof(e), MIB(1), pc_ram, 2, &plan, &problem),
                     -XEN_EINVAL);
    assert_non_null(strstr(problem, "more notes"));
    /* Memory that goes on where a PC has none. */
    e = good_pc();
    e.p[0].p_paddr = 0x9f000;
    assert_int_equal(kernel_load_plan(KERNEL_RULES_PVH, &e, sizeof(e), FILE_SIZE, &whole, 1, &plan, &problem),
                     -XEN_EINVAL);
    assert_non_null(strstr(problem, "ROMs"));
    e32 = good_pc32();
    e32.h.e_machine = EM_X86_64;
    assert_int_equal(plan_pc(&e32, sizeof(e32), &plan, &problem), -XEN_EINVAL);
    memcpy(bz + 0x202, "HdrS", 4);
    assert_int_equal(plan_pc(bz, sizeof(bz), &plan, &problem), -XEN_EINVAL);
    assert_non_null(strstr(problem, "bzImage"));
}

/* ---- Notes ---- */

/* Adds a note to BYTES at *AT. */
static void put_note(uint8_t *bytes, size_t *at, const char *name, uint32_t type, uint64_t value, uint32_t size,
                     unsigned alignment)
{
    uint32_t header[3] = { (uint32_t)strlen(name) + 1, size, type };
    size_t descriptor = (*at + 12 + header[0] + alignment - 1) / alignment * alignment;

    memcpy(bytes + *at, header, 12);
    memcpy(bytes + *at + 12, name, header[0]);
    memcpy(bytes + descriptor, &value, size < 8 ? size : 8);
    *at = (descriptor + size + alignment - 1) / alignment * alignment;
}

/* What becomes of the SIZE bytes of notes; whatever is read beyond them is found. */
static int read_notes(const uint8_t *bytes, size_t size, unsigned alignment, uint64_t *entry, const char **problem)
{
    struct kernel_plan plan = {
        .segment_count = 2, .segment = { { .address = MIB(1), .memory_size = MIB(1) },
                                         { .address = GIB(4) - MIB(1), .memory_size = MIB(2) } },
        .notes_count = 1, .notes = { { .size = size, .alignment = alignment } },
    };
    uint8_t *exact = malloc(size);
    int err;

    memcpy(exact, bytes, size);
    err = kernel_load_notes(&plan, 0, exact, problem);
    *entry = plan.entry;
    free(exact);
    return err;
}

/* Req: BH-PVH-001, BH-PVH-003 */
static void test_notes(void **state)
{
    uint8_t bytes[256] = { 0 };
    const char *problem = NULL;
    uint64_t entry;

    (void)state;
    for (unsigned alignment = 4; alignment <= 8; alignment += 4) {
        for (uint32_t size = 4; size <= 8; size += 4) {
            size_t at = 0, last;

            put_note(bytes, &at, "Linux", 18, 1, 4, alignment);
            put_note(bytes, &at, "Xen", 5, 0x33, 7, alignment);
            put_note(bytes, &at, "Xem", 18, 1, 4, alignment);
            put_note(bytes, &at, "", 18, 1, 0, alignment);
            last = at;
            put_note(bytes, &at, "Xen", 18, MIB(1) + 0x50, size, alignment);
            assert_int_equal(read_notes(bytes, at, alignment, &entry, &problem), 0);
            assert_true(entry == MIB(1) + 0x50);
            for (size_t n = 0; n < last + 12; n++) {
                int err = read_notes(bytes, n, alignment, &entry, &problem);

                assert_true(err == -XEN_ENOENT || err == -XEN_EINVAL);
                assert_true(entry == 0);
            }
            assert_int_equal(read_notes(bytes, last, alignment, &entry, &problem), -XEN_ENOENT);
            assert_non_null(strstr(problem, "CONFIG_PVH"));
        }
    }
}

static void expect_note(uint64_t value, uint32_t size, const char *text)
{
    uint8_t bytes[64] = { 0 };
    const char *problem = "";
    uint64_t entry;
    size_t at = 0;

    put_note(bytes, &at, "Xen", 18, value, size, 4);
    assert_int_equal(read_notes(bytes, at, 4, &entry, &problem), text == NULL ? 0 : -XEN_EINVAL);
    if (text != NULL && strstr(problem, text) == NULL) {
        fail_msg("'%s' where '%s' was expected", problem, text);
    }
}

/* Req: BH-PVH-003 */
static void test_bad_notes(void **state)
{
    uint32_t header[4] = { 4, UINT32_MAX, 18 };
    const char *problem;
    uint64_t entry;

    (void)state;
    expect_note(MIB(1), 4, NULL);
    expect_note(MIB(2) - 1, 8, NULL);
    expect_note(GIB(4) - 1, 8, NULL);
    expect_note(GIB(4), 8, "none of");
    expect_note(MIB(1) - 1, 4, "none of");
    expect_note(MIB(2), 4, "none of");
    expect_note(0, 8, "none of");
    expect_note(MIB(1), 0, "neither");
    expect_note(MIB(1), 5, "neither");
    expect_note(MIB(1), 12, "neither");
    assert_int_equal(read_notes((uint8_t *)header, 16, 4, &entry, &problem), -XEN_EINVAL);
    assert_non_null(strstr(problem, "larger"));
    header[0] = UINT32_MAX;
    assert_int_equal(read_notes((uint8_t *)header, 16, 8, &entry, &problem), -XEN_EINVAL);
}

/* Where a ramdisk and 4 KiB go on a PC with a kernel at [START, START + SIZE); everything in MiB. */
static int place_pc(const struct memory_range *r, unsigned count, uint64_t start, uint64_t size, uint64_t ramdisk,
                    uint64_t *at)
{
    const struct kernel_plan plan = { .start = start, .end = start + size };
    uint64_t d = 0, t = 0;
    int err = kernel_load_place(KERNEL_RULES_PVH, &plan, r, count, ramdisk, 4096, &d, &t);

    if (err == 0) {
        assert_true(t == d + (ramdisk + 4095) / 4096 * 4096 && (d & 4095) == 0);
        assert_true(d >= plan.end || t + 4096 <= plan.start);
        *at = d;
    }
    return err;
}

/* Req: BH-PVH-002 */
static void test_place_pc(void **state)
{
    const struct memory_range large[] = { { 0, 0xa0000 }, { MIB(1), GIB(3) + MIB(768) }, { GIB(4), GIB(8) } };
    const struct memory_range one[] = { { 0, GIB(6) } };
    uint64_t at;

    (void)state;
    assert_int_equal(place_pc(large, 3, MIB(16), MIB(32), MIB(10), &at), 0);
    assert_true(at == GIB(1) - MIB(10) - 4096); /* below 1 GiB, however much there is */
    assert_int_equal(place_pc(large, 2, MIB(16), GIB(1), 1, &at), 0);
    assert_true(at == MIB(16) - 8192);
    assert_int_equal(place_pc(large, 3, MIB(16), MIB(32), GIB(1), &at), 0); /* where there is no room, below 4 GiB */
    assert_true(at == GIB(2) + MIB(768) - 4096);
    assert_int_equal(place_pc(one, 1, MIB(16), MIB(32), GIB(1), &at), 0);
    assert_true(at == GIB(3) - 4096);
    assert_int_equal(place_pc(pc_ram, 4, MIB(16), MIB(32), MIB(16) - 4096, &at), 0);
    assert_true(at == MIB(48));
    assert_int_equal(place_pc(pc_ram, 4, MIB(16), MIB(32), MIB(16) - 4095, &at), -XEN_ENOMEM);
    assert_int_equal(place_pc(pc_ram, 4, MIB(32), MIB(32), MIB(16), &at), 0); /* in front of the kernel */
    assert_true(at == MIB(16) - 4096);
    assert_int_equal(place_pc(pc_ram, 4, MIB(1), MIB(63), 0, &at), -XEN_ENOMEM); /* not in the first MiB */
    assert_int_equal(place_pc(pc_ram, 4, 0x1000, 0x1000, 1, &at), 0);
    assert_true(at == MIB(64) - 8192);
    assert_int_equal(place_pc(pc_ram, 4, GIB(4), MIB(1), 1, &at), 0);
    assert_true(at == MIB(64) - 8192);
    assert_int_equal(place_pc(pc_ram, 4, MIB(16), MIB(32), UINT64_MAX, &at), -XEN_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image),
        cmocka_unit_test(test_bad_image),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_elf),
        cmocka_unit_test(test_position_independent),
        cmocka_unit_test(test_bad_elf),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_pc),
        cmocka_unit_test(test_bad_pc),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_bad_notes),
        cmocka_unit_test(test_place_pc),
    };

    return RUN_TESTS(tests);
}
