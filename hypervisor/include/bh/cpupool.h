/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU pools: sets of CPUs, and the domains that run nowhere else.
 */
#ifndef BH_CPUPOOL_H
#define BH_CPUPOOL_H

#include "bh/types.h"

struct domain;
struct vcpu;
struct xen_sysctl;

/* XEN_SYSCTL_cpupool_op, errors as sysctl.h says. During a control operation. Bound: all domains, and their vCPUs. */
int64_t cpupool_op(struct vcpu *v, struct xen_sysctl *op);
/* XEN_SCHEDULER_* of a place: of cpupool_check(), or a domain's. */
uint32_t cpupool_scheduler(unsigned pool);
/* The number of the pool that D is in. */
uint32_t cpupool_id(const struct domain *d);
/* Pool ID, whether it has a CPU or not. -XEN_ENOENT: there is none. */
MUST_USE int cpupool_find(uint32_t id, unsigned *out);
/* A domain for pool ID: its place is *OUT. -XEN_ENOENT: there is none; -XEN_ENODEV: it has no CPU. During the same. */
MUST_USE int cpupool_check(uint32_t id, uint8_t *out);

#endif
