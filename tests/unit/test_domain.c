/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/domain.c: from creation to the return of the last frame, whatever fails on the way.
 */
#include "partition.h"

#include "bh/heap.h"
#include "bh/reaper.h"
#include "bh/window.h"

static uint64_t free_before;

static void init(unsigned cpus)
{
    host_board_init(cpus, 32);
    free_before = page_alloc_free_count();
}

static void expect_nothing_left(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        assert_null(domain_table[i]);
    }
    assert_int_equal(page_alloc_free_count(), free_before);
    assert_int_equal(host_heap_mapped(), 0);
    assert_int_equal(window_count(), 0);
    page_alloc_audit();
    for (uint64_t n = HOST_RAM_MFN; n < HOST_RAM_MFN + host_ram_frames(); n++) {
        assert_true(frame_table[n].type == FRAME_FREE || frame_table[n].type == FRAME_NONE);
    }
}

/* Req: BH-LIFE-003 */
static void test_life(void **state)
{
    struct domain *d;

    (void)state;
    init(2);
    for (unsigned round = 1; round <= 3; round++) {
        d = make_domain("one", 3, 0, all_cpus(), 600);
        assert_int_equal(d->id, round);
        assert_int_equal(d->weight, SCHED_WEIGHT_DEFAULT);
        assert_string_equal(d->name, "one");
        assert_int_equal(d->phase, DOMAIN_BUILDING);
        assert_true(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN)));
        assert_false(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 600)));
        start_domain(d);
        assert_int_equal(d->vcpus[0]->state, VCPU_RUNNING);
        assert_int_equal(d->users, 2);
        run_vcpu(d->vcpus[0]);
        domain_shutdown(d, SHUTDOWN_reboot);
        domain_shutdown(d, SHUTDOWN_crash); /* changes nothing */
        assert_int_equal(d->shutdown_reason, SHUTDOWN_reboot);
        host_settle();
        end_all();
        expect_nothing_left();
    }
    assert_non_null(strstr(host_uart_take(), "one: reboot"));
}

/* Req: BH-LIFE-006 */
/* Each allocation of a creation fails once. */
static void test_creation_fails(void **state)
{
    struct boot_domain config = { .name = "x", .vcpu_count = 2, .memory_kib = 64 };
    unsigned n = 1;
    struct domain *d;
    int err;

    (void)state;
    init(1);
    do {
        host_fail_allocation(n++);
        err = domain_create(&config, &d);
        host_fail_allocation(0);
        if (err != 0) {
            assert_int_equal(err, -XEN_ENOMEM);
            expect_nothing_left();
        }
    } while (err != 0);
    assert_true(n > 4);
    end_all();
    expect_nothing_left();
}

static void test_vcpu_creation_fails(void **state)
{
    struct boot_domain config = { .name = "x", .vcpu_count = 1 };
    uint64_t before;
    unsigned n = 1;
    struct domain *d;
    struct vcpu *v;
    cpuset_t any;
    int err;

    (void)state;
    init(1);
    any = all_cpus();
    assert_int_equal(domain_create(&config, &d), 0);
    before = page_alloc_free_count();
    do {
        host_fail_allocation(n++);
        err = vcpu_create(d, 0, NULL, &any, &v);
        host_fail_allocation(0);
        if (err != 0) {
            assert_int_equal(err, -XEN_ENOMEM);
            assert_null(d->vcpus[0]);
            assert_int_equal(page_alloc_free_count(), before);
        }
    } while (err != 0);
    assert_true(n > 3);
    end_all();
    expect_nothing_left();
}

static void test_table_is_full(void **state)
{
    struct boot_domain config = { .name = "x" };
    struct domain *d;

    (void)state;
    init(1);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        assert_int_equal(domain_create(&config, &d), 0);
        assert_int_equal(d->id, i + 1);
    }
    assert_int_equal(domain_create(&config, &d), -XEN_ENOSPC);
    while (!reaper_step(domain_table[3])) {
    }
    assert_int_equal(domain_create(&config, &d), 0);
    assert_int_equal(d->slot, 3);
    end_all();
    expect_nothing_left();
}

