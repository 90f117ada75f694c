/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vcpu_op and sched_op: places and run-state areas of this vCPU and of one that is off, polling with and without
 * events and timeouts, watchdogs, and what the domain may not do. With two vCPUs. What would end the partition, or
 * block it without a timeout, is not tried.
 */
#include "xen_guest.h"

#define NOWHERE 0xf00000ull
#define MILLISECOND 1000000ull /* in the nanoseconds of system time */

void *memset(void *to, int value, size_t size);

static uint8_t place_page[PAGE] PAGES, other_page[PAGE] PAGES;
static volatile struct vcpu_runstate_info runstate __attribute__((aligned(64)));
static uint8_t area_pages[2][PAGE] PAGES;
static volatile uint32_t poll_port;
static volatile bool other_is_up;

static int64_t register_place(uint64_t vcpu, uint64_t gfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info info = { .mfn = gfn, .offset = offset };

    return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &info);
}

static int64_t register_runstate(uint64_t vcpu, volatile void *address)
{
    struct vcpu_register_runstate_memory_area area = { .addr.p = (uint64_t)address };

    return vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &area);
}

static void timer_taken(unsigned irq)
{
    (void)irq;
    timer_stop();
}

/* A real sleep, after which the run-state area has the system time of now, or almost. */
static void sleep_us(uint64_t us)
{
    timer_set(now() + ticks_from_us(us));
    while (timer_is_waiting()) {
        sched_op(SCHEDOP_block, NULL);
        event_window();
    }
}

static void operations(void)
{
    static const uint64_t vcpus[] = { 0, 1, 2, 0xffffffff, 1ull << 32 };
    static uint64_t zeros[32];

    for (unsigned op = HARMLESS_VCPU_OPERATION; op < 17; op++) {
        if (op == VCPUOP_register_vcpu_info) {
            continue;
        }
        for (unsigned i = 0; i < ARRAY_COUNT(vcpus); i++) {
            say("vcpu_op %u of vCPU 0x%lx: %ld with zeros, ", op, vcpus[i], vcpu_op(op, vcpus[i], zeros));
            say("%ld at null\n", vcpu_op(op, vcpus[i], NULL));
        }
    }
    say("vcpu_op -1: %ld\n", vcpu_op(0xffffffff, 0, zeros));
}

