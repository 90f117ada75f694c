/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16550 UART at I/O ports (National Semiconductor PC16550D) as the board's console. 115200 baud, 8 bits, no parity.
 */
#include "drivers/ns16550.h"

#include "arch/arch_ports.h"
#include "bh/console.h"
#include "bh/uart.h"

#define UART_DATA    0 /* also the low byte of the divisor, while LCR_DLAB is set */
#define UART_IER     1 /* also its high byte */
#define UART_IIR_FCR 2
#define UART_LCR     3
#define UART_MCR     4
#define UART_LSR     5
#define UART_SCRATCH 7

#define IER_RX       BIT(0)
#define IER_TX       BIT(1)
#define FCR_ENABLE   0x07 /* on, both emptied */
#define LCR_8N1      0x03
#define LCR_DLAB     0x80
#define MCR_READY    0x0b /* DTR, RTS, and OUT2, which lets interrupts through */
#define LSR_RX       BIT(0)
#define LSR_TX_EMPTY BIT(5)
#define DIVISOR_115200 1

/* Characters of one FIFO: sent when it is empty, taken in one interrupt. */
#define FIFO_SIZE 16

static uint16_t base;      /* [boot] 0: none */
static uint8_t ier;        /* [lock console] */
static unsigned room;      /* [lock console] of the FIFO, since it was seen empty */

static uint8_t read_reg(unsigned offset)
{
    return arch_port_read8((uint16_t)(base + offset));
}

static void write_reg(unsigned offset, uint8_t value)
{
    arch_port_write8((uint16_t)(base + offset), value);
}

void ns16550_init(uint16_t port)
{
    base = port;
    write_reg(UART_SCRATCH, 0x5a);
    if (read_reg(UART_SCRATCH) != 0x5a) {
        base = 0;
        return;
    }
    write_reg(UART_IER, 0);
    write_reg(UART_LCR, LCR_DLAB | LCR_8N1);
    write_reg(UART_DATA, DIVISOR_115200);
    write_reg(UART_IER, 0);
    write_reg(UART_LCR, LCR_8N1);
    write_reg(UART_IIR_FCR, FCR_ENABLE);
    write_reg(UART_MCR, MCR_READY);
}

void ns16550_enable_input(void)
{
    if (base != 0) {
        ier |= IER_RX;
        write_reg(UART_IER, ier);
    }
}

bool uart_is_ready(void)
{
    return base != 0;
}

bool uart_put(char c)
{
    if (room == 0) {
        if ((read_reg(UART_LSR) & LSR_TX_EMPTY) == 0) {
            return false;
        }
        room = FIFO_SIZE;
    }
    room--;
    write_reg(UART_DATA, (uint8_t)c);
    return true;
}

void uart_want_room(bool wanted)
{
    uint8_t now = wanted ? ier | IER_TX : ier & (uint8_t)~IER_TX;

    if (now != ier) {
        ier = now;
        write_reg(UART_IER, ier);
    }
}

void ns16550_interrupt(void)
{
    (void)read_reg(UART_IIR_FCR);
    for (unsigned i = 0; i < FIFO_SIZE && (read_reg(UART_LSR) & LSR_RX) != 0; i++) {
        console_input((char)read_reg(UART_DATA));
    }
    console_drain();
}
