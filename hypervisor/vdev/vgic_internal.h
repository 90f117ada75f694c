/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the virtual GIC share: finding an interrupt's bank, and the list of who must look again.
 */
#ifndef BH_VDEV_VGIC_INTERNAL_H
#define BH_VDEV_VGIC_INTERNAL_H

#include "arch/arch_vgic.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"

#define VGIC_PRIVATE_COUNT 32
/* No interrupt has this number; nor those from it on to the end of its bank, which are special (IHI 0069, 2.2.1). */
#define VGIC_IRQ_NONE      1020
/* The virtual interface holds five bits of priority on every board so far; the others read as zero. */
#define VGIC_PRIORITY_MASK 0xf8
#define VGIC_IRQ_BIT(irq)  ((uint32_t)1 << ((irq) & 31))

_Static_assert(VGIC_SPI_OWN % 32 == 0 && VGIC_SPI_OWN > 0 && VGIC_PRIVATE_COUNT + VGIC_SPI_MAX <= VGIC_IRQ_NONE, "SPIs");
_Static_assert(CONFIG_MAX_VCPUS <= VGIC_NOBODY, "a vCPU's number fits a byte");

/*
 * Changes seen under the lock, acted on at its end: the vCPUs to kick once it is free, and the one vCPU loaded on
 * this CPU, whose list registers are brought up to date at once.
 */
struct vgic_work {
    struct vcpu *here;
    bool kicks; /* KICK is not empty */
    bool asks;  /* for active state, see vgic_cpu.probe_bank */
    uint64_t kick[(CONFIG_MAX_VCPUS + 63) / 64];
};

static inline bool vgic_is_v2(const struct vgic_dist *vd)
{
    return CONFIG_GICV2 && (!CONFIG_GICV3 || vd->version == 2);
}

static ALWAYS_INLINE unsigned vgic_bank_count(const struct vgic_dist *vd)
{
    return CONFIG_DEVICES ? vd->bank_count : VGIC_OWN_BANKS;
}

/* Bank number INDEX of VD's shared interrupts. */
static ALWAYS_INLINE struct vgic_spi_bank *vgic_shared(const struct vgic_dist *vd, unsigned index)
{
    return (CONFIG_DEVICES ? vd->spi : (struct vgic_spi_bank *)vd->own) + index;
}

/*
 * Has VD no more banks than every domain has? What runs at each switch is compiled a second time for that: for a constant
 * number of banks, at a constant place.
 */
static ALWAYS_INLINE bool vgic_has_own_only(const struct vgic_dist *vd)
{
    return !CONFIG_DEVICES || likely(vd->bank_count == VGIC_OWN_BANKS);
}

/* Nothing may be written to V's list registers but by the slow way. */
static inline void vgic_shortcuts_end(struct vgic_cpu *vc)
{
    __atomic_store_n(&vc->hw.key, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&vc->sgi.key, 0, __ATOMIC_RELAXED);
}

/* Pending in the bitmaps, whether or not it may be forwarded. */
static ALWAYS_INLINE uint32_t vgic_bank_pending(const struct vgic_bank *b)
{
    return b->latched | (b->level & ~b->edge);
}

/* What only waits for a list register to be signalled. */
static ALWAYS_INLINE uint32_t vgic_bank_ready(const struct vgic_bank *b)
{
    return vgic_bank_pending(b) & b->open & ~b->active & ~b->listed;
}

/* Req: BH-GIC-018 */
static inline void vgic_bank_reopen(const struct vgic_dist *vd, struct vgic_bank *b)
{
    uint32_t group0 = (vd->group_enable & 1) != 0 ? ~0u : 0;
    uint32_t group1 = (vd->group_enable & 2) != 0 ? ~0u : 0;

    b->open = b->enabled & ((b->group1 & group1) | (~b->group1 & group0));
}

/* What the list register of IRQ of B has beside its state: while the line is up there is more to come at its end. */
static ALWAYS_INLINE uint64_t vgic_more_to_come(const struct vgic_bank *b, unsigned irq)
{
    return (b->level & ~b->edge & VGIC_IRQ_BIT(irq)) != 0 ? LR_EOI : 0;
}

static ALWAYS_INLINE struct vgic_bank *vgic_bank_of(struct vgic_dist *vd, struct vgic_cpu *vc, unsigned irq)
{
    return irq < VGIC_PRIVATE_COUNT ? &vc->bank : &vgic_shared(vd, irq / 32 - 1)->bank;
}

