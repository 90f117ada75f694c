/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/kernel_load.c: Images and ELF files, good and bad, and where things go.
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
    return kernel_load_plan(i, sizeof(*i), file_size, &ram, plan, problem);
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
        assert_int_equal(kernel_load_plan(p, n, n, &ram, &plan, &problem), -XEN_EINVAL);
        assert_non_null(strstr(problem, "too short"));
        memcpy(p, &elf, n);
        assert_int_equal(kernel_load_plan(p, n, n, &ram, &plan, &problem), -XEN_EINVAL);
        assert_non_null(strstr(problem, "too short"));
        free(p);
    }
    assert_int_equal(kernel_load_plan(&i, sizeof(i), 32, &ram, &plan, &problem), -XEN_EINVAL);
    assert_int_equal(kernel_load_plan("\x1f\x8b\x08\0", 4, MIB(9), &ram, &plan, &problem), -XEN_EINVAL);
    assert_non_null(strstr(problem, "gzip"));
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
    return kernel_load_plan(e, sizeof(*e), FILE_SIZE, &ram, plan, problem);
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
    int err = kernel_load_place(&plan, &r, ramdisk, tree, &d, &t);

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
    };

    return RUN_TESTS(tests);
}
