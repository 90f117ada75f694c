/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races: several vCPUs make hypercalls at random, with arguments at bounds, unaligned, overlapping, read-only, of
 * devices, of others' pages and of pages just given up, while they write over each other's arguments. "seconds=N" long,
 * "seed=N"; "peers=N" partitions have the numbers 1 to N.
 *
 * The guest must survive its own calls. So all arguments, and all pages that a call may take away, lie in a playground
 * where no memory was: half of a word over half of another one leads nowhere near its code and data (a 4 could, and is
 * avoided; so are bytes out of place where a call takes frame numbers). What is written over arguments are words that
 * lead to the playground, to devices, or nowhere; accesses that find a page gone are noted and skipped. Calls that end a
 * partition are left out. If all that was not enough, in hours of running, a watchdog ends the partition.
 */
#include "xen_guest.h"

#define SLOTS      64           /* for arguments, of SLOT bytes each */
#define SLOT       256
#define ARGUMENT_PAGES (SLOTS * SLOT / PAGE)
#define PLAY_PAGES 64
#define PLAYGROUND 0x50800000ul
#define PLACES     64

static const uint64_t arguments = PLAYGROUND, play = PLAYGROUND + SLOTS * SLOT; /* as physical as virtual */
static uint64_t place = 0x38000000ul;
static uint64_t read_only, nowhere;
static uint64_t deadline;
static unsigned peers;
static struct sched_watchdog memory_of_watchdog;
static volatile unsigned finished;
static struct worker { uint64_t state, calls, done, caught; } workers[CPU_MAX];
static uint64_t done_of[64], mapped, copied;
static uint8_t read_only_page[PAGE] PAGES;

static uint64_t pick(struct worker *w, uint64_t n)
{
    return random_next(&w->state) % n;
}

/* ---- Words that lead nowhere bad ---- */

static uint64_t any_gfn(struct worker *w)
{
    switch (pick(w, 12)) {
    case 0: return (place >> PAGE_SHIFT) + pick(w, PLACES);
    case 1: return board.gicd >> PAGE_SHIFT;
    case 2: return 0x200000 + pick(w, 4); /* nothing is there */
    case 3: return 0xffffffffffull;
    default: return (play >> PAGE_SHIFT) + pick(w, PLAY_PAGES);
    }
}

static uint64_t any_pointer(struct worker *w, uint64_t size)
{
    uint64_t at = arguments + pick(w, SLOTS) * SLOT;

    switch (pick(w, 24)) {
    case 0: return at + 4 * pick(w, 4);
    case 1: return arguments + PAGE * (1 + pick(w, 3)) - 4 * pick(w, size / 4 + 1); /* across two pages */
    case 2: return nowhere - 4 * pick(w, size / 4 + 1);                    /* into nothing */
    case 3: return nowhere;
    case 4: return read_only + pick(w, PAGE);
    case 5: return (pick(w, 2) ? board.gicd : board.uart) + pick(w, PAGE) / 8 * 8;
    case 6: return place + pick(w, PLACES) * PAGE + pick(w, PAGE) / 8 * 8; /* grants, or the grant table */
    case 7: return play + pick(w, PLAY_PAGES) * PAGE + pick(w, PAGE) / 8 * 8; /* perhaps given up */
    case 8: return ~0ull - pick(w, 64);
    default: return at;
    }
}

/* Not 29: that is sched_op, in a list of calls. Not 4: in the second 16 bits of a frame number that is our code. */
static uint64_t small(struct worker *w)
{
    static const uint16_t values[] = { 0, 1, 2, 3, 5, 6, 7, 8, 15, 16, 20, 32, 64, 128, 255, 256, 0xff8, 0xfff, 0x1000,
                                       0x7ff0, 0x7ff1, 0x7ff4, 0x8000, 0xffff };

    return values[pick(w, ARRAY_COUNT(values))];
}

static uint64_t any_domid(struct worker *w)
{
    uint64_t r = pick(w, 8);

    return r < 5 ? 1 + pick(w, peers) : r < 7 ? DOMID_SELF : small(w);
}

