/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant tables: every operation, on entries and handles that are mostly there; and the entries that guests write into
 * their tables.
 */
#include "hypercalls.h"

#include "bh/physmap.h"

/* Entries that guests write. */
#define REFERENCE_FIRST 8
#define REFERENCE_COUNT 32

static uint32_t any_reference(void)
{
    unsigned kind = byte();

    return kind < 230 ? REFERENCE_FIRST + kind % REFERENCE_COUNT : kind < 250 ? kind % 16 * 100 : (uint32_t)number();
}

/* ---- Entries ---- */

/* Where the entry is in the owner's eyes: the table's first frames, which it maps if they are nowhere yet. */
static void *open_entry(struct domain *d, uint32_t reference, size_t size, mfn_t *m)
{
    const struct grant_table *t = d->grant;
    uint32_t index = reference / (uint32_t)(PAGE_SIZE / size);

    if (t == NULL || index >= t->frame_count) {
        return NULL;
    }
    if (t->frame_gfn[index] == PHYSMAP_NOWHERE && grant_map_table(d, index, gfn(any_place())) != 0) {
        return NULL;
    }
    *m = t->frame[index];
    return (char *)host_peek(*m) + reference % (PAGE_SIZE / size) * size;
}

static uint16_t any_flags(void)
{
    unsigned kind = byte();

    if (kind < 160) {
        return GTF_permit_access;
    }
    if (kind < 210) {
        return GTF_permit_access | GTF_readonly;
    }
    return kind < 225 ? 0 : kind < 230 ? GTF_accept_transfer : kind < 240 ? GTF_transitive : (uint16_t)number();
}

static void write_v1(struct domain *d, uint32_t reference)
{
    mfn_t m;
    struct grant_entry_v1 *e = open_entry(d, reference, sizeof(*e), &m);

    if (e != NULL) {
        *e = (struct grant_entry_v1){ .flags = any_flags(), .domid = any_domid(d),
                                      .frame = (uint32_t)(once_in(8) ? any_page() : any_ram(d)) };
        e->domid = e->domid == DOMID_SELF ? d->id : e->domid;
        host_peek_end(m);
    }
}

static void write_v2(struct domain *d, uint32_t reference)
{
    mfn_t m;
    union grant_entry_v2 *e = open_entry(d, reference, sizeof(*e), &m);

    if (e != NULL) {
        memset(e, 0, sizeof(*e));
        e->hdr.flags = any_flags();
        e->hdr.domid = any_domid(d);
        e->hdr.domid = e->hdr.domid == DOMID_SELF ? d->id : e->hdr.domid;
        e->full_page.frame = once_in(8) ? any_page() : any_ram(d);
        if (once_in(3)) {
            e->hdr.flags |= GTF_sub_page;
            e->sub_page.page_off = (uint16_t)(once_in(8) ? number() : byte() * 8);
            e->sub_page.length = (uint16_t)(once_in(8) ? number() : byte() * 8);
        }
        host_peek_end(m);
    }
}

void grant_write(struct vcpu *v)
{
    struct domain *d = v->domain;
    unsigned count = 1 + byte() % 16;

    if (grant_table_of(d) == NULL) {
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        uint32_t reference = any_reference();

        if (d->grant->version == 1) {
            write_v1(d, reference);
        } else {
            write_v2(d, reference);
        }
    }
}

/* An entry of the owner's that permits D to use it, if a look at a few finds one. */
static uint32_t usable_reference(const struct domain *d, uint16_t domid)
{
    struct domain *owner = domain_get(domid == DOMID_SELF ? d->id : domid);
    uint32_t reference = any_reference();

    if (owner == NULL || owner->grant == NULL) {
        if (owner != NULL) {
            domain_put(owner);
        }
        return reference;
    }
    for (unsigned tries = 0; tries < REFERENCE_COUNT && reference < REFERENCE_FIRST + REFERENCE_COUNT; tries++) {
        size_t size = owner->grant->version == 1 ? sizeof(struct grant_entry_v1) : sizeof(union grant_entry_v2);
        uint32_t at = REFERENCE_FIRST + (reference + tries) % REFERENCE_COUNT;
        const char *page = host_peek(owner->grant->frame[0]);
        struct grant_entry_header h;

        memcpy(&h, page + at * size, sizeof(h));
        host_peek_end(owner->grant->frame[0]);
        if ((h.flags & GTF_type_mask) == GTF_permit_access && h.domid == d->id) {
            reference = at;
            break;
        }
    }
    domain_put(owner);
    return reference;
}

