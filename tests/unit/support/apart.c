/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children and their ends.
 */
#include "apart.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIED 77

bool has_address_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return false;
#endif
}

int run_tests_apart(const struct CMUnitTest *tests, size_t count)
{
    int failures = 0;

    for (size_t i = 0; i < count; i++) {
        int status;
        pid_t child;

        fflush(NULL);
        child = fork();
        if (child == 0) {
            /* Not _exit(): the counters of coverage are written at the end. */
            exit(_cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL));
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "%s failed\n", tests[i].name);
            failures++;
        }
    }
    return failures;
}

void assert_dies(void (*f)(void *x), void *x, const char *text)
{
    static char said[64 << 10];
    size_t length = 0;
    ssize_t n;
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        /* cmocka catches these. */
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        /* The stand-in of panic() reports to cmocka. */
        global_expecting_assert = 1;
        if (setjmp(global_expect_assert_env) != 0) {
            fprintf(stderr, "%s\n", global_last_failed_assert);
            fflush(NULL);
            _exit(DIED);
        }
        f(x);
        _exit(0);
    }
    close(ends[1]);
    while (length < sizeof(said) - 1 && (n = read(ends[0], said + length, sizeof(said) - 1 - length)) > 0) {
        length += (size_t)n;
    }
    said[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status == 0 || strstr(said, text) == NULL) {
        fail_msg("'%s' was expected at the end: %s", text, said);
    }
}
