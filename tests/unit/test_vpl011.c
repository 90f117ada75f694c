/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual UART: every register, every size, its FIFO, and its interrupt line as the virtual GIC sees it.
 */
#include "test.h"

#include <string.h>

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"
#include "bh/vpl011.h"

#define DR   0x00
#define RSR  0x04
#define FR   0x18
#define IMSC 0x38
#define RIS  0x3c
#define MIS  0x40
#define ICR  0x44

#define RX (1u << 4)
#define TX (1u << 5)
#define RT (1u << 6)
#define OE (1u << 10)

static struct cpu cpu;
static struct domain domain;
static struct vcpu vcpu;

/* ---- Fakes ---- */

static char output[256];
static size_t output_length;
static bool congested;
static bool line_is_up;
static unsigned line_changes;

void console_domain_write(struct domain *d, const char *text, size_t size)
{
    assert_ptr_equal(d, &domain);
    assert_true(output_length + size <= sizeof(output));
    memcpy(output + output_length, text, size);
    output_length += size;
}

bool console_is_congested(void)
{
    return congested;
}

void vgic_raise_spi(struct domain *d, unsigned irq)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(irq, VPL011_SPI);
    assert_false(line_is_up);
    line_is_up = true;
    line_changes++;
}

void vgic_lower_spi(struct domain *d, unsigned irq)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(irq, VPL011_SPI);
    assert_true(line_is_up);
    line_is_up = false;
    line_changes++;
}

/* ---- Tests ---- */

static int setup(void **state)
{
    (void)state;
    memset(&domain, 0, sizeof(domain));
    memset(&vcpu, 0, sizeof(vcpu));
    vcpu.domain = &domain;
    host_this_cpu = &cpu;
    output_length = 0;
    congested = false;
    line_is_up = false;
    line_changes = 0;
    vpl011_init(&domain);
    return 0;
}

static uint32_t read_sized(uint64_t offset, unsigned size)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size, .value = ~0ull };

    assert_int_equal(vpl011_access(&vcpu, &a), 0);
    assert_true(a.value <= 0xffffffff);
    return (uint32_t)a.value;
}

static void write_sized(uint64_t offset, uint64_t value, unsigned size)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size, .value = value, .is_write = true };

    assert_int_equal(vpl011_access(&vcpu, &a), 0);
}

static uint32_t rd(uint64_t offset)
{
    return read_sized(offset, 4);
}

static void wr(uint64_t offset, uint32_t value)
{
    write_sized(offset, value, 4);
}

static void test_reset(void **state)
{
    (void)state;
    assert_int_equal(rd(FR), 0x90); /* both FIFOs empty */
    assert_int_equal(rd(IMSC), 0);
    assert_int_equal(rd(RIS), 0);
    assert_int_equal(rd(MIS), 0);
    assert_int_equal(rd(DR), 0);
    assert_int_equal(rd(RSR), 0);
    assert_int_equal(rd(ICR), 0);
    assert_int_equal(line_changes, 0);
}

/* Req: BH-UART-001 */
static void test_output(void **state)
{
    (void)state;
    wr(DR, 'a');
    write_sized(DR, 'b', 1);
    write_sized(DR, 'c', 2);
    wr(DR, 0xffffff00 | 'd');
    assert_memory_equal(output, "abcd", 4);
    assert_int_equal(output_length, 4);
    assert_int_equal(rd(FR), 0x90);
    assert_int_equal(rd(RIS), TX);
    write_sized(DR + 1, 'x', 1); /* not the data */
    write_sized(DR + 2, 'x', 2);
    assert_int_equal(output_length, 4);
}

/* Req: BH-UART-005, BH-UART-006 */
static void test_congestion(void **state)
{
    (void)state;
    wr(IMSC, TX);
    congested = true;
    assert_int_equal(rd(FR), 0x30);
    wr(DR, 'a');
    assert_int_equal(output_length, 1);
    assert_int_equal(rd(RIS), 0);
    assert_false(line_is_up);
    vpl011_transmit_ready(&domain);
    assert_false(line_is_up);
    congested = false;
    vpl011_transmit_ready(&domain);
    assert_true(line_is_up);
    assert_int_equal(rd(MIS), TX);
    wr(ICR, TX);
    assert_false(line_is_up);
    vpl011_transmit_ready(&domain); /* nothing waits any more */
    assert_false(line_is_up);
    /* Without the call, the next access does it. */
    congested = true;
    wr(DR, 'b');
    assert_false(line_is_up);
    congested = false;
    assert_int_equal(rd(FR), 0x90);
    assert_true(line_is_up);
}

/* Req: BH-UART-004 */
static void test_input(void **state)
{
    (void)state;
    wr(IMSC, RX | RT);
    assert_true(vpl011_receive(&domain, 'x'));
    assert_true(line_is_up);
    assert_int_equal(rd(RIS), RT);
    assert_int_equal(rd(FR), 0x80);
    assert_int_equal(rd(DR), 'x');
    assert_false(line_is_up);
    assert_int_equal(rd(FR), 0x90);
    assert_int_equal(rd(DR), 0);
    assert_int_equal(line_changes, 2);
}

