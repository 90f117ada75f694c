/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races: several vCPUs make hypercalls at random, with arguments at bounds, unaligned, overlapping, read-only, of
 * devices, of others' pages and of pages just given up, while they write over each other's arguments. "seconds=N" long,
 * "seed=N"; "peers=N" partitions have the numbers 1 to N.
 *
 * The guest must survive its own calls, in hours of running. So its own memory moves to frames, and is away from
 * addresses, that no argument can mean (xen_home.h says why): what is written where calls look for arguments goes
 * through home_harmless(), by which words cannot be put together that lead there, and what the hypervisor writes on its
 * own, as times, goes where no argument is read. Arguments that would harm if others replaced them are private: lists
 * of calls, which are numbers of calls as well, and of those what others write over are pointers and counts only;
 * parameters, which name the console; times to wait until. Calls that end a partition or a vCPU are left out, and so
 * are registers that say where interrupts come. Accesses that find a page gone are noted and skipped. A watchdog ends a
 * partition that hangs.
 */
#include "xen_home.h"

#define SLOTS      128          /* for arguments, of SLOT bytes each */
#define SLOT       256
#define ARGUMENT_PAGES (SLOTS * SLOT / PAGE)
#define PLAY_PAGES 64           /* for everything else */
#define PLACES     64           /* pages without memory, for grants */
#define LIST_MAX   4            /* calls in a list */
#define PRIVATE_SIZE (PAGE / CPU_MAX)

/* As physical as virtual. Where home_harmless() changes a byte of an address, it leads to another page of the same. */
static const uint64_t arguments = OPEN_BASE, play = OPEN_BASE + ARGUMENT_PAGES * PAGE, place = OPEN_BASE + 0x80000;
static uint64_t deadline;
static unsigned peers;
static volatile unsigned begun, finished;
static struct worker { uint64_t state, calls, done, caught; } workers[CPU_MAX];
static uint32_t done_of[64];
static uint64_t mapped, copied;

/* What a vCPU keeps for itself to be read by calls. */
struct private {
    struct multicall_entry list[LIST_MAX];
    struct sched_poll poll;
    struct sched_shutdown shutdown;
    struct vcpu_register_runstate_memory_area runstate;
    struct xen_hvm_param parameter;
};

_Static_assert(sizeof(struct private) <= PRIVATE_SIZE, "one for each vCPU in a page");
_Static_assert(ARGUMENT_PAGES + PLAY_PAGES < OPEN_PAGES, "there is memory for both");

static struct private *private_of(unsigned cpu)
{
    return (struct private *)(uintptr_t)&home_private[cpu * PRIVATE_SIZE];
}

/* N is no more than 2^32; 32-bit guests have no division of more. */
static uint64_t pick(struct worker *w, uint64_t n)
{
    return (uint32_t)(random_next(&w->state) >> 32) % (uint32_t)n;
}

/* ---- Words that lead nowhere bad ---- */

/* Writes SIZE bytes of VALUE where they may be read as anything. */
static void put(uint64_t at, uint64_t value, unsigned size)
{
    value = home_harmless(value);
    switch (size) {
    case 1: write8(at, (uint8_t)value); break;
    case 2: write16(at, (uint16_t)value); break;
    case 4: write32(at, (uint32_t)value); break;
    default: write64(at, value); break;
    }
}

static uint64_t any_gfn(struct worker *w)
{
    switch (pick(w, 12)) {
    case 0:
    case 1: return (place >> PAGE_SHIFT) + pick(w, PLACES);
    case 2: return 0x200000 + pick(w, 4); /* nothing is there */
    case 3: return 0xffffffffffull;
    default: return (play >> PAGE_SHIFT) + pick(w, PLAY_PAGES);
    }
}

static uint64_t any_slot(struct worker *w)
{
    return arguments + pick(w, SLOTS) * SLOT;
}

