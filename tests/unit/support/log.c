/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A console that remembers, weak: a test that uses the real console gets that; and a panic that fails any test.
 */
#include "test.h"

#include <string.h>

#include "bh/console.h"

static char text[64 << 10];
static size_t length;

const char *log_text(void)
{
    return text;
}

void log_clear(void)
{
    length = 0;
    text[0] = '\0';
}

bool log_contains(const char *part)
{
    return strstr(text, part) != NULL;
}

__attribute__((weak)) void log_message(enum log_level level, const char *format, ...)
{
    va_list args;
    int n;

    (void)level;
    va_start(args, format);
    n = vsnprintf(text + length, sizeof(text) - length, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(text) - length - 1) {
        length += (size_t)n;
        text[length++] = '\n';
        text[length] = '\0';
    }
}

void panic(const char *format, ...)
{
    static char message[512];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    mock_assert(0, message, "panic", 0);
    abort();
}
