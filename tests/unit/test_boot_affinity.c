/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_affinity.c: colours and nodes as they are written down, and what can be wrong with them.
 */
#include "test.h"

#include <string.h>

#include "bh/boot_affinity.h"
#include "bh/boot_words.h"
#include "bh/page_affinity.h"
#include "hypervisor/arch/host/host.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct boot_domain domain;

/* Reads a partition of which PROPERTIES are. */
static bool read_domain(const char *properties)
{
    char source[1024];
    size_t size;

    snprintf(source, sizeof(source), "/dts-v1/; / { a { %s }; };", properties);
    free(blob);
    blob = tree_compile(source, &size);
    log_clear();
    domain = (struct boot_domain){ .name = "a" };
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_true(fdt_root(&tree, &domain.node));
    assert_true(fdt_first_child(&tree, &domain.node, &domain.node));
    return boot_affinity_read(&tree, &domain);
}

static void expect_log(const char *text)
{
    if (!log_contains(text)) {
        fail_msg("not logged: %s\nbut:\n%s", text, log_text());
    }
}

/* A machine that begins anew, with these words for the hypervisor and ways of so many bytes. */
static void settle(const char *words, uint64_t way_size)
{
    char word[BOOT_WORD_SIZE];
    const char *value;
    size_t at = 0;

    page_affinity_reset();
    host_cache_way_size = way_size;
    log_clear();
    assert_true(boot_affinity_option("llc-coloring", "off"));
    assert_true(boot_affinity_option("llc-size", "0"));
    while (boot_words_next(words, strlen(words), &at, word, &value)) {
        assert_true(boot_affinity_option(word, value));
    }
    assert_false(boot_affinity_option("console", "dtuart"));
    boot_affinity_settle(&board);
}

/* Req: BH-MEM-026 */
static void test_options(void **state)
{
    (void)state;
    settle("", 64 << 10);
    assert_int_equal(page_affinity_colour_count(), 1);
    assert_null(page_affinity_of(FRAME_NO_DOMAIN));
    settle("llc-coloring=on", 64 << 10);
    assert_int_equal(page_affinity_colour_count(), 16);
    assert_true(page_affinity_has_colour(page_affinity_of(FRAME_NO_DOMAIN), 0));
    assert_false(page_affinity_has_colour(page_affinity_of(FRAME_NO_DOMAIN), 1));
    expect_log("cache: 16 colours");
    /* A way that is no power of two, or has more colours than are told apart. */
    settle("llc-coloring", 48 << 10);
    assert_int_equal(page_affinity_colour_count(), 4);
    settle("llc-coloring=yes", 4 << 20);
    assert_int_equal(page_affinity_colour_count(), PAGE_COLOUR_MAX);
    settle("llc-coloring=on llc-size=1M llc-nr-ways=16", 1 << 20);
    assert_int_equal(page_affinity_colour_count(), 16);
    settle("llc-coloring=on xen-llc-colors=2-3,9", 64 << 10);
    assert_true(page_affinity_has_colour(page_affinity_of(FRAME_NO_DOMAIN), 9));
    assert_false(page_affinity_has_colour(page_affinity_of(FRAME_NO_DOMAIN), 0));
    settle("llc-coloring=on xen-llc-colors=16", 64 << 10);
    expect_log("xen-llc-colors: there are 16 colours");
    assert_int_equal(page_affinity_colour_count(), 16);
    settle("xen-llc-colors=3-1", 0);
    expect_log("xen-llc-colors=3-1: expected colours");
    settle("llc-coloring=on", 0);
    expect_log("cache: its size tells of no colours; expected llc-size and llc-nr-ways");
    assert_int_equal(page_affinity_colour_count(), 1);
    settle("llc-size=x llc-nr-ways=y", 0);
    expect_log("llc-size=x: expected a size");
    expect_log("llc-nr-ways=y: expected a number");
}

