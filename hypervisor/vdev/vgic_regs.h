/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of one bank of 32 interrupts, as GICD and GICR show them. All are called with the domain's LOCK_VGIC
 * held; who has to look again after a write is noted in the struct vgic_work.
 */
#ifndef BH_VDEV_VGIC_REGS_H
#define BH_VDEV_VGIC_REGS_H

#include "vgic_internal.h"

/* The bank that an access is about. */
struct vgic_regs {
    struct vcpu *reader;          /* who accesses; loaded on this CPU */
    struct vcpu *owner;           /* of private interrupts; NULL for shared ones */
    struct vgic_bank *bank;
    struct vgic_spi_bank *shared; /* NULL for private ones */
    unsigned first;               /* number of the bank's first interrupt */
};

/* One bit an interrupt: the registers from offset 0x80 on, 0x80 bytes each. */
enum vgic_bits {
    VGIC_GROUP = 1,
    VGIC_ENABLE_SET,
    VGIC_ENABLE_CLEAR,
    VGIC_PENDING_SET,
    VGIC_PENDING_CLEAR,
    VGIC_ACTIVE_SET,
    VGIC_ACTIVE_CLEAR,
};

uint32_t vgic_bits_read(const struct vgic_regs *r, enum vgic_bits kind, struct vgic_work *w);
void vgic_bits_write(const struct vgic_regs *r, enum vgic_bits kind, uint32_t value, struct vgic_work *w);
/* SIZE bytes of priority, from interrupt N of the bank on; N + SIZE is at most 32. */
uint32_t vgic_priority_read(const struct vgic_regs *r, unsigned n, unsigned size);
void vgic_priority_write(const struct vgic_regs *r, unsigned n, unsigned size, uint32_t value, struct vgic_work *w);
/* Two bits an interrupt; HALF 0 or 1 of the bank. */
uint32_t vgic_config_read(const struct vgic_regs *r, unsigned half);
void vgic_config_write(const struct vgic_regs *r, unsigned half, uint32_t value, struct vgic_work *w);
/* The interrupts MASK of R changed. */
void vgic_regs_changed(const struct vgic_regs *r, uint32_t mask, struct vgic_work *w);

#endif
