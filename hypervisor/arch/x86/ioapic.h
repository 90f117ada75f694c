/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O APICs (Intel 82093AA): the few interrupts of devices that are the hypervisor's own.
 */
#ifndef BH_X86_IOAPIC_H
#define BH_X86_IOAPIC_H

#include "acpi.h"
#include "bh/types.h"

/*
 * Masks the 8259s. While the local APIC still lets their interrupts through: what they had asked for would otherwise never
 * be taken back.
 */
void ioapic_silence_8259(const struct acpi_board *acpi);
/* Masks all inputs of all I/O APICs. */
void ioapic_init(const struct acpi_board *acpi);
/* ISA interrupt IRQ comes as VECTOR to the CPU with APIC id TARGET. -XEN_ENODEV: no I/O APIC has it. */
MUST_USE int ioapic_route_isa(const struct acpi_board *acpi, unsigned irq, uint8_t vector, uint32_t target);
/* Has one ISA interrupt IRQ? */
bool ioapic_has_isa(const struct acpi_board *acpi, unsigned irq);
/*
 * The same as ioapic_route_isa() at any time, of one that some I/O APIC has; or, unless OPEN, it is masked. A TARGET that
 * an entry has no room for is the boot CPU.
 */
void ioapic_open_isa(unsigned irq, uint8_t vector, uint32_t target, bool open);

#endif
