/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/hypercall.c, memory_op.c, sched_op.c, vcpu_op.c, hvm_op.c, version.c, vm_assist.c, with guest_copy.c and
 * runstate.c below them: what each answers to good and bad arguments. A guest's addresses are its physical ones.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/runstate.h"
#include "bh/window.h"

#define PAGES 16
#define BASE  (TEST_RAM_GFN << PAGE_SHIFT)
#define NOWHERE 0x1000UL

static struct domain *d;
static struct vcpu *v;

static void init(void)
{
    host_board_init(2, 16);
    d = make_domain("d", 2, 0, all_cpus(), PAGES);
    start_domain(d);
    v = d->vcpus[0];
    run_vcpu(v);
}

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t arguments[5] = { a, b, c };
    int64_t result = hypercall_dispatch(v, number, arguments);

    assert_int_equal(window_count(), 0);
    return result;
}

/* What the guest itself would do, by its own loads and stores. */
static void guest_write(uint64_t at, const void *from, size_t size)
{
    assert_int_equal(guest_copy_to(v, guest_handle(at), from, size), 0);
}

static void guest_read(uint64_t at, void *to, size_t size)
{
    assert_int_equal(guest_copy_from(v, to, guest_handle(at), size), 0);
}

/* Req: BH-ABI-002 */
static void test_numbers(void **state)
{
    static const unsigned there[] = {
        __HYPERVISOR_memory_op, __HYPERVISOR_multicall, __HYPERVISOR_xen_version, __HYPERVISOR_console_io,
        __HYPERVISOR_grant_table_op, __HYPERVISOR_vm_assist, __HYPERVISOR_vcpu_op, __HYPERVISOR_sched_op,
        __HYPERVISOR_event_channel_op, __HYPERVISOR_hvm_op, __HYPERVISOR_argo_op, __HYPERVISOR_domctl,
        __HYPERVISOR_sysctl, __HYPERVISOR_platform_op, __HYPERVISOR_hypfs_op,
    };

    (void)state;
    init();
    for (uint64_t n = 0; n < 200; n++) {
        bool is_there = false;

        for (unsigned i = 0; i < ARRAY_COUNT(there); i++) {
            is_there = is_there || n == there[i];
        }
        if (!is_there) {
            assert_int_equal(call(n, 0, 0, 0), -XEN_ENOSYS);
        }
    }
    assert_int_equal(call(UINT64_MAX, 0, 0, 0), -XEN_ENOSYS);
    assert_int_equal(call(1UL << 32 | __HYPERVISOR_xen_version, 0, 0, 0), -XEN_ENOSYS);
}

/* Req: BH-ABI-003 */
static void test_version(void **state)
{
    static const unsigned texts[] = { XENVER_extraversion, XENVER_compile_info, XENVER_capabilities, XENVER_changeset,
                                      XENVER_platform_parameters, XENVER_guest_handle, XENVER_commandline };
    char text[sizeof(xen_capabilities_info_t)];
    xen_feature_info_t info = { .submap_idx = 0 };

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_version, 0, 0), 4 << 16 | 17);
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0), PAGE_SIZE);
    assert_int_equal(call(__HYPERVISOR_xen_version, 99, 0, 0), -XEN_ENOSYS);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(call(__HYPERVISOR_xen_version, texts[i], NOWHERE, 0), -XEN_EFAULT);
        assert_int_equal(call(__HYPERVISOR_xen_version, texts[i], BASE, 0), 0);
    }
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_capabilities, BASE + PAGE_SIZE - 5, 0), 0);
    guest_read(BASE + PAGE_SIZE - 5, text, sizeof(xen_capabilities_info_t));
    assert_string_equal(text, "xen-3.0-host");
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_get_features, NOWHERE, 0), -XEN_EFAULT);
    guest_write(BASE, &info, sizeof(info));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_get_features, BASE, 0), 0);
    guest_read(BASE, &info, sizeof(info));
    assert_true((info.submap & 1U << XENFEAT_auto_translated_physmap) != 0);
    info.submap_idx = 1;
    guest_write(BASE, &info, sizeof(info));
    assert_int_equal(call(__HYPERVISOR_xen_version, XENVER_get_features, BASE, 0), -XEN_EINVAL);
}

