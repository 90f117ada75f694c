/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/control.c, domctl*.c, sysctl.c, foreign.c, platform_op.c, wallclock.c: a control domain makes another one, fills
 * it, looks at it and destroys it; and what a domain without the right is told. A guest's addresses are physical ones.
 */
#include "partition.h"

#include <stdio.h>

#include "abi/control.h"
#include "bh/boot_options.h"
#include "bh/console.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/evtchn.h"
#include "bh/foreign.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/mmio.h"
#include "bh/policy.h"
#include "bh/vpl011.h"
#include "bh/window.h"

#define PAGES     40
#define BASE      (TEST_RAM_GFN << PAGE_SHIFT)
#define OPERATION BASE
#define BUFFER    (BASE + PAGE_SIZE)
#define FREE_GFN  0x80000UL
#define THEIR_GFN 0x40000UL

static struct domain *control, *plain;
static struct vcpu *v;
static uint64_t free_at_start;

static void init(void)
{
    host_board_init(2, 16);
    free_at_start = page_alloc_free_count();
    control = make_domain("control", 1, 0, all_cpus(), PAGES);
    control->capabilities = DOMAIN_CONTROL;
    plain = make_domain("plain", 1, 0, all_cpus(), PAGES);
    start_domain(control);
    start_domain(plain);
    v = control->vcpus[0];
    run_vcpu(v);
}

static void finish(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            domain_table[i]->is_managed = false;
        }
    }
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b)
{
    uint64_t arguments[5] = { a, b };
    int64_t result;
    unsigned tries = 0;

    do {
        result = hypercall_dispatch(v, number, arguments);
        assert_int_equal(window_count(), 0);
        assert_int_equal(this_cpu()->held_count, 0);
        if (result == HYPERCALL_RESTART) {
            unsigned cpu = this_cpu()->id;

            host_settle();
            host_run_on(cpu);
        }
    } while (result == HYPERCALL_RESTART && ++tries < 10000);
    return result;
}

static int64_t domctl_as_it_is(struct xen_domctl *op)
{
    int64_t result;

    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), op, sizeof(*op)), 0);
    result = call(__HYPERVISOR_domctl, OPERATION, 0);
    assert_int_equal(guest_copy_from(v, op, guest_handle(OPERATION), sizeof(*op)), 0);
    return result;
}

static int64_t domctl(uint32_t command, uint16_t id, struct xen_domctl *op)
{
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return domctl_as_it_is(op);
}

static int64_t simple(uint32_t command, uint16_t id)
{
    struct xen_domctl op = { .cmd = 0 };

    return domctl(command, id, &op);
}

static int64_t sysctl(uint32_t command, struct xen_sysctl *op)
{
    int64_t result;

    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), op, sizeof(*op)), 0);
    result = call(__HYPERVISOR_sysctl, OPERATION, 0);
    assert_int_equal(guest_copy_from(v, op, guest_handle(OPERATION), sizeof(*op)), 0);
    return result;
}

#define POINT(handle, address) (*(uint64_t *)&(handle) = (address))

static int64_t create(struct xen_domctl *op, uint16_t id)
{
    *op = (struct xen_domctl){ .cmd = 0 };
    op->u.createdomain.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    op->u.createdomain.max_vcpus = 2;
    op->u.createdomain.handle[15] = 7;
    return domctl(XEN_DOMCTL_createdomain, id, op);
}

/* A domain with two vCPUs and PAGES pages of memory from THEIR_GFN on. */
static uint16_t make(unsigned pages)
{
    struct xen_domctl op;
    uint16_t id;

    assert_int_equal(create(&op, 0), 0);
    id = op.domain;
    op.u.max_vcpus.max = 2;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id, &op), 0);
    op.u.max_mem.max_memkb = pages * 4;
    assert_int_equal(domctl(XEN_DOMCTL_max_mem, id, &op), 0);
    for (unsigned i = 0; i < pages; i++) {
        struct xen_memory_reservation r = { .nr_extents = 1, .domid = id };
        uint64_t g = THEIR_GFN + i;

        POINT(r.extent_start, BUFFER);
        assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &g, sizeof(g)), 0);
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
        assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, OPERATION), 1);
    }
    return id;
}

static struct domain *by_id(uint16_t id)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL && domain_table[i]->id == id) {
            return domain_table[i];
        }
    }
    return NULL;
}

static int map_foreign(uint16_t id, uint64_t theirs, uint64_t ours)
{
    struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1 };
    int error = 1;

    b.u.foreign_domid = id;
    POINT(b.idxs, BUFFER);
    POINT(b.gpfns, BUFFER + 8);
    POINT(b.errs, BUFFER + 16);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &theirs, 8), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER + 8), &ours, 8), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &b, sizeof(b)), 0);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, OPERATION), 0);
    assert_int_equal(guest_copy_from(v, &error, guest_handle(BUFFER + 16), sizeof(error)), 0);
    return error;
}

/* As the domain's own call does, which has no vCPU that runs. */
static void bind_virq(struct domain *d, uint16_t virq)
{
    uint32_t port;

    spin_lock(&d->evtchn.lock);
    assert_int_equal(evtchn_find_free(d, &port), 0);
    evtchn_occupy(d, port, EVTCHN_VIRQ)->virq = virq;
    d->vcpus[0]->evtchn.virq_port[virq] = port;
    spin_unlock(&d->evtchn.lock);
}

static bool virq_is_pending(struct domain *d, uint16_t virq)
{
    return evtchn_2l_is_pending(d, d->vcpus[0]->evtchn.virq_port[virq]);
}

static int64_t unmap(uint64_t g)
{
    struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = g };

    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
    return call(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, OPERATION);
}

