/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupts of the hypervisor's own.
 */
#ifndef BH_ARM64_IRQ_H
#define BH_ARM64_IRQ_H

#include "bh/types.h"

/* Boot: the interrupt numbers of the EL2 physical timer and of the virtual timer. */
void irq_init(unsigned hyp_timer, unsigned virt_timer);
/* Each CPU, after gic_cpu_init(). */
void irq_cpu_init(void);
/* The console's interrupt. */
void irq_attach_uart(unsigned irq);

#endif
