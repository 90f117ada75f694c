/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/start_order.c: partitions that start when another is ready, and what follows if it never is.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/start_order.h"

#define SECOND 1000000000UL

static struct domain *first, *second, *third;

/* Two that wait for a first one, which runs; the second one as RULES say. */
static void make_three(uint16_t timeout, uint8_t action)
{
    struct boot_domain c = { .start = { .after = "first", .timeout = timeout, .action = action } };

    host_board_init(2, 64);
    first = make_domain("first", 1, 256, all_cpus(), 0);
    second = make_domain("second", 1, 256, all_cpus(), 0);
    third = make_domain("third", 1, 256, all_cpus(), 0);
    first->ready_port = 3;
    start_domain(first);
    start_order_wait(second, &c, first);
    c.start.timeout = 0;
    start_order_wait(third, &c, first);
    host_settle();
    assert_int_equal(second->phase, DOMAIN_BUILDING);
}

/* Req: BH-LIFE-017 */
static void test_ready(void **state)
{
    (void)state;
    make_three(5, START_HALT_BOARD);
    host_run_until(host_now + 3 * SECOND);
    assert_int_equal(second->phase, DOMAIN_BUILDING);
    run_vcpu(first->vcpus[0]);
    start_order_ready(first);
    host_settle();
    assert_int_equal(second->phase, DOMAIN_RUNNING);
    assert_int_equal(third->phase, DOMAIN_RUNNING);
    assert_int_equal(first->ready_port, 0);
    /* Its timer finds that it is too late, and a second time means nothing. */
    start_order_ready(first);
    host_run_until(host_now + 10 * SECOND);
    assert_int_equal(second->phase, DOMAIN_RUNNING);
    end_all();
}

/* Req: BH-LIFE-018 */
static void test_too_late(void **state)
{
    (void)state;
    make_three(5, START_ANYWAY);
    host_run_until(host_now + 4 * SECOND);
    assert_int_equal(second->phase, DOMAIN_BUILDING);
    host_run_until(host_now + 2 * SECOND);
    assert_int_equal(second->phase, DOMAIN_RUNNING);
    /* Who has no limit waits on. */
    assert_int_equal(third->phase, DOMAIN_BUILDING);
    run_vcpu(first->vcpus[0]);
    start_order_ready(first);
    assert_int_equal(third->phase, DOMAIN_RUNNING);
    end_all();
}

static void test_never(void **state)
{
    (void)state;
    make_three(5, START_NEVER);
    host_run_until(host_now + 6 * SECOND);
    for (unsigned i = 0; i < 100; i++) {
        host_settle();
    }
    assert_null(domain_table[1]);
    assert_int_equal(first->phase, DOMAIN_RUNNING);
    run_vcpu(first->vcpus[0]);
    start_order_ready(first);
    assert_int_equal(third->phase, DOMAIN_RUNNING);
    end_all();
}

/* Who waits for one that could not be built waits for its time. */
static void test_nobody(void **state)
{
    struct boot_domain c = { .start = { .after = "first", .timeout = 5 } };

    (void)state;
    host_board_init(2, 64);
    first = make_domain("first", 1, 256, all_cpus(), 0);
    start_order_wait(first, &c, NULL);
    host_run_until(host_now + 6 * SECOND);
    assert_int_equal(first->phase, DOMAIN_RUNNING);
    end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_nobody),
    };

    return RUN_TESTS_APART(tests);
}
