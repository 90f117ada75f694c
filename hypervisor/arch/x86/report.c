/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor says when it is itself at fault: registers and a back trace with names.
 */
#include "report.h"

#include "arch/arch.h"
#include "bh/back_trace.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "cpu_registers.h"
#include "layout.h"

#define STACK_LOW CPU_PAGE_VA(CPU_PAGE_STACK)

void arch_stop(void)
{
    for (;;) {
        __asm__ volatile("cli\n\thlt" ::: "memory");
    }
}

/* Req: BH-SEC-009 */
void report_fault(const struct fault_registers *r)
{
    static const char names[][20] = {
        [0] = "divide error", [1] = "debug", [3] = "breakpoint", [6] = "invalid opcode", [8] = "double fault",
        [10] = "invalid TSS", [11] = "segment not present", [12] = "stack fault", [13] = "general protection",
        [14] = "page fault", [18] = "machine check",
    };
    const struct cpu *cpu = this_cpu();
    const char *name = r->vector < ARRAY_COUNT(names) && names[r->vector][0] != '\0' ? names[r->vector] : "exception";

    console_emergency_begin();
    console_emergency("\nBulkhead: fault of the hypervisor on CPU %u: %s (vector %lu)\n", cpu != NULL ? cpu->id : 0U,
                      name, r->vector);
    console_emergency("  error %lx CR2 %lx CR3 %lx RFLAGS %lx RSP %lx\n", r->error, cr2_read(), cr3_read(), r->rflags,
                      r->rsp);
    console_emergency("  rax %lx rcx %lx rdx %lx rbx %lx\n", r->rax, r->rcx, r->rdx, r->rbx);
    console_emergency("  rbp %lx rsi %lx rdi %lx r8  %lx\n", r->rbp, r->rsi, r->rdi, r->r8);
    console_emergency("  r9  %lx r10 %lx r11 %lx r12 %lx\n", r->r9, r->r10, r->r11, r->r12);
    console_emergency("  r13 %lx r14 %lx r15 %lx\n", r->r13, r->r14, r->r15);
    back_trace_address("at  ", r->rip);
    back_trace(r->rbp, STACK_LOW, CPU_STACK_TOP);
    console_emergency("The board stops here.\n");
    arch_stop();
}

void arch_panic(void)
{
    back_trace((uint64_t)__builtin_frame_address(0), STACK_LOW, CPU_STACK_TOP);
    console_emergency("The board stops here.\n");
    arch_stop();
}

void nmi_taken(void)
{
    log_warning("CPU %u: NMI", this_cpu()->id);
}
