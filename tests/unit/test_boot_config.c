/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_config.c: Xen's dom0less binding, as Xen's users write it, and everything that can be wrong with it.
 */
#include "test.h"

#include <string.h>

#include "bh/board.h"
#include "bh/boot_config.h"
#include "bh/domain.h"
#include "bh/shared_memory.h"
#include "hypervisor/arch/host/host.h"

static void *blob;
static struct fdt tree;
static struct board board;
static struct boot_config config;

/* Reads a tree with 1 GiB at 1 GiB, four CPUs and this in /chosen. Returns the number of refused partitions. */
static unsigned read_chosen(const char *chosen)
{
    static const struct memory_range taken[] = { { 0x40000000, 0x40100000 }, { 0x48000000, 0x48010000 } };
    static char source[1 << 20];
    size_t size;

    snprintf(source, sizeof(source),
             "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;\n"
             "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; };\n"
             "cpus { #address-cells = <1>; #size-cells = <0>;\n"
             "  a { device_type = \"cpu\"; reg = <0>; enable-method = \"psci\"; };\n"
             "  b { device_type = \"cpu\"; reg = <1>; enable-method = \"psci\"; };\n"
             "  c { device_type = \"cpu\"; reg = <2>; enable-method = \"psci\"; };\n"
             "  d { device_type = \"cpu\"; reg = <3>; enable-method = \"psci\"; }; };\n"
             "chosen { %s }; };",
             chosen);
    free(blob);
    blob = NULL;
    blob = tree_compile(source, &size);
    log_clear();
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_int_equal(board_read(&tree, 0, &board), 0);
    return boot_config_read(&tree, &board, taken, 2, &config);
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

#define DOMAIN(name, more)                                                                            \
    name " { compatible = \"xen,domain\"; #address-cells = <2>; #size-cells = <1>; " more " };\n"
#define BASIC "memory = <0 65536>; cpus = <1>; "
#define KERNEL(at) \
    "module@" at " { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0 0x" at " 0x1000>; };\n"
#define RAMDISK(at) \
    "module@" at " { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0 0x" at " 0x2000>; };\n"

/* Req: BH-BOOT-004, BH-BOOT-021 */
/* The example of booting.txt, with what it leaves out filled in. */
static void test_example(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        "xen,xen-bootargs = \"console=dtuart bootscrub=0\"; bootargs = \"for nobody\";\n"
        "domU1 { compatible = \"xen,domain\"; #address-cells = <0x2>; #size-cells = <0x1>; memory = <0 131072>;\n"
        "  cpus = <2>; vpl011;\n"
        "  module@0x4a000000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0x0 0x4a000000 0xffffff>;\n"
        "    bootargs = \"console=ttyAMA0 init=/bin/sh\"; };\n"
        "  module@0x4b000000 { compatible = \"multiboot,ramdisk\", \"multiboot,module\"; reg = <0x0 0x4b000000 0xffffff>; }; };\n"
        "domU2 { compatible = \"xen,domain\"; #address-cells = <0x2>; #size-cells = <0x1>; memory = <0 65536>; cpus = <1>;\n"
        "  module@0x4c000000 { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0x0 0x4c000000 0xffffff>; };\n"
        "  module@0x4d000000 { compatible = \"xen,linux-initrd\", \"xen,multiboot-module\"; reg = <0x0 0x4d000000 0xffffff>; };\n"
        "};"), 0);
    assert_string_equal(log_text(), "");
    assert_string_equal(config.bootargs, "console=dtuart bootscrub=0");
    assert_int_equal(config.bootargs_size, strlen(config.bootargs));
    assert_int_equal(config.domain_count, 2);
    assert_string_equal(config.domain[0].name, "domU1");
    assert_true(config.domain[0].memory_kib == 131072);
    assert_int_equal(config.domain[0].vcpu_count, 2);
    assert_true(config.domain[0].vpl011);
    assert_true(config.domain[0].kernel.start == 0x4a000000 && config.domain[0].kernel.size == 0xffffff);
    assert_true(config.domain[0].ramdisk.start == 0x4b000000 && config.domain[0].ramdisk.size == 0xffffff);
    assert_string_equal(config.domain[0].bootargs, "console=ttyAMA0 init=/bin/sh");
    assert_int_equal(config.domain[0].bootargs_size, strlen(config.domain[0].bootargs));
    assert_int_equal(config.domain[0].cpu_count, 0);
    assert_int_equal(config.domain[0].weight, 0);
    assert_false(config.domain[1].vpl011);
    assert_null(config.domain[1].bootargs);
    assert_true(config.domain[1].kernel.start == 0x4c000000 && config.domain[1].ramdisk.size == 0xffffff);
}

/* Req: BH-BOOT-009 */
static void test_ours(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        DOMAIN("domU1", BASIC "nr_spis = <988>; bulkhead,name = \"engine-1.a\"; bulkhead,cpus = <3>; bulkhead,weight = <65535>; "
               "bulkhead,on-poweroff = \"restart\"; bulkhead,on-watchdog = \"halt-board\"; bulkhead,restart-limit = <32 65535>; "
                        KERNEL("50000000"))
        DOMAIN("domU2", "memory = <65536>; cpus = <3>; bulkhead,cpus = <1 2>; bulkhead,weight = <1>; phandle = <9>; "
                        KERNEL("50000000") RAMDISK("50002000"))
        DOMAIN("domU3", "memory = <0 65536>; cpus = <2>; bulkhead,cpus = <2 0>; " KERNEL("50001000"))), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(config.domain_count, 3);
    assert_string_equal(config.domain[0].name, "engine-1.a");
    assert_int_equal(config.domain[0].weight, 65535);
    assert_int_equal(config.domain[0].spi_count, 988);
    assert_int_equal(config.domain[1].spi_count, 0);
    assert_int_equal(config.domain[0].restart.action[RESTART_POWEROFF], RESTART_AGAIN);
    assert_int_equal(config.domain[0].restart.action[RESTART_REBOOT], RESTART_DESTROY);
    assert_int_equal(config.domain[0].restart.action[RESTART_WATCHDOG], RESTART_HALT_BOARD);
    assert_int_equal(config.domain[0].restart.limit, 32);
    assert_int_equal(config.domain[0].restart.seconds, 65535);
    assert_true(config.domain[0].owns_cpus && config.domain[0].cpu_count == 1);
    assert_int_equal(boot_domain_cpu(&config.domain[0], 0), 3);
    assert_false(config.domain[1].owns_cpus);
    assert_int_equal(config.domain[1].cpu_count, 2);
    assert_int_equal(boot_domain_cpu(&config.domain[1], 1), 2);
    assert_true(config.domain[2].owns_cpus);
}

