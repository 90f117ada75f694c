/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware calls of guests: Arm's SMC calling convention 1.1 (DEN 0028) with the power calls of PSCI 1.1 (DEN 0022)
 * and the identification calls that Xen answers.
 */
#ifndef BH_PSCI_H
#define BH_PSCI_H

#include "bh/types.h"

struct vcpu;

/*
 * V, which is current, made a call by HVC or SMC with immediate 0: X is its x0 to x3, the function and its arguments,
 * and receives the results. x1 to x3 change only for functions that return something there. An unknown function
 * returns -1 (NOT_SUPPORTED). Afterwards V may be blocked, off line or its domain shut down: vcpu_leave() sees to it.
 * At most CONFIG_MAX_VCPUS steps. Takes LOCK_DOMAIN and later ones.
 */
void smccc_call(struct vcpu *v, uint64_t x[4]);

#endif
