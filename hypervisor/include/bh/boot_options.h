/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's command line (/chosen/xen,xen-bootargs): words of the form name or name=value. docs/boot.md.
 */
#ifndef BH_BOOT_OPTIONS_H
#define BH_BOOT_OPTIONS_H

#include "bh/types.h"

#define BOOT_OPTIONS_SIZE 1024 /* of the line, with its terminator: what Xen's tools take */

/* Carries out SIZE characters at TEXT; a word that means nothing here is named in a warning. */
void boot_options_apply(const char *text, size_t size);
/* That text, or the beginning of it; empty if there was none. For control domains: without them it is not kept. */
const char *boot_options_line(void);

#endif
