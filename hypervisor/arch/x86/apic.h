/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU's local APIC (Intel SDM volume 3, chapter 10; AMD APM volume 2, chapter 16): interrupts between CPUs, the
 * one-shot timer, ends of interrupt. x2APIC where there is one, else the page of registers.
 */
#ifndef BH_X86_APIC_H
#define BH_X86_APIC_H

#include "bh/types.h"

/* Maps the registers. -XEN_ENODEV: there are none. Boot CPU, once. */
MUST_USE int apic_init(void);
/* Enables this CPU's. */
void apic_cpu_init(void);
uint32_t apic_id(void);
void apic_eoi(void);
/* Fixed interrupt VECTOR to the CPU with TARGET. */
void apic_send(uint32_t target, uint8_t vector);
/* INIT, then two STARTUPs to the page at PADDR (below 1 MiB), as the SDM has it (8.4.4.1). */
void apic_start_cpu(uint32_t target, uint32_t paddr);

/* Interrupt VECTOR_TIMER in COUNT ticks of the timer, at 1/1 of its clock; 0: never. */
void apic_timer_start(uint32_t count);
/* Ticks left. */
uint32_t apic_timer_left(void);
/* The timer compares with the TSC from now on: arch_timer_program() writes MSR_TSC_DEADLINE. */
void apic_timer_use_deadline(void);

#endif
