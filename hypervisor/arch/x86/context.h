/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's state beside what the virtualization extension switches.
 */
#ifndef BH_X86_CONTEXT_H
#define BH_X86_CONTEXT_H

#include "bh/types.h"
#include "bh/vcpu.h"
#include "hvm.h"

/* Which extended state there is to switch. Boot CPU, once. */
void context_init(void);
/* Components of XCR0 that guests may turn on. */
uint64_t context_xcr0(void);
/*
 * XCR0 of the guest that is loaded: of hardware, since emulators (QEMU 7.2) let guests write it without the exit that was
 * asked for. 0: no XSAVE.
 */
uint64_t context_guest_xcr0(void);
/*
 * V, which is off line, will begin as START says. The lock of its domain is held: nobody else makes its state, or lets it
 * run before that is whole.
 */
void context_reset(struct vcpu *v, const struct hvm_start *start);
/*
 * V, the current vCPU, halted with interrupts masked: it is off line until an INIT and a STARTUP. When all of a domain's
 * vCPUs are, it has powered off, as Xen has it: guests without ACPI's registers for that end so.
 */
void context_halt(struct vcpu *v);
/* An INIT was sent to V, the current vCPU: it waits for STARTUP. */
void context_take_init(struct vcpu *v);

#endif
