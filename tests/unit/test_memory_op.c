/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/memory_op.c and physmap.c: reservations, batches of mappings, what lies where; and core/multicall.c over them.
 */
#include "partition.h"

#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define PAGES 32
#define ARGUMENTS (TEST_RAM_GFN << PAGE_SHIFT)
#define LIST      (ARGUMENTS + PAGE_SIZE)
#define FREE_GFN  0x80000UL

static struct domain *d;
static struct vcpu *v;
static uint64_t free_at_start;

static void init(void)
{
    host_board_init(2, 16);
    free_at_start = page_alloc_free_count();
    d = make_domain("d", 1, 0, all_cpus(), PAGES);
    start_domain(d);
    v = d->vcpus[0];
    run_vcpu(v);
}

static void finish(void)
{
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
}

static void write_guest(uint64_t at, const void *from, size_t size)
{
    assert_int_equal(guest_copy_to(v, guest_handle(at), from, size), 0);
}

static int64_t memory_op(unsigned command, const void *a, size_t size)
{
    uint64_t arguments[5] = { command, ARGUMENTS };
    int64_t result;

    write_guest(ARGUMENTS, a, size);
    do {
        result = hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments);
    } while (result == HYPERCALL_RESTART);
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}

static int64_t reserve(unsigned command, const uint64_t *extents, unsigned count, unsigned order)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .domid = DOMID_SELF };

    *(uint64_t *)&r.extent_start = LIST;
    write_guest(LIST, extents, count * sizeof(*extents));
    return memory_op(command, &r, sizeof(r));
}

static int64_t tell(unsigned command)
{
    domid_t self = DOMID_SELF;

    return memory_op(command, &self, sizeof(self));
}

/* Req: BH-ABI-020, BH-ABI-021 */
static void test_balloon(void **state)
{
    uint64_t out[] = { TEST_RAM_GFN + 5, TEST_RAM_GFN + 6, TEST_RAM_GFN + 9 };
    uint64_t in[] = { FREE_GFN, FREE_GFN + 7, FREE_GFN + 1, FREE_GFN + 2 };
    uint64_t free_before, word = 1;

    (void)state;
    init();
    assert_int_equal(tell(XENMEM_current_reservation), PAGES);
    assert_int_equal(tell(XENMEM_maximum_reservation), PAGES);
    assert_int_equal(tell(XENMEM_maximum_gpfn), TEST_RAM_GFN + PAGES - 1);
    assert_int_equal(reserve(XENMEM_populate_physmap, in, 1, 0), 0); /* it has all that it may have */
    free_before = page_alloc_free_count();
    write_guest(out[0] << PAGE_SHIFT, "secret", 6);
    assert_int_equal(reserve(XENMEM_decrease_reservation, out, 3, 0), 3);
    assert_int_equal(page_alloc_free_count(), free_before + 3);
    assert_int_equal(tell(XENMEM_current_reservation), PAGES - 3);
    assert_int_equal(reserve(XENMEM_decrease_reservation, out, 3, 0), 0); /* gone already */
    assert_int_equal(reserve(XENMEM_populate_physmap, in, 4, 0), 3);
    assert_int_equal(tell(XENMEM_current_reservation), PAGES);
    assert_int_equal(tell(XENMEM_maximum_gpfn), FREE_GFN + 7);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(guest_copy_from(v, &word, guest_handle(in[i] << PAGE_SHIFT), sizeof(word)), 0);
        assert_int_equal(word, 0);
    }
    assert_int_equal(reserve(XENMEM_decrease_reservation, in, 3, 0), 3);
    assert_int_equal(reserve(XENMEM_populate_physmap, in, 1, 0), 1);
    assert_int_equal(reserve(XENMEM_populate_physmap, in, 1, 0), 0); /* something is there */
    finish();
}

/*
 * In place of the hypervisor's: when a page is about to be taken out of an extent that failed, another vCPU of the guest
 * may have been faster.
 */
static uint64_t given_back_by_another, granted_by_another;
static mfn_t held_frame;

int p2m_unmap_if(struct p2m *p, gfn_t g, mfn_t m, enum p2m_type type)
{
    enum p2m_type there_type;
    mfn_t there;

    if (g.n == given_back_by_another) {
        assert_int_equal(physmap_unmap(d, g, PHYSMAP_NOT_GRANTED), 0);
        return -XEN_ENOENT;
    }
    if (g.n == granted_by_another) {
        assert_int_equal(domain_get_page(d, g, &held_frame), 0);
    }
    assert_int_equal(p2m_unmap(p, g, P2M_ANY_TYPE, &there, &there_type), 0);
    assert_true(there.n == m.n && there_type == type);
    return 0;
}

