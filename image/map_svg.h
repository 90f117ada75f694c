/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of a system as a picture: who has which physical range, device, CPU, window of time and channel.
 */
#ifndef BH_IMAGE_MAP_SVG_H
#define BH_IMAGE_MAP_SVG_H

#include <stdio.h>

#include "map.h"

void map_svg_print(const struct system *system, const struct map *map, FILE *out);

#endif
