/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arm64 port's hardware_devices.c and hardware_tree.c: what of a board like QEMU's virt is for the domain that has
 * the hardware, and the tree that it is given; trees with mistakes.
 */
#include "test.h"

#include <string.h>

#include "bh/boot_config.h"
#include "bh/device.h"
#include "hardware_tree.h"
#include "partition.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct board_arm arm;

static void read_source(const char *source)
{
    size_t size;

    free(blob);
    blob = tree_compile(source, &size);
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_int_equal(board_read(&tree, 0, &board), 0);
    board_arm_read(&tree, &board, &arm);
    hardware_devices_read(&tree, &board, &arm, 96);
}

static struct domain *owner;

/* Who has the hardware of this source. */
static void give(const char *source)
{
    host_board_init(1, 16);
    read_source(source);
    owner = make_domain("owner", 1, 0, all_cpus(), 1);
    assert_true(device_give(owner));
}

static bool has(uint64_t address)
{
    return device_fault(owner, gfn(address >> PAGE_SHIFT));
}

static bool has_line(unsigned line)
{
    return (owner->arch.vgic.spi[line / 32 - 1].lines >> line % 32 & 1) != 0;
}

static int teardown(void **state)
{
    (void)state;
    end_all();
    device_forget_all();
    free(blob);
    blob = NULL;
    return 0;
}

#define ROOT "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>; compatible = \"a,board\";\n"
#define GIC                                                                                                          \
    "gic: intc@8000000 { compatible = \"arm,gic-v3\"; #interrupt-cells = <3>; interrupt-controller;\n"              \
    "  #redistributor-regions = <2>; redistributor-stride = <0 0x20000>; interrupts = <1 9 4>;\n"                   \
    "  #address-cells = <2>; #size-cells = <2>; ranges;\n"                                                          \
    "  reg = <0 0x8000000 0 0x10000 0 0x80a0000 0 0xf60000 0x40 0 0 0x4000000>;\n"                                  \
    "  its: its@8080000 { compatible = \"arm,gic-v3-its\"; reg = <0 0x8080000 0 0x20000>; msi-controller; }; };\n"
#define BOARD                                                                                                        \
    "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x8000000>; };\n"                            \
    "psci { compatible = \"arm,psci-1.0\"; method = \"smc\"; };\n"                                                  \
    "timer { compatible = \"arm,armv8-timer\"; interrupts = <1 13 0x104 1 14 0x104 1 11 0x104 1 10 0x104>; };\n"    \
    "cpus { #address-cells = <1>; #size-cells = <0>;\n"                                                             \
    "  first: cpu@0 { device_type = \"cpu\"; reg = <0>; }; cpu@1 { device_type = \"cpu\"; reg = <1>; }; };\n"       \
    "pmu { compatible = \"arm,cortex-a57-pmu\"; interrupts = <1 7 4>; interrupt-affinity = <&first>; };\n"          \
    "uart@9000000 { compatible = \"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; };\n"           \
    "rtc@9010000 { compatible = \"arm,pl031\"; reg = <0 0x9010000 0 0x1000>; interrupts = <0 2 4>; };\n"            \
    "off@9020000 { status = \"disabled\"; reg = <0 0x9020000 0 0x1000>; };\n"                                       \
    "smmu: iommu@9050000 { compatible = \"arm,smmu-v3\"; reg = <0 0x9050000 0 0x20000>; #iommu-cells = <1>; };\n"   \
    "passed@9100000 { xen,passthrough; reg = <0 0x9100000 0 0x2000>; interrupts = <0 5 4>, <0 6 1>, <1 3 4>;\n"     \
    "  inner@1 { interrupts-extended = <&gic 0 7 4>; }; };\n"                                                       \
    "shares@9101000 { reg = <0 0x9101800 0 0x100>; };\n"                                                            \
    "beside@9000800 { reg = <0 0x9000800 0 0x100>; };\n"                                                            \
    "soc { compatible = \"simple-bus\"; #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0xa000000 0x100000>;\n" \
    "  clk: clock { #clock-cells = <0>; };\n"                                                                       \
    "  i2c@1000 { reg = <0x1000 0x1000>; clocks = <&clk>; #address-cells = <1>; #size-cells = <0>; chip@50 { reg = <0x50>; }; };\n" \
    "  beyond@200000 { reg = <0x200000 0x1000>; }; };\n"                                                            \
    "pcie@10000000 { device_type = \"pci\"; #address-cells = <3>; #size-cells = <2>; iommu-map = <0 &smmu 0 0x10000>;\n" \
    "  msi-map = <0 &its 0 0x10000>; reg = <0x40 0x10000000 0 0x10000000>;\n"                                       \
    "  ranges = <0x1000000 0 0 0 0x3eff0000 0 0x10000 0x2000000 0 0x10000000 0 0x10000000 0 0x2eff0000>; };\n"      \
    "sram@48000000 { reg = <0 0x47fff000 0 0x2000>; };\n"                                                           \
    "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges; fw@47e00000 { reg = <0 0x47e00000 0 0x100000>; }; };\n" \
    "chosen { stdout-path = \"/uart@9000000\"; bootargs = \"secret\"; module { compatible = \"multiboot,module\"; reg = <0 0x44000000 0 1>; }; };\n"

