/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of Cadence's UART; drivers/uart.c is between it and the console.
 */
#ifndef BH_DRIVERS_CADENCE_UART_H
#define BH_DRIVERS_CADENCE_UART_H

#include "bh/types.h"

/* REGISTERS: where its 4 KiB are mapped. Output works from here on, by polling. */
void cadence_uart_init(void *registers);
/* Its interrupt is routed: characters received go to console_input(). */
void cadence_uart_enable_input(void);
/* Its interrupt came. */
void cadence_uart_interrupt(void);
/* As bh/uart.h has them. */
bool cadence_uart_put(char c);
void cadence_uart_want_room(bool wanted);
/* Before anything is set up: waits for room in the UART at BASE, a bounded time. Follows no pointer of the image. */
void cadence_uart_early_put(uintptr_t base, char c);

#endif
