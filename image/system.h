/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is read and decided before anything is written.
 */
#ifndef BH_IMAGE_SYSTEM_H
#define BH_IMAGE_SYSTEM_H

#include "board.h"
#include "board_devices.h"
#include "channels.h"
#include "claims.h"
#include "colours.h"
#include "module.h"
#include "place.h"
#include "policy.h"
#include "schedule.h"
#include "shared_memory.h"

/* The device tree's name in the output folder. */
#define TREE_NAME "bulkhead.dtb"
/* Keys of a system file that are options, too. */
#define SYSTEM_STRINGS 8

struct system {
    enum arch arch;
    char *said[SYSTEM_STRINGS]; /* by a system file, instead of the command line */
    struct board board;
    struct board_devices devices; /* arm64 */
    struct claims claims;
    struct partition *partitions; /* in the order of the command line */
    unsigned count;
    struct schedule schedules[SCHEDULE_LIMIT];
    unsigned schedule_count;
    struct shared_regions shared;
    struct channels channels;
    struct policy policy;
    struct colours colours;
    char *bootargs; /* the hypervisor's command line; NULL: what the board's tree has */
    struct module_file *files;
    struct blob hypervisor; /* as it is once unpacked; no data if there is none */
    struct kernel_info hypervisor_info;
    struct placement placement; /* x86-64: `left` only */
    struct blob tree;
};

#endif
