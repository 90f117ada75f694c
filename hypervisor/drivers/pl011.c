/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm PL011 and SBSA generic UART (Arm DDI 0183; DEN 0029 appendix B) as the board's console. Baud rate and line
 * format are left as the firmware set them.
 */
#include "drivers/pl011.h"

#include "bh/console.h"

#define UART_DR   0x00
#define UART_FR   0x18
#define UART_IMSC 0x38
#define UART_MIS  0x40
#define UART_ICR  0x44

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define INT_RX  BIT(4)
#define INT_TX  BIT(5)
#define INT_RT  BIT(6)

/* Characters taken in one interrupt: the FIFO's size. */
#define RX_LIMIT 32

static uintptr_t base;    /* [boot] */
static uint32_t imsc;     /* [lock console] */

static uint32_t read_reg(unsigned offset)
{
    return *(volatile uint32_t *)(base + offset);
}

static void write_reg(unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(base + offset) = value;
}

void pl011_init(void *registers)
{
    base = (uintptr_t)registers;
    write_reg(UART_IMSC, 0);
    write_reg(UART_ICR, 0x7ff);
}

void pl011_enable_input(void)
{
    imsc |= INT_RX | INT_RT;
    write_reg(UART_IMSC, imsc);
}

bool pl011_put(char c)
{
    if ((read_reg(UART_FR) & FR_TXFF) != 0) {
        return false;
    }
    write_reg(UART_DR, (uint8_t)c);
    return true;
}

void pl011_want_room(bool wanted)
{
    uint32_t now = wanted ? imsc | INT_TX : imsc & ~(uint32_t)INT_TX;

    if (now != imsc) {
        imsc = now;
        write_reg(UART_IMSC, imsc);
    }
}

void pl011_interrupt(void)
{
    write_reg(UART_ICR, INT_RX | INT_RT | INT_TX);
    for (unsigned i = 0; i < RX_LIMIT && (read_reg(UART_FR) & FR_RXFE) == 0; i++) {
        console_input((char)read_reg(UART_DR));
    }
    console_drain();
}

void pl011_early_put(uintptr_t at, char c)
{
    for (unsigned tries = 0; tries < 1000000; tries++) {
        if ((*(volatile uint32_t *)(at + UART_FR) & FR_TXFF) == 0) {
            break;
        }
    }
    *(volatile uint32_t *)(at + UART_DR) = (uint8_t)c;
}
