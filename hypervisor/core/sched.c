/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States of vCPUs. One lock guards the states and the run queue. A switch takes it once: what runs next is picked and
 * the old vCPU waits or sleeps from then on. But its registers are still in the CPU: until sched_release() says that
 * they are saved it is LOADED, and no other CPU takes it. One that would have is told afterwards: it says so in
 * PASSED_OVER_BY, then reads LOADED; the CPU that saves clears LOADED, then reads PASSED_OVER_BY.
 */
#include "bh/sched.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/sched_windows.h"
#include "bh/spinlock.h"
#include "bh/vcpu.h"

struct spinlock sched_lock = SPINLOCK_INIT(LOCK_SCHED);

static void set_state(struct vcpu *v, enum vcpu_state state, uint64_t now) REQUIRES(sched_lock)
{
    __atomic_store_n(&v->state, (uint8_t)state, __ATOMIC_RELAXED);
    if (CONFIG_XEN_GUEST) {
        runstate_enter(v, state, now);
    }
}

void sched_cpu_init(struct cpu *cpu)
{
    timer_init(&cpu->sched.slice, TIMER_SLICE, cpu);
    timer_init(&cpu->sched.refill, TIMER_REFILL, cpu);
    if (CONFIG_SCHED_FAIR) {
        sched_fair_init();
    }
}

/* Req: BH-SCHED-010 */
int sched_vcpu_init(struct vcpu *v, struct cpu *own_cpu, const cpuset_t *affinity, uint16_t weight)
{
    bool in_windows = CONFIG_TIME_WINDOWS && v->domain->schedule != 0;
    struct cpu *first = own_cpu;
    int err = 0;

    for (unsigned i = 0; i < cpu_count && first == NULL; i++) {
        if (cpuset_has(affinity, i)) {
            first = cpu_table[i];
        }
    }
    if (first == NULL || (own_cpu == NULL && !CONFIG_SCHED_FAIR && !in_windows)) {
        return -XEN_EINVAL;
    }
    spin_lock(&sched_lock);
    if (own_cpu != NULL && cpu_is_apart(own_cpu)) {
        err = -XEN_EBUSY;
    } else {
        v->sched = (struct sched_unit){
            .cpu = first, .pool = CONFIG_CONTROL ? v->domain->pool : 0, .affinity = *affinity, .asked = *affinity,
            .preferred = *affinity, .weight = weight, .owns_cpu = own_cpu != NULL,
            .is_apart = CONFIG_TIME_WINDOWS && own_cpu != NULL,
            .is_capped = CONFIG_CONTROL && own_cpu == NULL && !in_windows && v->domain->cap.percent != 0,
        };
        v->runstate = (struct runstate){ .entered = arch_time_now(), .state = RUNSTATE_offline };
        v->state = VCPU_OFFLINE;
        if (own_cpu != NULL) {
            own_cpu->sched.owner = v;
            if (CONFIG_TIME_WINDOWS) {
                own_cpu->sched.is_apart = true;
            }
        } else if (in_windows) {
            err = sched_windows_join(v);
        } else if (CONFIG_CONTROL) {
            sched_confine(v);
        }
    }
    spin_unlock(&sched_lock);
    return err;
}

void sched_runstate(const struct vcpu *v, struct runstate *out)
{
    spin_lock(&sched_lock);
    *out = v->runstate;
    spin_unlock(&sched_lock);
}

void sched_vcpu_remove(struct vcpu *v)
{
    cpuset_t targets = { { 0 } };

    spin_lock(&sched_lock);
    if (CONFIG_SCHED_FAIR && v->sched.queued) {
        sched_fair_dequeue(v);
    }
    if (v->sched.owns_cpu) {
        v->sched.cpu->sched.owner = NULL;
    }
    if (CONFIG_TIME_WINDOWS && v->sched.place != 0) {
        sched_windows_leave(v);
    } else if (CONFIG_TIME_WINDOWS && v->sched.owns_cpu) {
        v->sched.cpu->sched.is_apart = false;
    }
    if (CONFIG_CONTROL) {
        sched_cap_forget(v->domain);
        sched_forget_sole(v, &targets);
    }
    set_state(v, VCPU_OFFLINE, arch_time_now());
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
}

static ALWAYS_INLINE bool is_capped(const struct vcpu *v)
{
    return CONFIG_CONTROL && unlikely(v->sched.is_capped);
}

