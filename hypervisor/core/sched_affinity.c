/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs a vCPU may use: of those that it was told to, the ones in its pool (cpupool.c), and of these the ones that
 * are shared. In a pool without sharing, as Xen's null scheduler has it, that is one CPU, which no other vCPU has; who
 * finds none waits for it. What is found here is what the policies go by (sched_may_use()).
 */
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

static uint64_t sole_pools; /* [lock sched] bit N: nobody shares a CPU of pool N */

static bool is_sole(uint8_t pool) REQUIRES(sched_lock)
{
    return pool < 64 && (sole_pools & BIT(pool)) != 0;
}

static void let_go_of_sole(struct vcpu *v) REQUIRES(sched_lock)
{
    if (v->sched.sole != NULL) {
        v->sched.sole->sched.sole_of = NULL;
        v->sched.sole = NULL;
    }
}

/* Of the CPUs that V may use, one that it has already, or one that nobody has. */
static void keep_one(struct vcpu *v) REQUIRES(sched_lock)
{
    cpuset_t may = v->sched.affinity;

    if (v->sched.sole != NULL && !cpuset_has(&may, v->sched.sole->id)) {
        let_go_of_sole(v);
    }
    for (unsigned i = 0; i < cpu_count && v->sched.sole == NULL; i++) {
        if (cpuset_has(&may, i) && cpu_table[i]->sched.sole_of == NULL && !cpu_is_apart(cpu_table[i]) &&
            cpu_table[i]->online) {
            v->sched.sole = cpu_table[i];
            cpu_table[i]->sched.sole_of = v;
        }
    }
    v->sched.affinity = (cpuset_t){ { 0 } };
    if (v->sched.sole != NULL) {
        cpuset_add(&v->sched.affinity, v->sched.sole->id);
    }
}

/* Req: BH-CTL-029, BH-SCHED-021 */
void sched_confine(struct vcpu *v)
{
    cpuset_t pool = { { 0 } }, both;
    uint64_t any = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_table[i]->sched.pool == v->sched.pool) {
            cpuset_add(&pool, i);
        }
    }
    both = cpuset_and(&v->sched.asked, &pool);
    for (unsigned i = 0; i < CPUSET_WORDS; i++) {
        any |= both.word[i];
    }
    v->sched.affinity = any != 0 ? both : pool;
    if (is_sole(v->sched.pool)) {
        keep_one(v);
    } else {
        let_go_of_sole(v);
    }
}

bool sched_find_sole(struct vcpu *v)
{
    if (!is_sole(v->sched.pool) || v->sched.sole != NULL) {
        return false;
    }
    sched_confine(v);
    return v->sched.sole != NULL;
}

bool sched_can_run(const struct vcpu *v)
{
    bool can = v->sched.owns_cpu || (CONFIG_TIME_WINDOWS && v->sched.place != 0 && v->sched.cpu->online);

    for (unsigned i = 0; i < cpu_count && !can; i++) {
        can = cpuset_has(&v->sched.affinity, i) && !cpu_is_apart(cpu_table[i]) && cpu_table[i]->online;
    }
    return can;
}

/* Do the vCPUs of POOL share CPU? */
static bool is_shared(const struct cpu *cpu, uint8_t pool) REQUIRES(sched_lock)
{
    return !cpu_is_apart(cpu) && cpu->online && (!CONFIG_CONTROL || cpu->sched.pool == pool);
}

/* Where V may run has changed. Who may have it now is to look, and so is who must let it go: added to TARGETS. */
static void find_home(struct vcpu *v, cpuset_t *targets) REQUIRES(sched_lock)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpu_table[i];

        /* Where it ran last is what its control domain is told. */
        if (v->state != VCPU_RUNNING && !sched_may_use(v, v->sched.cpu) && sched_may_use(v, cpu) &&
            is_shared(cpu, v->sched.pool)) {
            v->sched.cpu = cpu;
        }
        if ((v->sched.queued && sched_may_use(v, cpu)) || (v->state == VCPU_RUNNING && v->sched.cpu == cpu)) {
            cpuset_add(targets, i);
        }
    }
}

