/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list registers of the virtual GIC: folding them back into the bitmaps, and choosing what goes into them.
 *
 * What stays true: after a refill everything that could be signalled is listed, or VGIC_SLOW_OVERFLOW is set and what
 * is listed has the highest priorities: of active interrupts too, because the guest ends those first. One register
 * always goes to a pending interrupt, if there is one.
 */
#include "vgic_internal.h"

/* What a vCPU could list, bank by bank: 0 its own, 1.. the shared ones. */
struct candidates {
    uint32_t pending[1 + VGIC_BANKS_MAX]; /* and open */
    uint32_t active[1 + VGIC_BANKS_MAX];
    unsigned banks; /* as many of these are set */
    unsigned count; /* of interrupts, up to one more than there are list registers */
};

bool vgic_post_here(struct vgic_cpu *vc, struct vgic_bank *b, unsigned irq, uint64_t extra, bool moved,
                    struct vgic_shortcut *shortcut)
{
    unsigned n = irq & 31;
    uint32_t bit = (uint32_t)1 << n;
    uint64_t lr;
    unsigned i;

    if (unlikely((b->open & ~b->active & bit) == 0 || vc->slow != 0)) {
        return false;
    }
    if (likely((b->listed & bit) != 0)) {
        /* The register keeps its interrupt after its end, because the next one is likely to be the same again. */
        i = b->lr[n];
        if (LR_STATE(arch_vgic_lr_read(i)) != 0) {
            return false;
        }
    } else {
        uint32_t unused = vc->lr_mask & ~vc->lr_used;

        if (unlikely(unused == 0)) {
            return false;
        }
        i = (unsigned)__builtin_ctz(unused);
        vc->lr_used |= (uint32_t)1 << i;
        vc->lr_irq[i] = (uint16_t)irq;
        b->lr[n] = (uint8_t)i;
        b->listed |= bit;
    }
    b->moved = moved ? b->moved | bit : b->moved & ~bit;
    lr = LR_PENDING | extra | (uint64_t)b->priority[n] << LR_PRIORITY_SHIFT |
         (uint64_t)((b->group1 >> n) & 1) << LR_GROUP1_SHIFT | irq;
    if (shortcut != NULL) {
        shortcut->image = lr;
        shortcut->lr = i;
    }
    arch_vgic_lr_write(i, lr);
    return true;
}

COLD static void release(struct vgic_bank *b, uint32_t mask)
{
    b->hw &= ~mask;
    while (mask != 0) { /* at most 32 */
        arch_vgic_hw_deactivate(b->pirq[__builtin_ctz(mask)]);
        mask &= mask - 1;
    }
}

void vgic_release_dropped(struct vgic_bank *b)
{
    uint32_t dropped = b->hw & ~(b->latched | b->active | b->listed);

    if (unlikely(dropped != 0)) {
        release(b, dropped);
    }
}

/* GICv2: an SGI's list register says who sent it. What is left of LR's pending state after requests to forget it. */
COLD static bool fold_v2_sgi(struct vgic_cpu *vc, unsigned irq, uint64_t lr, bool pending)
{
    unsigned source = (unsigned)(lr >> LR_SOURCE_SHIFT) & 7;

    if (pending && (vc->sgi_drop[irq] >> source & 1) == 0) {
        vc->sgi_source[irq] |= (uint8_t)(1u << source);
    }
    vc->sgi_drop[irq] = 0;
    return vc->sgi_source[irq] != 0;
}

