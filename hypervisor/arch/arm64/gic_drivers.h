/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two drivers, as gic.c and nobody else sees them. Each function does what gic.h says of its namesake.
 */
#ifndef BH_ARM64_GIC_DRIVERS_H
#define BH_ARM64_GIC_DRIVERS_H

#include "gic.h"

struct vcpu_regs;

#define GIC_DRIVER(v) \
    int v##_init(const struct gic_board *board, uint64_t *guest_interface); \
    unsigned v##_interrupt_count(void); \
    int v##_prepare(struct cpu *cpu); \
    int v##_cpu_init(struct cpu *cpu); \
    uint32_t v##_acknowledge(void); \
    void v##_drop_priority(uint32_t iar); \
    void v##_deactivate(uint32_t iar); \
    void v##_deactivate_any(unsigned irq); \
    void v##_enable(unsigned irq, bool level); \
    void v##_disable(unsigned irq); \
    void v##_lines_enable(unsigned first, uint32_t mask, bool on); \
    void v##_line_configure(unsigned irq, bool level); \
    void v##_line_route(unsigned irq, const struct cpu *cpu); \
    void v##_private_activate(uint32_t mask); \
    void v##_private_deactivate(uint32_t mask); \
    void v##_send_kick(const struct cpu *cpu); \
    void v##_load(const struct vcpu_regs *s, uint32_t vmcr); \
    void v##_unload(struct vcpu_regs *s); \
    uint32_t v##_read_vmcr(void); \
    uint64_t v##_lr_read(unsigned i); \
    void v##_lr_write(unsigned i, uint64_t lr); \
    unsigned v##_lr_count(void); \
    void v##_maintenance_set(uint32_t bits); \
    unsigned v##_eoi_count(void);

GIC_DRIVER(gicv2)
GIC_DRIVER(gicv3)

/* Registers of the distributor that both versions have, at the same offsets. */
#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ISPENDR    0x200
#define GICD_ICPENDR    0x280
#define GICD_ISACTIVER  0x300
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_IROUTER    0x6000

static inline uint32_t gic_read32(uintptr_t base, unsigned offset)
{
    return *(volatile uint32_t *)(base + offset);
}

static inline void gic_write32(uintptr_t base, unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(base + offset) = value;
}

/*
 * Brings the shared interrupts of the distributor at BASE into a known state: disabled, not active, our priority,
 * level. Returns how many interrupts there are.
 */
unsigned gic_reset_shared(uintptr_t base);
/* One interrupt's trigger in the ICFGR registers at BASE (distributor, or a redistributor's SGI frame). */
void gic_configure(uintptr_t base, unsigned irq, bool level);

#endif
