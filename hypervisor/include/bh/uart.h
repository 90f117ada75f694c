/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's console UART: what a driver gives the console. One UART at a time; before one is there, output waits
 * in the ring.
 */
#ifndef BH_UART_H
#define BH_UART_H

#include "bh/types.h"

/* A UART is there. [boot] */
bool uart_is_ready(void);
/* Sends C if there is room: false if there is not. */
bool uart_put(char c);
/* Interrupt when there is room again: wanted or not. */
void uart_want_room(bool wanted);

#endif
