/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of bulkhead-image. Every refusal is one line on stderr, "FILE:LINE: reason" where a line is to blame and
 * "FILE: reason" where none is. Errors are counted, so that one run names everything that is wrong; nothing is
 * written before the count is known to be zero.
 */
#ifndef BH_IMAGE_DIAG_H
#define BH_IMAGE_DIAG_H

#include <stddef.h>
#include <stdint.h>

#define DIAG_TOOL "bulkhead-image"

/* Prints and counts an error. `line` counts from 1; 0 means that no line is to blame. */
void diag_error(const char *file, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints a remark; it does not count. */
void diag_note(const char *file, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Errors so far. */
unsigned diag_error_count(void);

/* Zeroed memory or the end of the program: a host tool has no better answer to "no memory". */
void *diag_alloc(size_t count, size_t size);
char *diag_strdup(const char *text);
char *diag_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
