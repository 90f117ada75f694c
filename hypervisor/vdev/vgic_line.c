/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared interrupts that stand for physical ones of the same number. What the guest does to its own is done to the
 * physical one: enabled, configured, sent to the CPU where its vCPU runs. One that was taken stays active in the
 * physical controller until the guest deactivates its own (IHI 0069, ICH_LR<n>_EL2.HW; IHI 0048, GICH_LR<n>.HW), so
 * however often its device asks, it is taken once for each time that the guest has handled it.
 */
#include "vgic_internal.h"

void vgic_line_follow(struct domain *d, const struct vgic_spi_bank *s, unsigned irq)
{
    const struct vcpu *t = vgic_vcpu(d, s->target[irq % 32]);
    const struct cpu *cpu = t != NULL ? t->arch.vgic.loaded_on : NULL;

    if ((s->lines & VGIC_IRQ_BIT(irq)) != 0 && cpu != NULL) {
        arch_vgic_line_route(irq, cpu);
    }
}

void vgic_lines_move(struct vcpu *v)
{
    const struct vgic_dist *vd = &v->domain->arch.vgic;

    v->arch.vgic.lines_on = (uint16_t)(this_cpu()->id + 1);
    for (unsigned i = 0; i < vgic_bank_count(vd); i++) {
        for (uint32_t left = vgic_shared(vd, i)->lines & vgic_shared(vd, i)->bank.enabled; left != 0; left &= left - 1) {
            unsigned n = (unsigned)__builtin_ctz(left);

            if (vgic_shared(vd, i)->target[n] == v->id) {
                arch_vgic_line_route((i + 1) * 32 + n, this_cpu());
            }
        }
    }
}

/* Req: BH-GIC-020 */
/* A physical interrupt changes its trigger while it is disabled (IHI 0069, GICD_ICFGR<n>). */
void vgic_lines_configure(const struct vgic_spi_bank *s, unsigned first, uint32_t mask)
{
    mask &= s->lines;
    if (mask == 0) {
        return;
    }
    arch_vgic_lines_enable(first, mask, false);
    for (uint32_t left = mask; left != 0; left &= left - 1) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(left);

        arch_vgic_line_configure(first + n, (s->bank.edge >> n & 1) != 0);
    }
    arch_vgic_lines_enable(first, mask & s->bank.enabled, true);
}

static bool is_shared(const struct domain *d, unsigned irq)
{
    return irq >= VGIC_PRIVATE_COUNT && irq < VGIC_IRQ_NONE && irq / 32 <= vgic_bank_count(&d->arch.vgic);
}

bool vgic_line_is_attached(const struct domain *d, unsigned irq)
{
    return (vgic_shared(&d->arch.vgic, irq / 32 - 1)->lines & VGIC_IRQ_BIT(irq)) != 0;
}

int vgic_line_attach(struct domain *d, unsigned irq)
{
    struct vgic_dist *vd = &d->arch.vgic;
    struct vgic_spi_bank *s;

    if (!is_shared(d, irq)) {
        return -XEN_EINVAL;
    }
    if ((CONFIG_VPL011 && d->arch.has_vpl011 && irq == GUEST_VPL011_SPI) ||
        (CONFIG_SBSA_WATCHDOG && d->arch.watchdog.is_there && irq == SBSA_WATCHDOG_SPI)) {
        return -XEN_EBUSY;
    }
    s = vgic_shared(vd, irq / 32 - 1);
    spin_lock(&vd->lock);
    s->lines |= VGIC_IRQ_BIT(irq);
    vgic_lines_configure(s, irq & ~31U, VGIC_IRQ_BIT(irq));
    /* Somewhere, until its vCPU runs. */
    arch_vgic_line_route(irq, this_cpu());
    vgic_line_follow(d, s, irq);
    spin_unlock(&vd->lock);
    return 0;
}

/* Req: BH-GIC-021 */
int vgic_line_detach(struct domain *d, unsigned irq, bool always)
{
    struct vgic_dist *vd = &d->arch.vgic;
    struct vgic_spi_bank *s;
    struct vgic_bank *b;
    uint32_t bit = VGIC_IRQ_BIT(irq);
    int err = 0;

    if (!is_shared(d, irq)) {
        return -XEN_EINVAL;
    }
    s = vgic_shared(vd, irq / 32 - 1);
    b = &s->bank;
    spin_lock(&vd->lock);
    if (!always && ((b->enabled | b->hw | b->latched | b->active | b->listed) & bit) != 0) {
        err = -XEN_EBUSY;
    } else {
        arch_vgic_lines_enable(irq & ~31U, bit, false);
        arch_vgic_hw_deactivate(irq);
        s->lines &= ~bit;
        b->hw &= ~bit;
        b->latched &= ~bit;
    }
    spin_unlock(&vd->lock);
    return err;
}

/* Req: BH-GIC-019 */
void vgic_line_taken(struct domain *d, unsigned irq)
{
    struct vgic_dist *vd = &d->arch.vgic;
    struct vgic_spi_bank *s = vgic_shared(vd, irq / 32 - 1);
    struct vgic_bank *b = &s->bank;
    unsigned n = irq % 32;
    uint32_t bit = VGIC_IRQ_BIT(irq);
    struct vgic_work w = { 0 };
    struct vcpu *t;
    bool is_double;

    spin_lock(&vd->lock);
    t = vgic_vcpu(d, s->target[n]);
    is_double = (b->hw & bit) != 0 && s->taken_on[n] != this_cpu()->id;
    s->taken_on[n] = is_double ? VGIC_TAKEN_TWICE : (uint16_t)this_cpu()->id;
    b->pirq[n] = (uint16_t)irq;
    b->hw |= bit;
    vd->has_hw = true;
    if (t != NULL && !is_double && t->arch.vgic.loaded_on == this_cpu() && ((b->listed & bit) == 0 || s->holder[n] == t->id) &&
        vgic_post_here(&t->arch.vgic, b, irq, LR_HW | (uint64_t)irq << LR_PIRQ_SHIFT, true, NULL)) {
        s->holder[n] = (uint8_t)t->id;
        spin_unlock(&vd->lock);
        return;
    }
    vgic_line_follow(d, s, irq);
    b->latched |= bit;
    b->hw_again |= b->listed & bit;
    vgic_shared_changed(&w, d, irq / 32 - 1, bit);
    vgic_finish(&w, d);
}
