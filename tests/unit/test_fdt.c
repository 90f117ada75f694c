/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/fdt.c and lib/fdt_value.c: good trees against libfdt, damaged ones against the sanitizers.
 */
#include "test.h"

#include <string.h>

#include "abi/xen.h"
#include "lib/fdt.h"
#include "reference.h"

static const char board[] =
    "/dts-v1/;\n/memreserve/ 0x1000 0x2000;\n/memreserve/ 0x40000000 0x100;\n"
    "/ { #address-cells = <2>; #size-cells = <1>; model = \"a board\"; compatible = \"v,one\", \"v,two\";\n"
    "  empty; odd = [01 02 03]; pair = <0x1 0x2>; three = <1 2 3>;\n"
    "  aliases { serial0 = \"/bus@1000/uart@20\"; broken = \"uart\"; bus = \"/bus\"; gone = \"/gone\"; };\n"
    "  memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0x1000 2 0 0x2000>; };\n"
    "  bus: bus@1000 { #address-cells = <1>; #size-cells = <1>; ranges = <0x0 0x5 0x1000 0x100 0x200 0 0x8000 0x10>;\n"
    "    uart@20 { reg = <0x20 0x10>; phandle = <7>; status = \"okay\"; inner { deep { deeper { }; }; }; };\n"
    "    uart@40 { reg = <0x40 0x10 0x50>; status = \"disabled\"; };\n"
    "    far@208 { reg = <0x208 0x10>; phandle = <8>; status = \"ok\"; };\n"
    "    wrap { reg = <0xfffffff0 0x20>; };\n"
    "  };\n"
    "  same { ranges; #size-cells = <0>; unit@5 { reg = <0 5>; }; };\n"
    "  wide { ranges = <1 2 3 4 5>; #address-cells = <3>; #size-cells = <2>; unit@5 { reg = <0 0 5 0 5>; }; };\n"
    "  bad { #address-cells = <1 1>; #size-cells = <0x1ff>; unit@5 { reg = <0 5>; }; };\n"
    "  closed { unit@5 { reg = <0 5 1>; }; };\n"
    "  top { #address-cells = <2>; #size-cells = <2>; ranges = <0 0 0xffffffff 0xfffff000 1 0>;\n"
    "        u { reg = <0 0x10 0 0x10>; }; v { reg = <0 0x2000 0 1>; }; w { reg = <0 0xff8 0 0x10>; };\n"
    "        x { reg = <0xffffffff 0xffffffff 0 2>; }; };\n"
    "};\n";

static void *blob;
static size_t blob_size;
static struct fdt tree;

