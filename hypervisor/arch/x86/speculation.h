/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done against speculation across domains, as far as the CPU offers it. See the table in speculation.c.
 */
#ifndef BH_X86_SPECULATION_H
#define BH_X86_SPECULATION_H

#include "bh/types.h"
#include "bh/vcpu.h"

/* Looks what this machine's CPUs have and says it. Boot CPU, once. */
void speculation_init(void);
/* V is about to run on this CPU. */
void speculation_switch(const struct vcpu *v);

#endif
