/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/acpi.c, acpi_madt.c, acpi_fadt.c: tables as a good firmware has them, and every kind of mistake.
 */
#include "test.h"

#include <string.h>

#include "acpi.h"

#define MEMORY      0x1000
#define MEMORY_SIZE 0x20000
#define TABLE_COUNT 16

/* What the firmware put in memory: root pointer at MEMORY, root tables, tables. */
static uint8_t memory[MEMORY_SIZE];
static size_t used;
static uint64_t places[TABLE_COUNT];
static unsigned place_count;
static unsigned mapped_count, map_number, map_failing;
static struct acpi_board board;

const void *acpi_map(uint64_t address, size_t size)
{
    void *copy;

    assert_true(mapped_count < 2 && size != 0 && size <= ACPI_TABLE_MAX);
    if (++map_number == map_failing || address < MEMORY || address - MEMORY > MEMORY_SIZE ||
        size > MEMORY_SIZE - (address - MEMORY)) {
        return NULL;
    }
    mapped_count++;
    copy = malloc(size); /* what is read beyond it is found */
    memcpy(copy, memory + (address - MEMORY), size);
    return copy;
}

void acpi_unmap(const void *p)
{
    assert_true(mapped_count > 0);
    mapped_count--;
    free((void *)p);
}

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(memory + at, &value, size);
}

static void fix(size_t at, size_t size, size_t sum)
{
    uint8_t total = 0;

    memory[sum] = 0;
    for (size_t i = 0; i < size; i++) {
        total = (uint8_t)(total + memory[at + i]);
    }
    memory[sum] = (uint8_t)-total;
}

/* An empty memory; tables follow. */
static void begin(void)
{
    memset(memory, 0, sizeof(memory));
    used = 0x1000;
    place_count = 0;
    map_failing = 0;
    log_clear();
}

/* Puts a table of SIZE bytes; returns where its bytes are in MEMORY. The caller fills it and calls end_table(). */
static size_t begin_table(const char *signature, uint32_t size, uint8_t revision)
{
    size_t at = used;

    memcpy(memory + at, signature, 4);
    put(at + 4, size, 4);
    memory[at + 8] = revision;
    places[place_count++] = MEMORY + at;
    used += size + 8;
    return at;
}

static void end_table(size_t at)
{
    uint32_t size;

    memcpy(&size, memory + at + 4, 4);
    fix(at, size, at + 9);
}

/* The root pointer and tables of either version; WITH_XSDT false: version 1. */
static void end(bool with_xsdt)
{
    memcpy(memory, "RSD PTR ", 8);
    put(16, MEMORY + 0x100, 4);
    memcpy(memory + 0x100, "RSDT", 4);
    put(0x104, 36 + 4 * place_count, 4);
    memcpy(memory + 0x200, "XSDT", 4);
    put(0x204, 36 + 8 * place_count, 4);
    for (unsigned i = 0; i < place_count; i++) {
        put(0x100 + 36 + 4 * i, places[i], 4);
        put(0x200 + 36 + 8 * i, places[i], 8);
    }
    end_table(0x100);
    end_table(0x200);
    if (with_xsdt) {
        memory[15] = 2;
        put(20, 36, 4);
        put(24, MEMORY + 0x200, 8);
    }
    fix(0, 20, 8);
    if (with_xsdt) {
        fix(0, 36, 32);
    }
}

static int read_board(void)
{
    int err;

    map_number = 0;
    err = acpi_read(MEMORY, &board);
    assert_int_equal(mapped_count, 0);
    return err;
}

/* ---- MADT ---- */

static size_t entry_at;

static size_t entry(uint8_t type, uint8_t size)
{
    size_t at = entry_at;

    memory[at] = type;
    memory[at + 1] = size;
    entry_at += size;
    return at;
}

static size_t begin_madt(uint32_t entries_size)
{
    size_t at = begin_table("APIC", 44 + entries_size, 4);

    put(at + 36, 0xfee00000, 4);
    put(at + 40, 1, 4);
    entry_at = at + 44;
    return at;
}

static void local_apic(uint8_t uid, uint8_t id, uint32_t flags)
{
    size_t at = entry(0, 8);

    memory[at + 2] = uid;
    memory[at + 3] = id;
    put(at + 4, flags, 4);
}

static void x2apic(uint32_t uid, uint32_t id, uint32_t flags)
{
    size_t at = entry(9, 16);

    put(at + 4, id, 4);
    put(at + 8, flags, 4);
    put(at + 12, uid, 4);
}

