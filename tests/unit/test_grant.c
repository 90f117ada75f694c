/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/grant*.c: two domains that trust nobody. After each test every frame is back, and every reference counted.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/grant.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define PAGES 32
#define ARGUMENTS (TEST_RAM_GFN << PAGE_SHIFT)
#define FREE_GFN 0x1000UL /* nothing is there */

static struct domain *one, *two;
static uint64_t free_at_start;

static void init(void)
{
    host_board_init(4, 16);
    free_at_start = page_alloc_free_count();
    one = make_domain("one", 1, 0, all_cpus(), PAGES);
    two = make_domain("two", 1, 0, all_cpus(), PAGES);
    policy_allow(one, two, POLICY_GRANT);
    start_domain(one);
    start_domain(two);
}

static void finish(void)
{
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
    page_alloc_audit();
}

static int64_t call_count(struct domain *d, unsigned command, void *a, size_t size, unsigned count)
{
    uint64_t arguments[5] = { command, ARGUMENTS, count };
    int64_t result;

    assert_int_equal(guest_copy_to(d->vcpus[0], guest_handle(ARGUMENTS), a, size * count), 0);
    do {
        result = hypercall_dispatch(d->vcpus[0], __HYPERVISOR_grant_table_op, arguments);
    } while (result == HYPERCALL_RESTART);
    assert_int_equal(guest_copy_from(d->vcpus[0], a, guest_handle(ARGUMENTS), size * count), 0);
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}
#define CALL(d, command, a) call_count(d, command, &(a), sizeof(a), 1)

/* The owner writes its entry. */
static void grant(struct domain *d, uint32_t reference, uint16_t flags, uint16_t domid, uint32_t frame)
{
    struct grant_entry_v1 *e = window_open(grant_table_of(d)->frame[reference / 512]);

    e[reference % 512] = (struct grant_entry_v1){ .flags = flags, .domid = domid, .frame = frame };
    window_close(e);
}

static uint16_t entry_flags(struct domain *d, uint32_t reference)
{
    struct grant_entry_v1 *e = window_open(d->grant->frame[reference / 512]);
    uint16_t flags = e[reference % 512].flags;

    window_close(e);
    return flags;
}

static int map(struct domain *d, uint32_t flags, uint16_t owner, uint32_t reference, uint64_t g, uint32_t *handle)
{
    struct gnttab_map_grant_ref op = { .host_addr = g << PAGE_SHIFT, .flags = flags, .ref = reference, .dom = owner };

    assert_int_equal(CALL(d, GNTTABOP_map_grant_ref, op), 0);
    if (op.status == GNTST_okay) {
        *handle = op.handle;
    }
    return op.status;
}

static int unmap(struct domain *d, uint64_t g, uint32_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = g << PAGE_SHIFT, .handle = handle };

    assert_int_equal(CALL(d, GNTTABOP_unmap_grant_ref, op), 0);
    return op.status;
}

static int replace(struct domain *d, uint64_t g, uint64_t by, uint32_t handle)
{
    struct gnttab_unmap_and_replace op = { .host_addr = g << PAGE_SHIFT, .new_addr = by << PAGE_SHIFT, .handle = handle };

    assert_int_equal(CALL(d, GNTTABOP_unmap_and_replace, op), 0);
    return op.status;
}

static mfn_t frame_at(struct domain *d, uint64_t g)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m = MFN_INVALID;

    spin_lock(&d->p2m.lock);
    (void)!p2m_lookup(&d->p2m, gfn(g), &m, &type, &order);
    spin_unlock(&d->p2m.lock);
    return m;
}

