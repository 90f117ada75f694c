/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicall: a list of hypercalls as one (xen.h, struct multicall_entry). It stops between two entries when something
 * waits for the CPU, and within one that stops by itself: the entry in the guest's list then says where to go on.
 */
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

#define ENTRY_ARGUMENTS 6

/* Req: BH-ABI-023 */
int64_t hypercall_multicall(struct vcpu *v, uint64_t *a)
{
    uint64_t at = a[0], left = (uint32_t)a[1];

    while (left != 0) {
        struct multicall_entry e;
        uint64_t argument[ENTRY_ARGUMENTS];
        int64_t result;

        if (guest_struct_from(v, &e, guest_handle(at), sizeof(e), STRUCT_multicall_entry) != 0) {
            return -XEN_EFAULT;
        }
        for (unsigned i = 0; i < ENTRY_ARGUMENTS; i++) {
            argument[i] = e.args[i];
        }
        result = e.op == __HYPERVISOR_multicall ? -XEN_EINVAL : hypercall_dispatch(v, e.op, argument);
        if (result == HYPERCALL_RESTART) {
            for (unsigned i = 0; i < ENTRY_ARGUMENTS; i++) {
                e.args[i] = argument[i];
            }
        } else {
            e.result = (xen_ulong_t)result;
        }
        if (guest_struct_to(v, guest_handle(at), &e, sizeof(e), STRUCT_multicall_entry) != 0) {
            return -XEN_EFAULT;
        }
        if (result != HYPERCALL_RESTART) {
            at += guest_struct_size(v, sizeof(e), STRUCT_multicall_entry);
            left--;
        }
        if (result == HYPERCALL_RESTART || (left != 0 && hypercall_must_yield())) {
            a[0] = at;
            a[1] = left;
            return HYPERCALL_RESTART;
        }
    }
    return 0;
}
