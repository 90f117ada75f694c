/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned error_count;

static void print(const char *file, unsigned line, const char *kind, const char *format, va_list args)
{
    if (line != 0) {
        fprintf(stderr, "%s:%u: %s", file, line, kind);
    } else {
        fprintf(stderr, "%s: %s", file, kind);
    }
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

/* Req: BH-TOOL-001 */
void diag_error(const char *file, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(file, line, "", format, args);
    va_end(args);
    error_count++;
}

void diag_note(const char *file, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(file, line, "note: ", format, args);
    va_end(args);
}

unsigned diag_error_count(void)
{
    return error_count;
}

static void *checked(void *p)
{
    if (p == NULL) {
        fputs(DIAG_TOOL ": out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void *diag_alloc(size_t count, size_t size)
{
    return checked(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

char *diag_strdup(const char *text)
{
    return checked(strdup(text));
}

char *diag_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    return checked(length < 0 ? NULL : text);
}
