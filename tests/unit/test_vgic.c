/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC, one behaviour a test: its registers as a guest sees them, and what goes into the list registers.
 * How all of it works together is test_vgic_model.c's.
 */
#include "test.h"

#include "bh/heap.h"
#include "vgic_board.h"

#define LR_BASE (LR_PENDING | LR_GROUP1)

/* The heap, of which a domain takes a block; none when BLOCKS is negative. */
static int blocks;

void *heap_alloc(size_t size, uint16_t charge)
{
    (void)charge;
    if (blocks < 0) {
        return NULL;
    }
    blocks++;
    return calloc(1, size);
}

void heap_free(void *p, size_t size)
{
    (void)size;
    blocks -= p != NULL;
    free(p);
}

static void assert_audit(void)
{
    const char *wrong = board_audit();

    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

/* A GICv3 domain with groups on, vCPU 0 on CPU 0 and vCPU 1 on CPU 1, four list registers. */
static int v3_setup(void **state)
{
    (void)state;
    board_init(3, 4, 4);
    board_load(0, 0);
    board_load(1, 1);
    board_on(0);
    dist_write(0, 0, 3);
    assert_true(board_settle());
    return 0;
}

static int v2_setup(void **state)
{
    (void)state;
    board_init(2, 4, 4);
    board_load(0, 0);
    board_load(1, 1);
    board_on(0);
    dist_write(0, 0, 3);
    assert_true(board_settle());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_audit();
    return 0;
}

/* All shared interrupts that there are. */
static int wide_setup(unsigned version, void **state)
{
    int err;

    blocks = 0;
    board_spi_count = VGIC_SPI_MAX;
    err = version == 3 ? v3_setup(state) : v2_setup(state);
    board_spi_count = 0;
    return err;
}

static int wide_v3_setup(void **state)
{
    return wide_setup(3, state);
}

static int wide_v2_setup(void **state)
{
    return wide_setup(2, state);
}

static int wide_teardown(void **state)
{
    assert_audit();
    assert_false(board_save(0) || board_save(1));
    assert_int_equal(blocks, 1);
    vgic_domain_release(&board_domain);
    assert_int_equal(blocks, 0);
    return teardown(state);
}

/* Enables a private interrupt of vCPU ID. */
static void enable_private(unsigned id, unsigned irq)
{
    private_write(id, 0x100, 1u << irq);
}

/* Enables a shared interrupt and routes it to vCPU TARGET. */
static void enable_shared(unsigned irq, unsigned target)
{
    if (board_domain.arch.vgic.version == 2) {
        board_write_sized(0, false, 0x800 + irq, 1u << target, 1);
    } else {
        board_write_sized(0, false, 0x6000 + irq * 8, target, 8);
    }
    dist_write(0, 0x100 + irq / 32 * 4, 1u << irq % 32);
}

/* ---- Registers ---- */

static int try_access(bool is_redist, uint64_t offset, unsigned size, bool is_write)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size, .is_write = is_write };

    return board_access(0, is_redist, &a);
}

static void test_v3_identification(void **state)
{
    (void)state;
    assert_int_equal(dist_read(0, 0x0), 0x53); /* DS, ARE, both groups */
    assert_int_equal(dist_read(0, 0x4), 2 | 9 << 19 | 1 << 24 | 1 << 25);
    assert_int_equal(dist_read(0, 0x8) & 0xfff, 0x43b);
    assert_int_equal(dist_read(0, 0xffe8) & 0xf0, 0x30);
    assert_int_equal(board_read_sized(0, true, 0xffe8, 4) & 0xf0, 0x30);
    assert_int_equal(board_read_sized(0, true, 0x4, 4) & 0xfff, 0x43b);
    assert_int_equal(board_read_sized(0, true, 0x8, 8), 0);
    assert_int_equal(board_read_sized(0, true, 0x20008, 8), 1ull << 32 | 1 << 8);
    assert_int_equal(board_read_sized(0, true, 0x60008, 8), 3ull << 32 | 3 << 8 | 1 << 4); /* the last */
    assert_int_equal(board_read_sized(0, true, 0x60008, 4), 3 << 8 | 1 << 4);
    assert_int_equal(board_read_sized(0, true, 0x6000c, 4), 3);
    dist_write(0, 0x4, 0xffffffff);
    assert_int_equal(dist_read(0, 0x4) & 31, 2);
    dist_write(0, 0, 0xffffffff);
    assert_int_equal(dist_read(0, 0), 0x53);
    dist_write(0, 0, 0);
    assert_int_equal(dist_read(0, 0), 0x50);
}

static void test_v2_identification(void **state)
{
    (void)state;
    assert_int_equal(dist_read(0, 0x0), 3);
    assert_int_equal(dist_read(0, 0x4), 2 | 3 << 5);
    assert_int_equal(dist_read(0, 0x8) & 0xfff, 0x43b);
    assert_int_equal(dist_read(0, 0xfe8) & 0xf0, 0x20);
    assert_int_equal(dist_read(0, 0x800), 0x01010101); /* ITARGETSR of private interrupts: the reader */
    assert_int_equal(dist_read(1, 0x81c), 0x02020202);
    assert_int_equal(dist_read(0, 0xc00), 0xaaaaaaaa);
    assert_int_equal(dist_read(0, 0x100), 0xffff); /* SGIs cannot be disabled */
    dist_write(0, 0x180, 0xffff);
    assert_int_equal(dist_read(0, 0x100), 0xffff);
}

/* Every offset of the frames, every size: an answer, or -XEN_EINVAL where the architecture has no such access. */
static void sizes_of(bool is_redist, uint64_t end, bool (*is_allowed)(uint64_t offset, unsigned size))
{
    for (uint64_t offset = 0; offset < end; offset++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            bool allowed = (offset & (size - 1)) == 0 && is_allowed(offset, size);

            assert_int_equal(try_access(is_redist, offset, size, false), allowed ? 0 : -XEN_EINVAL);
            assert_int_equal(try_access(is_redist, offset, size, true), allowed ? 0 : -XEN_EINVAL);
        }
    }
    assert_audit();
}

