/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libfdt makes of a tree, kept apart from ours because both have a struct fdt_property.
 */
#ifndef BH_TEST_REFERENCE_H
#define BH_TEST_REFERENCE_H

#include <stddef.h>

/* All nodes and properties as text: a line "NODE depth name" and lines "PROP name size bytes". */
size_t reference_dump(const void *blob, char *buffer, size_t size);

#endif
