/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <libfdt.h>

/* Before it nodes had full paths as names. libfdt's check of a whole tree trips over these (1.6.1). */
#define VERSION_MIN 16u

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
    return err == 0 ? NULL : fdt_strerror(err);
}
