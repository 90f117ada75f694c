/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a schedule: never sleeps, and finds out from the counter alone when it had the CPU. "frame=N" is the schedule's, in
 * microseconds, "windows=N" how many windows of its own it looks at (0: it never ends), "gap=N" how many microseconds
 * without the CPU end one. Says how long they were, in nanoseconds, and how far the beginnings of any two were apart on
 * the clock of the frame.
 *
 * "hog=memory" gives 2 MiB back and takes them again without end, which are long hypercalls; "hog=timer" has its timer
 * fire all the time, and once more when it has lost the CPU.
 */
#include "xen_guest.h"

#define BLOCK_ORDER 9
#define BLOCK_OFFSET (8ul << 20)

static xen_pfn_t block_gfn;
static struct xen_memory_reservation block = { .nr_extents = 1, .extent_order = BLOCK_ORDER, .domid = DOMID_SELF };

static void hog_memory(void)
{
    (void)memory_op(XENMEM_decrease_reservation, &block);
    (void)memory_op(XENMEM_populate_physmap, &block);
}

static void tick(unsigned irq)
{
    (void)irq;
    timer_set(now() + ticks_from_us(30));
}

static void hog_timer(void)
{
    irq_on();
    irq_off();
}

static uint64_t ns(uint64_t ticks)
{
    return ticks * 1000 / ticks_from_us(1000) * 1000 + ticks * 1000 % ticks_from_us(1000) * 1000 / ticks_from_us(1000);
}

void guest_main(void)
{
    uint64_t frame = ticks_from_us(arg_number("frame", 10000)), gap = ticks_from_us(arg_number("gap", 300));
    uint64_t windows = arg_number("windows", 100), count = 0, first = 0, begin = 0, last;
    uint64_t shortest = UINT64_MAX, longest = 0, total = 0;
    int64_t earliest = 0, latest = 0;
    bool is_memory = arg_is("hog", "memory"), is_timer = arg_is("hog", "timer");

    if (is_memory) {
        block_gfn = (board.memory_base + BLOCK_OFFSET) >> PAGE_SHIFT;
        set_xen_guest_handle(block.extent_start, &block_gfn);
    }
    if (is_timer) {
        irq_init();
        irq_handle(timer_irq(), tick);
        irq_enable(timer_irq());
        tick(0);
    }
    for (last = counter_read(); windows == 0 || count < windows + 2;) {
        uint64_t t = counter_read();

        if (t - last > gap) {
            if (count == 1) {
                /* The one before it began with the guest. */
                first = t;
            } else if (count > 1) {
                int64_t off = (int64_t)((t - first + frame / 2) % frame) - (int64_t)(frame / 2);
                uint64_t length = last - begin;

                earliest = off < earliest ? off : earliest;
                latest = off > latest ? off : latest;
                shortest = length < shortest ? length : shortest;
                longest = length > longest ? length : longest;
                total += length;
            }
            begin = t;
            count++;
        }
        last = t;
        if (is_memory) {
            hog_memory();
        } else if (is_timer) {
            hog_timer();
        }
    }
    say("windows: %lu\n", windows);
    say("frames: %lu\n", (begin - first + frame / 2) / frame);
    say("shortest: %lu\n", ns(shortest));
    say("longest: %lu\n", ns(longest));
    say("all: %lu\n", ns(total));
    say("beginnings apart: %lu\n", ns((uint64_t)(latest - earliest)));
}
