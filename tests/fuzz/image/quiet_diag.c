/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/image/quiet_diag.h"

#include <stdarg.h>

#include "diag.h"
#include "support/fuzz.h"

static unsigned errors;

static void format(const char *text, va_list args)
{
    char words[512];

    vsnprintf(words, sizeof(words), text, args);
}

void diag_error(const char *file, unsigned line, const char *text, ...)
{
    va_list args;

    CHECK(file != NULL && line < 1u << 24);
    va_start(args, text);
    format(text, args);
    va_end(args);
    errors++;
}

void diag_note(const char *file, unsigned line, const char *text, ...)
{
    va_list args;

    CHECK(file != NULL && line < 1u << 24);
    va_start(args, text);
    format(text, args);
    va_end(args);
}

unsigned diag_error_count(void)
{
    return errors;
}

void *diag_alloc(size_t count, size_t size)
{
    void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

    CHECK(p != NULL);
    return p;
}

char *diag_strdup(const char *text)
{
    return strcpy(diag_alloc(strlen(text) + 1, 1), text);
}

char *diag_printf(const char *text, ...)
{
    va_list args;
    char *out = NULL;
    int length;

    va_start(args, text);
    length = vasprintf(&out, text, args);
    va_end(args);
    CHECK(length >= 0);
    return out;
}

void quiet_diag_reset(void)
{
    errors = 0;
}
