/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cadence's UART as Xilinx' Zynq and ZynqMP have it (Xilinx UG1085, chapter 21, and UG1087, module UART; Linux,
 * bindings/serial/cdns,uart.yaml) as the board's console. Baud rate and line format are left as the firmware set them.
 */
#include "drivers/cadence_uart.h"

#include "bh/console.h"

#define UART_CONTROL     0x00
#define UART_INT_ENABLE  0x08 /* what is written as one is turned on ... */
#define UART_INT_DISABLE 0x0c /* ... or off */
#define UART_INT_STATUS  0x14 /* what is written as one is cleared */
#define UART_RX_TIMEOUT  0x1c
#define UART_RX_TRIGGER  0x20
#define UART_STATUS      0x2c
#define UART_FIFO        0x30

#define CONTROL_RX_ENABLE       BIT(2)
#define CONTROL_RX_DISABLE      BIT(3)
#define CONTROL_TX_ENABLE       BIT(4)
#define CONTROL_TX_DISABLE      BIT(5)
#define CONTROL_RESTART_TIMEOUT BIT(6)

/* The same bits in the registers of interrupts and in the status. */
#define RX_REACHED BIT(0) /* as many characters as RX_TRIGGER says */
#define RX_EMPTY   BIT(1)
#define TX_EMPTY   BIT(3)
#define TX_FULL    BIT(4)
#define RX_WAITS   BIT(8) /* characters, and none more for RX_TIMEOUT times 4 bits; of interrupts only */
#define ALL        0x1fff

/* Characters taken in one interrupt: the FIFO's size. */
#define RX_LIMIT 64
#define TIMEOUT  10

static uintptr_t base;    /* [boot] */
static bool room_wanted;  /* [lock console] */

static uint32_t read_reg(unsigned offset)
{
    return *(volatile uint32_t *)(base + offset);
}

static void write_reg(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(base + offset) = value;
}

void cadence_uart_init(void *registers)
{
    uint32_t control;

    base = (uintptr_t)registers;
    write_reg(UART_INT_DISABLE, ALL);
    write_reg(UART_INT_STATUS, ALL);
    write_reg(UART_RX_TRIGGER, 1);
    write_reg(UART_RX_TIMEOUT, TIMEOUT);
    control = read_reg(UART_CONTROL) & ~(uint32_t)(CONTROL_RX_DISABLE | CONTROL_TX_DISABLE);
    write_reg(UART_CONTROL, control | CONTROL_RX_ENABLE | CONTROL_TX_ENABLE | CONTROL_RESTART_TIMEOUT);
}

void cadence_uart_enable_input(void)
{
    write_reg(UART_INT_ENABLE, RX_REACHED | RX_WAITS);
}

bool cadence_uart_put(char c)
{
    if ((read_reg(UART_STATUS) & TX_FULL) != 0) {
        return false;
    }
    write_reg(UART_FIFO, (uint8_t)c);
    return true;
}

/* The interrupt says that the FIFO ran empty, once: what it said of an earlier time is forgotten first. */
void cadence_uart_want_room(bool wanted)
{
    if (wanted != room_wanted) {
        room_wanted = wanted;
        if (wanted) {
            write_reg(UART_INT_STATUS, TX_EMPTY);
        }
        write_reg(wanted ? UART_INT_ENABLE : UART_INT_DISABLE, TX_EMPTY);
    }
}

/* What comes after its bit was cleared sets it again. */
void cadence_uart_interrupt(void)
{
    uint32_t status = read_reg(UART_INT_STATUS);

    write_reg(UART_INT_STATUS, status);
    for (unsigned i = 0; i < RX_LIMIT && (read_reg(UART_STATUS) & RX_EMPTY) == 0; i++) {
        console_input((char)read_reg(UART_FIFO));
    }
    if ((status & RX_WAITS) != 0) {
        write_reg(UART_CONTROL, read_reg(UART_CONTROL) | CONTROL_RESTART_TIMEOUT);
    }
    console_drain();
}

void cadence_uart_early_put(uintptr_t at, char c)
{
    volatile uint32_t *control = (volatile uint32_t *)(at + UART_CONTROL);

    *control = (*control & ~(uint32_t)CONTROL_TX_DISABLE) | CONTROL_TX_ENABLE;
    for (unsigned tries = 0; tries < 1000000; tries++) {
        if ((*(volatile uint32_t *)(at + UART_STATUS) & TX_FULL) == 0) {
            break;
        }
    }
    *(volatile uint32_t *)(at + UART_FIFO) = (uint8_t)c;
}
