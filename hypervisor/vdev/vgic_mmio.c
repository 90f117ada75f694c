/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register frames of the virtual GIC: the distributor of both versions (IHI 0069, 12.8 and 12.9; IHI 0048, 4.3)
 * and the redistributors (IHI 0069, 12.10 and 12.11). There is one Security state (GICD_CTLR.DS is one) and no LPI;
 * affinity routing is always on in GICv3 and does not exist in GICv2. What the architecture reserves reads as zero
 * and ignores writes; an access of a size that a register does not have is refused.
 */
#include "bh/mmio.h"

#include "vgic_regs.h"

#define GICD_CTLR        0x0000
#define GICD_TYPER       0x0004
#define GICD_IIDR        0x0008
#define GICD_BITS        0x0080 /* seven kinds, 0x80 bytes each: see enum vgic_bits */
#define GICD_IPRIORITYR  0x0400
#define GICD_ITARGETSR   0x0800
#define GICD_ICFGR       0x0c00
#define GICD_IGRPMODR    0x0d00 /* reserved with one Security state, like everything behind it */
#define GICD_SGIR        0x0f00
#define GICD_CPENDSGIR   0x0f10
#define GICD_SPENDSGIR   0x0f20
#define GICD_V2_END      0x0f30
#define GICD_V2_PIDR2    0x0fe8
#define GICD_IROUTER     0x6000
#define GICD_IROUTER_END 0x8000
#define GIC_V3_PIDR2     0xffe8 /* of GICD and of GICR */

#define GICD_CTLR_GROUPS 0x03
#define GICD_CTLR_ARE    0x10
#define GICD_CTLR_DS     0x40

/* Product identifier 'B', implementer Arm: the architecture's model, not a product with errata. */
#define GIC_IIDR         0x4200043b
#define GIC_PIDR2_V2     0x2b
#define GIC_PIDR2_V3     0x3b

#define GICR_CTLR        0x0000
#define GICR_IIDR        0x0004
#define GICR_TYPER       0x0008
#define GICR_TYPER_LAST  BIT(4)
#define GICR_FRAME_SHIFT 17 /* RD_base and SGI_base, 64 KiB each */
#define GICR_SGI_BASE    0x10000

/* Bank number BANK as V sees it through GICD. False: it is reserved. */
static bool regs_find(struct vcpu *v, struct vgic_regs *r, unsigned bank)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;

    if (bank > vgic_bank_count(vd) || (bank == 0 && !vgic_is_v2(vd))) {
        return false; /* GICv3 has the private interrupts in GICR */
    }
    *r = (struct vgic_regs){ .reader = v, .first = bank * 32 };
    if (bank == 0) {
        r->owner = v;
        r->bank = &v->arch.vgic.bank;
    } else {
        r->shared = vgic_shared(vd, bank - 1);
        r->bank = &r->shared->bank;
    }
    return true;
}

/* Req: BH-GIC-009 */
static bool is_word(const struct mmio_access *a)
{
    return a->size == 4 && (a->offset & 3) == 0;
}

static bool is_word_or_byte(const struct mmio_access *a)
{
    return a->size == 1 || is_word(a);
}

static void access_bits(const struct vgic_regs *r, enum vgic_bits kind, struct mmio_access *a, struct vgic_work *w)
{
    if (a->is_write) {
        vgic_bits_write(r, kind, (uint32_t)a->value, w);
    } else {
        a->value = vgic_bits_read(r, kind, w);
    }
}

/* BYTE is the offset from the bank's first priority byte. */
static void access_priority(const struct vgic_regs *r, unsigned byte, struct mmio_access *a, struct vgic_work *w)
{
    if (a->is_write) {
        vgic_priority_write(r, byte, a->size, (uint32_t)a->value, w);
    } else {
        a->value = vgic_priority_read(r, byte, a->size);
    }
}

static void access_config(const struct vgic_regs *r, unsigned half, struct mmio_access *a, struct vgic_work *w)
{
    if (a->is_write) {
        vgic_config_write(r, half, (uint32_t)a->value, w);
    } else {
        a->value = vgic_config_read(r, half);
    }
}

/* GICD_CTLR: the groups go on or off for the whole domain. At most CONFIG_MAX_VCPUS steps. */
static void control_write(struct domain *d, uint32_t value, struct vgic_work *w)
{
    struct vgic_dist *vd = &d->arch.vgic;
    unsigned i;

    if ((value & GICD_CTLR_GROUPS) == vd->group_enable) {
        return;
    }
    vd->group_enable = value & GICD_CTLR_GROUPS;
    for (i = 0; i < vgic_bank_count(vd); i++) {
        vgic_bank_reopen(vd, &vgic_shared(vd, i)->bank);
    }
    for (i = 0; i < d->vcpu_count; i++) {
        struct vcpu *t = vgic_vcpu(d, i);

        if (t != NULL) {
            vgic_bank_reopen(vd, &t->arch.vgic.bank);
            vgic_private_changed(w, t, ~0u);
        }
    }
    for (i = 0; i < vgic_bank_count(vd); i++) {
        vgic_shared_changed(w, d, i, ~0u);
    }
}

