/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switching the machine off, and resetting it: arch_power_off() and arch_power_reset().
 */
#ifndef BH_X86_POWER_H
#define BH_X86_POWER_H

#include "acpi.h"

/* Boot CPU, once: what ACPI has for it. Registers in memory are mapped. ACPI stays. */
void power_init(const struct acpi_board *acpi);

#endif