static void ioapic(uint8_t id, uint32_t address, uint32_t base)
{
    size_t at = entry(1, 12);

    memory[at + 2] = id;
    put(at + 4, address, 4);
    put(at + 8, base, 4);
}

static void override(uint8_t bus, uint8_t source, uint32_t interrupt, uint16_t flags)
{
    size_t at = entry(2, 10);

    memory[at + 2] = bus;
    memory[at + 3] = source;
    put(at + 4, interrupt, 4);
    put(at + 8, flags, 2);
}

/* Req: BH-ACPI-002, BH-ACPI-003 */
static void test_madt(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_madt(5 * 8 + 3 * 16 + 2 * 12 + 3 * 10 + 12 + 6 + 12);
    local_apic(1, 4, 1);
    local_apic(2, 6, 2);  /* can come on line */
    local_apic(3, 8, 0);  /* never there */
    local_apic(4, 0xff, 1);
    local_apic(5, 4, 1);  /* twice */
    x2apic(300, 0x123, 1);
    x2apic(301, 0xffffffff, 1);
    x2apic(302, 6, 1);    /* as a local APIC before */
    ioapic(7, 0xfec00000, 0);
    ioapic(8, 0xfec01000, 24);
    override(0, 0, 2, 0);
    override(0, 9, 9, 0xd);
    override(0, 11, 20, 0xf);
    put(entry(5, 12) + 4, 0xfed00000, 8);
    (void)entry(4, 6);
    (void)entry(10, 12);
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.has_madt && board.has_8259 && board.local_apic == 0xfed00000);
    assert_int_equal(board.cpu_count, 3);
    assert_int_equal(board.cpu_total, 3);
    assert_true(board.cpu[0].apic_id == 4 && board.cpu[0].uid == 1 && board.cpu[0].enabled);
    assert_true(board.cpu[1].apic_id == 6 && board.cpu[1].uid == 2 && !board.cpu[1].enabled);
    assert_true(board.cpu[2].apic_id == 0x123 && board.cpu[2].uid == 300 && board.cpu[2].enabled);
    assert_true(log_contains("APIC id 0x4 twice") && log_contains("APIC id 0x6 twice"));
    assert_int_equal(board.ioapic_count, 2);
    assert_true(board.ioapic[1].id == 8 && board.ioapic[1].address == 0xfec01000);
    assert_int_equal(board.ioapic[1].interrupt_base, 24);
    assert_int_equal(board.override_count, 3);
    assert_true(board.isa[0].interrupt == 2 && !board.isa[0].is_level && !board.isa[0].is_low);
    assert_true(board.isa[1].interrupt == 1 && !board.isa[1].is_level && !board.isa[1].is_low);
    assert_true(board.isa[9].interrupt == 9 && board.isa[9].is_level && !board.isa[9].is_low);
    assert_true(board.isa[11].interrupt == 20 && board.isa[11].is_level && board.isa[11].is_low);
}

/* Req: BH-ACPI-002 */
static void test_many_cpus(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_madt(1200 * 16);
    for (unsigned i = 0; i < 1200; i++) {
        x2apic(i, 2 * i, 1);
    }
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_int_equal(board.cpu_count, CONFIG_MAX_CPUS);
    assert_int_equal(board.cpu_total, ACPI_CPU_MAX);
    assert_int_equal(board.cpu[CONFIG_MAX_CPUS - 1].apic_id, 2 * (CONFIG_MAX_CPUS - 1));
    assert_true(log_contains("1024 CPUs"));
}

/* Req: BH-ACPI-004 */
static void test_bad_madt(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_madt(4 + 8 + 7 * 10 + 4 * 12 + 8);
    put(t + 36, 0xfee00010, 4);
    (void)entry(0, 4);     /* too short for a CPU */
    local_apic(0, 1, 1);
    override(1, 3, 3, 0);  /* no ISA bus */
    override(0, 16, 16, 0);
    override(0, 3, 30, 2);
    override(0, 3, 30, 8);
    override(0, 4, 31, 0);
    ioapic(0, 0, 0);
    ioapic(0, 0xfec00008, 0);
    ioapic(1, 0xfec00000, 0);
    ioapic(2, 0xfec00000, 24);
    (void)entry(0, 1);     /* no entry is that short: the end */
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_int_equal(board.cpu_count, 1);
    assert_int_equal(board.override_count, 1);
    assert_int_equal(board.isa[3].interrupt, 3);
    assert_int_equal(board.isa[4].interrupt, 31);
    assert_int_equal(board.ioapic_count, 1);
    assert_true(board.local_apic == 0);
    assert_true(log_contains("malformed at byte") && log_contains("type 0 has 4 bytes") && log_contains("twice"));
    /* The last entry goes beyond the end. */
    begin();
    t = begin_madt(8);
    local_apic(0, 1, 1);
    memory[t + 45] = 9;
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_int_equal(board.cpu_count, 0);
    begin();
    t = begin_madt(20 * 12);
    for (unsigned i = 0; i < 20; i++) {
        ioapic((uint8_t)i, 0xfec00000 + 0x1000 * i, 24 * i);
    }
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_int_equal(board.ioapic_count, ACPI_IOAPIC_COUNT);
}

