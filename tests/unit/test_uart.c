/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drivers of UARTs, over registers that are plain memory: what is written where, how much is taken in one interrupt.
 */
#include "test.h"

#include <string.h>

#include "bh/console.h"
#include "drivers/cadence_uart.h"
#include "drivers/pl011.h"

static uint32_t registers[0x48 / 4];
static unsigned taken, drained;
static char last;

/* The console's, here only counted. */
void console_input(char c)
{
    last = c;
    taken++;
}

void console_drain(void)
{
    drained++;
}

static void fresh(void)
{
    memset(registers, 0, sizeof(registers));
    taken = drained = 0;
}

#define REG(offset) registers[(offset) / 4]

/* Zynq's: control 0, interrupts on 8, off 0xc, status 0x14, trigger 0x20, channel status 0x2c, FIFO 0x30. */
static void test_cadence(void **state)
{
    (void)state;
    fresh();
    REG(0) = 0x128; /* as after reset: both directions off */
    cadence_uart_init(registers);
    assert_int_equal(REG(0) & 0x3c, 0x14); /* both on */
    assert_int_equal(REG(0x0c), 0x1fff);
    assert_int_equal(REG(0x20), 1);
    assert_int_equal(REG(0x08), 0);
    cadence_uart_enable_input();
    assert_int_equal(REG(0x08), 0x101);

    assert_true(cadence_uart_put('a'));
    assert_int_equal(REG(0x30), 'a');
    REG(0x2c) = 0x10;
    assert_false(cadence_uart_put('b'));
    assert_int_equal(REG(0x30), 'a');

    /* Told only of what changes; an earlier "empty" is cleared before it counts. */
    REG(0x14) = REG(0x08) = REG(0x0c) = 0;
    cadence_uart_want_room(false);
    assert_int_equal(REG(0x0c), 0);
    cadence_uart_want_room(true);
    assert_int_equal(REG(0x14), 8);
    assert_int_equal(REG(0x08), 8);
    REG(0x08) = 0;
    cadence_uart_want_room(true);
    assert_int_equal(REG(0x08), 0);
    cadence_uart_want_room(false);
    assert_int_equal(REG(0x0c), 8);
}

static void test_cadence_interrupt(void **state)
{
    (void)state;
    fresh();
    cadence_uart_init(registers);
    REG(0x2c) = 2; /* nothing came */
    cadence_uart_interrupt();
    assert_int_equal(taken, 0);
    assert_int_equal(drained, 1);
    REG(0x2c) = 0; /* it never becomes empty: a bounded number */
    REG(0x30) = 'z';
    REG(0) = 0;
    REG(0x14) = 0x100;
    cadence_uart_interrupt();
    assert_int_equal(taken, 64);
    assert_int_equal(last, 'z');
    assert_int_equal(REG(0), 0x40); /* the timeout begins anew */
}

static void test_pl011(void **state)
{
    (void)state;
    fresh();
    pl011_init(registers);
    assert_int_equal(REG(0x44), 0x7ff);
    pl011_enable_input();
    assert_int_equal(REG(0x38), 0x50);
    assert_true(pl011_put('a'));
    assert_int_equal(REG(0), 'a');
    REG(0x18) = 0x20;
    assert_false(pl011_put('b'));
    pl011_want_room(true);
    assert_int_equal(REG(0x38), 0x70);
    pl011_want_room(false);
    assert_int_equal(REG(0x38), 0x50);
    REG(0x18) = 0x10;
    pl011_interrupt();
    assert_int_equal(taken, 0);
    REG(0x18) = 0;
    pl011_interrupt();
    assert_int_equal(taken, 32);
    assert_int_equal(drained, 2);
}

/* Whoever has no console yet: the firmware may have left the UART off. */
static void test_early(void **state)
{
    (void)state;
    fresh();
    REG(0) = 0x128;
    cadence_uart_early_put((uintptr_t)registers, 'x');
    assert_int_equal(REG(0x30), 'x');
    assert_int_equal(REG(0) & 0x30, 0x10);
    fresh();
    pl011_early_put((uintptr_t)registers, 'y');
    assert_int_equal(REG(0), 'y');
    REG(0x18) = 0x20; /* stuck: a bounded time */
    pl011_early_put((uintptr_t)registers, 'z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cadence),
        cmocka_unit_test(test_cadence_interrupt),
        cmocka_unit_test(test_pl011),
        cmocka_unit_test(test_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