/*
 * Somebody waits for CPU, where V runs: the current turn will end. The timer is not disarmed when nobody waits any more,
 * because somebody soon will again; it then ends a turn for nothing, once a slice at most.
 */
static ALWAYS_INLINE void arm_slice(struct cpu *cpu, const struct vcpu *v, uint64_t now)
{
    if (CONFIG_SCHED_FAIR && cpu->sched.slice.queue == NULL) {
        timer_set(&cpu->sched.slice,
                  now + (is_capped(v) ? sched_cap_turn(v->domain, sched_fair_slice()) : sched_fair_slice()));
    }
}

/*
 * V slept and may run: queues it. Returns the CPU that should look, or NULL: what runs on the best CPU goes first, and
 * its slice will end.
 */
static struct cpu *make_runnable(struct vcpu *v, uint64_t now) REQUIRES(sched_lock)
{
    struct cpu *target;

    set_state(v, VCPU_RUNNABLE, now);
    if (sched_is_apart(v)) {
        return sched_is_time(v) ? v->sched.cpu : NULL;
    }
    if (!CONFIG_SCHED_FAIR) {
        return NULL;
    }
    target = sched_fair_place(v);
    if (CONFIG_CONTROL && unlikely(target == NULL) && sched_find_sole(v)) {
        target = sched_fair_place(v);
    }
    if (target != NULL) {
        sched_fair_rank(v, target, now);
    }
    sched_fair_enqueue(v);
    if (target == this_cpu() && target->current != NULL && target->current->sched.intent == INTENT_RUN) {
        if (!sched_fair_preempts(v, target->current, false)) {
            arm_slice(target, target->current, now);
            return NULL;
        }
    }
    return target;
}

void sched_request_all(const cpuset_t *cpus)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpuset_has(cpus, i)) {
            cpu_request(cpu_table[i], WORK_RESCHED);
        }
    }
}

bool sched_wake(struct vcpu *v, uint8_t from)
{
    struct cpu *target = NULL;
    bool woken;

    spin_lock(&sched_lock);
    woken = v->state == from && v->domain->phase == DOMAIN_RUNNING;
    if (woken && !domain_may_run(v->domain)) {
        set_state(v, VCPU_RUNNABLE, arch_time_now());
    } else if (woken) {
        target = make_runnable(v, arch_time_now());
    }
    spin_unlock(&sched_lock);
    if (target != NULL) {
        cpu_request(target, WORK_RESCHED);
    }
    return woken;
}

/*
 * V loses the calling CPU, which still has its registers. Returns the CPU that should look at it once they are saved,
 * or NULL. One that goes off line does so only then, as it may be started anew at once.
 */
static ALWAYS_INLINE struct cpu *lay_down(struct vcpu *v, bool goes_on, uint64_t now) REQUIRES(sched_lock)
{
    if (!goes_on) {
        if (v->domain->phase == DOMAIN_RUNNING && v->sched.intent == INTENT_BLOCK) {
            set_state(v, VCPU_BLOCKED, now);
        } else if (CONFIG_CONTROL && v->domain->phase == DOMAIN_RUNNING && v->sched.intent != INTENT_OFFLINE) {
            /* Its domain is paused. */
            set_state(v, VCPU_RUNNABLE, now);
        }
        return NULL;
    }
    set_state(v, VCPU_RUNNABLE, now);
    if (sched_is_apart(v)) {
        return v->sched.owns_cpu ? v->sched.cpu : NULL;
    }
    if (!CONFIG_SCHED_FAIR) {
        return NULL;
    }
    sched_fair_enqueue(v);
    return sched_fair_place_again(v);
}

/* What runs next on CPU, where OLD runs now (or NULL), which may go on if OLD_GOES_ON. */
static struct vcpu *pick_fair(struct cpu *cpu, struct vcpu *old, bool old_goes_on) REQUIRES(sched_lock)
{
    struct vcpu *best = sched_fair_best(cpu);
    bool expired;

    if (old == NULL || !old_goes_on) {
        return best;
    }
    expired = old->sched.intent == INTENT_YIELD || cpu->sched.slice_is_over;
    if (best == NULL) {
        return old;
    }
    if (!sched_fair_preempts(best, old, expired)) {
        sched_fair_level(old, best);
        return old;
    }
    sched_fair_dequeue(best);
    sched_fair_level(best, old);
    return best;
}

