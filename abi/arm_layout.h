/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where Xen puts things in an Arm guest: constants of Xen's arch-arm.h that the headers offer to Arm builds only,
 * repeated so that the host's tests see them too. An Arm build refuses a repetition that differs.
 */
#ifndef BH_ABI_ARM_LAYOUT_H
#define BH_ABI_ARM_LAYOUT_H

#include "abi/xen.h"

#define GUEST_GICD_BASE   xen_mk_ullong(0x03001000)
#define GUEST_GICD_SIZE   xen_mk_ullong(0x00001000)
#define GUEST_GICC_BASE   xen_mk_ullong(0x03002000)
#define GUEST_GICC_SIZE   xen_mk_ullong(0x00002000)
#define GUEST_GICV3_GICD_BASE      xen_mk_ullong(0x03001000)
#define GUEST_GICV3_GICD_SIZE      xen_mk_ullong(0x00010000)
#define GUEST_GICV3_RDIST_REGIONS  1
#define GUEST_GICV3_GICR0_BASE     xen_mk_ullong(0x03020000)
#define GUEST_GICV3_GICR0_SIZE     xen_mk_ullong(0x01000000)
#define GUEST_PL011_BASE    xen_mk_ullong(0x22000000)
#define GUEST_PL011_SIZE    xen_mk_ullong(0x00001000)
#define GUEST_GNTTAB_BASE xen_mk_ullong(0x38000000)
#define GUEST_GNTTAB_SIZE xen_mk_ullong(0x01000000)
#define GUEST_MAGIC_BASE  xen_mk_ullong(0x39000000)
#define GUEST_MAGIC_SIZE  xen_mk_ullong(0x01000000)
#define GUEST_RAM_BANKS   2
#define GUEST_RAM0_BASE   xen_mk_ullong(0x40000000)
#define GUEST_RAM0_SIZE   xen_mk_ullong(0xc0000000)
#define GUEST_RAM1_BASE   xen_mk_ullong(0x0200000000)
#define GUEST_RAM1_SIZE   xen_mk_ullong(0xfe00000000)
#define GUEST_RAM_BASE    GUEST_RAM0_BASE
#define GUEST_RAM_MAX     (GUEST_RAM0_SIZE + GUEST_RAM1_SIZE)
#define GUEST_RAM_BANK_BASES   { GUEST_RAM0_BASE, GUEST_RAM1_BASE }
#define GUEST_RAM_BANK_SIZES   { GUEST_RAM0_SIZE, GUEST_RAM1_SIZE }
#define GUEST_TIMER_VIRT_PPI    27
#define GUEST_TIMER_PHYS_S_PPI  29
#define GUEST_TIMER_PHYS_NS_PPI 30
#define GUEST_EVTCHN_PPI        31
#define GUEST_VPL011_SPI        32

#endif