static uint64_t any_pointer(struct worker *w, uint64_t size)
{
    uint64_t at = any_slot(w);

    switch (pick(w, 24)) {
    case 0: return at + 4 * pick(w, 4);
    case 1: return arguments + PAGE * (1 + pick(w, ARGUMENT_PAGES - 1)) - 4 * pick(w, size / 4 + 1); /* across pages */
    case 2: return SPECIAL_NOTHING - 4 * pick(w, size / 4 + 1); /* into nothing */
    case 3: return SPECIAL_NOTHING;
    case 4: return SPECIAL_READ_ONLY + pick(w, PAGE);
    case 5: return SPECIAL_DEVICE + pick(w, PAGE) / 8 * 8;
    case 6: return place + pick(w, PLACES) * PAGE + pick(w, PAGE) / 8 * 8; /* grants, or the grant table */
    case 7: return play + pick(w, PLAY_PAGES) * PAGE + pick(w, PAGE) / 8 * 8; /* perhaps given up */
    case 8: return ~0ull - pick(w, 64);
    default: return at;
    }
}

static uint64_t small(struct worker *w)
{
    static const uint16_t values[] = { 0, 1, 2, 3, 4, 6, 7, 8, 15, 16, 20, 33, 64, 128, 255, 256, 0xff8, 0xfff, 0x1000,
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
    uint64_t at = any_slot(w) + pick(w, 8) * 8;
    struct multicall_entry *entry = &private_of((unsigned)pick(w, CPU_MAX))->list[pick(w, LIST_MAX)];

    switch (pick(w, 8)) {
    case 0: put(at, any_pointer(w, 64), 8); break;
    case 1: put(at, any_gfn(w), 8); break;
    case 2: put(at + 4 * pick(w, 2), small(w), 4); break;
    case 3: put(at + 2 * pick(w, 2), any_domid(w), 2); break;
    case 4: put(at, 0, 8); break;
    case 5: *(volatile xen_ulong_t *)&entry->args[1] = (xen_ulong_t)home_harmless(any_pointer(w, 64)); break;
    case 6: *(volatile xen_ulong_t *)&entry->args[2] = (xen_ulong_t)small(w); break;
    default: put(at, small(w), 1); break;
    }
}

/* ---- Calls ---- */

static int64_t make(struct worker *w, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    int64_t result = home_call(number, a, b, c, d, e);

    w->calls++;
    if (result >= 0) {
        w->done++;
        __atomic_fetch_add(&done_of[number % 64], 1, __ATOMIC_RELAXED);
    }
    return result;
}

/* A word of an argument: its kind, its size (0: that of xen_ulong_t), and what may be there. */
static uint64_t any_word(struct worker *w, char kind, unsigned *size)
{
    switch (kind) {
    case 'g': *size = sizeof(xen_pfn_t); return any_gfn(w);
    case 'G': *size = 8; return any_gfn(w);
    case 'a': *size = 8; return any_gfn(w) << PAGE_SHIFT;
    case 'p': *size = sizeof(void *); return any_pointer(w, 64);
    case 'n': *size = sizeof(xen_ulong_t); return pick(w, 8) != 0 ? 1 + pick(w, 3) : small(w);
    case 'N': *size = 8; return pick(w, 8) != 0 ? 1 + pick(w, 3) : small(w);
    case 'r': *size = 4; return 8 + pick(w, 16); /* a grant reference or a port or a handle */
    case 'o': *size = 4; return pick(w, 8) != 0 ? pick(w, 24) : small(w);
    case 'f': *size = 4; return pick(w, 4) != 0 ? 2 + 4 * pick(w, 2) : small(w); /* flags of a mapping */
    case 'd': *size = 2; return any_domid(w);
    case 'S': *size = 2; return DOMID_SELF;
    case 'c': *size = 2; return pick(w, 4);      /* flags of a copy */
    case 'q': *size = 4; return pick(w, 3);      /* a vCPU, a version, a port of Argo */
    case 'm': *size = 4; return 8 * pick(w, 512);
    case 't': *size = 4; return XENMAPSPACE_grant_table;
    case 's': *size = 2; return pick(w, 2) ? pick(w, 4) : small(w);
    default:  *size = (unsigned)(kind - '0'); return 0; /* so many zeros */
    }
}

/* Fills the slot at AT with words that such an operation may find there. A '.' aligns to xen_ulong_t. */
static void fill(struct worker *w, uint64_t at, unsigned count, const char *kinds)
{
    for (unsigned i = 0; i < count; i++) {
        for (const char *k = kinds; *k != '\0'; k++) {
            unsigned size;
            uint64_t value;

            if (*k == '.') {
                at = (at + sizeof(xen_ulong_t) - 1) & ~(uint64_t)(sizeof(xen_ulong_t) - 1);
                continue;
            }
            value = home_harmless(any_word(w, *k, &size));
            for (unsigned n = 0; n < size; n++) {
                write8(at++, (uint8_t)(value >> 8 * n));
            }
        }
    }
}

struct operation { uint8_t number, command, count; const char *kinds; };
/* In a list of calls may be those before the first one that has a private argument. */
static const struct operation operations[] = {
    { 32, EVTCHNOP_alloc_unbound, 1, "dd4" }, { 32, EVTCHNOP_bind_interdomain, 1, "d2o4" },
    { 32, EVTCHNOP_bind_virq, 1, "oq4" }, { 32, EVTCHNOP_bind_ipi, 1, "q4" }, { 32, EVTCHNOP_close, 1, "o" },
    { 32, EVTCHNOP_send, 1, "o" }, { 32, EVTCHNOP_send, 1, "o" }, { 32, EVTCHNOP_status, 1, "d2o888" },
    { 32, EVTCHNOP_bind_vcpu, 1, "oq" }, { 32, EVTCHNOP_unmask, 1, "o" }, { 32, EVTCHNOP_reset, 1, "d" },
    { 32, EVTCHNOP_init_control, 1, "Gmq8" }, { 32, EVTCHNOP_expand_array, 1, "G" },
    { 32, EVTCHNOP_set_priority, 1, "oo" },
    { 20, GNTTABOP_map_grant_ref, 3, "afrd248" }, { 20, GNTTABOP_map_grant_ref, 1, "afrd248" },
    { 20, GNTTABOP_unmap_grant_ref, 6, "a8o22" }, { 20, GNTTABOP_unmap_grant_ref, 1, "a8o22" },
    { 20, GNTTABOP_copy, 3, "r.ds.r.ds.sc22" }, { 20, GNTTABOP_copy, 3, "gSs.gSs.s222" },
    { 20, GNTTABOP_copy, 3, "gds.r.ds.sc22" },
    { 20, GNTTABOP_setup_table, 1, "d2o2.p" }, { 20, GNTTABOP_query_size, 1, "d284" },
    { 20, GNTTABOP_set_version, 1, "q" }, { 20, GNTTABOP_get_status_frames, 1, "od2p" },
    { 20, GNTTABOP_get_version, 1, "d24" }, { 20, GNTTABOP_swap_grant_ref, 3, "rr22" },
    { 20, GNTTABOP_cache_flush, 3, "asss2" },
    { 12, XENMEM_populate_physmap, 1, "pn44d6" }, { 12, XENMEM_populate_physmap, 1, "pn44d6" },
    { 12, XENMEM_decrease_reservation, 1, "pn44d6" }, { 12, XENMEM_current_reservation, 1, "d" },
    { 12, XENMEM_add_to_physmap, 1, "d2tng" }, { 12, XENMEM_add_to_physmap, 1, "d248g" },
    { 12, XENMEM_add_to_physmap, 1, "d2ong" }, { 12, XENMEM_add_to_physmap_batch, 1, "dss2ppp" },
    { 12, XENMEM_remove_from_physmap, 1, "d.g" }, { 12, XENMEM_acquire_resource, 1, "dsqq4Np" },
    { 17, XENVER_get_features, 1, "44" }, { 17, XENVER_compile_info, 1, "8" },
    { 39, XEN_ARGO_OP_register_ring, 1, "q84" }, { 39, XEN_ARGO_OP_register_ring, 1, "q84" },
    { 39, XEN_ARGO_OP_unregister_ring, 1, "qd2" }, { 39, XEN_ARGO_OP_sendv, 1, "o22qd2" },
    { 39, XEN_ARGO_OP_sendv, 1, "o22qd2" }, { 39, XEN_ARGO_OP_notify, 1, "Nqd24o4qd24o4" },
    { 24, VCPUOP_register_vcpu_info, 1, "Gm4" }, { 24, VCPUOP_set_singleshot_timer, 1, "N4" },
    { 24, VCPUOP_register_runstate_memory_area, 0, "" },
    { 29, SCHEDOP_yield, 0, "" }, { 29, SCHEDOP_poll, 0, "" }, { 29, SCHEDOP_shutdown_code, 0, "" },
    { 34, HVMOP_get_param, 0, "" },
};
#define PRIVATE_OPERATIONS 7 /* the last ones */

static void write_grants(struct worker *w)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t e = place + (8 + pick(w, 16)) * 8;

        /* Version 1; as version 2 the words mean something else, which is as good. */
        put(e, (any_gfn(w) & 0xffffffff) << 32 | (1 + pick(w, peers)) << 16 |
               (pick(w, 8) == 0 ? small(w) & 0xff : GTF_permit_access), 8);
    }
}

