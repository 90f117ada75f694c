/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/sched.c with its policies, by simulation: vCPUs that run for a while and sleep for a while, or never sleep, on
 * CPUs whose only events are timers and kicks. Checked at every event: an owned CPU runs its owner only, a vCPU runs
 * only where it may, no CPU is idle while a vCPU waits that may use it.
 */
#include "partition.h"

#include "arch/arch.h"
#include "bh/sched.h"

#define MS 1000000UL
#define SECOND (1000 * MS)
#define SLICE (5 * MS)
#define ACTORS_MAX 2200

/* A vCPU's behaviour and what became of it. Its index is in vcpu.arch.argument. */
struct actor {
    struct vcpu *v;
    uint64_t burst, pause; /* runs, sleeps; PAUSE 0: never sleeps */
    uint64_t left;         /* of the present burst */
    uint64_t waited;       /* in all, when it was loaded last */
    uint64_t longest;      /* time from runnable to running */
    uint64_t began;        /* ticks run before the measurement began */
    unsigned loads;
};

static struct actor actor[ACTORS_MAX];
static unsigned actor_count;
static struct domain *domain;
static uint64_t idle_while_waiting; /* ticks in which work conservation failed, summed over CPUs */
static unsigned event_count;

static void init(unsigned cpus)
{
    host_board_init(cpus, 128);
    frame_scrub_at_boot(false);
}

/* COUNT actors in domains of their own weight. */
static void add(unsigned count, unsigned weight, cpuset_t affinity, uint64_t burst, uint64_t pause)
{
    for (unsigned done = 0; done < count;) {
        unsigned n = MIN(count - done, 100);

        domain = make_domain("d", n, weight, affinity, 0);
        for (unsigned i = 0; i < n; i++) {
            domain->vcpus[i]->arch.argument = actor_count;
            actor[actor_count++] = (struct actor){ .v = domain->vcpus[i], .burst = burst, .pause = pause, .left = burst };
        }
        done += n;
        /* The rest of them: see start_added(). */
        domain_start(domain);
        for (unsigned i = 1; i < n; i++) {
            assert_int_equal(vcpu_online(domain->vcpus[i]), 0);
        }
    }
}

/* A vCPU that owns CPU number CPU. */
static void add_owner(unsigned cpu, uint64_t burst, uint64_t pause)
{
    struct boot_domain config = { .name = "owner", .vcpu_count = 1 };
    cpuset_t s = one_cpu(cpu);
    struct vcpu *v;

    assert_int_equal(domain_create(&config, &domain), 0);
    assert_int_equal(vcpu_create(domain, 0, cpu_table[cpu], &s, &v), 0);
    v->arch.argument = actor_count;
    actor[actor_count++] = (struct actor){ .v = v, .burst = burst, .pause = pause, .left = burst };
    domain_start(domain);
}

static struct actor *on(const struct cpu *cpu)
{
    return cpu->current != NULL ? &actor[cpu->current->arch.argument] : NULL;
}

static bool somebody_waits_for(unsigned cpu)
{
    for (unsigned i = 0; i < actor_count; i++) {
        const struct vcpu *v = actor[i].v;

        if (v->state == VCPU_RUNNABLE && cpuset_has(&v->sched.affinity, cpu) &&
            (v->sched.owns_cpu ? v->sched.cpu->id == cpu : cpu_table[cpu]->sched.owner == NULL)) {
            return true;
        }
    }
    return false;
}

/* Before time moves on by STEP. */
static void check(uint64_t step)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        const struct cpu *cpu = cpu_table[i];
        struct actor *a = on(cpu);

        if (a == NULL) {
            if (somebody_waits_for(i)) {
                idle_while_waiting += step;
            }
            continue;
        }
        assert_true(cpuset_has(&a->v->sched.affinity, i));
        assert_true(cpu->sched.owner == NULL || cpu->sched.owner == a->v);
        assert_int_equal(a->v->state, VCPU_RUNNING);
        assert_ptr_equal(a->v->arch.loaded_on, cpu);
        if (a->loads != a->v->arch.loads) {
            uint64_t waited = a->v->runstate.total[RUNSTATE_runnable];

            a->loads = a->v->arch.loads;
            a->longest = MAX(a->longest, waited - a->waited);
            a->waited = waited;
        }
    }
}

