/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/sched_windows.c, by simulation: vCPUs that never sleep and vCPUs that sleep, in windows, on CPUs whose only
 * events are timers. Checked at every event: whose window it is, by the clock alone, and that nobody else runs.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/boot_schedule.h"
#include "bh/sched.h"

#define US 1000UL
#define MS 1000000UL

/* A partition's vCPUs sleep for PAUSE after each BURST, or never if that is 0. */
static struct domain *domain[8];
static unsigned added;
static uint64_t burst[8], sleeps[8];
static struct boot_schedule schedule[2];
static unsigned schedule_count;
static uint64_t ran[8][4];     /* ticks, by vCPU */
static uint64_t foreign;       /* ticks that some CPU of a schedule gave to another than its window's */

static void init(unsigned cpus)
{
    added = 0;
    schedule_count = 0;
    foreign = 0;
    memset(ran, 0, sizeof(ran));
    memset(schedule, 0, sizeof(schedule));
    host_board_init(cpus, 128);
    frame_scrub_at_boot(false);
    host_now = 123456789;
}

static struct boot_schedule *new_schedule(uint32_t frame, unsigned cpu, unsigned cpus)
{
    struct boot_schedule *s = &schedule[schedule_count++];

    s->frame = frame;
    s->cpu_count = cpus;
    for (unsigned i = 0; i < cpus; i++) {
        s->cpu[i] = (uint16_t)(cpu + i);
    }
    return s;
}

static void window(struct boot_schedule *s, uint8_t place, uint32_t offset, uint32_t duration)
{
    s->window[s->window_count++] = (struct boot_window){ .offset = offset, .duration = duration, .place = place };
}

static void make_schedules(void)
{
    for (unsigned i = 0; i < schedule_count; i++) {
        assert_int_equal(sched_windows_make(i + 1, &schedule[i]), 0);
    }
    host_settle();
}

/* A partition in schedule NUMBER (0: in none) at PLACE. */
static unsigned add(unsigned number, unsigned place, unsigned vcpus, uint64_t run, uint64_t pause)
{
    struct boot_domain config = { .vcpu_count = (uint16_t)vcpus, .schedule = (uint8_t)number, .schedule_place = (uint8_t)place };
    cpuset_t any = all_cpus();
    struct domain *d;

    snprintf(config.name, sizeof(config.name), "d%u", added);
    assert_int_equal(domain_create(&config, &d), 0);
    for (unsigned i = 0; i < vcpus; i++) {
        struct vcpu *v;

        assert_int_equal(vcpu_create(d, i, NULL, &any, &v), 0);
        v->arch.argument = run;
        assert_int_equal(v->sched.place, place);
        assert_true(sched_can_run(v));
    }
    domain[added] = d;
    burst[added] = run;
    sleeps[added] = pause;
    domain_start(d);
    for (unsigned i = 1; i < vcpus; i++) {
        assert_int_equal(vcpu_online(d->vcpus[i]), 0);
    }
    return added++;
}

/* The place whose window it is at NOW, by the description. */
static unsigned place_at(const struct boot_schedule *s, uint64_t now)
{
    uint64_t at = now % (s->frame * US);

    for (unsigned i = 0; i < s->window_count; i++) {
        const struct boot_window *w = &s->window[i];

        if (at >= w->offset * US && at < (w->offset + w->duration) * US) {
            return w->place;
        }
    }
    return 0;
}

static const struct boot_schedule *schedule_of(unsigned cpu)
{
    for (unsigned i = 0; i < schedule_count; i++) {
        for (unsigned k = 0; k < schedule[i].cpu_count; k++) {
            if (schedule[i].cpu[k] == cpu) {
                return &schedule[i];
            }
        }
    }
    return NULL;
}

static unsigned index_of(const struct domain *d)
{
    unsigned i = 0;

    while (domain[i] != d) {
        i++;
    }
    return i;
}

