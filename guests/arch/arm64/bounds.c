/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a hypercall runs before it takes an interrupt: each call that can be long is made again and again with the
 * largest arguments, with the virtual timer due at another moment of it each time; the longest that the handler was
 * late is the longest run without a point to stop at. Under QEMU's -icount shift=0 a nanosecond is an instruction.
 *
 * "run NAME: N" is that figure; "all NAME: N" is what the whole call takes without an interrupt.
 */
#include "guest.h"
#include "xen_guest.h"

#define SAMPLES 48
#define TICK    16 /* instructions */

extern char bounds_vectors[];
__asm__(".text\n.balign 0x800\nbounds_vectors:\n"
        ".rept 5\nb .\n.balign 0x80\n.endr\n"
        /* IRQ at EL1. x18: when; the call's registers stay. */
        "mrs x18, cntvct_el0\n"
        "mrs x17, S3_0_C12_C12_0\n" /* ICC_IAR1_EL1 */
        "msr cntv_ctl_el0, xzr\n"
        "msr S3_0_C12_C12_1, x17\n" /* ICC_EOIR1_EL1 */
        "eret\n.balign 0x80\n"
        ".rept 10\nb .\n.balign 0x80\n.endr\n");

struct operation {
    const char *name;
    uint64_t number, a[5];
    void (*before)(void); /* sets the stage: the call finds the same each time */
};

static int64_t call(const struct operation *o)
{
    register uint64_t x0 __asm__("x0") = o->a[0];
    register uint64_t x1 __asm__("x1") = o->a[1];
    register uint64_t x2 __asm__("x2") = o->a[2];
    register uint64_t x3 __asm__("x3") = o->a[3];
    register uint64_t x4 __asm__("x4") = o->a[4];
    register uint64_t x16 __asm__("x16") = o->number;

    __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)
                     :: "x17", "x18", "memory");
    return (int64_t)x0;
}

/* How late the interrupt is taken that is due DELTA ticks from now, in the call or behind it. */
static uint64_t lateness(const struct operation *o, uint64_t delta)
{
    uint64_t due, at;

    __asm__ volatile("mov x18, #0" ::: "x18");
    due = now() + delta;
    WRITE_SYSREG(cntv_cval_el0, due);
    WRITE_SYSREG(cntv_ctl_el0, 1);
    isb();
    irq_on();
    (void)call(o);
    __asm__ volatile("1: cbz x18, 1b\n\tmov %0, x18" : "=r"(at) :: "x17", "x18", "memory");
    irq_off();
    return at - due;
}

static void measure(const struct operation *o)
{
    uint64_t start, all, longest = 0;
    int64_t result;

    if (o->before != NULL) {
        o->before();
    }
    start = now();
    result = call(o);
    all = now() - start;
    for (unsigned i = 0; i < SAMPLES; i++) {
        /* Spread evenly, in no order that a loop could be in step with. */
        uint64_t late;

        if (o->before != NULL) {
            o->before();
        }
        late = lateness(o, 4 + all * ((i * 0x9e3779b9u) >> 16) / 0x10000);
        longest = late > longest ? late : longest;
    }
    say("run %s: %lu\n", o->name, longest * TICK);
    say("all %s: %lu\n", o->name, all * TICK);
    say("result %s: %ld\n", o->name, result);
}

/* ---- Stages ---- */

#define BATCH 256
#define BLOCK_GFN 0x50000ul  /* 2 MiB, where nothing is */
#define MAPS_GFN  0x100000ul

static uint16_t me;
static xen_pfn_t pages[512], block_page = BLOCK_GFN;
static struct xen_memory_reservation singles, block;
static struct gnttab_map_grant_ref map[BATCH];
static struct gnttab_unmap_grant_ref unmap[BATCH];
static struct gnttab_copy copy[BATCH];
static struct gnttab_swap_grant_ref swap[BATCH];
static struct gnttab_cache_flush flush[BATCH];
static struct multicall_entry list[BATCH];
static uint8_t from_page[PAGE] PAGES, to_page[PAGE] PAGES, granted_page[PAGE] PAGES, give_pages[256 * PAGE] PAGES;
static char text[8192];

