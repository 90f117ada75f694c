/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UARTs that a device tree names: which kinds there are drivers for, and the one that is the board's console. What the
 * console sees of it is in bh/uart.h.
 */
#ifndef BH_DRIVERS_UART_H
#define BH_DRIVERS_UART_H

#include "bh/types.h"

enum uart_kind { UART_NONE, UART_PL011, UART_CADENCE };

/* Has this build a driver for KIND? */
bool uart_is_known(enum uart_kind kind);
/* KIND, for which there is a driver, with its first 4 KiB of registers at REGISTERS, is the console's from here on. */
void uart_init(enum uart_kind kind, void *registers);
/* Its interrupt is routed: characters received go to console_input(). */
void uart_enable_input(void);
/* Its interrupt came. */
void uart_interrupt(void);
/* For those who never get a console: sends C by the UART of KIND at physical address BASE, with the MMU off. */
void uart_early_put(enum uart_kind kind, uint64_t base, char c);

#endif