/* Req: BH-CTL-001, BH-CTL-010, BH-CTL-020 */
static void test_rights(void **state)
{
    static const uint16_t ids[] = { 0, 1, 2, 3, DOMID_SELF, 0xffff };
    struct xen_domctl op = { .cmd = 0 };
    struct xen_sysctl s = { .cmd = 0 };
    domid_t id;

    (void)state;
    init();
    v = plain->vcpus[0];
    run_vcpu(v);
    /* Whatever is asked, and of whom. */
    for (uint32_t command = 0; command < 100; command++) {
        for (unsigned i = 0; i < ARRAY_COUNT(ids); i++) {
            assert_int_equal(simple(command, ids[i]), -XEN_EPERM);
        }
        assert_int_equal(sysctl(command, &s), -XEN_EPERM);
    }
    assert_int_equal(call(__HYPERVISOR_platform_op, OPERATION, 0), -XEN_EPERM);
    assert_int_equal(map_foreign(control->id, TEST_RAM_GFN, FREE_GFN), -XEN_EPERM);
    id = control->id;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &id, sizeof(id)), 0);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_current_reservation, OPERATION), -XEN_EPERM);
    /* One with the store sees, and nothing else. */
    plain->capabilities = DOMAIN_XENSTORE;
    assert_int_equal(simple(XEN_DOMCTL_getdomaininfo, control->id), 0);
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, control->id), -XEN_EPERM);
    assert_int_equal(simple(XEN_DOMCTL_createdomain, 0), -XEN_EPERM);
    assert_int_equal(sysctl(XEN_SYSCTL_physinfo, &s), -XEN_EPERM);
    /* One with a target may do to that what device models do. */
    plain->capabilities = 0;
    plain->target = control->id;
    assert_int_equal(map_foreign(control->id, TEST_RAM_GFN + 3, FREE_GFN), 0);
    assert_int_equal(unmap(FREE_GFN), 0);
    assert_int_equal(simple(XEN_DOMCTL_getdomaininfo, control->id), -XEN_EPERM);
    plain->target = FRAME_NO_DOMAIN;
    /* And who may is told what is wrong. */
    v = control->vcpus[0];
    run_vcpu(v);
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, 77), -XEN_ESRCH);
    assert_int_equal(simple(XEN_DOMCTL_gdbsx_guestmemio, plain->id), -XEN_ENOSYS);
    assert_int_equal(simple(0xffffffff, plain->id), -XEN_ENOSYS);
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, control->id), -XEN_EINVAL);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, control->id), -XEN_EINVAL);
    op = (struct xen_domctl){ .cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14 };
    assert_int_equal(domctl_as_it_is(&op), -XEN_EACCES);
    assert_int_equal(call(__HYPERVISOR_domctl, 0x1000, 0), -XEN_EFAULT);
    assert_int_equal(call(__HYPERVISOR_sysctl, 0x1000, 0), -XEN_EFAULT);
    assert_int_equal(sysctl(XEN_SYSCTL_tbuf_op, &s), -XEN_ENOSYS);
    finish();
}

/* Req: BH-CTL-011, BH-CTL-012, BH-CTL-013, BH-CTL-016, BH-CTL-022 */
static void test_life(void **state)
{
    struct xen_domctl op;
    struct xen_sysctl s = { .cmd = 0 };
    struct xen_domctl_getdomaininfo list[4];
    struct domain *d;
    uint64_t free_before;
    uint16_t id;

    (void)state;
    init();
    free_before = page_alloc_free_count();
    assert_int_equal(create(&op, 20), 0);
    id = op.domain;
    assert_int_equal(id, 20);
    assert_int_equal(create(&op, 20), -XEN_EEXIST);
    d = by_id(id);
    assert_true(d->pauses == 1 && d->is_managed && d->page_count == 0 && d->vcpus[0] == NULL);
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, 5, &op), 0);
    assert_int_equal(op.domain, 20);
    assert_true((op.u.getdomaininfo.flags & XEN_DOMINF_paused) != 0 && op.u.getdomaininfo.handle[15] == 7 &&
                op.u.getdomaininfo.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID);
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, 21, &op), -XEN_ESRCH);
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, DOMID_FIRST_RESERVED + 1, &op), -XEN_EINVAL);
    op.u.max_vcpus.max = 3;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id, &op), -XEN_EINVAL);
    op.u.max_vcpus.max = 2;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id, &op), 0);
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id, &op), 0);
    assert_true(d->vcpus[0] != NULL && d->vcpus[1] != NULL);
    s.u.getdomaininfolist.first_domain = 1;
    s.u.getdomaininfolist.max_domains = 4;
    POINT(s.u.getdomaininfolist.buffer, BUFFER);
    assert_int_equal(sysctl(XEN_SYSCTL_getdomaininfolist, &s), 0);
    assert_int_equal(s.u.getdomaininfolist.num_domains, 3);
    assert_int_equal(guest_copy_from(v, list, guest_handle(BUFFER), 3 * sizeof(list[0])), 0);
    assert_true(list[0].domain == control->id && list[1].domain == plain->id && list[2].domain == 20);
    /* A second one with memory; both go, and nothing is lost. */
    id = make(5);
    assert_int_equal(by_id(id)->page_count, 5);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, 20), 0);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    assert_true(by_id(20) == NULL && by_id(id) == NULL);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), -XEN_ESRCH);
    assert_int_equal(page_alloc_free_count(), free_before);
    /* What cannot be made. */
    for (unsigned i = 0; i < 8; i++) {
        struct xen_domctl_createdomain *c = &op.u.createdomain;

        op = (struct xen_domctl){ .cmd = 0 };
        c->flags = i == 0 ? XEN_DOMCTL_CDF_hvm : XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | (i == 1 ? 1U << 5 : 0);
        c->iommu_opts = i == 2;
        c->vmtrace_size = i == 3;
        c->max_vcpus = i == 4 ? 0 : i == 5 ? CONFIG_MAX_VCPUS + 1 : 1;
        c->grant_opts = i == 6 ? 3 : 0;
        c->cpupool_id = i == 7;
        assert_int_equal(domctl(XEN_DOMCTL_createdomain, 0, &op), i == 7 ? -XEN_ENOENT : -XEN_EINVAL);
    }
    finish();
}

/* Req: BH-CTL-007 */
static void test_foreign(void **state)
{
    uint64_t free_before, word = 0x1234, seen = 0;
    struct domain *d;
    uint16_t id;

    (void)state;
    init();
    free_before = page_alloc_free_count();
    id = make(3);
    d = by_id(id);
    assert_int_equal(map_foreign(id, THEIR_GFN + 1, FREE_GFN), 0);
    assert_int_equal(map_foreign(id, THEIR_GFN + 1, FREE_GFN + 1), 0);
    assert_int_equal(d->lent, 2);
    assert_int_equal(guest_copy_to(v, guest_handle(FREE_GFN << PAGE_SHIFT), &word, sizeof(word)), 0);
    assert_int_equal(guest_copy_from(v, &seen, guest_handle((FREE_GFN + 1) << PAGE_SHIFT), sizeof(seen)), 0);
    assert_int_equal(seen, word);
    /* Not what is not there, not one's own, not what is nobody's. */
    assert_int_equal(map_foreign(id, THEIR_GFN + 3, FREE_GFN + 2), -XEN_EINVAL);
    assert_int_equal(map_foreign(control->id, TEST_RAM_GFN, FREE_GFN + 2), -XEN_ESRCH);
    assert_int_equal(map_foreign(77, TEST_RAM_GFN, FREE_GFN + 2), -XEN_ESRCH);
    assert_int_equal(map_foreign(DOMID_XEN, 0, FREE_GFN + 2), -XEN_EPERM);
    /* What is mapped over goes back to its owner. */
    assert_int_equal(map_foreign(id, THEIR_GFN, FREE_GFN + 1), 0);
    assert_int_equal(d->lent, 2);
    /* The owner dies: it stays until the mappings are gone, and its pages with it. */
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    assert_non_null(by_id(id));
    assert_int_equal(map_foreign(id, THEIR_GFN, FREE_GFN + 3), -XEN_ESRCH);
    assert_int_equal(unmap(FREE_GFN), 0);
    host_settle();
    run_vcpu(v);
    assert_non_null(by_id(id));
    assert_int_equal(unmap(FREE_GFN + 1), 0);
    host_settle();
    run_vcpu(v);
    assert_null(by_id(id));
    assert_int_equal(unmap(FREE_GFN), -XEN_ENOENT);
    /* Tables for FREE_GFN stay the control domain's. */
    assert_true(free_before - page_alloc_free_count() <= 2);
    /* One that dies while it has mapped another's page gives it back. */
    id = make(1);
    assert_int_equal(map_foreign(id, THEIR_GFN, FREE_GFN), 0);
    finish();
}

