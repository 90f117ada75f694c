/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes and strings: the routines that the compiler expects of a freestanding program, and bounded helpers. All are
 * pure functions of their arguments: they also run with the MMU off, so every access is naturally aligned.
 */
#ifndef BH_LIB_STRING_H
#define BH_LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

/* As ISO C has them. Large copies of equally aligned areas move 64 bytes a step. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t limit);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);

/*
 * Copies the string FROM, of at most FROM_LIMIT characters, to TO, a buffer of SIZE > 0 bytes, which is always
 * terminated. False: it was cut to fit.
 */
bool string_copy(char *to, size_t size, const char *from, size_t from_limit);

/* Do A and B hold the same characters? */
bool string_equal(const char *a, const char *b);

#endif
