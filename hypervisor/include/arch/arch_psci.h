/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firmware calls of guests ask of an architecture that has them, beside arch_vcpu_reset(): the workarounds
 * for errors of the CPU that a guest may ask for (DEN 0028, 7.5 and later: SMCCC_ARCH_WORKAROUND_1, _2 and _3).
 */
#ifndef BH_ARCH_ARCH_PSCI_H
#define BH_ARCH_ARCH_PSCI_H

#include "bh/types.h"

#define SMCCC_ARCH_WORKAROUND_1 0x80008000u
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffu
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffu

/*
 * One of the three functions, on the CPUs of this board: 0, a guest should call it; 1, it may but need not; -1, it is
 * not known here whether it is needed.
 */
int arch_smccc_workaround_query(uint32_t function);
/* Does it, on this CPU. Only for a function whose query does not say -1. X1 is the caller's argument. */
void arch_smccc_workaround(uint32_t function, uint64_t x1);

#endif