/* What other vCPUs write over arguments. */
static void scribble(struct worker *w)
{
    uint64_t at = arguments + pick(w, SLOTS) * SLOT + pick(w, 8) * 8;

    switch (pick(w, 6)) {
    case 0: *(volatile uint64_t *)at = any_pointer(w, 64); break;
    case 1: *(volatile uint64_t *)at = any_gfn(w); break;
    case 2: *(volatile uint32_t *)(at + 4 * pick(w, 2)) = (uint32_t)small(w); break;
    case 3: *(volatile uint16_t *)(at + 2 * pick(w, 2)) = (uint16_t)any_domid(w); break;
    case 4: *(volatile uint64_t *)at = 0; break;
    default: *(volatile uint8_t *)at = (uint8_t)small(w); break;
    }
}

/* ---- Calls ---- */

static int64_t make(struct worker *w, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x3 __asm__("x3") = d;
    register uint64_t x4 __asm__("x4") = e;
    register uint64_t x16 __asm__("x16") = number;

    __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16) :: "memory");
    w->calls++;
    if ((int64_t)x0 >= 0) {
        w->done++;
        __atomic_fetch_add(&done_of[number % 64], 1, __ATOMIC_RELAXED);
    }
    return (int64_t)x0;
}

/* Fills the slot at AT with words that such an operation may find there. */
static void fill(struct worker *w, uint64_t at, unsigned count, const char *kinds)
{
    volatile uint8_t *p = (volatile uint8_t *)at;

    for (unsigned i = 0; i < count; i++) {
        for (const char *k = kinds; *k != '\0'; k++) {
            uint64_t value, size;

            switch (*k) {
            case 'g': value = any_gfn(w); size = 8; break;
            case 'a': value = any_gfn(w) << PAGE_SHIFT; size = 8; break;
            case 'p': value = any_pointer(w, 64); size = 8; break;
            case 'n': value = pick(w, 8) != 0 ? 1 + pick(w, 3) : small(w); size = 8; break;
            case 'r': value = 8 + pick(w, 16); size = 4; break; /* a grant reference or a port or a handle */
            case 'o': value = pick(w, 8) != 0 ? pick(w, 24) : small(w); value += value == 4; size = 4; break;
            case 'f': value = pick(w, 4) != 0 ? 2 + 4 * pick(w, 2) : small(w); size = 4; break; /* flags of a mapping */
            case 'd': value = any_domid(w); size = 2; break;
            case 'S': value = DOMID_SELF; size = 2; break;
            case 'c': value = pick(w, 4); size = 2; break;  /* flags of a copy */
            case 'q': value = pick(w, 3); size = 4; break;  /* a vCPU, a version, a port of Argo */
            case 'm': value = 8 * pick(w, 512); size = 4; break;
            case 't': value = XENMAPSPACE_grant_table; size = 4; break;
            case 's': value = pick(w, 2) ? pick(w, 4) : small(w); size = 2; break;
            default: value = 0; size = (uint64_t)(*k - '0'); break; /* so many zeros */
            }
            for (uint64_t n = 0; n < size; n++) {
                *p++ = (uint8_t)(value >> 8 * n);
            }
        }
    }
}