/* The same for a CPU that is not shared. */
static struct vcpu *pick_apart(struct cpu *cpu, struct vcpu *old, bool old_goes_on, uint64_t now) REQUIRES(sched_lock)
{
    return CONFIG_TIME_WINDOWS && cpu->sched.schedule != NULL ? sched_windows_pick(cpu, old, old_goes_on, now)
                                                              : sched_pinned_pick(cpu, old, old_goes_on);
}

/* CPU goes from OLD to NEXT; NULL: from or to idleness. */
static void account_idleness(struct cpu *cpu, const struct vcpu *old, const struct vcpu *next, uint64_t now)
    REQUIRES(sched_lock)
{
    if (old == NULL && next != NULL) {
        cpu->sched.idle += now - cpu->sched.idle_since;
    } else if (old != NULL && next == NULL) {
        cpu->sched.idle_since = now;
    }
}

/* D may not run any more: none of it waits, and which CPUs are to let go of it is added to RUNNING. */
static void stop_domain(const struct domain *d, cpuset_t *running) REQUIRES(sched_lock)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpus[i];

        if (v != NULL && CONFIG_SCHED_FAIR && v->sched.queued) {
            sched_fair_dequeue(v);
        }
        if (v != NULL && v->state == VCPU_RUNNING) {
            cpuset_add(running, v->sched.cpu->id);
        }
    }
}

/* D may run again: what of it wants to waits for a CPU. Which CPUs should look is added to TARGETS. */
static void go_on(const struct domain *d, cpuset_t *targets) REQUIRES(sched_lock)
{
    for (unsigned i = 0; i < d->vcpu_count && domain_may_run(d); i++) {
        struct vcpu *v = d->vcpus[i];
        const struct cpu *target = NULL;

        if (v != NULL && v->state == VCPU_RUNNABLE && !v->sched.queued) {
            target = make_runnable(v, arch_time_now());
        }
        if (target != NULL) {
            cpuset_add(targets, target->id);
        }
    }
}

/* V's time on CPU is charged: if it was the last that its domain's cap allows, all of that stops until it may go on. */
static COLD void settle_cap(struct cpu *cpu, struct vcpu *v, uint64_t now) REQUIRES(sched_lock)
{
    cpuset_t running = { { 0 } };

    if (!sched_cap_is_reached(v->domain, now)) {
        return;
    }
    stop_domain(v->domain, &running);
    running.word[cpu->id / 64] &= ~BIT(cpu->id % 64);
    sched_request_all(&running);
    timer_set(&cpu->sched.refill, sched_cap_earliest());
}

/* Req: BH-SCHED-003 */
bool sched_pick(struct cpu *cpu, struct vcpu **next)
{
    struct vcpu *old = cpu->current, *chosen;
    uint64_t now = arch_time_now();
    struct vcpu *waiting = NULL;
    struct cpu *idle = NULL;
    bool old_goes_on, contended = false;

    spin_lock(&sched_lock);
    if (CONFIG_SCHED_FAIR && old != NULL && !sched_is_apart(old)) {
        if (sched_fair_charge(old, now)) {
            settle_cap(cpu, old, now);
        }
    }
    old_goes_on = old != NULL && (old->sched.intent == INTENT_RUN || old->sched.intent == INTENT_YIELD) &&
                  domain_may_run(old->domain);
    if (cpu_is_apart(cpu) || !CONFIG_SCHED_FAIR) {
        chosen = pick_apart(cpu, old, old_goes_on, now);
    } else {
        chosen = pick_fair(cpu, old, old_goes_on && (!CONFIG_CONTROL || sched_may_use(old, cpu)));
    }
    if (CONFIG_CONTROL) {
        account_idleness(cpu, old, chosen, now);
    }
    if (chosen != NULL && chosen != old) {
        if (CONFIG_SCHED_FAIR && chosen->sched.queued) {
            sched_fair_dequeue(chosen);
        }
        set_state(chosen, VCPU_RUNNING, now);
        chosen->sched.cpu = cpu;
        chosen->sched.intent = INTENT_RUN;
        chosen->sched.started = now;
        chosen->sched.loaded = true;
        cpu->sched.same_domain = old != NULL && old->domain == chosen->domain;
        if (!cpu->sched.same_domain) {
            __atomic_fetch_add(&chosen->domain->users, 1, __ATOMIC_RELAXED);
        }
    } else if (chosen != NULL) {
        chosen->sched.intent = INTENT_RUN;
    } else {
        cpu->sched.same_domain = false;
    }
    if (CONFIG_SCHED_FAIR && chosen != NULL && !sched_is_apart(chosen)) {
        if (sched_fair_first != NULL) {
            /* Whoever is left over may use a CPU that was idle when several woke up at once. */
            waiting = sched_fair_best(cpu);
            idle = sched_fair_idle(cpu);
        }
        contended = waiting != NULL || (old != chosen && old_goes_on) || is_capped(chosen);
    }
    /* Only now, so that it is not looked at above. */
    cpu->sched.heir = old != NULL && chosen != old ? lay_down(old, old_goes_on, now) : NULL;
    spin_unlock(&sched_lock);

    if (idle != NULL) {
        cpu_request(idle, WORK_RESCHED);
    }
    cpu->sched.slice_is_over = false;
    cpu->sched.postponed = 0;
    __atomic_store_n(&cpu->sched.contended, contended, __ATOMIC_RELAXED);
    if (contended && chosen == old) {
        arm_slice(cpu, chosen, now);
    }
    *next = chosen;
    return chosen != old;
}

