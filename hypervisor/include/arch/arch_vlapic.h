/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the virtual local APIC asks of an architecture that has one. The state it keeps is v->arch.vlapic.
 */
#ifndef BH_ARCH_ARCH_VLAPIC_H
#define BH_ARCH_ARCH_VLAPIC_H

#include "bh/types.h"

struct vcpu;

/* What V's time-stamp counter says now. */
uint64_t arch_vlapic_tsc(const struct vcpu *v);
/* The first tick of arch_time_now() at which V's time-stamp counter is TSC or more; TIMER_NEVER if that is too far. */
uint64_t arch_vlapic_time_of_tsc(const struct vcpu *v, uint64_t tsc);

/*
 * A vCPU of V's domain, perhaps V itself, sends it an NMI, INIT, or STARTUP with a page number. Called on the sender's
 * CPU without a lock; V may run elsewhere.
 */
void arch_vlapic_nmi(struct vcpu *v);
void arch_vlapic_init_signal(struct vcpu *v);
void arch_vlapic_startup(struct vcpu *v, uint8_t vector);

#endif
