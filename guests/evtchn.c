/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels of the 2-level kind within one partition, whose ends are both its own: every operation with good and
 * bad arguments, the states a port goes through, the bits of the shared page, and who is interrupted. With two vCPUs.
 */
#include "xen_guest.h"

static const uint32_t odd_ports[] = { 0, 63, 64, 1023, 1024, 4095, 4096, 131071, 131072, 0x7fffffff, 0x80000000,
                                      0xffffffff };
static const uint32_t odd_vcpus[] = { 2, 7, 8, 127, 0x7fffffff, 0xffffffff };
/* The second vCPU: what it has reached, and what it is asked for. */
#define SGI_WAKE 1
enum { OTHER_ASLEEP, OTHER_REGISTERS, OTHER_ENDS };
static volatile unsigned other_is_up, other_task;

static void status_say(const char *name, uint16_t domid, uint32_t port)
{
    struct evtchn_status s = { .dom = domid, .port = port, .status = 0x55, .vcpu = 0x66,
                               .u.interdomain = { 0x7777, 0x8888 } };
    int64_t result = event_op(EVTCHNOP_status, &s);

    if (result != 0) {
        say("status %s: %ld\n", name, result);
    } else {
        say("status %s: 0, is %u, vcpu %u, u 0x%x 0x%x\n", name, s.status, s.vcpu, s.u.interdomain.dom,
            s.u.interdomain.port);
    }
}

static void pending_say(const char *name, uint32_t port)
{
    if (shared != NULL && port < 4096) {
        say("%s: pending %u, masked %u, selected %u, upcall %u\n", name, bit_is_set(shared->evtchn_pending, port),
            bit_is_set(shared->evtchn_mask, port), bit_is_set(&vcpu_info[0]->evtchn_pending_sel, port / PORT_BITS),
            vcpu_info[0]->evtchn_upcall_pending);
    }
}

/* What a new partition finds in its shared page. */
static void first_state(void)
{
    uint64_t pending = 0, masked = 0;

    if (shared_info_map() == NULL) {
        return;
    }
    for (unsigned i = 0; i < PORT_BITS; i++) {
        pending |= shared->evtchn_pending[i];
        masked |= shared->evtchn_mask[i];
    }
    say("at first: pending 0x%lx, masked 0x%lx, selected 0x%lx, upcall %u\n", pending, masked,
        (uint64_t)vcpu_info[0]->evtchn_pending_sel, vcpu_info[0]->evtchn_upcall_pending);
}

static void pointers(const char *name, unsigned op, const void *contents, unsigned size)
{
    struct bad_pointer bad;

    for (unsigned i = 0; (bad = bad_input(i, contents, size)).name != NULL; i++) {
        say("%s, structure at %s: %ld\n", name, bad.name, event_op(op, bad.address));
    }
    say("%s, structure on two pages: %ld\n", name, event_op(op, crossing_copy(contents, size)));
    say("%s, structure read-only: %ld\n", name, event_op(op, read_only_copy(contents, size)));
    event_reset();
}

static void all_pointers(void)
{
    static const char *const names[] = { "bind_interdomain", "bind_virq", "bind_pirq", "close", "send", "status",
                                         "alloc_unbound", "bind_ipi", "bind_vcpu", "unmask", "reset" };
    /* What each operation takes when all of it is read as zero, apart from the domid. */
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF, .remote_port = OWN_PORT(1) };
    struct evtchn_bind_virq virq = { .virq = VIRQ_DEBUG };
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct evtchn_status status = { .dom = DOMID_SELF, .port = OWN_PORT(1) };

    pointers("alloc_unbound", EVTCHNOP_alloc_unbound, &alloc, sizeof(alloc));
    event_alloc(DOMID_SELF, DOMID_SELF);
    pointers("bind_interdomain", EVTCHNOP_bind_interdomain, &bind, sizeof(bind));
    pointers("bind_virq", EVTCHNOP_bind_virq, &virq, sizeof(virq));
    pointers("bind_ipi", EVTCHNOP_bind_ipi, &ipi, sizeof(ipi));
    pointers("status", EVTCHNOP_status, &status, sizeof(status));
    /* A read-only result comes too late to undo what was done. */
    say("alloc_unbound into a read-only page: %ld\n",
        event_op(EVTCHNOP_alloc_unbound, read_only_copy(&alloc, sizeof(alloc))));
    status_say("of the port that nobody was told", DOMID_SELF, OWN_PORT(1));
    event_reset();
    for (unsigned op = 0; op < ARRAY_COUNT(names); op++) {
        say("%s at null: %ld\n", names[op], event_op(op, NULL));
    }
    for (unsigned op = 14; op < 20; op++) {
        say("operation %u at null: %ld\n", op, event_op(op, NULL));
    }
    say("operation -1: %ld\n", event_op(0xffffffff, NULL));
    say("operation 2^32 + 4: %ld\n", hypercall(__HYPERVISOR_event_channel_op, 0x100000004, (uint64_t)&status, 0, 0));
}

