/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_options.c: known words, unknown ones, and rubbish.
 */
#include "test.h"

#include <string.h>

#include "bh/boot_options.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/frame.h"

static int scrub = -1;
static int level = -1;
static bool silo;

void control_set_silo(void)
{
    silo = true;
}

void frame_scrub_at_boot(bool on)
{
    scrub = on;
}

void console_set_level(enum log_level l)
{
    level = (int)l;
}

static void apply(const char *text)
{
    scrub = -1;
    level = -1;
    log_clear();
    boot_options_apply(text, strlen(text));
}

/* Req: BH-CTL-008 */
static void test_silo(void **state)
{
    (void)state;
    apply("xsm=dummy");
    assert_false(silo);
    assert_non_null(strstr(log_text(), "xsm means nothing here"));
    apply("xsm=silo");
    assert_true(silo);
    assert_string_equal(log_text(), "");
}

static void test_bootscrub(void **state)
{
    static const char *const no[] = { "bootscrub=0", "bootscrub=no", "bootscrub=off", "a=b bootscrub=false " };
    static const char *const yes[] = { "bootscrub", "bootscrub=1", "bootscrub=idle", "  bootscrub=yes" };

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        apply(no[i]);
        assert_int_equal(scrub, false);
        apply(yes[i]);
        assert_int_equal(scrub, true);
    }
}

/* Req: BH-BOOT-023 */
static void test_level(void **state)
{
    static const struct { const char *text; int level; } cases[] = {
        { "loglvl=error", LOG_ERROR },   { "loglvl=warning", LOG_WARNING }, { "loglvl=info/all", LOG_INFO },
        { "loglvl=debug", LOG_DEBUG },   { "loglvl=all", LOG_DEBUG },       { "loglvl=", -1 },
        { "loglvl=errors", -1 },         { "loglvl", -1 },                  { "loglvl=/all", -1 },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        apply(cases[i].text);
        assert_int_equal(level, cases[i].level);
        assert_int_equal(log_contains("expected error, warning"), level == -1);
    }
}

/* Req: BH-BOOT-022 */
static void test_other_words(void **state)
{
    char text[400];

    (void)state;
    apply("console=dtuart dtuart=serial0 guest_loglvl=all sync_console dom0_mem=1G");
    assert_string_equal(log_text(), "");
    apply("sched=credit2");
    assert_true(log_contains("sched means nothing here"));
    apply("");
    apply("      ");
    assert_string_equal(log_text(), "");
    apply("=");
    apply("==x =bootscrub=0");
    assert_int_equal(scrub, -1);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    apply(text);
    assert_true(log_contains("means nothing here"));
    /* A name longer than a word has room for is not its beginning. */
    memcpy(text + 350, " bootscrub=0", 13);
    apply(text);
    assert_int_equal(scrub, false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silo), cmocka_unit_test(test_bootscrub), cmocka_unit_test(test_level), cmocka_unit_test(test_other_words),
    };

    return RUN_TESTS(tests);
}
