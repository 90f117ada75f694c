/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all frames of RAM. Whoever maps a frame anywhere, or keeps it in mind over the end of a trap, holds a
 * reference; a frame goes back to the allocator when the last one is dropped, and only then. What may happen to a
 * frame is said in bh/ownership.h; here it happens atomically, and memory is given out and taken back.
 *
 * Who owns a frame, who is charged for it, and who may map it are separate facts: a vCPU's registers are owned by the
 * hypervisor, charged to the vCPU's domain, and nobody may map them; a frame of a grant table is owned by the
 * hypervisor, charged to a domain, and that domain may map it.
 */
#ifndef BH_FRAME_H
#define BH_FRAME_H

#include "bh/ownership.h"
#include "bh/types.h"

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

/* How many frames of RAM the board has, and the highest number of one. */
uint64_t frame_count(void);
uint64_t frame_highest(void);

/* The entry of frame M, or NULL if M is not RAM. */
struct frame *frame_lookup(mfn_t m);

/*
 * Gives 2^ORDER free frames at M, just taken from the free lists, their facts and one reference each, as
 * ownership_assign(). Only the allocator's callers below use it.
 */
void frame_assign(mfn_t m, unsigned order, enum frame_type type, uint16_t owner, uint16_t charge, uint16_t mapper,
                  bool mapped);

/* One more reference to M. As ownership_reference(); also -XEN_EINVAL if M is not RAM. */
MUST_USE int frame_get(mfn_t m, uint16_t owner);
/* Drops one reference that is no mapping; the last one frees the frame: true. The caller must hold it. */
bool frame_put(mfn_t m);
/*
 * Drops one such reference of each of 2^ORDER frames that were assigned together; a whole block goes back at once. Who
 * has none of a frame cannot come by one while this runs: the caller has the lock by which the frames are found, or
 * nobody finds them any more.
 */
void frame_put_block(mfn_t m, unsigned order);

/* A reference for a mapping of M that the caller makes for DOMID. As ownership_map(); -XEN_EINVAL: M is not RAM. */
MUST_USE int frame_map(mfn_t m, uint16_t domid, const struct grant_pin *pin, bool write);
/* Drops the reference of a mapping that is gone; the last one frees the frame: true. */
bool frame_unmap(mfn_t m);
/* The same for 2^ORDER frames, as frame_put_block(); how many of them were freed. */
uint64_t frame_unmap_block(mfn_t m, unsigned order);

/*
 * Allocation for a purpose. Every frame given out is zeroed first, so that nothing of its last owner is left; with
 * the boot option bootscrub=0 that is skipped for domain memory until the first domain runs.
 * Domain memory comes with the reference of the mapping that is made next (or undone by frame_unmap_block()).
 * -XEN_ENOMEM: no free block of that order.
 */
MUST_USE int frame_alloc_ram(uint16_t domid, unsigned order, mfn_t *out);
struct page_claim;
/* The same, off CLAIM (or NULL) first. */
MUST_USE int frame_alloc_claimed(uint16_t domid, unsigned order, struct page_claim *claim, mfn_t *out);
/* The same of the block at M, which is set apart for DOMID. -XEN_EINVAL: it is not. -XEN_EBUSY: some of it is in use. */
MUST_USE int frame_take_apart(uint16_t domid, mfn_t m, unsigned order);
/*
 * Boot: COUNT frames from M on, which nobody refers to and the allocator does not have, are the hypervisor's for good;
 * partitions map them by a right of their own (bh/shared_memory.h). They are zeroed.
 */
void frame_keep(mfn_t m, uint64_t count);
MUST_USE int frame_alloc_p2m(uint16_t domid, unsigned order, mfn_t *out);
/* Only if CONFIG_IOPORTS: the same of any colours and node, which a table that has to be in one piece cannot choose. */
MUST_USE int frame_alloc_io_map(uint16_t domid, unsigned order, mfn_t *out);
/* The hypervisor's own, which DOMID pays for and may map. */
MUST_USE int frame_alloc_shared(uint16_t domid, mfn_t *out);
MUST_USE int frame_alloc_state(uint16_t domid, mfn_t *out);
MUST_USE int frame_alloc_table(mfn_t *out);
MUST_USE int frame_alloc_hyp(uint16_t charge, mfn_t *out);

/* Boot option bootscrub: false leaves domain memory unscrubbed until frame_scrub_always() is called. */
void frame_scrub_at_boot(bool scrub);
void frame_scrub_always(void);

#endif
