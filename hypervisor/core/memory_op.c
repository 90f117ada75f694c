/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op: what a guest may do to its own physical address space (memory.h).
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

/*
 * Takes away what is mapped at G. RAM goes back to the allocator; anything else that lies there is the hypervisor's,
 * which keeps it.
 */
static int unmap_for_replacement(struct domain *d, gfn_t g)
{
    enum p2m_type type;
    mfn_t m;
    int err = p2m_unmap(&d->p2m, g, &m, &type);

    if (err == -XEN_ENOENT) {
        return 0;
    }
    if (err == 0 && type != P2M_MMIO) {
        frame_put(m);
        __atomic_fetch_sub(&d->page_count, 1, __ATOMIC_RELAXED);
    }
    return err;
}

/* Req: BH-ABI-004, BH-ABI-006 */
/* Maps the domain's shared info page at G. -XEN_EBUSY: it is mapped already. */
static int map_shared_info(struct domain *d, gfn_t g)
{
    int err = 0;

    if (g.n >> (ARCH_P2M_ADDRESS_BITS - PAGE_SHIFT) != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->lock);
    if (d->shared_info_mapped) {
        err = -XEN_EBUSY;
    }
    if (err == 0) {
        err = unmap_for_replacement(d, g);
    }
    if (err == 0) {
        err = frame_get(d->shared_info, d->id);
    }
    if (err == 0) {
        err = p2m_map(&d->p2m, g, d->shared_info, ORDER_4K, P2M_RAM);
        if (err != 0) {
            frame_put(d->shared_info);
        } else {
            d->shared_info_mapped = true;
        }
    }
    spin_unlock(&d->lock);
    return err;
}

/* Req: BH-ABI-005 */
static int64_t add_to_physmap(struct vcpu *v, struct guest_handle arg)
{
    struct xen_add_to_physmap a;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.domid != DOMID_SELF && a.domid != v->domain->id) {
        return -XEN_EPERM;
    }
    if (a.space != XENMAPSPACE_shared_info) {
        return -XEN_ENOSYS;
    }
    if (a.idx != 0) {
        return -XEN_EINVAL;
    }
    return map_shared_info(v->domain, gfn(a.gpfn));
}

int64_t hypercall_memory_op(struct vcpu *v, const uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case XENMEM_add_to_physmap:
        return add_to_physmap(v, guest_handle(a[1]));
    default:
        return -XEN_ENOSYS;
    }
}
