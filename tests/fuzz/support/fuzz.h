/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target includes: the entry that libFuzzer calls, and a check that does not go away.
 */
#ifndef BH_FUZZ_H
#define BH_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true of any input. */
#define CHECK(x)                                                                \
    do {                                                                        \
        if (!(x)) {                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #x);   \
            abort();                                                            \
        }                                                                       \
    } while (0)

/* Checks the properties of an opened device tree, and reads everything in it. */
struct fdt;
void fuzz_read_tree(const struct fdt *t);

#endif
