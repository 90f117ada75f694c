/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual interrupt controller of a domain: GICv3 (Arm IHI 0069) or GICv2 (Arm IHI 0048), the same version as
 * the board's. A state machine over words of 32 interrupts, as the registers have them.
 *
 * Where the state of an interrupt lives: in its bank's bitmaps, except for the pending latch and the active state of
 * an interrupt that is in a list register ("listed"). List registers belong to the CPU that has the vCPU loaded;
 * nobody else reads or writes them. Another CPU that changes an interrupt listed elsewhere changes the bitmaps, marks
 * the vCPU stale and kicks it: vgic_sync() there folds the list registers back into the bitmaps and fills them anew.
 *
 * One lock a domain, LOCK_VGIC, guards all of it. No function here calls out with the lock held, except to the list
 * registers (arch/arch_vgic.h).
 */
#ifndef BH_VGIC_H
#define BH_VGIC_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct cpu;
struct domain;
struct mmio_access;
struct vcpu;

#define VGIC_SPI_OWN       64 /* shared interrupts that every domain has: from 32 on */
#define VGIC_OWN_BANKS     (VGIC_SPI_OWN / 32)
/* What one may have that has the board's: all that there are. */
#define VGIC_SPI_MAX       (CONFIG_DEVICES ? 988 : VGIC_SPI_OWN)
#define VGIC_BANKS_MAX     ((VGIC_SPI_MAX + 31) / 32)
#define VGIC_LR_MAX        16 /* the architecture's limit */
#define VGIC_V2_MAX_VCPUS  8
#define VGIC_NOBODY        0xff /* no vCPU: CONFIG_MAX_VCPUS is at most 128 */

/* 32 interrupts. One bit each, the lowest numbered one in bit 0. */
struct vgic_bank {
    uint32_t enabled;
    uint32_t group1;       /* bit clear: group 0 */
    uint32_t open;         /* enabled, and its group is enabled in GICD_CTLR: may be listed as pending */
    uint32_t edge;         /* edge-triggered; otherwise pending follows the line */
    uint32_t level;        /* the line, as the device drives it */
    uint32_t latched;      /* pending whatever the line says: an edge, a guest's write, or a physical interrupt */
    uint32_t active;       /* active, unless listed: then the list register knows */
    uint32_t hw;           /* stands for a physical interrupt that stays active until this one is deactivated */
    uint32_t hw_again;     /* listed, and the physical interrupt came once more since */
    uint32_t listed;       /* in list register lr[] of its vCPU */
    uint32_t moved;        /* listed, and its latch is in the list register */
    uint32_t was_active;   /* listed, and active when it was */
    uint32_t drop_pending; /* listed elsewhere: its latch is to be forgotten */
    uint32_t drop_active;  /* listed elsewhere: its active state is to be forgotten */
    uint8_t priority[32];
    uint8_t lr[32];        /* list register, while listed */
    uint16_t pirq[32];     /* physical interrupt, while hw */
};

#define VGIC_TAKEN_TWICE 0xffff /* two CPUs did before it was deactivated */

struct vgic_spi_bank {
    struct vgic_bank bank;
    uint32_t lines;      /* stand for the physical interrupts of the same numbers, which are the domain's */
    uint16_t taken_on[32]; /* of those in LINES: the CPU that acknowledged it last, or VGIC_TAKEN_TWICE */
    uint8_t target[32];  /* vCPU that gets it, or VGIC_NOBODY */
    uint8_t holder[32];  /* vCPU that has it listed or active */
    uint32_t route[32];  /* as the guest wrote it: GICv3 Aff3.Aff2.Aff1.Aff0, GICv2 the mask of CPUs */
};

/*
 * An interrupt of the loaded vCPU that keeps its list register: the next one is written there at once, without the
 * lock. That is safe because the register is this CPU's; who changes anything about the interrupt from elsewhere
 * clears the key and kicks, and the fold that follows sees what was written.
 */
