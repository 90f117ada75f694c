/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to the UART: SBSA or PL011, both with the data register at 0 and the flag register at 0x18 (bit 5: full). With
 * "semihosting=1" they go to the emulator as well, for hypervisors without a console.
 */
#include "guest.h"

#include <stdarg.h>

#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF (1u << 5)
#define UART_CR 0x30

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

void guest_lock(struct guest_lock *l)
{
    uint32_t value, failed;

    __asm__ volatile("sevl\n"
                     "1: wfe\n"
                     "2: ldaxr %w0, [%2]\n"
                     "cbnz %w0, 1b\n"
                     "stxr %w1, %w3, [%2]\n"
                     "cbnz %w1, 2b\n"
                     : "=&r"(value), "=&r"(failed) : "r"(&l->taken), "r"(1u) : "memory");
}

void guest_unlock(struct guest_lock *l)
{
    __asm__ volatile("stlr wzr, [%0]" :: "r"(&l->taken) : "memory");
}

void console_init(void)
{
    if (board.uart != 0 && !board.uart_is_sbsa) {
        write32(board.uart + UART_CR, 0x301);
    }
}

static void put(char c)
{
    while ((read32(board.uart + UART_FR) & UART_FR_TXFF) != 0) {
        cpu_yield();
    }
    write32(board.uart + UART_DR, (uint8_t)c);
}

/* SYS_WRITE0: the emulator takes this instruction before any hypervisor sees it. */
static void emulator_write(const char *text)
{
    register uint64_t operation __asm__("x0") = 4;
    register const char *argument __asm__("x1") = text;

    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
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
    if (arg_number("semihosting", 0) != 0) {
        emulator_write(line);
    }
    if (board.uart == 0) {
        return;
    }
    guest_lock(&console_lock);
    for (const char *c = line; *c != '\0'; c++) {
        put(*c);
    }
    guest_unlock(&console_lock);
}
