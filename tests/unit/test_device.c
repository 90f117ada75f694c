/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/device.c, device_line.c and domctl_device.c: whose the registers and interrupts of devices are, from the board's
 * list to the end of the domain that they were handed on to. A guest's addresses are physical ones.
 */
#include "partition.h"

#include "abi/control.h"
#include "arch/host_vgic.h"
#include "bh/device.h"
#include "bh/grant.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define PAGES     40
#define OPERATION (TEST_RAM_GFN << PAGE_SHIFT)

/* Frames of devices: [A, B) and [C, D) are the owner's, [APART, +2) for others. */
#define A     0x1000UL
#define B     0x1010UL
#define C     0x2000UL
#define D     0x2400UL
#define APART 0x3000UL
#define LINE  40U
#define KEPT  41U /* set apart */
#define OTHER 42U /* set apart, too */

static struct domain *owner, *one, *two;
static struct vcpu *v;
static uint64_t free_at_start;

static uint64_t bytes(uint64_t frame)
{
    return frame << PAGE_SHIFT;
}

static void describe_board(void)
{
    device_forget_all();
    device_add(bytes(A), bytes(B));
    device_add(bytes(C), bytes(D));
    device_add_apart(bytes(APART), bytes(APART + 2));
    for (unsigned i = 32; i < 96; i++) {
        device_line_add(i);
    }
    device_line_set_apart(KEPT);
    device_line_set_apart(OTHER);
}

static void init(void)
{
    host_board_init(4, 16);
    host_vgic_reset(4);
    free_at_start = page_alloc_free_count();
    describe_board();
    owner = make_domain("owner", 1, 0, all_cpus(), PAGES);
    owner->capabilities = DOMAIN_CONTROL;
    one = make_domain("one", 1, 0, all_cpus(), PAGES);
    two = make_domain("two", 1, 0, all_cpus(), PAGES);
    assert_true(device_give(owner));
    assert_false(device_give(one));
    start_domain(owner);
    start_domain(one);
    start_domain(two);
    v = owner->vcpus[0];
    run_vcpu(v);
}

static void finish(void)
{
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
    device_forget_all();
}

static bool is_mapped(struct domain *d, uint64_t g, uint64_t frame)
{
    enum p2m_type type;
    unsigned order;
    bool is;
    mfn_t m;

    spin_lock(&d->p2m.lock);
    is = p2m_lookup(&d->p2m, gfn(g), &m, &type, &order) == 0 && m.n == frame && type == P2M_MMIO;
    spin_unlock(&d->p2m.lock);
    return is;
}

/* ---- Registers ---- */

/* Req: BH-DEV-001 */
static void test_fault(void **state)
{
    (void)state;
    init();
    assert_false(is_mapped(owner, A, A));
    assert_true(device_fault(owner, gfn(A)));
    assert_true(is_mapped(owner, A, A));
    assert_true(device_fault(owner, gfn(A))); /* two CPUs at once */
    assert_true(device_fault(owner, gfn(B - 1)));
    assert_true(device_fault(owner, gfn(D - 1)));
    assert_false(device_fault(owner, gfn(A - 1)));
    assert_false(device_fault(owner, gfn(B)));
    assert_false(device_fault(owner, gfn(APART)));
    assert_false(device_fault(owner, gfn(UINT64_MAX >> PAGE_SHIFT)));
    assert_false(device_fault(one, gfn(A)));
    assert_false(device_fault(one, gfn(APART)));
    finish();
}

