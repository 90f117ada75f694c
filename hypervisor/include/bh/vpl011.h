/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual UART of a domain: the generic UART of Arm's Server Base System Architecture (DEN 0029, appendix B), a
 * subset of the PL011 (DDI 0183), at GUEST_PL011_BASE with interrupt GUEST_VPL011_SPI. Output goes to the console, or to
 * the domain that is its other end (bh/vuart.h); input comes from there, through a FIFO of 32 characters. Who types does
 * not look whether there is room in it: what does not fit waits behind it.
 */
#ifndef BH_VPL011_H
#define BH_VPL011_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;
struct mmio_access;
struct vcpu;

#define VPL011_FIFO_SIZE 32
#define VPL011_INPUT_SIZE 256 /* the FIFO, and what waits behind it */
#define VPL011_SPI       32 /* GUEST_VPL011_SPI, which Xen's headers define for Arm only */

struct vpl011 {
    struct spinlock lock;   /* LOCK_VUART */
    uint32_t raw;           /* [lock lock] UARTRIS */
    uint32_t mask;          /* [lock lock] UARTIMSC */
    bool transmit_waits;    /* [lock lock] the transmit interrupt is held back; read [atomic] */
    bool line_is_up;        /* [lock lock] what the virtual GIC was told last */
    uint16_t first;         /* [lock lock] place of the oldest character in input */
    uint16_t count;         /* [lock lock] characters in input; read [atomic] */
    uint8_t input[VPL011_INPUT_SIZE]; /* [lock lock] */
};

/* Reset state. Before D runs. */
void vpl011_init(struct domain *d);
/* The console has a character for D. False: as many wait as can, and it is lost. No later lock may be held. */
bool vpl011_receive(struct domain *d, char c);
/* Has the FIFO room? It keeps it until the next vpl011_receive(). */
bool vpl011_has_room(const struct domain *d);
/*
 * The console has room again after console_is_congested(): D may hear of it. Without this call it does so at its next
 * access to the UART. No later lock may be held.
 */
void vpl011_transmit_ready(struct domain *d);
/* A register access, see bh/mmio.h. -XEN_EINVAL: misaligned, or wider than 32 bits. */
MUST_USE int vpl011_access(struct vcpu *v, struct mmio_access *a);

#endif