/* Before time moves on by STEP, in which nothing happens. */
static void account(uint64_t step)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        const struct boot_schedule *s = schedule_of(i);
        struct vcpu *v = cpu_table[i]->current;

        if (v == NULL) {
            continue;
        }
        ran[index_of(v->domain)][v->id] += step;
        if (sleeps[index_of(v->domain)] != 0) {
            v->arch.argument -= step;
        }
        if (s == NULL) {
            assert_int_equal(v->domain->schedule, 0);
            continue;
        }
        assert_int_equal(v->domain->schedule, s - schedule + 1);
        assert_int_equal(s->cpu[v->id % s->cpu_count], i);
        if (v->sched.place != place_at(s, host_now) || (step != 0 && v->sched.place != place_at(s, host_now + step - 1))) {
            foreign += step;
        }
    }
}

static void put_to_sleep(struct vcpu *v)
{
    unsigned d = index_of(v->domain);

    v->arch.argument = burst[d];
    v->arch.event = false;
    timer_set(&v->arch.timer, host_now + sleeps[d]);
    vcpu_block_current();
    (void)host_leave();
}

static void simulate_until(uint64_t end)
{
    for (;;) {
        uint64_t at = end;
        unsigned who = cpu_count;
        bool is_timer = false;

        host_settle();
        for (unsigned i = 0; i < cpu_count; i++) {
            struct vcpu *v = cpu_table[i]->current;

            if (cpu_table[i]->arch.timer < at) {
                at = MAX(cpu_table[i]->arch.timer, host_now);
                who = i;
                is_timer = true;
            }
            if (v != NULL && sleeps[index_of(v->domain)] != 0 && host_now + v->arch.argument < at) {
                at = host_now + v->arch.argument;
                who = i;
                is_timer = false;
            }
        }
        account(at - host_now);
        host_now = at;
        if (who == cpu_count) {
            return;
        }
        host_run_on(who);
        if (is_timer) {
            timer_expire(cpu_table[who]);
        } else {
            put_to_sleep(cpu_table[who]->current);
        }
    }
}

/* From a beginning of S's frame on, for FRAMES of them. What ran is counted from there. */
static void simulate_frames(const struct boot_schedule *s, unsigned frames)
{
    uint64_t frame = s->frame * US;

    simulate_until((host_now / frame + 1) * frame);
    memset(ran, 0, sizeof(ran));
    foreign = 0;
    simulate_until(host_now + frames * frame);
    assert_int_equal(foreign, 0);
}

