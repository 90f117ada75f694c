/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/guest_start_info.c, guest_acpi.c: what is written is read back, by the reader of the board's tables and, if
 * it is installed, by iasl.
 */
#define _GNU_SOURCE
#include "test.h"

#include <string.h>
#include <unistd.h>

#include "abi/pvh.h"
#include "acpi.h"
#include "acpi_layout.h"
#include "guest_acpi.h"
#include "guest_start_info.h"

#define ADDRESS 0xeff00000ULL

static const struct memory_range ram[] = { { 0, 0xa0000 }, { MIB(1), GIB(3) + MIB(768) }, { GIB(4), GIB(6) } };
static uint8_t *buffer;
static size_t used;
static unsigned mapped_count;
static struct acpi_board board;

const void *acpi_map(uint64_t address, size_t size)
{
    void *copy;

    assert_true(address >= ADDRESS && address - ADDRESS <= used && size <= used - (address - ADDRESS));
    mapped_count++;
    copy = malloc(size);
    memcpy(copy, buffer + (address - ADDRESS), size);
    return copy;
}

void acpi_unmap(const void *p)
{
    mapped_count--;
    free((void *)p);
}

/* What the guest finds at its ADDRESS, SIZE bytes of it. */
static const void *at(uint64_t address, size_t size)
{
    assert_true(address >= ADDRESS && address - ADDRESS < used && size <= used - (address - ADDRESS));
    return buffer + (address - ADDRESS);
}

static struct guest_start_info good(void)
{
    return (struct guest_start_info){
        .acpi = { .vcpu_count = 2 }, .ram = ram, .ram_count = ARRAY_COUNT(ram), .ramdisk_start = 0xe0000000,
        .ramdisk_end = 0xe0012345, .bootargs = "console=hvc0, and more", .bootargs_size = 12,
    };
}

/* Writes to a buffer of exactly SIZE bytes. */
static int put(const struct guest_start_info *in, uint64_t address, size_t size)
{
    int err;

    free(buffer);
    buffer = aligned_alloc(16, ALIGN_UP(size, 16));
    memset(buffer, 0xa5, ALIGN_UP(size, 16));
    err = guest_start_info_write(in, address, buffer, size, &used);
    for (size_t i = size; i < ALIGN_UP(size, 16); i++) {
        assert_int_equal(buffer[i], 0xa5);
    }
    return err;
}

static void expect_range(const struct hvm_memmap_table_entry *e, uint64_t start, uint64_t end, uint32_t type)
{
    assert_true(e->addr == start && e->size == end - start && e->type == type && e->reserved == 0);
}

/* Req: BH-PVH-004 */
static void test_start_info(void **state)
{
    struct guest_start_info in = good();
    const struct hvm_start_info *info;
    const struct hvm_modlist_entry *module;
    const struct hvm_memmap_table_entry *map;
    uint64_t end;

    (void)state;
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    info = at(ADDRESS, sizeof(*info));
    assert_true(info->magic == XEN_HVM_START_MAGIC_VALUE && info->version == 1 && info->flags == 0);
    assert_string_equal(at(info->cmdline_paddr, 13), "console=hvc0");
    assert_int_equal(info->nr_modules, 1);
    module = at(info->modlist_paddr, sizeof(*module));
    assert_true(module->paddr == 0xe0000000 && module->size == 0x12345);
    assert_true(module->cmdline_paddr == 0 && module->reserved == 0);
    assert_int_equal(info->reserved, 0);
    assert_int_equal(info->memmap_entries, 6);
    map = at(info->memmap_paddr, 6 * sizeof(*map));
    end = ADDRESS + ALIGN_UP(used, PAGE_SIZE);
    expect_range(&map[0], 0, 0xa0000, XEN_HVM_MEMMAP_TYPE_RAM);
    expect_range(&map[1], 0xa0000, MIB(1), XEN_HVM_MEMMAP_TYPE_RESERVED);
    expect_range(&map[2], MIB(1), ADDRESS, XEN_HVM_MEMMAP_TYPE_RAM);
    expect_range(&map[3], ADDRESS, end, XEN_HVM_MEMMAP_TYPE_ACPI);
    assert_true(end < ram[1].end);
    expect_range(&map[4], end, ram[1].end, XEN_HVM_MEMMAP_TYPE_RAM);
    expect_range(&map[5], GIB(4), GIB(6), XEN_HVM_MEMMAP_TYPE_RAM);
    assert_true(info->rsdp_paddr > ADDRESS && info->rsdp_paddr % 16 == 0);
}

