/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/foreign.h"

#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/physmap.h"

/* M, for which the caller holds the reference of a mapping, appears at G; or the reference is given back. */
static int put(struct domain *d, gfn_t g, struct domain *owner, mfn_t m)
{
    int err;

    domain_lend(owner);
    err = physmap_put(d, g, m, P2M_FOREIGN);
    if (err != 0) {
        foreign_release(m);
    }
    return err;
}

/* Req: BH-CTL-007 */
int foreign_map_page(struct domain *d, gfn_t g, struct domain *owner, gfn_t theirs)
{
    mfn_t m = MFN_INVALID;
    int err;

    spin_lock(&owner->p2m.lock);
    if (!owner->p2m.retired) {
        m = p2m_ram(&owner->p2m, theirs);
    }
    err = mfn_valid(m) ? frame_map(m, owner->id, NULL, true) : -XEN_EINVAL;
    spin_unlock(&owner->p2m.lock);
    return err != 0 ? err : put(d, g, owner, m);
}

int foreign_map_grant_table(struct domain *d, gfn_t g, struct domain *owner, uint32_t id, uint64_t index)
{
    mfn_t m;
    int err = grant_resource_frame(owner, id, index, &m);

    return err != 0 ? err : put(d, g, owner, m);
}

void foreign_release(mfn_t m)
{
    const struct frame *f = frame_lookup(m);
    struct domain *owner = domain_lender(f->charge);
    bool is_memory = f->type == FRAME_RAM;

    if (frame_unmap(m) && is_memory) {
        domain_pages_changed(owner, -1);
    }
    domain_lend_end(owner);
}
