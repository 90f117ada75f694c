/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/hypercall.h"

typedef int64_t operation(struct vcpu *v, const uint64_t *a);

static operation *const table[] = {
    [__HYPERVISOR_memory_op] = hypercall_memory_op,
    [__HYPERVISOR_xen_version] = hypercall_xen_version,
    [__HYPERVISOR_vm_assist] = hypercall_vm_assist,
    [__HYPERVISOR_vcpu_op] = hypercall_vcpu_op,
    [__HYPERVISOR_sched_op] = hypercall_sched_op,
    [__HYPERVISOR_hvm_op] = hypercall_hvm_op,
};

/* Req: BH-ABI-002 */
int64_t hypercall_dispatch(struct vcpu *v, uint64_t number, const uint64_t *arguments)
{
    if (unlikely(number >= ARRAY_COUNT(table) || table[number] == NULL)) {
        return -XEN_ENOSYS;
    }
    return table[number](v, arguments);
}
