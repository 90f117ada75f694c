/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's grant table as a whole: its life, its growth, its version, and where it appears.
 */
#include "bh/grant.h"

#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/physmap.h"
#include "bh/window.h"
#include "lib/string.h"

/* ---- Life and growth ---- */

static uint32_t status_frames_for(uint32_t frames)
{
    return (uint32_t)((frames * GRANT_V2_PER_FRAME + GRANT_STATUS_PER_FRAME - 1) / GRANT_STATUS_PER_FRAME);
}

static int add_status_frames(struct domain *d, struct grant_table *t, uint32_t wanted) REQUIRES(t->lock)
{
    int err = 0;

    while (err == 0 && t->status_count < wanted) {
        err = frame_alloc_shared(d->id, &t->status[t->status_count]);
        t->status_gfn[t->status_count] = PHYSMAP_NOWHERE;
        t->status_count += err == 0;
    }
    return err;
}

/* At least COUNT frames. -XEN_EINVAL: more than there may be. -XEN_ENOMEM: it has grown as far as it could. */
static int grow(struct domain *d, struct grant_table *t, uint32_t count) REQUIRES(t->lock)
{
    int err = count > CONFIG_MAX_GRANT_FRAMES ? -XEN_EINVAL : 0;

    if (err == 0 && t->version == 2) {
        err = add_status_frames(d, t, status_frames_for(count));
    }
    while (err == 0 && t->frame_count < count) {
        err = frame_alloc_shared(d->id, &t->frame[t->frame_count]);
        if (err == 0) {
            t->frame_gfn[t->frame_count] = PHYSMAP_NOWHERE;
            t->frame_count++;
        }
    }
    return err;
}

static void free_table(struct grant_table *t)
{
    for (uint32_t i = 0; i < t->frame_count; i++) {
        (void)frame_put(t->frame[i]);
    }
    for (uint32_t i = 0; i < t->status_count; i++) {
        (void)frame_put(t->status[i]);
    }
    for (unsigned i = 0; i < GRANT_ACTIVE_PAGES; i++) {
        heap_free(t->active[i], PAGE_SIZE);
    }
    for (unsigned i = 0; i < GRANT_MAPPING_PAGES; i++) {
        heap_free(t->mapping[i], PAGE_SIZE);
    }
    heap_free(t, sizeof(*t));
}

struct grant_table *grant_table_of(struct domain *d)
{
    struct grant_table *t = __atomic_load_n(&d->grant, __ATOMIC_ACQUIRE), *none = NULL;
    int err;

