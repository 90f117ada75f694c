/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/guest_struct.c, guest_width.c, and 32-bit callers of hypercalls: the guest writes structures as i386 code does
 * (narrow_layout.c says that the narrow ones are that), in registers of 32 bits.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/guest_struct.h"
#include "bh/guest_struct_fields.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define PAGES     64
#define ARGUMENTS (TEST_RAM_GFN << PAGE_SHIFT)
#define LIST      (ARGUMENTS + PAGE_SIZE)
#define AREA      (ARGUMENTS + 2 * PAGE_SIZE)
#define NOWHERE   0x1000U
#define FREE_GFN  0x80000UL

static struct domain *d;
static struct vcpu *v;
static uint64_t free_at_start;

static void init(void)
{
    host_board_init(2, 16);
    free_at_start = page_alloc_free_count();
    d = make_domain("d", 2, 0, all_cpus(), PAGES);
    policy_allow(d, d, POLICY_GRANT);
    policy_allow(d, d, POLICY_EVENT);
    policy_allow(d, d, POLICY_ARGO);
    start_domain(d);
    v = d->vcpus[0];
    run_vcpu(v);
    v->is_narrow = true;
}

static void finish(void)
{
    host_interrupt_is_pending = false;
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
}

static void put(uint64_t at, const void *from, size_t size)
{
    assert_int_equal(guest_copy_to(v, guest_handle(at), from, size), 0);
}

static void get(uint64_t at, void *to, size_t size)
{
    assert_int_equal(guest_copy_from(v, to, guest_handle(at), size), 0);
}

/* One try, by registers as they are before and after. */
static int64_t try(unsigned number, uint32_t *r)
{
    uint64_t a[6] = { r[0], r[1], r[2], r[3], r[4] };
    int64_t result = hypercall_dispatch(v, number, a);

    for (unsigned i = 0; i < 5; i++) {
        r[i] = (uint32_t)a[i];
    }
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}

static int64_t call(unsigned number, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t r[5] = { a, b, c, 0xdead, 0xbeef };
    int64_t result;

    do {
        result = try(number, r);
    } while (result == HYPERCALL_RESTART);
    return result;
}

#define CALL(number, command, s) call_with(number, command, &(s), sizeof(s))
static int64_t call_with(unsigned number, uint32_t command, void *s, size_t size)
{
    int64_t result;

    put(ARGUMENTS, s, size);
    result = call(number, command, ARGUMENTS, 1);
    get(ARGUMENTS, s, size);
    return result;
}

/* Req: BH-COMPAT-001, BH-COMPAT-002 */
static void test_table(void **state)
{
    static const struct { size_t narrow, wide; } sizes[STRUCT_COUNT] = {
#define SIZE(s) [STRUCT_##s] = { sizeof(struct narrow_##s), sizeof(struct s) },
        GUEST_STRUCTS(SIZE)
    };
    uint8_t narrow[GUEST_STRUCT_NARROW_MAX + 1], again[GUEST_STRUCT_NARROW_MAX], wide[256], ones[256];

    (void)state;
    for (unsigned s = STRUCT_same + 1; s < STRUCT_COUNT; s++) {
        unsigned kept = 0;

        assert_int_equal(guest_struct_narrow_size(s), sizes[s].narrow);
        assert_true(sizes[s].narrow < sizes[s].wide && sizes[s].narrow <= GUEST_STRUCT_NARROW_MAX);
        for (unsigned i = 0; i < sizeof(narrow); i++) {
            narrow[i] = (uint8_t)(0x80 + i);
        }
        memset(wide, 0xff, sizeof(wide));
        guest_struct_widen(s, wide, narrow);
        for (size_t i = sizes[s].wide; i < sizeof(wide); i++) {
            assert_int_equal(wide[i], 0xff);
        }
        guest_struct_narrow(s, again, wide);
        for (unsigned i = 0; i < sizes[s].narrow; i++) {
            /* Padding becomes 0, everything else comes back. */
            assert_true(again[i] == narrow[i] || again[i] == 0);
            kept += again[i] == narrow[i];
        }
        assert_true(kept + 4 >= sizes[s].narrow);
        /* Nothing that is wider than 32 bits spills into a neighbour, and nothing is left of what was there. */
        memset(ones, 0xff, sizeof(ones));
        memset(narrow, 0x11, sizeof(narrow));
        guest_struct_narrow(s, narrow, ones);
        assert_int_equal(narrow[sizes[s].narrow], 0x11);
        for (unsigned i = 0; i < sizes[s].narrow; i++) {
            assert_true(narrow[i] == 0xff || narrow[i] == 0);
        }
    }
}