struct vgic_shortcut {
    uint64_t image;  /* [cpu] the list register's contents */
    uint64_t key;    /* [atomic] what the caller asks for; 0: not valid. Others only clear it */
    uint32_t lr;     /* [cpu] number of the list register */
};

/* A vCPU's part. [lock vgic] */
struct vgic_cpu {
    struct cpu *loaded_on;  /* the CPU whose list registers are this vCPU's; NULL: none */
    struct vgic_shortcut hw;  /* key: physical interrupt << 16 | interrupt */
    struct vgic_shortcut sgi; /* key: value of ICC_SGI1R_EL1, with bit 63 set */
    uint8_t slow;           /* VGIC_SLOW_*: why nothing may go straight into a list register */
    uint8_t maintenance;    /* what arch_vgic_maintenance_set() was told */
    uint16_t probe_bank;    /* the bank whose active state this vCPU asked other CPUs for; 0: none */
    uint32_t probe_epoch;   /* when it asked */
    uint32_t seen_epoch;    /* of the last fold of this vCPU's list registers */
    uint32_t sgi_self;      /* [boot] GICv3: what it writes to ICC_SGI1R_EL1 for itself, without the number */
    uint32_t lr_mask;       /* [boot] the list registers that exist */
    uint16_t lines_on;      /* 1 + number of the CPU that physical interrupts for this vCPU were sent to; 0: none */
    uint32_t lr_used;       /* those assigned to an interrupt, maybe finished by now */
    uint16_t lr_irq[VGIC_LR_MAX]; /* the interrupt each is assigned to */
    struct vgic_bank bank;  /* interrupts 0 .. 31 */
    uint8_t sgi_source[16]; /* GICv2: which vCPUs sent an SGI that is not listed */
    uint8_t sgi_drop[16];   /* GICv2: listed elsewhere: if it came from one of these, forget it */
    uint8_t sgi_current[16]; /* GICv2: who sent the SGI that is listed or active */
};

#define VGIC_SLOW_STALE    1 /* a change from elsewhere waits for vgic_sync() */
#define VGIC_SLOW_OVERFLOW 2 /* more interrupts than list registers */
#define VGIC_SLOW_SPILLED  4 /* one of them is active: its end of interrupt is only counted */
#define VGIC_SLOW_POSTED   8 /* SGIs from elsewhere wait for vgic_sync(): latched, nothing else */

/* A domain's part. [lock lock] */
struct vgic_dist {
    struct spinlock lock;
    uint8_t version;       /* [boot] 2 or 3 */
    uint8_t group_enable;  /* bit 0: group 0, bit 1: group 1 */
    uint8_t bank_count;    /* [boot] of shared interrupts */
    bool has_hw;           /* a shared interrupt has stood for a physical one */
    uint32_t typer;        /* [boot] GICD_TYPER */
    uint32_t epoch;        /* counts questions for active state, see vgic_cpu.probe_epoch */
    struct vgic_spi_bank own[VGIC_OWN_BANKS];
    struct vgic_spi_bank *spi; /* [boot] OWN, or a block of the heap if that is too small. Only if CONFIG_DEVICES */
};

/* ---- Life ---- */

/*
 * Reset state of D's distributor. VERSION is 2 or 3, SPI_COUNT how many shared interrupts D needs: it has VGIC_SPI_OWN at
 * least, and VGIC_SPI_MAX at most. Before D's first vCPU is made. -XEN_ENOMEM.
 */
MUST_USE int vgic_domain_init(struct domain *d, unsigned version, unsigned spi_count);
/* Gives back the physical interrupts that D's shared ones stand for, and memory. No vCPU of D runs any more. */
void vgic_domain_release(struct domain *d);
/* Reset state of V's private interrupts; D->vcpu_count is known. -XEN_EINVAL: GICv2 has no interface for V's id. */
MUST_USE int vgic_vcpu_init(struct vcpu *v);
/* V, which is not loaded, is about to start anew: forgets what it stood for in hardware. The rest stays (PSCI). */
void vgic_vcpu_reset(struct vcpu *v);

