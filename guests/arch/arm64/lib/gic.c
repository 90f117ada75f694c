/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv2 and GICv3 as a guest drives them. Version 3 keeps SGIs and PPIs in the redistributor's SGI frame, at the
 * same offsets as version 2 has them in the distributor; documents: Arm IHI 0048B and IHI 0069.
 */
#include "guest.h"

#define GICD_CTLR       0x0000
#define GICD_IGROUPR    0x0080
#define GICD_ISENABLER  0x0100
#define GICD_ICENABLER  0x0180
#define GICD_ISPENDR    0x0200
#define GICD_ICPENDR    0x0280
#define GICD_ISACTIVER  0x0300
#define GICD_ICACTIVER  0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ITARGETSR  0x0800
#define GICD_ICFGR      0x0c00
#define GICD_SGIR       0x0f00
#define GICD_IROUTER    0x6000
#define GICR_WAKER      0x0014
#define GICR_FRAME      0x20000
#define GICR_SGI        0x10000
#define GICC_CTLR       0x0000
#define GICC_PMR        0x0004
#define GICC_IAR        0x000c
#define GICC_EOIR       0x0010
#define GICC_RPR        0x0014

#define IRQ_MAX 1020
static void (*handlers[IRQ_MAX])(unsigned irq);

uint64_t irq_local_base(void)
{
    return board.gic_version == 3 ? board.gicr + cpu_id() * GICR_FRAME + GICR_SGI : board.gicd;
}

static uint64_t base_of(unsigned irq)
{
    return irq < 32 ? irq_local_base() : board.gicd;
}

static uint64_t bit_register(unsigned irq, unsigned offset)
{
    return base_of(irq) + offset + irq / 32 * 4;
}

void irq_init_cpu(void)
{
    if (board.gic_version == 3) {
        uint64_t waker = board.gicr + cpu_id() * GICR_FRAME + GICR_WAKER;

        write32(waker, read32(waker) & ~2u);
        WRITE_SYSREG(S3_0_C12_C12_5, READ_SYSREG(S3_0_C12_C12_5) | 1); /* ICC_SRE_EL1 */
        isb();
        write32(irq_local_base() + GICD_IGROUPR, 0xffffffff);
        WRITE_SYSREG(S3_0_C4_C6_0, 0xff);   /* ICC_PMR_EL1 */
        WRITE_SYSREG(S3_0_C12_C12_4, 0);    /* ICC_CTLR_EL1: drop and deactivate together */
        WRITE_SYSREG(S3_0_C12_C12_7, 1);    /* ICC_IGRPEN1_EL1 */
        isb();
    } else {
        write32(board.gicc + GICC_PMR, 0xff);
        write32(board.gicc + GICC_CTLR, 1);
    }
}

void irq_init(void)
{
    write32(board.gicd + GICD_CTLR, board.gic_version == 3 ? 0x12 : 1);
    irq_init_cpu();
}

void irq_handle(unsigned irq, void (*handler)(unsigned irq))
{
    if (irq < IRQ_MAX) {
        handlers[irq] = handler;
    }
}

void irq_enable(unsigned irq) { write32(bit_register(irq, GICD_ISENABLER), 1u << irq % 32); }
void irq_disable(unsigned irq) { write32(bit_register(irq, GICD_ICENABLER), 1u << irq % 32); }
void irq_set_pending(unsigned irq) { write32(bit_register(irq, GICD_ISPENDR), 1u << irq % 32); }
void irq_clear_pending(unsigned irq) { write32(bit_register(irq, GICD_ICPENDR), 1u << irq % 32); }
void irq_set_active(unsigned irq) { write32(bit_register(irq, GICD_ISACTIVER), 1u << irq % 32); }
void irq_clear_active(unsigned irq) { write32(bit_register(irq, GICD_ICACTIVER), 1u << irq % 32); }
bool irq_is_pending(unsigned irq) { return (read32(bit_register(irq, GICD_ISPENDR)) >> irq % 32 & 1) != 0; }
bool irq_is_active(unsigned irq) { return (read32(bit_register(irq, GICD_ISACTIVER)) >> irq % 32 & 1) != 0; }

void irq_priority(unsigned irq, unsigned priority)
{
    write8(base_of(irq) + GICD_IPRIORITYR + irq, (uint8_t)priority);
}

void irq_edge(unsigned irq, bool is_edge)
{
    uint64_t at = base_of(irq) + GICD_ICFGR + irq / 16 * 4;
    uint32_t bit = 2u << irq % 16 * 2;

    write32(at, (read32(at) & ~bit) | (is_edge ? bit : 0));
}

void irq_route(unsigned irq, unsigned cpu)
{
    if (board.gic_version == 3) {
        write64(board.gicd + GICD_IROUTER + irq * 8, cpu);
    } else {
        write8(board.gicd + GICD_ITARGETSR + irq, (uint8_t)(1u << cpu));
    }
}

void irq_send(unsigned cpu, unsigned sgi)
{
    dsb();
    if (board.gic_version == 3) {
        WRITE_SYSREG(S3_0_C12_C11_5, (uint64_t)sgi << 24 | 1u << cpu); /* ICC_SGI1R_EL1 */
        isb();
    } else {
        write32(board.gicd + GICD_SGIR, 1u << (16 + cpu) | sgi);
    }
}

void irq_mask_below(unsigned priority)
{
    if (board.gic_version == 3) {
        WRITE_SYSREG(S3_0_C4_C6_0, priority);
        isb();
    } else {
        write32(board.gicc + GICC_PMR, priority);
    }
}

unsigned irq_running_priority(void)
{
    return board.gic_version == 3 ? (unsigned)READ_SYSREG(S3_0_C12_C11_3) : read32(board.gicc + GICC_RPR);
}

unsigned irq_acknowledge(void)
{
    uint32_t value;

    if (board.gic_version == 3) {
        value = (uint32_t)READ_SYSREG(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */
        dsb();
        return value;
    }
    /* The sender of an SGI goes back with the end of interrupt, so it stays in the value. */
    return read32(board.gicc + GICC_IAR);
}

void irq_end(unsigned irq)
{
    if (board.gic_version == 3) {
        WRITE_SYSREG(S3_0_C12_C12_1, irq); /* ICC_EOIR1_EL1 */
        isb();
    } else {
        write32(board.gicc + GICC_EOIR, irq);
    }
}

void irq_dispatch(void)
{
    unsigned value = irq_acknowledge(), irq = value & 0x3ff;

    if (irq >= IRQ_MAX) {
        return;
    }
    if (handlers[irq] != NULL) {
        handlers[irq](irq);
    } else {
        irq_disable(irq);
    }
    irq_end(value);
}