/* Req: BH-CTL-004, BH-CTL-005, BH-CTL-017 */
static void test_pause(void **state)
{
    uint64_t context[2] = { 0xabc000, 1 };
    struct xen_domctl op;
    struct domain *d;
    uint16_t id;

    (void)state;
    init();
    /* A CPU for each of the two. */
    domain_shutdown(plain, SHUTDOWN_poweroff);
    host_settle();
    run_vcpu(v);
    id = make(1);
    d = by_id(id);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), context, sizeof(context)), 0);
    op.u.vcpucontext.vcpu = 0;
    POINT(op.u.vcpucontext.ctxt, BUFFER);
    assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id, &op), 0);
    assert_int_equal(d->vcpus[0]->state, VCPU_RUNNABLE);
    assert_int_equal(d->vcpus[0]->arch.entry, 0xabc000);
    host_settle();
    assert_int_equal(d->vcpus[0]->state, VCPU_RUNNABLE);
    run_vcpu(v);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
    host_settle();
    assert_int_equal(d->vcpus[0]->state, VCPU_RUNNING);
    run_vcpu(v);
    /* While it runs its registers are its own. */
    op.u.vcpucontext.vcpu = 0;
    assert_int_equal(domctl(XEN_DOMCTL_setvcpucontext, id, &op), -XEN_EBUSY);
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, id), 0);
    assert_false(sched_domain_is_loaded(d));
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, id), 0);
    assert_int_equal(d->pauses, 2);
    assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id, &op), 0);
    op.u.vcpucontext.vcpu = 2;
    assert_int_equal(domctl(XEN_DOMCTL_getvcpucontext, id, &op), -XEN_ESRCH);
    /* It shuts down: that is told, and it stays. */
    domain_shutdown(d, SHUTDOWN_reboot);
    assert_int_equal(d->phase, DOMAIN_RUNNING);
    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id, &op), 0);
    assert_true((op.u.getdomaininfo.flags & XEN_DOMINF_shutdown) != 0 &&
                op.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift == SHUTDOWN_reboot);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
    assert_int_equal(d->pauses, 1);
    assert_int_equal(simple(XEN_DOMCTL_resumedomain, id), 0);
    assert_int_equal(simple(XEN_DOMCTL_resumedomain, id), -XEN_EINVAL);
    assert_int_equal(d->pauses, 0);
    finish();
}

/* Req: BH-CTL-014, BH-CTL-015, BH-CTL-018, BH-CTL-019 */
static void test_limits(void **state)
{
    uint64_t cpus = 2, g = THEIR_GFN + 2;
    struct xen_memory_reservation r = { .nr_extents = 1 };
    struct xen_domctl op = { .cmd = 0 };
    struct domain *d;
    uint16_t id;

    (void)state;
    init();
    id = make(2);
    d = by_id(id);
    r.domid = id;
    POINT(r.extent_start, BUFFER);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &g, sizeof(g)), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, OPERATION), 0);
    op.u.paging_mempool.size = 1;
    assert_int_equal(domctl(XEN_DOMCTL_set_paging_mempool_size, id, &op), -XEN_EINVAL);
    op.u.paging_mempool.size = 0;
    assert_int_equal(domctl(XEN_DOMCTL_set_paging_mempool_size, id, &op), -XEN_ENOMEM);
    op.u.paging_mempool.size = 1 << 20;
    assert_int_equal(domctl(XEN_DOMCTL_set_paging_mempool_size, id, &op), 0);
    op.u.paging_mempool.size = 0;
    assert_int_equal(domctl(XEN_DOMCTL_get_paging_mempool_size, id, &op), 0);
    assert_int_equal(op.u.paging_mempool.size, 1 << 20);
    op.u.cacheflush.start_pfn = THEIR_GFN;
    op.u.cacheflush.nr_pfns = 512;
    assert_int_equal(domctl(XEN_DOMCTL_cacheflush, id, &op), 0);
    op.u.cacheflush.start_pfn = UINT64_MAX;
    assert_int_equal(domctl(XEN_DOMCTL_cacheflush, id, &op), -XEN_EINVAL);
    /* CPU 1 only; none; and back. */
    op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .vcpu = 1, .flags = XEN_VCPUAFFINITY_HARD };
    POINT(op.u.vcpuaffinity.cpumap_hard.bitmap, BUFFER);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &cpus, sizeof(cpus)), 0);
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id, &op), 0);
    assert_true(!cpuset_has(&d->vcpus[1]->sched.affinity, 0) && cpuset_has(&d->vcpus[1]->sched.affinity, 1));
    op.u.getvcpuinfo.vcpu = 1;
    assert_int_equal(domctl(XEN_DOMCTL_getvcpuinfo, id, &op), 0);
    assert_int_equal(op.u.getvcpuinfo.cpu, 1);
    op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .vcpu = 1, .flags = XEN_VCPUAFFINITY_HARD };
    POINT(op.u.vcpuaffinity.cpumap_hard.bitmap, BUFFER);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
    cpus = 0;
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &cpus, sizeof(cpus)), 0);
    assert_int_equal(domctl(XEN_DOMCTL_setvcpuaffinity, id, &op), -XEN_EINVAL);
    assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, id, &op), 0);
    assert_int_equal(guest_copy_from(v, &cpus, guest_handle(BUFFER), sizeof(cpus)), 0);
    assert_int_equal(cpus, 2);
    op.u.vcpuaffinity.vcpu = 2;
    assert_int_equal(domctl(XEN_DOMCTL_getvcpuaffinity, id, &op), -XEN_ESRCH);
    op.u.scheduler_op = (struct xen_domctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
                                                          .cmd = XEN_DOMCTL_SCHEDOP_putinfo };
    op.u.scheduler_op.u.credit2.weight = 1000;
    op.u.scheduler_op.u.credit2.cap = 30;
    assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id, &op), 0);
    assert_true(d->weight == 1000 && d->vcpus[1]->sched.weight == 1000);
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id, &op), 0);
    assert_int_equal(op.u.scheduler_op.u.credit2.weight, 1000);
    assert_int_equal(op.u.scheduler_op.u.credit2.cap, 30);
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    assert_int_equal(domctl(XEN_DOMCTL_scheduler_op, id, &op), -XEN_EINVAL);
    finish();
}

