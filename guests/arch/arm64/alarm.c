/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One that disturbs by its device: the alarm of the real-time clock (PL031; DDI 0224, 3.3) goes off, and the handler
 * ends the interrupt without clearing it, so that it comes again at once, for ever. It says how often, every 1,000 times.
 */
#include "guest.h"

#define RTC       0x09010000u
#define RTC_DATA  (RTC + 0x00)
#define RTC_MATCH (RTC + 0x04)
#define RTC_MASK  (RTC + 0x10)
#define RTC_IRQ   34

static volatile unsigned count;

static void alarm(unsigned irq)
{
    (void)irq;
    if (++count % 1000 == 0) {
        say("alarms: %u\n", count);
    }
}

void guest_main(void)
{
    irq_init();
    irq_handle(RTC_IRQ, alarm);
    irq_priority(RTC_IRQ, 0x80);
    irq_route(RTC_IRQ, 0);
    irq_enable(RTC_IRQ);
    irq_on();
    write32(RTC_MASK, 1);
    write32(RTC_MATCH, read32(RTC_DATA) + 1);
    for (;;) {
        wfi();
    }
}