/* Req: BH-SCHED-015, BH-SCHED-017 */
/* Partitions that never sleep get exactly their windows, over many frames, whatever the neighbours are. */
static void test_exact(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(2);
    s = new_schedule(10000, 1, 1);
    window(s, 1, 0, 2500);
    window(s, 2, 2500, 1000);
    window(s, 1, 5000, 3000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    add(1, 2, 1, 0, 0);
    add(0, 0, 4, 0, 0);
    simulate_frames(s, 10000);
    assert_int_equal(ran[0][0], 10000 * 5500 * US);
    assert_int_equal(ran[1][0], 10000 * 1000 * US);
    /* The CPU that is left is the others'. */
    for (unsigned i = 0; i < 4; i++) {
        assert_true(ran[2][i] > 24 * 1000 * MS && ran[2][i] < 26 * 1000 * MS);
    }
}

/* A frame that is no whole number of ticks is rounded down to one; windows stay where they are in it. */
static void test_whole_frame(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(1);
    s = new_schedule(3000, 0, 1);
    window(s, 1, 0, 3000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    simulate_frames(s, 100);
    assert_int_equal(ran[0][0], 300 * MS);
    assert_int_equal(domain[0]->vcpus[0]->arch.loads, 1);
}

/* Req: BH-SCHED-016 */
/* Two CPUs, partitions with more and with fewer vCPUs: each on its CPU, several there by turns. */
static void test_cpus(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(3);
    s = new_schedule(40000, 1, 2);
    window(s, 1, 0, 20000);
    window(s, 2, 20000, 20000);
    make_schedules();
    add(1, 1, 3, 0, 0);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 100);
    assert_int_equal(ran[0][1], 100 * 20 * MS);
    assert_int_equal(ran[0][0] + ran[0][2], 100 * 20 * MS);
    assert_in_range(ran[0][0], 1000 * MS - 5 * MS, 1000 * MS + 5 * MS);
    assert_int_equal(ran[1][0], 100 * 20 * MS);
    /* Turns are as long as elsewhere. */
    assert_true(domain[0]->vcpus[0]->arch.loads < 102 * 4);
}

/* Two schedules of different frames do not disturb each other. */
static void test_two_schedules(void **state)
{
    struct boot_schedule *s, *t;

    (void)state;
    init(2);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 5000);
    window(s, 2, 5000, 5000);
    t = new_schedule(7000, 1, 1);
    window(t, 1, 1000, 1000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    add(1, 2, 1, 0, 0);
    add(2, 1, 2, 0, 0);
    simulate_frames(s, 700);
    assert_int_equal(ran[0][0], 3500 * MS);
    assert_int_equal(ran[1][0], 3500 * MS);
    assert_int_equal(ran[2][0] + ran[2][1], 1000 * MS);
}

/* Req: BH-SCHED-018 */
/* One that sleeps wakes in its windows only, and its timers take no other's time; nobody has what it leaves. */
static void test_sleepers(void **state)
{
    struct boot_schedule *s;
    unsigned loads;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 1, 100 * US, 900 * US);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 1000);
    /* Four times in a window it wakes: at its beginning, and three times after 900 us. */
    assert_int_equal(ran[0][0], 1000 * 4 * 100 * US);
    assert_int_equal(ran[1][0], 6000 * MS);
    /* The neighbour is interrupted by nothing but the end of its window. */
    loads = domain[1]->vcpus[0]->arch.loads;
    simulate_frames(s, 100);
    assert_in_range(domain[1]->vcpus[0]->arch.loads - loads, 100, 102);
}

/* A timer that is due in another's window does not even interrupt that. */
static void test_timer_waits(void **state)
{
    struct boot_schedule *s;
    struct vcpu *v;
    uint64_t frame;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 1, 1000 * US, 4000 * US);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 2);
    frame = host_now;
    simulate_until(frame + 4500 * US);
    v = domain[0]->vcpus[0];
    assert_int_equal(v->state, VCPU_BLOCKED);
    /* It slept from 1 ms on, so it is due at 5 ms; but nothing happens before 10 ms. */
    assert_true(v->arch.timer.deadline <= frame + 5000 * US);
    assert_int_equal(cpu_table[0]->arch.timer, frame + 10000 * US);
    simulate_until(frame + 9999 * US);
    assert_int_equal(v->state, VCPU_BLOCKED);
    simulate_until(frame + 10001 * US);
    assert_int_equal(v->state, VCPU_RUNNING);
}

/* What is posted to a vCPU out of its window wakes it, but runs it in its window only. */
static void test_wake_outside(void **state)
{
    struct boot_schedule *s;
    struct vcpu *v;
    uint64_t frame;

    (void)state;
    init(2);
    s = new_schedule(10000, 1, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 4000);
    make_schedules();
    add(1, 1, 1, 100 * US, 1000 * MS);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 1);
    v = domain[0]->vcpus[0];
    frame = host_now;
    simulate_until(frame + 5000 * US);
    assert_int_equal(v->state, VCPU_BLOCKED);
    host_run_on(0);
    v->arch.event = true;
    vcpu_kick(v);
    assert_int_equal(v->state, VCPU_RUNNABLE);
    assert_int_equal(cpu_table[1]->requests, 0);
    simulate_until(frame + 9000 * US);
    assert_int_equal(v->state, VCPU_RUNNABLE);
    assert_null(cpu_table[1]->current);
    simulate_until(frame + 10001 * US);
    assert_int_equal(v->state, VCPU_RUNNING);
    assert_int_equal(foreign, 0);
}

