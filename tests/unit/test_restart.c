/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/restart.c: what follows an end, the new life of a partition and its channels, and what stands in its way.
 */
#include "partition.h"

#include "bh/evtchn.h"
#include "bh/partition.h"
#include "bh/policy.h"
#include "bh/pv_backend.h"
#include "bh/restart.h"
#include "bh/window.h"

#define IMAGE_SIZE (MIB(2) + 999)

static struct domain *again, *peer;
static struct boot_domain config;
static char image[IMAGE_SIZE];

/* "again" with RULES, built as at boot, and "peer", which only lives. */
static void make(struct restart_rules rules)
{
    static char arguments[8];
    static fdt_cell_t cpus[2];

    host_board_init(2, 32);
    fill_image(image, IMAGE_SIZE, 7);
    strcpy(arguments, "once");
    cpus[0] = 0;
    cpus[1] = __builtin_bswap32(1);
    config = (struct boot_domain){
        .name = "again", .memory_kib = 8 << 10, .vcpu_count = 1, .restart = rules, .bootargs = arguments,
        .bootargs_size = 4, .cpus = cpus, .cpu_count = 2,
        .kernel = { host_module_place(image, IMAGE_SIZE), IMAGE_SIZE },
    };
    assert_int_equal(partition_build(&config, &again), 0);
    assert_int_equal(restart_keep(again, &config), 0);
    peer = make_domain("peer", 1, 0, all_cpus(), 16);
    frame_scrub_always();
    /* The tree is gone when partitions run. */
    memset(&config, 0xee, sizeof(config));
    memset(arguments, 0xee, sizeof(arguments));
    memset(cpus, 0xee, sizeof(cpus));
}

static void start(void)
{
    start_domain(peer);
    start_domain(again);
    (void)host_uart_take();
}

static void ends(struct domain *d, unsigned reason)
{
    domain_shutdown(d, reason);
    host_settle();
}

static bool is_there(const struct domain *d)
{
    bool there = false;

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        there = there || domain_table[i] == d;
    }
    return there;
}

/* The byte of again's memory at OFFSET from its beginning. */
static char byte_at(uint64_t offset)
{
    mfn_t m = p2m_ram(&again->p2m, gfn(TEST_RAM_GFN + (offset >> PAGE_SHIFT)));
    const char *p = window_open_read(m);
    char c = p[offset & (PAGE_SIZE - 1)];

    window_close(p);
    return c;
}

#define ON_REBOOT { .action = { [RESTART_REBOOT] = RESTART_AGAIN } }

/* Req: BH-LIFE-012, BH-LIFE-013 */
static void test_starts_again(void **state)
{
    uint64_t free_before;
    uint16_t id;

    (void)state;
    make((struct restart_rules)ON_REBOOT);
    start();
    id = again->id;
    free_before = page_alloc_free_count();
    for (unsigned i = 0; i < 3; i++) {
        mfn_t m = p2m_ram(&again->p2m, gfn(TEST_RAM_GFN + 1000));
        char *p = window_open(m);

        p[5] = 'x';
        window_close(p);
        ends(again, SHUTDOWN_reboot);
        assert_non_null(strstr(host_uart_take(), "again: started again"));
        assert_int_equal(again->phase, DOMAIN_RUNNING);
        assert_int_equal(again->id, id);
        assert_string_equal(again->name, "again");
        assert_int_equal(again->vcpu_count, 1);
        assert_true(again->vcpus[0]->state == VCPU_RUNNING || again->vcpus[0]->state == VCPU_RUNNABLE);
        assert_int_equal(page_alloc_free_count(), free_before);
        assert_int_equal(byte_at(MIB(2) + 100), image[MIB(2) + 100]);
        assert_int_equal(byte_at(1000 * PAGE_SIZE + 5), 0);
    }
    ends(again, SHUTDOWN_poweroff);
    assert_false(is_there(again));
}

/* Req: BH-LIFE-012 */
static void test_causes(void **state)
{
    static const unsigned reasons[] = { SHUTDOWN_poweroff, SHUTDOWN_reboot, SHUTDOWN_crash, SHUTDOWN_watchdog,
                                        SHUTDOWN_suspend, SHUTDOWN_soft_reset, 200 };

    (void)state;
    for (unsigned cause = 0; cause < RESTART_CAUSE_COUNT; cause++) {
        for (unsigned i = 0; i < ARRAY_COUNT(reasons); i++) {
            struct restart_rules rules = { .limit = 0 };

            rules.action[cause] = RESTART_AGAIN;
            make(rules);
            start();
            ends(again, reasons[i]);
            assert_int_equal(is_there(again), i == cause);
            if (is_there(again)) {
                /* For good, this time. */
                ends(again, SHUTDOWN_suspend);
            }
            end_all();
        }
    }
}

/* Req: BH-LIFE-014 */
static void test_limit(void **state)
{
    (void)state;
    make((struct restart_rules){ .action = { [RESTART_CRASH] = RESTART_AGAIN }, .limit = 2, .seconds = 10 });
    start();
    ends(again, SHUTDOWN_crash);
    host_advance(6 * arch_time_frequency());
    ends(again, SHUTDOWN_crash);
    /* The first one no longer counts. */
    host_advance(5 * arch_time_frequency());
    ends(again, SHUTDOWN_crash);
    assert_true(is_there(again));
    (void)host_uart_take();
    ends(again, SHUTDOWN_crash);
    assert_false(is_there(again));
    assert_non_null(strstr(host_uart_take(), "again: started again 2 times in 10 s, and does so no more"));
}

