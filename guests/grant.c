/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grant table of one partition: its size, versions and frames, copies by grants to oneself, swaps, transfers and
 * cache maintenance, with good and bad arguments. Mappings are grant_map.c's.
 */
#include "xen_guest.h"

#define NOWHERE 0xf00000ull
#define REF 10 /* behind the reserved entries */
#define STATUS_UNTOUCHED 0x55

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

static uint8_t source[PAGE] PAGES, target[PAGE] PAGES, batch_page[PAGE] PAGES;
static uint8_t odd_page[PAGE] PAGES; /* lost in the course of the test */
static uint64_t frames[80] PAGES;
static uint16_t self;

static void size_say(const char *name, uint16_t domid, uint64_t count)
{
    struct gnttab_query_size q = { .dom = domid, .nr_frames = 77, .max_nr_frames = 88, .status = STATUS_UNTOUCHED };
    int64_t result = grant_op(GNTTABOP_query_size, &q, count);

    say("size %s: %ld, status %d, frames %u of %u\n", name, result, q.status, q.nr_frames, q.max_nr_frames);
}

static void setup_say(const char *name, uint16_t domid, uint32_t count, void *list)
{
    struct gnttab_setup_table s = { .dom = domid, .nr_frames = count, .status = STATUS_UNTOUCHED };
    const volatile xen_pfn_t *set_up = (const volatile void *)frames;
    int64_t result;

    memset(frames, 0xaa, sizeof(frames));
    set_xen_guest_handle(s.frame_list, list);
    result = grant_op(GNTTABOP_setup_table, &s, 1);
    say("setup %s: %ld, status %d, frames 0x%lx 0x%lx 0x%lx\n", name, result, s.status, (uint64_t)set_up[0],
        (uint64_t)set_up[1], (uint64_t)set_up[2]);
}

static void status_frames_say(const char *name, uint16_t domid, uint32_t count, void *list)
{
    struct gnttab_get_status_frames s = { .dom = domid, .nr_frames = count, .status = STATUS_UNTOUCHED };
    int64_t result;

    memset(frames, 0xaa, sizeof(frames));
    set_xen_guest_handle(s.frame_list, list);
    result = grant_op(GNTTABOP_get_status_frames, &s, 1);
    say("status frames %s: %ld, status %d, frames 0x%lx 0x%lx\n", name, result, s.status, frames[0], frames[1]);
}

static void version_say(const char *name, uint16_t domid)
{
    struct gnttab_get_version v = { .dom = domid, .version = 99 };
    int64_t result = grant_op(GNTTABOP_get_version, &v, 1);

    say("version %s: %ld, %u\n", name, result, v.version);
}

static void sizes(void)
{
    static const uint32_t counts[] = { 0, 2, 0x7fffffff, 0x80000000, 0xffffffff };
    char name[32];

    size_say("at first", DOMID_SELF, 1);
    size_say("by number", self, 1);
    version_say("at first", DOMID_SELF);
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        size_say(foreign_domids[i].name, foreign_domids[i].domid, 1);
        setup_say(foreign_domids[i].name, foreign_domids[i].domid, 1, frames);
        status_frames_say(foreign_domids[i].name, foreign_domids[i].domid, 1, frames);
        version_say(foreign_domids[i].name, foreign_domids[i].domid);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
        format_to(name, sizeof(name), "count 0x%x", counts[i]);
        size_say(name, DOMID_SELF, counts[i]);
    }
    for (uint64_t op = 0; op < 16; op++) {
        say("operation %lu at null: %ld, count 0: %ld, count -1: %ld\n", op, grant_op((unsigned)op, NULL, 1),
            grant_op((unsigned)op, NULL, 0), grant_op((unsigned)op, NULL, 0xffffffff));
    }
    say("operation with bits above: %ld\n", grant_op(GNTTABOP_query_size | 1u << 12, frames, 1));
    setup_say("0", DOMID_SELF, 0, frames);
    setup_say("1", DOMID_SELF, 1, frames);
    setup_say("65", DOMID_SELF, 65, frames);
    setup_say("-1", DOMID_SELF, 0xffffffff, frames);
    setup_say("into nowhere", DOMID_SELF, 1, NULL);
    status_frames_say("0 of version 1", DOMID_SELF, 0, frames);
    status_frames_say("1 of version 1", DOMID_SELF, 1, frames);
    size_say("after all this", DOMID_SELF, 1);
}