/* ---- memory_op ---- */

static int64_t add_to_physmap(unsigned domid, unsigned space, uint64_t index, uint64_t g)
{
    struct xen_add_to_physmap a = { .domid = (domid_t)domid, .space = space, .idx = index, .gpfn = g };

    guest_write(BASE, &a, sizeof(a));
    return call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, BASE, 0);
}

static void expect_mapped(uint64_t g, mfn_t m)
{
    enum p2m_type type;
    unsigned order;
    mfn_t there;

    spin_lock(&d->p2m.lock);
    assert_int_equal(p2m_lookup(&d->p2m, gfn(g), &there, &type, &order), 0);
    spin_unlock(&d->p2m.lock);
    assert_int_equal(there.n, m.n);
}

/* Req: BH-ABI-004, BH-ABI-005 */
static void test_shared_info(void **state)
{
    uint64_t free_count, pages;

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_memory_op, 63, BASE, 0), -XEN_ENOSYS);
    assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, NOWHERE, 0), -XEN_EFAULT);
    assert_int_equal(add_to_physmap(d->id + 1, XENMAPSPACE_shared_info, 0, 5), -XEN_ESRCH);
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn, 0, 5), -XEN_ENOSYS);
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 1, 5), -XEN_EINVAL);
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, 1UL << 40), -XEN_EINVAL);
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, UINT64_MAX), -XEN_EINVAL);
    assert_int_equal(frame_lookup(d->shared_info)->references, 1);

    /* In place of a page of RAM, which goes back. */
    free_count = page_alloc_free_count();
    pages = d->page_count;
    assert_int_equal(add_to_physmap(d->id, XENMAPSPACE_shared_info, 0, TEST_RAM_GFN + 3), 0);
    expect_mapped(TEST_RAM_GFN + 3, d->shared_info);
    assert_int_equal(page_alloc_free_count(), free_count + 1);
    assert_int_equal(d->page_count, pages - 1);
    assert_int_equal(frame_lookup(d->shared_info)->references, 2);

    /* It has one place: not another, not the same again. */
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, TEST_RAM_GFN + 4), -XEN_EBUSY);
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, TEST_RAM_GFN + 3), -XEN_EBUSY);
    assert_true(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 4)));
    expect_mapped(TEST_RAM_GFN + 3, d->shared_info);
    assert_int_equal(frame_lookup(d->shared_info)->references, 2);
    assert_int_equal(d->page_count, pages - 1);
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

/* Req: BH-ABI-006 */
/* No frame for a table: the guest hears of it, and nothing is lost. */
static void test_shared_info_without_memory(void **state)
{
    (void)state;
    init();
    for (unsigned n = 1; n <= 2; n++) {
        struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = n << 19 };

        guest_write(BASE, &a, sizeof(a));
        host_fail_allocation(n);
        assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, BASE, 0), -XEN_ENOMEM);
        host_fail_allocation(0);
        assert_int_equal(frame_lookup(d->shared_info)->references, 1);
        assert_int_equal(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, BASE, 0), 0);
        assert_int_equal(frame_lookup(d->shared_info)->references, 2);
        expect_mapped(a.gpfn, d->shared_info); /* where nothing was */
        end_all();
        assert_int_equal(page_alloc_free_count(), host_ram_frames());
        init();
    }
}

/* ---- sched_op ---- */

/* Req: BH-ABI-011 */
static void test_sched_op(void **state)
{
    struct sched_shutdown a = { .reason = SHUTDOWN_MAX + 1 };

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_sched_op, 77, 0, 0), -XEN_ENOSYS);
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0), 0);
    assert_true(host_leave());
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
    (void)host_leave();
    assert_int_equal(v->state, VCPU_BLOCKED);
    v->arch.event = true;
    vcpu_kick(v);
    host_settle();
    assert_int_equal(v->state, VCPU_RUNNING);
    /* With an event there is nothing to wait for. */
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
    assert_true(host_leave());
    assert_int_equal(v->state, VCPU_RUNNING);
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, NOWHERE, 0), -XEN_EFAULT);
    guest_write(BASE, &a, sizeof(a));
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, BASE, 0), -XEN_EINVAL);
    assert_int_equal(d->phase, DOMAIN_RUNNING);
    a.reason = SHUTDOWN_crash;
    guest_write(BASE, &a, sizeof(a));
    assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, BASE, 0), 0);
    assert_int_equal(d->phase, DOMAIN_DYING);
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

