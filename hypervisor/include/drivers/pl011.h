/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL011 driver, see bh/uart.h for what the console sees of it.
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

#endif