/* What an extent that fails half-way counts is what it took, whatever another vCPU does to it meanwhile. */
static void test_extent_fails_in_a_race(void **state)
{
    uint64_t out = TEST_RAM_GFN + 8, in = FREE_GFN, last = FREE_GFN + 7;

    (void)state;
    init();
    assert_int_equal(reserve(XENMEM_decrease_reservation, &out, 1, 4), 1);
    assert_int_equal(reserve(XENMEM_populate_physmap, &last, 1, 0), 1);
    given_back_by_another = FREE_GFN + 2;
    granted_by_another = FREE_GFN + 4;
    assert_int_equal(reserve(XENMEM_populate_physmap, &in, 1, 3), 0); /* the last page is there already */
    assert_int_equal(d->page_count, PAGES - 16 + 1 + 1);
    domain_put_page(d, held_frame);
    assert_int_equal(d->page_count, PAGES - 16 + 1);
    finish();
}

/* Extents of several pages, wholly or not at all. */
static void test_extents(void **state)
{
    uint64_t out = TEST_RAM_GFN + 8, in = FREE_GFN + 8, crooked = FREE_GFN + 9;

    (void)state;
    init();
    assert_int_equal(reserve(XENMEM_decrease_reservation, &out, 1, 3), 1);
    assert_int_equal(d->page_count, PAGES - 8);
    assert_int_equal(reserve(XENMEM_populate_physmap, &crooked, 1, 3), 1); /* it need not be aligned */
    assert_int_equal(reserve(XENMEM_decrease_reservation, &crooked, 1, 3), 1);
    assert_int_equal(reserve(XENMEM_populate_physmap, &in, 1, 4), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, &in, 1, 63), 0);
    assert_int_equal(d->page_count, PAGES - 8);
    for (unsigned n = 1; n < 6; n++) {
        host_fail_allocation(n);
        if (reserve(XENMEM_populate_physmap, &in, 1, 3) == 1) {
            assert_int_equal(d->page_count, PAGES);
            host_fail_allocation(0);
            assert_int_equal(reserve(XENMEM_decrease_reservation, &in, 1, 3), 1);
        }
        host_fail_allocation(0);
        assert_int_equal(d->page_count, PAGES - 8);
    }
    finish();
}

static void test_refused(void **state)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = 99 };
    static const unsigned bad_flags[] = { XENMEMF_populate_on_demand, XENMEMF_exact_node(0), XENMEMF_address_bits(1),
                                          XENMEMF_address_bits(PAGE_SHIFT) };
    uint64_t in = FREE_GFN, arguments[5] = { XENMEM_populate_physmap, 0x1000 };

    (void)state;
    init();
    *(uint64_t *)&r.extent_start = LIST;
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r, sizeof(r)), 0);
    r.domid = DOMID_SELF;
    r.nr_extents = UINT64_MAX;
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r, sizeof(r)), 0);
    r.nr_extents = 1;
    in = TEST_RAM_GFN + 5;
    write_guest(LIST, &in, sizeof(in));
    for (unsigned i = 0; i < ARRAY_COUNT(bad_flags); i++) {
        r.mem_flags = bad_flags[i];
        assert_int_equal(memory_op(XENMEM_populate_physmap, &r, sizeof(r)), 0);
        assert_int_equal(memory_op(XENMEM_decrease_reservation, &r, sizeof(r)), 0);
    }
    r.mem_flags = XENMEMF_address_bits(PAGE_SHIFT + 1);
    assert_int_equal(memory_op(XENMEM_decrease_reservation, &r, sizeof(r)), 1);
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r, sizeof(r)), 1);
    *(uint64_t *)&r.extent_start = 0x1000;
    r.mem_flags = 0;
    assert_int_equal(memory_op(XENMEM_populate_physmap, &r, sizeof(r)), 0);
    assert_int_equal(reserve(XENMEM_increase_reservation, &in, 1, 0), 0);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), 0);
    assert_int_equal(memory_op(XENMEM_exchange, &r, sizeof(r)), -XEN_EOPNOTSUPP);
    assert_int_equal(memory_op(XENMEM_get_vnumainfo, &r, sizeof(r)), -XEN_EOPNOTSUPP);
    assert_int_equal(memory_op(XENMEM_current_reservation | 1 << 6, &r, sizeof(r)), -XEN_EINVAL);
    assert_int_equal(memory_op(XENMEM_set_pod_target, &r, sizeof(r)), -XEN_ENOSYS);
    /* Those that never fail. */
    assert_int_equal(memory_op(XENMEM_maximum_ram_page, &r, sizeof(r)), TEST_RAM_GFN + PAGES);
    assert_int_equal(memory_op(XENMEM_get_sharing_freed_pages, &r, sizeof(r)), 0);
    assert_int_equal(memory_op(XENMEM_get_sharing_shared_pages, &r, sizeof(r)), 0);
    finish();
}

