/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where 32-bit guests of x86 look for what they share with the hypervisor all the time. A compiler for i386 says
 * whether it is so (tests/unit/narrow_layout.c).
 */
#ifndef BH_NARROW_SHARED_H
#define BH_NARROW_SHARED_H

#include "abi/xen.h"

/* xen.h: shared_info, as 32-bit code has it: where the events' masks begin; and how many ports have a bit. */
#define NARROW_EVTCHN_MASK_AT 2176
#define NARROW_EVTCHN_PORTS   1024
/* ... where the wall clock begins, and where the upper half of its seconds is. */
#define NARROW_WALL_CLOCK_AT  2304
#define NARROW_WC_SEC_HI_AT   2340

/* The beginning of vcpu_info. Both have 64 bytes on x86, with the clock in the second half. */
struct narrow_vcpu_info {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    uint32_t evtchn_pending_sel;
};
#define NARROW_VCPU_INFO_ALIGNMENT 4

#endif
