/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/evtchn.c with both ABIs, poll and policy: two domains, each with two vCPUs. A guest's addresses are its physical
 * ones; the tests play the guest's side of the ABIs.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/policy.h"
#include "bh/window.h"

#define PAGES 16
#define ARGUMENTS (TEST_RAM_GFN << PAGE_SHIFT)
#define INFO_GFN  (TEST_RAM_GFN + 2)

static struct domain *one, *two;
static uint64_t free_at_start;

static void init(void)
{
    host_board_init(4, 16);
    free_at_start = page_alloc_free_count();
    one = make_domain("one", 2, 0, all_cpus(), PAGES);
    two = make_domain("two", 2, 0, all_cpus(), PAGES);
    policy_allow(one, two, POLICY_EVENT);
    policy_allow(two, one, POLICY_EVENT);
    start_domain(one);
    start_domain(two);
}

/* Everything comes back, whatever was bound. */
static void finish(void)
{
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
}

static int64_t call(struct vcpu *v, unsigned command, void *a, size_t size)
{
    uint64_t arguments[5] = { command, ARGUMENTS };
    int64_t result;

    assert_int_equal(guest_copy_to(v, guest_handle(ARGUMENTS), a, size), 0);
    result = hypercall_dispatch(v, __HYPERVISOR_event_channel_op, arguments);
    assert_int_equal(guest_copy_from(v, a, guest_handle(ARGUMENTS), size), 0);
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}
#define CALL(v, command, ...) call(v, command, &(__VA_ARGS__), sizeof(__VA_ARGS__))

static int64_t send(struct domain *d, uint32_t port)
{
    return CALL(d->vcpus[0], EVTCHNOP_send, (struct evtchn_send){ .port = port });
}

static int64_t close_port(struct domain *d, uint32_t port)
{
    return CALL(d->vcpus[0], EVTCHNOP_close, (struct evtchn_close){ .port = port });
}

static uint32_t unbound(struct domain *d, uint16_t remote)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = remote };

    assert_int_equal(CALL(d->vcpus[0], EVTCHNOP_alloc_unbound, a), 0);
    return a.port;
}

static uint32_t bind(struct domain *d, uint16_t remote, uint32_t port)
{
    struct evtchn_bind_interdomain a = { .remote_dom = remote, .remote_port = port };

    assert_int_equal(CALL(d->vcpus[0], EVTCHNOP_bind_interdomain, a), 0);
    return a.local_port;
}

static unsigned status(struct domain *d, uint32_t port)
{
    struct evtchn_status a = { .dom = DOMID_SELF, .port = port };

    assert_int_equal(CALL(d->vcpus[0], EVTCHNOP_status, a), 0);
    return a.status;
}

static bool pending(struct domain *d, uint32_t port)
{
    return d->evtchn.fifo != NULL ? evtchn_fifo_is_pending(d, port) : evtchn_2l_is_pending(d, port);
}

static void set_mask(struct domain *d, uint32_t port, bool masked)
{
    struct shared_info *s = window_open(d->shared_info);

    s->evtchn_mask[port / 64] = masked ? s->evtchn_mask[port / 64] | BIT(port % 64)
                                       : s->evtchn_mask[port / 64] & ~BIT(port % 64);
    window_close(s);
}

/* What the guest finds when it looks: clears everything, and says how often it was interrupted since. */
static unsigned take(struct vcpu *v)
{
    struct vcpu_info *info = evtchn_open_info(v);
    struct shared_info *s;
    unsigned upcalls = v->arch.upcalls;

    assert_non_null(info);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    window_close_leaf();
    s = window_open(v->domain->shared_info);
    memset(s->evtchn_pending, 0, sizeof(s->evtchn_pending));
    window_close(s);
    v->arch.upcalls = 0;
    return upcalls;
}

