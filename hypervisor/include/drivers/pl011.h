/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of Arm's PL011; drivers/uart.c is between it and the console.
 */
#ifndef BH_DRIVERS_PL011_H
#define BH_DRIVERS_PL011_H

#include "bh/types.h"

/* REGISTERS: where its 4 KiB are mapped. Output works from here on, by polling. */
void pl011_init(void *registers);
/* Its interrupt is routed: characters received go to console_input(). */
void pl011_enable_input(void);
/* Its interrupt came. */
void pl011_interrupt(void);
/* As bh/uart.h has them. */
bool pl011_put(char c);
void pl011_want_room(bool wanted);
/* Before anything is set up: waits for room in the UART at BASE, a bounded time. Follows no pointer of the image. */
void pl011_early_put(uintptr_t base, char c);

#endif
