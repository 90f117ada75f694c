/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: a domain's making, its pauses and its end, what is told of it, and its memory as a whole.
 */
#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpupool.h"
#include "bh/domain.h"
#include "bh/domctl.h"
#include "bh/guest_copy.h"
#include "bh/guest_width.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/reaper.h"
#include "bh/runstate.h"
#include "bh/vcpu.h"
#include "bh/wallclock.h"
#include "bh/window.h"
#include "lib/string.h"

/* ---- Making ---- */

#define CREATE_NEEDS (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)
#define CREATE_MAY   (CREATE_NEEDS | XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain)

/* Is what C asks for something that can be made here? */
static int check_create(const struct xen_domctl_createdomain *c)
{
    if ((c->flags & CREATE_NEEDS) != CREATE_NEEDS || (c->flags & ~CREATE_MAY) != 0 || c->iommu_opts != 0 ||
        c->vmtrace_size != 0 || c->max_vcpus == 0 || c->max_vcpus > CONFIG_MAX_VCPUS ||
        (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask) != 0 || XEN_DOMCTL_GRANT_version(c->grant_opts) > 2) {
        return -XEN_EINVAL;
    }
    return 0;
}

/* For messages: it has no other name here. */
static void name_domain(struct domain *d)
{
    char digits[8];
    unsigned count = 0;

    for (unsigned n = d->id; count == 0 || n != 0; n /= 10) {
        digits[count++] = (char)('0' + n % 10);
    }
    d->name[0] = 'd';
    for (unsigned i = 0; i < count; i++) {
        d->name[1 + i] = digits[count - 1 - i];
    }
    d->name[1 + count] = '\0';
}

/* Req: BH-CTL-011 */
int64_t domctl_createdomain(struct vcpu *v, struct domain *none, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct boot_domain config = { .vcpu_count = 0 };
    struct domain *d;
    uint8_t pool;
    int err = check_create(c);

    (void)v;
    (void)none;
    (void)a;
    if (err == 0) {
        err = arch_domctl_create(c, &config);
    }
    if (err == 0) {
        err = cpupool_check(c->cpupool_id, &pool);
    }
    if (err != 0) {
        return err;
    }
    config.vcpu_count = (uint16_t)c->max_vcpus;
    config.wanted_id = op->domain < DOMID_FIRST_RESERVED ? op->domain : 0;
    if ((c->flags & XEN_DOMCTL_CDF_xs_domain) != 0) {
        config.capabilities = DOMAIN_XENSTORE;
    }
    err = domain_create(&config, &d);
    if (err != 0) {
        return err == -XEN_ENOSPC ? -XEN_ENOMEM : err;
    }
    name_domain(d);
    memcpy(d->handle, c->handle, sizeof(d->handle));
    d->is_managed = true;
    d->pauses = 1;
    domain_hold(d);
    d->pool = pool;
    d->is_open = true;
    control_join(d);
    domain_start_paused(d);
    op->domain = d->id;
    return 0;
}

/* ---- Its end ---- */

/* Req: BH-CTL-012, BH-CTL-026 */
int64_t domctl_destroydomain(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)op;
    if (d == v->domain) {
        return -XEN_EINVAL;
    }
    if (control_has_waited(v, a, d->id) && __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) == DOMAIN_RUNNING) {
        /* The one that this call waited for is gone, and another one has its number. */
        return 0;
    }
    if (domain_kill(d)) {
        control_virq(VIRQ_DOM_EXC);
    }
    /* What others have mapped they may keep for as long as they want. */
    return reaper_waits_for_others(d) ? 0 : control_wait(v, a, d->id);
}

/* ---- Pauses ---- */

#define PAUSE_WAITS BIT(16)

/* Req: BH-CTL-004 */
int64_t domctl_pausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)op;
    if (d == v->domain) {
        return -XEN_EINVAL;
    }
    if (!control_has_waited(v, a, PAUSE_WAITS | d->id)) {
        sched_pause(d);
    }
    return sched_domain_is_loaded(d) ? control_wait(v, a, PAUSE_WAITS | d->id) : 0;
}

int64_t domctl_unpausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)op;
    (void)a;
    return domain_unpause(d);
}

int64_t domctl_resumedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)op;
    (void)a;
    return d == v->domain ? -XEN_EINVAL : domain_resume(d);
}

/* Req: BH-CTL-033 */
/* As Xen on Arm answers it: there is nothing that one could begin anew from. */
int64_t domctl_soft_reset(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)op;
    (void)a;
    return d == v->domain || !d->is_shut_down ? -XEN_EINVAL : -XEN_ENOSYS;
}

/* ---- What is told of it ---- */