static void decrease_block(void) { (void)memory_op(XENMEM_decrease_reservation, &block); }
static void populate_block(void) { (void)memory_op(XENMEM_populate_physmap, &block); }
static void decrease_singles(void) { (void)memory_op(XENMEM_decrease_reservation, &singles); }
static void populate_singles(void) { (void)memory_op(XENMEM_populate_physmap, &singles); }

static void unmap_all(void)
{
    for (unsigned i = 0; i < BATCH; i++) {
        unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr, .handle = map[i].handle };
    }
    (void)grant_op(GNTTABOP_unmap_grant_ref, unmap, BATCH);
}

static void map_all(void)
{
    (void)grant_op(GNTTABOP_map_grant_ref, map, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr, .handle = map[i].handle };
    }
}

static void memset_page(uint8_t *page)
{
    for (unsigned i = 0; i < PAGE / 8; i++) {
        ((volatile uint64_t *)page)[i] = 0;
    }
}

static void many_ports(void)
{
    while (event_bind_ipi(0) > 0) {
    }
}

static void no_ports(void)
{
    (void)event_reset();
}

static struct evtchn_init_control control;
static struct evtchn_expand_array array;

static void fifo_with_many_ports(void)
{
    no_ports();
    memset_page(to_page);
    (void)event_op(EVTCHNOP_init_control, &control);
    many_ports();
}

static void many_ports_two_level(void)
{
    no_ports();
    for (unsigned i = 0; i < ARRAY_COUNT(shared->evtchn_pending); i++) {
        shared->evtchn_pending[i] = 0;
    }
    many_ports();
}

static void all_pending(void)
{
    for (uint32_t port = 1; event_send(port) == 0; port++) {
    }
}

static void two_level_all_pending(void)
{
    many_ports_two_level();
    all_pending();
}

static void fifo_all_pending(void)
{
    fifo_with_many_ports();
    all_pending();
}

/* No port is bound, but the guest has all in its queues still. */
static void fifo_all_linked(void)
{
    fifo_with_many_ports();
    (void)event_op(EVTCHNOP_expand_array, &array);
    all_pending();
    for (uint32_t port = 1; event_close(port) == 0; port++) {
    }
}

/* All ports in use but the last one. */
static void all_but_one(void)
{
    many_ports_two_level();
    (void)event_close(1023);
}

static struct evtchn_bind_ipi ipi;
static struct gnttab_set_version version2 = { .version = 2 }, version1 = { .version = 1 };

static void to_version_1(void)
{
    version1.version = 1;
    (void)grant_op(GNTTABOP_set_version, &version1, 1);
    version2.version = 2;
}

static void to_version_2(void)
{
    version2.version = 2;
    (void)grant_op(GNTTABOP_set_version, &version2, 1);
    version1.version = 1;
}

static struct gnttab_setup_table setup;
static uint64_t frame_list[64];
static struct sched_poll poll_all;
static evtchn_port_t poll_ports[128];

static void poll_stage(void)
{
    static bool is_there;

    if (!is_there) {
        is_there = true;
        many_ports_two_level();
        for (unsigned i = 0; i < 128; i++) {
            poll_ports[i] = 1 + i;
        }
    }
    /* The last one is pending: none waits. */
    (void)event_send(128);
}

static struct xen_add_to_physmap_batch batch;
static xen_ulong_t batch_index[64];
static xen_pfn_t batch_page[64];
static int batch_error[64];

static void unmap_table(void)
{
    for (unsigned i = 0; i < 64; i++) {
        (void)physmap_remove(MAPS_GFN + 0x1000 + i);
    }
}

static struct xen_mem_acquire_resource resource;

/* ---- Argo ---- */

#define RING_PAGES 256
static struct xen_argo_register_ring ring = { .aport = 1, .partner_id = XEN_ARGO_DOMID_ANY,
                                              .len = RING_PAGES * PAGE - 64 };
static struct xen_argo_unregister_ring gone = { .aport = 1, .partner_id = XEN_ARGO_DOMID_ANY };
static uint64_t ring_page[RING_PAGES];
static struct xen_argo_send_addr address = { .src = { .domain_id = XEN_ARGO_DOMID_ANY }, .dst = { .aport = 1 } };
static struct xen_argo_iov iov[1];

static void unregister(void) { (void)hypercall(39, XEN_ARGO_OP_unregister_ring, (uint64_t)&gone, 0, 0); }

