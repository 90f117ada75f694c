/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated board of unit tests and fuzzers, and how a test plays it. One thread is all CPUs, one after the other.
 */
#ifndef BH_HOST_HOST_H
#define BH_HOST_HOST_H

#include "bh/types.h"

/* First frame of the simulated RAM: at a multiple of 1 GiB, so that blocks of every size are aligned. */
#define HOST_RAM_MFN (1UL << ORDER_1G)

/* What arch_cache_way_size() says. */
extern uint64_t host_cache_way_size;

/*
 * A board with CPU_COUNT CPUs and RAM_MIB of memory, all of it with the page allocator; CPU 0 is the one that runs.
 * May be called again when no domain and no object of the heap is left: everything of the board starts anew.
 */
void host_board_init(unsigned cpu_count, unsigned ram_mib);

/* ---- Memory ---- */

/* Makes the simulated RAM, and hides it. For host_board_init() only. */
void host_memory_init(unsigned ram_mib);
/* The N-th allocation from now on fails, once: of frames, or of a table for the heap; 0: none does. */
void host_fail_allocation(unsigned n);
/* Allocations since host_fail_allocation(), the failed one included. */
unsigned host_allocation_count(void);
/* Pages of heap mapped now. */
size_t host_heap_mapped(void);
/* Frames of RAM that the board has. */
uint64_t host_ram_frames(void);
/* Is this CPU's window SLOT open? */
bool host_window_is_open(unsigned slot);
/* The bytes of frame M: for a test's own looks, and only with host_peek_end() behind them. */
void *host_peek(mfn_t m);
void host_peek_end(mfn_t m);
/*
 * If it is set: called when a window on frame M was closed, which is when the guest that owns it may have changed its
 * bytes from another CPU. No window may be left open by it, but for host_peek().
 */
extern void (*host_window_closed)(mfn_t m);
/* Takes SIZE bytes of RAM from the allocator and puts DATA there, as a boot loader does; a physical address. */
uint64_t host_module_place(const void *data, size_t size);
/* Gives back what host_module_place() took. */
void host_module_remove(uint64_t at, size_t size);

/* ---- CPUs and time: a tick is a nanosecond ---- */

/* From here on CPU N runs. */
void host_run_on(unsigned n);
void host_advance(uint64_t ticks);
/* What arch_interrupt_is_pending() says: long hypercalls stop after each element. */
extern bool host_interrupt_is_pending;
/*
 * The running CPU leaves the hypervisor: true: for the guest of cpu->current; false: it sleeps. Whatever woke it is
 * said by calling this again.
 */
bool host_leave(void);
/* Lets CPUs leave that were kicked or have work, until none has. */
void host_settle(void);
/* Lets time pass until TICKS, firing the timers of all CPUs in their order, and settles after each. */
void host_run_until(uint64_t ticks);

/* What arch_vioapic_open() was told last of each line. */
extern bool host_line_is_open[24];
/* What arch_ports_holder() and arch_isa_holder() say of ports from host_taken_port on, and of host_taken_irq. */
extern uint32_t host_taken_port;
extern unsigned host_taken_irq;

/* ---- UART ---- */

/* What the UART sent since the last call; ended by NUL. */
const char *host_uart_take(void);
/* Room that the UART has; -1: any. */
void host_uart_set_room(int characters);
void host_uart_set_ready(bool ready);
/* What uart_want_room() was told last. */
bool host_uart_wants_room(void);

#endif