/* A clock that jumps over windows, as an emulator's does: the present one counts. */
static void test_late(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 2000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 1);
    host_now += 95 * MS;
    host_run_on(0);
    timer_expire(cpu_table[0]);
    (void)host_leave();
    assert_ptr_equal(cpu_table[0]->current, domain[1]->vcpus[0]);
    simulate_frames(s, 10);
    assert_int_equal(ran[0][0], 40 * MS);
}

/* Req: BH-SCHED-019 */
/* A partition ends: its windows are nobody's, and what is left of it goes there, in no time of its neighbour's. */
static void test_death(void **state)
{
    struct boot_schedule *s;
    uint64_t frame;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 2, 0, 0);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 1);
    frame = host_now;
    simulate_until(frame + 5000 * US);
    assert_ptr_equal(cpu_table[0]->current, domain[1]->vcpus[0]);
    /* Its neighbour is there when the end comes, by a watchdog. */
    host_run_on(0);
    domain_shutdown(domain[0], SHUTDOWN_watchdog);
    simulate_until(frame + 9999 * US);
    assert_non_null(domain_table[0]);
    assert_int_equal(domain_table[0]->phase, DOMAIN_DYING);
    assert_non_null(domain_table[0]->vcpus[0]);
    simulate_until(frame + 10001 * US);
    assert_null(domain_table[0]);
    simulate_frames(s, 10);
    assert_int_equal(ran[1][0], 60 * MS);
}

/* Where CPUs are shared they take a dead partition apart, and its windows need not be there. */
static void test_death_elsewhere(void **state)
{
    struct boot_schedule *s;
    uint64_t frame;

    (void)state;
    init(2);
    s = new_schedule(10000, 1, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 1);
    frame = host_now;
    simulate_until(frame + 5000 * US);
    host_run_on(1);
    domain_shutdown(domain[0], SHUTDOWN_watchdog);
    simulate_until(frame + 5001 * US);
    assert_null(domain_table[0]);
}

/* A new partition in the place of one that has ended, as when it starts again: its windows are the same. */
static void test_again(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 2, 0, 0);
    add(1, 2, 1, 0, 0);
    for (unsigned i = 0; i < 20; i++) {
        simulate_frames(s, 3);
        host_run_on(0);
        domain_shutdown(domain[0], SHUTDOWN_reboot);
        simulate_frames(s, 2);
        assert_null(domain_table[0]);
        added = 0;
        assert_int_equal(add(1, 1, 1 + i % 3, 0, 0), 0);
        added = 2;
        simulate_frames(s, 10);
        assert_int_equal(ran[1][0], 60 * MS);
        assert_int_equal(ran[0][0] + ran[0][1] + ran[0][2], 40 * MS);
    }
}

