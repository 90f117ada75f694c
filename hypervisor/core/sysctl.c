/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl: what a control domain asks of the board as a whole (sysctl.h).
 */
#include "abi/control.h"
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpupool.h"
#include "bh/counters.h"
#include "bh/cpu.h"
#include "bh/debug_key.h"
#include "bh/domain.h"
#include "bh/domctl.h"
#include "bh/frame.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/page_alloc.h"
#include "bh/vcpu.h"
#include "lib/string.h"

#define PIECE 128

/* One operation. OP is a copy; what it says afterwards is what the caller gets. */
typedef int64_t sysctl_operation(struct vcpu *v, struct xen_sysctl *op);

/* Req: BH-CTL-021 */
/* The ring from its oldest character on, or from INDEX if the caller reads on. */
static int64_t readconsole(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_readconsole *r = &op->u.readconsole;
    uint64_t position = r->incremental != 0 ? console_ring_position(r->index) : console_ring_start(), done = 0;
    int err = 0;

    while (done < r->count && err == 0) {
        char text[PIECE];
        size_t size = console_read_ring(&position, text, MIN(r->count - done, (uint64_t)PIECE));

        if (size == 0) {
            break;
        }
        err = guest_copy_to(v, guest_handle((uint64_t)r->buffer.p + done), text, size);
        done += size;
    }
    if (err == 0 && r->clear != 0) {
        console_forget_ring();
    }
    r->count = (uint32_t)done;
    r->index = (uint32_t)position;
    return err;
}

/* Ratelimiting, as Xen's credit2 names the time that a vCPU runs at least: here a waking one may preempt. */
static int64_t scheduler_op(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
    unsigned pool;

    (void)v;
    if (cpupool_find(s->cpupool_id, &pool) != 0) {
        return -XEN_ESRCH;
    }
    if (s->sched_id != XEN_SCHEDULER_CREDIT2 || cpupool_scheduler(pool) != XEN_SCHEDULER_CREDIT2 ||
        (s->cmd != XEN_SYSCTL_SCHEDOP_getinfo && s->cmd != XEN_SYSCTL_SCHEDOP_putinfo)) {
        return -XEN_EINVAL;
    }
    if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo && s->u.sched_credit2.ratelimit_us != 0) {
        return -XEN_EOPNOTSUPP;
    }
    s->u.sched_credit2.ratelimit_us = 0;
    return 0;
}

static int64_t physinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *p = &op->u.physinfo;

    (void)v;
    memset(p, 0, sizeof(*p));
    p->threads_per_core = 1;
    p->cores_per_socket = 1;
    p->nr_cpus = cpu_count;
    p->max_cpu_id = cpu_count - 1;
    p->nr_nodes = 1;
    p->cpu_khz = (uint32_t)(arch_time_frequency() / 1000);
    p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                      XEN_SYSCTL_PHYSCAP_gnttab_v2;
    p->total_pages = frame_count();
    p->free_pages = page_alloc_free_count();
    p->outstanding_pages = page_alloc_claimed_count();
    p->max_mfn = frame_highest();
    return 0;
}

static int64_t sched_id(struct vcpu *v, struct xen_sysctl *op)
{
    (void)v;
    op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

/* Req: BH-CTL-022 */
/* In the order of their numbers, from the first one asked for on. Bound: a look at all for each. */
static int64_t getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
    uint32_t from = l->first_domain, count = 0;
    struct domain *d;
    int err = 0;

    while (count < l->max_domains && err == 0 && (d = domain_get_next((uint16_t)from)) != NULL) {
        struct xen_domctl_getdomaininfo info;

        from = d->id + 1U;
        if (control_may(v->domain, d, CONTROL_SEE)) {
            domctl_describe(d, &info);
            err = guest_copy_to(v, guest_handle((uint64_t)l->buffer.p + count * sizeof(info)), &info, sizeof(info));
            count++;
        }
        domain_put(d);
    }
    l->num_domains = count;
    return err;
}

/* What one says may be many lines: it stops between two, with those that are left in the caller's structure. */
static int64_t debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_debug_keys *k = &op->u.debug_keys;
    uint64_t at = (uint64_t)k->keys.p;
    int err = 0;

    k->nr_keys = MIN(k->nr_keys, (uint32_t)PIECE);
    while (k->nr_keys != 0 && err == 0) {
        char key;

        err = guest_copy_from(v, &key, guest_handle(at), 1);
        if (err == 0) {
            debug_key(key);
            at++;
            k->nr_keys--;
        }
        if (err == 0 && k->nr_keys != 0 && hypercall_must_yield()) {
            *(uint64_t *)&k->keys = at;
            return HYPERCALL_RESTART;
        }
    }
    return err;
}

