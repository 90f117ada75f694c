/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_op of one partition: giving pages back and getting others, the physmap's spaces one by one and in batches,
 * sizes and maps, and what is not for guests. Xen answers the reservation calls with the number of extents that were
 * done, never with an error. Whether populated pages are empty is asked; what else is in them is not, as Xen 4.17 does
 * not empty what partitions gave back.
 */
#include "xen_guest.h"

#define NOWHERE 0xf00000ull
#define PLAY_GFN 0x38800ull /* in the grant table's area, where no memory is */
#define BLOCK 512ull        /* pages of the largest extent */
#define OP_WITH_EXTENT(op, extent) ((op) | (unsigned)(extent) << 6)

void *memset(void *to, int value, size_t size);

static volatile uint8_t pages[8][PAGE] PAGES;
static xen_pfn_t list[16];
static xen_pfn_t free_gfn; /* the first of 4 MiB in the middle of memory that nothing uses */
static uint16_t self;

static int64_t reserve(unsigned op, uint16_t domid, uint64_t count, unsigned order, unsigned flags)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .mem_flags = flags,
                                        .domid = domid };

    set_xen_guest_handle(r.extent_start, list);
    return memory_op(op, &r);
}

static int64_t pages_of(uint16_t domid, unsigned op)
{
    return memory_op(op, &(struct xen_memory_domain){ .domid = domid });
}

/* What the domain has of pages more since it was last asked, which is *BEFORE. */
static void charge_say(const char *name, int64_t *before)
{
    int64_t now = pages_of(DOMID_SELF, XENMEM_current_reservation);

    say("pages by %s: %ld\n", name, now - *before);
    *before = now;
}

static const char *page_shows(uint64_t gfn)
{
    static char text[32];
    volatile uint8_t *at = window_page(64, WINDOW_READ_WRITE, gfn);
    struct caught c;
    bool is_zero = true;

    catch_begin();
    for (unsigned i = 0; i < PAGE; i += 8) {
        is_zero = is_zero && read64((uint64_t)at + i) == 0;
    }
    if (catch_end(&c)) {
        return caught_name(&c);
    }
    if (is_zero) {
        return "zero";
    }
    format_to(text, sizeof(text), "0x%x", at[0]);
    return text;
}

static const char *page_reads(uint64_t gfn)
{
    struct caught c;

    catch_begin();
    read8((uint64_t)window_page(64, WINDOW_READ_WRITE, gfn));
    catch_end(&c);
    return caught_name(&c);
}

static void all_as(uint64_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        list[i] = first + i;
    }
}

