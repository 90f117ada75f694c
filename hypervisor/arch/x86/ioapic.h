/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O APICs (Intel 82093AA): the few interrupts of devices that are the hypervisor's own.
 */
#ifndef BH_X86_IOAPIC_H
#define BH_X86_IOAPIC_H

#include "acpi.h"
#include "bh/types.h"

/* Masks all inputs of all I/O APICs, and the 8259s. */
void ioapic_init(const struct acpi_board *acpi);
/* ISA interrupt IRQ comes as VECTOR to the CPU with APIC id TARGET. -XEN_ENODEV: no I/O APIC has it. */
MUST_USE int ioapic_route_isa(const struct acpi_board *acpi, unsigned irq, uint8_t vector, uint32_t target);

#endif
