/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reaper takes apart what dies. It is whoever finds WORK_REAP set, one CPU at a time, in steps of at most 2 MiB of
 * memory. Steps begin when no CPU holds a vCPU of the domain any more, so they need no lock against it.
 */
#ifndef BH_REAPER_H
#define BH_REAPER_H

#include "bh/cpu.h"
#include "bh/types.h"

struct domain;

extern uint32_t reaper_dying; /* [atomic] domains that wait for the reaper, or will */

/* One more domain begins to die. The caller says so before it lets go of the domain. */
static inline void reaper_expect(void)
{
    __atomic_fetch_add(&reaper_dying, 1, __ATOMIC_RELAXED);
}

/* The caller has let go of a domain, which may have died meanwhile and be gone. */
static inline void reaper_notice(void)
{
    if (unlikely(__atomic_load_n(&reaper_dying, __ATOMIC_RELAXED) != 0)) {
        this_cpu()->work |= WORK_REAP;
    }
}

/* D dies, and all that is left of it is what others use. */
bool reaper_waits_for_others(struct domain *d);
/* Frees a domain that never started, or one whose vCPUs have all stopped. True when all of it is gone. */
bool reaper_step(struct domain *d);
/* Takes one bounded step for some domain that dies, or starts again; false when there is nothing to do. */
bool reaper_run(void);

#endif