/* Req: BH-BOOT-021 */
static void test_no_domains(void **state)
{
    (void)state;
    assert_int_equal(read_chosen("bootargs = \"root=/dev/vda\"; linux,initrd-start = <1>; u-boot,version = \"1\";"), 0);
    assert_string_equal(log_text(), "");
    assert_null(config.bootargs);
    assert_int_equal(config.domain_count, 0);
    assert_int_equal(read_chosen("bootargs = \"for xen\"; xen,dom0-bootargs = \"for dom0\";"), 0);
    assert_string_equal(config.bootargs, "for xen");
    assert_string_equal(log_text(), "");
    assert_int_equal(read_chosen("xen,dom0-bootargs = \"for dom0\";"), 0);
    assert_null(config.bootargs);
    assert_int_equal(read_chosen("xen,xen-bootargs = <1>;"), 0);
    assert_null(config.bootargs);
    expect_log("/chosen: xen,xen-bootargs: expected one terminated string");
    board.has_chosen = false;
    assert_int_equal(boot_config_read(&tree, &board, NULL, 0, &config), 0);
    assert_int_equal(config.domain_count, 0);
}

/* Req: BH-BOOT-005, BH-BOOT-006 */
/* What is known but not supported, or unknown, is named and does not keep the partition from starting. */
static void test_warnings(void **state)
{
    static const char *const unsupported[] = {
        "xen,domain-p2m-mem-mb", "domain-cpupool", "colors",
        "sve", "xen,sve", "max_grant_version", "max_grant_frames", "max_maptrack_frames", "passthrough",
        "xen,sci_type", "trap-unmapped-accesses", "v8r_el1_msa",
    };
    static const char *const off[] = {
        "xen,enhanced = \"disabled\"", "passthrough = \"disabled\"", "sve = <0>", "xen,sci_type = \"none\"",
        "capabilities = <0>",
    };
    char source[1024], line[256];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(unsupported); i++) {
        snprintf(source, sizeof(source), DOMAIN("d", BASIC "%s; " KERNEL("50000000")), unsupported[i]);
        assert_int_equal(read_chosen(source), 0);
        snprintf(line, sizeof(line), "device tree: /chosen/d: %s: not supported yet, ignored\n", unsupported[i]);
        assert_string_equal(log_text(), line);
        assert_int_equal(config.domain_count, 1);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(off); i++) {
        snprintf(source, sizeof(source), DOMAIN("d", BASIC "%s; " KERNEL("50000000")), off[i]);
        assert_int_equal(read_chosen(source), 0);
        assert_string_equal(log_text(), "");
    }
    assert_int_equal(read_chosen(
        "xen,uefi-cfg-load = <1>; xen,new = <1>;\n"
        "other { compatible = \"simple-framebuffer\"; };\n"
        DOMAIN("d", BASIC "memroy = <0>; bulkhead,future; status = \"okay\"; "
               "v { compatible = \"xen,vcpu\"; };\n"
               "e { compatible = \"xen,evtchn-v1\"; };\n"
               "u { compatible = \"multiboot,module\"; };\n"
               "k { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 0x10>; xen,uefi-binary = \"a\"; load = <1>; };")),
        0);
    assert_int_equal(config.domain_count, 1);
    expect_log("/chosen: xen,uefi-cfg-load: not supported yet, ignored\n");
    expect_log("/chosen: xen,new: unknown, ignored\n");
    expect_log("/chosen/d: memroy: unknown, ignored\n");
    expect_log("/chosen/d: bulkhead,future: unknown, ignored\n");
    expect_log("/chosen/d: status: unknown, ignored\n");
    expect_log("/chosen/d/v: \"xen,vcpu\" is not supported yet, ignored\n");
    expect_log("/chosen/d/u: unknown, ignored; expected a \"multiboot,kernel\"");
    expect_log("/chosen/d/k: load: unknown, ignored\n");
}

/* DOMAIN fails with MESSAGE; the good one before and the good one behind it start. */
static void bad(const char *domain, const char *message)
{
    char source[16384];

    snprintf(source, sizeof(source),
             DOMAIN("first", BASIC "bulkhead,cpus = <1>; " KERNEL("60000000")) "%s" DOMAIN("last", BASIC KERNEL("70000000")),
             domain);
    assert_int_equal(read_chosen(source), 1);
    expect_log(message);
    expect_log("/chosen/bad: this partition is not started\n");
    assert_int_equal(config.domain_count, 2);
    assert_string_equal(config.domain[0].name, "first");
    assert_string_equal(config.domain[1].name, "last");
    assert_true(config.domain[1].kernel.start == 0x70000000);
    assert_int_equal(config.domain[1].cpu_count, 0);
}