static bool v3_dist_allows(uint64_t offset, unsigned size)
{
    return size == 4 || (size == 1 && offset >= 0x400 && offset < 0xc00) ||
           (size == 8 && offset >= 0x6000 && offset < 0x8000);
}

static bool v3_redist_allows(uint64_t offset, unsigned size)
{
    return size == 4 || (size == 1 && offset >= 0x10400 && offset < 0x10800) || (size == 8 && offset == 8);
}

static bool v2_dist_allows(uint64_t offset, unsigned size)
{
    return size == 4 || (size == 1 && offset >= 0x400 && offset < 0xc00) ||
           (size == 1 && offset >= 0xf10 && offset < 0xf30);
}

/* Req: BH-GIC-009 */
static void test_v3_sizes(void **state)
{
    (void)state;
    sizes_of(false, 0x10000, v3_dist_allows);
    sizes_of(true, 0x20000, v3_redist_allows);
    assert_int_equal(try_access(false, 0x10000, 4, false), -XEN_EINVAL);
    assert_int_equal(try_access(true, 0x80000, 4, false), -XEN_ENXIO);
    assert_int_equal(try_access(true, 0x80000, 4, true), -XEN_ENXIO);
    assert_int_equal(try_access(true, ~0ull, 1, true), -XEN_ENXIO);
}

/* Req: BH-GIC-009 */
static void test_v2_sizes(void **state)
{
    (void)state;
    sizes_of(false, 0x1000, v2_dist_allows);
}

/* Req: BH-GIC-010 */
static void test_reserved_is_zero(void **state)
{
    /* Private registers of GICD, the first beyond the SPIs, LPIs, GICR_WAKER, and a few that exist nowhere. */
    static const uint16_t dist[] = { 0x0c, 0x10, 0x40, 0x80, 0x100, 0x10c, 0x180, 0x200, 0x20c, 0x300, 0x400, 0x41c,
                                     0x460, 0x800, 0x820, 0xc00, 0xc04, 0xc18, 0xd04, 0xe04, 0xf00, 0xf10, 0xf20,
                                     0x6000, 0x60f8, 0x6300, 0xc000, 0xfffc };
    static const uint32_t redist[] = { 0x0, 0x10, 0x14, 0x40, 0x70, 0x78, 0xa0, 0xb0, 0xc0, 0x10084, 0x10104, 0x10420,
                                       0x10c08, 0x10d00, 0x10e00 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(dist); i++) {
        dist_write(0, dist[i], 0xffffffff);
        assert_int_equal(dist_read(0, dist[i]), 0);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(redist); i++) {
        board_write_sized(0, true, redist[i], 0xffffffff, 4);
        assert_int_equal(board_read_sized(0, true, redist[i], 4), 0);
    }
}

/* Req: BH-GIC-014 */
static void test_bits(void **state)
{
    (void)state;
    dist_write(0, 0x104, 0x0f0f);
    dist_write(0, 0x104, 0xf000);
    assert_int_equal(dist_read(1, 0x104), 0xff0f);
    assert_int_equal(dist_read(1, 0x184), 0xff0f);
    dist_write(1, 0x184, 0x000f);
    assert_int_equal(dist_read(0, 0x104), 0xff00);
    dist_write(0, 0x208, 0x80000001);
    assert_int_equal(dist_read(0, 0x288), 0x80000001);
    dist_write(0, 0x288, 1);
    assert_int_equal(dist_read(0, 0x208), 0x80000000);
    dist_write(0, 0x308, 6);
    assert_int_equal(dist_read(0, 0x308), 6);
    dist_write(0, 0x388, 2);
    assert_int_equal(dist_read(0, 0x388), 4);
    dist_write(0, 0x388, 4);
    dist_write(0, 0x84, 0x12345678);
    assert_int_equal(dist_read(0, 0x84), 0x12345678);
    /* Private ones, also through another vCPU's view. */
    private_write(0, 0x100, 0x08000001);
    assert_int_equal(board_read_sized(1, true, 0x10100, 4), 0x08000001);
    assert_int_equal(board_read_sized(1, true, 0x30100, 4), 0);
    board_write_sized(1, true, 0x10180, 1, 4);
    assert_int_equal(private_read(0, 0x100), 0x08000000);
}

static void test_priorities(void **state)
{
    (void)state;
    dist_write(0, 0x440, 0xffa07f31);
    assert_int_equal(dist_read(0, 0x440), 0xf8a07830); /* five bits */
    board_write_sized(0, false, 0x441, 0x47, 1);
    assert_int_equal(board_read_sized(0, false, 0x441, 1), 0x40);
    assert_int_equal(dist_read(0, 0x440), 0xf8a04030);
    board_write_sized(0, true, 0x10403, 0xff, 1);
    assert_int_equal(private_read(0, 0x400), 0xf8000000);
    assert_int_equal(private_read(1, 0x400), 0);
}

static void test_configuration(void **state)
{
    (void)state;
    assert_int_equal(private_read(0, 0xc00), 0xaaaaaaaa);
    private_write(0, 0xc00, 0);
    assert_int_equal(private_read(0, 0xc00), 0xaaaaaaaa);
    private_write(0, 0xc04, 0xffffffff);
    assert_int_equal(private_read(0, 0xc04), 0xaaaaaaaa);
    dist_write(0, 0xc0c, 0x00000b02);
    assert_int_equal(dist_read(0, 0xc0c), 0x00000a02);
    assert_int_equal(dist_read(0, 0xc08), 0);
}

