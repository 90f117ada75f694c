/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are in ACPI's tables, for those who read the board's and who write a guest's: ACPI 6.4, 5.2.
 */
#ifndef BH_X86_ACPI_LAYOUT_H
#define BH_X86_ACPI_LAYOUT_H

#include "bh/types.h"

/* Table 5.4: the header of every table but the root pointer. */
#define ACPI_HEADER_SIZE     36
#define ACPI_OFFSET_LENGTH   4
#define ACPI_OFFSET_REVISION 8
#define ACPI_OFFSET_SUM      9

/* Table 5.3: the root pointer, of both versions. */
#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_SIZE_1    20
#define RSDP_SIZE_2    36
#define RSDP_SUM       8
#define RSDP_OEM       9
#define RSDP_REVISION  15
#define RSDP_RSDT      16
#define RSDP_LENGTH    20
#define RSDP_XSDT      24
#define RSDP_SUM_2     32

/* Table 5.1: an address structure has space 0, bits 1, bit offset 2, access size 3, address 4. */
#define SPACE_MEMORY 0
#define SPACE_PORT   1

/* Table 5.9: FADT. A block has an old field for a port, and a newer one, an address structure, that counts if not 0. */
#define FADT_DSDT           40
#define FADT_SCI            46
#define FADT_PM1A_CONTROL   64
#define FADT_PM1B_CONTROL   68
#define FADT_PM_TIMER       76
#define FADT_PM1_LENGTH     89
#define FADT_TIMER_LENGTH   91
#define FADT_BOOT_FLAGS     109
#define FADT_FLAGS          112
#define FADT_RESET          116
#define FADT_RESET_VALUE    128
#define FADT_MINOR_REVISION 131
#define FADT_X_DSDT         140
#define FADT_X_PM1A_CONTROL 172
#define FADT_X_PM1B_CONTROL 184
#define FADT_X_PM_TIMER     208
#define FADT_SLEEP_CONTROL  244
#define FADT_HYPERVISOR     268
#define FADT_SIZE           276
/* Table 5.10: its flags. */
#define FADT_FLAG_WBINVD           BIT(0)
#define FADT_FLAG_NO_POWER_BUTTON  BIT(4) /* none that is fixed hardware */
#define FADT_FLAG_NO_SLEEP_BUTTON  BIT(5)
#define FADT_FLAG_TIMER_32_BITS    BIT(8)
#define FADT_FLAG_RESET            BIT(10)
#define FADT_FLAG_HARDWARE_REDUCED BIT(20)
/* Table 5.11: IA-PC boot architecture flags. */
#define FADT_BOOT_NO_VGA BIT(2)
#define FADT_BOOT_NO_RTC BIT(5)

/* Table 5.19: MADT. */
#define MADT_LOCAL_APIC 36
#define MADT_FLAGS      40
#define MADT_ENTRIES    44
#define MADT_FLAG_8259  BIT(0)
/* Table 5.21: types of entries, and how long each is. */
#define MADT_CPU           0
#define MADT_CPU_SIZE      8
#define MADT_IOAPIC        1
#define MADT_IOAPIC_SIZE   12
#define MADT_OVERRIDE      2
#define MADT_OVERRIDE_SIZE 10
#define MADT_ADDRESS       5
#define MADT_ADDRESS_SIZE  12
#define MADT_X2APIC        9
#define MADT_X2APIC_SIZE   16
/* Table 5.26: flags of an interrupt; 0 is as the bus has it, which for ISA is edge and active high. */
#define INTERRUPT_POLARITY 0x3
#define INTERRUPT_HIGH     0x1
#define INTERRUPT_LOW      0x3
#define INTERRUPT_TRIGGER  0xc
#define INTERRUPT_EDGE     0x4
#define INTERRUPT_LEVEL    0xc
/* Table 5.23: flags of a CPU. */
#define MADT_CPU_ENABLED        BIT(0)
#define MADT_CPU_ONLINE_CAPABLE BIT(1)
/* The ids that mean all CPUs. */
#define APIC_ID_ALL   0xff
#define X2APIC_ID_ALL 0xffffffff

#endif
