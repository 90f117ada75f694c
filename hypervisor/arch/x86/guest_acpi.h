/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables that a partition on x86 is given: RSDP, XSDT, FADT, MADT, DSDT, behind each other, the RSDP first.
 * They describe a machine without legacy devices (hardware-reduced, ACPI 6.4, 4.1), as Xen's PVH guests have it, whose
 * vCPU N has the local APIC id N; and an I/O APIC only if it has interrupts of the board.
 */
#ifndef BH_X86_GUEST_ACPI_H
#define BH_X86_GUEST_ACPI_H

#include "acpi.h"
#include "bh/shared_memory.h"
#include "bh/types.h"

#define GUEST_ACPI_VCPU_MAX 1024
/* Tables begin at a multiple of this, the first one too. */
#define GUEST_ACPI_ALIGN 16

/* Serial ports (16550) and their registers. */
#define GUEST_SERIAL_COUNT 4
#define GUEST_SERIAL_PORTS 8
struct guest_serial {
    uint16_t port; /* 0: there is none */
    uint8_t irq;   /* one that it has */
};

struct guest_acpi {
    unsigned vcpu_count;               /* 1 to GUEST_ACPI_VCPU_MAX */
    const struct shared_share *shares; /* memory that it shares with others */
    unsigned share_count;              /* up to SHARED_PER_PARTITION */
    uint16_t irqs;                     /* ISA interrupts that it has, a bit for each; 0: no I/O APIC */
    struct acpi_isa isa[ACPI_ISA_COUNT]; /* how they come; each is the pin of its number */
    struct guest_serial serial[GUEST_SERIAL_COUNT];
};

/* Bytes that the tables take. */
uint32_t guest_acpi_size(const struct guest_acpi *g);

/*
 * Writes them to BUFFER, guest_acpi_size() bytes that are zero, which the guest will see at ADDRESS, a multiple of
 * GUEST_ACPI_ALIGN. Bound: the vCPUs, the shares, and the bytes for their sum.
 */
void guest_acpi_write(const struct guest_acpi *g, uint64_t address, void *buffer);

#endif
