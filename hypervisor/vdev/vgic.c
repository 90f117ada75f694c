/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC: its life, and interrupts from devices and from other vCPUs. The short paths are here: an interrupt
 * for the vCPU that this CPU runs goes straight into a list register.
 */
#include "bh/vgic.h"

#include "bh/heap.h"
#include "vgic_internal.h"

/* GICD_TYPER: ITLinesNumber 4:0, CPUNumber 7:5, and on GICv3 IDbits 23:19, A3V 24, No1N 25. */
#define TYPER_CPUS_SHIFT 5
#define TYPER_IDBITS_10  (9u << 19)
#define TYPER_A3V        BIT(24)
#define TYPER_NO1N       BIT(25)

/* ICC_SGI1R_EL1, IHI 0069, 12.2.20. */
#define SGI_IRM          BIT(40)
#define SGI_FAR          0x00fff0ff00000000ULL /* Aff3, RS and Aff2: there are no such vCPUs */
#define SGI_AFF1_SHIFT   16
#define SGI_INTID_SHIFT  24
#define SGI_INTID        (15ULL << SGI_INTID_SHIFT)
#define SGI_KEY_VALID    BIT(63) /* reserved in the register: no value that a guest writes is an invalid key */

static void bank_init(struct vgic_bank *b, const struct vgic_dist *vd)
{
    *b = (struct vgic_bank){
        /* GICv2: a guest that knows of no groups uses group 0. GICv3: Xen's guests need not set the group. */
        .group1 = vgic_is_v2(vd) ? 0 : ~0u,
    };
}

/* Bytes of the block for the shared interrupts of VD. */
static size_t block_size(const struct vgic_dist *vd)
{
    return vd->bank_count * sizeof(struct vgic_spi_bank);
}

/* Req: BH-GIC-023 */
int vgic_domain_init(struct domain *d, unsigned version, unsigned spi_count)
{
    struct vgic_dist *vd = &d->arch.vgic;

    spinlock_init(&vd->lock, LOCK_VGIC);
    vd->bank_count = VGIC_OWN_BANKS;
    vd->spi = vd->own;
    if (CONFIG_DEVICES && spi_count > VGIC_SPI_OWN) {
        vd->bank_count = (uint8_t)((MIN(spi_count, (unsigned)VGIC_SPI_MAX) + 31) / 32);
        vd->spi = heap_alloc(block_size(vd), d->id);
        if (vd->spi == NULL) {
            vd->bank_count = 0;
            return -XEN_ENOMEM;
        }
        d->has_lines = true;
    }
    vd->version = (uint8_t)version;
    vd->group_enable = 0;
    vd->epoch = 0;
    vd->typer = vgic_bank_count(vd);
    for (unsigned i = 0; i < vgic_bank_count(vd); i++) {
        struct vgic_spi_bank *s = vgic_shared(vd, i);

        bank_init(&s->bank, vd);
        s->lines = 0;
        for (unsigned n = 0; n < 32; n++) {
            s->target[n] = 0;
            s->holder[n] = VGIC_NOBODY;
            s->route[n] = vgic_is_v2(vd) ? 1 : 0;
        }
    }
    return 0;
}

void vgic_domain_release(struct domain *d)
{
    struct vgic_dist *vd = &d->arch.vgic;

    spin_lock(&vd->lock);
    for (unsigned i = 0; i < vgic_bank_count(vd); i++) {
        vgic_shared(vd, i)->bank.latched = 0;
        vgic_shared(vd, i)->bank.active = 0;
        vgic_release_dropped(&vgic_shared(vd, i)->bank);
    }
    spin_unlock(&vd->lock);
    if (CONFIG_DEVICES) {
        if (vd->spi != vd->own) {
            heap_free(vd->spi, block_size(vd));
        }
        vd->spi = vd->own;
        vd->bank_count = 0;
    }
}

/* Req: BH-GIC-013 */
int vgic_vcpu_init(struct vcpu *v)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_cpu *vc = &v->arch.vgic;
    unsigned cpus = v->domain->vcpu_count;

    if (vgic_is_v2(vd) && v->id >= VGIC_V2_MAX_VCPUS) {
        return -XEN_EINVAL;
    }
    *vc = (struct vgic_cpu){
        .lr_mask = (uint32_t)(BIT(arch_vgic_lr_count()) - 1),
        .sgi_self = (v->id / 16u) << SGI_AFF1_SHIFT | 1u << (v->id % 16u),
    };
    bank_init(&vc->bank, vd);
    vc->bank.edge = 0xffff; /* SGIs are, PPIs are level until the guest says otherwise */
    if (vgic_is_v2(vd)) {
        vc->bank.enabled = 0xffff; /* IHI 0048, 4.3.5: SGIs may be permanently enabled */
    }
    vgic_bank_reopen(vd, &vc->bank);
    /* CPUNumber is 0 where affinity routing is always on (IHI 0069, GICD_TYPER). */
    vd->typer = vgic_bank_count(vd) | (uint32_t)(vgic_is_v2(vd) ? (MIN(MAX(cpus, 1u), 8u) - 1) << TYPER_CPUS_SHIFT
                                                           : TYPER_IDBITS_10 | TYPER_A3V | TYPER_NO1N);
    return 0;
}

