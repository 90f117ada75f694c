/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's virtual interrupt interfaces, one a CPU, and what a guest does with one: for tests. Behaves as IHI 0069,
 * 4 and 6 say for interrupts with a list register.
 */
#ifndef BH_ARCH_HOST_VGIC_H
#define BH_ARCH_HOST_VGIC_H

#include "arch/arch_vgic.h"
#include "bh/types.h"

#define HOST_VGIC_LRS      16
#define HOST_VGIC_SPURIOUS 1023
#define HOST_VGIC_DEPTH    32 /* as many priorities as there are */

/* The list registers of a CPU. */
struct host_vgic {
    uint64_t lr[HOST_VGIC_LRS];
    uint32_t maintenance;       /* as arch_vgic_maintenance_set() */
    unsigned eoi_count;
    bool physical_active[32];   /* private physical interrupts */
};

/* What moves with the vCPU: the interrupts it has acknowledged and not ended. */
struct host_vgic_guest {
    uint8_t priority[HOST_VGIC_DEPTH];
    unsigned irq[HOST_VGIC_DEPTH]; /* with the sender of a GICv2 SGI, as in a list register */
    unsigned depth;
};

extern struct host_vgic host_vgic[CONFIG_MAX_CPUS];
extern unsigned host_vgic_lr_count;
extern bool host_vgic_physical_active[1024]; /* shared physical interrupts */
/* What the physical distributor was told of them. */
struct host_vgic_line {
    bool is_enabled, is_edge;
    unsigned cpu;
};
extern struct host_vgic_line host_vgic_line[1024];

/* All interfaces as after reset, with COUNT list registers each. */
void host_vgic_reset(unsigned count);
/* The guest on this CPU acknowledges: the interrupt that the interface signals, or HOST_VGIC_SPURIOUS. */
unsigned host_vgic_acknowledge(struct host_vgic_guest *g);
/* It ends the one it acknowledged last: priority drop and deactivation (EOImode 0). */
void host_vgic_end(struct host_vgic_guest *g);
/* Is this CPU's maintenance interrupt asserted? */
bool host_vgic_maintenance(void);

#endif