/* Req: BH-GIC-011 */
static void test_routes(void **state)
{
    (void)state;
    board_write_sized(0, false, 0x6100, 0x80000001, 8); /* 1-of-N is not offered */
    assert_int_equal(board_read_sized(0, false, 0x6100, 8), 1);
    board_write_sized(0, false, 0x6108, 0xff00ffffffull, 8);
    assert_int_equal(board_read_sized(0, false, 0x6108, 8), 0xff00ffffff);
    assert_int_equal(dist_read(0, 0x6108), 0xffffff);
    assert_int_equal(dist_read(0, 0x610c), 0xff);
    dist_write(0, 0x610c, 0);
    dist_write(0, 0x6108, 3);
    assert_int_equal(board_read_sized(0, false, 0x6108, 8), 3);
    assert_int_equal(board_domain.arch.vgic.spi[0].target[1], 3);
    dist_write(0, 0x6108, 16); /* Aff0 has 16 values */
    assert_int_equal(board_domain.arch.vgic.spi[0].target[1], VGIC_NOBODY);
    dist_write(0, 0x6108, 4);
    assert_int_equal(board_domain.arch.vgic.spi[0].target[1], VGIC_NOBODY);
}

/* Req: BH-GIC-012 */
static void test_v2_targets(void **state)
{
    (void)state;
    assert_int_equal(dist_read(0, 0x820), 0x01010101);
    dist_write(0, 0x820, 0xff0a0400);
    assert_int_equal(dist_read(0, 0x820), 0x0f0a0400); /* four vCPUs */
    assert_int_equal(board_domain.arch.vgic.spi[0].target[0], VGIC_NOBODY);
    assert_int_equal(board_domain.arch.vgic.spi[0].target[1], 2);
    assert_int_equal(board_domain.arch.vgic.spi[0].target[2], 1);
    assert_int_equal(board_domain.arch.vgic.spi[0].target[3], 0);
    board_write_sized(0, false, 0x823, 0x08, 1);
    assert_int_equal(board_read_sized(0, false, 0x823, 1), 8);
}

/* Req: BH-GIC-013 */
static void test_v2_has_eight(void **state)
{
    static struct vcpu v;

    (void)state;
    v.domain = &board_domain;
    v.id = 8;
    assert_int_equal(vgic_vcpu_init(&v), -XEN_EINVAL);
}

/* ---- Into the list registers ---- */

static void test_timer(void **state)
{
    struct host_vgic *h = &host_vgic[0];

    (void)state;
    board_on(0);
    h->physical_active[27] = true;
    vgic_raise_hw(&board_vcpu[0], 27, 27);
    assert_int_equal(h->lr[0], 0); /* not enabled yet */
    assert_true(h->physical_active[27]);
    board_write_sized(0, true, 0x1041b, 0x20, 1);
    enable_private(0, 27);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(h->lr[0], LR_BASE | LR_HW | 27ull << 32 | 0x20ull << 48 | 27);
        assert_int_equal(guest_acknowledge(0), 27);
        assert_int_equal(private_read(0, 0x300), 1u << 27);
        guest_end(0);
        assert_false(h->physical_active[27]);
        assert_int_equal(private_read(0, 0x300), 0);
        h->physical_active[27] = true;
        vgic_raise_hw(&board_vcpu[0], 27, 27);
        assert_audit();
    }
    /* The short way does not outlive a change from elsewhere. */
    assert_int_equal(guest_acknowledge(0), 27);
    guest_end(0);
    board_write_sized(1, true, 0x10180, 1u << 27, 4);
    assert_true(board_settle());
    board_on(0);
    h->physical_active[27] = true;
    vgic_raise_hw(&board_vcpu[0], 27, 27);
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    assert_int_equal(private_read(0, 0x200), 1u << 27);
    private_write(0, 0x280, 1u << 27);
    assert_false(h->physical_active[27]);
}

/* Req: BH-TIMER-005 */
/* The physical interrupt of a vCPU that leaves its CPU goes with it. */
static void test_timer_moves(void **state)
{
    (void)state;
    enable_private(0, 27);
    board_on(0);
    host_vgic[0].physical_active[27] = true;
    vgic_raise_hw(&board_vcpu[0], 27, 27);
    assert_int_equal(guest_acknowledge(0), 27);
    assert_false(board_save(0));
    assert_int_equal(vgic_hw_private(&board_vcpu[0].arch.vgic), 1u << 27);
    board_load(0, 2);
    assert_true(host_vgic[2].physical_active[27]);
    guest_end(0);
    assert_false(host_vgic[2].physical_active[27]);
    assert_false(board_save(0));
    assert_int_equal(vgic_hw_private(&board_vcpu[0].arch.vgic), 0);
    vgic_vcpu_reset(&board_vcpu[0]);
}

static void test_reset_forgets_hardware(void **state)
{
    (void)state;
    board_on(0);
    host_vgic[0].physical_active[27] = true;
    vgic_raise_hw(&board_vcpu[0], 27, 27);
    vgic_pulse(&board_vcpu[0], 20);
    assert_false(board_save(0));
    vgic_vcpu_reset(&board_vcpu[0]);
    assert_int_equal(vgic_hw_private(&board_vcpu[0].arch.vgic), 0);
    assert_int_equal(board_vcpu[0].arch.vgic.bank.latched, 1u << 20);
}

static void test_sgi_to_self(void **state)
{
    (void)state;
    enable_private(0, 1);
    board_on(0);
    for (unsigned round = 0; round < 3; round++) {
        vgic_send_sgi(&board_vcpu[0], 1ull << 24 | 1);
        assert_int_equal(host_vgic[0].lr[0], LR_BASE | 1);
        vgic_send_sgi(&board_vcpu[0], 1ull << 24 | 1); /* twice is once */
        assert_int_equal(guest_acknowledge(0), 1);
        vgic_send_sgi(&board_vcpu[0], 1ull << 24 | 1); /* and once more while it is active */
        assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
        assert_int_equal(private_read(0, 0x200), 2);
        assert_int_equal(private_read(0, 0x300), 2);
        guest_end(0);
        assert_int_equal(guest_acknowledge(0), 1);
        guest_end(0);
        assert_true(board_settle());
        assert_audit();
    }
    assert_int_equal(board_kick_count, 0);
}

