/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of one domain in the address space of another that controls it. Such a mapping is made by the right of the
 * domain whose page it is (bh/ownership.h): control lends that right, and who may have control is not asked here
 * (bh/control.h). The owner's structure outlives its mappings.
 */
#ifndef BH_FOREIGN_H
#define BH_FOREIGN_H

#include "bh/types.h"

struct domain;

/*
 * Memory of OWNER, its page THEIRS, appears at D's page G in the place of whatever is there. OWNER is held by
 * domain_get(). -XEN_EINVAL: it has no memory there. As physmap_put().
 */
MUST_USE int foreign_map_page(struct domain *d, gfn_t g, struct domain *owner, gfn_t theirs);
/* The same with frame INDEX of OWNER's grant table; ID: of the entries, or the states. As grant_resource_frame(). */
MUST_USE int foreign_map_grant_table(struct domain *d, gfn_t g, struct domain *owner, uint32_t id, uint64_t index);
/* Such a mapping of M is gone. May be called with any lock below LOCK_HEAP held. */
void foreign_release(mfn_t m);

#endif