uint32_t vgic_fold(struct vcpu *v, struct vgic_work *w)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_cpu *vc = &v->arch.vgic;
    uint32_t used = vc->lr_used;
    uint32_t left = used;
    unsigned i;

    while (left != 0) { /* at most 16 */
        unsigned irq = vc->lr_irq[__builtin_ctz(left)];
        struct vgic_bank *b = vgic_bank_of(vd, vc, irq);
        uint32_t bit = VGIC_IRQ_BIT(irq);
        uint64_t lr = arch_vgic_lr_read((unsigned)__builtin_ctz(left));
        bool pending = (lr & LR_PENDING) != 0 && (b->moved & ~b->drop_pending & bit) != 0;

        left &= left - 1;
        if (likely(LR_STATE(lr) == 0 && irq < VGIC_PRIVATE_COUNT && ((b->drop_pending | b->hw) & bit) == 0 &&
                   !vgic_is_v2(vd))) {
            /* Ended, and nobody has asked for anything. */
            b->listed &= ~bit;
            b->moved &= ~bit;
            b->was_active &= ~bit;
            b->drop_active &= ~bit;
            continue;
        }
        if (unlikely(vgic_is_v2(vd) && irq < 16)) {
            pending = fold_v2_sgi(vc, irq, lr, pending);
        }
        if (pending) {
            b->latched |= bit;
        }
        if ((lr & LR_ACTIVE) != 0 && (b->drop_active & bit) == 0) {
            b->active |= bit;
        }
        if (LR_STATE(lr) == 0 && (lr & LR_HW) != 0 && (b->hw_again & bit) == 0) {
            b->hw &= ~bit; /* the guest deactivated it, and the physical one with it */
        }
        b->listed &= ~bit;
        b->moved &= ~bit;
        b->was_active &= ~bit;
        b->hw_again &= ~bit;
        b->drop_pending &= ~bit;
        b->drop_active &= ~bit;
        if (irq >= VGIC_PRIVATE_COUNT && (vgic_bank_ready(b) & bit) != 0) {
            unsigned target = vgic_shared(vd, irq / 32 - 1)->target[irq % 32];
            struct vcpu *t = vgic_vcpu(v->domain, target);

            if (target != v->id && t != NULL) {
                vgic_attend(w, t); /* it was routed elsewhere while it was listed here */
            }
        }
    }
    vgic_release_dropped(&vc->bank);
    for (i = 0; unlikely(vd->has_hw) && i < vgic_bank_count(vd); i++) {
        vgic_release_dropped(&vgic_shared(vd, i)->bank);
    }
    vgic_shortcuts_end(vc);
    vc->lr_used = 0;
    vc->seen_epoch = vd->epoch;
    return used;
}

/* Those of MASK for which WHO says vCPU ID. At most 32 steps, but only for the bits that are set. */
static ALWAYS_INLINE uint32_t only_for(const uint8_t who[32], unsigned id, uint32_t mask)
{
    uint32_t mine = 0;

    while (mask != 0) {
        unsigned n = (unsigned)__builtin_ctz(mask);

        if (who[n] == id) {
            mine |= (uint32_t)1 << n;
        }
        mask &= mask - 1;
    }
    return mine;
}

/* BANKS of them are at SPI. */
static ALWAYS_INLINE void candidates_find_in(const struct vcpu *v, const struct vgic_spi_bank *spi, unsigned banks,
                                             struct candidates *c)
{
    const struct vgic_bank *b = &v->arch.vgic.bank;
    unsigned i;

    c->pending[0] = vgic_bank_pending(b) & b->open;
    c->active[0] = b->active;
    c->banks = 1 + banks;
    for (i = 0; i < banks; i++) {
        const struct vgic_spi_bank *s = &spi[i];
        uint32_t pending = vgic_bank_pending(&s->bank) & s->bank.open & ~s->bank.listed;
        uint32_t active = s->bank.active & ~s->bank.listed;

        if (likely((pending | active) == 0)) {
            c->pending[i + 1] = 0;
            c->active[i + 1] = 0;
            continue;
        }
        /* One that is active elsewhere waits for its end there. */
        c->active[i + 1] = only_for(s->holder, v->id, active);
        c->pending[i + 1] = only_for(s->target, v->id, pending & ~(active & ~c->active[i + 1]));
    }
}

static void candidates_find(const struct vcpu *v, struct candidates *c)
{
    const struct vgic_dist *vd = &v->domain->arch.vgic;

    if (vgic_has_own_only(vd)) {
        candidates_find_in(v, vd->own, VGIC_OWN_BANKS, c);
    } else {
        candidates_find_in(v, vgic_shared(vd, 0), vgic_bank_count(vd), c);
    }
}

/* True when C has more than LIMIT interrupts. */
static ALWAYS_INLINE bool candidates_exceed(const struct candidates *c, unsigned banks, unsigned limit)
{
    unsigned count = 0;
    unsigned i;

    for (i = 0; i < 1 + banks; i++) {
        uint32_t mask = c->pending[i] | c->active[i];

        while (mask != 0) { /* at most limit + 1 over all banks */
            if (++count > limit) {
                return true;
            }
            mask &= mask - 1;
        }
    }
    return false;
}