/* Req: BH-DEV-002 */
static void test_removed(void **state)
{
    (void)state;
    init();
    finish();
    describe_board();
    device_remove(bytes(A + 3) + 5, bytes(A + 3) + 6);     /* a page of which one byte is somebody's */
    device_remove(bytes(B - 1), bytes(C) + 1);             /* the end of one range, the begin of another */
    device_remove(0, 0);
    device_add(UINT64_MAX - 5, UINT64_MAX);                /* beyond all addresses */
    host_board_init(1, 16);
    owner = make_domain("owner", 1, 0, all_cpus(), PAGES);
    assert_true(device_give(owner));
    for (uint64_t frame = A; frame < B; frame++) {
        assert_int_equal(device_fault(owner, gfn(frame)), frame != A + 3 && frame != B - 1);
    }
    assert_false(device_fault(owner, gfn(C)));
    assert_true(device_fault(owner, gfn(C + 1)));
    assert_false(device_fault(owner, gfn((1UL << 40 >> PAGE_SHIFT) - 1)));
    end_all();
    device_forget_all();
}

/* Too many ranges: what does not fit is nobody's, and what is taken out is out. */
static void test_many_ranges(void **state)
{
    (void)state;
    host_board_init(1, 16);
    device_forget_all();
    for (uint64_t i = 0; i < 2 * DEVICE_RANGE_COUNT; i++) {
        device_add(bytes(A + 2 * i), bytes(A + 2 * i + 1));
    }
    owner = make_domain("owner", 1, 0, all_cpus(), PAGES);
    assert_true(device_give(owner));
    assert_true(device_fault(owner, gfn(A)));
    assert_false(device_fault(owner, gfn(A + 1)));
    assert_false(device_fault(owner, gfn(A + 4 * DEVICE_RANGE_COUNT - 2)));
    device_remove(bytes(A), bytes(A + 1));
    assert_false(device_fault(owner, gfn(A)));
    end_all();
    device_forget_all();
}

static int64_t domctl(uint32_t command, struct domain *d, struct xen_domctl *op)
{
    uint64_t arguments[5] = { OPERATION };
    int64_t result;

    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = d->id;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), op, sizeof(*op)), 0);
    result = hypercall_dispatch(v, __HYPERVISOR_domctl, arguments);
    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}

static int64_t permit(struct domain *d, uint64_t first, uint64_t count, unsigned allow)
{
    struct xen_domctl op = { .cmd = 0 };

    op.u.iomem_permission.first_mfn = first;
    op.u.iomem_permission.nr_mfns = count;
    op.u.iomem_permission.allow_access = (uint8_t)allow;
    return domctl(XEN_DOMCTL_iomem_permission, d, &op);
}

static int64_t map(struct domain *d, uint64_t g, uint64_t first, uint64_t count, unsigned add)
{
    struct xen_domctl op = { .cmd = 0 };

    op.u.memory_mapping.first_gfn = g;
    op.u.memory_mapping.first_mfn = first;
    op.u.memory_mapping.nr_mfns = count;
    op.u.memory_mapping.add_mapping = add;
    return domctl(XEN_DOMCTL_memory_mapping, d, &op);
}

/* Req: BH-DEV-003, BH-DEV-004, BH-DEV-005, BH-CTL-027 */
static void test_handed_on(void **state)
{
    (void)state;
    init();
    assert_true(device_fault(owner, gfn(A + 2)));
    assert_int_equal(map(one, 0x9000, A + 2, 1, 1), -XEN_EPERM);
    assert_int_equal(permit(one, A + 2, 2, 1), 0);
    assert_int_equal(permit(one, A + 2, 2, 1), 0); /* again */
    assert_int_equal(permit(two, A + 3, 2, 1), -XEN_EBUSY);
    assert_int_equal(map(one, 0x9000, A + 2, 2, 1), 0);
    assert_true(is_mapped(one, 0x9000, A + 2) && is_mapped(one, 0x9001, A + 3));
    /* One domain at a time. */
    assert_false(is_mapped(owner, A + 2, A + 2));
    assert_false(device_fault(owner, gfn(A + 2)));
    assert_true(device_fault(owner, gfn(A + 1)) && device_fault(owner, gfn(A + 4)));
    assert_int_equal(map(two, 0x9000, A + 2, 1, 1), -XEN_EPERM);
    /* Nothing is taken away that is mapped. */
    assert_int_equal(permit(one, A + 2, 1, 0), -XEN_EBUSY);
    assert_int_equal(map(one, 0x9001, A + 3, 1, 0), 0);
    assert_int_equal(map(one, 0x9001, A + 3, 1, 0), -XEN_ENOENT);
    /* A guest may let go itself. */
    assert_int_equal(physmap_unmap(one, gfn(0x9000), PHYSMAP_NOT_GRANTED), 0);
    assert_int_equal(permit(one, A + 2, 1, 0), 0);
    assert_true(device_fault(owner, gfn(A + 2)));
    assert_false(device_fault(owner, gfn(A + 3)));
    /* At its end all of it comes back. */
    assert_int_equal(permit(one, APART, 2, 1), 0);
    assert_int_equal(map(one, 0x9000, APART, 2, 1), 0);
    domain_shutdown(one, SHUTDOWN_poweroff);
    host_settle();
    for (unsigned i = 0; i < 1000; i++) {
        host_settle();
    }
    run_vcpu(v);
    assert_true(device_fault(owner, gfn(A + 3)));
    assert_false(device_fault(owner, gfn(APART)));
    assert_int_equal(permit(two, APART, 2, 1), 0);
    finish();
}