/* Req: BH-GNT-003, BH-GNT-004, BH-GNT-005 */
static void test_map(void **state)
{
    uint32_t ro, rw, unused = 0;
    mfn_t m, other;

    (void)state;
    init();
    m = frame_at(one, TEST_RAM_GFN + 3);
    other = frame_at(one, TEST_RAM_GFN + 4);
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map | GNTMAP_readonly, one->id, 9, FREE_GFN, &ro), GNTST_okay);
    assert_int_equal(frame_at(two, FREE_GFN).n, m.n);
    assert_int_equal(entry_flags(one, 9), GTF_permit_access | GTF_reading);
    assert_int_equal(frame_lookup(m)->mappings, 2);
    assert_int_equal(guest_copy_to(two->vcpus[0], guest_handle(FREE_GFN << PAGE_SHIFT), "x", 1), -XEN_EFAULT);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN + 1, &rw), GNTST_okay);
    assert_int_equal(entry_flags(one, 9), GTF_permit_access | GTF_reading | GTF_writing);
    assert_int_equal(guest_copy_to(two->vcpus[0], guest_handle((FREE_GFN + 1) << PAGE_SHIFT), "x", 1), 0);
    /* What is mapped is pinned: the owner's entry may say what it likes. */
    grant(one, 9, GTF_permit_access | GTF_reading | GTF_writing, two->id, TEST_RAM_GFN + 4);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN + 2, &unused), GNTST_okay);
    assert_int_equal(frame_at(two, FREE_GFN + 2).n, m.n);
    assert_int_equal(unmap(two, FREE_GFN + 2, unused), GNTST_okay);
    assert_int_equal(unmap(two, FREE_GFN + 1, rw), GNTST_okay);
    assert_int_equal(entry_flags(one, 9), GTF_permit_access | GTF_reading);
    assert_int_equal(unmap(two, FREE_GFN + 1, rw), GNTST_bad_handle);
    assert_int_equal(unmap(two, FREE_GFN + 5, ro), GNTST_general_error); /* it is not there */
    assert_int_equal(unmap(two, 0, ro), GNTST_okay); /* ignored: it stays */
    assert_int_equal(frame_at(two, FREE_GFN).n, m.n);
    assert_int_equal(replace(two, FREE_GFN, FREE_GFN + 1, ro), GNTST_general_error);
    assert_int_equal(frame_at(two, FREE_GFN).n, m.n);
    assert_int_equal(replace(two, FREE_GFN, 0, ro), GNTST_okay);
    assert_int_equal(unmap(two, FREE_GFN, ro), GNTST_bad_handle);
    assert_int_equal(entry_flags(one, 9), GTF_permit_access);
    assert_int_equal(frame_lookup(m)->references, 1);
    assert_false(grant_is_pinned(one));
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &rw), GNTST_okay);
    assert_int_equal(frame_at(two, FREE_GFN).n, other.n);
    finish();
}

/* Req: BH-GNT-003, BH-MEM-015 */
/* Req: BH-DEV-008 */
static void test_machine_address(void **state)
{
    struct gnttab_map_grant_ref op = { .host_addr = FREE_GFN << PAGE_SHIFT, .flags = GNTMAP_host_map, .ref = 9,
                                       .dev_bus_addr = 1 };
    struct gnttab_cache_flush flush = { .length = 8, .op = GNTTAB_CACHE_CLEAN };
    mfn_t m;

    (void)state;
    init();
    op.dom = one->id;
    m = frame_at(one, TEST_RAM_GFN + 3);
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(CALL(two, GNTTABOP_map_grant_ref, op), 0);
    assert_int_equal(op.status, GNTST_okay);
    assert_int_equal(op.dev_bus_addr, 0);
    assert_int_equal(unmap(two, FREE_GFN, op.handle), GNTST_okay);
    /* Who tells it to devices. */
    two->is_direct = true;
    two->has_hardware = true;
    assert_int_equal(CALL(two, GNTTABOP_map_grant_ref, op), 0);
    assert_int_equal(op.dev_bus_addr, m.n << PAGE_SHIFT);
    flush.a.dev_bus_addr = op.dev_bus_addr;
    assert_int_equal(CALL(two, GNTTABOP_cache_flush, flush), 0);
    flush.a.dev_bus_addr = two->shared_info.n << PAGE_SHIFT;
    assert_int_equal(CALL(two, GNTTABOP_cache_flush, flush), -XEN_EINVAL);
    flush.a.dev_bus_addr = 1UL << 50;
    assert_int_equal(CALL(two, GNTTABOP_cache_flush, flush), -XEN_EINVAL);
    assert_int_equal(unmap(two, FREE_GFN, op.handle), GNTST_okay);
    finish();
}