/* Req: BH-PVH-004 */
static void test_variants(void **state)
{
    /* The other order, memory across the hole, our own pages at its end. */
    static const struct memory_range other[] = { { GIB(4), GIB(5) }, { 0, 0 }, { 0, ADDRESS + 3 * PAGE_SIZE } };
    struct guest_start_info in = { .acpi = { .vcpu_count = 1 }, .ram = other, .ram_count = 3, .is_initial = true };
    const struct hvm_start_info *info;
    const struct hvm_memmap_table_entry *map;

    (void)state;
    assert_int_equal(put(&in, ADDRESS, 16384), 0);
    info = at(ADDRESS, sizeof(*info));
    assert_true(info->flags == (SIF_INITDOMAIN | SIF_PRIVILEGED) && info->nr_modules == 0 && info->modlist_paddr == 0);
    assert_string_equal(at(info->cmdline_paddr, 1), "");
    assert_true(used <= PAGE_SIZE);
    assert_int_equal(info->memmap_entries, 6);
    map = at(info->memmap_paddr, 6 * sizeof(*map));
    expect_range(&map[2], MIB(1), ADDRESS, XEN_HVM_MEMMAP_TYPE_RAM);
    expect_range(&map[3], ADDRESS, ADDRESS + PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_ACPI);
    expect_range(&map[4], ADDRESS + PAGE_SIZE, ADDRESS + 3 * PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_RAM);
    expect_range(&map[5], GIB(4), GIB(5), XEN_HVM_MEMMAP_TYPE_RAM);
}

/* Req: BH-PVH-005 */
static void test_cpus(void **state)
{
    struct guest_start_info in = good();

    (void)state;
    for (unsigned count = 1; count <= GUEST_ACPI_VCPU_MAX; count += count < 250 ? 83 : count < 260 ? 1 : 191) {
        const struct hvm_start_info *info;
        unsigned kept = count < CONFIG_MAX_CPUS ? count : CONFIG_MAX_CPUS;

        in.acpi.vcpu_count = count;
        log_clear();
        assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
        info = at(ADDRESS, sizeof(*info));
        assert_int_equal(acpi_read(info->rsdp_paddr, &board), 0);
        assert_int_equal(mapped_count, 0);
        assert_int_equal(board.cpu_total, count);
        assert_int_equal(board.cpu_count, kept);
        for (unsigned i = 0; i < kept; i++) {
            assert_true(board.cpu[i].apic_id == i && board.cpu[i].uid == i && board.cpu[i].enabled);
        }
        assert_true(count > kept || log_text()[0] == '\0'); /* nothing to complain of */
    }
}

/* All entries, also those that the reader has no room for. */
static void test_entries(void **state)
{
    struct guest_start_info in = good();
    const struct hvm_start_info *info;
    uint64_t xsdt, madt;
    const uint8_t *e;

    (void)state;
    in.acpi.vcpu_count = GUEST_ACPI_VCPU_MAX;
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    info = at(ADDRESS, sizeof(*info));
    memcpy(&xsdt, (const uint8_t *)at(info->rsdp_paddr, RSDP_SIZE_2) + RSDP_XSDT, 8);
    memcpy(&madt, (const uint8_t *)at(xsdt, 52) + 44, 8);
    e = (const uint8_t *)at(madt, MADT_ENTRIES) + MADT_ENTRIES;
    for (unsigned i = 0; i < GUEST_ACPI_VCPU_MAX; i++) {
        uint32_t id;

        if (i < 255) {
            assert_true(e[0] == MADT_CPU && e[1] == 8 && e[2] == i && e[3] == i && e[4] == 1);
        } else {
            memcpy(&id, e + 4, 4);
            assert_true(e[0] == MADT_X2APIC && e[1] == 16 && id == i && e[8] == 1);
            memcpy(&id, e + 12, 4);
            assert_int_equal(id, i);
        }
        e += e[1];
    }
    assert_true(e == buffer + used);
}

/* Req: BH-PVH-006 */
static void test_machine(void **state)
{
    struct guest_start_info in = good();
    const struct hvm_start_info *info;

    (void)state;
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    info = at(ADDRESS, sizeof(*info));
    assert_int_equal(acpi_read(info->rsdp_paddr, &board), 0);
    assert_true(board.has_madt && !board.has_8259 && board.local_apic == 0xfee00000);
    assert_true(board.ioapic_count == 0 && board.override_count == 0);
    assert_true(board.has_fadt && board.is_hardware_reduced && board.boot_flags == 0x24);
    assert_true(board.pm_timer.address == 0 && board.reset.address == 0 && board.sleep_control.address == 0);
    assert_true(board.hpet == 0 && board.segment_count == 0);
    assert_memory_equal(at(board.dsdt, ACPI_HEADER_SIZE), "DSDT", 4);
    /* The other table that nobody reads here. */
    for (unsigned i = 0, sum = 0; i < 45; i++) {
        sum += ((const uint8_t *)at(board.dsdt, 45))[i];
        assert_true(i < 44 || (sum & 0xff) == 0);
    }
}

