/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the board that is set apart for a partition (`static_memory`), and is at its machine addresses there
 * (`direct_map`): Xen's "xen,static-mem" and "direct-map" (Xen, docs/misc/arm/device-tree/booting.txt).
 */
#ifndef BH_IMAGE_STATIC_MEMORY_H
#define BH_IMAGE_STATIC_MEMORY_H

#include "board.h"
#include "module.h"

/*
 * Reads and checks these keys of `config`, whose memory is known already; `text` is the file's. Reports through diag.h.
 */
void static_memory_read(struct domain_config *config, enum arch arch, XLU_Config *xlu, const struct blob *text);

/*
 * Checks that what is set apart is in the board's memory, where that is known, and one partition's only. What else lies
 * in that memory is place.h's matter. Reports through diag.h.
 */
void static_memory_check(const struct board *board, const struct partition *partitions, unsigned count);

/* The first of the partition's ranges that overlaps this one, or NULL. */
const struct config_place *static_memory_find(const struct domain_config *config, uint64_t start, uint64_t size);

#endif
