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
/* Does VALUE say no, in one of Xen's words for that? */
bool boot_words_is_false(const char *value);
/*
 * All of TEXT as a number, and the beginning of it as a size: a unit B, K, M or G may follow, otherwise it is KiB, and it
 * is told in KiB. False: it is none.
 */
bool boot_words_read_number(const char *text, uint64_t *value);
bool boot_words_read_size(const char *text, uint64_t *kib);
/*
 * What the word NAME=VALUE of SIZE characters at TEXT (NULL: there are none) says, the last one; false: there is none,
 * or it is none.
 */
bool boot_words_number(const char *text, size_t size, const char *name, uint64_t *value);
bool boot_words_size(const char *text, size_t size, const char *name, uint64_t *kib);

#endif