static void test_map_refused(void **state)
{
    struct domain *three;
    uint32_t handle = 0;

    (void)state;
    init();
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    start_domain(three);
    grant(one, 9, GTF_permit_access | GTF_readonly, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(two, 0, one->id, 9, FREE_GFN, &handle), GNTST_bad_gntref);
    assert_int_equal(map(two, GNTMAP_device_map, one->id, 9, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(two, GNTMAP_host_map | GNTMAP_contains_pte, one->id, 9, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(two, GNTMAP_host_map, 77, 9, FREE_GFN, &handle), GNTST_bad_domain);
    assert_int_equal(map(two, GNTMAP_host_map, DOMID_SELF, 9, FREE_GFN, &handle), GNTST_bad_domain);
    assert_int_equal(map(two, GNTMAP_host_map | GNTMAP_readonly, one->id, 8, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(two, GNTMAP_host_map | GNTMAP_readonly, one->id, 512, FREE_GFN, &handle), GNTST_bad_gntref);
    assert_int_equal(map(two, GNTMAP_host_map | GNTMAP_readonly, one->id, UINT32_MAX, FREE_GFN, &handle),
                     GNTST_bad_gntref);
    /* Policy comes first, whatever the entry says. */
    grant(one, 10, GTF_permit_access, three->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(three, GNTMAP_host_map, one->id, 10, FREE_GFN, &handle), GNTST_permission_denied);
    policy_allow(one, three, POLICY_GRANT);
    assert_int_equal(map(three, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(three, GNTMAP_host_map, one->id, 10, FREE_GFN, &handle), GNTST_okay);
    /* Not memory of its own: nothing, the shared page, a page granted to it. */
    grant(one, 11, GTF_permit_access, two->id, 5);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 11, FREE_GFN, &handle), GNTST_bad_page);
    assert_int_equal(physmap_map_shared_info(one, gfn(6)), 0);
    grant(one, 11, GTF_permit_access, two->id, 6);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 11, FREE_GFN, &handle), GNTST_bad_page);
    policy_allow(three, two, POLICY_GRANT);
    grant(three, 11, GTF_permit_access, two->id, FREE_GFN);
    assert_int_equal(map(two, GNTMAP_host_map, three->id, 11, FREE_GFN, &handle), GNTST_bad_page);
    /* Beyond the address space, and over another grant. */
    assert_int_equal(map(three, GNTMAP_host_map, one->id, 10, 1UL << 40, &handle), GNTST_general_error);
    assert_int_equal(map(three, GNTMAP_host_map, one->id, 10, FREE_GFN, &handle), GNTST_general_error);
    finish();
}

/* A grant over memory of one's own: that goes back, the grant takes its place. */
static void test_map_over_ram(void **state)
{
    uint64_t before, pages;
    uint32_t handle = 0;

    (void)state;
    init();
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_okay);
    assert_int_equal(unmap(two, FREE_GFN, handle), GNTST_okay);
    before = page_alloc_free_count();
    pages = two->page_count;
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, TEST_RAM_GFN + 5, &handle), GNTST_okay);
    assert_int_equal(page_alloc_free_count(), before + 1);
    assert_int_equal(two->page_count, pages - 1);
    assert_int_equal(unmap(two, TEST_RAM_GFN + 5, handle), GNTST_okay);
    assert_false(mfn_valid(frame_at(two, TEST_RAM_GFN + 5)));
    finish();
}