void vgic_vcpu_reset(struct vcpu *v)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_bank *b = &v->arch.vgic.bank;

    spin_lock(&vd->lock);
    b->latched &= ~b->hw;
    b->active &= ~b->hw;
    b->hw = 0;
    spin_unlock(&vd->lock);
}

/* IRQ has just become pending (in the bitmaps) and found no easy way into a list register. */
COLD static void private_posted(struct vcpu *v, unsigned irq)
{
    struct vgic_work w = { 0 };

    vgic_private_changed(&w, v, VGIC_IRQ_BIT(irq));
    vgic_finish(&w, v->domain);
}

COLD static void shared_posted(struct domain *d, unsigned irq)
{
    struct vgic_work w = { 0 };

    vgic_shared_changed(&w, d, irq / 32 - 1, VGIC_IRQ_BIT(irq));
    vgic_finish(&w, d);
}

/* Lists IRQ of bank B on V at once, or latches it if LATCH. True: nothing more is to do. */
static bool post(struct vcpu *v, struct vgic_bank *b, unsigned irq, bool latch)
{
    struct vgic_cpu *vc = &v->arch.vgic;

    if (vc->loaded_on == this_cpu() && (b->hw & VGIC_IRQ_BIT(irq)) == 0 &&
        vgic_post_here(vc, b, irq, vgic_more_to_come(b, irq), latch, NULL)) {
        return true;
    }
    if (latch) {
        b->latched |= VGIC_IRQ_BIT(irq);
    }
    return false;
}

/* The line of IRQ went up: is that news, and does it set the latch? */
static bool line_up(struct vgic_bank *b, unsigned irq, bool *latch)
{
    uint32_t bit = VGIC_IRQ_BIT(irq);

    if ((b->level & bit) != 0) {
        return false;
    }
    b->level |= bit;
    *latch = (b->edge & bit) != 0;
    return true;
}

/* The line of IRQ went down: must a list register of a vCPU that holds it be corrected? */
static bool line_down(const struct vgic_cpu *holder, struct vgic_bank *b, unsigned irq)
{
    uint32_t bit = VGIC_IRQ_BIT(irq);

    b->level &= ~bit;
    if ((b->listed & bit) == 0 || (b->edge & bit) != 0) {
        return false;
    }
    return holder->loaded_on != this_cpu() || (arch_vgic_lr_read(b->lr[irq & 31]) & LR_PENDING) != 0;
}

void vgic_raise(struct vcpu *v, unsigned irq)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_bank *b = &v->arch.vgic.bank;
    bool latch;

    spin_lock(&vd->lock);
    if (line_up(b, irq, &latch) && !post(v, b, irq, latch)) {
        private_posted(v, irq);
        return;
    }
    spin_unlock(&vd->lock);
}

void vgic_lower(struct vcpu *v, unsigned irq)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;

    spin_lock(&vd->lock);
    if (line_down(&v->arch.vgic, &v->arch.vgic.bank, irq)) {
        private_posted(v, irq);
        return;
    }
    spin_unlock(&vd->lock);
}

void vgic_pulse(struct vcpu *v, unsigned irq)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;
    struct vgic_bank *b = &v->arch.vgic.bank;
    uint32_t bit = VGIC_IRQ_BIT(irq);

    spin_lock(&vd->lock);
    if (post(v, b, irq, true) || !vgic_private_concerns(v, bit)) {
        spin_unlock(&vd->lock);
    } else if (v->arch.vgic.loaded_on != this_cpu() && (b->open & ~b->active & ~b->hw & bit) != 0) {
        bool kick = vgic_note_latched(&v->arch.vgic);

        spin_unlock(&vd->lock);
        if (kick) {
            vcpu_kick(v);
        }
    } else {
        private_posted(v, irq);
    }
}

/* As post(), for the vCPU that shared interrupt IRQ is routed to. */
static bool post_spi(struct domain *d, unsigned irq, bool latch)
{
    struct vgic_spi_bank *s = vgic_shared(&d->arch.vgic, irq / 32 - 1);
    unsigned n = irq % 32;
    struct vcpu *t = vgic_vcpu(d, s->target[n]);

    if (t == NULL || ((s->bank.listed >> n & 1) != 0 && s->holder[n] != t->id)) {
        s->bank.latched |= latch ? VGIC_IRQ_BIT(irq) : 0;
        return false;
    }
    if (!post(t, &s->bank, irq, latch)) {
        return false;
    }
    s->holder[n] = (uint8_t)t->id;
    return true;
}

