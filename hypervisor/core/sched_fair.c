/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair sharing by weight. Each vCPU has a virtual time that advances as it runs, the slower the larger its weight; a
 * CPU runs the waiting vCPU with the smallest one that may use it. A single queue serves all CPUs, so no CPU is idle
 * while a vCPU that may use it waits.
 *
 * Virtual times mean something only between vCPUs that compete: who had a CPU for himself, or shared another set of
 * CPUs, may be far ahead or behind. So who wakes up is ranked beside what runs and waits where it goes, and when two
 * meet, the one behind is pulled up to two slices behind the other: nobody was denied more than that.
 *
 * Bounds. A turn lasts SLICE_US. Nobody is ahead of a waiting vCPU but those with a smaller virtual time, and a
 * vCPU that wakes up gets at most CREDIT_US of advance; so of N runnable vCPUs of equal weight on C CPUs each one
 * runs again after at most ceil(N / C) slices, plus one credit for each that wakes up meanwhile, plus two slices for
 * each that comes from other CPUs.
 * Queueing looks at each queued vCPU at most once.
 *
 * Every function is called with the scheduler's lock held.
 */
#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

#define SLICE_US       5000
#define CREDIT_US      2000 /* how far behind the others a sleeper may wake up */
#define GRANULARITY_US 500  /* a waking vCPU preempts one that is this far ahead of it */

struct vcpu *sched_fair_first;
static struct vcpu *queue_last;

/* The same in ticks. [boot] */
static uint64_t slice, credit, granularity;

void sched_fair_init(void)
{
    uint64_t f = arch_time_frequency();

    slice = SLICE_US * f / 1000000;
    credit = CREDIT_US * f / 1000000;
    granularity = GRANULARITY_US * f / 1000000;
}

uint64_t sched_fair_slice(void)
{
    return slice;
}

/* Req: BH-SCHED-002 */
/* TICKS of running as virtual time of V. */
static uint64_t weighted(const struct vcpu *v, uint64_t ticks)
{
    return ticks * SCHED_WEIGHT_DEFAULT / v->sched.weight;
}

/* Req: BH-SCHED-001 */
bool sched_fair_charge(struct vcpu *v, uint64_t now)
{
    uint64_t ran;

    if (now <= v->sched.started) {
        return false; /* another CPU, which looked at the clock later, got the lock first */
    }
    ran = now - v->sched.started;
    v->sched.started = now;
    v->sched.vtime += weighted(v, ran);
    if (CONFIG_CONTROL && unlikely(v->sched.is_capped)) {
        sched_cap_charge(v->domain, ran);
        return true;
    }
    return false;
}

/* Req: BH-SCHED-008, BH-SCHED-009 */
void sched_fair_rank(struct vcpu *v, const struct cpu *target, uint64_t now)
{
    struct vcpu *running = __atomic_load_n(&target->current, __ATOMIC_RELAXED);
    const struct vcpu *waiting = sched_fair_best(target);
    uint64_t at;

    if (running == NULL) {
        return;
    }
    (void)sched_fair_charge(running, now);
    at = waiting != NULL ? MIN(waiting->sched.vtime, running->sched.vtime) : running->sched.vtime;
    if (v->sched.vtime + credit < at) {
        v->sched.vtime = at - credit;
    } else if (v->sched.vtime > at) {
        /* It may owe a turn, but not what it ran when nobody else wanted to. */
        v->sched.vtime = MIN(v->sched.vtime, at + weighted(v, sched_fair_slice()));
    }
}

void sched_fair_level(struct vcpu *winner, const struct vcpu *loser)
{
    uint64_t behind = 2 * weighted(loser, sched_fair_slice());

    if (winner->sched.vtime + behind < loser->sched.vtime) {
        winner->sched.vtime = loser->sched.vtime - behind;
    }
}

void sched_fair_enqueue(struct vcpu *v)
{
    struct vcpu *before = queue_last;

    while (before != NULL && before->sched.vtime > v->sched.vtime) {
        before = before->sched.prev;
    }
    v->sched.prev = before;
    v->sched.next = before != NULL ? before->sched.next : sched_fair_first;
    if (before != NULL) {
        before->sched.next = v;
    } else {
        sched_fair_first = v;
    }
    if (v->sched.next != NULL) {
        v->sched.next->sched.prev = v;
    } else {
        queue_last = v;
    }
    v->sched.queued = true;
}

