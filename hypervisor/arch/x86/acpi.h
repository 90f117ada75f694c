/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as the static tables of its firmware describe it (ACPI 6.4, 5.2), turned into plain structures. There is no
 * interpreter for AML: what only the DSDT says is not known here.
 *
 * Tables are a stranger's. Nothing is read beyond a table's length, and no table is longer than ACPI_TABLE_MAX. What is
 * wrong is named in a warning and left out; the rest of the board is described all the same.
 */
#ifndef BH_X86_ACPI_H
#define BH_X86_ACPI_H

#include "bh/types.h"

#define ACPI_TABLE_MAX     KIB(64)
#define ACPI_CPU_MAX       1024 /* entries of the MADT that are looked at */
#define ACPI_IOAPIC_COUNT  16
#define ACPI_ISA_COUNT     16
#define ACPI_SEGMENT_COUNT 8
#define ACPI_MEMORY_COUNT  32

/*
 * The caller's: SIZE bytes of physical memory at ADDRESS, readable until acpi_unmap(). NULL: there is no such memory.
 * At most two are mapped at a time, of ACPI_TABLE_MAX bytes at most, and unmapped in reverse order.
 */
const void *acpi_map(uint64_t address, size_t size);
void acpi_unmap(const void *p);

struct acpi_cpu {
    uint32_t apic_id;
    uint32_t uid;       /* what the DSDT knows it by */
    uint32_t proximity; /* 0, if the firmware does not say */
    bool enabled;       /* or else it may be brought on line later */
};

struct acpi_ioapic {
    uint64_t address;
    uint32_t interrupt_base; /* the first global system interrupt */
    uint8_t id;
};

/* An ISA interrupt. Without an override it is the global system interrupt of its number, edge, active high. */
struct acpi_isa {
    uint32_t interrupt;
    bool is_level, is_low;
};

/* A register of fixed hardware. ADDRESS 0: there is none. */
struct acpi_register {
    uint64_t address;
    uint8_t bits;
    bool is_port; /* I/O space, ADDRESS and what is behind it below 64 KiB; or else memory */
};

/* Configuration space of PCI buses [FIRST_BUS, LAST_BUS]; ADDRESS is that of bus 0. */
struct acpi_segment {
    uint64_t address;
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

struct acpi_memory {
    uint64_t start, end;
    uint32_t proximity;
    bool can_be_plugged;
};

/* A table that is for somebody else to read. ADDRESS 0: there is none. */
struct acpi_table {
    uint64_t address;
    uint32_t size;
};

struct acpi_board {
    /* MADT. No two CPUs have the same APIC id; firmware puts the one that boots first. */
    bool has_madt, has_8259;
    uint64_t local_apic;
    unsigned cpu_count; /* in CPU */
    unsigned cpu_total; /* also those for which there is no room */
    struct acpi_cpu cpu[CONFIG_MAX_CPUS];
    unsigned ioapic_count;
    struct acpi_ioapic ioapic[ACPI_IOAPIC_COUNT];
    unsigned override_count;
    struct acpi_isa isa[ACPI_ISA_COUNT];

    /* FADT */
    bool has_fadt, is_hardware_reduced;
    uint16_t sci;
    uint16_t boot_flags;           /* IA-PC boot architecture flags, table 5.11 */
    struct acpi_register pm_timer; /* BITS is 24 or 32 */
    struct acpi_register reset;
    uint8_t reset_value;
    struct acpi_register pm1a_control, pm1b_control;
    struct acpi_register sleep_control; /* only if hardware-reduced, and then no PM timer, no PM1 control */
    uint64_t dsdt;

    /* HPET */
    uint64_t hpet; /* 0: there is none */

    /* MCFG */
    unsigned segment_count;
    struct acpi_segment segment[ACPI_SEGMENT_COUNT];

    /* SRAT */
    unsigned memory_count;
    struct acpi_memory memory[ACPI_MEMORY_COUNT];

    struct acpi_table dmar, ivrs;
};

/*
 * Looks for the root pointer in SIZE bytes at BYTES, which are the physical memory at ADDRESS, a multiple of 16: ACPI
 * 5.2.5.1, the first KiB of the EBDA and 0xe0000 to 0xfffff. Returns its physical address; 0: it is not there.
 */
uint64_t acpi_find_rsdp(const void *bytes, size_t size, uint64_t address);

/*
 * Reads all tables that the root pointer at RSDP leads to. -XEN_EINVAL: it leads to none; a message says why, and *OUT
 * is not written. Bound: ACPI_TABLE_MAX / 4 tables, of which eight are read, and for each CPU of the MADT those before.
 */
MUST_USE int acpi_read(uint64_t rsdp, struct acpi_board *out);

#endif