/* Req: BH-UART-002, BH-UART-003 */
static void test_fifo(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 32; i++) {
            assert_int_equal(rd(RIS) & RX, i >= 16 ? RX : 0);
            assert_true(vpl011_receive(&domain, (char)(i + 1)));
        }
        assert_int_equal(rd(FR), 0xc0);
        assert_int_equal(rd(RIS) & OE, 0);
        for (unsigned i = 0; i < 32; i++) {
            assert_int_equal(rd(RIS) & RX, 32 - i >= 16 ? RX : 0);
            assert_int_equal(rd(DR), i + 1);
            assert_int_equal(rd(FR), i == 31 ? 0x90 : 0x80);
        }
        assert_int_equal(rd(RIS), 0);
        assert_true(vpl011_receive(&domain, 'q')); /* the ring turns */
        assert_int_equal(rd(DR), 'q');
    }
}

/* A line is typed, or comes from a file, faster than the guest reads. Req: BH-UART-002, BH-UART-003 */
static void test_more_than_the_fifo_holds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        assert_true(vpl011_receive(&domain, (char)i));
        assert_int_equal(vpl011_has_room(&domain), i < 31); /* a server keeps its own in its ring */
    }
    assert_int_equal(rd(FR), 0xc0);
    assert_int_equal(rd(RIS) & OE, 0);
    assert_false(vpl011_receive(&domain, 'z'));
    assert_int_equal(rd(RIS) & OE, OE);
    wr(ICR, OE);
    assert_int_equal(rd(RIS) & OE, 0);
    for (unsigned i = 0; i < 256; i++) {
        /* Those that were cleared come again with each character that comes into the FIFO. */
        wr(ICR, RT | RX);
        assert_int_equal(rd(DR), i);
        assert_int_equal(rd(RIS) & (RT | RX), i < 224 ? RT | RX : 0);
        assert_int_equal(rd(FR), i < 224 ? 0xc0 : i < 255 ? 0x80 : 0x90);
    }
    assert_int_equal(rd(RIS), 0);
}

static void test_bytes_are_unsigned(void **state)
{
    (void)state;
    assert_true(vpl011_receive(&domain, (char)0xff));
    assert_int_equal(rd(DR), 0xff);
    wr(DR, 0xff);
    assert_int_equal((unsigned char)output[0], 0xff);
}

/* Req: BH-UART-004 */
static void test_masks(void **state)
{
    (void)state;
    assert_true(vpl011_receive(&domain, 'x'));
    assert_false(line_is_up);
    wr(IMSC, 0xffffffff);
    assert_int_equal(rd(IMSC), 0x7f0);
    assert_true(line_is_up);
    assert_int_equal(rd(MIS), RT);
    wr(IMSC, 0);
    assert_false(line_is_up);
    assert_int_equal(rd(MIS), 0);
    assert_int_equal(rd(RIS), RT);
    wr(IMSC, RT);
    assert_true(line_is_up);
    wr(ICR, RT);
    assert_false(line_is_up);
    assert_int_equal(rd(DR), 'x');
    /* Parts of the register. */
    write_sized(IMSC, 0x30, 1);
    assert_int_equal(rd(IMSC), 0x30);
    write_sized(IMSC + 1, 0x04, 1);
    assert_int_equal(rd(IMSC), 0x430);
    write_sized(IMSC + 2, 0xffff, 2);
    assert_int_equal(rd(IMSC), 0x430);
    assert_int_equal(read_sized(IMSC, 1), 0x30);
    assert_int_equal(read_sized(IMSC + 1, 1), 0x04);
    assert_int_equal(read_sized(IMSC, 2), 0x430);
    assert_int_equal(read_sized(FR, 1), 0x90);
    assert_int_equal(read_sized(FR, 2), 0x90);
    assert_int_equal(read_sized(FR + 1, 1), 0);
}

/* Req: BH-UART-007 */
static void test_every_offset_and_size(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < 0x1000; offset++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            struct mmio_access a = { .offset = offset, .size = (uint8_t)size };
            bool good = size <= 4 && offset % size == 0;

            assert_int_equal(vpl011_access(&vcpu, &a), good ? 0 : -XEN_EINVAL);
            a.is_write = true;
            a.value = 0;
            if (offset >= 4) {
                assert_int_equal(vpl011_access(&vcpu, &a), good ? 0 : -XEN_EINVAL);
            }
        }
    }
    for (uint64_t offset = 0; offset < 0x1000; offset += 4) {
        if (offset != DR && offset != IMSC) {
            uint32_t before = rd(offset);

            wr(offset, ~0u);
            assert_int_equal(rd(offset), before);
        }
    }
    assert_int_equal(rd(0xffc), 0);
    assert_int_equal(read_sized(1ull << 40, 4), 0);
}

int main(void)
{
#define UART(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        UART(test_reset),
        UART(test_output),
        UART(test_congestion),
        UART(test_input),
        UART(test_fifo),
        UART(test_more_than_the_fifo_holds),
        UART(test_bytes_are_unsigned),
        UART(test_masks),
        UART(test_every_offset_and_size),
    };

    return RUN_TESTS(tests);
}
