/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One life with the virtual watchdog: its registers, refreshed for a while, its first signal as an interrupt, a refresh
 * in time, and then no more: the second signal ends it.
 */
#include "guest.h"

#define REFRESH      0x22010000u
#define CONTROL      0x22020000u
#define WRR          0x000
#define WCS          0x000
#define WOR          0x008
#define WCV          0x010
#define IIDR         0xfcc
#define WATCHDOG_IRQ 95
#define TIME_US      20000

static volatile unsigned signals;

static void signal(unsigned irq)
{
    (void)irq;
    signals++;
    say("first signal: status 0x%x\n", read32(CONTROL + WCS));
    if (signals == 1) {
        write32(REFRESH + WRR, 1);
        say("refreshed: status 0x%x\n", read32(CONTROL + WCS));
    } else {
        irq_disable(WATCHDOG_IRQ);
    }
}

void guest_main(void)
{
    uint64_t start, left;
    struct caught c;

    say("life: status 0x%x, offset 0x%lx, version %u\n", read32(CONTROL + WCS), read64(CONTROL + WOR),
        read32(CONTROL + IIDR) >> 16);
    catch_begin();
    write8(CONTROL + WCS, 1);
    catch_end(&c);
    say("write of a byte: %s\n", caught_name(&c));
    irq_init();
    irq_handle(WATCHDOG_IRQ, signal);
    irq_priority(WATCHDOG_IRQ, 0x80);
    irq_route(WATCHDOG_IRQ, 0);
    irq_enable(WATCHDOG_IRQ);
    irq_on();
    write32(CONTROL + WOR, (uint32_t)ticks_from_us(TIME_US));
    write32(CONTROL + WCS, 1);
    start = now();
    left = read64(CONTROL + WCV) - start;
    say("time left: %s\n", left <= ticks_from_us(TIME_US) && left > 0 ? "plausible" : "wrong");
    for (unsigned i = 0; i < 10; i++) {
        delay_us(TIME_US / 4);
        write32(REFRESH + WRR, 1);
    }
    say("refreshed for a while: %u signals\n", signals);
    start = now();
    write32(REFRESH + WRR, 1);
    while (signals == 0 && now() - start < ticks_from_us(20 * TIME_US)) {
        spin_a_little();
    }
    say("time to the signal: %s\n", now() - start >= ticks_from_us(TIME_US) ? "plausible" : "too short");
    for (;;) {
        wfi();
    }
}