/* Ids go round without meeting one that is in use, nor a reserved one. */
static void test_ids(void **state)
{
    struct boot_domain config = { .name = "x" };
    struct domain *first, *d;
    unsigned last = 1;

    (void)state;
    init(1);
    frame_scrub_at_boot(false);
    assert_int_equal(domain_create(&config, &first), 0);
    for (unsigned i = 0; i < DOMID_FIRST_RESERVED + 5; i++) {
        assert_int_equal(domain_create(&config, &d), 0);
        assert_true(d->id > 1 && d->id < DOMID_FIRST_RESERVED);
        assert_int_equal(d->id, last + 1 == DOMID_FIRST_RESERVED ? 2 : last + 1);
        last = d->id;
        while (!reaper_step(d)) {
        }
        (void)host_uart_take();
    }
    end_all();
    expect_nothing_left();
}

/* Req: BH-LIFE-003, BH-LIFE-004 */
/* Its vCPUs run here and there, sleep and wait: they stop, and the other domain does not. */
static void test_end_beside_another(void **state)
{
    struct domain *a, *b;
    uint64_t before;

    (void)state;
    init(3);
    b = make_domain("stays", 2, 0, all_cpus(), 10);
    start_domain(b);
    before = page_alloc_free_count();
    for (unsigned round = 0; round < 20; round++) {
        a = make_domain("goes", 6, 0, all_cpus(), 700);
        start_domain(a);
        host_run_until(host_now + 20000000);
        /* Some of them go to sleep, with a timer. */
        for (unsigned i = 0; i < 6; i++) {
            if (a->vcpus[i]->state == VCPU_RUNNING && (round + i) % 3 == 0) {
                run_vcpu(a->vcpus[i]);
                timer_set(&a->vcpus[i]->arch.timer, host_now + 1000000 * (1 + i));
                vcpu_block_current();
                (void)host_leave();
            }
        }
        host_settle();
        host_run_on(round % 3);
        if (round % 2 == 0) {
            domain_crash(a, "for a test");
        } else {
            domain_shutdown(a, SHUTDOWN_poweroff);
        }
        /* Its end does not wait for anything but time. */
        host_run_until(host_now + 1000000000);
        assert_int_equal(page_alloc_free_count(), before);
        assert_int_equal(b->vcpus[0]->state + b->vcpus[1]->state, 2 * VCPU_RUNNING);
    }
    assert_non_null(strstr(host_uart_take(), "goes: for a test"));
    end_all();
    expect_nothing_left();
}

static void watch(void *x)
{
    (void)x;
    domain_watch_last();
    end_all();
}

/* Req: BH-LIFE-002 */
static void test_last(void **state)
{
    (void)state;
    init(1);
    assert_dies(watch, NULL, "no domain was started");
    start_domain(make_domain("a", 1, 0, all_cpus(), 1));
    start_domain(make_domain("b", 1, 0, all_cpus(), 1));
    assert_dies(watch, NULL, "the last domain has ended");
}

/* A second CPU that comes while one takes a step is told that there is more to do, by the first. */
static void test_reap_when_idle(void **state)
{
    (void)state;
    init(1);
    assert_false(reaper_run());
}

/* Req: BH-LIFE-005 */
static void test_crash_says_why(void **state)
{
    static const char *const reasons[] = { "powered off", "reboot", "suspended", "crashed", "watchdog", "soft reset" };

    (void)state;
    init(1);
    for (unsigned i = 0; i <= SHUTDOWN_MAX; i++) {
        struct domain *d = make_domain("d", 1, 0, all_cpus(), 0);

        start_domain(d);
        domain_shutdown(d, i);
        assert_non_null(strstr(host_uart_take(), reasons[i]));
        end_all();
    }
    expect_nothing_left();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),          cmocka_unit_test(test_creation_fails),
        cmocka_unit_test(test_vcpu_creation_fails),
        cmocka_unit_test(test_table_is_full), cmocka_unit_test(test_ids),
        cmocka_unit_test(test_end_beside_another),
        cmocka_unit_test(test_last),          cmocka_unit_test(test_reap_when_idle),
        cmocka_unit_test(test_crash_says_why),
    };

    return RUN_TESTS_APART(tests);
}
