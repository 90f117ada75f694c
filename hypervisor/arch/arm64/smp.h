/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BH_ARM64_SMP_H
#define BH_ARM64_SMP_H

#include "bh/types.h"

struct cpu;

/* Starts CPU and waits until it is online. -XEN_ENOMEM, or -XEN_ENODEV after saying why. Boot CPU. */
MUST_USE int smp_start(struct cpu *cpu);
/* head.S: the C entry of a CPU started so. */
NORETURN void secondary_main(struct cpu *cpu);
/* entry.S: leaves boot code for good; from here on the CPU's stack is empty at every trap. */
NORETURN void enter_guests(struct cpu *cpu);

#endif
