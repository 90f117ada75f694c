/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What control domains ask: domctl, sysctl and platform_op, with fields at their bounds and beyond; and a domain made
 * call by call, of which some are left out.
 */
#include "hypercalls.h"

#include "abi/control.h"
#include "bh/mmio.h"
#include "bh/vpl011.h"
#include "bh/console.h"

#define POINT(handle, address) (*(uint64_t *)&(handle) = (address))
#define LIST_MAX 12

/* Mostly what is good, up to LIMIT; or next to a bound. */
static uint64_t upto(uint64_t limit)
{
    unsigned kind = byte();

    return kind < 200 ? kind % (limit + 1) : kind < 215 ? limit + 1 : kind < 225 ? UINT64_MAX - kind % 4 :
           kind < 235 ? UINT32_MAX - kind % 4 : kind < 245 ? 1UL << kind % 64 : number();
}

static uint32_t any_vcpu_of(uint16_t id)
{
    const struct domain *d = domain_by_id(id);

    return (uint32_t)upto(d != NULL ? d->vcpu_count - 1U : 1);
}

static void bitmap(struct vcpu *v, struct xenctl_bitmap *b)
{
    uint64_t words[4] = { 1 + byte() % 7, 0, 0, number() };

    words[0] = once_in(16) ? number() : words[0];
    b->nr_bits = once_in(4) ? (uint32_t)upto(CPUS) : once_in(4) ? (uint32_t)upto(sizeof(words) * 8) : 64;
    POINT(b->bitmap, once_in(32) ? 0 : put_new(v, words, sizeof(words)));
}

/* ---- domctl ---- */

static void create(struct xen_domctl_createdomain *c)
{
    c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | (once_in(8) ? XEN_DOMCTL_CDF_xs_domain : 0);
    c->flags = once_in(32) ? (uint32_t)number() : c->flags;
    c->max_vcpus = once_in(8) ? (uint32_t)upto(CONFIG_MAX_VCPUS) : 1 + byte() % 3;
    c->max_evtchn_port = (uint32_t)upto(1023);
    c->max_grant_frames = (int32_t)upto(64);
    c->max_maptrack_frames = (int32_t)upto(64);
    c->grant_opts = once_in(8) ? (uint32_t)upto(2) : 0;
    c->iommu_opts = once_in(64) ? (uint32_t)number() : 0;
    c->vmtrace_size = once_in(64) ? (uint32_t)number() : 0;
    c->cpupool_id = once_in(64) ? (uint32_t)number() : 0;
    memset(c->handle, (int)byte(), sizeof(c->handle));
}

static void affinity(struct vcpu *v, uint16_t id, struct xen_domctl_vcpuaffinity *f)
{
    f->vcpu = any_vcpu_of(id);
    f->flags = once_in(16) ? (uint32_t)number() : byte() % 4;
    bitmap(v, &f->cpumap_hard);
    bitmap(v, &f->cpumap_soft);
}

static void scheduler(struct xen_domctl_scheduler_op *s)
{
    s->sched_id = once_in(16) ? (uint32_t)number() : XEN_SCHEDULER_CREDIT2;
    s->cmd = once_in(16) ? (uint32_t)number() : byte() % 4;
    s->u.credit2.weight = (uint16_t)upto(255);
    s->u.credit2.cap = once_in(8) ? (uint16_t)number() : 0;
}

static uint64_t entry_context(struct vcpu *v)
{
    uint64_t context[2] = { BASE + byte() * 8, byte() % 4 != 0 };

    return put_new(v, context, sizeof(context));
}

