/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_words.h"

#include "lib/string.h"

bool boot_words_next(const char *text, size_t size, size_t *at, char word[BOOT_WORD_SIZE], const char **value)
{
    size_t length = 0;

    *value = "";
    while (*at < size && text[*at] == ' ') {
        ++*at;
    }
    for (; *at < size && text[*at] != ' '; ++*at) {
        char c = text[*at];

        if (length == BOOT_WORD_SIZE - 1) {
            continue;
        }
        if (c == '=' && **value == '\0') {
            c = '\0';
            *value = &word[length + 1];
        }
        word[length++] = c;
        word[length] = '\0';
    }
    return length != 0;
}

/* The value of the last NAME=VALUE, in WORD; NULL: there is none. */
static const char *find(const char *text, size_t size, const char *name, char word[BOOT_WORD_SIZE])
{
    char next[BOOT_WORD_SIZE];
    const char *value, *found = NULL;
    size_t at = 0;

    while (text != NULL && boot_words_next(text, size, &at, next, &value)) {
        if (string_equal(next, name)) {
            (void)string_copy(word, BOOT_WORD_SIZE, value, BOOT_WORD_SIZE);
            found = word;
        }
    }
    return found;
}

bool boot_words_is_false(const char *value)
{
    return string_equal(value, "0") || string_equal(value, "no") || string_equal(value, "off") ||
           string_equal(value, "false");
}

/* The digits at *TEXT, which goes behind them. False: none, or too many. */
static bool read_digits(const char **text, uint64_t *value)
{
    uint64_t number = 0;
    const char *p = *text;

    for (; *p >= '0' && *p <= '9' && number < UINT64_MAX / 16; p++) {
        number = number * 10 + (uint64_t)(*p - '0');
    }
    if (p == *text) {
        return false;
    }
    *value = number;
    *text = p;
    return true;
}

bool boot_words_read_number(const char *text, uint64_t *value)
{
    uint64_t number;

    if (!read_digits(&text, &number) || *text != '\0') {
        return false;
    }
    *value = number;
    return true;
}

bool boot_words_read_size(const char *text, uint64_t *kib)
{
    uint64_t number;

    if (!read_digits(&text, &number)) {
        return false;
    }
    /* Xen, docs/misc/xen-command-line: of dom0_mem more than a size may follow, which means nothing here. */
    switch (*text) {
    case 'B': case 'b':
        number >>= 10;
        break;
    case 'M': case 'm':
        number <<= 10;
        break;
    case 'G': case 'g':
        number <<= 20;
        break;
    default:
        break;
    }
    *kib = number;
    return true;
}

bool boot_words_number(const char *text, size_t size, const char *name, uint64_t *value)
{
    char word[BOOT_WORD_SIZE];
    const char *found = find(text, size, name, word);

    return found != NULL && boot_words_read_number(found, value);
}

bool boot_words_size(const char *text, size_t size, const char *name, uint64_t *kib)
{
    char word[BOOT_WORD_SIZE];
    const char *found = find(text, size, name, word);

    return found != NULL && boot_words_read_size(found, kib);
}