static int64_t getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
    uint32_t count = MIN(g->max_cpus, (uint32_t)cpu_count);
    int err = 0;

    for (uint32_t i = 0; i < count && err == 0; i++) {
        struct xen_sysctl_cpuinfo info = { .idletime = sched_idle_ns(cpu_table[i]) };

        err = guest_copy_to(v, guest_handle((uint64_t)g->info.p + i * sizeof(info)), &info, sizeof(info));
    }
    g->nr_cpus = count;
    return err;
}

static int64_t availheap(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *h = &op->u.availheap;

    (void)v;
    /* Where memory lies is not the caller's to choose: what is free below an address is not known. */
    if (h->node > 0 || h->min_bitwidth != 0 || h->max_bitwidth != 0) {
        return -XEN_EINVAL;
    }
    h->avail_bytes = page_alloc_free_count() << PAGE_SHIFT;
    return 0;
}

static int64_t cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
    uint32_t count = t->cputopo.p != NULL ? MIN(t->num_cpus, (uint32_t)cpu_count) : 0;
    int err = 0;

    for (uint32_t i = 0; i < count && err == 0; i++) {
        struct xen_sysctl_cputopo topology = { .core = 0, .socket = 0, .node = 0 };

        err = guest_copy_to(v, guest_handle((uint64_t)t->cputopo.p + i * sizeof(topology)), &topology,
                            sizeof(topology));
    }
    t->num_cpus = cpu_count;
    return err;
}

static int64_t numainfo(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    struct xen_sysctl_meminfo memory = {
        .memsize = frame_count() << PAGE_SHIFT, .memfree = page_alloc_free_count() << PAGE_SHIFT,
    };
    uint32_t distance = 20; /* Xen's on boards without nodes */
    int err = 0;

    if (n->meminfo.p != NULL && n->num_nodes != 0) {
        err = guest_copy_to(v, guest_handle((uint64_t)n->meminfo.p), &memory, sizeof(memory));
    }
    if (err == 0 && n->distance.p != NULL && n->num_nodes != 0) {
        err = guest_copy_to(v, guest_handle((uint64_t)n->distance.p), &distance, sizeof(distance));
    }
    n->num_nodes = 1;
    return err;
}

static const struct {
    sysctl_operation *perform;
    uint8_t right; /* enum control_right */
} rows[] = {
    [XEN_SYSCTL_readconsole] = { readconsole, CONTROL_BOARD },
    [XEN_SYSCTL_physinfo] = { physinfo, CONTROL_BOARD },
    [XEN_SYSCTL_sched_id] = { sched_id, CONTROL_BOARD },
    [XEN_SYSCTL_perfc_op] = { CONFIG_COUNTERS ? counters_op : NULL, CONTROL_BOARD },
    [XEN_SYSCTL_getdomaininfolist] = { getdomaininfolist, CONTROL_SEE },
    [XEN_SYSCTL_debug_keys] = { CONFIG_DEBUG_KEYS ? debug_keys : NULL, CONTROL_BOARD },
    [XEN_SYSCTL_getcpuinfo] = { getcpuinfo, CONTROL_BOARD },
    [XEN_SYSCTL_availheap] = { availheap, CONTROL_BOARD },
    [XEN_SYSCTL_cputopoinfo] = { cputopoinfo, CONTROL_BOARD },
    [XEN_SYSCTL_numainfo] = { numainfo, CONTROL_BOARD },
    [XEN_SYSCTL_cpupool_op] = { cpupool_op, CONTROL_BOARD },
    [XEN_SYSCTL_scheduler_op] = { scheduler_op, CONTROL_BOARD },
};

/* Req: BH-CTL-020 */
int64_t hypercall_sysctl(struct vcpu *v, uint64_t *a)
{
    struct guest_handle arg = guest_handle(a[0]);
    struct xen_sysctl op;
    int64_t result;

    if (!control_is_any(v->domain)) {
        return -XEN_EPERM;
    }
    result = guest_copy_from(v, &op, arg, sizeof(op));
    if (result != 0) {
        return result;
    }
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    if (op.cmd >= ARRAY_COUNT(rows) || rows[op.cmd].perform == NULL) {
        return -XEN_ENOSYS;
    }
    if (!control_may(v->domain, NULL, rows[op.cmd].right)) {
        return -XEN_EPERM;
    }
    result = guest_copy_to(v, arg, &op, sizeof(op));
    if (result == 0 && !control_begin()) {
        return HYPERCALL_RESTART;
    }
    if (result == 0) {
        result = rows[op.cmd].perform(v, &op);
        control_end();
    }
    if ((result == 0 || result == HYPERCALL_RESTART) && guest_copy_to(v, arg, &op, sizeof(op)) != 0) {
        result = -XEN_EFAULT;
    }
    return result;
}
