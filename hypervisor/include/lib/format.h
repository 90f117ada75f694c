/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from a format and values: the part of ISO C's printf that the hypervisor uses.
 *
 *   %s %c %d %i %u %x %X %p %%    with - (left), 0 (zeros), a width or *, for %s a precision or *; l, ll, z, h, hh
 *
 * Anything else in a format is copied as it stands. %s takes NULL. There is no floating point.
 */
#ifndef BH_LIB_FORMAT_H
#define BH_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* No field is padded to more than this. */
#define FORMAT_WIDTH_MAX 128

/*
 * Writes the text to BUFFER, cut to fit SIZE > 0 bytes with its terminator. Returns the length of what was written,
 * without the terminator: always less than SIZE.
 */
size_t format_string(char *buffer, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
size_t format_print(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
