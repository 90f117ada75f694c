/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A control domain out of its mind: several vCPUs make domains, half-build them, map their pages, pause, unpause and
 * destroy them, and ask for the rest of domctl, sysctl and platform_op, with fields at bounds and beyond, while they
 * write over each other's arguments. What they make runs code of a few random instructions. "seconds=N" long, "seed=N".
 *
 * In the end what is there is destroyed. As much memory must be free then as after the first such round, in which this
 * domain gets the tables, channels and frames for grants that it keeps.
 *
 * It must not harm itself: pages that calls name are in OPEN, where nothing else is, or where memory of those that it
 * makes is, or beside what there is; pointers, and whatever could be taken for one, lead to arguments or nowhere. What
 * others write over arguments makes no other address of them, and lists of pages have a place of their own.
 */
#include "xen_guest.h"

#include "abi/control.h"

#define SLOTS     64u
#define SLOT      512u
#define ROOM      (0x10000u / SLOT)
/* Pages that calls about this domain's own memory name: nothing is there at first. */
#define OPEN_GFN  0x60000ul
#define OPEN_SIZE 0x200ul
/* Where the memory of those that are made begins, and how much of it calls are about. */
#define THEIR_GFN 0x80000ul
#define LAST_GFN  0xffffffful
#define THEIR_SIZE 24u
#define LIST_MAX  8u
#define PLACE_SIZE 512u
#define ID_MAX    10u

/* Behind the last ones there is room for the most that one call writes: all of the console's ring. */
static uint8_t arguments[SLOTS + ROOM][SLOT] PAGES;
static xen_pfn_t lists[SLOTS][LIST_MAX] PAGES;
static volatile unsigned begun, finished;
static uint64_t deadline;
static uint16_t self;
static struct worker { uint64_t state, calls, done, stored; } workers[CPU_MAX];

static uint64_t pick(struct worker *w, uint64_t n)
{
    return (random_next(&w->state) >> 32) % n;
}

static bool once_in(struct worker *w, unsigned n)
{
    return pick(w, n) == 0;
}

/* Not an address of this guest's own memory, nor of its devices: those are below it. */
static uint64_t harmless(uint64_t value)
{
    return value >= 0x1000000 && value < board.memory_base + board.memory_size ? value | 1ull << 40 : value;
}

static xen_pfn_t *any_list(struct worker *w)
{
    return lists[pick(w, SLOTS)];
}

/* Mostly what is good, up to LIMIT; or next to a bound. */
static uint64_t upto(struct worker *w, uint64_t limit)
{
    switch (pick(w, 12)) {
    case 0: return limit + 1;
    case 1: return ~0ull - pick(w, 4);
    case 2: return 0xffffffffull - pick(w, 4);
    case 3: return harmless(1ull << pick(w, 64));
    case 4: return harmless(random_next(&w->state) >> pick(w, 64));
    default: return harmless(pick(w, limit + 1));
    }
}

static void *any_slot(struct worker *w)
{
    return arguments[pick(w, SLOTS)];
}

static void *any_pointer(struct worker *w)
{
    switch (pick(w, 32)) {
    case 0: return NULL;
    case 1: return (char *)any_slot(w) + 4 * pick(w, 64);
    case 2: return (void *)(uintptr_t)BEYOND_TABLES;
    case 3: return (void *)(~(uintptr_t)0 - pick(w, 64));
    default: return any_slot(w);
    }
}

static uint16_t any_domid(struct worker *w)
{
    static const uint16_t special[] = { DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, 0x7fef, 0x8000 };
    uint64_t r = pick(w, 32);

    return r < 26 ? 2 + pick(w, ID_MAX) : r < 29 ? self : special[pick(w, ARRAY_COUNT(special))];
}

static uint64_t own_gfn(struct worker *w)
{
    return OPEN_GFN + pick(w, OPEN_SIZE);
}

static uint64_t their_gfn(struct worker *w)
{
    static const uint64_t special[] = { 0, LAST_GFN, LAST_GFN + 1, ~0ull, THEIR_GFN + 600 };

    return once_in(w, 16) ? special[pick(w, ARRAY_COUNT(special))] : THEIR_GFN + pick(w, THEIR_SIZE);
}

