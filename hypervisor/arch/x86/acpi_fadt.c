/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of fixed hardware and of PCI: FADT (ACPI 6.4, 5.2.9), HPET (IA-PC HPET specification 1.0a, 3.2.4) and MCFG
 * (PCI Firmware Specification 3.3, 4.1.2).
 */
#include "acpi.h"
#include "acpi_table.h"
#include "bh/console.h"

/* The end of I/O space. */
#define PORT_END 0x10000U

#define HPET_SPACE   40
#define HPET_ADDRESS 44

#define MCFG_ENTRIES    44
#define MCFG_ENTRY_SIZE 16
/* 4 KiB for a function, 8 functions, 32 devices. */
#define MCFG_BUS_SHIFT 20

/* The address structure at OFFSET, for a register of BITS. False: it has none that we can reach. */
static bool get_register(const struct acpi_bytes *t, uint32_t offset, uint8_t bits, struct acpi_register *out)
{
    uint8_t space = acpi_get8(t, offset);
    uint64_t address = acpi_get64(t, offset + 4);

    if (address == 0) {
        return false;
    }
    if ((space != SPACE_MEMORY && space != SPACE_PORT) || (space == SPACE_PORT && address > PORT_END - bits / 8U) ||
        address > UINT64_MAX - bits / 8U) {
        log_warning("ACPI: FADT: byte %u: a register at 0x%lx of space %u, left out", offset, address, space);
        return false;
    }
    *out = (struct acpi_register){ .address = address, .bits = bits, .is_port = space == SPACE_PORT };
    return true;
}

/* The register that is at the structure X, or else at the port in the field OLD. */
static struct acpi_register get_block(const struct acpi_bytes *t, uint32_t x, uint32_t old, uint8_t bits)
{
    struct acpi_register r = { .address = 0 };
    uint32_t port = acpi_get32(t, old);

    if (!get_register(t, x, bits, &r) && port != 0 && port <= PORT_END - bits / 8U) {
        r = (struct acpi_register){ .address = port, .bits = bits, .is_port = true };
    }
    return r;
}

/* Req: BH-ACPI-003 */
void acpi_read_fadt(const struct acpi_bytes *t, struct acpi_board *board)
{
    uint32_t flags = acpi_get32(t, FADT_FLAGS);
    uint64_t dsdt = acpi_get64(t, FADT_X_DSDT);

    board->has_fadt = true;
    board->is_hardware_reduced = (flags & FADT_FLAG_HARDWARE_REDUCED) != 0;
    board->boot_flags = acpi_get16(t, FADT_BOOT_FLAGS);
    board->dsdt = dsdt != 0 ? dsdt : acpi_get32(t, FADT_DSDT);
    if ((flags & FADT_FLAG_RESET) != 0 && get_register(t, FADT_RESET, 8, &board->reset)) {
        board->reset_value = acpi_get8(t, FADT_RESET_VALUE);
    }
    if (board->is_hardware_reduced) {
        /* 5.2.9: the fields of the fixed hardware mean nothing. */
        (void)get_register(t, FADT_SLEEP_CONTROL, 8, &board->sleep_control);
        return;
    }
    board->sci = acpi_get16(t, FADT_SCI);
    if (acpi_get8(t, FADT_TIMER_LENGTH) == 4) {
        board->pm_timer = get_block(t, FADT_X_PM_TIMER, FADT_PM_TIMER, 32);
        board->pm_timer.bits = (flags & FADT_FLAG_TIMER_32_BITS) != 0 ? 32 : 24;
    }
    if (acpi_get8(t, FADT_PM1_LENGTH) >= 2) {
        board->pm1a_control = get_block(t, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL, 16);
        board->pm1b_control = get_block(t, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL, 16);
    }
}

void acpi_read_hpet(const struct acpi_bytes *t, struct acpi_board *board)
{
    uint64_t address = acpi_get64(t, HPET_ADDRESS);

    if (acpi_get8(t, HPET_SPACE) != SPACE_MEMORY || (address & 0x3ff) != 0) {
        log_warning("ACPI: HPET: at 0x%lx of space %u, left out", address, acpi_get8(t, HPET_SPACE));
        return;
    }
    board->hpet = address;
}

void acpi_read_mcfg(const struct acpi_bytes *t, struct acpi_board *board)
{
    /* Bound: ACPI_TABLE_MAX / MCFG_ENTRY_SIZE. */
    for (uint32_t at = MCFG_ENTRIES; t->size - at >= MCFG_ENTRY_SIZE; at += MCFG_ENTRY_SIZE) {
        struct acpi_segment s = {
            .address = acpi_get64(t, at),
            .segment = acpi_get16(t, at + 8),
            .first_bus = acpi_get8(t, at + 10),
            .last_bus = acpi_get8(t, at + 11),
        };

        if (s.address == 0 || (s.address & (BIT(MCFG_BUS_SHIFT) - 1)) != 0 || s.first_bus > s.last_bus ||
            s.address > UINT64_MAX - (256UL << MCFG_BUS_SHIFT)) {
            log_warning("ACPI: MCFG: buses %u to %u at 0x%lx, left out", s.first_bus, s.last_bus, s.address);
        } else if (board->segment_count == ACPI_SEGMENT_COUNT) {
            log_warning("ACPI: MCFG: more than %u segments", ACPI_SEGMENT_COUNT);
            break;
        } else {
            board->segment[board->segment_count++] = s;
        }
    }
}
