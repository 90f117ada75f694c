/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels by queues: control blocks and event array with good and bad arguments, order of delivery by priority,
 * links of masked and closed ports, and the way back. The guest's side of the queues is here, as event_channel.h and
 * Xen's event channel design describe it: words of PENDING, MASKED and LINKED bits, chained from the heads of a
 * control block.
 */
#include "xen_guest.h"

#define WORDS_A_PAGE 1024
#define ARRAY_PAGES 4
#define PRIORITY_COUNT 16
#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED (1u << EVTCHN_FIFO_MASKED)
#define LINKED (1u << EVTCHN_FIFO_LINKED)
#define LINK_MASK ((1u << EVTCHN_FIFO_LINK_BITS) - 1)
/* A gfn where nothing is. */
#define NOWHERE 0xf00000ull

static uint8_t control_page[PAGE] PAGES;
static volatile uint32_t words[ARRAY_PAGES * WORDS_A_PAGE] PAGES;
static struct evtchn_fifo_control_block *control = (struct evtchn_fifo_control_block *)control_page;
static uint32_t queue_head[PRIORITY_COUNT];
static bool log_priority;

static int64_t init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu, uint8_t *link_bits)
{
    struct evtchn_init_control a = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu, .link_bits = 0xaa };
    int64_t result = event_op(EVTCHNOP_init_control, &a);

    if (link_bits != NULL) {
        *link_bits = a.link_bits;
    }
    return result;
}

static int64_t expand_array(uint64_t gfn)
{
    return event_op(EVTCHNOP_expand_array, &(struct evtchn_expand_array){ .array_gfn = gfn });
}

static int64_t set_priority(uint32_t port, uint32_t priority)
{
    return event_op(EVTCHNOP_set_priority, &(struct evtchn_set_priority){ .port = port, .priority = priority });
}

/* Unlinks the first event of a queue; its port, and whether it was the last one. */
static uint32_t take_first(unsigned priority, uint32_t *ready)
{
    uint32_t port = queue_head[priority], before, link;

    if (port == 0) {
        port = __atomic_load_n(&control->head[priority], __ATOMIC_ACQUIRE);
    }
    before = __atomic_fetch_and(&words[port], ~(LINKED | LINK_MASK), __ATOMIC_SEQ_CST);
    link = before & LINK_MASK;
    if (link == 0) {
        *ready &= ~(1u << priority);
    }
    queue_head[priority] = link;
    if ((before & MASKED) == 0 && (words[port] & PENDING) != 0) {
        __atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
        event_note(cpu_id(), log_priority ? priority * 10000 + port : port);
    }
    return port;
}

static void take_fifo(unsigned cpu)
{
    uint32_t ready;

    __atomic_store_n(&vcpu_info[cpu]->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    ready = __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);
    for (unsigned taken = 0; ready != 0 && taken < 5000; taken++) {
        take_first((unsigned)__builtin_ctz(ready), &ready);
        ready |= __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);
    }
}

/* Events are left where they are. The interrupt of x86 comes for as long as the upcall is marked. */
static void take_nothing(unsigned cpu)
{
    vcpu_info[cpu]->evtchn_upcall_pending = 0;
}

static void word_say(const char *name, uint32_t port)
{
    uint32_t word = words[port];

    say("%s: pending %u, masked %u, linked %u, link %u\n", name, (word & PENDING) != 0, (word & MASKED) != 0,
        (word & LINKED) != 0, word & LINK_MASK);
}

static void window_say(const char *name)
{
    event_window();
    event_say(name, 0);
    event_forget();
}

static void before_control(void)
{
    static const uint32_t offsets[] = { 1, 4, 7, 4023, 4024, 4025, 4032, 4095, 4096, 0xfffffff8, 0xffffffff };
    static const uint64_t gfns[] = { NOWHERE, LOW_GFN, DEVICE_GFN, 0x38000, 1ull << 28, 1ull << 36, 1ull << 52, ~0ull };
    struct evtchn_init_control good = { .control_gfn = gfn_of(control_page) };
    struct evtchn_expand_array array = { .array_gfn = gfn_of((void *)words) };
    struct evtchn_set_priority priority = { .port = OWN_PORT(1), .priority = 1 };
    struct bad_pointer bad;
    int64_t port = event_bind_ipi(0);

    say("expand_array without control: %ld\n", expand_array(gfn_of((void *)words)));
    say("set_priority without control: %ld\n", set_priority((uint32_t)port, 3));
    say("set_priority of a free port without control: %ld\n", set_priority(OWN_PORT(2), 3));
    say("set_priority too low without control: %ld\n", set_priority((uint32_t)port, 16));
    say("init_control for vCPU 8: %ld\n", init_control(gfn_of(control_page), 0, 8, NULL));
    say("init_control for vCPU 2^32 - 1: %ld\n", init_control(gfn_of(control_page), 0, 0xffffffff, NULL));
    say("init_control for no vCPU at a bad offset: %ld\n", init_control(gfn_of(control_page), 1, 8, NULL));
    for (unsigned i = 0; i < ARRAY_COUNT(offsets); i++) {
        say("init_control at offset %u: %ld\n", offsets[i], init_control(NOWHERE, offsets[i], 0, NULL));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(gfns); i++) {
        say("init_control at gfn 0x%lx: %ld\n", gfns[i], init_control(gfns[i], 0, 0, NULL));
    }
    if (shared != NULL) {
        say("init_control in the shared page: %ld\n", init_control(gfn_of(shared), 3072, 0, NULL));
        say("reset: %ld\n", event_reset());
    }
    for (unsigned i = 0; (bad = bad_input(i, &good, sizeof(good))).name != NULL; i++) {
        say("init_control, structure at %s: %ld\n", bad.name, event_op(EVTCHNOP_init_control, bad.address));
        bad = bad_input(i, &array, sizeof(array));
        say("expand_array, structure at %s: %ld\n", bad.name, event_op(EVTCHNOP_expand_array, bad.address));
        bad = bad_input(i, &priority, sizeof(priority));
        say("set_priority, structure at %s: %ld\n", bad.name, event_op(EVTCHNOP_set_priority, bad.address));
    }
    say("still two levels: expand_array %ld\n", expand_array(gfn_of((void *)words)));
    say("reset: %ld\n", event_reset());
}

