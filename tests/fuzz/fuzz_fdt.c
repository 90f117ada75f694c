/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device-tree reader: any bytes are refused with a reason, or can be walked.
 */
#include "support/fuzz.h"

#include "lib/fdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fdt t;
    void *blob = malloc(size); /* aligned, and of exactly this size */

    memcpy(blob, data, size);
    if (fdt_open(&t, blob, size) != 0) {
        CHECK(t.problem != NULL && t.problem_offset <= size);
        CHECK(t.problem_node == NULL || strlen(t.problem_node) < size);
    } else {
        fuzz_read_tree(&t);
    }
    free(blob);
    return 0;
}