/* Req: BH-EVT-001, BH-EVT-002, BH-EVT-009 */
static void test_two_domains(void **state)
{
    uint32_t a, b;

    (void)state;
    init();
    a = unbound(one, two->id);
    assert_int_equal(send(one, a), 0); /* nobody hears it */
    b = bind(two, one->id, a);
    assert_int_equal(status(one, a), EVTCHNSTAT_interdomain);
    assert_true(pending(two, b));      /* it may have missed something */
    assert_int_equal(take(two->vcpus[0]), 1);
    assert_int_equal(send(one, a), 0);
    assert_int_equal(send(one, a), 0);
    assert_true(pending(two, b));
    assert_int_equal(take(two->vcpus[0]), 1);
    assert_int_equal(send(two, b), 0);
    assert_true(pending(one, a));
    assert_int_equal(take(one->vcpus[0]), 1);
    /* Masked: pending, and nobody is interrupted before it is unmasked. */
    set_mask(two, b, true);
    assert_int_equal(send(one, a), 0);
    assert_true(pending(two, b));
    assert_int_equal(two->vcpus[0]->arch.upcalls, 0);
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_unmask, (struct evtchn_unmask){ .port = b }), 0);
    assert_int_equal(take(two->vcpus[0]), 1);
    /* Closing one end leaves the other one unbound. */
    assert_int_equal(close_port(two, b), 0);
    assert_int_equal(status(two, b), EVTCHNSTAT_closed);
    assert_int_equal(status(one, a), EVTCHNSTAT_unbound);
    assert_int_equal(bind(two, one->id, a), b);
    finish();
}

/* Req: BH-EVT-004 */
static void test_refused(void **state)
{
    struct evtchn_bind_interdomain bind_a = { .remote_port = 0 };
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = 77 };
    struct domain *three;
    uint32_t a;

    (void)state;
    init();
    bind_a.remote_dom = one->id;
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    start_domain(three);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_alloc_unbound, alloc), -XEN_ESRCH);
    alloc = (struct evtchn_alloc_unbound){ .dom = two->id, .remote_dom = one->id };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_alloc_unbound, alloc), -XEN_EPERM);
    a = unbound(one, two->id);
    bind_a.remote_port = a + 1;
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_bind_interdomain, bind_a), -XEN_EINVAL);
    bind_a.remote_port = UINT32_MAX;
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_bind_interdomain, bind_a), -XEN_EINVAL);
    bind_a.remote_port = a;
    assert_int_equal(CALL(three->vcpus[0], EVTCHNOP_bind_interdomain, bind_a), -XEN_EINVAL);
    bind_a.remote_dom = 99;
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_bind_interdomain, bind_a), -XEN_ESRCH);
    for (uint32_t port = 0; port < 3; port++) {
        if (port != a) {
            assert_int_equal(send(one, port), -XEN_EINVAL);
            assert_int_equal(close_port(one, port), -XEN_EINVAL);
        }
    }
    assert_int_equal(send(one, UINT32_MAX), -XEN_EINVAL);
    assert_int_equal(CALL(one->vcpus[0], 15, (struct evtchn_send){ .port = 0 }), -XEN_ENOSYS);
    finish();
}

/* Req: BH-POL-001, BH-POL-003 */
static void test_policy(void **state)
{
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF };
    struct domain *three;
    unsigned lines = 0;

    (void)state;
    init();
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    start_domain(three);
    (void)host_uart_take();
    for (unsigned i = 0; i < 1000; i++) {
        alloc.remote_dom = one->id;
        assert_int_equal(CALL(three->vcpus[0], EVTCHNOP_alloc_unbound, alloc), -XEN_EPERM);
    }
    assert_int_equal(three->policy.refused[POLICY_EVENT], 1000);
    assert_int_equal(three->policy.refused[POLICY_GRANT], 0);
    for (const char *at = host_uart_take(); (at = strstr(at, "policy")) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 1);
    finish();
}

/* Req: BH-POL-002 */
static void test_policy_has_a_direction(void **state)
{
    struct domain *three;

    (void)state;
    init();
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    policy_allow(one, three, POLICY_GRANT);
    assert_true(policy_ask(one, three, POLICY_GRANT));
    assert_false(policy_ask(three, one, POLICY_GRANT));
    assert_false(policy_ask(one, three, POLICY_EVENT));
    assert_true(policy_ask(three, three, POLICY_EVENT));
    start_domain(three);
    finish();
}

/* Req: BH-POL-004 */
/* Who gets the place of a domain that has ended does not get what others could do to that one. */
static void test_policy_ends_with_the_domain(void **state)
{
    struct domain *three;
    unsigned slot;

    (void)state;
    init();
    slot = two->slot;
    assert_true(policy_ask(one, two, POLICY_EVENT));
    domain_shutdown(two, SHUTDOWN_poweroff);
    host_settle();
    host_run_until(host_now + 1000000000);
    assert_null(domain_table[slot]);
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    start_domain(three);
    assert_int_equal(three->slot, slot);
    assert_false(policy_ask(one, three, POLICY_EVENT));
    assert_false(policy_ask(three, one, POLICY_EVENT));
    finish();
}

