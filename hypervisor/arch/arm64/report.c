/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor says when it is itself at fault: registers and a symbolised back trace, on the emergency stack.
 */
#include "report.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/vcpu.h"
#include "layout.h"
#include "sysreg.h"

/* Made by scripts/symbols.py at the end of the build: offsets from the image's start, ascending, and names. */
extern const uint32_t symbol_count __attribute__((weak));
extern const uint32_t symbol_offset[] __attribute__((weak));
extern const uint32_t symbol_name[] __attribute__((weak));
extern const char symbol_text[] __attribute__((weak));

#define FRAME_LIMIT 16

static void print_address(const char *what, uint64_t address)
{
    uint64_t offset = address - IMAGE_VA;

    if (CONFIG_SYMBOLS && &symbol_count != NULL && symbol_count != 0 && offset >= symbol_offset[0] &&
        offset < MIB(2)) {
        unsigned low = 0, high = symbol_count;

        /* Bound: halves the table. */
        while (high - low > 1) {
            unsigned middle = (low + high) / 2;

            if (symbol_offset[middle] <= offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        console_emergency("  %s %lx %s+%lx\n", what, address, symbol_text + symbol_name[low],
                          offset - symbol_offset[low]);
    } else {
        console_emergency("  %s %lx\n", what, address);
    }
}

/* Follows frame records (AAPCS64 6.4.6) as long as they lie on this CPU's stack and go up. */
static void back_trace(uint64_t fp)
{
    for (unsigned i = 0; i < FRAME_LIMIT; i++) {
        const uint64_t *record = (const uint64_t *)fp;

        if ((fp & 15) != 0 || fp < CPU_STACK_TOP - CPU_PAGE_STACK_COUNT * PAGE_SIZE || fp > CPU_STACK_TOP - 16) {
            return;
        }
        if (record[1] != 0) {
            print_address("from", record[1] - 4);
        }
        if (record[0] <= fp) {
            return;
        }
        fp = record[0];
    }
}

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
    print_address("at  ", elr);
    print_address("from", r->x[30] - 4);
    back_trace(r->x[29]);
    console_emergency("The board stops here.\n");
    arch_stop();
}

void arch_panic(void)
{
    back_trace((uint64_t)__builtin_frame_address(0));
    console_emergency("The board stops here.\n");
    arch_stop();
}