/* Req: BH-COMPAT-003 */
static void test_memory(void **state)
{
    uint32_t out[] = { TEST_RAM_GFN + 8, TEST_RAM_GFN + 9, TEST_RAM_GFN + 11 };
    struct narrow_xen_memory_reservation r = { .extent_start = LIST, .nr_extents = 3, .domid = DOMID_SELF };
    struct narrow_xen_add_to_physmap one = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
                                             .gpfn = FREE_GFN + 40 };
    struct narrow_xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .size = 3,
                                                 .idxs = LIST, .gpfns = LIST + 100, .errs = LIST + 200 };
    uint32_t indices[] = { 0, 1000000, 1 }, places[] = { FREE_GFN + 50, FREE_GFN + 51, FREE_GFN + 52 };
    struct narrow_xen_remove_from_physmap gone = { .domid = DOMID_SELF, .gpfn = FREE_GFN + 40 };
    int32_t errors[3] = { 5, 5, 5 };

    (void)state;
    init();
    put(LIST, out, sizeof(out));
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, r), 3);
    assert_false(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 11)));
    assert_true(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 10)));
    r.nr_extents = 2;
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_populate_physmap, r), 2);
    assert_int_equal(d->page_count, PAGES - 1);
    /* A list that ends with a page, and one that ends behind it. */
    put(AREA - 4, &out[2], 4);
    r = (struct narrow_xen_memory_reservation){ .extent_start = AREA - 4, .nr_extents = 1, .domid = DOMID_SELF };
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_populate_physmap, r), 1);
    r.extent_start = NOWHERE;
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, r), 0);
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, one), 0);
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, gone), 0);
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, gone), -XEN_ENOENT);
    one.gpfn = UINT32_MAX;
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, one), -XEN_EINVAL);
    put(LIST, indices, sizeof(indices));
    put(LIST + 100, places, sizeof(places));
    put(LIST + 200, errors, sizeof(errors));
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, b), 0);
    get(LIST + 200, errors, sizeof(errors));
    assert_int_equal(errors[0], 0);
    assert_int_equal(errors[1], -XEN_EINVAL);
    assert_int_equal(errors[2], 0);
    finish();
}

static void test_resource(void **state)
{
    struct narrow_xen_mem_acquire_resource r = { .domid = DOMID_SELF, .type = XENMEM_resource_grant_table,
                                                 .id = XENMEM_resource_grant_table_id_shared };
    uint32_t places[] = { FREE_GFN + 3, FREE_GFN + 4 };

    (void)state;
    init();
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_acquire_resource, r), 0);
    assert_int_equal(r.nr_frames, CONFIG_MAX_GRANT_FRAMES);
    r.nr_frames = 2;
    r.frame_list = LIST;
    put(LIST, places, sizeof(places));
    assert_int_equal(CALL(__HYPERVISOR_memory_op, XENMEM_acquire_resource, r), 0);
    finish();
}

/* The I-th reservation of 32 pages at G. */
static void put_reservation(unsigned i, uint32_t g)
{
    struct narrow_xen_memory_reservation a = { .extent_start = LIST + i * 4, .nr_extents = 1, .extent_order = 5,
                                               .domid = DOMID_SELF };

    put(LIST + i * 4, &g, sizeof(g));
    put(ARGUMENTS + i * 64, &a, sizeof(a));
}