static void placing(void)
{
    static const struct { const char *name; uint64_t index, gfn; } list[] = {
        { "frame 64", 64, GRANT_GFN + 64 }, { "frame 2^31 - 1", 0x7fffffff, GRANT_GFN + 64 },
        { "frame 2^32 - 1", 0xffffffff, GRANT_GFN + 64 }, { "frame 2^32", 1ull << 32, GRANT_GFN + 64 },
        { "status frame 0 of version 1", XENMAPIDX_grant_table_status, GRANT_GFN + 64 },
        { "frame 0 as the first", 0, GRANT_GFN }, { "frame 0 beyond addresses", 0, 1ull << 28 },
        { "frame 0 at the last gfn", 0, ~0ull },
        { "frame 0 beyond addresses by less", 0, (1ull << 28) - 1 },
        { "frame 2", 2, GRANT_GFN + 2 }, { "frame 0 where frame 2 is", 0, GRANT_GFN + 2 },
    };

    struct caught c;

    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        int64_t result = physmap_add(XENMAPSPACE_grant_table, list[i].index, list[i].gfn);

        say("place %s: %ld\n", list[i].name, result);
        if (list[i].index == 1ull << 32) {
            setup_say("after that", DOMID_SELF, 1, frames);
        }
        /* Each finds frame 0 nowhere. */
        if (result == 0 && list[i].index != 2) {
            say("take back %s: %ld\n", list[i].name, physmap_remove(list[i].gfn));
        }
    }
    say("place frame 0: %ld\n", physmap_add(XENMAPSPACE_grant_table, 0, GRANT_GFN));
    say("place frame 0 there again: %ld\n", physmap_add(XENMAPSPACE_grant_table, 0, GRANT_GFN));
    say("place frame 0 elsewhere: %ld\n", physmap_add(XENMAPSPACE_grant_table, 0, GRANT_GFN + 5));
    say("place frame 2 at last: %ld\n", physmap_add(XENMAPSPACE_grant_table, 2, GRANT_GFN + 2));
    setup_say("3, placed", DOMID_SELF, 3, frames);
    size_say("after placing", DOMID_SELF, 1);
    say("take back where frame 0 was: %ld\n", physmap_remove(GRANT_GFN));
    say("take back where frame 0 is: %ld\n", physmap_remove(GRANT_GFN + 5));
    setup_say("3, frame 0 taken back", DOMID_SELF, 3, frames);
    odd_page[1] = 0x77;
    say("frame 0 over memory: %ld\n", physmap_add(XENMAPSPACE_grant_table, 0, gfn_of(odd_page)));
    say("the memory below it: 0x%x\n", *(volatile uint8_t *)&odd_page[1]);
    say("take back what is over memory: %ld\n", physmap_remove(gfn_of(odd_page)));
    catch_begin();
    read8((uint64_t)odd_page);
    catch_end(&c);
    say("the memory then: %s\n", caught_name(&c));
}

struct copy_case {
    const char *name;
    uint16_t flags, from_domid, to_domid;
    uint64_t from, to; /* a gfn or a reference */
    uint16_t from_offset, to_offset, length;
};

static int16_t copy(const struct copy_case *c, int64_t *result)
{
    struct gnttab_copy op = { .flags = c->flags, .len = c->length, .status = STATUS_UNTOUCHED,
                              .source = { .domid = c->from_domid, .offset = c->from_offset },
                              .dest = { .domid = c->to_domid, .offset = c->to_offset } };

    op.source.u.gmfn = c->from;
    op.dest.u.gmfn = c->to;
    *result = grant_op(GNTTABOP_copy, &op, 1);
    return op.status;
}

static void fill(void)
{
    for (unsigned i = 0; i < PAGE; i++) {
        source[i] = (uint8_t)(i * 7 + 3);
        target[i] = 0;
    }
}

