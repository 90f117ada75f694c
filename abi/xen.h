/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's public interface, in one wrapper over the headers of libxen-dev. Nothing else in the tree names a Xen
 * header, so that a change of interface version is made here once.
 *
 * Req: BH-ABI-001
 */
#ifndef BH_ABI_XEN_H
#define BH_ABI_XEN_H

#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ 0x00041100
#endif
/* The domain-layout constants (GUEST_RAM0_BASE and so on) are offered to tools only. */
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>
#include <xen/argo.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/io/console.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

_Static_assert(sizeof(xen_add_to_physmap_t) == (sizeof(void *) == 8 ? 24 : 16), "layout of XENMEM_add_to_physmap");
_Static_assert(sizeof(struct vcpu_info) == 64 || sizeof(struct vcpu_info) == 48, "layout of vcpu_info");

#endif
