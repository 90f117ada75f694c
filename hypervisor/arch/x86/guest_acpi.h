/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables that a partition on x86 is given: RSDP, XSDT, FADT, MADT, DSDT, behind each other, the RSDP first.
 * They describe a machine without legacy devices (hardware-reduced, ACPI 6.4, 4.1), as Xen's PVH guests have it, whose
 * vCPU N has the local APIC id N; and no I/O APIC.
 */
#ifndef BH_X86_GUEST_ACPI_H
#define BH_X86_GUEST_ACPI_H

#include "bh/shared_memory.h"
#include "bh/types.h"

#define GUEST_ACPI_VCPU_MAX 1024
/* Tables begin at a multiple of this, the first one too. */
#define GUEST_ACPI_ALIGN 16

struct guest_acpi {
    unsigned vcpu_count;               /* 1 to GUEST_ACPI_VCPU_MAX */
    const struct shared_share *shares; /* memory that it shares with others */
    unsigned share_count;              /* up to SHARED_PER_PARTITION */
};

/* Bytes that the tables take. */
uint32_t guest_acpi_size(const struct guest_acpi *g);

/*
 * Writes them to BUFFER, guest_acpi_size() bytes that are zero, which the guest will see at ADDRESS, a multiple of
 * GUEST_ACPI_ALIGN. Bound: the vCPUs, the shares, and the bytes for their sum.
 */
void guest_acpi_write(const struct guest_acpi *g, uint64_t address, void *buffer);

#endif
