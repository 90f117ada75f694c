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
/* V, which is off line, begins as START says. */
void context_reset(struct vcpu *v, const struct hvm_start *start);
/* An INIT was sent to V, the current vCPU: it waits for STARTUP. */
void context_take_init(struct vcpu *v);

#endif