/* ---- FADT and others ---- */

static void put_register(size_t at, uint8_t space, uint64_t address)
{
    memory[at] = space;
    put(at + 4, address, 8);
}

static size_t begin_fadt(uint32_t size, uint32_t flags)
{
    size_t at = begin_table("FACP", size, 6);

    put(at + 40, 0x7000, 4);
    put(at + 46, 9, 2);
    put(at + 64, 0x604, 4);
    put(at + 76, 0x608, 4);
    memory[at + 89] = 2;
    memory[at + 91] = 4;
    put(at + 109, 0x22, 2);
    put(at + 112, flags, 4);
    return at;
}

/* Req: BH-ACPI-003 */
static void test_fadt(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_fadt(116, 0); /* of version 1 */
    end_table(t);
    end(false);
    assert_int_equal(read_board(), 0);
    assert_true(board.has_fadt && !board.is_hardware_reduced && board.sci == 9 && board.boot_flags == 0x22);
    assert_true(board.pm_timer.address == 0x608 && board.pm_timer.is_port && board.pm_timer.bits == 24);
    assert_true(board.pm1a_control.address == 0x604 && board.pm1a_control.is_port && board.pm1a_control.bits == 16);
    assert_true(board.pm1b_control.address == 0 && board.reset.address == 0 && board.dsdt == 0x7000);
    begin();
    t = begin_fadt(276, 1 << 8 | 1 << 10);
    put_register(t + 116, 1, 0xcf9);
    memory[t + 128] = 0xf;
    put(t + 140, 0x123456789, 8);
    put_register(t + 172, 1, 0x1804);
    put_register(t + 184, 0, 0xfed80804);
    put_register(t + 208, 0, 0xfed80808);
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.reset.address == 0xcf9 && board.reset.is_port && board.reset_value == 0xf);
    assert_true(board.dsdt == 0x123456789);
    assert_true(board.pm1a_control.address == 0x1804);
    assert_true(board.pm1b_control.address == 0xfed80804 && !board.pm1b_control.is_port);
    assert_true(board.pm_timer.address == 0xfed80808 && board.pm_timer.bits == 32 && !board.pm_timer.is_port);
    begin();
    t = begin_fadt(276, 1 << 20);
    put_register(t + 116, 1, 0xcf9); /* without its flag */
    put_register(t + 244, 1, 0x80);
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.is_hardware_reduced && board.sleep_control.address == 0x80);
    assert_true(board.pm_timer.address == 0 && board.pm1a_control.address == 0 && board.reset.address == 0);
}

/* Req: BH-ACPI-004 */
static void test_bad_fadt(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_fadt(276, 1 << 10);
    put(t + 64, 0xffff, 4);             /* two bytes do not fit there */
    put(t + 76, 0x10000, 4);
    put_register(t + 116, 2, 0xcf9);    /* PCI configuration */
    put_register(t + 184, 1, 0x10000);
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.reset.address == 0 && board.pm1a_control.address == 0 && board.pm1b_control.address == 0);
    assert_true(board.pm_timer.address == 0);
    assert_true(log_contains("space 2, left out"));
    begin();
    t = begin_fadt(276, 0);
    memory[t + 89] = 0;
    memory[t + 91] = 0;
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.pm_timer.address == 0 && board.pm1a_control.address == 0);
}

static void put_segment(size_t at, uint64_t address, uint16_t segment, uint8_t first, uint8_t last)
{
    put(at, address, 8);
    put(at + 8, segment, 2);
    memory[at + 10] = first;
    memory[at + 11] = last;
}

