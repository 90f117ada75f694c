/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that makes calls at random, with arguments that others write over meanwhile, must not give up or spoil its own
 * memory. So its home, which is its image with stacks and tables, moves to frames that no argument can name, and it
 * calls from an address space of another kind, in which its home is not to be seen.
 *
 * - Home keeps its addresses, on frames from HOME_GFN on. These numbers, and the addresses of these frames, have two
 *   bytes next to each other that are never written where a call looks for arguments: home_harmless() makes others of
 *   them. They stay what they are however bytes are shifted, or put together out of words written one over the other;
 *   so do the frames up to 2 MiB before them, as a call takes away so much at a time. Spared like them are the frames
 *   by which the guest is heard: the PV console, the UART, the CPU interface of a GICv2.
 * - Away there are only: open memory, as physical as virtual, which calls may do with as they like; OPEN_SPECIAL, a few
 *   pages that pointers may not lead to; one page of code that goes away, makes the call and comes back, to read; and
 *   two pages of home at an address of such bytes again. The first is for arguments that nobody else may replace, the
 *   second for what the hypervisor writes on its own at any time, as times, in which each byte can come up.
 * - The old frames are given back: no number of a frame of home is left in memory that another frame number leads to.
 */
#ifndef XEN_HOME_H
#define XEN_HOME_H

#include "xen_guest.h"

/* 2 MiB of addresses, the first OPEN_PAGES of them with memory at first. */
#define OPEN_BASE 0x60000000ul
#define OPEN_PAGES 80u
#define OPEN_SIZE 0x200000ul
/* Pages of addresses away: one to read only, an open one, nothing, a device or no memory, nothing. */
#define OPEN_SPECIAL (OPEN_BASE + 0x400000ul)
#define SPECIAL_READ_ONLY OPEN_SPECIAL
#define SPECIAL_BEFORE_NOTHING (OPEN_SPECIAL + PAGE)
#define SPECIAL_NOTHING (OPEN_SPECIAL + 2 * PAGE)
#define SPECIAL_DEVICE (OPEN_SPECIAL + 3 * PAGE)

/* VALUE without the bytes that lead home: each of those has bit 6 changed. */
uint64_t home_harmless(uint64_t value);
/* Takes the memory, and makes the tables. False, with a line that says why: there is none. */
bool home_prepare(void);
/* CPU 0, when OTHERS are on their way to home_join(): all of them go on at home. Interrupts are masked. */
void home_move(unsigned others);
void home_join(void);

/* The page of arguments that nobody replaces, as seen from home; the same place, and times, as a call sees them. */
extern uint8_t home_private[PAGE];
uint64_t home_private_away(const volatile void *at);
uint64_t home_times_away(void);
/* A call with pointers as they are away. Interrupts are on afterwards. */
int64_t home_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/* Each architecture's: devices are mapped at home with home_map(). */
enum home_space { SPACE_AWAY, SPACE_HOME };
void home_map(enum home_space space, uint64_t address, uint64_t gfn, unsigned rights);
void home_map_devices(void);
/* On a page of its own: to ROOTS[SPACE_AWAY], the call, and back. The registers are the number and five arguments. */
extern const char home_gate[];
int64_t home_gate_call(const unsigned long *registers, const uint64_t *roots);

#endif
