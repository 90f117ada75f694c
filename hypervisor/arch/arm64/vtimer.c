/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual timer that comes due while its vCPU is off the CPU only wakes the vCPU: once loaded, the hardware raises
 * the interrupt by itself.
 */
#include "vtimer.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/timer.h"
#include "bh/vcpu.h"
#include "state.h"
#include "sysreg.h"

#define TIMER_CTL_MASK (TIMER_CTL_ENABLE | TIMER_CTL_IMASK)

void vtimer_init(struct vcpu *v)
{
    timer_init(&v->arch.vtimer, TIMER_VTIMER, v);
    timer_init(&v->arch.ptimer, TIMER_PTIMER, v);
    v->arch.vtimer_deadline = TIMER_NEVER;
}

void vtimer_stop(struct vcpu *v)
{
    timer_cancel(&v->arch.vtimer);
    timer_cancel(&v->arch.ptimer);
}

void vtimer_reset(struct vcpu *v)
{
    vtimer_stop(v);
    v->arch.vtimer_deadline = TIMER_NEVER;
    v->arch.ptimer_ctl = 0;
    v->arch.ptimer_cval = 0;
}

/* Req: BH-TIMER-002 */
void vtimer_load(struct vcpu *v)
{
    const struct vcpu_regs *s = LOADED_STATE;

    if (v->arch.vtimer.queue != NULL) {
        timer_cancel(&v->arch.vtimer);
    }
    sysreg_write(cntvoff_el2, v->domain->arch.counter_offset);
    sysreg_write(cntv_cval_el0, s->cntv_cval);
    sysreg_write(cntv_ctl_el0, s->cntv_ctl);
}

void vtimer_unload(struct vcpu *v)
{
    struct vcpu_regs *s = LOADED_STATE;

    s->cntv_ctl = sysreg_read(cntv_ctl_el0) & TIMER_CTL_MASK;
    s->cntv_cval = sysreg_read(cntv_cval_el0);
    sysreg_write(cntv_ctl_el0, 0);
    isb();
    v->arch.vtimer_deadline = TIMER_NEVER;
    if (s->cntv_ctl == TIMER_CTL_ENABLE && (vgic_hw_private(&v->arch.vgic) & BIT(GUEST_TIMER_VIRT_PPI)) == 0) {
        uint64_t deadline = s->cntv_cval + v->domain->arch.counter_offset;

        /* A deadline so far away that it wraps never comes. */
        v->arch.vtimer_deadline = deadline < s->cntv_cval ? TIMER_NEVER : deadline;
    }
    if (v->arch.vtimer_deadline != TIMER_NEVER) {
        timer_set(&v->arch.vtimer, v->arch.vtimer_deadline);
    }
}

bool vtimer_is_due(const struct vcpu *v, bool loaded)
{
    if (loaded) {
        return (sysreg_read(cntv_ctl_el0) & (TIMER_CTL_MASK | TIMER_CTL_ISTATUS)) ==
                   (TIMER_CTL_ENABLE | TIMER_CTL_ISTATUS) &&
               (vgic_hw_private(&v->arch.vgic) & BIT(GUEST_TIMER_VIRT_PPI)) == 0;
    }
    return v->arch.vtimer_deadline <= arch_time_now();
}

/* Req: BH-TIMER-004 */
/* The physical timer's line follows its registers; until then a software timer waits. */
static void ptimer_update(struct vcpu *v)
{
    bool enabled = v->arch.ptimer_ctl == TIMER_CTL_ENABLE;
    bool met = arch_time_now() >= v->arch.ptimer_cval;

    if (enabled && met) {
        timer_cancel(&v->arch.ptimer);
        vgic_raise(v, GUEST_TIMER_PHYS_NS_PPI);
    } else {
        timer_set(&v->arch.ptimer, enabled ? v->arch.ptimer_cval : TIMER_NEVER);
        vgic_lower(v, GUEST_TIMER_PHYS_NS_PPI);
    }
}

uint64_t ptimer_read(struct vcpu *v, enum ptimer_register r)
{
    switch (r) {
    case PTIMER_TVAL:
        return (uint32_t)(v->arch.ptimer_cval - arch_time_now());
    case PTIMER_CTL:
        return v->arch.ptimer_ctl |
               ((v->arch.ptimer_ctl & TIMER_CTL_ENABLE) != 0 && arch_time_now() >= v->arch.ptimer_cval
                    ? TIMER_CTL_ISTATUS : 0);
    case PTIMER_CVAL:
        return v->arch.ptimer_cval;
    }
    return 0;
}

void ptimer_write(struct vcpu *v, enum ptimer_register r, uint64_t value)
{
    switch (r) {
    case PTIMER_TVAL:
        v->arch.ptimer_cval = arch_time_now() + (uint64_t)(int64_t)(int32_t)value;
        break;
    case PTIMER_CTL:
        v->arch.ptimer_ctl = (uint32_t)(value & TIMER_CTL_MASK);
        break;
    case PTIMER_CVAL:
        v->arch.ptimer_cval = value;
        break;
    }
    ptimer_update(v);
}

/* Req: BH-TIMER-003 */
void arch_vcpu_timer_expired(struct vcpu *v, enum timer_kind kind)
{
    if (kind == TIMER_PTIMER) {
        vgic_raise(v, GUEST_TIMER_PHYS_NS_PPI);
    } else {
        vcpu_kick(v);
    }
}

uint64_t arch_time_of_domain(const struct domain *d, uint64_t ns)
{
    uint64_t f = arch_time_frequency(), whole = ns / 1000000000;

    /* More than a counter of 64 bits can say is never. */
    if (whole > (UINT64_MAX >> 1) / f) {
        return TIMER_NEVER;
    }
    return d->arch.counter_offset + whole * f + ns % 1000000000 * f / 1000000000;
}
