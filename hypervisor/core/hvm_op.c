/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hvm_op: a domain's parameters (hvm/params.h). Those that say where its PV console and xenstore are, a guest only
 * reads; they are set when it is built. 0 means that there is none.
 */
#include "arch/arch.h"
#include "bh/control.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/guest_width.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

/* The parameters that there are; NULL: no guest may know them, or nobody has them. */
static uint64_t *parameter(struct domain *d, uint32_t index)
{
    if (CONFIG_CONTROL && index == HVM_PARAM_MONITOR_RING_PFN) {
        return &d->parameter.monitor_ring_pfn;
    }
    switch (index) {
    case HVM_PARAM_CALLBACK_IRQ:
        return &d->parameter.callback_irq;
    case HVM_PARAM_STORE_PFN:
        return &d->parameter.store_pfn;
    case HVM_PARAM_STORE_EVTCHN:
        return &d->parameter.store_evtchn;
    case HVM_PARAM_CONSOLE_PFN:
        return &d->parameter.console_pfn;
    case HVM_PARAM_CONSOLE_EVTCHN:
        return &d->parameter.console_evtchn;
    default:
        return NULL;
    }
}

/* Is PARAMETER none of a guest's business, of its own neither? */
static bool is_hidden(const struct vcpu *v, const struct domain *d, uint32_t index)
{
    return index == HVM_PARAM_MONITOR_RING_PFN && !control_may(v->domain, d, CONTROL_PLUMB);
}

static int64_t set_param(struct vcpu *v, struct domain *d, const struct xen_hvm_param *p)
{
    uint64_t *value = parameter(d, p->index);

    if (value == NULL || is_hidden(v, d, p->index)) {
        return p->index == HVM_PARAM_MONITOR_RING_PFN ? -XEN_EPERM : -XEN_EINVAL;
    }
    if (!control_may(v->domain, d, CONTROL_PLUMB) &&
        (!ARCH_GUEST_SETS_CALLBACK || p->index != HVM_PARAM_CALLBACK_IRQ)) {
        return -XEN_EPERM;
    }
    __atomic_store_n(value, p->value, __ATOMIC_SEQ_CST);
    /* Req: BH-EVT-009 */
    /* What became pending before is told now, once: no further event would. */
    for (unsigned i = 0; ARCH_GUEST_SETS_CALLBACK && p->index == HVM_PARAM_CALLBACK_IRQ && i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            arch_vcpu_upcall(d->vcpus[i]);
        }
    }
    if (ARCH_GUEST_HAS_NARROW && d == v->domain) {
        domain_set_width(d, guest_is_narrow(v));
    }
    return 0;
}

static int64_t get_param(struct vcpu *v, struct domain *d, struct xen_hvm_param *p, struct guest_handle arg)
{
    const uint64_t *value = parameter(d, p->index);

    if (value == NULL || is_hidden(v, d, p->index)) {
        return p->index == HVM_PARAM_MONITOR_RING_PFN ? -XEN_EPERM : -XEN_EINVAL;
    }
    p->value = __atomic_load_n(value, __ATOMIC_RELAXED);
    return guest_copy_to(v, arg, p, sizeof(*p));
}

/* Req: BH-ABI-025 */
static int64_t access_param(struct vcpu *v, struct guest_handle arg, bool set)
{
    struct xen_hvm_param p;
    struct domain *d;
    int64_t result;
    int err = guest_copy_from(v, &p, arg, sizeof(p));

    if (err != 0) {
        return err;
    }
    if (p.index >= HVM_NR_PARAMS) {
        return -XEN_EINVAL;
    }
    err = control_get_or_self(v, p.domid, CONTROL_PLUMB, &d);
    if (err != 0) {
        return err;
    }
    result = set ? set_param(v, d, &p) : get_param(v, d, &p, arg);
    control_put(v, d);
    return result;
}

int64_t hypercall_hvm_op(struct vcpu *v, uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case HVMOP_set_param:
        return access_param(v, guest_handle(a[1]), true);
    case HVMOP_get_param:
        return access_param(v, guest_handle(a[1]), false);
    case HVMOP_guest_request_vm_event:
        /* Nobody listens. */
        return a[1] != 0 ? -XEN_EINVAL : 0;
    default:
        return ARCH_GUEST_HAS_OWN_OPS ? arch_hvm_op(v, (uint32_t)a[0], guest_handle(a[1])) : -XEN_ENOSYS;
    }
}
