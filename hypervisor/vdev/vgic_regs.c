/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that GICD and GICR have for every 32 interrupts, over one bank: enable, pending, active, group,
 * priority, configuration. IHI 0069, 12.9 and 12.11; IHI 0048, 4.3.
 *
 * Pending and active state of an interrupt that is listed on this CPU is read from the list register. Of one that is
 * listed on another CPU, that CPU is asked: see vgic_read_active().
 */
#include "vgic_regs.h"

/* What the reader's own list registers say about the bank. */
static void listed_here(const struct vgic_regs *r, uint32_t *pending, uint32_t *active)
{
    const struct vgic_cpu *vc = &r->reader->arch.vgic;
    uint32_t used = vc->lr_used;

    *pending = 0;
    *active = 0;
    if (vc->loaded_on != this_cpu() || (r->shared == NULL && r->owner != r->reader)) {
        return;
    }
    while (used != 0) { /* at most 16 */
        unsigned i = (unsigned)__builtin_ctz(used);
        unsigned irq = vc->lr_irq[i];

        if ((irq & ~31u) == r->first) {
            uint64_t lr = arch_vgic_lr_read(i);

            *pending |= (lr & LR_PENDING) != 0 ? VGIC_IRQ_BIT(irq) : 0;
            *active |= (lr & LR_ACTIVE) != 0 ? VGIC_IRQ_BIT(irq) : 0;
        }
        used &= used - 1;
    }
    *pending &= r->bank->moved & ~r->bank->drop_pending; /* a line that is up says so itself */
    *active &= ~r->bank->drop_active;
}

/* Those interrupts of R that are listed on another CPU than this. */
static uint32_t listed_elsewhere(const struct vgic_regs *r)
{
    uint32_t listed = r->bank->listed;
    uint32_t elsewhere = 0;

    if (r->shared == NULL) {
        return r->owner->arch.vgic.loaded_on == this_cpu() ? 0 : listed;
    }
    while (listed != 0) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(listed);
        const struct vcpu *t = vgic_vcpu(r->reader->domain, r->shared->holder[n]);

        if (t != NULL && t->arch.vgic.loaded_on != this_cpu()) {
            elsewhere |= (uint32_t)1 << n;
        }
        listed &= listed - 1;
    }
    return elsewhere;
}

static struct vcpu *lister_of(const struct vgic_regs *r, unsigned n)
{
    return r->shared == NULL ? r->owner : vgic_vcpu(r->reader->domain, r->shared->holder[n]);
}

/* As last seen, for what is listed on another CPU; which is then made to look. */
static uint32_t read_pending(const struct vgic_regs *r, struct vgic_work *w)
{
    uint32_t elsewhere = listed_elsewhere(r) & r->bank->moved & ~r->bank->drop_pending;
    uint32_t pending;
    uint32_t active;

    listed_here(r, &pending, &active);
    pending |= vgic_bank_pending(r->bank) | elsewhere;
    while (elsewhere != 0) { /* at most 32 */
        vgic_attend(w, lister_of(r, (unsigned)__builtin_ctz(elsewhere)));
        elsewhere &= elsewhere - 1;
    }
    return pending;
}

/*
 * Active state. Another CPU's list registers cannot be read, and waiting for that CPU with interrupts masked is not
 * done here. So the answer for an interrupt listed there is "active" until that CPU has folded its list registers,
 * which it is kicked to do; a guest that waits for the end of a handler reads again (as Linux' synchronize_irq()
 * does) and then gets the true answer, not older than its first question. Any other register access ends the question.
 * Req: BH-GIC-017
 */
static uint32_t read_active(const struct vgic_regs *r, struct vgic_work *w)
{
    struct vgic_cpu *vc = &r->reader->arch.vgic;
    struct vgic_dist *vd = &r->reader->domain->arch.vgic;
    uint16_t bank_id = (uint16_t)(r->shared == NULL ? 0x8000u + r->owner->id : r->first);
    uint32_t elsewhere = listed_elsewhere(r) & ~r->bank->drop_active;
    uint32_t pending;
    uint32_t active;
    bool unknown = false;

    listed_here(r, &pending, &active);
    active |= r->bank->active;
    if (elsewhere == 0) {
        return active;
    }
    w->asks = true;
    if (vc->probe_bank != bank_id) {
        vc->probe_bank = bank_id;
        vc->probe_epoch = ++vd->epoch;
    }
    while (elsewhere != 0) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(elsewhere);
        struct vcpu *t = lister_of(r, n);

        if ((int32_t)(t->arch.vgic.seen_epoch - vc->probe_epoch) >= 0) {
            active |= r->bank->was_active & ((uint32_t)1 << n);
        } else {
            active |= (uint32_t)1 << n;
            unknown = true;
            vgic_attend(w, t);
        }
        elsewhere &= elsewhere - 1;
    }
    if (!unknown) {
        vc->probe_bank = 0; /* answered: the next question is a new one */
    }
    return active;
}

uint32_t vgic_bits_read(const struct vgic_regs *r, enum vgic_bits kind, struct vgic_work *w)
{
    switch (kind) {
    case VGIC_GROUP:
        return r->bank->group1;
    case VGIC_ENABLE_SET:
    case VGIC_ENABLE_CLEAR:
        return r->bank->enabled;
    case VGIC_PENDING_SET:
    case VGIC_PENDING_CLEAR:
        return read_pending(r, w);
    case VGIC_ACTIVE_SET:
    case VGIC_ACTIVE_CLEAR:
        return read_active(r, w);
    default:
        return 0;
    }
}

