/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: which vCPU runs on which CPU. One interface; the policies are sched_fair.c and sched_pinned.c.
 */
#ifndef BH_SCHED_H
#define BH_SCHED_H

#include "bh/timer.h"
#include "bh/types.h"

struct cpu;
struct vcpu;
struct sched_group;

/* A set of physical CPUs. */
typedef struct { uint64_t word[(CONFIG_MAX_CPUS + 63) / 64]; } cpuset_t;

#define SCHED_WEIGHT_DEFAULT 256

/* The scheduler's part of a vCPU. */
struct sched_unit {
    struct cpu *cpu;       /* where it runs or ran last */
    uint64_t vtime;        /* weighted ticks consumed: the smaller, the sooner it runs */
    uint64_t started;      /* when it got its CPU */
    uint64_t runtime;      /* ticks run in all */
    struct sched_group *group; /* the CPUs it may use; shared with others of the same set */
    uint32_t heap_index;   /* place in group's heap; UINT32_MAX: not queued */
    uint16_t weight;
    bool pinned;           /* owns its CPU */
};

/* The scheduler's part of a CPU. */
struct sched_cpu {
    struct vcpu *owner;    /* the pinned vCPU that owns this CPU, or NULL */
    struct timer slice;
};

#endif