static uint64_t gfn_for(struct worker *w, uint16_t domid)
{
    return domid == self || domid == DOMID_SELF ? own_gfn(w) : their_gfn(w);
}

static int64_t make(struct worker *w, uint64_t number, uint64_t a, const void *b)
{
    int64_t result = hypercall(number, a, (uint64_t)b, 0, 0);

    w->calls++;
    w->done += result >= 0;
    return result;
}

/* ---- domctl ---- */

static void bitmap(struct worker *w, struct xenctl_bitmap *b)
{
    uint64_t *words = any_slot(w);

    words[0] = 1 + pick(w, 7);
    words[1] = 0;
    b->nr_bits = (uint32_t)upto(w, 64);
    set_xen_guest_handle(b->bitmap, any_pointer(w));
}

static void create(struct worker *w, struct xen_domctl_createdomain *c)
{
    c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | (once_in(w, 8) ? XEN_DOMCTL_CDF_xs_domain : 0);
    c->flags = once_in(w, 32) ? (uint32_t)upto(w, 31) : c->flags;
    c->max_vcpus = (uint32_t)(once_in(w, 8) ? upto(w, 8) : 1 + pick(w, 3));
    c->max_evtchn_port = (uint32_t)upto(w, 1023);
    c->max_grant_frames = (int32_t)upto(w, 64);
    c->max_maptrack_frames = (int32_t)upto(w, 64);
    c->grant_opts = once_in(w, 8) ? (uint32_t)upto(w, 2) : 0;
    c->arch.gic_version = once_in(w, 16) ? (uint8_t)pick(w, 4) : XEN_DOMCTL_CONFIG_GIC_NATIVE;
    c->arch.nr_spis = once_in(w, 8) ? (uint32_t)upto(w, 64) : 0;
}

/* Registers at random, the program counter mostly in its memory. */
static void context(struct worker *w, struct vcpu_guest_context *c)
{
    uint64_t *x = &c->user_regs.x0;

    *c = (struct vcpu_guest_context){ .flags = once_in(w, 4) ? 0 : VGCF_online };
    for (unsigned i = 0; i < 31; i++) {
        x[i] = upto(w, 40);
    }
    x[16] = pick(w, 40);
    c->user_regs.pc64 = once_in(w, 8) ? upto(w, 1ul << 40) : (THEIR_GFN + pick(w, 4)) << PAGE_SHIFT;
    c->user_regs.cpsr = once_in(w, 8) ? upto(w, 0x3ff) : 0x3c5;
    c->user_regs.sp_el1 = (THEIR_GFN + 4) << PAGE_SHIFT;
    c->sctlr = once_in(w, 4) ? upto(w, 0x30d00800) : 0x30d00800;
    c->ttbcr = once_in(w, 4) ? upto(w, 64) : 0;
    c->ttbr0 = once_in(w, 4) ? upto(w, 64) : 0;
}