/* Req: BH-COMPAT-004 */
/* What a register cannot hold is not lost, also when another vCPU goes on, or other calls come between. */
static void test_restart(void **state)
{
    uint32_t r[5] = { XENMEM_populate_physmap, ARGUMENTS, 7, 8, 9 }, first[5], other[5];

    (void)state;
    init();
    d->page_limit = PAGES + 64;
    put_reservation(0, FREE_GFN);
    memcpy(first, r, sizeof(r));
    memcpy(other, r, sizeof(r));
    host_interrupt_is_pending = true;
    assert_int_equal(try(__HYPERVISOR_memory_op, r), HYPERCALL_RESTART);
    assert_memory_equal(r, first, sizeof(r));
    assert_int_equal(d->page_count, PAGES + 16);
    /* The same command from elsewhere begins anew: there is something already. */
    other[3] = 1;
    assert_int_equal(try(__HYPERVISOR_memory_op, other), 0);
    assert_int_equal(d->page_count, PAGES + 16);
    v = d->vcpus[1];
    v->is_narrow = true;
    assert_int_equal(try(__HYPERVISOR_memory_op, r), 1);
    assert_int_equal(d->page_count, PAGES + 32);
    /* Once only. */
    memcpy(r, first, sizeof(r));
    assert_int_equal(try(__HYPERVISOR_memory_op, r), 0);
    /* There are places for so many; of more the first begins anew. */
    r[0] = XENMEM_decrease_reservation;
    for (unsigned i = 0; i <= NARROW_RESTARTS; i++) {
        put_reservation(i, TEST_RAM_GFN + 16);
        memcpy(first, r, sizeof(r));
        first[1] = ARGUMENTS + i * 64;
        if (i == 0) {
            assert_int_equal(try(__HYPERVISOR_memory_op, first), HYPERCALL_RESTART);
        } else {
            uint64_t a[5] = { first[0] | (uint64_t)i << 32, first[1], first[2], first[3], first[4] };

            guest_width_keep(d, __HYPERVISOR_memory_op, a);
        }
    }
    first[1] = ARGUMENTS;
    assert_int_equal(try(__HYPERVISOR_memory_op, first), 0);
    finish();
}

/* Req: BH-COMPAT-003, BH-COMPAT-004 */
static void test_multicall(void **state)
{
    (void)state;
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        struct narrow_multicall_entry e[3] = {
            { .op = __HYPERVISOR_xen_version, .argument0 = XENVER_version },
            { .op = __HYPERVISOR_memory_op, .argument0 = XENMEM_populate_physmap, .argument1 = ARGUMENTS,
              .argument5 = 0x12345678 },
            { .op = __HYPERVISOR_multicall },
        };

        init();
        d->page_limit = PAGES + 64;
        put_reservation(0, FREE_GFN);
        put(AREA, e, sizeof(e));
        host_interrupt_is_pending = interrupt != 0;
        assert_int_equal(call(__HYPERVISOR_multicall, AREA, 3, 0), 0);
        get(AREA, e, sizeof(e));
        assert_int_equal(e[0].result, 4 << 16 | 17);
        assert_int_equal(e[1].result, 1);
        assert_int_equal(e[1].argument5, 0x12345678);
        assert_int_equal(e[2].result, (uint32_t)-XEN_EINVAL);
        assert_int_equal(d->page_count, PAGES + 32);
        finish();
    }
}

