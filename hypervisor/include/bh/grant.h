/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant tables (grant_table.h): a domain's list of pages that it lets another domain map or copy.
 *
 * The entries are in shared frames, the owner's to write at any time; what is in use of them is remembered here. An
 * entry in use has a pin (bh/ownership.h) that says for whom and how often, and what it stands for: that does not
 * change until the last use ends, whatever the owner writes meanwhile.
 *
 * One lock a domain, LOCK_GRANT, for its entries' pins and for its handles. Two at a time are never needed.
 */
#ifndef BH_GRANT_H
#define BH_GRANT_H

#include "bh/ownership.h"
#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;
struct vcpu;

/* An entry in use: what it stands for while its pin is live. */
struct grant_active {
    struct grant_pin pin;
    uint32_t frame;        /* machine frame; defined while the pin is live, and so are: */
    uint16_t start;        /* first byte that may be copied */
    uint16_t length;       /* bytes; PAGE_SIZE: all, and it may be mapped */
    uint8_t writable;      /* the owner lets the grantee write */
    uint8_t reserved[7];
};

/* A mapping that this domain made of another's page. */
struct grant_mapping {
    uint32_t reference;    /* in use: entry of the other's table. Free: next free handle + 1, or 0 */
    uint16_t domid;        /* whose */
    uint8_t flags;         /* GNTMAP_host_map, GNTMAP_readonly; 0: free */
    uint8_t reserved;
    uint64_t gfn;          /* where */
};

#define GRANT_V1_PER_FRAME      (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANT_V2_PER_FRAME      (PAGE_SIZE / sizeof(union grant_entry_v2))
#define GRANT_STATUS_PER_FRAME  (PAGE_SIZE / sizeof(grant_status_t))
#define GRANT_ACTIVE_PER_PAGE   (PAGE_SIZE / sizeof(struct grant_active))
#define GRANT_MAPPING_PER_PAGE  (PAGE_SIZE / sizeof(struct grant_mapping))
#define GRANT_ENTRIES_MAX       (CONFIG_MAX_GRANT_FRAMES * GRANT_V1_PER_FRAME)
#define GRANT_STATUS_FRAMES_MAX \
    ((CONFIG_MAX_GRANT_FRAMES * GRANT_V2_PER_FRAME + GRANT_STATUS_PER_FRAME - 1) / GRANT_STATUS_PER_FRAME)
#define GRANT_ACTIVE_PAGES      ((GRANT_ENTRIES_MAX + GRANT_ACTIVE_PER_PAGE - 1) / GRANT_ACTIVE_PER_PAGE)
#define GRANT_MAPPING_PAGES     ((CONFIG_MAX_GRANT_MAPPINGS + GRANT_MAPPING_PER_PAGE - 1) / GRANT_MAPPING_PER_PAGE)

/* A domain's part; made when it first asks for it. [lock lock] unless it says otherwise. */
struct grant_table {
    struct spinlock lock;
    uint8_t version;                  /* 1 or 2 */
    bool closed;                      /* the domain dies: nothing is pinned any more */
    uint32_t frame_count;             /* of FRAME */
    uint32_t status_count;            /* of STATUS */
    uint32_t live;                    /* entries with a live pin */
    uint32_t mapping_count;           /* handles that were made */
    uint32_t free_mapping;            /* first free handle + 1, or 0 */
    uint32_t close_from;              /* [reaper] grant_domain_close(): all handles below are free */
    mfn_t frame[CONFIG_MAX_GRANT_FRAMES];     /* the entries; each the hypervisor's, the domain may map it */
    mfn_t status[GRANT_STATUS_FRAMES_MAX];    /* version 2: what is in use */
    uint64_t frame_gfn[CONFIG_MAX_GRANT_FRAMES]; /* [atomic] where the guest has it, or PHYSMAP_NOWHERE */
    uint64_t status_gfn[GRANT_STATUS_FRAMES_MAX]; /* [atomic] */
    struct grant_active *active[GRANT_ACTIVE_PAGES];
    struct grant_mapping *mapping[GRANT_MAPPING_PAGES];
};

/* ---- Life ---- */