/* Req: BH-ACPI-003 */
static void test_others(void **state)
{
    size_t t;

    (void)state;
    begin();
    t = begin_table("HPET", 56, 1);
    put_register(t + 40, 0, 0xfed00000);
    end_table(t);
    t = begin_table("MCFG", 44 + 5 * 16 + 15, 1);
    put_segment(t + 44, 0xb0000000, 0, 0, 255);
    put_segment(t + 60, 0x1000000000, 1, 16, 31);
    put_segment(t + 76, 0xb0000000, 2, 2, 1);
    put_segment(t + 92, 0xb0000001, 3, 0, 1);
    put_segment(t + 108, UINT64_MAX << 20, 3, 0, 1);
    end_table(t);
    end_table(begin_table("DMAR", 48, 1));
    end_table(begin_table("IVRS", 60, 1));
    end_table(begin_table("IVRS", 70, 1)); /* the first one counts */
    end_table(begin_table("SSDT", 60, 1));
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.hpet == 0xfed00000 && !board.has_madt && !board.has_fadt);
    assert_int_equal(board.segment_count, 2);
    assert_true(board.segment[1].address == 0x1000000000 && board.segment[1].segment == 1);
    assert_true(board.segment[1].first_bus == 16 && board.segment[1].last_bus == 31);
    assert_true(board.dmar.address == places[2] && board.dmar.size == 48);
    assert_true(board.ivrs.address == places[3] && board.ivrs.size == 60);
    begin();
    t = begin_table("HPET", 56, 1);
    put_register(t + 40, 1, 0xfed00000);
    end_table(t);
    t = begin_table("MCFG", 44 + 9 * 16, 1);
    for (unsigned i = 0; i < 9; i++) {
        put_segment(t + 44 + i * 16, 0xb0000000, (uint16_t)i, 0, 0);
    }
    end_table(t);
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.hpet == 0 && board.dmar.address == 0 && board.ivrs.address == 0);
    assert_int_equal(board.segment_count, ACPI_SEGMENT_COUNT);
}

/* Req: BH-ACPI-003 */
static void test_srat(void **state)
{
    (void)state;
    for (uint8_t revision = 1; revision <= 3; revision++) {
        size_t t, e;

        begin();
        t = begin_table("SRAT", 48 + 16 + 24 + 4 * 40 + 4, revision); /* before the MADT */
        entry_at = t + 48;
        e = entry(0, 16);
        put(e + 2, 0x0405, 2); /* domain 5, APIC 4 */
        put(e + 4, 1, 4);
        put(e + 8, 0x01020399, 4);
        e = entry(2, 24);
        put(e + 4, 0x1234, 4);
        put(e + 8, 0x123, 4);
        put(e + 12, 1, 4);
        for (unsigned i = 0; i < 4; i++) {
            e = entry(1, 40);
            put(e + 2, 0x100 + i, 4);
            put(e + 8, i == 3 ? UINT64_MAX : GIB(i), 8);
            put(e + 16, GIB(1), 8);
            put(e + 28, i == 0 ? 0 : i == 1 ? 1 : 3, 4); /* the first is not enabled, the last wraps */
        }
        (void)entry(0, 4);
        end_table(t);
        t = begin_madt(8 + 16);
        local_apic(0, 4, 1);
        x2apic(1, 0x123, 1);
        end_table(t);
        end(true);
        assert_int_equal(read_board(), 0);
        assert_int_equal(board.cpu[0].proximity, revision == 1 ? 5 : 0x01020305);
        assert_int_equal(board.cpu[1].proximity, 0x1234);
        assert_int_equal(board.memory_count, 2);
        assert_true(board.memory[0].start == GIB(1) && board.memory[0].end == GIB(2));
        assert_true(!board.memory[0].can_be_plugged && board.memory[1].can_be_plugged);
        assert_int_equal(board.memory[0].proximity, revision == 1 ? 1 : 0x101);
        assert_true(log_contains("type 0 has 4 bytes"));
    }
}

/* ---- Root ---- */

static void put_good(bool with_xsdt)
{
    size_t t;

    begin();
    t = begin_madt(8);
    local_apic(0, 1, 1);
    end_table(t);
    t = begin_fadt(276, 0);
    end_table(t);
    end(with_xsdt);
}

