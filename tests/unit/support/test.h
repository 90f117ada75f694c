/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes first: cmocka and what it needs, and the support functions.
 */
#ifndef BH_TEST_H
#define BH_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * The console's stand-in keeps what was logged. A panic() fails the test, unless the call that causes it is in
 * expect_assert_failure().
 */
const char *log_text(void);
void log_clear(void);
bool log_contains(const char *text);

/*
 * Compiles device tree source with dtc. Returns an allocated blob, 8-aligned; its size in *SIZE. The caller frees it.
 * Ends the test if dtc does not like it.
 */
void *tree_compile(const char *source, size_t *size);
/* The blob as source again, by dtc: for tests of what was generated. The caller frees it. */
char *tree_decompile(const void *blob, size_t size);

#define RUN_TESTS(tests) cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL)

#endif