static void route_to(const struct vgic_regs *r, unsigned n, unsigned target, struct vgic_work *w)
{
    if (r->shared->target[n] != target) {
        r->shared->target[n] = (uint8_t)target;
        if (CONFIG_DEVICES) {
            vgic_line_follow(r->reader->domain, r->shared, r->first + n);
        }
        vgic_regs_changed(r, (uint32_t)1 << n, w);
    }
}

/* Req: BH-GIC-012 */
/* GICv2: one byte an interrupt, the mask of the CPUs it may go to; the lowest of them gets it. */
static void access_targets(const struct vgic_regs *r, unsigned byte, struct mmio_access *a, struct vgic_work *w)
{
    unsigned count = MIN(r->reader->domain->vcpu_count, VGIC_V2_MAX_VCPUS);
    uint32_t value = 0;

    for (unsigned i = 0; i < a->size; i++) { /* 1 or 4 */
        if (r->shared == NULL) {
            value |= 1u << r->reader->id << (i * 8);
        } else if (a->is_write) {
            uint32_t mask = (uint32_t)(a->value >> (i * 8)) & ((1u << count) - 1);

            r->shared->route[byte + i] = mask;
            route_to(r, byte + i, mask != 0 ? (unsigned)__builtin_ctz(mask) : VGIC_NOBODY, w);
        } else {
            value |= r->shared->route[byte + i] << (i * 8);
        }
    }
    if (!a->is_write) {
        a->value = value;
    }
}

/* Req: BH-GIC-011 */
/* GICv3: affinity of the one vCPU that gets interrupt N of the bank; 1-of-N routing is not offered. */
static void access_route(const struct vgic_regs *r, unsigned n, struct mmio_access *a, struct vgic_work *w)
{
    uint32_t route = r->shared->route[n];
    uint64_t value = (uint64_t)(route >> 24) << 32 | (route & 0xffffff);
    unsigned shift = a->size == 8 ? 0 : (unsigned)(a->offset & 4) * 8;
    unsigned id;

    if (!a->is_write) {
        a->value = a->size == 8 ? value : (uint32_t)(value >> shift);
        return;
    }
    if (a->size == 8) {
        value = a->value;
    } else {
        value = (value & ~(0xffffffffULL << shift)) | (a->value & 0xffffffff) << shift;
    }
    route = (uint32_t)(value >> 32 & 0xff) << 24 | (uint32_t)(value & 0xffffff);
    r->shared->route[n] = route;
    id = (route >> 8) * 16 + (route & 0xff);
    route_to(r, n, (route & 0xff) < 16 && (route >> 8) < 16 && vgic_vcpu(r->reader->domain, id) != NULL ? id :
             VGIC_NOBODY, w);
}

/* Req: BH-GIC-008 */
/* GICv2: vCPU SENDER sends SGI IRQ to the vCPUs of MASK. */
static void v2_sgi_send(struct domain *d, unsigned sender, unsigned irq, uint32_t mask, struct vgic_work *w)
{
    for (unsigned id = 0; id < VGIC_V2_MAX_VCPUS; id++) {
        struct vcpu *t = (mask >> id & 1) != 0 ? vgic_vcpu(d, id) : NULL;

        if (t != NULL) {
            t->arch.vgic.sgi_source[irq] |= (uint8_t)(1u << sender);
            t->arch.vgic.bank.latched |= VGIC_IRQ_BIT(irq);
            vgic_private_changed(w, t, VGIC_IRQ_BIT(irq));
        }
    }
}

/* GICD_SGIR, IHI 0048, 4.3.15. */
static void v2_sgir_write(struct vcpu *v, uint32_t value, struct vgic_work *w)
{
    uint32_t self = 1u << v->id;
    uint32_t mask = 0;

    switch (value >> 24 & 3) {
    case 0:
        mask = value >> 16 & 0xff;
        break;
    case 1:
        mask = 0xff & ~self;
        break;
    case 2:
        mask = self;
        break;
    }
    v2_sgi_send(v->domain, v->id, value & 15, mask, w);
}