/* Req: BH-GNT-006 */
static void test_mapper_dies(void **state)
{
    uint32_t handle = 0;

    (void)state;
    init();
    for (unsigned i = 0; i < 1000; i++) {
        grant(one, 8 + i % 400, GTF_permit_access, two->id, (uint32_t)TEST_RAM_GFN + 3 + i % 20);
        assert_int_equal(map(two, GNTMAP_host_map | (i % 2 ? GNTMAP_readonly : 0), one->id, 8 + i % 400, FREE_GFN + i,
                             &handle), GNTST_okay);
    }
    assert_int_equal(one->grant->live, 400);
    domain_shutdown(two, SHUTDOWN_crash);
    for (unsigned i = 0; i < 100; i++) {
        host_settle();
        host_run_until(host_now + 10000000);
    }
    assert_false(grant_is_pinned(one));
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(frame_lookup(frame_at(one, TEST_RAM_GFN + 3 + i))->references, 1);
    }
    finish();
}

/* Req: BH-LIFE-010, BH-CONS-003 */
static void test_owner_dies(void **state)
{
    uint16_t id;
    uint32_t handle = 0, second = 0;
    mfn_t m;

    (void)state;
    init();
    m = frame_at(one, TEST_RAM_GFN + 3);
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_okay);
    id = one->id;
    console_input_first(one);
    domain_shutdown(one, SHUTDOWN_crash);
    for (unsigned i = 0; i < 100; i++) {
        host_settle();
        host_run_until(host_now + 10000000);
    }
    /* It is not waited for with the console's input. */
    assert_non_null(strstr(host_uart_take(), "input to two"));
    /* The page stays what it is, and the domain is not gone; but nothing new is mapped. */
    assert_int_equal(frame_lookup(m)->owner, id);
    assert_int_equal(frame_lookup(m)->type, FRAME_RAM);
    assert_int_equal(map(two, GNTMAP_host_map, id, 9, FREE_GFN + 1, &second), GNTST_bad_domain);
    assert_ptr_equal(domain_table[one->slot], one);
    assert_int_equal(unmap(two, FREE_GFN, handle), GNTST_okay);
    host_settle();
    host_run_until(host_now + 10000000);
    assert_null(domain_get_any(id));
    finish();
}

/* The owner gives the page up while it is mapped: it is freed when the mapping ends, not before. */
static void test_owner_gives_page_up(void **state)
{
    uint32_t handle = 0;
    uint64_t pages;
    mfn_t m;

    (void)state;
    init();
    m = frame_at(one, TEST_RAM_GFN + 3);
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_okay);
    pages = one->page_count;
    assert_int_equal(physmap_unmap(one, gfn(TEST_RAM_GFN + 3), PHYSMAP_NOT_GRANTED), 0);
    assert_int_equal(one->page_count, pages); /* it still pays */
    assert_int_equal(frame_lookup(m)->type, FRAME_RAM);
    assert_int_equal(unmap(two, FREE_GFN, handle), GNTST_okay);
    assert_int_equal(one->page_count, pages - 1);
    assert_true(frame_lookup(m)->type == FRAME_NONE || frame_lookup(m)->type == FRAME_FREE);
    finish();
}

/* ---- Copies ---- */

static int copy(struct domain *d, struct gnttab_copy op)
{
    assert_int_equal(CALL(d, GNTTABOP_copy, op), 0);
    return op.status;
}

static void put(struct domain *d, uint64_t g, unsigned offset, const char *text)
{
    assert_int_equal(guest_copy_to(d->vcpus[0], guest_handle((g << PAGE_SHIFT) + offset), text, strlen(text) + 1), 0);
}

static const char *get(struct domain *d, uint64_t g, unsigned offset)
{
    static char text[16];

    assert_int_equal(guest_copy_from(d->vcpus[0], text, guest_handle((g << PAGE_SHIFT) + offset), sizeof(text)), 0);
    return text;
}

