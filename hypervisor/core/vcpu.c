/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs: creation, sleep and wake-up, and the switch from one to the next.
 *
 * Sleep and wake-up meet without a lock: who posts an interrupt stores it and sets kicked, then (full barrier) reads
 * the state; who goes to sleep clears kicked, looks for interrupts, stores the state, then (full barrier) reads kicked.
 * One of them sees the other.
 */
#include "bh/vcpu.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/counters.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/heap.h"
#include "bh/reaper.h"

int vcpu_create(struct domain *d, unsigned id, struct cpu *own_cpu, const cpuset_t *affinity, struct vcpu **out)
{
    struct vcpu *v;
    int err;

    if (id >= CONFIG_MAX_VCPUS) {
        return -XEN_EINVAL;
    }
    if (d->vcpus[id] != NULL) {
        return -XEN_EEXIST;
    }
    v = heap_alloc(sizeof(*v), d->id);
    if (v == NULL) {
        return -XEN_ENOMEM;
    }
    v->domain = d;
    v->id = (uint16_t)id;
    if (CONFIG_EVTCHN) {
        evtchn_vcpu_init(v);
    }
    timer_init(&v->poll_timer, TIMER_POLL, v);
    err = arch_vcpu_create(v);
    if (err == 0) {
        err = sched_vcpu_init(v, own_cpu, affinity, d->weight);
        if (err != 0) {
            arch_vcpu_destroy(v);
        }
    }
    if (err != 0) {
        heap_free(v, sizeof(*v));
        return err;
    }
    d->vcpus[id] = v;
    *out = v;
    return 0;
}

void vcpu_destroy(struct vcpu *v)
{
    sched_vcpu_remove(v);
    timer_cancel(&v->poll_timer);
    if (CONFIG_EVTCHN) {
        evtchn_vcpu_free(v);
    }
    v->domain->vcpus[v->id] = NULL;
    arch_vcpu_destroy(v);
    heap_free(v, sizeof(*v));
}

int vcpu_online(struct vcpu *v)
{
    return sched_wake(v, VCPU_OFFLINE) ? 0 : -XEN_EBUSY;
}

/* The current vCPU leaves its CPU, or at least asks. */
static void leave_with(enum sched_intent intent)
{
    struct cpu *cpu = this_cpu();

    cpu->current->sched.intent = (uint8_t)intent;
    cpu->work |= WORK_RESCHED;
}

void vcpu_offline_current(void)
{
    leave_with(INTENT_OFFLINE);
}

void vcpu_block_current(void)
{
    struct vcpu *v = this_cpu()->current;

    __atomic_store_n(&v->kicked, false, __ATOMIC_RELAXED);
    arch_full_barrier();
    if (!arch_vcpu_has_event(v)) {
        leave_with(INTENT_BLOCK);
    }
}

/* Req: BH-EVT-007 */
int vcpu_poll_current(const uint32_t *ports, unsigned port_count, uint64_t deadline)
{
    struct vcpu *v = this_cpu()->current;
    int result;

    __atomic_store_n(&v->kicked, false, __ATOMIC_RELAXED);
    result = CONFIG_EVTCHN ? evtchn_poll(v, ports, port_count) : -XEN_ENOSYS;
    if (result != 0) {
        return MIN(result, 0);
    }
    /* In the place of that of an earlier poll, which an event may have ended. */
    timer_set(&v->poll_timer, deadline);
    leave_with(INTENT_BLOCK);
    return 0;
}

void vcpu_yield_current(void)
{
    leave_with(INTENT_YIELD);
}

/* Req: BH-SCHED-012 */
void vcpu_kick(struct vcpu *v)
{
    uint8_t state;

    __atomic_store_n(&v->kicked, true, __ATOMIC_RELAXED);
    arch_full_barrier();
    state = __atomic_load_n(&v->state, __ATOMIC_RELAXED);
    if (state == VCPU_RUNNING) {
        if (!ARCH_VIRQ_IS_FOUND || v->sched.cpu != this_cpu()) {
            cpu_request(v->sched.cpu, WORK_VIRQ);
        }
    } else if (state == VCPU_BLOCKED) {
        (void)sched_wake(v, VCPU_BLOCKED);
    }
}

/* Goes from the current vCPU (or idleness) to NEXT (or idleness). */
static void switch_to(struct cpu *cpu, struct vcpu *next)
{
    struct vcpu *old = cpu->current;

    counter_add(cpu, COUNTER_SWITCHES);
    if (old != NULL) {
        arch_vcpu_unload(old);
    }
    __atomic_store_n(&cpu->current, next, __ATOMIC_RELAXED);
    if (old != NULL) {
        sched_release(old);
    }
    if (next != NULL) {
        arch_vcpu_load(next);
        if (CONFIG_XEN_GUEST) {
            runstate_publish(next);
        }
        sched_begin_turn(cpu);
    }
}

void vcpu_leave_slow(struct cpu *cpu)
{
    /*
     * Each turn consumes what was asked for before it. New work comes from this CPU's own actions below, which are
     * bounded, or from other CPUs, each of which asks once for an event of its own; the reaper's steps alternate with
     * guests. With nothing to run the CPU sleeps here.
     */
    for (;;) {
        uint32_t work = cpu->work;
        struct vcpu *next;

        if (__atomic_load_n(&cpu->requests, __ATOMIC_RELAXED) != 0) {
            work |= __atomic_exchange_n(&cpu->requests, 0, __ATOMIC_ACQUIRE);
        }
        cpu->work = 0;
        if (cpu->current == NULL || (work & WORK_RESCHED) != 0) {
            if (sched_pick(cpu, &next)) {
                switch_to(cpu, next);
            } else if ((work & WORK_VIRQ) != 0 && next != NULL) {
                arch_vcpu_sync(next);
            }
        } else if ((work & WORK_VIRQ) != 0) {
            arch_vcpu_sync(cpu->current);
        }
        if ((work & WORK_REAP) != 0 && sched_may_reap(cpu) && reaper_run()) {
            cpu->work |= WORK_REAP;
        }
        if (cpu->work != 0) {
            /* A vCPU that runs goes first: what is left is taken up at the next trap or slice. */
            if (cpu->current != NULL && cpu->work == WORK_REAP) {
                sched_defer_work(cpu);
                return;
            }
            continue;
        }
        if (cpu->current != NULL) {
            return;
        }
        arch_cpu_wait();
    }
}
