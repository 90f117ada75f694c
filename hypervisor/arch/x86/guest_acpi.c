/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's ACPI tables: ACPI 6.4, 5.2. Sections and tables are named in acpi_layout.h.
 */
#include "guest_acpi.h"

#include "acpi_layout.h"
#include "bh/vioapic.h"
#include "guest_dsdt.h"
#include "lib/string.h"

/* Intel SDM volume 3, 11.4.1: where local APICs are after a reset. */
#define LOCAL_APIC_ADDRESS 0xfee00000

/* What a table says of who made it: OEM id 10, OEM table id 16, revision 24, creator's id 28, its revision 32. */
#define HEADER_OEM          10
#define HEADER_OEM_TABLE    16
#define HEADER_OEM_REVISION 24
#define HEADER_CREATOR      28
#define OEM_ID              "BULKHD"
#define OEM_TABLE_ID        "BULKHEAD"
#define CREATOR_ID          "BULK"

#define XSDT_SIZE (ACPI_HEADER_SIZE + 2 * 8) /* two tables: FADT and MADT */

/* Revisions of ACPI 6.4. */
#define RSDP_VERSION       2
#define XSDT_VERSION       1
#define FADT_VERSION       6
#define FADT_MINOR_VERSION 4
#define MADT_VERSION       5
#define DSDT_VERSION       2

struct layout {
    uint32_t xsdt, fadt, madt, dsdt; /* offsets; the RSDP is at 0 */
    uint32_t madt_size, dsdt_size, size;
};

/* vCPUs whose id fits the older entries. */
static unsigned short_entry_count(unsigned vcpu_count)
{
    return MIN(vcpu_count, APIC_ID_ALL);
}

/* Is interrupt IRQ another one than an ISA interrupt is by itself: an edge, active high? */
static bool needs_override(const struct guest_acpi *g, unsigned irq)
{
    return (g->irqs & BIT(irq)) != 0 && (g->isa[irq].is_level || g->isa[irq].is_low);
}

static uint32_t ioapic_size(const struct guest_acpi *g)
{
    uint32_t size = CONFIG_IOPORTS && g->irqs != 0 ? MADT_IOAPIC_SIZE : 0;

    for (unsigned irq = 0; CONFIG_IOPORTS && irq < ACPI_ISA_COUNT; irq++) {
        size += needs_override(g, irq) ? MADT_OVERRIDE_SIZE : 0;
    }
    return size;
}

static struct layout lay_out(const struct guest_acpi *g)
{
    unsigned vcpu_count = g->vcpu_count, short_count = short_entry_count(vcpu_count);
    struct layout l = {
        .madt_size = MADT_ENTRIES + short_count * MADT_CPU_SIZE + (vcpu_count - short_count) * MADT_X2APIC_SIZE +
                     ioapic_size(g),
        .dsdt_size = ACPI_HEADER_SIZE + guest_dsdt_write(g, NULL),
    };

    l.xsdt = (uint32_t)ALIGN_UP(RSDP_SIZE_2, GUEST_ACPI_ALIGN);
    l.fadt = (uint32_t)ALIGN_UP(l.xsdt + XSDT_SIZE, GUEST_ACPI_ALIGN);
    l.dsdt = (uint32_t)ALIGN_UP(l.fadt + FADT_SIZE, GUEST_ACPI_ALIGN);
    l.madt = (uint32_t)ALIGN_UP(l.dsdt + l.dsdt_size, GUEST_ACPI_ALIGN);
    l.size = l.madt + l.madt_size;
    return l;
}

uint32_t guest_acpi_size(const struct guest_acpi *g)
{
    return lay_out(g).size;
}

static void put(uint8_t *to, uint64_t value, size_t size)
{
    memcpy(to, &value, size);
}

/* Sets the byte at SUM so that all SIZE bytes sum up to 0. ACPI 5.2.3.2 */
static void set_sum(uint8_t *table, uint32_t size, uint32_t sum)
{
    uint8_t total = 0;

    table[sum] = 0;
    for (uint32_t i = 0; i < size; i++) {
        total = (uint8_t)(total + table[i]);
    }
    table[sum] = (uint8_t)(0U - total);
}

/* The header of a table whose other SIZE bytes are written already. */
static void finish_table(uint8_t *table, const char *signature, uint32_t size, uint8_t version)
{
    memcpy(table, signature, 4);
    put(table + ACPI_OFFSET_LENGTH, size, 4);
    table[ACPI_OFFSET_REVISION] = version;
    memcpy(table + HEADER_OEM, OEM_ID, 6);
    memcpy(table + HEADER_OEM_TABLE, OEM_TABLE_ID, 8);
    put(table + HEADER_OEM_REVISION, 1, 4);
    memcpy(table + HEADER_CREATOR, CREATOR_ID, 4);
    put(table + HEADER_CREATOR + 4, 1, 4);
    set_sum(table, size, ACPI_OFFSET_SUM);
}

