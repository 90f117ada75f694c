/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: a domain's vCPUs: made, set going, looked at, and where and how much they run.
 */
#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/cpupool.h"
#include "bh/domain.h"
#include "bh/domctl.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/runstate.h"
#include "bh/vcpu.h"

/* There is one node of memory. */
#define NODE_BITS 1U

/* vCPU ID of D, or NULL. */
static struct vcpu *find_vcpu(struct domain *d, uint32_t id)
{
    return id < d->vcpu_count ? d->vcpus[id] : NULL;
}

/* Req: BH-CTL-016 */
/* Which of them are there says how far it came. */
int64_t domctl_max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    cpuset_t any = cpuset_all();
    int err = op->u.max_vcpus.max == d->vcpu_count ? 0 : -XEN_EINVAL;

    (void)v;
    (void)a;
    for (unsigned i = 0; i < d->vcpu_count && err == 0; i++) {
        struct vcpu *made;

        if (d->vcpus[i] == NULL) {
            err = vcpu_create(d, i, NULL, &any, &made);
            if (err == 0 && i + 1U < d->vcpu_count && hypercall_must_yield()) {
                return HYPERCALL_RESTART;
            }
        }
    }
    return err;
}

/* ---- Registers ---- */

/* The registers of TARGET are at rest then. HYPERCALL_RESTART: they are on their way. -XEN_EBUSY: they are not. */
static int64_t check_at_rest(const struct vcpu *target)
{
    if (!__atomic_load_n(&target->sched.loaded, __ATOMIC_ACQUIRE)) {
        return domain_may_run(target->domain) && target->state != VCPU_OFFLINE ? -XEN_EBUSY : 0;
    }
    return domain_may_run(target->domain) ? -XEN_EBUSY : HYPERCALL_RESTART;
}

/* Req: BH-CTL-017 */
int64_t domctl_setvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct vcpu *target = find_vcpu(d, op->u.vcpucontext.vcpu);
    bool is_online = false;
    int64_t result;

    (void)a;
    if (target == NULL || d == v->domain) {
        return target == NULL ? -XEN_ESRCH : -XEN_EINVAL;
    }
    /* Another vCPU of D may want to start this one (PSCI CPU_ON): it does so under this lock. */
    spin_lock(&d->lock);
    result = check_at_rest(target);
    if (result == 0) {
        result = arch_vcpu_set_context(v, target, guest_handle((uint64_t)op->u.vcpucontext.ctxt.p), &is_online);
    }
    if (result == 0 && is_online) {
        (void)!vcpu_online(target);
    }
    spin_unlock(&d->lock);
    return result;
}

int64_t domctl_getvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct vcpu *target = find_vcpu(d, op->u.vcpucontext.vcpu);
    int64_t result;

    (void)a;
    if (target == NULL || d == v->domain) {
        return target == NULL ? -XEN_ESRCH : -XEN_EINVAL;
    }
    spin_lock(&d->lock);
    result = check_at_rest(target);
    if (result == 0) {
        result = arch_vcpu_get_context(v, target, guest_handle((uint64_t)op->u.vcpucontext.ctxt.p));
    }
    spin_unlock(&d->lock);
    return result;
}

int64_t domctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *target = find_vcpu(d, info->vcpu);
    struct vcpu_runstate_info r;

    (void)v;
    (void)a;
    if (target == NULL) {
        return -XEN_ESRCH;
    }
    runstate_read(target, &r);
    info->online = r.state != RUNSTATE_offline;
    info->blocked = r.state == RUNSTATE_blocked;
    info->running = r.state == RUNSTATE_running;
    info->cpu_time = r.time[RUNSTATE_running];
    info->cpu = target->sched.cpu->id;
    return 0;
}

/* ---- Where it runs ---- */

#define AFFINITY_FLAGS (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

/* Req: BH-CTL-018 */
int64_t domctl_setvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_vcpuaffinity *f = &op->u.vcpuaffinity;
    struct vcpu *target = find_vcpu(d, f->vcpu);
    cpuset_t hard, soft;
    int err = 0;

    (void)a;
    if ((f->flags & AFFINITY_FLAGS) == 0 || (f->flags & ~(AFFINITY_FLAGS | XEN_VCPUAFFINITY_FORCE)) != 0) {
        return -XEN_EINVAL;
    }
    if (target == NULL) {
        return -XEN_ESRCH;
    }
    sched_affinity(target, &hard, &soft);
    if ((f->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        err = domctl_bitmap_from(v, &f->cpumap_hard, hard.word, CONFIG_MAX_CPUS);
    }
    if (err == 0 && (f->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        err = domctl_bitmap_from(v, &f->cpumap_soft, soft.word, CONFIG_MAX_CPUS);
    }
    if (err == 0) {
        err = sched_set_affinity(target, &hard, &soft);
    }
    /* What is in force now. */
    sched_affinity(target, &hard, &soft);
    if (err == 0 && (f->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        cpuset_t all = cpuset_all(), effective = cpuset_and(&hard, &all);

        err = domctl_bitmap_to(v, &f->cpumap_hard, effective.word, cpu_count);
    }
    if (err == 0 && (f->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        cpuset_t effective = cpuset_and(&soft, &hard);

        err = domctl_bitmap_to(v, &f->cpumap_soft, effective.word, cpu_count);
    }
    return err;
}

int64_t domctl_getvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_vcpuaffinity *f = &op->u.vcpuaffinity;
    struct vcpu *target = find_vcpu(d, f->vcpu);
    cpuset_t hard, soft;
    int err = 0;

    (void)a;
    if ((f->flags & AFFINITY_FLAGS) == 0 || (f->flags & ~AFFINITY_FLAGS) != 0) {
        return -XEN_EINVAL;
    }
    if (target == NULL) {
        return -XEN_ESRCH;
    }
    sched_affinity(target, &hard, &soft);
    if ((f->flags & XEN_VCPUAFFINITY_HARD) != 0) {
        err = domctl_bitmap_to(v, &f->cpumap_hard, hard.word, cpu_count);
    }
    if (err == 0 && (f->flags & XEN_VCPUAFFINITY_SOFT) != 0) {
        err = domctl_bitmap_to(v, &f->cpumap_soft, soft.word, cpu_count);
    }
    return err;
}

int64_t domctl_setnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    uint64_t nodes = 0;
    int err = domctl_bitmap_from(v, &op->u.nodeaffinity.nodemap, &nodes, NODE_BITS);

    (void)d;
    (void)a;
    return err == 0 && nodes == 0 ? -XEN_EINVAL : err;
}

int64_t domctl_getnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    static const uint64_t nodes = 1;

    (void)d;
    (void)a;
    return domctl_bitmap_to(v, &op->u.nodeaffinity.nodemap, &nodes, NODE_BITS);
}

/* ---- How much it runs ---- */

/* Req: BH-CTL-019 */
int64_t domctl_scheduler_op(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

    (void)v;
    (void)a;
    if (s->sched_id != XEN_SCHEDULER_CREDIT2 || cpupool_scheduler(d->pool) != XEN_SCHEDULER_CREDIT2) {
        return -XEN_EINVAL;
    }
    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        s->u.credit2.weight = d->weight;
        s->u.credit2.cap = d->cap.percent;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        sched_set_cap(d, s->u.credit2.cap);
        if (s->u.credit2.weight != 0) {
            sched_set_weight(d, s->u.credit2.weight);
        }
        return 0;
    default:
        return -XEN_EINVAL;
    }
}
