/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's command line (/chosen/xen,xen-bootargs): words of the form name or name=value. docs/boot.md.
 */
#ifndef BH_BOOT_OPTIONS_H
#define BH_BOOT_OPTIONS_H

#include "bh/types.h"

/* Carries out SIZE characters at TEXT; a word that means nothing here is named in a warning. */
void boot_options_apply(const char *text, size_t size);

#endif
