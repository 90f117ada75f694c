/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/timer.c: queues of several CPUs against plain deadlines; and core/cpu.c, core/lock_order.c.
 */
#include "apart.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/heap.h"
#include "bh/vcpu.h"
#include "hypervisor/arch/host/host.h"

#define TIMERS 64

static struct timer timer[TIMERS];
static struct vcpu vcpus[TIMERS];
static unsigned fired[TIMERS], fired_count, last_fired;

/* In place of the vCPU's: the timer's owner says which it is. */
void arch_vcpu_timer_expired(struct vcpu *v, enum timer_kind kind)
{
    unsigned i = (unsigned)(v - vcpus);

    assert_int_equal(kind, i % 2 == 0 ? TIMER_VTIMER : TIMER_PTIMER);
    fired[i]++;
    fired_count++;
    last_fired = i;
}

/* Another CPU's action, which takes three turns of waiting. */
static unsigned turns;

void arch_relax(void)
{
    assert_true(timer[0].running);
    timer[0].running = ++turns < 3;
}

static void init(void)
{
    host_board_init(3, 8);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_init(&timer[i], i % 2 == 0 ? TIMER_VTIMER : TIMER_PTIMER, &vcpus[i]);
    }
}

static uint64_t hardware(void)
{
    return this_cpu()->arch.timer;
}

static void test_one(void **state)
{
    uint64_t now;

    (void)state;
    init();
    now = host_now;
    assert_true(hardware() == TIMER_NEVER);
    timer_set(&timer[0], now + 100);
    assert_int_equal(hardware(), now + 100);
    host_advance(99);
    timer_expire(this_cpu());
    assert_int_equal(fired[0], 0);
    assert_int_equal(hardware(), now + 100);
    host_advance(1);
    timer_expire(this_cpu());
    assert_int_equal(fired[0], 1);
    assert_true(hardware() == TIMER_NEVER);
    timer_expire(this_cpu());
    assert_int_equal(fired[0], 1);
    timer_cancel(&timer[0]); /* not armed: nothing to do */
    timer_set(&timer[0], TIMER_NEVER);
    assert_null(timer[0].queue);
}

static void test_order_and_moves(void **state)
{
    uint64_t now;

    (void)state;
    init();
    now = host_now;
    timer_set(&timer[0], now + 300);
    timer_set(&timer[1], now + 100);
    timer_set(&timer[2], now + 200);
    assert_int_equal(hardware(), now + 100);
    timer_set(&timer[1], now + 400); /* later */
    assert_int_equal(hardware(), now + 200);
    timer_set(&timer[0], now + 50);  /* sooner */
    assert_int_equal(hardware(), now + 50);
    timer_cancel(&timer[0]);
    assert_int_equal(hardware(), now + 200);
    timer_set(&timer[2], TIMER_NEVER);
    assert_int_equal(hardware(), now + 400);
    /* To another CPU: the old one's hardware fires once for nothing. */
    host_run_on(1);
    timer_set(&timer[1], now + 500);
    assert_int_equal(hardware(), now + 500);
    host_advance(450);
    host_run_on(0);
    timer_expire(this_cpu());
    assert_int_equal(fired_count, 0);
    assert_true(hardware() == TIMER_NEVER);
    /* In the past, and cancelled from elsewhere. */
    timer_set(&timer[5], now);
    assert_int_equal(hardware(), now);
    host_run_on(2);
    timer_cancel(&timer[5]);
    host_run_on(0);
    timer_expire(this_cpu());
    assert_int_equal(fired_count, 0);
}

static void test_random(void **state)
{
    uint64_t deadline[TIMERS];
    unsigned on[TIMERS] = { 0 };

    (void)state;
    srand(17);
    init();
    for (unsigned i = 0; i < TIMERS; i++) {
        deadline[i] = TIMER_NEVER;
    }
    for (unsigned step = 0; step < 30000; step++) {
        unsigned i = (unsigned)rand() % TIMERS, cpu = (unsigned)rand() % 3;
        uint64_t first = TIMER_NEVER;

        host_run_on(cpu);
        switch (rand() % 5) {
        case 0: case 1: case 2:
            deadline[i] = host_now + (uint64_t)rand() % 1000;
            on[i] = cpu;
            timer_set(&timer[i], deadline[i]);
            break;
        case 3:
            deadline[i] = TIMER_NEVER;
            timer_cancel(&timer[i]);
            break;
        default:
            host_advance((uint64_t)rand() % 200);
            for (unsigned k = 0; k < 3; k++) {
                unsigned due = 0, before = fired_count;

                host_run_on(k);
                for (unsigned t = 0; t < TIMERS; t++) {
                    if (deadline[t] <= host_now && on[t] == k) {
                        deadline[t] = TIMER_NEVER;
                        due++;
                    }
                }
                timer_expire(this_cpu());
                assert_int_equal(fired_count - before, due);
            }
        }
        host_run_on(cpu);
        for (unsigned t = 0; t < TIMERS; t++) {
            assert_int_equal(timer[t].queue != NULL, deadline[t] != TIMER_NEVER);
            if (on[t] == cpu) {
                first = MIN(first, deadline[t]);
            }
        }
        assert_true(hardware() <= first);
    }
}

