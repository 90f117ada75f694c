/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output folder, the ISO image, and the summary.
 */
#ifndef BH_IMAGE_OUTPUT_H
#define BH_IMAGE_OUTPUT_H

#include "options.h"
#include "system.h"

/* Writes everything. What can't be written is reported through diag.h; the summary is printed if nothing was. */
void output_write(const struct system *system, const struct options *options);

#endif