static void argo(struct worker *w, const struct operation *o, uint64_t at)
{
    uint64_t list = any_slot(w), pages = 1 + pick(w, 20);

    if (o->command == XEN_ARGO_OP_register_ring) {
        put(at + 4, any_domid(w), 4);
        put(at + 8, pages * PAGE - 64, 4);
        put(at + 12, 0, 4);
        fill(w, list, (unsigned)pages, "G");
        make(w, 39, o->command, at, list, pages, pick(w, 2));
    } else if (o->command == XEN_ARGO_OP_sendv) {
        put(at + 4, 0x7ff4, 2); /* from whoever we are */
        fill(w, list, 4, "po4");
        make(w, 39, o->command, at, list, pick(w, 5), 1);
    } else {
        make(w, 39, o->command, at, 0, 0, 0);
    }
}

/* Its own accesses to what may be gone, or another's. */
static void touch(struct worker *w)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = (pick(w, 2) ? play + pick(w, PLAY_PAGES) * PAGE : place + pick(w, PLACES) * PAGE) +
                      pick(w, 512) * 8;

        if (pick(w, 2) != 0) {
            put(at, any_gfn(w), 8);
        } else {
            (void)read64(at);
        }
    }
}

static void list_of_calls(struct worker *w)
{
    struct multicall_entry *list = private_of(cpu_id())->list;
    unsigned count = 1 + (unsigned)pick(w, LIST_MAX);

    for (unsigned i = 0; i < count; i++) {
        const struct operation *o = &operations[pick(w, ARRAY_COUNT(operations) - PRIVATE_OPERATIONS)];
        volatile struct multicall_entry *e = &list[i];

        e->op = o->number;
        e->args[0] = o->command;
        e->args[1] = (xen_ulong_t)home_harmless(any_pointer(w, 64));
        e->args[2] = o->count;
        e->args[3] = 0;
    }
    make(w, 13, home_private_away(list), count, 0, 0, 0);
}

