/* SPDX-License-Identifier: Apache-2.0 */
#include "irq.h"

#include "apic.h"
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/timer.h"
#include "bh/vcpu.h"
#include "drivers/ns16550.h"
#include "hvm.h"
#include "isa_line.h"
#include "layout.h"
#include "tlb.h"

/* Interrupts taken in one exit: more wait for the next, after the guest had its instruction. */
#define TAKE_LIMIT 8

static void kicked(struct cpu *cpu)
{
    if (unlikely(console_emergency_has_begun())) {
        arch_stop();
    }
    /* That something was posted is known by what it was. */
    cpu->work |= __atomic_exchange_n(&cpu->requests, 0, __ATOMIC_ACQUIRE) & ~(uint32_t)WORK_VIRQ;
}

static NOINLINE void deliver_from_board(unsigned vector)
{
    if (vector == VECTOR_UART && CONFIG_NS16550) {
        ns16550_interrupt();
    } else if (CONFIG_IOPORTS && vector - VECTOR_ISA < ACPI_ISA_COUNT) {
        isa_line_came(vector - VECTOR_ISA);
    } else {
        log_warning("interrupt vector %u has no owner", vector);
    }
}

/* Req: BH-TIMER-001 */
static ALWAYS_INLINE void deliver(struct cpu *cpu, unsigned vector)
{
    if (vector == VECTOR_SPURIOUS) {
        return;
    }
    apic_eoi();
    if (vector == VECTOR_KICK) {
        kicked(cpu);
    } else if (vector == VECTOR_TIMER) {
        timer_expire(cpu);
    } else {
        deliver_from_board(vector);
    }
}

/* The vector that was taken before its time, or one that is pending now; 0: none. */
static unsigned next_vector(struct cpu *cpu)
{
    unsigned vector = cpu->arch.latched;

    if (vector != 0) {
        cpu->arch.latched = 0;
        return vector;
    }
    return interrupt_take();
}

void irq_take(struct cpu *cpu)
{
    for (unsigned taken = 0; taken < TAKE_LIMIT; taken++) {
        unsigned vector = next_vector(cpu);

        if (vector == 0) {
            return;
        }
        deliver(cpu, vector);
    }
}

bool arch_interrupt_is_pending(void)
{
    struct cpu *cpu = this_cpu();

    /* Hardware only says by giving it: kept until irq_take(). */
    if (cpu->arch.latched == 0) {
        cpu->arch.latched = interrupt_take();
    }
    return cpu->arch.latched != 0;
}

void arch_cpu_wait(void)
{
    struct cpu *cpu = this_cpu();
    unsigned vector = cpu->arch.latched;

    cpu->arch.latched = 0;
    if (vector == 0) {
        tlb_turn_away(cpu);
        vector = interrupt_wait();
        tlb_turn_back(cpu);
    }
    if (vector != 0) {
        deliver(cpu, vector);
    }
}

void arch_cpu_kick(const struct cpu *cpu)
{
    apic_send(cpu->arch.apic_id, VECTOR_KICK);
}
