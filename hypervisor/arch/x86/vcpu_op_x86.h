/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on vCPUs that Xen has on x86 only: timers, going on and off line, the copy of the clock.
 */
#ifndef BH_X86_VCPU_OP_X86_H
#define BH_X86_VCPU_OP_X86_H

#include "bh/vcpu.h"

void vcpu_timers_init(struct vcpu *v);
/* They fire no more. */
void vcpu_timers_stop(struct vcpu *v);
/* TIMER_SINGLESHOT or TIMER_PERIODIC of V is due. */
void vcpu_timer_expired(struct vcpu *v, enum timer_kind kind);

#endif
