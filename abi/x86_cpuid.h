/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's CPUID leaves for x86 guests.
 */
#ifndef BH_ABI_X86_CPUID_H
#define BH_ABI_X86_CPUID_H

#include "abi/xen.h"

#include <xen/arch-x86/cpuid.h>

#endif
