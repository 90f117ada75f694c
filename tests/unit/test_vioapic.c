/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual I/O APIC on virtual local APICs: registers, edges and levels until their ends, lines that are closed when
 * they may not interrupt, whom an entry names.
 */
#include "test.h"

#include "vlapic_board.h"

#include "bh/vioapic.h"

#define EDGE_PIN  3u
#define LEVEL_PIN 10u
#define MASKED    0x10000u
#define LEVEL     0x8000u
#define REMOTE    0x4000u
#define LOGICAL   0x800u
#define LOWEST    0x100u

static uint32_t io_get(unsigned index)
{
    uint32_t value = 0xdeadbeef;

    assert_int_equal(vioapic_write(&vcpus[0], 0, index), 0);
    assert_int_equal(vioapic_read(&vcpus[0], 0x10, &value), 0);
    return value;
}

static void io_set(unsigned index, uint32_t value)
{
    assert_int_equal(vioapic_write(&vcpus[0], 0, index), 0);
    assert_int_equal(vioapic_write(&vcpus[0], 0x10, value), 0);
}

static void entry_set(unsigned pin, uint32_t low, uint32_t high)
{
    io_set(0x11 + 2 * pin, high);
    io_set(0x10 + 2 * pin, low);
}

static bool is_open(unsigned pin)
{
    return host_line_is_open[pin];
}

/* COUNT vCPUs whose local APICs listen, and an I/O APIC with two pins. */
static void io_board(unsigned count)
{
    board(count);
    memset(host_line_is_open, 0, sizeof(host_line_is_open));
    for (unsigned i = 0; i < count; i++) {
        enable(i);
    }
    vioapic_init(&domain);
    vioapic_wire(&domain, EDGE_PIN, false);
    vioapic_wire(&domain, LEVEL_PIN, true);
}

/* vCPU ID takes the vector that is pending; -1: none is. */
static int accept(unsigned id)
{
    int vector = vlapic_pending(&vcpus[id]);

    if (vector >= 0) {
        vlapic_accept(&vcpus[id], (uint8_t)vector);
    }
    return vector;
}

/* It ends it, and goes back to its guest. */
static void end(unsigned id)
{
    set(id, 0xb0, 0);
    if (vcpus[id].arch.is_watched) {
        vioapic_settle(&vcpus[id]);
    }
}

