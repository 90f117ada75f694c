/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A console that formats and forgets, weak: a target that uses the real one gets that; and a panic that is a finding.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bh/console.h"
#include "lib/format.h"

__attribute__((weak)) void log_message(enum log_level level, const char *format, ...)
{
    char text[256];
    va_list args;

    (void)level;
    va_start(args, format);
    format_string(text, sizeof(text), format, args);
    va_end(args);
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    abort();
}