/* Req: BH-GNT-008 */
static void test_copy(void **state)
{
    struct gnttab_copy op = { .len = 16 };

    (void)state;
    init();
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    grant(one, 10, GTF_permit_access | GTF_readonly, two->id, TEST_RAM_GFN + 4);
    put(one, TEST_RAM_GFN + 3, 100, "from a grant");
    /* Grant to own page. */
    op.source.u.ref = 9;
    op.source.domid = one->id;
    op.source.offset = 100;
    op.dest.u.gmfn = TEST_RAM_GFN + 7;
    op.dest.domid = DOMID_SELF;
    op.dest.offset = 200;
    op.flags = GNTCOPY_source_gref;
    assert_int_equal(copy(two, op), GNTST_okay);
    assert_string_equal(get(two, TEST_RAM_GFN + 7, 200), "from a grant");
    /* Own page to grant. */
    put(two, TEST_RAM_GFN + 8, 0, "to a grant");
    op = (struct gnttab_copy){ .source = { .u.gmfn = TEST_RAM_GFN + 8, .domid = DOMID_SELF },
                               .dest = { .u.ref = 9, .domid = one->id }, .len = 16, .flags = GNTCOPY_dest_gref };
    assert_int_equal(copy(two, op), GNTST_okay);
    assert_string_equal(get(one, TEST_RAM_GFN + 3, 0), "to a grant");
    op.dest.u.ref = 10;
    assert_int_equal(copy(two, op), GNTST_general_error);
    /* Grant to grant, own to own. */
    op = (struct gnttab_copy){ .source = { .u.ref = 10, .domid = one->id }, .dest = { .u.ref = 9, .domid = one->id },
                               .len = PAGE_SIZE, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };
    put(one, TEST_RAM_GFN + 4, 4000, "between");
    assert_int_equal(copy(two, op), GNTST_okay);
    assert_string_equal(get(one, TEST_RAM_GFN + 3, 4000), "between");
    op = (struct gnttab_copy){ .source = { .u.gmfn = TEST_RAM_GFN + 8, .domid = DOMID_SELF },
                               .dest = { .u.gmfn = TEST_RAM_GFN + 8, .domid = DOMID_SELF, .offset = 3 }, .len = 16 };
    assert_int_equal(copy(two, op), GNTST_okay);
    assert_string_equal(get(two, TEST_RAM_GFN + 8, 3), "to a grant");
    /* No more than a page, and nobody else's by number. */
    op.len = PAGE_SIZE;
    assert_int_equal(copy(two, op), GNTST_bad_copy_arg);
    op.len = 1;
    op.dest.domid = one->id;
    assert_int_equal(copy(two, op), GNTST_permission_denied);
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = FREE_GFN;
    assert_int_equal(copy(two, op), GNTST_bad_page);
    assert_int_equal(entry_flags(one, 9), GTF_permit_access);
    assert_false(grant_is_pinned(one));
    finish();
}

/* ---- The table ---- */