/* Req: BH-COMPAT-003 */
static void test_grants(void **state)
{
    struct narrow_gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 2, .frame_list = LIST };
    struct narrow_gnttab_get_status_frames status = { .dom = DOMID_SELF, .nr_frames = 1, .frame_list = LIST };
    struct gnttab_set_version version = { .version = 2 };
    struct narrow_gnttab_copy copies[3];
    uint32_t frames[3] = { 1, 2, 3 };
    uint64_t states[2] = { 0, 0x55 };
    char text[16] = "";

    (void)state;
    init();
    put(LIST, frames, sizeof(frames));
    assert_int_equal(CALL(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, setup), 0);
    assert_int_equal(setup.status, GNTST_okay);
    assert_int_equal(setup.frame_list, LIST);
    get(LIST, frames, sizeof(frames));
    assert_true(frames[0] == UINT32_MAX && frames[1] == UINT32_MAX && frames[2] == 3);
    for (unsigned i = 0; i < 3; i++) {
        copies[i] = (struct narrow_gnttab_copy){
            .source_page = TEST_RAM_GFN + 20, .source_domid = DOMID_SELF, .source_offset = 2,
            .dest_page = i == 1 ? 0xfffff : TEST_RAM_GFN + 21 + i, .dest_domid = DOMID_SELF,
            .dest_offset = (uint16_t)(4096 - 4), .len = 4, .status = 99,
        };
    }
    put(ARGUMENTS + 20 * PAGE_SIZE, "..copy..", 8);
    put(ARGUMENTS, copies, sizeof(copies));
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        host_interrupt_is_pending = interrupt != 0;
        assert_int_equal(call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, ARGUMENTS, 3), 0);
        get(ARGUMENTS, copies, sizeof(copies));
        assert_int_equal(copies[0].status, GNTST_okay);
        assert_int_equal(copies[1].status, GNTST_bad_page);
        assert_int_equal(copies[2].status, GNTST_okay);
        assert_int_equal(copies[2].len, 4);
        get(ARGUMENTS + 23 * PAGE_SIZE + 4092, text, 4);
        assert_string_equal(text, "copy");
    }
    assert_int_equal(CALL(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, version), 0);
    put(LIST, states, sizeof(states));
    assert_int_equal(CALL(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, status), 0);
    assert_int_equal(status.status, GNTST_okay);
    get(LIST, states, sizeof(states));
    assert_true(states[0] == UINT64_MAX && states[1] == 0x55);
    finish();
}

/* Req: BH-COMPAT-003 */
static void test_argo(void **state)
{
    struct xen_argo_register_ring ring = { .aport = 7, .partner_id = XEN_ARGO_DOMID_ANY, .len = 2048 };
    struct xen_argo_send_addr address = { .src = { .aport = 1, .domain_id = XEN_ARGO_DOMID_ANY },
                                          .dst = { .aport = 7 } };
    struct narrow_xen_argo_iov iov[2] = { { .iov_hnd = AREA, .iov_len = 3 }, { .iov_hnd = AREA + 100, .iov_len = 5 } };
    uint64_t g = TEST_RAM_GFN + 30;
    uint32_t r[5] = { XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 0 };
    char text[16] = "";

    (void)state;
    init();
    put(ARGUMENTS, &ring, sizeof(ring));
    put(LIST, &g, sizeof(g));
    assert_int_equal(try(__HYPERVISOR_argo_op, r), 0);
    address.dst.domain_id = d->id;
    put(ARGUMENTS, &address, sizeof(address));
    put(LIST, iov, sizeof(iov));
    put(AREA, "abc", 3);
    put(AREA + 100, "defgh", 5);
    memcpy(r, (uint32_t[]){ XEN_ARGO_OP_sendv, ARGUMENTS, LIST, 2, 77 }, sizeof(r));
    assert_int_equal(try(__HYPERVISOR_argo_op, r), 8);
    get((g << PAGE_SHIFT) + 64 + 16, text, 8);
    assert_string_equal(text, "abcdefgh");
    finish();
}

static uint32_t new_port(void)
{
    struct evtchn_bind_ipi a = { .vcpu = 0 };

    return CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, a) == 0 ? a.port : 0;
}

static int64_t send(uint32_t port)
{
    struct evtchn_send a = { .port = port };

    return CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_send, a);
}

static uint32_t shared_word(unsigned at)
{
    const char *s = window_open(d->shared_info);
    uint32_t word;

    memcpy(&word, s + at, sizeof(word));
    window_close(s);
    return word;
}

static void shared_write(unsigned at, uint32_t word)
{
    char *s = window_open(d->shared_info);

    memcpy(s + at, &word, sizeof(word));
    window_close(s);
}

