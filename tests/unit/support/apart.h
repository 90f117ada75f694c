/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that run in a process of their own each, so that each finds the core's static state as at boot, whatever the
 * one before it did; and code that must not survive.
 */
#ifndef BH_TEST_APART_H
#define BH_TEST_APART_H

#include "test.h"

/* As RUN_TESTS(). */
#define RUN_TESTS_APART(tests) run_tests_apart(tests, sizeof(tests) / sizeof((tests)[0]))
int run_tests_apart(const struct CMUnitTest *tests, size_t count);

/* F(X) must end its process, with TEXT in what it says: a panic, or a report of the address sanitizer. */
void assert_dies(void (*f)(void *x), void *x, const char *text);
/* The address sanitizer watches this build. */
bool has_address_sanitizer(void);

#endif
