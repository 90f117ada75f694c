/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own address space, as far as all CPUs share it: image, frame table, heap, device registers. What an
 * entry of its tables looks like is the architecture's (arch_hyp_*). A table is itself only reachable through
 * a window. Shared tables are changed at boot by one CPU, later (heap) under the heap's lock.
 */
#ifndef BH_HYP_MAP_H
#define BH_HYP_MAP_H

#include "bh/types.h"

/* What the hypervisor may do there. */
enum hyp_right {
    HYP_R,
    HYP_RW,
    HYP_RX,
    HYP_DEVICE, /* read and write, in order and past the caches */
    HYP_RWX,    /* what is never mapped, but to see that the audit finds it */
};

#define PT_ENTRIES 512
/* Which entry of a table of LEVEL (3: pages) is for VA. */
#define PT_INDEX(va, level) (((va) >> (12 + 9 * (3 - (level)))) & (PT_ENTRIES - 1))

/* Where the image was loaded: set before anything else runs. [boot] */
extern uint64_t image_paddr;
/* Where something in the image was loaded; it is there still, but for what hyp_move() has moved. */
paddr_t image_to_paddr(const void *p);

/*
 * Maps SIZE bytes at physical PA (page aligned both) to VA, with 2 MiB blocks where they
 * fit. The slot of VA in the root is shared by all CPUs, or only this one runs yet. Tables come from a small pool
 * in the image, then from the page allocator. -XEN_ENOMEM.
 */
MUST_USE int hyp_map(uint64_t va, uint64_t pa, uint64_t size, enum hyp_right right);
/* Unmaps SIZE bytes at VA, which were mapped as pages, on all CPUs. */
void hyp_unmap(uint64_t va, uint64_t size);
/* The same for one page; returns the physical address that it showed. */
paddr_t hyp_unmap_page(uint64_t va);

/*
 * CONFIG_CACHE_COLOURS: the SIZE bytes at VA, mapped as pages, go to frames of the hypervisor's colours. Where they were
 * nobody uses any more, but it is not given back: other CPUs begin there. At boot, while one CPU runs. -XEN_ENOMEM: some
 * have not gone.
 */
MUST_USE int hyp_move(uint64_t va, uint64_t size);

/* Unmaps SIZE bytes of the image at P, whole pages, for good and gives them to the page allocator. */
void hyp_give_back(void *p, size_t size);
/* The same for the rest of the pool of tables. */
void hyp_give_back_tables(void);

/* Maps SIZE bytes of device registers at PA and returns where; NULL when memory for tables or addresses ran out. */
void *device_map(uint64_t pa, uint64_t size);

#endif
