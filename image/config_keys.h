/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names may stand before "=" in an xl domain configuration file, and where they stand in this one: libxlutil
 * offers neither.
 */
#ifndef BH_IMAGE_CONFIG_KEYS_H
#define BH_IMAGE_CONFIG_KEYS_H

#include <stddef.h>

#include "config.h"

/* What is known about a key, whoever supports it. */
enum key_standing {
    STANDING_SUPPORTED,
    STANDING_XL_ONLY, /* xl knows it, this version has nothing to turn it into */
    STANDING_UNKNOWN,
};

enum key_standing config_key_standing(const char *name, enum config_key *key);
const char *config_key_name(enum config_key key);

/*
 * Walks over text that libxlutil has accepted and calls `found` for every assignment, in order; the last one of a
 * name is the one that counts.
 */
void config_keys_scan(const char *text, size_t size, void (*found)(void *context, const char *name, unsigned line),
                      void *context);

/* The line of string or number `entry`, from 0, of the list that the key in line `line` of such a text is set to. */
unsigned config_keys_entry_line(const char *text, size_t size, unsigned line, unsigned entry);

#endif