/* Req: BH-CTL-003, BH-CTL-008 */
static void test_reach(void **state)
{
    uint16_t a, b;

    (void)state;
    init();
    a = make(1);
    b = make(1);
    for (enum policy_question q = 0; q < POLICY_QUESTION_COUNT; q++) {
        assert_true(policy_ask(control, by_id(a), q) && policy_ask(by_id(a), control, q));
        /* Those that were made may serve each other; what the boot description has started is not theirs. */
        assert_int_equal(policy_ask(by_id(a), by_id(b), q), q != POLICY_MEMORY);
        assert_false(policy_ask(by_id(a), plain, q) || policy_ask(plain, by_id(a), q));
    }
    boot_options_apply("xsm=silo", 8);
    b = make(1);
    for (enum policy_question q = 0; q < POLICY_QUESTION_COUNT; q++) {
        assert_true(policy_ask(control, by_id(b), q));
        assert_false(policy_ask(by_id(a), by_id(b), q) || policy_ask(by_id(b), by_id(a), q));
    }
    assert_int_equal(control_set_virq_handler(control, VIRQ_TIMER), -XEN_EINVAL);
    assert_int_equal(control_set_virq_handler(control, NR_VIRQS), -XEN_EINVAL);
    assert_int_equal(control_set_virq_handler(control, VIRQ_DOM_EXC), 0);
    control_virq(VIRQ_DOM_EXC);
    finish();
}

static const struct domain *looked_at;
static mfn_t context_page;
static unsigned looks, looks_locked;

static void look_at_lock(mfn_t m)
{
    if (m.n == context_page.n) {
        looks++;
        looks_locked += spin_is_taken(&looked_at->lock);
    }
}

/* Req: BH-CTL-017 */
/* A vCPU that is off in a domain that runs: another one of it cannot start it (PSCI CPU_ON) while it is set or told. */
static void test_context_of_one_that_may_start(void **state)
{
    uint64_t context[2] = { 0xabc000, 0 };
    struct xen_domctl op = { .cmd = 0 };
    uint16_t id;

    (void)state;
    init();
    id = make(1);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
    assert_int_equal(domain_get_page(control, gfn(BUFFER >> PAGE_SHIFT), &context_page), 0);
    domain_put_page(control, context_page);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t command = i == 0 ? XEN_DOMCTL_setvcpucontext : XEN_DOMCTL_getvcpucontext;
        uint64_t arguments[5] = { OPERATION };

        assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), context, sizeof(context)), 0);
        op = (struct xen_domctl){ .cmd = command, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = id };
        op.u.vcpucontext.vcpu = 1;
        POINT(op.u.vcpucontext.ctxt, BUFFER);
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &op, sizeof(op)), 0);
        looked_at = by_id(id);
        looks = looks_locked = 0;
        host_window_closed = look_at_lock;
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_domctl, arguments), 0);
        host_window_closed = NULL;
        assert_int_equal(looks, 1);
        assert_int_equal(looks_locked, 1);
    }
    finish();
}

/* Steps of the reaper, until domain ID is gone. */
static void let_end(uint16_t id)
{
    for (unsigned i = 0; i < 1000 && by_id(id) != NULL; i++) {
        host_run_until(host_now + 1000000);
    }
    run_vcpu(v);
    assert_null(by_id(id));
}

/* Req: BH-CTL-001, BH-CTL-026 */
static void test_destroy_that_waited(void **state)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    struct xen_domctl again;
    uint64_t arguments[5] = { OPERATION };
    int64_t result;

    (void)state;
    init();
    assert_int_equal(create(&again, 20), 0);
    op.domain = 20;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &op, sizeof(op)), 0);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_domctl, arguments), HYPERCALL_RESTART);
    let_end(20);
    /* Another call makes one with this number before the first one goes on. */
    assert_int_equal(create(&again, 20), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &op, sizeof(op)), 0);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_domctl, arguments), 0);
    assert_true(by_id(20) != NULL && by_id(20)->phase == DOMAIN_RUNNING);
    /* Who calls again with what is left in the registers means the new one. */
    result = hypercall_dispatch(v, __HYPERVISOR_domctl, arguments);
    assert_int_equal(result, HYPERCALL_RESTART);
    let_end(20);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_domctl, arguments), 0);
    /* One that may not destroy is told so, whatever its registers say. */
    assert_int_equal(create(&again, 20), 0);
    plain->target = control->id;
    v = plain->vcpus[0];
    run_vcpu(v);
    for (unsigned i = 0; i < 2; i++) {
        op.domain = i == 0 ? 20 : 77;
        (void)control_wait(v, arguments, op.domain);
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &op, sizeof(op)), 0);
        result = hypercall_dispatch(v, __HYPERVISOR_domctl, arguments);
        assert_int_equal(result, i == 0 ? -XEN_EPERM : -XEN_ESRCH);
    }
    plain->target = FRAME_NO_DOMAIN;
    finish();
}

/* Req: BH-CTL-020, BH-CTL-024 */
static void test_keys_stop(void **state)
{
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    uint64_t arguments[5] = { OPERATION };

    (void)state;
    init();
    console_set_level(LOG_INFO);
    s.u.debug_keys.nr_keys = 3;
    POINT(s.u.debug_keys.keys, BUFFER);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), "hmq", 3), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &s, sizeof(s)), 0);
    host_interrupt_is_pending = true;
    for (unsigned i = 0; i < 3; i++) {
        char text[1024] = "";
        uint64_t position;

        console_forget_ring();
        position = console_ring_start();
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_sysctl, arguments), i < 2 ? HYPERCALL_RESTART : 0);
        (void)console_read_ring(&position, text, sizeof(text) - 1);
        assert_non_null(strstr(text, i == 0 ? "debug keys:" : i == 1 ? "memory:" : "(plain): running"));
        assert_null(strstr(text, i == 0 ? "memory:" : "debug keys:"));
    }
    host_interrupt_is_pending = false;
    finish();
}

/* Req: BH-CTL-025 */
static void test_number_again(void **state)
{
    struct xen_domctl op = { .cmd = 0 };
    uint16_t id;

    (void)state;
    init();
    assert_int_equal(create(&op, 20), 0);
    id = op.domain;
    op.u.set_target.target = id;
    assert_int_equal(domctl(XEN_DOMCTL_set_target, plain->id, &op), 0);
    assert_int_equal(control_set_virq_handler(by_id(id), VIRQ_DOM_EXC), 0);
    assert_true(control_may(plain, by_id(id), CONTROL_MEMORY));
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    assert_false(control_is_any(plain));
    /* Another domain with its number: nobody's target, and no interrupt finds its way to it. */
    assert_int_equal(create(&op, id), 0);
    op.u.max_vcpus.max = 2;
    assert_int_equal(domctl(XEN_DOMCTL_max_vcpus, id, &op), 0);
    assert_false(control_may(plain, by_id(id), CONTROL_MEMORY));
    bind_virq(by_id(id), VIRQ_DOM_EXC);
    control_virq(VIRQ_DOM_EXC);
    assert_false(virq_is_pending(by_id(id), VIRQ_DOM_EXC));
    assert_int_equal(control_set_virq_handler(by_id(id), VIRQ_DOM_EXC), 0);
    control_virq(VIRQ_DOM_EXC);
    assert_true(virq_is_pending(by_id(id), VIRQ_DOM_EXC));
    /* It may have another target then. */
    op.u.set_target.target = id;
    assert_int_equal(domctl(XEN_DOMCTL_set_target, plain->id, &op), 0);
    finish();
}