static void allocation(void)
{
    int64_t port, last = 0;
    unsigned count = 0;

    say("first port: %ld\n", event_alloc(DOMID_SELF, DOMID_SELF));
    say("second port: %ld\n", event_alloc(DOMID_SELF, DOMID_SELF));
    say("third port, an IPI: %ld\n", event_bind_ipi(0));
    say("close the second: %ld\n", event_close(OWN_PORT(2)));
    say("lowest free port again: %ld\n", event_alloc(DOMID_SELF, DOMID_SELF));
    status_say("unbound to self", DOMID_SELF, OWN_PORT(1));
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        int64_t ours = event_alloc(DOMID_SELF, foreign_domids[i].domid);

        say("alloc_unbound for %s: %ld\n", foreign_domids[i].name, ours);
        status_say(foreign_domids[i].name, DOMID_SELF, ours > 0 ? (uint32_t)ours : 0);
        say("alloc_unbound in %s: %ld\n", foreign_domids[i].name, event_alloc(foreign_domids[i].domid, DOMID_SELF));
        say("bind_interdomain to %s: %ld\n", foreign_domids[i].name, event_bind(foreign_domids[i].domid, 1));
        status_say("in another domain", foreign_domids[i].domid, 1);
        say("reset of %s: %ld\n", foreign_domids[i].name,
            event_op(EVTCHNOP_reset, &(struct evtchn_reset){ .dom = foreign_domids[i].domid }));
        say("bind_interdomain to its port: %ld\n", event_bind(DOMID_SELF, (uint32_t)ours));
    }
    say("reset: %ld\n", event_reset());
    say("reset, continued from outside: %ld\n", event_op(14, &(struct evtchn_reset){ .dom = DOMID_SELF }));
    while ((port = event_alloc(DOMID_SELF, DOMID_SELF)) > 0 && count < 5000) {
        last = port;
        count++;
    }
    say("ports until none is left: %u, the last %ld, then %ld\n", count, last, port);
    say("bind_ipi without ports: %ld\n", event_bind_ipi(0));
    say("bind_virq without ports: %ld\n", event_bind_virq(VIRQ_DEBUG, 0));
    say("bind_interdomain without ports: %ld\n", event_bind(DOMID_SELF, OWN_PORT(1)));
    say("bind_interdomain to no domain without ports: %ld\n", event_bind(DOMID_UNUSED, 1));
    if (last > 1) {
        say("close one: %ld\n", event_close((uint32_t)last - 1));
        say("it is the next: %s\n", event_alloc(DOMID_SELF, DOMID_SELF) == last - 1 ? "yes" : "no");
    }
    say("reset with all ports: %ld\n", event_reset());
    say("first port again: %ld\n", event_alloc(DOMID_SELF, DOMID_SELF));
    event_reset();
}

