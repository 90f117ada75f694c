/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's cap: how much CPU time its vCPUs that share CPUs get in all, however idle the rest is. In every period it
 * may run its percentage of one CPU, in whatever vCPUs; when that is spent its vCPUs stay off their CPUs until the next
 * period begins. What it ran beyond that, as several CPUs notice it late, is taken from the periods that follow. What
 * it leaves is not saved.
 *
 * Domains that have spent theirs are in one list, and so are the CPUs that look after them: each that puts a domain into
 * it, or finds one there that is not due yet, has a timer for the earliest.
 *
 * Every function is called with the scheduler's lock held.
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

#define PERIOD_US   10000
#define TURN_MIN_US 100 /* a turn is not shorter, however little is left */
/* More periods than it takes to pay for any debt: all CPUs at once, for as long as a turn can last. */
#define DEBT_LIMIT (1U << 20)

static struct domain *spent;

static uint64_t ticks(uint64_t us)
{
    return us * arch_time_frequency() / 1000000;
}

static int64_t quota(const struct domain *d)
{
    return (int64_t)(ticks(PERIOD_US) * d->cap.percent / 100);
}

/* Gives D what the periods that have begun since the last time are worth. */
static void refill(struct domain *d, uint64_t now)
{
    uint64_t begun;

    if (now < d->cap.refill_at) {
        return;
    }
    begun = (now - d->cap.refill_at) / ticks(PERIOD_US) + 1;
    d->cap.refill_at += begun * ticks(PERIOD_US);
    d->cap.budget = begun > DEBT_LIMIT ? quota(d) : MIN(d->cap.budget + (int64_t)begun * quota(d), quota(d));
}

void sched_cap_set(struct domain *d, uint16_t percent, uint64_t now)
{
    d->cap.percent = percent;
    d->cap.budget = quota(d);
    d->cap.refill_at = now + ticks(PERIOD_US);
    sched_cap_forget(d);
}

void sched_cap_charge(struct domain *d, uint64_t ran)
{
    d->cap.budget -= (int64_t)ran;
}

/* Req: BH-SCHED-014 */
bool sched_cap_is_reached(struct domain *d, uint64_t now)
{
    if (d->cap.is_spent) {
        return false;
    }
    refill(d, now);
    if (d->cap.budget > 0) {
        return false;
    }
    d->cap.is_spent = true;
    domain_hold(d);
    d->cap.next = spent;
    spent = d;
    return true;
}

void sched_cap_forget(struct domain *d)
{
    struct domain **at = &spent;

    if (!d->cap.is_spent) {
        return;
    }
    while (*at != d) {
        at = &(*at)->cap.next;
    }
    *at = d->cap.next;
    d->cap.is_spent = false;
    domain_hold(d);
}

struct domain *sched_cap_next(uint64_t now)
{
    for (struct domain *d = spent; d != NULL; d = d->cap.next) {
        refill(d, now);
        if (d->cap.budget > 0) {
            sched_cap_forget(d);
            return d;
        }
    }
    return NULL;
}

uint64_t sched_cap_earliest(void)
{
    uint64_t earliest = TIMER_NEVER;

    for (const struct domain *d = spent; d != NULL; d = d->cap.next) {
        earliest = MIN(earliest, d->cap.refill_at);
    }
    return earliest;
}

uint64_t sched_cap_turn(const struct domain *d, uint64_t turn)
{
    int64_t budget = __atomic_load_n(&d->cap.budget, __ATOMIC_RELAXED);

    return MIN(turn, MAX(ticks(TURN_MIN_US), budget > 0 ? (uint64_t)budget : 0));
}
