/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 driver (Arm IHI 0069). System registers are named by encoding: the assembler's default architecture does not
 * know them.
 */
#include "arch/arch.h"
#include "arch/arch_vgic.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "gic_drivers.h"
#include "mmu.h"
#include "state.h"
#include "sysreg.h"

#define ICC_PMR_EL1     s3_0_c4_c6_0
#define ICC_IAR1_EL1    s3_0_c12_c12_0
#define ICC_EOIR1_EL1   s3_0_c12_c12_1
#define ICC_DIR_EL1     s3_0_c12_c11_1
#define ICC_BPR1_EL1    s3_0_c12_c12_3
#define ICC_CTLR_EL1    s3_0_c12_c12_4
#define ICC_SRE_EL1     s3_0_c12_c12_5
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7
#define ICC_SGI1R_EL1   s3_0_c12_c11_5
#define ICC_SRE_EL2     s3_4_c12_c9_5
#define ICH_HCR_EL2     s3_4_c12_c11_0
#define ICH_VTR_EL2     s3_4_c12_c11_1
#define ICH_VMCR_EL2    s3_4_c12_c11_7

#define reg_read_(r) sysreg_read(r)
#define reg_read(r) reg_read_(r)
#define reg_write_(r, v) sysreg_write(r, v)
#define reg_write(r, v) reg_write_(r, v)

#define ICH_HCR_EN  1U
#define ICH_HCR_EOICOUNT_SHIFT 27

#define GICR_CTLR   0x0000
#define GICR_TYPER  0x0008
#define GICR_WAKER  0x0014
#define GICR_SGI    0x10000 /* the SGI frame; its registers lie as the distributor's */
#define GICD_CTLR_RWP   BIT(31)
#define GICD_CTLR_ARE   BIT(4)
#define GICD_CTLR_GROUPS 3U
#define GICR_CTLR_RWP   BIT(3)

static uintptr_t dist;              /* [boot] */
static struct gic_board described;  /* [boot] */
static unsigned lr_count, priority_bits; /* [boot] */

/* Waits for a register write to take effect; a controller that never answers costs the boot a moment, not its life. */
static void wait_clear(uintptr_t base, unsigned offset, uint32_t bit)
{
    for (unsigned tries = 0; tries < 1000000; tries++) {
        if ((gic_read32(base, offset) & bit) == 0) {
            return;
        }
    }
    log_warning("interrupt controller: register %x does not settle", offset);
}

int gicv3_init(const struct gic_board *board, uint64_t *guest_interface)
{
    unsigned count;

    (void)guest_interface;
    described = *board;
    if (board->redist_count == 0 || (dist = (uintptr_t)device_map(board->dist, board->dist_size)) == 0) {
        log_error("interrupt controller: no redistributors, or no room to map the distributor");
        return -XEN_EINVAL;
    }
    gic_write32(dist, GICD_CTLR, 0);
    wait_clear(dist, GICD_CTLR, GICD_CTLR_RWP);
    count = gic_reset_shared(dist);
    for (unsigned i = 32; i < count; i += 32) {
        gic_write32(dist, GICD_IGROUPR + i / 8, UINT32_MAX);
    }
    gic_write32(dist, GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GROUPS);
    wait_clear(dist, GICD_CTLR, GICD_CTLR_RWP);
    return 0;
}

unsigned gicv3_interrupt_count(void)
{
    return MIN(32 * ((gic_read32(dist, GICD_TYPER) & 0x1f) + 1), 1020U);
}

/* MPIDR's affinity fields as GICR_TYPER has them. */
static uint32_t affinity(uint64_t mpidr)
{
    return (uint32_t)((mpidr & 0xffffff) | ((mpidr >> 8) & 0xff000000));
}