static void sleep_on(unsigned cpu, struct actor *a)
{
    host_run_on(cpu);
    a->left = a->burst;
    a->v->arch.event = false;
    timer_set(&a->v->arch.timer, host_now + a->pause);
    vcpu_block_current();
    (void)host_leave();
}

static void simulate(uint64_t length)
{
    uint64_t end = host_now + length;

    for (;;) {
        uint64_t at = end;
        unsigned who = cpu_count;
        bool is_timer = false;

        host_settle();
        for (unsigned i = 0; i < cpu_count; i++) {
            struct actor *a = on(cpu_table[i]);

            if (cpu_table[i]->arch.timer < at) {
                at = MAX(cpu_table[i]->arch.timer, host_now);
                who = i;
                is_timer = true;
            }
            if (a != NULL && a->pause != 0 && host_now + a->left < at) {
                at = host_now + a->left;
                who = i;
                is_timer = false;
            }
        }
        check(at - host_now);
        for (unsigned i = 0; i < cpu_count; i++) {
            struct actor *a = on(cpu_table[i]);

            if (a != NULL && a->pause != 0) {
                a->left -= at - host_now;
            }
        }
        host_now = at;
        event_count++;
        if (who == cpu_count) {
            return;
        }
        host_run_on(who);
        if (is_timer) {
            timer_expire(cpu_table[who]);
        } else {
            sleep_on(who, on(cpu_table[who]));
        }
    }
}

static uint64_t runtime(const struct actor *a)
{
    uint64_t now = a->v->state == VCPU_RUNNING ? host_now - a->v->runstate.entered : 0;

    return a->v->runstate.total[RUNSTATE_running] + now - a->began;
}

static void begin_measuring(void)
{
    for (unsigned i = 0; i < actor_count; i++) {
        actor[i].began = 0;
        actor[i].began = runtime(&actor[i]);
        actor[i].longest = 0;
    }
    idle_while_waiting = 0;
}

/* Actor I ran SHARE of LENGTH, give or take PERCENT of that. */
static void expect_share(unsigned i, double share, uint64_t length, double percent)
{
    double ran = (double)runtime(&actor[i]), want = share * (double)length;

    if (ran < want * (1 - percent / 100) || ran > want * (1 + percent / 100)) {
        fail_msg("actor %u ran %.2f ms, %.2f ms were expected", i, ran / MS, want / MS);
    }
}

/* Req: BH-SCHED-003 */
static void expect_conserved(void)
{
    if (idle_while_waiting != 0) {
        fail_msg("CPUs were idle for %.3f ms in all while a vCPU waited", (double)idle_while_waiting / MS);
    }
}

static uint64_t longest_wait(unsigned from, unsigned to)
{
    uint64_t longest = 0;

    for (unsigned i = from; i < to; i++) {
        const struct runstate *r = &actor[i].v->runstate;
        uint64_t now = r->state == RUNSTATE_runnable ? host_now - r->entered : 0;

        longest = MAX(longest, MAX(actor[i].longest, now));
    }
    return longest;
}

static void expect_wait(unsigned from, unsigned to, uint64_t limit)
{
    uint64_t longest = longest_wait(from, to);

    if (longest > limit) {
        fail_msg("a vCPU waited %.3f ms, %.3f at most were expected", (double)longest / MS, (double)limit / MS);
    }
}

/* ---- CPU-bound ---- */

/* Req: BH-SCHED-001, BH-SCHED-004 */
static void equal(unsigned cpus, unsigned count, double percent)
{
    unsigned turns = (count + cpus - 1) / cpus;
    uint64_t length = 40 * SLICE * turns;

    init(cpus);
    add(count, 256, all_cpus(), 0, 0);
    simulate(2 * SLICE * turns);
    begin_measuring();
    simulate(length);
    for (unsigned i = 0; i < count; i++) {
        expect_share(i, count < cpus ? 1 : (double)cpus / count, length, percent);
    }
    expect_conserved();
    expect_wait(0, count, turns * SLICE);
}