/* Req: BH-CTL-021, BH-CTL-023, BH-CTL-024 */
static void test_board(void **state)
{
    struct xen_platform_op p = { .cmd = XENPF_settime64, .interface_version = XENPF_INTERFACE_VERSION };
    struct xen_sysctl s = { .cmd = 0 };
    const struct shared_info *info;

    (void)state;
    init();
    assert_int_equal(sysctl(XEN_SYSCTL_physinfo, &s), 0);
    assert_true(s.u.physinfo.nr_cpus == 2 && s.u.physinfo.free_pages == page_alloc_free_count());
    s.u.debug_keys.nr_keys = 1;
    POINT(s.u.debug_keys.keys, BUFFER);
    assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), "q", 1), 0);
    assert_int_equal(sysctl(XEN_SYSCTL_debug_keys, &s), 0);
    s.u.readconsole = (struct xen_sysctl_readconsole){ .count = 64, .clear = 1 };
    POINT(s.u.readconsole.buffer, BUFFER);
    assert_int_equal(sysctl(XEN_SYSCTL_readconsole, &s), 0);
    p.u.settime64.secs = 1000;
    p.u.settime64.nsecs = 5;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &p, sizeof(p)), 0);
    assert_int_equal(call(__HYPERVISOR_platform_op, OPERATION, 0), 0);
    info = window_open_read(plain->shared_info);
    assert_true(info->wc_sec == 1000 && info->wc_nsec == 5 && info->wc_version % 2 == 0);
    window_close(info);
    p.u.settime64.mbz = 1;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &p, sizeof(p)), 0);
    assert_int_equal(call(__HYPERVISOR_platform_op, OPERATION, 0), -XEN_EINVAL);
    finish();
}

static uint32_t pool_scheduler = XEN_SCHEDULER_CREDIT2;

static int64_t pool_op(uint32_t op, uint32_t id, uint32_t cpu, uint32_t domid, struct xen_sysctl_cpupool_op *out)
{
    struct xen_sysctl s = { .cmd = XEN_SYSCTL_cpupool_op, .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    int64_t result;

    s.u.cpupool_op = (struct xen_sysctl_cpupool_op){ .op = op, .cpupool_id = id, .sched_id = pool_scheduler,
                                                     .domid = domid, .cpu = cpu };
    s.u.cpupool_op.cpumap.nr_bits = 8;
    POINT(s.u.cpupool_op.cpumap.bitmap, BUFFER);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &s, sizeof(s)), 0);
    result = call(__HYPERVISOR_sysctl, OPERATION, 0);
    assert_int_equal(guest_copy_from(v, &s, guest_handle(OPERATION), sizeof(s)), 0);
    *out = s.u.cpupool_op;
    return result;
}

static uint8_t told_cpus(void)
{
    uint8_t cpus = 0;

    assert_int_equal(guest_copy_from(v, &cpus, guest_handle(BUFFER), 1), 0);
    return cpus;
}

/* Req: BH-CTL-029 */
static void test_pools(void **state)
{
    enum { ANY = (int)XEN_SYSCTL_CPUPOOL_PAR_ANY };
    struct xen_sysctl_cpupool_op p;
    cpuset_t one = one_cpu(1);

    (void)state;
    init();
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0, 0, 0, &p), -XEN_EEXIST);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0, &p), 0);
    assert_int_equal(p.cpupool_id, 1);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 77, 0, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, 0, &p), 0);
    assert_true(p.n_dom == 2 && told_cpus() == 3);
    /* The walk over all. */
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 2, 0, 0, &p), 0);
    assert_true(p.cpupool_id == 77 && p.n_dom == 0 && told_cpus() == 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 78, 0, 0, &p), -XEN_ENOENT);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, ANY, 0, 0, &p), -XEN_ENOENT);
    /* A pool without a CPU takes nobody; a CPU is in one pool or free. */
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0, plain->id, &p), -XEN_ENODEV);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 1, 0, &p), -XEN_ENODEV);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 2, 0, &p), -XEN_EINVAL);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 5, 0, &p), -XEN_EINVAL);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 5, 1, 0, &p), -XEN_ENOENT);
    /* Who may use nothing else is let free when its CPU goes. */
    assert_int_equal(sched_set_affinity(plain->vcpus[0], &one, &one), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, ANY, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0, &p), 0);
    assert_int_equal(told_cpus(), 2);
    assert_true(cpuset_has(&plain->vcpus[0]->sched.affinity, 0));
    assert_int_equal(sched_set_affinity(plain->vcpus[0], &one, &one), -XEN_EINVAL);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 0, 0, &p), -XEN_EBUSY);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, ANY, 0, &p), 0);
    /* There and back. */
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0, control->id, &p), -XEN_EPERM);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0, 999, &p), -XEN_ESRCH);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0, 0x10000 + plain->id, &p), -XEN_ESRCH);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 1, 0, plain->id, &p), 0);
    assert_true(!sched_may_use(plain->vcpus[0], cpu_table[0]) && sched_may_use(plain->vcpus[0], cpu_table[1]));
    assert_int_equal(sched_set_affinity(plain->vcpus[0], &one, &one), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0, &p), 0);
    assert_true(p.n_dom == 1 && told_cpus() == 2);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 1, 1, 0, &p), -XEN_EBUSY);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0, &p), -XEN_EBUSY);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, 0, plain->id, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 1, 1, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, 1, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 77, 0, 0, &p), 0);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0, 0, &p), -XEN_EBUSY);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0, &p), -XEN_ENOENT);
    assert_int_equal(pool_op(8, 0, 0, 0, &p), -XEN_ENOSYS);
    pool_scheduler = XEN_SCHEDULER_ARINC653;
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 3, 0, 0, &p), -XEN_ENOENT);
    pool_scheduler = XEN_SCHEDULER_NULL;
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 3, 0, 0, &p), 0);
    pool_scheduler = XEN_SCHEDULER_CREDIT2;
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_INFO, 3, 0, 0, &p), 0);
    assert_int_equal(p.sched_id, XEN_SCHEDULER_NULL);
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 3, 0, 0, &p), 0);
    /* As many as there may be. */
    for (unsigned i = 1; i < 32; i++) {
        assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0, &p), 0);
    }
    assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0, &p), -XEN_ENOMEM);
    for (unsigned i = 1; i < 32; i++) {
        assert_int_equal(pool_op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, i, 0, 0, &p), 0);
    }
    finish();
}