/* Req: BH-GIC-007 */
/* Values that are no target, among them the one that would match an invalid shortcut. */
static void test_sgi_nonsense(void **state)
{
    static const uint64_t values[] = { 0, ~0ull, 1ull << 63, 0xf00000000000, 1ull << 48 | 1, 1ull << 32 | 1,
                                       7ull << 24, 0xff0001, 1ull << 44 | 1, 1ull << 63 };

    (void)state;
    private_write(0, 0x100, 0xffff);
    private_write(1, 0x100, 0xffff);
    board_on(0);
    for (unsigned i = 0; i < ARRAY_COUNT(values); i++) {
        vgic_send_sgi(&board_vcpu[0], values[i]);
        assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
        board_on(0);
    }
    assert_true(board_settle());
    private_write(0, 0x280, 0xffff);
    private_write(1, 0x280, 0xffff);
}

/* Req: BH-GIC-006 */
static void test_sgi_to_others(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 4; id++) {
        board_write_sized(0, true, id * 0x20000 + 0x10100, 0xffff, 4);
    }
    assert_true(board_settle());
    board_kick_count = 0;
    board_on(0);
    vgic_send_sgi(&board_vcpu[0], 5ull << 24 | 0xe); /* 1, 2 and 3; 2 and 3 are not loaded */
    assert_int_equal(board_kick_count, 3);
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), 5);
    guest_end(1);
    board_load(2, 2);
    assert_int_equal(guest_acknowledge(2), 5);
    guest_end(2);
    board_on(0);
    vgic_send_sgi(&board_vcpu[0], 1ull << 40 | 6ull << 24 | 0xffff); /* all but itself */
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    assert_int_equal(guest_acknowledge(1), 6);
    assert_int_equal(guest_acknowledge(2), 6);
    assert_int_equal(board_vcpu[3].arch.vgic.bank.latched, 1u << 6 | 1u << 5);
    board_on(3);
    assert_true(vgic_has_pending(&board_vcpu[3], VMCR_OPEN));
}

static void test_one_kick_is_enough(void **state)
{
    (void)state;
    private_write(1, 0x100, 0xffff);
    assert_true(board_settle());
    board_kick_count = 0;
    board_on(0);
    for (unsigned irq = 0; irq < 8; irq++) {
        vgic_send_sgi(&board_vcpu[0], (uint64_t)irq << 24 | 2);
    }
    assert_int_equal(board_kick_count, 1);
    assert_true(board_settle());
    for (unsigned irq = 0; irq < 8; irq++) {
        assert_int_equal(guest_acknowledge(1), irq);
        guest_end(1);
        assert_true(board_settle());
    }
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    /* What is not enabled wakes nobody. */
    board_on(0);
    board_kick_count = 0;
    vgic_pulse(&board_vcpu[1], 20);
    vgic_pulse_spi(&board_domain, 40);
    assert_int_equal(board_kick_count, 0);
}

/* Req: BH-GIC-004 */
static void test_level(void **state)
{
    (void)state;
    enable_shared(32, 0);
    board_on(0);
    vgic_raise_spi(&board_domain, 32);
    assert_int_equal(host_vgic[0].lr[0] & ~LR_GROUP1, LR_PENDING | LR_EOI | 32);
    assert_int_equal(dist_read(0, 0x204), 1);
    assert_int_equal(guest_acknowledge(0), 32);
    assert_int_equal(dist_read(0, 0x204), 1); /* active, and its line is up */
    assert_int_equal(dist_read(0, 0x304), 1);
    guest_end(0);
    assert_true(host_vgic_maintenance());
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), 32); /* its line is still up */
    board_on(0);
    vgic_lower_spi(&board_domain, 32);
    assert_int_equal(dist_read(0, 0x204), 0);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    /* Withdrawn before it is acknowledged. */
    board_on(0);
    vgic_raise_spi(&board_domain, 32);
    vgic_lower_spi(&board_domain, 32);
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    /* The same by another CPU. */
    board_on(2);
    vgic_raise_spi(&board_domain, 32);
    assert_true(board_settle());
    assert_int_equal(LR_STATE(host_vgic[0].lr[0]), 1);
    board_on(2);
    vgic_lower_spi(&board_domain, 32);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    /* A guest's own latch does not need the line. */
    dist_write(0, 0x204, 1);
    assert_int_equal(guest_acknowledge(0), 32);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
}

static void test_private_level(void **state)
{
    (void)state;
    enable_private(1, 30);
    board_on(1);
    vgic_raise(&board_vcpu[1], 30);
    vgic_raise(&board_vcpu[1], 30);
    assert_int_equal(guest_acknowledge(1), 30);
    vgic_lower(&board_vcpu[1], 30);
    guest_end(1);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    board_on(0);
    vgic_raise(&board_vcpu[2], 30); /* not loaded, not enabled */
    vgic_lower(&board_vcpu[2], 30);
    vgic_lower_spi(&board_domain, 50);
}

/* Req: BH-GIC-005 */
static void test_edge(void **state)
{
    (void)state;
    dist_write(0, 0xc08, 2); /* 32 */
    enable_shared(32, 0);
    board_on(0);
    vgic_raise_spi(&board_domain, 32);
    vgic_lower_spi(&board_domain, 32);
    assert_int_equal(host_vgic[0].lr[0], LR_BASE | 32);
    assert_int_equal(guest_acknowledge(0), 32);
    vgic_raise_spi(&board_domain, 32); /* a second edge while it is active */
    assert_int_equal(LR_STATE(host_vgic[0].lr[0]), 3);
    guest_end(0);
    assert_int_equal(guest_acknowledge(0), 32);
    guest_end(0);
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
}