static void test_equal_1_2(void **state) { (void)state; equal(1, 2, 5); }
static void test_equal_1_5(void **state) { (void)state; equal(1, 5, 5); }
static void test_equal_2_3(void **state) { (void)state; equal(2, 3, 5); }
static void test_equal_2_4(void **state) { (void)state; equal(2, 4, 5); }
static void test_equal_4_3(void **state) { (void)state; equal(4, 3, 1); }
static void test_equal_4_7(void **state) { (void)state; equal(4, 7, 5); }
static void test_equal_8_100(void **state) { (void)state; equal(8, 100, 5); }
static void test_equal_16_2000(void **state) { (void)state; equal(16, 2000, 6); }

/* Req: BH-SCHED-002 */
static void test_weights(void **state)
{
    static const unsigned weights[] = { 64, 128, 256, 512, 1024 };
    unsigned total = 0;
    uint64_t length = 60 * SECOND;

    (void)state;
    init(4);
    for (unsigned k = 0; k < 5; k++) {
        add(8, weights[k], all_cpus(), 0, 0);
        total += 8 * weights[k];
    }
    simulate(2 * SECOND);
    begin_measuring();
    simulate(length);
    for (unsigned i = 0; i < actor_count; i++) {
        expect_share(i, 4.0 * weights[i / 8] / total, length, 4);
    }
    expect_conserved();
}

/* Req: BH-SCHED-002 */
/* One CPU, two weights. */
static void test_two_weights(void **state)
{
    uint64_t length = 30 * SECOND;

    (void)state;
    init(1);
    add(1, 256, all_cpus(), 0, 0);
    add(1, 768, all_cpus(), 0, 0);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    expect_share(0, 0.25, length, 3);
    expect_share(1, 0.75, length, 3);
}

/* Req: BH-SCHED-014 */
/* A cap holds on idle CPUs and on busy ones, for one vCPU and for several; what is over goes to the others. */
static void test_cap(void **state)
{
    uint64_t length = 10 * SECOND;
    struct domain *alone, *several;

    (void)state;
    init(4);
    add(1, 256, one_cpu(0), 0, 0);
    alone = domain;
    add(3, 256, all_cpus(), 0, 0);
    several = domain;
    sched_set_cap(alone, 30);
    sched_set_cap(several, 150);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    expect_share(0, 0.3, length, 2);
    for (unsigned i = 1; i <= 3; i++) {
        expect_share(i, 0.5, length, 3);
    }

    /* Company that would take everything changes nothing for them, and gets the rest. */
    add(4, 64, all_cpus(), 0, 0);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    expect_share(0, 0.3, length, 3);
    for (unsigned i = 4; i < 8; i++) {
        expect_share(i, (4 - 0.3 - 1.5) / 4, length, 6);
    }

    /* A domain that is paused when its time comes runs when it is unpaused; without a cap it gets its share. */
    sched_pause(alone);
    simulate(SECOND);
    assert_true(sched_unpause(alone));
    begin_measuring();
    simulate(length);
    expect_share(0, 0.3, length, 3);
    sched_set_cap(alone, 0);
    sched_set_cap(several, 0);
    assert_false(alone->cap.is_spent || several->cap.is_spent);
    begin_measuring();
    simulate(length);
    assert_true(runtime(&actor[0]) > length / 2);
}

/* Req: BH-SCHED-014 */
/* Sleepers wake up in their domain's time only, and one that dies while it has none left is forgotten. */
static void test_cap_of_sleepers(void **state)
{
    uint64_t length = 10 * SECOND;
    uint64_t ran = 0;

    (void)state;
    init(2);
    add(20, 256, all_cpus(), MS, 2 * MS);
    sched_set_cap(domain, 25);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    for (unsigned i = 0; i < 20; i++) {
        ran += runtime(&actor[i]);
    }
    assert_in_range(ran, length / 4 - length / 100, length / 4 + length / 100);
    while (!domain->cap.is_spent) {
        simulate(MS);
    }
    domain_shutdown(domain, 0);
    host_settle();
    assert_true(sched_cap_earliest() == TIMER_NEVER);
}

