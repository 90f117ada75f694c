/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/arm64/efi_tree.c: what dtc and our reader find in the tree for a start as an EFI program.
 */
#include "test.h"

#include <string.h>

#include "bh/board.h"
#include "efi_tree.h"

#define WB EFI_MEMORY_WRITE_BACK

/* A descriptor may be longer than what we know of it. */
struct long_descriptor {
    struct efi_memory_descriptor d;
    uint64_t more;
};

#define MEMORY(kind, from, pages, bits) \
    { .d = { .type = (kind), .start = (from), .page_count = (pages), .attributes = (bits) } }

static const struct long_descriptor usual[] = {
    MEMORY(EFI_CONVENTIONAL_MEMORY, 0x40100000, 0x100, WB),
    MEMORY(EFI_LOADER_DATA, 0x40000000, 0x80, WB),
    MEMORY(EFI_RUNTIME_SERVICES_DATA, 0x40080000, 0x80, WB),
    MEMORY(EFI_BOOT_SERVICES_CODE, 0x50000000, 0x10, WB),
    MEMORY(EFI_ACPI_RECLAIM_MEMORY, 0x60000000, 1, WB),
    MEMORY(11, 0x09000000, 1, 1),                         /* registers */
    MEMORY(0, 0x40200000, 0x10, WB),                      /* reserved */
    MEMORY(EFI_CONVENTIONAL_MEMORY, 0x70000000, 0x10, 1), /* not cached */
    MEMORY(EFI_CONVENTIONAL_MEMORY, 0x80000000, 0, WB),
    MEMORY(EFI_CONVENTIONAL_MEMORY, 0xfffffffffffff000, 2, WB),
    MEMORY(EFI_CONVENTIONAL_MEMORY, 0x90000000, UINT64_MAX, WB),
};

static const char tree_source[] =
    "/dts-v1/; /memreserve/ 0x1000 0x2000; / { #address-cells = <2>; #size-cells = <2>;\n"
    "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x1000>; inner { a; }; };\n"
    "memory-controller { compatible = \"x\"; };\n"
    "chosen { bootargs = \"a\";\n"
    "  d1 { compatible = \"xen,domain\"; #address-cells = <1>; #size-cells = <1>;\n"
    "    k { compatible = \"multiboot,kernel\"; xen,uefi-binary = \"image\"; bootargs = \"b\"; };\n"
    "    r { reg = <1 2>; compatible = \"multiboot,ramdisk\"; xen,uefi-binary = \"disk\"; n { c; }; };\n"
    "    x { compatible = \"multiboot,ramdisk\"; xen,uefi-binary = <1>; }; };\n"
    "  d2 { compatible = \"xen,domain\"; k { xen,uefi-binary = \"image\"; }; o { reg = <3 4 5 6>; }; };\n"
    "  no { k { xen,uefi-binary = \"image\"; }; }; };\n"
    "cpus { memory { d; }; }; };\n";

static struct efi_memory_map map_of(const struct long_descriptor *d, size_t size)
{
    return (struct efi_memory_map){ .descriptors = (const uint8_t *)d, .size = size, .descriptor_size = sizeof(*d) };
}

static void expect(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("not there: %s\n%s", part, text);
    }
}

static void refuse(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("should not be there: %s\n%s", part, text);
    }
}

/* Writes the tree into a buffer of exactly the room that it is said to need; as source. */
static char *rewrite(const char *source, const struct efi_memory_map *map, unsigned loaded, struct board *board)
{
    struct efi_module m[8];
    struct fdt t, out;
    size_t size;
    void *blob = tree_compile(source, &size);
    uint64_t room;
    unsigned count;
    uint8_t *buffer;
    char *text;

    assert_int_equal(fdt_open(&t, blob, size), 0);
    count = efi_tree_modules(&t, m, 8);
    assert_true(count <= 8 && loaded <= count);
    for (unsigned i = 0; i < loaded; i++) {
        m[i].start = 0x48000000 + i * 0x1000UL;
        m[i].size = 0x123 + i;
    }
    room = efi_tree_room(&t, count, map->size / map->descriptor_size);
    buffer = aligned_alloc(8, room);
    assert_int_equal(efi_tree_write(&t, m, count, map, buffer, room), 0);
    assert_int_equal(fdt_open(&out, buffer, room), 0);
    if (board != NULL) {
        assert_int_equal(board_read(&out, 0, board), 0);
    }
    text = tree_decompile(buffer, out.size);
    free(buffer);
    free(blob);
    return text;
}

static void test_modules(void **state)
{
    struct efi_module m[8];
    struct fdt t;
    size_t size;
    void *blob = tree_compile(tree_source, &size);

    (void)state;
    assert_int_equal(fdt_open(&t, blob, size), 0);
    assert_int_equal(efi_tree_modules(&t, m, 8), 3);
    assert_string_equal(m[0].file, "image");
    assert_string_equal(fdt_node_name(&t, &m[0].node), "k");
    assert_string_equal(m[1].file, "disk");
    assert_int_equal(efi_tree_address_limit(&m[0]), GIB(4));
    assert_int_equal(efi_tree_address_limit(&m[2]), BOARD_MEMORY_LIMIT);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(m[i].size, 0);
    }
    /* The count is that of all of them. */
    m[1].file = NULL;
    assert_int_equal(efi_tree_modules(&t, m, 1), 3);
    assert_null(m[1].file);
    m[0].node.size_cells = 0;
    assert_int_equal(efi_tree_address_limit(&m[0]), 0);
    free(blob);

    blob = tree_compile("/dts-v1/; / { a; };", &size);
    assert_int_equal(fdt_open(&t, blob, size), 0);
    assert_int_equal(efi_tree_modules(&t, m, 8), 0);
    free(blob);
}

