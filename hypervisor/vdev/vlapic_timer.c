/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer of the virtual local APIC (Intel SDM volume 3A, 10.5.4): one-shot, periodic, and TSC deadline.
 *
 * The count is not kept; it follows from the deadline. The counter runs at 100 MHz, a bus cycle of 10 ns, before the
 * divide configuration. Deadlines are rounded up: a timer is never early.
 */
#include "arch/arch.h"
#include "arch/arch_vlapic.h"
#include "vlapic_internal.h"

#define BUS_HZ 100000000u

/*
 * A * B / DIVISOR without a product of more than 64 bits. A is a time of at most 2^39 bus cycles, in these or in ticks.
 * Both B and DIVISOR are frequencies below 2^36 and one of them is BUS_HZ, below 2^27: the remainder's product fits.
 */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t divisor, bool up)
{
    return a / divisor * b + (a % divisor * b + (up ? divisor - 1 : 0)) / divisor;
}

/* Bits 0, 1 and 3 hold log2 of the divisor, less one, modulo 8: SDM 3A figure 10-10. */
static unsigned divide_shift(const struct vlapic *a)
{
    uint32_t code = (a->timer_divide & 3) | (a->timer_divide >> 1 & 4);

    return (code + 1) & 7;
}

static uint64_t ticks_of_count(const struct vlapic *a, uint32_t count)
{
    return scale((uint64_t)count << divide_shift(a), arch_time_frequency(), BUS_HZ, true);
}

static uint32_t timer_mode(const struct vlapic *a)
{
    return __atomic_load_n(&a->lvt[VLAPIC_LVT_TIMER], __ATOMIC_RELAXED) & LVT_TIMER_MODE;
}

static void set_deadline(struct vlapic *a, uint64_t ticks)
{
    __atomic_store_n(&a->timer_deadline, ticks, __ATOMIC_RELAXED);
}

/* Now plus TICKS, but never TIMER_NEVER. */
static uint64_t after(uint64_t ticks)
{
    uint64_t now = arch_time_now();

    return ticks < TIMER_NEVER - 1 - now ? now + ticks : TIMER_NEVER - 1;
}

/* The period by which the timer expires: not more often than is good for others. */
static uint64_t effective_period(const struct vlapic *a)
{
    return MAX(a->timer_period, scale(VLAPIC_MINIMUM_PERIOD_NS / 10, arch_time_frequency(), BUS_HZ, true));
}

/*
 * From here to timer_give() the action does not run, on no CPU, and the timer is not armed elsewhere. If it is armed
 * here, the action cannot interrupt us. Otherwise: an action that did not see the mark may arm the timer once more, so
 * what the first call lets through the second one takes back.
 */
static void timer_take(struct vlapic *a)
{
    if (__atomic_load_n(&a->timer.queue, __ATOMIC_RELAXED) == &this_cpu()->timers) {
        return;
    }
    __atomic_store_n(&a->timer_is_taken, true, __ATOMIC_SEQ_CST);
    timer_cancel(&a->timer);
    timer_cancel(&a->timer);
}

static void timer_give(struct vlapic *a)
{
    __atomic_store_n(&a->timer_is_taken, false, __ATOMIC_RELAXED);
    timer_set(&a->timer, a->timer_deadline);
}

void vlapic_init(struct vcpu *v)
{
    v->arch.vlapic = (struct vlapic){ .timer_deadline = TIMER_NEVER };
    timer_init(&v->arch.vlapic.timer, TIMER_VLAPIC, v);
    vlapic_reset(v);
}

void vlapic_stop(struct vcpu *v)
{
    __atomic_store_n(&v->arch.vlapic.timer_is_taken, true, __ATOMIC_SEQ_CST);
    timer_cancel(&v->arch.vlapic.timer);
    timer_cancel(&v->arch.vlapic.timer);
    set_deadline(&v->arch.vlapic, TIMER_NEVER);
}

void vlapic_timer_reset(struct vcpu *v)
{
    struct vlapic *a = &v->arch.vlapic;

    timer_take(a);
    __atomic_store_n(&a->lvt[VLAPIC_LVT_TIMER], LVT_MASKED, __ATOMIC_RELAXED);
    __atomic_store_n(&a->timer_tsc_deadline, 0, __ATOMIC_RELAXED);
    a->timer_divide = 0;
    a->timer_initial = 0;
    a->timer_period = 0;
    set_deadline(a, TIMER_NEVER);
    timer_give(a);
}

