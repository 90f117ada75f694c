/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain has mapped where: changes to its guest physical address space while it runs. Every frame that appears
 * there comes with a mapping reference of the ownership module; what was there before is released here.
 */
#ifndef BH_PHYSMAP_H
#define BH_PHYSMAP_H

#include "bh/p2m.h"
#include "bh/types.h"

struct domain;
struct grant_pin;

/*
 * Maps M at D's page G as TYPE in the place of whatever is there; PIN: the grant that allows it, or NULL: M is such
 * that D may map it (frame_map()). RAM that was there goes back to the allocator.
 * -XEN_EPERM, -XEN_EBUSY, -XEN_EINVAL: as frame_map(); also G is beyond the address space. -XEN_ENOMEM: no frame for
 * a table. Nothing changed then.
 */
MUST_USE int physmap_map(struct domain *d, gfn_t g, mfn_t m, enum p2m_type type, const struct grant_pin *pin);
/* The same for who holds the reference of the mapping already: it goes to the entry, but for an error. */
MUST_USE int physmap_put(struct domain *d, gfn_t g, mfn_t m, enum p2m_type type);
/*
 * Takes away what is mapped at D's page G, if it is of TYPES, a bit each. RAM goes back to the allocator; what is the
 * hypervisor's stays with it. -XEN_ENOENT: nothing is there. -XEN_EPERM: it is of another type. -XEN_ENOMEM.
 */
MUST_USE int physmap_unmap(struct domain *d, gfn_t g, unsigned types);
/* A grant is taken away by its own operation alone. */
#define PHYSMAP_NOT_GRANTED (P2M_ANY_TYPE & ~(1u << P2M_GRANT | 1u << P2M_GRANT_RO))
/* New RAM, zeroed, 2^ORDER pages at G. -XEN_EEXIST: something is there. -XEN_ENOSPC: D has all that it may. -XEN_ENOMEM. */
MUST_USE int physmap_add(struct domain *d, gfn_t g, unsigned order);
/*
 * The same for a guest that asks for it. Of a domain whose memory is where it is for good, what it had there, as it left
 * it; -XEN_EINVAL: it had none.
 */
MUST_USE int physmap_populate(struct domain *d, gfn_t g, unsigned order);
/*
 * D ends, and no vCPU of it runs any more: the frames that were kept for it, as they were not mapped, are nobody's. True
 * when that is done. Bound: 512 pages, or blocks of them.
 */
bool physmap_forget_kept(struct domain *d);
/*
 * M, a page of the hypervisor's that D may map, is at D's page *PLACE or PHYSMAP_NOWHERE; it appears at G, and *PLACE is
 * that. It is in one place at a time: if the architecture's guests do not expect it to move, -XEN_EBUSY. As physmap_map().
 * A lock of the caller's keeps others from doing that with the same M.
 */
#define PHYSMAP_NOWHERE UINT64_MAX
MUST_USE int physmap_map_shared(struct domain *d, mfn_t m, gfn_t g, uint64_t *place);
/* The same of the domain's shared info page. */
MUST_USE int physmap_map_shared_info(struct domain *d, gfn_t g);

#endif