/* ---- vcpu_op ---- */

static int64_t register_info(unsigned id, uint64_t g, unsigned offset)
{
    struct vcpu_register_vcpu_info a = { .mfn = g, .offset = offset };

    guest_write(BASE, &a, sizeof(a));
    return call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, id, BASE);
}

/* Req: BH-ABI-008 */
static void test_vcpu_info(void **state)
{
    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_vcpu_op, 99, 0, BASE), -XEN_ENOSYS);
    assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 2, BASE), -XEN_ENOENT);
    assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, UINT32_MAX, BASE), -XEN_ENOENT);
    assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, NOWHERE), -XEN_EFAULT);
    assert_int_equal(register_info(0, TEST_RAM_GFN + 1, PAGE_SIZE - sizeof(struct vcpu_info) + 8), -XEN_ENXIO);
    assert_int_equal(register_info(0, TEST_RAM_GFN + 1, UINT32_MAX), -XEN_ENXIO);
    assert_int_equal(register_info(0, TEST_RAM_GFN + 1, 4), -XEN_ENXIO);
    assert_int_equal(register_info(0, TEST_RAM_GFN + PAGES, 0), -XEN_EINVAL);
    assert_int_equal(register_info(0, UINT64_MAX, 0), -XEN_EINVAL);
    assert_int_equal(register_info(0, 1UL << 52, 0), -XEN_EINVAL);
    assert_false(v->evtchn.info_registered);
    assert_int_equal(register_info(0, TEST_RAM_GFN + 1, 64), 0);
    assert_int_equal(v->evtchn.info & (PAGE_SIZE - 1), 64);
    assert_int_equal(register_info(0, TEST_RAM_GFN + 1, 64), -XEN_EINVAL);
    assert_int_equal(register_info(1, TEST_RAM_GFN + 1, 128), -XEN_EINVAL); /* it runs: its own business */
}

static int64_t register_runstate(unsigned id, uint64_t address)
{
    struct vcpu_register_runstate_memory_area a = { .addr.p = address };

    guest_write(BASE, &a, sizeof(a));
    return call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, id, BASE);
}

/* Req: BH-ABI-009 */
static void test_runstate(void **state)
{
    uint64_t at = BASE + 2 * PAGE_SIZE;
    struct vcpu_runstate_info info;

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, NOWHERE), -XEN_EFAULT);
    assert_int_equal(register_runstate(1, at), -XEN_EINVAL);
    assert_int_equal(register_runstate(0, NOWHERE), -XEN_EFAULT);
    assert_false(v->runstate.is_registered);
    /* Across pages, at every place in the structure: of its own page each. */
    for (unsigned first = 1; first < sizeof(info); first++) {
        memset(&info, 0x55, sizeof(info));
        guest_write(at - first, &info, sizeof(info));
        assert_int_equal(register_runstate(0, at - first), 0);
        guest_read(at - first, &info, sizeof(info));
        assert_int_equal(info.state, RUNSTATE_running);
        assert_int_equal(info.state_entry_time, host_now);
        assert_int_equal(info.time[RUNSTATE_running] + info.time[RUNSTATE_blocked], 0);
    }
    assert_int_equal(register_runstate(0, BASE + PAGES * PAGE_SIZE - 8), -XEN_EFAULT); /* its second page is not there */
    assert_int_equal(register_runstate(0, at), 0);
    guest_read(at, &info, sizeof(info));
    assert_int_equal(info.state, RUNSTATE_running);
    /* Another vCPU takes its turn: the copy is new when it is back. */
    host_advance(3000000);
    vcpu_block_current();
    (void)host_leave();
    host_advance(4000000);
    v->arch.event = true;
    vcpu_kick(v);
    host_settle();
    run_vcpu(v);
    guest_read(at, &info, sizeof(info));
    assert_int_equal(info.state, RUNSTATE_running);
    assert_int_equal(info.time[RUNSTATE_running], 3000000);
    assert_int_equal(info.time[RUNSTATE_blocked], 4000000);
    assert_int_equal(info.state_entry_time, host_now);
    assert_int_equal(info.time[RUNSTATE_offline] + info.time[RUNSTATE_runnable], 0);
    assert_int_equal(register_runstate(0, 0), 0);
    assert_false(v->runstate.is_registered);
}