/* Req: BH-BOOT-046 */
/* The partial device tree is one more module. */
static void test_device_tree(void **state)
{
#define DEVICES(at, size) "t@" at " { compatible = \"multiboot,device-tree\", \"multiboot,module\"; reg = <0 0x" at " " size ">; };\n"
    (void)state;
    assert_int_equal(read_chosen(DOMAIN("d", BASIC KERNEL("50000000") DEVICES("51000000", "0x10000"))), 0);
    assert_string_equal(log_text(), "");
    assert_true(config.domain[0].device_tree.start == 0x51000000 && config.domain[0].device_tree.size == 0x10000);
    bad(DOMAIN("bad", BASIC KERNEL("50000000") DEVICES("51000000", "0x10001")), "/t@51000000: reg: expected at most 65536 bytes");
    bad(DOMAIN("bad", BASIC KERNEL("50000000") DEVICES("51000000", "16") DEVICES("52000000", "16")),
        "/t@52000000: a second device tree; expected one at most");
    bad(DOMAIN("bad", BASIC KERNEL("50000000") DEVICES("50000800", "16")), "/t@50000800: reg: overlaps another module");
    bad(DOMAIN("bad", BASIC DEVICES("50000800", "16") KERNEL("50000000")), "/module@50000000: reg: overlaps another module");
}

#define BAD(more, message) bad(DOMAIN("bad", more), "/chosen/bad" message)
#define REG(at, size) "m { compatible = \"multiboot,kernel\"; reg = <0 0x" at " 0x" size ">; };"

/* Req: BH-BOOT-007, BH-BOOT-008 */
static void test_bad_numbers(void **state)
{
    (void)state;
    BAD("cpus = <1>; " KERNEL("50000000"), ": memory: missing; expected a number of KiB");
    BAD("cpus = <1>; memory; " KERNEL("50000000"), ": memory: malformed; expected a number of KiB");
    BAD("cpus = <1>; memory = <1 2 3>; " KERNEL("50000000"), ": memory: malformed");
    BAD("cpus = <1>; memory = <0 0>; " KERNEL("50000000"), ": memory: 0 KiB; expected a multiple of 4 up to 1048576");
    BAD("cpus = <1>; memory = <0 4097>; " KERNEL("50000000"), ": memory: 4097 KiB; expected a multiple of 4");
    BAD("cpus = <1>; memory = <0 1048580>; " KERNEL("50000000"), ": memory: 1048580 KiB; expected");
    BAD("cpus = <1>; memory = <0xffffffff 0xfffffffc>; " KERNEL("50000000"), ": memory: 18446744073709551612 KiB");
    BAD("memory = <0 65536>; " KERNEL("50000000"), ": cpus: missing; expected a number of vCPUs");
    BAD("memory = <0 65536>; cpus = \"2\"; " KERNEL("50000000"), ": cpus: malformed");
    BAD("memory = <0 65536>; cpus = <0>; " KERNEL("50000000"), ": cpus: 0 vCPUs; expected 1 to 128");
    BAD("memory = <0 65536>; cpus = <129>; " KERNEL("50000000"), ": cpus: 129 vCPUs; expected 1 to 128");
    BAD("memory = <0 65536>; cpus = <0xffffffff>; " KERNEL("50000000"), ": cpus: 4294967295 vCPUs");
    BAD(BASIC "nr_spis = <989>; " KERNEL("50000000"), ": nr_spis: expected a number up to 988");
    BAD(BASIC "bulkhead,weight = <0>; " KERNEL("50000000"), ": bulkhead,weight: expected a number from 1 to 65535");
    BAD(BASIC "bulkhead,weight = <65536>; " KERNEL("50000000"), ": bulkhead,weight: expected");
    BAD(BASIC "bulkhead,weight = [01]; " KERNEL("50000000"), ": bulkhead,weight: expected");
    BAD(BASIC "bulkhead,on-crash = \"preserve\"; " KERNEL("50000000"),
        ": bulkhead,on-crash: expected \"destroy\", \"restart\" or \"halt-board\"");
    BAD(BASIC "bulkhead,on-reboot = [00 01]; " KERNEL("50000000"), ": bulkhead,on-reboot: expected");
    BAD(BASIC "bulkhead,restart-limit = <1>; " KERNEL("50000000"), ": bulkhead,restart-limit: expected two cells");
    BAD(BASIC "bulkhead,restart-limit = <0 1>; " KERNEL("50000000"), ": bulkhead,restart-limit: expected two cells");
    BAD(BASIC "bulkhead,restart-limit = <33 1>; " KERNEL("50000000"), ": bulkhead,restart-limit: expected two cells");
    BAD(BASIC "bulkhead,restart-limit = <1 0>; " KERNEL("50000000"), ": bulkhead,restart-limit: expected two cells");
    BAD(BASIC "bulkhead,restart-limit = <1 65536>; " KERNEL("50000000"), ": bulkhead,restart-limit: expected");
}

#define PORTS(cells) "bulkhead,ioports = <" cells ">; "
#define IRQS(cells)  "bulkhead,irqs = <" cells ">; "

