/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window is one entry of the identity map's root, the one for 256 GiB, where no partition has memory.
 */
#include "xen_guest.h"

#define WINDOW_ROOT_INDEX 256
#define WINDOW_BASE ((uint64_t)WINDOW_ROOT_INDEX << 30)
/* Of stage 1: valid table or page, accessed, inner shareable, never executed; attribute 1 is normal memory. */
#define ENTRY_TABLE 0x3ull
#define ENTRY_PAGE (1ull << 54 | 1ull << 53 | 1ull << 10 | 3ull << 8 | 0x3ull)
#define ENTRY_NORMAL (1ull << 2)
#define ENTRY_READ_ONLY (1ull << 7)

static uint64_t window_middle[512] PAGES, window_last[WINDOW_PAGES] PAGES;

void *window_page(unsigned index, enum window_kind kind, uint64_t gfn)
{
    uint64_t *root = (uint64_t *)(READ_SYSREG(ttbr0_el1) & 0x0000fffffffff000ull);

    window_middle[0] = (uint64_t)window_last | ENTRY_TABLE;
    root[WINDOW_ROOT_INDEX] = (uint64_t)window_middle | ENTRY_TABLE;
    window_last[index] = 0;
    __asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" ::: "memory");
    if (kind != WINDOW_NONE) {
        window_last[index] = gfn << PAGE_SHIFT | ENTRY_PAGE | (kind == WINDOW_DEVICE ? 0 : ENTRY_NORMAL) |
            (kind == WINDOW_READ_ONLY ? ENTRY_READ_ONLY : 0);
    }
    __asm__ volatile("dsb ish; isb" ::: "memory");
    return (void *)(WINDOW_BASE + index * PAGE);
}

void event_connect(void) { }