/* Req: BH-EVT-005, BH-EVT-006 */
static void test_virq_and_ipi(void **state)
{
    struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 1 };
    struct evtchn_bind_ipi i = { .vcpu = 1 };
    struct evtchn_status s = { .port = 0 };

    (void)state;
    init();
    s.dom = two->id;
    assert_int_equal(evtchn_register_vcpu_info(one->vcpus[1], gfn(INFO_GFN), 64), 0);
    assert_int_equal(take(one->vcpus[1]), 1);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_virq, v), 0);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_virq, v), -XEN_EEXIST);
    evtchn_virq(one->vcpus[0], VIRQ_TIMER);
    assert_false(pending(one, v.port));
    evtchn_virq(one->vcpus[1], VIRQ_TIMER);
    assert_true(pending(one, v.port));
    assert_int_equal(take(one->vcpus[1]), 1);
    assert_int_equal(send(one, v.port), -XEN_EINVAL);
    v = (struct evtchn_bind_virq){ .virq = VIRQ_ARGO, .vcpu = 1 };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_virq, v), -XEN_EINVAL);
    v = (struct evtchn_bind_virq){ .virq = 24 };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_virq, v), -XEN_EINVAL);
    v = (struct evtchn_bind_virq){ .virq = VIRQ_DEBUG, .vcpu = 2 };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_virq, v), -XEN_ENOENT);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_ipi, i), 0);
    assert_int_equal(send(one, i.port), 0);
    assert_true(pending(one, i.port));
    assert_int_equal(take(one->vcpus[1]), 1);
    assert_int_equal(status(one, i.port), EVTCHNSTAT_ipi);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_vcpu, (struct evtchn_bind_vcpu){ .port = i.port }), -XEN_EINVAL);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_status, s), -XEN_EPERM);
    s.dom = 1234;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_status, s), -XEN_ESRCH);
    finish();
}

/* Every port that there may be, and not one more; all come back by a reset. */
static void test_all_ports(void **state)
{
    struct evtchn_bind_ipi i = { .vcpu = 0 };
    unsigned restarts = 0;
    int64_t result;

    (void)state;
    init();
    for (uint32_t port = 1; port <= CONFIG_MAX_EVTCHN_PORT; port++) {
        assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_ipi, i), 0);
        assert_int_equal(i.port, port);
    }
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_ipi, i), -XEN_ENOSPC);
    /* An interrupt at each look: it goes on all the same. */
    host_interrupt_is_pending = true;
    while ((result = CALL(one->vcpus[0], EVTCHNOP_reset, (struct evtchn_reset){ .dom = DOMID_SELF })) ==
           HYPERCALL_RESTART) {
        assert_true(++restarts <= CONFIG_MAX_EVTCHN_PORT / EVTCHN_CLOSE_STEP + 1);
    }
    host_interrupt_is_pending = false;
    assert_int_equal(result, 0);
    assert_true(restarts > 1);
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_bind_ipi, i), 0);
    assert_int_equal(i.port, 1);
    finish();
}

/* Req: BH-EVT-010 */
static void test_peer_dies(void **state)
{
    uint32_t port[100];

    (void)state;
    init();
    for (unsigned i = 0; i < ARRAY_COUNT(port); i++) {
        port[i] = unbound(one, two->id);
        (void)bind(two, one->id, port[i]);
    }
    domain_shutdown(two, SHUTDOWN_crash);
    host_settle();
    host_run_until(host_now + 1000000000);
    for (unsigned i = 0; i < ARRAY_COUNT(port); i++) {
        assert_int_equal(status(one, port[i]), EVTCHNSTAT_unbound);
        assert_int_equal(send(one, port[i]), 0);
    }
    finish();
}

/* Req: BH-EVT-008 */
static void test_static(void **state)
{
    (void)state;
    init();
    assert_int_equal(evtchn_bind_static(one, 10, two, 700), 0);
    assert_int_equal(evtchn_bind_static(one, 11, two, 700), -XEN_EBUSY);
    assert_int_equal(evtchn_bind_static(one, 0, two, 7), -XEN_EINVAL);
    assert_int_equal(evtchn_bind_static(one, CONFIG_MAX_EVTCHN_PORT + 1, two, 7), -XEN_ENOSPC);
    assert_int_equal(evtchn_bind_static(one, 20, one, 21), 0);
    assert_int_equal(send(one, 10), 0);
    assert_true(pending(two, 700));
    assert_int_equal(send(one, 20), 0);
    assert_true(pending(one, 21));
    finish();
}

