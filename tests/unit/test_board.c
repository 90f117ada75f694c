/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/board.c and the arm64 port's board_arm.c: boards like QEMU's virt, boards with buses, boards with mistakes.
 */
#include "test.h"

#include <string.h>

#include "board_arm.h"
#include "bh/board.h"
#include "bh/boot_config.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct board_arm arm;

/* Reads a board of this source, as CPU 0 of it. Returns what board_read() does. */
static int read_source(const char *source)
{
    size_t size;
    int err;

    free(blob);
    blob = NULL;
    blob = tree_compile(source, &size);
    log_clear();
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    err = board_read(&tree, 0, &board);
    board_arm_read(&tree, &board, &arm);
    return err;
}

static int teardown(void **state)
{
    (void)state;
    free(blob);
    blob = NULL;
    return 0;
}

static void expect_log(const char *text)
{
    if (!log_contains(text)) {
        fail_msg("not logged: %s\nbut:\n%s", text, log_text());
    }
}

#define ROOT   "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>;\n"
#define MEMORY "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x8000000>; };\n"
#define PSCI   "psci { compatible = \"arm,psci-1.0\", \"arm,psci-0.2\", \"arm,psci\"; method = \"smc\"; };\n"
#define TIMER                                                                                     \
    "timer { compatible = \"arm,armv8-timer\", \"arm,armv7-timer\"; always-on;\n"                 \
    "  interrupts = <1 13 0x104 1 14 0x104 1 11 0x104 1 10 0x104>; };\n"
#define GICV3                                                                                     \
    "intc@8000000 { phandle = <1>; compatible = \"arm,gic-v3\"; #interrupt-cells = <3>; interrupt-controller;\n" \
    "  #redistributor-regions = <2>; interrupts = <1 9 4>; #address-cells = <2>; #size-cells = <2>; ranges;\n"    \
    "  reg = <0 0x8000000 0 0x10000 0 0x80a0000 0 0xf60000 0x40 0 0 0x4000000>; };\n"
#define GICV2                                                                                     \
    "intc@8000000 { phandle = <1>; compatible = \"arm,cortex-a15-gic\"; #interrupt-cells = <3>; interrupt-controller;\n" \
    "  interrupts = <1 9 4>; reg = <0 0x8000000 0 0x10000 0 0x8010000 0 0x10000 0 0x8030000 0 0x10000 0 0x8040000 0 "   \
    "0x10000>; };\n"
#define UART                                                                                      \
    "pl011@9000000 { compatible = \"arm,pl011\", \"arm,primecell\"; reg = <0 0x9000000 0 0x1000>;\n" \
    "  interrupts = <0 1 4>; };\n"
#define CPU(n, id, more) \
    "cpu@" n " { device_type = \"cpu\"; reg = <" id ">; enable-method = \"psci\"; " more " };\n"
#define CPUS "cpus { #address-cells = <1>; #size-cells = <0>; " CPU("0", "0", "") CPU("1", "1", "") "};\n"

