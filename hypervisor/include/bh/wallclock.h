/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of day, as a control domain tells it, in the shared pages of all domains (xen.h, struct shared_info, wc_*):
 * when each domain's own clock said 0. Only where the architecture's guests have no clock of their own for it.
 */
#ifndef BH_WALLCLOCK_H
#define BH_WALLCLOCK_H

#include "bh/types.h"

struct domain;

/* It was SECONDS and NANOSECONDS after 1970 when the board's clock said SYSTEM_NS. All domains are told. */
void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t system_ns);
/* D, whose clock runs, is told, if the time of day is known. D->lock is held, or nobody else has D yet. */
void wallclock_tell(struct domain *d);

#endif
