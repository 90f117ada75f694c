/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files in memory. Every input is read exactly once: what was checked is what is written out.
 */
#ifndef BH_IMAGE_BLOB_H
#define BH_IMAGE_BLOB_H

#include <stddef.h>
#include <stdint.h>

/* No kernel, ramdisk or device tree is larger, plain or unpacked (bytes). */
#define BLOB_LIMIT ((size_t)1 << 30)

struct blob {
    uint8_t *data; /* blob.size bytes and one zero byte behind them */
    size_t size;
};

/*
 * Reads the regular file `path` of 1 to `limit` bytes. Returns NULL, or the reason why it can't be had, as words
 * that follow the file's name; `*out` is written only on success. The reason is valid until the next call.
 */
const char *blob_read(const char *path, size_t limit, struct blob *out);

/* Replaces the file `path` in one step. Returns NULL or the reason, as above. */
const char *blob_write(const char *path, const void *data, size_t size, unsigned mode);

void blob_free(struct blob *blob);

#endif
