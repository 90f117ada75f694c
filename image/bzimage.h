/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux's bzImage for x86: a start-up program with the kernel, a compressed ELF file, as its payload (Linux,
 * Documentation/x86/boot.rst).
 */
#ifndef BH_IMAGE_BZIMAGE_H
#define BH_IMAGE_BZIMAGE_H

#include <stdbool.h>

#include "blob.h"

bool bzimage_is_one(const struct blob *blob);

/*
 * Replaces a bzImage by its payload, unpacked to at most `limit` bytes. Returns NULL, or the reason why that can't be
 * done, as words that follow the file's name; the reason is valid until the next call.
 */
const char *bzimage_unpack(struct blob *blob, size_t limit);

#endif
