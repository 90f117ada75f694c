/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the picture (map_svg.h), each at a place of a column and as high as it needs to be: it returns where the next
 * one begins.
 */
#ifndef BH_IMAGE_MAP_SVG_PARTS_H
#define BH_IMAGE_MAP_SVG_PARTS_H

#include "map.h"

#define MAP_SVG_COLUMN     635 /* how wide a column is */
#define MAP_SVG_HYPERVISOR "#37474f"

struct drawing {
    const struct system *system;
    const struct map *map;
    FILE *out;
};

/* The partition's colour; that of what a range is; and what is shown when one points at it, to be freed. */
const char *map_svg_colour(const struct system *system, const struct domain_config *config);
const char *map_svg_fill(const struct system *system, const struct map_range *range);
char *map_svg_tip(const struct map_range *range);

/* map_svg_ranges.c */
double map_svg_memory(struct drawing *d, double x, double y);
double map_svg_devices(struct drawing *d, double x, double y);

/* map_svg_cpus.c */
double map_svg_partitions(struct drawing *d, double x, double y);
double map_svg_cpus(struct drawing *d, double x, double y);
double map_svg_time(struct drawing *d, double x, double y);

/* map_svg_links.c */
double map_svg_links(struct drawing *d, double x, double y);

#endif