/* Req: BH-PORT-001, BH-PORT-002 */
static void test_ports(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(DOMAIN("alpha", BASIC PORTS("0x2f8 8 0xffff 1 0 4") IRQS("3 15 0") KERNEL("50000000"))
                                 DOMAIN("beta", BASIC PORTS("0x300 8") IRQS("5") KERNEL("50000000"))), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(config.domain[0].port_count, 3);
    assert_true(config.domain[0].ports[1].first == 0xffff && config.domain[0].ports[1].count == 1);
    assert_int_equal(config.domain[0].irqs, 0x8009);
    assert_true(config.domain[1].port_count == 1 && config.domain[1].irqs == 0x20);
    BAD(BASIC PORTS("1") KERNEL("50000000"), ": bulkhead,ioports: expected 1 to 8 pairs of a port and a number");
    BAD(BASIC "bulkhead,ioports; " KERNEL("50000000"), ": bulkhead,ioports: expected 1 to 8 pairs");
    BAD(BASIC PORTS("0 1 1 1 2 1 3 1 4 1 5 1 6 1 7 1 8 1") KERNEL("50000000"), ": bulkhead,ioports: expected 1 to 8 pairs");
    BAD(BASIC PORTS("8 0") KERNEL("50000000"), ": bulkhead,ioports: 0x8, 0 of them; expected ports below 0x10000");
    BAD(BASIC PORTS("0xffff 2") KERNEL("50000000"), ": bulkhead,ioports: 0xffff, 2 of them; expected");
    BAD(BASIC PORTS("0x10000 1") KERNEL("50000000"), ": bulkhead,ioports: 0x10000, 1 of them; expected");
    BAD(BASIC PORTS("1 0xffffffff") KERNEL("50000000"), ": bulkhead,ioports: 0x1, 4294967295 of them; expected");
    BAD(BASIC PORTS("8 8 15 1") KERNEL("50000000"), ": bulkhead,ioports: 0xf to 0xf: some are named twice");
    BAD(BASIC IRQS("16") KERNEL("50000000"), ": bulkhead,irqs: 16; expected ISA interrupts below 16, each once");
    BAD(BASIC IRQS("3 3") KERNEL("50000000"), ": bulkhead,irqs: 3; expected ISA interrupts below 16, each once");
    BAD(BASIC "bulkhead,irqs; " KERNEL("50000000"), ": bulkhead,irqs: expected 1 to 16 ISA interrupts");
    BAD(BASIC "bulkhead,irqs = [03]; " KERNEL("50000000"), ": bulkhead,irqs: expected 1 to 16 ISA interrupts");
    /* What others have. */
    assert_int_equal(read_chosen(DOMAIN("alpha", BASIC PORTS("0x2f8 8") IRQS("3") KERNEL("50000000"))
                                 DOMAIN("beta", BASIC PORTS("0x2f0 9") KERNEL("50000000"))
                                 DOMAIN("gamma", BASIC IRQS("4 3") KERNEL("50000000"))
                                 DOMAIN("delta", BASIC PORTS("0x2f0 8") IRQS("4") KERNEL("50000000"))), 2);
    expect_log("/chosen/beta: bulkhead,ioports: 0x2f0 to 0x2f8 for beta: alpha has some of them");
    expect_log("/chosen/gamma: bulkhead,irqs: 3 for gamma: alpha has it");
    host_taken_port = 0xcf8;
    host_taken_irq = 4;
    BAD(BASIC PORTS("0xcf0 9") KERNEL("50000000"), ": bulkhead,ioports: 0xcf0 to 0xcf8 for bad: the board has some of them");
    BAD(BASIC IRQS("4") KERNEL("50000000"), ": bulkhead,irqs: 4 for bad: the board has it");
    host_taken_port = host_taken_irq = UINT32_MAX;
}

/* Req: BH-WDT-005 */
static void test_watchdog(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(DOMAIN("domU1", BASIC "bulkhead,watchdog = \"sbsa\"; " KERNEL("50000000"))
                                 DOMAIN("domU2", BASIC KERNEL("50000000"))), 0);
    assert_string_equal(log_text(), "");
    assert_true(config.domain[0].watchdog && !config.domain[1].watchdog);
    BAD(BASIC "bulkhead,watchdog; " KERNEL("50000000"), ": bulkhead,watchdog: expected \"sbsa\"");
    BAD(BASIC "bulkhead,watchdog = \"i6300esb\"; " KERNEL("50000000"), ": bulkhead,watchdog: expected \"sbsa\"");
    BAD(BASIC "capabilities = <2>; bulkhead,watchdog = \"sbsa\"; " KERNEL("50000000"),
        ": bulkhead,watchdog: not for the domain that has the hardware");
}

/* Req: BH-BOOT-007 */
static void test_bad_cpus(void **state)
{
    (void)state;
    BAD(BASIC "bulkhead,cpus; " KERNEL("50000000"), ": bulkhead,cpus: malformed");
    BAD(BASIC "bulkhead,cpus = [01 02]; " KERNEL("50000000"), ": bulkhead,cpus: malformed");
    BAD(BASIC "bulkhead,cpus = <0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16>; " KERNEL("50000000"),
        ": bulkhead,cpus: malformed; expected 1 to 16 numbers of CPUs");
    BAD(BASIC "bulkhead,cpus = <4>; " KERNEL("50000000"), ": bulkhead,cpus: CPU 4; expected 0 to 3, the board's");
    BAD(BASIC "bulkhead,cpus = <2 2>; " KERNEL("50000000"), ": bulkhead,cpus: CPU 2 twice");
    BAD(BASIC "bulkhead,cpus = <1>; " KERNEL("50000000"), ": bulkhead,cpus: CPU 1 is owned by first; expected one");
}

/* Req: BH-BOOT-010 */
static void test_bad_names(void **state)
{
    (void)state;
    BAD(BASIC "bulkhead,name = \"first\"; " KERNEL("50000000"), ": bulkhead,name: \"first\" is another partition's name");
    BAD(BASIC "bulkhead,name = \"\"; " KERNEL("50000000"), ": bulkhead,name: no name for a partition");
    BAD(BASIC "bulkhead,name = \"a b\"; " KERNEL("50000000"), ": bulkhead,name: no name for a partition");
    BAD(BASIC "bulkhead,name = \"a\\e[1m\"; " KERNEL("50000000"), ": bulkhead,name: no name for a partition");
    BAD(BASIC "bulkhead,name = \"a\", \"b\"; " KERNEL("50000000"), ": bulkhead,name: no name for a partition");
    BAD(BASIC "bulkhead,name = \"12345678901234567890123456789012\"; " KERNEL("50000000"),
        ": bulkhead,name: no name for a partition; expected 1 to 31 letters");
    assert_int_equal(read_chosen(DOMAIN("first", BASIC "bulkhead,name = \"second\"; " KERNEL("50000000"))
                                 DOMAIN("second", BASIC KERNEL("60000000"))), 1);
    expect_log("/chosen/second: \"second\" is another partition's name");
    assert_int_equal(read_chosen(DOMAIN("d@1", BASIC KERNEL("50000000"))), 1);
    expect_log("/chosen/d@1: no name for a partition");
}

