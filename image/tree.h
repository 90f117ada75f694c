/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device trees that somebody else made.
 */
#ifndef BH_IMAGE_TREE_H
#define BH_IMAGE_TREE_H

#include "blob.h"

/* NULL if all of it can be read by libfdt without another look, or why not. */
const char *tree_check(const struct blob *blob);

#endif
