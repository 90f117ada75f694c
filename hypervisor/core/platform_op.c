/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platform_op: what a control domain that knows the board tells of it (platform.h): the time of day.
 */
#include "abi/control.h"
#include "bh/control.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "bh/wallclock.h"

/* Req: BH-CTL-023 */
int64_t hypercall_platform_op(struct vcpu *v, uint64_t *a)
{
    struct xen_platform_op op;
    int err;

    if (!control_may(v->domain, NULL, CONTROL_BOARD)) {
        return -XEN_EPERM;
    }
    err = guest_copy_from(v, &op, guest_handle(a[0]), sizeof(op));
    if (err != 0) {
        return err;
    }
    if (op.interface_version != XENPF_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    if (op.cmd != XENPF_settime64) {
        return -XEN_ENOSYS;
    }
    if (op.u.settime64.mbz != 0 || op.u.settime64.nsecs >= 1000000000) {
        return -XEN_EINVAL;
    }
    wallclock_set(op.u.settime64.secs, op.u.settime64.nsecs, op.u.settime64.system_time);
    return 0;
}