/* Req: BH-ABI-026 */
/* A list that is interrupted after each element has the same result. */
static void test_interrupted(void **state)
{
    uint64_t out[8], arguments[5] = { XENMEM_decrease_reservation, ARGUMENTS };
    struct xen_memory_reservation r = { .nr_extents = 8, .domid = DOMID_SELF };

    (void)state;
    init();
    for (unsigned i = 0; i < 8; i++) {
        out[i] = TEST_RAM_GFN + 8 + i;
    }
    *(uint64_t *)&r.extent_start = LIST;
    write_guest(LIST, out, sizeof(out));
    write_guest(ARGUMENTS, &r, sizeof(r));
    host_interrupt_is_pending = true;
    for (unsigned i = 1; i < 8; i++) {
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), HYPERCALL_RESTART);
        assert_int_equal(arguments[0], XENMEM_decrease_reservation | i << 6);
        assert_int_equal(d->page_count, PAGES - i);
    }
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), 8);
    host_interrupt_is_pending = false;
    finish();
}

/* Req: BH-ABI-022 */
static void test_batch(void **state)
{
    struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .size = 4 };
    uint64_t index[4] = { 0, 1, CONFIG_MAX_GRANT_FRAMES, 2 }, pages[4] = { FREE_GFN, 1UL << 40, FREE_GFN, FREE_GFN + 1 };
    int errors[4] = { 1, 1, 1, 1 };

    (void)state;
    init();
    *(uint64_t *)&b.idxs = LIST;
    *(uint64_t *)&b.gpfns = LIST + 256;
    *(uint64_t *)&b.errs = LIST + 512;
    write_guest(LIST, index, sizeof(index));
    write_guest(LIST + 256, pages, sizeof(pages));
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), 0);
    assert_int_equal(guest_copy_from(v, errors, guest_handle(LIST + 512), sizeof(errors)), 0);
    assert_int_equal(errors[0], 0);
    assert_int_equal(errors[1], -XEN_EINVAL);
    assert_int_equal(errors[2], -XEN_EINVAL);
    assert_int_equal(errors[3], 0);
    /* A page at the last number of all ends the list, before its element is told. */
    pages[1] = UINT64_MAX;
    errors[0] = errors[1] = 1;
    write_guest(LIST + 256, pages, sizeof(pages));
    write_guest(LIST + 512, errors, sizeof(errors));
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), -XEN_EINVAL);
    assert_int_equal(guest_copy_from(v, errors, guest_handle(LIST + 512), sizeof(errors)), 0);
    assert_int_equal(errors[0], -XEN_EBUSY);
    assert_int_equal(errors[1], 1);
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch | 4 << 6, &b, sizeof(b)), -XEN_EILSEQ);
    b.u.res0 = 1;
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), -XEN_EINVAL);
    b.domid = 5;
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), -XEN_ESRCH);
    finish();
}

