/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is read and decided before anything is written.
 */
#ifndef BH_IMAGE_SYSTEM_H
#define BH_IMAGE_SYSTEM_H

#include "board.h"
#include "module.h"
#include "place.h"
#include "schedule.h"
#include "shared_memory.h"

/* The device tree's name in the output folder. */
#define TREE_NAME "bulkhead.dtb"

struct system {
    enum arch arch;
    struct board board;
    struct partition *partitions; /* in the order of the command line */
    unsigned count;
    struct schedule schedules[SCHEDULE_LIMIT];
    unsigned schedule_count;
    struct shared_regions shared;
    struct module_file *files;
    struct blob hypervisor; /* as it is once unpacked; no data if there is none */
    struct kernel_info hypervisor_info;
    struct placement placement; /* x86-64: `left` only */
    struct blob tree;
};

#endif