/* Req: BH-BOOT-042 */
static void test_promised_store(void **state)
{
    const struct evtchn *c;
    struct domain *store;

    (void)state;
    init();
    assert_int_equal(control_promise_store(control), -XEN_ENOENT);
    assert_int_equal(control->parameter.store_pfn, 0);
    assert_int_equal(control_promise_store(plain), 0);
    assert_true(plain->parameter.store_pfn == ~0ULL);
    c = evtchn_at(&plain->evtchn, (uint32_t)plain->parameter.store_evtchn);
    assert_int_equal(c->state, EVTCHN_UNBOUND);
    assert_int_equal(c->remote_id, control->id);
    /* Who has the store goes before who controls. */
    store = make_domain("store", 1, 0, all_cpus(), 4);
    store->capabilities = DOMAIN_XENSTORE;
    start_domain(store);
    assert_int_equal(control_promise_store(control), 0);
    assert_int_equal(evtchn_at(&control->evtchn, (uint32_t)control->parameter.store_evtchn)->remote_id, store->id);
    finish();
}

/* ---- A virtual UART that the control domain serves ---- */

#define RING_PLACE (FREE_GFN << PAGE_SHIFT)
#define RING(member) (RING_PLACE + offsetof(struct xencons_interface, member))

static int64_t vuart_op(uint16_t id, uint64_t page, uint32_t *port)
{
    struct xen_domctl op = { .cmd = 0 };
    int64_t result;

    op.u.vuart_op.gfn = page;
    op.u.vuart_op.console_domid = control->id;
    result = domctl(XEN_DOMCTL_vuart_op, id, &op);
    *port = op.u.vuart_op.evtchn;
    return result;
}

static uint32_t ring_word(uint64_t at)
{
    uint32_t word;

    assert_int_equal(guest_copy_from(v, &word, guest_handle(at), sizeof(word)), 0);
    return word;
}

static void set_ring_word(uint64_t at, uint32_t word)
{
    assert_int_equal(guest_copy_to(v, guest_handle(at), &word, sizeof(word)), 0);
}

static uint64_t uart(struct domain *d, uint64_t offset, bool is_write, uint64_t value)
{
    struct mmio_access a = { .offset = offset, .size = 4, .value = value, .is_write = is_write };

    assert_int_equal(vpl011_access(d->vcpus[0], &a), 0);
    return a.value;
}

static int64_t event(unsigned command, uint32_t port)
{
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &port, sizeof(port)), 0);
    return call(__HYPERVISOR_event_channel_op, command, OPERATION);
}

/* Req: BH-CTL-032, BH-UART-010, BH-UART-011 */
static void test_uart(void **state)
{
    struct evtchn_bind_interdomain b = { .remote_dom = 0 };
    struct evtchn_status s = { .dom = 0 };
    struct xen_domctl op = { .cmd = 0 };
    struct domain *d;
    uint32_t port, other;
    uint16_t id;
    char text[8];

    (void)state;
    init();
    id = make(4);
    d = by_id(id);
    /* What is refused. */
    assert_int_equal(vuart_op(77, THEIR_GFN, &port), -XEN_ESRCH);
    assert_int_equal(vuart_op(id, THEIR_GFN + 4, &port), -XEN_EINVAL);
    assert_int_equal(vuart_op(plain->id, TEST_RAM_GFN, &port), -XEN_EPERM);
    for (unsigned i = 0; i < 4; i++) {
        op = (struct xen_domctl){ .cmd = 0 };
        op.u.vuart_op.gfn = THEIR_GFN;
        op.u.vuart_op.type = i == 0;
        op.u.vuart_op.cmd = i == 1;
        op.u.vuart_op.pad[0] = i == 2;
        op.u.vuart_op.pad[1] = i == 3;
        assert_int_equal(domctl(XEN_DOMCTL_vuart_op, id, &op), i == 0 ? -XEN_EOPNOTSUPP : -XEN_EINVAL);
    }
    assert_false(d->vuart.is_there || d->arch.has_vpl011);
    assert_int_equal(vuart_op(id, THEIR_GFN + 1, &port), 0);
    assert_int_equal(vuart_op(id, THEIR_GFN + 1, &other), -XEN_EINVAL);
    assert_int_equal(map_foreign(id, THEIR_GFN + 1, FREE_GFN), 0);
    /* Nobody serves it yet: what is written waits. */
    (void)uart(d, 0, true, 'a');
    assert_true(ring_word(RING(out_prod)) == 1 && ring_word(RING(out_cons)) == 0);
    b.remote_dom = id;
    b.remote_port = port;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &b, sizeof(b)), 0);
    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, OPERATION), 0);
    assert_int_equal(guest_copy_from(v, &b, guest_handle(OPERATION), sizeof(b)), 0);
    spin_lock(&control->evtchn.lock);
    evtchn_2l_clear_pending(control, b.local_port);
    spin_unlock(&control->evtchn.lock);
    (void)uart(d, 0, true, 'b');
    assert_true(evtchn_2l_is_pending(control, b.local_port));
    assert_int_equal(guest_copy_from(v, text, guest_handle(RING(out)), 2), 0);
    assert_memory_equal(text, "ab", 2);
    /* Full: what does not fit is lost, and the guest sees it, until the server says that there is room. */
    set_ring_word(RING(out_prod), 2047);
    assert_int_equal(uart(d, 0x18, false, 0) & BIT(5), 0);
    (void)uart(d, 0, true, 'c');
    assert_true((uart(d, 0x18, false, 0) & BIT(5)) != 0 && ring_word(RING(out_prod)) == 2048);
    (void)uart(d, 0, true, 'd');
    assert_int_equal(ring_word(RING(out_prod)), 2048);
    (void)uart(d, 0x44, true, 0x7ff);
    set_ring_word(RING(out_cons), 2048);
    assert_int_equal(event(EVTCHNOP_send, b.local_port), 0);
    assert_true((uart(d, 0x18, false, 0) & BIT(5)) == 0 && (uart(d, 0x3c, false, 0) & BIT(5)) != 0);
    /* Room for a whole FIFO: a driver fills half of it without another look. */
    set_ring_word(RING(out_prod), 2048 + 2015);
    (void)uart(d, 0, true, 'x');
    assert_int_equal(uart(d, 0x18, false, 0) & BIT(5), 0);
    (void)uart(d, 0, true, 'y');
    assert_true((uart(d, 0x18, false, 0) & BIT(5)) != 0 && ring_word(RING(out_prod)) == 2048 + 2017);
    set_ring_word(RING(out_prod), 2048);
    assert_int_equal(event(EVTCHNOP_send, b.local_port), 0);
    /* Indexes that make no sense. */
    set_ring_word(RING(out_prod), 7);
    (void)uart(d, 0, true, 'e');
    assert_int_equal(ring_word(RING(out_prod)), 7);
    set_ring_word(RING(in_prod), 1025);
    assert_int_equal(event(EVTCHNOP_send, b.local_port), 0);
    assert_int_equal(ring_word(RING(in_cons)), 0);
    /* Input: a FIFO full at once, the rest as the guest reads. */
    for (unsigned i = 0; i < 40; i++) {
        text[0] = (char)('A' + i);
        assert_int_equal(guest_copy_to(v, guest_handle(RING(in) + i), text, 1), 0);
    }
    set_ring_word(RING(in_prod), 40);
    assert_int_equal(event(EVTCHNOP_send, b.local_port), 0);
    assert_int_equal(ring_word(RING(in_cons)), 32);
    spin_lock(&control->evtchn.lock);
    evtchn_2l_clear_pending(control, b.local_port);
    spin_unlock(&control->evtchn.lock);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(uart(d, 0x18, false, 0) & BIT(4), 0);
        assert_int_equal(uart(d, 0, false, 0), 'A' + i);
        assert_int_equal(ring_word(RING(in_cons)), MIN(33 + i, 40U));
    }
    assert_true((uart(d, 0x18, false, 0) & BIT(4)) != 0 && (uart(d, 0x3c, false, 0) & BIT(10)) == 0);
    assert_true(evtchn_2l_is_pending(control, b.local_port));
    /* Its end is not the guest's: nothing that the guest does there has an effect. */
    s.dom = id;
    s.port = port;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &s, sizeof(s)), 0);
    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, OPERATION), -XEN_EACCES);
    assert_int_equal(evtchn_close_port(d, port, true), -XEN_EINVAL);
    assert_int_equal(evtchn_at(&d->evtchn, port)->state, EVTCHN_INTERDOMAIN);
    /* The server goes, and another one comes. */
    assert_int_equal(event(EVTCHNOP_close, b.local_port), 0);
    (void)uart(d, 0, true, 'f');
    assert_int_equal(evtchn_at(&d->evtchn, port)->state, EVTCHN_UNBOUND);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &b, sizeof(b)), 0);
    assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, OPERATION), 0);
    /* Not once it has run. */
    other = make(2);
    assert_int_equal(simple(XEN_DOMCTL_unpausedomain, (uint16_t)other), 0);
    assert_int_equal(simple(XEN_DOMCTL_pausedomain, (uint16_t)other), 0);
    assert_int_equal(vuart_op((uint16_t)other, THEIR_GFN, &port), -XEN_EPERM);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, (uint16_t)other), 0);
    assert_int_equal(unmap(FREE_GFN), 0);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    assert_int_equal(event(EVTCHNOP_send, b.local_port), 0);
    finish();
}

