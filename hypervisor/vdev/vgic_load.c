/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has to look at the list registers after a change, and when: at once, after a kick, or when a vCPU comes to a CPU.
 *
 * What stays true: a vCPU that is not loaded has nothing listed; one that is loaded and has no VGIC_SLOW_* mark has
 * everything listed that could be signalled.
 */
#include "vgic_internal.h"

void vgic_attend(struct vgic_work *w, struct vcpu *t)
{
    struct vgic_cpu *tc = &t->arch.vgic;

    if (tc->loaded_on == this_cpu()) {
        w->here = t;
        return;
    }
    if (tc->loaded_on != NULL) {
        if ((tc->slow & VGIC_SLOW_STALE) != 0) {
            return; /* its kick is under way */
        }
        tc->slow |= VGIC_SLOW_STALE;
        vgic_shortcuts_end(tc);
    }
    vgic_kick_later(w, t);
}

void vgic_attend_latched(struct vgic_work *w, struct vcpu *t, unsigned irq)
{
    struct vgic_cpu *tc = &t->arch.vgic;

    if (unlikely((tc->bank.open & ~tc->bank.active & VGIC_IRQ_BIT(irq)) == 0)) {
        vgic_private_changed(w, t, VGIC_IRQ_BIT(irq));
        return;
    }
    if (tc->loaded_on == this_cpu()) {
        w->here = t;
    } else if (vgic_note_latched(tc)) {
        vgic_kick_later(w, t);
    }
}

void vgic_private_changed(struct vgic_work *w, struct vcpu *t, uint32_t mask)
{
    if (vgic_private_concerns(t, mask)) {
        vgic_attend(w, t);
    }
}

void vgic_shared_changed(struct vgic_work *w, struct domain *d, unsigned index, uint32_t mask)
{
    const struct vgic_spi_bank *s = vgic_shared(&d->arch.vgic, index);
    uint32_t held = s->bank.listed | s->bank.active;

    mask &= vgic_bank_ready(&s->bank) | held;
    while (mask != 0) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(mask);
        bool is_held = (held >> n & 1) != 0;
        struct vcpu *t = vgic_vcpu(d, is_held ? s->holder[n] : s->target[n]);

        if (t != NULL && (!is_held || t->arch.vgic.loaded_on != NULL)) {
            vgic_attend(w, t);
        }
        mask &= mask - 1;
    }
}

/* Folds and refills the list registers of V, which is loaded here. */
static void sync(struct vcpu *v, struct vgic_work *w)
{
    struct vgic_cpu *vc = &v->arch.vgic;
    uint32_t used;
    uint32_t left;

    if (unlikely((vc->slow & VGIC_SLOW_SPILLED) != 0)) {
        vgic_settle_ends(v);
    }
    used = vgic_fold(v, w);
    vc->slow = 0;
    vgic_refill(v);
    left = used & ~vc->lr_used;
    while (left != 0) { /* at most 16 */
        arch_vgic_lr_write((unsigned)__builtin_ctz(left), 0);
        left &= left - 1;
    }
}

void vgic_finish_work(struct vgic_work *w, struct domain *d)
{
    unsigned i;

    if (w->here != NULL) {
        sync(w->here, w);
    }
    spin_unlock(&d->arch.vgic.lock);
    for (i = 0; i < ARRAY_COUNT(w->kick); i++) {
        uint64_t left = w->kick[i];

        while (left != 0) { /* at most CONFIG_MAX_VCPUS in all */
            vcpu_kick(d->vcpus[i * 64 + (unsigned)__builtin_ctzll(left)]);
            left &= left - 1;
        }
    }
}

/* What was latched elsewhere and nothing else: into registers that are free. False: that takes more thought. */
static bool take_posted(struct vgic_cpu *vc)
{
    struct vgic_bank *b = &vc->bank;
    uint32_t mask = b->latched & b->open & ~b->active;

    vc->slow = 0;
    if ((mask & b->hw) != 0) {
        return false;
    }
    while (mask != 0) { /* at most 32 */
        unsigned irq = (unsigned)__builtin_ctz(mask);

        if (!vgic_post_here(vc, b, irq, vgic_more_to_come(b, irq), true, NULL)) {
            return false;
        }
        b->latched &= ~VGIC_IRQ_BIT(irq);
        mask &= mask - 1;
    }
    return true;
}

void vgic_sync(struct vcpu *v)
{
    struct domain *d = v->domain;

    spin_lock(&d->arch.vgic.lock);
    if (likely(v->arch.vgic.slow == VGIC_SLOW_POSTED && take_posted(&v->arch.vgic))) {
        spin_unlock(&d->arch.vgic.lock);
    } else {
        struct vgic_work w = { .here = v };

        vgic_finish(&w, d);
    }
}

/* What is pending or active of COUNT banks at S, all of them together. */
static ALWAYS_INLINE uint32_t pending_or_active(const struct vgic_spi_bank *s, unsigned count)
{
    uint32_t any = 0;

    for (unsigned i = 0; i < count; i++) {
        any |= vgic_bank_pending(&s[i].bank) | s[i].bank.active;
    }
    return any;
}

/* V, which may have interrupts of devices, comes to this CPU: so do they. What is pending or active of the shared ones. */
COLD static uint32_t bring_lines(struct vcpu *v)
{
    const struct vgic_dist *vd = &v->domain->arch.vgic;

    if (v->arch.vgic.lines_on != this_cpu()->id + 1) {
        vgic_lines_move(v);
    }
    return pending_or_active(vgic_shared(vd, 0), vgic_bank_count(vd));
}

/* Is there nothing to consider for VC but what was latched of its own, and OTHER? */
static bool only_latched(const struct vgic_dist *vd, const struct vgic_cpu *vc, uint32_t other)
{
    other |= vc->bank.active | vc->bank.hw | (vc->bank.level & ~vc->bank.edge);
    return other == 0 && !vgic_is_v2(vd);
}

void vgic_load(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vgic_cpu *vc = &v->arch.vgic;
    uint32_t shared;

    spin_lock(&d->arch.vgic.lock);
    vc->loaded_on = this_cpu();
    /* Without them a domain has its own banks only. */
    shared = CONFIG_DEVICES && unlikely(d->has_lines) ? bring_lines(v)
                                                      : pending_or_active(d->arch.vgic.own, VGIC_OWN_BANKS);
    if (!only_latched(&d->arch.vgic, vc, shared)) {
        vgic_refill(v);
    } else if (!take_posted(vc)) {
        struct vgic_work w = { .here = v };

        vgic_finish(&w, d);
        return;
    }
    spin_unlock(&d->arch.vgic.lock);
}

void vgic_save(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vgic_cpu *vc = &v->arch.vgic;
    struct vgic_work w = { 0 };
    uint32_t used;

    spin_lock(&d->arch.vgic.lock);
    if (unlikely((vc->slow & VGIC_SLOW_SPILLED) != 0)) {
        vgic_settle_ends(v);
    }
    used = vgic_fold(v, &w);
    if (unlikely(vc->maintenance != 0)) {
        vc->maintenance = 0;
        arch_vgic_maintenance_set(0);
    }
    while (used != 0) { /* at most 16 */
        arch_vgic_lr_write((unsigned)__builtin_ctz(used), 0);
        used &= used - 1;
    }
    vc->slow = 0;
    vc->loaded_on = NULL;
    vgic_finish(&w, d);
}