/* GICD_CPENDSGIR and GICD_SPENDSGIR: one byte an SGI, one bit a sender. */
static void v2_access_sgi_pending(struct vcpu *v, struct mmio_access *a, struct vgic_work *w)
{
    struct vgic_cpu *vc = &v->arch.vgic;
    bool set = a->offset >= GICD_SPENDSGIR;
    uint32_t value = 0;

    for (unsigned i = 0; i < a->size; i++) { /* 1 or 4 */
        unsigned irq = (unsigned)(a->offset & 15) + i;
        uint8_t sources = (uint8_t)(a->value >> (i * 8));
        uint32_t bit = VGIC_IRQ_BIT(irq);

        if (!a->is_write) {
            bool listed = (vc->bank.listed & bit) != 0 && vc->loaded_on == this_cpu() &&
                          (arch_vgic_lr_read(vc->bank.lr[irq]) & LR_PENDING) != 0;

            value |= (uint32_t)(vc->sgi_source[irq] | (listed ? 1u << vc->sgi_current[irq] : 0)) << (i * 8);
        } else if (set && sources != 0) {
            vc->sgi_source[irq] |= sources;
            vc->bank.latched |= bit;
            vgic_private_changed(w, v, bit);
        } else if (!set && sources != 0) {
            vc->sgi_source[irq] &= (uint8_t)~sources;
            vc->bank.latched &= vc->sgi_source[irq] != 0 ? ~0u : ~bit;
            vc->sgi_drop[irq] |= (vc->bank.listed & bit) != 0 ? sources : 0;
            vgic_private_changed(w, v, bit);
        }
    }
    if (!a->is_write) {
        a->value = value;
    }
}

/* GICv2 only: 0x800 and from 0xf00 on. -XEN_EINVAL as vgic_dist_access(). */
static int v2_access_sgi(struct vcpu *v, struct mmio_access *a, struct vgic_work *w)
{
    if (a->offset >= GICD_CPENDSGIR && a->offset < GICD_V2_END) {
        if (!is_word_or_byte(a)) {
            return -XEN_EINVAL;
        }
        v2_access_sgi_pending(v, a, w);
        return 0;
    }
    if (!is_word(a)) {
        return -XEN_EINVAL;
    }
    if (a->is_write && a->offset == GICD_SGIR) {
        v2_sgir_write(v, (uint32_t)a->value, w);
    }
    return 0;
}

/* Req: BH-GIC-010 */
/* The registers of single words, and what is reserved. */
static int dist_access_word(struct vcpu *v, struct mmio_access *a, struct vgic_work *w)
{
    struct vgic_dist *vd = &v->domain->arch.vgic;

    if (!is_word(a)) {
        return -XEN_EINVAL;
    }
    if (a->is_write) {
        if (a->offset == GICD_CTLR) {
            control_write(v->domain, (uint32_t)a->value, w);
        }
        return 0;
    }
    if (a->offset == GICD_CTLR) {
        a->value = vd->group_enable | (vgic_is_v2(vd) ? 0 : GICD_CTLR_ARE | GICD_CTLR_DS);
    } else if (a->offset == GICD_TYPER) {
        a->value = vd->typer;
    } else if (a->offset == GICD_IIDR) {
        a->value = GIC_IIDR;
    } else if (a->offset == (vgic_is_v2(vd) ? GICD_V2_PIDR2 : GIC_V3_PIDR2)) {
        a->value = vgic_is_v2(vd) ? GIC_PIDR2_V2 : GIC_PIDR2_V3;
    }
    return 0;
}

static int dist_access_locked(struct vcpu *v, struct mmio_access *a, struct vgic_work *w)
{
    bool is_v2 = vgic_is_v2(&v->domain->arch.vgic);
    unsigned offset = (unsigned)a->offset;
    struct vgic_regs r;

    if (offset >= GICD_BITS && offset < GICD_IPRIORITYR) {
        if (!is_word(a)) {
            return -XEN_EINVAL;
        }
        if (regs_find(v, &r, (offset & 0x7f) / 4)) {
            access_bits(&r, (enum vgic_bits)(offset >> 7), a, w);
        }
        return 0;
    }
    if (offset >= GICD_IPRIORITYR && offset < GICD_ICFGR) {
        if (!is_word_or_byte(a)) {
            return -XEN_EINVAL;
        }
        if (!regs_find(v, &r, (offset & 0x3ff) / 32)) {
            return 0;
        }
        if (offset < GICD_ITARGETSR) {
            access_priority(&r, offset & 31, a, w);
        } else if (is_v2) {
            access_targets(&r, offset & 31, a, w);
        }
        return 0;
    }
    if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR) {
        if (!is_word(a)) {
            return -XEN_EINVAL;
        }
        if (regs_find(v, &r, (offset & 0xff) / 8)) {
            access_config(&r, (offset >> 2) & 1, a, w);
        }
        return 0;
    }
    if (is_v2 && offset >= GICD_SGIR && offset < GICD_V2_END) {
        return v2_access_sgi(v, a, w);
    }
    if (!is_v2 && offset >= GICD_IROUTER && offset < GICD_IROUTER_END) {
        unsigned irq = (offset - GICD_IROUTER) / 8;

        if (!(a->size == 8 && (offset & 7) == 0) && !is_word(a)) {
            return -XEN_EINVAL;
        }
        if (regs_find(v, &r, irq / 32)) {
            access_route(&r, irq % 32, a, w);
        }
        return 0;
    }
    return dist_access_word(v, a, w);
}