/* Calls whose arguments nobody replaces. */
static void private_call(struct worker *w, const struct operation *o)
{
    struct private *p = private_of(cpu_id());

    switch (o->number << 8 | o->command) {
    case 24 << 8 | VCPUOP_register_runstate_memory_area:
        p->runstate.addr.p = home_times_away() + pick(w, PAGE) / 8 * 8;
        make(w, 24, o->command, cpu_id(), home_private_away(&p->runstate), 0, 0);
        break;
    case 29 << 8 | SCHEDOP_poll:
        set_xen_guest_handle(p->poll.ports, (void *)(uintptr_t)any_pointer(w, 64));
        p->poll.nr_ports = (uint32_t)(pick(w, 8) != 0 ? pick(w, 4) : small(w));
        p->poll.timeout = system_time() + pick(w, 500000);
        make(w, 29, o->command, home_private_away(&p->poll), 0, 0, 0);
        break;
    case 29 << 8 | SCHEDOP_shutdown_code:
        p->shutdown.reason = SHUTDOWN_poweroff;
        make(w, 29, o->command, home_private_away(&p->shutdown), 0, 0, 0);
        break;
    case 34 << 8 | HVMOP_get_param:
        p->parameter.domid = (domid_t)any_domid(w);
        p->parameter.index = (uint32_t)pick(w, HVM_NR_PARAMS + 1);
        make(w, 34, o->command, home_private_away(&p->parameter), 0, 0, 0);
        break;
    default:
        make(w, o->number, o->command, 0, 0, 0, 0);
        break;
    }
}