/* GICv2: which sender's SGI goes next, and whether it goes as pending. */
COLD static uint64_t v2_sgi_take(struct vgic_cpu *vc, unsigned irq, bool active, bool *pending)
{
    uint8_t sources = vc->sgi_source[irq];

    if (!active) {
        vc->sgi_current[irq] = (uint8_t)__builtin_ctz(sources);
    }
    *pending = *pending && (sources >> vc->sgi_current[irq] & 1) != 0;
    if (*pending) {
        sources &= (uint8_t)~(1u << vc->sgi_current[irq]);
        vc->sgi_source[irq] = sources;
        if (sources == 0) {
            vc->bank.latched &= ~VGIC_IRQ_BIT(irq);
        }
        vc->bank.moved |= VGIC_IRQ_BIT(irq);
    }
    return (uint64_t)vc->sgi_current[irq] << LR_SOURCE_SHIFT;
}

/*
 * Is physical interrupt IRQ to be deactivated by us, at the end of its virtual one, and not by the list register? QEMU's
 * GICv2 keeps the active state of shared interrupts a CPU: a list register ends that of its own CPU alone, and what one CPU
 * has taken is taken again by another one that it is sent to.
 */
static bool ends_elsewhere(const struct vgic_dist *vd, unsigned irq)
{
    return CONFIG_DEVICES && irq >= VGIC_PRIVATE_COUNT && vgic_is_v2(vd) &&
           vgic_shared(vd, irq / 32 - 1)->taken_on[irq % 32] != this_cpu()->id;
}

/* Puts interrupt IRQ, pending for V or active on V, into list register I. */
static void list(struct vcpu *v, unsigned irq, unsigned i, bool pending, bool active)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_cpu *vc = &v->arch.vgic;
    struct vgic_bank *b = vgic_bank_of(vd, vc, irq);
    unsigned n = irq & 31;
    uint32_t bit = (uint32_t)1 << n;
    uint64_t lr = irq | (uint64_t)b->priority[n] << LR_PRIORITY_SHIFT |
                  (uint64_t)(b->group1 >> n & 1) << LR_GROUP1_SHIFT;
    bool hw = (b->hw & bit) != 0;

    if (active) {
        /* Both states at once: not for a physical interrupt, and a level one is looked at again at its end. */
        pending = pending && (b->edge & bit) != 0 && !hw;
        lr |= LR_ACTIVE;
        b->active &= ~bit;
        b->was_active |= bit;
    }
    if (unlikely(vgic_is_v2(vd) && irq < 16)) {
        lr |= v2_sgi_take(vc, irq, active, &pending);
    } else if (pending && (b->latched & bit) != 0) {
        b->latched &= ~bit;
        b->moved |= bit;
    }
    if (pending) {
        lr |= LR_PENDING;
    }
    if (hw && (b->latched & bit) == 0 && !ends_elsewhere(vd, irq)) {
        lr |= LR_HW | (uint64_t)b->pirq[n] << LR_PIRQ_SHIFT;
    } else if (hw || (vgic_bank_pending(b) & bit) != 0) {
        lr |= LR_EOI; /* there is more to come when this one ends, or to be done */
    }
    if (irq >= VGIC_PRIVATE_COUNT) {
        vgic_shared(vd, irq / 32 - 1)->holder[n] = (uint8_t)v->id;
    }
    b->listed |= bit;
    b->lr[n] = (uint8_t)i;
    vc->lr_irq[i] = (uint16_t)irq;
    vc->lr_used |= (uint32_t)1 << i;
    arch_vgic_lr_write(i, lr);
}

/* Req: BH-GIC-002 */
/* The best of C: highest priority first, an active one before a pending one, then the lowest number. */
static unsigned best_of(const struct vcpu *v, const struct candidates *c, bool pending_only)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    unsigned best = VGIC_IRQ_NONE;
    unsigned best_rank = ~0u;
    unsigned i;

    for (i = 0; i < c->banks; i++) {
        const struct vgic_bank *b = i == 0 ? &v->arch.vgic.bank : &vgic_shared(vd, i - 1)->bank;
        uint32_t mask = pending_only ? c->pending[i] & ~c->active[i] : c->pending[i] | c->active[i];

        while (mask != 0) { /* at most 1,020 over all banks */
            unsigned n = (unsigned)__builtin_ctz(mask);
            unsigned rank = b->priority[n] * 2u + ((c->active[i] >> n & 1) != 0 ? 0 : 1);

            if (rank < best_rank) {
                best_rank = rank;
                best = i * 32 + n;
            }
            mask &= mask - 1;
        }
    }
    return best;
}

