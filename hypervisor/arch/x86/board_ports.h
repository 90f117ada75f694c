/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O ports and ISA interrupts of a PC that are never a partition's: the hypervisor's own, and those by which
 * somebody could stop the machine, or reach what is not his.
 */
#ifndef BH_X86_BOARD_PORTS_H
#define BH_X86_BOARD_PORTS_H

#include "acpi.h"
#include "bh/types.h"

/* The console's. */
#define COM1_PORT  0x3f8
#define COM1_COUNT 8
#define COM1_IRQ   4

/* Who has one of COUNT ports from FIRST on, in words; NULL: they are free. HAS_CONSOLE: COM1 is the console's. */
const char *board_ports_holder(const struct acpi_board *acpi, bool has_console, uint32_t first, uint32_t count);
/* The same of ISA interrupt IRQ. */
const char *board_isa_holder(const struct acpi_board *acpi, bool has_console, unsigned irq);

#endif
