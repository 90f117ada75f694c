/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hypercall's pointer means when the guest's tables have just changed below it: at each call as they are then.
 */
#include "xen_guest.h"

static uint8_t pages[2][PAGE] PAGES;

/* Writes 16 bytes (a string) through the window; where they arrived, and the answer. */
static void write_there(const char *name, void *window)
{
    int64_t answer;

    pages[0][0] = 0xee;
    pages[1][0] = 0xee;
    dsb();
    answer = hypercall(__HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)window, 0, 0);
    say("%s: %ld, in the first page: %s, in the second: %s\n", name, answer, pages[0][0] != 0xee ? "yes" : "no",
        pages[1][0] != 0xee ? "yes" : "no");
}

/* The page behind the window goes away and comes back. */
static void give_and_take(void *window)
{
    xen_pfn_t gfn = gfn_of(pages[1]);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    int64_t answer;

    set_xen_guest_handle(r.extent_start, &gfn);
    answer = memory_op(XENMEM_decrease_reservation, &r);
    say("given back: %ld\n", answer);
    answer = hypercall(__HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)window, 0, 0);
    say("where it was: %ld\n", answer);
    answer = memory_op(XENMEM_populate_physmap, &r);
    say("populated: %ld\n", answer);
    write_there("the new page", window);
}

/* Req: BH-PC-021 */
void guest_main(void)
{
    void *window;

    for (unsigned i = 0; i < 2; i++) {
        window = window_page(0, WINDOW_READ_WRITE, gfn_of(pages[0]));
        write_there("the first page", window);
        write_there("again", window);
        window = window_page(0, WINDOW_READ_WRITE, gfn_of(pages[1]));
        write_there("the second page", window);
        window = window_page(0, WINDOW_READ_ONLY, gfn_of(pages[1]));
        write_there("read only", window);
        window = window_page(0, WINDOW_NONE, 0);
        write_there("nothing", window);
    }
    window = window_page(0, WINDOW_READ_WRITE, gfn_of(pages[1]));
    write_there("before", window);
    give_and_take(window);
}
