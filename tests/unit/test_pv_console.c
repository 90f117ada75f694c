/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/pv_console.c and console_io.c: what a guest without a UART says and hears; and the watchdog of sched_op, which
 * speaks on the console too.
 */
#include "partition.h"

#include "bh/console.h"
#include "bh/console_io.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/pv_console.h"

#define ARGUMENTS (TEST_RAM_GFN << PAGE_SHIFT)
#define RING(member) (GUEST_MAGIC_BASE + offsetof(struct xencons_interface, member))

static struct domain *d;
static struct vcpu *v;

static void init(void)
{
    host_board_init(2, 16);
    d = make_domain("d", 1, 0, all_cpus(), 8);
    assert_int_equal(pv_console_create(d), 0);
    start_domain(d);
    v = d->vcpus[0];
    run_vcpu(v);
    (void)host_uart_take();
}

static void finish(void)
{
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

static void put(uint64_t at, const void *from, size_t size)
{
    assert_int_equal(guest_copy_to_gpa(d, at, from, size), 0);
}

static uint32_t index_at(uint64_t at)
{
    uint32_t index;

    assert_int_equal(guest_copy_from_gpa(d, at, &index, sizeof(index)), 0);
    return index;
}

/* The guest tells the other end. */
static void notify(void)
{
    struct evtchn_send a = { .port = (uint32_t)d->parameter.console_evtchn };
    uint64_t arguments[5] = { EVTCHNOP_send, ARGUMENTS };

    put(ARGUMENTS, &a, sizeof(a));
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_event_channel_op, arguments), 0);
}

/* Req: BH-CONS-010 */
static void test_output(void **state)
{
    uint32_t out[2] = { 2048 - 3, 2048 + 4 };

    (void)state;
    init();
    assert_int_equal(d->parameter.console_pfn, GUEST_MAGIC_BASE >> PAGE_SHIFT);
    /* Round the end of the ring. */
    put(RING(out) + 2045, "hel", 3);
    put(RING(out), "lo!\n", 4);
    put(RING(out_cons), out, sizeof(out));
    notify();
    assert_non_null(strstr(host_uart_take(), "(d) hello!"));
    assert_int_equal(index_at(RING(out_cons)), 2052);
    assert_true(evtchn_2l_is_pending(d, (uint32_t)d->parameter.console_evtchn));
    /* More than a ring is none; nothing is nothing. */
    out[0] = 0;
    out[1] = 2049;
    put(RING(out_cons), out, sizeof(out));
    notify();
    assert_string_equal(host_uart_take(), "");
    assert_int_equal(index_at(RING(out_cons)), 0);
    finish();
}

/* Req: BH-CONS-011 */
static void test_input(void **state)
{
    uint32_t in[2] = { 1020, 1020 };
    char c;

    (void)state;
    init();
    put(RING(in_cons), in, sizeof(in));
    for (unsigned i = 0; i < 2000; i++) {
        pv_console_input(d, (char)('a' + i % 26));
    }
    assert_int_equal(index_at(RING(in_prod)), 1020 + 1024);
    assert_int_equal(guest_copy_from_gpa(d, RING(in) + 1020, &c, 1), 0);
    assert_int_equal(c, 'a');
    assert_true(evtchn_2l_is_pending(d, (uint32_t)d->parameter.console_evtchn));
    finish();
}

/* The guest takes its ring away. */
static void test_no_ring(void **state)
{
    enum p2m_type type;
    mfn_t m;

    (void)state;
    init();
    assert_int_equal(p2m_unmap(&d->p2m, gfn(GUEST_MAGIC_BASE >> PAGE_SHIFT), P2M_ANY_TYPE, &m, &type), 0);
    assert_true(frame_unmap(m));
    notify();
    pv_console_input(d, 'x');
    finish();
}

/* Req: BH-ABI-024 */
static void test_console_io(void **state)
{
    uint64_t arguments[5] = { CONSOLEIO_write, 7, ARGUMENTS };
    char text[300];

    (void)state;
    init();
    put(ARGUMENTS, "early!\n", 7);
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), 0);
    assert_non_null(strstr(host_uart_take(), "(d) early!"));
    memset(text, 'x', sizeof(text));
    text[299] = '\n';
    put(ARGUMENTS, text, sizeof(text));
    arguments[1] = sizeof(text);
    host_interrupt_is_pending = true;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), HYPERCALL_RESTART);
    assert_int_equal(arguments[1], sizeof(text) - 128);
    host_interrupt_is_pending = false;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), 0);
    arguments[1] = 1;
    arguments[2] = 0x1000;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), -XEN_EFAULT);
    arguments[0] = CONSOLEIO_read;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), 0);
    arguments[0] = 2;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), -XEN_ENOSYS);
    arguments[0] = CONSOLEIO_read;
    arguments[1] = INT32_MAX;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), 0);
    arguments[1] = (uint64_t)INT32_MAX + 1;
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_console_io, arguments), -XEN_E2BIG);
    finish();
}

