/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the virtual GIC asks of an architecture that has one: the virtual interface of the CPU that calls. Everything
 * has the format of the GICv3 registers (Arm IHI 0069, 12.4); a GICv2 driver converts (IHI 0048, 5.3).
 */
#ifndef BH_ARCH_ARCH_VGIC_H
#define BH_ARCH_ARCH_VGIC_H

#include "bh/types.h"

/*
 * ICH_LR<n>_EL2. On GICv2 the sender of an SGI is in bits 12:10 of the interrupt number, as GICH_LR has it; on that
 * version interrupts of group 0 and 1 both reach the guest by IRQ or FIQ as it chose.
 */
#define LR_PENDING         BIT(62)
#define LR_ACTIVE          BIT(63)
#define LR_STATE(lr)       ((lr) >> 62)
#define LR_HW              BIT(61)
#define LR_GROUP1_SHIFT    60
#define LR_GROUP1          BIT(LR_GROUP1_SHIFT)
#define LR_PRIORITY_SHIFT  48
#define LR_PIRQ_SHIFT      32
#define LR_EOI             BIT(41) /* maintenance interrupt when the guest is done with it; only without LR_HW */
#define LR_SOURCE_SHIFT    10

/* How many list registers there are: 1 to 16, the same on every CPU. */
unsigned arch_vgic_lr_count(void);
uint64_t arch_vgic_lr_read(unsigned i);
void arch_vgic_lr_write(unsigned i, uint64_t lr);

/*
 * Sets the maintenance interrupts wanted, of ICH_HCR_EL2; clears the count of ends of interrupt. The interface stays
 * enabled.
 */
#define VGIC_MAINTENANCE_UNDERFLOW BIT(1) /* UIE: one list register or none is in use */
#define VGIC_MAINTENANCE_NOT_FOUND BIT(2) /* LRENPIE: an end of interrupt found no list register */
#define VGIC_MAINTENANCE_NONE_LEFT BIT(3) /* NPIE: no list register is pending */
void arch_vgic_maintenance_set(uint32_t bits);

/* Ends of interrupt that found no list register, since the last arch_vgic_maintenance_set(): ICH_HCR_EL2.EOIcount. */
unsigned arch_vgic_eoi_count(void);

/*
 * Deactivates physical interrupt PIRQ in hardware. A private one (below 32) is this CPU's. Writes to the physical
 * distributor: rare.
 */
void arch_vgic_hw_deactivate(unsigned pirq);

/*
 * Only if CONFIG_DEVICES: physical shared interrupts that virtual ones stand for. Those of MASK, from FIRST (a
 * multiple of 32) on, are enabled or disabled; one that is disabled gets its trigger; one goes to CPU.
 */
struct cpu;
void arch_vgic_lines_enable(unsigned first, uint32_t mask, bool on);
void arch_vgic_line_configure(unsigned pirq, bool is_edge);
void arch_vgic_line_route(unsigned pirq, const struct cpu *cpu);

#endif
