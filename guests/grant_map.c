/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of granted pages. Alone, a partition grants pages to itself; with "role=" on the command line two partitions
 * share them: role 1 grants, role 2 maps and copies, and they take turns (xen_guest.h).
 */
#include "xen_guest.h"

#define REF 10
#define MAP_GFN (GRANT_GFN + 0x100)
#define MAP_WINDOW 64
#define HANDLE_NONE 0xffffffffu
#define STATUS_UNTOUCHED 0x55

void *memcpy(void *to, const void *from, size_t size);

static volatile uint8_t pages[4][PAGE] PAGES;
static volatile uint8_t over[PAGE] PAGES; /* a page of memory that is mapped over, and lost */
static uint16_t self;

static struct gnttab_map_grant_ref map_one(uint64_t address, uint32_t flags, uint32_t ref, uint16_t domid,
                                           int64_t *result)
{
    struct gnttab_map_grant_ref m = { .host_addr = address, .flags = flags, .ref = ref, .dom = domid,
                                      .status = STATUS_UNTOUCHED, .handle = HANDLE_NONE };

    *result = grant_op(GNTTABOP_map_grant_ref, &m, 1);
    return m;
}

static uint32_t map_say(const char *name, uint64_t address, uint32_t flags, uint32_t ref, uint16_t domid)
{
    int64_t result;
    struct gnttab_map_grant_ref m = map_one(address, flags, ref, domid, &result);

    say("map %s: %ld, status %d, %s\n", name, result, m.status, m.handle == HANDLE_NONE ? "no handle" : "a handle");
    return m.handle;
}

static void unmap_say(const char *name, uint64_t address, uint32_t handle)
{
    struct gnttab_unmap_grant_ref u = { .host_addr = address, .handle = handle, .status = STATUS_UNTOUCHED };
    int64_t result = grant_op(GNTTABOP_unmap_grant_ref, &u, 1);

    say("unmap %s: %ld, status %d\n", name, result, u.status);
}

static void entry_say(const char *name, uint32_t ref)
{
    if (grant_v1 != NULL) {
        say("entry %s: %s\n", name, grant_flags(grant_v1[ref].flags));
    }
}

/*
 * What the guest physical page shows: its first byte, whether it takes a write, or the exception. Xen 4.17 tries a
 * write to a page that is mapped read-only again and again for ever, so it is made with "harsh=1" only.
 */
static void look(const char *name, uint64_t gfn, bool is_read_only)
{
    volatile uint8_t *at = window_page(MAP_WINDOW, WINDOW_READ_WRITE, gfn);
    struct caught c;
    uint8_t byte;

    catch_begin();
    byte = read8((uint64_t)at);
    if (catch_end(&c)) {
        say("page %s: read %s\n", name, caught_name(&c));
        return;
    }
    if (is_read_only && !arg_is("harsh", "1")) {
        say("page %s: read 0x%x\n", name, byte);
        return;
    }
    catch_begin();
    write8((uint64_t)at + 1, (uint8_t)(byte + 1));
    catch_end(&c);
    say("page %s: read 0x%x, write %s\n", name, byte, caught_name(&c));
}

