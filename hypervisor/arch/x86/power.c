/* SPDX-License-Identifier: Apache-2.0 */
#include "power.h"

#include "arch/arch.h"
#include "arch/arch_ports.h"
#include "bh/console.h"
#include "bh/hyp_map.h"

/* ISA port of the reset control of PCs' chipsets, and the keyboard controller's. */
#define RESET_PORT 0xcf9
#define RESET_HARD 0x06
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET   0xfe
/* PM1 control: SLP_TYP in bits 12:10, SLP_EN (ACPI 6.4, 4.8.3.2.1). What S5's type is, only AML says: see below. */
#define PM1_SLEEP_ENABLE BIT(13)
#define PM1_TYPE_SHIFT   10
/* The sleep control register of hardware-reduced machines, 4.8.3.7. */
#define SLEEP_ENABLE     BIT(5)
#define SLEEP_TYPE_SHIFT 2

static const struct acpi_board *acpi;       /* [boot] */
static volatile uint8_t *sleep_control, *reset; /* [boot] where they are in memory; NULL: they are not */

static volatile uint8_t *map_register(const struct acpi_register *r)
{
    uint8_t *page;

    if (r->address == 0 || r->is_port) {
        return NULL;
    }
    page = device_map(ALIGN_DOWN(r->address, PAGE_SIZE), PAGE_SIZE);
    return page != NULL ? page + r->address % PAGE_SIZE : NULL;
}

void power_init(const struct acpi_board *board)
{
    acpi = board;
    sleep_control = map_register(&board->sleep_control);
    reset = map_register(&board->reset);
}

/* VALUE of a register of 8 bits: at a port, or in memory AT. */
static void write8(const struct acpi_register *r, volatile uint8_t *at, uint8_t value)
{
    if (at != NULL) {
        *at = value;
    } else if (r->address != 0 && r->is_port) {
        arch_port_write8((uint16_t)r->address, value);
    }
}

static void write_pm1(const struct acpi_register *r, unsigned type)
{
    if (r->address != 0 && r->is_port) {
        arch_port_write16((uint16_t)r->address, (uint16_t)(type << PM1_TYPE_SHIFT | PM1_SLEEP_ENABLE));
    }
}

/* Req: BH-PC-011 */
NORETURN void arch_power_off(void)
{
    /*
     * The type of S5 is 0 on the emulated PCs, 5 on the emulated machine without their hardware and 7 on most real ones;
     * a machine ignores the types that it does not have. S1 to S4, which would be others, need a wake-up vector and are
     * not asked for.
     */
    static const uint8_t types[] = { 0, 7, 5 };

    console_flush();
    for (unsigned i = 0; acpi != NULL && i < ARRAY_COUNT(types); i++) {
        write_pm1(&acpi->pm1a_control, types[i]);
        write_pm1(&acpi->pm1b_control, types[i]);
        write8(&acpi->sleep_control, sleep_control, (uint8_t)(types[i] << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
    }
    log_warning("the machine can be switched off now");
    console_flush();
    arch_stop();
}

/* What the CPU does with an exception for which it finds no handler, nor one for that. */
static NORETURN void shut_down(void)
{
    static const struct { uint16_t limit; uint64_t base; } __attribute__((packed)) nothing = { 0, 0 };

    __asm__ volatile("lidt %0\n\tud2" : : "m"(nothing));
    arch_stop();
}

NORETURN void arch_power_reset(void)
{
    console_flush();
    if (acpi != NULL) {
        write8(&acpi->reset, reset, acpi->reset_value);
    }
    arch_port_write8(RESET_PORT, RESET_HARD);
    arch_port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    shut_down();
}