static void copies(void)
{
    const uint64_t from = gfn_of(source), to = gfn_of(target);
    const struct copy_case list[] = {
        { "frame to frame", 0, DOMID_SELF, DOMID_SELF, from, to, 0, 0, 4096 },
        { "grant to frame", 1, DOMID_SELF, DOMID_SELF, REF, to, 16, 32, 64 },
        { "frame to grant", 2, DOMID_SELF, DOMID_SELF, from, REF + 1, 100, 200, 300 },
        { "grant to grant", 3, DOMID_SELF, DOMID_SELF, REF, REF + 1, 4095, 0, 1 },
        { "grant by number to frame", 1, self, DOMID_SELF, REF, to, 0, 0, 8 },
        { "frame by number to frame", 0, self, DOMID_SELF, from, to, 0, 0, 8 },
        { "frame to frame by number", 0, DOMID_SELF, self, from, to, 0, 0, 8 },
        { "read-only grant to frame", 1, DOMID_SELF, DOMID_SELF, REF + 2, to, 0, 0, 8 },
        { "frame to read-only grant", 2, DOMID_SELF, DOMID_SELF, from, REF + 2, 0, 0, 8 },
        { "grant for another to frame", 1, DOMID_SELF, DOMID_SELF, REF + 3, to, 0, 0, 8 },
        { "grant of no memory to frame", 1, DOMID_SELF, DOMID_SELF, REF + 4, to, 0, 0, 8 },
        { "transfer entry to frame", 1, DOMID_SELF, DOMID_SELF, REF + 5, to, 0, 0, 8 },
        { "invalid entry to frame", 1, DOMID_SELF, DOMID_SELF, REF + 6, to, 0, 0, 8 },
        { "last entry to frame", 1, DOMID_SELF, DOMID_SELF, 1535, to, 0, 0, 8 },
        { "entry behind the last to frame", 1, DOMID_SELF, DOMID_SELF, 1536, to, 0, 0, 8 },
        { "entry 2^32 - 1 to frame", 1, DOMID_SELF, DOMID_SELF, 0xffffffff, to, 0, 0, 8 },
        { "no domain's grant", 1, DOMID_UNUSED, DOMID_SELF, REF, to, 0, 0, 8 },
        { "no domain's frame", 0, DOMID_UNUSED, DOMID_SELF, from, to, 0, 0, 8 },
        { "to no domain's grant", 2, DOMID_SELF, DOMID_UNUSED, from, REF, 0, 0, 8 },
        { "from DOMID_IO", 1, DOMID_IO, DOMID_SELF, REF, to, 0, 0, 8 },
        { "from DOMID_XEN", 1, DOMID_XEN, DOMID_SELF, REF, to, 0, 0, 8 },
        { "from DOMID_COW", 1, DOMID_COW, DOMID_SELF, REF, to, 0, 0, 8 },
        { "no memory", 0, DOMID_SELF, DOMID_SELF, NOWHERE, to, 0, 0, 8 },
        { "to no memory", 0, DOMID_SELF, DOMID_SELF, from, NOWHERE, 0, 0, 8 },
        { "to a device", 0, DOMID_SELF, DOMID_SELF, from, board_device() >> PAGE_SHIFT, 0, 0, 8 },
        { "from the grant table", 0, DOMID_SELF, DOMID_SELF, GRANT_GFN, to, 0, 0, 8 },
        { "nothing", 0, DOMID_SELF, DOMID_SELF, from, to, 0, 0, 0 },
        { "nothing at the end", 0, DOMID_SELF, DOMID_SELF, from, to, 4096, 4096, 0 },
        { "nothing behind the end", 0, DOMID_SELF, DOMID_SELF, from, to, 4097, 0, 0 },
        { "across the end of the source", 0, DOMID_SELF, DOMID_SELF, from, to, 4090, 0, 8 },
        { "across the end of the target", 0, DOMID_SELF, DOMID_SELF, from, to, 0, 4090, 8 },
        { "more than a page", 0, DOMID_SELF, DOMID_SELF, from, to, 0, 0, 4097 },
        { "65535 bytes", 0, DOMID_SELF, DOMID_SELF, from, to, 0, 0, 65535 },
        { "across the end of no memory", 0, DOMID_SELF, DOMID_SELF, NOWHERE, to, 4090, 0, 8 },
        { "onto itself", 0, DOMID_SELF, DOMID_SELF, from, from, 0, 8, 16 },
        { "with unknown flags", 0xfffc, DOMID_SELF, DOMID_SELF, from, to, 0, 0, 8 },
    };

    fill();
    grant_entry(REF, GTF_permit_access, self, from);
    grant_entry(REF + 1, GTF_permit_access, self, to);
    grant_entry(REF + 2, GTF_permit_access | GTF_readonly, self, from);
    grant_entry(REF + 3, GTF_permit_access, DOMID_UNUSED, from);
    grant_entry(REF + 4, GTF_permit_access, self, 0xf00000);
    grant_entry(REF + 5, GTF_accept_transfer, self, from);
    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        const struct copy_case *c = &list[i];
        int64_t result;
        int16_t status;
        bool right = true;

        memset(target, 0, PAGE);
        status = copy(c, &result);
        for (unsigned b = 0; status == 0 && c->length <= 4096 && b < c->length; b++) {
            right = right && target[c->to_offset + b] == (uint8_t)((c->from_offset + b) * 7 + 3);
        }
        say("copy %s: %ld, status %d%s\n", c->name, result, status, status == 0 && !right ? ", other contents" : "");
    }
    for (unsigned i = 0; i < 7; i++) {
        say("entry %u after copies: %s\n", i, grant_flags(grant_v1[REF + i].flags));
    }
}