/* Req: BH-LIFE-015 */
static void test_channels(void **state)
{
    uint32_t port;

    (void)state;
    make((struct restart_rules)ON_REBOOT);
    assert_int_equal(evtchn_bind_static(again, 5, peer, 9), 0);
    assert_int_equal(restart_keep_evtchn(again, 5, peer, 9), 0);
    assert_int_equal(evtchn_bind_static(again, 6, again, 7), 0);
    assert_int_equal(restart_keep_evtchn(again, 6, again, 7), 0);
    assert_int_equal(pv_backend_offer(again, peer, PV_RING_XENSTORE, &port), 0);
    assert_int_equal(restart_keep_ring(again, peer, PV_RING_XENSTORE), 0);
    policy_allow(peer, again, POLICY_ARGO);
    start();
    for (unsigned i = 0; i < 3; i++) {
        ends(again, SHUTDOWN_reboot);
        assert_int_equal(evtchn_at(&peer->evtchn, 9)->state, EVTCHN_INTERDOMAIN);
        assert_ptr_equal(evtchn_at(&peer->evtchn, 9)->remote, again);
        assert_ptr_equal(evtchn_at(&again->evtchn, 5)->remote, peer);
        assert_int_equal(evtchn_at(&again->evtchn, 5)->remote_port, 9);
        assert_int_equal(evtchn_at(&again->evtchn, 6)->remote_port, 7);
        assert_int_equal(again->parameter.store_evtchn, port);
        assert_int_equal(evtchn_at(&again->evtchn, port)->state, EVTCHN_UNBOUND);
        assert_int_equal(evtchn_at(&again->evtchn, port)->remote_id, peer->id);
        assert_true(policy_ask(peer, again, POLICY_ARGO));
        assert_false(policy_ask(again, peer, POLICY_ARGO));
    }
    /* A port that its peer uses for something else stays with that. */
    assert_int_equal(evtchn_close_port(peer, 9, true), 0);
    port = 9;
    assert_int_equal(evtchn_offer(peer, &port, 77), 0);
    (void)host_uart_take();
    ends(again, SHUTDOWN_reboot);
    assert_non_null(strstr(host_uart_take(), "again: its channel to peer is not made again (error 16)"));
    assert_int_equal(evtchn_at(&peer->evtchn, 9)->remote_id, 77);
    ends(peer, SHUTDOWN_poweroff);
    ends(again, SHUTDOWN_reboot);
    assert_int_equal(again->phase, DOMAIN_RUNNING);
}

/* Req: BH-LIFE-013 */
/* Nobody else gets memory from a closed allocator, and what starts again gets its own. */
static void test_sealed(void **state)
{
    mfn_t m;

    (void)state;
    make((struct restart_rules)ON_REBOOT);
    page_alloc_seal();
    start();
    ends(again, SHUTDOWN_reboot);
    assert_int_equal(again->phase, DOMAIN_RUNNING);
    assert_int_equal(page_alloc_take(0, &m), -XEN_ENOMEM);
}

/* Every allocation of a new life fails once: the partition is gone then, with all its memory. */
static void test_allocations_fail(void **state)
{
    unsigned gone = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        uint64_t free_before;
        bool failed;

        make((struct restart_rules)ON_REBOOT);
        start();
        free_before = page_alloc_free_count();
        host_fail_allocation(n);
        ends(again, SHUTDOWN_reboot);
        failed = host_allocation_count() >= n;
        host_fail_allocation(0);
        page_alloc_audit();
        gone += !is_there(again);
        assert_int_equal(is_there(again), strstr(host_uart_take(), "does not start again") == NULL);
        /* Smaller blocks of memory take tables. */
        assert_int_equal(is_there(again), page_alloc_free_count() <= free_before);
        end_all();
        if (!failed) {
            break;
        }
    }
    assert_true(gone > 10);
}

/* Req: BH-LIFE-013 */
static void test_modules(void **state)
{
    uint64_t start_of;

    (void)state;
    make((struct restart_rules)ON_REBOOT);
    start_of = again->restart.config->kernel.start;
    assert_true(restart_needs(start_of, start_of + 1));
    assert_true(restart_needs(start_of + IMAGE_SIZE - 1, start_of + IMAGE_SIZE));
    assert_false(restart_needs(start_of + IMAGE_SIZE, start_of + IMAGE_SIZE + PAGE_SIZE));
    assert_string_equal(again->restart.config->bootargs, "once");
    assert_int_equal(boot_domain_cpu(again->restart.config, 1), 1);
    end_all();
    make((struct restart_rules){ .action = { [RESTART_CRASH] = RESTART_HALT_BOARD } });
    assert_null(again->restart.config);
}

static void crash(void *d)
{
    ends(d, SHUTDOWN_crash);
}

/* Req: BH-LIFE-016 */
static void test_halt(void **state)
{
    (void)state;
    make((struct restart_rules){ .action = { [RESTART_CRASH] = RESTART_HALT_BOARD } });
    start();
    assert_dies(crash, again, "again has ended: the board halts");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_again), cmocka_unit_test(test_causes),  cmocka_unit_test(test_limit),
        cmocka_unit_test(test_channels),     cmocka_unit_test(test_sealed),  cmocka_unit_test(test_allocations_fail),
        cmocka_unit_test(test_modules),      cmocka_unit_test(test_halt),
    };

    return RUN_TESTS_APART(tests);
}
