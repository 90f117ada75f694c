/* SPDX-License-Identifier: Apache-2.0 */
/*
 * U-Boot on arm64: a script that loads everything and starts the hypervisor, and a FIT image that is everything (U-Boot,
 * doc/usage/fit).
 */
#ifndef BH_IMAGE_UBOOT_H
#define BH_IMAGE_UBOOT_H

#include <stdio.h>

#include "map.h"

/* Names in the output folder; the hypervisor has this one on a disk. */
#define UBOOT_SCRIPT     "boot.cmd"
#define UBOOT_FIT        "bulkhead.its"
#define UBOOT_HYPERVISOR "bulkhead"

/* Where the hypervisor's image goes. */
uint64_t uboot_image_address(const struct system *system);

/* The lowest free range that holds `size` bytes, where a FIT image harms nothing that is in it; 0: there is none. */
uint64_t uboot_fit_address(const struct map *map, uint64_t size);

/* The script, and the FIT's source; `hypervisor` is the path of its image. */
void uboot_print_script(const struct system *system, FILE *out);
void uboot_print_fit(const struct system *system, const char *hypervisor, FILE *out);

/*
 * Runs mkimage on what is in `folder`: the script for `path`, or the FIT. Reports through diag.h; true if it was made.
 */
bool uboot_make_script(const char *folder, const char *path);
bool uboot_make_fit(const char *folder, const char *path);

#endif
