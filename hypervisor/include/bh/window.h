/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: the only way to see the bytes of a frame. A window belongs to the CPU that opened it and is closed before
 * the trap that opened it ends; windows close in the reverse order of opening. Opening never fails and never
 * allocates: code that could need more than WINDOW_STACK_COUNT at once is wrong, and panics in every build.
 *
 * The caller holds a reference to the frame, or knows it to be the hypervisor's own.
 */
#ifndef BH_WINDOW_H
#define BH_WINDOW_H

#include "arch/arch.h"
#include "bh/types.h"

/* The last slots are for leaf windows, the others are the stack. */
#define WINDOW_STACK_COUNT (ARCH_WINDOW_COUNT - 2)
#define WINDOW_SECOND_LEAF (ARCH_WINDOW_COUNT - 2)
#define WINDOW_LEAF        (ARCH_WINDOW_COUNT - 1)

/* A window on one frame; the pointer is valid for PAGE_SIZE bytes until window_close(). */
void *window_open(mfn_t m);
const void *window_open_read(mfn_t m);
void window_close(const void *p);

/*
 * A window that is closed before any other leaf window is opened, on the short ways that most hypercalls take. It has a
 * slot of its own, so nothing has to be counted.
 */
static inline void *window_open_leaf(mfn_t m)
{
    return arch_window_map(WINDOW_LEAF, m, true);
}

static inline void window_close_leaf(void)
{
    arch_window_unmap(WINDOW_LEAF);
}

/* Beside it, for what goes from one frame to another. */
static inline void *window_open_second_leaf(mfn_t m)
{
    return arch_window_map(WINDOW_SECOND_LEAF, m, true);
}

static inline void window_close_second_leaf(void)
{
    arch_window_unmap(WINDOW_SECOND_LEAF);
}

/* A window on the 2 MiB block M begins (M aligned to it): valid for 2 MiB. */
void *window_open_block(mfn_t m);
void window_close_block(const void *p);

/* Windows on this CPU's stack of them now. */
unsigned window_count(void);

#endif
