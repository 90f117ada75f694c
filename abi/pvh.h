/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's public interface for the start of an x86 kernel: the notes of its ELF file, and what it is told in memory. The
 * headers have no types of their own that differ between architectures, so that the host's tests see the same layout.
 */
#ifndef BH_ABI_PVH_H
#define BH_ABI_PVH_H

#include "abi/xen.h"

#include <xen/elfnote.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/hvm_vcpu.h>

_Static_assert(sizeof(struct hvm_start_info) == 56, "layout of hvm_start_info, version 1");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "layout of hvm_modlist_entry");
_Static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "layout of hvm_memmap_table_entry");

#endif