void sched_begin_turn(struct cpu *cpu)
{
    if (cpu->sched.contended) {
        arm_slice(cpu, cpu->current, arch_time_now());
    }
}

void sched_release(struct vcpu *v)
{
    struct cpu *heir = this_cpu()->sched.heir;
    uint8_t state = __atomic_load_n(&v->state, __ATOMIC_RELAXED);

    if (unlikely(state == VCPU_RUNNING)) {
        spin_lock(&sched_lock);
        set_state(v, VCPU_OFFLINE, arch_time_now());
        spin_unlock(&sched_lock);
    }
    __atomic_store_n(&v->sched.loaded, false, __ATOMIC_RELEASE);
    arch_full_barrier();
    /* What was posted before the state changed found V running and woke nobody. */
    if (state == VCPU_BLOCKED && __atomic_load_n(&v->kicked, __ATOMIC_RELAXED) &&
        (__atomic_load_n(&v->evtchn.poll_over, __ATOMIC_RELAXED) || arch_vcpu_has_event(v))) {
        (void)sched_wake(v, VCPU_BLOCKED);
    }
    if (CONFIG_SCHED_FAIR && unlikely(__atomic_load_n(&v->sched.passed_over_by, __ATOMIC_RELAXED) != 0)) {
        heir = cpu_table[__atomic_exchange_n(&v->sched.passed_over_by, 0, __ATOMIC_RELAXED) - 1];
    }
    if (heir != NULL) {
        cpu_request(heir, WORK_RESCHED);
    }
    if (!this_cpu()->sched.same_domain) {
        /* V may be freed from here on: before it was counted out the reaper kept away. */
        domain_put(v->domain);
    }
}

/* Req: BH-LIFE-004 */
void sched_stop(struct vcpu *v)
{
    struct cpu *target = NULL;

    spin_lock(&sched_lock);
    if (CONFIG_SCHED_FAIR && v->sched.queued) {
        sched_fair_dequeue(v);
    }
    if (v->state == VCPU_RUNNING) {
        target = v->sched.cpu;
    } else {
        set_state(v, VCPU_OFFLINE, arch_time_now());
    }
    spin_unlock(&sched_lock);
    if (target != NULL) {
        cpu_request(target, WORK_RESCHED);
    }
}

/* Req: BH-CTL-004 */
void sched_pause(struct domain *d)
{
    cpuset_t running = { { 0 } };

    spin_lock(&sched_lock);
    d->pauses++;
    domain_hold(d);
    stop_domain(d, &running);
    spin_unlock(&sched_lock);
    sched_request_all(&running);
}

/* Req: BH-CTL-004 */
bool sched_unpause(struct domain *d)
{
    cpuset_t targets = { { 0 } };
    bool was_paused;

    spin_lock(&sched_lock);
    was_paused = d->pauses != 0;
    d->pauses -= was_paused;
    domain_hold(d);
    if (was_paused) {
        go_on(d, &targets);
    }
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
    return was_paused;
}

/* ---- How much a vCPU runs ---- */

