/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the hypervisor's own objects (domains, vCPUs), in whole pages of a range of addresses of its own. There
 * are few such objects and they live long; what a page wastes buys that every page freed is really free again.
 */
#ifndef BH_HEAP_H
#define BH_HEAP_H

#include "bh/types.h"

/*
 * SIZE bytes of zeroed memory, page aligned, charged to domain CHARGE (or FRAME_NO_DOMAIN); NULL when there is none.
 * Takes LOCK_HEAP.
 */
MUST_USE void *heap_alloc(size_t size, uint16_t charge);
/* Frees what heap_alloc(SIZE) returned; P may be NULL. */
void heap_free(void *p, size_t size);

#endif
