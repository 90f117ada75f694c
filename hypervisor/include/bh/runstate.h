/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runstate accounting (vcpu.h, vcpu_runstate_info): how long a vCPU ran, waited, slept and was off line, and the copy
 * of it that the guest may have in its memory.
 */
#ifndef BH_RUNSTATE_H
#define BH_RUNSTATE_H

#include "bh/types.h"

struct vcpu;
struct vcpu_runstate_info;

struct runstate {
    uint64_t entered;           /* [lock sched] ticks: when the present state began */
    uint64_t total[4];          /* [lock sched] ticks in each RUNSTATE_* */
    uint8_t state;              /* [lock sched] RUNSTATE_* */
    bool is_registered;         /* [cpu] the guest wants a copy at .. */
    bool is_narrow;             /* [cpu] as 32-bit code has it */
    uint64_t gpa;               /* [cpu] this guest physical address, but for what is */
    uint64_t second_gpa;        /* [cpu] here: its bytes beyond the first */
    uint32_t first_size;        /* [cpu] so many, which end with a page if there are others */
};

/* V enters STATE now. The scheduler's lock is held. */
void runstate_enter(struct vcpu *v, unsigned state, uint64_t now);
/* V is loaded on this CPU: writes the guest's copy, if it has one. */
void runstate_publish(struct vcpu *v);
/* Ticks of arch_time_now() in nanoseconds. */
uint64_t runstate_ticks_to_ns(uint64_t ticks);
/* What is true of V now, whoever asks. */
void runstate_read(struct vcpu *v, struct vcpu_runstate_info *info);
/* The current vCPU wants its copy at virtual ADDRESS; 0: no more. -XEN_EFAULT: not in its memory. */
MUST_USE int runstate_register(struct vcpu *v, uint64_t address);

#endif
