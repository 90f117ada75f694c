/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_schedule.c: schedules of the boot description, and everything that can be wrong with them.
 */
#include "test.h"

#include <string.h>

#include "bh/board.h"
#include "bh/boot_schedule.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct boot_config config;
static struct boot_schedule schedule[SCHEDULES_MAX];

#define DOMAIN(name, more) \
    name " { compatible = \"xen,domain\"; memory = <0 65536>; cpus = <2>; " more " module@4a000000 { compatible = " \
    "\"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x4a000000 0x1000>; }; };\n"
#define ABC DOMAIN("a", "") DOMAIN("b", "") DOMAIN("c", "")
#define SCHEDULE(name, more) name " { compatible = \"bulkhead,schedule\"; " more " };\n"
#define WINDOW(name, partition, offset, duration)                                                              \
    name " { partition = \"" partition "\"; offset = <" #offset ">; duration = <" #duration ">; };\n"

/* Reads a tree with four CPUs and this in /chosen. Returns how many partitions their schedules cost. */
static unsigned read_chosen(const char *chosen)
{
    static char source[1 << 18];
    size_t size;

    snprintf(source, sizeof(source),
             "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;\n"
             "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; };\n"
             "cpus { #address-cells = <1>; #size-cells = <0>;\n"
             "  a { device_type = \"cpu\"; reg = <0>; enable-method = \"psci\"; };\n"
             "  b { device_type = \"cpu\"; reg = <1>; enable-method = \"psci\"; };\n"
             "  c { device_type = \"cpu\"; reg = <2>; enable-method = \"psci\"; };\n"
             "  d { device_type = \"cpu\"; reg = <3>; enable-method = \"psci\"; }; };\n"
             "chosen { #address-cells = <2>; #size-cells = <1>; %s }; };",
             chosen);
    free(blob);
    blob = NULL;
    blob = tree_compile(source, &size);
    log_clear();
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_int_equal(board_read(&tree, 0, &board), 0);
    assert_int_equal(boot_config_read(&tree, &board, NULL, 0, &config), 0);
    return boot_schedule_read(&tree, &board, &config, schedule);
}

static int teardown(void **state)
{
    (void)state;
    free(blob);
    blob = NULL;
    return 0;
}

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        ABC DOMAIN("d", "bulkhead,cpus = <0 1>;")
        SCHEDULE("s", "cpus = <3 2>; frame = <10000>; "
                 WINDOW("w1", "b", 7000, 3000) WINDOW("w2", "a", 0, 4000) WINDOW("w3", "b", 4000, 1000))), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(config.domain_count, 4);
    assert_int_equal(schedule[0].cpu_count, 2);
    assert_int_equal(schedule[0].cpu[0], 3);
    assert_int_equal(schedule[0].cpu[1], 2);
    assert_int_equal(schedule[0].frame, 10000);
    assert_int_equal(schedule[0].window_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        static const struct boot_window expected[] = { { 0, 4000, 2 }, { 4000, 1000, 1 }, { 7000, 3000, 1 } };

        assert_int_equal(schedule[0].window[i].offset, expected[i].offset);
        assert_int_equal(schedule[0].window[i].duration, expected[i].duration);
        assert_int_equal(schedule[0].window[i].place, expected[i].place);
    }
    assert_int_equal(config.domain[0].schedule, 1);
    assert_int_equal(config.domain[0].schedule_place, 2);
    assert_int_equal(config.domain[1].schedule_place, 1);
    assert_int_equal(config.domain[2].schedule, 0);
    assert_int_equal(config.domain[3].schedule, 0);
    assert_int_equal(schedule[1].cpu_count, 0);
}

/* Each of these costs a and b, which it names, and no other. Req: BH-SCHED-020 */
static void test_mistakes(void **state)
{
#define GOOD "cpus = <1>; frame = <10000>; "
    static const struct {
        const char *body, *message;
    } cases[] = {
        { "frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: cpus: expected 1 to 16 numbers of CPUs" },
        { "cpus = \"abc\", \"d\"; frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: cpus: expected 1 to" },
        { "cpus = <1 4>; frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: cpus: CPU 4; expected 0 to 3, the board's" },
        { "cpus = <1 2 1>; frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: cpus: CPU 1 twice" },
        { "cpus = <3>; frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: cpus: CPU 3 is owned by o" },
        { "cpus = <1>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: frame: expected a number of microseconds" },
        { "cpus = <1>; frame = <999>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: frame: expected a number of microseconds, 1000 or more" },
        { "cpus = <1>; frame = <60000001>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5000),
          "/chosen/s: frame: 60000001 us; expected at most 60000000" },
        { GOOD WINDOW("w", "a", 0, 5001) WINDOW("x", "b", 5000, 5000),
          "/chosen/s/x: offset: overlaps the window of a at 0 us" },
        { GOOD WINDOW("x", "b", 5000, 5000) WINDOW("w", "a", 4000, 1001),
          "/chosen/s/w: offset: overlaps the window of b at 5000 us" },
        { GOOD WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 5001),
          "/chosen/s/x: duration: ends at 10001 us; expected an end within the frame of 10000 us" },
        { GOOD WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 0xffffffff, 0xffffffff),
          "/chosen/s/x: duration: ends at 8589934590 us" },
        { GOOD WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 999),
          "/chosen/s/x: duration: expected a number of microseconds, 1000 or more" },
        { GOOD WINDOW("w", "a", 0, 5000) "x { partition = \"b\"; duration = <1000>; };",
          "/chosen/s/x: offset: expected a number of microseconds" },
        { GOOD WINDOW("w", "a", 0, 1000) WINDOW("x", "b", 1000, 1000) WINDOW("y", "nobody", 2000, 1000),
          "/chosen/s/y: partition: no partition of that name is started" },
        { GOOD WINDOW("w", "a", 0, 1000) WINDOW("x", "b", 1000, 1000) "y { offset = <2000>; duration = <1000>; };",
          "/chosen/s/y: partition: expected the name of a partition" },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[4096];

        snprintf(text, sizeof(text), "%s o { compatible = \"xen,domain\"; memory = <0 4096>; cpus = <1>; bulkhead,cpus = "
                 "<3>; module@4a000000 { compatible = \"multiboot,kernel\"; reg = <0 0x4a000000 0x1000>; }; };\n"
                 SCHEDULE("s", "%s"), ABC, cases[i].body);
        if (read_chosen(text) != 2 || !log_contains(cases[i].message)) {
            fail_msg("case %u: not logged: %s\nbut:\n%s", i, cases[i].message, log_text());
        }
        assert_true(log_contains("/chosen/a: its schedule is not used: this partition is not started"));
        assert_int_equal(config.domain_count, 2);
        assert_string_equal(config.domain[0].name, "c");
        assert_string_equal(config.domain[1].name, "o");
        assert_int_equal(schedule[0].cpu_count, 0);
    }
}

