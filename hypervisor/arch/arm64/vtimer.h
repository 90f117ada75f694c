/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generic timers of a guest (Arm ARM D11): the virtual timer is the CPU's own, handed through while its vCPU is
 * loaded and watched by a software timer while it is not; the physical timer is emulated.
 */
#ifndef BH_ARM64_VTIMER_H
#define BH_ARM64_VTIMER_H

#include "bh/types.h"

struct vcpu;

void vtimer_init(struct vcpu *v);
void vtimer_reset(struct vcpu *v);
/* No software timer of V fires after this. */
void vtimer_stop(struct vcpu *v);
void vtimer_load(struct vcpu *v);
void vtimer_unload(struct vcpu *v);
/* Would a timer of V raise an interrupt now? */
bool vtimer_is_due(const struct vcpu *v, bool loaded);

/* The physical timer's registers, by their encoding: CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0. */
enum ptimer_register { PTIMER_TVAL, PTIMER_CTL, PTIMER_CVAL };
uint64_t ptimer_read(struct vcpu *v, enum ptimer_register r);
void ptimer_write(struct vcpu *v, enum ptimer_register r, uint64_t value);

#endif
