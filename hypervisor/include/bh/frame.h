/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ownership module: for every frame of RAM its owner, its type, who pays for it, and how many references keep
 * it. Whoever maps a frame anywhere holds a reference; a frame goes back to the allocator when the last one is
 * dropped, and only then.
 *
 * Who owns a frame (and may map it) and who is charged for it are separate facts: a vCPU's state frame is owned by
 * the hypervisor and charged to the vCPU's domain.
 */
#ifndef BH_FRAME_H
#define BH_FRAME_H

#include "bh/types.h"

enum frame_type {
    FRAME_NONE = 0,  /* not RAM, or RAM that is not ours to use; the state of a zeroed table */
    FRAME_FREE,      /* first frame of a block on a free list; the block's other frames say FRAME_NONE */
    FRAME_HYP,       /* the hypervisor's own objects */
    FRAME_TABLE,     /* a table of the hypervisor's address space */
    FRAME_P2M,       /* a stage-2 table */
    FRAME_STATE,     /* a vCPU's registers */
    FRAME_RAM,       /* a domain's memory */
    FRAME_SHARED,    /* shared between the hypervisor and the domain (shared info) */
};

#define FRAME_NO_DOMAIN 0xffff

/* 16 bytes, so that the table costs 1/256 of RAM. */
struct frame {
    uint32_t references; /* [atomic] not free: who keeps it. [lock page_alloc] free: number of the previous block */
    uint32_t next;       /* [lock page_alloc] free: number of the next block on the list */
    uint16_t owner;      /* domid that owns it, or FRAME_NO_DOMAIN */
    uint16_t charge;     /* domid that pays for it, or FRAME_NO_DOMAIN */
    uint8_t type;        /* enum frame_type */
    uint8_t order;       /* free: log2 of the block that begins here */
    uint16_t reserved;
};
_Static_assert(sizeof(struct frame) == 16, "frame table entry");

/* Indexed by frame number; backed where there is RAM. Set once at boot. */
extern struct frame *frame_table;

/* A range of physical memory, in bytes. */
struct memory_range {
    uint64_t start, end;
};

/*
 * Boot: the frame table for BANKS exists, is mapped and zeroed. Remembers which frames are RAM. At most
 * FRAME_BANK_COUNT banks are used; the caller warns about more.
 */
#define FRAME_BANK_COUNT 16
void frame_init(const struct memory_range *banks, unsigned count);

/* The entry of frame M, or NULL if M is not RAM. */
struct frame *frame_lookup(mfn_t m);

/*
 * Gives 2^ORDER free frames at M, just taken from the free lists, an owner, a type, a charge and one reference each.
 * Only the allocator's callers below use it.
 */
void frame_assign(mfn_t m, unsigned order, enum frame_type type, uint16_t owner, uint16_t charge);

/*
 * One more reference to M. -XEN_EINVAL: M is not RAM or is free. -XEN_EPERM: it is not OWNER's. -XEN_EBUSY: the count
 * is at its limit.
 */
MUST_USE int frame_get(mfn_t m, uint16_t owner);
/* Drops one reference; the last one frees the frame. The caller must hold it. */
void frame_put(mfn_t m);
/* Drops one reference of each of 2^ORDER frames that were assigned together; a whole block goes back at once. */
void frame_put_block(mfn_t m, unsigned order);

/*
 * Allocation for a purpose. Every frame given out is zeroed first, so that nothing of its last owner is left; with
 * the boot option bootscrub=0 that is skipped for domain memory until the first domain runs.
 * -XEN_ENOMEM: no free block of that order.
 */
MUST_USE int frame_alloc_ram(uint16_t domid, unsigned order, mfn_t *out);
MUST_USE int frame_alloc_p2m(uint16_t domid, unsigned order, mfn_t *out);
MUST_USE int frame_alloc_shared(uint16_t domid, mfn_t *out);
MUST_USE int frame_alloc_state(uint16_t domid, mfn_t *out);
MUST_USE int frame_alloc_table(mfn_t *out);
MUST_USE int frame_alloc_hyp(uint16_t charge, mfn_t *out);

/* Boot option bootscrub: false leaves domain memory unscrubbed until frame_scrub_always() is called. */
void frame_scrub_at_boot(bool scrub);
void frame_scrub_always(void);

#endif