/* Req: BH-GIC-002 */
static void test_priority_order(void **state)
{
    (void)state;
    for (unsigned irq = 40; irq < 60; irq++) {
        board_write_sized(0, false, 0x400 + irq, (59 - irq) * 8, 1);
        enable_shared(irq, 0);
        board_on(0);
        vgic_pulse_spi(&board_domain, irq);
        assert_audit();
    }
    assert_true((board_vcpu[0].arch.vgic.slow & VGIC_SLOW_OVERFLOW) != 0);
    for (unsigned irq = 59; irq >= 40; irq--) {
        assert_int_equal(guest_acknowledge(0), irq);
        guest_end(0);
        assert_true(board_settle());
        assert_audit();
    }
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    assert_int_equal(board_vcpu[0].arch.vgic.slow, 0);
    assert_int_equal(host_vgic[0].maintenance, 0);
}

/* Req: BH-GIC-015 */
/* More active ones than list registers: each preempted by the next. */
static void test_nesting(void **state)
{
    (void)state;
    for (unsigned irq = 0; irq < 12; irq++) {
        board_write_sized(0, true, 0x10400 + irq, 0xf0 - irq * 8, 1);
        enable_private(0, irq);
        board_on(0);
        vgic_send_sgi(&board_vcpu[0], (uint64_t)irq << 24 | 1);
        assert_int_equal(guest_acknowledge(0), irq);
        assert_true(board_settle());
        assert_audit();
    }
    assert_int_equal(private_read(0, 0x300), 0xfff);
    assert_false(board_save(0));
    board_load(0, 3);
    assert_int_equal(private_read(0, 0x300), 0xfff);
    for (unsigned irq = 12; irq > 0; irq--) {
        guest_end(0);
        assert_true(board_settle());
        assert_audit();
        assert_int_equal(private_read(0, 0x300), (1u << (irq - 1)) - 1);
    }
}

/* Ends that come before anyone could refill: they are counted, and those of the highest priority are over. */
static void test_late_ends(void **state)
{
    (void)state;
    for (unsigned irq = 0; irq < 10; irq++) {
        board_write_sized(0, true, 0x10400 + irq, 0xf0 - irq * 8, 1);
        enable_private(0, irq);
        board_on(0);
        vgic_send_sgi(&board_vcpu[0], (uint64_t)irq << 24 | 1);
        assert_int_equal(guest_acknowledge(0), irq);
        assert_true(board_settle());
    }
    for (unsigned i = 0; i < 8; i++) {
        guest_end(0);
    }
    assert_true(board_settle());
    assert_int_equal(private_read(0, 0x300), 3);
    guest_end(0);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(private_read(0, 0x300), 0);
}

static void test_disable_while_listed(void **state)
{
    (void)state;
    enable_shared(40, 1);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(LR_STATE(host_vgic[1].lr[0]), 1);
    dist_write(0, 0x184, 1u << 8);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    assert_int_equal(dist_read(0, 0x204), 1u << 8); /* still pending */
    dist_write(0, 0x104, 1u << 8);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), 40);
    guest_end(1);
}

static void test_retarget_while_listed(void **state)
{
    (void)state;
    enable_shared(40, 1);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    board_write_sized(0, false, 0x6000 + 40 * 8, 0, 8);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    assert_int_equal(guest_acknowledge(0), 40);
    /* Active here, it does not move; the next one comes there, after the end. */
    board_write_sized(0, false, 0x6000 + 40 * 8, 1, 8);
    board_on(2);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    assert_int_equal(guest_acknowledge(1), 40);
    guest_end(1);
    /* Routed to nobody it waits; a vCPU that is not loaded is woken. */
    board_write_sized(0, false, 0x6000 + 40 * 8, 99, 8);
    board_on(2);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    board_kick_count = 0;
    board_write_sized(0, false, 0x6000 + 40 * 8, 3, 8);
    assert_true(board_kicked[3] && board_kick_count >= 1);
    board_load(3, 3);
    assert_int_equal(guest_acknowledge(3), 40);
}

/* Req: BH-GIC-017 */
/* What Linux' synchronize_irq() relies on. */
static void test_active_elsewhere(void **state)
{
    (void)state;
    enable_shared(40, 1);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), 40);
    assert_int_equal(dist_read(0, 0x304), 1u << 8); /* not known yet: active */
    assert_true(board_kicked[1]);
    assert_true(board_settle());
    assert_int_equal(dist_read(0, 0x304), 1u << 8); /* known */
    guest_end(1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(dist_read(0, 0x304), 1u << 8); /* a new question, not answered yet */
    }
    assert_true(board_settle());
    assert_int_equal(dist_read(0, 0x304), 0);
    /* An answer is for the question, not for a later one. */
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(dist_read(0, 0x304), 1u << 8);
    assert_true(board_settle());
    dist_read(0, 0x104);
    assert_int_equal(guest_acknowledge(1), 40);
    assert_int_equal(dist_read(0, 0x304), 1u << 8);
    /* Its own is known at once, and so is what the other has when it is not loaded. */
    assert_int_equal(dist_read(1, 0x304), 1u << 8);
    assert_false(board_save(1));
    assert_int_equal(dist_read(0, 0x304), 1u << 8);
    dist_write(0, 0x384, 1u << 8);
    assert_int_equal(dist_read(0, 0x304), 0);
}

static void test_clear_elsewhere(void **state)
{
    (void)state;
    enable_shared(40, 1);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(dist_read(0, 0x204), 1u << 8);
    dist_write(0, 0x284, 1u << 8);
    assert_int_equal(dist_read(0, 0x204), 0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), 40);
    dist_write(0, 0x384, 1u << 8);
    assert_int_equal(dist_read(0, 0x304), 0);
    assert_true(board_settle());
    assert_int_equal(dist_read(1, 0x304), 0);
    /* Cleared and posted again before the other CPU looks: once. */
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    dist_write(0, 0x284, 1u << 8);
    board_on(0);
    vgic_pulse_spi(&board_domain, 40);
    guest_end(1);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), 40);
    guest_end(1);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
}