/* ---- Lists ---- */

#define LIST_MAX 6

static void list(struct vcpu *v, struct call *c, const void *elements, size_t size, unsigned count,
                 size_t status_offset)
{
    c->a[1] = put_new(v, elements, size * count);
    c->a[2] = once_in(64) ? number() : count;
    c->status_at = c->a[1] + status_offset;
    c->status_stride = (unsigned)size;
    c->status_count = count;
}

static void map(struct vcpu *v, struct call *c, unsigned count)
{
    struct gnttab_map_grant_ref op[LIST_MAX];

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < count; i++) {
        unsigned kind = byte();

        op[i].dom = any_domid(v->domain);
        op[i].dom = op[i].dom == DOMID_SELF && kind % 8 != 0 ? v->domain->id : op[i].dom;
        op[i].ref = usable_reference(v->domain, op[i].dom);
        op[i].flags = kind < 150   ? GNTMAP_host_map
                      : kind < 240 ? GNTMAP_host_map | GNTMAP_readonly
                                   : (uint32_t)number();
        op[i].host_addr = (kind % 8 < 6 ? any_place() : kind % 8 == 6 ? any_ram(v->domain) : any_page()) << PAGE_SHIFT;
        op[i].status = 1;
    }
    list(v, c, op, sizeof(op[0]), count, offsetof(struct gnttab_map_grant_ref, status));
}

static void unmap(struct vcpu *v, struct call *c, unsigned count)
{
    const struct grant_table *t = v->domain->grant;
    struct gnttab_unmap_grant_ref op[LIST_MAX];

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < count; i++) {
        uint32_t handles = t != NULL ? t->mapping_count : 0, handle = handles != 0 ? byte() % handles : byte();

        for (uint32_t tries = 0; tries < handles; tries++) {
            const struct grant_mapping *page = t->mapping[handle / GRANT_MAPPING_PER_PAGE];
            const struct grant_mapping *m = &page[handle % GRANT_MAPPING_PER_PAGE];

            if (m->flags != 0) {
                op[i].host_addr = (m->gfn << PAGE_SHIFT) + byte() % 8;
                break;
            }
            handle = (handle + 1) % handles;
        }
        op[i].handle = once_in(32) ? (uint32_t)number() : handle;
        op[i].host_addr = once_in(16) ? any_page() << PAGE_SHIFT : op[i].host_addr;
        op[i].dev_bus_addr = once_in(8) ? number() : 0;
        op[i].status = 1;
    }
    list(v, c, op, sizeof(op[0]), count, offsetof(struct gnttab_unmap_grant_ref, status));
}

static void side(struct vcpu *v, struct gnttab_copy_ptr *s, bool is_grant)
{
    if (is_grant) {
        s->domid = any_domid(v->domain);
        s->u.ref = usable_reference(v->domain, s->domid);
    } else {
        s->domid = once_in(16) ? any_domid(v->domain) : DOMID_SELF;
        s->u.gmfn = once_in(16) ? any_page() : any_ram(v->domain);
    }
    s->offset = (uint16_t)(once_in(16) ? number() : byte() * 8);
}

static void copy(struct vcpu *v, struct call *c, unsigned count)
{
    struct gnttab_copy op[LIST_MAX];

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < count; i++) {
        op[i].flags = (uint16_t)(once_in(64) ? number() : byte() % 4);
        side(v, &op[i].source, (op[i].flags & GNTCOPY_source_gref) != 0);
        side(v, &op[i].dest, (op[i].flags & GNTCOPY_dest_gref) != 0);
        op[i].len = (uint16_t)(once_in(16) ? number() : byte() * 8);
        op[i].status = 1;
    }
    list(v, c, op, sizeof(op[0]), count, offsetof(struct gnttab_copy, status));
}

static void swap(struct vcpu *v, struct call *c, unsigned count)
{
    struct gnttab_swap_grant_ref op[LIST_MAX];

    for (unsigned i = 0; i < count; i++) {
        op[i] = (struct gnttab_swap_grant_ref){ .ref_a = any_reference(), .ref_b = any_reference(), .status = 1 };
    }
    list(v, c, op, sizeof(op[0]), count, offsetof(struct gnttab_swap_grant_ref, status));
}