/* A weight that is worth more than a CPU gets a CPU; the others share what is left by theirs. */
static void test_weight_beyond_a_cpu(void **state)
{
    uint64_t length = 30 * SECOND;

    (void)state;
    init(2);
    add(1, 65535, all_cpus(), 0, 0);
    add(1, 512, all_cpus(), 0, 0);
    add(2, 256, all_cpus(), 0, 0);
    simulate(2 * SECOND);
    begin_measuring();
    simulate(length);
    expect_share(0, 1, length, 3);
    expect_share(1, 0.5, length, 4);
    expect_share(2, 0.25, length, 4);
    expect_share(3, 0.25, length, 4);
    expect_conserved();
}

/* ---- Coming and going ---- */

/* Having had a CPU for itself is no debt, having slept no credit beyond the bound. */
static void test_late_comer(void **state)
{
    (void)state;
    for (unsigned cpus = 1; cpus <= 2; cpus++) {
        if (cpus == 1) {
            init(1);
        } else {
            end_all();
            actor_count = 0;
            init(2);
        }
        add(cpus, 256, all_cpus(), 0, 0);
        simulate(20 * SECOND);
        add(cpus, 256, all_cpus(), 0, 0);
        begin_measuring();
        simulate(SECOND);
        for (unsigned i = 0; i < actor_count; i++) {
            expect_share(i, 0.5, SECOND, 8);
        }
        expect_wait(0, actor_count, 2 * SLICE + 2 * MS);
    }
}

/* CPUs shared by few and by many drift apart; who then wakes up among the few, or the many, waits no longer. */
static void test_drift(void **state)
{
    uint64_t length = 2 * SECOND;

    (void)state;
    init(2);
    add(2, 256, one_cpu(0), 0, 0);
    add(10, 256, one_cpu(1), 0, 0);
    simulate(20 * SECOND);
    add(1, 256, one_cpu(1), 0, 0);
    add(1, 256, one_cpu(0), 0, 0);
    begin_measuring();
    simulate(length);
    expect_wait(0, actor_count, 12 * SLICE);
    for (unsigned i = 0; i < actor_count; i++) {
        expect_share(i, i < 2 || i == 13 ? 1.0 / 3 : 1.0 / 11, length, 12);
    }
    expect_conserved();
}

/* The same, but the newcomers may go anywhere: they may not be starved, nor starve. */
static void test_drift_anywhere(void **state)
{
    (void)state;
    init(2);
    add(1, 256, one_cpu(0), 0, 0);
    add(10, 256, one_cpu(1), 0, 0);
    simulate(20 * SECOND);
    add(1, 256, all_cpus(), 0, 0);
    begin_measuring();
    simulate(2 * SECOND);
    expect_wait(0, actor_count, 13 * SLICE);
    expect_conserved();
}

/* ---- Sleepers ---- */

/* Req: BH-SCHED-008 */
/* Sleepers that need little get it soon; who computes shares the rest. */
static void test_sleepers(void **state)
{
    uint64_t length = 20 * SECOND;
    double used = 0;

    (void)state;
    init(4);
    add(8, 256, all_cpus(), 0, 0);
    add(40, 256, all_cpus(), MS / 10, 9 * MS); /* a twentieth of what they could have */
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    for (unsigned i = 8; i < 48; i++) {
        double ran = (double)runtime(&actor[i]);

        assert_true(ran > 0.009 * length && ran < 0.0112 * length);
        used += ran;
    }
    for (unsigned i = 0; i < 8; i++) {
        expect_share(i, (4 - used / length) / 8, length, 5);
    }
    expect_conserved();
    expect_wait(8, 48, 6 * MS);
    expect_wait(0, 8, 2 * SLICE + 40 * 2 * MS);
}

