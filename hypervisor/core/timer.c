/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timer queues: a list a CPU, ordered by deadline. The hardware timer is programmed for the first entry, and only
 * when the first entry changes.
 */
#include "bh/timer.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/sbsa_watchdog.h"
#include "bh/sched.h"
#include "bh/sched_windows.h"
#include "bh/start_order.h"
#include "bh/vcpu.h"

void timer_init(struct timer *t, enum timer_kind kind, void *owner)
{
    *t = (struct timer){ .deadline = TIMER_NEVER, .owner = owner, .kind = (uint8_t)kind };
}

static void unlink_timer(struct timer_queue *q, struct timer *t) REQUIRES(q->lock)
{
    if (t->prev != NULL) {
        t->prev->next = t->next;
    } else {
        q->first = t->next;
    }
    if (t->next != NULL) {
        t->next->prev = t->prev;
    }
    /* Who finds it nowhere sees that its action runs: see timer_expire(). */
    __atomic_store_n(&t->queue, NULL, __ATOMIC_RELEASE);
}

/* Req: BH-SCHED-018 */
/* Is T, of the calling CPU's queue, to wait for the window of its vCPU, which is here? It takes no time of others'. */
static bool waits_for_window(const struct timer *t)
{
    const struct vcpu *v = t->owner;

    return t->kind >= TIMER_VTIMER && !sched_is_time(v) && v->sched.cpu == this_cpu();
}

/* The first of the calling CPU's queue Q that may fire. */
static ALWAYS_INLINE struct timer *first_of(const struct timer_queue *q) REQUIRES(q->lock)
{
    struct timer *t = q->first;

    while (CONFIG_TIME_WINDOWS && t != NULL && unlikely(waits_for_window(t))) {
        t = t->next;
    }
    return t;
}

static void program(const struct timer_queue *q) REQUIRES(q->lock)
{
    const struct timer *t = first_of(q);

    arch_timer_program(t != NULL ? t->deadline : TIMER_NEVER);
}

static void dequeue(struct timer *t)
{
    struct timer_queue *q = __atomic_load_n(&t->queue, __ATOMIC_ACQUIRE);

    if (q == NULL) {
        return;
    }
    spin_lock(&q->lock);
    if (t->queue == q) {
        bool was_first = q->first == t;

        unlink_timer(q, t);
        /* Another CPU's hardware cannot be reached from here: it fires once for nothing. */
        if (was_first && q == &this_cpu()->timers) {
            program(q);
        }
    }
    spin_unlock(&q->lock);
}

/* Req: BH-TIMER-007 */
void timer_cancel(struct timer *t)
{
    dequeue(t);
    /* Bound: one action, which waits for no timer. */
    while (__atomic_load_n(&t->running, __ATOMIC_ACQUIRE)) {
        arch_relax();
    }
}

void timer_set(struct timer *t, uint64_t deadline)
{
    struct timer_queue *q = &this_cpu()->timers;
    struct timer *after = NULL, *before;

    if (deadline == TIMER_NEVER) {
        dequeue(t);
        return;
    }
    if (t->queue != NULL && t->queue != q) {
        dequeue(t);
    }
    spin_lock(&q->lock);
    if (t->queue != NULL) {
        unlink_timer(q, t);
    }
    t->deadline = deadline;
    for (before = q->first; before != NULL && before->deadline <= deadline; before = before->next) {
        after = before;
    }
    t->prev = after;
    t->next = before;
    if (after != NULL) {
        after->next = t;
    } else {
        q->first = t;
    }
    if (before != NULL) {
        before->prev = t;
    }
    __atomic_store_n(&t->queue, q, __ATOMIC_RELAXED);
    program(q);
    spin_unlock(&q->lock);
}

static void run(struct timer *t)
{
    switch ((enum timer_kind)t->kind) {
    case TIMER_SLICE:
        sched_slice_expired(t->owner);
        break;
    case TIMER_REFILL:
        if (CONFIG_CONTROL) {
            sched_refill(t->owner);
        }
        break;
    case TIMER_WINDOW:
        if (CONFIG_TIME_WINDOWS) {
            sched_windows_expired(t->owner);
        }
        break;
    case TIMER_VTIMER:
    case TIMER_PTIMER:
    case TIMER_SINGLESHOT:
    case TIMER_PERIODIC:
    case TIMER_VLAPIC:
        arch_vcpu_timer_expired(t->owner, (enum timer_kind)t->kind);
        break;
    case TIMER_POLL:
        if (CONFIG_EVTCHN) {
            evtchn_poll_expired(t->owner);
        }
        break;
    case TIMER_START:
        if (CONFIG_START_ORDER) {
            start_order_expired(t->owner);
        }
        break;
    case TIMER_SBSA_WATCHDOG:
        if (CONFIG_SBSA_WATCHDOG) {
            sbsa_watchdog_expired(t->owner);
        }
        break;
    case TIMER_WATCHDOG:
        domain_watchdog_expired(t->owner);
        break;
    }
}

void timer_expire(struct cpu *cpu)
{
    struct timer_queue *q = &cpu->timers;
    uint64_t now = arch_time_now();

    /* Bound: actions arm nothing that is due before NOW again, so each armed timer runs at most once. */
    for (;;) {
        struct timer *t;

        spin_lock(&q->lock);
        t = first_of(q);
        if (t == NULL || t->deadline > now) {
            program(q);
            spin_unlock(&q->lock);
            return;
        }
        /* First, so that at no moment it is neither armed nor running: timer_cancel() looks without the lock. */
        __atomic_store_n(&t->running, true, __ATOMIC_RELAXED);
        unlink_timer(q, t);
        spin_unlock(&q->lock);
        run(t);
        __atomic_store_n(&t->running, false, __ATOMIC_RELEASE);
    }
}
