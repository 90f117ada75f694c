/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16550 driver, see bh/uart.h for what the console sees of it.
 */
#ifndef BH_DRIVERS_NS16550_H
#define BH_DRIVERS_NS16550_H

#include "bh/types.h"

/* At I/O port PORT, if one answers there. Output works from here on, by polling. */
void ns16550_init(uint16_t port);
/* Its interrupt is routed: characters received go to console_input(). */
void ns16550_enable_input(void);
/* Its interrupt came. */
void ns16550_interrupt(void);

#endif