/* Req: BH-GIC-003 */
/* More than fits: the best ones go in, and maintenance interrupts tell when to go on. */
COLD static void refill_crowded(struct vcpu *v, struct candidates *c)
{
    struct vgic_cpu *vc = &v->arch.vgic;
    unsigned count = arch_vgic_lr_count();
    bool pending_listed = false;
    bool spilled = false;
    uint32_t left = 0;
    unsigned i;

    for (i = 0; i < count; i++) { /* at most 16 times 1,020 */
        bool last_chance = i + 1 == count && !pending_listed;
        unsigned irq = best_of(v, c, last_chance);
        uint32_t bit;

        if (irq == VGIC_IRQ_NONE) {
            irq = best_of(v, c, false); /* nothing is pending: an active one may have the last register */
        }
        bit = VGIC_IRQ_BIT(irq);
        list(v, irq, i, (c->pending[irq / 32] & bit) != 0, (c->active[irq / 32] & bit) != 0);
        pending_listed = pending_listed || (c->active[irq / 32] & bit) == 0;
        c->pending[irq / 32] &= ~bit;
        c->active[irq / 32] &= ~bit;
    }
    for (i = 0; i < c->banks; i++) {
        left |= c->pending[i] & ~c->active[i];
        spilled = spilled || c->active[i] != 0;
    }
    vc->slow |= VGIC_SLOW_OVERFLOW | (spilled ? VGIC_SLOW_SPILLED : 0);
    vc->maintenance = 0;
    if (left != 0) {
        vc->maintenance |= VGIC_MAINTENANCE_NONE_LEFT;
    }
    if (spilled) {
        vc->maintenance |= VGIC_MAINTENANCE_NOT_FOUND;
        if (count > 1) { /* with a single register the condition would always hold */
            vc->maintenance |= VGIC_MAINTENANCE_UNDERFLOW;
        }
    }
    arch_vgic_maintenance_set(vc->maintenance);
}

static ALWAYS_INLINE void refill(struct vcpu *v, unsigned banks)
{
    struct vgic_cpu *vc = &v->arch.vgic;
    struct candidates c;
    unsigned next = 0;
    unsigned i;

    candidates_find(v, &c);
    if (unlikely(candidates_exceed(&c, banks, arch_vgic_lr_count()))) {
        refill_crowded(v, &c);
        return;
    }
    for (i = 0; i < 1 + banks; i++) {
        uint32_t mask = c.pending[i] | c.active[i];

        while (mask != 0) { /* at most 16 over all banks */
            unsigned n = (unsigned)__builtin_ctz(mask);

            list(v, i * 32 + n, next, (c.pending[i] >> n & 1) != 0, (c.active[i] >> n & 1) != 0);
            next++;
            mask &= mask - 1;
        }
    }
    if (unlikely(vc->maintenance != 0)) {
        vc->maintenance = 0;
        arch_vgic_maintenance_set(0);
    }
}

COLD static void refill_of_many(struct vcpu *v)
{
    refill(v, vgic_bank_count(&v->domain->arch.vgic));
}

void vgic_refill(struct vcpu *v)
{
    if (vgic_has_own_only(&v->domain->arch.vgic)) {
        refill(v, VGIC_OWN_BANKS);
    } else {
        refill_of_many(v);
    }
}

/* Req: BH-GIC-015 */
COLD void vgic_settle_ends(struct vcpu *v)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_cpu *vc = &v->arch.vgic;
    unsigned count = arch_vgic_eoi_count();
    struct candidates c;

    candidates_find(v, &c);
    c.active[0] &= ~vc->bank.listed;
    c.pending[0] = 0;
    for (unsigned i = 0; i < vgic_bank_count(vd); i++) {
        c.pending[i + 1] = 0;
    }
    for (; count != 0; count--) { /* the field has five bits */
        unsigned irq = best_of(v, &c, false);

        if (irq == VGIC_IRQ_NONE) {
            break;
        }
        c.active[irq / 32] &= ~VGIC_IRQ_BIT(irq);
        vgic_bank_of(vd, vc, irq)->active &= ~VGIC_IRQ_BIT(irq);
    }
}
