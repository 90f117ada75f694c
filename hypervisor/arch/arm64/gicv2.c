/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2 driver (Arm IHI 0048): the distributor, this CPU's interface (GICC) and its virtual interface control (GICH).
 * Guests reach the virtual interface (GICV) through a mapping of their own.
 */
#include "arch/arch.h"
#include "arch/arch_vgic.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "gic_drivers.h"
#include "mmu.h"
#include "state.h"
#include "sysreg.h"

#define GICC_CTLR 0x00
#define GICC_PMR  0x04
#define GICC_BPR  0x08
#define GICC_IAR  0x0c
#define GICC_EOIR 0x10
#define GICC_IIDR 0xfc
#define GICC_DIR  0x1000

#define GICH_HCR  0x00
#define GICH_VTR  0x04
#define GICH_VMCR 0x08
#define GICH_APR  0xf0
#define GICH_LR   0x100
#define GICH_HCR_EN 1U
#define GICH_HCR_EOICOUNT_SHIFT 27

/* GICH_LR<n>. */
#define GICH_LR_PIRQ_SHIFT     10
#define GICH_LR_EOI            BIT(19)
#define GICH_LR_PRIORITY_SHIFT 23
#define GICH_LR_STATE_SHIFT    28
#define GICH_LR_GROUP1_SHIFT   30
#define GICH_LR_HW_SHIFT       31

static uintptr_t dist, gicc, gich; /* [boot] */
static unsigned lr_count;          /* [boot] */

/*
 * A GIC-400 for pages of 64 KiB shows each of the two pages of an interface 16 times (Arm, Server Base System
 * Architecture, "GIC-400 and 64KB translation granule"): 128 KiB. The last of the first and the first of the second are
 * the 8 KiB that it is elsewhere.
 */
#define ALIASED_SIZE   0x20000
#define ALIASED_OFFSET 0xf000

/* Maps GICC, and says by how much its two pages are away from where it begins. */
static uint64_t map_cpu_interface(const struct gic_board *board)
{
    uintptr_t last;

    gicc = (uintptr_t)device_map(board->cpu, 0x2000);
    if (board->cpu_size < ALIASED_SIZE || gicc == 0 ||
        (last = (uintptr_t)device_map(board->cpu + ALIASED_OFFSET, 0x2000)) == 0 ||
        gic_read32(gicc, GICC_IIDR) == 0 || gic_read32(gicc, GICC_IIDR) != gic_read32(last, GICC_IIDR)) {
        return 0;
    }
    gicc = last;
    return ALIASED_OFFSET;
}

/* Req: BH-GIC-022 */
int gicv2_init(const struct gic_board *board, uint64_t *guest_interface)
{
    uint64_t offset;

    if (board->cpu == 0 || board->cpu_size < 0x2000 || board->hyp == 0 || board->vcpu == 0) {
        log_error("interrupt controller: GICv2 without virtualization extensions (GICC of 8 KiB, GICH, GICV)");
        return -XEN_EINVAL;
    }
    dist = (uintptr_t)device_map(board->dist, PAGE_SIZE);
    offset = map_cpu_interface(board);
    if (board->vcpu_size >= ALIASED_SIZE) {
        *guest_interface += offset;
    }
    gich = (uintptr_t)device_map(board->hyp, PAGE_SIZE);
    if (dist == 0 || gicc == 0 || gich == 0) {
        log_error("interrupt controller: no room to map it");
        return -XEN_EINVAL;
    }
    gic_write32(dist, GICD_CTLR, 0);
    (void)gic_reset_shared(dist);
    gic_write32(dist, GICD_CTLR, 1);
    return 0;
}

unsigned gicv2_interrupt_count(void)
{
    return MIN(32 * ((gic_read32(dist, GICD_TYPER) & 0x1f) + 1), 1020U);
}

int gicv2_prepare(struct cpu *cpu)
{
    (void)cpu;
    return 0;
}

int gicv2_cpu_init(struct cpu *cpu)
{
    uint32_t own = 0;

    /* ITARGETSR of the private interrupts names the CPU that reads it. */
    for (unsigned i = 0; i < 32 && own == 0; i += 4) {
        uint32_t t = gic_read32(dist, GICD_ITARGETSR + i);

        own = (t | t >> 8 | t >> 16 | t >> 24) & 0xff;
    }
    cpu->arch.gic_target = own;
    gic_write32(dist, GICD_ICENABLER, UINT32_MAX);
    gic_write32(dist, GICD_ICACTIVER, UINT32_MAX);
    for (unsigned i = 0; i < 32; i += 4) {
        gic_write32(dist, GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101U);
    }
    gic_write32(gicc, GICC_PMR, 0xff);
    gic_write32(gicc, GICC_BPR, 0);
    gic_write32(gicc, GICC_CTLR, BIT(9) | 1); /* EOImode 1, enabled */
    lr_count = (gic_read32(gich, GICH_VTR) & 0x3f) + 1;
    lr_count = MIN(lr_count, (unsigned)VGIC_LR_MAX);
    gic_write32(gich, GICH_HCR, GICH_HCR_EN);
    return 0;
}

uint32_t gicv2_acknowledge(void)
{
    return gic_read32(gicc, GICC_IAR);
}

void gicv2_drop_priority(uint32_t iar)
{
    gic_write32(gicc, GICC_EOIR, iar);
}

