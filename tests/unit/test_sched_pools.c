/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/sched_affinity.c: pools in which each vCPU has a CPU of its own, as Xen's null scheduler has it.
 */
#include "partition.h"

#include "bh/sched.h"
#include "bh/timer.h"

#define MS   1000000UL
#define POOL 1

/* CPUs from 1 on are in the pool. */
static void begin(unsigned cpus)
{
    host_board_init(cpus, 64);
    sched_set_sole(POOL, true);
    for (unsigned i = 1; i < cpus; i++) {
        sched_move_cpu(cpu_table[i], POOL);
    }
}

static struct domain *pooled(const char *name, unsigned vcpus)
{
    struct domain *d = make_domain(name, vcpus, 256, all_cpus(), 0);

    assert_int_equal(sched_move_domain(d, POOL), 0);
    start_domain(d);
    host_settle();
    return d;
}

static void go_on(uint64_t time)
{
    host_run_until(host_now + time);
    host_settle();
}

static unsigned running(const struct domain *d)
{
    unsigned count = 0;

    for (unsigned i = 0; i < cpu_count; i++) {
        count += cpu_table[i]->current != NULL && cpu_table[i]->current->domain == d;
    }
    return count;
}

static void leave_pool(unsigned cpu, struct domain *d)
{
    sched_move_cpu(cpu_table[cpu], SCHED_NO_POOL);
    sched_pool_changed(d);
    host_settle();
}

static void join_pool(unsigned cpu, struct domain *d)
{
    sched_move_cpu(cpu_table[cpu], POOL);
    sched_pool_changed(d);
    host_settle();
}

/* Req: BH-SCHED-021 */
/* Three that never sleep, on two CPUs: two have one each and keep it, the third waits until one is free. */
static void test_one_cpu_each(void **state)
{
    struct domain *d, *other;
    struct vcpu *a, *b;

    (void)state;
    begin(3);
    d = pooled("d", 2);
    other = pooled("other", 1);
    a = cpu_table[1]->current;
    b = cpu_table[2]->current;
    assert_true(a != NULL && b != NULL && a->domain == d && b->domain == d && a != b);
    go_on(500 * MS);
    assert_ptr_equal(cpu_table[1]->current, a);
    assert_ptr_equal(cpu_table[2]->current, b);
    assert_int_equal(a->arch.loads, 1);
    assert_int_equal(b->arch.loads, 1);
    assert_int_equal(running(other), 0);
    /* It is free when who has it goes to another pool. */
    assert_int_equal(sched_move_domain(d, 0), 0);
    go_on(10 * MS);
    assert_int_equal(running(other), 1);
    assert_ptr_equal(cpu_table[0]->current->domain, d);
    assert_int_equal(running(d), 1);
    /* And when it dies. */
    assert_int_equal(sched_move_domain(d, POOL), 0);
    go_on(10 * MS);
    assert_int_equal(running(d), 1);
    domain_shutdown(other, SHUTDOWN_poweroff);
    go_on(10 * MS);
    assert_int_equal(running(d), 2);
}

/* Req: BH-SCHED-021 */
/* CPUs that leave the pool, and come back. */
static void test_cpus_come_and_go(void **state)
{
    struct domain *d;

    (void)state;
    begin(4);
    d = pooled("d", 3);
    assert_int_equal(running(d), 3);
    leave_pool(2, d);
    assert_int_equal(running(d), 2);
    assert_null(cpu_table[2]->current);
    leave_pool(1, d);
    assert_int_equal(running(d), 1);
    join_pool(2, d);
    assert_int_equal(running(d), 2);
    join_pool(1, d);
    assert_int_equal(running(d), 3);
    go_on(100 * MS);
    assert_int_equal(running(d), 3);
    /* One that shares comes beside them: a CPU of the pool is not for it. */
    start_domain(make_domain("fair", 2, 256, all_cpus(), 0));
    go_on(100 * MS);
    assert_int_equal(running(d), 3);
}

/* Req: BH-SCHED-021 */
/* It keeps its CPU while it sleeps; who is told to use one finds it, or waits. */
static void test_sleep_and_affinity(void **state)
{
    cpuset_t one = { { 0 } }, all;
    struct domain *d, *other;
    struct vcpu *v;

    (void)state;
    begin(3);
    all = all_cpus();
    d = pooled("d", 1);
    other = pooled("other", 1);
    v = cpu_table[1]->current;
    host_run_on(1);
    v->arch.event = false;
    vcpu_block_current();
    (void)host_leave();
    assert_null(cpu_table[1]->current);
    (void)pooled("third", 1);
    assert_null(cpu_table[1]->current);
    assert_true(sched_wake(v, VCPU_BLOCKED));
    host_settle();
    assert_ptr_equal(cpu_table[1]->current, v);
    /* CPU 2 has the other's vCPU: who wants that one only waits for it, and lets its own go. */
    cpuset_add(&one, 2);
    assert_int_equal(sched_set_affinity(v, &one, &all), 0);
    go_on(10 * MS);
    assert_int_equal(running(d), 0);
    assert_non_null(cpu_table[1]->current);
    assert_string_equal(cpu_table[1]->current->domain->name, "third");
    domain_shutdown(other, SHUTDOWN_poweroff);
    go_on(10 * MS);
    assert_ptr_equal(cpu_table[2]->current, v);
}

static int teardown(void **state)
{
    (void)state;
    end_all();
    sched_set_sole(POOL, false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_cpu_each, teardown),
        cmocka_unit_test_teardown(test_cpus_come_and_go, teardown),
        cmocka_unit_test_teardown(test_sleep_and_affinity, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
