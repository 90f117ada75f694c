/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's DSDT without its header: what its ACPI namespace has, as AML (ACPI 6.4, 20.2). For each region of memory that
 * the partition shares with others a device by which drivers and users find it: one that is described by the device tree
 * binding of the same purpose (_HID "PRP0001", with "compatible" and the other properties in _DSD), and its address in
 * _CRS; and each serial port of the board that is the partition's (_HID "PNP0501"), by which drivers find its interrupt.
 */
#ifndef BH_X86_GUEST_DSDT_H
#define BH_X86_GUEST_DSDT_H

#include "guest_acpi.h"
#include "bh/types.h"

/*
 * Writes it for G to TO, or nowhere if that is NULL; returns how many bytes it takes. Bound: the shares,
 * SHARED_PER_PARTITION at most, and the serial ports.
 */
uint32_t guest_dsdt_write(const struct guest_acpi *g, uint8_t *to);

#endif
