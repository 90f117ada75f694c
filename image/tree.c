/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <libfdt.h>

/* Before it nodes had full paths as names. libfdt's check of a whole tree trips over these (1.6.1). */
#define VERSION_MIN 16u

/* Has each property a length that is one? libfdt's check (1.6.1) takes one with its highest bit for less than nothing. */
static bool has_lengths(const void *tree)
{
    for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL)) {
        int property, length = 0;

        fdt_for_each_property_offset(property, tree, node)
        {
            if (fdt_getprop_by_offset(tree, property, NULL, &length) == NULL || length < 0) {
                return false;
            }
        }
    }
    return true;
}

/* Req: BH-TOOL-009 */
const char *tree_check(const struct blob *blob)
{
    int err;

    if (blob->size < sizeof(struct fdt_header)) {
        return "it is too short";
    }
    err = fdt_check_header(blob->data);
    if (err == 0 && fdt_version(blob->data) < VERSION_MIN) {
        return "it is of a version before 16";
    }
    err = err == 0 ? fdt_check_full(blob->data, blob->size) : err;
    if (err == 0 && !has_lengths(blob->data)) {
        return "a property's length is beyond it";
    }
    return err == 0 ? NULL : fdt_strerror(err);
}