/* Req: BH-DEV-002 */
static void test_devices(void **state)
{
    (void)state;
    give(ROOT GIC BOARD "};");
    assert_true(has(0x9010000));
    assert_true(has(0xa001000));                            /* through the bus */
    assert_true(has(0x4010000000) && has(0x3eff0000) && has(0x10000000) && has(0x3efef000));
    assert_true(has(0x48000000));
    assert_false(has(0x9000000));                           /* the console, and what shares its page */
    assert_false(has(0x9020000));                           /* disabled */
    assert_false(has(0x9050000) || has(0x9060000));         /* the IOMMU */
    assert_false(has(0x9100000) || has(0x9101000));         /* set apart, and what shares its page */
    assert_false(has(0x8000000) || has(0x80a0000) || has(0x8080000) || has(0x4000000000));
    assert_false(has(0x40000000) || has(0x47fff000));
    assert_false(has(0xa200000) || has(0x50) || has(0) || has(0xa000000));
    assert_true(has_line(34) && has_line(40) && has_line(95));
    assert_false(has_line(33));                             /* the console's */
    assert_false(has_line(37) || has_line(38) || has_line(39));
}

static char *write_tree(uint64_t bytes, int error)
{
    static struct memory_range memory[2] = { { 0x44000000, 0x46000000 }, { 0x42000000, 0x43000000 } };
    struct hardware_tree h = {
        .board = &tree, .arm = &arm, .memory = memory, .memory_count = 2,
        .guest = { .vcpu_count = 3, .ramdisk_start = 0x45000000, .ramdisk_end = 0x45001000, .bootargs = "console=hvc0 x",
                   .bootargs_size = 12, .has_xen = true },
    };
    uint8_t *buffer = aligned_alloc(8, bytes);
    size_t size = 0;
    struct fdt t;
    char *text = NULL;

    assert_int_equal(hardware_tree_find_regions(&board, &h), 0);
    assert_int_equal(hardware_tree_write(&h, buffer, bytes, &size), error);
    if (error == 0) {
        assert_int_equal(fdt_open(&t, buffer, size), 0);
        text = tree_decompile(buffer, size);
    }
    free(buffer);
    return text;
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

/* Req: BH-DEV-010, BH-DEV-011, BH-DEV-012 */
static void test_tree(void **state)
{
    static const char *const hidden[] = {
        "secret", "multiboot", "uart@", "iommu", "its@", "msi-", "passed@", "inner@", "pmu", "\"smc\"",
        "memory@40000000", "redistributor-stride", "xen,passthrough",
    };
    char *text;

    (void)state;
    give(ROOT GIC BOARD "};");
    text = write_tree(hardware_tree_size_max(&tree), 0);
    for (unsigned i = 0; i < ARRAY_COUNT(hidden); i++) {
        refuse(text, hidden[i]);
    }
    expect(text, "compatible = \"a,board\";");
    expect(text, "bootargs = \"console=hvc0\";\n\t\tlinux,initrd-start = <0x00 0x45000000>;");
    expect(text, "method = \"hvc\";");
    expect(text, "memory@44000000 {\n\t\tdevice_type = \"memory\";\n"
                 "\t\treg = <0x00 0x44000000 0x00 0x2000000 0x00 0x42000000 0x00 0x1000000>;");
    /* As many CPUs as there are vCPUs, and those that others name have their handles. */
    expect(text, "cpu@0 {");
    expect(text, "cpu@2 {");
    refuse(text, "cpu@3 {");
    expect(text, "rtc@9010000 {\n\t\tcompatible = \"arm,pl031\";\n\t\treg = <0x00 0x9010000 0x00 0x1000>;\n"
                 "\t\tinterrupts = <0x00 0x02 0x04>;");
    expect(text, "off@9020000 {");
    expect(text, "ranges = <0x00 0x00 0xa000000 0x100000>;");
    expect(text, "chip@50 {");
    /* The interrupt controller where it is, with one region of redistributors. */
    expect(text, "intc@8000000 {\n\t\tcompatible = \"arm,gic-v3\";");
    expect(text, "reg = <0x00 0x8000000 0x00 0x10000 0x00 0x80a0000 0x00 0xf60000>;");
    expect(text, "#redistributor-regions = <0x01>;");
    /* What is nobody's: the first 2 MiB are the grant table's; the firmware's are not in it. */
    expect(text, "compatible = \"xen,xen-4.17\\0xen,xen\";\n"
                 "\t\treg = <0x00 0x40000000 0x00 0x200000 0x00 0x40200000 0x00 0x1e00000 0x00 0x43000000 0x00 0x1000000 "
                 "0x00 0x46000000 0x00 0x1e00000>;\n\t\tinterrupts = <0x01 0x0f 0xf08>;");
    free(text);
    assert_null(write_tree(4096, -XEN_ENOSPC));
    assert_null(write_tree(33536, -XEN_ENOSPC));
}

/* Req: BH-DEV-017 */
static void test_reserved(void **state)
{
    static const char nodes[] =
        "memory@80000000 { device_type = \"memory\"; reg = <0 0x80000000 0 0x10000000>; };\n"
        "reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;\n"
        "  mail: mail@82000000 { compatible = \"a,mailbox\"; no-map; reg = <0 0x82000000 0 0x3000 0 0x82100000 0 0x1000>; };\n"
        "  off@83000000 { status = \"disabled\"; reg = <0 0x83000000 0 0x1000>; };\n"
        "  other@84000000 { xen,passthrough; reg = <0 0x84000000 0 0x1000>; };\n"
        "  any { size = <0 0x100000>; reusable; };\n"
        "  wrong@0 { reg = <0xffffffff 0xffffffff 0 0x10>; }; none@0 { reg = <0 0x85000000 0 0>; };\n"
        "  sram@70000000 { reg = <0 0x70000000 0 0x1000>; };\n"
        "  gic@8000000 { reg = <0 0x8000000 0 0x1000>; }; };\n"
        "remote { memory-region = <&mail>; memory-region-names = \"mail\"; };\n";
    static struct memory_range memory[1] = { { 0x80000000, 0x81000000 } };
    char source[8192];
    struct hardware_tree h = { .board = &tree, .arm = &arm, .memory = memory, .memory_count = 1,
                               .guest = { .vcpu_count = 1, .has_xen = true } };
    size_t size = 0;
    uint8_t *buffer;
    struct fdt t;
    char *text;

    (void)state;
    snprintf(source, sizeof(source), "%s%s%s};", ROOT, GIC, nodes);
    give(source);
    assert_true(has(0x82000000) && has(0x82002000) && has(0x82100000) && has(0x70000000));
    assert_false(has(0x82003000) || has(0x81fff000) || has(0x82101000)); /* RAM beside it */
    assert_false(has(0x83000000) || has(0x84000000) || has(0x85000000) || has(0x8000000));

    buffer = aligned_alloc(8, hardware_tree_size_max(&tree));
    assert_int_equal(hardware_tree_find_regions(&board, &h), 0);
    assert_int_equal(h.reserved_count, 2);
    assert_int_equal(hardware_tree_write(&h, buffer, hardware_tree_size_max(&tree), &size), 0);
    assert_int_equal(fdt_open(&t, buffer, size), 0);
    text = tree_decompile(buffer, size);
    /* The nodes and who refers to them; memory that says so, too. */
    expect(text, "mail@82000000 {\n\t\t\tcompatible = \"a,mailbox\";\n\t\t\tno-map;");
    expect(text, "memory-region-names = \"mail\";");
    expect(text, "memory@82000000 {\n\t\tdevice_type = \"memory\";\n"
                 "\t\treg = <0x00 0x82000000 0x00 0x3000 0x00 0x82100000 0x00 0x1000>;");
    expect(text, "memory@80000000 {");
    refuse(text, "xen,passthrough");
    free(text);
    free(buffer);
}

/* A tree of 32-bit addresses whose controller has neither handle nor stride. */
static void test_narrow(void **state)
{
    char *text;

    (void)state;
    give("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;\n"
         "memory@40000000 { device_type = \"memory\"; reg = <0x40000000 0x8000000>; };\n"
         "intc@8000000 { compatible = \"arm,gic-400\"; #interrupt-cells = <3>; interrupts = <1 9 4>;\n"
         "  reg = <0x8000000 0x10000 0x8010000 0x2000 0x8030000 0x10000 0x8040000 0x2000>; };\n"
         "dev@9000000 { reg = <0x9000000 0x1000>; xen,passthrough; interrupts = <0 9 4>; }; };");
    assert_false(has(0x9000000) || has(0x8010000) || has(0x8030000) || has(0x8040000));
    assert_false(has_line(41));
    text = write_tree(hardware_tree_size_max(&tree), 0);
    expect(text, "reg = <0x44000000 0x2000000 0x42000000 0x1000000>;");
    expect(text, "reg = <0x8000000 0x10000 0x8010000 0x2000>;");
    expect(text, "phandle = <0xfff00000>;");
    refuse(text, "dev@");
    free(text);
}

/* Nonsense is nobody's. */
static void test_mistakes(void **state)
{
    (void)state;
    give(ROOT GIC BOARD
         "a@1 { reg = <0 1>; }; b@2 { reg = <0xffffffff 0xfffff000 0 0x2000>; }; c@3 { reg = <0 0x9200000 0 0>; };\n"
         "d { device_type = \"pci\"; #address-cells = <3>; #size-cells = <2>; ranges = <1 2 3>; };\n"
         "e { device_type = \"pci\"; #address-cells = <2>; #size-cells = <2>; ranges = <1 2 3 4 5 6 7>; };\n"
         "f { xen,passthrough; interrupts = <0 0xffffffff 4>, <0>; };\n"
         "g { xen,passthrough; interrupt-parent = <&clk>; interrupts = <0 20 4>; };\n"
         "h { xen,passthrough; interrupts-extended = <&clk 1 &gic 0 21 4>; };\n"
         "i { xen,passthrough; interrupts-extended = <&gic>; }; };");
    assert_false(has(0x9200000));
    assert_true(has(0x9010000));
    assert_true(has_line(52) && has_line(53));
    free(write_tree(hardware_tree_size_max(&tree), 0));
}

/* No memory is left for the grant table's addresses. */
static void test_no_regions(void **state)
{
    struct memory_range all = { 0x40000000, 0x48000000 };
    struct hardware_tree h = { .board = &tree, .memory = &all, .memory_count = 1 };

    (void)state;
    give(ROOT GIC BOARD "};");
    assert_int_equal(hardware_tree_find_regions(&board, &h), -XEN_ENOMEM);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
    const struct CMUnitTest tests[] = { T(test_devices), T(test_tree), T(test_reserved), T(test_narrow), T(test_mistakes), T(test_no_regions) };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
