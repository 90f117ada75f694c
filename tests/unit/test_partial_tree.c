/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arm64 port's partial_tree.c and core/partition_devices.c: which devices a partition has by a partial device tree, in
 * all its lives, and what its own tree says of them.
 */
#include "test.h"

#include <string.h>

#include "arch/host_vgic.h"
#include "bh/boot_config.h"
#include "bh/device.h"
#include "bh/partition.h"
#include "bh/partition_devices.h"
#include "guest_tree.h"
#include "hardware_devices.h"
#include "partial_tree.h"
#include "partition.h"

/* A board with a GIC, a clock, a timer device, a serial port for the hypervisor, and a device on a bus. */
static const char board_source[] =
    "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <1>;\n"
    "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; };\n"
    "cpus { #address-cells = <1>; #size-cells = <0>; a { device_type = \"cpu\"; reg = <0>; enable-method = \"psci\"; }; };\n"
    "intc: intc@8000000 { compatible = \"arm,gic-v3\"; phandle = <1>; #interrupt-cells = <3>; interrupt-controller;\n"
    "  reg = <0 0x8000000 0 0x10000 0 0x80a0000 0 0xf60000>; };\n"
    "serial: pl011@9000000 { compatible = \"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; };\n"
    "rtc@9010000 { compatible = \"arm,pl031\"; reg = <0 0x9010000 0 0x1000>; interrupts = <0 2 4>; };\n"
    "timer@9020000 { reg = <0 0x9020000 0 0x2000>; interrupts-extended = <&intc 0 20 4>, <&intc 1 9 4>, <&intc 0 21 1>; };\n"
    "bus { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0xa000000 0x100000>;\n"
    "  dev: device@8000 { reg = <0x8000 0x4000>; interrupts = <0 40 4>; }; };\n"
    "chosen { stdout-path = &serial; }; };";

#define PARTIAL(nodes)                                                                                          \
    "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; interrupt-controller; };\n" \
    "passthrough { compatible = \"simple-bus\"; ranges; #address-cells = <2>; #size-cells = <2>;\n" nodes " }; };"
#define RTC                                                                                                     \
    "rtc@30000000 { compatible = \"arm,pl031\"; reg = <0 0x30000000 0 0x1000>; interrupt-parent = <&gic>;\n"     \
    "  interrupts = <0 2 4>; xen,reg = <0 0x9010000 0 0x1000 0 0x30000000>; xen,path = \"/rtc@9010000\";\n"      \
    "  xen,force-assign-without-iommu; };\n"

static void *board_blob, *partial_blob;
static struct fdt board_tree, partial;
static struct board board;
static struct board_arm arm;
static struct domain *one, *two;

static void open_partial(const char *source)
{
    size_t size;

    free(partial_blob);
    partial_blob = tree_compile(source, &size);
    assert_int_equal(fdt_open(&partial, partial_blob, size), 0);
}

static void init(void)
{
    size_t size;

    host_board_init(2, 16);
    host_vgic_reset(2);
    free(board_blob);
    board_blob = tree_compile(board_source, &size);
    assert_int_equal(fdt_open(&board_tree, board_blob, size), 0);
    assert_int_equal(board_read(&board_tree, 0, &board), 0);
    board_arm_read(&board_tree, &board, &arm);
    hardware_devices_begin(&board_tree, &board, &arm, (struct memory_range){ 0, 0 });
    assert_ptr_equal(hardware_devices_find(96), &board_tree);
    one = make_domain("one", 1, 0, all_cpus(), 1);
    two = make_domain("two", 1, 0, all_cpus(), 1);
}

static void finish(void)
{
    end_all();
    hardware_devices_end();
    assert_null(hardware_devices_find(96));
    device_forget_all();
}

static int assign(struct domain *d, const char *source)
{
    open_partial(source);
    (void)host_uart_take();
    return partial_tree_assign(&partial, &board_tree, &arm, d);
}

static int map_all(struct domain *d)
{
    unsigned at = 0;
    uint64_t done = 0;
    int err;

    do {
        err = partition_devices_map(d, &at, &done);
    } while (err == PARTITION_GO_ON);
    return err;
}

static bool has_line(const struct domain *d, unsigned line)
{
    return (d->arch.vgic.spi[line / 32 - 1].lines >> line % 32 & 1) != 0;
}

static bool sees(struct domain *d, uint64_t gpa, uint64_t address)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m;
    int err;

    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, gfn(gpa >> PAGE_SHIFT), &m, &type, &order);
    spin_unlock(&d->p2m.lock);
    return err == 0 && type == P2M_MMIO && m.n == address >> PAGE_SHIFT;
}