static void fill(struct vcpu *v, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
        op->domain = once_in(4) ? op->domain : byte() % 2 == 0 ? 0 : byte() % 16;
        create(&op->u.createdomain);
        break;
    case XEN_DOMCTL_max_vcpus: {
        const struct domain *d = domain_by_id(op->domain);

        op->u.max_vcpus.max = d != NULL && !once_in(8) ? d->vcpu_count : (uint32_t)upto(CONFIG_MAX_VCPUS);
        break;
    }
    case XEN_DOMCTL_max_mem:
        op->u.max_mem.max_memkb = once_in(4) ? upto(200) * 4 : 2400;
        break;
    case XEN_DOMCTL_set_paging_mempool_size:
        op->u.paging_mempool.size = once_in(8) ? number() : upto(32) << PAGE_SHIFT;
        break;
    case XEN_DOMCTL_cacheflush:
        op->u.cacheflush.start_pfn = once_in(8) ? number() : any_page();
        op->u.cacheflush.nr_pfns = once_in(8) ? number() & 0xffff : once_in(8) ? UINT64_MAX - byte() : upto(16);
        break;
    case XEN_DOMCTL_set_address_size:
        op->u.address_size.size = once_in(4) ? (uint32_t)number() : byte() % 2 == 0 ? 32 : 64;
        break;
    case XEN_DOMCTL_setvcpucontext:
    case XEN_DOMCTL_getvcpucontext:
        op->u.vcpucontext.vcpu = any_vcpu_of(op->domain);
        POINT(op->u.vcpucontext.ctxt, once_in(32) ? 0 : entry_context(v));
        break;
    case XEN_DOMCTL_getvcpuinfo:
        op->u.getvcpuinfo.vcpu = any_vcpu_of(op->domain);
        break;
    case XEN_DOMCTL_setvcpuaffinity:
    case XEN_DOMCTL_getvcpuaffinity:
        affinity(v, op->domain, &op->u.vcpuaffinity);
        break;
    case XEN_DOMCTL_setnodeaffinity:
    case XEN_DOMCTL_getnodeaffinity:
        bitmap(v, &op->u.nodeaffinity.nodemap);
        break;
    case XEN_DOMCTL_scheduler_op:
        scheduler(&op->u.scheduler_op);
        break;
    case XEN_DOMCTL_settimeoffset:
        op->u.settimeoffset.time_offset_seconds = (int64_t)number();
        break;
    case XEN_DOMCTL_set_target:
        op->u.set_target.target = any_domid(v->domain);
        break;
    case XEN_DOMCTL_set_virq_handler:
        op->u.set_virq_handler.virq = (uint32_t)upto(NR_VIRQS - 1);
        break;
    case XEN_DOMCTL_vuart_op:
        op->u.vuart_op.cmd = once_in(16);
        op->u.vuart_op.type = once_in(16);
        op->u.vuart_op.gfn = once_in(8) ? number() : BASE_GFN + byte() % 8;
        op->u.vuart_op.console_domid = once_in(4) ? any_domid(v->domain) : v->domain->id;
        op->u.vuart_op.pad[0] = once_in(16);
        break;
    default:
        memset(&op->u, (int)byte(), sizeof(op->u));
        break;
    }
}