/* CPUs of POOL may be free: who waits for one there has it now. Which ones are to look is added to TARGETS. */
static void settle_waiting(uint8_t pool, cpuset_t *targets) REQUIRES(sched_lock)
{
    for (struct vcpu *v = sched_fair_first; v != NULL && is_sole(pool); v = v->sched.next) {
        if (v->sched.pool == pool && sched_find_sole(v)) {
            find_home(v, targets);
        }
    }
}

void sched_forget_sole(struct vcpu *v, cpuset_t *targets)
{
    let_go_of_sole(v);
    settle_waiting(v->sched.pool, targets);
}

/* Req: BH-SCHED-021 */
void sched_set_sole(uint8_t pool, bool is)
{
    spin_lock(&sched_lock);
    sole_pools = is ? sole_pools | BIT(pool) : sole_pools & ~BIT(pool);
    spin_unlock(&sched_lock);
}

void sched_affinity(const struct vcpu *v, cpuset_t *may, cpuset_t *preferred)
{
    spin_lock(&sched_lock);
    *may = v->sched.asked;
    *preferred = v->sched.preferred;
    spin_unlock(&sched_lock);
}

/* Req: BH-CTL-018 */
int sched_set_affinity(struct vcpu *v, const cpuset_t *may, const cpuset_t *preferred)
{
    cpuset_t running = { { 0 } };
    bool has_place = false, has_preferred = false;
    int err = 0;

    spin_lock(&sched_lock);
    for (unsigned i = 0; i < cpu_count; i++) {
        has_place = has_place || (cpuset_has(may, i) && is_shared(cpu_table[i], v->sched.pool));
        has_preferred = has_preferred || cpuset_has(preferred, i);
    }
    if (sched_is_apart(v)) {
        err = -XEN_EBUSY;
    } else if (!has_place || !has_preferred) {
        err = -XEN_EINVAL;
    } else {
        v->sched.asked = v->sched.affinity = *may;
        v->sched.preferred = *preferred;
        if (CONFIG_CONTROL) {
            sched_confine(v);
        }
        find_home(v, &running);
        if (CONFIG_CONTROL) {
            settle_waiting(v->sched.pool, &running);
        }
    }
    spin_unlock(&sched_lock);
    sched_request_all(&running);
    return err;
}

/* Req: BH-CTL-029 */
int sched_move_domain(struct domain *d, uint8_t pool)
{
    cpuset_t all = cpuset_all(), targets = { { 0 } };
    uint8_t old;
    int err = 0;

    spin_lock(&sched_lock);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        err = d->vcpus[i] != NULL && sched_is_apart(d->vcpus[i]) ? -XEN_EBUSY : err;
    }
    old = d->pool;
    if (err == 0) {
        d->pool = pool;
    }
    for (unsigned i = 0; i < d->vcpu_count && err == 0; i++) {
        struct vcpu *v = d->vcpus[i];

        if (v != NULL) {
            v->sched.pool = pool;
            v->sched.asked = v->sched.preferred = all;
            sched_confine(v);
            find_home(v, &targets);
        }
    }
    settle_waiting(old, &targets);
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
    return err;
}

/* Req: BH-CTL-029 */
void sched_move_cpu(struct cpu *cpu, uint8_t pool)
{
    spin_lock(&sched_lock);
    cpu->sched.pool = pool;
    if (cpu->sched.sole_of != NULL) {
        let_go_of_sole(cpu->sched.sole_of);
    }
    spin_unlock(&sched_lock);
    cpu_request(cpu, WORK_RESCHED);
}

/* Req: BH-CTL-029 */
void sched_pool_changed(struct domain *d)
{
    cpuset_t targets = { { 0 } };

    spin_lock(&sched_lock);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL && !sched_is_apart(d->vcpus[i])) {
            sched_confine(d->vcpus[i]);
            find_home(d->vcpus[i], &targets);
        }
    }
    spin_unlock(&sched_lock);
    sched_request_all(&targets);
}