/* Req: BH-PORT-005 */
static void test_registers(void **state)
{
    uint32_t value;

    (void)state;
    io_board(1);
    assert_int_equal(io_get(0), 0);
    assert_int_equal(io_get(1), 0x170011);
    for (unsigned pin = 0; pin < VIOAPIC_PIN_COUNT; pin++) {
        assert_int_equal(io_get(0x10 + 2 * pin), MASKED);
        assert_int_equal(io_get(0x11 + 2 * pin), 0);
        entry_set(pin, 0xffffffff, 0xffffffff);
        assert_int_equal(io_get(0x10 + 2 * pin), 0x1afff);
        assert_int_equal(io_get(0x11 + 2 * pin), 0xfffe0000);
        assert_false(is_open(pin));
        /* An unwired pin has no line to be open. */
        entry_set(pin, 0x40, 0);
        assert_int_equal(is_open(pin), pin == EDGE_PIN || pin == LEVEL_PIN);
    }
    io_set(0, 0xffffffff);
    assert_int_equal(io_get(0), 0x0f000000);
    assert_int_equal(io_get(2), 0x0f000000);
    io_set(1, 0);
    io_set(2, 0);
    assert_int_equal(io_get(1), 0x170011);
    /* What is no register. */
    for (unsigned index = 3; index < 256; index += index == 15 ? 0x31 : 1) {
        io_set(index, 0xffffffff);
        assert_int_equal(io_get(index), 0);
    }
    assert_int_equal(vioapic_read(&vcpus[0], 0, &value), 0);
    assert_int_equal(value, 255);
    assert_int_equal(vioapic_read(&vcpus[0], 0x40, &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(vioapic_write(&vcpus[0], 0x20, 1), 0);
    assert_int_equal(vioapic_read(&vcpus[0], 0x11, &value), -XEN_EINVAL);
    assert_int_equal(vioapic_write(&vcpus[0], 0x12, 0), -XEN_EINVAL);
}

/* Req: BH-PORT-005, BH-PORT-006 */
static void test_edge(void **state)
{
    (void)state;
    io_board(1);
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(0), -1); /* masked */
    entry_set(EDGE_PIN, 0x40, 0);
    assert_true(is_open(EDGE_PIN));
    vioapic_came(&domain, EDGE_PIN);
    assert_true(vcpus[0].arch.is_watched);
    assert_true(is_open(EDGE_PIN));
    assert_int_equal(accept(0), 0x40);
    assert_int_equal(get(0, 0x180 + 0x20), 0);
    end(0);
    assert_false(vcpus[0].arch.is_watched);
    assert_int_equal(accept(0), -1);
    /* A second one before the end is kept; then the line is closed, and further ones are none. */
    vioapic_came(&domain, EDGE_PIN);
    vioapic_came(&domain, EDGE_PIN);
    assert_false(is_open(EDGE_PIN));
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(0), 0x40);
    assert_int_equal(accept(0), -1);
    end(0);
    assert_true(is_open(EDGE_PIN));
    assert_int_equal(accept(0), 0x40);
    end(0);
    assert_int_equal(accept(0), -1);
    assert_true(is_open(EDGE_PIN));
    /* The one that is kept comes although the guest has masked the pin, as from a local APIC that has it. */
    vioapic_came(&domain, EDGE_PIN);
    vioapic_came(&domain, EDGE_PIN);
    io_set(0x10 + 2 * EDGE_PIN, 0x40 | MASKED);
    assert_int_equal(accept(0), 0x40);
    end(0);
    assert_int_equal(accept(0), 0x40);
    end(0);
    assert_false(is_open(EDGE_PIN));
    io_set(0x10 + 2 * EDGE_PIN, 0x40);
    assert_true(is_open(EDGE_PIN));
    assert_int_equal(accept(0), -1);
}

/* Req: BH-PORT-005, BH-PORT-007 */
static void test_level(void **state)
{
    (void)state;
    io_board(1);
    entry_set(LEVEL_PIN, 0x51 | LEVEL, 0);
    assert_true(is_open(LEVEL_PIN));
    vioapic_came(&domain, LEVEL_PIN);
    assert_false(is_open(LEVEL_PIN));
    assert_int_equal(io_get(0x10 + 2 * LEVEL_PIN), 0x51 | LEVEL | REMOTE);
    assert_int_equal(accept(0), 0x51);
    assert_int_equal(get(0, 0x180 + 0x20), 1u << 0x11);
    /* One that was on its way. */
    vioapic_came(&domain, LEVEL_PIN);
    assert_int_equal(accept(0), -1);
    /* Other interrupts begin and end within it. */
    vlapic_post(&vcpus[0], 0x90);
    assert_int_equal(accept(0), 0x90);
    end(0);
    assert_false(is_open(LEVEL_PIN));
    assert_true(vcpus[0].arch.is_watched);
    end(0);
    assert_true(is_open(LEVEL_PIN));
    assert_int_equal(io_get(0x10 + 2 * LEVEL_PIN), 0x51 | LEVEL);
    assert_int_equal(get(0, 0x180 + 0x20), 0);
    /* Masked while it is in service: the end does not open it. */
    vioapic_came(&domain, LEVEL_PIN);
    assert_int_equal(accept(0), 0x51);
    io_set(0x10 + 2 * LEVEL_PIN, 0x51 | LEVEL | MASKED);
    end(0);
    assert_false(is_open(LEVEL_PIN));
    io_set(0x10 + 2 * LEVEL_PIN, 0x51 | LEVEL);
    assert_true(is_open(LEVEL_PIN));
    /* Requested again for somebody else: what was posted before does not matter any more. */
    vioapic_came(&domain, LEVEL_PIN);
    io_set(0x10 + 2 * LEVEL_PIN, 0x52 | LEVEL);
    assert_true(is_open(LEVEL_PIN));
    vioapic_came(&domain, LEVEL_PIN);
    assert_int_equal(accept(0), 0x52);
    end(0);
    assert_true(is_open(LEVEL_PIN));
    assert_int_equal(accept(0), 0x51);
    end(0);
    assert_false(vcpus[0].arch.is_watched);
    /* A reset of the local APIC ends all. */
    vioapic_came(&domain, LEVEL_PIN);
    vlapic_reset_by_init(&vcpus[0]);
    vioapic_settle(&vcpus[0]);
    assert_true(is_open(LEVEL_PIN));
}