/* ---- FIFO ---- */

static struct evtchn_fifo_control_block *open_control(struct vcpu *v)
{
    uint64_t at = v->evtchn.fifo_control;

    return (struct evtchn_fifo_control_block *)((char *)window_open(paddr_to_mfn(paddr(at))) + (at & 4095));
}

/* The next event of V's queue Q as its guest takes it, or 0. */
static uint32_t fifo_next(struct vcpu *v, unsigned q)
{
    struct evtchn_fifo_control_block *c = open_control(v);
    uint32_t port = c->head[q];
    event_word_t *w;

    if (port != 0) {
        w = (event_word_t *)window_open(v->domain->evtchn.fifo->array[port / 1024]) + port % 1024;
        c->head[q] = *w & EVTCHN_FIFO_LINK_MASK;
        *w &= ~(1U << EVTCHN_FIFO_LINKED | 1U << EVTCHN_FIFO_PENDING | EVTCHN_FIFO_LINK_MASK);
        window_close(w);
    }
    if (c->head[q] == 0) {
        c->ready &= ~(1U << q);
    }
    window_close(c);
    return port;
}

static void fifo_on(struct domain *d)
{
    struct evtchn_init_control c = { .control_gfn = TEST_RAM_GFN + 4, .offset = 128, .vcpu = 0 };
    struct evtchn_expand_array e = { .array_gfn = TEST_RAM_GFN + 5 };

    assert_int_equal(CALL(d->vcpus[0], EVTCHNOP_init_control, c), 0);
    assert_int_equal(c.link_bits, 17);
    assert_int_equal(CALL(d->vcpus[0], EVTCHNOP_expand_array, e), 0);
}

/* Req: BH-EVT-010 */
/* The pages of the FIFO come back with a domain that never had a port. */
static void test_fifo_without_ports(void **state)
{
    (void)state;
    init();
    fifo_on(two);
    assert_int_equal(two->evtchn.port_count, 0);
    finish();
}

/* Req: BH-EVT-003 */
static void test_fifo(void **state)
{
    uint32_t a[8], b[8];

    (void)state;
    init();
    for (unsigned i = 0; i < 8; i++) {
        a[i] = unbound(one, two->id);
        b[i] = bind(two, one->id, a[i]);
    }
    (void)take(two->vcpus[0]);
    assert_int_equal(send(one, a[7]), 0); /* comes along */
    fifo_on(two);
    assert_int_equal(fifo_next(two->vcpus[0], 7), b[7]);
    assert_int_equal(take(two->vcpus[0]), 1);
    for (unsigned i = 0; i < 8; i++) {
        struct evtchn_set_priority p = { .port = b[i], .priority = i % 2 == 0 ? 3 : 15 };

        assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_set_priority, p), 0);
        assert_int_equal(send(one, a[i]), 0);
        assert_int_equal(send(one, a[i]), 0);
    }
    assert_int_equal(take(two->vcpus[0]), 1);
    for (unsigned i = 0; i < 8; i += 2) {
        assert_int_equal(fifo_next(two->vcpus[0], 3), b[i]);
    }
    assert_int_equal(fifo_next(two->vcpus[0], 3), 0);
    for (unsigned i = 1; i < 8; i += 2) {
        assert_int_equal(fifo_next(two->vcpus[0], 15), b[i]);
    }
    assert_int_equal(fifo_next(two->vcpus[0], 15), 0);
    /* Again, into an empty queue. */
    assert_int_equal(send(one, a[0]), 0);
    assert_int_equal(fifo_next(two->vcpus[0], 3), b[0]);
    assert_int_equal(fifo_next(two->vcpus[0], 3), 0);
    /* A port that the guest has in a queue still is not given out again. */
    assert_int_equal(send(one, a[0]), 0);
    assert_int_equal(close_port(two, b[0]), 0);
    assert_int_not_equal(unbound(two, one->id), b[0]);
    assert_int_equal(fifo_next(two->vcpus[0], 3), b[0]);
    assert_int_equal(unbound(two, one->id), b[0]);
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_reset, (struct evtchn_reset){ .dom = DOMID_SELF }), 0);
    assert_null(two->evtchn.fifo);
    finish();
}

