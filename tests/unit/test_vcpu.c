/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/vcpu.c: sleep and wake-up, and the way out; core/mmio.c: the way to a device.
 */
#include "partition.h"

#include "bh/mmio.h"

static struct domain *d;
static struct vcpu *v;

static void init(unsigned cpus, unsigned vcpus)
{
    host_board_init(cpus, 16);
    d = make_domain("d", vcpus, 0, all_cpus(), 1);
    start_domain(d);
    v = d->vcpus[0];
    run_vcpu(v);
}

static void test_block_and_wake(void **state)
{
    (void)state;
    init(1, 1);
    vcpu_block_current();
    assert_false(host_leave());
    assert_int_equal(v->state, VCPU_BLOCKED);
    assert_null(cpu_table[0]->current);
    assert_int_equal(d->users, 0);
    vcpu_kick(v);
    assert_true(host_leave());
    assert_int_equal(v->state, VCPU_RUNNING);
    assert_int_equal(v->arch.loads, 2);
}

/* Req: BH-SCHED-012 */
/* The event comes between the look and the sleep: it is not missed. */
static void test_event_before_sleep(void **state)
{
    (void)state;
    init(2, 1);
    vcpu_block_current();
    host_run_on(1);
    v->arch.event = true;
    vcpu_kick(v);
    assert_int_equal(cpu_table[v->sched.cpu->id]->requests & WORK_VIRQ, WORK_VIRQ);
    run_vcpu(v);
    (void)host_leave();
    host_settle();
    assert_int_equal(v->state, VCPU_RUNNING);
}

/* Req: BH-SCHED-012 */
static void test_event_before_block(void **state)
{
    (void)state;
    init(1, 1);
    v->arch.event = true;
    vcpu_block_current();
    assert_true(host_leave());
    assert_int_equal(v->arch.loads, 1);
}

/* A running vCPU is told on the CPU where it runs. */
static void test_kick_running(void **state)
{
    unsigned kicks;

    (void)state;
    init(2, 1);
    kicks = v->sched.cpu->arch.kicks;
    host_run_on(1 - v->sched.cpu->id);
    vcpu_kick(v);
    vcpu_kick(v);
    assert_int_equal(v->sched.cpu->arch.kicks, kicks + 1); /* the second finds the first on its way */
    host_settle();
    assert_int_equal(v->arch.syncs, 1);
    run_vcpu(v);
    vcpu_kick(v);
    assert_int_equal(this_cpu()->work, WORK_VIRQ);
    vcpu_leave(this_cpu());
    assert_int_equal(v->arch.syncs, 2);
    vcpu_leave(this_cpu()); /* nothing to do */
    assert_int_equal(v->arch.syncs, 2);
}