static void one_call(struct worker *w)
{
    const struct operation *o = &operations[pick(w, ARRAY_COUNT(operations))];
    uint64_t at = any_pointer(w, 64), inside = any_slot(w);

    if (o->count == 0) {
        private_call(w, o);
        return;
    }
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
            mapped += (read32(at + offsetof(struct gnttab_map_grant_ref, dom)) >> 16) == GNTST_okay;
        } else if (inside == at && o->command == GNTTABOP_copy) {
            copied += (uint16_t)read32(at + offsetof(struct gnttab_copy, status)) == GNTST_okay;
        }
        break;
    case 24:
        make(w, 24, o->command, pick(w, 4), at, 0, 0);
        break;
    case 39:
        argo(w, o, inside);
        break;
    case 12:
        if (o->command == XENMEM_populate_physmap || o->command == XENMEM_decrease_reservation) {
            uint64_t list = any_slot(w);

            fill(w, list, 8, "g");
            put(inside, list, sizeof(void *));
        }
        make(w, 12, o->command, pick(w, 4) == 0 ? at : inside, 0, 0, 0);
        break;
    default:
        make(w, o->number, o->command, at, 0, 0, 0);
        break;
    }
}

/* The pages of arguments come back if a call gave them up. */
static void repair(void)
{
    for (unsigned i = 0; i < ARGUMENT_PAGES; i++) {
        xen_pfn_t page = (xen_pfn_t)(arguments >> PAGE_SHIFT) + i;
        struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

        set_xen_guest_handle(r.extent_start, &page);
        (void)memory_op(XENMEM_populate_physmap, &r);
    }
}

/* ---- The vCPUs ---- */

/* An interrupt now and then stops lists, and ends waiting. */
static void tick(unsigned irq)
{
    (void)irq;
    timer_set(now() + ticks_from_us(1000 + pick(&workers[cpu_id()], 4000)));
}

static void work(void *argument)
{
    struct worker *w = argument;
    struct caught c;

    if (cpu_id() != 0) {
        irq_init_cpu();
        irq_enable(timer_irq());
        home_join();
    }
    while (begun == 0) {
        cpu_yield();
    }
    timer_set(now());
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
        default: one_call(w); break;
        }
        w->caught += catch_end(&c);
        if (pick(w, 128) == 0) {
            repair();
        }
    }
    irq_off();
    timer_stop();
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

void guest_main(void)
{
    struct worker all = { 0 };
    uint64_t seed = arg_number("seed", 1), seconds = arg_number("seconds", 5), waited;
    unsigned running = 1;
    struct sched_watchdog watchdog = { .timeout = (uint32_t)seconds * 2 + 60 };

    peers = (unsigned)arg_number("peers", 1);
    if (shared_info_map() == NULL || !home_prepare()) {
        return;
    }
    irq_init();
    irq_handle(timer_irq(), tick);
    irq_enable(timer_irq());
    if (physmap_add(XENMAPSPACE_grant_table, 0, place >> PAGE_SHIFT) != 0) {
        say("no grant table\n");
    }
    (void)sched_op(SCHEDOP_watchdog, &watchdog);
    for (unsigned i = 0; i < CPU_MAX; i++) {
        workers[i].state = (seed * CPU_MAX + i + 1) * 0x9e3779b97f4a7c15ull;
    }
    for (unsigned i = 1; i < board.cpu_count && i < CPU_MAX; i++) {
        running += cpu_on(i, work, &workers[i]) == 0;
    }
    home_move(running - 1);
    /* Of the shared page the time is known, and it may be anywhere. */
    (void)physmap_remove(gfn_of(shared));
    deadline = now() + ticks_from_us(seconds * 1000000);
    __atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
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
            say("call %u succeeded: %u\n", i, done_of[i]);
        }
    }
    say("mapped: %lu\n", mapped);
    say("copied: %lu\n", copied);
    say("calls: %lu\n", all.calls);
    say("succeeded: %lu\n", all.done);
    say("accesses to pages that were gone: %lu\n", all.caught);
    say("vCPUs that came to their end: %u of %u\n", finished, running);
}