static void be_narrow(bool narrow)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 1UL << 56 };
    bool before = v->is_narrow;

    v->is_narrow = narrow;
    assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_param, p), 0);
    assert_true(domain_is_narrow(d) == narrow);
    v->is_narrow = before;
}

/* Req: BH-COMPAT-006, BH-COMPAT-007 */
static void test_events(void **state)
{
    const struct evtchn late = { .state = EVTCHN_IPI };
    unsigned upcalls, made = 0;
    uint32_t port = 0;

    (void)state;
    init();
    assert_false(domain_is_narrow(d));
    be_narrow(true);
    be_narrow(true);
    assert_int_equal(d->arch.width_changes, 1);
    while (port < 40) {
        port = new_port();
        made++;
    }
    upcalls = v->arch.upcalls;
    assert_int_equal(send(40), 0);
    assert_int_equal(shared_word(0), 1); /* vcpu_info: an upcall is pending, and not masked */
    assert_int_equal(shared_word(4), 1 << 1);
    assert_int_equal(shared_word(8), 0);
    assert_int_equal(shared_word(2048 + 4), 1 << 8);
    assert_int_equal(v->arch.upcalls, upcalls + 1);
    /* Masked: its bit is set, nobody is told. */
    shared_write(NARROW_EVTCHN_MASK_AT, 1 << 3);
    shared_write(4, 0);
    shared_write(0, 0);
    assert_int_equal(send(3), 0);
    assert_int_equal(shared_word(2048), 1 << 3);
    assert_int_equal(shared_word(4), 0);
    assert_int_equal(v->arch.upcalls, upcalls + 1);
    assert_int_equal(CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_unmask, (struct evtchn_unmask){ .port = 3 }), 0);
    assert_int_equal(shared_word(NARROW_EVTCHN_MASK_AT), 0);
    assert_int_equal(shared_word(4), 1);
    assert_int_equal(v->arch.upcalls, upcalls + 2);
    while (new_port() != 0) {
        made++;
    }
    assert_int_equal(made, NARROW_EVTCHN_PORTS - 1);
    assert_int_equal(send(NARROW_EVTCHN_PORTS - 1), 0);
    assert_int_equal(shared_word(2048 + 124), 1U << 31);
    assert_int_equal(shared_word(4), 1U << 31 | 1);
    /* One that was made when the domain was wide has no place now. */
    evtchn_2l_set_pending(d, NARROW_EVTCHN_PORTS, &late);
    evtchn_2l_unmask(d, NARROW_EVTCHN_PORTS, &late);
    evtchn_2l_clear_pending(d, NARROW_EVTCHN_PORTS);
    assert_int_equal(shared_word(NARROW_EVTCHN_MASK_AT), 0);
    assert_false(evtchn_2l_is_pending(d, NARROW_EVTCHN_PORTS));
    be_narrow(false);
    evtchn_2l_set_pending(d, NARROW_EVTCHN_PORTS, &late);
    assert_int_equal(shared_word(NARROW_EVTCHN_MASK_AT), 1);
    assert_int_equal(shared_word(8), 1 << 16);
    finish();
}

static int64_t register_info(unsigned offset)
{
    struct vcpu_register_vcpu_info a = { .mfn = AREA >> PAGE_SHIFT, .offset = offset };

    put(ARGUMENTS, &a, sizeof(a));
    return call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, ARGUMENTS);
}