static void fill_domctl(struct worker *w, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
        op->domain = once_in(w, 4) ? any_domid(w) : (domid_t)(2 + pick(w, ID_MAX));
        create(w, &op->u.createdomain);
        break;
    case XEN_DOMCTL_max_vcpus:
        op->u.max_vcpus.max = (uint32_t)(once_in(w, 8) ? upto(w, 8) : 1 + pick(w, 3));
        break;
    case XEN_DOMCTL_max_mem:
        op->u.max_mem.max_memkb = once_in(w, 4) ? upto(w, 4096) : 4096;
        break;
    case XEN_DOMCTL_set_paging_mempool_size:
        op->u.paging_mempool.size = once_in(w, 8) ? upto(w, 1ul << 22) : pick(w, 32) << PAGE_SHIFT;
        break;
    case XEN_DOMCTL_cacheflush:
        op->u.cacheflush.start_pfn = their_gfn(w);
        op->u.cacheflush.nr_pfns = once_in(w, 16) ? upto(w, 4096) : pick(w, 64);
        break;
    case XEN_DOMCTL_set_address_size:
        op->u.address_size.size = (uint32_t)upto(w, 64);
        break;
    case XEN_DOMCTL_setvcpucontext:
    case XEN_DOMCTL_getvcpucontext: {
        /* Two slots: it is larger than one. */
        struct vcpu_guest_context *c = (void *)arguments[pick(w, SLOTS - 1)];

        op->u.vcpucontext.vcpu = (uint32_t)upto(w, 2);
        context(w, c);
        set_xen_guest_handle(op->u.vcpucontext.ctxt, once_in(w, 16) ? any_pointer(w) : c);
        break;
    }
    case XEN_DOMCTL_getvcpuinfo:
        op->u.getvcpuinfo.vcpu = (uint32_t)upto(w, 2);
        break;
    case XEN_DOMCTL_setvcpuaffinity:
    case XEN_DOMCTL_getvcpuaffinity:
        op->u.vcpuaffinity.vcpu = (uint32_t)upto(w, 2);
        op->u.vcpuaffinity.flags = once_in(w, 16) ? (uint32_t)upto(w, 7) : 1 + (uint32_t)pick(w, 3);
        bitmap(w, &op->u.vcpuaffinity.cpumap_hard);
        bitmap(w, &op->u.vcpuaffinity.cpumap_soft);
        break;
    case XEN_DOMCTL_setnodeaffinity:
    case XEN_DOMCTL_getnodeaffinity:
        bitmap(w, &op->u.nodeaffinity.nodemap);
        break;
    case XEN_DOMCTL_scheduler_op:
        op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
        op->u.scheduler_op.cmd = (uint32_t)upto(w, 3);
        op->u.scheduler_op.u.credit2.weight = (uint16_t)upto(w, 1000);
        op->u.scheduler_op.u.credit2.cap = once_in(w, 8) ? (uint16_t)upto(w, 100) : 0;
        break;
    case XEN_DOMCTL_settimeoffset:
        op->u.settimeoffset.time_offset_seconds = (int64_t)upto(w, 1000000);
        break;
    case XEN_DOMCTL_set_target:
        op->u.set_target.target = any_domid(w);
        break;
    case XEN_DOMCTL_set_virq_handler:
        op->u.set_virq_handler.virq = (uint32_t)upto(w, NR_VIRQS - 1);
        break;
    default:
        break;
    }
    /* This domain keeps its tables, its memory and its share. */
    if ((op->domain == self || op->domain == DOMID_SELF) &&
        (op->cmd == XEN_DOMCTL_max_mem || op->cmd == XEN_DOMCTL_set_paging_mempool_size ||
         op->cmd == XEN_DOMCTL_scheduler_op)) {
        op->domain = DOMID_INVALID;
    }
}

static int64_t domctl(struct worker *w, uint32_t command, uint16_t domid)
{
    struct xen_domctl *op = any_slot(w);

    *op = (struct xen_domctl){ .cmd = command, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid };
    fill_domctl(w, op);
    op->interface_version ^= once_in(w, 64);
    return make(w, __HYPERVISOR_domctl, (uint64_t)(once_in(w, 64) ? any_pointer(w) : op), NULL);
}

static void any_domctl(struct worker *w)
{
    static const uint8_t operations[] = {
        XEN_DOMCTL_createdomain, XEN_DOMCTL_destroydomain, XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain,
        XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_unpausedomain,
        XEN_DOMCTL_resumedomain, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_setdomainhandle, XEN_DOMCTL_settimeoffset,
        XEN_DOMCTL_set_target, XEN_DOMCTL_set_virq_handler, XEN_DOMCTL_max_mem, XEN_DOMCTL_cacheflush,
        XEN_DOMCTL_set_paging_mempool_size, XEN_DOMCTL_get_paging_mempool_size, XEN_DOMCTL_max_vcpus,
        XEN_DOMCTL_set_address_size, XEN_DOMCTL_get_address_size, XEN_DOMCTL_setvcpucontext,
        XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_setvcpuaffinity,
        XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_setnodeaffinity, XEN_DOMCTL_getnodeaffinity, XEN_DOMCTL_scheduler_op,
    };

    (void)domctl(w, once_in(w, 32) ? (uint32_t)upto(w, 100) : operations[pick(w, ARRAY_COUNT(operations))],
                 any_domid(w));
}