COLD static int dist_access(struct vcpu *v, struct mmio_access *a)
{
    struct vgic_work w = { 0 };
    int err;

    if (!a->is_write) {
        a->value = 0;
    }
    if (a->offset > 0xffff || (a->offset & (a->size - 1u)) != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&v->domain->arch.vgic.lock);
    err = dist_access_locked(v, a, &w);
    v->arch.vgic.probe_bank = w.asks ? v->arch.vgic.probe_bank : 0;
    vgic_finish(&w, v->domain);
    return err;
}

int vgic_dist_access(struct vcpu *v, struct mmio_access *a)
{
    if (likely(a->offset == GICD_TYPER && a->size == 4 && !a->is_write)) {
        a->value = v->domain->arch.vgic.typer;
        return 0;
    }
    return dist_access(v, a);
}

/* SGI_base of vCPU T; OFFSET is within that frame. */
static int redist_access_sgi(struct vcpu *v, struct vcpu *t, unsigned offset, struct mmio_access *a,
                             struct vgic_work *w)
{
    struct vgic_regs r = { .reader = v, .owner = t, .bank = &t->arch.vgic.bank };

    if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
        if (!is_word_or_byte(a)) {
            return -XEN_EINVAL;
        }
        if (offset < GICD_IPRIORITYR + 32) {
            access_priority(&r, offset & 31, a, w);
        }
        return 0;
    }
    if (!is_word(a)) {
        return -XEN_EINVAL;
    }
    if (offset >= GICD_BITS && offset < GICD_IPRIORITYR && (offset & 0x7f) == 0) {
        access_bits(&r, (enum vgic_bits)(offset >> 7), a, w);
    } else if (offset == GICD_ICFGR || offset == GICD_ICFGR + 4) {
        access_config(&r, (offset >> 2) & 1, a, w);
    }
    return 0;
}

/* RD_base of vCPU T. Nothing in it can be written: there is no power control and there are no LPIs. */
static int redist_access_control(const struct vcpu *t, unsigned offset, struct mmio_access *a)
{
    uint64_t typer = (uint64_t)(t->id / 16u) << 40 | (uint64_t)(t->id % 16u) << 32 | (uint64_t)t->id << 8;
    bool is_typer = (offset & ~7u) == GICR_TYPER;

    if (!is_word(a) && !(a->size == 8 && is_typer && (offset & 7) == 0)) {
        return -XEN_EINVAL;
    }
    if (a->is_write) {
        return 0;
    }
    if (is_typer) {
        typer |= t->id + 1u == t->domain->vcpu_count ? GICR_TYPER_LAST : 0;
        a->value = a->size == 8 ? typer : (uint32_t)(typer >> ((offset & 4) * 8));
    } else if (offset == GICR_IIDR) {
        a->value = GIC_IIDR;
    } else if (offset == GIC_V3_PIDR2) {
        a->value = GIC_PIDR2_V3;
    }
    return 0;
}

int vgic_redist_access(struct vcpu *v, struct mmio_access *a)
{
    struct vcpu *t = vgic_vcpu(v->domain, (unsigned)MIN(a->offset >> GICR_FRAME_SHIFT, (uint64_t)VGIC_NOBODY));
    unsigned offset = (unsigned)a->offset & ((1u << GICR_FRAME_SHIFT) - 1);
    struct vgic_work w = { 0 };
    int err;

    if (!a->is_write) {
        a->value = 0;
    }
    if (t == NULL) {
        return -XEN_ENXIO;
    }
    if ((a->offset & (a->size - 1u)) != 0) {
        return -XEN_EINVAL;
    }
    if (offset < GICR_SGI_BASE) {
        return redist_access_control(t, offset, a);
    }
    spin_lock(&v->domain->arch.vgic.lock);
    err = redist_access_sgi(v, t, offset - GICR_SGI_BASE, a, &w);
    v->arch.vgic.probe_bank = w.asks ? v->arch.vgic.probe_bank : 0;
    vgic_finish(&w, v->domain);
    return err;
}