struct operation { uint8_t number, command, count; const char *kinds; };
static const struct operation operations[] = {
    { 32, EVTCHNOP_alloc_unbound, 1, "dd4" }, { 32, EVTCHNOP_bind_interdomain, 1, "d2o4" },
    { 32, EVTCHNOP_bind_virq, 1, "oq4" }, { 32, EVTCHNOP_bind_ipi, 1, "q4" }, { 32, EVTCHNOP_close, 1, "o" },
    { 32, EVTCHNOP_send, 1, "o" }, { 32, EVTCHNOP_send, 1, "o" }, { 32, EVTCHNOP_status, 1, "d2o888" },
    { 32, EVTCHNOP_bind_vcpu, 1, "oq" }, { 32, EVTCHNOP_unmask, 1, "o" }, { 32, EVTCHNOP_reset, 1, "d" },
    { 32, EVTCHNOP_init_control, 1, "gmq8" }, { 32, EVTCHNOP_expand_array, 1, "g" },
    { 32, EVTCHNOP_set_priority, 1, "oo" },
    { 20, GNTTABOP_map_grant_ref, 3, "afrd248" }, { 20, GNTTABOP_map_grant_ref, 1, "afrd248" },
    { 20, GNTTABOP_unmap_grant_ref, 6, "a8o22" }, { 20, GNTTABOP_unmap_grant_ref, 1, "a8o22" },
    { 20, GNTTABOP_copy, 3, "r4ds4r4ds4sc22" }, { 20, GNTTABOP_copy, 3, "gSs4gSs4s222" },
    { 20, GNTTABOP_copy, 3, "gds4r4ds4sc22" },
    { 20, GNTTABOP_setup_table, 1, "d2o8p" }, { 20, GNTTABOP_query_size, 1, "d284" },
    { 20, GNTTABOP_set_version, 1, "q" }, { 20, GNTTABOP_get_status_frames, 1, "od2p" },
    { 20, GNTTABOP_get_version, 1, "d24" }, { 20, GNTTABOP_swap_grant_ref, 3, "rr22" },
    { 20, GNTTABOP_cache_flush, 3, "asss2" },
    { 12, XENMEM_populate_physmap, 1, "pn44d6" }, { 12, XENMEM_populate_physmap, 1, "pn44d6" },
    { 12, XENMEM_decrease_reservation, 1, "pn44d6" }, { 12, XENMEM_current_reservation, 1, "d" },
    { 12, XENMEM_add_to_physmap, 1, "d2tng" }, { 12, XENMEM_add_to_physmap, 1, "d248g" },
    { 12, XENMEM_add_to_physmap, 1, "d2ong" }, { 12, XENMEM_add_to_physmap_batch, 1, "dss2ppp" },
    { 12, XENMEM_remove_from_physmap, 1, "d6g" }, { 12, XENMEM_acquire_resource, 1, "dsqq4np" },
    { 24, VCPUOP_register_vcpu_info, 1, "gm4" }, { 24, VCPUOP_register_runstate_memory_area, 1, "p" },
    { 29, SCHEDOP_yield, 1, "8" }, { 29, SCHEDOP_poll, 1, "po48" }, { 29, SCHEDOP_shutdown_code, 1, "o" },
    { 34, HVMOP_get_param, 1, "d2o8" }, { 17, XENVER_get_features, 1, "44" }, { 17, XENVER_compile_info, 1, "8" },
    { 39, XEN_ARGO_OP_register_ring, 1, "q84" }, { 39, XEN_ARGO_OP_register_ring, 1, "q84" },
    { 39, XEN_ARGO_OP_unregister_ring, 1, "qd2" }, { 39, XEN_ARGO_OP_sendv, 1, "o22qd2" },
    { 39, XEN_ARGO_OP_sendv, 1, "o22qd2" }, { 39, XEN_ARGO_OP_notify, 1, "nqd24o4qd24o4" },
};

static void write_grants(struct worker *w)
{
    for (unsigned i = 0; i < 8; i++) {
        volatile uint64_t *e = (volatile uint64_t *)(place + (8 + pick(w, 16)) * 8);

        /* Version 1; as version 2 the words mean something else, which is as good. */
        *e = (any_gfn(w) & 0xffffffff) << 32 | (1 + pick(w, peers)) << 16 |
             (pick(w, 8) == 0 ? small(w) & 0xff : GTF_permit_access);
    }
}

static void argo(struct worker *w, const struct operation *o, uint64_t at)
{
    uint64_t list = arguments + pick(w, SLOTS) * SLOT, pages = 1 + pick(w, 20);

    if (o->command == XEN_ARGO_OP_register_ring) {
        *(volatile uint32_t *)(at + 4) = (uint32_t)any_domid(w);
        *(volatile uint32_t *)(at + 8) = (uint32_t)(pages * PAGE - 64);
        *(volatile uint32_t *)(at + 12) = 0;
        fill(w, list, (unsigned)pages, "g");
        make(w, 39, o->command, at, list, pages, pick(w, 2));
    } else if (o->command == XEN_ARGO_OP_sendv) {
        *(volatile uint16_t *)(at + 4) = 0x7ff4; /* from whoever we are */
        fill(w, list, 4, "pn");
        make(w, 39, o->command, at, list, pick(w, 5), 1);
    } else {
        make(w, 39, o->command, at, 0, 0, 0);
    }
}