static int64_t read_input(uint64_t size, uint64_t at)
{
    uint64_t arguments[5] = { CONSOLEIO_read, size, at };

    return hypercall_dispatch(v, __HYPERVISOR_console_io, arguments);
}

/* Req: BH-CONS-012 */
static void test_input_of_the_initial_domain(void **state)
{
    struct evtchn_bind_virq bind = { .virq = VIRQ_CONSOLE };
    uint64_t arguments[5] = { EVTCHNOP_bind_virq, ARGUMENTS };
    char text[8];

    (void)state;
    init();
    assert_false(console_io_input(d, 'a'));
    d->is_initial = true;
    assert_false(console_io_input(d, 'a')); /* it has a PV console, and does not listen */
    put(ARGUMENTS, &bind, sizeof(bind));
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_event_channel_op, arguments), 0);
    assert_true(console_io_input(d, 'a') && console_io_input(d, 'b') && console_io_input(d, 'c'));
    assert_true(evtchn_2l_is_pending(d, v->evtchn.virq_port[VIRQ_CONSOLE]));
    assert_int_equal(read_input(2, ARGUMENTS), 2);
    assert_int_equal(read_input(2, ARGUMENTS + 2), 1);
    assert_int_equal(read_input(2, ARGUMENTS), 0);
    assert_int_equal(guest_copy_from_gpa(d, ARGUMENTS, text, 3), 0);
    assert_memory_equal(text, "abc", 3);
    /* A ring's worth is kept; a place that is none gets nothing. */
    for (unsigned i = 0; i < 200; i++) {
        assert_true(console_io_input(d, 'x'));
    }
    assert_int_equal(read_input(1, 0x1000), -XEN_EFAULT);
    assert_int_equal(read_input(INT32_MAX, ARGUMENTS), 127);
    finish();
}

static int64_t watchdog(unsigned id, unsigned seconds)
{
    struct sched_watchdog a = { .id = id, .timeout = seconds };
    uint64_t arguments[5] = { SCHEDOP_watchdog, ARGUMENTS };

    put(ARGUMENTS, &a, sizeof(a));
    return hypercall_dispatch(v, __HYPERVISOR_sched_op, arguments);
}

/* Req: BH-LIFE-009 */
static void test_watchdog(void **state)
{
    (void)state;
    init();
    assert_int_equal(watchdog(0, 0), -XEN_EINVAL);
    assert_int_equal(watchdog(1, 1), -XEN_EINVAL);
    assert_int_equal(watchdog(3, 1), -XEN_EINVAL);
    assert_int_equal(watchdog(0, 2), 1);
    assert_int_equal(watchdog(0, 5), 2);
    assert_int_equal(watchdog(0, 5), -XEN_ENOSPC);
    host_run_until(host_now + 1500000000);
    run_vcpu(v);
    assert_int_equal(watchdog(1, 2), 0);
    host_run_until(host_now + 1500000000);
    assert_int_equal(d->phase, DOMAIN_RUNNING);
    run_vcpu(v);
    assert_int_equal(watchdog(1, 0), 0);
    host_run_until(host_now + 1500000000);
    assert_int_equal(d->phase, DOMAIN_RUNNING);
    (void)host_uart_take();
    host_run_until(host_now + 1000000000);
    assert_non_null(strstr(host_uart_take(), "d: watchdog"));
    finish();
}

/* Why a domain ends can be said beforehand. */
static void test_shutdown_code(void **state)
{
    struct sched_shutdown a = { .reason = SHUTDOWN_reboot };
    uint64_t arguments[5] = { SCHEDOP_shutdown_code, ARGUMENTS };

    (void)state;
    init();
    put(ARGUMENTS, &a, sizeof(a));
    assert_int_equal(hypercall_dispatch(v, __HYPERVISOR_sched_op, arguments), 0);
    domain_shutdown(d, SHUTDOWN_crash);
    assert_int_equal(d->shutdown_reason, SHUTDOWN_reboot);
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),     cmocka_unit_test(test_input),    cmocka_unit_test(test_no_ring),
        cmocka_unit_test(test_console_io), cmocka_unit_test(test_input_of_the_initial_domain),
        cmocka_unit_test(test_watchdog),   cmocka_unit_test(test_shutdown_code),
    };

    return RUN_TESTS_APART(tests);
}
