/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels as bulkhead-image takes them: whatever a file says, nothing beyond it is read, and what is made of it is no
 * larger than it may be. The first byte of the input chooses the machine, the
 * others are the file.
 */
#include "support/fuzz.h"

#include "diag.h"
#include "kernel.h"

/* Req: BH-TOOL-009 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kernel_info info = {.kind = NULL};
    struct blob blob;
    const char *why;

    if (size < 2) {
        return 0;
    }
    /* One zero byte more, which a blob promises. */
    blob.size = size - 1;
    blob.data = diag_alloc(size, 1);
    memcpy(blob.data, data + 1, blob.size);
    why = kernel_recognise((data[0] & 1) != 0 ? ARCH_X86_64 : ARCH_ARM64, &blob, &info);
    CHECK(blob.size <= BLOB_LIMIT && blob.data[blob.size] == 0);
    CHECK(why != NULL ? why[0] != '\0' : info.kind != NULL && info.memory_size != 0);
    blob_free(&blob);
    return 0;
}