static void registered(void)
{
    unregister();
    ((volatile uint64_t *)give_pages)[0] = 0; /* where the ring is written and read */
    (void)hypercall(39, XEN_ARGO_OP_register_ring, (uint64_t)&ring, (uint64_t)ring_page, RING_PAGES);
}

static void prepare(void)
{
    uint64_t entries_gfn = GRANT_GFN;
    volatile struct grant_entry_v1 *entries = window_page(0, WINDOW_READ_WRITE, entries_gfn);

    me = own_domid();
    for (unsigned i = 0; i < 512; i++) {
        pages[i] = gfn_of(give_pages) + i % 256;
    }
    singles = (struct xen_memory_reservation){ .nr_extents = 256, .domid = DOMID_SELF };
    *(uint64_t *)&singles.extent_start = (uint64_t)pages;
    block = (struct xen_memory_reservation){ .nr_extents = 1, .extent_order = 9, .domid = DOMID_SELF };
    *(uint64_t *)&block.extent_start = (uint64_t)&block_page;
    (void)physmap_add(XENMAPSPACE_grant_table, 0, entries_gfn);
    /* Room for a block: 2 MiB of the memory that is there at first. */
    block_page = (board.memory_base + board.memory_size / 2) >> PAGE_SHIFT;
    (void)memory_op(XENMEM_decrease_reservation, &block);
    block_page = BLOCK_GFN;
    for (unsigned i = 0; i < BATCH; i++) {
        entries[16 + i] = (struct grant_entry_v1){ .flags = GTF_permit_access, .domid = me,
                                                   .frame = (uint32_t)gfn_of(granted_page) };
        map[i] = (struct gnttab_map_grant_ref){ .host_addr = (MAPS_GFN + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
                                                .ref = 16 + i, .dom = me };
        copy[i] = (struct gnttab_copy){ .source = { .u.ref = 16 + i, .domid = me },
                                        .dest = { .u.ref = 16 + (i + 1) % BATCH, .domid = me },
                                        .len = PAGE, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };
        swap[i] = (struct gnttab_swap_grant_ref){ .ref_a = 16 + i, .ref_b = 16 + (i + 1) % BATCH };
        flush[i] = (struct gnttab_cache_flush){ .a.dev_bus_addr = gfn_of(to_page) << PAGE_SHIFT, .length = PAGE,
                                                .op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL };
        list[i] = (struct multicall_entry){ .op = 17 };
    }
    control = (struct evtchn_init_control){ .control_gfn = gfn_of(from_page) };
    array = (struct evtchn_expand_array){ .array_gfn = gfn_of(to_page) };
    setup = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 64 };
    *(uint64_t *)&setup.frame_list = (uint64_t)frame_list;
    poll_all.nr_ports = 128;
    *(uint64_t *)&poll_all.ports = (uint64_t)poll_ports;
    batch = (struct xen_add_to_physmap_batch){ .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .size = 63 };
    resource = (struct xen_mem_acquire_resource){ .domid = DOMID_SELF, .type = XENMEM_resource_grant_table,
                                                  .nr_frames = 63, .frame = 1 };
    for (unsigned i = 0; i < 64; i++) {
        batch_index[i] = i + 1;
        batch_page[i] = MAPS_GFN + 0x1000 + i;
    }
    *(uint64_t *)&batch.idxs = (uint64_t)batch_index;
    *(uint64_t *)&batch.gpfns = (uint64_t)batch_page;
    *(uint64_t *)&batch.errs = (uint64_t)batch_error;
    *(uint64_t *)&resource.frame_list = (uint64_t)batch_page;
    for (unsigned i = 0; i < RING_PAGES; i++) {
        ring_page[i] = gfn_of(give_pages) + i;
    }
    address.dst.domain_id = me;
    iov[0].iov_hnd.p = from_page;
    iov[0].iov_len = 16 * PAGE + 8 * PAGE;
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = i % 128 == 127 ? '\n' : '.';
    }
}

