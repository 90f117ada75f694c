/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters are their CPU's own; others look at them as they are.
 */
#include "bh/counters.h"

#include "abi/control.h"
#include "bh/console.h"
#include "bh/guest_copy.h"
#include "lib/string.h"

static const char names[CPU_COUNTER_COUNT][32] = {
    [COUNTER_TRAPS] = "traps", [COUNTER_INTERRUPTS] = "interrupts", [COUNTER_SWITCHES] = "switches",
};

static uint32_t value(unsigned cpu, unsigned counter)
{
    return __atomic_load_n(&cpu_table[cpu]->counters[counter], __ATOMIC_RELAXED);
}

/* Req: BH-CONS-014 */
void counters_say(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        log_info("CPU %u: %u traps, %u interrupts, %u switches of vCPUs", i, value(i, COUNTER_TRAPS),
                 value(i, COUNTER_INTERRUPTS), value(i, COUNTER_SWITCHES));
    }
}

void counters_reset(void)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        for (unsigned k = 0; k < CPU_COUNTER_COUNT; k++) {
            __atomic_store_n(&cpu_table[i]->counters[k], 0, __ATOMIC_RELAXED);
        }
    }
}

static int tell(struct vcpu *v, const struct xen_sysctl_perfc_op *p)
{
    uint64_t desc = (uint64_t)p->desc.p, val = (uint64_t)p->val.p;
    int err = 0;

    for (unsigned k = 0; k < CPU_COUNTER_COUNT && err == 0 && desc != 0; k++) {
        struct xen_sysctl_perfc_desc d = { .nr_vals = cpu_count };

        (void)string_copy(d.name, sizeof(d.name), names[k], sizeof(names[k]));
        err = guest_copy_to(v, guest_handle(desc + k * sizeof(d)), &d, sizeof(d));
    }
    for (unsigned k = 0; k < CPU_COUNTER_COUNT * cpu_count && err == 0 && val != 0; k++) {
        uint32_t n = value(k % cpu_count, k / cpu_count);

        err = guest_copy_to(v, guest_handle(val + k * sizeof(n)), &n, sizeof(n));
    }
    return err;
}

/* Req: BH-CTL-035 */
int64_t counters_op(struct vcpu *v, struct xen_sysctl *op)
{
    struct xen_sysctl_perfc_op *p = &op->u.perfc_op;

    if (p->cmd == XEN_SYSCTL_PERFCOP_reset) {
        counters_reset();
    } else if (p->cmd != XEN_SYSCTL_PERFCOP_query) {
        return -XEN_EINVAL;
    }
    p->nr_counters = CPU_COUNTER_COUNT;
    p->nr_vals = CPU_COUNTER_COUNT * cpu_count;
    return tell(v, p);
}