/* Maps the redistributor of CPU: each is found by looking at those before it. */
static uintptr_t find_redistributor(const struct cpu *cpu)
{
    for (unsigned i = 0; i < described.redist_count; i++) {
        uint64_t at = described.redist[i].base, end = at + described.redist[i].size;

        while (at + 0x20000 <= end) {
            uintptr_t page = (uintptr_t)device_map(at, PAGE_SIZE);
            uint64_t typer, stride;

            if (page == 0) {
                return 0;
            }
            typer = *(volatile uint64_t *)(page + GICR_TYPER);
            if ((typer >> 32) == affinity(cpu->arch.mpidr)) {
                /* Two pages of the 128 KiB are used; their distance in our addresses is kept. */
                uintptr_t frame = (uintptr_t)device_map(at, GICR_SGI + PAGE_SIZE);

                return frame;
            }
            stride = described.redist_stride != 0 ? described.redist_stride : (typer & BIT(1)) != 0 ? 0x40000 : 0x20000;
            if ((typer & BIT(4)) != 0) {
                break;
            }
            at += stride;
        }
    }
    return 0;
}

int gicv3_prepare(struct cpu *cpu)
{
    uint64_t m = cpu->arch.mpidr;

    cpu->arch.gicr = find_redistributor(cpu);
    cpu->arch.gic_target = ((m >> 32 & 0xff) << 48) | ((m >> 16 & 0xff) << 32) | ((m >> 8 & 0xff) << 16) |
                           ((m & 0xff) >> 4 << 44) | BIT(m & 0xf);
    return cpu->arch.gicr != 0 ? 0 : -XEN_ENODEV;
}

int gicv3_cpu_init(struct cpu *cpu)
{
    uintptr_t sgi = cpu->arch.gicr + GICR_SGI;
    uint64_t vtr;

    gic_write32(cpu->arch.gicr, GICR_WAKER, gic_read32(cpu->arch.gicr, GICR_WAKER) & ~2U);
    wait_clear(cpu->arch.gicr, GICR_WAKER, 4);
    gic_write32(sgi, GICD_ICENABLER, UINT32_MAX);
    gic_write32(sgi, GICD_ICACTIVER, UINT32_MAX);
    gic_write32(sgi, GICD_IGROUPR, UINT32_MAX);
    for (unsigned i = 0; i < 32; i += 4) {
        gic_write32(sgi, GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101U);
    }
    wait_clear(cpu->arch.gicr, GICR_CTLR, GICR_CTLR_RWP);

    reg_write(ICC_SRE_EL2, 0xf);
    isb();
    if ((reg_read(ICC_SRE_EL2) & 1) == 0) {
        return -XEN_ENODEV;
    }
    reg_write(ICC_SRE_EL1, 0x7);
    reg_write(ICC_PMR_EL1, 0xff);
    reg_write(ICC_BPR1_EL1, 0);
    reg_write(ICC_CTLR_EL1, 2); /* EOImode 1: priority drop and deactivation are two things */
    reg_write(ICC_IGRPEN1_EL1, 1);
    vtr = reg_read(ICH_VTR_EL2);
    lr_count = (unsigned)(vtr & 0x1f) + 1;
    priority_bits = (unsigned)(vtr >> 29) + 1;
    reg_write(ICH_HCR_EL2, ICH_HCR_EN);
    isb();
    return 0;
}

uint32_t gicv3_acknowledge(void)
{
    uint32_t iar = (uint32_t)reg_read(ICC_IAR1_EL1);

    return iar;
}

void gicv3_drop_priority(uint32_t iar)
{
    reg_write(ICC_EOIR1_EL1, iar);
    isb();
}

void gicv3_deactivate(uint32_t iar)
{
    reg_write(ICC_DIR_EL1, iar);
    isb();
}

void gicv3_deactivate_any(unsigned irq)
{
    if (irq < 32) {
        gic_write32(this_cpu()->arch.gicr + GICR_SGI, GICD_ICACTIVER, 1U << irq);
    } else {
        gic_write32(dist, GICD_ICACTIVER + irq / 32 * 4, 1U << (irq % 32));
    }
}

void gicv3_enable(unsigned irq, bool level)
{
    uintptr_t base = irq < 32 ? this_cpu()->arch.gicr + GICR_SGI : dist;

    if (irq >= 16) {
        gic_configure(base, irq, level);
    }
    if (irq >= 32) {
        gicv3_line_route(irq, cpu_table[0]);
    }
    gic_write32(base, GICD_ISENABLER + irq / 32 * 4, 1U << (irq % 32));
}

void gicv3_disable(unsigned irq)
{
    uintptr_t base = irq < 32 ? this_cpu()->arch.gicr + GICR_SGI : dist;

    gic_write32(base, GICD_ICENABLER + irq / 32 * 4, 1U << (irq % 32));
}

