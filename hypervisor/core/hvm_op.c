/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hvm_op: a domain's own parameters (hvm/params.h). There is no xenstore and no PV console for boot partitions yet,
 * so their parameters read as zero, by which a guest knows that they are not there.
 */
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

static int64_t get_param(struct vcpu *v, struct guest_handle arg)
{
    struct xen_hvm_param p;
    int err = guest_copy_from(v, &p, arg, sizeof(p));

    if (err != 0) {
        return err;
    }
    if (p.domid != DOMID_SELF && p.domid != v->domain->id) {
        return -XEN_EPERM;
    }
    switch (p.index) {
    case HVM_PARAM_CALLBACK_IRQ:
    case HVM_PARAM_STORE_PFN:
    case HVM_PARAM_STORE_EVTCHN:
    case HVM_PARAM_CONSOLE_PFN:
    case HVM_PARAM_CONSOLE_EVTCHN:
        p.value = 0;
        break;
    default:
        /* What a guest may not read, or nobody has, as Xen answers. */
        return -XEN_EINVAL;
    }
    return guest_copy_to(v, arg, &p, sizeof(p));
}

int64_t hypercall_hvm_op(struct vcpu *v, const uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case HVMOP_get_param:
        return get_param(v, guest_handle(a[1]));
    default:
        return -XEN_ENOSYS;
    }
}
