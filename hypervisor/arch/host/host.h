/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated board of unit tests and fuzzers, and how a test plays it.
 */
#ifndef BH_HOST_HOST_H
#define BH_HOST_HOST_H

#include "bh/types.h"

/* First frame of the simulated RAM. */
#define HOST_RAM_MFN 0x400

/*
 * A board with CPU_COUNT CPUs and RAM_MIB of memory, all of it with the page allocator; CPU 0 is the one that runs.
 * May be called again: everything starts anew, except what core keeps in static variables of its own.
 */
void host_board_init(unsigned cpu_count, unsigned ram_mib);
/* From here on CPU N runs. */
void host_run_on(unsigned n);
void host_advance(uint64_t ticks);
/* The N-th allocation of a frame from now on fails, once; 0: none does. */
void host_fail_allocation(unsigned n);
/* Pages of heap mapped now. */
size_t host_heap_mapped(void);
/* Frames of RAM that the board has. */
uint64_t host_ram_frames(void);
/* The bytes of frame M, whatever windows are open: for a test's own looks. */
void *host_peek(mfn_t m);
/* What the UART sent since the last call; ended by NUL. */
const char *host_uart_take(void);
/* Room that the UART has; -1: any. */
void host_uart_set_room(int characters);

#endif
