/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's DSDT without its header: what its ACPI namespace has, as AML (ACPI 6.4, 20.2). For each region of memory that
 * the partition shares with others a device by which drivers and users find it: one that is described by the device tree
 * binding of the same purpose (_HID "PRP0001", with "compatible" and the other properties in _DSD), and its address in
 * _CRS.
 */
#ifndef BH_X86_GUEST_DSDT_H
#define BH_X86_GUEST_DSDT_H

#include "bh/shared_memory.h"
#include "bh/types.h"

/*
 * Writes it for SHARES to TO, or nowhere if that is NULL; returns how many bytes it takes. Bound: the shares,
 * SHARED_PER_PARTITION at most.
 */
uint32_t guest_dsdt_write(const struct shared_share *shares, unsigned share_count, uint8_t *to);

#endif