/* The vCPUs' part of INFO. D runs, and stays. */
static void describe_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool all_block = true, any_runs = false;

    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu_runstate_info r;

        if (d->vcpus[i] == NULL) {
            continue;
        }
        runstate_read(d->vcpus[i], &r);
        info->max_vcpu_id = i;
        info->cpu_time += r.time[RUNSTATE_running];
        if (r.state != RUNSTATE_offline) {
            info->nr_online_vcpus++;
            all_block = all_block && r.state == RUNSTATE_blocked;
            any_runs = any_runs || r.state == RUNSTATE_running;
        }
    }
    if (info->nr_online_vcpus != 0) {
        info->flags |= (all_block ? XEN_DOMINF_blocked : 0) | (any_runs ? XEN_DOMINF_running : 0);
    }
}

void domctl_describe(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    bool is_dying = __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) == DOMAIN_DYING;

    memset(info, 0, sizeof(*info));
    info->domain = d->id;
    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
    if (!is_dying) {
        describe_vcpus(d, info);
        info->tot_pages = __atomic_load_n(&d->page_count, __ATOMIC_RELAXED);
        info->outstanding_pages = __atomic_load_n(&d->claim.count, __ATOMIC_RELAXED);
    }
    if (is_dying) {
        info->flags |= XEN_DOMINF_dying;
    }
    if (d->is_shut_down || is_dying) {
        info->flags |= XEN_DOMINF_shutdown | (uint32_t)d->shutdown_reason << XEN_DOMINF_shutdownshift;
    }
    if (d->pauses > d->is_shut_down) {
        info->flags |= XEN_DOMINF_paused;
    }
    if ((d->capabilities & DOMAIN_XENSTORE) != 0 && !d->is_initial) {
        info->flags |= XEN_DOMINF_xs_domain;
    }
    info->max_pages = __atomic_load_n(&d->page_limit, __ATOMIC_RELAXED);
    info->shared_info_frame = __atomic_load_n(&d->shared_info_place, __ATOMIC_RELAXED);
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->cpupool = cpupool_id(d);
    info->gpaddr_bits = ARCH_P2M_ADDRESS_BITS;
}

/* Req: BH-CTL-013 */
int64_t domctl_getdomaininfo(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    domctl_describe(d, &op->u.getdomaininfo);
    op->domain = d->id;
    return 0;
}

int64_t domctl_setdomainhandle(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

int64_t domctl_settimeoffset(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    spin_lock(&d->lock);
    d->time_offset = op->u.settimeoffset.time_offset_seconds;
    wallclock_tell(d);
    spin_unlock(&d->lock);
    return 0;
}

int64_t domctl_set_target(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct domain *target;
    int err = control_get(v, op->u.set_target.target, CONTROL_LIFE, &target);

    (void)a;
    if (err != 0) {
        return err;
    }
    if (target == d || __atomic_load_n(&d->target, __ATOMIC_RELAXED) != FRAME_NO_DOMAIN) {
        err = -XEN_EINVAL;
    } else {
        __atomic_store_n(&d->target, target->id, __ATOMIC_RELAXED);
    }
    domain_put(target);
    return err;
}

int64_t domctl_set_virq_handler(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    return control_set_virq_handler(d, op->u.set_virq_handler.virq);
}

/* ---- Its memory, and its width ---- */

/* Req: BH-CTL-014 */
int64_t domctl_max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    __atomic_store_n(&d->page_limit, op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10), __ATOMIC_RELAXED);
    return 0;
}

int64_t domctl_set_paging_mempool_size(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    return p2m_set_pool(&d->p2m, op->u.paging_mempool.size);
}

int64_t domctl_get_paging_mempool_size(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    op->u.paging_mempool.size = d->p2m.pool;
    return 0;
}

int64_t domctl_set_address_size(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)d;
    (void)a;
    return op->u.address_size.size == 64 ? 0 : -XEN_EINVAL;
}

int64_t domctl_get_address_size(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    (void)v;
    (void)a;
    op->u.address_size.size = domain_is_narrow(d) ? 32 : 64;
    return 0;
}

static void flush_page(struct domain *d, gfn_t g)
{
    mfn_t m;

    if (domain_get_page(d, g, &m) == 0) {
        const char *p = window_open(m);

        arch_memory_publish(p, PAGE_SIZE);
        window_close(p);
        domain_put_page(d, m);
    }
}

/* Req: BH-CTL-015 */
/* How far it came is in the caller's structure. */
int64_t domctl_cacheflush(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    struct xen_domctl_cacheflush *f = &op->u.cacheflush;

    if (f->start_pfn + f->nr_pfns < f->start_pfn || f->start_pfn + f->nr_pfns > BIT(ARCH_P2M_ADDRESS_BITS - PAGE_SHIFT)) {
        return -XEN_EINVAL;
    }
    while (f->nr_pfns != 0) {
        flush_page(d, gfn(f->start_pfn));
        f->start_pfn++;
        f->nr_pfns--;
        if (f->nr_pfns != 0 && hypercall_must_yield()) {
            return guest_copy_to(v, guest_handle(a[0]), op, sizeof(*op)) == 0 ? HYPERCALL_RESTART : -XEN_EFAULT;
        }
    }
    return 0;
}
