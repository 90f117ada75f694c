/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that are run, and their arguments.
 */
#ifndef BH_IMAGE_PROCESS_H
#define BH_IMAGE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "module.h"

#define ARGUMENT_LIMIT (32 + 2 * CONFIG_DOMAIN_LIMIT * MODULE_KIND_COUNT)

struct arguments {
    char *value[ARGUMENT_LIMIT + 1]; /* NULL behind the last one */
    unsigned count;
};

/* Adds a copy of `text`. */
void arguments_add(struct arguments *list, const char *text);
void arguments_free(struct arguments *list);

/*
 * Runs a program, the first of `list`, for at most `seconds`. Returns its wait status, or -1 if there is none. Up to
 * `size` - 1 bytes of what it says end up in `words`.
 */
int process_run(const struct arguments *list, unsigned seconds, char *words, size_t size);

/* Is `status` one of success? */
bool process_is_good(int status);
/* Did time run out? */
bool process_is_late(int status);

/* Passes on what `program` said, line by line, as remarks; `words` is taken apart. */
void process_quote(const char *program, char *words);

#endif