/* COM2, and a line that is no plain ISA interrupt. */
static void give_lines(struct guest_start_info *in)
{
    in->acpi.irqs = (uint16_t)(BIT(3) | BIT(10) | BIT(11));
    in->acpi.isa[10] = (struct acpi_isa){ .interrupt = 10, .is_level = true };
    in->acpi.isa[11] = (struct acpi_isa){ .interrupt = 20, .is_level = true, .is_low = true };
    in->acpi.serial[1] = (struct guest_serial){ .port = 0x2f8, .irq = 3 };
}

/* Req: BH-PORT-004 */
static void test_lines(void **state)
{
    static const uint8_t resources[] = { 0x47, 1, 0xf8, 0x02, 0xf8, 0x02, 1, 8, 0x89, 6, 0, 3, 1, 3, 0, 0, 0, 0x79, 0 };
    struct guest_start_info in = good();
    const struct hvm_start_info *info;
    const uint8_t *dsdt;
    uint32_t size;

    (void)state;
    give_lines(&in);
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    info = at(ADDRESS, sizeof(*info));
    assert_int_equal(acpi_read(info->rsdp_paddr, &board), 0);
    assert_int_equal(board.cpu_count, 2);
    assert_int_equal(board.ioapic_count, 1);
    assert_true(board.ioapic[0].address == 0xfec00000 && board.ioapic[0].interrupt_base == 0);
    assert_int_equal(board.override_count, 2);
    assert_true(board.isa[3].interrupt == 3 && !board.isa[3].is_level && !board.isa[3].is_low);
    assert_true(board.isa[10].interrupt == 10 && board.isa[10].is_level && !board.isa[10].is_low);
    assert_true(board.isa[11].interrupt == 11 && board.isa[11].is_level && board.isa[11].is_low);
    memcpy(&size, (const uint8_t *)at(board.dsdt, ACPI_HEADER_SIZE) + ACPI_OFFSET_LENGTH, 4);
    dsdt = at(board.dsdt, size);
    assert_non_null(memmem(dsdt, size, "COM2", 4));
    assert_non_null(memmem(dsdt, size, "\x08_HID\x0c\x41\xd0\x05\x01", 10));
    assert_non_null(memmem(dsdt, size, resources, sizeof(resources)));
    assert_null(memmem(dsdt, size, "COM1", 4));
}

/* Every size: it fits, or nothing is written beyond its end. */
static void test_sizes(void **state)
{
    struct guest_start_info in = good();
    size_t needed;

    (void)state;
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    needed = used;
    for (size_t size = 1; size < needed; size += 7) {
        assert_int_equal(put(&in, ADDRESS, size), -XEN_ENOSPC);
    }
    assert_int_equal(put(&in, ADDRESS, needed - 1), -XEN_ENOSPC);
    assert_int_equal(put(&in, ADDRESS, needed), 0);
    in.bootargs_size = SIZE_MAX;
    assert_int_equal(put(&in, ADDRESS, needed), -XEN_ENOSPC);
    /* The most there can be. */
    in.acpi.vcpu_count = GUEST_ACPI_VCPU_MAX;
    in.bootargs = NULL;
    in.bootargs_size = 4095;
    shared_memory_forget_all();
    for (unsigned i = 0; i < SHARED_PER_PARTITION; i++) {
        assert_null(shared_memory_add("nineteen-characters", 0, &(struct shared_share){ .size = PAGE_SIZE }));
    }
    in.acpi.shares = shared_memory_share(0);
    in.acpi.share_count = SHARED_PER_PARTITION;
    in.acpi.irqs = UINT16_MAX;
    for (unsigned i = 0; i < ACPI_ISA_COUNT; i++) {
        in.acpi.isa[i].is_level = true;
        in.acpi.serial[i % GUEST_SERIAL_COUNT].port = 0x3f8;
    }
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
}

/* A partition's view of two regions; NULL, 0: none. */
static void share_two(struct guest_start_info *in)
{
    static const struct shared_share shares[] = {
        { .gpa = 0x80000000, .size = MIB(1), .is_owner = true },
        { .gpa = GIB(8), .offset = MIB(2), .size = 4096, .is_read_only = true },
    };

    shared_memory_forget_all();
    assert_null(shared_memory_add("first-region", 0, &shares[0]));
    assert_null(shared_memory_add("another", 0, &shares[1]));
    in->acpi.shares = shared_memory_share(0);
    in->acpi.share_count = 2;
}