/* Everything that is refused, with the entry as it is left. */
static void refused(void)
{
    static const struct { const char *name; uint32_t flags; } flags[] = {
        { "without flags", 0 }, { "read-only alone", GNTMAP_readonly }, { "for devices", GNTMAP_device_map },
        { "for devices and the host", GNTMAP_device_map | GNTMAP_host_map },
        { "for an application", GNTMAP_host_map | GNTMAP_application_map },
        { "by table entry", GNTMAP_host_map | GNTMAP_contains_pte }, { "flag 5", GNTMAP_host_map | 1u << 5 },
        { "flag 16", GNTMAP_host_map | 1u << 16 }, { "flag 31", GNTMAP_host_map | 1u << 31 },
    };
    static const struct { const char *name; uint16_t flags; uint32_t frame; bool is_ours; } entries[] = {
        { "an invalid entry", 0, 0, true }, { "a transfer entry", GTF_accept_transfer, 0, true },
        { "a part", GTF_permit_access | GTF_sub_page, 0, true },
        { "write-through", GTF_permit_access | GTF_PWT, 0, true },
        { "uncached", GTF_permit_access | GTF_PCD, 0, true }, { "with PAT", GTF_permit_access | GTF_PAT, 0, true },
        { "an entry for another", GTF_permit_access, 0, false }, { "no memory", GTF_permit_access, 0xf00000, true },
        { "a device", GTF_permit_access, DEVICE_GFN, true }, { "the grant table", GTF_permit_access, GRANT_GFN, true },
        { "a read-only entry", GTF_permit_access | GTF_readonly, 0, true },
    };
    const uint64_t at = MAP_GFN << PAGE_SHIFT;
    struct bad_pointer bad;
    struct gnttab_map_grant_ref good = { .host_addr = at, .flags = GNTMAP_host_map, .ref = REF, .dom = self };
    uint32_t handle;

    grant_entry(REF, GTF_permit_access, self, gfn_of(pages[0]));
    for (unsigned i = 0; i < ARRAY_COUNT(flags); i++) {
        handle = map_say(flags[i].name, at, flags[i].flags, REF, self);
        entry_say(flags[i].name, REF);
        if (handle != HANDLE_NONE) {
            unmap_say(flags[i].name, at, handle);
        }
    }
    map_say("of DOMID_SELF", at, GNTMAP_host_map, REF, DOMID_SELF);
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        map_say(foreign_domids[i].name, at, GNTMAP_host_map, REF, foreign_domids[i].domid);
    }
    map_say("of the last entry", at, GNTMAP_host_map, 511, self);
    map_say("of an entry behind it", at, GNTMAP_host_map, 512, self);
    map_say("of entry 2^32 - 1", at, GNTMAP_host_map, 0xffffffff, self);
    for (unsigned i = 0; i < ARRAY_COUNT(entries); i++) {
        grant_entry(REF, entries[i].flags, entries[i].is_ours ? self : DOMID_UNUSED,
                    entries[i].frame != 0 ? entries[i].frame : gfn_of(pages[0]));
        handle = map_say(entries[i].name, at, GNTMAP_host_map, REF, self);
        entry_say(entries[i].name, REF);
        if (handle != HANDLE_NONE) {
            unmap_say(entries[i].name, at, handle);
        }
        /* Xen on x86 maps the table's own frame, and with that moves it away: no memory reads as ones there. */
        if (grant_v1[REF].flags == 0xffff) {
            say("the grant table is gone, map it again: %s\n", grant_table_map() ? "yes" : "no");
        }
    }
    for (unsigned i = 0; (bad = bad_input(i, &good, sizeof(good))).name != NULL; i++) {
        say("map, structure at %s: %ld\n", bad.name, grant_op(GNTTABOP_map_grant_ref, bad.address, 1));
        say("unmap, structure at %s: %ld\n", bad.name, grant_op(GNTTABOP_unmap_grant_ref, bad.address, 1));
    }
    unmap_say("handle 2^32 - 1", at, 0xffffffff);
    unmap_say("handle 4096", at, 4096);
    unmap_say("handle 0", at, 0);
}

