/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vcpu_op: a domain's operations on its own vCPUs (vcpu.h).
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/runstate.h"
#include "bh/vcpu.h"

static unsigned vcpu_info_alignment(const struct domain *d)
{
    return domain_is_narrow(d) ? NARROW_VCPU_INFO_ALIGNMENT : sizeof(uint64_t);
}

/* Req: BH-ABI-008, BH-COMPAT-007 */
/* A vCPU's event area is named once; it must lie within one page and be aligned as its type. */
static int64_t register_vcpu_info(struct vcpu *caller, struct vcpu *v, struct guest_handle arg)
{
    struct vcpu_register_vcpu_info a;
    int err = guest_copy_from(caller, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.offset > PAGE_SIZE - sizeof(struct vcpu_info) || a.offset % vcpu_info_alignment(caller->domain) != 0) {
        return -XEN_ENXIO;
    }
    if (v != caller && __atomic_load_n(&v->state, __ATOMIC_RELAXED) != VCPU_OFFLINE) {
        return -XEN_EINVAL;
    }
    if (!CONFIG_EVTCHN) {
        /* Nothing is ever told there. */
        return domain_gfn_is_ram(v->domain, gfn(a.mfn)) ? 0 : -XEN_EINVAL;
    }
    return evtchn_register_vcpu_info(v, gfn(a.mfn), a.offset);
}

static int64_t register_runstate(struct vcpu *caller, struct vcpu *v, struct guest_handle arg)
{
    struct vcpu_register_runstate_memory_area a;
    int err = guest_struct_from(caller, &a, arg, sizeof(a), STRUCT_vcpu_register_runstate_memory_area);

    if (err != 0) {
        return err;
    }
    /* The address is the caller's own: only its own tables can say what it means. */
    return v != caller ? -XEN_EINVAL : runstate_register(v, (uint64_t)a.addr.h.p);
}

int64_t hypercall_vcpu_op(struct vcpu *v, uint64_t *a)
{
    struct domain *d = v->domain;
    uint32_t command = (uint32_t)a[0], id = (uint32_t)a[1];

    if (id >= d->vcpu_count || d->vcpus[id] == NULL) {
        return -XEN_ENOENT;
    }
    switch (command) {
    case VCPUOP_register_vcpu_info:
        return register_vcpu_info(v, d->vcpus[id], guest_handle(a[2]));
    case VCPUOP_register_runstate_memory_area:
        return register_runstate(v, d->vcpus[id], guest_handle(a[2]));
    default:
        return ARCH_GUEST_HAS_OWN_OPS ? arch_vcpu_op(v, d->vcpus[id], command, guest_handle(a[2])) : ARCH_UNKNOWN_VCPU_OP;
    }
}
