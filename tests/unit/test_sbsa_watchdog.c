/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual watchdog on the host's clock: every register, both signals, refreshes that race with its timer.
 */
#include "test.h"

#include <string.h>

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"
#include "hypervisor/arch/host/host.h"

#define WRR  0x000
#define WCS  0x000
#define WOR  0x008
#define WORH 0x00c
#define WCV  0x010
#define WCVH 0x014
#define IIDR 0xfcc

#define EN  1u
#define WS0 2u
#define WS1 4u

static struct domain domain;
static struct vcpu vcpu;

/* ---- Fakes ---- */

static bool line_is_up;
static unsigned ends;

void vgic_raise_spi(struct domain *d, unsigned irq)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(irq, SBSA_WATCHDOG_SPI);
    assert_false(line_is_up);
    line_is_up = true;
}

void vgic_lower_spi(struct domain *d, unsigned irq)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(irq, SBSA_WATCHDOG_SPI);
    assert_true(line_is_up);
    line_is_up = false;
}

void domain_watchdog_expired(struct domain *d)
{
    assert_ptr_equal(d, &domain);
    ends++;
}

/* ---- Helpers ---- */

static int setup(void **state)
{
    static bool is_ready;

    (void)state;
    if (!is_ready) {
        host_board_init(2, 8);
        is_ready = true;
    }
    host_run_on(0);
    memset(&domain, 0, sizeof(domain));
    vcpu = (struct vcpu){ .domain = &domain };
    line_is_up = false;
    ends = 0;
    sbsa_watchdog_init(&domain);
    sbsa_watchdog_start(&domain, host_now);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sbsa_watchdog_stop(&domain);
    assert_null(domain.arch.watchdog.timer.queue);
    return 0;
}

static uint64_t rd_sized(uint64_t offset, unsigned size)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size, .value = ~0ull };

    assert_int_equal(sbsa_watchdog_control_access(&vcpu, &a), 0);
    return a.value;
}

static uint32_t rd(uint64_t offset)
{
    return (uint32_t)rd_sized(offset, 4);
}

static void wr_sized(uint64_t offset, uint64_t value, unsigned size)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size, .value = value, .is_write = true };

    assert_int_equal(sbsa_watchdog_control_access(&vcpu, &a), 0);
}

static void wr(uint64_t offset, uint32_t value)
{
    wr_sized(offset, value, 4);
}

static void pet(void)
{
    struct mmio_access a = { .offset = WRR, .size = 4, .is_write = true };

    assert_int_equal(sbsa_watchdog_refresh_access(&vcpu, &a), 0);
}

static void pass(uint64_t ticks)
{
    host_run_until(host_now + ticks);
}

/* What the counter of the domain shows. */
static uint64_t counter(void)
{
    return host_now - domain.arch.watchdog.origin;
}

/* ---- Tests ---- */

/* Req: BH-WDT-001 */
static void test_registers(void **state)
{
    struct mmio_access a = { .offset = IIDR, .size = 4 };

    (void)state;
    assert_int_equal(rd(WCS) | rd(WOR) | rd(WORH), 0);
    assert_int_equal(rd(IIDR) >> 16 & 0xf, 1);
    assert_int_equal(sbsa_watchdog_refresh_access(&vcpu, &a), 0);
    assert_int_equal(a.value, rd(IIDR));
    assert_true(rd_sized(0xfc8, 8) == (uint64_t)rd(IIDR) << 32);
    a = (struct mmio_access){ .offset = 0xfc8, .size = 8 };
    assert_int_equal(sbsa_watchdog_refresh_access(&vcpu, &a), 0);
    assert_true(a.value == (uint64_t)rd(IIDR) << 32);
    a = (struct mmio_access){ .offset = WRR, .size = 4, .value = 7 };
    assert_int_equal(sbsa_watchdog_refresh_access(&vcpu, &a), 0);
    assert_int_equal(a.value, 0);
    /* 48 bits of offset; of the status only the enable bit is written. */
    wr(WOR, 0x89abcdef);
    wr(WORH, 0xffffffff);
    assert_true(rd_sized(WOR, 8) == 0xffff89abcdefull);
    wr_sized(WOR, 0x123456789abcdef0, 8);
    assert_true(rd_sized(WOR, 8) == 0x56789abcdef0ull);
    wr(WCS, 0xffffffff);
    assert_int_equal(rd(WCS), EN);
    assert_true(rd_sized(WCV, 8) == counter() + 0x56789abcdef0ull);
    wr(WCS, 0);
    wr_sized(WCV, 0x1122334455667788, 8);
    assert_int_equal(rd(WCV), 0x55667788);
    assert_int_equal(rd(WCVH), 0x11223344);
    /* All else reads as zero, and a write there is nothing. */
    for (unsigned at = 0; at < SBSA_WATCHDOG_FRAME_SIZE; at += 4) {
        if (at == WCS || (at >= WOR && at <= WCVH) || at == IIDR) {
            continue;
        }
        wr(at, 0xffffffff);
        assert_int_equal(rd(at), 0);
    }
    assert_true(rd_sized(WCV, 8) == 0x1122334455667788 && rd(WCS) == 0);
}