static void numbers(void)
{
    for (unsigned i = 0; i < ARRAY_COUNT(odd_ports); i++) {
        uint32_t port = odd_ports[i];

        say("port 0x%x: close %ld, send %ld, unmask %ld, bind_vcpu %ld, bind_vcpu to none %ld, bind %ld\n", port,
            event_close(port), event_send(port), event_unmask(port), event_bind_vcpu(port, 0),
            event_bind_vcpu(port, 99), event_bind(DOMID_SELF, port));
        status_say("of it", DOMID_SELF, port);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(odd_vcpus); i++) {
        say("vcpu 0x%x: bind_ipi %ld, bind_virq timer %ld, bind_virq global %ld\n", odd_vcpus[i],
            event_bind_ipi(odd_vcpus[i]), event_bind_virq(VIRQ_TIMER, odd_vcpus[i]),
            event_bind_virq(VIRQ_CONSOLE, odd_vcpus[i]));
    }
    say("send to a free port: %ld\n", event_send(OWN_PORT(1)));
    event_reset();
}

static void virqs(void)
{
    static const uint32_t beyond[] = { 24, 25, 32, 64, 0x7fffffff, 0x80000000, 0xffffffff };
    int64_t port;

    for (uint32_t virq = 0; virq < NR_VIRQS; virq++) {
        port = event_bind_virq(virq, 0);
        say("virq %u on vCPU 0: %s%ld, again %ld, on vCPU 1: ", virq, port > 0 ? "port " : "", port,
            event_bind_virq(virq, 0));
        say("%ld\n", event_bind_virq(virq, 1));
    }
    for (unsigned i = 0; i < ARRAY_COUNT(beyond); i++) {
        say("virq 0x%x: %ld\n", beyond[i], event_bind_virq(beyond[i], 0));
    }
    status_say("of virq 0", DOMID_SELF, OWN_PORT(1));
    status_say("of virq 0 on vCPU 1", DOMID_SELF, OWN_PORT(2));
    say("send to a virq: %ld\n", event_send(OWN_PORT(1)));
    say("unmask a virq: %ld\n", event_unmask(OWN_PORT(1)));
    say("bind virq 0 to its vCPU: %ld\n", event_bind_vcpu(OWN_PORT(1), 0));
    say("bind virq 0 to another vCPU: %ld\n", event_bind_vcpu(OWN_PORT(1), 1));
    say("close virq 0: %ld\n", event_close(OWN_PORT(1)));
    say("virq 0 once more: %ld\n", event_bind_virq(0, 0));
    event_reset();
    port = event_bind_virq(VIRQ_CONSOLE, 0);
    say("move a global virq: %ld\n", event_bind_vcpu((uint32_t)port, 1));
    status_say("of a moved global virq", DOMID_SELF, (uint32_t)port);
    say("close a moved global virq: %ld\n", event_close((uint32_t)port));
    for (uint32_t pirq = 0; pirq < 3; pirq++) {
        struct evtchn_bind_pirq bind = { .pirq = pirq * 40 };

        say("bind_pirq %u: %ld\n", bind.pirq, event_op(EVTCHNOP_bind_pirq, &bind));
    }
    event_reset();
}

