/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-hosted debug registers of a guest (Arm ARM D2, D17.3).
 */
#ifndef BH_ARM64_DEBUG_H
#define BH_ARM64_DEBUG_H

#include "bh/types.h"

struct vcpu_regs;

/*
 * An access to debug register REG (encoded as in the syndrome): false if the loaded vCPU has no such register.
 * *VALUE is what is written, or receives what is read.
 */
bool debug_access(uint32_t reg, bool is_read, uint64_t *value);
/* The loaded vCPU's breakpoints are in the hardware only while it has enabled them. */
void debug_load(const struct vcpu_regs *s);
void debug_unload(struct vcpu_regs *s);

#endif
