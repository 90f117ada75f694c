/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical interrupt controller, GICv2 (Arm IHI 0048) or GICv3 (IHI 0069). gic.c holds what both share and picks
 * the driver; interrupts are acknowledged by reading, their priority dropped at once, and deactivated by whoever
 * handles them: the hypervisor, or a guest through the hardware bit of a list register.
 */
#ifndef BH_ARM64_GIC_H
#define BH_ARM64_GIC_H

#include "bh/types.h"

struct cpu;
struct vcpu;

#define GIC_SGI_KICK     0    /* our only SGI */
#define GIC_SPURIOUS     1020 /* this number and above: nothing was pending */
#define GIC_PRIORITY     0xa0

/* Where the parts of the controller are; from the device tree, physical addresses. 0: not there. */
struct gic_board {
    unsigned version; /* 2 or 3 */
    uint64_t dist, dist_size;
    uint64_t cpu, cpu_size;     /* GICv2 GICC */
    uint64_t hyp;               /* GICv2 GICH */
    uint64_t vcpu, vcpu_size;   /* GICv2 GICV: what guests see as their GICC */
    struct { uint64_t base, size; } redist[4]; /* GICv3 */
    unsigned redist_count;
    uint64_t redist_stride;     /* 0: as GICR_TYPER says */
    unsigned maintenance;       /* its PPI */
};

/* Boot CPU, once. -XEN_EINVAL: the board's description is not one of a usable controller; a message says why. */
MUST_USE int gic_init(const struct gic_board *board);
/* Boot CPU, for each CPU: finds what is its own. -XEN_ENODEV: no redistributor is this CPU's. */
MUST_USE int gic_prepare(struct cpu *cpu);
/* Each CPU for itself. -XEN_ENODEV: no system registers for it. */
MUST_USE int gic_cpu_init(struct cpu *cpu);

unsigned gic_version(void);
/* Interrupts are numbered below that. */
unsigned gic_interrupt_count(void);
unsigned gic_maintenance_irq(void);
/* GICv2: the physical address of 8 KiB that are GICV as guests know it. */
uint64_t gic_guest_interface(void);

/* Acknowledges the highest pending interrupt; GIC_SPURIOUS or above: none. On GICv2 an SGI's sender is in 12:10. */
uint32_t gic_acknowledge(void);
void gic_drop_priority(uint32_t iar);
void gic_deactivate(uint32_t iar);

/* Enables or disables IRQ. A shared one goes to the boot CPU; LEVEL or edge. */
void gic_enable(unsigned irq, bool level);
void gic_disable(unsigned irq);
/* Makes the private interrupts in MASK active, or inactive, on this CPU. */
void gic_private_activate(uint32_t mask);
void gic_private_deactivate(uint32_t mask);
void gic_send_kick(const struct cpu *cpu);

/* The virtual interface follows vCPU V: control register, active priorities, list registers (by vgic_load()). */
void gic_load(struct vcpu *v);
void gic_unload(struct vcpu *v);
uint32_t gic_read_vmcr(void);
uint32_t gic_reset_vmcr(void);

#endif