static void test_shared_hardware(void **state)
{
    (void)state;
    enable_shared(50, 1);
    board_on(0);
    host_vgic_physical_active[150] = true;
    vgic_raise_hw(&board_vcpu[0], 50, 150);
    assert_true(board_settle());
    assert_int_equal(host_vgic[1].lr[0], LR_BASE | LR_HW | 150ull << 32 | 50);
    assert_int_equal(guest_acknowledge(1), 50);
    guest_end(1);
    assert_false(host_vgic_physical_active[150]);
    /* It comes again, taken by another CPU, before this one has looked. */
    board_on(3);
    host_vgic_physical_active[150] = true;
    vgic_raise_hw(&board_vcpu[0], 50, 150);
    assert_true(board_settle());
    assert_true(host_vgic_physical_active[150]);
    assert_int_equal(guest_acknowledge(1), 50);
    assert_false(board_save(1));
    assert_true(host_vgic_physical_active[150]);
    board_on(0);
    vgic_domain_release(&board_domain);
    assert_false(host_vgic_physical_active[150]);
}

/* ---- Interrupts of devices ---- */

#define LINE 50u

static void attach(void)
{
    board_domain.has_lines = true;
    assert_int_equal(vgic_line_attach(&board_domain, LINE), 0);
}

/* The device asks, and CPU takes its interrupt. */
static void take_line(unsigned cpu)
{
    board_on(cpu);
    host_vgic_physical_active[LINE] = true;
    vgic_line_taken(&board_domain, LINE);
}

/* Req: BH-GIC-020 */
static void test_line_follows(void **state)
{
    (void)state;
    assert_int_equal(vgic_line_attach(&board_domain, 31), -XEN_EINVAL);
    assert_int_equal(vgic_line_attach(&board_domain, 32 + VGIC_SPI_OWN), -XEN_EINVAL);
    board_domain.arch.watchdog.is_there = true;
    assert_int_equal(vgic_line_attach(&board_domain, SBSA_WATCHDOG_SPI), -XEN_EBUSY);
    assert_int_equal(vgic_line_detach(&board_domain, 31, true), -XEN_EINVAL);
    dist_write(0, 0xc0c, 2u << 4); /* an edge, before it is attached */
    attach();
    assert_true(host_vgic_line[LINE].is_edge);
    assert_false(host_vgic_line[LINE].is_enabled);
    enable_shared(LINE, 1);
    assert_true(host_vgic_line[LINE].is_enabled);
    assert_int_equal(host_vgic_line[LINE].cpu, 1);
    enable_shared(LINE, 0);
    assert_int_equal(host_vgic_line[LINE].cpu, 0);
    dist_write(0, 0xc0c, 0);
    assert_true(!host_vgic_line[LINE].is_edge && host_vgic_line[LINE].is_enabled);
    assert_false(board_save(0));
    board_load(0, 3);
    assert_int_equal(host_vgic_line[LINE].cpu, 3);
    dist_write(0, 0x184, 1u << LINE % 32);
    assert_false(host_vgic_line[LINE].is_enabled);
    dist_write(0, 0x104, 1u << 20); /* not this one */
    assert_false(host_vgic_line[LINE].is_enabled || host_vgic_line[52].is_enabled);
    assert_int_equal(vgic_line_detach(&board_domain, LINE, false), 0);
    enable_shared(LINE, 0);
    assert_false(host_vgic_line[LINE].is_enabled);
    board_load(0, 0);
}

/* Req: BH-GIC-019 */
static void test_line_taken(void **state)
{
    (void)state;
    attach();
    enable_shared(LINE, 1);
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        take_line(cpu);
        assert_true(board_settle());
        assert_int_equal(host_vgic_line[LINE].cpu, 1);
        assert_true(host_vgic_physical_active[LINE]);
        assert_int_equal(guest_acknowledge(1), LINE);
        assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
        assert_true(host_vgic_physical_active[LINE]);
        assert_int_equal(vgic_line_detach(&board_domain, LINE, false), -XEN_EBUSY);
        guest_end(1);
        assert_true(board_settle());
        assert_false(host_vgic_physical_active[LINE]);
        assert_audit();
    }
    /* The vCPU moves while it handles it. */
    take_line(1);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), LINE);
    assert_false(board_save(1));
    board_load(1, 2);
    guest_end(1);
    assert_true(board_settle());
    assert_false(host_vgic_physical_active[LINE]);
    /* Disabled in between, it waits. */
    dist_write(0, 0x184, 1u << LINE % 32);
    take_line(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    assert_true(host_vgic_physical_active[LINE]);
    enable_shared(LINE, 1);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(1), LINE);
    guest_end(1);
    assert_true(board_settle());
    assert_false(host_vgic_physical_active[LINE]);
    /* Two CPUs take it, as an emulator may have it. */
    take_line(0);
    take_line(3);
    assert_true(board_settle());
    while (guest_acknowledge(1) == LINE) {
        guest_end(1);
        assert_true(board_settle());
    }
    assert_false(host_vgic_physical_active[LINE]);
    /* The end, whatever the guest does. */
    take_line(0);
    assert_int_equal(vgic_line_detach(&board_domain, LINE, true), 0);
    assert_false(host_vgic_physical_active[LINE] || host_vgic_line[LINE].is_enabled);
    assert_true(board_settle());
    board_load(1, 1);
}