static void cache_flush(struct vcpu *v, struct call *c, unsigned count)
{
    struct gnttab_cache_flush op[LIST_MAX];

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < count; i++) {
        op[i].a.dev_bus_addr = (byte() % 4 == 0 ? any_place() : any_ram(v->domain)) << PAGE_SHIFT;
        op[i].op = once_in(16) ? (uint32_t)number() : byte() % 4;
        op[i].offset = (uint16_t)(once_in(16) ? number() : byte() * 8);
        op[i].length = (uint16_t)(once_in(16) ? number() : byte() * 8);
    }
    list(v, c, op, sizeof(op[0]), count, 0);
    c->status_at = 0;
}

/* ---- One at a time ---- */

static uint32_t any_frame_count(void)
{
    return once_in(16) ? (uint32_t)number() : byte() % 6;
}

static void one(struct vcpu *v, struct call *c)
{
    union {
        struct gnttab_setup_table setup;
        struct gnttab_query_size query;
        struct gnttab_set_version set_version;
        struct gnttab_get_status_frames status_frames;
        struct gnttab_get_version get_version;
        struct gnttab_dump_table dump;
    } u;
    uint64_t frames = room(6 * sizeof(uint64_t));

    memset(&u, 0, sizeof(u));
    c->a[2] = once_in(32) ? number() : 1;
    switch (c->a[0]) {
    case GNTTABOP_setup_table:
        u.setup = (struct gnttab_setup_table){ .dom = own_domid(v->domain, 8), .nr_frames = any_frame_count(),
                                               .status = 1 };
        *(uint64_t *)&u.setup.frame_list = frames;
        c->status_at = offsetof(struct gnttab_setup_table, status);
        break;
    case GNTTABOP_query_size:
        u.query.dom = own_domid(v->domain, 8);
        u.query.status = 1;
        c->status_at = offsetof(struct gnttab_query_size, status);
        break;
    case GNTTABOP_set_version:
        u.set_version.version = once_in(16) ? (uint32_t)number() : 1 + byte() % 2;
        break;
    case GNTTABOP_get_status_frames:
        u.status_frames = (struct gnttab_get_status_frames){ .nr_frames = any_frame_count() % 3,
                                                             .dom = own_domid(v->domain, 8), .status = 1 };
        *(uint64_t *)&u.status_frames.frame_list = frames;
        c->status_at = offsetof(struct gnttab_get_status_frames, status);
        break;
    case GNTTABOP_get_version:
        u.get_version.dom = own_domid(v->domain, 8);
        break;
    default:
        break;
    }
    c->a[1] = put_new(v, &u, sizeof(u));
    c->status_at += c->status_at != 0 ? c->a[1] : 0;
    c->status_count = 1;
}

void grant_call(struct vcpu *v, struct call *c)
{
    static const uint8_t operations[] = {
        GNTTABOP_map_grant_ref, GNTTABOP_map_grant_ref, GNTTABOP_map_grant_ref, GNTTABOP_map_grant_ref,
        GNTTABOP_unmap_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_unmap_grant_ref,
        GNTTABOP_copy, GNTTABOP_copy, GNTTABOP_copy, GNTTABOP_copy, GNTTABOP_setup_table, GNTTABOP_query_size,
        GNTTABOP_swap_grant_ref, GNTTABOP_set_version, GNTTABOP_get_status_frames, GNTTABOP_get_version,
        GNTTABOP_cache_flush, GNTTABOP_transfer, GNTTABOP_unmap_and_replace,
    };
    unsigned kind = byte(), count = 1 + byte() % LIST_MAX;

    c->number = __HYPERVISOR_grant_table_op;
    c->a[0] = kind >= 252 ? number() : operations[kind % ARRAY_COUNT(operations)];
    switch (c->a[0]) {
    case GNTTABOP_map_grant_ref:
        map(v, c, count);
        break;
    case GNTTABOP_unmap_grant_ref: case GNTTABOP_unmap_and_replace:
        unmap(v, c, count);
        break;
    case GNTTABOP_copy:
        copy(v, c, count);
        break;
    case GNTTABOP_swap_grant_ref:
        swap(v, c, count);
        break;
    case GNTTABOP_cache_flush:
        cache_flush(v, c, count);
        break;
    default:
        one(v, c);
        break;
    }
}