/* More than one in a call, and one of them bad or out of reach. */
static void batches(void)
{
    struct gnttab_copy ops[4];
    struct gnttab_copy *last;
    struct bad_pointer bad;

    fill();
    for (unsigned i = 0; i < ARRAY_COUNT(ops); i++) {
        ops[i] = (struct gnttab_copy){ .len = 16, .status = STATUS_UNTOUCHED,
                                       .source = { .domid = DOMID_SELF, .offset = (uint16_t)(i * 16) },
                                       .dest = { .domid = DOMID_SELF, .offset = (uint16_t)(i * 16) } };
        ops[i].source.u.gmfn = i == 1 ? NOWHERE : gfn_of(source);
        ops[i].dest.u.gmfn = gfn_of(target);
    }
    say("batch: %ld\n", grant_op(GNTTABOP_copy, ops, 4));
    say("batch, its parts: %d %d %d %d, contents %u %u %u %u\n", ops[0].status, ops[1].status, ops[2].status,
        ops[3].status, target[1] == source[1], target[17] == source[17], target[33] == source[33],
        target[49] == source[49]);
    for (unsigned i = 0; (bad = bad_input(i, ops, sizeof(ops[0]))).name != NULL; i++) {
        say("batch at %s: %ld\n", bad.name, grant_op(GNTTABOP_copy, bad.address, 1));
    }
    window_page(20, WINDOW_READ_WRITE, gfn_of(batch_page));
    last = (struct gnttab_copy *)((uint8_t *)window_page(21, WINDOW_NONE, 0) - sizeof(ops[0]));
    ops[0].status = STATUS_UNTOUCHED;
    ops[0].source.offset = 128;
    memcpy(last, &ops[0], sizeof(ops[0]));
    target[1] = 0;
    say("batch, the second out of reach: %ld\n", grant_op(GNTTABOP_copy, last, 2));
    say("batch, its first part: %d, contents %u\n", last->status, target[1] == source[129]);
    say("batch, read-only: %ld\n", grant_op(GNTTABOP_copy, read_only_copy(&ops[2], sizeof(ops[2])), 1));
}