/* ---- cpu.c ---- */

static void test_request(void **state)
{
    (void)state;
    init();
    cpu_request(cpu_table[0], WORK_VIRQ);
    assert_int_equal(cpu_table[0]->work, WORK_VIRQ);
    assert_int_equal(cpu_table[0]->requests, 0);
    cpu_request(cpu_table[1], WORK_VIRQ);
    cpu_request(cpu_table[1], WORK_VIRQ);
    assert_int_equal(cpu_table[1]->arch.kicks, 1); /* one interrupt is on its way */
    cpu_request(cpu_table[1], WORK_RESCHED);
    assert_int_equal(cpu_table[1]->arch.kicks, 2);
    assert_int_equal(cpu_table[1]->requests, WORK_VIRQ | WORK_RESCHED);
}

static void test_create(void **state)
{
    struct cpu *cpu;

    (void)state;
    init();
    cpu = cpu_create(3);
    assert_non_null(cpu);
    assert_ptr_equal(cpu_table[3], cpu);
    assert_int_equal(cpu_count, 4);
    assert_false(cpu->online);
    assert_null(cpu_create(CONFIG_MAX_CPUS));
    host_fail_allocation(1);
    assert_null(cpu_create(4));
    assert_int_equal(cpu_count, 4);
}

/* ---- lock_order.c ---- */

static struct spinlock low = SPINLOCK_INIT(LOCK_DOMAIN), high = SPINLOCK_INIT(LOCK_TIMER);

static void wrong_order(void *x) NO_LOCK_ANALYSIS
{
    (void)x;
    spin_lock(&high);
    spin_lock(&low);
}

static void twice(void *x) NO_LOCK_ANALYSIS
{
    (void)x;
    spin_lock(&low);
    spin_lock(&low);
}

static void not_held(void *x) NO_LOCK_ANALYSIS
{
    (void)x;
    spin_unlock(&low);
}

static void held_elsewhere(void *x) NO_LOCK_ANALYSIS
{
    (void)x;
    spin_lock(&low);
    host_run_on(1);
    spin_lock(&low);
}

static void too_many(void *x) NO_LOCK_ANALYSIS
{
    static struct spinlock lock[ARRAY_COUNT(((struct cpu *)NULL)->held_level) + 1];

    (void)x;
    for (unsigned i = 0; i < ARRAY_COUNT(lock); i++) {
        spinlock_init(&lock[i], (enum lock_level)(i + 1));
        spin_lock(&lock[i]);
    }
}

static void test_lock_order(void **state)
{
    (void)state;
    init();
    for (unsigned i = 0; i < 70000; i++) { /* tickets go round */
        spin_lock(&low);
        spin_lock(&high);
        if (i % 2 == 0) {
            spin_unlock(&low);
            spin_unlock(&high);
        } else {
            spin_unlock(&high);
            spin_unlock(&low);
        }
    }
    assert_int_equal(this_cpu()->held_count, 0);
    assert_dies(wrong_order, NULL, "lock order");
    assert_dies(twice, NULL, "lock order");
    assert_dies(not_held, NULL, "not held");
    assert_dies(held_elsewhere, NULL, "deadlock");
    assert_dies(too_many, NULL, "too many");
}

/* Req: BH-TIMER-007 */
static void test_cancel_waits_for_the_action(void **state)
{
    (void)state;
    init();
    timer_cancel(&timer[0]);
    assert_int_equal(turns, 0);
    timer[0].running = true; /* taken off its queue by another CPU, which runs its action now */
    timer_cancel(&timer[0]);
    assert_int_equal(turns, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel_waits_for_the_action),
        cmocka_unit_test(test_one),     cmocka_unit_test(test_order_and_moves), cmocka_unit_test(test_random),
        cmocka_unit_test(test_request), cmocka_unit_test(test_create),          cmocka_unit_test(test_lock_order),
    };

    return RUN_TESTS_APART(tests);
}
