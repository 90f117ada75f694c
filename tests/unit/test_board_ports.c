/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/board_ports.c: what of a PC is nobody's.
 */
#include "test.h"

#include "board_ports.h"

static const struct acpi_board acpi = {
    .has_fadt = true,
    .sci = 9,
    .pm_timer = { .address = 0x608, .bits = 32, .is_port = true },
    .pm1a_control = { .address = 0x1004, .bits = 16, .is_port = true },
    .pm1b_control = { .address = 0x2f8, .bits = 16 }, /* memory */
    .reset = { .address = 0xe000, .bits = 8, .is_port = true },
};

static void expect_port(uint32_t first, uint32_t count, const char *holder)
{
    const char *found = board_ports_holder(&acpi, true, first, count);

    if (holder == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, holder);
    }
}

/* Req: BH-PORT-002 */
static void test_ports(void **state)
{
    (void)state;
    expect_port(0x2f8, 8, NULL);
    expect_port(0x3f0, 8, NULL);
    expect_port(0x3f0, 9, "the hypervisor's console");
    expect_port(0x3ff, 1, "the hypervisor's console");
    expect_port(0x400, 1, NULL);
    assert_null(board_ports_holder(&acpi, false, 0x3f8, 8));
    expect_port(0, 1, "the DMA controller, which reaches all memory,");
    expect_port(0xc8, 2, "the DMA controller, which reaches all memory,");
    expect_port(0x80, 1, NULL);
    expect_port(0x20, 1, "the interrupt controller");
    expect_port(0x9f, 3, "the interrupt controller");
    expect_port(0x43, 1, "the interval timer");
    expect_port(0x60, 1, NULL);
    expect_port(0x61, 1, "the interval timer");
    expect_port(0x62, 3, "the reset of the board");
    expect_port(0x92, 1, "the reset of the board");
    expect_port(0x71, 1, "the clock");
    expect_port(0xcf9, 1, "the configuration of PCI");
    expect_port(0xcf0, 8, NULL);
    expect_port(0x5ff, 2, "the power management");
    expect_port(0x67f, 1, "the power management");
    expect_port(0x680, 1, NULL);
    expect_port(0x1000, 1, "the power management");
    expect_port(0xe000, 1, "the reset of the board");
    expect_port(0xe001, 0x1fff, NULL);
    expect_port(0x100, 0xff00, "the interrupt controller");
}

/* Req: BH-PORT-002 */
static void test_interrupts(void **state)
{
    (void)state;
    for (unsigned irq = 0; irq < 16; irq++) {
        bool is_free = irq != 0 && irq != 2 && irq != 4 && irq != 8 && irq != 9;

        assert_int_equal(board_isa_holder(&acpi, true, irq) == NULL, is_free);
    }
    assert_null(board_isa_holder(&acpi, false, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ports), cmocka_unit_test(test_interrupts) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