/* Req: BH-BOOT-027 */
static void test_loaded_files_become_reg(void **state)
{
    struct efi_memory_map map = map_of(usual, sizeof(usual));
    char *text = rewrite(tree_source, &map, 2, NULL);

    (void)state;
    expect(text, "\t\t\tk {\n\t\t\t\tcompatible = \"multiboot,kernel\";\n\t\t\t\treg = <0x48000000 0x123>;\n"
                 "\t\t\t\tbootargs = \"b\";\n\t\t\t};");
    expect(text, "\t\t\tr {\n\t\t\t\treg = <0x48001000 0x124>;\n\t\t\t\tcompatible = \"multiboot,ramdisk\";\n\n"
                 "\t\t\t\tn {\n\t\t\t\t\tc;\n");
    /* Not loaded, not a file name, and not a partition's. */
    expect(text, "\t\td2 {\n\t\t\tcompatible = \"xen,domain\";\n\n\t\t\tk {\n\t\t\t\txen,uefi-binary = \"image\";\n");
    expect(text, "xen,uefi-binary = <0x01>;");
    expect(text, "\t\tno {\n\n\t\t\tk {\n\t\t\t\txen,uefi-binary = \"image\";\n");
    expect(text, "reg = <0x03 0x04 0x05 0x06>;");
    free(text);
}

/* Req: BH-BOOT-026 */
static void test_memory_is_that_of_the_map(void **state)
{
    struct efi_memory_map map = map_of(usual, sizeof(usual));
    struct board board;
    char *text = rewrite(tree_source, &map, 0, &board);

    (void)state;
    refuse(text, "memory@80000000");
    refuse(text, "inner");
    expect(text, "memory-controller {");
    expect(text, "\tcpus {\n\n\t\tmemory {\n\t\t\td;\n");
    expect(text, "\tmemory {\n\t\tdevice_type = \"memory\";\n\t\treg = <0x00 0x40000000 0x00 0x200000 0x00 0x50000000 "
                 "0x00 0x10000 0x00 0x60000000 0x00 0x1000>;\n\t};\n};");
    assert_int_equal(board.memory_count, 3);
    assert_int_equal(board.reserved_count, 3);
    assert_int_equal(board.reserved[0].start, 0x1000);
    assert_int_equal(board.reserved[1].start, 0x40080000);
    assert_int_equal(board.reserved[1].end, 0x40100000);
    assert_int_equal(board.reserved[2].start, 0x60000000);
    free(text);
}

static void test_one_cell_cuts_memory(void **state)
{
    static const struct long_descriptor high[] = {
        MEMORY(EFI_CONVENTIONAL_MEMORY, 0x100000000, 0x100, WB),
        MEMORY(EFI_CONVENTIONAL_MEMORY, 0xfff00000, 0x100, WB),
        MEMORY(EFI_CONVENTIONAL_MEMORY, 0x200000000, 0x100, WB),
    };
    static const struct long_descriptor large[] = { MEMORY(EFI_CONVENTIONAL_MEMORY, 0, 0x180000, WB) };
    struct efi_memory_map map = map_of(high, sizeof(high));
    char *text = rewrite("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; a { }; };", &map, 0, NULL);

    (void)state;
    expect(text, "reg = <0xfff00000 0x100000>;");
    free(text);
    map = map_of(large, sizeof(large));
    text = rewrite("/dts-v1/; / { #address-cells = <2>; #size-cells = <1>; a { }; };", &map, 0, NULL);
    expect(text, "reg = <0x00 0x00 0xfffff000 0x00 0xfffff000 0x80001000>;");
    free(text);
}

static void test_refused(void **state)
{
    static const char *const sources[] = {
        "/dts-v1/; / { };",
        "/dts-v1/; / { #address-cells = <3>; #size-cells = <1>; a { }; };",
        "/dts-v1/; / { #address-cells = <1>; #size-cells = <0>; a { }; };",
    };
    struct efi_memory_map map = map_of(usual, sizeof(usual));
    uint64_t buffer[128];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(sources); i++) {
        size_t size;
        void *blob = tree_compile(sources[i], &size);
        struct fdt t;

        assert_int_equal(fdt_open(&t, blob, size), 0);
        assert_int_equal(efi_tree_write(&t, NULL, 0, &map, buffer, sizeof(buffer)), -XEN_EINVAL);
        free(blob);
    }
}

/* Every room that is too small is refused, and nothing behind it is written. */
static void test_too_little_room(void **state)
{
    struct efi_memory_map map = map_of(usual, sizeof(usual));
    struct efi_module m[8];
    struct fdt t;
    size_t size;
    void *blob = tree_compile(tree_source, &size);
    uint64_t room = 0;
    int err = -XEN_ENOSPC;

    (void)state;
    assert_int_equal(fdt_open(&t, blob, size), 0);
    assert_int_equal(efi_tree_modules(&t, m, 8), 3);
    m[0].size = 1;
    for (; err != 0 && room < 4096; room += 4) {
        uint8_t *buffer = malloc(room + 1);

        err = efi_tree_write(&t, m, 3, &map, buffer, room);
        assert_true(err == 0 || err == -XEN_ENOSPC);
        free(buffer);
    }
    assert_int_equal(err, 0);
    assert_true(room <= efi_tree_room(&t, 3, ARRAY_COUNT(usual)));
    free(blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_loaded_files_become_reg),
        cmocka_unit_test(test_memory_is_that_of_the_map),
        cmocka_unit_test(test_one_cell_cuts_memory),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_little_room),
    };

    return RUN_TESTS(tests);
}
