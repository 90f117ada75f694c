/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/hypercall.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/guest_width.h"

typedef int64_t operation(struct vcpu *v, uint64_t *a);

static operation *const table[] = {
    [__HYPERVISOR_memory_op] = hypercall_memory_op,
    [__HYPERVISOR_multicall] = CONFIG_MULTICALL ? hypercall_multicall : NULL,
    [__HYPERVISOR_xen_version] = hypercall_xen_version,
    [__HYPERVISOR_console_io] = hypercall_console_io,
    [__HYPERVISOR_grant_table_op] = CONFIG_GRANT ? hypercall_grant_table_op : NULL,
    [__HYPERVISOR_vm_assist] = hypercall_vm_assist,
    [__HYPERVISOR_vcpu_op] = hypercall_vcpu_op,
    [__HYPERVISOR_sched_op] = hypercall_sched_op,
    [__HYPERVISOR_event_channel_op] = CONFIG_EVTCHN ? hypercall_event_channel_op : NULL,
    [__HYPERVISOR_hvm_op] = hypercall_hvm_op,
    [__HYPERVISOR_domctl] = CONFIG_CONTROL ? hypercall_domctl : NULL,
    [__HYPERVISOR_sysctl] = CONFIG_CONTROL ? hypercall_sysctl : NULL,
    [__HYPERVISOR_platform_op] = CONFIG_CONTROL ? hypercall_platform_op : NULL,
    [__HYPERVISOR_hypfs_op] = CONFIG_HYPFS ? hypercall_hypfs_op : NULL,
    [__HYPERVISOR_argo_op] = CONFIG_ARGO ? hypercall_argo_op : NULL,
};

/* Req: BH-COMPAT-003 */
static COLD int64_t dispatch_narrow(struct vcpu *v, uint64_t number, uint64_t *arguments)
{
    int64_t result;

    guest_width_resume(v->domain, number, arguments);
    result = table[number](v, arguments);
    if (result == HYPERCALL_RESTART) {
        guest_width_keep(v->domain, number, arguments);
    }
    return result;
}

/* Req: BH-ABI-002 */
int64_t hypercall_dispatch(struct vcpu *v, uint64_t number, uint64_t *arguments)
{
    if (unlikely(number >= ARRAY_COUNT(table) || table[number] == NULL)) {
        return -XEN_ENOSYS;
    }
    if (guest_is_narrow(v)) {
        return dispatch_narrow(v, number, arguments);
    }
    return table[number](v, arguments);
}

/* Req: BH-ABI-026 */
bool hypercall_must_yield(void)
{
    const struct cpu *cpu = this_cpu();

    return cpu->work != 0 || __atomic_load_n(&cpu->requests, __ATOMIC_RELAXED) != 0 || arch_interrupt_is_pending();
}