/* Req: BH-CTL-027 */
static void test_bad_mappings(void **state)
{
    (void)state;
    init();
    assert_int_equal(permit(one, A, 0, 1), -XEN_EINVAL);
    assert_int_equal(permit(one, UINT64_MAX, 2, 1), -XEN_EINVAL);
    assert_int_equal(permit(one, 1UL << 52, 1, 1), -XEN_EINVAL);
    assert_int_equal(permit(one, A, (1UL << 52) - A, 1), -XEN_EPERM);
    assert_int_equal(permit(one, A - 1, 2, 1), -XEN_EPERM);
    assert_int_equal(permit(one, B - 1, 2, 1), -XEN_EPERM);
    assert_int_equal(permit(one, 0, 1, 1), -XEN_EPERM);
    assert_int_equal(permit(owner, A, 1, 1), -XEN_EINVAL);
    assert_int_equal(permit(one, A, 1, 0), 0); /* it never had it */
    assert_int_equal(permit(one, C, D - C, 1), 0);
    assert_int_equal(map(one, 0x9000, C, 65, 1), -XEN_E2BIG);
    assert_int_equal(map(one, 0x9000, C, 0, 1), -XEN_EINVAL);
    assert_int_equal(map(one, 0x9000, UINT64_MAX, 1, 1), -XEN_EINVAL);
    assert_int_equal(map(one, UINT64_MAX, C, 1, 1), -XEN_EINVAL);
    assert_int_equal(map(one, (1UL << 28) - 1, C, 2, 1), -XEN_EINVAL);
    assert_int_equal(map(one, 0x9000, D - 1, 2, 1), -XEN_EPERM);
    assert_false(is_mapped(one, 0x9000, D - 1)); /* all of it or nothing */
    assert_int_equal(map(one, TEST_RAM_GFN - 1, C, 2, 1), -XEN_EEXIST);
    assert_false(is_mapped(one, TEST_RAM_GFN - 1, C));
    assert_int_equal(permit(one, C, D - C, 0), 0);
    assert_int_equal(map(owner, 0x9000, A, 1, 1), -XEN_EPERM);
    /* A control domain that does not have the hardware hands nothing on. */
    two->capabilities = DOMAIN_CONTROL;
    v = two->vcpus[0];
    run_vcpu(v);
    assert_int_equal(permit(one, A, 1, 1), -XEN_EPERM);
    assert_int_equal(map(one, 0x9000, A, 1, 1), -XEN_EPERM);
    assert_int_equal(map(one, 0x9000, A, 1, 0), -XEN_EPERM);
    finish();
}

/* ---- Interrupts ---- */