/* Req: BH-DEV-013, BH-DEV-014, BH-DEV-015 */
static void test_assigned(void **state)
{
    (void)state;
    init();
    assert_false(partition_devices_are_known(one->id));
    assert_int_equal(assign(one, PARTIAL(RTC
        "timer { xen,reg = <0 0x9020000 0 0x1000 0 0x30001000 0 0x9021000 0 0x1000 0 0x30008000>;\n"
        "  xen,path = \"/timer@9020000\"; xen,force-assign-without-iommu; };\n"
        "clock { compatible = \"fixed-clock\"; };\n")), 0);
    assert_true(partition_devices_are_known(one->id));
    assert_int_equal(map_all(one), 0);
    assert_true(sees(one, 0x30000000, 0x9010000) && sees(one, 0x30001000, 0x9020000) && sees(one, 0x30008000, 0x9021000));
    assert_false(sees(one, 0x9010000, 0x9010000));
    assert_true(has_line(one, 34) && has_line(one, 52) && has_line(one, 53));
    assert_false(has_line(one, 33) || has_line(one, 72));
    /* A device on a bus. */
    assert_int_equal(assign(two, PARTIAL("d { xen,reg = <0 0xa008000 0 0x4000 0 0xa008000>; xen,path = \"/bus/device@8000\"; "
                                         "xen,force-assign-without-iommu; };")), 0);
    assert_int_equal(map_all(two), 0);
    assert_true(sees(two, 0xa00b000, 0xa00b000) && has_line(two, 72));
    finish();
}

/* Req: BH-DEV-013 */
/* One owner each, in all of its lives, and until it is gone for good. */
static void test_one_owner(void **state)
{
    (void)state;
    init();
    assert_int_equal(assign(one, PARTIAL(RTC)), 0);
    assert_int_equal(assign(two, PARTIAL("a { xen,reg = <0 0x9010000 0 0x1000 0 0x30000000>; };")), -XEN_EBUSY);
    assert_non_null(strstr(host_uart_take(), "two: partial device tree: /passthrough/a: another domain has it (0x9010000)"));
    assert_int_equal(assign(two, PARTIAL("a { xen,path = \"/rtc@9010000\"; xen,force-assign-without-iommu; };")), -XEN_EBUSY);
    /* Who has the hardware does not get it, and cannot hand it on. */
    assert_true(device_give(two));
    assert_false(device_fault(two, gfn(0x9010)));
    assert_true(device_fault(two, gfn(0x9020)));
    assert_int_equal(device_permit(two, one, 0x9010, 1, true), 0);
    assert_false(has_line(two, 34));
    assert_true(has_line(two, 52));
    /* The end of a life. */
    assert_int_equal(map_all(one), 0);
    device_line_end(one);
    device_range_end(one);
    assert_int_equal(device_line_permit(two, one, 34, true), 0);
    assert_int_equal(device_line_permit(two, one, 34, false), 0);
    assert_int_equal(map_all(one), -XEN_EEXIST); /* its tables are still there */
    partition_devices_forget(one->id);
    assert_false(partition_devices_are_known(one->id));
    finish();
}

#define BAD(nodes, error, message)                                                       \
    do {                                                                                 \
        init();                                                                          \
        assert_int_equal(assign(one, PARTIAL(nodes)), error);                            \
        if (strstr(host_uart_take(), "one: partial device tree: /passthrough/" message) == NULL) { \
            fail_msg("no '%s'", message);                                                \
        }                                                                                \
        finish();                                                                        \
    } while (0)

/* Req: BH-DEV-013 */
static void test_bad(void **state)
{
    (void)state;
    BAD("a { xen,reg; };", -XEN_EINVAL, "a: xen,reg: expected sets");
    BAD("a { xen,reg = <0 0x9010000 0 0x1000 0>; };", -XEN_EINVAL, "a: xen,reg: expected sets");
    BAD("a { xen,reg = <0 0x9010000 0 0 0 0x30000000>; };", -XEN_EINVAL, "a: xen,reg: expected whole pages");
    BAD("a { xen,reg = <0 0x9010800 0 0x1000 0 0x30000000>; };", -XEN_EINVAL, "a: xen,reg: expected whole pages");
    BAD("a { xen,reg = <0 0x9010000 0 0x1000 0xffffffff 0xfffff000>; };", -XEN_EINVAL, "a: xen,reg: expected whole");
    BAD("a { xen,reg = <0 0x9010000 0 0x1000 0 0x38000000>; };", -XEN_EINVAL, "a: xen,reg: the partition has virtual");
    BAD("a { xen,reg = <0 0x9000000 0 0x1000 0 0x30000000>; };", -XEN_EPERM, "a: the board has no device there, or it");
    BAD("a { xen,reg = <0 0x40000000 0 0x1000 0 0x30000000>; };", -XEN_EPERM, "a: the board has no device there");
    BAD("a { xen,reg = <0 0x8000000 0 0x1000 0 0x30000000>; };", -XEN_EPERM, "a: the board has no device there");
    BAD("a { xen,reg = <0 0x9021000 0 0x2000 0 0x30000000>; };", -XEN_EPERM, "a: the board has no device there");
    BAD("a { xen,reg = <0xffffffff 0xfffff000 0 0x2000 0 0x30000000>; };", -XEN_EPERM, "a: the board has no device");
    BAD("a { xen,path = \"/none\"; };", -XEN_EINVAL, "a: xen,path: no node of the board");
    BAD("a { xen,path = <1>; };", -XEN_EINVAL, "a: xen,path: no node of the board");
    BAD("a { xen,path = \"/rtc@9010000\"; };", -XEN_EINVAL, "a: no IOMMU protects it");
    /* The console's. */
    BAD("a { xen,path = \"/pl011@9000000\"; xen,force-assign-without-iommu; };", -XEN_EPERM, "a: the board has no device");
}