/* Two ends in one partition: the first port is allocated, the second bound to it. */
static void loopback(void)
{
    int64_t first = event_alloc(DOMID_SELF, DOMID_SELF), second;

    event_window();
    event_forget();
    say("send to an unbound port: %ld\n", event_send((uint32_t)first));
    pending_say("unbound after send", OWN_PORT(1));
    second = event_bind(DOMID_SELF, (uint32_t)first);
    say("bind to it: %ld\n", second);
    if (first < 0 || second < 0 || shared == NULL) {
        say("loopback: none\n");
        return;
    }
    pending_say("near end when bound", OWN_PORT(2));
    pending_say("far end when bound", OWN_PORT(1));
    status_say("of the far end", DOMID_SELF, OWN_PORT(1));
    status_say("of the near end", DOMID_SELF, OWN_PORT(2));
    say("bind to it again: %ld\n", event_bind(DOMID_SELF, OWN_PORT(1)));
    say("bind to the near end: %ld\n", event_bind(DOMID_SELF, OWN_PORT(2)));
    say("bind to itself: %ld\n", event_bind(DOMID_SELF, OWN_PORT(3)));
    event_window();
    event_say("taken after binding", 0);
    event_forget();
    say("send from 1: %ld\n", event_send(OWN_PORT(1)));
    pending_say("of 1 after send", OWN_PORT(1));
    pending_say("of 2 after send", OWN_PORT(2));
    say("send from 1 again: %ld\n", event_send(OWN_PORT(1)));
    event_window();
    event_say("taken after two sends", 0);
    event_forget();
    say("send from 2: %ld\n", event_send(OWN_PORT(2)));
    event_window();
    event_say("taken after a send", 0);
    event_forget();
    event_send(OWN_PORT(1));
    say("close 2 while pending: %ld\n", event_close(OWN_PORT(2)));
    pending_say("of 2 after close", OWN_PORT(2));
    status_say("of the closed end", DOMID_SELF, OWN_PORT(2));
    status_say("of the end left over", DOMID_SELF, OWN_PORT(1));
    event_window();
    event_say("taken after close", 0);
    event_forget();
    say("bind to the end left over: %ld\n", event_bind(DOMID_SELF, OWN_PORT(1)));
    event_send(OWN_PORT(2));
    say("close 2 while 1 is pending: %ld\n", event_close(OWN_PORT(2)));
    pending_say("of 1 after its peer closed", OWN_PORT(1));
    event_reset();
    pending_say("of 1 after reset", OWN_PORT(1));
    event_window();
    event_say("taken after reset", 0);
    event_forget();
}

static void masking(void)
{
    uint32_t ipi = (uint32_t)event_bind_ipi(0), high = 0;

    if ((int32_t)ipi < 0 || shared == NULL) {
        say("masking: none\n");
        return;
    }
    bit_set(shared->evtchn_mask, ipi);
    say("send while masked: %ld\n", event_send(ipi));
    pending_say("masked", ipi);
    event_window();
    event_say("taken while masked", 0);
    say("unmask: %ld\n", event_unmask(ipi));
    pending_say("unmasked", ipi);
    event_window();
    event_say("taken after unmask", 0);
    event_forget();
    say("unmask again: %ld\n", event_unmask(ipi));
    event_window();
    event_say("taken after unmask of what is unmasked", 0);
    bit_set(shared->evtchn_mask, ipi);
    event_unmask(ipi);
    event_window();
    event_say("taken after unmask of what is not pending", 0);
    /* Pending and selected already: a second event adds no interrupt. */
    event_send(ipi);
    event_window();
    event_forget();
    bit_set(shared->evtchn_pending, ipi);
    event_send(ipi);
    event_window();
    event_say("taken when the pending bit was set before", 0);
    pending_say("set before", ipi);
    bit_clear(shared->evtchn_pending, ipi);
    bit_set(&vcpu_info[0]->evtchn_pending_sel, 0);
    event_send(ipi);
    event_window();
    event_say("taken when the selector was set before", 0);
    vcpu_info[0]->evtchn_pending_sel = 0;
    bit_clear(shared->evtchn_pending, ipi);
    vcpu_info[0]->evtchn_upcall_pending = 1;
    event_send(ipi);
    event_window();
    event_say("taken when the upcall was marked before", 0);
    event_forget();
    vcpu_info[0]->evtchn_upcall_pending = 0;
    vcpu_info[0]->evtchn_pending_sel = 0;
    bit_clear(shared->evtchn_pending, ipi);
    /* On x86 the byte behind evtchn_upcall_pending masks upcalls; here it is padding. */
    ((volatile uint8_t *)vcpu_info[0])[1] = 1;
    event_send(ipi);
    event_window();
    event_say("taken with the upcall mask", 0);
    ((volatile uint8_t *)vcpu_info[0])[1] = 0;
    event_forget();
    /* The mask stays when a port is closed and is there for the next one. */
    bit_set(shared->evtchn_mask, ipi);
    event_close(ipi);
    pending_say("closed", ipi);
    say("unmask of a closed port: %ld\n", event_unmask(ipi));
    pending_say("closed and unmasked", ipi);
    for (unsigned i = 0; i < 130; i++) {
        high = (uint32_t)event_bind_ipi(0);
    }
    event_send(high);
    event_send(high - PORT_BITS);
    event_send(OWN_PORT(3));
    event_window();
    event_say("taken of several words", 0);
    event_forget();
    event_reset();
    bit_clear(shared->evtchn_mask, ipi);
}