static void to_oneself(void)
{
    const uint64_t at = MAP_GFN << PAGE_SHIFT;
    struct gnttab_swap_grant_ref swap = { .ref_a = REF, .ref_b = REF + 1, .status = STATUS_UNTOUCHED };
    struct gnttab_unmap_and_replace replace = { .host_addr = at, .new_addr = at + PAGE, .status = STATUS_UNTOUCHED };
    uint32_t first, second, third;
    int64_t result;

    pages[0][0] = 0xa1;
    pages[0][1] = 0;
    grant_entry(REF, GTF_permit_access, self, gfn_of(pages[0]));
    look("before", MAP_GFN, false);
    first = map_say("to write", at, GNTMAP_host_map, REF, self);
    if (first == HANDLE_NONE) {
        return;
    }
    entry_say("mapped to write", REF);
    look("mapped to write", MAP_GFN, false);
    say("its own page has the write: 0x%x\n", pages[0][1]);
    second = map_say("to read elsewhere", at + PAGE, GNTMAP_host_map | GNTMAP_readonly, REF, self);
    look("mapped to read", MAP_GFN + 1, true);
    say("another handle: %s\n", second != first ? "yes" : "no");
    result = grant_op(GNTTABOP_swap_grant_ref, &swap, 1);
    say("swap while mapped: %ld, status %d\n", result, swap.status);
    say("set version 1 while mapped: %ld\n",
        grant_op(GNTTABOP_set_version, &(struct gnttab_set_version){ .version = 1 }, 1));
    third = map_say("to write in the middle of a page", at + 2 * PAGE + 0x123, GNTMAP_host_map, REF, self);
    look("mapped in the middle", MAP_GFN + 2, false);
    unmap_say("at address 0", 0, third);
    look("unmapped at address 0", MAP_GFN + 2, false);
    unmap_say("in the middle", at + 2 * PAGE + 0x456, third);
    look("unmapped in the middle", MAP_GFN + 2, false);
    unmap_say("it again", at + 2 * PAGE, third);
    unmap_say("the first", at, first);
    entry_say("with readers left", REF);
    replace.handle = second;
    replace.host_addr = at + PAGE;
    result = grant_op(GNTTABOP_unmap_and_replace, &replace, 1);
    say("unmap and replace: %ld, status %d\n", result, replace.status);
    replace.new_addr = 0;
    result = grant_op(GNTTABOP_unmap_and_replace, &replace, 1);
    say("unmap and replace by nothing: %ld, status %d\n", result, replace.status);
    look("replaced by nothing", MAP_GFN + 1, false);
    entry_say("at the end", REF);
    /* As long as the first mapping is there the page stays the first. */
    pages[1][0] = 0xb2;
    first = map_say("before the entry changes", at, GNTMAP_host_map | GNTMAP_readonly, REF, self);
    grant_entry(REF, GTF_permit_access | GTF_reading, self, gfn_of(pages[1]));
    second = map_say("of an entry changed while mapped", at + PAGE, GNTMAP_host_map | GNTMAP_readonly, REF, self);
    look("of an entry changed while mapped", MAP_GFN + 1, true);
    unmap_say("it", at + PAGE, second);
    unmap_say("the first", at, first);
    entry_say("changed, unmapped", REF);
}

/* Places that are not the mapping's own; what is left of it is nobody's afterwards. */
static void misplaced(void)
{
    const uint64_t gfn = MAP_GFN + 0x400, at = gfn << PAGE_SHIFT;
    uint32_t first, second;

    grant_entry(REF + 4, GTF_permit_access, self, gfn_of(pages[2]));
    first = map_say("to unmap at a wrong place", at, GNTMAP_host_map, REF + 4, self);
    second = map_say("to unmap at that one's place", at + PAGE, GNTMAP_host_map, REF + 4, self);
    unmap_say("at a wrong place", at + 2 * PAGE, first);
    look("unmapped at a wrong place", gfn, false);
    unmap_say("where it is, after that", at, first);
    unmap_say("at the other's place", at, second);
    unmap_say("where the second is, after that", at + PAGE, second);
    entry_say("unmapped at wrong places", REF + 4);
    grant_entry(REF + 5, GTF_permit_access, self, gfn_of(pages[3]));
    map_say("to be mapped over", at + 4 * PAGE, GNTMAP_host_map, REF + 5, self);
    if (!DEADLY_MAP_OVER || arg_is("harsh", "1")) {
        map_say("over a mapping", at + 4 * PAGE, GNTMAP_host_map, REF + 5, self);
    }
}

/* The granter goes on as if nobody had its page. */
static void released_while_mapped(void)
{
    const uint64_t at = MAP_GFN << PAGE_SHIFT;
    struct xen_memory_reservation give = { .nr_extents = 1, .domid = DOMID_SELF };
    xen_pfn_t gfn = gfn_of(pages[1]);
    uint32_t handle;

    pages[1][0] = 0xb2;
    grant_entry(REF + 2, GTF_permit_access, self, gfn);
    handle = map_say("to be revoked", at, GNTMAP_host_map, REF + 2, self);
    if (handle == HANDLE_NONE) {
        return;
    }
    grant_v1[REF + 2].flags = 0;
    dsb();
    look("revoked", MAP_GFN, false);
    map_say("what is revoked but mapped", at + PAGE, GNTMAP_host_map, REF + 2, self);
    entry_say("revoked but mapped", REF + 2);
    set_xen_guest_handle(give.extent_start, &gfn);
    say("give the page back: %ld\n", memory_op(XENMEM_decrease_reservation, &give));
    look("given back", gfn, false);
    look("mapped of what was given back", MAP_GFN, false);
    unmap_say("what was given back", at, handle);
    look("unmapped of what was given back", MAP_GFN, false);
    entry_say("given back", REF + 2);
}

