/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of the hypervisor's own faults.
 */
#ifndef BH_X86_REPORT_H
#define BH_X86_REPORT_H

#include "bh/types.h"

/* As entry.S pushes them. */
struct fault_registers {
    uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

/* Called by entry.S. An exception that the hypervisor's code took, or a machine check. */
NORETURN void report_fault(const struct fault_registers *r);
/* Called by entry.S. A non-maskable interrupt while no guest runs. */
void nmi_taken(void);

#endif
