/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is the same for every guest, per CPU: traps and virtualization controls.
 */
#ifndef BH_ARM64_CONTEXT_H
#define BH_ARM64_CONTEXT_H

#include "bh/types.h"

struct vcpu;

/* Boot CPU: which optional state this machine has and guests may use. */
void context_init(void);
/* Each CPU, before its first guest. */
void context_cpu_init(void);
/* Pointer authentication is there, and its keys are switched. */
bool context_has_pauth(void);

#endif