/* Req: BH-SCHED-009 */
/* A neighbour that sleeps just often enough to claim credit takes no more than its share. */
static void test_greedy_sleeper(void **state)
{
    uint64_t length = 10 * SECOND;

    (void)state;
    init(1);
    add(1, 256, all_cpus(), 0, 0);
    add(1, 256, all_cpus(), 3 * MS, MS / 100);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    assert_true(runtime(&actor[0]) > 0.45 * length);
    expect_wait(0, 1, 2 * SLICE);
}

static void test_many_sleepers(void **state)
{
    (void)state;
    srand(5);
    init(8);
    for (unsigned i = 0; i < 15; i++) {
        add(100, 256, all_cpus(), MS / 20 + (uint64_t)rand() % MS, 20 * MS + (uint64_t)rand() % (400 * MS));
    }
    simulate(4 * SECOND);
    expect_conserved();
    for (unsigned i = 0; i < actor_count; i++) {
        assert_true(runtime(&actor[i]) >= actor[i].burst);
    }
}

/* ---- Affinity and owned CPUs ---- */

/* Req: BH-SCHED-007 */
static void test_affinity(void **state)
{
    uint64_t length = 20 * SECOND;

    (void)state;
    init(3);
    add(2, 256, one_cpu(0), 0, 0);
    add(4, 256, one_cpu(1), 0, 0);
    add(1, 256, one_cpu(2), 0, 0);
    simulate(SECOND);
    begin_measuring();
    simulate(length);
    for (unsigned i = 0; i < 7; i++) {
        expect_share(i, i < 2 ? 0.5 : i < 6 ? 0.25 : 1, length, 4);
    }
    expect_conserved();
}

/* Req: BH-SCHED-005, BH-SCHED-006 */
static void test_owned(void **state)
{
    uint64_t length = 10 * SECOND;

    (void)state;
    init(4);
    add_owner(1, 0, 0);
    add_owner(3, MS, MS);
    add(6, 256, all_cpus(), 0, 0);
    simulate(SECOND);
    begin_measuring();
    /* No tick on an owned CPU. */
    assert_true(cpu_table[1]->arch.timer == TIMER_NEVER);
    simulate(length);
    assert_true(cpu_table[1]->arch.timer == TIMER_NEVER);
    expect_share(0, 1, length, 0.01);
    expect_share(1, 0.5, length, 1);
    for (unsigned i = 2; i < 8; i++) {
        expect_share(i, 2.0 / 6, length, 5);
    }
    expect_conserved();
    assert_int_equal(actor[0].v->arch.loads, 1);
}