/* Req: BH-BOOT-011 */
static void test_bad_modules(void **state)
{
    (void)state;
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; xen,uefi-binary = \"a\"; };",
        "/m: xen,uefi-binary: the file is not loaded; expected a start as an EFI program");
    BAD(BASIC, ": no kernel; expected a node compatible with \"multiboot,kernel\"");
    BAD(BASIC RAMDISK("50000000"), ": no kernel");
    BAD(BASIC KERNEL("50000000") KERNEL("50010000"), "/module@50010000: a second kernel; expected one");
    BAD(BASIC KERNEL("50000000") RAMDISK("50010000") RAMDISK("50020000"), "/module@50020000: a second ramdisk");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; };", "/m: reg: expected one address and a size that is not 0, in 2 "
        "and 1 cells");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000>; };", "/m: reg: expected one address");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 1 0 0x60000000 1>; };", "/m: reg: expected one");
    BAD(BASIC REG("50000000", "0"), "/m: reg: expected one address and a size that is not 0");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; reg = <0xffffffff 0xffffffff 2>; };", "/m: reg: expected one");
    BAD(BASIC REG("3ffff000", "2000"), "/m: reg: 0x3ffff000, 0x2000 bytes; expected a range in the board's memory");
    BAD(BASIC REG("7ffff000", "1001"), "/m: reg: 0x7ffff000, 0x1001 bytes; expected a range in the board's memory");
    BAD(BASIC REG("7ffff000", "ffffffff"), "/m: reg: 0x7ffff000, 0xffffffff bytes; expected");
    BAD(BASIC REG("400fffff", "1000"), "/m: reg: overlaps the hypervisor or the device tree");
    BAD(BASIC REG("47000000", "2000000"), "/m: reg: overlaps the hypervisor or the device tree");
    BAD(BASIC REG("5fffffff", "2"), "/m: reg: overlaps a module or memory of first; expected a range of its own");
    BAD(BASIC REG("60000fff", "2"), "/m: reg: overlaps a module or memory of first");
    BAD(BASIC REG("60000000", "fff"), "/m: reg: overlaps a module or memory of first");
    BAD(BASIC KERNEL("50000000") RAMDISK("4ffff000"), "/module@4ffff000: reg: overlaps another module");
    BAD(BASIC RAMDISK("50000000") KERNEL("50001000"), "/module@50001000: reg: overlaps another module");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 16>; bootargs = [41 42]; };",
        "/m: bootargs: expected one terminated string of less than 4096 characters");
    BAD(BASIC "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 16>; bootargs = \"a\", \"b\"; };",
        "/m: bootargs: expected one terminated string");
}

static void test_long_arguments(void **state)
{
    static char source[16384], arguments[BOOT_ARGS_SIZE + 1];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        memset(arguments, 'x', sizeof(arguments));
        arguments[BOOT_ARGS_SIZE - i] = '\0';
        snprintf(source, sizeof(source), DOMAIN("d", BASIC
                 "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 16>; bootargs = \"%s\"; };"), arguments);
        assert_int_equal(read_chosen(source), 1 - i);
    }
    assert_int_equal(config.domain[0].bootargs_size, BOOT_ARGS_SIZE - 1);
}

/* Xen takes the cell counts of the nodes above where a domain's node has none. */
static void test_cells(void **state)
{
    (void)state;
    assert_int_equal(read_chosen("d { compatible = \"xen,domain\"; " BASIC
                                 "m { compatible = \"multiboot,kernel\"; reg = <0 0x50000000 0 0x10>; }; };"), 0);
    assert_int_equal(read_chosen("#address-cells = <1>; #size-cells = <1>; d { compatible = \"xen,domain\"; " BASIC
                                 "m { compatible = \"multiboot,kernel\"; reg = <0x50000000 0x10>; }; };"), 0);
    assert_true(config.domain[0].kernel.start == 0x50000000 && config.domain[0].kernel.size == 16);
    assert_int_equal(read_chosen("d { compatible = \"xen,domain\"; #address-cells = <1 1>; #size-cells = <0x1000>;" BASIC
                                 "m { compatible = \"multiboot,kernel\"; reg = <0x50000000 0x10>; }; };"), 1);
    expect_log("/chosen/d/m: reg: expected one address");
}

static void test_too_many(void **state)
{
    static char source[1 << 18];
    size_t at = 0;

    (void)state;
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS + 2; i++) {
        at += (size_t)snprintf(source + at, sizeof(source) - at, DOMAIN("d%u", BASIC KERNEL("50000000")), i);
    }
    assert_int_equal(read_chosen(source), 2);
    assert_int_equal(config.domain_count, CONFIG_MAX_DOMAINS);
    expect_log("/chosen/d64: one partition too many; expected at most 64");
    expect_log("/chosen/d65: one partition too many");
}

#define CELLS "#address-cells = <2>; #size-cells = <1>; "