/* Req: BH-GNT-001 */
static void test_table(void **state)
{
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 3 };
    uint64_t list[3];

    (void)state;
    init();
    assert_int_equal(CALL(one, GNTTABOP_query_size, q), 0);
    assert_int_equal(q.nr_frames, 1);
    assert_int_equal(q.max_nr_frames, CONFIG_MAX_GRANT_FRAMES);
    assert_int_equal(grant_map_table(one, 1, gfn(FREE_GFN)), 0);
    assert_int_equal(frame_at(one, FREE_GFN).n, one->grant->frame[1].n);
    assert_int_equal(grant_map_table(one, CONFIG_MAX_GRANT_FRAMES, gfn(FREE_GFN)), -XEN_EINVAL);
    assert_int_equal(grant_map_table(one, XENMAPIDX_grant_table_status, gfn(FREE_GFN)), -XEN_EINVAL);
    *(uint64_t *)&s.frame_list = ARGUMENTS + 512;
    assert_int_equal(CALL(one, GNTTABOP_setup_table, s), 0);
    assert_int_equal(s.status, GNTST_okay);
    assert_int_equal(guest_copy_from(one->vcpus[0], list, guest_handle(ARGUMENTS + 512), sizeof(list)), 0);
    assert_int_equal(list[1], FREE_GFN);
    assert_int_equal(list[2], UINT64_MAX);
    assert_int_equal(one->grant->frame_count, 3);
    s.nr_frames = CONFIG_MAX_GRANT_FRAMES + 1;
    assert_int_equal(CALL(one, GNTTABOP_setup_table, s), 0);
    assert_int_equal(s.status, GNTST_general_error);
    q.dom = two->id;
    assert_int_equal(CALL(one, GNTTABOP_query_size, q), 0);
    assert_int_equal(q.status, GNTST_permission_denied);
    finish();
}

/* Req: BH-GNT-007 */
static void test_versions(void **state)
{
    struct gnttab_set_version s = { .version = 2 };
    struct gnttab_get_version g = { .dom = DOMID_SELF };
    union grant_entry_v2 *e;
    uint32_t handle = 0;

    (void)state;
    init();
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_okay);
    assert_int_equal(CALL(one, GNTTABOP_set_version, s), -XEN_EBUSY);
    assert_int_equal(s.version, 1);
    s.version = 2;
    assert_int_equal(unmap(two, FREE_GFN, handle), GNTST_okay);
    assert_int_equal(CALL(one, GNTTABOP_set_version, s), 0);
    assert_int_equal(CALL(one, GNTTABOP_get_version, g), 0);
    assert_int_equal(g.version, 2);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_general_error); /* forgotten */
    e = window_open(one->grant->frame[0]);
    e[9].full_page.hdr = (struct grant_entry_header){ .flags = GTF_permit_access, .domid = two->id };
    e[9].full_page.frame = TEST_RAM_GFN + 3;
    e[10].sub_page.hdr = (struct grant_entry_header){ .flags = GTF_permit_access | GTF_sub_page, .domid = two->id };
    e[10].sub_page.page_off = 100;
    e[10].sub_page.length = 50;
    e[10].sub_page.frame = TEST_RAM_GFN + 4;
    e[11].hdr = (struct grant_entry_header){ .flags = GTF_transitive, .domid = two->id };
    window_close(e);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 9, FREE_GFN, &handle), GNTST_okay);
    assert_int_equal(unmap(two, FREE_GFN, handle), GNTST_okay);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 10, FREE_GFN, &handle), GNTST_general_error);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 11, FREE_GFN, &handle), GNTST_general_error);
    for (unsigned offset = 98; offset < 152; offset++) {
        struct gnttab_copy op = { .source = { .u.ref = 10, .domid = one->id, .offset = (uint16_t)offset },
                                  .dest = { .u.gmfn = TEST_RAM_GFN + 5, .domid = DOMID_SELF }, .len = 10,
                                  .flags = GNTCOPY_source_gref };

        assert_int_equal(copy(two, op), offset >= 100 && offset + 10 <= 150 ? GNTST_okay : GNTST_general_error);
    }
    s.version = 1;
    assert_int_equal(CALL(one, GNTTABOP_set_version, s), 0);
    assert_int_equal(one->grant->status_count, 0);
    s.version = 3;
    assert_int_equal(CALL(one, GNTTABOP_set_version, s), -XEN_EINVAL);
    finish();
}

