/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_order.c: which partition waits for which, and everything that can be wrong with that.
 */
#include "test.h"

#include "bh/board.h"
#include "bh/boot_config.h"
#include "bh/start_order.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct boot_config config;

#define DOMAIN(name, more) \
    name " { compatible = \"xen,domain\"; memory = <0 4096>; cpus = <1>; " more " module@4a000000 { compatible = " \
    "\"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x4a000000 0x1000>; }; };\n"

/* Reads a tree with this in /chosen. Returns how many partitions their order costs. */
static unsigned read_chosen(const char *chosen)
{
    static char source[1 << 16];
    size_t size;

    snprintf(source, sizeof(source),
             "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;\n"
             "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; };\n"
             "cpus { #address-cells = <1>; #size-cells = <0>; a { device_type = \"cpu\"; reg = <0>; }; };\n"
             "chosen { #address-cells = <2>; #size-cells = <1>; %s }; };", chosen);
    blob = tree_compile(source, &size);
    log_clear();
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_int_equal(board_read(&tree, 0, &board), 0);
    assert_int_equal(boot_config_read(&tree, &board, NULL, 0, &config), 0);
    return start_order_read(&tree, &config);
}

static void test_keys(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        DOMAIN("c", "bulkhead,after = \"b\"; bulkhead,after-timeout = <7>; bulkhead,after-action = \"halt-board\";")
        DOMAIN("a", "bulkhead,ready = <5>;")
        DOMAIN("b", "bulkhead,ready = <1023>; bulkhead,after = \"a\"; bulkhead,after-action = \"destroy\";")), 0);
    assert_string_equal(log_text(), "");
    assert_string_equal(config.domain[0].start.after, "b");
    assert_int_equal(config.domain[0].start.timeout, 7);
    assert_int_equal(config.domain[0].start.action, START_HALT_BOARD);
    assert_string_equal(config.domain[1].start.after, "");
    assert_int_equal(config.domain[1].start.ready_port, 5);
    assert_int_equal(config.domain[2].start.action, START_NEVER);
    assert_int_equal(config.domain[2].start.timeout, 0);
    free(blob);
}

/* Req: BH-LIFE-019 */
static void test_mistakes(void **state)
{
    static const struct {
        const char *chosen, *message;
        unsigned refused;
    } cases[] = {
        { DOMAIN("a", "bulkhead,after = \"a\"; bulkhead,ready = <1>;") DOMAIN("b", ""),
          "/chosen/a: bulkhead,after: a waits for itself, through \"a\"", 1 },
        { DOMAIN("a", "bulkhead,after = \"b\"; bulkhead,ready = <1>;")
          DOMAIN("b", "bulkhead,after = \"c\"; bulkhead,ready = <1>;")
          DOMAIN("c", "bulkhead,after = \"a\"; bulkhead,ready = <1>;") DOMAIN("d", "bulkhead,after = \"a\";")
          DOMAIN("e", ""), "/chosen/d: bulkhead,after: no partition of that name is started", 4 },
        { DOMAIN("a", "bulkhead,after = \"x\";") DOMAIN("b", ""),
          "/chosen/a: bulkhead,after: no partition of that name is started", 1 },
        { DOMAIN("a", "bulkhead,after = \"b\";") DOMAIN("b", ""),
          "/chosen/a: bulkhead,after: b has no \"bulkhead,ready\"", 1 },
        { DOMAIN("a", "bulkhead,after = <1>;") DOMAIN("b", ""),
          "/chosen/a: bulkhead,after: expected the name of a partition", 1 },
        { DOMAIN("a", "bulkhead,after = \"b\"; bulkhead,after-timeout = <0>;") DOMAIN("b", "bulkhead,ready = <1>;"),
          "/chosen/a: bulkhead,after-timeout: expected a number of seconds, 1 to 65535", 1 },
        { DOMAIN("a", "bulkhead,after = \"b\"; bulkhead,after-action = \"restart\";") DOMAIN("b", "bulkhead,ready = <1>;"),
          "/chosen/a: bulkhead,after-action: expected \"start\", \"destroy\" or \"halt-board\"", 1 },
        { DOMAIN("a", "bulkhead,ready = <0>;") DOMAIN("b", ""), "/chosen/a: bulkhead,ready: expected a port, 1 to", 1 },
        { DOMAIN("a", "bulkhead,ready = <0x80000000>;") DOMAIN("b", "bulkhead,after = \"a\";") DOMAIN("c", ""),
          "/chosen/b: this partition is not started", 2 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        unsigned refused = read_chosen(cases[i].chosen);

        if (refused != cases[i].refused || !log_contains(cases[i].message)) {
            fail_msg("case %u: %u refused; not logged: %s\nbut:\n%s", i, refused, cases[i].message, log_text());
        }
        assert_int_equal(config.domain_count, 1);
        free(blob);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
