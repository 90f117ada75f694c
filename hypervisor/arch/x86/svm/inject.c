/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts and events for the guest that is entered next (AMD APM volume 2, 15.20 and 15.21).
 */
#include "../context.h"
#include "../cpu_registers.h"
#include "../hvm.h"
#include "svm.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/vcpu.h"
#include "bh/vioapic.h"
#include "bh/vlapic.h"
#include "bh/window.h"

void svm_close_window(struct vmcb *b)
{
    b->intercept1 &= ~(uint32_t)INTERCEPT_VINTR;
    b->virtual_interrupt &= ~(VIRTUAL_IRQ | VIRTUAL_IGNORE_TPR);
}

/* Does V's event area say that something is pending? */
static bool upcall_is_pending(struct vcpu *v)
{
    const struct vcpu_info *info = CONFIG_EVTCHN ? evtchn_open_info(v) : NULL;
    bool pending = false;

    if (info != NULL) {
        pending = __atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_RELAXED) != 0;
        window_close_leaf();
    }
    return pending;
}

/* The guest exits as soon as it takes interrupts. */
static void ask_for_window(struct vmcb *b)
{
    b->intercept1 |= INTERCEPT_VINTR;
    b->virtual_interrupt |= VIRTUAL_IRQ | VIRTUAL_IGNORE_TPR;
}

/* Req: BH-PC-040 */
static NOINLINE void inject(struct vcpu *v, struct vmcb *b, uint32_t events)
{
    bool taken = (b->event & EVENT_VALID) != 0;
    bool masked = (b->rflags & RFLAGS_IF) == 0 || (b->interrupt_shadow & SHADOW_INTERRUPT) != 0;
    int vector;

    hvm_fetch_task_priority(v);
    if (unlikely((events & ARCH_EVENT_NMI) != 0) && !taken) {
        __atomic_fetch_and(&v->arch.events, ~ARCH_EVENT_NMI, __ATOMIC_SEQ_CST);
        b->event = EVENT_VALID | EVENT_NMI << EVENT_TYPE_SHIFT | EXCEPTION_NMI;
        taken = true;
    }
    if ((events & ARCH_EVENT_UPCALL) != 0) {
        if (taken || masked) {
            ask_for_window(b);
            return;
        }
        /* It stays so until the guest has taken notice: the interrupt is a level, as Xen has it. */
        __atomic_fetch_and(&v->arch.events, ~ARCH_EVENT_UPCALL, __ATOMIC_SEQ_CST);
        if (upcall_is_pending(v)) {
            __atomic_fetch_or(&v->arch.events, ARCH_EVENT_UPCALL, __ATOMIC_SEQ_CST);
            b->event = EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | (v->domain->parameter.callback_irq & 0xff);
            ask_for_window(b);
            return;
        }
    }
    vector = vlapic_pending(v);
    if (vector >= 0) {
        if (taken || masked) {
            ask_for_window(b);
            return;
        }
        vlapic_accept(v, (uint8_t)vector);
        b->event = EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | (unsigned)vector;
    }
    svm_close_window(b);
    b->intercept_cr &= ~INTERCEPT_CR8_WRITE;
    if (vlapic_kept_by_task_priority(v) >= 0) {
        /* V_INTR_PRIO could wait for that, but emulators take an equal priority for a higher one. */
        b->intercept_cr |= INTERCEPT_CR8_WRITE;
    }
}

/* What is seldom among EVENTS comes first. */
static COLD void inject_after(struct vcpu *v, struct vmcb *b, uint32_t events)
{
    hvm_fetch_task_priority(v);
    if (CONFIG_IOPORTS && (events & ARCH_EVENT_END) != 0) {
        vioapic_settle(v);
    }
    if ((events & ARCH_EVENT_INIT) != 0) {
        context_take_init(v);
    } else {
        inject(v, b, events);
    }
}

/* Nothing is kept over a call here: the usual way is a jump. */
void svm_inject_pending(struct vcpu *v, struct vmcb *b)
{
    uint32_t events = __atomic_load_n(&v->arch.events, __ATOMIC_RELAXED);

    if (unlikely((events & (ARCH_EVENT_INIT | ARCH_EVENT_END)) != 0)) {
        inject_after(v, b, events);
    } else {
        inject(v, b, events);
    }
}