/* Req: BH-CTL-033 */
static void test_soft_reset(void **state)
{
    uint16_t id;

    (void)state;
    init();
    id = make(2);
    assert_int_equal(simple(XEN_DOMCTL_soft_reset, control->id), -XEN_EINVAL);
    assert_int_equal(simple(XEN_DOMCTL_soft_reset, id), -XEN_EINVAL);
    domain_shutdown(by_id(id), SHUTDOWN_soft_reset);
    assert_int_equal(simple(XEN_DOMCTL_soft_reset, id), -XEN_ENOSYS);
    assert_true(by_id(id)->is_shut_down && by_id(id)->shutdown_reason == SHUTDOWN_soft_reset);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    finish();
}

/* ---- hypfs ---- */

static int64_t hypfs(uint64_t command, const char *path, uint64_t path_size, uint64_t size)
{
    uint64_t a[5] = { command, OPERATION, path_size, BUFFER, size };

    if (path != NULL) {
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), path, strlen(path) + 1), 0);
    }
    return hypercall_dispatch(v, __HYPERVISOR_hypfs_op, a);
}

static struct xen_hypfs_direntry entry_at(uint64_t at)
{
    struct xen_hypfs_direntry e;

    assert_int_equal(guest_copy_from(v, &e, guest_handle(at), sizeof(e)), 0);
    return e;
}

static void check_text(const char *path, const char *text)
{
    char found[64];

    assert_int_equal(hypfs(XEN_HYPFS_OP_read, path, strlen(path) + 1, PAGE_SIZE), 0);
    assert_true(entry_at(BUFFER).type == XEN_HYPFS_TYPE_STRING && entry_at(BUFFER).content_len == strlen(text) + 1);
    assert_int_equal(guest_copy_from(v, found, guest_handle(BUFFER + sizeof(struct xen_hypfs_direntry)), sizeof(found)), 0);
    assert_string_equal(found, text);
}

/* All that there is below PATH, as xenhypfs walks it: how many nodes. */
static unsigned walk(const char *path)
{
    char buffer[1024], below[128];
    unsigned count = 1, at = sizeof(struct xen_hypfs_direntry), next;

    assert_int_equal(hypfs(XEN_HYPFS_OP_read, path, strlen(path) + 1, sizeof(buffer)), 0);
    assert_int_equal(guest_copy_from(v, buffer, guest_handle(BUFFER), sizeof(buffer)), 0);
    if (((struct xen_hypfs_direntry *)buffer)->type != XEN_HYPFS_TYPE_DIR) {
        return 1;
    }
    do {
        struct xen_hypfs_dirlistentry e;

        memcpy(&e, buffer + at, sizeof(e));
        next = e.off_next;
        assert_true(snprintf(below, sizeof(below), "%s/%s", path[1] == '\0' ? "" : path,
                             buffer + at + offsetof(struct xen_hypfs_dirlistentry, name)) > 0);
        count += walk(below);
        at += next;
    } while (next != 0);
    assert_true(at < sizeof(struct xen_hypfs_direntry) + ((struct xen_hypfs_direntry *)buffer)->content_len);
    return count;
}

/* Req: BH-CTL-034 */
static void test_hypfs(void **state)
{
    static const char *const missing[] = { "/x", "/buildin", "/buildinfo/version/majo", "/buildinfo/version/major/",
                                           "/buildinfo/version/major/x", "//", "/params//loglvl" };
    uint64_t all_zero[5] = { XEN_HYPFS_OP_get_version };
    struct xen_hypfs_direntry e;

    (void)state;
    init();
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_hypfs_op, all_zero), 1);
    assert_int_equal(hypfs(XEN_HYPFS_OP_get_version, NULL, 0, 0), -XEN_EINVAL);
    assert_int_equal(walk("/"), 17);
    check_text("/params/gnttab_max_frames", "64");
    check_text("/buildinfo/changeset", "");
    console_set_level(LOG_WARNING);
    check_text("/params/loglvl", "warning");
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/buildinfo/version/minor", 25, 16), 0);
    e = entry_at(BUFFER);
    assert_true(e.type == XEN_HYPFS_TYPE_UINT && e.content_len == 4 && e.max_write_len == 0 &&
                ring_word(BUFFER + sizeof(e)) == 17);
    /* What it needs, if it is not given. */
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/buildinfo/version/minor", 25, 15), -XEN_ENOBUFS);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params/", 9, sizeof(e)), -XEN_ENOBUFS);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params/", 9, sizeof(e) + entry_at(BUFFER).content_len), 0);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/", 2, sizeof(e) - 1), -XEN_EINVAL);
    for (unsigned i = 0; i < ARRAY_COUNT(missing); i++) {
        assert_int_equal(hypfs(XEN_HYPFS_OP_read, missing[i], strlen(missing[i]) + 1, 64), -XEN_ENOENT);
    }
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "params", 7, 64), -XEN_EINVAL);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params", 7, 64), -XEN_EINVAL);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params", 9, 64), -XEN_EINVAL);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params", 0, 64), -XEN_EINVAL);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/params", 1025, 64), -XEN_EINVAL);
    assert_int_equal(hypfs(XEN_HYPFS_OP_write_contents, "/params/loglvl", 15, 4), -XEN_EACCES);
    assert_int_equal(hypfs(XEN_HYPFS_OP_write_contents, "/params/x", 10, 4), -XEN_ENOENT);
    assert_int_equal(hypfs(3, "/params", 8, 4), -XEN_EOPNOTSUPP);
    console_set_level(LOG_INFO);
    v = plain->vcpus[0];
    run_vcpu(v);
    assert_int_equal(hypfs(XEN_HYPFS_OP_read, "/", 2, PAGE_SIZE), -XEN_EPERM);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_hypfs_op, all_zero), -XEN_EPERM);
    finish();
}

