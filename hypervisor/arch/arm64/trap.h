/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps from guests: called by entry.S with the guest's registers in LOADED_STATE.
 */
#ifndef BH_ARM64_TRAP_H
#define BH_ARM64_TRAP_H

#include "bh/types.h"

/* Synchronous exception; ESR is the syndrome. */
void trap_sync(uint64_t esr);
void trap_irq(uint64_t esr);
void trap_fiq(uint64_t esr);
void trap_serror(uint64_t esr);

/* The guest goes on after the instruction that trapped. */
void trap_skip_instruction(void);

/* ---- Exceptions for the guest, as the architecture takes them to EL1 (Arm ARM D1.3) ---- */

/* The instruction is UNDEFINED at the guest's exception level. */
void inject_undefined(uint64_t esr);
/* Synchronous external abort of the access or fetch at virtual address FAR. */
void inject_external_abort(uint64_t esr, uint64_t far);

/* ---- Handlers of one class each; they answer, inject, or both ---- */

/* Trapped MRS, MSR or system instruction (EC 0x18). */
void sysreg_trap(uint64_t esr);
/* Value that a guest sees in an ID register (op0 3, op1 0, CRn 0, CRm 1..7). */
uint64_t idreg_value(unsigned crm, unsigned op2);

#endif