/* Spaces that nobody gets pages of: the whole call, or each element, as Xen has it. */
static void test_spaces(void **state)
{
    struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1 };
    struct xen_add_to_physmap a = { .domid = DOMID_SELF, .space = XENMAPSPACE_dev_mmio, .gpfn = FREE_GFN };
    const struct { uint16_t domid; int error; } foreign[] = {
        { DOMID_SELF, -XEN_EINVAL }, { 0, -XEN_ESRCH /* the caller */ }, { 77, -XEN_ESRCH }, { DOMID_IO, -XEN_EPERM },
        { DOMID_XEN, -XEN_EPERM }, { 1, -XEN_EPERM /* the neighbour */ },
    };
    struct domain *other;
    uint64_t page = FREE_GFN;
    int error;

    (void)state;
    init();
    other = make_domain("other", 1, 0, all_cpus(), PAGES);
    start_domain(other);
    *(uint64_t *)&b.idxs = LIST;
    *(uint64_t *)&b.gpfns = LIST + 256;
    *(uint64_t *)&b.errs = LIST + 512;
    write_guest(LIST + 256, &page, sizeof(page));
    for (unsigned i = 0; i < ARRAY_COUNT(foreign); i++) {
        b.u.foreign_domid = foreign[i].domid == 0 ? d->id : foreign[i].domid == 1 ? other->id : foreign[i].domid;
        assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), 0);
        assert_int_equal(guest_copy_from(v, &error, guest_handle(LIST + 512), sizeof(error)), 0);
        assert_int_equal(error, foreign[i].error);
    }
    b.u.res0 = 0;
    b.space = XENMAPSPACE_gmfn_range;
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), -XEN_EOPNOTSUPP);
    b.space = XENMAPSPACE_dev_mmio;
    assert_int_equal(memory_op(XENMEM_add_to_physmap_batch, &b, sizeof(b)), -XEN_EACCES);
    assert_int_equal(memory_op(XENMEM_add_to_physmap, &a, sizeof(a)), -XEN_EACCES);
    a.space = XENMAPSPACE_gmfn_range;
    assert_int_equal(memory_op(XENMEM_add_to_physmap, &a, sizeof(a)), 0); /* no pages */
    a.gpfn = UINT64_MAX;
    assert_int_equal(memory_op(XENMEM_add_to_physmap, &a, sizeof(a)), -XEN_EINVAL);
    a.gpfn = FREE_GFN;
    a.size = 1;
    assert_int_equal(memory_op(XENMEM_add_to_physmap, &a, sizeof(a)), -XEN_ENOSYS);
    a.space = XENMAPSPACE_gmfn_foreign;
    a.domid = 77;
    assert_int_equal(memory_op(XENMEM_add_to_physmap, &a, sizeof(a)), -XEN_ENOSYS);
    finish();
}

static void test_remove(void **state)
{
    struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = TEST_RAM_GFN + 9 };
    struct xen_mem_acquire_resource a = { .domid = DOMID_SELF, .type = XENMEM_resource_grant_table };
    enum p2m_type type;
    unsigned order;
    mfn_t m;

    (void)state;
    init();
    assert_int_equal(memory_op(XENMEM_remove_from_physmap, &r, sizeof(r)), 0);
    assert_int_equal(memory_op(XENMEM_remove_from_physmap, &r, sizeof(r)), -XEN_ENOENT);
    /* The shared page can be taken away and put somewhere else. */
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN)), 0);
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN + 1)), -XEN_EBUSY);
    r.gpfn = FREE_GFN;
    assert_int_equal(memory_op(XENMEM_remove_from_physmap, &r, sizeof(r)), 0);
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN + 1)), 0);
    /* Where guests expect that, it moves, over memory too, which goes back. */
    host_moves_pages = true;
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN + 1)), 0);
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN)), 0);
    assert_int_equal(p2m_lookup(&d->p2m, gfn(FREE_GFN + 1), &m, &type, &order), -XEN_ENOENT);
    assert_int_equal(physmap_map_shared_info(d, gfn(TEST_RAM_GFN + 10)), 0);
    assert_int_equal(p2m_lookup(&d->p2m, gfn(FREE_GFN), &m, &type, &order), -XEN_ENOENT);
    assert_int_equal(p2m_lookup(&d->p2m, gfn(TEST_RAM_GFN + 10), &m, &type, &order), 0);
    assert_int_equal(m.n, d->shared_info.n);
    assert_int_equal(type, P2M_SHARED);
    assert_int_equal(physmap_map_shared_info(d, gfn(FREE_GFN + 1)), 0);
    host_moves_pages = false;
    /* The own grant table as a resource. */
    assert_int_equal(memory_op(XENMEM_acquire_resource, &a, sizeof(a)), 0);
    assert_int_equal(guest_copy_from(v, &a, guest_handle(ARGUMENTS), sizeof(a)), 0);
    assert_int_equal(a.nr_frames, CONFIG_MAX_GRANT_FRAMES);
    a.nr_frames = 1;
    a.frame = 1;
    *(uint64_t *)&a.frame_list = LIST;
    r.gpfn = FREE_GFN + 5;
    write_guest(LIST, &r.gpfn, sizeof(r.gpfn));
    assert_int_equal(memory_op(XENMEM_acquire_resource, &a, sizeof(a)), 0);
    assert_int_equal(d->grant->frame_gfn[1], FREE_GFN + 5);
    a.domid = 77;
    a.frame = UINT32_MAX;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &a, sizeof(a)), -XEN_EINVAL);
    a.domid = DOMID_SELF;
    a.frame = 1;
    a.type = XENMEM_resource_ioreq_server;
    assert_int_equal(memory_op(XENMEM_acquire_resource, &a, sizeof(a)), -XEN_EOPNOTSUPP);
    finish();
}