void guest_main(void)
{
    const struct operation operations[] = {
        { "multicall", 13, { (uint64_t)list, BATCH }, NULL },
        { "grant map", 20, { GNTTABOP_map_grant_ref, (uint64_t)map, BATCH }, unmap_all },
        { "grant unmap", 20, { GNTTABOP_unmap_grant_ref, (uint64_t)unmap, BATCH }, map_all },
        { "grant copy", 20, { GNTTABOP_copy, (uint64_t)copy, BATCH }, unmap_all },
        { "grant swap", 20, { GNTTABOP_swap_grant_ref, (uint64_t)swap, BATCH }, NULL },
        { "cache flush", 20, { GNTTABOP_cache_flush, (uint64_t)flush, BATCH }, NULL },
        { "decrease, single pages", 12, { XENMEM_decrease_reservation, (uint64_t)&singles }, populate_singles },
        { "populate, single pages", 12, { XENMEM_populate_physmap, (uint64_t)&singles }, decrease_singles },
        { "decrease, 2 MiB", 12, { XENMEM_decrease_reservation, (uint64_t)&block }, populate_block },
        { "populate, 2 MiB", 12, { XENMEM_populate_physmap, (uint64_t)&block }, decrease_block },
        { "find a port", 32, { EVTCHNOP_bind_ipi, (uint64_t)&ipi }, all_but_one },
        { "reset", 32, { EVTCHNOP_reset, (uint64_t)&(struct evtchn_reset){ .dom = DOMID_SELF } }, many_ports },
        { "init_control", 32, { EVTCHNOP_init_control, (uint64_t)&control }, many_ports_two_level },
        { "init_control, all pending", 32, { EVTCHNOP_init_control, (uint64_t)&control }, two_level_all_pending },
        { "expand_array", 32, { EVTCHNOP_expand_array, (uint64_t)&array }, fifo_with_many_ports },
        { "expand_array, all pending", 32, { EVTCHNOP_expand_array, (uint64_t)&array }, fifo_all_pending },
        { "find a port, all in queues", 32, { EVTCHNOP_bind_ipi, (uint64_t)&ipi }, fifo_all_linked },
        { "reset, all in queues", 32, { EVTCHNOP_reset, (uint64_t)&(struct evtchn_reset){ .dom = DOMID_SELF } },
          fifo_all_linked },
        { "poll", 29, { SCHEDOP_poll, (uint64_t)&poll_all }, poll_stage },
        { "console write", 18, { CONSOLEIO_write, sizeof(text), (uint64_t)text }, NULL },
        { "argo register", 39, { XEN_ARGO_OP_register_ring, (uint64_t)&ring, (uint64_t)ring_page, RING_PAGES },
          unregister },
        { "argo unregister", 39, { XEN_ARGO_OP_unregister_ring, (uint64_t)&gone }, registered },
        { "argo send", 39, { XEN_ARGO_OP_sendv, (uint64_t)&address, (uint64_t)iov, 1, 1 }, registered },
        { "argo notify", 39, { XEN_ARGO_OP_notify, 0 }, registered },
    };
    /* The table is at its largest from here on. */
    const struct operation last[] = {
        { "set_version to 2", 20, { GNTTABOP_set_version, (uint64_t)&version2, 1 }, to_version_1 },
        { "set_version to 1", 20, { GNTTABOP_set_version, (uint64_t)&version1, 1 }, to_version_2 },
        { "setup_table", 20, { GNTTABOP_setup_table, (uint64_t)&setup, 1 }, NULL },
        { "add_to_physmap_batch", 12, { XENMEM_add_to_physmap_batch, (uint64_t)&batch }, unmap_table },
        { "acquire_resource", 12, { XENMEM_acquire_resource, (uint64_t)&resource }, unmap_table },
    };
    uint64_t start;

    if (shared_info_map() == NULL) {
        return;
    }
    irq_init();
    irq_enable(board.vtimer_irq);
    irq_priority(board.vtimer_irq, 0x80);
    prepare();
    WRITE_SYSREG(vbar_el1, bounds_vectors);
    isb();
    for (unsigned i = 0; i < ARRAY_COUNT(operations); i++) {
        measure(&operations[i]);
    }
    no_ports();
    /* Can be done once only, and does not stop: all of it is the run. */
    start = now();
    (void)grant_op(GNTTABOP_setup_table, &setup, 1);
    say("run setup_table, growing: %lu\n", (now() - start) * TICK);
    for (unsigned i = 0; i < ARRAY_COUNT(last); i++) {
        measure(&last[i]);
    }
}
