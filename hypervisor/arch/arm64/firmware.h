/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's firmware: PSCI (Arm DEN 0022) by SMC, or by HVC where something above EL2 emulates it.
 */
#ifndef BH_ARM64_FIRMWARE_H
#define BH_ARM64_FIRMWARE_H

#include "bh/types.h"

#define PSCI_VERSION_CALL 0x84000000UL
#define PSCI_CPU_ON_CALL  0xc4000003UL
#define PSCI_OFF_CALL     0x84000008UL
#define PSCI_RESET_CALL   0x84000009UL
#define SMCCC_ARCH_FEATURES_CALL 0x80000001UL

/* Calls firmware function F with A..C; its first result. */
int64_t firmware_call(uint64_t f, uint64_t a, uint64_t b, uint64_t c);

#endif