/* Req: BH-ABI-023 */
static void test_multicall(void **state)
{
    struct multicall_entry e[3] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = __HYPERVISOR_memory_op, .args = { XENMEM_decrease_reservation, ARGUMENTS } },
        { .op = __HYPERVISOR_multicall },
    };
    struct xen_memory_reservation r = { .nr_extents = 4, .domid = DOMID_SELF };
    uint64_t out[4], arguments[5];

    (void)state;
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        unsigned restarts = 0;
        int64_t result;

        init();
        for (unsigned i = 0; i < 4; i++) {
            out[i] = TEST_RAM_GFN + 8 + i;
        }
        *(uint64_t *)&r.extent_start = LIST;
        write_guest(LIST, out, sizeof(out));
        write_guest(ARGUMENTS, &r, sizeof(r));
        write_guest(LIST + 1024, e, sizeof(e));
        host_interrupt_is_pending = interrupt != 0;
        arguments[0] = LIST + 1024;
        arguments[1] = 3;
        while ((result = hypercall_dispatch(v, __HYPERVISOR_multicall, arguments)) == HYPERCALL_RESTART) {
            restarts++;
        }
        assert_int_equal(result, 0);
        assert_int_equal(restarts, interrupt != 0 ? 5 : 0);
        assert_int_equal(guest_copy_from(v, e, guest_handle(LIST + 1024), sizeof(e)), 0);
        assert_int_equal(e[0].result, 4 << 16 | 17);
        assert_int_equal(e[1].result, 4);
        assert_int_equal((int64_t)e[2].result, -XEN_EINVAL);
        host_interrupt_is_pending = false;
        arguments[0] = 0x1000;
        arguments[1] = 1;
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_multicall, arguments), -XEN_EFAULT);
        e[1].args[0] = XENMEM_decrease_reservation;
        finish();
    }
}

/* Req: BH-ABI-026 */
/* A large extent stops between two pieces, and goes on there. */
static void test_extent_in_pieces(void **state)
{
    uint64_t arguments[5], gfn_list[] = { TEST_RAM_GFN + 8, FREE_GFN };
    struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = 5, .domid = DOMID_SELF };
    static const unsigned commands[] = { XENMEM_populate_physmap, XENMEM_decrease_reservation, XENMEM_populate_physmap };

    (void)state;
    init();
    d->page_limit = PAGES + 32;
    write_guest(LIST, gfn_list, sizeof(gfn_list));
    *(uint64_t *)&r.extent_start = LIST + 8;
    write_guest(ARGUMENTS, &r, sizeof(r));
    host_interrupt_is_pending = true;
    for (unsigned i = 0; i < ARRAY_COUNT(commands); i++) {
        uint64_t before = d->page_count;

        /* What a guest has there by chance means nothing. */
        arguments[0] = commands[i] | 16UL << 32;
        arguments[1] = ARGUMENTS;
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), HYPERCALL_RESTART);
        assert_int_equal(arguments[0], commands[i] | 16UL << 32);
        assert_int_equal(d->page_count, commands[i] == XENMEM_populate_physmap ? before + 16 : before - 16);
        assert_int_equal(d->extent_restarts, 1);
        assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), 1);
        assert_int_equal(d->page_count, commands[i] == XENMEM_populate_physmap ? PAGES + 32 : PAGES);
        assert_int_equal(d->extent_restarts, 0);
    }
    /* Pages that are beyond the limit, and progress that cannot be. */
    *(uint64_t *)&r.extent_start = LIST;
    write_guest(ARGUMENTS, &r, sizeof(r));
    arguments[0] = XENMEM_populate_physmap;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), 0);
    d->extent_restarts = 1;
    arguments[0] = XENMEM_decrease_reservation | 3UL << 32;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments), 0);
    assert_int_equal(d->page_count, PAGES + 32);
    host_interrupt_is_pending = false;
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balloon),     cmocka_unit_test(test_extents),
        cmocka_unit_test(test_extent_fails_in_a_race), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_extent_in_pieces),
        cmocka_unit_test(test_batch),       cmocka_unit_test(test_remove),
        cmocka_unit_test(test_multicall),   cmocka_unit_test(test_spaces),
    };

    return RUN_TESTS_APART(tests);
}