static void domctl_call(struct vcpu *v, struct call *c)
{
    static const uint8_t operations[] = {
        XEN_DOMCTL_createdomain, XEN_DOMCTL_createdomain, XEN_DOMCTL_destroydomain, XEN_DOMCTL_destroydomain,
        XEN_DOMCTL_pausedomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_unpausedomain,
        XEN_DOMCTL_unpausedomain, XEN_DOMCTL_resumedomain, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_setdomainhandle,
        XEN_DOMCTL_settimeoffset, XEN_DOMCTL_set_target, XEN_DOMCTL_set_target, XEN_DOMCTL_set_virq_handler,
        XEN_DOMCTL_max_mem, XEN_DOMCTL_cacheflush, XEN_DOMCTL_set_paging_mempool_size,
        XEN_DOMCTL_get_paging_mempool_size, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_set_address_size,
        XEN_DOMCTL_get_address_size, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext,
        XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_getvcpuaffinity,
        XEN_DOMCTL_setnodeaffinity, XEN_DOMCTL_getnodeaffinity, XEN_DOMCTL_scheduler_op, XEN_DOMCTL_vuart_op,
        XEN_DOMCTL_soft_reset,
    };
    struct xen_domctl op = { .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    unsigned kind = byte();

    op.cmd = kind >= 250   ? (uint32_t)number()
             : kind >= 240 ? kind * 3 % 100
                           : operations[kind % ARRAY_COUNT(operations)];
    op.interface_version = once_in(64) ? (uint32_t)number() : op.interface_version;
    op.domain = any_domid(v->domain);
    fill(v, &op);
    c->number = __HYPERVISOR_domctl;
    c->a[0] = put_new(v, &op, sizeof(op));
    c->a[1] = once_in(32) ? 0x62756c6bUL << 32 | number() : number(); /* as if it had waited */
}

/* ---- sysctl, platform_op ---- */

static void fill_sysctl(struct vcpu *v, struct xen_sysctl *op)
{
    uint64_t buffer = once_in(16) ? 0 : room(512);

    switch (op->cmd) {
    case XEN_SYSCTL_readconsole:
        op->u.readconsole.clear = once_in(8);
        op->u.readconsole.incremental = byte() % 2;
        op->u.readconsole.index = once_in(4) ? (uint32_t)number() : 0;
        op->u.readconsole.count = once_in(8) ? (uint32_t)number() : (uint32_t)upto(512);
        POINT(op->u.readconsole.buffer, buffer);
        break;
    case XEN_SYSCTL_getdomaininfolist:
        op->u.getdomaininfolist.first_domain = once_in(8) ? (domid_t)number() : byte() % 16;
        op->u.getdomaininfolist.max_domains = (uint32_t)upto(4);
        POINT(op->u.getdomaininfolist.buffer, buffer);
        break;
    case XEN_SYSCTL_debug_keys: {
        char keys[4] = { "hmqz"[byte() % 4], (char)byte(), 'q', 'h' };

        op->u.debug_keys.nr_keys = (uint32_t)upto(sizeof(keys));
        POINT(op->u.debug_keys.keys, put_new(v, keys, sizeof(keys)));
        break;
    }
    case XEN_SYSCTL_getcpuinfo:
        op->u.getcpuinfo.max_cpus = (uint32_t)upto(CPUS);
        POINT(op->u.getcpuinfo.info, buffer);
        break;
    case XEN_SYSCTL_availheap:
        op->u.availheap.min_bitwidth = once_in(8) ? (uint32_t)number() : 0;
        op->u.availheap.max_bitwidth = once_in(8) ? (uint32_t)number() : 0;
        op->u.availheap.node = once_in(4) ? (int32_t)number() : -(int32_t)(byte() % 2);
        break;
    case XEN_SYSCTL_cputopoinfo:
        op->u.cputopoinfo.num_cpus = (uint32_t)upto(CPUS);
        POINT(op->u.cputopoinfo.cputopo, buffer);
        break;
    case XEN_SYSCTL_numainfo:
        op->u.numainfo.num_nodes = (uint32_t)upto(2);
        POINT(op->u.numainfo.meminfo, buffer);
        POINT(op->u.numainfo.distance, once_in(4) ? 0 : room(64));
        break;
    case XEN_SYSCTL_cpupool_op:
        op->u.cpupool_op.op = once_in(16) ? (uint32_t)number() : byte() % 8;
        op->u.cpupool_op.cpupool_id = once_in(8) ? (uint32_t)number() : 0 - (byte() % 2);
        op->u.cpupool_op.domid = any_domid(v->domain);
        bitmap(v, &op->u.cpupool_op.cpumap);
        break;
    case XEN_SYSCTL_scheduler_op:
        op->u.scheduler_op.cpupool_id = once_in(16) ? (uint32_t)number() : 0;
        op->u.scheduler_op.sched_id = once_in(16) ? (uint32_t)number() : XEN_SCHEDULER_CREDIT2;
        op->u.scheduler_op.cmd = byte() % 3;
        op->u.scheduler_op.u.sched_credit2.ratelimit_us = once_in(2) ? (unsigned)number() : 0;
        break;
    default:
        memset(&op->u, (int)byte(), sizeof(op->u));
        break;
    }
}

static void sysctl_call(struct vcpu *v, struct call *c)
{
    static const uint8_t operations[] = {
        XEN_SYSCTL_readconsole, XEN_SYSCTL_physinfo, XEN_SYSCTL_sched_id, XEN_SYSCTL_getdomaininfolist,
        XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_debug_keys, XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_availheap,
        XEN_SYSCTL_cputopoinfo, XEN_SYSCTL_numainfo, XEN_SYSCTL_cpupool_op, XEN_SYSCTL_scheduler_op,
    };
    struct xen_sysctl op;
    unsigned kind = byte();

    memset(&op, 0, sizeof(op));
    op.cmd = kind >= 250   ? (uint32_t)number()
             : kind >= 240 ? kind * 3 % 40
                           : operations[kind % ARRAY_COUNT(operations)];
    op.interface_version = once_in(64) ? (uint32_t)number() : XEN_SYSCTL_INTERFACE_VERSION;
    fill_sysctl(v, &op);
    c->number = __HYPERVISOR_sysctl;
    c->a[0] = put_new(v, &op, sizeof(op));
}

static void platform_call(struct vcpu *v, struct call *c)
{
    struct xen_platform_op op;

    memset(&op, 0, sizeof(op));
    op.cmd = once_in(8) ? (uint32_t)upto(64) : XENPF_settime64;
    op.interface_version = once_in(16) ? (uint32_t)number() : XENPF_INTERFACE_VERSION;
    op.u.settime64.secs = number();
    op.u.settime64.nsecs = once_in(4) ? (uint32_t)number() : (uint32_t)upto(999999999);
    op.u.settime64.mbz = once_in(16);
    op.u.settime64.system_time = number();
    c->number = __HYPERVISOR_platform_op;
    c->a[0] = put_new(v, &op, sizeof(op));
}

static void hypfs_call(struct vcpu *v, struct call *c)
{
    static const char paths[][28] = { "/", "/params", "/params/", "/buildinfo/version/major", "/buildinfo/compileinfo/",
                                      "/params/loglvl" };
    char path[sizeof(paths[0])];

    memcpy(path, paths[byte() % ARRAY_COUNT(paths)], sizeof(path));
    if (once_in(2)) {
        path[byte() % sizeof(path)] = "/\0ab"[byte() % 4];
    }
    c->number = __HYPERVISOR_hypfs_op;
    c->a[0] = once_in(16) ? number() : byte() % 4 == 0 ? byte() % 3 : 1;
    c->a[1] = put_new(v, path, sizeof(path));
    c->a[2] = once_in(8) ? number() : strnlen(path, sizeof(path) - 1) + 1;
    c->a[3] = room(512);
    c->a[4] = once_in(4) ? upto(300) : 512;
}

void control_call(struct vcpu *v, struct call *c)
{
    unsigned kind = byte();

    if (kind < 210) {
        domctl_call(v, c);
    } else if (kind < 246) {
        sysctl_call(v, c);
    } else if (kind < 250) {
        hypfs_call(v, c);
    } else {
        platform_call(v, c);
    }
}

/* ---- A domain, call by call ---- */

static bool domctl(struct vcpu *v, uint32_t command, struct xen_domctl *op)
{
    struct call c = { .number = __HYPERVISOR_domctl };

    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    c.a[0] = put_new(v, op, sizeof(*op));
    return call_make(v, &c) && guest_copy_from(v, op, guest_handle(c.a[0]), sizeof(*op)) == 0;
}

static void give_memory(struct vcpu *v, uint16_t id)
{
    struct xen_memory_reservation r = { .nr_extents = ARGUMENT_PAGES + byte() % 8, .domid = id };
    struct call c = { .number = __HYPERVISOR_memory_op, .a = { XENMEM_populate_physmap } };
    xen_pfn_t list[LIST_MAX];

    for (unsigned i = 0; i < LIST_MAX; i++) {
        list[i] = BASE_GFN + i;
    }
    POINT(r.extent_start, put_new(v, list, sizeof(list)));
    c.a[1] = put_new(v, &r, sizeof(r));
    (void)call_make(v, &c);
}

/* Some of its pages, and the first frame of its grant table, appear at the caller's. */
static void map_pages(struct vcpu *v, uint16_t id)
{
    struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1 };
    struct xen_mem_acquire_resource r = { .domid = id, .type = XENMEM_resource_grant_table, .nr_frames = 1 };
    struct call c = { .number = __HYPERVISOR_memory_op, .a = { XENMEM_add_to_physmap_batch } };
    struct call acquire = { .number = __HYPERVISOR_memory_op, .a = { XENMEM_acquire_resource } };
    uint64_t theirs = BASE_GFN + byte() % LIST_MAX, ours = any_place();

    b.u.foreign_domid = id;
    POINT(b.idxs, put_new(v, &theirs, sizeof(theirs)));
    POINT(b.gpfns, put_new(v, &ours, sizeof(ours)));
    POINT(b.errs, room(sizeof(int)));
    c.a[1] = put_new(v, &b, sizeof(b));
    (void)call_make(v, &c);
    ours = any_place();
    POINT(r.frame_list, put_new(v, &ours, sizeof(ours)));
    acquire.a[1] = put_new(v, &r, sizeof(r));
    (void)call_make(v, &acquire);
}

