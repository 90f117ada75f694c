/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be true of the virtual GIC whenever its lock is free. For tests, fuzzers and debug builds.
 */
#include "vgic_internal.h"

static bool is_subset(uint32_t small, uint32_t large)
{
    return (small & ~large) == 0;
}

/* What holds for private and shared banks alike. */
static const char *audit_bank(const struct vgic_dist *vd, const struct vgic_bank *b, bool is_stale)
{
    struct vgic_bank expected = *b;

    vgic_bank_reopen(vd, &expected);
    if (b->open != expected.open) {
        return "open is not enabled and its group enabled";
    }
    if (!is_subset(b->moved | b->was_active | b->hw_again | b->drop_pending | b->drop_active, b->listed)) {
        return "a mark that only listed interrupts have";
    }
    /* A physical interrupt stands behind something pending, active or listed; its CPU may yet have to release it. */
    if (!is_stale && !is_subset(b->hw, b->latched | b->active | b->listed)) {
        return "a physical interrupt is held for nothing";
    }
    for (unsigned n = 0; n < 32; n++) {
        if ((b->priority[n] & ~VGIC_PRIORITY_MASK) != 0) {
            return "a priority has bits that do not exist";
        }
        if ((b->listed >> n & 1) != 0 && b->lr[n] >= VGIC_LR_MAX) {
            return "a list register that does not exist";
        }
    }
    return NULL;
}

/* Everything listed is in a list register of a loaded vCPU, which says so too. */
static const char *audit_listed(struct domain *d, unsigned irq, const struct vgic_bank *b, const struct vcpu *holder)
{
    const struct vgic_cpu *vc;
    unsigned i = b->lr[irq % 32];

    if (holder == NULL || holder->domain != d) {
        return "listed by nobody";
    }
    vc = &holder->arch.vgic;
    if (vc->loaded_on == NULL) {
        return "listed by a vCPU that is not loaded";
    }
    if ((vc->lr_used >> i & 1) == 0 || vc->lr_irq[i] != irq) {
        return "listed in a list register that has another interrupt";
    }
    return NULL;
}

static const char *audit_private(struct domain *d, struct vcpu *v)
{
    struct vgic_dist *vd = &d->arch.vgic;
    struct vgic_cpu *vc = &v->arch.vgic;
    const char *wrong = audit_bank(vd, &vc->bank, (vc->slow & (VGIC_SLOW_STALE | VGIC_SLOW_POSTED)) != 0);

    for (unsigned n = 0; n < 32 && wrong == NULL; n++) {
        if ((vc->bank.listed >> n & 1) != 0) {
            wrong = audit_listed(d, n, &vc->bank, v);
        }
        if (vgic_is_v2(vd) && n < 16) {
            if ((vc->sgi_source[n] != 0) != ((vc->bank.latched >> n & 1) != 0)) {
                wrong = "a GICv2 SGI without a sender";
            }
        }
    }
    if (wrong != NULL) {
        return wrong;
    }
    if ((vc->lr_used & ~vc->lr_mask) != 0 || (vc->loaded_on == NULL && (vc->lr_used != 0 || vc->slow != 0))) {
        return "list registers in use that are not this vCPU's";
    }
    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        if ((vc->lr_used >> i & 1) != 0) {
            const struct vgic_bank *b = vgic_bank_of(vd, vc, vc->lr_irq[i]);

            if ((b->listed & VGIC_IRQ_BIT(vc->lr_irq[i])) == 0 || b->lr[vc->lr_irq[i] % 32] != i ||
                (vc->lr_irq[i] >= 32 && vgic_shared(vd, vc->lr_irq[i] / 32 - 1)->holder[vc->lr_irq[i] % 32] != v->id)) {
                return "a list register whose interrupt is not listed there";
            }
        }
    }
    /* Nothing is forgotten: what could be signalled is listed, or somebody has been told to look. */
    if (vc->loaded_on != NULL && vc->slow == 0 && vgic_bank_ready(&vc->bank) != 0) {
        return "a private interrupt is left out";
    }
    return NULL;
}

static const char *audit_shared(struct domain *d, unsigned index)
{
    struct vgic_spi_bank *s = vgic_shared(&d->arch.vgic, index);
    const char *wrong = audit_bank(&d->arch.vgic, &s->bank, false);

    for (unsigned n = 0; n < 32 && wrong == NULL; n++) {
        const struct vcpu *holder = vgic_vcpu(d, s->holder[n]);
        const struct vcpu *target = vgic_vcpu(d, s->target[n]);

        if ((s->bank.listed >> n & 1) != 0) {
            wrong = audit_listed(d, (index + 1) * 32 + n, &s->bank, holder);
        } else if ((vgic_bank_ready(&s->bank) >> n & 1) != 0 && target != NULL &&
                   target->arch.vgic.loaded_on != NULL && target->arch.vgic.slow == 0) {
            wrong = "a shared interrupt is left out";
        }
        if (s->target[n] != VGIC_NOBODY && s->target[n] >= MAX(d->vcpu_count, 1u)) {
            wrong = "a shared interrupt is routed to a vCPU that does not exist";
        }
    }
    return wrong;
}

/* The list registers of this CPU say what the bitmaps think. */
static const char *audit_registers(struct vgic_dist *vd, struct vgic_cpu *vc)
{
    for (unsigned i = 0; i < arch_vgic_lr_count(); i++) {
        uint64_t lr = arch_vgic_lr_read(i);
        unsigned irq = (unsigned)lr & (vgic_is_v2(vd) ? 0x3ff : ~0u);
        const struct vgic_bank *b;

        if ((vc->lr_used >> i & 1) == 0) {
            if (LR_STATE(lr) != 0) {
                return "a list register is in use that nobody knows of";
            }
            continue;
        }
        b = vgic_bank_of(vd, vc, vc->lr_irq[i]);
        if (irq != vc->lr_irq[i]) {
            return "a list register has another interrupt";
        }
        if (LR_STATE(lr) == 3 && (lr & LR_HW) != 0) {
            return "a physical interrupt is pending and active";
        }
        if ((lr & LR_HW) != 0 && ((b->hw & VGIC_IRQ_BIT(irq)) == 0 ||
                                  b->pirq[irq % 32] != (lr >> LR_PIRQ_SHIFT & 0x1fff))) {
            return "a list register stands for the wrong physical interrupt";
        }
        if ((lr & LR_PENDING) != 0 && vc->slow == 0 && (b->open & VGIC_IRQ_BIT(irq)) == 0) {
            return "a disabled interrupt is pending in a list register";
        }
    }
    return NULL;
}

const char *vgic_audit(struct domain *d)
{
    struct vgic_dist *vd = &d->arch.vgic;
    const char *wrong = NULL;

    spin_lock(&vd->lock);
    for (unsigned i = 0; i < d->vcpu_count && wrong == NULL; i++) {
        struct vcpu *v = vgic_vcpu(d, i);

        if (v != NULL) {
            wrong = audit_private(d, v);
            if (wrong == NULL && v->arch.vgic.loaded_on == this_cpu()) {
                wrong = audit_registers(vd, &v->arch.vgic);
            }
        }
    }
    for (unsigned i = 0; i < vgic_bank_count(vd) && wrong == NULL; i++) {
        wrong = audit_shared(d, i);
    }
    spin_unlock(&vd->lock);
    return wrong;
}