/* Req: BH-SHM-005 */
static void test_shared(void **state)
{
    static const struct memory_range below[] = { { 0, GIB(2) } };
    struct guest_start_info in = good();
    const struct hvm_memmap_table_entry *e;
    const struct hvm_start_info *info;
    unsigned found = 0;

    (void)state;
    share_two(&in);
    in.ram = below;
    in.ram_count = 1;
    in.ramdisk_start = in.ramdisk_end = 0;
    assert_int_equal(put(&in, MIB(64), GUEST_START_INFO_SIZE_MAX), 0);
    info = (const struct hvm_start_info *)buffer;
    e = (const struct hvm_memmap_table_entry *)(buffer + (info->memmap_paddr - MIB(64)));
    for (unsigned i = 0; i < info->memmap_entries; i++) {
        found += e[i].type == XEN_HVM_MEMMAP_TYPE_RESERVED &&
                 ((e[i].addr == 0x80000000 && e[i].size == MIB(1)) || (e[i].addr == GIB(8) && e[i].size == 4096));
    }
    assert_int_equal(found, 2);
}

static void test_refused(void **state)
{
    static struct memory_range many[GUEST_MEMORY_MAP_COUNT];
    struct guest_start_info in = good();

    (void)state;
    assert_int_equal(put(&in, ADDRESS + 16, 16384), -XEN_EINVAL);
    assert_int_equal(put(&in, 0x90000, 16384), -XEN_EINVAL);
    assert_int_equal(put(&in, GIB(4), 16384), -XEN_EINVAL);
    assert_int_equal(put(&in, GIB(4) - 8192, 16384), -XEN_EINVAL);
    assert_int_equal(put(&in, UINT64_MAX - 4095, 16384), -XEN_EINVAL);
    in.acpi.vcpu_count = 0;
    assert_int_equal(put(&in, ADDRESS, 16384), -XEN_EINVAL);
    in.acpi.vcpu_count = GUEST_ACPI_VCPU_MAX + 1;
    assert_int_equal(put(&in, ADDRESS, 65536), -XEN_EINVAL);
    in = good();
    in.ram = many;
    in.ram_count = ARRAY_COUNT(many);
    for (unsigned i = 0; i < ARRAY_COUNT(many); i++) {
        many[i] = (struct memory_range){ MIB(2 * i + 2), MIB(2 * i + 3) };
    }
    assert_int_equal(put(&in, ADDRESS, 16384), -XEN_EINVAL);
    in.ram_count = GUEST_MEMORY_MAP_COUNT - 2;
    assert_int_equal(put(&in, ADDRESS, 16384), 0);
}

/* Lets iasl read the table at ADDRESS; what it says of it must be neither warning nor error. */
static void disassemble(const char *folder, uint64_t address)
{
    char line[512];
    const uint8_t *table = at(address, ACPI_HEADER_SIZE);
    uint32_t size;
    FILE *f;

    memcpy(&size, table + ACPI_OFFSET_LENGTH, 4);
    snprintf(line, sizeof(line), "%s/%.4s.dat", folder, (const char *)table);
    f = fopen(line, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(at(address, size), 1, size, f), size);
    fclose(f);
    snprintf(line, sizeof(line), "cd %s && iasl -d %.4s.dat > out 2>&1 && iasl %.4s.dsl >> out 2>&1 && "
             "! grep -iE 'error +[0-9]|warning +[0-9]|invalid|incorrect|mismatch|unknown' out %.4s.dsl", folder,
             (const char *)table, (const char *)table, (const char *)table);
    assert_int_equal(system(line), 0);
}

static void test_iasl(void **state)
{
    char folder[] = "/tmp/bulkhead-test-XXXXXX", line[64];
    struct guest_start_info in = good();
    const struct hvm_start_info *info;
    uint64_t xsdt, tables[2];

    (void)state;
    if (system("iasl -v > /dev/null 2>&1") != 0) {
        skip();
    }
    assert_non_null(mkdtemp(folder));
    in.acpi.vcpu_count = 300;
    share_two(&in);
    give_lines(&in);
    assert_int_equal(put(&in, ADDRESS, GUEST_START_INFO_SIZE_MAX), 0);
    info = at(ADDRESS, sizeof(*info));
    assert_int_equal(acpi_read(info->rsdp_paddr, &board), 0);
    memcpy(&xsdt, (const uint8_t *)at(info->rsdp_paddr, RSDP_SIZE_2) + RSDP_XSDT, 8);
    memcpy(tables, (const uint8_t *)at(xsdt, 52) + ACPI_HEADER_SIZE, sizeof(tables));
    disassemble(folder, xsdt);
    disassemble(folder, tables[0]);
    disassemble(folder, tables[1]);
    disassemble(folder, board.dsdt);
    snprintf(line, sizeof(line), "rm -r %s", folder);
    assert_int_equal(system(line), 0);
}

static int end(void **state)
{
    (void)state;
    free(buffer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_info),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_iasl), cmocka_unit_test(test_shared),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, end);
}
