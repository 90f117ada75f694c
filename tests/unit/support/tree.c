/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device trees for tests, through dtc.
 */
#include "test.h"

#include <string.h>
#include <unistd.h>

static char *read_all(FILE *f, size_t *size)
{
    char *buffer = aligned_alloc(8, 4 << 20);
    size_t n = fread(buffer, 1, (4 << 20) - 1, f);
    char *exact;

    /* Exactly as large as its content, so that the sanitizer sees a read beyond it. */
    buffer[n] = '\0';
    exact = malloc(n + 1);
    memcpy(exact, buffer, n + 1);
    free(buffer);
    *size = n;
    return exact;
}

static char *filter(const char *command, const void *input, size_t input_size, size_t *size)
{
    char path[] = "/tmp/bulkhead-test-XXXXXX";
    char line[256];
    int fd = mkstemp(path);
    FILE *f;
    char *output;
    int status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, input, input_size), (ssize_t)input_size);
    close(fd);
    snprintf(line, sizeof(line), command, path);
    f = popen(line, "r");
    assert_non_null(f);
    output = read_all(f, size);
    status = pclose(f);
    unlink(path);
    if (status != 0) {
        free(output);
        fail_msg("dtc failed on:\n%.*s", (int)input_size, (const char *)input);
    }
    return output;
}

void *tree_compile(const char *source, size_t *size)
{
    char *blob = filter("dtc -q -I dts -O dtb %s", source, strlen(source), size);
    char *exact = malloc(*size);

    memcpy(exact, blob, *size);
    free(blob);
    return exact;
}

char *tree_decompile(const void *blob, size_t size)
{
    size_t length;

    return filter("dtc -I dtb -O dts %s 2>&1", blob, size, &length);
}
