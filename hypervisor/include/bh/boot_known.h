/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which properties of a boot description are known, whoever reads them, and which of those are supported. What is not
 * used must not go unnoticed.
 */
#ifndef BH_BOOT_KNOWN_H
#define BH_BOOT_KNOWN_H

#include "lib/fdt.h"

enum boot_known {
    BOOT_KNOWN_DOMAIN, /* a "xen,domain" node */
    BOOT_KNOWN_MODULE, /* a kernel or ramdisk of one */
    BOOT_KNOWN_SHARED, /* a "xen,domain-shared-memory-v1" node of one */
    BOOT_KNOWN_CHOSEN, /* /chosen, where boot loaders leave much else */
};

/* Warns of each property of NODE, which is of such a KIND, that is not used. Bound: its properties. */
void boot_known_check(const struct fdt *t, const struct fdt_node *node, enum boot_known kind);

#endif