/* Req: BH-BOOT-041 */
static void test_dom0(void **state)
{
    const struct boot_domain *d = &config.domain[0];

    (void)state;
    assert_int_equal(read_chosen(CELLS "bootargs = \"dom0_mem=300M,max:1G dom0_max_vcpus=3\"; xen,dom0-bootargs = \"for dom0\";\n"
                                 KERNEL("50000000") RAMDISK("50002000") DOMAIN("d", BASIC KERNEL("50000000"))), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(config.domain_count, 2);
    assert_string_equal(d->name, "dom0");
    assert_true(d->is_initial && d->capabilities == (DOMAIN_CONTROL | DOMAIN_HARDWARE | DOMAIN_XENSTORE));
    assert_true(d->memory_kib == 300 << 10 && d->vcpu_count == 3);
    assert_true(d->kernel.start == 0x50000000 && d->ramdisk.start == 0x50002000);
    assert_string_equal(d->bootargs, "for dom0");
    assert_true(config.domain[1].capabilities == 0 && !config.domain[1].is_initial);
    /* Its own is with its kernel; what is in /chosen is the hypervisor's then. As many vCPUs as CPUs, 512 MiB. */
    assert_int_equal(read_chosen(CELLS "bootargs = \"loglvl=all\";\n"
        "m { compatible = \"multiboot,module\", \"multiboot,kernel\"; reg = <0 0x50000000 0x10>; bootargs = \"its own\"; };"), 0);
    assert_string_equal(config.bootargs, "loglvl=all");
    assert_string_equal(d->bootargs, "its own");
    assert_true(d->memory_kib == 512 << 10 && d->vcpu_count == board.cpu_count);
    expect_log("/chosen: no dom0_mem=SIZE for the hypervisor: dom0 gets 512 MiB");
    assert_int_equal(read_chosen(CELLS "xen,xen-bootargs = \"dom0_mem=4096\"; bootargs = \"old way\";" KERNEL("50000000")), 0);
    assert_string_equal(d->bootargs, "old way");
    assert_true(d->memory_kib == 4096);
    /* Not what can be. */
    assert_int_equal(read_chosen(CELLS "xen,xen-bootargs = \"dom0_mem=900G\"; " KERNEL("50000000")), 1);
    expect_log("dom0_mem: more than the board has, or nothing");
    assert_int_equal(read_chosen(CELLS "xen,xen-bootargs = \"dom0_mem=64M dom0_max_vcpus=0\"; " KERNEL("50000000")), 1);
    expect_log("dom0_max_vcpus: expected a number from 1");
    assert_int_equal(read_chosen(CELLS "xen,xen-bootargs = \"dom0_mem=64M\"; " RAMDISK("50000000")), 1);
    expect_log("a module for a dom0, but no kernel");
    assert_int_equal(read_chosen(CELLS "xen,xen-bootargs = \"dom0_mem=64M\"; xen,dom0-bootargs = <1>; " KERNEL("50000000")), 1);
    expect_log("xen,dom0-bootargs: expected one terminated string");
}

/* Req: BH-CTL-002 */
static void test_capabilities(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(DOMAIN("d", BASIC "capabilities = <5>; " KERNEL("50000000"))), 0);
    assert_int_equal(config.domain[0].capabilities, DOMAIN_CONTROL | DOMAIN_XENSTORE);
    assert_int_equal(read_chosen(DOMAIN("d", BASIC "capabilities = <8>; " KERNEL("50000000"))), 1);
    expect_log("/chosen/d: capabilities: expected a sum of 1 (control), 2 (hardware) and 4 (xenstore)");
}

/* Req: BH-BOOT-042 */
static void test_enhanced(void **state)
{
    static const struct {
        const char *property;
        bool wants_store, is_bad;
    } cases[] = {
        { "", false, false }, { "xen,enhanced;", true, false }, { "xen,enhanced = \"enabled\";", true, false },
        { "xen,enhanced = \"disabled\";", false, false }, { "xen,enhanced = \"no-xenstore\";", false, false },
        { "xen,enhanced = \"yes\";", false, true }, { "xen,enhanced = <1>;", false, true },
    };
    char source[1024];

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        snprintf(source, sizeof(source), DOMAIN("d", BASIC "%s " KERNEL("50000000")), cases[i].property);
        assert_int_equal(read_chosen(source), cases[i].is_bad);
        if (cases[i].is_bad) {
            expect_log("/chosen/d: xen,enhanced: expected no value, \"enabled\", \"disabled\" or \"no-xenstore\"");
        } else {
            assert_int_equal(config.domain[0].wants_store, cases[i].wants_store);
            assert_string_equal(log_text(), "");
        }
    }
}

/* Req: BH-BOOT-062 */
static void test_heap(void **state)
{
    (void)state;
    read_chosen("#address-cells = <2>; #size-cells = <2>; xen,static-heap = <0 0x50000000 0 0x1000000 0 0x7f000000 0 0x1000000>;");
    assert_string_equal(log_text(), "");
    assert_int_equal(config.heap_count, 2);
    assert_true(config.heap[1].start == 0x7f000000 && config.heap[1].end == 0x80000000);
    read_chosen("#size-cells = <1>; xen,static-heap = <0 0x50000000 0x800 0 0x50000000 0 0 0x3ffff000 0x2000 0 0x60000000 0x1000>;");
    assert_int_equal(config.heap_count, 1);
    assert_true(config.heap[0].start == 0x60000000);
    expect_log("/chosen: xen,static-heap: 0x50000000: expected whole pages of the board's memory");
    expect_log("/chosen: xen,static-heap: 0x3ffff000: expected whole pages of the board's memory");
    read_chosen("xen,static-heap = <1>;");
    assert_int_equal(config.heap_count, 0);
    expect_log("/chosen: xen,static-heap: expected addresses and sizes; not used");
    read_chosen("#size-cells = <1>; xen,static-heap = <0 0x50000000 0x1000 0 0x50001000 0x1000 0 0x50002000 0x1000 "
                "0 0x50003000 0x1000 0 0x50004000 0x1000 0 0x50005000 0x1000 0 0x50006000 0x1000 0 0x50007000 0x1000 "
                "0 0x50008000 0x1000>;");
    assert_int_equal(config.heap_count, BOOT_HEAP_COUNT);
    expect_log("/chosen: xen,static-heap: expected at most 8 ranges");
}