/* From two levels to queues with ports bound, pending and masked. */
static bool switching(void)
{
    uint8_t link_bits;
    int64_t first = event_bind_ipi(0), second = event_bind_ipi(0), third = event_bind_ipi(0);
    int64_t result;

    if (first < 0 || second < 0 || third < 0 || shared == NULL) {
        say("switching: no ports\n");
        return false;
    }
    bit_set(shared->evtchn_mask, (uint32_t)second);
    event_send((uint32_t)first);
    event_send((uint32_t)second);
    event_upcall = take_nothing;
    event_window();
    vcpu_info[0]->evtchn_upcall_pending = 0;
    event_forget();
    result = init_control(gfn_of(control_page), 0, 0, &link_bits);
    say("init_control: %ld, link bits %u\n", result, link_bits);
    if (result != 0) {
        return false;
    }
    event_upcall = take_fifo;
    say("init_control again: %ld\n", init_control(gfn_of(control_page), 128, 0, &link_bits));
    say("init_control again at a bad gfn: %ld\n", init_control(NOWHERE, 0, 0, &link_bits));
    if (board.cpu_count > 1) {
        say("init_control for vCPU 1: %ld\n", init_control(gfn_of(control_page), 1024, 1, &link_bits));
    }
    window_say("events when switched");
    event_send((uint32_t)third);
    window_say("events without an array");
    say("unmask without an array: %ld\n", event_unmask((uint32_t)second));
    say("expand_array where nothing is: %ld\n", expand_array(NOWHERE));
    say("expand_array at a low gfn: %ld\n", expand_array(LOW_GFN));
    say("expand_array beyond addresses: %ld\n", expand_array(1ull << 52));
    say("expand_array: %ld\n", expand_array(gfn_of((void *)words)));
    word_say("the first port, pending before", OWN_PORT(1));
    word_say("the second, pending and masked before", OWN_PORT(2));
    word_say("the third, sent without an array", OWN_PORT(3));
    window_say("events when there is an array");
    return true;
}

static void delivery(void)
{
    word_say("idle", OWN_PORT(1));
    say("send: %ld\n", event_send(OWN_PORT(1)));
    word_say("sent", OWN_PORT(1));
    say("control block: ready 0x%x, head of the default queue %u\n", control->ready, control->head[7]);
    say("send again: %ld\n", event_send(OWN_PORT(1)));
    event_send(OWN_PORT(3));
    event_send(OWN_PORT(2));
    word_say("first of three", OWN_PORT(1));
    word_say("second of three", OWN_PORT(3));
    word_say("last of three", OWN_PORT(2));
    window_say("in order of sending");
    for (uint32_t priority = 14; priority < 18; priority++) {
        say("set_priority %u: %ld\n", priority, set_priority(OWN_PORT(1), priority));
    }
    say("set_priority of port 0: %ld\n", set_priority(0, 1));
    say("set_priority of a free port: %ld\n", set_priority(40, 1));
    say("set_priority of port 4096: %ld\n", set_priority(4096, 1));
    say("set_priority of a free port, too low: %ld\n", set_priority(40, 16));
    log_priority = true;
    set_priority(OWN_PORT(1), 15);
    set_priority(OWN_PORT(2), 0);
    set_priority(OWN_PORT(3), 8);
    event_send(OWN_PORT(1));
    event_send(OWN_PORT(2));
    event_send(OWN_PORT(3));
    say("control block with three queues: ready 0x%x\n", control->ready);
    window_say("in order of priority");
    event_send(OWN_PORT(1));
    set_priority(OWN_PORT(1), 2);
    event_send(OWN_PORT(1));
    window_say("priority changed while pending");
    event_send(OWN_PORT(1));
    window_say("then");
    log_priority = false;
    for (uint32_t port = 1; port < 4; port++) {
        set_priority(OWN_PORT(port), 7);
    }
    words[OWN_PORT(1)] |= MASKED;
    say("send while masked: %ld\n", event_send(OWN_PORT(1)));
    word_say("masked", OWN_PORT(1));
    window_say("while masked");
    say("unmask: %ld\n", event_unmask(OWN_PORT(1)));
    word_say("unmasked", OWN_PORT(1));
    window_say("unmasked");
    /* Masked after it was linked: the consumer unlinks it, the bit stays pending. */
    event_send(OWN_PORT(1));
    words[OWN_PORT(1)] |= MASKED;
    window_say("masked when linked");
    word_say("masked when linked, then unlinked", OWN_PORT(1));
    event_unmask(OWN_PORT(1));
    window_say("unmasked afterwards");
    event_send(OWN_PORT(1));
    words[OWN_PORT(1)] &= ~PENDING;
    event_send(OWN_PORT(1));
    window_say("cleared and sent while linked");
    say("unmask of a free port: %ld\n", event_unmask(40));
    words[40] = MASKED;
    event_unmask(40);
    word_say("a free port after unmask", 40);
    words[40] = 0;
}