void gicv2_deactivate(uint32_t iar)
{
    gic_write32(gicc, GICC_DIR, iar);
}

void gicv2_deactivate_any(unsigned irq)
{
    gic_write32(dist, GICD_ICACTIVER + irq / 32 * 4, 1U << (irq % 32));
}

void gicv2_enable(unsigned irq, bool level)
{
    if (irq >= 16) {
        gic_configure(dist, irq, level);
    }
    if (irq >= 32) {
        gicv2_line_route(irq, cpu_table[0]);
    }
    gic_write32(dist, GICD_ISENABLER + irq / 32 * 4, 1U << (irq % 32));
}

void gicv2_disable(unsigned irq)
{
    gic_write32(dist, GICD_ICENABLER + irq / 32 * 4, 1U << (irq % 32));
}

void gicv2_lines_enable(unsigned first, uint32_t mask, bool on)
{
    gic_write32(dist, (on ? GICD_ISENABLER : GICD_ICENABLER) + first / 8, mask);
}

void gicv2_line_configure(unsigned irq, bool level)
{
    gic_configure(dist, irq, level);
}

/* In QEMU's model an edge that is pending stays with the CPU that it came for: it is made pending again. */
void gicv2_line_route(unsigned irq, const struct cpu *cpu)
{
    uint32_t bit = 1U << (irq % 32);
    bool is_edge = (gic_read32(dist, GICD_ICFGR + irq / 16 * 4) >> (irq % 16 * 2) & 2) != 0;

    *(volatile uint8_t *)(dist + GICD_ITARGETSR + irq) = (uint8_t)cpu->arch.gic_target;
    if (is_edge && (gic_read32(dist, GICD_ISPENDR + irq / 32 * 4) & bit) != 0) {
        gic_write32(dist, GICD_ISPENDR + irq / 32 * 4, bit);
    }
}

void gicv2_private_activate(uint32_t mask)
{
    gic_write32(dist, GICD_ISACTIVER, mask);
}

void gicv2_private_deactivate(uint32_t mask)
{
    gic_write32(dist, GICD_ICACTIVER, mask);
}

void gicv2_send_kick(const struct cpu *cpu)
{
    gic_write32(dist, GICD_SGIR, (uint32_t)cpu->arch.gic_target << 16 | GIC_SGI_KICK);
}

void gicv2_load(const struct vcpu_regs *s, uint32_t vmcr)
{
    gic_write32(gich, GICH_VMCR, vmcr);
    gic_write32(gich, GICH_APR, s->gic_ap1r[0]);
}

void gicv2_unload(struct vcpu_regs *s)
{
    s->gic_ap1r[0] = gic_read32(gich, GICH_APR);
}

uint32_t gicv2_read_vmcr(void)
{
    return gic_read32(gich, GICH_VMCR);
}

uint64_t gicv2_lr_read(unsigned i)
{
    uint32_t v2 = gic_read32(gich, GICH_LR + 4 * i);
    uint64_t lr = (uint64_t)(v2 >> GICH_LR_STATE_SHIFT & 3) << 62 | (uint64_t)(v2 >> GICH_LR_HW_SHIFT) << 61 |
                  (uint64_t)(v2 >> GICH_LR_GROUP1_SHIFT & 1) << LR_GROUP1_SHIFT |
                  (uint64_t)(v2 >> GICH_LR_PRIORITY_SHIFT & 0x1f) << (LR_PRIORITY_SHIFT + 3);

    if ((v2 >> GICH_LR_HW_SHIFT) != 0) {
        return lr | (v2 & 0x3ff) | (uint64_t)(v2 >> GICH_LR_PIRQ_SHIFT & 0x3ff) << LR_PIRQ_SHIFT;
    }
    /* The sender's three bits lie where the neutral format has them. */
    return lr | (v2 & 0x1fff) | ((v2 & GICH_LR_EOI) != 0 ? LR_EOI : 0);
}

void gicv2_lr_write(unsigned i, uint64_t lr)
{
    uint32_t v2 = (uint32_t)(LR_STATE(lr) << GICH_LR_STATE_SHIFT | (lr >> LR_GROUP1_SHIFT & 1) << GICH_LR_GROUP1_SHIFT |
                             (lr >> (LR_PRIORITY_SHIFT + 3) & 0x1f) << GICH_LR_PRIORITY_SHIFT);

    if ((lr & LR_HW) != 0) {
        v2 |= (uint32_t)(BIT(GICH_LR_HW_SHIFT) | (lr & 0x3ff) | (lr >> LR_PIRQ_SHIFT & 0x3ff) << GICH_LR_PIRQ_SHIFT);
    } else {
        v2 |= (uint32_t)((lr & 0x1fff) | ((lr & LR_EOI) != 0 ? GICH_LR_EOI : 0));
    }
    gic_write32(gich, GICH_LR + 4 * i, v2);
}

unsigned gicv2_lr_count(void)
{
    return lr_count;
}

void gicv2_maintenance_set(uint32_t bits)
{
    gic_write32(gich, GICH_HCR, GICH_HCR_EN | bits);
}

unsigned gicv2_eoi_count(void)
{
    return gic_read32(gich, GICH_HCR) >> GICH_HCR_EOICOUNT_SHIFT & 0x1f;
}