/* ---- Around a vCPU's time on a CPU; interrupts masked, V's is the CPU's virtual interface ---- */

/*
 * V is about to run here: fills the list registers, which hold nothing before. The caller has made those physical
 * private interrupts active that vgic_hw_private() names.
 */
void vgic_load(struct vcpu *v);
/*
 * V leaves this CPU: all list registers are folded into the bitmaps and empty afterwards. The physical private
 * interrupts that vgic_hw_private() then names are still active: the caller deactivates them before another vCPU runs.
 */
void vgic_save(struct vcpu *v);
/* Folds and refills V's list registers: after WORK_VIRQ, and for the maintenance interrupt. */
void vgic_sync(struct vcpu *v);
/*
 * Would an interrupt be signalled to V? VMCR is V's virtual machine control register, as ICH_VMCR_EL2 or GICH_VMCR
 * has it. Takes no lock: true may come a little late, and may be wrong in V's favour. At most 16 list registers read.
 */
bool vgic_has_pending(const struct vcpu *v, uint32_t vmcr);
/* Private interrupts of a vCPU that stand for physical ones, active now. Exact while the vCPU is not loaded. */
static inline uint32_t vgic_hw_private(const struct vgic_cpu *vc)
{
    return vc->bank.hw;
}

/* ---- Interrupts from devices and vCPUs. None may be called with LOCK_VGIC or a later lock held ---- */

/* The line of V's private interrupt IRQ (16 .. 31) goes up or down. */
void vgic_raise(struct vcpu *v, unsigned irq);
void vgic_lower(struct vcpu *v, unsigned irq);
/* V's private interrupt IRQ becomes pending once. */
void vgic_pulse(struct vcpu *v, unsigned irq);
/* The same for D's shared interrupt IRQ, of those that it has. */
void vgic_raise_spi(struct domain *d, unsigned irq);
void vgic_lower_spi(struct domain *d, unsigned irq);
void vgic_pulse_spi(struct domain *d, unsigned irq);
/*
 * Physical interrupt PIRQ was acknowledged, its priority dropped, and it is active: IRQ becomes pending and the
 * guest's deactivation of IRQ deactivates PIRQ. A private IRQ only on the CPU that has V loaded.
 */
void vgic_raise_hw(struct vcpu *v, unsigned irq, unsigned pirq);
/*
 * Only if CONFIG_DEVICES. D's shared interrupt IRQ stands for the physical one of the same number from now on,
 * which is disabled: that is enabled, configured and routed as D's guest does with its own. -XEN_EINVAL: D has no such
 * interrupt. -XEN_EBUSY: a device model raises it.
 */
MUST_USE int vgic_line_attach(struct domain *d, unsigned irq);
/* Does it, of a number that D has? */
bool vgic_line_is_attached(const struct domain *d, unsigned irq);
/*
 * No more: the physical one is disabled and not active. -XEN_EBUSY: the guest has enabled it, or handles it, and it is
 * not ALWAYS.
 */
MUST_USE int vgic_line_detach(struct domain *d, unsigned irq, bool always);
/* As vgic_raise_hw() for such a shared interrupt, on any CPU. */
void vgic_line_taken(struct domain *d, unsigned irq);
/* GICv3: V wrote VALUE to ICC_SGI1R_EL1 (IHI 0069, 12.2.20). Targets that do not exist are ignored. */
void vgic_send_sgi(struct vcpu *v, uint64_t value);

/* ---- Registers, see bh/mmio.h. -XEN_EINVAL: no register takes such a size there ---- */

MUST_USE int vgic_dist_access(struct vcpu *v, struct mmio_access *a);
/* -XEN_ENXIO: the frame belongs to no vCPU of the domain. */
MUST_USE int vgic_redist_access(struct vcpu *v, struct mmio_access *a);

/*
 * Tests and debug builds: checks every invariant of D's state, and the list registers of this CPU if they are one of
 * D's vCPUs'. NULL, or what is wrong.
 */
const char *vgic_audit(struct domain *d);

#endif