/* Too many, and nothing is left of those that were found. */
static void test_full(void **state)
{
    (void)state;
    init();
    for (unsigned i = 0; i < PARTITION_REGISTERS_COUNT; i++) {
        assert_int_equal(partition_devices_add_registers(one, gfn(0x30000 + i), 0x9020, 1), 0);
    }
    assert_int_equal(partition_devices_add_registers(one, gfn(0x40000), 0x9021, 1), -XEN_ENOSPC);
    assert_int_equal(map_all(one), 0);
    partition_devices_forget(one->id);
    assert_int_equal(partition_devices_add_registers(two, gfn(0x40000), 0x9020, 1), 0);
    for (unsigned i = 0; i < PARTITION_LINES_COUNT; i++) {
        assert_int_equal(partition_devices_add_line(two, 52), 0);
    }
    assert_int_equal(partition_devices_add_line(two, 53), -XEN_ENOSPC);
    /* The number of a dom0 is that of no entry. */
    partition_devices_forget(two->id);
    two->id = 0;
    assert_int_equal(map_all(two), 0);
    assert_false(partition_devices_are_known(0));
    finish();
}

static void expect(const char *text, const char *part, bool there)
{
    if ((strstr(text, part) != NULL) != there) {
        fail_msg("%s: %s\n%s", there ? "not there" : "there", part, text);
    }
}

/* Req: BH-DEV-016 */
static void test_tree(void **state)
{
    static uint8_t buffer[GUEST_TREE_SIZE_MAX] __attribute__((aligned(8)));
    struct guest_tree g = {
        .vcpu_count = 2, .gic_version = 3, .memory = { { 0x40000000, 0x44000000 } }, .has_xen = true, .partial = &partial,
    };
    struct fdt t;
    size_t size;
    char *text;

    (void)state;
    open_partial("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; gic: gic { phandle = <0xfde9>; };\n"
                 "aliases { ethernet0 = \"/passthrough/eth\"; };\n"
                 "secret { word = <1>; };\n"
                 "passthrough { compatible = \"simple-bus\"; ranges; #address-cells = <2>; #size-cells = <2>;\n"
                 RTC "clocks { clk: clk { #clock-cells = <0>; a-name-of-its-own = \"x\"; }; };\n"
                 "eth { clocks = <&clk>; }; }; };");
    assert_int_equal(guest_tree_write(&g, buffer, sizeof(buffer), &size), 0);
    assert_int_equal(fdt_open(&t, buffer, size), 0);
    text = tree_decompile(buffer, size);
    expect(text, "\tpassthrough {\n\t\tcompatible = \"simple-bus\";", true);
    expect(text, "rtc@30000000 {", true);
    expect(text, "a-name-of-its-own = \"x\";", true);
    expect(text, "aliases {\n\t\tethernet0 = \"/passthrough/eth\";", true);
    expect(text, "xen,reg", false);
    expect(text, "xen,path", false);
    expect(text, "xen,force", false);
    expect(text, "secret", false);
    /* Its interrupts go to the controller that there is. */
    expect(text, "interrupt-parent = <0xfde9>;", true);
    expect(text, "interrupt-parent = <0xfde8>;", false);
    expect(text, "\tphandle = <0xfde9>;", true);
    assert_int_equal(partial_tree_gic_phandle(&partial, 1), 0xfde9);
    free(text);
}

static int teardown(void **state)
{
    (void)state;
    free(board_blob);
    free(partial_blob);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assigned), cmocka_unit_test(test_one_owner), cmocka_unit_test(test_bad),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_tree),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, teardown);
}