/* ---- sysctl, platform_op ---- */

static void any_sysctl(struct worker *w)
{
    static const uint8_t operations[] = {
        XEN_SYSCTL_readconsole, XEN_SYSCTL_physinfo, XEN_SYSCTL_sched_id, XEN_SYSCTL_getdomaininfolist,
        XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_availheap, XEN_SYSCTL_cputopoinfo, XEN_SYSCTL_numainfo,
        XEN_SYSCTL_cpupool_op, XEN_SYSCTL_scheduler_op,
    };
    struct xen_sysctl *op = any_slot(w);
    uint8_t *room = (uint8_t *)arguments[pick(w, SLOTS - 4)];

    *op = (struct xen_sysctl){ .cmd = operations[pick(w, ARRAY_COUNT(operations))],
                               .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    switch (op->cmd) {
    case XEN_SYSCTL_readconsole:
        op->u.readconsole.incremental = (uint8_t)pick(w, 2);
        op->u.readconsole.index = (uint32_t)upto(w, 1000);
        op->u.readconsole.count = (uint32_t)pick(w, 3 * SLOT);
        set_xen_guest_handle(op->u.readconsole.buffer, (char *)room);
        break;
    case XEN_SYSCTL_getdomaininfolist:
        op->u.getdomaininfolist.first_domain = once_in(w, 8) ? any_domid(w) : (domid_t)pick(w, ID_MAX);
        op->u.getdomaininfolist.max_domains = (uint32_t)pick(w, 8);
        set_xen_guest_handle(op->u.getdomaininfolist.buffer, (void *)room);
        break;
    case XEN_SYSCTL_getcpuinfo:
        op->u.getcpuinfo.max_cpus = (uint32_t)upto(w, 2);
        set_xen_guest_handle(op->u.getcpuinfo.info, (void *)room);
        break;
    case XEN_SYSCTL_availheap:
        op->u.availheap.node = -(int32_t)pick(w, 3);
        break;
    case XEN_SYSCTL_cputopoinfo:
        op->u.cputopoinfo.num_cpus = (uint32_t)upto(w, 2);
        set_xen_guest_handle(op->u.cputopoinfo.cputopo, (void *)room);
        break;
    case XEN_SYSCTL_numainfo:
        op->u.numainfo.num_nodes = (uint32_t)upto(w, 2);
        set_xen_guest_handle(op->u.numainfo.meminfo, (void *)room);
        set_xen_guest_handle(op->u.numainfo.distance, (void *)(room + SLOT));
        break;
    case XEN_SYSCTL_cpupool_op:
        op->u.cpupool_op.op = (uint32_t)upto(w, 8);
        op->u.cpupool_op.cpupool_id = (uint32_t)upto(w, 1);
        bitmap(w, &op->u.cpupool_op.cpumap);
        break;
    default:
        break;
    }
    (void)make(w, __HYPERVISOR_sysctl, (uint64_t)op, NULL);
}

static void set_time(struct worker *w)
{
    struct xen_platform_op *op = any_slot(w);

    *op = (struct xen_platform_op){ .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION };
    op->u.settime64.secs = upto(w, 1ul << 32);
    op->u.settime64.nsecs = (uint32_t)upto(w, 999999999);
    op->u.settime64.system_time = upto(w, 1ul << 40);
    (void)make(w, __HYPERVISOR_platform_op, (uint64_t)op, NULL);
}

/* ---- What control domains do by other calls ---- */

static void reserve(struct worker *w, unsigned command, uint16_t domid, unsigned order)
{
    struct xen_memory_reservation *r = any_slot(w);
    xen_pfn_t *list = any_list(w);

    for (unsigned i = 0; i < LIST_MAX; i++) {
        list[i] = gfn_for(w, domid) & ~((1ul << order) - 1);
    }
    *r = (struct xen_memory_reservation){ .nr_extents = 1 + pick(w, LIST_MAX), .extent_order = order, .domid = domid };
    set_xen_guest_handle(r->extent_start, list);
    (void)make(w, __HYPERVISOR_memory_op, command, r);
}

static unsigned any_order(struct worker *w)
{
    return once_in(w, 16) ? (unsigned)pick(w, 10) : 0;
}

static void map_foreign(struct worker *w, uint16_t domid)
{
    struct xen_add_to_physmap_batch *b = any_slot(w);
    xen_pfn_t *theirs = any_list(w), *ours = any_list(w);
    uint16_t into = once_in(w, 16) ? any_domid(w) : DOMID_SELF;

    for (unsigned i = 0; i < LIST_MAX; i++) {
        theirs[i] = their_gfn(w);
        ours[i] = gfn_for(w, into);
    }
    *b = (struct xen_add_to_physmap_batch){ .domid = into, .space = XENMAPSPACE_gmfn_foreign,
                                            .size = (uint16_t)(1 + pick(w, LIST_MAX)), .u.foreign_domid = domid };
    set_xen_guest_handle(b->idxs, theirs);
    set_xen_guest_handle(b->gpfns, ours);
    set_xen_guest_handle(b->errs, any_slot(w));
    (void)make(w, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, b);
}

static void map_own(struct worker *w, uint16_t domid)
{
    struct xen_add_to_physmap *a = any_slot(w);

    *a = (struct xen_add_to_physmap){ .domid = domid, .space = (unsigned)pick(w, 2), .gpfn = gfn_for(w, domid) };
    a->idx = a->space == XENMAPSPACE_grant_table ? pick(w, 4) : 0;
    (void)make(w, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, a);
}

static void map_table(struct worker *w, uint16_t domid)
{
    struct xen_mem_acquire_resource *a = any_slot(w);
    xen_pfn_t *list = any_list(w);

    for (unsigned i = 0; i < LIST_MAX; i++) {
        list[i] = own_gfn(w);
    }
    *a = (struct xen_mem_acquire_resource){ .domid = domid, .type = XENMEM_resource_grant_table };
    a->id = (uint32_t)pick(w, 2);
    a->nr_frames = (uint32_t)(once_in(w, 16) ? upto(w, 64) : pick(w, 4));
    a->frame = once_in(w, 16) ? upto(w, 64) : pick(w, 3);
    set_xen_guest_handle(a->frame_list, list);
    (void)make(w, __HYPERVISOR_memory_op, XENMEM_acquire_resource, a);
}

static void take_away(struct worker *w, uint16_t domid)
{
    struct xen_remove_from_physmap *r = any_slot(w);

    *r = (struct xen_remove_from_physmap){ .domid = domid, .gpfn = gfn_for(w, domid) };
    (void)make(w, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, r);
}

static void channel(struct worker *w, uint16_t domid)
{
    struct evtchn_alloc_unbound *a = any_slot(w);
    struct evtchn_bind_interdomain *b = any_slot(w);
    uint32_t *port = any_slot(w);

    *a = (struct evtchn_alloc_unbound){ .dom = domid, .remote_dom = once_in(w, 4) ? any_domid(w) : DOMID_SELF };
    (void)make(w, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, a);
    *b = (struct evtchn_bind_interdomain){ .remote_dom = domid, .remote_port = 1 + (uint32_t)pick(w, 8) };
    (void)make(w, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, b);
    *port = (uint32_t)pick(w, 16);
    (void)make(w, __HYPERVISOR_event_channel_op, pick(w, 3) != 0 ? EVTCHNOP_send : EVTCHNOP_close, port);
}

static void grant(struct worker *w, uint16_t domid)
{
    struct gnttab_setup_table *s = any_slot(w);
    struct gnttab_map_grant_ref *m = any_slot(w);

    if (once_in(w, 2)) {
        *s = (struct gnttab_setup_table){ .dom = domid, .nr_frames = (uint32_t)pick(w, 4) };
        set_xen_guest_handle(s->frame_list, any_slot(w));
        (void)hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (uint64_t)s, 1, 0);
    } else {
        *m = (struct gnttab_map_grant_ref){ .dom = domid, .ref = (uint32_t)(8 + pick(w, 16)), .flags = GNTMAP_host_map,
                                            .host_addr = own_gfn(w) << PAGE_SHIFT };
        (void)hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (uint64_t)m, 1, 0);
        if (m->status == GNTST_okay && once_in(w, 2)) {
            struct gnttab_unmap_grant_ref u = { .host_addr = m->host_addr, .handle = m->handle };

            (void)hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uint64_t)&u, 1, 0);
        }
    }
}

