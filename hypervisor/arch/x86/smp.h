/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other CPUs.
 */
#ifndef BH_X86_SMP_H
#define BH_X86_SMP_H

#include "bh/cpu.h"
#include "bh/types.h"

/* Puts the code where CPUs start into low memory. Once. */
void smp_init(void);
/* Starts CPU, whose APIC id is known; returns when it has reported. -XEN_ENOMEM; -XEN_ENODEV, after a message. */
MUST_USE int smp_start(struct cpu *cpu);
/* What every CPU sets up of itself. */
void cpu_setup(struct cpu *cpu);

#endif
