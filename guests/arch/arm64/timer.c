/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual and the physical timer: deadlines, masks, status bits, the signed count-down view. */
#include "guest.h"

struct timer_under_test { const char *name; unsigned irq; };
static unsigned which;      /* 0: virtual, 1: physical */
static volatile unsigned fired;
static volatile uint64_t fired_at, status_seen;

static uint64_t counter(void) { isb(); return which ? READ_SYSREG(cntpct_el0) : READ_SYSREG(cntvct_el0); }
static uint64_t control(void) { isb(); return which ? READ_SYSREG(cntp_ctl_el0) : READ_SYSREG(cntv_ctl_el0); }
static uint64_t compare(void) { return which ? READ_SYSREG(cntp_cval_el0) : READ_SYSREG(cntv_cval_el0); }
static int32_t count_down(void) { isb(); return (int32_t)(which ? READ_SYSREG(cntp_tval_el0) : READ_SYSREG(cntv_tval_el0)); }

static void set_control(uint64_t v)
{
    if (which) {
        WRITE_SYSREG(cntp_ctl_el0, v);
    } else {
        WRITE_SYSREG(cntv_ctl_el0, v);
    }
    isb();
}

static void set_compare(uint64_t v)
{
    if (which) {
        WRITE_SYSREG(cntp_cval_el0, v);
    } else {
        WRITE_SYSREG(cntv_cval_el0, v);
    }
    isb();
}

static void set_count_down(int64_t v)
{
    if (which) {
        WRITE_SYSREG(cntp_tval_el0, (uint64_t)v);
    } else {
        WRITE_SYSREG(cntv_tval_el0, (uint64_t)v);
    }
    isb();
}

/* Req: BH-TIMER-001 */
static void handler(unsigned irq)
{
    (void)irq;
    fired_at = counter();
    status_seen = control();
    fired++;
    set_control(0);
}

static const char *yes(bool b) { return b ? "yes" : "no"; }

/* Req: BH-TIMER-003 */
/* Waits for a firing, asleep or busy, 2 s at most. */
static bool wait_fired(unsigned before, bool asleep)
{
    uint64_t end = now() + ticks_from_us(2000000);

    while (fired == before && now() < end) {
        if (asleep) {
            irq_off();
            if (fired == before) {
                wfi();
            }
            irq_on();
        } else {
            spin_a_little();
        }
    }
    return fired != before;
}

/* Req: BH-TIMER-002, BH-TIMER-004 */
static void test(const char *name, unsigned irq)
{
    uint64_t frequency = READ_SYSREG(cntfrq_el0), deadline;

    say("%s interrupt: %u\n", name, irq);
    irq_handle(irq, handler);
    irq_priority(irq, 0x80);
    irq_enable(irq);
    irq_on();
    for (unsigned asleep = 0; asleep < 2; asleep++) {
        for (unsigned ms = 1; ms <= 10; ms *= 10) {
            unsigned before = fired;

            deadline = counter() + frequency / 1000 * ms;
            set_compare(deadline);
            set_control(1);
            say("%s %u ms %s: fired %s", name, ms, asleep ? "asleep" : "busy", yes(wait_fired(before, asleep)));
            say(", not early %s, within 50 ms %s, status 0x%lx\n", yes(fired_at >= deadline),
                yes(fired_at < deadline + frequency / 20), status_seen);
        }
    }
    unsigned before = fired;

    set_compare(counter() - 1000);
    set_control(1);
    say("%s deadline in the past: fired %s\n", name, yes(wait_fired(before, false)));
    before = fired;
    set_compare(counter() + frequency / 1000);
    set_control(3);
    delay_us(2000);
    say("%s masked: fired %s, control 0x%lx\n", name, yes(fired != before), control());
    set_control(1);
    say("%s unmasked: fired %s\n", name, yes(wait_fired(before, false)));
    before = fired;
    set_compare(counter() + frequency / 1000);
    set_control(0);
    delay_us(2000);
    say("%s disabled: fired %s\n", name, yes(fired != before));
    irq_disable(irq);
    set_compare(counter() - 1);
    set_control(1);
    delay_us(1000);
    say("%s interrupt disabled: fired %s, control 0x%lx\n", name, yes(fired != before), control());
    irq_enable(irq);
    say("%s then enabled: fired %s\n", name, yes(wait_fired(before, false)));
    before = fired;
    set_count_down((int64_t)(frequency / 1000));
    say("%s count-down to compare: %s\n", name, yes(compare() - counter() <= frequency / 1000));
    set_control(1);
    say("%s count-down: fired %s\n", name, yes(wait_fired(before, true)));
    set_count_down(-1000);
    say("%s count-down negative: %s\n", name, yes(count_down() < 0 && compare() < counter()));
    set_count_down(0x7fffffff);
    say("%s count-down far: %s\n", name, yes(count_down() > 0x70000000));
    /* Xen 4.17 loses itself when a vCPU with the largest deadline sleeps. */
    set_compare(arg_number("harsh", 0) != 0 ? ~0ull : counter() + (1ull << 50));
    set_control(1);
    delay_us(1000);
    say("%s never: fired %s, control 0x%lx\n", name, yes(fired != before + 1), control());
    set_compare(0);
    set_control(2);
    say("%s zero, masked, disabled: control 0x%lx\n", name, control() & 3);
    set_control(0);
    set_compare(0x123456789abcdef0ull);
    say("%s compare reads back: 0x%lx\n", name, compare());
    before = fired;
    for (unsigned i = 0; i < 100; i++) {
        unsigned at = fired;

        set_compare(counter() + frequency / 10000);
        set_control(1);
        wait_fired(at, i % 2 == 0);
    }
    say("%s 100 in a row: %u\n", name, fired - before);
    irq_off();
}

