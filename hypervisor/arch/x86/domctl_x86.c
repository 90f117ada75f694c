/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains that a control domain makes need, on x86, registers in the format of Xen's saved machines (hvm/save.h), which
 * is not there yet: none is made here, and no registers are given or taken. docs/abi.md lists that.
 */
#include "abi/control.h"
#include "arch/arch.h"

int arch_domctl_create(struct xen_domctl_createdomain *c, struct boot_domain *config)
{
    (void)c;
    (void)config;
    return -XEN_EOPNOTSUPP;
}

int arch_vcpu_set_context(struct vcpu *v, struct vcpu *target, struct guest_handle h, bool *is_online)
{
    (void)v;
    (void)target;
    (void)h;
    (void)is_online;
    return -XEN_EOPNOTSUPP;
}

int arch_vcpu_get_context(struct vcpu *v, struct vcpu *target, struct guest_handle h)
{
    (void)v;
    (void)target;
    (void)h;
    return -XEN_EOPNOTSUPP;
}