static int64_t irq_permit(struct domain *d, uint32_t line, unsigned allow)
{
    struct xen_domctl op = { .cmd = 0 };

    op.u.irq_permission.pirq = line;
    op.u.irq_permission.allow_access = (uint8_t)allow;
    return domctl(XEN_DOMCTL_irq_permission, d, &op);
}

static int64_t bind_as(uint32_t command, struct domain *d, uint32_t type, uint32_t machine, uint16_t spi)
{
    struct xen_domctl op = { .cmd = 0 };

    op.u.bind_pt_irq.irq_type = type;
    op.u.bind_pt_irq.machine_irq = machine;
    op.u.bind_pt_irq.u.spi.spi = spi;
    return domctl(command, d, &op);
}

static int64_t bind(struct domain *d, uint32_t line)
{
    return bind_as(XEN_DOMCTL_bind_pt_irq, d, PT_IRQ_TYPE_SPI, line, (uint16_t)line);
}

static int64_t unbind(struct domain *d, uint32_t line)
{
    return bind_as(XEN_DOMCTL_unbind_pt_irq, d, PT_IRQ_TYPE_SPI, line, (uint16_t)line);
}

static bool is_attached(const struct domain *d, unsigned line)
{
    return (d->arch.vgic.spi[line / 32 - 1].lines >> line % 32 & 1) != 0;
}

/* Req: BH-DEV-006, BH-CTL-028 */
static void test_lines(void **state)
{
    (void)state;
    init();
    assert_true(is_attached(owner, LINE));
    assert_false(is_attached(owner, KEPT));
    assert_true(device_line_take(LINE));
    assert_false(device_line_take(KEPT));
    assert_false(device_line_take(0));
    assert_false(device_line_take(1019));
    assert_false(device_line_take(UINT32_MAX));
    /* One domain each. */
    assert_int_equal(bind(one, LINE), -XEN_EBUSY);
    assert_int_equal(bind(one, KEPT), 0);
    assert_int_equal(bind(one, KEPT), -XEN_EBUSY);
    assert_int_equal(bind(two, KEPT), -XEN_EBUSY);
    assert_int_equal(irq_permit(one, KEPT, 1), 0);
    assert_int_equal(irq_permit(two, KEPT, 1), -XEN_EBUSY);
    assert_int_equal(irq_permit(two, KEPT, 0), 0);
    assert_int_equal(irq_permit(one, KEPT, 0), -XEN_EBUSY);
    assert_true(device_line_take(KEPT));
    assert_int_equal(unbind(two, KEPT), -XEN_EINVAL);
    assert_int_equal(unbind(one, KEPT), -XEN_EBUSY); /* it is pending */
    assert_int_equal(bind(one, OTHER), 0);
    assert_int_equal(unbind(one, OTHER), 0);
    assert_int_equal(irq_permit(two, OTHER, 1), 0);
    assert_int_equal(bind(one, OTHER), -XEN_EBUSY);
    assert_int_equal(irq_permit(two, OTHER, 0), 0);
    assert_int_equal(bind(one, OTHER), 0);
    /* What is no interrupt of a device, or not asked for as one. */
    assert_int_equal(bind(one, 31), -XEN_EINVAL);
    assert_int_equal(bind(one, 1020), -XEN_EINVAL);
    assert_int_equal(bind(one, 500), -XEN_EPERM);
    assert_int_equal(unbind(one, 500), -XEN_EPERM);
    assert_int_equal(bind(owner, LINE), -XEN_EBUSY);
    assert_int_equal(bind(owner, KEPT), -XEN_EINVAL);
    assert_int_equal(unbind(owner, LINE), -XEN_EINVAL);
    assert_int_equal(bind_as(XEN_DOMCTL_bind_pt_irq, one, PT_IRQ_TYPE_SPI, KEPT, LINE), -XEN_EINVAL);
    assert_int_equal(bind_as(XEN_DOMCTL_bind_pt_irq, one, PT_IRQ_TYPE_PCI, KEPT, KEPT), -XEN_EINVAL);
    assert_int_equal(bind_as(XEN_DOMCTL_unbind_pt_irq, one, PT_IRQ_TYPE_MSI, KEPT, KEPT), -XEN_EINVAL);
    assert_int_equal(irq_permit(one, 1020, 1), -XEN_EINVAL);
    assert_int_equal(irq_permit(one, UINT32_MAX, 1), -XEN_EINVAL);
    assert_int_equal(irq_permit(one, 500, 1), -XEN_EPERM);
    assert_int_equal(irq_permit(owner, LINE, 1), -XEN_EINVAL);
    two->capabilities = DOMAIN_CONTROL;
    v = two->vcpus[0];
    run_vcpu(v);
    assert_int_equal(bind(one, KEPT), -XEN_EPERM);
    assert_int_equal(unbind(one, KEPT), -XEN_EPERM);
    assert_int_equal(irq_permit(one, KEPT, 1), -XEN_EPERM);
    finish();
}

