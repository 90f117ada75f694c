/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boot description says of schedules: CPUs whose time is divided among partitions by the clock alone
 * (bh/sched_windows.h). Ours, below /chosen:
 *
 *   compatible = "bulkhead,schedule"
 *   cpus       cells: physical CPUs, by their number in struct board; vCPU i of a partition runs on number i modulo how
 *              many these are
 *   frame      cell: microseconds after which all begins again
 *   and a node for each window:
 *     partition  string: its name
 *     offset     cell: microseconds from the beginning of the frame
 *     duration   cell: microseconds
 *
 * Whatever is wrong is reported with node and property. It costs the whole schedule, and the partitions that it names.
 */
#ifndef BH_BOOT_SCHEDULE_H
#define BH_BOOT_SCHEDULE_H

#include "bh/board.h"
#include "bh/boot_config.h"
#include "bh/sched_windows.h"

struct boot_window {
    uint32_t offset, duration;     /* microseconds */
    uint8_t place;                 /* of boot_domain, whose it is */
};

struct boot_schedule {
    uint32_t frame;                /* microseconds */
    unsigned cpu_count, window_count;
    uint16_t cpu[CONFIG_MAX_CPUS]; /* numbers below board.cpu_count */
    struct boot_window window[SCHEDULE_WINDOWS_MAX]; /* one after the other, all within the frame */
};

/*
 * Reads the schedules of T into the SCHEDULES_MAX places at OUT; one without CPUs is none. Partitions of C that are in
 * one say so (boot_domain.schedule), and those whose schedule has a mistake are not in C any more. Returns the number of these.
 * Bound: the nodes in /chosen, and for each window all windows and all partitions.
 */
unsigned boot_schedule_read(const struct fdt *t, const struct board *b, struct boot_config *c, struct boot_schedule *out);

#endif
