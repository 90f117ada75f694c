/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's stage-2 tables: guest frame to machine frame, in blocks of 4 KiB, 2 MiB and 1 GiB.
 * The walk is common; what a table entry looks like is the architecture's (arch_pte_*).
 */
#ifndef BH_P2M_H
#define BH_P2M_H

#include "arch/arch_types.h"
#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;

/* What a mapping is for; the architecture turns it into permissions and memory attributes. */
enum p2m_type {
    P2M_NONE,
    P2M_MMIO,      /* device memory, no execution */
    P2M_RESERVED,  /* RAM that the board reserves, had like registers: read, write; normal write-back */
    P2M_RAM,       /* read, write, execute; normal write-back */
    P2M_RAM_RO,    /* read, execute */
    P2M_SHARED,    /* a frame of the hypervisor's that the domain may map: read, write; normal write-back */
    P2M_GRANT,     /* another domain's memory, granted: read, write */
    P2M_GRANT_RO,  /* the same: read */
    P2M_FOREIGN,   /* another domain's memory, or its grant table, for who controls that: read, write */
    P2M_TYPE_COUNT,
};

/* A table below the root that a walk came through, so that the next one nearby begins there. */
struct p2m_near {
    uint64_t block; /* 1 + number of the block of addresses that TABLE divides; 0: none */
    mfn_t table;
};

/* A page of RAM that was looked up. */
struct p2m_page {
    uint64_t tag;   /* 1 + the guest's frame number; 0: none */
    uint64_t frame; /* the machine's */
};
#define P2M_PAGE_COUNT 32

/* Frames that p2m_fill_reserve() takes: the shared page wherever a guest wants it takes two tables, and once moved two. */
#define P2M_RESERVE 4

struct p2m {
    struct spinlock lock;  /* LOCK_P2M */
    mfn_t root;            /* [boot] first of the root table's frames */
    uint16_t domid;        /* [boot] who is charged for the tables */
    uint32_t table_count;  /* [lock lock] frames used as tables, the root's included */
    uint32_t table_limit;  /* [lock lock] no more than that */
    uint64_t pool;         /* [lock lock] what p2m_set_pool() was told */
    mfn_t reserve[P2M_RESERVE]; /* [lock lock] zeroed frames for tables, for when the allocator has none */
    uint32_t reserve_count;     /* [lock lock] of them, left */
    uint64_t highest;      /* [atomic] frame number: nothing was ever mapped above it */
    uint64_t reach;        /* [lock lock] frame number: no table was ever made above it */
    gfn_t teardown;        /* [lock lock] where p2m_teardown() goes on */
    bool retired;          /* [lock lock] p2m_teardown() has begun */
    struct p2m_near near[2]; /* [lock lock] of level 2 and of level 3; tables go away by p2m_teardown() alone */
    /* [lock lock] looked up last of those whose numbers end in the same bits; none once it is retired */
    struct p2m_page page[P2M_PAGE_COUNT];
    struct arch_p2m arch;
};

/* Has a mapping of TYPE a reference to its frames? Device registers, and what is had like them, have none. */
static inline bool p2m_is_counted(enum p2m_type type)
{
    return type > P2M_RESERVED;
}

/* May the domain's own hypercalls read their arguments there, and write their results? */
static inline bool p2m_is_readable(enum p2m_type type)
{
    return p2m_is_counted(type);
}

static inline bool p2m_is_writable(enum p2m_type type)
{
    return type == P2M_RAM || type == P2M_SHARED || type == P2M_GRANT || type == P2M_FOREIGN;
}

/*
 * How many frames the tables of a domain with PAGES of memory may take: what its memory needs in pages of 4 KiB, and
 * some for what else appears in its address space, so that scattered mappings use up nobody else's memory.
 */
#define P2M_TABLE_LIMIT(pages) (256 + 2 * ((pages) >> ORDER_2M))

/* Empty tables for domain DOMID, which may grow to TABLE_LIMIT frames. -XEN_ENOMEM. */
MUST_USE int p2m_init(struct p2m *p, uint16_t domid, uint32_t table_limit);

/*
 * P's tables may grow to as many frames as there are in SIZE bytes, and some. -XEN_EINVAL: no whole pages. -XEN_ENOMEM:
 * more than that are in use.
 */