/* Req: BH-ACPI-001, BH-ACPI-004 */
static void test_root(void **state)
{
    (void)state;
    for (unsigned with_xsdt = 0; with_xsdt < 2; with_xsdt++) {
        put_good(with_xsdt);
        assert_int_equal(read_board(), 0);
        assert_true(board.cpu_count == 1 && board.has_fadt);
    }
    /* The XSDT counts, but if it is broken, the RSDT does. */
    put_good(true);
    memory[0x100] = 'X';
    assert_int_equal(read_board(), 0);
    memory[0x200 + 9]++;
    assert_int_equal(read_board(), -XEN_EINVAL);
    memory[0x100] = 'R';
    assert_int_equal(read_board(), 0);
    assert_int_equal(board.cpu_count, 1);
    assert_true(log_contains("XSDT: wrong checksum"));
    /* Second checksum of the root pointer, its length. */
    put_good(true);
    memory[32]++;
    assert_int_equal(read_board(), 0);
    assert_true(log_contains("version 1 is used"));
    put_good(true);
    put(20, UINT32_MAX, 4);
    assert_int_equal(read_board(), 0);
    assert_true(log_contains("version 1 is used"));
    put_good(false);
    put(0x104, 35, 4);
    assert_int_equal(read_board(), -XEN_EINVAL);
    put(0x104, UINT32_MAX, 4);
    assert_int_equal(read_board(), -XEN_EINVAL);
    put_good(false);
    memory[8]++;
    assert_int_equal(read_board(), -XEN_EINVAL);
    assert_true(log_contains("no RSDP"));
    assert_int_equal(acpi_read(0, &board), -XEN_EINVAL);
    assert_int_equal(acpi_read(UINT64_MAX, &board), -XEN_EINVAL);
}

/* Req: BH-ACPI-004 */
static void test_bad_tables(void **state)
{
    (void)state;
    put_good(true);
    memory[places[0] - MEMORY + 9]++;
    assert_int_equal(read_board(), 0);
    assert_true(!board.has_madt && board.has_fadt && log_contains("APIC: wrong checksum"));
    put_good(true);
    put(places[0] - MEMORY + 4, 43, 4);
    assert_int_equal(read_board(), 0);
    assert_true(!board.has_madt && board.has_fadt && log_contains("APIC: 43 bytes"));
    put_good(true);
    put(places[0] - MEMORY + 4, ACPI_TABLE_MAX + 1, 4);
    assert_int_equal(read_board(), 0);
    assert_true(!board.has_madt && board.has_fadt && log_contains("APIC: 65537 bytes"));
    put_good(true);
    put(places[0] - MEMORY + 4, ACPI_TABLE_MAX, 4);
    used = places[0] - MEMORY;
    memmove(memory + MEMORY_SIZE - 50, memory + used, 50); /* ends behind memory */
    places[0] = MEMORY + MEMORY_SIZE - 50;
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(!board.has_madt && log_contains("no memory at"));
    /* Entries of the root that are nothing. */
    put_good(true);
    places[place_count++] = 0;
    places[place_count++] = UINT64_MAX;
    places[place_count++] = 0x10;
    end(true);
    assert_int_equal(read_board(), 0);
    assert_true(board.cpu_count == 1 && board.has_fadt && log_contains("2 tables"));
}

/* Every call of acpi_map() fails once. */
static void test_map_fails(void **state)
{
    (void)state;
    put_good(true);
    assert_int_equal(read_board(), 0);
    for (unsigned last = map_number, i = 1; i <= last; i++) {
        map_failing = i;
        (void)read_board();
    }
    map_failing = 0;
}

/* Req: BH-ACPI-001 */
static void test_find(void **state)
{
    (void)state;
    put_good(true);
    assert_true(acpi_find_rsdp(memory, 1024, 0x9fc00) == 0x9fc00);
    memmove(memory + 0x400 - 32, memory, 20);
    memory[8]++;
    assert_true(acpi_find_rsdp(memory, 1024, 0x9fc00) == 0x9fc00 + 0x400 - 32);
    for (size_t size = 0; size < 0x400 - 12; size++) {
        uint8_t *exact = malloc(size);

        memcpy(exact, memory, size);
        assert_true(acpi_find_rsdp(exact, size, 0x9fc00) == 0);
        free(exact);
    }
    memmove(memory + 0x400 - 24, memory + 0x400 - 32, 20); /* at no multiple of 16 */
    memset(memory + 0x400 - 32, 0, 8);
    assert_true(acpi_find_rsdp(memory, 1024, 0x9fc00) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_madt),
        cmocka_unit_test(test_many_cpus),
        cmocka_unit_test(test_bad_madt),
        cmocka_unit_test(test_fadt),
        cmocka_unit_test(test_bad_fadt),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_srat),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_bad_tables),
        cmocka_unit_test(test_map_fails),
        cmocka_unit_test(test_find),
    };

    return RUN_TESTS(tests);
}
