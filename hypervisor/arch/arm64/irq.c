/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupts: whose they are, and what is done.
 */
#include "irq.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/counters.h"
#include "bh/cpu.h"
#include "bh/device.h"
#include "bh/hyp_audit.h"
#include "bh/timer.h"
#include "bh/vcpu.h"
#include "gic.h"
#include "drivers/uart.h"
#include "sysreg.h"
#include "trap.h"

/* Interrupts acknowledged in one entry: more wait for the next, after the guest had its instruction. */
#define TAKE_LIMIT 8

static unsigned hyp_timer_irq, virt_timer_irq; /* [boot] */
static unsigned uart_irq;                      /* [boot] 0: none */

void irq_init(unsigned hyp_timer, unsigned virt_timer)
{
    hyp_timer_irq = hyp_timer;
    virt_timer_irq = virt_timer;
}

void irq_cpu_init(void)
{
    gic_enable(GIC_SGI_KICK, false);
    gic_enable(hyp_timer_irq, true);
    gic_enable(virt_timer_irq, true);
    gic_enable(gic_maintenance_irq(), true);
}

void irq_attach_uart(unsigned irq)
{
    uart_irq = irq;
    gic_enable(irq, true);
}

/* All but the virtual timer. */
static COLD void deliver(struct cpu *cpu, uint32_t iar)
{
    unsigned irq = iar & 0x3ff;

    if (irq == GIC_SGI_KICK) {
        if (unlikely(console_emergency_has_begun())) {
            arch_stop();
        }
        cpu->work |= __atomic_exchange_n(&cpu->requests, 0, __ATOMIC_ACQUIRE);
    } else if (irq == hyp_timer_irq) {
        timer_expire(cpu);
    } else if (irq == gic_maintenance_irq()) {
        if (cpu->current != NULL) {
            vgic_sync(cpu->current);
        }
    } else if (uart_irq != 0 && irq == uart_irq) {
        uart_interrupt();
    } else {
        log_warning("interrupt %u has no owner: disabled", irq);
        gic_disable(irq);
    }
    gic_deactivate(iar);
}

/* Req: BH-TIMER-001 */
/* Takes what is pending, a bounded number. */
static ALWAYS_INLINE void irq_take(struct cpu *cpu)
{
    for (unsigned taken = 0; taken < TAKE_LIMIT; taken++) {
        uint32_t iar = gic_acknowledge();
        unsigned irq = iar & 0x3ff;

        if (irq >= GIC_SPURIOUS) {
            return;
        }
        gic_drop_priority(iar);
        if (likely(irq == virt_timer_irq && cpu->current != NULL)) {
            /* Stays active until the guest deactivates its own. */
            vgic_raise_hw(cpu->current, GUEST_TIMER_VIRT_PPI, irq);
            return;
        }
        /* A device's stays active, too. */
        if (!CONFIG_DEVICES || !device_line_take(irq)) {
            deliver(cpu, iar);
        }
    }
}

void trap_irq(uint64_t esr)
{
    struct cpu *cpu = this_cpu();

    (void)esr;
    if (CONFIG_AUDIT) {
        hyp_audit();
    }
    counter_add(cpu, COUNTER_INTERRUPTS);
    irq_take(cpu);
    vcpu_leave(cpu);
}

void trap_fiq(uint64_t esr)
{
    /* Only secure firmware's interrupts are FIQs, and those do not come here: our own controller says IRQ. */
    trap_irq(esr);
}

bool arch_interrupt_is_pending(void)
{
    return (sysreg_read(isr_el1) & (BIT(7) | BIT(6))) != 0;
}

void arch_cpu_wait(void)
{
    /* A masked interrupt ends WFI too. */
    dsb(sy);
    wfi();
    irq_take(this_cpu());
}