static int setup(void **state)
{
    (void)state;
    blob = tree_compile(board, &blob_size);
    assert_int_equal(fdt_open(&tree, blob, blob_size), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(blob);
    return 0;
}

static struct fdt_node find(const char *path)
{
    struct fdt_node n;

    if (!fdt_find_path(&tree, path, strlen(path), &n)) {
        fail_msg("no node %s", path);
    }
    return n;
}

static size_t dump(const struct fdt *t, char *buffer, size_t size)
{
    struct fdt_walk w;
    size_t at = 0;

    fdt_walk_begin(t, &w);
    do {
        struct fdt_property p;

        at += (size_t)snprintf(buffer + at, size - at, "NODE %d %s\n", w.node.depth - 1, fdt_node_name(t, &w.node));
        for (bool more = fdt_first_property(t, &w.node, &p); more; more = fdt_next_property(t, &p, &p)) {
            at += (size_t)snprintf(buffer + at, size - at, "PROP %s %u ", p.name, p.size);
            for (unsigned i = 0; i < p.size; i++) {
                at += (size_t)snprintf(buffer + at, size - at, "%02x", ((const uint8_t *)p.value)[i]);
            }
            at += (size_t)snprintf(buffer + at, size - at, "\n");
        }
    } while (fdt_walk_next(t, &w));
    return at;
}

static void test_same_as_libfdt(void **state)
{
    static char ours[1 << 20], theirs[1 << 20];

    (void)state;
    assert_int_equal(dump(&tree, ours, sizeof(ours)), reference_dump(blob, theirs, sizeof(theirs)));
    assert_string_equal(ours, theirs);
}

/* Visits all nodes by children and siblings, and compares with the walk. */
static void test_children(void **state)
{
    struct fdt_node stack[FDT_DEPTH_MAX + 1];
    struct fdt_walk w;
    unsigned depth = 1;

    (void)state;
    fdt_walk_begin(&tree, &w);
    fdt_root(&tree, &stack[1]);
    for (;;) {
        assert_int_equal(stack[depth].cell, w.node.cell);
        assert_int_equal(stack[depth].name, w.node.name);
        assert_int_equal(stack[depth].depth, w.node.depth);
        assert_int_equal(stack[depth].address_cells, w.node.address_cells);
        assert_int_equal(stack[depth].size_cells, w.node.size_cells);
        assert_int_equal(w.path[depth].cell, w.node.cell);
        if (fdt_first_child(&tree, &stack[depth], &stack[depth + 1])) {
            depth++;
        } else {
            while (depth > 0 && !fdt_next_sibling(&tree, &stack[depth], &stack[depth])) {
                depth--;
            }
        }
        if (depth == 0) {
            break;
        }
        assert_true(fdt_walk_next(&tree, &w));
    }
    assert_false(fdt_walk_next(&tree, &w));
}

static void test_walk_skip(void **state)
{
    struct fdt_walk w;
    unsigned top = 0;

    (void)state;
    fdt_walk_begin(&tree, &w);
    for (bool more = fdt_walk_next(&tree, &w); more; more = fdt_walk_skip(&tree, &w)) {
        assert_int_equal(w.node.depth, 2);
        top++;
    }
    assert_int_equal(top, 8);
    fdt_walk_begin(&tree, &w);
    while (!fdt_node_is(&tree, &w.node, "deeper")) {
        assert_true(fdt_walk_next(&tree, &w));
    }
    assert_true(fdt_walk_skip(&tree, &w));
    assert_string_equal(fdt_node_name(&tree, &w.node), "uart@40");
    assert_int_equal(w.node.depth, 3);
    assert_int_equal(w.node.address_cells, 1);
}

static void test_paths(void **state)
{
    struct fdt_node n;
    char path[FDT_PATH_SIZE];

    (void)state;
    find("/");
    n = find("/bus@1000/uart@40");
    fdt_node_path(&tree, &n, path, sizeof(path));
    assert_string_equal(path, "/bus@1000/uart@40");
    n = find("/bus/uart/inner//deep/");
    fdt_node_path(&tree, &n, path, sizeof(path));
    assert_string_equal(path, "/bus@1000/uart@20/inner/deep");
    fdt_node_path(&tree, &n, path, 8);
    assert_string_equal(path, "/bus@10");
    fdt_node_path(&tree, &n, path, 1);
    assert_string_equal(path, "");
    n = find("/");
    fdt_node_path(&tree, &n, path, sizeof(path));
    assert_string_equal(path, "/");
    n = find("serial0");
    assert_string_equal(fdt_node_name(&tree, &n), "uart@20");
    n = find("bus/far");
    assert_string_equal(fdt_node_name(&tree, &n), "far@208");
    assert_false(fdt_find_path(&tree, "", 0, &n));
    assert_false(fdt_find_path(&tree, "serial", 6, &n));
    assert_false(fdt_find_path(&tree, "serial00", 8, &n));
    assert_false(fdt_find_path(&tree, "broken", 6, &n));
    assert_false(fdt_find_path(&tree, "gone", 4, &n));
    assert_false(fdt_find_path(&tree, "/bus@1", 6, &n));
    assert_false(fdt_find_path(&tree, "/bus@1000/uart@2", 16, &n));
    assert_false(fdt_find_path(&tree, "/bus@1000/none", 14, &n));
    assert_true(fdt_find_path(&tree, "/bus@1000:115200", 9, &n));
    assert_true(fdt_find_phandle(&tree, 8, &n));
    assert_string_equal(fdt_node_name(&tree, &n), "far@208");
    assert_int_equal(n.address_cells, 1);
    assert_false(fdt_find_phandle(&tree, 9, &n));
    assert_true(fdt_node_is(&tree, &n, "far"));
    assert_true(fdt_node_is(&tree, &n, "far@208"));
    assert_false(fdt_node_is(&tree, &n, "fa"));
    assert_false(fdt_node_is(&tree, &n, "far@"));
}

static void test_values(void **state)
{
    struct fdt_node root = find("/"), n;
    struct fdt_property p;
    const char *text;
    uint32_t u32, length;
    uint64_t u64;

    (void)state;
    assert_int_equal(fdt_u32(&tree, &root, "#address-cells", &u32), 0);
    assert_int_equal(u32, 2);
    assert_int_equal(fdt_u32(&tree, &root, "pair", &u32), -XEN_EINVAL);
    assert_int_equal(fdt_u32(&tree, &root, "none", &u32), -XEN_ENOENT);
    assert_int_equal(fdt_number(&tree, &root, "pair", &u64), 0);
    assert_true(u64 == 0x100000002);
    assert_int_equal(fdt_number(&tree, &root, "#size-cells", &u64), 0);
    assert_true(u64 == 1);
    assert_int_equal(fdt_number(&tree, &root, "three", &u64), -XEN_EINVAL);
    assert_int_equal(fdt_number(&tree, &root, "none", &u64), -XEN_ENOENT);
    assert_int_equal(fdt_text(&tree, &root, "model", &text, &length), 0);
    assert_string_equal(text, "a board");
    assert_int_equal(length, 7);
    assert_int_equal(fdt_text(&tree, &root, "model", &text, NULL), 0);
    assert_int_equal(fdt_text(&tree, &root, "compatible", &text, NULL), -XEN_EINVAL);
    assert_int_equal(fdt_text(&tree, &root, "odd", &text, NULL), -XEN_EINVAL);
    assert_int_equal(fdt_text(&tree, &root, "empty", &text, NULL), -XEN_EINVAL);
    assert_int_equal(fdt_text(&tree, &root, "none", &text, NULL), -XEN_ENOENT);
    assert_true(fdt_is_compatible(&tree, &root, "v,one"));
    assert_true(fdt_is_compatible(&tree, &root, "v,two"));
    assert_false(fdt_is_compatible(&tree, &root, "v,tw"));
    assert_false(fdt_is_compatible(&tree, &root, "v,twoo"));
    assert_false(fdt_is_compatible(&tree, &root, "two"));
    n = find("/bus");
    assert_false(fdt_is_compatible(&tree, &n, "v,one"));
    assert_true(fdt_find_property(&tree, &root, "compatible", &p));
    assert_string_equal(fdt_property_string_at(&p, 0), "v,one");
    assert_string_equal(fdt_property_string_at(&p, 1), "v,two");
    assert_null(fdt_property_string_at(&p, 2));
    p.size--;
    assert_null(fdt_property_string_at(&p, 1));
    assert_false(fdt_property_has_string(&p, "v,two"));
    assert_true(fdt_is_enabled(&tree, &root));
    n = find("/bus/uart@20");
    assert_true(fdt_is_enabled(&tree, &n));
    n = find("/bus/far");
    assert_true(fdt_is_enabled(&tree, &n));
    n = find("/bus/uart@40");
    assert_false(fdt_is_enabled(&tree, &n));
}

static int reg(const char *path, uint32_t index, uint64_t *address, uint64_t *size)
{
    struct fdt_node n = find(path);

    return fdt_reg(&tree, &n, index, address, size);
}

static void test_reg(void **state)
{
    uint64_t a, s;

    (void)state;
    assert_int_equal(reg("/memory", 0, &a, &s), 0);
    assert_true(a == 0x40000000 && s == 0x1000);
    assert_int_equal(reg("/memory", 1, &a, &s), 0);
    assert_true(a == 0x200000000 && s == 0x2000);
    assert_int_equal(reg("/memory", 2, &a, &s), -XEN_ENOENT);
    assert_int_equal(reg("/", 0, &a, &s), -XEN_ENOENT);
    assert_int_equal(reg("/bus/uart@20", 0, &a, &s), 0);
    assert_true(a == 0x20 && s == 0x10);
    assert_int_equal(reg("/bus/uart@40", 0, &a, &s), -XEN_EINVAL); /* half an entry too much */
    assert_int_equal(reg("/same/unit", 0, &a, &s), 0);
    assert_true(a == 5 && s == 0);
    assert_int_equal(reg("/wide/unit", 0, &a, &s), -XEN_EINVAL); /* three cells of address */
    assert_int_equal(reg("/bad/unit", 0, &a, &s), -XEN_EINVAL);
    assert_int_equal(reg("/top/x", 0, &a, &s), -XEN_EINVAL); /* wraps */
}

static int translate(const char *bus, const char *child, uint64_t *address)
{
    struct fdt_node b = find(bus), c = find(child);
    uint64_t size;

    assert_int_equal(fdt_reg(&tree, &c, 0, address, &size), 0);
    return fdt_translate(&tree, &b, &c, address, size);
}

static void test_translate(void **state)
{
    struct fdt_node bus = find("/wide"), child = find("/wide/unit");
    uint64_t a = 5;

    (void)state;
    assert_int_equal(translate("/bus", "/bus/uart@20", &a), 0);
    assert_true(a == 0x500001020);
    assert_int_equal(translate("/bus", "/bus/far", &a), -XEN_ENOENT); /* reaches beyond its range */
    assert_int_equal(translate("/bus", "/bus/wrap", &a), -XEN_ENOENT);
    assert_int_equal(translate("/same", "/same/unit", &a), 0);
    assert_true(a == 5);
    assert_int_equal(translate("/closed", "/closed/unit", &a), -XEN_ENOENT);
    assert_int_equal(translate("/top", "/top/u", &a), 0);
    assert_true(a == 0xfffffffffffff010);
    assert_int_equal(translate("/top", "/top/v", &a), -XEN_EINVAL); /* wraps */
    assert_int_equal(translate("/top", "/top/w", &a), -XEN_EINVAL); /* its end wraps */
    assert_int_equal(fdt_translate(&tree, &bus, &child, &a, 1), -XEN_EINVAL);
}

static void test_reservations(void **state)
{
    uint64_t a, s;

    (void)state;
    assert_true(fdt_reservation(&tree, 0, &a, &s));
    assert_true(a == 0x1000 && s == 0x2000);
    assert_true(fdt_reservation(&tree, 1, &a, &s));
    assert_true(a == 0x40000000 && s == 0x100);
    assert_false(fdt_reservation(&tree, 2, &a, &s));
}

static void set(uint32_t *cells, unsigned index, uint32_t value)
{
    cells[index] = __builtin_bswap32(value);
}

/* Opens a copy of the tree in which header cell INDEX is VALUE. */
static void expect_header(unsigned index, uint32_t value, const char *problem)
{
    uint32_t *copy = malloc(blob_size);
    struct fdt t;

    memcpy(copy, blob, blob_size);
    set(copy, index, value);
    assert_int_equal(fdt_open(&t, copy, blob_size), -XEN_EINVAL);
    free(copy);
    if (strstr(t.problem, problem) == NULL) {
        fail_msg("'%s' where '%s' was expected", t.problem, problem);
    }
}

/* Req: BH-BOOT-020 */
static void test_bad_header(void **state)
{
    struct fdt t;
    uint32_t strings = __builtin_bswap32(((uint32_t *)blob)[3]), size = (uint32_t)blob_size;

    (void)state;
    assert_int_equal(fdt_open(&t, (char *)blob + 4, blob_size - 4), -XEN_EINVAL);
    assert_non_null(strstr(t.problem, "multiple of 8"));
    for (size_t n = 0; n < blob_size; n += n < 64 ? 1 : 97) {
        void *copy = malloc(n);

        memcpy(copy, blob, n);
        assert_int_equal(fdt_open(&t, copy, n), -XEN_EINVAL);
        free(copy);
    }
    expect_header(0, 0xd00dfeee, "0xd00dfeed");
    expect_header(1, size + 1, "its size");
    expect_header(1, 39, "its size");
    expect_header(1, 0xffffffff, "its size");
    expect_header(5, 16, "version");
    expect_header(6, 18, "version");
    expect_header(3, size, "strings block");
    expect_header(3, 0xffffffff, "strings block");
    expect_header(3, 0, "strings block");
    expect_header(8, size, "strings block");
    expect_header(8, 0xffffffff, "strings block");
    expect_header(3, strings - 1, "does not end");
    expect_header(4, 44, "reservation");
    expect_header(4, 0xfffffff8, "reservation");
    expect_header(4, size & ~7U, "reservation");
    expect_header(2, 42, "structure block");
    expect_header(2, 0xfffffffc, "structure block");
    expect_header(9, size, "structure block");
    expect_header(9, 0, "without an end");
    expect_header(9, 64, "a property");
}

/* A tree of the given structure cells with the one string "p". */
static int open_cells(struct fdt *t, const uint32_t *cells, unsigned count, uint32_t strings_size)
{
    static uint32_t b[64] __attribute__((aligned(8)));

    memset(b, 0, sizeof(b));
    assert_true(count < 40);
    set(b, 0, 0xd00dfeed);
    set(b, 1, sizeof(b));
    set(b, 2, 56);
    set(b, 3, 60 * 4);
    set(b, 4, 40);
    set(b, 5, 17);
    set(b, 6, 16);
    set(b, 8, strings_size);
    set(b, 9, count * 4);
    for (unsigned i = 0; i < count; i++) {
        set(b, 14 + i, cells[i]);
    }
    ((char *)(b + 60))[0] = 'p';
    return fdt_open(t, b, sizeof(b));
}

static void expect_cells(const char *text, const uint32_t *cells, unsigned count)
{
    struct fdt t;

    assert_int_equal(open_cells(&t, cells, count, 2), -XEN_EINVAL);
    if (strstr(t.problem, text) == NULL) {
        fail_msg("'%s' where '%s' was expected", t.problem, text);
    }
}

#define EXPECT(text, ...) \
    expect_cells(text, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

#define NODE 1, 0
#define END_NODE 2
#define PROP(size) 3, (size), 0
#define NAMED(c) 1, ((uint32_t)(c) << 24)

/* Req: BH-BOOT-020 */
static void test_bad_structure(void **state)
{
    const uint32_t good[] = { 4, NODE, 4, PROP(5), 1, 2, 4, PROP(0), NAMED('a'), END_NODE, 4, END_NODE, 4, 9 };
    const uint32_t no_strings[] = { NODE, END_NODE, 9 };
    const uint32_t named[] = { NODE, NAMED('x'), END_NODE, NAMED('y'), 5, END_NODE, END_NODE, 9 };
    struct fdt t;
    struct fdt_node n;
    struct fdt_property p;

    (void)state;
    assert_int_equal(open_cells(&t, good, sizeof(good) / 4, 2), 0);
    fdt_root(&t, &n);
    assert_true(fdt_first_property(&t, &n, &p));
    assert_int_equal(p.size, 5);
    assert_true(fdt_next_property(&t, &p, &p));
    assert_false(fdt_next_property(&t, &p, &p));
    assert_true(fdt_first_child(&t, &n, &n));
    assert_string_equal(fdt_node_name(&t, &n), "a");
    assert_false(fdt_first_child(&t, &n, &n));
    assert_false(fdt_next_sibling(&t, &n, &n));
    fdt_root(&t, &n);
    assert_false(fdt_next_sibling(&t, &n, &n));
    assert_int_equal(open_cells(&t, no_strings, 4, 0), 0);

    EXPECT("without an end token", NODE, END_NODE);
    EXPECT("without a root", 9);
    EXPECT("inside a node", NODE, 9);
    EXPECT("a second root", NODE, END_NODE, NODE, END_NODE, 9);
    EXPECT("outside any node", 2, 9);
    EXPECT("outside any node", NODE, END_NODE, END_NODE, 9);
    EXPECT("outside a node", PROP(0), NODE, END_NODE, 9);
    EXPECT("outside a node", NODE, END_NODE, PROP(0), 9);
    EXPECT("behind a subnode", NODE, NODE, END_NODE, PROP(0), END_NODE, 9);
    EXPECT("cut short", NODE, 3, 0);
    EXPECT("name of a property", NODE, 3, 0, 2, END_NODE, 9);
    EXPECT("name of a property", NODE, 3, 0, 0xffffffff, END_NODE, 9);
    EXPECT("reaches beyond", NODE, PROP(9), END_NODE, 9);
    EXPECT("reaches beyond", NODE, PROP(0xffffffff), END_NODE, 9);
    EXPECT("reaches beyond", NODE, PROP(0xfffffffd), END_NODE, 9);
    EXPECT("not terminated", 1, 0x61616161, 0x61616161);
    EXPECT("unknown token", NODE, 5, END_NODE, 9);
    EXPECT("unknown token", 0x01000000, END_NODE, 9);
    EXPECT("too deep", NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE, NODE,
           NODE);
    assert_int_equal(open_cells(&t, named, sizeof(named) / 4, 2), -XEN_EINVAL);
    assert_string_equal(t.problem_node, "y");
    assert_int_equal(t.problem_offset, 56 + 8 * 4);
}

/* Reads everything there is of a tree that was accepted. */
static void read_all(const struct fdt *t)
{
    struct fdt_walk w;
    struct fdt_node n;
    unsigned budget = 100000;

    fdt_walk_begin(t, &w);
    do {
        struct fdt_property p;
        char path[FDT_PATH_SIZE];
        uint64_t a = 0, s = 0;

        fdt_node_path(t, &w.node, path, sizeof(path));
        for (bool more = fdt_first_property(t, &w.node, &p); more; more = fdt_next_property(t, &p, &p)) {
            const char *text;
            uint32_t length;

            fdt_property_number(&p, &a);
            fdt_property_has_string(&p, "arm,pl011");
            fdt_property_string_at(&p, 1);
            if (fdt_property_string(&p, &text, &length) == 0) {
                fdt_find_path(t, text, length, &n);
            }
            fdt_property_reg(&p, &w.node, 0, &a, &s);
        }
        if (w.node.depth > 1) {
            fdt_translate(t, &w.path[w.node.depth - 1], &w.node, &a, s);
        }
        assert_true(budget-- > 0);
    } while (fdt_walk_next(t, &w));
    fdt_find_phandle(t, 7, &n);
}

/* Req: BH-BOOT-020 */
static void test_damage(void **state)
{
    uint32_t *copy = malloc(blob_size);
    uint32_t seed = 1;
    unsigned accepted = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct fdt t;
        unsigned changes = 1 + round % 3;

        memcpy(copy, blob, blob_size);
        for (unsigned i = 0; i < changes; i++) {
            seed = seed * 1664525 + 1013904223;
            ((uint8_t *)copy)[(seed >> 8) % blob_size] = round % 2 != 0 ? (uint8_t)(seed >> 4) : (uint8_t)(seed >> 4) & 15;
        }
        if (fdt_open(&t, copy, blob_size) == 0) {
            accepted++;
            read_all(&t);
        } else {
            assert_non_null(t.problem);
        }
    }
    assert_true(accepted > 1000);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_libfdt), cmocka_unit_test(test_children),     cmocka_unit_test(test_walk_skip),
        cmocka_unit_test(test_paths),          cmocka_unit_test(test_values),       cmocka_unit_test(test_reg),
        cmocka_unit_test(test_translate),      cmocka_unit_test(test_reservations), cmocka_unit_test(test_bad_header),
        cmocka_unit_test(test_bad_structure),  cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
