/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the virtual I/O APIC asks of an architecture that has one. With LOCK_VGIC held.
 */
#ifndef BH_ARCH_ARCH_VIOAPIC_H
#define BH_ARCH_ARCH_VIOAPIC_H

#include "bh/types.h"

struct vcpu;

/* The board's line PIN may interrupt, on the CPU that calls; or not any more. */
void arch_vioapic_open(unsigned pin, bool open);
/* From now on V's CPU calls vioapic_settle() before V's guest goes on, or, unless WATCH, does so no more. */
void arch_vioapic_watch(struct vcpu *v, bool watch);

#endif