/* Req: BH-GIC-004 */
void vgic_raise_spi(struct domain *d, unsigned irq)
{
    struct vgic_dist *vd = &d->arch.vgic;
    bool latch;

    spin_lock(&vd->lock);
    if (line_up(&vgic_shared(vd, irq / 32 - 1)->bank, irq, &latch) && !post_spi(d, irq, latch)) {
        shared_posted(d, irq);
        return;
    }
    spin_unlock(&vd->lock);
}

void vgic_lower_spi(struct domain *d, unsigned irq)
{
    struct vgic_spi_bank *s = vgic_shared(&d->arch.vgic, irq / 32 - 1);
    const struct vcpu *holder;

    spin_lock(&d->arch.vgic.lock);
    holder = vgic_vcpu(d, s->holder[irq % 32]);
    if (holder != NULL && line_down(&holder->arch.vgic, &s->bank, irq)) {
        shared_posted(d, irq);
        return;
    }
    s->bank.level &= ~VGIC_IRQ_BIT(irq);
    spin_unlock(&d->arch.vgic.lock);
}

/* Req: BH-GIC-005 */
void vgic_pulse_spi(struct domain *d, unsigned irq)
{
    struct vgic_dist *vd = &d->arch.vgic;

    spin_lock(&vd->lock);
    if (!post_spi(d, irq, true)) {
        shared_posted(d, irq);
        return;
    }
    spin_unlock(&vd->lock);
}

static uint32_t hw_key(unsigned irq, unsigned pirq)
{
    return pirq << 16 | irq;
}

COLD static void raise_hw_slow(struct vcpu *v, unsigned irq, unsigned pirq)
{
    struct domain *d = v->domain;
    struct vgic_cpu *vc = &v->arch.vgic;
    struct vgic_bank *b;

    spin_lock(&d->arch.vgic.lock);
    b = vgic_bank_of(&d->arch.vgic, vc, irq);
    b->pirq[irq % 32] = (uint16_t)pirq;
    b->hw |= VGIC_IRQ_BIT(irq);
    d->arch.vgic.has_hw |= irq >= VGIC_PRIVATE_COUNT;
    if (irq < VGIC_PRIVATE_COUNT && vc->loaded_on == this_cpu() &&
        vgic_post_here(vc, b, irq, LR_HW | (uint64_t)pirq << LR_PIRQ_SHIFT, true, &vc->hw)) {
        __atomic_store_n(&vc->hw.key, hw_key(irq, pirq), __ATOMIC_RELAXED);
        spin_unlock(&d->arch.vgic.lock);
        return;
    }
    b->latched |= VGIC_IRQ_BIT(irq);
    b->hw_again |= b->listed & VGIC_IRQ_BIT(irq);
    if (irq < VGIC_PRIVATE_COUNT) {
        private_posted(v, irq);
    } else {
        shared_posted(d, irq);
    }
}

/* Req: BH-TIMER-009 */
void vgic_raise_hw(struct vcpu *v, unsigned irq, unsigned pirq)
{
    const struct vgic_shortcut *s = &v->arch.vgic.hw;

    /* The physical interrupt was not active, so the guest has ended the virtual one: its list register is free. */
    if (likely(__atomic_load_n(&s->key, __ATOMIC_RELAXED) == hw_key(irq, pirq))) {
        arch_vgic_lr_write(s->lr, s->image);
    } else {
        raise_hw_slow(v, irq, pirq);
    }
}

/* SGI IRQ for T, however it gets there. */
static void sgi_latch(struct vgic_work *w, struct vcpu *t, unsigned irq)
{
    t->arch.vgic.bank.latched |= VGIC_IRQ_BIT(irq);
    vgic_attend_latched(w, t, irq);
}

/* Req: BH-GIC-006, BH-GIC-007 */
COLD static void send_sgi_slow(struct vcpu *v, uint64_t value)
{
    struct domain *d = v->domain;
    struct vgic_work w = { 0 };
    unsigned irq = (value >> SGI_INTID_SHIFT) & 15;
    unsigned first = (unsigned)(value >> SGI_AFF1_SHIFT & 0xff) * 16;
    uint32_t list = (value & SGI_FAR) == 0 ? (uint32_t)value & 0xffff : 0;
    unsigned id;

    if ((value & SGI_IRM) != 0) {
        for (id = 0; id < d->vcpu_count; id++) { /* at most CONFIG_MAX_VCPUS */
            struct vcpu *t = vgic_vcpu(d, id);

            if (t != NULL && t != v) {
                sgi_latch(&w, t, irq);
            }
        }
        list = 0;
    }
    while (list != 0) { /* at most 16 */
        struct vcpu *t = vgic_vcpu(d, first + (unsigned)__builtin_ctz(list));

        if (t != NULL) {
            sgi_latch(&w, t, irq);
        }
        list &= list - 1;
    }
    vgic_finish(&w, d);
}