static void write_rsdp(uint8_t *rsdp, uint64_t xsdt)
{
    memcpy(rsdp, RSDP_SIGNATURE, 8);
    memcpy(rsdp + RSDP_OEM, OEM_ID, 6);
    rsdp[RSDP_REVISION] = RSDP_VERSION;
    put(rsdp + RSDP_LENGTH, RSDP_SIZE_2, 4);
    put(rsdp + RSDP_XSDT, xsdt, 8);
    set_sum(rsdp, RSDP_SIZE_1, RSDP_SUM);
    set_sum(rsdp, RSDP_SIZE_2, RSDP_SUM_2);
}

/* Req: BH-PVH-006 */
/* All blocks of fixed hardware are absent: zero. So is the FACS, which such a machine need not have. */
static void write_fadt(uint8_t *fadt, uint64_t dsdt)
{
    put(fadt + FADT_BOOT_FLAGS, FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC, 2);
    put(fadt + FADT_FLAGS,
        FADT_FLAG_WBINVD | FADT_FLAG_NO_POWER_BUTTON | FADT_FLAG_NO_SLEEP_BUTTON | FADT_FLAG_HARDWARE_REDUCED, 4);
    fadt[FADT_MINOR_REVISION] = FADT_MINOR_VERSION;
    put(fadt + FADT_X_DSDT, dsdt, 8);
    memcpy(fadt + FADT_HYPERVISOR, OEM_TABLE_ID, 8);
    finish_table(fadt, "FACP", FADT_SIZE, FADT_VERSION);
}

/* Req: BH-PORT-004 */
static void write_ioapic(uint8_t *entry, const struct guest_acpi *g)
{
    entry[0] = MADT_IOAPIC;
    entry[1] = MADT_IOAPIC_SIZE;
    put(entry + 4, VIOAPIC_ADDRESS, 4);
    entry += MADT_IOAPIC_SIZE;
    for (unsigned irq = 0; irq < ACPI_ISA_COUNT; irq++) {
        if (needs_override(g, irq)) {
            entry[0] = MADT_OVERRIDE;
            entry[1] = MADT_OVERRIDE_SIZE;
            entry[3] = (uint8_t)irq;
            put(entry + 4, irq, 4);
            put(entry + 8, (g->isa[irq].is_low ? INTERRUPT_LOW : INTERRUPT_HIGH) |
                           (g->isa[irq].is_level ? INTERRUPT_LEVEL : INTERRUPT_EDGE), 2);
            entry += MADT_OVERRIDE_SIZE;
        }
    }
}

/* Req: BH-PVH-005 */
static void write_madt(uint8_t *madt, uint32_t size, const struct guest_acpi *g)
{
    unsigned vcpu_count = g->vcpu_count;
    uint8_t *entry = madt + MADT_ENTRIES;

    put(madt + MADT_LOCAL_APIC, LOCAL_APIC_ADDRESS, 4);
    for (unsigned id = 0; id < vcpu_count; id++) {
        if (id < short_entry_count(vcpu_count)) {
            entry[0] = MADT_CPU;
            entry[1] = MADT_CPU_SIZE;
            entry[2] = (uint8_t)id;
            entry[3] = (uint8_t)id;
            put(entry + 4, MADT_CPU_ENABLED, 4);
            entry += MADT_CPU_SIZE;
        } else {
            entry[0] = MADT_X2APIC;
            entry[1] = MADT_X2APIC_SIZE;
            put(entry + 4, id, 4);
            put(entry + 8, MADT_CPU_ENABLED, 4);
            put(entry + 12, id, 4);
            entry += MADT_X2APIC_SIZE;
        }
    }
    if (CONFIG_IOPORTS && g->irqs != 0) {
        write_ioapic(entry, g);
    }
    finish_table(madt, "APIC", size, MADT_VERSION);
}

/* Req: BH-PVH-005, BH-PVH-006 */
void guest_acpi_write(const struct guest_acpi *g, uint64_t address, void *buffer)
{
    struct layout l = lay_out(g);
    uint8_t *b = buffer;

    write_rsdp(b, address + l.xsdt);
    put(b + l.xsdt + ACPI_HEADER_SIZE, address + l.fadt, 8);
    put(b + l.xsdt + ACPI_HEADER_SIZE + 8, address + l.madt, 8);
    finish_table(b + l.xsdt, "XSDT", XSDT_SIZE, XSDT_VERSION);
    write_fadt(b + l.fadt, address + l.dsdt);
    write_madt(b + l.madt, l.madt_size, g);
    (void)guest_dsdt_write(g, b + l.dsdt + ACPI_HEADER_SIZE);
    finish_table(b + l.dsdt, "DSDT", l.dsdt_size, DSDT_VERSION);
}
