/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor will do with a system, step by step, for people.
 */
#ifndef BH_IMAGE_EXPLAIN_H
#define BH_IMAGE_EXPLAIN_H

#include <stdio.h>

#include "system.h"

/* Of a system that has been decided on. */
void explain_print(const struct system *system, FILE *out);

#endif
