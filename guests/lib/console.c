/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of text, and the few functions of strings and memory that there are.
 */
#include "guest.h"

#include <stdarg.h>

static struct guest_lock console_lock;

void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);

void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((volatile uint8_t *)to)[i] = (uint8_t)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((volatile uint8_t *)to)[i] = ((const volatile uint8_t *)from)[i];
    }
    return to;
}

int string_compare(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

struct sink { char *out; size_t size, used; };

static void emit(struct sink *s, char c)
{
    if (s->used + 1 < s->size) {
        s->out[s->used++] = c;
    }
}

static void emit_number(struct sink *s, uint64_t value, unsigned base, unsigned width, char fill)
{
    char digits[24];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = count; i < width; i++) {
        emit(s, fill);
    }
    while (count > 0) {
        emit(s, digits[--count]);
    }
}

static void format_list(struct sink *s, const char *format, va_list list)
{
    for (; *format != '\0'; format++) {
        unsigned width = 0, longs = 0;
        char fill = ' ';

        if (*format != '%') {
            emit(s, *format);
            continue;
        }
        format++;
        if (*format == '0') {
            fill = '0';
            format++;
        }
        while (*format >= '0' && *format <= '9') {
            width = width * 10 + (unsigned)(*format++ - '0');
        }
        while (*format == 'l') {
            longs++;
            format++;
        }
        if (*format == 'x' || *format == 'u') {
            uint64_t value = longs ? va_arg(list, uint64_t) : va_arg(list, unsigned);

            emit_number(s, value, *format == 'x' ? 16 : 10, width, fill);
        } else if (*format == 'd') {
            int64_t value = longs ? va_arg(list, int64_t) : va_arg(list, int);

            if (value < 0) {
                emit(s, '-');
            }
            emit_number(s, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, fill);
        } else if (*format == 's') {
            for (const char *text = va_arg(list, const char *); *text != '\0'; text++) {
                emit(s, *text);
            }
        } else if (*format == 'c') {
            emit(s, (char)va_arg(list, int));
        } else {
            emit(s, *format);
        }
    }
    s->out[s->used] = '\0';
}

void format_to(char *out, size_t size, const char *format, ...)
{
    struct sink s = { out, size, 0 };
    va_list list;

    va_start(list, format);
    format_list(&s, format, list);
    va_end(list);
}

void say(const char *format, ...)
{
    char line[CONSOLE_LINE_MAX];
    struct sink s = { line, sizeof(line), 0 };
    va_list list;

    va_start(list, format);
    format_list(&s, format, list);
    va_end(list);
    guest_lock(&console_lock);
    console_write(line);
    guest_unlock(&console_lock);
}