static void others(struct worker *w, uint16_t domid)
{
    struct evtchn_status *s = any_slot(w);
    struct xen_hvm_param *p = any_slot(w);

    switch (pick(w, 4)) {
    case 0:
        *s = (struct evtchn_status){ .dom = domid, .port = (uint32_t)upto(w, 8) };
        (void)make(w, __HYPERVISOR_event_channel_op, EVTCHNOP_status, s);
        break;
    case 1:
        *(domid_t *)s = domid;
        (void)make(w, __HYPERVISOR_event_channel_op, EVTCHNOP_reset, s);
        break;
    case 2:
        *(domid_t *)s = domid;
        (void)make(w, __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, s);
        break;
    default:
        *p = (struct xen_hvm_param){ .domid = domid, .index = (uint32_t)upto(w, HVM_NR_PARAMS),
                                     .value = upto(w, 1ul << 40) };
        (void)make(w, __HYPERVISOR_hvm_op, pick(w, 2), p);
        break;
    }
}

/* Its own accesses to what it has mapped: code, grants, and whatever is in the shared page. */
static void touch(struct worker *w)
{
    static const uint32_t code[] = {
        0xd4001d42u | 0xea1u << 5, /* hvc #0xea1 */
        0xd4000002u,               /* hvc #0 */
        0xd503207fu,               /* wfi */
        0xd503203fu,               /* yield */
        0x91000400u, 0x91000421u, 0x91000610u, /* add x0, x0, #1; x1; x16 */
        0xd2800020u, 0xaa1003e0u,  /* mov x0, #1; mov x0, x16 */
        0x17fffff8u, 0x14000010u,  /* b back; b on */
        0xd51be23fu,               /* msr cntp_tval_el0, xzr and the like */
    };
    volatile uint32_t *page = window_page(cpu_id(), WINDOW_READ_WRITE, own_gfn(w));
    struct caught c;

    catch_begin();
    for (unsigned i = 0; i < 64; i++) {
        uint64_t at = pick(w, 4) == 0 ? pick(w, 1024) : i;

        page[at] = pick(w, 8) == 0 ? (uint32_t)upto(w, 64) : code[pick(w, ARRAY_COUNT(code))];
        w->stored++;
    }
    (void)catch_end(&c);
}

