/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens how often on each CPU, for who wants to see that a CPU is left alone: debug key p, and Xen's xenperf
 * (XEN_SYSCTL_perfc_op). Only if CONFIG_COUNTERS; they wrap at 2^32, as Xen's do.
 */
#ifndef BH_COUNTERS_H
#define BH_COUNTERS_H

#include "bh/cpu.h"

static ALWAYS_INLINE void counter_add(struct cpu *cpu, enum cpu_counter which)
{
    if (CONFIG_COUNTERS) {
        cpu->counters[which]++;
    }
}

struct vcpu;
struct xen_sysctl;

/* A line for each CPU on the console. */
void counters_say(void);
/* All begin anew, but for what a CPU counts meanwhile. */
void counters_reset(void);
/*
 * XEN_SYSCTL_perfc_op: a value of each counter for each CPU. -XEN_EINVAL: the command is unknown. Otherwise as
 * guest_copy_to(). Bound: the counters and the CPUs.
 */
int64_t counters_op(struct vcpu *v, struct xen_sysctl *op);

#endif