void vgic_regs_changed(const struct vgic_regs *r, uint32_t mask, struct vgic_work *w)
{
    struct vcpu *owner = r->owner;

    if (r->shared != NULL) {
        vgic_release_dropped(r->bank);
        vgic_shared_changed(w, r->reader->domain, r->first / 32 - 1, mask);
        return;
    }
    if (owner->arch.vgic.loaded_on == NULL) {
        /* What it stood for in hardware was deactivated when it was unloaded. */
        r->bank->hw &= r->bank->latched | r->bank->active;
    } else if ((r->bank->hw & ~(r->bank->latched | r->bank->active | r->bank->listed)) != 0) {
        vgic_attend(w, owner);
    }
    vgic_private_changed(w, owner, mask);
}

/* The interrupts VALUE become active: they are held by whom they are routed to, unless someone has them. */
static void set_active(const struct vgic_regs *r, uint32_t value)
{
    uint32_t fresh = value & ~(r->bank->active | r->bank->listed);

    r->bank->active |= value;
    while (r->shared != NULL && fresh != 0) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(fresh);

        r->shared->holder[n] = r->shared->target[n];
        fresh &= fresh - 1;
    }
}

/* Req: BH-GIC-020 */
static void lines_enable(const struct vgic_regs *r, uint32_t mask, bool on)
{
    if (r->shared == NULL || (mask &= r->shared->lines) == 0) {
        return;
    }
    for (uint32_t left = on ? mask : 0; left != 0; left &= left - 1) { /* at most 32 */
        vgic_line_follow(r->reader->domain, r->shared, r->first + (unsigned)__builtin_ctz(left));
    }
    arch_vgic_lines_enable(r->first, mask, on);
}

/* Req: BH-GIC-014 */
void vgic_bits_write(const struct vgic_regs *r, enum vgic_bits kind, uint32_t value, struct vgic_work *w)
{
    const struct vgic_dist *vd = &r->reader->domain->arch.vgic;
    struct vgic_bank *b = r->bank;

    if (CONFIG_DEVICES && r->first / 32 == VGIC_IRQ_NONE / 32) {
        value &= VGIC_IRQ_BIT(VGIC_IRQ_NONE) - 1;
    }
    /* GICv2: SGIs cannot be disabled, and their pending state is in GICD_SPENDSGIR. */
    if (vgic_is_v2(vd) && r->shared == NULL &&
        (kind == VGIC_ENABLE_CLEAR || kind == VGIC_PENDING_SET || kind == VGIC_PENDING_CLEAR)) {
        value &= 0xffff0000;
    }
    switch (kind) {
    case VGIC_GROUP:
        value ^= b->group1; /* what changes */
        b->group1 ^= value;
        break;
    case VGIC_ENABLE_SET:
        value &= ~b->enabled;
        b->enabled |= value;
        break;
    case VGIC_ENABLE_CLEAR:
        value &= b->enabled;
        b->enabled &= ~value;
        break;
    case VGIC_PENDING_SET:
        b->latched |= value;
        break;
    case VGIC_PENDING_CLEAR:
        b->latched &= ~value;
        b->drop_pending |= value & b->listed;
        break;
    case VGIC_ACTIVE_SET:
        set_active(r, value);
        break;
    case VGIC_ACTIVE_CLEAR:
        b->active &= ~value;
        b->drop_active |= value & b->listed;
        break;
    default:
        return;
    }
    if (CONFIG_DEVICES && (kind == VGIC_ENABLE_SET || kind == VGIC_ENABLE_CLEAR)) {
        lines_enable(r, value, kind == VGIC_ENABLE_SET);
    }
    vgic_bank_reopen(vd, b);
    vgic_regs_changed(r, value, w);
}

uint32_t vgic_priority_read(const struct vgic_regs *r, unsigned n, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++) { /* 1 or 4 */
        value |= (uint32_t)r->bank->priority[n + i] << (i * 8);
    }
    return value;
}

void vgic_priority_write(const struct vgic_regs *r, unsigned n, unsigned size, uint32_t value, struct vgic_work *w)
{
    uint32_t changed = 0;

    for (unsigned i = 0; i < size; i++) { /* 1 or 4 */
        uint8_t priority = (uint8_t)(value >> (i * 8)) & VGIC_PRIORITY_MASK;

        if (r->bank->priority[n + i] != priority) {
            r->bank->priority[n + i] = priority;
            changed |= (uint32_t)1 << (n + i);
        }
    }
    if (changed != 0) {
        vgic_regs_changed(r, changed, w);
    }
}

uint32_t vgic_config_read(const struct vgic_regs *r, unsigned half)
{
    uint32_t edge = r->bank->edge >> (half * 16);
    uint32_t value = 0;

    for (unsigned i = 0; i < 16; i++) {
        value |= (edge >> i & 1) << (i * 2 + 1);
    }
    return value;
}

void vgic_config_write(const struct vgic_regs *r, unsigned half, uint32_t value, struct vgic_work *w)
{
    uint32_t edge = 0;

    for (unsigned i = 0; i < 16; i++) {
        edge |= (value >> (i * 2 + 1) & 1) << i;
    }
    edge = (edge ^ r->bank->edge >> (half * 16)) & 0xffff;
    if (r->shared == NULL && half == 0) {
        return; /* SGIs are always edge-triggered */
    }
    if (edge != 0) {
        r->bank->edge ^= edge << (half * 16);
        if (CONFIG_DEVICES && r->shared != NULL) {
            vgic_lines_configure(r->shared, r->first, edge << (half * 16));
        }
        vgic_regs_changed(r, edge << (half * 16), w);
    }
}
