/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the ISA interrupts of the board are. They come here, and go to the virtual I/O APIC of the domain that has them.
 * One lock for all: it is held while an interrupt finds its domain's I/O APIC, so that the domain is there as long.
 */
#ifndef BH_X86_ISA_LINE_H
#define BH_X86_ISA_LINE_H

#include "acpi.h"
#include "bh/types.h"

struct domain;

/* What there is. When the I/O APICs are known, and the console. */
void isa_line_init(const struct acpi_board *acpi);
/* Where and how IRQ comes. */
const struct acpi_isa *isa_line_of(unsigned irq);
/* D, which is being made, has those of IRQS, a bit for each, as pins of a virtual I/O APIC. They are closed. */
void isa_line_give(struct domain *d, uint16_t irqs);
/* They are closed, and nobody's. D's vCPUs do not run any more. */
void isa_line_end(struct domain *d);
/* IRQ came, and has ended as an interrupt of this CPU's: a level may be on its way once more by now. */
void isa_line_came(unsigned irq);

#endif