/* Req: BH-COMPAT-007 */
static void test_event_area(void **state)
{
    uint32_t words[3];

    (void)state;
    init();
    assert_int_equal(register_info(4), -XEN_ENXIO);
    be_narrow(true);
    assert_int_equal(new_port(), 1);
    assert_int_equal(register_info(2), -XEN_ENXIO);
    assert_int_equal(register_info(PAGE_SIZE - 60), -XEN_ENXIO);
    assert_int_equal(register_info(PAGE_SIZE - 68), 0);
    get(AREA + PAGE_SIZE - 68, words, sizeof(words));
    assert_true(words[0] == 1 && words[1] == UINT32_MAX && words[2] == 0);
    memset(words, 0, sizeof(words));
    put(AREA + PAGE_SIZE - 68, words, sizeof(words));
    assert_int_equal(send(1), 0);
    get(AREA + PAGE_SIZE - 68, words, sizeof(words));
    assert_true(words[0] == 1 && words[1] == 1 && words[2] == 0);
    /* Whoever says that it is wide, and has it where a wide one is not, keeps the narrow one. */
    be_narrow(false);
    memset(words, 0, sizeof(words));
    put(AREA + PAGE_SIZE - 68, words, sizeof(words));
    evtchn_2l_clear_pending(d, 1);
    assert_int_equal(send(1), 0);
    get(AREA + PAGE_SIZE - 68, words, sizeof(words));
    assert_true(words[0] == 1 && words[1] == 1 && words[2] == 0);
    finish();
}

static int64_t register_runstate(uint64_t at)
{
    put(ARGUMENTS, &at, sizeof(at));
    return call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, ARGUMENTS);
}

/* Req: BH-COMPAT-005 */
static void test_runstate(void **state)
{
    struct narrow_vcpu_runstate_info info, blank;
    uint32_t behind = 0x5555;

    (void)state;
    init();
    be_narrow(true);
    memset(&blank, 0xaa, sizeof(blank));
    /* The last of the domain's pages ends with it; half of a pointer's place means nothing. */
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = i == 0 ? AREA + 1000 : ARGUMENTS + PAGES * PAGE_SIZE - sizeof(info);

        put(at, &blank, sizeof(blank));
        if (i == 0) {
            put(at + sizeof(info), &behind, sizeof(behind));
        }
        assert_int_equal(register_runstate(at | 0x77777777UL << 32), 0);
        get(at, &info, sizeof(info));
        assert_int_equal(info.state, RUNSTATE_running);
        assert_int_equal(info.state_entry_time, host_now);
        assert_int_equal(info.time3, 0);
        if (i == 0) {
            get(at + sizeof(info), &behind, sizeof(behind));
            assert_int_equal(behind, 0x5555);
        }
    }
    /* The mark of a change, in its place. */
    assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
    assert_int_equal(register_runstate(AREA + PAGE_SIZE - 8), 0);
    get(AREA + PAGE_SIZE - 8, &info, sizeof(info));
    assert_int_equal(info.state_entry_time, host_now);
    assert_int_equal(register_runstate(ARGUMENTS + PAGES * PAGE_SIZE - 43), -XEN_EFAULT);
    finish();
}

/* Req: BH-COMPAT-003 */
static void test_others(void **state)
{
    struct narrow_sched_poll poll = { .ports = LIST, .nr_ports = 1, .timeout = 0 };
    struct narrow_guest_long start = { .value = 0x1234 };
    uint32_t port;

    (void)state;
    init();
    be_narrow(true);
    port = new_port();
    put(LIST, &port, sizeof(port));
    assert_int_equal(send(port), 0);
    assert_int_equal(CALL(__HYPERVISOR_sched_op, SCHEDOP_poll, poll), 0);
    assert_false(v->domain->evtchn.pollers != 0);
    poll.nr_ports = 129;
    assert_int_equal(CALL(__HYPERVISOR_sched_op, SCHEDOP_poll, poll), -XEN_EINVAL);
    /* Four bytes, and no more. */
    put(ARGUMENTS + 4, &port, sizeof(port));
    assert_int_equal(CALL(__HYPERVISOR_xen_version, XENVER_platform_parameters, start), 0);
    assert_int_equal(start.value, 0);
    get(ARGUMENTS + 4, &start, sizeof(start));
    assert_int_equal(start.value, port);
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_resource),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_multicall),
        cmocka_unit_test(test_grants),
        cmocka_unit_test(test_argo),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_event_area),
        cmocka_unit_test(test_runstate),
        cmocka_unit_test(test_others),
    };

    return RUN_TESTS_APART(tests);
}
