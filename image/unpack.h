/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed data, of strangers: whatever it says, what comes out is no larger than the caller allows.
 */
#ifndef BH_IMAGE_UNPACK_H
#define BH_IMAGE_UNPACK_H

#include "blob.h"

/*
 * Unpacks `size` bytes at `data` that are gzip (RFC 1952, one member or several), xz (The .xz File Format 1.0.4),
 * Zstandard (RFC 8878) or LZ4's legacy frame (LZ4 Frame Format, "Legacy frame") to at most `limit` bytes in `*out`.
 * What follows the end of the compressed data is ignored. Returns NULL, or the reason why it can't be done as words
 * that follow the name of the data; `*out` is written only on success.
 */
const char *unpack(const uint8_t *data, size_t size, size_t limit, struct blob *out);

/* Replaces a gzip'd `*blob` by what it unpacks to; leaves anything else alone. Returns NULL or the reason. */
const char *unpack_gzip(struct blob *blob, size_t limit);

#endif