static void other_cpu(void *argument)
{
    (void)argument;
    irq_init_cpu();
    event_init_cpu();
    irq_enable(SGI_WAKE);
    irq_on();
    other_is_up = 1;
    while (other_task != OTHER_ENDS) {
        if (other_task == OTHER_REGISTERS) {
            vcpu_info_register(1);
            other_task = OTHER_ASLEEP;
        }
        wfi();
    }
}

static void other_does(unsigned task)
{
    other_task = task;
    irq_send(1, SGI_WAKE);
    delay_us(3000);
}

static void other_settles(void)
{
    delay_us(3000);
    dsb();
}

static void two_vcpus(void)
{
    uint32_t ipi, ours, theirs;

    if (board.cpu_count < 2 || shared == NULL || cpu_on(1, other_cpu, NULL) != 0) {
        say("second vCPU: none\n");
        return;
    }
    while (!other_is_up) {
        delay_us(100);
    }
    ipi = (uint32_t)event_bind_ipi(1);
    if ((int32_t)ipi < 0) {
        say("second vCPU: no ports\n");
        other_does(OTHER_ENDS);
        return;
    }
    status_say("of an IPI to vCPU 1", DOMID_SELF, ipi);
    say("send before vCPU 1 has a place: %ld\n", event_send(ipi));
    other_settles();
    event_say("vCPU 1 without a place", 1);
    pending_say("vCPU 1 without a place", ipi);
    bit_clear(shared->evtchn_pending, ipi);
    say("a place from another vCPU: %s\n", vcpu_info_register(1) ? "yes" : "no");
    other_does(OTHER_REGISTERS);
    if (vcpu_info[1] == NULL) {
        other_does(OTHER_ENDS);
        return;
    }
    event_say("vCPU 1 gets a place", 1);
    event_forget();
    say("send to vCPU 1: %ld\n", event_send(ipi));
    other_settles();
    event_say("vCPU 1", 1);
    event_say("vCPU 0", 0);
    event_forget();
    say("move an IPI: %ld\n", event_bind_vcpu(ipi, 0));
    ours = (uint32_t)event_alloc(DOMID_SELF, DOMID_SELF);
    say("move an unbound port: %ld\n", event_bind_vcpu(ours, 1));
    theirs = (uint32_t)event_bind(DOMID_SELF, ours);
    status_say("moved before bound", DOMID_SELF, ours);
    event_send(theirs);
    other_settles();
    event_window();
    event_say("to the moved end", 1);
    event_say("to the near end", 0);
    event_forget();
    say("move the near end: %ld\n", event_bind_vcpu(theirs, 1));
    event_send(ours);
    other_settles();
    event_say("to the near end, moved", 1);
    event_forget();
    /* Moving what is pending does not move the interrupt. */
    event_bind_vcpu(theirs, 0);
    event_send(ours);
    event_bind_vcpu(theirs, 1);
    other_settles();
    event_say("moved while pending", 1);
    event_window();
    event_say("moved while pending", 0);
    event_forget();
    bit_set(shared->evtchn_mask, theirs);
    event_send(ours);
    say("unmask for the other vCPU: %ld\n", event_unmask(theirs));
    other_settles();
    event_say("unmasked for it", 1);
    event_close(ours);
    status_say("of the end left over on vCPU 1", DOMID_SELF, theirs);
    event_close(theirs);
    status_say("of the closed port, its vCPU", DOMID_SELF, theirs);
    event_reset();
    other_does(OTHER_ENDS);
}

void guest_main(void)
{
    event_init();
    event_find_first();
    first_state();
    all_pointers();
    allocation();
    numbers();
    virqs();
    loopback();
    masking();
    two_vcpus();
}
