/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of keys that are lists of strings, each with a line of its own, and what such strings are made of.
 */
#ifndef BH_IMAGE_CONFIG_LIST_H
#define BH_IMAGE_CONFIG_LIST_H

#include <libxlutil.h>
#include <stdbool.h>
#include <stdint.h>

#include "blob.h"

/* A file that is read. */
struct config_source {
    const char *file; /* as named on the command line */
    XLU_Config *xlu;
    struct blob text;
};

/*
 * Calls `take` for each string of the list that the key `name`, in line `line`, is set to, with the line where it is; one
 * it may change. Anything but a list of 1 to `limit` strings is reported, as "'NAME' must be a list of 1 to LIMIT WHAT".
 */
void config_list_each(const struct config_source *source, const char *name, unsigned line, unsigned limit,
                      const char *what, void (*take)(void *context, char *text, unsigned line), void *context);

/* A part of "NAME=VALUE,NAME=VALUE": where its value goes. */
struct config_field {
    const char *name;
    const char **value; /* points into the text; NULL if it is not there */
    bool is_required;
};

/* Takes `text` apart. NULL, or what is wrong with it, to be freed. */
char *config_list_fields(char *text, const struct config_field *fields, unsigned count);

/*
 * Reads numbers and ranges, "0-3,6", each below `limit`, into the set `chosen`, one byte a number. Returns NULL or what is
 * wrong.
 */
const char *config_list_set(const char *text, unsigned limit, bool *chosen);

/* Reads all of `text`, a number from 0 to `max`, decimal, or in base 16 hexadecimal. `*out` is written only on success. */
bool config_list_number(const char *text, unsigned base, uint64_t max, uint64_t *out);

#endif
