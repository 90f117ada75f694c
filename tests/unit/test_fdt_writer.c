/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/fdt_writer.c: what it writes is what dtc reads, in any buffer it fits in no byte further.
 */
#include "test.h"

#include <string.h>

#include "abi/xen.h"
#include "lib/fdt.h"
#include "lib/fdt_writer.h"

static void write_tree(struct fdt_writer *w)
{
    static const uint32_t cells[] = { 1, 0xdeadbeef, 3 };
    static const uint64_t pairs[] = { 0x123456789, 0x1000 };

    fdt_writer_begin_node(w, "");
    fdt_writer_u32(w, "#address-cells", 2);
    fdt_writer_u32(w, "#size-cells", 2);
    fdt_writer_list(w, "compatible", "v,one\0v,two");
    fdt_writer_empty(w, "empty");
    fdt_writer_begin_node_at(w, "memory", 0x40000000);
    fdt_writer_string(w, "device_type", "memory");
    fdt_writer_pairs(w, "reg", pairs, 2);
    fdt_writer_cells(w, "cells", cells, 3);
    fdt_writer_end_node(w);
    fdt_writer_begin_node(w, "chosen");
    fdt_writer_text(w, "bootargs", "console=ttyAMA0 and more", 15);
    fdt_writer_u64(w, "value", 0x8000000000000001);
    fdt_writer_bytes(w, "odd", "\1\2\3", 3);
    fdt_writer_end_node(w);
    fdt_writer_end_node(w);
}

static void test_content(void **state)
{
    struct fdt_writer w;
    size_t size = 0;
    void *buffer = malloc(4096);
    struct fdt t;
    char *text;

    (void)state;
    memset(buffer, 0xff, 4096);
    fdt_writer_begin(&w, buffer, 4096);
    write_tree(&w);
    assert_int_equal(fdt_writer_finish(&w, &size), 0);
    assert_int_equal(fdt_open(&t, buffer, size), 0);
    assert_int_equal(t.size, size);
    text = tree_decompile(buffer, size);
    assert_string_equal(text,
                        "/dts-v1/;\n\n/ {\n\t#address-cells = <0x02>;\n\t#size-cells = <0x02>;\n\tcompatible = \"v,one\\0v,two\";\n\tempty;\n\n"
                        "\tmemory@40000000 {\n\t\tdevice_type = \"memory\";\n\t\treg = <0x01 0x23456789 0x00 0x1000>;\n"
                        "\t\tcells = <0x01 0xdeadbeef 0x03>;\n\t};\n\n"
                        "\tchosen {\n\t\tbootargs = \"console=ttyAMA0\";\n\t\tvalue = <0x80000000 0x01>;\n"
                        "\t\todd = [01 02 03];\n\t};\n};\n");
    /* Names are kept once. */
    assert_int_equal(t.strings_size,
                     sizeof("#address-cells\0#size-cells\0compatible\0empty\0device_type\0reg\0cells\0bootargs\0value\0odd"));
    free(text);
    free(buffer);
}

static void test_small_buffers(void **state)
{
    size_t fits = 0;

    (void)state;
    for (size_t n = 0; n < 2048; n += 4) {
        void *buffer = malloc(n); /* the sanitizer watches its end */
        struct fdt_writer w;
        struct fdt t;
        size_t size = 0;
        int err;

        fdt_writer_begin(&w, buffer, n);
        write_tree(&w);
        err = fdt_writer_finish(&w, &size);
        if (err == 0) {
            fits = fits == 0 ? n : fits;
            assert_int_equal(fdt_open(&t, buffer, size), 0);
        } else {
            assert_int_equal(err, -XEN_ENOSPC);
            assert_int_equal(size, 0);
            assert_int_equal(fits, 0);
        }
        free(buffer);
    }
    assert_true(fits > FDT_WRITER_STRINGS_SIZE);
}

static void test_misuse(void **state)
{
    static uint8_t buffer[4096] __attribute__((aligned(8)));
    struct fdt_writer w;
    size_t size;
    char name[40];

    (void)state;
    fdt_writer_begin(&w, buffer + 4, 4000);
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL);
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL); /* no root */
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    fdt_writer_begin_node(&w, "");
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL); /* open */
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    fdt_writer_end_node(&w);
    fdt_writer_begin_node(&w, "");
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL);
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    fdt_writer_u32(&w, "outside", 1);
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL);
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    fdt_writer_begin_node(&w, "");
    fdt_writer_text(&w, "huge", "", SIZE_MAX - 1);
    fdt_writer_end_node(&w);
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_EINVAL);
    fdt_writer_begin(&w, buffer, sizeof(buffer));
    fdt_writer_begin_node(&w, "");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "a-property-of-its-own-%u", i);
        fdt_writer_empty(&w, name);
    }
    fdt_writer_end_node(&w);
    assert_int_equal(fdt_writer_finish(&w, &size), -XEN_ENOSPC); /* names */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_small_buffers),
        cmocka_unit_test(test_misuse),
    };

    return RUN_TESTS(tests);
}
