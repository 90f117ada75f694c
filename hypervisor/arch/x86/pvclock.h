/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock that guests compute from the TSC (xen.h, struct vcpu_time_info), and the wall clock.
 */
#ifndef BH_X86_PVCLOCK_H
#define BH_X86_PVCLOCK_H

#include "bh/domain.h"
#include "bh/types.h"

/* D's clock. It never changes: guests' TSCs begin at 0 with it, and TSC is invariant. */
void pvclock_fill(const struct domain *d, struct vcpu_time_info *info);
/* Writes it, and the wall clock's beginning, to D's shared info page. */
void pvclock_publish(struct domain *d);

#endif
