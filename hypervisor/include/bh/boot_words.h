/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a command line: name or name=value, with spaces between.
 */
#ifndef BH_BOOT_WORDS_H
#define BH_BOOT_WORDS_H

#include "bh/types.h"

/* Bytes of a word, terminator included; what is longer is cut. */
#define BOOT_WORD_SIZE 64

/*
 * The word at *AT of SIZE characters at TEXT goes to WORD, and *AT behind it; *VALUE, in WORD, is what follows its "=",
 * or "". False: there is no more.
 */
bool boot_words_next(const char *text, size_t size, size_t *at, char word[BOOT_WORD_SIZE], const char **value);
/*
 * What the word NAME=VALUE of SIZE characters at TEXT (NULL: there are none) says, the last one; false: there is none,
 * or it is no number. A size has a unit B, K, M or G, otherwise it is KiB, and is told in KiB.
 */
bool boot_words_number(const char *text, size_t size, const char *name, uint64_t *value);
bool boot_words_size(const char *text, size_t size, const char *name, uint64_t *kib);

#endif