static void test_no_window(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(ABC SCHEDULE("s", "cpus = <1>; frame = <10000>;")), 0);
    assert_true(log_contains("/chosen/s: no window; expected a node for each"));
    assert_int_equal(schedule[0].cpu_count, 0);
    assert_int_equal(config.domain_count, 3);
}

/* Of two schedules that do not agree the first one counts, unless both name a partition that one of them costs. */
static void test_two(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(ABC
        SCHEDULE("s", "cpus = <1>; frame = <10000>; " WINDOW("w", "a", 0, 5000))
        SCHEDULE("t", "cpus = <2>; frame = <20000>; " WINDOW("w", "b", 0, 20000))), 0);
    assert_int_equal(config.domain[0].schedule, 1);
    assert_int_equal(config.domain[1].schedule, 2);
    assert_int_equal(read_chosen(ABC
        SCHEDULE("s", "cpus = <1>; frame = <10000>; " WINDOW("w", "a", 0, 5000))
        SCHEDULE("t", "cpus = <2 1>; frame = <20000>; " WINDOW("w", "b", 0, 20000))), 1);
    assert_true(log_contains("/chosen/t: cpus: CPU 1 is owned by another schedule"));
    assert_string_equal(config.domain[0].name, "a");
    assert_string_equal(config.domain[1].name, "c");
    assert_int_equal(schedule[0].cpu_count, 1);
    assert_int_equal(schedule[1].cpu_count, 0);
    assert_int_equal(read_chosen(ABC
        SCHEDULE("s", "cpus = <1>; frame = <10000>; " WINDOW("w", "a", 0, 5000) WINDOW("x", "b", 5000, 1000))
        SCHEDULE("t", "cpus = <2>; frame = <20000>; " WINDOW("w", "b", 0, 20000))), 1);
    assert_true(log_contains("/chosen/t/w: partition: b is in another schedule"));
    assert_int_equal(config.domain_count, 2);
    assert_int_equal(schedule[0].cpu_count, 1);
}

static void test_partition_with_cpus(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(ABC DOMAIN("d", "bulkhead,cpus = <0 1 2>;")
        SCHEDULE("s", "cpus = <1>; frame = <10000>; " WINDOW("w", "d", 0, 5000))), 1);
    assert_true(log_contains("/chosen/s/w: partition: d has \"bulkhead,cpus\""));
    assert_int_equal(config.domain_count, 3);
}

static void test_too_many(void **state)
{
    char text[1 << 17], *end = text;

    (void)state;
    end += sprintf(end, "%s s { compatible = \"bulkhead,schedule\"; cpus = <1>; frame = <1000000>;", ABC);
    for (unsigned i = 0; i <= SCHEDULE_WINDOWS_MAX; i++) {
        end += sprintf(end, "w%u { partition = \"a\"; offset = <%u>; duration = <1000>; };\n", i, i * 2000);
    }
    strcpy(end, "};");
    assert_int_equal(read_chosen(text), 1);
    assert_true(log_contains("/chosen/s/w64: one window too many; expected at most 64"));
    end = text + sprintf(text, "%s", ABC);
    for (unsigned i = 0; i < SCHEDULES_MAX; i++) {
        end += sprintf(end, "s%u { compatible = \"bulkhead,schedule\"; };\n", i);
    }
    strcpy(end, SCHEDULE("t", "cpus = <1>; frame = <10000>; " WINDOW("w", "b", 0, 20000)));
    assert_int_equal(read_chosen(text), 1);
    assert_true(log_contains("/chosen/t: one schedule too many; expected at most 8"));
    assert_int_equal(config.domain_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_good, teardown),
        cmocka_unit_test_teardown(test_mistakes, teardown),
        cmocka_unit_test_teardown(test_no_window, teardown),
        cmocka_unit_test_teardown(test_two, teardown),
        cmocka_unit_test_teardown(test_partition_with_cpus, teardown),
        cmocka_unit_test_teardown(test_too_many, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
