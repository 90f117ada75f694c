/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_options.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/frame.h"
#include "lib/string.h"

#define WORD_SIZE 64

/* Xen's options that say where the console is and how much of it is wanted from guests: the device tree says it here. */
static const char accepted[][16] = {
    "console", "dtuart", "guest_loglvl", "sync_console", "dom0_mem", "dom0_max_vcpus",
};

static bool is_false(const char *value)
{
    return string_equal(value, "0") || string_equal(value, "no") || string_equal(value, "off") ||
           string_equal(value, "false");
}

/* Req: BH-BOOT-023 */
static void set_level(const char *value)
{
    static const struct { char name[8]; enum log_level level; } levels[] = {
        { "error", LOG_ERROR }, { "warning", LOG_WARNING }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
        { "all", LOG_DEBUG },
    };
    size_t length = 0;

    /* Xen writes lower/upper; the first is what is always shown. */
    while (value[length] != '\0' && value[length] != '/') {
        length++;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(levels); i++) {
        if (strlen(levels[i].name) == length && strncmp(levels[i].name, value, length) == 0) {
            console_set_level(levels[i].level);
            return;
        }
    }
    log_warning("command line: loglvl=%s: expected error, warning, info, debug or all", value);
}

/* Req: BH-BOOT-022 */
/* One word; NAME ends where VALUE begins ("" if there is none). */
static void apply(const char *name, const char *value)
{
    if (string_equal(name, "bootscrub")) {
        frame_scrub_at_boot(!is_false(value));
        return;
    }
    if (string_equal(name, "loglvl")) {
        set_level(value);
        return;
    }
    if (CONFIG_AUDIT_SELFTEST && string_equal(name, "plant")) {
        arch_plant_fault(value);
        return;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(accepted); i++) {
        if (string_equal(name, accepted[i])) {
            return;
        }
    }
    log_warning("command line: %s means nothing here", name);
}

/* The word at *AT goes to WORD, and *AT behind it; *VALUE is what follows its "=", or "". False: there is no more. */
static bool next_word(const char *text, size_t size, size_t *at, char word[WORD_SIZE], const char **value)
{
    size_t length = 0;

    *value = "";
    while (*at < size && text[*at] == ' ') {
        ++*at;
    }
    for (; *at < size && text[*at] != ' '; ++*at) {
        char c = text[*at];

        if (length == WORD_SIZE - 1) {
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

void boot_options_apply(const char *text, size_t size)
{
    char word[WORD_SIZE];
    const char *value;
    size_t at = 0;

    while (next_word(text, size, &at, word, &value)) {
        apply(word, value);
    }
}

/* The value of the last NAME=VALUE, in WORD; NULL: there is none. */
static const char *find(const char *text, size_t size, const char *name, char word[WORD_SIZE])
{
    char next[WORD_SIZE];
    const char *value, *found = NULL;
    size_t at = 0;

    while (text != NULL && next_word(text, size, &at, next, &value)) {
        if (string_equal(next, name)) {
            (void)string_copy(word, WORD_SIZE, value, WORD_SIZE);
            found = word;
        }
    }
    return found;
}

/* The digits at *TEXT, which goes behind them. False: none, or too many. */
static bool read_number(const char **text, uint64_t *value)
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

bool boot_options_number(const char *text, size_t size, const char *name, uint64_t *value)
{
    char word[WORD_SIZE];
    const char *p = find(text, size, name, word);
    uint64_t number;

    if (p == NULL || !read_number(&p, &number) || *p != '\0') {
        return false;
    }
    *value = number;
    return true;
}

bool boot_options_size(const char *text, size_t size, const char *name, uint64_t *kib)
{
    char word[WORD_SIZE];
    const char *p = find(text, size, name, word);
    uint64_t number;

    if (p == NULL || !read_number(&p, &number)) {
        return false;
    }
    /* Xen, docs/misc/xen-command-line: of dom0_mem more than a size may follow, which means nothing here. */
    switch (*p) {
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
