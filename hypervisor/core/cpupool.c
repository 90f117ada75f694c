/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU pools (sysctl.h, XEN_SYSCTL_cpupool_op). A pool is a name for a set of CPUs and the domains that run there, as one
 * of two of Xen's schedulers has it: credit2, by weight, or null, a CPU for each vCPU. Which pool a CPU or a domain is in,
 * the scheduler knows. Pool 0 is always there; at first it has everything. A CPU that a vCPU owns stays in it, for that vCPU.
 *
 * Pools change only during a control operation, of which there is one at a time (control_begin()).
 */
#include "bh/cpupool.h"

#include "abi/control.h"
#include "bh/control.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/domctl.h"
#include "bh/vcpu.h"

#define POOL_COUNT 32 /* at most */

static struct {
    bool exists;
    uint32_t id; /* what control domains call it; they choose */
    uint32_t sched_id;
} pools[POOL_COUNT] = { { true, 0, XEN_SCHEDULER_CREDIT2 } };

int cpupool_find(uint32_t id, unsigned *out)
{
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        if (pools[i].exists && pools[i].id == id) {
            *out = i;
            return 0;
        }
    }
    return -XEN_ENOENT;
}

/* The pool with the smallest number from FROM on. */
static int find_next(uint32_t from, unsigned *out)
{
    bool found = false;

    for (unsigned i = 0; i < POOL_COUNT; i++) {
        if (pools[i].exists && pools[i].id >= from && (!found || pools[i].id < pools[*out].id)) {
            *out = i;
            found = true;
        }
    }
    return found ? 0 : -XEN_ENOENT;
}

static unsigned domains_in(unsigned pool)
{
    unsigned count = 0;

    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        count += domain_table[i] != NULL && domain_table[i]->pool == pool;
    }
    domain_list_unlock();
    return count;
}

static cpuset_t cpus_in(unsigned pool)
{
    cpuset_t cpus = { { 0 } };

    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_table[i]->sched.pool == pool) {
            cpuset_add(&cpus, i);
        }
    }
    return cpus;
}

static unsigned count_in(unsigned pool)
{
    unsigned count = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        count += cpu_table[i]->sched.pool == pool;
    }
    return count;
}

uint32_t cpupool_scheduler(unsigned pool)
{
    return pools[pool].sched_id;
}

uint32_t cpupool_id(const struct domain *d)
{
    return pools[d->pool].id;
}

int cpupool_check(uint32_t id, uint8_t *out)
{
    unsigned pool;

    if (cpupool_find(id, &pool) != 0) {
        return -XEN_ENOENT;
    }
    if (count_in(pool) == 0) {
        return -XEN_ENODEV;
    }
    *out = (uint8_t)pool;
    return 0;
}

static int create(struct xen_sysctl_cpupool_op *p)
{
    uint32_t id = p->cpupool_id;
    unsigned unused, place = 0;

    if (p->sched_id != XEN_SCHEDULER_CREDIT2 && p->sched_id != XEN_SCHEDULER_NULL) {
        return -XEN_ENOENT;
    }
    if (id == XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        /* Bound: one of them is not taken. */
        for (id = 1; cpupool_find(id, &unused) == 0; id++) {
        }
    } else if (cpupool_find(id, &unused) == 0) {
        return -XEN_EEXIST;
    }
    while (place < POOL_COUNT && pools[place].exists) {
        place++;
    }
    if (place == POOL_COUNT) {
        return -XEN_ENOMEM;
    }
    pools[place].exists = true;
    pools[place].id = id;
    pools[place].sched_id = p->sched_id;
    sched_set_sole((uint8_t)place, p->sched_id == XEN_SCHEDULER_NULL);
    p->cpupool_id = id;
    return 0;
}

static int destroy(unsigned pool)
{
    if (pool == 0 || count_in(pool) != 0 || domains_in(pool) != 0) {
        return -XEN_EBUSY;
    }
    pools[pool].exists = false;
    return 0;
}

/* CPU, or any that is in pool FROM: the first one, or the LAST. */
static int find_cpu(uint32_t cpu, unsigned from, bool last, struct cpu **out)
{
    *out = NULL;
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_table[i]->sched.pool == from && (cpu == i || (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY && (last || *out == NULL)))) {
            *out = cpu_table[i];
        }
    }
    if (cpu != XEN_SYSCTL_CPUPOOL_PAR_ANY && cpu >= cpu_count) {
        return -XEN_EINVAL;
    }
    return *out != NULL ? 0 : -XEN_ENODEV;
}

/* CPUs of POOL are others now. Bound: all domains, and their vCPUs. */
static void tell_domains(unsigned pool)
{
    struct domain *d;

    for (uint32_t from = 0; from <= UINT16_MAX && (d = domain_get_next((uint16_t)from)) != NULL; from = d->id + 1U) {
        if (d->pool == pool && d->phase == DOMAIN_RUNNING) {
            sched_pool_changed(d);
        }
        domain_put(d);
    }
}

static int add_cpu(unsigned pool, uint32_t which)
{
    struct cpu *cpu;
    int err = find_cpu(which, SCHED_NO_POOL, false, &cpu);

    if (err == 0) {
        sched_move_cpu(cpu, (uint8_t)pool);
        tell_domains(pool);
    }
    return err;
}

static int remove_cpu(unsigned pool, uint32_t which)
{
    struct cpu *cpu;
    int err = find_cpu(which, pool, true, &cpu);

    if (err != 0) {
        return err;
    }
    if (cpu_is_apart(cpu) || (count_in(pool) == 1 && domains_in(pool) != 0)) {
        return -XEN_EBUSY;
    }
    sched_move_cpu(cpu, SCHED_NO_POOL);
    tell_domains(pool);
    return 0;
}

static int move_domain(struct vcpu *v, uint32_t id, uint32_t domid)
{
    struct domain *d;
    uint8_t pool;
    int err = domid > UINT16_MAX ? -XEN_ESRCH : control_get(v, (uint16_t)domid, CONTROL_CPU, &d);

    if (err != 0) {
        return err;
    }
    if (d == v->domain) {
        err = -XEN_EPERM;
    } else if (id != cpupool_id(d)) {
        err = cpupool_check(id, &pool);
        err = err == 0 ? sched_move_domain(d, pool) : err;
    }
    domain_put(d);
    return err;
}

static int64_t tell(struct vcpu *v, struct xen_sysctl_cpupool_op *p)
{
    cpuset_t cpus;
    unsigned pool = 0;
    int err = find_next(p->cpupool_id, &pool);

    if (err != 0) {
        return err;
    }
    cpus = cpus_in(pool);
    p->cpupool_id = pools[pool].id;
    p->sched_id = pools[pool].sched_id;
    p->n_dom = domains_in(pool);
    return domctl_bitmap_to(v, &p->cpumap, cpus.word, cpu_count);
}

/* Req: BH-CTL-029 */
int64_t cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
    cpuset_t cpus;
    unsigned pool = 0;
    int err;

    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return create(p);
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return tell(v, p);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        cpus = cpus_in(SCHED_NO_POOL);
        return domctl_bitmap_to(v, &p->cpumap, cpus.word, cpu_count);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(v, p->cpupool_id, p->domid);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        err = cpupool_find(p->cpupool_id, &pool);
        return err == 0 ? destroy(pool) : err;
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        err = cpupool_find(p->cpupool_id, &pool);
        return err == 0 ? add_cpu(pool, p->cpu) : err;
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        err = cpupool_find(p->cpupool_id, &pool);
        return err == 0 ? remove_cpu(pool, p->cpu) : err;
    default:
        return -XEN_ENOSYS;
    }
}
