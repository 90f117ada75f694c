/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System files: what is no partition's own, in xl's syntax. Board, schedule, channels, policy, shared memory, colours.
 */
#ifndef BH_IMAGE_SYSTEM_FILE_H
#define BH_IMAGE_SYSTEM_FILE_H

#include "options.h"

/* The keys. Those before SYSTEM_SCHEDULE_CPUS are options of the command line, too. */
enum system_key {
    SYSTEM_ARCH,
    SYSTEM_BOARD,
    SYSTEM_MACHINE,
    SYSTEM_SMP,
    SYSTEM_RAM,
    SYSTEM_CPU,
    SYSTEM_HYPERVISOR,
    SYSTEM_BOOTARGS,
    SYSTEM_SCHEDULE_CPUS,
    SYSTEM_SCHEDULE_FRAME,
    SYSTEM_SCHEDULE,
    SYSTEM_CHANNELS,
    SYSTEM_ALLOW,
    SYSTEM_SERVE,
    SYSTEM_FORBID,
    SYSTEM_SHARED_MEMORY,
    SYSTEM_LLC_SIZE,
    SYSTEM_LLC_WAYS,
    SYSTEM_XEN_LLC_COLORS,
    SYSTEM_KEY_COUNT,
};

/* A system file, and the lines of its keys. */
struct system_file {
    struct config_source source;
    bool is_open;
    unsigned line[SYSTEM_KEY_COUNT]; /* 0: not there */
};

/*
 * Opens the system files, and sets what the command line has left open of what it may say, too. Strings live in `system`.
 * Reports through diag.h.
 */
void system_file_read_options(struct system_file files[SCHEDULE_LIMIT], struct system *system,
                              struct options *options);

/*
 * Reads all else and closes them. Partitions are known by then, and may get shares of memory. Reports through diag.h.
 */
void system_file_read(struct system_file files[SCHEDULE_LIMIT], struct system *system);

#endif