/* Req: BH-BOOT-060 */
static void test_colours(void **state)
{
    (void)state;
    settle("llc-coloring=on", 64 << 10);
    assert_true(read_domain("llc-colors = \"2-5,8\";"));
    assert_int_equal(domain.affinity.colours[0], 0x13c);
    assert_int_equal(boot_affinity_apply(3, &domain), 0);
    assert_true(page_affinity_has_colour(page_affinity_of(3), 8));
    assert_true(read_domain(""));
    assert_int_equal(boot_affinity_apply(4, &domain), 0);
    assert_null(page_affinity_of(4));
    assert_false(read_domain("llc-colors = \"5-2\";"));
    expect_log("a: llc-colors: expected colours below 128, ascending, as \"0-3,8\"");
    assert_false(read_domain("llc-colors = \"128\";"));
    assert_false(read_domain("llc-colors = <1>;"));
    assert_false(read_domain("llc-colors;"));
    assert_false(read_domain("llc-colors = \"1-2,4\";"));
    expect_log("a: llc-colors: expected an even colour and the next one among them");
    assert_true(read_domain("llc-colors = \"1-3\";"));
    assert_true(read_domain("llc-colors = \"14-17\";"));
    assert_int_equal(boot_affinity_apply(3, &domain), -XEN_EINVAL);
    expect_log("a: llc-colors: there are 16 colours");
    settle("", 64 << 10);
    assert_int_equal(boot_affinity_apply(3, &domain), -XEN_EINVAL);
    expect_log("a: llc-colors: expected llc-coloring=on on the hypervisor's command line");
}

/* Req: BH-BOOT-061 */
static void test_nodes(void **state)
{
    (void)state;
    settle("", 0);
    assert_true(read_domain("bulkhead,nodes = <1 3>;"));
    assert_int_equal(domain.affinity.nodes, 0xa);
    assert_int_equal(boot_affinity_apply(3, &domain), 0);
    assert_int_equal(page_affinity_of(3)->nodes, 0xa);
    assert_false(read_domain("bulkhead,nodes = <8>;"));
    expect_log("a: bulkhead,nodes: 8: expected numbers below 8");
    assert_false(read_domain("bulkhead,nodes;"));
    expect_log("a: bulkhead,nodes: expected the numbers of nodes");
    assert_false(read_domain("bulkhead,nodes = [00 00 00 01 02];"));
}

/* Req: BH-BOOT-061 */
/* What a board says of nodes is what memory goes by. */
static void test_board(void **state)
{
    (void)state;
    board = (struct board){ 0 };
    board_add_node(&board, 0, MIB(4), 0);
    board_add_node(&board, MIB(4), MIB(8), 1);
    board_add_node(&board, MIB(8), MIB(12), 99);
    assert_int_equal(board.node_range_count, 2);
    settle("", 0);
    expect_log("memory of node 99 at 0x800000: taken for node 0's");
    assert_int_equal(page_affinity_node(mfn(0x3ff)), 0);
    assert_int_equal(page_affinity_node(mfn(0x400)), 1);
    assert_int_equal(page_affinity_node(mfn(0x7ff)), 1);
    assert_int_equal(page_affinity_node(mfn(0x800)), 0);
    assert_true(page_affinity_is_one_node(mfn(0x400), 10));
    assert_true(page_affinity_is_one_node(mfn(0x800), 10));
    assert_false(page_affinity_is_one_node(mfn(0), 11));
    log_clear();
    for (unsigned i = 0; i < 2 * BOARD_NODE_RANGE_COUNT; i++) {
        board_add_node(&board, 0, MIB(4), 1);
    }
    assert_int_equal(board.node_range_count, BOARD_NODE_RANGE_COUNT);
    expect_log("memory of node 1 at 0x0: taken for node 0's");
    board = (struct board){ 0 };
}

static int teardown(void **state)
{
    (void)state;
    free(blob);
    blob = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_options, teardown),
        cmocka_unit_test_teardown(test_colours, teardown),
        cmocka_unit_test_teardown(test_nodes, teardown),
        cmocka_unit_test_teardown(test_board, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
