/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair sharing by weight. Each vCPU has a virtual time that advances as it runs, the slower the larger its weight; a
 * CPU runs the waiting vCPU with the smallest one that may use it. A single queue serves all CPUs, so no CPU is idle
 * while a vCPU that may use it waits.
 *
 * Bounds. A turn lasts SLICE_US. Nobody is ahead of a waiting vCPU but those with a smaller virtual time, and a
 * vCPU that wakes up gets at most CREDIT_US of advance; so of N runnable vCPUs of equal weight on C CPUs each one
 * runs again after at most ceil(N / C) slices, plus one credit for each that wakes up meanwhile.
 * Queueing looks at each queued vCPU at most once.
 *
 * Every function is called with the scheduler's lock held.
 */
#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

#define SLICE_US       5000
#define CREDIT_US      2000 /* how far behind the others a sleeper may wake up */
#define GRANULARITY_US 500  /* a waking vCPU preempts one that is this far ahead of it */

static struct vcpu *queue_first, *queue_last;
static uint64_t clock; /* virtual time of the last vCPU picked; never goes back */

static uint64_t ticks(uint64_t microseconds)
{
    return microseconds * arch_time_frequency() / 1000000;
}

uint64_t sched_fair_slice(void)
{
    return ticks(SLICE_US);
}

void sched_fair_charge(struct vcpu *v, uint64_t now)
{
    uint64_t ran = now - v->sched.started;

    v->sched.started = now;
    v->sched.runtime += ran;
    v->sched.vtime += ran * SCHED_WEIGHT_DEFAULT / v->sched.weight;
}

void sched_fair_enqueue(struct vcpu *v, bool slept)
{
    struct vcpu *before = queue_last;

    if (slept) {
        uint64_t credit = ticks(CREDIT_US);
        uint64_t floor = clock > credit ? clock - credit : 0;

        v->sched.vtime = MAX(v->sched.vtime, floor);
    }
    while (before != NULL && before->sched.vtime > v->sched.vtime) {
        before = before->sched.prev;
    }
    v->sched.prev = before;
    v->sched.next = before != NULL ? before->sched.next : queue_first;
    if (before != NULL) {
        before->sched.next = v;
    } else {
        queue_first = v;
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
        queue_first = v->sched.next;
    }
    if (v->sched.next != NULL) {
        v->sched.next->sched.prev = v->sched.prev;
    } else {
        queue_last = v->sched.prev;
    }
    v->sched.queued = false;
    clock = MAX(clock, v->sched.vtime);
}

struct vcpu *sched_fair_best(const struct cpu *cpu)
{
    struct vcpu *v = queue_first;

    while (v != NULL && !cpuset_has(&v->sched.affinity, cpu->id)) {
        v = v->sched.next;
    }
    return v;
}

bool sched_fair_preempts(const struct vcpu *waiting, const struct vcpu *running, bool expired)
{
    if (expired) {
        return running->sched.intent == INTENT_YIELD || waiting->sched.vtime <= running->sched.vtime;
    }
    return waiting->sched.vtime + ticks(GRANULARITY_US) < running->sched.vtime;
}

struct cpu *sched_fair_place(const struct vcpu *v)
{
    struct cpu *last = v->sched.cpu, *busiest = NULL;
    uint64_t latest = 0;

    if (last->sched.owner == NULL && cpuset_has(&v->sched.affinity, last->id) && cpu_is_idle(last)) {
        return last;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];
        const struct vcpu *running;

        if (!cpuset_has(&v->sched.affinity, i) || cpu->sched.owner != NULL || !cpu->online) {
            continue;
        }
        running = __atomic_load_n(&cpu->current, __ATOMIC_RELAXED);
        if (running == NULL) {
            return cpu;
        }
        if (busiest == NULL || running->sched.vtime > latest) {
            busiest = cpu;
            latest = running->sched.vtime;
        }
    }
    return busiest;
}
