/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a fault of the hypervisor's own.
 */
#ifndef BH_ARM64_REPORT_H
#define BH_ARM64_REPORT_H

#include "bh/types.h"

/* As entry.S lays them on the emergency stack. */
struct fault_registers {
    uint64_t x[31];
    uint64_t sp;
};

/* KIND: 0 synchronous, 1 IRQ, 2 FIQ, 3 SError. */
NORETURN void report_fault(const struct fault_registers *r, unsigned kind);

#endif