/* Req: BH-ABI-010 */
static void test_runstate_flag(void **state)
{
    uint64_t at = BASE + 2 * PAGE_SIZE;
    struct vcpu_runstate_info info;

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(register_runstate(0, at), 0);
    guest_read(at, &info, sizeof(info));
    assert_int_equal(info.state_entry_time & XEN_RUNSTATE_UPDATE, 0);
    /* The page goes away under it: no more copies, and no harm. */
    assert_int_equal(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, (at >> PAGE_SHIFT) + 1), 0);
    {
        enum p2m_type type;
        mfn_t m;

        assert_int_equal(p2m_unmap(&d->p2m, gfn(at >> PAGE_SHIFT), P2M_ANY_TYPE, &m, &type), 0);
        frame_unmap(m);
    }
    runstate_publish(v);
    assert_false(v->runstate.is_registered);
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

/* ---- hvm_op, vm_assist ---- */

static int64_t get_param(unsigned domid, unsigned index)
{
    struct xen_hvm_param p = { .domid = (domid_t)domid, .index = index, .value = 99 };

    guest_write(BASE, &p, sizeof(p));
    return call(__HYPERVISOR_hvm_op, HVMOP_get_param, BASE, 0);
}

/* Req: BH-ABI-025 */
static void test_hvm_op(void **state)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 0x1234 };

    (void)state;
    init();
    assert_int_equal(call(__HYPERVISOR_hvm_op, 99, BASE, 0), -XEN_ENOSYS);
    assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_get_param, NOWHERE, 0), -XEN_EFAULT);
    assert_int_equal(get_param(d->id + 1, HVM_PARAM_STORE_PFN), -XEN_ESRCH);
    assert_int_equal(get_param(DOMID_SELF, HVM_NR_PARAMS), -XEN_EINVAL);
    assert_int_equal(get_param(DOMID_SELF, HVM_PARAM_STORE_PFN), 0);
    guest_read(BASE, &p, sizeof(p));
    assert_int_equal(p.value, 0);
    assert_int_equal(get_param(d->id, HVM_PARAM_STORE_EVTCHN), 0);
    p = (struct xen_hvm_param){ .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 0x1234 };
    guest_write(BASE, &p, sizeof(p));
    assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_set_param, BASE, 0), 0);
    assert_int_equal(get_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ), 0);
    guest_read(BASE, &p, sizeof(p));
    assert_int_equal(p.value, 0x1234);
    p.index = HVM_PARAM_STORE_EVTCHN;
    guest_write(BASE, &p, sizeof(p));
    assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_set_param, BASE, 0), -XEN_EPERM);
    p.index = HVM_PARAM_IOREQ_PFN;
    guest_write(BASE, &p, sizeof(p));
    assert_int_equal(call(__HYPERVISOR_hvm_op, HVMOP_set_param, BASE, 0), -XEN_EINVAL);
}

static void test_vm_assist(void **state)
{
    (void)state;
    init();
    for (unsigned type = 0; type < 70; type++) {
        if (type != VMASST_TYPE_runstate_update_flag) {
            assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, type, 0), -XEN_EINVAL);
        }
    }
    assert_int_equal(call(__HYPERVISOR_vm_assist, 7, VMASST_TYPE_runstate_update_flag, 0), -XEN_ENOSYS);
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(d->assists, 1U << VMASST_TYPE_runstate_update_flag);
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(d->assists, 0);
}

/* ---- guest_copy ---- */

