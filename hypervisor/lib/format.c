/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from a format and values.
 */
#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

/* Digits of the longest number: 2^64 - 1 in decimal. */
#define DIGITS_MAX 20

struct output {
    char *buffer;
    size_t size;
    size_t length;
};

/* What stands between % and the letter. */
struct spec {
    size_t width;
    size_t precision; /* SIZE_MAX: none */
    bool left;
    bool zeros;
    uint8_t longs; /* 0: int; 1 and more: 64 bits */
};

static void put(struct output *o, char c)
{
    if (o->length + 1 < o->size) {
        o->buffer[o->length++] = c;
    }
}

static void put_many(struct output *o, char c, size_t count)
{
    for (; count > 0; count--) {
        put(o, c);
    }
}

/* A field of LENGTH characters behind PREFIX; zeros go between the two. */
static void put_field(struct output *o, const struct spec *s, const char *prefix, const char *text, size_t length)
{
    size_t total = length;
    size_t padding;

    for (const char *p = prefix; *p != '\0'; p++) {
        total++;
    }
    padding = s->width > total ? s->width - total : 0;
    if (!s->left && !s->zeros) {
        put_many(o, ' ', padding);
    }
    for (; *prefix != '\0'; prefix++) {
        put(o, *prefix);
    }
    if (!s->left && s->zeros) {
        put_many(o, '0', padding);
    }
    for (size_t i = 0; i < length; i++) {
        put(o, text[i]);
    }
    if (s->left) {
        put_many(o, ' ', padding);
    }
}

static void put_number(struct output *o, const struct spec *s, uint64_t value, bool hex, bool upper, const char *prefix)
{
    char digits[DIGITS_MAX];
    size_t first = DIGITS_MAX;

    do {
        unsigned digit = hex ? (unsigned)value & 15 : (unsigned)(value % 10);

        digits[--first] = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
        value = hex ? value >> 4 : value / 10;
    } while (value != 0);
    put_field(o, s, prefix, digits + first, DIGITS_MAX - first);
}

static void put_text(struct output *o, struct spec *s, const char *text)
{
    size_t length = 0;

    if (text == NULL) {
        text = "(null)";
    }
    while (length < s->precision && text[length] != '\0') {
        length++;
    }
    s->zeros = false;
    put_field(o, s, "", text, length);
}

static const char *read_count(const char *p, size_t *count)
{
    size_t n = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (n <= FORMAT_WIDTH_MAX) {
            n = n * 10 + (size_t)(*p - '0');
        }
    }
    *count = n;
    return p;
}

size_t format_string(char *buffer, size_t size, const char *format, va_list args)
{
    struct output o = { .buffer = buffer, .size = size, .length = 0 };

    while (*format != '\0') {
        struct spec s = { .precision = SIZE_MAX };
        const char *p = format;
        uint64_t value;
        char c;

        if (*p++ != '%') {
            put(&o, *format++);
            continue;
        }
        for (; *p == '-' || *p == '0'; p++) {
            s.left |= *p == '-';
            s.zeros |= *p == '0';
        }
        if (*p == '*') {
            int width = va_arg(args, int);

            s.left |= width < 0;
            s.width = width < 0 ? 0 - (size_t)width : (size_t)width;
            p++;
        } else {
            p = read_count(p, &s.width);
        }
        s.width = s.width > FORMAT_WIDTH_MAX ? FORMAT_WIDTH_MAX : s.width;
        if (*p == '.') {
            p++;
            if (*p == '*') {
                int precision = va_arg(args, int);

                s.precision = precision < 0 ? SIZE_MAX : (size_t)precision;
                p++;
            } else {
                p = read_count(p, &s.precision);
            }
        }
        for (; *p == 'l' || *p == 'z' || *p == 'h'; p++) {
            s.longs |= *p != 'h';
        }
        c = *p;
        switch (c) {
        case 'd':
        case 'i': {
            int64_t number = s.longs != 0 ? va_arg(args, int64_t) : va_arg(args, int);

            value = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
            put_number(&o, &s, value, false, false, number < 0 ? "-" : "");
            break;
        }
        case 'u':
        case 'x':
        case 'X':
            value = s.longs != 0 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            put_number(&o, &s, value, c != 'u', c == 'X', "");
            break;
        case 'p':
            put_number(&o, &s, (uintptr_t)va_arg(args, void *), true, false, "0x");
            break;
        case 'c': {
            char text = (char)va_arg(args, int);

            s.zeros = false;
            put_field(&o, &s, "", &text, 1);
            break;
        }
        case 's':
            put_text(&o, &s, va_arg(args, const char *));
            break;
        case '%':
            put(&o, '%');
            break;
        default:
            /* Unknown: show it as it stands. */
            put(&o, '%');
            format++;
            continue;
        }
        format = p + 1;
    }
    if (size > 0) {
        buffer[o.length] = '\0';
    }
    return o.length;
}

size_t format_print(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = format_string(buffer, size, format, args);
    va_end(args);
    return length;
}
