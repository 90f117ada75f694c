/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/arm64/guest_tree.c: what dtc and our reader find in the generated tree.
 */
#include "test.h"

#include <string.h>

#include "bh/boot_config.h"
#include "guest_tree.h"
#include "lib/fdt.h"

static struct guest_tree example(void)
{
    return (struct guest_tree){
        .vcpu_count = 2,
        .gic_version = 3,
        .memory = { { 0x40000000, 0x44000000 } },
        .ramdisk_start = 0x43000000,
        .ramdisk_end = 0x43123456,
        .bootargs = "console=ttyAMA0 quiet",
        .bootargs_size = 15,
        .has_vpl011 = true,
        .has_xen = true,
    };
}

static char *generate(const struct guest_tree *g)
{
    size_t size = 0;
    uint8_t *buffer = aligned_alloc(8, GUEST_TREE_SIZE_MAX);
    struct fdt t;
    char *text;

    assert_int_equal(guest_tree_write(g, buffer, GUEST_TREE_SIZE_MAX, &size), 0);
    assert_int_equal(fdt_open(&t, buffer, size), 0);
    text = tree_decompile(buffer, size);
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

/* Req: BH-ABI-013 */
static void test_gicv3(void **state)
{
    struct guest_tree g = example();
    char *text = generate(&g);

    (void)state;
    refuse(text, "Warning (reg");
    refuse(text, "Error");
    expect(text, "/ {\n\t#address-cells = <0x02>;\n\t#size-cells = <0x02>;\n\tinterrupt-parent = <0xfde8>;\n");
    expect(text, "chosen {\n\t\tbootargs = \"console=ttyAMA0\";\n\t\tlinux,initrd-start = <0x00 0x43000000>;\n"
                 "\t\tlinux,initrd-end = <0x00 0x43123456>;\n\t\tstdout-path = \"/sbsa-uart@22000000\";\n");
    expect(text, "psci {\n\t\tcompatible = \"arm,psci-1.0\\0arm,psci-0.2\\0arm,psci\";\n\t\tmethod = \"hvc\";\n");
    expect(text, "cpu@0 {\n\t\t\tdevice_type = \"cpu\";\n\t\t\tcompatible = \"arm,armv8\";\n"
                 "\t\t\tenable-method = \"psci\";\n\t\t\treg = <0x00>;\n");
    expect(text, "cpu@1 {");
    refuse(text, "cpu@2 {");
    expect(text, "memory@40000000 {\n\t\tdevice_type = \"memory\";\n\t\treg = <0x00 0x40000000 0x00 0x4000000>;\n");
    expect(text, "interrupt-controller@3001000 {\n\t\tcompatible = \"arm,gic-v3\";\n");
    expect(text, "reg = <0x00 0x3001000 0x00 0x10000 0x00 0x3020000 0x00 0x1000000>;");
    expect(text, "compatible = \"arm,armv8-timer\";\n"
                 "\t\tinterrupts = <0x01 0x0d 0xf08 0x01 0x0e 0xf08 0x01 0x0b 0xf08>;\n");
    expect(text, "sbsa-uart@22000000 {\n\t\tcompatible = \"arm,sbsa-uart\";\n\t\treg = <0x00 0x22000000 0x00 0x1000>;\n"
                 "\t\tinterrupts = <0x00 0x00 0x04>;\n");
    expect(text, "hypervisor {\n\t\tcompatible = \"xen,xen-4.17\\0xen,xen\";\n"
                 "\t\treg = <0x00 0x38000000 0x00 0x1000000>;\n\t\tinterrupts = <0x01 0x0f 0xf08>;\n");
    refuse(text, "clock-frequency");
    free(text);
}

/* Req: BH-ABI-013 */
static void test_gicv2(void **state)
{
    struct guest_tree g = example();
    char *text;

    (void)state;
    g.gic_version = 2;
    g.has_vpl011 = g.has_xen = false;
    g.bootargs = NULL;
    g.ramdisk_end = g.ramdisk_start;
    g.timer_frequency = 62500000;
    g.memory[1] = (struct memory_range){ 0x200000000, 0x240000000 };
    text = generate(&g);
    expect(text, "compatible = \"arm,gic-400\";");
    expect(text, "reg = <0x00 0x3001000 0x00 0x1000 0x00 0x3002000 0x00 0x2000>;");
    expect(text, "reg = <0x00 0x40000000 0x00 0x4000000 0x02 0x00 0x00 0x40000000>;");
    expect(text, "clock-frequency = <0x3b9aca0>;");
    refuse(text, "bootargs");
    refuse(text, "initrd");
    refuse(text, "uart");
    refuse(text, "hypervisor");
    refuse(text, "#redistributor-regions");
    free(text);
}

/* Req: BH-WDT-005 */
static void test_watchdog(void **state)
{
    struct guest_tree g = example();
    char *text = generate(&g);

    (void)state;
    refuse(text, "watchdog");
    free(text);
    g.has_watchdog = true;
    text = generate(&g);
    refuse(text, "Warning (reg");
    expect(text, "watchdog@22020000 {\n\t\tcompatible = \"arm,sbsa-gwdt\";\n"
                 "\t\treg = <0x00 0x22020000 0x00 0x1000 0x00 0x22010000 0x00 0x1000>;\n"
                 "\t\tinterrupts = <0x00 0x3f 0x04>;\n");
    free(text);
}

static void test_many_cpus(void **state)
{
    struct guest_tree g = example();
    char *text;

    (void)state;
    g.vcpu_count = 18;
    text = generate(&g);
    expect(text, "cpu@f {");
    expect(text, "cpu@100 {");
    expect(text, "cpu@101 {");
    expect(text, "reg = <0x101>;");
    free(text);
    assert_true(guest_tree_affinity(127) == 0x70f);
}

/* The promise of GUEST_TREE_SIZE_MAX, and that nothing is written beyond a smaller buffer. */
static void test_size(void **state)
{
    static char arguments[BOOT_ARGS_SIZE];
    struct guest_tree g = example();
    size_t size = 0;

    (void)state;
    memset(arguments, 'x', sizeof(arguments) - 1);
    g.vcpu_count = CONFIG_MAX_VCPUS;
    g.bootargs = arguments;
    g.bootargs_size = sizeof(arguments) - 1;
    for (size_t n = 0; n <= GUEST_TREE_SIZE_MAX; n += 512) {
        void *buffer = malloc(n);
        int err = guest_tree_write(&g, buffer, n, &size);

        assert_true(err == 0 || err == -XEN_ENOSPC);
        assert_true(n != GUEST_TREE_SIZE_MAX || err == 0);
        free(buffer);
    }
    assert_true(size > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gicv3),
        cmocka_unit_test(test_gicv2), cmocka_unit_test(test_watchdog),
        cmocka_unit_test(test_many_cpus),
        cmocka_unit_test(test_size),
    };

    return RUN_TESTS(tests);
}