/* What another vCPU may find in its arguments: words that make no other address of them. */
static void scribble(struct worker *w)
{
    static const uint32_t words[] = { 0, 1, 2, 3, 4, 5, 7, 8, 0x15, 64, 255, ~0u };

    for (unsigned i = 0; i < 8; i++) {
        volatile uint32_t *at = pick(w, 4) != 0 ? (volatile uint32_t *)any_slot(w) + pick(w, 40)
                                                : (volatile uint32_t *)any_list(w) + pick(w, 2 * LIST_MAX);

        *at = words[pick(w, ARRAY_COUNT(words))];
    }
}

/* ---- Lives ---- */

/* A domain, of which some is left out now and then. */
static void build(struct worker *w)
{
    uint16_t domid = (uint16_t)(2 + pick(w, ID_MAX));

    if (domctl(w, XEN_DOMCTL_createdomain, domid) != 0) {
        return;
    }
    for (unsigned part = 0; part < 12; part++) {
        if (once_in(w, 8)) {
            continue;
        }
        switch (part) {
        case 0: (void)domctl(w, XEN_DOMCTL_max_mem, domid); break;
        case 1: case 2: (void)domctl(w, XEN_DOMCTL_max_vcpus, domid); break;
        case 3: case 4: case 5: reserve(w, XENMEM_populate_physmap, domid, any_order(w)); break;
        case 6: map_foreign(w, domid); break;
        case 7: map_table(w, domid); break;
        case 8: touch(w); break;
        case 9: channel(w, domid); break;
        case 10: (void)domctl(w, XEN_DOMCTL_setvcpucontext, domid); break;
        default: (void)domctl(w, XEN_DOMCTL_unpausedomain, domid); break;
        }
    }
}

