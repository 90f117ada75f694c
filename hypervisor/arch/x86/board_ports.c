/* SPDX-License-Identifier: Apache-2.0 */
#include "board_ports.h"

/* ISA interrupts of the interval timer, of the second 8259, and of the clock. */
#define TIMER_IRQ   0
#define CASCADE_IRQ 2
#define CLOCK_IRQ   8

/*
 * Chipsets have the rest of their power management beside the registers that ACPI's tables name, in a block of at least
 * so many ports, and with it other ways to switch the machine off.
 */
#define POWER_BLOCK 0x80U

static const struct {
    uint16_t first, last;
    const char *holder;
} fixed[] = {
    { 0x000, 0x01f, "the DMA controller, which reaches all memory," },
    { 0x020, 0x021, "the interrupt controller" },
    { 0x02e, 0x02f, "the configuration of the board's ports" },
    { 0x040, 0x043, "the interval timer" },
    { 0x04e, 0x04f, "the configuration of the board's ports" },
    { 0x061, 0x061, "the interval timer" },
    { 0x064, 0x064, "the reset of the board" },
    { 0x070, 0x077, "the clock" },
    { 0x081, 0x08f, "the DMA controller, which reaches all memory," },
    { 0x092, 0x092, "the reset of the board" },
    { 0x0a0, 0x0a1, "the interrupt controller" },
    { 0x0b2, 0x0b3, "the firmware" },
    { 0x0c0, 0x0df, "the DMA controller, which reaches all memory," },
    { 0x4d0, 0x4d1, "the interrupt controller" },
    { 0xcf8, 0xcff, "the configuration of PCI" },
};

static bool overlaps(uint32_t first, uint32_t count, uint64_t other, uint64_t other_count)
{
    return first < other + other_count && other < (uint64_t)first + count;
}

static bool is_power(const struct acpi_register *r, uint32_t first, uint32_t count)
{
    return r->address != 0 && r->is_port &&
           overlaps(first, count, ALIGN_DOWN(r->address, POWER_BLOCK), POWER_BLOCK);
}

/* Req: BH-PORT-002 */
const char *board_ports_holder(const struct acpi_board *acpi, bool has_console, uint32_t first, uint32_t count)
{
    const struct acpi_register *const power[] = { &acpi->pm_timer, &acpi->pm1a_control, &acpi->pm1b_control,
                                                  &acpi->sleep_control };

    for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
        if (overlaps(first, count, fixed[i].first, fixed[i].last - fixed[i].first + 1U)) {
            return fixed[i].holder;
        }
    }
    for (unsigned i = 0; i < ARRAY_COUNT(power); i++) {
        if (is_power(power[i], first, count)) {
            return "the power management";
        }
    }
    if (acpi->reset.address != 0 && acpi->reset.is_port && overlaps(first, count, acpi->reset.address, 1)) {
        return "the reset of the board";
    }
    return has_console && overlaps(first, count, COM1_PORT, COM1_COUNT) ? "the hypervisor's console" : NULL;
}

/* Req: BH-PORT-002 */
const char *board_isa_holder(const struct acpi_board *acpi, bool has_console, unsigned irq)
{
    if (irq == TIMER_IRQ) {
        return "the interval timer";
    }
    if (irq == CASCADE_IRQ) {
        return "the interrupt controller";
    }
    if (irq == CLOCK_IRQ) {
        return "the clock";
    }
    if (acpi->has_fadt && !acpi->is_hardware_reduced && irq == acpi->sci) {
        return "the power management";
    }
    return has_console && irq == COM1_IRQ ? "the hypervisor's console" : NULL;
}
