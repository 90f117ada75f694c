/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage 2 on this CPU: the control register and the table of the domain that runs.
 */
#ifndef BH_ARM64_STAGE2_H
#define BH_ARM64_STAGE2_H

#include "bh/p2m.h"
#include "bh/types.h"

uint64_t stage2_vtcr(void);
/* P's tables become those of this CPU. */
void stage2_load(const struct p2m *p);

#endif