static void places(void)
{
    static const uint32_t offsets[] = { 1, 2, 4, 7, 4032, 4033, 4040, 4048, 4056, 4096, 0xfffffff8, 0xffffffff };
    static const uint64_t gfns[] = { NOWHERE, LOW_GFN, DEVICE_GFN, 1ull << 28, 1ull << 52, ~0ull };
    struct vcpu_register_vcpu_info info = { .mfn = gfn_of(place_page) };
    struct vcpu_info *place = (struct vcpu_info *)(place_page + 8);
    struct bad_pointer bad;
    uint32_t ipi;

    say("size of a place: %lu\n", (uint64_t)sizeof(struct vcpu_info));
    for (unsigned i = 0; i < ARRAY_COUNT(offsets); i++) {
        say("place at offset %u: %ld\n", offsets[i], register_place(0, NOWHERE, offsets[i]));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(gfns); i++) {
        say("place at gfn 0x%lx: %ld\n", gfns[i], register_place(0, gfns[i], 0));
    }
    say("place of vCPU 2: %ld\n", register_place(2, gfn_of(place_page), 0));
    say("place of vCPU 2^32 - 1: %ld\n", register_place(0xffffffff, gfn_of(place_page), 0));
    say("place of vCPU 2 at a bad offset: %ld\n", register_place(2, gfn_of(place_page), 1));
    for (unsigned i = 0; (bad = bad_input(i, &info, sizeof(info))).name != NULL; i++) {
        say("place, structure at %s: %ld\n", bad.name, vcpu_op(VCPUOP_register_vcpu_info, 0, bad.address));
    }
    memset(place_page, 0x5a, sizeof(place_page));
    memset(other_page, 0x5a, sizeof(other_page));
    if (shared != NULL) {
        shared->vcpu_info[0].evtchn_pending_sel = 4;
    }
    say("place: %ld\n", register_place(0, gfn_of(place_page), 8));
    say("it says: selected 0x%lx, upcall %u\n", (uint64_t)place->evtchn_pending_sel,
        place->evtchn_upcall_pending);
    say("what is around it: 0x%x 0x%x\n", place_page[7], place_page[8 + sizeof(*place)]);
    say("place again: %ld\n", register_place(0, gfn_of(place_page), 8));
    say("place again at a bad offset: %ld\n", register_place(0, gfn_of(place_page), 1));
    vcpu_info[0] = place;
    event_window();
    say("interrupts by the place: %u\n", event_log[0].upcalls);
    event_forget();
    ipi = (uint32_t)event_bind_ipi(0);
    if ((int32_t)ipi > 0 && shared != NULL) {
        shared->vcpu_info[0].evtchn_pending_sel = 0;
        shared->vcpu_info[0].evtchn_upcall_pending = 0;
        event_send(ipi);
        say("an event: new place %u, old place %u\n", place->evtchn_upcall_pending,
            shared->vcpu_info[0].evtchn_upcall_pending);
        event_window();
        event_say("an event", 0);
        event_forget();
        event_close(ipi);
    }
    if (board.cpu_count > 1) {
        say("place of a vCPU that is off: %ld\n", register_place(1, gfn_of(other_page), 64));
        place = (struct vcpu_info *)(other_page + 64);
        say("its place says: selected 0x%lx, upcall %u\n", (uint64_t)place->evtchn_pending_sel,
            place->evtchn_upcall_pending);
        say("what is around it: 0x%x 0x%x\n", other_page[63], other_page[64 + sizeof(*place)]);
        vcpu_info[1] = place;
    }
}

static void runstates(void)
{
    volatile struct vcpu_runstate_info *apart;
    struct bad_pointer bad;
    uint64_t entry;

    memset((void *)&runstate, 0x5a, sizeof(runstate));
    say("run-state area: %ld\n", register_runstate(0, &runstate));
    say("it says: state %u, its start and its end are there %s\n", runstate.state,
        runstate.state_entry_time != 0x5a5a5a5a5a5a5a5a && runstate.time[3] != 0x5a5a5a5a5a5a5a5a ? "yes" : "no");
    say("run-state area again: %ld\n", register_runstate(0, &runstate));
    entry = runstate.state_entry_time;
    sleep_us(2000);
    say("entry time after sleep is later: %s\n", runstate.state_entry_time > entry ? "yes" : "no");
    say("times add up: %s\n", runstate.time[0] + runstate.time[1] + runstate.time[2] + runstate.time[3] <=
        runstate.state_entry_time ? "yes" : "no");
    for (unsigned i = 0; (bad = bad_input(i, (void *)&runstate, sizeof(runstate))).name != NULL; i++) {
        struct vcpu_register_runstate_memory_area area = { .addr.p = (uint64_t)bad.address };

        say("run-state area at %s: %ld\n", bad.name, vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area));
        bad = bad_input(i, &area, sizeof(area));
        say("run-state area, structure at %s: %ld\n", bad.name,
            vcpu_op(VCPUOP_register_runstate_memory_area, 0, bad.address));
    }
    say("run-state area, read-only: %ld\n", register_runstate(0, read_only_copy((void *)&runstate, sizeof(runstate))));
    say("run-state area, unaligned: %ld\n", register_runstate(0, &area_pages[0][1]));
    say("run-state area on two pages: %ld\n", register_runstate(0, &area_pages[0][PAGE - 16]));
    apart = crossing_copy((void *)&runstate, sizeof(runstate));
    apart->state = 77;
    say("run-state area on pages apart: %ld", register_runstate(0, apart));
    say(", state %d\n", apart->state);
    say("run-state area of a vCPU that is off: %ld\n", register_runstate(1, &runstate));
    say("run-state area of no vCPU: %ld\n", register_runstate(9, &runstate));
    say("run-state area taken back: %ld\n", register_runstate(0, NULL));
    say("run-state area once more: %ld\n", register_runstate(0, &runstate));
}