static void over_memory(void)
{
    struct gnttab_map_grant_ref batch[3];
    uint32_t handle;

    over[0] = 0xc3;
    pages[0][0] = 0xa1;
    grant_entry(REF + 3, GTF_permit_access, self, gfn_of(pages[0]));
    handle = map_say("over memory", (uint64_t)over, GNTMAP_host_map, REF + 3, self);
    if (handle == HANDLE_NONE) {
        return;
    }
    look("over memory", gfn_of(over), false);
    unmap_say("over memory", (uint64_t)over, handle);
    look("of the memory below", gfn_of(over), false);
    handle = map_say("beyond addresses", 1ull << 48, GNTMAP_host_map, REF + 3, self);
    entry_say("mapped beyond addresses", REF + 3);
    if (handle != HANDLE_NONE) {
        unmap_say("beyond addresses", 1ull << 48, handle);
    }
    for (unsigned i = 0; i < 3; i++) {
        batch[i] = (struct gnttab_map_grant_ref){ .host_addr = (MAP_GFN + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
                                                  .ref = i == 1 ? 5000 : REF + 3, .dom = self,
                                                  .status = STATUS_UNTOUCHED };
    }
    say("map three, the second bad: %ld\n", grant_op(GNTTABOP_map_grant_ref, batch, 3));
    say("their status: %d %d %d\n", batch[0].status, batch[1].status, batch[2].status);
    unmap_say("the first", MAP_GFN << PAGE_SHIFT, batch[0].handle);
    unmap_say("the third", (MAP_GFN + 2) << PAGE_SHIFT, batch[2].handle);
    say("map into a read-only structure: %ld\n",
        grant_op(GNTTABOP_map_grant_ref, read_only_copy(&batch[0], sizeof(batch[0])), 1));
    look("mapped without a handle", MAP_GFN, false);
    entry_say("mapped without a handle", REF + 3);
}

/* How often one page may be mapped, up to 399 times. */
static void many(void)
{
    unsigned count = 0;
    struct gnttab_map_grant_ref m;
    int64_t result;

    grant_entry(REF + 1, GTF_permit_access, self, gfn_of(pages[2]));
    do {
        m = map_one((MAP_GFN + 16 + count) << PAGE_SHIFT, GNTMAP_host_map | GNTMAP_readonly, REF + 1, self, &result);
        count++;
    } while (m.status == 0 && result == 0 && count < 400);
    say("mappings of one entry: %u, then %ld, status %d\n", count - 1, result, m.status);
}

static void granter(void)
{
    struct xen_memory_reservation give = { .nr_extents = 1, .domid = DOMID_SELF };
    xen_pfn_t gfn = gfn_of(pages[3]);

    for (unsigned i = 0; i < 4; i++) {
        pages[i][0] = (uint8_t)(0x10 + i);
    }
    grant_entry(REF, GTF_permit_access, (uint16_t)peer, gfn_of(pages[0]));
    grant_entry(REF + 1, GTF_permit_access | GTF_readonly, (uint16_t)peer, gfn_of(pages[1]));
    grant_entry(REF + 2, GTF_permit_access, DOMID_UNUSED, gfn_of(pages[2]));
    grant_entry(REF + 3, GTF_permit_access, (uint16_t)peer, gfn);
    peer_signal();
    if (!peer_wait()) {
        return;
    }
    entry_say("writable, mapped by the other", REF);
    entry_say("read-only, mapped by the other", REF + 1);
    entry_say("that is for nobody", REF + 2);
    say("written by the other: 0x%x\n", pages[0][1]);
    pages[0][2] = 0x77;
    grant_v1[REF + 3].flags = 0;
    set_xen_guest_handle(give.extent_start, &gfn);
    say("give back what the other has: %ld\n", memory_op(XENMEM_decrease_reservation, &give));
    look("given back", gfn, false);
    peer_signal();
    if (!peer_wait()) {
        return;
    }
    entry_say("writable, unmapped", REF);
    entry_say("read-only, unmapped", REF + 1);
    entry_say("revoked, unmapped", REF + 3);
    say("copied by the other: 0x%x 0x%x\n", pages[0][100], pages[0][101]);
    peer_signal();
}

static void copy_say(const char *name, bool to_peer, uint32_t ref)
{
    struct gnttab_copy op = { .len = 2, .status = STATUS_UNTOUCHED };
    int64_t result;

    if (to_peer) {
        op.flags = GNTCOPY_dest_gref;
        op.source.domid = DOMID_SELF;
        op.source.u.gmfn = gfn_of(pages[0]);
        op.dest.domid = (uint16_t)peer;
        op.dest.u.ref = ref;
        op.dest.offset = 100;
    } else {
        op.flags = GNTCOPY_source_gref;
        op.source.domid = (uint16_t)peer;
        op.source.u.ref = ref;
        op.dest.domid = DOMID_SELF;
        op.dest.u.gmfn = gfn_of(pages[1]);
    }
    result = grant_op(GNTTABOP_copy, &op, 1);
    say("copy %s: %ld, status %d, 0x%x\n", name, result, op.status, pages[1][0]);
}

static void mapper(void)
{
    uint32_t handles[4];
    struct gnttab_query_size size = { .dom = (uint16_t)peer, .status = STATUS_UNTOUCHED };
    struct xen_memory_domain domain = { .domid = (uint16_t)peer };
    int64_t result;

    if (!peer_wait()) {
        return;
    }
    pages[0][0] = 0xe1;
    pages[0][1] = 0xe2;
    for (unsigned i = 0; i < 4; i++) {
        handles[i] = map_say("the other's page", (MAP_GFN + i) << PAGE_SHIFT, GNTMAP_host_map, REF + i, (uint16_t)peer);
    }
    handles[1] = map_say("its read-only page to read", (MAP_GFN + 1) << PAGE_SHIFT, GNTMAP_host_map | GNTMAP_readonly,
                         REF + 1, (uint16_t)peer);
    for (unsigned i = 0; i < 4; i++) {
        look("of the other", MAP_GFN + i, i == 1);
    }
    grant_entry(REF, GTF_permit_access, (uint16_t)peer, MAP_GFN);
    peer_signal();
    if (!peer_wait()) {
        return;
    }
    look("of the other, given back there", MAP_GFN + 3, false);
    for (unsigned i = 0; i < 4; i++) {
        if (handles[i] != HANDLE_NONE) {
            unmap_say("the other's page", (MAP_GFN + i) << PAGE_SHIFT, handles[i]);
        }
        look("unmapped", MAP_GFN + i, false);
    }
    map_say("what is revoked", (MAP_GFN + 3) << PAGE_SHIFT, GNTMAP_host_map, REF + 3, (uint16_t)peer);
    copy_say("from the other", false, REF);
    copy_say("from its read-only page", false, REF + 1);
    copy_say("from what is not ours", false, REF + 2);
    copy_say("to the other", true, REF);
    copy_say("to its read-only page", true, REF + 1);
    result = grant_op(GNTTABOP_query_size, &size, 1);
    say("size of its table: %ld, status %d\n", result, size.status);
    say("its memory: %ld\n", memory_op(XENMEM_current_reservation, &domain));
    say("version of its table: %ld\n",
        grant_op(GNTTABOP_get_version, &(struct gnttab_get_version){ .dom = (uint16_t)peer }, 1));
    peer_signal();
    peer_wait();
}

void guest_main(void)
{
    bool pair = arg_number("role", 0) != 0;

    if (pair && !peer_meet()) {
        return;
    }
    if (!grant_table_map()) {
        return;
    }
    if (!pair) {
        self = own_domid();
        refused();
        to_oneself();
        released_while_mapped();
        over_memory();
        many();
        misplaced();
    } else if (role == 1) {
        granter();
    } else {
        mapper();
    }
}