static void test_swap(void **state)
{
    struct gnttab_swap_grant_ref s = { .ref_a = 9, .ref_b = 10 };
    uint32_t handle = 0;

    (void)state;
    init();
    grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
    assert_int_equal(CALL(one, GNTTABOP_swap_grant_ref, s), 0);
    assert_int_equal(s.status, GNTST_okay);
    assert_int_equal(map(two, GNTMAP_host_map, one->id, 10, FREE_GFN, &handle), GNTST_okay);
    assert_int_equal(CALL(one, GNTTABOP_swap_grant_ref, s), 0);
    assert_int_equal(s.status, GNTST_eagain);
    s.ref_a = 512;
    assert_int_equal(CALL(one, GNTTABOP_swap_grant_ref, s), 0);
    assert_int_equal(s.status, GNTST_bad_gntref);
    finish();
}

/* Req: BH-GNT-002, BH-ABI-026 */
static void test_lists(void **state)
{
    struct gnttab_map_grant_ref op[20];

    (void)state;
    init();
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        host_interrupt_is_pending = interrupt != 0;
        for (unsigned i = 0; i < ARRAY_COUNT(op); i++) {
            grant(one, 20 + i, GTF_permit_access, i % 3 == 0 ? one->id : two->id, (uint32_t)TEST_RAM_GFN + 3);
            op[i] = (struct gnttab_map_grant_ref){ .host_addr = (FREE_GFN + i + 100 * interrupt) << PAGE_SHIFT,
                                                   .flags = GNTMAP_host_map, .ref = 20 + i, .dom = one->id };
        }
        if (interrupt != 0) {
            uint64_t arguments[5] = { GNTTABOP_map_grant_ref, ARGUMENTS, ARRAY_COUNT(op) };

            assert_int_equal(guest_copy_to(two->vcpus[0], guest_handle(ARGUMENTS), op, sizeof(op)), 0);
            for (unsigned i = 0; i + 1 < ARRAY_COUNT(op); i++) {
                assert_int_equal(hypercall_dispatch(two->vcpus[0], __HYPERVISOR_grant_table_op, arguments),
                                 HYPERCALL_RESTART);
                assert_int_equal(arguments[2], ARRAY_COUNT(op) - 1 - i);
            }
            assert_int_equal(hypercall_dispatch(two->vcpus[0], __HYPERVISOR_grant_table_op, arguments), 0);
            assert_int_equal(guest_copy_from(two->vcpus[0], op, guest_handle(ARGUMENTS), sizeof(op)), 0);
        } else {
            assert_int_equal(call_count(two, GNTTABOP_map_grant_ref, op, sizeof(op[0]), ARRAY_COUNT(op)), 0);
        }
        for (unsigned i = 0; i < ARRAY_COUNT(op); i++) {
            assert_int_equal(op[i].status, i % 3 == 0 ? GNTST_general_error : GNTST_okay);
        }
    }
    host_interrupt_is_pending = false;
    finish();
}

/* Each operation with its first, second, third... allocation made to fail: an error, and nothing is lost. */
static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 12; n++) {
        uint32_t handle = 0;

        init();
        host_fail_allocation(n);
        (void)grant_table_of(one);
        host_fail_allocation(0);
        grant(one, 9, GTF_permit_access, two->id, TEST_RAM_GFN + 3);
        host_fail_allocation(n);
        if (map(two, GNTMAP_host_map, one->id, 9, 0x80000, &handle) != GNTST_okay) {
            assert_false(grant_is_pinned(one));
            assert_int_equal(entry_flags(one, 9), GTF_permit_access);
        }
        host_fail_allocation(0);
        finish();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map),         cmocka_unit_test(test_map_refused),
        cmocka_unit_test(test_machine_address),
        cmocka_unit_test(test_map_over_ram), cmocka_unit_test(test_mapper_dies),
        cmocka_unit_test(test_owner_dies),  cmocka_unit_test(test_owner_gives_page_up),
        cmocka_unit_test(test_copy),        cmocka_unit_test(test_table),
        cmocka_unit_test(test_versions),    cmocka_unit_test(test_swap),
        cmocka_unit_test(test_lists),       cmocka_unit_test(test_no_memory),
    };

    return RUN_TESTS_APART(tests);
}
