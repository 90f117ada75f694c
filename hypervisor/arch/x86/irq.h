/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupts: taken one at a time at a place of our choosing (hvm.h), then given to whom they are for.
 */
#ifndef BH_X86_IRQ_H
#define BH_X86_IRQ_H

#include "bh/cpu.h"
#include "bh/types.h"

/* Takes what is pending, a bounded number. */
void irq_take(struct cpu *cpu);

#endif
