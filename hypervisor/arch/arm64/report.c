/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor says when it is itself at fault: registers and a symbolised back trace, on the emergency stack.
 */
#include "report.h"

#include "arch/arch.h"
#include "bh/back_trace.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "layout.h"
#include "sysreg.h"

#define STACK_LOW (CPU_STACK_TOP - CPU_PAGE_STACK_COUNT * PAGE_SIZE)

void arch_stop(void)
{
    for (;;) {
        wfi();
    }
}

/* Req: BH-SEC-009 */
void report_fault(const struct fault_registers *r, unsigned kind)
{
    static const char kinds[4][16] = { "synchronous", "IRQ", "FIQ", "SError" };
    struct cpu *cpu = this_cpu();
    uint64_t elr = sysreg_read(elr_el2);

    console_emergency_begin();
    console_emergency("\nBulkhead: fault of the hypervisor on CPU %u: %s exception\n", cpu != NULL ? cpu->id : 0U,
                      kinds[kind & 3]);
    console_emergency("  ESR %lx FAR %lx SPSR %lx SP %lx\n", sysreg_read(esr_el2), sysreg_read(far_el2),
                      sysreg_read(spsr_el2), r->sp);
    for (unsigned i = 0; i < 31; i++) {
        console_emergency("%s x%-2u %lx%s", i % 4 == 0 ? " " : "", i, r->x[i], i % 4 == 3 || i == 30 ? "\n" : "");
    }
    back_trace_address("at  ", elr);
    back_trace_address("from", r->x[30] - 4);
    back_trace(r->x[29], STACK_LOW, CPU_STACK_TOP);
    console_emergency("The board stops here.\n");
    arch_stop();
}

void arch_panic(void)
{
    back_trace((uint64_t)__builtin_frame_address(0), STACK_LOW, CPU_STACK_TOP);
    console_emergency("The board stops here.\n");
    arch_stop();
}