/* Req: BH-TIMER-006 */
static void monotonic(void)
{
    uint64_t last = now(), lastp = READ_SYSREG(cntpct_el0);
    bool good = true;

    for (unsigned i = 0; i < 2000; i++) {
        uint64_t v = now(), p = READ_SYSREG(cntpct_el0);

        good = good && v >= last && p >= lastp;
        last = v;
        lastp = p;
    }
    say("counters never go back: %s\n", yes(good));
    say("frequency: %lu\n", READ_SYSREG(cntfrq_el0));
}

static volatile unsigned without_cause;

/* Enabled, not masked, and the condition is met: the only reason for the interrupt. */
static bool has_cause(void)
{
    return (READ_SYSREG(cntv_ctl_el0) & 7) == 5;
}

static void handler_of_rounds(unsigned irq)
{
    (void)irq;
    isb();
    if (has_cause()) {
        fired++;
    } else {
        without_cause++;
    }
    if (arg_is("by", "masking")) {
        set_control(3);
    } else {
        set_compare(counter() + (1ull << 40));
    }
}

/* Req: BH-TIMER-009 */
/* Each interrupt is answered by masking or re-arming the timer: it must not come again without a new deadline. */
static void rounds(unsigned count)
{
    irq_handle(board.vtimer_irq, handler_of_rounds);
    irq_priority(board.vtimer_irq, 0x80);
    irq_enable(board.vtimer_irq);
    irq_on();
    for (unsigned i = 0; i < count; i++) {
        unsigned before = fired;

        set_compare(counter() + ticks_from_us(100 + i % 300));
        set_control(1);
        wait_fired(before, arg_is("wait", "asleep"));
    }
    irq_off();
    say("rounds: %u, fired: %u, without a cause: %u\n", count, fired, without_cause);
}

/* The same with interrupts masked: acknowledged by hand, or not at all before the timer is changed. */
static void polled_rounds(unsigned count)
{
    unsigned again = 0, late = 0;

    irq_priority(board.vtimer_irq, 0x80);
    irq_enable(board.vtimer_irq);
    for (unsigned i = 0; i < count; i++) {
        unsigned irq = IRQ_SPURIOUS;
        uint64_t end;

        set_compare(counter() + ticks_from_us(100 + i % 300));
        set_control(1);
        end = counter() + ticks_from_us(2000000);
        if (arg_is("take", "no")) {
            while (!has_cause()) {
                spin_a_little();
            }
            spin_a_little();
        } else {
            while (irq == IRQ_SPURIOUS && counter() < end) {
                spin_a_little();
                irq = irq_acknowledge() & 0x3ff;
            }
            fired += irq == board.vtimer_irq;
        }
        if (arg_is("by", "masking")) {
            set_control(3);
        } else {
            set_compare(counter() + (1ull << 40));
        }
        if (irq != IRQ_SPURIOUS) {
            irq_end(irq);
        }
        spin_a_little();
        irq = irq_acknowledge() & 0x3ff;
        if (irq != IRQ_SPURIOUS) {
            again++;
            irq_end(irq);
        }
        late += irq_is_pending(board.vtimer_irq);
    }
    say("polled: %u, fired: %u, pending: %u, without a cause: %u\n", count, fired, late, again);
}

/* Req: BH-TIMER-008 */
/* What the virtual counter showed at the first instruction, from what the physical one did. */
static void virtual_counter_at_start(void)
{
    uint64_t offset = READ_SYSREG(cntpct_el0) - now();

    say("virtual counter at start: %lu us\n", (boot_counter - offset) * 1000000 / READ_SYSREG(cntfrq_el0));
    say("physical counter at start: %lu us\n", boot_counter * 1000000 / READ_SYSREG(cntfrq_el0));
}

void guest_main(void)
{
    irq_init();
    if (arg_number("start", 0) != 0) {
        virtual_counter_at_start();
        return;
    }
    if (arg_number("polled", 0) != 0) {
        polled_rounds((unsigned)arg_number("polled", 0));
        return;
    }
    if (arg_number("rounds", 0) != 0) {
        rounds((unsigned)arg_number("rounds", 0));
        return;
    }
    monotonic();
    which = 0;
    test("virtual", board.vtimer_irq);
    which = 1;
    test("physical", board.ptimer_irq);
}