/* Req: BH-SEC-006, BH-ABI-007 */
static void test_guest_copy(void **state)
{
    static char out[GUEST_COPY_MAX + 1], in[GUEST_COPY_MAX + 1];
    uint64_t end = BASE + PAGES * PAGE_SIZE;

    (void)state;
    init();
    for (unsigned i = 0; i < sizeof(out); i++) {
        out[i] = (char)(i * 7 + 1);
    }
    /* Across pages that are not neighbours in memory. */
    assert_int_equal(guest_copy_to(v, guest_handle(BASE + 100), out, GUEST_COPY_MAX), 0);
    assert_int_equal(guest_copy_from(v, in, guest_handle(BASE + 100), GUEST_COPY_MAX), 0);
    assert_memory_equal(in, out, GUEST_COPY_MAX);
    assert_int_equal(guest_copy_to(v, guest_handle(BASE), out, GUEST_COPY_MAX + 1), -XEN_EFAULT);
    assert_int_equal(guest_copy_from(v, in, guest_handle(BASE), GUEST_COPY_MAX + 1), -XEN_EFAULT);
    assert_int_equal(guest_copy_to(v, guest_handle(NOWHERE), out, 0), 0);
    /* To the last byte, and beyond it. */
    assert_int_equal(guest_copy_to(v, guest_handle(end - 10), out, 10), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(end - 10), out, 11), -XEN_EFAULT);
    assert_int_equal(guest_copy_from(v, in, guest_handle(end - 10), 11), -XEN_EFAULT);
    assert_int_equal(guest_copy_from(v, in, guest_handle(UINT64_MAX - 3), 8), -XEN_EFAULT);
    assert_int_equal(guest_copy_to_gpa(d, BASE + PAGE_SIZE - 3, out, 2 * PAGE_SIZE), 0);
    assert_int_equal(guest_copy_from(v, in, guest_handle(BASE + PAGE_SIZE - 3), 2 * PAGE_SIZE), 0);
    assert_memory_equal(in, out, 2 * PAGE_SIZE);
    assert_int_equal(guest_copy_to_gpa(d, end - 1, out, 2), -XEN_EFAULT);
    assert_int_equal(guest_copy_to_gpa(d, 1UL << 60, out, 2), -XEN_EFAULT);
    assert_int_equal(window_count(), 0);
}

/* Req: BH-MEM-010, BH-MEM-011 */
/* Read-only memory is read only; registers are no memory. */
static void test_guest_copy_types(void **state)
{
    char c = 'x';
    mfn_t m;

    (void)state;
    init();
    assert_int_equal(frame_alloc_ram(d->id, 0, &m), 0);
    assert_int_equal(p2m_map(&d->p2m, gfn(1), m, ORDER_4K, P2M_RAM_RO), 0);
    assert_int_equal(p2m_map(&d->p2m, gfn(2), mfn(1UL << 24), ORDER_4K, P2M_MMIO), 0);
    assert_int_equal(guest_copy_from(v, &c, guest_handle(1 << PAGE_SHIFT), 1), 0);
    assert_int_equal(c, 0);
    assert_int_equal(guest_copy_to(v, guest_handle(1 << PAGE_SHIFT), &c, 1), -XEN_EFAULT);
    assert_int_equal(guest_copy_to_gpa(d, 1 << PAGE_SHIFT, &c, 1), -XEN_EFAULT);
    assert_int_equal(guest_copy_from(v, &c, guest_handle(2 << PAGE_SHIFT), 1), -XEN_EFAULT);
    assert_int_equal(guest_copy_to(v, guest_handle(2 << PAGE_SHIFT), &c, 1), -XEN_EFAULT);
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_version),
        cmocka_unit_test(test_shared_info),  cmocka_unit_test(test_shared_info_without_memory),
        cmocka_unit_test(test_sched_op),     cmocka_unit_test(test_vcpu_info),
        cmocka_unit_test(test_runstate),     cmocka_unit_test(test_runstate_flag),
        cmocka_unit_test(test_hvm_op),       cmocka_unit_test(test_vm_assist),
        cmocka_unit_test(test_guest_copy),   cmocka_unit_test(test_guest_copy_types),
    };

    return RUN_TESTS_APART(tests);
}