/* Req: BH-SCHED-010 */
static void test_create_errors(void **state)
{
    struct boot_domain config = { .name = "x", .vcpu_count = 3 };
    cpuset_t nowhere = { { 0 } }, s;
    struct domain *d;
    struct vcpu *v, *w;
    uint64_t free_before;

    (void)state;
    init(2);
    s = all_cpus();
    assert_int_equal(domain_create(&config, &d), 0);
    free_before = page_alloc_free_count();
    assert_int_equal(vcpu_create(d, 0, NULL, &nowhere, &v), -XEN_EINVAL);
    assert_int_equal(vcpu_create(d, CONFIG_MAX_VCPUS, NULL, &s, &v), -XEN_EINVAL);
    assert_int_equal(page_alloc_free_count(), free_before);
    assert_int_equal(vcpu_create(d, 0, cpu_table[1], &s, &v), 0);
    assert_int_equal(vcpu_create(d, 0, NULL, &s, &w), -XEN_EEXIST);
    assert_int_equal(vcpu_create(d, 1, cpu_table[1], &s, &w), -XEN_EBUSY);
    assert_ptr_equal(cpu_table[1]->sched.owner, v);
    /* The CPU is free again when its owner goes. */
    vcpu_destroy(v);
    assert_null(cpu_table[1]->sched.owner);
    assert_int_equal(vcpu_create(d, 1, cpu_table[1], &s, &w), 0);
    vcpu_destroy(w);
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* A vCPU that shares CPUs needs one that is on line and that nobody owns. */
static void test_can_run(void **state)
{
    (void)state;
    init(3);
    add(1, 256, one_cpu(1), 0, 0);
    assert_true(sched_can_run(actor[0].v));
    add_owner(1, 0, 0);
    assert_true(sched_can_run(actor[1].v));
    assert_false(sched_can_run(actor[0].v));
    add(1, 256, one_cpu(2), 0, 0);
    assert_true(sched_can_run(actor[2].v));
    cpu_table[2]->online = false;
    assert_false(sched_can_run(actor[2].v));
}

/* ---- Everything at once ---- */

static void test_mixture(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        unsigned cpus = 1 + seed % 5;

        srand(seed);
        actor_count = 0;
        idle_while_waiting = 0;
        init(cpus);
        if (cpus > 2) {
            add_owner(cpus - 1, seed % 2 == 0 ? 0 : MS, seed % 2 == 0 ? 0 : MS / 2);
        }
        for (unsigned i = 0; i < 12; i++) {
            cpuset_t s = { { 0 } };
            bool sleeps = rand() % 2 == 0;

            cpuset_add(&s, (unsigned)rand() % (cpus > 2 ? cpus - 1 : cpus));
            while (rand() % 2 == 0) {
                cpuset_add(&s, (unsigned)rand() % cpus);
            }
            add(1 + (unsigned)rand() % 3, 128u << rand() % 4, s, sleeps ? 1 + (uint64_t)rand() % (8 * MS) : 0,
                sleeps ? 1 + (uint64_t)rand() % (20 * MS) : 0);
            simulate((uint64_t)rand() % (200 * MS));
        }
        begin_measuring();
        simulate(10 * SECOND);
        expect_conserved();
        for (unsigned i = 0; i < actor_count; i++) {
            const struct runstate *r = &actor[i].v->runstate;

            assert_true(runtime(&actor[i]) > 0);
            assert_true(r->entered <= host_now);
        }
        end_all();
        assert_int_equal(page_alloc_free_count(), host_ram_frames());
    }
}

/* Each turn of a vCPU that yields is as short as it likes, and no other's is. */
static void test_yield(void **state)
{
    struct vcpu *first;

    (void)state;
    init(1);
    add(3, 256, all_cpus(), 0, 0);
    host_settle();
    for (unsigned i = 0; i < 9; i++) {
        first = cpu_table[0]->current;
        assert_non_null(first);
        host_advance(1000);
        vcpu_yield_current();
        (void)host_leave();
        assert_ptr_not_equal(cpu_table[0]->current, first);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(runtime(&actor[i]), 3000);
    }
}

/* Alone, it gets its CPU back at once. */
static void test_yield_alone(void **state)
{
    (void)state;
    init(1);
    add(1, 256, all_cpus(), 0, 0);
    host_settle();
    vcpu_yield_current();
    assert_true(host_leave());
    assert_ptr_equal(cpu_table[0]->current, actor[0].v);
    assert_int_equal(actor[0].v->arch.loads, 1);
}

/*
 * Called once, with the scheduler's lock held, when a state changes next: what other CPUs do meanwhile. In place of the
 * hypervisor's runstate_enter(), which does the rest of it.
 */
static void (*while_locked)(void);

void runstate_enter(struct vcpu *v, unsigned state, uint64_t now)
{
    void (*hook)(void) = while_locked;

    v->runstate.total[v->runstate.state] += now - v->runstate.entered;
    v->runstate.entered = now;
    v->runstate.state = (uint8_t)state;
    while_locked = NULL;
    if (hook != NULL) {
        hook();
    }
}

static unsigned prolonged;

/* CPU 1's slice ends while CPU 0 has the lock: the turn goes on, but not for ever. */
static void end_slices_of_cpu_1(void)
{
    struct cpu *cpu = cpu_table[1];

    host_run_on(1);
    while (cpu->work == 0) {
        assert_true(prolonged < 100);
        timer_cancel(&cpu->sched.slice);
        sched_slice_expired(cpu);
        prolonged += cpu->work == 0;
        if (cpu->work == 0) {
            assert_true(cpu->sched.slice.deadline > host_now && cpu->sched.slice.deadline <= host_now + SLICE);
        }
    }
    host_run_on(0);
}

