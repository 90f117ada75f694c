/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's public interface for control domains: domctl, sysctl, platform_op and hypfs_op. What they say of a domain's configuration
 * and of a vCPU's registers is each architecture's own.
 */
#ifndef BH_ABI_CONTROL_H
#define BH_ABI_CONTROL_H

#include "abi/xen.h"

#include <xen/domctl.h>
#include <xen/hypfs.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

_Static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x15 && XEN_SYSCTL_INTERFACE_VERSION == 0x15, "Xen 4.17's");

#endif