/* Its own accesses to what may be gone, or another's. */
static void touch(struct worker *w)
{
    for (unsigned i = 0; i < 8; i++) {
        volatile uint64_t *at = (volatile uint64_t *)((pick(w, 2) ? play + pick(w, PLAY_PAGES) * PAGE
                                                                  : place + pick(w, PLACES) * PAGE) + pick(w, 512) * 8);

        if (pick(w, 2) != 0) {
            *at = any_gfn(w);
        } else {
            (void)*at;
        }
    }
}

static void list_of_calls(struct worker *w)
{
    uint64_t at = arguments + pick(w, SLOTS - 2) * SLOT;
    unsigned count = 1 + (unsigned)pick(w, 4);

    for (unsigned i = 0; i < count; i++) {
        const struct operation *o = &operations[pick(w, ARRAY_COUNT(operations))];
        volatile uint64_t *e = (volatile uint64_t *)(at + i * 64);

        e[0] = o->number == 29 ? 17 : o->number;
        e[2] = o->command == 4 ? 9 : o->command;
        e[3] = any_pointer(w, 64);
        e[4] = o->count;
    }
    make(w, 13, at, pick(w, 16) == 0 ? small(w) : count, 0, 0, 0);
}

static void one_call(struct worker *w, bool may_block)
{
    const struct operation *o = &operations[pick(w, ARRAY_COUNT(operations))];
    uint64_t at = any_pointer(w, 64), inside = arguments + pick(w, SLOTS) * SLOT;

    if (o->number == 32 &&
        (o->command == EVTCHNOP_close || o->command == EVTCHNOP_send || o->command == EVTCHNOP_unmask)) {
        at += pick(w, 4); /* unaligned */
    }
    /* Arguments where they can be written; elsewhere is what is there. */
    if (at - arguments < SLOTS * SLOT - SLOT) {
        fill(w, at, o->count, o->kinds);
        inside = at;
    }
    switch (o->number) {
    case 20:
        make(w, 20, o->command, at, pick(w, 32) == 0 ? small(w) : o->count, 0, 0);
        if (inside == at && o->command == GNTTABOP_map_grant_ref) {
            mapped += ((volatile struct gnttab_map_grant_ref *)at)->status == GNTST_okay;
        } else if (inside == at && o->command == GNTTABOP_copy) {
            copied += ((volatile struct gnttab_copy *)at)->status == GNTST_okay;
        }
        break;
    case 24:
        make(w, 24, o->command, pick(w, 4), at, 0, 0);
        break;
    case 29:
        if (o->command == SCHEDOP_poll && !may_block) {
            return;
        }
        if (o->command == SCHEDOP_poll) {
            *(volatile uint64_t *)(inside + 16) = 1;
        }
        make(w, 29, o->command, inside, 0, 0, 0);
        break;
    case 39:
        argo(w, o, inside);
        break;
    case 12:
        if (o->command == XENMEM_populate_physmap || o->command == XENMEM_decrease_reservation) {
            uint64_t list = arguments + pick(w, SLOTS) * SLOT;

            fill(w, list, 8, "g");
            *(volatile uint64_t *)inside = list;
        }
        make(w, 12, o->command, pick(w, 4) == 0 ? at : inside, 0, 0, 0);
        break;
    default:
        make(w, o->number, o->command, at, 0, 0, 0);
        break;
    }
}

/* The pages of arguments come back if a call gave them up. */
static void repair(struct worker *w)
{
    static struct xen_memory_reservation r[CPU_MAX];
    static xen_pfn_t list[CPU_MAX];
    unsigned cpu = cpu_id();

    for (unsigned i = 0; i < ARGUMENT_PAGES; i++) {
        list[cpu] = (arguments >> PAGE_SHIFT) + i;
        r[cpu] = (struct xen_memory_reservation){ .nr_extents = 1, .domid = DOMID_SELF };
        *(uint64_t *)&r[cpu].extent_start = (uint64_t)&list[cpu];
        make(w, 12, XENMEM_populate_physmap, (uint64_t)&r[cpu], 0, 0, 0);
    }
}