/* Req: BH-PORT-005 */
static void test_destinations(void **state)
{
    (void)state;
    io_board(3);
    /* By number, all, and nobody: closed until the guest writes the entry. */
    entry_set(EDGE_PIN, 0x40, 2u << 24);
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(0), -1);
    assert_int_equal(accept(2), 0x40);
    end(2);
    entry_set(EDGE_PIN, 0x40, 0xffu << 24);
    vioapic_came(&domain, EDGE_PIN);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(accept(i), 0x40);
        end(i);
    }
    entry_set(EDGE_PIN, 0x40, 3u << 24);
    assert_true(is_open(EDGE_PIN));
    vioapic_came(&domain, EDGE_PIN);
    assert_false(is_open(EDGE_PIN));
    entry_set(EDGE_PIN, 0x40, 1u << 17); /* vCPU 256 */
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(0), -1);
    assert_false(is_open(EDGE_PIN));
    /* Logical, flat: bits. One of them if it is for one. */
    for (unsigned i = 0; i < 3; i++) {
        set(i, 0xd0, 1u << (24 + i));
    }
    entry_set(EDGE_PIN, 0x40 | LOGICAL, 6u << 24);
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(0), -1);
    assert_int_equal(accept(1), 0x40);
    assert_int_equal(accept(2), 0x40);
    end(1);
    end(2);
    entry_set(EDGE_PIN, 0x40 | LOGICAL | LOWEST, 6u << 24);
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(1), 0x40);
    assert_int_equal(accept(2), -1);
    end(1);
    /* An APIC that does not listen, a vector that is none, a delivery that there is not. */
    set(1, 0xf0, 0xff);
    vioapic_came(&domain, EDGE_PIN);
    assert_int_equal(accept(2), 0x40);
    end(2);
    entry_set(EDGE_PIN, 0x0f, 0);
    vioapic_came(&domain, EDGE_PIN);
    assert_false(is_open(EDGE_PIN));
    entry_set(EDGE_PIN, 0x440, 0);
    vioapic_came(&domain, EDGE_PIN);
    assert_false(is_open(EDGE_PIN));
    assert_int_equal(accept(0), -1);
    assert_int_equal(vcpus[0].arch.nmis, 0);
}

/* Req: BH-PORT-008 */
static void test_end(void **state)
{
    (void)state;
    io_board(1);
    entry_set(EDGE_PIN, 0x40, 0);
    entry_set(LEVEL_PIN, 0x51 | LEVEL, 0);
    vioapic_came(&domain, EDGE_PIN);
    vioapic_end(&domain);
    assert_false(is_open(EDGE_PIN) || is_open(LEVEL_PIN));
    vioapic_came(&domain, LEVEL_PIN);
    assert_false(is_open(LEVEL_PIN));
    vioapic_end(&domain);
    /* And of one that has none. */
    domain.arch.vioapic.is_there = false;
    vioapic_end(&domain);
    assert_int_equal(vioapic_levels(&domain, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers), cmocka_unit_test(test_edge),         cmocka_unit_test(test_level),
        cmocka_unit_test(test_end),       cmocka_unit_test(test_destinations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