/* Req: BH-WDT-006 */
static void test_sizes(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned offset = 0; offset < 16; offset++) {
            struct mmio_access a = { .offset = offset, .size = (uint8_t)size };
            bool good = size >= 4 && offset % size == 0;

            for (unsigned i = 0; i < 2; i++, a.is_write = true) {
                assert_int_equal(sbsa_watchdog_control_access(&vcpu, &a), good ? 0 : -XEN_EINVAL);
                assert_int_equal(sbsa_watchdog_refresh_access(&vcpu, &a), good ? 0 : -XEN_EINVAL);
            }
        }
    }
}

/* Req: BH-WDT-003, BH-WDT-004 */
static void test_signals(void **state)
{
    (void)state;
    wr(WOR, 1000);
    pass(5000);
    assert_int_equal(rd(WCS), 0); /* not enabled */
    wr(WCS, EN);
    pass(1000);
    assert_int_equal(rd(WCS), EN);
    assert_false(line_is_up);
    pass(1);
    assert_int_equal(rd(WCS), EN | WS0);
    assert_true(line_is_up);
    assert_true(rd_sized(WCV, 8) == counter() + 1000);
    pass(1000);
    assert_int_equal(ends, 0);
    pass(1);
    assert_int_equal(rd(WCS), EN | WS0 | WS1);
    assert_int_equal(ends, 1);
    pass(1000000);
    assert_int_equal(ends, 1);
}

/* Req: BH-WDT-002 */
static void test_refreshes(void **state)
{
    (void)state;
    wr(WOR, 1000);
    wr(WCS, EN);
    for (unsigned i = 0; i < 4; i++) {
        pass(1500);
        assert_int_equal(rd(WCS), EN | WS0);
        switch (i) {
        case 0: pet(); break;
        case 1: wr(WCS, EN); break;
        case 2: wr(WOR, 1000); break;
        default: wr(WORH, 0); break;
        }
        assert_int_equal(rd(WCS), EN);
        assert_false(line_is_up);
        assert_true(rd_sized(WCV, 8) == counter() + 1000);
    }
    for (unsigned i = 0; i < 10; i++) {
        pass(1000);
        pet();
    }
    assert_int_equal(rd(WCS), EN);
    /* Off after the first signal: nothing follows. */
    pass(1001);
    assert_true(line_is_up);
    wr(WCS, 0);
    assert_false(line_is_up);
    pass(100000);
    assert_int_equal(ends, 0);
}

/* Req: BH-WDT-001, BH-WDT-003 */
static void test_compare_value(void **state)
{
    (void)state;
    wr(WOR, 1000);
    wr(WCS, EN);
    wr_sized(WCV, counter() + 50000, 8);
    pass(50000);
    assert_int_equal(rd(WCS), EN);
    pass(1);
    assert_int_equal(rd(WCS), EN | WS0);
    /* In the past: at once. The farthest is never. */
    pet();
    wr_sized(WCV, 0, 8);
    pass(1);
    assert_int_equal(rd(WCS), EN | WS0);
    wr_sized(WCV, ~0ull, 8);
    assert_null(domain.arch.watchdog.timer.queue);
    wr_sized(WCV, TIMER_NEVER - 2 - domain.arch.watchdog.origin, 8);
    assert_true(domain.arch.watchdog.timer.deadline == TIMER_NEVER - 1);
    pass(1000000);
    assert_int_equal(ends, 0);
    /* No time at all: a signal at each tick. */
    wr(WOR, 0);
    pass(1);
    assert_int_equal(rd(WCS), EN | WS0);
    pass(1);
    assert_int_equal(ends, 1);
}

/* The timer is due, and before its action looks another CPU has begun a new time. Req: BH-WDT-002 */
static void test_late_expiry(void **state)
{
    (void)state;
    wr(WOR, 1000);
    wr(WCS, EN);
    host_advance(2000);
    host_run_on(1);
    pet();
    sbsa_watchdog_expired(&domain);
    assert_int_equal(rd(WCS), EN);
    wr(WCS, 0);
    sbsa_watchdog_expired(&domain);
    assert_int_equal(rd(WCS), 0);
    wr(WCS, EN);
    host_advance(2000);
    sbsa_watchdog_stop(&domain);
    sbsa_watchdog_expired(&domain);
    assert_int_equal(ends, 0);
    assert_false(line_is_up);
    assert_null(domain.arch.watchdog.timer.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refreshes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compare_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_expiry, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