static int64_t claim(uint16_t id, uint64_t pages)
{
    struct xen_memory_reservation r = { .nr_extents = pages, .domid = id };

    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
    return call(__HYPERVISOR_memory_op, XENMEM_claim_pages, OPERATION);
}

static uint64_t outstanding(uint16_t id)
{
    struct xen_domctl op;
    struct xen_sysctl s;

    assert_int_equal(domctl(XEN_DOMCTL_getdomaininfo, id, &op), 0);
    assert_int_equal(sysctl(XEN_SYSCTL_physinfo, &s), 0);
    assert_int_equal(s.u.physinfo.outstanding_pages, op.u.getdomaininfo.outstanding_pages);
    return op.u.getdomaininfo.outstanding_pages;
}

/* Req: BH-CTL-030 */
static void test_claim(void **state)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = 1 };
    struct xen_domctl op;
    uint64_t free;
    uint16_t id;

    (void)state;
    init();
    id = make(4);
    op.u.max_mem.max_memkb = 4096 * 4;
    assert_int_equal(domctl(XEN_DOMCTL_max_mem, id, &op), 0);
    assert_int_equal(outstanding(id), 0);
    assert_int_equal(claim(77, 10), -XEN_EINVAL);
    assert_int_equal(claim(DOMID_SELF, 0), -XEN_EINVAL);
    assert_int_equal(claim(id, 4), -XEN_EINVAL);
    assert_int_equal(claim(id, 4097), -XEN_EINVAL);
    assert_int_equal(claim(id, ~0UL), -XEN_EINVAL);
    assert_int_equal(claim(id, 4096), -XEN_ENOMEM);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_claim_pages, 0x1000), -XEN_EFAULT);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_claim_pages | 1 << 6, OPERATION), -XEN_EINVAL);
    for (unsigned i = 0; i < 3; i++) {
        struct xen_memory_reservation bad = r;

        bad.domid = id;
        bad.nr_extents = 10;
        bad.extent_order = i == 0;
        bad.mem_flags = i == 1;
        POINT(bad.extent_start, i == 2 ? BUFFER : 0);
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &bad, sizeof(bad)), 0);
        assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_claim_pages, OPERATION), -XEN_EINVAL);
    }
    assert_int_equal(outstanding(id), 0);
    /* All that is free is this one's: others get nothing more, and it gets what it claims. */
    free = page_alloc_free_count();
    assert_int_equal(claim(id, 4 + free), 0);
    assert_int_equal(claim(id, 5 + free), -XEN_EINVAL);
    assert_int_equal(outstanding(id), free);
    assert_int_equal(create(&op, 0), -XEN_ENOMEM);
    assert_int_equal(unmap(TEST_RAM_GFN + 5), 0);
    assert_int_equal(page_alloc_free_count(), free + 1);
    r = (struct xen_memory_reservation){ .nr_extents = 1, .domid = id };
    POINT(r.extent_start, BUFFER);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t g = THEIR_GFN + 4 + i;

        assert_int_equal(guest_copy_to(v, guest_handle(BUFFER), &g, sizeof(g)), 0);
        assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
        assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, OPERATION), 1);
        assert_int_equal(outstanding(id), free - 1 - i);
    }
    assert_int_equal(claim(id, 0), 0);
    assert_int_equal(outstanding(id), 0);
    /* It goes with the domain, though others may keep that. */
    assert_int_equal(claim(id, 100), 0);
    assert_int_equal(outstanding(id), 93);
    assert_int_equal(map_foreign(id, THEIR_GFN, FREE_GFN), 0);
    assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
    assert_int_equal(outstanding(id), 0);
    assert_int_equal(claim(id, 100), -XEN_EINVAL);
    assert_int_equal(unmap(FREE_GFN), 0);
    /* Who has no right learns nothing. */
    v = plain->vcpus[0];
    run_vcpu(v);
    assert_int_equal(claim(control->id, PAGES + 1), -XEN_ENOSYS);
    plain->capabilities = DOMAIN_XENSTORE;
    assert_int_equal(claim(control->id, PAGES + 1), -XEN_EPERM);
    v = control->vcpus[0];
    run_vcpu(v);
    finish();
}

/* Req: BH-CTL-031 */
static void test_command_line(void **state)
{
    static const char line[] = "dom0_mem=384M loglvl=info";
    char text[1024], more[1100];

    (void)state;
    init();
    boot_options_apply(line, strlen(line));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_commandline, BUFFER), 0);
    assert_int_equal(guest_copy_from(v, text, guest_handle(BUFFER), sizeof(text)), 0);
    assert_string_equal(text, line);
    memset(more, 'm', sizeof(more));
    boot_options_apply(more, sizeof(more));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_commandline, BUFFER), 0);
    assert_int_equal(guest_copy_from(v, text, guest_handle(BUFFER), sizeof(text)), 0);
    assert_int_equal(strnlen(text, sizeof(text)), 1023);
    v = plain->vcpus[0];
    run_vcpu(v);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_commandline, BUFFER), 0);
    assert_int_equal(guest_copy_from(v, text, guest_handle(BUFFER), sizeof(text)), 0);
    assert_string_equal(text, "<denied>");
    boot_options_apply("", 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights), cmocka_unit_test(test_life),  cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_pause),  cmocka_unit_test(test_limits), cmocka_unit_test(test_reach),
        cmocka_unit_test(test_board), cmocka_unit_test(test_promised_store),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_number_again),
        cmocka_unit_test(test_context_of_one_that_may_start), cmocka_unit_test(test_destroy_that_waited),
        cmocka_unit_test(test_keys_stop), cmocka_unit_test(test_claim), cmocka_unit_test(test_hypfs), cmocka_unit_test(test_uart), cmocka_unit_test(test_soft_reset), cmocka_unit_test(test_command_line),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