/* Req: BH-BOOT-044, BH-BOOT-045 */
static void test_placement(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC "xen,static-mem = <0 0x50000000 0x1000000 0 0x60000000 0x3000000>; " KERNEL("70000000"))
        DOMAIN("two", BASIC "direct-map; xen,static-mem = <0 0x63000000 0x4000000>; " KERNEL("70000000"))), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(config.domain[0].place_count, 2);
    assert_true(config.domain[0].place[1].start == 0x60000000 && config.domain[0].place[1].end == 0x63000000);
    assert_false(config.domain[0].is_direct);
    assert_true(config.domain[1].is_direct);
    BAD(BASIC "direct-map; " KERNEL("50000000"), ": direct-map: expected \"xen,static-mem\" beside it");
    BAD(BASIC "xen,static-mem; " KERNEL("50000000"), ": xen,static-mem: expected 1 to 8 addresses and sizes");
    BAD(BASIC "xen,static-mem = <0 0x50000000>; " KERNEL("70000000"), ": xen,static-mem: expected 1 to 8 addresses");
    BAD(BASIC "xen,static-mem = <0 0x50000000 0x4000800>; " KERNEL("70000000"),
        ": xen,static-mem: 0x50000000: expected whole pages");
    BAD(BASIC "xen,static-mem = <0 0x50000000 0>; " KERNEL("70000000"), ": xen,static-mem: 0x50000000: expected whole");
    BAD(BASIC "xen,static-mem = <0 0x50000000 0x3000000>; " KERNEL("70000000"),
        ": xen,static-mem: 49152 KiB in all; expected as much as \"memory\" says, 65536 KiB");
    BAD(BASIC "xen,static-mem = <0 0x7f000000 0x4000000>; " KERNEL("70000000"),
        ": xen,static-mem: 0x7f000000: not in the board's memory");
    BAD(BASIC "xen,static-mem = <0xffffffff 0xfffff000 0x4000000>; " KERNEL("70000000"),
        ": xen,static-mem: 0x0: expected whole pages");
    BAD(BASIC "xen,static-mem = <0 0x46000000 0x4000000>; " KERNEL("70000000"),
        ": xen,static-mem: 0x46000000: overlaps the hypervisor, the device tree");
    BAD(BASIC "xen,static-mem = <0 0x50000000 0x2000000 0 0x51fff000 0x2000000>; " KERNEL("70000000"),
        ": xen,static-mem: 0x51fff000: named twice");
    BAD(BASIC "xen,static-mem = <0 0x5e000000 0x4000000>; " KERNEL("60000000"),
        ": xen,static-mem: 0x5e000000: overlaps a module or memory of first");
    BAD(BASIC "xen,static-mem = <0 0x50000000 0x4000000>; " KERNEL("50001000"),
        "/module@50001000: reg: overlaps another module, or its memory");
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC "xen,static-mem = <0 0x50000000 0x4000000>; " KERNEL("70000000"))
        DOMAIN("two", BASIC KERNEL("53fff000"))), 1);
    expect_log("/chosen/two/module@53fff000: reg: overlaps a module or memory of one");
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC "xen,static-mem = <0 0x50000000 0x4000000>; " KERNEL("70000000"))
        DOMAIN("two", BASIC "xen,static-mem = <0 0x53fff000 0x4000000>; " KERNEL("70000000"))), 1);
    expect_log("/chosen/two: xen,static-mem: 0x53fff000: overlaps a module or memory of one");
}

#define SHARE(more) "s { compatible = \"xen,domain-shared-memory-v1\"; xen,shm-id = \"link\"; " more " };\n"
#define BAD_SHARE(more, message) bad(DOMAIN("bad", BASIC KERNEL("50000000") SHARE(more)), "/chosen/bad/s: " message)

/* Req: BH-SHM-001, BH-SHM-006 */
static void test_shared(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC KERNEL("50000000")
               SHARE("role = \"owner\"; xen,shared-mem = <0 0x60000000 0 0x70000000 0x400000>;"))
        DOMAIN("two", BASIC KERNEL("50000000")
               SHARE("xen,shared-mem = <0 0x60000000 0 0x80000000 0x1000>; xen,offset = <0 0x3ff000>; bulkhead,read-only;")
               "t { compatible = \"xen,domain-shared-memory-v1\"; xen,shm-id = \"nineteen-characters\"; role = \"borrower\";"
               "    xen,shared-mem = <0 0x90000000 0x2000>; };\n")), 0);
    assert_string_equal(log_text(), "");
    assert_int_equal(shared_memory_count(), 3);
    assert_int_equal(config.domain[0].shared_count, 1);
    assert_int_equal(config.domain[1].shared_first, 1);
    assert_int_equal(config.domain[1].shared_count, 2);
    assert_true(shared_memory_share(0)->is_owner && !shared_memory_share(0)->is_read_only);
    assert_true(shared_memory_share(0)->gpa == 0x70000000 && shared_memory_share(0)->size == 0x400000);
    assert_true(shared_memory_share(1)->offset == 0x3ff000 && shared_memory_share(1)->is_read_only);
    assert_string_equal(shared_memory_id(shared_memory_share(2)), "nineteen-characters");
    assert_true(shared_memory_region(0)->start == 0x60000000 && shared_memory_region(0)->is_placed);
    assert_false(shared_memory_region(1)->is_placed);
    assert_true(shared_memory_overlaps(0x603ff000, 0x70000000) && !shared_memory_overlaps(0x60400000, 0x70000000));
    BAD_SHARE("", "xen,shared-mem: expected one or two addresses and a size, in 2 and 1 cells");
    BAD_SHARE("xen,shared-mem = <0 1 2 3>;", "xen,shared-mem: expected one or two addresses");
    BAD_SHARE("xen,shared-mem = <0 0x90000000 0>;", "xen,shared-mem: expected whole pages");
    BAD_SHARE("xen,shared-mem = <0 0x90000800 0x1000>;", "xen,shared-mem: expected whole pages");
    BAD_SHARE("xen,shared-mem = <0xffffffff 0xfffff000 0x2000>;", "xen,shared-mem: beyond all addresses");
    BAD_SHARE("xen,shared-mem = <0 0x38000000 0x1000>;", "xen,shared-mem: 0x38000000: the partition has virtual");
    BAD_SHARE("xen,shared-mem = <0 0 0 0x90000000 0x1000>;", "xen,shared-mem: 0x0: not in the board's memory");
    BAD_SHARE("xen,shared-mem = <0 0x30000000 0 0x90000000 0x1000>;", "xen,shared-mem: 0x30000000: not in the board's");
    BAD_SHARE("xen,shared-mem = <0 0x48000000 0 0x90000000 0x1000>;", "xen,shared-mem: 0x48000000: overlaps the hyp");
    BAD_SHARE("xen,shared-mem = <0 0x60000000 0 0x90000000 0x1000>;", "xen,shared-mem: 0x60000000: overlaps the hyp");
    BAD_SHARE("role = \"user\"; xen,shared-mem = <0 0x90000000 0x1000>;", "role: expected \"owner\" or \"borrower\"");
    BAD_SHARE("xen,offset = [01]; xen,shared-mem = <0 0x90000000 0x1000>;", "xen,offset: expected a number of bytes");
    BAD_SHARE("role = \"owner\"; xen,offset = <0 0x1000>; xen,shared-mem = <0 0x90000000 0x1000>;",
              "xen,shared-mem: an owner sees all of its region");
    bad(DOMAIN("bad", BASIC KERNEL("50000000") "s { compatible = \"xen,domain-shared-memory-v1\"; };"),
        "/chosen/bad/s: xen,shm-id: expected a name of 1 to 19 characters");
    bad(DOMAIN("bad", BASIC KERNEL("50000000") "s { compatible = \"xen,domain-shared-memory-v1\"; "
               "xen,shm-id = \"twenty-characters-xx\"; };"),
        "/chosen/bad/s: xen,shm-id: expected a name of 1 to 19 characters");
    /* Another region does. */
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC KERNEL("50000000") SHARE("xen,shared-mem = <0 0x60000000 0 0x70000000 0x2000>;"))
        DOMAIN("two", BASIC KERNEL("50000000") "t { compatible = \"xen,domain-shared-memory-v1\"; xen,shm-id = \"other\"; "
               "xen,shared-mem = <0 0x60001000 0 0x70000000 0x1000>; };\n")), 1);
    expect_log("/chosen/two/t: xen,shared-mem: 0x60001000: overlaps");
    assert_int_equal(shared_memory_count(), 1);
    /* Modules keep clear of it. */
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC KERNEL("50000000") SHARE("xen,shared-mem = <0 0x60000000 0 0x70000000 0x1000>;"))
        DOMAIN("two", BASIC KERNEL("60000000"))), 1);
    expect_log("/chosen/two/module@60000000: reg: overlaps memory that partitions share");
}

