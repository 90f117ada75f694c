/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which frames a domain gets: those of some colours of the last cache, so that it shares no set of that with who has
 * others (Xen, docs/misc/cache-coloring.rst), and if it can be those of some nodes. That of a frame is what matters to
 * who is charged for it: its memory, its tables, its vCPUs' states. Only if CONFIG_PAGE_AFFINITY.
 */
#ifndef BH_PAGE_AFFINITY_H
#define BH_PAGE_AFFINITY_H

#include "bh/types.h"

/* A frame's colour is its number modulo how many there are: page_affinity_colour_count(), a power of two, 1 without. */
#define PAGE_COLOUR_MAX (CONFIG_CACHE_COLOURS ? 128 : 1)
/* Numbers of nodes are less. */
#define PAGE_NODE_MAX (CONFIG_NUMA ? 8 : 1)
#define PAGE_HAS_AFFINITY (CONFIG_CACHE_COLOURS || CONFIG_NUMA)

struct page_affinity {
    uint64_t colours[(PAGE_COLOUR_MAX + 63) / 64]; /* bit N: colour N; none at all: any */
    uint32_t nodes;                                /* bit N: node N comes before others; none at all: any */
};

static inline bool page_affinity_has_colours(const struct page_affinity *a)
{
    return CONFIG_CACHE_COLOURS && (a->colours[0] | a->colours[ARRAY_COUNT(a->colours) - 1]) != 0;
}

static inline bool page_affinity_has_colour(const struct page_affinity *a, unsigned colour)
{
    return (a->colours[colour / 64] & BIT(colour % 64)) != 0;
}

/*
 * The largest order, up to LIMIT, of which A's colours are whole blocks: who takes those uses all of its colours alike.
 */
unsigned page_affinity_order(const struct page_affinity *a, unsigned limit);

/* Boot: there are so many colours, a power of two up to PAGE_COLOUR_MAX. Before the allocator has memory. */
void page_affinity_set_colour_count(unsigned count);
unsigned page_affinity_colour_count(void);

/*
 * Boot, before the allocator has memory: the frames START to END are of NODE; others are of node 0. -XEN_ENOSPC:
 * PAGE_NODE_RANGE_COUNT such ranges and no more, or NODE is not below PAGE_NODE_MAX.
 */
#define PAGE_NODE_RANGE_COUNT (CONFIG_NUMA ? 16 : 1)
MUST_USE int page_affinity_add_node(uint64_t start, uint64_t end, unsigned node);
/* Is there memory of another node than 0? */
bool page_affinity_has_nodes(void);
/* The node of M. Bound: a look at each range. */
unsigned page_affinity_node(mfn_t m);
/* Are all 2^ORDER frames from M on in one range, or in none? */
bool page_affinity_is_one_node(mfn_t m, unsigned order);

/*
 * Domain DOMID, or for FRAME_NO_DOMAIN the hypervisor, gets frames as A says from now on, with NULL any. While nobody
 * allocates for it. -XEN_ENOSPC: as many others do as there can be domains.
 */
MUST_USE int page_affinity_set(uint16_t domid, const struct page_affinity *a);
/* NULL: any. Bound: a look at each domain's. */
const struct page_affinity *page_affinity_of(uint16_t domid);
/* Nobody has one, and there is one colour and one node: a test begins anew. */
void page_affinity_reset(void);

/*
 * "0-3,8", ranges and numbers of colours, ascending, as Xen's "llc-colors" writes them. -XEN_EINVAL: it is no such text.
 * -XEN_ERANGE: one is not below COUNT.
 */
MUST_USE int page_affinity_read_colours(const char *text, size_t size, unsigned count, struct page_affinity *a);

#endif
