/* SPDX-License-Identifier: Apache-2.0 */
#include "ioapic.h"

#include "acpi_layout.h"
#include "apic.h"
#include "arch/arch_ports.h"
#include "bh/hyp_map.h"
#include "bh/spinlock.h"

#define IOAPIC_INDEX   0x00
#define IOAPIC_WINDOW  0x10
#define IOAPIC_VERSION 0x01 /* bits 23:16: the last input */
#define IOAPIC_ENTRY(i) (0x10 + 2 * (i))

#define ENTRY_LOW      BIT(13)
#define ENTRY_LEVEL    BIT(15)
#define ENTRY_MASKED   BIT(16)
#define ENTRY_TARGET_SHIFT 24 /* in the upper half */

/* The command and data ports of the two 8259s. */
#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1

static struct ioapic {
    volatile uint32_t *registers;
    uint32_t first, count; /* global system interrupts */
} ioapics[ACPI_IOAPIC_COUNT]; /* [boot] */
static unsigned ioapic_count;  /* [boot] */
static const struct acpi_isa *board_isa; /* [boot] */
static uint32_t boot_target;   /* [boot] APIC id of the boot CPU */
/* An index and what is behind it are two accesses. */
static struct spinlock lock = SPINLOCK_INIT(LOCK_GIC);

static uint32_t read_reg(const struct ioapic *io, unsigned index)
{
    io->registers[IOAPIC_INDEX / 4] = index;
    return io->registers[IOAPIC_WINDOW / 4];
}

static void write_reg(const struct ioapic *io, unsigned index, uint32_t value)
{
    io->registers[IOAPIC_INDEX / 4] = index;
    io->registers[IOAPIC_WINDOW / 4] = value;
}

void ioapic_silence_8259(const struct acpi_board *acpi)
{
    if (acpi->has_8259 || !acpi->has_madt) {
        arch_port_write8(PIC1_DATA, 0xff);
        arch_port_write8(PIC2_DATA, 0xff);
    }
}

void ioapic_init(const struct acpi_board *acpi)
{
    board_isa = acpi->isa;
    boot_target = apic_id();
    for (unsigned i = 0; i < acpi->ioapic_count; i++) {
        struct ioapic *io = &ioapics[ioapic_count];

        io->registers = device_map(acpi->ioapic[i].address, PAGE_SIZE);
        if (io->registers == NULL) {
            continue;
        }
        io->first = acpi->ioapic[i].interrupt_base;
        io->count = (read_reg(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
        for (unsigned k = 0; k < io->count; k++) {
            write_reg(io, IOAPIC_ENTRY(k), ENTRY_MASKED);
        }
        ioapic_count++;
    }
}

/* The input of ISA interrupt IRQ, at *IO. False: no I/O APIC has it. */
static bool find_isa(const struct acpi_isa *isa, const struct ioapic **io, uint32_t *input)
{
    for (unsigned i = 0; i < ioapic_count; i++) {
        *io = &ioapics[i];
        *input = isa->interrupt - ioapics[i].first;
        if (isa->interrupt >= ioapics[i].first && *input < ioapics[i].count) {
            return true;
        }
    }
    return false;
}

static void write_entry(const struct ioapic *io, uint32_t input, const struct acpi_isa *isa, uint8_t vector,
                        uint32_t target, bool open)
{
    if (open) {
        write_reg(io, IOAPIC_ENTRY(input) + 1, target << ENTRY_TARGET_SHIFT);
    }
    write_reg(io, IOAPIC_ENTRY(input), vector | (isa->is_low ? (uint32_t)ENTRY_LOW : 0) |
                                       (isa->is_level ? (uint32_t)ENTRY_LEVEL : 0) | (open ? 0 : (uint32_t)ENTRY_MASKED));
}

int ioapic_route_isa(const struct acpi_board *acpi, unsigned irq, uint8_t vector, uint32_t target)
{
    const struct ioapic *io;
    uint32_t input;

    if (!find_isa(&acpi->isa[irq], &io, &input)) {
        return -XEN_ENODEV;
    }
    write_entry(io, input, &acpi->isa[irq], vector, target, true);
    return 0;
}

bool ioapic_has_isa(const struct acpi_board *acpi, unsigned irq)
{
    const struct ioapic *io;
    uint32_t input;

    return find_isa(&acpi->isa[irq], &io, &input);
}

void ioapic_open_isa(unsigned irq, uint8_t vector, uint32_t target, bool open)
{
    const struct ioapic *io;
    uint32_t input;

    if (find_isa(&board_isa[irq], &io, &input)) {
        spin_lock(&lock);
        write_entry(io, input, &board_isa[irq], vector, target < APIC_ID_ALL ? target : boot_target, open);
        spin_unlock(&lock);
    }
}