static void make_channel(struct vcpu *v, uint16_t id)
{
    struct evtchn_alloc_unbound a = { .dom = id, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain b = { .remote_dom = id };
    struct call c = { .number = __HYPERVISOR_event_channel_op, .a = { EVTCHNOP_alloc_unbound } };

    c.a[1] = put_new(v, &a, sizeof(a));
    if (call_make(v, &c) && guest_copy_from(v, &a, guest_handle(c.a[1]), sizeof(a)) == 0) {
        b.remote_port = a.port;
        c = (struct call){ .number = __HYPERVISOR_event_channel_op, .a = { EVTCHNOP_bind_interdomain } };
        c.a[1] = put_new(v, &b, sizeof(b));
        (void)call_make(v, &c);
    }
}

static void set_parameter(struct vcpu *v, uint16_t id)
{
    struct xen_hvm_param p = { .domid = id, .index = HVM_PARAM_STORE_PFN, .value = BASE_GFN };
    struct call c = { .number = __HYPERVISOR_hvm_op, .a = { HVMOP_set_param } };

    c.a[1] = put_new(v, &p, sizeof(p));
    (void)call_make(v, &c);
}

/* ID's UART is used, if it has one; what is in the ring is whatever the page has. */
static void use_uart(uint16_t id)
{
    struct domain *d = domain_by_id(id);

    if (d == NULL || d->phase != DOMAIN_RUNNING || d->vcpus[0] == NULL || !d->arch.has_vpl011) {
        return;
    }
    for (unsigned i = byte() % 8; i != 0; i--) {
        struct mmio_access a = { .offset = byte() % 4 * 4 + once_in(4) * 0x30UL, .size = 4, .is_write = byte() % 2 == 0 };

        a.value = number();
        (void)!vpl011_access(d->vcpus[0], &a);
    }
}

static void serve_uart(struct vcpu *v, uint16_t id)
{
    struct evtchn_bind_interdomain b = { .remote_dom = id };
    struct call c = { .number = __HYPERVISOR_event_channel_op, .a = { EVTCHNOP_bind_interdomain } };
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    op.domain = id;
    op.cmd = XEN_DOMCTL_vuart_op;
    fill(v, &op);
    if (domctl(v, op.cmd, &op)) {
        b.remote_port = op.u.vuart_op.evtchn;
        c.a[1] = put_new(v, &b, sizeof(b));
        (void)call_make(v, &c);
    }
}

void control_build(struct vcpu *v)
{
    unsigned skip = once_in(2) ? byte() : 0;
    uint16_t id = any_domid(v->domain);
    struct xen_domctl op;

    memset(&op, 0, sizeof(op));
    if ((skip & 1) == 0) {
        op.domain = byte() % 16;
        create(&op.u.createdomain);
        if (!domctl(v, XEN_DOMCTL_createdomain, &op)) {
            return;
        }
        id = op.domain;
    }
    for (unsigned i = 1; i < 8; i++) {
        if ((skip >> i & 1) != 0 || v->domain->phase != DOMAIN_RUNNING) {
            continue;
        }
        memset(&op, 0, sizeof(op));
        op.domain = id;
        switch (i) {
        case 1:
            op.cmd = XEN_DOMCTL_max_vcpus;
            fill(v, &op);
            (void)domctl(v, op.cmd, &op);
            break;
        case 2:
            op.cmd = XEN_DOMCTL_max_mem;
            fill(v, &op);
            (void)domctl(v, op.cmd, &op);
            break;
        case 3:
            give_memory(v, id);
            break;
        case 4:
            map_pages(v, id);
            break;
        case 5:
            make_channel(v, id);
            set_parameter(v, id);
            serve_uart(v, id);
            break;
        case 6:
            POINT(op.u.vcpucontext.ctxt, entry_context(v));
            (void)domctl(v, XEN_DOMCTL_setvcpucontext, &op);
            break;
        default:
            (void)domctl(v, XEN_DOMCTL_unpausedomain, &op);
            break;
        }
    }
    use_uart(id);
}
