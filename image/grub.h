/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRUB on x86-64: the configuration that loads the result by Multiboot 2, and an ISO image with both, for BIOS and
 * UEFI.
 */
#ifndef BH_IMAGE_GRUB_H
#define BH_IMAGE_GRUB_H

#include "system.h"

/* Writes `folder`/grub.cfg, for the files of `folder` and the hypervisor in /boot. Reports errors; true on success. */
bool grub_write(const struct system *system, const char *folder);

/*
 * Makes the ISO image `path` by grub-mkrescue (at most two minutes), from `folder`, which is complete, and the file
 * `hypervisor`. Reports what goes wrong, with that program's own words; true on success.
 */
bool grub_make_iso(const struct system *system, const char *folder, const char *hypervisor, const char *path);

#endif
