/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as text, by libfdt.
 */
#include "reference.h"

#include <libfdt.h>
#include <stdio.h>

size_t reference_dump(const void *blob, char *buffer, size_t size)
{
    size_t at = 0;
    int depth = -1;

    for (int node = fdt_next_node(blob, -1, &depth); node >= 0 && depth >= 0; node = fdt_next_node(blob, node, &depth)) {
        int property;

        at += (size_t)snprintf(buffer + at, size - at, "NODE %d %s\n", depth, fdt_get_name(blob, node, NULL));
        fdt_for_each_property_offset(property, blob, node) {
            const char *name;
            int length;
            const unsigned char *value = fdt_getprop_by_offset(blob, property, &name, &length);

            at += (size_t)snprintf(buffer + at, size - at, "PROP %s %d ", name, length);
            for (int i = 0; i < length; i++) {
                at += (size_t)snprintf(buffer + at, size - at, "%02x", value[i]);
            }
            at += (size_t)snprintf(buffer + at, size - at, "\n");
        }
    }
    return at;
}