/* A paused partition's time is idle, and nobody's. */
static void test_paused(void **state)
{
    struct boot_schedule *s;

    (void)state;
    init(1);
    s = new_schedule(10000, 0, 1);
    window(s, 1, 0, 4000);
    window(s, 2, 4000, 6000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    add(1, 2, 1, 0, 0);
    simulate_frames(s, 2);
    host_run_on(0);
    sched_pause(domain[0]);
    simulate_frames(s, 10);
    assert_int_equal(ran[0][0], 0);
    assert_int_equal(ran[1][0], 60 * MS);
    host_run_on(0);
    assert_true(sched_unpause(domain[0]));
    simulate_frames(s, 10);
    assert_int_equal(ran[0][0], 40 * MS);
    assert_int_equal(ran[1][0], 60 * MS);
}

/* Whoever is in no schedule does not get its CPUs, and who is in one is not moved. */
static void test_apart(void **state)
{
    struct boot_domain config = { .name = "owner", .vcpu_count = 1 };
    struct boot_schedule *s;
    cpuset_t zero, one;
    struct domain *d;
    struct vcpu *v;

    (void)state;
    init(2);
    zero = one_cpu(0);
    one = one_cpu(1);
    s = new_schedule(10000, 1, 1);
    window(s, 1, 0, 4000);
    make_schedules();
    add(1, 1, 1, 0, 0);
    assert_int_equal(sched_set_affinity(domain[0]->vcpus[0], &zero, &zero), -XEN_EBUSY);
    assert_int_equal(sched_move_domain(domain[0], 0), -XEN_EBUSY);
    assert_int_equal(domain_create(&config, &d), 0);
    assert_int_equal(vcpu_create(d, 0, cpu_table[1], &one, &v), -XEN_EBUSY);
    assert_int_equal(vcpu_create(d, 0, NULL, &one, &v), 0);
    assert_false(sched_can_run(v));
    assert_int_equal(sched_set_affinity(v, &one, &one), -XEN_EINVAL);
    /* One whose schedule could not be made cannot be built. */
    config.schedule = 2;
    config.schedule_place = 1;
    assert_int_equal(domain_create(&config, &d), 0);
    assert_int_equal(vcpu_create(d, 0, NULL, &one, &v), -XEN_EINVAL);
}

/* Mixtures of everything, by chance. */
static void test_mixture(void **state)
{
    unsigned seed = *(const unsigned *)*state, cpus = 1 + seed % 3, places = 2 + seed % 3;
    uint64_t share[8] = { 0 }, frames_before;
    struct boot_schedule *s;
    uint32_t at = 0;

    srand(seed);
    init(cpus + 1);
    s = new_schedule(50000 + (uint32_t)rand() % 1000, 1, cpus);
    while (at < 45000) {
        uint32_t length = 1000 + (uint32_t)rand() % 4000;
        uint8_t place = (uint8_t)(1 + (unsigned)rand() % places);

        at += rand() % 2 == 0 ? 0 : (uint32_t)rand() % 700;
        window(s, place, at, length);
        share[place - 1] += length * US;
        at += length;
    }
    make_schedules();
    frames_before = page_alloc_free_count();
    for (unsigned i = 0; i < places; i++) {
        bool never = i == 0 || rand() % 2 == 0;
        unsigned vcpus = cpus * (1 + (unsigned)rand() % 2);

        add(1, i + 1, MIN(4U, vcpus), never ? 0 : 1 + (uint64_t)rand() % MS,
            never ? 0 : 1 + (uint64_t)rand() % (2 * MS));
    }
    add(0, 0, 3, 0, 0);
    simulate_frames(s, 200);
    for (unsigned i = 0; i < places; i++) {
        uint64_t all = ran[i][0] + ran[i][1] + ran[i][2] + ran[i][3];

        assert_true(all <= share[i] * cpus * 200);
        if (sleeps[i] == 0) {
            assert_int_equal(all, share[i] * cpus * 200);
        } else if (share[i] != 0) {
            assert_true(all > 0);
        }
    }
    end_all();
    assert_int_equal(page_alloc_free_count(), frames_before);
}

int main(void)
{
    static unsigned seed[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),      cmocka_unit_test(test_whole_frame),     cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_two_schedules), cmocka_unit_test(test_sleepers),     cmocka_unit_test(test_timer_waits),
        cmocka_unit_test(test_wake_outside), cmocka_unit_test(test_late),          cmocka_unit_test(test_death),
        cmocka_unit_test(test_death_elsewhere), cmocka_unit_test(test_again),      cmocka_unit_test(test_paused),
        cmocka_unit_test(test_apart),
        cmocka_unit_test_prestate(test_mixture, &seed[0]), cmocka_unit_test_prestate(test_mixture, &seed[1]),
        cmocka_unit_test_prestate(test_mixture, &seed[2]), cmocka_unit_test_prestate(test_mixture, &seed[3]),
        cmocka_unit_test_prestate(test_mixture, &seed[4]), cmocka_unit_test_prestate(test_mixture, &seed[5]),
        cmocka_unit_test_prestate(test_mixture, &seed[6]), cmocka_unit_test_prestate(test_mixture, &seed[7]),
        cmocka_unit_test_prestate(test_mixture, &seed[8]),
    };

    return RUN_TESTS_APART(tests);
}
