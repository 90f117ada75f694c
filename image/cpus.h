/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partition runs on which physical CPUs, and whether that can work.
 */
#ifndef BH_IMAGE_CPUS_H
#define BH_IMAGE_CPUS_H

#include "board.h"
#include "module.h"
#include "schedule.h"

/*
 * Checks number and CPUs of all vCPUs against the board and each other: a partition with as many entries in `cpus` as
 * vCPUs owns these CPUs, and nobody else runs there. CPUs of a schedule are its partitions' only.
 * Reports through diag.h.
 */
void cpus_check(const struct board *board, const struct schedule *schedules, unsigned schedule_count,
                const struct partition *partitions, unsigned count);

#endif