/* Req: BH-ABI-026 */
/* Events that came before there was a place for their words: all are told of, and it stops in between. */
static void test_fifo_many_pending(void **state)
{
    struct evtchn_init_control c = { .control_gfn = TEST_RAM_GFN + 4 };
    struct evtchn_expand_array e = { .array_gfn = TEST_RAM_GFN + 5 };
    struct evtchn_bind_ipi b = { .vcpu = 0 };
    unsigned restarts = 0;
    int64_t result;

    (void)state;
    init();
    for (unsigned i = 1; i <= 300; i++) {
        assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_bind_ipi, b), 0);
        assert_int_equal(send(two, i), 0);
    }
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_init_control, c), 0);
    host_interrupt_is_pending = true;
    while ((result = CALL(two->vcpus[0], EVTCHNOP_expand_array, e)) == HYPERCALL_RESTART) {
        restarts++;
        assert_int_equal(two->evtchn.fifo->page_count, 1);
    }
    host_interrupt_is_pending = false;
    assert_int_equal(result, 0);
    assert_int_equal(restarts, 300 / EVTCHN_CLOSE_STEP);
    assert_int_equal(two->evtchn.fifo->page_count, 1);
    for (unsigned i = 1; i <= 300; i++) {
        assert_int_equal(fifo_next(two->vcpus[0], EVTCHN_FIFO_PRIORITY_DEFAULT), i);
    }
    assert_int_equal(fifo_next(two->vcpus[0], EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    /* The same page once more is a second one. */
    assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_expand_array, e), 0);
    assert_int_equal(two->evtchn.fifo->page_count, 2);
    finish();
}

static void test_fifo_refused(void **state)
{
    struct evtchn_init_control c = { .control_gfn = TEST_RAM_GFN + 4 };
    struct evtchn_expand_array e = { .array_gfn = TEST_RAM_GFN + 5 };
    struct evtchn_set_priority p = { .port = 1, .priority = 16 };

    (void)state;
    init();
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_expand_array, e), -XEN_EOPNOTSUPP);
    c.vcpu = 2;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_init_control, c), -XEN_ENOENT);
    c = (struct evtchn_init_control){ .control_gfn = TEST_RAM_GFN + 4, .offset = 4 };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_init_control, c), -XEN_EINVAL);
    c.offset = PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) + 8;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_init_control, c), -XEN_EINVAL);
    c = (struct evtchn_init_control){ .control_gfn = TEST_RAM_GFN + PAGES };
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_init_control, c), -XEN_EINVAL);
    assert_null(one->evtchn.fifo);
    fifo_on(one);
    c.control_gfn = TEST_RAM_GFN + 6;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_init_control, c), -XEN_EINVAL);
    /* As many pages as the ABI has, whether there are so many ports or not. */
    for (unsigned i = 1; i < 128; i++) {
        assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_expand_array, e), 0);
    }
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_expand_array, e), -XEN_ENOSPC);
    (void)unbound(one, two->id);
    p.port = 2;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_set_priority, p), -XEN_EACCES);
    p.port = 1;
    assert_int_equal(CALL(one->vcpus[0], EVTCHNOP_set_priority, p), -XEN_EINVAL);
    finish();
}

/* A guest that spoils its queues harms itself only. */
static void test_fifo_spoilt(void **state)
{
    uint32_t a[4], b[4];

    (void)state;
    srand(3);
    init();
    fifo_on(two);
    for (unsigned i = 0; i < 4; i++) {
        a[i] = unbound(one, two->id);
        b[i] = bind(two, one->id, a[i]);
    }
    for (unsigned round = 0; round < 20000; round++) {
        event_word_t *w = window_open(two->evtchn.fifo->array[0]);
        struct evtchn_fifo_control_block *c;

        w[b[rand() % 4]] = (event_word_t)rand() << 1 ^ (event_word_t)rand();
        window_close(w);
        c = open_control(two->vcpus[0]);
        c->head[rand() % 16] = (uint32_t)rand();
        c->ready = (uint32_t)rand();
        window_close(c);
        assert_int_equal(send(one, a[rand() % 4]), 0);
        assert_int_equal(CALL(two->vcpus[0], EVTCHNOP_unmask, (struct evtchn_unmask){ .port = b[rand() % 4] }), 0);
    }
    finish();
}

