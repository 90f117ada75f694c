/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/physmap.h"

#include "bh/device.h"
#include "bh/domain.h"
#include "bh/foreign.h"
#include "bh/frame.h"
#include "bh/grant.h"

/* The mapping of M as TYPE, which was at D's page G, is gone. */
static void release(struct domain *d, gfn_t g, mfn_t m, enum p2m_type type)
{
    if (CONFIG_CONTROL && type == P2M_FOREIGN) {
        foreign_release(m);
        return;
    }
    if (CONFIG_DEVICES && (type == P2M_MMIO || type == P2M_RESERVED)) {
        device_unmapped(d, m);
    }
    if (!p2m_is_counted(type)) {
        return;
    }
    /* Req: BH-DEV-007, BH-MEM-023 */
    if (DOMAIN_HAS_PLACES && type == P2M_RAM && domain_place(d, g).n == m.n) {
        /* Its devices may know the frame: it stays the domain's, and with it the reference, for physmap_populate(). */
        __atomic_fetch_add(&d->kept_count, 1, __ATOMIC_RELAXED);
        return;
    }
    if (frame_unmap(m) && type == P2M_RAM) {
        domain_pages_changed(d, -1);
    }
    if (type != P2M_SHARED) {
        return;
    }
    if (m.n == d->shared_info.n) {
        uint64_t place = g.n;

        (void)__atomic_compare_exchange_n(&d->shared_info_place, &place, PHYSMAP_NOWHERE, false, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED);
    } else if (CONFIG_GRANT) {
        grant_table_unmapped(d, g, m);
    }
}

int physmap_put(struct domain *d, gfn_t g, mfn_t m, enum p2m_type type)
{
    enum p2m_type old_type;
    mfn_t old;
    int err = p2m_replace(&d->p2m, g, m, type, &old, &old_type);

    if (err == 0 && old_type != P2M_NONE) {
        release(d, g, old, old_type);
    }
    return err;
}

/* Req: BH-MEM-015 */
int physmap_map(struct domain *d, gfn_t g, mfn_t m, enum p2m_type type, const struct grant_pin *pin)
{
    int err = frame_map(m, d->id, pin, type == P2M_GRANT || type == P2M_SHARED || type == P2M_RAM);

    if (err != 0) {
        return err;
    }
    err = physmap_put(d, g, m, type);
    if (err != 0) {
        (void)frame_unmap(m);
    }
    return err;
}

int physmap_unmap(struct domain *d, gfn_t g, unsigned types)
{
    enum p2m_type type;
    mfn_t m;
    int err = p2m_unmap(&d->p2m, g, types, &m, &type);

    if (err == 0) {
        release(d, g, m, type);
    }
    return err;
}

/* Counts COUNT pages to D, unless that would be more than it may have. */
static bool charge(struct domain *d, uint64_t count)
{
    uint64_t now = __atomic_load_n(&d->page_count, __ATOMIC_RELAXED);

    do {
        if (now + count > d->page_limit) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&d->page_count, &now, now + count, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

/* The frames that D had there before, whose references were kept, appear again. All of them or none. */
static int populate_again(struct domain *d, gfn_t g, unsigned order)
{
    uint64_t done = 0;
    int err = 0;

    for (; done < 1UL << order && err == 0; done += err == 0) {
        mfn_t m = domain_place(d, gfn_add(g, done));

        err = mfn_valid(m) ? p2m_map(&d->p2m, gfn_add(g, done), m, ORDER_4K, P2M_RAM) : -XEN_EINVAL;
        if (err == 0) {
            __atomic_fetch_sub(&d->kept_count, 1, __ATOMIC_RELAXED);
        }
    }
    while (err != 0 && done != 0) {
        done--;
        (void)!physmap_unmap(d, gfn_add(g, done), 1u << P2M_RAM);
    }
    return err;
}

/* The page of D's that is number N of those with a place. */
static gfn_t placed_page(const struct domain *d, uint64_t n)
{
    unsigned i = 0;

    while (i < d->place_count && n >= d->place[i].count) {
        n -= d->place[i++].count;
    }
    return i < d->place_count ? gfn_add(d->place[i].g, n) : gfn(UINT64_MAX);
}

#define KEPT_STEP 512

bool physmap_forget_kept(struct domain *d)
{
    for (unsigned i = 0; i < KEPT_STEP && d->kept_count != 0; i++) {
        gfn_t g = placed_page(d, d->kept_next);
        enum p2m_type type = P2M_NONE;
        unsigned order = 0;
        mfn_t m, there;

        if (g.n == UINT64_MAX) {
            d->kept_count = 0;
            break;
        }
        m = domain_place(d, g);
        spin_lock(&d->p2m.lock);
        if (p2m_lookup(&d->p2m, g, &there, &type, &order) != 0 || type != P2M_RAM || there.n != m.n) {
            (void)frame_unmap(m);
            d->kept_count--;
            order = 0;
        }
        spin_unlock(&d->p2m.lock);
        /* A block is mapped as a whole. */
        d->kept_next += (1UL << order) - (g.n & ((1UL << order) - 1));
    }
    return d->kept_count == 0;
}

int physmap_populate(struct domain *d, gfn_t g, unsigned order)
{
    return domain_is_placed(d) ? populate_again(d, g, order) : physmap_add(d, g, order);
}

int physmap_add(struct domain *d, gfn_t g, unsigned order)
{
    uint64_t count = 1UL << order;
    int err = 0;
    mfn_t m;

    if (!charge(d, count)) {
        return -XEN_ENOSPC;
    }
    err = frame_alloc_claimed(d->id, order, CONFIG_CONTROL ? &d->claim : NULL, &m);
    if (err == 0) {
        /* Either all of it is mapped or nothing. */
        uint64_t done = 0, undone = 0;

        while (done < count && err == 0) {
            err = p2m_map(&d->p2m, gfn_add(g, done), mfn_add(m, done), ORDER_4K, P2M_RAM);
            done += err == 0;
        }
        for (uint64_t i = 0; i < count && err != 0; i++) {
            if (i >= done || p2m_unmap_if(&d->p2m, gfn_add(g, i), mfn_add(m, i), P2M_RAM) == 0) {
                undone += frame_unmap(mfn_add(m, i));
            }
        }
        /* What another vCPU gave back meanwhile is counted already; what it keeps is, when it lets go. */
        count = undone;
    }
    if (err != 0) {
        domain_pages_changed(d, -(int64_t)count);
    }
    return err;
}

int physmap_map_shared(struct domain *d, mfn_t m, gfn_t g, uint64_t *place)
{
    uint64_t before = __atomic_load_n(place, __ATOMIC_RELAXED);
    int err;

    if (before != PHYSMAP_NOWHERE && !ARCH_GUEST_MOVES_PAGES) {
        return -XEN_EBUSY;
    }
    if (before == g.n) {
        return 0;
    }
    err = physmap_map(d, g, m, P2M_SHARED, NULL);
    if (err != 0) {
        return err;
    }
    __atomic_store_n(place, g.n, __ATOMIC_RELEASE);
    /* Another vCPU may have taken it away from there meanwhile. */
    if (before != PHYSMAP_NOWHERE && p2m_unmap_if(&d->p2m, gfn(before), m, P2M_SHARED) == 0) {
        (void)frame_unmap(m);
    }
    return 0;
}

/* Req: BH-ABI-004, BH-ABI-006 */
int physmap_map_shared_info(struct domain *d, gfn_t g)
{
    int err;

    spin_lock(&d->lock);
    err = physmap_map_shared(d, d->shared_info, g, &d->shared_info_place);
    spin_unlock(&d->lock);
    return err;
}
