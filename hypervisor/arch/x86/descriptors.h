/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments, task state and interrupt vectors of a CPU (AMD APM volume 2, 4.8, 8.9 and 12.2). The first page of a CPU's own
 * begins with its struct cpu, which arch_this_cpu() reads.
 */
#ifndef BH_X86_DESCRIPTORS_H
#define BH_X86_DESCRIPTORS_H

#include "bh/cpu.h"
#include "bh/types.h"
#include "layout.h"

struct task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t stack[7]; /* by IST number from 1 on */
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct cpu_own {
    struct cpu *cpu;
    uint64_t gdt[5];
    struct task_state task __attribute__((aligned(16)));
};

#define CPU_OWN ((struct cpu_own *)CPU_OWN_VA)

/* Fills the vectors of all CPUs. Once, before descriptors_load(). */
void descriptors_init(void);
/* This CPU, which CPU is, uses them. */
void descriptors_load(struct cpu *cpu);

#endif
