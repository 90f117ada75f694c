/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules: system files say which CPUs are one partition's after the other's, in windows of a frame. In xl's syntax:
 *
 *   schedule_cpus  = "2-3"
 *   schedule_frame = 10000                                     # microseconds
 *   schedule       = [ "alpha,offset=0,duration=4000", "beta,offset=4000,duration=6000" ]
 */
#ifndef BH_IMAGE_SCHEDULE_H
#define BH_IMAGE_SCHEDULE_H

#include "board.h"
#include "module.h"

/* The hypervisor's own (bh/sched_windows.h). */
#define SCHEDULE_LIMIT        8
#define SCHEDULE_WINDOW_LIMIT 64
#define SCHEDULE_WINDOW_MIN   1000
#define SCHEDULE_FRAME_MAX    60000000

struct schedule_window {
    unsigned line;
    char *partition;           /* its name */
    unsigned offset, duration; /* microseconds */
};

struct schedule {
    const char *file; /* as named on the command line */
    unsigned cpus_line, frame_line, windows_line;
    unsigned cpu_count, frame, window_count;
    uint16_t cpus[CONFIG_CPU_LIMIT];
    struct schedule_window window[SCHEDULE_WINDOW_LIMIT];
};

/*
 * Reads and checks the schedule of a system file, whose keys are in these lines (0: not there), in the order above. Reports
 * through diag.h. schedule_free() in any case.
 */
void schedule_read(const struct config_source *source, const unsigned lines[3], struct schedule *out);
void schedule_free(struct schedule *schedule);

/*
 * Checks the schedules against the board, the partitions and each other; partitions that are in one are told so
 * (domain_config.schedule). Reports through diag.h.
 */
void schedule_check(const struct board *board, const struct schedule *schedules, unsigned schedule_count,
                    struct partition *partitions, unsigned count);

#endif