    if (likely(t != NULL)) {
        return t;
    }
    t = heap_alloc(sizeof(*t), d->id);
    if (t == NULL) {
        return NULL;
    }
    spinlock_init(&t->lock, LOCK_GRANT);
    t->version = 1;
    spin_lock(&t->lock);
    err = grow(d, t, 1);
    spin_unlock(&t->lock);
    if (err != 0) {
        free_table(t);
        return NULL;
    }
    if (!__atomic_compare_exchange_n(&d->grant, &none, t, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        /* Another vCPU was faster. */
        free_table(t);
        return none;
    }
    return t;
}

int grant_reserved(struct domain *d, uint32_t reference, uint16_t grantee, gfn_t g)
{
    struct grant_table *t = grant_table_of(d);
    struct grant_entry_v1 *entries;

    if (t == NULL) {
        return -XEN_ENOMEM;
    }
    entries = window_open(t->frame[0]);
    entries[reference] = (struct grant_entry_v1){ .flags = GTF_permit_access, .domid = grantee, .frame = (uint32_t)g.n };
    window_close(entries);
    return 0;
}

bool grant_is_pinned(struct domain *d)
{
    const struct grant_table *t = __atomic_load_n(&d->grant, __ATOMIC_ACQUIRE);

    return t != NULL && __atomic_load_n(&t->live, __ATOMIC_ACQUIRE) != 0;
}

void grant_domain_free(struct domain *d)
{
    if (d->grant != NULL) {
        free_table(d->grant);
        d->grant = NULL;
    }
}

/* ---- Where the table appears ---- */

/* Frame INDEX of the entries, or of the states, which is made if there can be one. */
static int find_frame(struct domain *d, struct grant_table *t, bool is_status, uint64_t index, mfn_t *m) REQUIRES(t->lock)
{
    int err = 0;

    if (is_status) {
        if (t->version != 2 || index >= GRANT_STATUS_FRAMES_MAX) {
            return -XEN_EINVAL;
        }
        if (index >= t->status_count) {
            /* As many frames as have their states up to there. */
            uint64_t frames = ((index + 1) * GRANT_STATUS_PER_FRAME + GRANT_V2_PER_FRAME - 1) / GRANT_V2_PER_FRAME;

            err = grow(d, t, (uint32_t)MIN(frames, (uint64_t)CONFIG_MAX_GRANT_FRAMES));
        }
        if (err == 0 && index >= t->status_count) {
            err = -XEN_EINVAL;
        }
    } else if (index >= CONFIG_MAX_GRANT_FRAMES) {
        err = -XEN_EINVAL;
    } else {
        err = grow(d, t, MAX(t->frame_count, (uint32_t)index + 1));
    }
    if (err == 0) {
        *m = is_status ? t->status[index] : t->frame[index];
    }
    return err;
}

static int map_frame(struct domain *d, bool is_status, uint64_t index, gfn_t g)
{
    struct grant_table *t = grant_table_of(d);
    mfn_t m;
    int err;

    if (t == NULL) {
        return -XEN_ENOMEM;
    }
    spin_lock(&t->lock);
    err = find_frame(d, t, is_status, index, &m);
    if (err == 0) {
        err = physmap_map_shared(d, m, g, is_status ? &t->status_gfn[index] : &t->frame_gfn[index]);
    }
    spin_unlock(&t->lock);
    return err;
}

static void forget_place(const mfn_t *frame, uint64_t *at, uint32_t count, gfn_t g, mfn_t m)
{
    for (uint32_t i = 0; i < count; i++) {
        if (frame[i].n == m.n && __atomic_load_n(&at[i], __ATOMIC_RELAXED) == g.n) {
            __atomic_store_n(&at[i], PHYSMAP_NOWHERE, __ATOMIC_RELAXED);
        }
    }
}

/* The table's lock may be held: a frame of it took the place of another one. */
void grant_table_unmapped(struct domain *d, gfn_t g, mfn_t m)
{
    struct grant_table *t = d->grant;

    if (t != NULL) {
        forget_place(t->frame, t->frame_gfn, t->frame_count, g, m);
        forget_place(t->status, t->status_gfn, t->status_count, g, m);
    }
}

/* Req: BH-GNT-001 */
int grant_map_table(struct domain *d, uint64_t index, gfn_t g)
{
    return map_frame(d, (index & XENMAPIDX_grant_table_status) != 0, index & ~(uint64_t)XENMAPIDX_grant_table_status, g);
}

uint32_t grant_resource_size(struct domain *d, uint32_t id)
{
    (void)d;
    switch (id) {
    case XENMEM_resource_grant_table_id_shared:
        return CONFIG_MAX_GRANT_FRAMES;
    case XENMEM_resource_grant_table_id_status:
        return GRANT_STATUS_FRAMES_MAX;
    default:
        return 0;
    }
}

int grant_map_resource(struct domain *d, uint32_t id, uint64_t index, gfn_t g)
{
    if (id > XENMEM_resource_grant_table_id_status) {
        return -XEN_EINVAL;
    }
    return map_frame(d, id == XENMEM_resource_grant_table_id_status, index, g);
}

int grant_resource_frame(struct domain *d, uint32_t id, uint64_t index, mfn_t *m)
{
    struct grant_table *t = grant_table_of(d);
    int err;

    if (id > XENMEM_resource_grant_table_id_status) {
        return -XEN_EINVAL;
    }
    if (t == NULL) {
        return -XEN_ENOMEM;
    }
    spin_lock(&t->lock);
    err = t->closed ? -XEN_EINVAL : find_frame(d, t, id == XENMEM_resource_grant_table_id_status, index, m);
    if (err == 0) {
        err = frame_map(*m, d->id, NULL, true);
    }
    spin_unlock(&t->lock);
    return err;
}

/* ---- Its size and version ---- */

int grant_grow(struct domain *d, struct grant_table *t, uint32_t count)
{
    int err;

    spin_lock(&t->lock);
    err = grow(d, t, MAX(t->frame_count, count));
    spin_unlock(&t->lock);
    return err;
}

/* Everything but the reserved entries is forgotten, in the table's present form. */
static void clear_entries(struct grant_table *t, size_t reserved) REQUIRES(t->lock)
{
    for (uint32_t i = 0; i < t->frame_count; i++) {
        char *p = window_open(t->frame[i]);
        size_t kept = i == 0 ? reserved : 0;

        memset(p + kept, 0, PAGE_SIZE - kept);
        window_close(p);
    }
}

/* The reserved entries change their form. */
static void convert_reserved(struct grant_table *t, unsigned to) REQUIRES(t->lock)
{
    struct grant_entry_v1 *v1, old1[GNTTAB_NR_RESERVED_ENTRIES];
    union grant_entry_v2 *v2, old2[GNTTAB_NR_RESERVED_ENTRIES];

    if (to == 2) {
        v1 = window_open(t->frame[0]);
        memcpy(old1, v1, sizeof(old1));
        v2 = (union grant_entry_v2 *)v1;
        memset(v2, 0, sizeof(old2));
        for (unsigned i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
            v2[i].full_page.hdr.flags = old1[i].flags & (GTF_type_mask | GTF_readonly);
            v2[i].full_page.hdr.domid = old1[i].domid;
            v2[i].full_page.frame = old1[i].frame;
        }
    } else {
        v2 = window_open(t->frame[0]);
        memcpy(old2, v2, sizeof(old2));
        v1 = (struct grant_entry_v1 *)v2;
        memset(v1, 0, sizeof(old2));
        for (unsigned i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
            bool fits = (old2[i].hdr.flags & (GTF_type_mask | GTF_sub_page)) == GTF_permit_access;

            v1[i].flags = fits ? old2[i].hdr.flags & (GTF_type_mask | GTF_readonly) : 0;
            v1[i].domid = old2[i].hdr.domid;
            v1[i].frame = (uint32_t)old2[i].full_page.frame;
        }
    }
    window_close(v1);
}

/* Req: BH-GNT-007 */
int grant_set_version(struct domain *d, uint32_t *version)
{
    struct grant_table *t = grant_table_of(d);
    uint32_t wanted = *version;
    int err = 0;

    if (t == NULL) {
        return -XEN_ENOMEM;
    }
    spin_lock(&t->lock);
    if (wanted != 1 && wanted != 2) {
        err = -XEN_EINVAL;
    } else if (wanted != t->version) {
        if (t->live != 0) {
            err = -XEN_EBUSY;
        }
        if (err == 0 && wanted == 2) {
            err = add_status_frames(d, t, status_frames_for(t->frame_count));
        }
        if (err == 0) {
            convert_reserved(t, wanted);
            clear_entries(t, GNTTAB_NR_RESERVED_ENTRIES *
                             (wanted == 2 ? sizeof(union grant_entry_v2) : sizeof(struct grant_entry_v1)));
            t->version = (uint8_t)wanted;
        }
        while (t->version == 1 && t->status_count != 0) {
            (void)frame_put(t->status[--t->status_count]);
        }
    }
    *version = t->version;
    spin_unlock(&t->lock);
    return err;
}