/* Req: BH-GIC-021 */
static void test_lines_at_the_end(void **state)
{
    (void)state;
    init();
    assert_int_equal(bind(one, KEPT), 0);
    host_vgic_line[KEPT].is_enabled = true;
    host_vgic_physical_active[KEPT] = true;
    assert_true(device_line_take(KEPT));
    domain_shutdown(one, SHUTDOWN_poweroff);
    for (unsigned i = 0; i < 1000; i++) {
        host_settle();
    }
    assert_false(host_vgic_line[KEPT].is_enabled);
    assert_false(host_vgic_physical_active[KEPT]);
    assert_false(device_line_take(KEPT));
    run_vcpu(v);
    assert_int_equal(bind(two, KEPT), 0);
    finish();
}

/* ---- Memory at its machine address ---- */

static int64_t reserve(unsigned command, uint64_t g)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    uint64_t arguments[5] = { command, OPERATION };

    *(uint64_t *)&r.extent_start = OPERATION + 256;
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION), &r, sizeof(r)), 0);
    assert_int_equal(guest_copy_to(v, guest_handle(OPERATION + 256), &g, sizeof(g)), 0);
    return hypercall_dispatch(v, __HYPERVISOR_memory_op, arguments);
}

/* Req: BH-DEV-007 */
static void test_direct_memory(void **state)
{
    uint64_t pages, free;
    mfn_t m;

    (void)state;
    init();
    /* A page more, at its machine address. */
    assert_int_equal(frame_alloc_ram(owner->id, 0, &m), 0);
    assert_int_equal(p2m_map(&owner->p2m, gfn(m.n), m, ORDER_4K, P2M_RAM), 0);
    owner->page_count++;
    owner->place[0] = (struct domain_place){ gfn(m.n), m, 1 };
    owner->place_count = 1;
    pages = owner->page_count;
    free = page_alloc_free_count();
    assert_true(domain_place(owner, gfn(m.n)).n == m.n);
    assert_false(mfn_valid(domain_place(owner, gfn(m.n + 1))));
    assert_int_equal(reserve(XENMEM_decrease_reservation, m.n), 1);
    assert_false(domain_gfn_is_ram(owner, gfn(m.n)));
    assert_int_equal(reserve(XENMEM_decrease_reservation, m.n), 0);
    /* It is the domain's all the same, and comes back to its place. */
    assert_int_equal(page_alloc_free_count(), free);
    assert_int_equal(owner->page_count, pages);
    assert_int_equal(reserve(XENMEM_populate_physmap, m.n), 1);
    assert_true(domain_gfn_is_ram(owner, gfn(m.n)));
    assert_int_equal(reserve(XENMEM_populate_physmap, m.n), 0);
    assert_int_equal(reserve(XENMEM_populate_physmap, m.n + 1), 0);
    assert_int_equal(owner->page_count, pages);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault),        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_many_ranges),  cmocka_unit_test(test_handed_on),
        cmocka_unit_test(test_bad_mappings), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_at_the_end), cmocka_unit_test(test_direct_memory),
    };

    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