void sched_fair_dequeue(struct vcpu *v)
{
    if (v->sched.prev != NULL) {
        v->sched.prev->sched.next = v->sched.next;
    } else {
        sched_fair_first = v->sched.next;
    }
    if (v->sched.next != NULL) {
        v->sched.next->sched.prev = v->sched.prev;
    } else {
        queue_last = v->sched.prev;
    }
    v->sched.queued = false;
}

/* The CPU that V lost has its registers still, and will tell CPU when they are saved: unless they are now. */
static COLD bool pass_over(struct vcpu *v, const struct cpu *cpu)
{
    __atomic_store_n(&v->sched.passed_over_by, (uint16_t)(cpu->id + 1), __ATOMIC_RELAXED);
    arch_full_barrier();
    return __atomic_load_n(&v->sched.loaded, __ATOMIC_ACQUIRE);
}

/* Req: BH-SCHED-007 */
struct vcpu *sched_fair_find(const struct cpu *cpu)
{
    struct vcpu *v = sched_fair_first;

    while (v != NULL && (!sched_may_use(v, cpu) ||
                         (unlikely(__atomic_load_n(&v->sched.loaded, __ATOMIC_ACQUIRE)) && pass_over(v, cpu)))) {
        v = v->sched.next;
    }
    return v;
}

/* Req: BH-SCHED-004, BH-SCHED-011 */
bool sched_fair_preempts(const struct vcpu *waiting, const struct vcpu *running, bool expired)
{
    if (expired) {
        return running->sched.intent == INTENT_YIELD || waiting->sched.vtime <= running->sched.vtime;
    }
    return waiting->sched.vtime + granularity < running->sched.vtime;
}

/* Is CPU's slice timer armed, or about to be? A hint: both are that CPU's. */
static bool slices_end(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->sched.slice.queue, __ATOMIC_RELAXED) != NULL ||
           __atomic_load_n(&cpu->sched.contended, __ATOMIC_RELAXED);
}

static bool prefers(const struct vcpu *v, const struct cpu *cpu)
{
    return !CONFIG_CONTROL || cpuset_has(&v->sched.preferred, cpu->id);
}

struct cpu *sched_fair_place(const struct vcpu *v)
{
    struct cpu *last = v->sched.cpu, *busiest = NULL, *idle = NULL;
    uint64_t latest = 0;
    bool is_shared = true;

    if (cpu_is_idle(last) && !cpu_is_apart(last) && sched_may_use(v, last) && prefers(v, last)) {
        return last;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];
        const struct vcpu *running;
        bool ends;

        if (!sched_may_use(v, cpu) || cpu_is_apart(cpu) || !cpu->online) {
            continue;
        }
        running = __atomic_load_n(&cpu->current, __ATOMIC_RELAXED);
        if (running == NULL) {
            if (prefers(v, cpu)) {
                return cpu;
            }
            idle = cpu;
            continue;
        }
        /* A CPU whose slices do not end yet must hear of V, or it would never be shared. */
        ends = slices_end(cpu);
        if (busiest == NULL || (is_shared && !ends) || (is_shared == ends && running->sched.vtime > latest)) {
            busiest = cpu;
            latest = running->sched.vtime;
            is_shared = ends;
        }
    }
    return idle != NULL ? idle : busiest;
}

struct cpu *sched_fair_place_again(const struct vcpu *v)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];

        if (cpu != this_cpu() && cpu->online && !cpu_is_apart(cpu) && sched_may_use(v, cpu) &&
            (cpu_is_idle(cpu) || !slices_end(cpu))) {
            return cpu;
        }
    }
    return NULL;
}

struct cpu *sched_fair_idle(const struct cpu *other_than)
{
    for (unsigned i = 0; i < cpu_count && sched_fair_first != NULL; i++) {
        struct cpu *cpu = cpu_table[i];

        if (cpu != other_than && !cpu_is_apart(cpu) && cpu_is_idle(cpu) && sched_fair_best(cpu) != NULL) {
            return cpu;
        }
    }
    return NULL;
}