static void one_call(struct worker *w)
{
    uint16_t domid = any_domid(w);

    switch (pick(w, 20)) {
    case 0: reserve(w, XENMEM_populate_physmap, domid, any_order(w)); break;
    case 1: reserve(w, XENMEM_decrease_reservation, domid, any_order(w)); break;
    case 2: case 3: map_foreign(w, domid); break;
    case 4: map_own(w, domid); break;
    case 5: map_table(w, domid); break;
    case 6: take_away(w, once_in(w, 4) ? domid : self); break;
    case 7: channel(w, domid); break;
    case 8: grant(w, domid); break;
    case 9: others(w, domid); break;
    case 10: touch(w); break;
    case 11: any_sysctl(w); break;
    case 12: set_time(w); break;
    default: any_domctl(w); break;
    }
}

static void tick(unsigned irq)
{
    (void)irq;
    timer_set(now() + ticks_from_us(1000 + pick(&workers[cpu_id()], 3000)));
}

static void work(void *argument)
{
    struct worker *w = argument;

    if (cpu_id() != 0) {
        irq_init_cpu();
        irq_enable(timer_irq());
    }
    while (begun == 0) {
        cpu_yield();
    }
    timer_set(now());
    irq_on();
    while (now() < deadline) {
        switch (pick(w, 16)) {
        case 0: build(w); break;
        case 1: case 2: scribble(w); break;
        default: one_call(w); break;
        }
    }
    irq_off();
    timer_stop();
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

/* ---- The end of a round ---- */

static uint64_t free_pages(void)
{
    static struct xen_sysctl op;

    op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    return hypercall(__HYPERVISOR_sysctl, (uint64_t)&op, 0, 0, 0) == 0 ? op.u.physinfo.free_pages : 0;
}

/* Where pages can be after a round: what a call names, and an extent from there on. */
static const uint64_t places[] = { 0, PLACE_SIZE, OPEN_GFN, OPEN_GFN + PLACE_SIZE, THEIR_GFN, THEIR_GFN + PLACE_SIZE,
                                   LAST_GFN & ~(PLACE_SIZE - 1ul) };

/* What this domain has of others, and its own pages where calls put them. */
static void let_go(void)
{
    struct gnttab_unmap_grant_ref u = { .host_addr = 0 };

    for (uint32_t handle = 0; handle < 1024; handle++) {
        for (uint64_t g = OPEN_GFN; g < OPEN_GFN + OPEN_SIZE; g++) {
            u = (struct gnttab_unmap_grant_ref){ .host_addr = g << PAGE_SHIFT, .handle = handle };
            if (hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uint64_t)&u, 1, 0) != 0 ||
                u.status == GNTST_bad_handle || u.status == GNTST_okay) {
                break;
            }
        }
        if (u.status == GNTST_bad_handle && handle > 64) {
            break;
        }
    }
    for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
        for (uint64_t g = places[i]; g < places[i] + PLACE_SIZE && g <= LAST_GFN; g++) {
            (void)physmap_remove(g);
        }
    }
    (void)event_reset();
}