/* Req: BH-GIC-016 */
static void test_wake_up(void **state)
{
    struct vcpu *v = &board_vcpu[0];

    (void)state;
    enable_private(0, 20);
    board_write_sized(0, true, 0x10414, 0x80, 1);
    board_on(0);
    assert_false(vgic_has_pending(v, VMCR_OPEN));
    vgic_pulse(v, 20);
    assert_true(vgic_has_pending(v, VMCR_OPEN));
    assert_true(vgic_has_pending(v, 0x88000002));
    assert_false(vgic_has_pending(v, 0x80000002)); /* not above its own priority */
    assert_false(vgic_has_pending(v, 0xff000001)); /* the other group */
    assert_int_equal(guest_acknowledge(0), 20);
    assert_false(vgic_has_pending(v, VMCR_OPEN));
    guest_end(0);
    vgic_pulse(v, 20);
    assert_false(board_save(0));
    assert_true(vgic_has_pending(v, VMCR_OPEN));
    assert_false(vgic_has_pending(v, 0x80000003));
    board_load(0, 0);
    assert_int_equal(guest_acknowledge(0), 20);
    enable_shared(40, 2);
    vgic_pulse_spi(&board_domain, 40);
    assert_true(vgic_has_pending(&board_vcpu[2], VMCR_OPEN));
    assert_false(vgic_has_pending(&board_vcpu[3], VMCR_OPEN));
    dist_write(0, 0, 1); /* group 1 goes off */
    assert_false(vgic_has_pending(&board_vcpu[2], VMCR_OPEN));
}

/* Req: BH-GIC-018 */
static void test_groups(void **state)
{
    (void)state;
    enable_private(0, 20);
    private_write(0, 0x80, ~(1u << 20));
    board_on(0);
    vgic_pulse(&board_vcpu[0], 20);
    assert_int_equal(host_vgic[0].lr[0], LR_PENDING | 20);
    dist_write(0, 0, 2);
    assert_int_equal(LR_STATE(host_vgic[0].lr[0]), 0);
    private_write(0, 0x80, ~0u);
    assert_int_equal(host_vgic[0].lr[0], LR_BASE | 20);
    dist_write(0, 0, 0);
    assert_int_equal(LR_STATE(host_vgic[0].lr[0]), 0);
}

/* ---- GICv2's SGIs ---- */

/* Req: BH-GIC-008 */
static void test_v2_sgi(void **state)
{
    (void)state;
    dist_write(1, 0xf00, 1u << 16 | 3); /* vCPU 1 to 0 */
    dist_write(0, 0xf00, 2u << 24 | 3); /* 0 to itself */
    assert_true(board_settle());
    assert_int_equal(board_read_sized(0, false, 0xf13, 1), 3);
    assert_int_equal(dist_read(0, 0x200), 1u << 3);
    assert_int_equal(guest_acknowledge(0), 3);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), 1 << 10 | 3);
    dist_write(1, 0xf00, 1u << 24 | 3); /* all others: while it is active, from the same sender */
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), 1 << 10 | 3);
    guest_end(0);
    assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
    assert_int_equal(board_vcpu[2].arch.vgic.sgi_source[3], 2);
    dist_write(0, 0xf00, 3u << 24 | 0xff << 16 | 3); /* reserved: nothing */
    assert_int_equal(board_vcpu[1].arch.vgic.bank.latched, 0);
}

static void test_v2_sgi_pending(void **state)
{
    (void)state;
    dist_write(0, 0x200, 0xffff); /* read-only for SGIs */
    assert_int_equal(dist_read(0, 0x200), 0);
    dist_write(0, 0xf24, 0x00000600);
    assert_int_equal(dist_read(0, 0xf24), 0x600);
    assert_int_equal(dist_read(0, 0xf14), 0x600);
    board_write_sized(0, false, 0xf15, 2, 1);
    assert_int_equal(dist_read(0, 0xf14), 0x400);
    assert_int_equal(guest_acknowledge(0), 2 << 10 | 5);
    board_write_sized(0, false, 0xf25, 4, 1);
    assert_false(board_save(0));
    board_load(0, 0);
    assert_int_equal(dist_read(0, 0x300), 1u << 5);
    guest_end(0);
    assert_true(board_settle());
    assert_int_equal(guest_acknowledge(0), 2 << 10 | 5);
    guest_end(0);
}

/* Makes one invariant after the other wrong: the checker must say so. */
static void test_audit_notices(void **state)
{
    struct vgic_cpu *vc = &board_vcpu[0].arch.vgic;
    struct vgic_dist *vd = &board_domain.arch.vgic;

    (void)state;
#define BREAK(what, wrong)                              \
    do {                                                \
        __typeof__(what) saved = (what);                \
        (what) = (__typeof__(what))(wrong);             \
        assert_non_null(board_audit());                 \
        (what) = saved;                                 \
        assert_null(board_audit());                     \
    } while (0)
    enable_private(0, 1);
    enable_private(0, 2);
    enable_shared(40, 0);
    enable_shared(41, 0);
    board_on(0);
    vgic_send_sgi(&board_vcpu[0], 1ull << 24 | 1);
    vgic_pulse_spi(&board_domain, 40);
    BREAK(vc->bank.open, vc->bank.open ^ 4);
    BREAK(vc->bank.moved, 4);
    BREAK(vc->bank.hw, 4);
    BREAK(vc->bank.priority[3], 1);
    BREAK(vc->bank.listed, 6);
    BREAK(vc->bank.lr[1], 3);
    BREAK(vc->bank.lr[1], 200);
    BREAK(vc->lr_used, 0x13);
    BREAK(vc->lr_irq[0], 2);
    BREAK(vc->bank.latched, 4);
    BREAK(vd->spi[0].bank.latched, 0x200);
    BREAK(vd->spi[0].holder[8], 1);
    BREAK(vd->spi[0].holder[8], VGIC_NOBODY);
    BREAK(vd->spi[0].target[0], 100);
    BREAK(host_vgic[0].lr[3], LR_PENDING | 7);
    BREAK(host_vgic[0].lr[0], LR_PENDING | 7);
    BREAK(host_vgic[0].lr[0], LR_PENDING | LR_ACTIVE | LR_HW | 1);
    BREAK(host_vgic[0].lr[0], LR_PENDING | LR_HW | 1);
    BREAK(vc->loaded_on, NULL);
    BREAK(vd->group_enable, 0);
#undef BREAK
}