static int64_t poll(xen_ulong_t count, void *ports, uint64_t timeout)
{
    struct sched_poll p = { .nr_ports = (uint32_t)count, .timeout = timeout };

    set_xen_guest_handle(p.ports, ports);
    return sched_op(SCHEDOP_poll, &p);
}

/* Polls until DELAY from now at the latest; whether that is how long it was, within a lot. */
static void poll_say(const char *name, uint32_t count, void *ports, uint64_t delay, uint64_t at_least_us)
{
    uint64_t start, passed;
    int64_t result;

    sleep_us(2000);
    start = now();
    result = poll(count, ports, runstate.state_entry_time + delay);
    passed = now() - start;
    say("poll %s: %ld, not early %s, not late %s\n", name, result, passed >= ticks_from_us(at_least_us) ? "yes" : "no",
        passed <= ticks_from_us(at_least_us + 20000) ? "yes" : "no");
}

static void other_sends(void *argument)
{
    (void)argument;
    irq_init_cpu();
    other_is_up = true;
    delay_us(10000);
    event_send(poll_port);
}

static void polling(void)
{
    uint32_t ports[130], port;
    struct bad_pointer bad;
    int64_t result = event_bind_ipi(0), second = event_bind_ipi(0);

    if (result < 0 || second < 0 || shared == NULL) {
        say("poll: no ports\n");
        return;
    }
    port = (uint32_t)result;
    bit_set(shared->evtchn_mask, port);
    bit_set(shared->evtchn_mask, (uint32_t)second);
    for (unsigned i = 0; i < ARRAY_COUNT(ports); i++) {
        ports[i] = port;
    }
    say("poll until the past: %ld\n", poll(0, NULL, 1));
    poll_say("no ports for 10 ms", 0, NULL, 10 * MILLISECOND, 9000);
    poll_say("one port for 10 ms", 1, ports, 10 * MILLISECOND, 9000);
    poll_say("128 ports for 10 ms", 128, ports, 10 * MILLISECOND, 9000);
    poll_say("129 ports", 129, ports, 10 * MILLISECOND, 0);
    poll_say("2^32 - 1 ports", 0xffffffff, ports, 10 * MILLISECOND, 0);
    event_send(port);
    poll_say("a pending port", 1, ports, 1000 * MILLISECOND, 0);
    ports[0] = (uint32_t)second;
    poll_say("two ports, the second pending", 2, ports, 1000 * MILLISECOND, 0);
    poll_say("a port that is not, while another is pending", 1, ports, 10 * MILLISECOND, 9000);
    bit_clear(shared->evtchn_pending, port);
    ports[0] = 0;
    poll_say("port 0", 1, ports, 10 * MILLISECOND, 0);
    ports[0] = 5;
    poll_say("a free port", 1, ports, 10 * MILLISECOND, 0);
    ports[0] = 4096;
    poll_say("port 4096", 1, ports, 10 * MILLISECOND, 0);
    ports[0] = 0xffffffff;
    poll_say("port 2^32 - 1", 1, ports, 10 * MILLISECOND, 0);
    ports[0] = port;
    for (unsigned i = 0; (bad = bad_input(i, ports, 8)).name != NULL; i++) {
        struct sched_poll p = { .timeout = 1 };

        say("poll, ports at %s: %ld\n", bad.name, poll(2, bad.address, 1));
        bad = bad_input(i, &p, sizeof(p));
        say("poll, structure at %s: %ld\n", bad.name, sched_op(SCHEDOP_poll, bad.address));
    }
    /* An interrupt for this vCPU ends the sleep, masked or not. */
    bit_clear(shared->evtchn_mask, port);
    event_send(port);
    poll_say("with an interrupt pending and masked", 1, ports, 10 * MILLISECOND, 0);
    event_window();
    event_forget();
    bit_set(shared->evtchn_mask, port);
    poll_port = port;
    if (board.cpu_count < 2 || cpu_on(1, other_sends, NULL) != 0) {
        return;
    }
    while (!other_is_up) {
        delay_us(100);
    }
    poll_say("a port that the other vCPU sends to in 10 ms", 1, ports, 200 * MILLISECOND, 5000);
    say("it is pending: %u\n", bit_is_set(shared->evtchn_pending, port));
}