static void sizes(void)
{
    static const struct { unsigned op; const char *name; } ops[] = {
        { XENMEM_current_reservation, "current_reservation" }, { XENMEM_maximum_reservation, "maximum_reservation" },
        { XENMEM_maximum_gpfn, "maximum_gpfn" },
    };

    say("current_reservation: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation));
    say("maximum_reservation: %ld\n", pages_of(DOMID_SELF, XENMEM_maximum_reservation));
    say("maximum_gpfn: %ld\n", pages_of(DOMID_SELF, XENMEM_maximum_gpfn));
    say("by number, the same: %s\n", pages_of(self, XENMEM_current_reservation) ==
        pages_of(DOMID_SELF, XENMEM_current_reservation) ? "yes" : "no");
    say("maximum_ram_page is positive: %s\n", memory_op(XENMEM_maximum_ram_page, NULL) > 0 ? "yes" : "no");
    for (unsigned i = 0; i < ARRAY_COUNT(ops); i++) {
        struct bad_pointer bad;
        uint16_t domid = DOMID_SELF;

        for (unsigned d = 0; d < foreign_domid_count; d++) {
            say("%s of %s: %ld\n", ops[i].name, foreign_domids[d].name, pages_of(foreign_domids[d].domid, ops[i].op));
        }
        for (unsigned b = 0; (bad = bad_input(b, &domid, sizeof(domid))).name != NULL; b++) {
            say("%s at %s: %ld\n", ops[i].name, bad.name, memory_op(ops[i].op, bad.address));
        }
        say("%s with an extent: %ld\n", ops[i].name, memory_op(OP_WITH_EXTENT(ops[i].op, 1), &domid));
    }
    say("maximum_ram_page with an extent: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_maximum_ram_page, 1), NULL));
}

static void giving_and_taking(void)
{
    static const struct { const char *name; uint16_t domid; uint64_t count; unsigned order, flags; } odd[] = {
        { "0 extents", DOMID_SELF, 0, 0, 0 }, { "2^26 extents", DOMID_SELF, 1 << 26, 0, 0 },
        { "2^64 - 1 extents", DOMID_SELF, ~0ull, 0, 0 }, { "order 10", DOMID_SELF, 1, 10, 0 },
        { "order 63", DOMID_SELF, 1, 63, 0 }, { "order 2^32 - 1", DOMID_SELF, 1, 0xffffffff, 0 },
        { "no domain", DOMID_UNUSED, 1, 0, 0 }, { "DOMID_IO", DOMID_IO, 1, 0, 0 },
        { "12 address bits", DOMID_SELF, 1, 0, 12 }, { "on demand", DOMID_SELF, 1, 0, XENMEMF_populate_on_demand },
        { "an exact node", DOMID_SELF, 1, 0, XENMEMF_exact_node(0) },
    };
    struct bad_pointer bad;
    struct xen_memory_reservation r = { .nr_extents = 4, .domid = DOMID_SELF };
    int64_t before = pages_of(DOMID_SELF, XENMEM_current_reservation);

    all_as(PLAY_GFN, 8);
    say("populate before anything was given: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 0, 0));
    say("increase before anything was given: %ld\n", reserve(XENMEM_increase_reservation, DOMID_SELF, 1, 0, 0));
    for (unsigned i = 0; i < 8; i++) {
        pages[i][0] = (uint8_t)(0x80 + i);
    }
    all_as(gfn_of(pages[0]), 4);
    list[2] = NOWHERE;
    say("decrease of four, the third nowhere: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 4, 0, 0));
    say("pages then: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
    for (unsigned i = 0; i < 4; i++) {
        say("page %u then: %s\n", i, page_shows(gfn_of(pages[i])));
    }
    all_as(gfn_of(pages[0]), 4);
    say("decrease of what is gone: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 1, 0, 0));
    say("decrease from extent 2: %ld\n",
        reserve(OP_WITH_EXTENT(XENMEM_decrease_reservation, 2), DOMID_SELF, 4, 0, 0));
    say("decrease from extent 4 of 4: %ld\n",
        reserve(OP_WITH_EXTENT(XENMEM_decrease_reservation, 4), DOMID_SELF, 4, 0, 0));
    say("pages then: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
    for (unsigned i = 0; i < ARRAY_COUNT(odd); i++) {
        all_as(PLAY_GFN, 8);
        say("%s: populate %ld", odd[i].name,
            reserve(XENMEM_populate_physmap, odd[i].domid, odd[i].count, odd[i].order, odd[i].flags));
        say(", increase %ld", odd[i].flags == XENMEMF_populate_on_demand ? 0 :
            reserve(XENMEM_increase_reservation, odd[i].domid, odd[i].count, odd[i].order, odd[i].flags));
        say(", decrease %ld\n",
            reserve(XENMEM_decrease_reservation, odd[i].domid, odd[i].count, odd[i].order, odd[i].flags));
    }
    say("pages after what is odd: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
    for (unsigned i = 0; (bad = bad_input(i, list, 32)).name != NULL; i++) {
        r.extent_start.p = bad.address;
        say("list at %s: populate %ld, decrease %ld\n", bad.name, memory_op(XENMEM_populate_physmap, &r),
            memory_op(XENMEM_decrease_reservation, &r));
        bad = bad_input(i, &r, sizeof(r));
        say("structure at %s: populate %ld, decrease %ld, increase %ld\n", bad.name,
            memory_op(XENMEM_populate_physmap, bad.address), memory_op(XENMEM_decrease_reservation, bad.address),
            memory_op(XENMEM_increase_reservation, bad.address));
    }
    say("structure at null from extent 5: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_populate_physmap, 5), NULL));
    say("pages after bad pointers: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
}

static void populating(void)
{
    int64_t before = pages_of(DOMID_SELF, XENMEM_current_reservation), room;
    bool are_zero = true;
    uint32_t type;

    room = pages_of(DOMID_SELF, XENMEM_maximum_reservation) - before;
    say("room: %ld\n", room);
    all_as(PLAY_GFN, 8);
    say("populate eight: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 8, 0, 0));
    for (unsigned i = 0; i < 5; i++) {
        say("populated %u can be read: %s\n", i, page_reads(PLAY_GFN + i));
        are_zero = are_zero && (i == 4 || string_compare(page_shows(PLAY_GFN + i), "zero") == 0);
    }
    say("populated pages are zero: %s\n", are_zero ? "yes" : "no");
    say("pages then: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
    all_as(free_gfn, 1);
    memset((void *)(uintptr_t)(free_gfn << PAGE_SHIFT), 0x5a, 2 * BLOCK * PAGE);
    say("decrease of a block: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 1, 9, 0));
    say("its first page: %s\n", page_shows(free_gfn));
    say("its last page: %s\n", page_shows(free_gfn + BLOCK - 1));
    say("the page behind it: %s\n", page_shows(free_gfn + BLOCK));
    say("pages then: %ld\n", pages_of(DOMID_SELF, XENMEM_current_reservation) - before);
    say("populate a block: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 9, 0));
    say("its first page can be read: %s\n", page_reads(free_gfn));
    say("its last page can be read: %s\n", page_reads(free_gfn + BLOCK - 1));
    say("it is zero: %s\n", string_compare(page_shows(free_gfn), "zero") == 0 ? "yes" : "no");
    memset((void *)(uintptr_t)(free_gfn << PAGE_SHIFT), 0x5a, BLOCK * PAGE);
    all_as(free_gfn + 1, 1);
    say("decrease of a block that is not aligned: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 1, 1, 0));
    say("the first page of it: %s\n", page_shows(free_gfn + 1));
    say("the page before: %s\n", page_shows(free_gfn));
    list[0] = PLAY_GFN + 17;
    say("populate a block that is not aligned: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 1, 0));
    say("its last page can be read: %s\n", page_reads(PLAY_GFN + 18));
    list[0] = PLAY_GFN + 17;
    list[1] = PLAY_GFN + 18;
    say("decrease of it page by page: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 2, 0, 0));
    all_as(free_gfn + 8, 8);
    say("decrease of eight: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 8, 0, 0));
    before = pages_of(DOMID_SELF, XENMEM_current_reservation);
    list[0] = (xen_pfn_t)BEYOND_GFN;
    say("populate beyond addresses: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 0, 0));
    charge_say("populate beyond addresses", &before);
    list[0] = (xen_pfn_t)~0ull;
    say("populate at the last gfn: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 0, 0));
    charge_say("populate at the last gfn", &before);
    pages[5][0] = 0x85;
    list[0] = gfn_of(pages[5]);
    say("populate where memory is: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 0, 0));
    say("it is another page: %s\n", string_compare(page_shows(gfn_of(pages[5])), "0x85") == 0 ? "no" : "yes");
    charge_say("populate where memory is", &before);
    list[0] = board_device() >> PAGE_SHIFT;
    type = board_device_word();
    say("populate where a device is: %ld\n", reserve(XENMEM_populate_physmap, DOMID_SELF, 1, 0, 0));
    say("the device is still there: %s\n", board_device_word() == type ? "yes" : "no");
    charge_say("populate where a device is", &before);
    say("increase with room: %ld\n", reserve(XENMEM_increase_reservation, DOMID_SELF, 1, 0, 0));
    charge_say("increase with room", &before);
    list[0] = board_device() >> PAGE_SHIFT;
    say("decrease of a device: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 1, 0, 0));
}

static void exchanging(void)
{
    xen_pfn_t in[2] = { gfn_of(pages[6]), gfn_of(pages[7]) }, out[2] = { PLAY_GFN + 32, PLAY_GFN + 33 };
    struct xen_memory_exchange good = { .in = { .nr_extents = 2, .domid = DOMID_SELF },
                                        .out = { .nr_extents = 2, .domid = DOMID_SELF } }, e;

    set_xen_guest_handle(good.in.extent_start, in);
    set_xen_guest_handle(good.out.extent_start, out);
    e = good;
    say("exchange: %ld", memory_op(XENMEM_exchange, &e));
    say(", %lu\n", (uint64_t)e.nr_exchanged);
    e = good;
    e.nr_exchanged = 2;
    say("exchange of what is done: %ld\n", memory_op(XENMEM_exchange, &e));
    e.nr_exchanged = 3;
    say("exchange of less than is done: %ld\n", memory_op(XENMEM_exchange, &e));
    e = good;
    e.out.nr_extents = 1;
    say("exchange of two for one: %ld\n", memory_op(XENMEM_exchange, &e));
    e = good;
    e.out.domid = DOMID_UNUSED;
    say("exchange with another: %ld\n", memory_op(XENMEM_exchange, &e));
    e = good;
    e.in.domid = e.out.domid = DOMID_UNUSED;
    say("exchange of another: %ld\n", memory_op(XENMEM_exchange, &e));
    e = good;
    e.in.extent_order = e.out.extent_order = 10;
    say("exchange of order 10: %ld\n", memory_op(XENMEM_exchange, &e));
    e = good;
    in[0] = NOWHERE;
    say("exchange of nothing: %ld\n", memory_op(XENMEM_exchange, &e));
    say("exchange at null: %ld\n", memory_op(XENMEM_exchange, NULL));
    say("exchange with an extent: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_exchange, 1), &good));
}

static void spaces(void)
{
    struct xen_add_to_physmap add = { .domid = DOMID_SELF, .gpfn = PLAY_GFN + 48 };
    struct bad_pointer bad;

    for (uint32_t space = 0; space < 8; space++) {
        add.space = space;
        add.idx = space == XENMAPSPACE_grant_table ? 1 : space == XENMAPSPACE_shared_info ? 0 : gfn_of(pages[6]);
        say("space %u: %ld\n", space, memory_op(XENMEM_add_to_physmap, &add));
        add.size = 2;
        say("space %u, size 2: %ld\n", space, memory_op(XENMEM_add_to_physmap, &add));
        add.size = 0;
        add.gpfn = (xen_pfn_t)~0ull;
        say("space %u at the last gfn: %ld\n", space, memory_op(XENMEM_add_to_physmap, &add));
        add.gpfn = PLAY_GFN + 48;
        add.domid = DOMID_UNUSED;
        say("space %u of no domain: %ld\n", space, memory_op(XENMEM_add_to_physmap, &add));
        add.domid = DOMID_SELF;
    }
    add.space = XENMAPSPACE_shared_info;
    add.idx = 0;
    say("shared page with an extent: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_add_to_physmap, 1), &add));
    say("shared page with extent 65536: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_add_to_physmap, 65536), &add));
    for (unsigned i = 0; (bad = bad_input(i, &add, sizeof(add))).name != NULL; i++) {
        say("add at %s: %ld, remove: %ld, batch: %ld\n", bad.name, memory_op(XENMEM_add_to_physmap, bad.address),
            memory_op(XENMEM_remove_from_physmap, bad.address), memory_op(XENMEM_add_to_physmap_batch, bad.address));
    }
    list[0] = PLAY_GFN + 48;
    say("remove what a space left: %ld\n", physmap_remove(PLAY_GFN + 48));
    say("remove it again: %ld\n", physmap_remove(PLAY_GFN + 48));
    say("remove where nothing is: %ld\n", physmap_remove(NOWHERE));
    say("remove at the last gfn: %ld\n", physmap_remove(~0ull));
    say("remove a device: %ld\n", physmap_remove(board_device() >> PAGE_SHIFT));
    say("remove with an extent: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_remove_from_physmap, 1), &add));
    say("remove of no domain: %ld\n", memory_op(XENMEM_remove_from_physmap,
        &(struct xen_remove_from_physmap){ .domid = DOMID_UNUSED, .gpfn = gfn_of(pages[6]) }));
    say("place the shared page: %ld\n", physmap_add(XENMAPSPACE_shared_info, 0, PLAY_GFN + 49));
    say("place it again: %ld\n", physmap_add(XENMAPSPACE_shared_info, 0, PLAY_GFN + 49));
    list[0] = PLAY_GFN + 49;
    say("decrease of the shared page: %ld\n", reserve(XENMEM_decrease_reservation, DOMID_SELF, 1, 0, 0));
    say("what is there after the decrease: %s\n", page_shows(PLAY_GFN + 49));
    (void)physmap_remove(PLAY_GFN + 49);
    say("place it once more: %ld\n", physmap_add(XENMAPSPACE_shared_info, 0, PLAY_GFN + 50));
    say("index 1 of it: %ld\n", physmap_add(XENMAPSPACE_shared_info, 1, PLAY_GFN + 51));
    pages[6][0] = 0x86;
    say("remove memory: %ld\n", physmap_remove(gfn_of(pages[6])));
    say("what is there after the removal: %s\n", page_shows(gfn_of(pages[6])));
}

static void batches(void)
{
    xen_ulong_t indexes[3] = { 3, 99, 4 };
    xen_pfn_t gfns[3] = { PLAY_GFN + 56, PLAY_GFN + 57, PLAY_GFN + 58 };
    int errors[3] = { 55, 55, 55 };
    struct xen_add_to_physmap_batch good = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .size = 3 }, b;
    int64_t result;

    set_xen_guest_handle(good.idxs, indexes);
    set_xen_guest_handle(good.gpfns, gfns);
    set_xen_guest_handle(good.errs, errors);
    b = good;
    result = memory_op(XENMEM_add_to_physmap_batch, &b);
    say("batch of grant frames: %ld, %d %d %d\n", result, errors[0], errors[1], errors[2]);
    for (uint16_t space = 0; space < 8; space++) {
        b = good;
        b.space = space;
        b.u.foreign_domid = space == XENMAPSPACE_gmfn_foreign ? self : 0;
        errors[0] = errors[1] = errors[2] = 55;
        result = memory_op(XENMEM_add_to_physmap_batch, &b);
        say("batch of space %u: %ld, %d %d %d\n", space, result, errors[0], errors[1], errors[2]);
    }
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        b = good;
        b.space = XENMAPSPACE_gmfn_foreign;
        b.size = 1;
        b.u.foreign_domid = foreign_domids[i].domid;
        errors[0] = 55;
        result = memory_op(XENMEM_add_to_physmap_batch, &b);
        say("batch of pages of %s: %ld, %d\n", foreign_domids[i].name, result, errors[0]);
    }
    b = good;
    b.size = 0;
    say("batch of nothing: %ld\n", memory_op(XENMEM_add_to_physmap_batch, &b));
    b.domid = DOMID_UNUSED;
    say("batch of no domain: %ld\n", memory_op(XENMEM_add_to_physmap_batch, &b));
    b = good;
    b.errs.p = NULL;
    say("batch without a place for errors: %ld\n", memory_op(XENMEM_add_to_physmap_batch, &b));
    b = good;
    gfns[1] = (xen_pfn_t)~0ull;
    errors[0] = errors[1] = errors[2] = 55;
    result = memory_op(XENMEM_add_to_physmap_batch, &b);
    say("batch with the last gfn: %ld, %d %d %d\n", result, errors[0], errors[1], errors[2]);
    say("batch from extent 3 of 3: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_add_to_physmap_batch, 3), &good));
    say("batch from extent 4 of 3: %ld\n", memory_op(OP_WITH_EXTENT(XENMEM_add_to_physmap_batch, 4), &good));
}

static void others(void)
{
    static uint64_t zeros[32];
    struct xen_mem_acquire_resource resource = { .domid = DOMID_SELF, .type = XENMEM_resource_grant_table,
                                                .nr_frames = 1 };
    struct xen_vnuma_topology_info topology = { .domid = DOMID_SELF };
    struct xen_memory_reservation claim = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(resource.frame_list, list);
    say("acquire_resource of oneself: %ld\n", memory_op(XENMEM_acquire_resource, &resource));
    resource.domid = self;
    say("acquire_resource by number: %ld\n", memory_op(XENMEM_acquire_resource, &resource));
    resource.domid = DOMID_UNUSED;
    say("acquire_resource of no domain: %ld\n", memory_op(XENMEM_acquire_resource, &resource));
    resource.pad = 1;
    say("acquire_resource with padding: %ld\n", memory_op(XENMEM_acquire_resource, &resource));
    resource.pad = 0;
    resource.frame = 1ull << 32;
    say("acquire_resource of a high frame: %ld\n", memory_op(XENMEM_acquire_resource, &resource));
    say("get_vnumainfo: %ld\n", memory_op(XENMEM_get_vnumainfo, &topology));
    topology.pad = 1;
    say("get_vnumainfo with padding: %ld\n", memory_op(XENMEM_get_vnumainfo, &topology));
    topology.pad = 0;
    topology.domid = DOMID_UNUSED;
    say("get_vnumainfo of no domain: %ld\n", memory_op(XENMEM_get_vnumainfo, &topology));
    say("claim_pages: %ld\n", memory_op(XENMEM_claim_pages, &claim));
    claim.domid = self;
    say("claim_pages by number: %ld\n", memory_op(XENMEM_claim_pages, &claim));
    claim.extent_order = 1;
    say("claim_pages with an order: %ld\n", memory_op(XENMEM_claim_pages, &claim));
    for (unsigned op = 0; op < 40; op++) {
        if (op != XENMEM_maximum_ram_page) {
            say("memory_op %u at null: %ld\n", op, memory_op(op, NULL));
        }
    }
    for (unsigned op = 8; op < 30; op++) {
        /* As a structure of zeros: domain 0, which is not there. */
        say("memory_op %u with zeros: %ld\n", op, memory_op(op, zeros));
    }
}

/* Only on x86. */
static void memory_map(void)
{
    static struct map_entry entries[MAP_ENTRIES];
    struct xen_memory_map map = { .nr_entries = MAP_ENTRIES };
    bool found = false;
    int64_t answer;

    set_xen_guest_handle(map.buffer, (void *)entries);
    answer = memory_op(XENMEM_memory_map, &map);
    for (unsigned i = 0; answer == 0 && i < map.nr_entries && i < MAP_ENTRIES; i++) {
        found = found || (entries[i].type == 1 && entries[i].address == board.memory_base &&
                          entries[i].size == board.memory_size);
    }
    say("memory map: %ld, the guest's memory is in it: %s\n", answer, found ? "yes" : "no");
    map.nr_entries = 1;
    answer = memory_op(XENMEM_memory_map, &map);
    say("memory map, one entry: %ld, %u\n", answer, map.nr_entries);
}

void guest_main(void)
{
    memory_map();
    self = own_domid();
    free_gfn = ((board.memory_base + board.memory_size / 2) >> PAGE_SHIFT) & ~(BLOCK - 1);
    sizes();
    giving_and_taking();
    populating();
    exchanging();
    spaces();
    batches();
    others();
}
