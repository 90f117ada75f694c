/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm_assist: behaviours that a guest may ask for (xen.h, VMASST_*).
 */
#include "bh/domain.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

/* What there is for guests without PV page tables. */
#define VALID_ASSISTS (1U << VMASST_TYPE_runstate_update_flag)

int64_t hypercall_vm_assist(struct vcpu *v, uint64_t *a)
{
    uint32_t command = (uint32_t)a[0], type = (uint32_t)a[1];

    if (type >= 32 || (VALID_ASSISTS & (1U << type)) == 0) {
        return -XEN_EINVAL;
    }
    switch (command) {
    case VMASST_CMD_enable:
        __atomic_fetch_or(&v->domain->assists, 1U << type, __ATOMIC_RELAXED);
        return 0;
    case VMASST_CMD_disable:
        __atomic_fetch_and(&v->domain->assists, ~(1U << type), __ATOMIC_RELAXED);
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}