/* Req: BH-SCHED-013 */
static void test_slice_does_not_end_into_a_queue(void **state)
{
    (void)state;
    init(2);
    add(4, 256, all_cpus(), 0, 0);
    host_settle();
    host_run_on(0);
    while_locked = end_slices_of_cpu_1;
    vcpu_yield_current();
    (void)host_leave();
    assert_null(while_locked);
    assert_int_equal(prolonged, 8);
    /* With the lock free a slice ends at once. */
    prolonged = 0;
    host_run_on(1);
    (void)host_leave();
    sched_slice_expired(cpu_table[1]);
    assert_int_equal(cpu_table[1]->work, WORK_RESCHED);
}

/*
 * CPU 1 has nothing to run but what CPU 0 has just lost and not saved yet: it leaves it alone, and hears of it when it
 * is saved. Played by setting what CPU 0 sets.
 */
static void test_not_taken_before_it_is_saved(void **state)
{
    struct vcpu *v, *next;

    (void)state;
    init(2);
    add(3, 256, all_cpus(), 0, 0);
    host_settle();
    for (v = NULL; v == NULL;) {
        for (unsigned i = 0; i < 3; i++) {
            v = actor[i].v->state == VCPU_RUNNABLE ? actor[i].v : v;
        }
    }
    v->sched.loaded = true;
    host_run_on(1);
    vcpu_offline_current();
    assert_true(sched_pick(cpu_table[1], &next));
    assert_null(next);
    assert_int_equal(v->sched.passed_over_by, 2);
    arch_vcpu_unload(cpu_table[1]->current);
    next = cpu_table[1]->current;
    cpu_table[1]->current = NULL;
    sched_release(next);
    assert_int_equal(next->state, VCPU_OFFLINE);
    host_run_on(0);
    cpu_table[0]->sched.heir = NULL;
    domain->users++;
    sched_release(v);
    assert_int_equal(v->sched.passed_over_by, 0);
    host_settle();
    assert_ptr_equal(cpu_table[1]->current, v);
}

/* Who looked at the clock before it waited for the lock comes with a time that is over. */
static void test_time_that_is_over(void **state)
{
    struct vcpu *v;
    uint64_t vtime, started;

    (void)state;
    init(1);
    add(1, 256, all_cpus(), 0, 0);
    host_settle();
    host_run_until(host_now + SLICE);
    v = actor[0].v;
    vtime = v->sched.vtime;
    started = v->sched.started;
    assert_true(started > 0);
    sched_fair_charge(v, started - 1);
    assert_int_equal(v->sched.vtime, vtime);
    assert_int_equal(v->sched.started, started);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_that_is_over),
        cmocka_unit_test(test_equal_1_2),    cmocka_unit_test(test_equal_1_5),
        cmocka_unit_test(test_equal_2_3),    cmocka_unit_test(test_equal_2_4),
        cmocka_unit_test(test_equal_4_3),    cmocka_unit_test(test_equal_4_7),
        cmocka_unit_test(test_equal_8_100),  cmocka_unit_test(test_equal_16_2000),
        cmocka_unit_test(test_weights),      cmocka_unit_test(test_two_weights),
        cmocka_unit_test(test_cap),          cmocka_unit_test(test_cap_of_sleepers),
        cmocka_unit_test(test_weight_beyond_a_cpu),
        cmocka_unit_test(test_late_comer),   cmocka_unit_test(test_drift),
        cmocka_unit_test(test_drift_anywhere),
        cmocka_unit_test(test_sleepers),     cmocka_unit_test(test_greedy_sleeper),
        cmocka_unit_test(test_many_sleepers),
        cmocka_unit_test(test_affinity),     cmocka_unit_test(test_owned),
        cmocka_unit_test(test_create_errors), cmocka_unit_test(test_can_run),
        cmocka_unit_test(test_mixture),
        cmocka_unit_test(test_slice_does_not_end_into_a_queue),
        cmocka_unit_test(test_not_taken_before_it_is_saved),
        cmocka_unit_test(test_yield),        cmocka_unit_test(test_yield_alone),
    };

    return RUN_TESTS_APART(tests);
}
