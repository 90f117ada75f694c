/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window: in 64-bit mode an entry of the root of the tables of its own, else a block at 3 GiB that start.S left out
 * of the identity map.
 */
#include "xen_guest.h"

#define ENTRY_TABLE 0x7u
#define ENTRY_PRESENT 0x1u
#define ENTRY_WRITABLE 0x2u
#define ENTRY_DEVICE 0x18u

#ifdef __x86_64__
typedef uint64_t entry_t;
extern entry_t page_root[512];
#define WINDOW_BASE (1ull << 39)
static entry_t window_upper[512] PAGES, window_middle[512] PAGES, window_last[512] PAGES;

static void window_connect(void)
{
    page_root[1] = (uintptr_t)window_upper | ENTRY_TABLE;
    window_upper[0] = (uintptr_t)window_middle | ENTRY_TABLE;
    window_middle[0] = (uintptr_t)window_last | ENTRY_TABLE;
}
#else
typedef uint32_t entry_t;
extern entry_t page_directories[1024];
#define WINDOW_BASE 0xc0000000ul
static entry_t window_last[1024] PAGES;

static void window_connect(void)
{
    page_directories[WINDOW_BASE >> 22] = (uintptr_t)window_last | ENTRY_TABLE;
}
#endif

void *window_page(unsigned index, enum window_kind kind, uint64_t gfn)
{
    void *address = (void *)(uintptr_t)(WINDOW_BASE + index * PAGE);
    unsigned long root;

    window_connect();
    window_last[index] = 0;
    if (kind != WINDOW_NONE) {
        window_last[index] = (entry_t)gfn << PAGE_SHIFT | ENTRY_PRESENT | (kind == WINDOW_DEVICE ? ENTRY_DEVICE : 0) |
            (kind == WINDOW_READ_ONLY ? 0 : ENTRY_WRITABLE);
    }
    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(root) :: "memory");
    return address;
}

/* Vector callbacks (hvm/params.h): for all vCPUs, not by the local APIC, so there is no end to be told. */
void event_connect(void)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
                               .value = 2ull << 56 | IRQ_VECTOR(EVENT_IRQ) };

    irq_needs_no_end(EVENT_IRQ);
    if (hvm_op(HVMOP_set_param, &p) != 0) {
        say("no interrupt for events\n");
    }
}