/* Req: BH-SHM-001 */
/* What partitions say of one region has to agree; who is not started says nothing. */
static void test_shared_by_several(void **state)
{
#define OWNER(name, size) DOMAIN(name, BASIC KERNEL("50000000") SHARE("role = \"owner\"; xen,shared-mem = <0 0x90000000 " size ">;"))
#define USER(name, share) DOMAIN(name, BASIC KERNEL("50000000") SHARE("xen,shared-mem = " share))
    (void)state;
    assert_int_equal(read_chosen(OWNER("one", "0x2000") OWNER("two", "0x2000")), 1);
    expect_log("/chosen/two/s: xen,shared-mem: another partition owns that region");
    assert_int_equal(read_chosen(OWNER("one", "0x2000") USER("two", "<0 0x90000000 0x1000>; xen,offset = <0 0x2000>;")), 1);
    expect_log("/chosen/two/s: xen,shared-mem: more than its owner has");
    assert_int_equal(read_chosen(USER("one", "<0 0x90000000 0x3000>;") OWNER("two", "0x2000")), 1);
    expect_log("/chosen/two/s: xen,shared-mem: less than others see of it");
    assert_int_equal(read_chosen(OWNER("one", "0x2000") USER("two", "<0 0x60000000 0 0x90000000 0x1000>;")), 1);
    expect_log("/chosen/two/s: xen,shared-mem: another partition says that the region is elsewhere");
    assert_int_equal(read_chosen(USER("one", "<0 0x90000000 0x3000>; role = \"x\";") OWNER("two", "0x2000")
                                 USER("three", "<0 0x90000000 0x2000>;")), 1);
    assert_int_equal(shared_memory_count(), 2);
    assert_true(shared_memory_region(0)->size == 0x2000 && shared_memory_region(0)->has_owner);
    /* One whose other mistake comes later. */
    assert_int_equal(read_chosen(
        DOMAIN("one", BASIC SHARE("xen,shared-mem = <0 0x60000000 0 0x90000000 0x3000>;") KERNEL("10000000"))
        OWNER("two", "0x2000")), 1);
    assert_true(shared_memory_region(0)->size == 0x2000 && !shared_memory_region(0)->is_placed);
    assert_int_equal(config.domain[0].shared_count, 1);
}

/* Names in reports come from a stranger too: they cannot send control characters to the console. */
static void test_report(void **state)
{
    (void)state;
    assert_int_equal(read_chosen(DOMAIN("d", BASIC "Xnknown = <1>; " KERNEL("50000000"))), 0);
    for (char *p = blob, *end = p + tree.size - 8; p <= end; p++) {
        if (memcmp(p, "Xnknown", 8) == 0) {
            *p = '\033';
        }
    }
    log_clear();
    assert_int_equal(boot_config_read(&tree, &board, NULL, 0, &config), 0);
    expect_log("/chosen/d: ?nknown: unknown, ignored");
    log_clear();
    boot_config_report(LOG_DEBUG + 1, &tree, &board.chosen, NULL, "nobody sees this");
    assert_string_equal(log_text(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),     cmocka_unit_test(test_ours),      cmocka_unit_test(test_no_domains),
        cmocka_unit_test(test_warnings),    cmocka_unit_test(test_bad_numbers), cmocka_unit_test(test_bad_cpus),
        cmocka_unit_test(test_bad_names),   cmocka_unit_test(test_bad_modules), cmocka_unit_test(test_long_arguments),
        cmocka_unit_test(test_cells),       cmocka_unit_test(test_too_many),  cmocka_unit_test(test_report),
        cmocka_unit_test(test_watchdog), cmocka_unit_test(test_ports), cmocka_unit_test(test_dom0),        cmocka_unit_test(test_capabilities), cmocka_unit_test(test_enhanced),
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_placement), cmocka_unit_test(test_device_tree),  cmocka_unit_test(test_shared),
        cmocka_unit_test(test_shared_by_several),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, teardown);
}