/* Req: BH-GIC-023 */
static void test_wide(void **state)
{
    static const unsigned lines[] = { 32, 95, 96, 158, 991, 992, 1019 };

    (void)state;
    assert_int_equal(dist_read(0, 4) & 31, 31);
    board_domain.has_lines = true;
    for (unsigned i = 0; i < ARRAY_COUNT(lines); i++) {
        unsigned irq = lines[i];

        enable_shared(irq, 1);
        vgic_raise_spi(&board_domain, irq);
        assert_true(board_settle());
        assert_int_equal(guest_acknowledge(1), irq);
        vgic_lower_spi(&board_domain, irq);
        guest_end(1);
        assert_true(board_settle());
        assert_int_equal(guest_acknowledge(1), HOST_VGIC_SPURIOUS);
        /* Where its vCPU comes to a CPU with it, and for one that waits. */
        assert_false(board_save(1));
        vgic_pulse_spi(&board_domain, irq);
        assert_true(vgic_has_pending(&board_vcpu[1], 0xff000003));
        board_load(1, 2);
        assert_int_equal(guest_acknowledge(1), irq);
        guest_end(1);
        assert_true(board_settle());
        /* And one of a device. */
        assert_int_equal(vgic_line_attach(&board_domain, irq), 0);
        board_on(2);
        host_vgic_physical_active[irq] = true;
        vgic_line_taken(&board_domain, irq);
        assert_true(board_settle());
        assert_int_equal(guest_acknowledge(1), irq);
        guest_end(1);
        assert_true(board_settle());
        assert_false(host_vgic_physical_active[irq]);
        assert_audit();
        board_on(0);
    }
    /* The last four numbers are no interrupts'. */
    assert_int_equal(vgic_line_attach(&board_domain, 1020), -XEN_EINVAL);
    dist_write(0, 0x100 + 31 * 4, ~0u);
    dist_write(0, 0x200 + 31 * 4, ~0u);
    dist_write(0, 0x300 + 31 * 4, ~0u);
    dist_write(0, 0x080 + 31 * 4, ~0u);
    assert_int_equal(dist_read(0, 0x100 + 31 * 4), 0x0fffffff);
    assert_int_equal(dist_read(0, 0x200 + 31 * 4) & 0xf0000000, 0);
    assert_int_equal(dist_read(0, 0x300 + 31 * 4) & 0xf0000000, 0);
    assert_true(board_settle());
    assert_audit();
}

/* More than fit the list registers, in banks far from each other: the most urgent first. */
static void test_wide_crowd(void **state)
{
    (void)state;
    for (unsigned irq = 40; irq < 1020; irq += 98) {
        enable_shared(irq, 0);
        dist_write(0, 0x400 + irq / 4 * 4, 0xa0a0a0a0 - (irq / 98) * 0x08080808u);
        vgic_pulse_spi(&board_domain, irq);
    }
    assert_true(board_settle());
    for (unsigned irq = 40 + 9 * 98; irq >= 40; irq -= 98) {
        assert_int_equal(guest_acknowledge(0), irq);
        guest_end(0);
        assert_true(board_settle());
        if (irq == 40) {
            break;
        }
    }
    assert_int_equal(guest_acknowledge(0), HOST_VGIC_SPURIOUS);
}

static void test_no_memory_for_wide(void **state)
{
    (void)state;
    blocks = -1;
    assert_int_equal(vgic_domain_init(&board_domain, 3, VGIC_SPI_OWN), 0);
    assert_int_equal(vgic_domain_init(&board_domain, 3, VGIC_SPI_OWN + 1), -XEN_ENOMEM);
    vgic_domain_release(&board_domain);
    assert_int_equal(vgic_domain_init(&board_domain, 3, 0), 0);
    assert_int_equal(board_domain.arch.vgic.bank_count, 2);
    blocks = 0;
    assert_int_equal(vgic_domain_init(&board_domain, 3, 65), 0);
    assert_int_equal(board_domain.arch.vgic.bank_count, 3);
    vgic_domain_release(&board_domain);
    assert_int_equal(vgic_domain_init(&board_domain, 3, 5000), 0);
    assert_int_equal(board_domain.arch.vgic.bank_count, 31);
    vgic_domain_release(&board_domain);
    board_init(3, 1, 4);
}

int main(void)
{
#define V3(f) cmocka_unit_test_setup_teardown(f, v3_setup, teardown)
#define V2(f) cmocka_unit_test_setup_teardown(f, v2_setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wide, wide_v3_setup, wide_teardown),
        cmocka_unit_test_setup_teardown(test_wide, wide_v2_setup, wide_teardown),
        cmocka_unit_test_setup_teardown(test_wide_crowd, wide_v3_setup, wide_teardown),
        cmocka_unit_test(test_no_memory_for_wide),
        V3(test_v3_identification),
        V2(test_v2_identification),
        V3(test_v3_sizes),
        V2(test_v2_sizes),
        V3(test_reserved_is_zero),
        V3(test_bits),
        V3(test_priorities),
        V3(test_configuration),
        V3(test_routes),
        V2(test_v2_targets),
        V2(test_v2_has_eight),
        V3(test_timer),
        V3(test_timer_moves),
        V3(test_reset_forgets_hardware),
        V3(test_sgi_to_self),
        V3(test_sgi_nonsense),
        V3(test_sgi_to_others),
        V3(test_one_kick_is_enough),
        V3(test_level),
        V2(test_level),
        V3(test_private_level),
        V3(test_edge),
        V3(test_priority_order),
        V2(test_priority_order),
        V3(test_nesting),
        V3(test_late_ends),
        V3(test_disable_while_listed),
        V3(test_retarget_while_listed),
        V3(test_active_elsewhere),
        V3(test_clear_elsewhere),
        V3(test_shared_hardware),
        V3(test_line_follows),
        V2(test_line_follows),
        V3(test_line_taken),
        V2(test_line_taken),
        V3(test_wake_up),
        V3(test_groups),
        V2(test_v2_sgi),
        V2(test_v2_sgi_pending),
        V3(test_audit_notices),
    };

    return RUN_TESTS(tests);
}