/* Req: BH-APIC-020 */
/* One-shot and periodic change while the count goes on; TSC deadline and the others stop each other (10.5.4.1). */
void vlapic_timer_set_lvt(struct vcpu *v, uint32_t value)
{
    struct vlapic *a = &v->arch.vlapic;
    uint32_t old = timer_mode(a), mode = value & LVT_TIMER_MODE;

    if (mode == old || (mode <= TIMER_PERIODIC && old <= TIMER_PERIODIC)) {
        __atomic_store_n(&a->lvt[VLAPIC_LVT_TIMER], value, __ATOMIC_RELAXED);
        return;
    }
    timer_take(a);
    __atomic_store_n(&a->lvt[VLAPIC_LVT_TIMER], value, __ATOMIC_RELAXED);
    __atomic_store_n(&a->timer_tsc_deadline, 0, __ATOMIC_RELAXED);
    a->timer_initial = 0;
    set_deadline(a, TIMER_NEVER);
    timer_give(a);
}

/* Req: BH-APIC-017 */
void vlapic_timer_set_initial(struct vcpu *v, uint32_t count)
{
    struct vlapic *a = &v->arch.vlapic;

    if (timer_mode(a) > TIMER_PERIODIC) {
        return;
    }
    timer_take(a);
    a->timer_initial = count;
    a->timer_period = ticks_of_count(a, count);
    set_deadline(a, count == 0 ? TIMER_NEVER
                               : after(timer_mode(a) == TIMER_PERIODIC ? effective_period(a) : a->timer_period));
    timer_give(a);
}

/* Req: BH-APIC-022 */
/* What is left of the count goes on at the new rate. */
void vlapic_timer_set_divide(struct vcpu *v, uint32_t value)
{
    struct vlapic *a = &v->arch.vlapic;
    uint32_t left;

    if (timer_mode(a) > TIMER_PERIODIC) {
        a->timer_divide = value & 0xb;
        return;
    }
    timer_take(a);
    left = vlapic_timer_current(v);
    a->timer_divide = value & 0xb;
    a->timer_period = ticks_of_count(a, a->timer_initial);
    /* One that is due is about to expire anyhow. */
    if (a->timer_deadline != TIMER_NEVER && a->timer_deadline > arch_time_now()) {
        set_deadline(a, after(ticks_of_count(a, left)));
    }
    timer_give(a);
}

/* Req: BH-APIC-019 */
void vlapic_timer_set_deadline(struct vcpu *v, uint64_t tsc)
{
    struct vlapic *a = &v->arch.vlapic;
    bool is_due = tsc != 0 && tsc <= arch_vlapic_tsc(v);

    if (timer_mode(a) != TIMER_DEADLINE) {
        return;
    }
    timer_take(a);
    __atomic_store_n(&a->timer_tsc_deadline, is_due ? 0 : tsc, __ATOMIC_RELAXED);
    set_deadline(a, tsc == 0 || is_due ? TIMER_NEVER : arch_vlapic_time_of_tsc(v, tsc));
    timer_give(a);
    if (is_due && (a->lvt[VLAPIC_LVT_TIMER] & LVT_MASKED) == 0) {
        vlapic_post(v, (uint8_t)a->lvt[VLAPIC_LVT_TIMER]);
    }
}

/* Req: BH-APIC-021 */
uint32_t vlapic_timer_current(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint64_t deadline = __atomic_load_n(&a->timer_deadline, __ATOMIC_RELAXED);
    uint64_t now = arch_time_now(), left;

    if (timer_mode(a) > TIMER_PERIODIC || deadline == TIMER_NEVER) {
        return 0;
    }
    if (deadline > now) {
        left = deadline - now;
    } else if (timer_mode(a) == TIMER_PERIODIC) {
        left = effective_period(a) - (now - deadline) % effective_period(a);
    } else {
        return 0;
    }
    left = scale(left, BUS_HZ, arch_time_frequency(), true);
    left = (left + (1u << divide_shift(a)) - 1) >> divide_shift(a);
    return (uint32_t)MIN(left, a->timer_initial);
}

/* Req: BH-APIC-018 */
void vlapic_timer_expired(struct vcpu *v)
{
    struct vlapic *a = &v->arch.vlapic;
    uint32_t lvt = __atomic_load_n(&a->lvt[VLAPIC_LVT_TIMER], __ATOMIC_RELAXED);
    uint64_t deadline = a->timer_deadline, now = arch_time_now();

    if (deadline > now) {
        return;
    }
    __atomic_store_n(&a->timer_tsc_deadline, 0, __ATOMIC_RELAXED);
    if ((lvt & LVT_TIMER_MODE) == TIMER_PERIODIC && a->timer_initial != 0) {
        /* Periods that went by meanwhile are not made up for. */
        uint64_t period = effective_period(a);

        deadline += ((now - deadline) / period + 1) * period;
        set_deadline(a, deadline);
        if (!__atomic_load_n(&a->timer_is_taken, __ATOMIC_SEQ_CST)) {
            timer_set(&a->timer, deadline);
        }
    } else {
        set_deadline(a, TIMER_NEVER);
    }
    if ((lvt & LVT_MASKED) == 0) {
        vlapic_post(v, (uint8_t)lvt);
    }
}
