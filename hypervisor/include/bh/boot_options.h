/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's command line (/chosen/xen,xen-bootargs): words of the form name or name=value. docs/boot.md.
 */
#ifndef BH_BOOT_OPTIONS_H
#define BH_BOOT_OPTIONS_H

#include "bh/types.h"

/* Carries out SIZE characters at TEXT; a word that means nothing here is named in a warning. */
void boot_options_apply(const char *text, size_t size);

/*
 * What the word NAME=VALUE of SIZE characters at TEXT (NULL: there are none) says, the last one; false: there is none,
 * or it is no number. A size has a unit B, K, M or G, otherwise it is KiB, and is told in KiB.
 */
bool boot_options_number(const char *text, size_t size, const char *name, uint64_t *value);
bool boot_options_size(const char *text, size_t size, const char *name, uint64_t *kib);

#endif