/* To the sender itself it goes at once if there is a list register, and by the shortcut the next time. */
static bool send_sgi_self(struct vcpu *v, uint64_t value)
{
    struct vgic_cpu *vc = &v->arch.vgic;

    if ((value & ~SGI_INTID) != vc->sgi_self || vc->loaded_on != this_cpu() ||
        !vgic_post_here(vc, &vc->bank, (value >> SGI_INTID_SHIFT) & 15, 0, true, &vc->sgi)) {
        return false;
    }
    __atomic_store_n(&vc->sgi.key, value | SGI_KEY_VALID, __ATOMIC_RELAXED);
    return true;
}

COLD static void send_sgi(struct vcpu *v, uint64_t value)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;

    spin_lock(&vd->lock);
    __atomic_store_n(&v->arch.vgic.sgi.key, 0, __ATOMIC_RELAXED);
    if (!send_sgi_self(v, value)) {
        send_sgi_slow(v, value);
        return;
    }
    spin_unlock(&vd->lock);
}

void vgic_send_sgi(struct vcpu *v, uint64_t value)
{
    const struct vgic_shortcut *s = &v->arch.vgic.sgi;

    if (likely(__atomic_load_n(&s->key, __ATOMIC_RELAXED) == (value | SGI_KEY_VALID) &&
               LR_STATE(arch_vgic_lr_read(s->lr)) == 0)) {
        arch_vgic_lr_write(s->lr, s->image);
    } else {
        send_sgi(v, value);
    }
}

/* Is LR pending and not active, in a group that VMCR enables, with a priority that it lets through? */
static bool lr_is_signalled(uint64_t lr, uint32_t vmcr)
{
    uint32_t group_enable = (lr & LR_GROUP1) != 0 ? 2 : 1;

    return LR_STATE(lr) == 1 && (vmcr & group_enable) != 0 && (lr >> LR_PRIORITY_SHIFT & 0xff) < vmcr >> 24;
}

/* The same for what waits in the bitmaps: those of MASK in B. WHO, if given, must say vCPU ID. */
COLD static bool bank_is_signalled(const struct vgic_bank *b, const uint8_t *who, unsigned id, uint32_t vmcr)
{
    uint32_t mask = vgic_bank_ready(b);

    while (mask != 0) { /* at most 32 */
        unsigned n = (unsigned)__builtin_ctz(mask);
        uint32_t group_enable = (b->group1 >> n & 1) != 0 ? 2 : 1;

        if ((who == NULL || who[n] == id) && (vmcr & group_enable) != 0 && b->priority[n] < vmcr >> 24) {
            return true;
        }
        mask &= mask - 1;
    }
    return false;
}

/* The same for BANKS shared banks at SPI. */
static ALWAYS_INLINE bool shared_is_signalled(const struct vgic_spi_bank *spi, unsigned banks, unsigned id, uint32_t vmcr)
{
    for (unsigned i = 0; i < banks; i++) {
        if (vgic_bank_ready(&spi[i].bank) != 0 && bank_is_signalled(&spi[i].bank, spi[i].target, id, vmcr)) {
            return true;
        }
    }
    return false;
}

COLD static bool shared_of_many_is_signalled(const struct vgic_dist *vd, unsigned id, uint32_t vmcr)
{
    return shared_is_signalled(vgic_shared(vd, 0), vgic_bank_count(vd), id, vmcr);
}

/* Req: BH-GIC-016 */
bool vgic_has_pending(const struct vcpu *v, uint32_t vmcr)
{
    const struct vgic_dist *vd = &v->domain->arch.vgic;
    const struct vgic_cpu *vc = &v->arch.vgic;

    if (vc->loaded_on == this_cpu()) {
        uint32_t used = vc->lr_used;

        while (used != 0) { /* at most 16 */
            if (lr_is_signalled(arch_vgic_lr_read((unsigned)__builtin_ctz(used)), vmcr)) {
                return true;
            }
            used &= used - 1;
        }
    }
    if (vgic_bank_ready(&vc->bank) != 0 && bank_is_signalled(&vc->bank, NULL, 0, vmcr)) {
        return true;
    }
    return vgic_has_own_only(vd) ? shared_is_signalled(vd->own, VGIC_OWN_BANKS, v->id, vmcr)
                                 : shared_of_many_is_signalled(vd, v->id, vmcr);
}
