/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a control domain says of a domain and of a vCPU that is Arm's own (arch-arm.h: xen_arch_domainconfig,
 * vcpu_guest_context).
 */
#include "abi/control.h"
#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "gic.h"
#include "state.h"
#include "sysreg.h"

/* Req: BH-CTL-011 */
int arch_domctl_create(struct xen_domctl_createdomain *c, struct boot_domain *config)
{
    unsigned version = gic_version() == 3 ? XEN_DOMCTL_CONFIG_GIC_V3 : XEN_DOMCTL_CONFIG_GIC_V2;

    if ((c->arch.gic_version != XEN_DOMCTL_CONFIG_GIC_NATIVE && c->arch.gic_version != version) ||
        c->arch.tee_type != XEN_DOMCTL_CONFIG_TEE_NONE || c->arch.nr_spis > VGIC_SPI_MAX ||
        (gic_version() == 2 && c->max_vcpus > VGIC_V2_MAX_VCPUS)) {
        return -XEN_EINVAL;
    }
    c->arch.gic_version = (uint8_t)version;
    c->arch.clock_frequency = 0;
    config->spi_count = (uint16_t)c->arch.nr_spis;
    return 0;
}

/* The 31 general registers follow one another, as they do in struct vcpu_regs. */
_Static_assert(offsetof(struct vcpu_guest_core_regs, x30) == 30 * sizeof(uint64_t), "x0 to x30");
#define GENERAL_COUNT 31

static bool mode_is_good(uint64_t cpsr)
{
    uint64_t mode = cpsr & PSR_MODE_MASK;

    return mode == PSR_MODE_EL1H || mode == PSR_MODE_EL1T || mode == PSR_MODE_EL0T;
}

/* Req: BH-CTL-017 */
int arch_vcpu_set_context(struct vcpu *v, struct vcpu *target, struct guest_handle h, bool *is_online)
{
    struct vcpu_guest_context c;
    struct vcpu_regs *s;
    int err = guest_copy_from(v, &c, h, sizeof(c));

    if (err != 0) {
        return err;
    }
    if (!mode_is_good(c.user_regs.cpsr)) {
        return -XEN_EINVAL;
    }
    arch_vcpu_reset(target, c.user_regs.pc64, c.user_regs.x0);
    s = window_open(target->arch.state);
    for (unsigned i = 0; i < GENERAL_COUNT; i++) {
        s->x[i] = (&c.user_regs.x0)[i];
    }
    s->spsr = c.user_regs.cpsr;
    s->spsr_el1 = c.user_regs.spsr_el1;
    s->sp_el0 = c.user_regs.sp_el0;
    s->sp_el1 = c.user_regs.sp_el1;
    s->elr_el1 = c.user_regs.elr_el1;
    s->sctlr_el1 = c.sctlr;
    s->tcr_el1 = c.ttbcr;
    s->ttbr0_el1 = c.ttbr0;
    s->ttbr1_el1 = c.ttbr1;
    window_close(s);
    *is_online = (c.flags & VGCF_online) != 0;
    return 0;
}

int arch_vcpu_get_context(struct vcpu *v, struct vcpu *target, struct guest_handle h)
{
    struct vcpu_guest_context c = { .flags = target->state != VCPU_OFFLINE ? VGCF_online : 0 };
    const struct vcpu_regs *s = window_open_read(target->arch.state);

    for (unsigned i = 0; i < GENERAL_COUNT; i++) {
        (&c.user_regs.x0)[i] = s->x[i];
    }
    c.user_regs.pc64 = s->elr;
    c.user_regs.cpsr = s->spsr;
    c.user_regs.spsr_el1 = s->spsr_el1;
    c.user_regs.sp_el0 = s->sp_el0;
    c.user_regs.sp_el1 = s->sp_el1;
    c.user_regs.elr_el1 = s->elr_el1;
    c.sctlr = s->sctlr_el1;
    c.ttbcr = s->tcr_el1;
    c.ttbr0 = s->ttbr0_el1;
    c.ttbr1 = s->ttbr1_el1;
    window_close(s);
    return guest_copy_to(v, h, &c, sizeof(c));
}
