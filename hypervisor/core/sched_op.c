/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_op: a vCPU's say in its own scheduling, and a domain's in its own end (sched.h).
 */
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

/* Req: BH-ABI-011 */
static int64_t shutdown_op(struct vcpu *v, struct guest_handle arg)
{
    struct sched_shutdown a;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.reason > SHUTDOWN_MAX) {
        return -XEN_EINVAL;
    }
    domain_shutdown(v->domain, a.reason);
    return 0;
}

int64_t hypercall_sched_op(struct vcpu *v, const uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case SCHEDOP_yield:
        vcpu_yield_current();
        return 0;
    case SCHEDOP_block:
        vcpu_block_current();
        return 0;
    case SCHEDOP_shutdown:
        return shutdown_op(v, guest_handle(a[1]));
    default:
        return -XEN_ENOSYS;
    }
}
