/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of the hypervisor's code as names, for reports of its own death (console_emergency()).
 */
#ifndef BH_BACK_TRACE_H
#define BH_BACK_TRACE_H

#include "bh/types.h"

/* Prints WHAT, ADDRESS and, if the build has names, which function it is in. */
void back_trace_address(const char *what, uint64_t address);
/* Follows frame records from FP on, as long as they lie in [LOW, HIGH), the stack, and go up. Bound: 16 records. */
void back_trace(uint64_t fp, uint64_t low, uint64_t high);

#endif
