/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of a system: which physical range is whose. What map_text.h and map_svg.h show.
 */
#ifndef BH_IMAGE_MAP_H
#define BH_IMAGE_MAP_H

#include "system.h"

enum map_kind {
    MAP_HYPERVISOR, /* its image, the device tree, its devices */
    MAP_BOARD,      /* reserved by the board */
    MAP_MODULE,     /* of a partition: the boot loader puts it there, and it is free later */
    MAP_MEMORY,     /* of a partition */
    MAP_COMMON,     /* of several */
    MAP_FREE,       /* partitions without a place get theirs here */
    MAP_DEVICE,     /* registers, a partition's or nobody's */
};

struct map_range {
    uint64_t start, size;
    char *what;
    enum map_kind kind;
    const struct domain_config *owner; /* or NULL */
};

/* Both lists ascend by address. */
struct map {
    struct map_range *memory, *device;
    unsigned memory_count, device_count;
};

/* Of a system that has been decided on. map_free() afterwards. */
void map_make(const struct system *system, struct map *out);
void map_free(struct map *map);

/* What a range is, for people: "hypervisor", "memory of alpha"; to be freed. */
char *map_owner_name(const struct map_range *range);

/*
 * Who runs on a CPU: the partition that owns it, or the number of the schedule that has it, from 1. Both may be none: it is
 * shared then.
 */
struct map_cpu {
    const struct domain_config *owner;
    unsigned schedule;
};
struct map_cpu map_cpu(const struct system *system, unsigned cpu);
/* May the partition run on this CPU, which is shared? */
bool map_shares_cpu(const struct system *system, const struct domain_config *config, unsigned cpu);
/* How many CPUs are shown: the board's, or all that are named. */
unsigned map_cpu_count(const struct system *system);

/* "4 KiB", "1.5 MiB", "2 GiB", in a text that is valid until the fourth call from now. */
const char *map_size(uint64_t size);

#endif