/* How many there were; those that others use go when these do. */
static unsigned destroy_all(void)
{
    static struct xen_domctl op;
    unsigned count = 0;

    for (unsigned domid = 0; domid < DOMID_FIRST_RESERVED; domid = op.domain + 1u) {
        op = (struct xen_domctl){ .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                                  .domain = (domid_t)domid };
        if (hypercall(__HYPERVISOR_domctl, (uint64_t)&op, 0, 0, 0) != 0) {
            break;
        }
        if (op.domain == self) {
            continue;
        }
        count++;
        op.cmd = XEN_DOMCTL_destroydomain;
        (void)hypercall(__HYPERVISOR_domctl, (uint64_t)&op, 0, 0, 0);
    }
    return count;
}

/* Pages that are free, or this domain's memory. */
static uint64_t end_round(const char *name)
{
    domid_t domid = DOMID_SELF;
    unsigned left = 0;
    uint64_t result;
    int64_t own;

    let_go();
    for (unsigned tries = 0; tries < 100; tries++) {
        left = destroy_all();
        if (left == 0) {
            break;
        }
        delay_us(10000);
    }
    result = free_pages();
    own = memory_op(XENMEM_current_reservation, &domid);
    say("%s: domains left %u, free pages %lu, own pages %ld\n", name, left, result, (long)own);
    return result + (uint64_t)own;
}

static unsigned round_of(uint64_t us)
{
    unsigned running = 1;

    begun = 0;
    finished = 0;
    deadline = now() + ticks_from_us(us);
    for (unsigned i = 1; i < board.cpu_count && i < CPU_MAX; i++) {
        running += cpu_on(i, work, &workers[i]) == 0;
    }
    __atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
    work(&workers[0]);
    for (uint64_t waited = now() + ticks_from_us(5000000); finished < running && now() < waited;) {
        spin_a_little();
    }
    /* They go off before they can be turned on again. */
    for (unsigned i = 1; i < board.cpu_count && i < CPU_MAX; i++) {
        while (cpu_is_on(i)) {
            spin_a_little();
        }
    }
    return running;
}

/* Memory for pages in OPEN, more time than all that it makes, and all frames of its table of grants, which it keeps. */
static void give_room(void)
{
    static struct xen_domctl op;
    static uint64_t frames[64];
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = ARRAY_COUNT(frames) };

    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_max_mem, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                              .domain = self };
    op.u.max_mem.max_memkb = (board.memory_size >> 10) + 4096;
    say("more memory: %ld\n", (long)hypercall(__HYPERVISOR_domctl, (uint64_t)&op, 0, 0, 0));
    op.cmd = XEN_DOMCTL_scheduler_op;
    op.u.scheduler_op = (struct xen_domctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
                                                          .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
                                                          .u.credit2.weight = 16384 };
    say("more time: %ld\n", (long)hypercall(__HYPERVISOR_domctl, (uint64_t)&op, 0, 0, 0));
    set_xen_guest_handle(s.frame_list, frames);
    say("grants: %ld, %d\n", (long)grant_op(GNTTABOP_setup_table, &s, 1), s.status);
}

void guest_main(void)
{
    uint64_t seed = arg_number("seed", 1), us = arg_number("seconds", 5) * 1000000, before, after, calls = 0, done = 0;
    unsigned running;

    self = own_domid();
    give_room();
    irq_init();
    irq_handle(timer_irq(), tick);
    irq_enable(timer_irq());
    for (unsigned i = 0; i < CPU_MAX; i++) {
        workers[i].state = (seed * CPU_MAX + i + 1) * 0x9e3779b97f4a7c15ull;
    }
    (void)round_of(us / 4);
    /* All that it keeps of its own, however the first round went. */
    let_go();
    for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
        (void)physmap_add(XENMAPSPACE_shared_info, 0, places[i]);
        (void)physmap_remove(places[i]);
    }
    before = end_round("first");
    running = round_of(us);
    after = end_round("second");
    for (unsigned i = 0; i < CPU_MAX; i++) {
        calls += workers[i].calls;
        done += workers[i].done;
    }
    say("calls: %lu\n", calls);
    say("succeeded: %lu\n", done);
    say("stored: %lu\n", workers[0].stored);
    say("pages lost: %ld\n", (long)(before - after));
    say("vCPUs that came to their end: %u of %u\n", finished, running);
}