/* The argument of a send may be anywhere in the guest's memory. */
static void test_send_from_anywhere(void **state)
{
    static const unsigned offsets[] = { 0, 4, 1, 2, PAGE_SIZE - 4, PAGE_SIZE - 3, PAGE_SIZE - 1 };
    uint64_t beyond = ARGUMENTS + PAGES * PAGE_SIZE;
    uint32_t a, b;

    (void)state;
    init();
    a = unbound(one, two->id);
    b = bind(two, one->id, a);
    for (unsigned i = 0; i < ARRAY_COUNT(offsets); i++) {
        uint64_t arguments[5] = { EVTCHNOP_send, ARGUMENTS + offsets[i] };

        evtchn_2l_clear_pending(two, b);
        assert_int_equal(guest_copy_to(one->vcpus[0], guest_handle(ARGUMENTS + offsets[i]), &a, sizeof(a)), 0);
        assert_int_equal(hypercall_dispatch(one->vcpus[0], __HYPERVISOR_event_channel_op, arguments), 0);
        assert_true(evtchn_2l_is_pending(two, b));
    }
    for (unsigned i = 0; i < 4; i++) {
        uint64_t arguments[5] = { EVTCHNOP_send, beyond - i };

        assert_int_equal(hypercall_dispatch(one->vcpus[0], __HYPERVISOR_event_channel_op, arguments), -XEN_EFAULT);
    }
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    finish();
}

/* ---- SCHEDOP_poll ---- */

static int64_t poll(struct vcpu *v, uint32_t *ports, unsigned count, uint64_t timeout)
{
    uint64_t arguments[5] = { SCHEDOP_poll, ARGUMENTS };
    struct sched_poll a = { .nr_ports = count, .timeout = timeout };

    *(uint64_t *)&a.ports = ARGUMENTS + 256;
    assert_int_equal(guest_copy_to(v, guest_handle(ARGUMENTS), &a, sizeof(a)), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(ARGUMENTS + 256), ports, count * 4), 0);
    return hypercall_dispatch(v, __HYPERVISOR_sched_op, arguments);
}

/* Req: BH-EVT-007 */
static void test_poll(void **state)
{
    struct vcpu *v;
    uint32_t a, b, none = 5000;

    (void)state;
    init();
    a = unbound(one, two->id);
    b = bind(two, one->id, a);
    v = two->vcpus[0];
    run_vcpu(v);
    assert_int_equal(poll(v, &none, 1, 0), -XEN_EINVAL);
    none = 0;
    assert_int_equal(poll(v, &none, 1, 0), -XEN_EINVAL);
    assert_int_equal(two->evtchn.pollers, 0);
    assert_int_equal(poll(v, &b, 1, 0), 0); /* pending since it was bound */
    (void)host_leave();
    assert_int_equal(v->state, VCPU_RUNNING);
    (void)take(v);
    set_mask(two, b, true); /* who polls need not have it unmasked */
    run_vcpu(v);
    assert_int_equal(poll(v, &b, 1, 0), 0);
    v->arch.event = false;
    (void)host_leave();
    assert_int_equal(v->state, VCPU_BLOCKED);
    assert_int_equal(send(one, a), 0);
    assert_int_not_equal(v->state, VCPU_BLOCKED);
    assert_int_equal(two->evtchn.pollers, 0);
    /* By time. */
    host_settle();
    (void)take(v);
    run_vcpu(v);
    assert_int_equal(poll(v, &b, 1, host_now + 1000000), 0);
    v->arch.event = false;
    (void)host_leave();
    assert_int_equal(v->state, VCPU_BLOCKED);
    host_run_until(host_now + 2000000);
    assert_int_equal(v->state, VCPU_RUNNING);
    assert_int_equal(two->evtchn.pollers, 0);
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_domains),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_policy),        cmocka_unit_test(test_policy_has_a_direction),
        cmocka_unit_test(test_policy_ends_with_the_domain),
        cmocka_unit_test(test_fifo_without_ports), cmocka_unit_test(test_fifo_many_pending),
        cmocka_unit_test(test_virq_and_ipi),  cmocka_unit_test(test_all_ports),
        cmocka_unit_test(test_peer_dies),     cmocka_unit_test(test_static),
        cmocka_unit_test(test_fifo),          cmocka_unit_test(test_fifo_refused),
        cmocka_unit_test(test_fifo_spoilt),   cmocka_unit_test(test_poll),
        cmocka_unit_test(test_send_from_anywhere),
    };

    return RUN_TESTS_APART(tests);
}
