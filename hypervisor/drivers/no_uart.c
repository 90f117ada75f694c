/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's UART in a build without a driver for one: output stays in the ring.
 */
#include "bh/uart.h"
#include "drivers/uart.h"

bool uart_is_known(enum uart_kind kind)
{
    (void)kind;
    return false;
}

void uart_init(enum uart_kind kind, void *registers)
{
    (void)kind;
    (void)registers;
}

void uart_enable_input(void)
{
}

void uart_interrupt(void)
{
}

void uart_early_put(enum uart_kind kind, uint64_t base, char c)
{
    (void)kind;
    (void)base;
    (void)c;
}

bool uart_is_ready(void)
{
    return false;
}

bool uart_put(char c)
{
    (void)c;
    return false;
}

void uart_want_room(bool wanted)
{
    (void)wanted;
}