static void swaps(void)
{
    static const struct { uint32_t a, b; } list[] = {
        { REF, REF + 1 }, { REF, REF }, { 0, REF }, { 1535, REF + 6 }, { 1536, REF }, { REF, 1536 },
        { 0xffffffff, 0xffffffff }, { 0xffffffff, REF },
    };

    grant_entry(REF, GTF_permit_access, self, 0x1111);
    grant_entry(REF + 1, GTF_accept_transfer, DOMID_UNUSED, 0x2222);
    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        struct gnttab_swap_grant_ref s = { .ref_a = list[i].a, .ref_b = list[i].b, .status = STATUS_UNTOUCHED };
        int64_t result = grant_op(GNTTABOP_swap_grant_ref, &s, 1);

        say("swap 0x%x 0x%x: %ld, status %d, then 0x%x is %s 0x%x\n", list[i].a, list[i].b, result, s.status, REF,
            grant_flags(grant_v1[REF].flags), grant_v1[REF].frame);
    }
}

static void transfers(void)
{
    static const struct { const char *name; uint16_t domid; bool is_memory; } list[] = {
        { "to self", DOMID_SELF, true }, { "to no domain", DOMID_UNUSED, true }, { "of no memory", DOMID_SELF, false },
    };

    grant_entry(REF, GTF_accept_transfer, self, 0);
    fill();
    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        struct gnttab_transfer t = { .mfn = list[i].is_memory ? gfn_of(source) : NOWHERE, .domid = list[i].domid,
                                     .ref = REF, .status = STATUS_UNTOUCHED };
        int64_t result = grant_op(GNTTABOP_transfer, &t, 1);

        say("transfer %s: %ld, status %d\n", list[i].name, result, t.status);
    }
    say("the page is still there: %s\n", source[1] == 10 ? "yes" : "no");
}

static void caches(void)
{
    static const struct { const char *name; uint16_t offset, length; uint32_t op; } list[] = {
        { "nothing to do", 0, 0, 3 }, { "no operation", 0, 64, 0 }, { "clean of no memory", 0, 64, 1 },
        { "offset 4096", 4096, 0, 1 }, { "length 4097", 0, 4097, 1 }, { "beyond the page", 4095, 2, 1 },
        { "unknown operation", 0, 64, 4 }, { "by reference", 0, 64, 0x80000001 },
    };

    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        struct gnttab_cache_flush f = { .a.dev_bus_addr = 0, .offset = list[i].offset, .length = list[i].length,
                                        .op = list[i].op };

        say("cache, %s: %ld\n", list[i].name, grant_op(GNTTABOP_cache_flush, &f, 1));
    }
}

/* On Arm there is version 1 only, so there are no status frames, parts of pages or transitive grants either. */
static void versions(void)
{
    static const uint32_t list[] = { 0, 1, 2, 3, 0xffffffff, 1 };
    const struct copy_case by_grant = { "", 1, DOMID_SELF, DOMID_SELF, REF, gfn_of(target), 0, 0, 8 };
    int64_t result;
    int16_t status;

    grant_entry(1, GTF_permit_access | GTF_reading, self, 0x1234);
    grant_entry(REF, GTF_permit_access, self, 0x5678);
    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        struct gnttab_set_version v = { .version = list[i] };

        result = grant_op(GNTTABOP_set_version, &v, 1);
        say("set version 0x%x: %ld, %u\n", list[i], result, v.version);
    }
    version_say("after that", DOMID_SELF);
    say("entry 1: %s, frame 0x%x\n", grant_flags(grant_v1[1].flags), grant_v1[1].frame);
    say("entry %u: %s, frame 0x%x\n", REF, grant_flags(grant_v1[REF].flags), grant_v1[REF].frame);
    say("place status frame 0: %ld\n",
        physmap_add(XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, GRANT_GFN + 9));
    status_frames_say("0 at last", DOMID_SELF, 0, frames);
    grant_entry(REF, GTF_transitive, self, gfn_of(source));
    status = copy(&by_grant, &result);
    say("copy by a transitive grant: %ld, status %d\n", result, status);
    grant_entry(REF, GTF_permit_access | GTF_sub_page, self, gfn_of(source));
    status = copy(&by_grant, &result);
    say("copy by a grant of a part: %ld, status %d\n", result, status);
    setup_say("64", DOMID_SELF, 64, frames);
    size_say("at last", DOMID_SELF, 1);
}

void guest_main(void)
{
    self = own_domid();
    sizes();
    placing();
    if (grant_table_map()) {
        copies();
        batches();
        swaps();
        transfers();
        caches();
        versions();
    }
}