static int64_t watchdog(uint32_t id, uint32_t timeout)
{
    return sched_op(SCHEDOP_watchdog, &(struct sched_watchdog){ .id = id, .timeout = timeout });
}

static void watchdogs(void)
{
    say("watchdog 1 before there is one: %ld\n", watchdog(1, 100));
    say("a watchdog: %ld\n", watchdog(0, 100));
    say("another watchdog: %ld\n", watchdog(0, 100));
    say("a third watchdog: %ld\n", watchdog(0, 100));
    say("watchdog 1 set again: %ld\n", watchdog(1, 200));
    say("watchdog 3: %ld\n", watchdog(3, 100));
    say("watchdog 2^32 - 1: %ld\n", watchdog(0xffffffff, 100));
    say("watchdog 1 off: %ld\n", watchdog(1, 0));
    say("watchdog 1 off again: %ld\n", watchdog(1, 0));
    say("a watchdog in its place: %ld\n", watchdog(0, 100));
    say("watchdog 2 off: %ld\n", watchdog(2, 0));
    say("watchdog 1 off at last: %ld\n", watchdog(1, 0));
}

static void scheduling(void)
{
    static const char *const names[] = { "yield", "block", "shutdown", "poll", "remote_shutdown", "shutdown_code",
                                         "watchdog", "pin_override" };
    struct sched_remote_shutdown remote = { .domain_id = DOMID_SELF, .reason = SHUTDOWN_poweroff };
    struct bad_pointer bad;

    for (unsigned op = 2; op < 8; op++) {
        for (unsigned i = 0; (bad = bad_input(i, &remote, 4)).name != NULL; i++) {
            say("sched_op %s at %s: %ld\n", names[op], bad.name, sched_op(op, bad.address));
        }
    }
    for (unsigned op = 8; op < 12; op++) {
        say("sched_op %u at null: %ld\n", op, sched_op(op, NULL));
    }
    say("remote_shutdown of oneself: %ld\n", sched_op(SCHEDOP_remote_shutdown, &remote));
    remote.domain_id = own_domid();
    if (remote.domain_id != 0) { /* the initial domain may, and would end */
        say("remote_shutdown by number: %ld\n", sched_op(SCHEDOP_remote_shutdown, &remote));
    }
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        remote.domain_id = foreign_domids[i].domid;
        say("remote_shutdown of %s: %ld\n", foreign_domids[i].name, sched_op(SCHEDOP_remote_shutdown, &remote));
    }
    say("pin_override: %ld\n", sched_op(SCHEDOP_pin_override, &(struct sched_pin_override){ .pcpu = 0 }));
    say("shutdown_code: %ld\n",
        sched_op(SCHEDOP_shutdown_code, &(struct sched_shutdown){ .reason = SHUTDOWN_poweroff }));
    say("shutdown_code 99: %ld\n", sched_op(SCHEDOP_shutdown_code, &(struct sched_shutdown){ .reason = 99 }));
}

void guest_main(void)
{
    event_init();
    irq_handle(timer_irq(), timer_taken);
    irq_enable(timer_irq());
    shared_info_map();
    operations();
    places();
    runstates();
    if (runstate.state_entry_time != 0) {
        polling();
    }
    watchdogs();
    scheduling();
}