MUST_USE int p2m_set_pool(struct p2m *p, uint64_t size);

/* Takes P2M_RESERVE frames for tables that P will need when nothing is allocated any more. -XEN_ENOMEM. */
MUST_USE int p2m_fill_reserve(struct p2m *p);

/*
 * Maps 2^ORDER pages (ORDER_4K, ORDER_2M or ORDER_1G) at G to M. The caller holds the reference of a mapping
 * (frame_map(), frame_alloc_ram()) to each frame, which goes to the entry. Nothing may be mapped there yet.
 * -XEN_EINVAL: G or M is not aligned to ORDER, or G is beyond the address space. -XEN_EEXIST: something is mapped
 * there. -XEN_ENOMEM: no frame for a table; nothing changed, but tables made on the way stay.
 */
MUST_USE int p2m_map(struct p2m *p, gfn_t g, mfn_t m, unsigned order, enum p2m_type type);

/* Maps COUNT pages with blocks as large as alignment allows. As p2m_map(); what was mapped before an error stays. */
MUST_USE int p2m_map_range(struct p2m *p, gfn_t g, mfn_t m, uint64_t count, enum p2m_type type);

/*
 * Removes the mapping of one page if its type is one of TYPES, a bit each; a larger block around it is split first. The
 * reference that the mapping held goes to the caller with *M. -XEN_ENOENT: nothing is mapped there. -XEN_EPERM: it has
 * another type. -XEN_ENOMEM: no frame to split the block.
 */
MUST_USE int p2m_unmap(struct p2m *p, gfn_t g, unsigned types, mfn_t *m, enum p2m_type *type);
#define P2M_ANY_TYPE (~0u)

/*
 * Maps page G to M, as p2m_map(), whatever is there now; the reference of the mapping that was there goes to the
 * caller with *OLD (*OLD_TYPE is P2M_NONE: there was none). -XEN_EINVAL: G is beyond the address space.
 * -XEN_EBUSY: a granted page is there, which only its own operation takes away. -XEN_ENOMEM: no frame for a table.
 * Nothing changed then.
 */
MUST_USE int p2m_replace(struct p2m *p, gfn_t g, mfn_t m, enum p2m_type type, mfn_t *old, enum p2m_type *old_type);

/* Removes the mapping of page G if it is M as TYPE; its reference goes to the caller. -XEN_ENOENT: it is not. */
MUST_USE int p2m_unmap_if(struct p2m *p, gfn_t g, mfn_t m, enum p2m_type type);

/*
 * What G is mapped to. *ORDER is the order of the block that holds it; *M is the frame of G itself.
 * -XEN_ENOENT: nothing. The answer holds only while p->lock is held.
 */
MUST_USE int p2m_lookup(struct p2m *p, gfn_t g, mfn_t *m, enum p2m_type *type, unsigned *order) REQUIRES(p->lock);

/*
 * May the guest do with G what RIGHTS are for? One that was told that it may not, by a fault, asks again: the fault may
 * be that of an entry that another CPU was changing, and the access is to be tried again. Takes p->lock.
 */
#define P2M_READ    1U
#define P2M_WRITE   2U
#define P2M_EXECUTE 4U
bool p2m_permits(struct p2m *p, gfn_t g, unsigned rights);

/* The frame of G, the domain's own memory to read and write, or MFN_INVALID. The answer holds only while p->lock is held. */
mfn_t p2m_ram(struct p2m *p, gfn_t g) REQUIRES(p->lock);

/* The same for what is looked up again and again: guests' own page tables, and what they point to. */
static ALWAYS_INLINE mfn_t p2m_ram_again(struct p2m *p, gfn_t g) REQUIRES(p->lock)
{
    const struct p2m_page *page = &p->page[g.n & (P2M_PAGE_COUNT - 1)];

    if (ARCH_P2M_REMEMBERS_PAGES && likely(page->tag == 1 + g.n)) {
        return mfn(page->frame);
    }
    return p2m_ram(p, g);
}

/*
 * Takes the tables apart and drops the references that mappings held: 2 MiB of pages, or
 * one larger block, a call. True when nothing is left. No vCPU of the domain may run any more.
 */
bool p2m_teardown(struct p2m *p);

#endif