static void test_virt(void **state)
{
    (void)state;
    assert_int_equal(read_source(ROOT PSCI MEMORY GICV3 UART TIMER CPUS
                                 "chosen { stdout-path = \"/pl011@9000000\"; }; };"), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(board.memory_count, 1);
    assert_true(board.memory[0].start == 0x40000000 && board.memory[0].end == 0x48000000);
    assert_true(board_memory_size(&board) == 0x8000000);
    assert_int_equal(board.reserved_count, 0);
    assert_int_equal(board.cpu_count, 2);
    assert_true(board.cpu_id[0] == 0 && board.cpu_id[1] == 1);
    assert_true(board.has_chosen && board.has_stdout);
    assert_int_equal(arm.gic_version, 3);
    assert_true(arm.gicd.address == 0x8000000 && arm.gicd.size == 0x10000);
    assert_int_equal(arm.gicr_count, 2);
    assert_true(arm.gicr[1].address == 0x4000000000 && arm.gicr[1].size == 0x4000000);
    assert_true(arm.gicr_stride == 0 && arm.gicv.size == 0);
    assert_int_equal(arm.maintenance.intid, 25);
    assert_false(arm.maintenance.is_edge);
    assert_int_equal(arm.timer_virtual.intid, 27);
    assert_int_equal(arm.timer_physical.intid, 30);
    assert_int_equal(arm.timer_hypervisor.intid, 26);
    assert_int_equal(arm.timer_frequency, 0);
    assert_int_equal(arm.psci_conduit, CONDUIT_SMC);
    assert_false(arm.psci_is_0_1);
    assert_int_equal(arm.uart_kind, UART_PL011);
    assert_true(arm.uart.address == 0x9000000 && arm.uart.size == 0x1000);
    assert_int_equal(arm.uart_interrupt.intid, 33);
}

static void test_gicv2(void **state)
{
    (void)state;
    assert_int_equal(read_source(ROOT MEMORY GICV2 TIMER
                                 "psci { compatible = \"arm,psci\"; method = \"hvc\"; cpu_on = <5>; cpu_off = <6>; };\n"
                                 "uart@0 { compatible = \"arm,sbsa-uart\"; reg = <0 0 0 0x1000>; interrupts = <0 4 1>; };"
                                 "};"), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(arm.gic_version, 2);
    assert_true(arm.gicc.address == 0x8010000 && arm.gich.address == 0x8030000 && arm.gicv.address == 0x8040000);
    assert_int_equal(arm.psci_conduit, CONDUIT_HVC);
    assert_true(arm.psci_is_0_1 && arm.psci_cpu_on == 5 && arm.psci_cpu_off == 6);
    assert_int_equal(arm.uart_kind, UART_PL011);
    assert_int_equal(arm.uart_interrupt.intid, 36);
    assert_true(arm.uart_interrupt.is_edge);
    assert_int_equal(board.cpu_count, 1);
    assert_false(board.has_chosen);
}

/* Devices on buses, a console by alias with options, interrupts by name and with phandles. */
static void test_buses(void **state)
{
    (void)state;
    assert_int_equal(read_source(ROOT MEMORY PSCI
        "aliases { serial1 = \"/soc/apb@1000/serial@200\"; };\n"
        "chosen { stdout-path = \"serial1:115200n8\"; };\n"
        "soc { compatible = \"simple-bus\"; #address-cells = <1>; #size-cells = <1>; ranges = <0 1 0 0x10000000>;\n"
        "  serial@100 { compatible = \"arm,pl011\"; reg = <0x100 0x1000>; };\n"
        "  off { status = \"disabled\"; gic@1 { compatible = \"arm,gic-400\"; }; };\n"
        "  gic@20000 { phandle = <1>; compatible = \"arm,gic-v3\"; #interrupt-cells = <4>; interrupt-controller;\n"
        "    redistributor-stride = <0 0x40000>; interrupts = <1 8 4 0>;\n"
        "    reg = <0x20000 0x10000 0x40000 0x100000 0x800000 0x1000 0x801000 0x1000 0x802000 0x1000>; };\n"
        "  apb@1000 { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x1000 0x1000>;\n"
        "    serial@200 { compatible = \"arm,pl011\"; reg = <0x200 0x100>; interrupts-extended = <1 0 7 4 0>; }; };\n"
        "  timer { compatible = \"arm,armv8-timer\"; interrupt-names = \"virt\", \"hyp-phys\", \"phys\"; clock-frequency "
        "= <62500000>; interrupts = <1 11 1 0 1 10 4 0 1 14 8 0>; };\n"
        "}; };"), 0);
    assert_string_equal(log_text(), "");
    assert_true(arm.uart.address == 0x100001200);
    assert_int_equal(arm.uart_interrupt.intid, 39);
    assert_int_equal(arm.gic_version, 3);
    assert_true(arm.gicd.address == 0x100020000);
    assert_int_equal(arm.gicr_count, 1);
    assert_true(arm.gicr_stride == 0x40000);
    assert_true(arm.gicv.address == 0x100802000);
    assert_int_equal(arm.maintenance.intid, 24);
    assert_int_equal(arm.timer_virtual.intid, 27);
    assert_true(arm.timer_virtual.is_edge);
    assert_int_equal(arm.timer_physical.intid, 30);
    assert_int_equal(arm.timer_hypervisor.intid, 26);
    assert_int_equal(arm.timer_frequency, 62500000);
}

/* Req: BH-BOOT-034 */
/* As on Xilinx' ZCU102: Cadence's UART, GIC-400 in frames of 64 KiB, memory in two places. */
static void test_zcu102(void **state)
{
    (void)state;
    assert_int_equal(read_source("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;\n" PSCI CPUS
        "memory@0 { device_type = \"memory\"; reg = <0 0 0 0x7ff00000 8 0 0 0x80000000>; };\n"
        "aliases { serial0 = \"/axi/serial@ff000000\"; };\n"
        "chosen { stdout-path = \"serial0:115200n8\"; };\n"
        "timer { compatible = \"arm,armv8-timer\"; interrupt-parent = <4>;\n"
        "  interrupts = <1 13 0xf08 1 14 0xf08 1 11 0xf08 1 10 0xf08>; };\n"
        "axi { compatible = \"simple-bus\"; #address-cells = <2>; #size-cells = <2>; ranges;\n"
        "  interrupt-controller@f9010000 { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; phandle = <4>;\n"
        "    reg = <0 0xf9010000 0 0x10000 0 0xf9020000 0 0x20000 0 0xf9040000 0 0x20000 0 0xf9060000 0 0x20000>;\n"
        "    interrupt-controller; interrupt-parent = <4>; interrupts = <1 9 0xf04>; };\n"
        "  serial@ff000000 { compatible = \"xlnx,zynqmp-uart\", \"cdns,uart-r1p12\"; interrupt-parent = <4>;\n"
        "    interrupts = <0 21 4>; reg = <0 0xff000000 0 0x1000>; };\n"
        "  serial@ff010000 { compatible = \"cdns,uart-r1p8\", \"xlnx,xuartps\"; reg = <0 0xff010000 0 0x1000>; };\n"
        "}; };"), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(board.memory_count, 2);
    assert_true(board.memory[1].start == 0x800000000 && board.memory[1].end == 0x880000000);
    assert_int_equal(arm.gic_version, 2);
    assert_true(arm.gicc.address == 0xf9020000 && arm.gicc.size == 0x20000);
    assert_true(arm.gicv.address == 0xf9060000 && arm.gicv.size == 0x20000);
    assert_int_equal(arm.uart_kind, UART_CADENCE);
    assert_true(arm.uart.address == 0xff000000);
    assert_int_equal(arm.uart_interrupt.intid, 53);
    assert_int_equal(arm.maintenance.intid, 25);
}

static void expect_banks(const char *reg, unsigned count, const uint64_t *expected)
{
    char source[2048];

    snprintf(source, sizeof(source), ROOT "memory { device_type = \"memory\"; reg = <%s>; };\n};", reg);
    assert_int_equal(read_source(source), 0);
    assert_int_equal(board.memory_count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_true(board.memory[i].start == expected[2 * i]);
        assert_true(board.memory[i].end == expected[2 * i + 1]);
    }
}

#define BANKS(reg, count, ...) expect_banks(reg, count, (const uint64_t[]){ __VA_ARGS__ })

static void test_memory(void **state)
{
    char many[1024] = "";

    (void)state;
    BANKS("0 0x1000 0 0x1000", 1, 0x1000, 0x2000);
    BANKS("0 0x1001 0 0x2fff", 1, 0x2000, 0x4000);
    BANKS("0 0x8000 0 0x1000 0 0x1000 0 0x1000 0 0x4000 0 0", 2, 0x1000, 0x2000, 0x8000, 0x9000);
    BANKS("0 0x1000 0 0x1000 0 0x5000 0 0x1000 0 0x2000 0 0x3000", 1, 0x1000, 0x6000);
    BANKS("0 0x1000 0 0x9000 0 0x3000 0 0x1000", 1, 0x1000, 0xa000);
    BANKS("0 0x3000 0 0x1000 0 0x9000 0 0x1000 0 0x1000 0 0x9000", 1, 0x1000, 0xa000);
    BANKS("0xfff 0xfffff000 0 0x2000 0 0x1000 0 0x1000", 2, 0x1000, 0x2000, 0xffffffff000, 0x100000000000);
    expect_log("beyond 16 TiB");
    BANKS("0 0x1000 0 0x1000 0x1000 0 0 0x2000", 1, 0x1000, 0x2000);
    for (unsigned i = 0; i <= FRAME_BANK_COUNT; i++) {
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "0 0x%x 0 0x1000 ", 0x2000 * i);
    }
    {
        char source[2048];

        snprintf(source, sizeof(source), ROOT "memory { device_type = \"memory\"; reg = <%s>; };\n};", many);
        assert_int_equal(read_source(source), 0);
    }
    assert_int_equal(board.memory_count, FRAME_BANK_COUNT);
    expect_log("/memory: reg: 0x20000 is not used: at most 16 banks are");
    assert_true(board_has_memory(&board, 0, 0x1000));
    assert_true(board_has_memory(&board, 0x2800, 0x800));
    assert_false(board_has_memory(&board, 0x2800, 0x801));
    assert_false(board_has_memory(&board, 0x1800, 1));
    assert_false(board_has_memory(&board, 0x2800, UINT64_MAX));
}

static void test_bad_memory(void **state)
{
    (void)state;
    assert_int_equal(read_source("/dts-v1/; / { };"), -XEN_ENODEV);
    expect_log("device tree: /: no memory; expected a node \"memory\"");
    assert_int_equal(read_source(ROOT "memory { device_type = \"memory\"; }; };"), -XEN_ENODEV);
    expect_log("device tree: /memory: reg: missing");
    assert_int_equal(read_source(ROOT "memory { device_type = \"memory\"; reg = <0 1 2>; }; };"), -XEN_ENODEV);
    expect_log("device tree: /memory: reg: malformed");
    assert_int_equal(read_source(ROOT "memory { device_type = \"memory\"; reg = <0xffffffff 0xffffffff 0 2>; }; };"), -XEN_ENODEV);
    expect_log("device tree: /memory: reg: malformed");
    assert_int_equal(read_source(ROOT "memory { device_type = \"memory\"; status = \"disabled\"; reg = <0 0 1 0>; }; };"),
                     -XEN_ENODEV);
}

/* Req: BH-BOOT-019 */
static void test_reserved(void **state)
{
    char source[8192] = "/dts-v1/; /memreserve/ 0x10 0x10; /memreserve/ 0xfffffffffffff000 0x2000;\n"
                        "/memreserve/ 0x9000 0; /memreserve/ 0xfff0000f000 0xffffffffffff0000;"
                        "/ { #address-cells = <2>; #size-cells = <2>;" MEMORY
                        "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;\n"
                        "  a { reg = <0 0x2001 0 0x1000 0 0x8000 0 0x1>; }; b { size = <0 0x1000>; };\n"
                        "  c { reg = <1 2 3>; }; d { status = \"disabled\"; reg = <0 0x7000 0 0x1000>; }; }; };";

    (void)state;
    assert_int_equal(read_source(source), 0);
    assert_int_equal(board.reserved_count, 4);
    assert_true(board.reserved[0].start == 0 && board.reserved[0].end == 0x1000);
    assert_true(board.reserved[1].start == 0xfff0000f000 && board.reserved[1].end == BOARD_MEMORY_LIMIT);
    assert_true(board.reserved[2].start == 0x2000 && board.reserved[2].end == 0x4000);
    assert_true(board.reserved[3].start == 0x8000 && board.reserved[3].end == 0x9000);
    expect_log("/reserved-memory/b: no fixed address");
    expect_log("/reserved-memory/c: reg: malformed");

    /* More than there is room for: everything is still covered. */
    strcpy(source, "/dts-v1/;");
    for (unsigned i = 0; i < BOARD_RESERVED_COUNT + 4; i++) {
        snprintf(source + strlen(source), sizeof(source) - strlen(source), "/memreserve/ 0x%x 0x1000;\n", i * 0x10000);
    }
    strcat(source, "/ { #address-cells = <2>; #size-cells = <2>;" MEMORY "};");
    assert_int_equal(read_source(source), 0);
    assert_int_equal(board.reserved_count, BOARD_RESERVED_COUNT);
    for (unsigned i = 0; i < BOARD_RESERVED_COUNT + 4; i++) {
        bool covered = false;

        for (unsigned k = 0; k < board.reserved_count; k++) {
            covered |= board.reserved[k].start <= i * 0x10000 && board.reserved[k].end >= i * 0x10000 + 0x1000;
        }
        assert_true(covered);
    }
}

static void test_cpus(void **state)
{
    char source[8192];

    (void)state;
    /* This CPU is the second in the tree. */
    assert_int_equal(read_source(ROOT MEMORY "cpus { #address-cells = <2>; #size-cells = <0>; cpu-map { };\n"
                                 CPU("a", "1 0", "") CPU("b", "0 0", "") CPU("c", "0 0x100", "")
                                 CPU("d", "0 0x100", "") CPU("e", "0 7", "status = \"fail\";")
                                 "cpu@f { device_type = \"cpu\"; reg = <0 9>; enable-method = \"spin-table\"; };\n"
                                 "cpu@g { device_type = \"cpu\"; reg = <0>; enable-method = \"psci\"; };\n"
                                 "}; };"), 0);
    assert_int_equal(board.cpu_count, 3);
    assert_true(board.cpu_id[0] == 0 && board.cpu_id[1] == 0x100000000 && board.cpu_id[2] == 0x100);
    expect_log("/cpus/cpu@d: reg: 0x100 is another CPU's as well");
    expect_log("/cpus/cpu@f: enable-method: this CPU is not used; expected \"psci\"");
    expect_log("/cpus/cpu@g: reg: missing or malformed");
    strcpy(source, ROOT MEMORY "cpus { #address-cells = <1>; #size-cells = <0>;\n");
    for (unsigned i = 0; i <= CONFIG_MAX_CPUS; i++) {
        snprintf(source + strlen(source), sizeof(source) - strlen(source), CPU("%x", "%u", ""), i, i);
    }
    strcat(source, "}; };");
    assert_int_equal(read_source(source), 0);
    assert_int_equal(board.cpu_count, CONFIG_MAX_CPUS);
    expect_log("this CPU is not used: at most");
}

static void test_chosen(void **state)
{
    (void)state;
    assert_int_equal(read_source(ROOT MEMORY "chosen { stdout-path = \"/gone\"; }; };"), 0);
    assert_true(board.has_chosen && !board.has_stdout);
    expect_log("/chosen: stdout-path: leads nowhere");
    assert_int_equal(read_source(ROOT MEMORY "chosen { stdout-path = <1>; }; };"), 0);
    expect_log("/chosen: stdout-path: leads nowhere");
    assert_int_equal(read_source(ROOT MEMORY UART "chosen { stdout-path = \"/\"; }; };"), 0);
    assert_true(board.has_stdout);
    assert_int_equal(arm.uart_kind, UART_PL011); /* the first there is */
}

/* One node in an otherwise good tree. */
static void with(const char *node)
{
    char source[2048];

    snprintf(source, sizeof(source), ROOT MEMORY "%s };", node);
    assert_int_equal(read_source(source), 0);
}

static void test_bad_devices(void **state)
{
    (void)state;
    with("gic { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; reg = <0 0 0 0x1000 0 0x1000 0 0x1000>; };");
    assert_int_equal(arm.gic_version, 0);
    expect_log("/gic: reg: expected four");
    with("gic { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; reg = <0 0 0 0x100 0 0x1000 0 0x1000>; };");
    expect_log("/gic: reg: entry 0 is not usable; expected 0x1000 bytes or more");
    with("gic { compatible = \"arm,gic-v3\"; #redistributor-regions = <0>; };");
    expect_log("/gic: #redistributor-regions: expected a number from 1");
    with("gic { compatible = \"arm,gic-v3\"; #redistributor-regions = <1 1>; };");
    expect_log("/gic: #redistributor-regions: expected a number from 1");
    with("gic { compatible = \"arm,gic-v3\"; redistributor-stride = <0 1>; };");
    expect_log("/gic: redistributor-stride: expected");
    with("gic { compatible = \"arm,gic-v3\"; redistributor-stride = [01]; };");
    expect_log("/gic: redistributor-stride: expected");
    with("gic { compatible = \"arm,gic-v3\"; };");
    expect_log("/gic: reg: expected a distributor");
    expect_log("/gic: #interrupt-cells: expected 3 or 4");
    with("gic { compatible = \"arm,gic-v3\"; #interrupt-cells = <2>; reg = <0 0 0 0x10000>; };");
    expect_log("/gic: reg: 0 regions of redistributors are used; expected 1");
    expect_log("/gic: #interrupt-cells: expected 3 or 4");
    with("gic { compatible = \"arm,gic-v3\"; #redistributor-regions = <0xffffffff>; #interrupt-cells = <3>; interrupts = "
         "<2 1 1>; reg = <0 0 0 0x10000 0 0x10000 0 0x20000>; };");
    expect_log("/gic: reg: 1 regions of redistributors are used");
    expect_log("/gic: interrupts: entry 0 is not usable; expected a GIC's SPI or PPI");
    assert_int_equal(arm.gic_version, 3);
    with("gic { compatible = \"arm,gic-v3\"; reg = <0x10000 0 0 0x10000>; };");
    expect_log("/gic: reg: entry 0 is not usable");
    with("bus { gic { compatible = \"arm,gic-v3\"; reg = <0 0 1>; }; };");
    expect_log("/bus/gic: reg: entry 0 is not usable");
    with("psci { compatible = \"arm,psci-1.0\"; };");
    expect_log("/psci: method: expected \"smc\" or \"hvc\"");
    with("psci { compatible = \"arm,psci-1.0\"; method = \"abc\"; };");
    expect_log("/psci: method: expected \"smc\" or \"hvc\"");
    with("psci { compatible = \"arm,psci\"; method = \"smc\"; };");
    expect_log("/psci: cpu_on: expected");
    assert_int_equal(arm.psci_conduit, CONDUIT_NONE);
    with("timer { compatible = \"arm,armv8-timer\"; };");
    expect_log("/timer: interrupts: expected those of the virtual");
    with("timer { compatible = \"arm,armv8-timer\"; interrupts = <1 1 1 1 1 1 1 16 1 0 988 1>; };");
    expect_log("/timer: interrupts: entry 2 is not usable");
    expect_log("/timer: interrupts: entry 3 is not usable");
    with("timer { compatible = \"arm,armv8-timer\"; interrupt-names = \"a\", \"b\"; interrupts = <1 1 1 1 1 1>; };");
    expect_log("/timer: interrupts: expected those of the virtual");
    with("uart { compatible = \"arm,pl011\"; reg = <0 0 0 0x10>; };");
    assert_int_equal(arm.uart_kind, UART_NONE);
    expect_log("/uart: reg: entry 0 is not usable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_virt),   cmocka_unit_test(test_gicv2),      cmocka_unit_test(test_buses),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_bad_memory), cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_cpus),   cmocka_unit_test(test_chosen),     cmocka_unit_test(test_bad_devices),
        cmocka_unit_test(test_zcu102),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, teardown);
}
