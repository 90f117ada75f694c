/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: the only way to see the bytes of a frame. A window belongs to the CPU that opened it and is closed before
 * the trap that opened it ends; windows close in the reverse order of opening. Opening never fails and never
 * allocates: code that could need more than ARCH_WINDOW_COUNT at once is wrong, and panics in every build.
 *
 * The caller holds a reference to the frame, or knows it to be the hypervisor's own.
 */
#ifndef BH_WINDOW_H
#define BH_WINDOW_H

#include "bh/types.h"

/* A window on one frame; the pointer is valid for PAGE_SIZE bytes until window_close(). */
void *window_open(mfn_t m);
const void *window_open_read(mfn_t m);
void window_close(const void *p);

/* A window on the 2 MiB block M begins (M aligned to it): valid for 2 MiB. */
void *window_open_block(mfn_t m);
void window_close_block(const void *p);

/* Windows open on this CPU now. */
unsigned window_count(void);

#endif