static void test_on_and_off_line(void **state)
{
    (void)state;
    init(1, 2);
    assert_int_equal(vcpu_online(v), -XEN_EBUSY);
    assert_int_equal(vcpu_online(d->vcpus[1]), -XEN_EBUSY); /* waits already */
    vcpu_offline_current();
    assert_true(host_leave());
    assert_int_equal(v->state, VCPU_OFFLINE);
    assert_ptr_equal(cpu_table[0]->current, d->vcpus[1]);
    v->arch.event = true;
    vcpu_kick(v); /* does not bring it back */
    host_settle();
    assert_int_equal(v->state, VCPU_OFFLINE);
    assert_int_equal(vcpu_online(v), 0);
    host_settle();
    assert_true(v->state == VCPU_RUNNABLE || v->state == VCPU_RUNNING);
    domain_shutdown(d, SHUTDOWN_poweroff);
    assert_int_equal(vcpu_online(v), -XEN_EBUSY);
    end_all();
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

/* Req: BH-LIFE-008 */
/* A guest that never traps again does not hold up the end of another domain; nor does an owned CPU take part. */
static void test_deferred_reaping(void **state)
{
    struct boot_domain config = { .name = "owner", .vcpu_count = 1 };
    struct domain *owner, *other;
    cpuset_t s;
    struct vcpu *o;
    uint64_t before;
    unsigned loads;

    (void)state;
    host_board_init(2, 32);
    s = one_cpu(1);
    assert_int_equal(domain_create(&config, &owner), 0);
    assert_int_equal(vcpu_create(owner, 0, cpu_table[1], &s, &o), 0);
    domain_start(owner);
    host_settle();
    d = make_domain("busy", 1, 0, all_cpus(), 0);
    start_domain(d);
    before = page_alloc_free_count();
    other = make_domain("ends", 1, 0, all_cpus(), 2000);
    start_domain(other);
    loads = o->arch.loads;
    host_run_on(1);
    domain_shutdown(other, SHUTDOWN_poweroff);
    host_settle();
    host_run_until(host_now + 100000000);
    assert_int_equal(page_alloc_free_count(), before);
    assert_int_equal(o->arch.loads, loads);
    assert_true(cpu_table[1]->arch.timer == TIMER_NEVER);
    end_all();
}

/* ---- mmio ---- */

static uint64_t seen;
static enum mmio_device seen_by;

int vgic_dist_access(struct vcpu *vcpu, struct mmio_access *access)
{
    assert_ptr_equal(vcpu, v);
    seen = access->offset;
    seen_by = MMIO_VGIC_DIST;
    return 0;
}

int vgic_redist_access(struct vcpu *vcpu, struct mmio_access *access)
{
    (void)vcpu;
    seen = access->offset;
    seen_by = MMIO_VGIC_REDIST;
    return -XEN_EINVAL;
}

static void test_mmio(void **state)
{
    struct mmio_access access = { .size = 4 };
    struct mmio_map *map;

    (void)state;
    init(1, 1);
    map = &d->mmio;
    memset(map, 0, sizeof(*map));
    assert_int_equal(mmio_dispatch(v, 0x1000, &access), -XEN_ENXIO);
    assert_int_equal(mmio_add(map, 0x1000, 0x100, MMIO_VGIC_DIST), 0);
    assert_int_equal(mmio_add(map, 0x1100, 0x100, MMIO_VGIC_REDIST), 0);
    assert_int_equal(mmio_add(map, 0x10ff, 0x10, MMIO_VPL011), -XEN_EINVAL);
    assert_int_equal(mmio_add(map, 0xf00, 0x101, MMIO_VPL011), -XEN_EINVAL);
    assert_int_equal(mmio_add(map, 0x1010, 1, MMIO_VPL011), -XEN_EINVAL);
    assert_int_equal(mmio_add(map, 0, 0x10000, MMIO_VPL011), -XEN_EINVAL);
    assert_int_equal(mmio_dispatch(v, 0x10ff, &access), 0);
    assert_true(seen == 0xff && seen_by == MMIO_VGIC_DIST);
    assert_int_equal(mmio_dispatch(v, 0x1100, &access), -XEN_EINVAL);
    assert_true(seen == 0 && seen_by == MMIO_VGIC_REDIST);
    assert_int_equal(mmio_dispatch(v, 0x1200, &access), -XEN_ENXIO);
    assert_int_equal(mmio_dispatch(v, 0xfff, &access), -XEN_ENXIO);
    assert_int_equal(mmio_dispatch(v, UINT64_MAX, &access), -XEN_ENXIO);
    for (unsigned i = 2; i < MMIO_REGION_COUNT; i++) {
        assert_int_equal(mmio_add(map, 0x10000 * i, 0x100, MMIO_VPL011), 0);
    }
    assert_int_equal(mmio_add(map, 0x1000000, 0x100, MMIO_VPL011), -XEN_ENOSPC);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_and_wake),     cmocka_unit_test(test_event_before_sleep),
        cmocka_unit_test(test_event_before_block), cmocka_unit_test(test_kick_running),
        cmocka_unit_test(test_on_and_off_line),    cmocka_unit_test(test_deferred_reaping),
        cmocka_unit_test(test_mmio),
    };

    return RUN_TESTS_APART(tests);
}
