/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_options.h"

#include "arch/arch.h"
#include "bh/boot_affinity.h"
#include "bh/boot_words.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/frame.h"
#include "lib/string.h"

/* Xen's options that say where the console is and how much of it is wanted from guests: the device tree says it here. */
static const char accepted[][16] = {
    "console", "dtuart", "guest_loglvl", "sync_console", "dom0_mem", "dom0_max_vcpus",
};

static char line[CONFIG_CONTROL ? BOOT_OPTIONS_SIZE : 1]; /* [boot] all of it, as far as it fits */

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
        frame_scrub_at_boot(!boot_words_is_false(value));
        return;
    }
    if (string_equal(name, "loglvl")) {
        set_level(value);
        return;
    }
    if (CONFIG_CONTROL && string_equal(name, "xsm") && string_equal(value, "silo")) {
        control_set_silo();
        return;
    }
    if (CONFIG_CACHE_COLOURS && boot_affinity_option(name, value)) {
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

void boot_options_apply(const char *text, size_t size)
{
    char word[BOOT_WORD_SIZE];
    const char *value;
    size_t at = 0;

    (void)string_copy(line, sizeof(line), text, size);
    while (boot_words_next(text, size, &at, word, &value)) {
        apply(word, value);
    }
}

const char *boot_options_line(void)
{
    return line;
}