/* The vCPU numbered ID, or NULL. */
static inline struct vcpu *vgic_vcpu(struct domain *d, unsigned id)
{
    return id < d->vcpu_count && id < CONFIG_MAX_VCPUS ? d->vcpus[id] : NULL;
}

/* All of these are called with LOCK_VGIC of the domain held. */

/* After a change of the interrupts MASK of T's own bank: has T to look at its list registers? */
static ALWAYS_INLINE bool vgic_private_concerns(const struct vcpu *t, uint32_t mask)
{
    const struct vgic_bank *b = &t->arch.vgic.bank;
    uint32_t held = t->arch.vgic.loaded_on != NULL ? b->listed | b->active : 0;

    return (mask & (vgic_bank_ready(b) | held)) != 0;
}

static ALWAYS_INLINE void vgic_kick_later(struct vgic_work *w, const struct vcpu *t)
{
    w->kicks = true;
    w->kick[t->id / 64] |= BIT(t->id % 64);
}

/*
 * An interrupt that may be listed without another thought was latched for a vCPU that is not loaded here: true if it
 * is to be kicked.
 */
static ALWAYS_INLINE bool vgic_note_latched(struct vgic_cpu *tc)
{
    bool first = (tc->slow & (VGIC_SLOW_STALE | VGIC_SLOW_POSTED)) == 0;

    if (tc->loaded_on == NULL) {
        return true;
    }
    tc->slow |= VGIC_SLOW_POSTED;
    return first;
}

/* T has to look at its interrupts again: now if it is loaded here, else after a kick. */
void vgic_attend(struct vgic_work *w, struct vcpu *t);
/*
 * The same after interrupt IRQ of T's own bank, which no physical one stands behind and which is no SGI of GICv2, was
 * latched and nothing else changed: T may be able to take it without a full look.
 */
void vgic_attend_latched(struct vgic_work *w, struct vcpu *t, unsigned irq);
/* The interrupts MASK of T's own bank, or of D's shared bank INDEX, changed: notes in W who has to look again. */
void vgic_private_changed(struct vgic_work *w, struct vcpu *t, uint32_t mask);
void vgic_shared_changed(struct vgic_work *w, struct domain *d, unsigned index, uint32_t mask);
/*
 * Physical interrupts whose virtual ones in B are neither pending nor active any more, and not by the guest's
 * deactivation: deactivates them.
 */
void vgic_release_dropped(struct vgic_bank *b);
/*
 * Takes the state of V's list registers back into the bitmaps; the registers keep their contents. Returns which were in
 * use. At most 16 steps.
 */
uint32_t vgic_fold(struct vcpu *v, struct vgic_work *w);
/* Fills V's list registers, none of which is in use as far as the bitmaps know. */
void vgic_refill(struct vcpu *v);
/* V's guest ended interrupts that were active but not listed: those of the highest priority, since ends nest. */
void vgic_settle_ends(struct vcpu *v);
/* Only if CONFIG_DEVICES: the triggers of MASK in S, whose first interrupt is FIRST, changed. At most 32 steps. */
void vgic_lines_configure(const struct vgic_spi_bank *s, unsigned first, uint32_t mask);
/* V has come to this CPU: the physical interrupts that it gets, and has enabled, do. At most VGIC_SPI_MAX steps. */
void vgic_lines_move(struct vcpu *v);
/* The physical interrupt of IRQ of S goes to the CPU that has the vCPU loaded which IRQ goes to, if there is one. */
void vgic_line_follow(struct domain *d, const struct vgic_spi_bank *s, unsigned irq);
/* Does W's work for the vCPU loaded here, unlocks D's vGIC, kicks the others. */
void vgic_finish_work(struct vgic_work *w, struct domain *d) RELEASES(d->arch.vgic.lock);

static ALWAYS_INLINE void vgic_finish(struct vgic_work *w, struct domain *d) RELEASES(d->arch.vgic.lock) NO_LOCK_ANALYSIS
{
    if (w->here == NULL && !w->kicks) {
        spin_unlock(&d->arch.vgic.lock);
    } else {
        vgic_finish_work(w, d);
    }
}

/*
 * Puts interrupt IRQ of bank B, just become pending, into a list register of VC, which is loaded here, if that takes
 * no other thought: nothing waits, it is open, not active, and it has or gets a register. EXTRA: LR_HW and the
 * physical interrupt, or LR_EOI. The latch goes along if MOVED. False: nothing was done. SHORTCUT, if not NULL, gets
 * what was written, but for its key.
 */
bool vgic_post_here(struct vgic_cpu *vc, struct vgic_bank *b, unsigned irq, uint64_t extra, bool moved,
                    struct vgic_shortcut *shortcut);

#endif