/* D's table, made now if it has none; NULL: no memory. */
struct grant_table *grant_table_of(struct domain *d);
/*
 * Ends some of the mappings that dying D made; true: none is left, and no other domain can begin to use D's own
 * entries. Bound: GRANT_CLOSE_STEP.
 */
#define GRANT_CLOSE_STEP 64
bool grant_domain_close(struct domain *d);
/* Reserved entry REFERENCE of D grants page G to GRANTEE, before D runs. -XEN_ENOMEM. */
MUST_USE int grant_reserved(struct domain *d, uint32_t reference, uint16_t grantee, gfn_t g);
/* Does another domain still use an entry of D? D's table has to stay then. */
bool grant_is_pinned(struct domain *d);
void grant_domain_free(struct domain *d);

/* ---- Where a domain's own table appears in its memory ---- */

/*
 * XENMAPSPACE_grant_table: frame INDEX (with XENMAPIDX_grant_table_status: of the states) appears at G; the table
 * grows to have it. -XEN_EINVAL: it cannot. -XEN_EBUSY: it is somewhere else already. As physmap_map().
 */
MUST_USE int grant_map_table(struct domain *d, uint64_t index, gfn_t g);
/* Frame M, which was at D's page G, is not there any more: was it the table's? Bound: the frames of a table. */
void grant_table_unmapped(struct domain *d, gfn_t g, mfn_t m);
/* XENMEM_resource_grant_table: how many frames it has at most for ID; 0: no such ID. */
uint32_t grant_resource_size(struct domain *d, uint32_t id);
MUST_USE int grant_map_resource(struct domain *d, uint32_t id, uint64_t index, gfn_t g);
/* The frame itself, with the reference of a mapping that the caller makes by D's right. As grant_map_table(). */
MUST_USE int grant_resource_frame(struct domain *d, uint32_t id, uint64_t index, mfn_t *m);

/* ---- Between the files of the grant tables ---- */

/* Results are GNTST_*. */

/*
 * ID's domain, the owner of an entry that GRANTEE wants to use, until domain_put(). GNTST_bad_domain: there is none.
 * GNTST_permission_denied: policy.
 */
MUST_USE int grant_get_owner(struct domain *grantee, uint16_t id, struct domain **owner);
/*
 * GRANTEE begins to use entry REFERENCE of OWNER, to write if WRITE, and for a mapping, which takes the whole page, or
 * for a copy; *ACTIVE is what it stands for, constant until grant_release(). OWNER's grant lock is held.
 */
MUST_USE int grant_acquire(struct domain *owner, uint32_t reference, const struct domain *grantee, bool write,
                           bool to_map, struct grant_active **active);
/* One such use ends. OWNER's grant lock is held. */
void grant_release(struct domain *owner, uint32_t reference, bool write);
/* T, D's own, has at least COUNT frames then. -XEN_EINVAL: more than it may have. -XEN_ENOMEM. */
MUST_USE int grant_grow(struct domain *d, struct grant_table *t, uint32_t count);
/*
 * D's table becomes version *VERSION, 1 or 2, but for its reserved entries empty; *VERSION is then what it has.
 * -XEN_EINVAL: another. -XEN_EBUSY: an entry is in use. -XEN_ENOMEM.
 */
MUST_USE int grant_set_version(struct domain *d, uint32_t *version);
/* One operation each; the structure gets its status. */
struct gnttab_map_grant_ref;
struct gnttab_unmap_grant_ref;
struct gnttab_copy;
void grant_map(struct domain *d, struct gnttab_map_grant_ref *op);
void grant_unmap(struct domain *d, struct gnttab_unmap_grant_ref *op);
void grant_copy(struct domain *d, struct gnttab_copy *op);
struct gnttab_swap_grant_ref;
struct gnttab_cache_flush;
void grant_swap(struct domain *d, struct gnttab_swap_grant_ref *op);
/* -XEN_EINVAL: not within a page, nothing is there, by reference. -XEN_EPERM: no memory. */
MUST_USE int grant_cache_flush(struct domain *d, const struct gnttab_cache_flush *op);

#endif
