/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of a system as text: who has which physical range, device, CPU, window of time and channel.
 */
#ifndef BH_IMAGE_MAP_TEXT_H
#define BH_IMAGE_MAP_TEXT_H

#include <stdio.h>

#include "map.h"

void map_text_print(const struct system *system, const struct map *map, FILE *out);

/* "alpha:10 and beta:12 are joined", one a line behind `indent`, and what else lets partitions reach each other. */
void map_text_print_links(const struct system *system, const char *indent, FILE *out);

/* Where its vCPUs run: "CPUs 2, 3, its own"; to be freed. */
char *map_text_cpus(const struct domain_config *config);

/* The kinds of a rule, or the rings of a service, in words; to be freed. */
char *map_text_kinds(unsigned kinds, const char *(*name_of)(unsigned i));

#endif