void gicv3_lines_enable(unsigned first, uint32_t mask, bool on)
{
    gic_write32(dist, (on ? GICD_ISENABLER : GICD_ICENABLER) + first / 8, mask);
}

void gicv3_line_configure(unsigned irq, bool level)
{
    gic_configure(dist, irq, level);
}

void gicv3_line_route(unsigned irq, const struct cpu *cpu)
{
    *(volatile uint64_t *)(dist + GICD_IROUTER + 8 * irq) = cpu->arch.mpidr & 0xff00ffffff;
}

void gicv3_private_activate(uint32_t mask)
{
    gic_write32(this_cpu()->arch.gicr + GICR_SGI, GICD_ISACTIVER, mask);
}

void gicv3_private_deactivate(uint32_t mask)
{
    gic_write32(this_cpu()->arch.gicr + GICR_SGI, GICD_ICACTIVER, mask);
}

void gicv3_send_kick(const struct cpu *cpu)
{
    reg_write(ICC_SGI1R_EL1, cpu->arch.gic_target | ((uint64_t)GIC_SGI_KICK << 24));
    isb();
}

/* Active priority registers: one for 5 bits of priority, two for 6, four for 7. */
#define AP_REGISTERS(X) \
    X(0, 5, s3_4_c12_c8_0, s3_4_c12_c9_0) X(1, 6, s3_4_c12_c8_1, s3_4_c12_c9_1) \
    X(2, 7, s3_4_c12_c8_2, s3_4_c12_c9_2) X(3, 7, s3_4_c12_c8_3, s3_4_c12_c9_3)

void gicv3_load(const struct vcpu_regs *s, uint32_t vmcr)
{
    reg_write(ICH_VMCR_EL2, vmcr);
#define X(i, bits, group0, group1) \
    if (priority_bits >= (bits)) { \
        sysreg_write(group0, s->gic_ap0r[i]); \
        sysreg_write(group1, s->gic_ap1r[i]); \
    }
    AP_REGISTERS(X)
#undef X
}

void gicv3_unload(struct vcpu_regs *s)
{
#define X(i, bits, group0, group1) \
    if (priority_bits >= (bits)) { \
        s->gic_ap0r[i] = (uint32_t)sysreg_read(group0); \
        s->gic_ap1r[i] = (uint32_t)sysreg_read(group1); \
    }
    AP_REGISTERS(X)
#undef X
}

uint32_t gicv3_read_vmcr(void)
{
    return (uint32_t)reg_read(ICH_VMCR_EL2);
}

#define LIST_REGISTERS(X) \
    X(0, s3_4_c12_c12_0) X(1, s3_4_c12_c12_1) X(2, s3_4_c12_c12_2) X(3, s3_4_c12_c12_3) X(4, s3_4_c12_c12_4) \
    X(5, s3_4_c12_c12_5) X(6, s3_4_c12_c12_6) X(7, s3_4_c12_c12_7) X(8, s3_4_c12_c13_0) X(9, s3_4_c12_c13_1) \
    X(10, s3_4_c12_c13_2) X(11, s3_4_c12_c13_3) X(12, s3_4_c12_c13_4) X(13, s3_4_c12_c13_5) \
    X(14, s3_4_c12_c13_6) X(15, s3_4_c12_c13_7)

uint64_t gicv3_lr_read(unsigned i)
{
    switch (i) {
#define X(n, name) case n: return sysreg_read(name);
    LIST_REGISTERS(X)
#undef X
    }
    return 0;
}

void gicv3_lr_write(unsigned i, uint64_t lr)
{
    switch (i) {
#define X(n, name) case n: sysreg_write(name, lr); break;
    LIST_REGISTERS(X)
#undef X
    }
}

unsigned gicv3_lr_count(void)
{
    return lr_count;
}

void gicv3_maintenance_set(uint32_t bits)
{
    reg_write(ICH_HCR_EL2, ICH_HCR_EN | bits);
}

unsigned gicv3_eoi_count(void)
{
    return (unsigned)(reg_read(ICH_HCR_EL2) >> ICH_HCR_EOICOUNT_SHIFT) & 0x1f;
}