/* Some pages of the memory that is there at first move to the playground. */
static bool make_playground(void)
{
    static xen_pfn_t from[ARGUMENT_PAGES + PLAY_PAGES], to[ARGUMENT_PAGES + PLAY_PAGES];
    struct xen_memory_reservation r = { .nr_extents = ARRAY_COUNT(from), .domid = DOMID_SELF };
    int64_t given, got;

    for (unsigned i = 0; i < ARRAY_COUNT(from); i++) {
        from[i] = ((board.memory_base + board.memory_size / 2) >> PAGE_SHIFT) + i;
        to[i] = (PLAYGROUND >> PAGE_SHIFT) + i;
    }
    *(uint64_t *)&r.extent_start = (uint64_t)from;
    given = memory_op(XENMEM_decrease_reservation, &r);
    *(uint64_t *)&r.extent_start = (uint64_t)to;
    got = memory_op(XENMEM_populate_physmap, &r);
    if (got != (int64_t)ARRAY_COUNT(to)) {
        say("no playground: %ld pages of %ld\n", got, given);
    }
    return got == (int64_t)ARRAY_COUNT(to);
}

/* ---- The vCPUs ---- */

/* An interrupt now and then stops lists, and ends waiting. */
static void tick(unsigned irq)
{
    (void)irq;
    WRITE_SYSREG(cntv_cval_el0, now() + ticks_from_us(300 + random_next(&workers[cpu_id()].state) % 700));
}

static void work(void *argument)
{
    struct worker *w = argument;
    struct caught c;

    if (cpu_id() != 0) {
        irq_init_cpu();
    }
    irq_enable(board.vtimer_irq);
    WRITE_SYSREG(cntv_cval_el0, now());
    WRITE_SYSREG(cntv_ctl_el0, 1);
    irq_on();
    while (now() < deadline) {
        catch_begin();
        switch (pick(w, 16)) {
        case 0: write_grants(w); break;
        case 6: touch(w); break;
        case 1: list_of_calls(w); break;
        case 2: case 3: case 4: case 5:
            for (unsigned i = 0; i < 16; i++) {
                scribble(w);
            }
            break;
        default: one_call(w, cpu_id() != 0); break;
        }
        if (catch_end(&c)) {
            w->caught++;
            repair(w);
        }
    }
    irq_off();
    WRITE_SYSREG(cntv_ctl_el0, 0);
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

void guest_main(void)
{
    struct worker all = { 0 };
    uint64_t seed = arg_number("seed", 1), waited;
    unsigned running = 1;

    peers = (unsigned)arg_number("peers", 1);
    nowhere = 0x200000000ull;
    read_only = (uint64_t)window_page(8, WINDOW_READ_ONLY, gfn_of(read_only_page));
    if (!make_playground()) {
        return;
    }
    irq_init();
    irq_handle(board.vtimer_irq, tick);
    if (physmap_add(XENMAPSPACE_grant_table, 0, place >> PAGE_SHIFT) != 0) {
        say("no grant table\n");
    }
    memory_of_watchdog = (struct sched_watchdog){ .timeout = (uint32_t)arg_number("seconds", 5) * 2 + 60 };
    (void)sched_op(SCHEDOP_watchdog, &memory_of_watchdog);
    deadline = now() + ticks_from_us(arg_number("seconds", 5) * 1000000);
    for (unsigned i = 0; i < CPU_MAX; i++) {
        workers[i].state = (seed * CPU_MAX + i + 1) * 0x9e3779b97f4a7c15ull;
    }
    for (unsigned i = 1; i < board.cpu_count && i < CPU_MAX; i++) {
        running += cpu_on(i, work, &workers[i]) == 0;
    }
    work(&workers[0]);
    waited = now() + ticks_from_us(2000000);
    while (finished < running && now() < waited) {
        spin_a_little();
    }
    for (unsigned i = 0; i < CPU_MAX; i++) {
        all.calls += workers[i].calls;
        all.done += workers[i].done;
        all.caught += workers[i].caught;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(done_of); i++) {
        if (done_of[i] != 0) {
            say("call %u succeeded: %lu\n", i, done_of[i]);
        }
    }
    say("mapped: %lu\n", mapped);
    say("copied: %lu\n", copied);
    say("calls: %lu\n", all.calls);
    say("succeeded: %lu\n", all.done);
    say("accesses to pages that were gone: %lu\n", all.caught);
    say("vCPUs that came to their end: %u of %u\n", finished, running);
}