static void closing(void)
{
    int64_t port;

    event_send(OWN_PORT(2));
    say("close while linked: %ld\n", event_close(OWN_PORT(2)));
    word_say("closed while linked", OWN_PORT(2));
    say("the next port: %ld\n", event_bind_ipi(0));
    window_say("closed while linked");
    word_say("unlinked", OWN_PORT(2));
    port = event_bind_ipi(0);
    say("the next port after that: %ld\n", port);
    event_send((uint32_t)port);
    window_say("its event");
}

static void many(void)
{
    unsigned count = 0;
    uint32_t last = 0, in_order = 0;
    int64_t port, result;

    for (unsigned page = 1; page < ARRAY_PAGES; page++) {
        say("expand_array %u: %ld\n", page, expand_array(gfn_of((void *)&words[page * WORDS_A_PAGE])));
    }
    while ((port = event_bind_ipi(0)) > 0 && count < 10000) {
        last = (uint32_t)port;
        count++;
    }
    say("more ports until none is left: %u, the last %u, then %ld\n", count, last, port);
    for (uint32_t p = OWN_PORT(1); p <= last && p < ARRAY_PAGES * WORDS_A_PAGE; p++) {
        event_send(p);
    }
    event_window();
    for (uint32_t i = 0; i < event_log[0].count && i < EVENT_LOG_MAX; i++) {
        in_order += event_log[0].ports[i] == OWN_PORT(i + 1);
    }
    say("all of them sent: %u upcalls, %u taken, in order %u\n", event_log[0].upcalls, event_log[0].count, in_order);
    event_forget();
    result = 0;
    for (count = ARRAY_PAGES; count < 200 && result == 0; count++) {
        result = expand_array(gfn_of((void *)words));
    }
    say("pages of the array until none is taken: %u, then %ld\n", count, result);
}

static void other_blocks(void)
{
    uint32_t ipi;

    if (board.cpu_count < 2) {
        return;
    }
    /* vCPU 1 is off; its queue fills all the same. */
    event_close(OWN_PORT(1));
    ipi = (uint32_t)event_bind_ipi(1);
    say("send to vCPU 1: %ld\n", event_send(ipi));
    word_say("of vCPU 1", ipi);
    say("ready of vCPU 1: 0x%x\n", ((struct evtchn_fifo_control_block *)(control_page + 1024))->ready);
    window_say("on vCPU 0");
    words[ipi] = 0;
}

static void way_back(void)
{
    int64_t port;

    event_send(OWN_PORT(5));
    say("reset: %ld\n", event_reset());
    word_say("after reset", OWN_PORT(5));
    say("expand_array after reset: %ld\n", expand_array(gfn_of((void *)words)));
    port = event_bind_ipi(0);
    say("port after reset: %ld\n", port);
    event_upcall = event_take_2level;
    if (shared != NULL && port > 0) {
        vcpu_info[0]->evtchn_upcall_pending = 0;
        bit_clear(shared->evtchn_mask, (uint32_t)port);
        event_window();
        event_forget();
        event_send((uint32_t)port);
        window_say("two levels again");
    }
    for (unsigned i = 0; i < sizeof(control_page); i++) {
        control_page[i] = 0xff;
    }
    say("init_control after reset: %ld\n", init_control(gfn_of(control_page), 4024, 0, NULL));
    say("ready as it was: 0x%x\n", ((struct evtchn_fifo_control_block *)(control_page + 4024))->ready);
    event_upcall = NULL;
    say("reset: %ld\n", event_reset());
}

void guest_main(void)
{
    event_init();
    event_find_first();
    shared_info_map();
    before_control();
    if (switching()) {
        delivery();
        closing();
        many();
        other_blocks();
        way_back();
    }
}
