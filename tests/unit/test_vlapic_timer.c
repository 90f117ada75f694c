/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer of the virtual local APIC, on the host's clock.
 */
#include "vlapic_board.h"

/* A tick of the host is a nanosecond. */

static void pass(uint64_t ns)
{
    host_run_until(host_now + ns);
}

static void timer_board(uint32_t lvt, uint32_t divide)
{
    board(1);
    enable(0);
    set(0, 0x320, lvt);
    set(0, 0x3e0, divide);
}

/* Req: BH-APIC-017, BH-APIC-021 */
static void test_one_shot(void **state)
{
    static const struct { uint32_t code; unsigned divisor; } divides[] = {
        { 0xb, 1 }, { 0, 2 }, { 1, 4 }, { 2, 8 }, { 3, 16 }, { 8, 32 }, { 9, 64 }, { 0xa, 128 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(divides); i++) {
        uint64_t length = 1000ULL * 10 * divides[i].divisor;

        timer_board(0x50, divides[i].code);
        assert_int_equal(get(0, 0x3e0), divides[i].code);
        set(0, 0x380, 1000);
        assert_int_equal(get(0, 0x390), 1000);
        pass(length / 4);
        assert_int_equal(get(0, 0x390), 750);
        assert_int_equal(get(0, 0x380), 1000);
        pass(length / 4 * 3 - 1);
        assert_int_equal(get(0, 0x390), 1);
        assert_int_equal(take(0), -1);
        pass(1);
        assert_int_equal(get(0, 0x390), 0);
        assert_int_equal(take(0), 0x50);
        pass(10 * length);
        assert_int_equal(take(0), -1);
    }
    /* The longest that there is; the largest count does not overflow anything. */
    timer_board(0x50, 0xa);
    set(0, 0x380, 0xffffffff);
    assert_int_equal(get(0, 0x390), 0xffffffff);
    pass(0xffffffffULL * 1280 - 1);
    assert_int_equal(take(0), -1);
    pass(1);
    assert_int_equal(take(0), 0x50);
    /* Started anew, stopped, masked. */
    set(0, 0x3e0, 0xb);
    set(0, 0x380, 1000);
    pass(9999);
    set(0, 0x380, 500);
    assert_int_equal(get(0, 0x390), 500);
    pass(4999);
    assert_int_equal(take(0), -1);
    set(0, 0x380, 0);
    assert_int_equal(get(0, 0x390), 0);
    pass(1000000);
    assert_int_equal(take(0), -1);
    set(0, 0x320, 0x10050);
    set(0, 0x380, 10);
    pass(1000);
    assert_int_equal(take(0), -1);
    assert_int_equal(get(0, 0x390), 0);
}

/* Req: BH-APIC-018 */
static void test_periodic(void **state)
{
    uint64_t start;

    (void)state;
    timer_board(0x20060, 0xb);
    start = host_now;
    set(0, 0x380, 5000);
    for (unsigned i = 1; i <= 5; i++) {
        host_run_until(start + i * 50000 - 1);
        assert_int_equal(take(0), -1);
        assert_int_equal(get(0, 0x390), 1);
        host_run_until(start + i * 50000);
        assert_int_equal(take(0), 0x60);
        assert_int_equal(get(0, 0x390), 5000);
    }
    /* Nobody looks at the clock for a while: one expiry, and the next one where it would have been. */
    host_advance(7 * 50000 + 20000);
    assert_int_equal(get(0, 0x390), 3000);
    timer_expire(this_cpu());
    assert_int_equal(take(0), 0x60);
    timer_expire(this_cpu());
    assert_int_equal(take(0), -1);
    host_run_until(start + 13 * 50000 - 1);
    assert_int_equal(take(0), -1);
    host_run_until(start + 13 * 50000);
    assert_int_equal(take(0), 0x60);
    /* Too often: every 10 us. */
    start = host_now;
    set(0, 0x380, 1);
    for (unsigned i = 1; i <= 5; i++) {
        host_run_until(start + i * 10000 - 1);
        assert_int_equal(take(0), -1);
        assert_int_equal(get(0, 0x390), 1);
        host_run_until(start + i * 10000);
        assert_int_equal(take(0), 0x60);
    }
    set(0, 0x380, 0);
    pass(100000);
    assert_int_equal(take(0), -1);
    /* One-shot while it runs: once more. Periodic again: from the next count that is set. */
    set(0, 0x380, 5000);
    pass(60000);
    assert_int_equal(take(0), 0x60);
    set(0, 0x320, 0x60);
    assert_int_equal(get(0, 0x390), 4000);
    pass(40000);
    assert_int_equal(take(0), 0x60);
    pass(100000);
    assert_int_equal(take(0), -1);
    set(0, 0x380, 5000);
    set(0, 0x320, 0x20060);
    pass(150000);
    assert_int_equal(take(0), 0x60);
    pass(50000);
    assert_int_equal(take(0), 0x60);
}

/* Req: BH-APIC-019 */
static void test_tsc_deadline(void **state)
{
    uint64_t tsc;

    (void)state;
    timer_board(0x70, 0);
    vcpus[0].arch.tsc_offset = 12345;
    tsc = host_now * 3 + 12345;
    set_msr(0, 0x6e0, tsc + 100); /* not in that mode: ignored */
    assert_int_equal(get_msr(0, 0x6e0), 0);
    pass(1000);
    assert_int_equal(take(0), -1);
    set(0, 0x320, 0x40070);
    tsc = host_now * 3 + 12345;
    set_msr(0, 0x6e0, tsc + 301);
    assert_true(get_msr(0, 0x6e0) == tsc + 301);
    assert_int_equal(get(0, 0x390), 0);
    set(0, 0x380, 1000); /* nor is there a count */
    assert_int_equal(get(0, 0x380), 0);
    pass(100);
    assert_int_equal(take(0), -1);
    pass(1);
    assert_int_equal(take(0), 0x70);
    assert_int_equal(get_msr(0, 0x6e0), 0);
    pass(10000);
    assert_int_equal(take(0), -1);
    set_msr(0, 0x6e0, 1); /* long ago */
    assert_int_equal(take(0), 0x70);
    assert_int_equal(get_msr(0, 0x6e0), 0);
    set_msr(0, 0x6e0, host_now * 3 + 12345); /* now */
    assert_int_equal(take(0), 0x70);
    set_msr(0, 0x6e0, host_now * 3 + 100000);
    set_msr(0, 0x6e0, 0);
    pass(100000);
    assert_int_equal(take(0), -1);
    set_msr(0, 0x6e0, UINT64_MAX);
    assert_true(get_msr(0, 0x6e0) == UINT64_MAX);
    set(0, 0x320, 0x50070); /* masked: the deadline goes by */
    set_msr(0, 0x6e0, 2);
    set_msr(0, 0x6e0, host_now * 3 + 13000);
    pass(100000);
    assert_int_equal(take(0), -1);
    assert_int_equal(get_msr(0, 0x6e0), 0);
}

/* Req: BH-APIC-020 */
static void test_timer_modes(void **state)
{
    (void)state;
    timer_board(0x40070, 0xb);
    set_msr(0, 0x6e0, host_now * 3 + 3000);
    set(0, 0x320, 0x40071); /* not the mode: the timer goes on */
    pass(1000);
    assert_int_equal(take(0), 0x71);
    set_msr(0, 0x6e0, host_now * 3 + 3000);
    set(0, 0x320, 0x70);
    assert_int_equal(get_msr(0, 0x6e0), 0);
    pass(100000);
    assert_int_equal(take(0), -1);
    set(0, 0x380, 1000);
    set(0, 0x320, 0x40070);
    assert_int_equal(get(0, 0x390), 0);
    pass(100000);
    assert_int_equal(take(0), -1);
    set(0, 0x320, 0x60070); /* reserved: a timer that does nothing */
    set(0, 0x380, 1000);
    set(0, 0x3e0, 3);
    set_msr(0, 0x6e0, host_now * 3 + 3000);
    pass(100000);
    assert_int_equal(take(0), -1);
    assert_int_equal(get(0, 0x390), 0);
}

/* Req: BH-APIC-022 */
static void test_divide_change(void **state)
{
    (void)state;
    timer_board(0x20050, 0xb);
    set(0, 0x380, 1000);
    pass(4000);
    set(0, 0x3e0, 0); /* half as fast: 600 are left */
    assert_int_equal(get(0, 0x390), 600);
    pass(11999);
    assert_int_equal(take(0), -1);
    pass(1);
    assert_int_equal(take(0), 0x50);
    pass(19999);
    assert_int_equal(take(0), -1);
    pass(1);
    assert_int_equal(take(0), 0x50);
    /* Of one that is due already, the expiry stays. */
    host_advance(25000);
    set(0, 0x3e0, 0xb);
    pass(0);
    assert_int_equal(take(0), 0x50);
    set(0, 0x380, 0);
    set(0, 0x3e0, 0);
    pass(100000);
    assert_int_equal(take(0), -1);
}

/* The vCPU runs on another CPU than the one that has its timer; INIT, reset and the end of a vCPU stop it. */
static void test_timer_moves(void **state)
{
    (void)state;
    timer_board(0x20050, 0xb);
    host_run_on(1);
    set(0, 0x380, 5000);
    host_run_on(0);
    pass(125000); /* goes on on CPU 1 */
    assert_ptr_equal(vcpus[0].arch.vlapic.timer.queue, &cpu_table[1]->timers);
    assert_int_equal(take(0), 0x50);
    assert_int_equal(get(0, 0x390), 2500);
    set(0, 0x380, 1000);
    assert_ptr_equal(vcpus[0].arch.vlapic.timer.queue, &cpu_table[0]->timers);
    pass(10000);
    assert_int_equal(take(0), 0x50);
    vlapic_timer_expired(&vcpus[0]); /* for nothing */
    assert_int_equal(take(0), -1);
    vlapic_reset_by_init(&vcpus[0]);
    assert_null(vcpus[0].arch.vlapic.timer.queue);
    enable(0);
    set(0, 0x320, 0x50);
    set(0, 0x380, 1000);
    vlapic_stop(&vcpus[0]);
    assert_null(vcpus[0].arch.vlapic.timer.queue);
    pass(100000);
    assert_int_equal(take(0), -1);
    vlapic_timer_expired(&vcpus[0]);
    assert_int_equal(take(0), -1);
}

/*
 * Another CPU's action runs while the vCPU's CPU takes the timer: it arms it once more, or not if it saw the mark; in
 * the end nothing is armed.
 */
static unsigned waits;

void arch_relax(void)
{
    struct vlapic *a = &vcpus[0].arch.vlapic;

    waits++;
    assert_true(a->timer_is_taken);
    if (waits == 1) { /* as if it had looked before the mark */
        a->timer_is_taken = false;
        host_run_on(1);
        vlapic_timer_expired(&vcpus[0]);
        assert_ptr_equal(a->timer.queue, &cpu_table[1]->timers);
        host_run_on(0);
        a->timer_is_taken = true;
    }
    a->timer.running = false;
}

static void test_take_meets_action(void **state)
{
    struct vlapic *a = &vcpus[0].arch.vlapic;

    (void)state;
    timer_board(0x20050, 0xb);
    host_run_on(1);
    set(0, 0x380, 5000);
    timer_set(&a->timer, TIMER_NEVER); /* CPU 1 has just taken it from its queue */
    a->timer.running = true;
    host_run_on(0);
    host_advance(50000);
    set(0, 0x380, 0);
    assert_int_equal(waits, 1);
    assert_null(a->timer.queue);
    assert_int_equal(take(0), 0x50);
    pass(200000);
    assert_int_equal(take(0), -1);
    /* Seen: what is periodic is not armed by the action. */
    set(0, 0x380, 5000);
    host_advance(50000);
    a->timer_is_taken = true;
    timer_expire(this_cpu());
    assert_null(a->timer.queue);
    assert_int_equal(take(0), 0x50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_periodic),
        cmocka_unit_test(test_tsc_deadline),
        cmocka_unit_test(test_timer_modes),
        cmocka_unit_test(test_divide_change),
        cmocka_unit_test(test_timer_moves),
        cmocka_unit_test(test_take_meets_action),
    };

    return RUN_TESTS_APART(tests);
}