/* Req: BH-CTL-019 */
void sched_set_weight(struct domain *d, uint16_t weight)
{
    spin_lock(&sched_lock);
    d->weight = weight;
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            d->vcpus[i]->sched.weight = weight;
        }
    }
    spin_unlock(&sched_lock);
}

/* Req: BH-SCHED-014 */
void sched_set_cap(struct domain *d, uint16_t percent)
{
    cpuset_t targets = { { 0 } };

    spin_lock(&sched_lock);
    sched_cap_set(d, percent, arch_time_now());
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            d->vcpus[i]->sched.is_capped = percent != 0 && !sched_is_apart(d->vcpus[i]);
        }
    }
    go_on(d, &targets);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        /* What runs now has a turn without an end, perhaps. */
        if (d->vcpus[i] != NULL && d->vcpus[i]->state == VCPU_RUNNING) {
            cpuset_add(&targets, d->vcpus[i]->sched.cpu->id);
        }
    }
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
}

/* Req: BH-SCHED-014 */
void sched_refill(struct cpu *cpu)
{
    cpuset_t targets = { { 0 } };
    const struct domain *d;
    uint64_t now = arch_time_now();

    spin_lock(&sched_lock);
    while ((d = sched_cap_next(now)) != NULL) {
        go_on(d, &targets);
    }
    timer_set(&cpu->sched.refill, sched_cap_earliest());
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
}

uint64_t sched_idle_ns(const struct cpu *cpu)
{
    uint64_t ticks, now;

    spin_lock(&sched_lock);
    now = arch_time_now();
    ticks = cpu->sched.idle + (cpu->current == NULL && now > cpu->sched.idle_since ? now - cpu->sched.idle_since : 0);
    spin_unlock(&sched_lock);
    return runstate_ticks_to_ns(ticks);
}

bool sched_domain_is_loaded(const struct domain *d)
{
    bool loaded = false;

    for (unsigned i = 0; i < d->vcpu_count && !loaded; i++) {
        loaded = d->vcpus[i] != NULL && __atomic_load_n(&d->vcpus[i]->sched.loaded, __ATOMIC_ACQUIRE);
    }
    return loaded;
}

/* WORK of CPU goes to another one that can do it as well, and is not left alone. False: there is none. */
static bool pass_on(const struct cpu *cpu, uint32_t work)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *other = cpu_table[i];

        if (other != cpu && other->online && (!cpu_is_apart(other) || (other->sched.owner != NULL && cpu_is_idle(other)))) {
            cpu_request(other, work);
            return true;
        }
    }
    return false;
}

/* Req: BH-SCHED-019 */
bool sched_may_reap(const struct cpu *cpu)
{
    if (!CONFIG_TIME_WINDOWS || cpu->sched.schedule == NULL || sched_windows_is_free(cpu)) {
        return true;
    }
    /* If there is none: each window that is free looks by itself. */
    (void)pass_on(cpu, WORK_REAP);
    return false;
}

/* Ticks between two steps of deferred work under a guest that would not let go of its CPU. */
#define DEFER_US 500

/* Req: BH-LIFE-008 */
void sched_defer_work(struct cpu *cpu)
{
    /* An owned CPU is left alone where any other can do it. */
    if (cpu->sched.owner != NULL && pass_on(cpu, cpu->work)) {
        cpu->work = 0;
        return;
    }
    timer_set(&cpu->sched.slice, arch_time_now() + DEFER_US * arch_time_frequency() / 1000000);
}

/*
 * Where CPUs are shares of other CPUs (an emulator's, a hypervisor's below), the one whose turn it is to have the lock
 * may not be running, and all that end their slices meanwhile would queue up behind it, for longer than a slice: none
 * would run a guest any more. So a slice does not end into a queue, but goes on by a quarter, this often at most.
 */
#define POSTPONE_LIMIT 8

/* Req: BH-LIFE-007, BH-SCHED-013 */
void sched_slice_expired(struct cpu *cpu)
{
    if (CONFIG_SCHED_FAIR && cpu->current != NULL && cpu->work == 0 && cpu->sched.postponed < POSTPONE_LIMIT &&
        spin_is_taken(&sched_lock)) {
        cpu->sched.postponed++;
        timer_set(&cpu->sched.slice, arch_time_now() + sched_fair_slice() / 4);
        return;
    }
    cpu->sched.slice_is_over = true;
    cpu->work |= WORK_RESCHED;
}
