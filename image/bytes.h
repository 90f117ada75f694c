/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and sizes as users write them: "0x40000000", "64M".
 */
#ifndef BH_IMAGE_BYTES_H
#define BH_IMAGE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

/* What these are, for messages. */
#define BYTES_SYNTAX "0x and hexadecimal bytes, or a number with K, M or G"
#define BYTES_PAGE   4096u

/* Reads all of `text`; a number without a unit could be anything, and is none. `*out` is written only on success. */
bool bytes_parse(const char *text, uint64_t *out);

/* Two ranges share a byte. Neither goes beyond the end of all addresses. */
bool bytes_overlap(uint64_t start, uint64_t size, uint64_t other_start, uint64_t other_size);

#endif
