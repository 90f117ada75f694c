/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels as a guest uses them: the shared page laid over a page of the guest's own memory, one place a vCPU,
 * the interrupt, and the pair of ports by which two partitions take turns.
 */
#include "xen_guest.h"

#define MEET_PORT_MAX 8
#define MEET_LIMIT_US 3000000

void *memset(void *to, int value, size_t size);

struct shared_info *shared;
struct vcpu_info *vcpu_info[CPU_MAX];
struct event_log event_log[CPU_MAX];
void (*event_upcall)(unsigned cpu) = event_take_2level;
unsigned role, peer;
uint32_t event_port_base;
static uint32_t peer_port;
static uint8_t shared_page[PAGE] PAGES, places[CPU_MAX * sizeof(struct vcpu_info)] PAGES;

struct shared_info *shared_info_map(void)
{
    struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
                                      .gpfn = gfn_of(shared_page) };
    int64_t result;

    if (shared != NULL) {
        return shared;
    }
    result = memory_op(XENMEM_add_to_physmap, &add);
    if (result != 0) {
        say("no shared page: %ld\n", result);
        return NULL;
    }
    shared = (struct shared_info *)shared_page;
    for (unsigned cpu = 0; cpu < CPU_MAX && cpu < XEN_LEGACY_MAX_VCPUS; cpu++) {
        vcpu_info[cpu] = &shared->vcpu_info[cpu];
    }
    return shared;
}

bool vcpu_info_register(unsigned cpu)
{
    struct vcpu_register_vcpu_info info = { .mfn = gfn_of(places),
                                            .offset = (uint32_t)(cpu * sizeof(struct vcpu_info)) };
    struct vcpu_info *before = vcpu_info[cpu];
    int64_t result;

    /* The interrupt comes with the registration: its handler must find the place. */
    vcpu_info[cpu] = (struct vcpu_info *)places + cpu;
    result = vcpu_op(VCPUOP_register_vcpu_info, cpu, &info);
    if (result != 0) {
        vcpu_info[cpu] = before;
        say("no place for vCPU %u: %ld\n", cpu, result);
    }
    return result == 0;
}

void event_note(unsigned cpu, uint32_t port)
{
    struct event_log *log = &event_log[cpu];

    if (log->count < EVENT_LOG_MAX) {
        log->ports[log->count] = port;
    }
    log->count++;
}

void event_take_2level(unsigned cpu)
{
    struct vcpu_info *place = vcpu_info[cpu];
    xen_ulong_t words;

    if (shared == NULL || place == NULL) {
        return;
    }
    __atomic_store_n(&place->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    words = __atomic_exchange_n(&place->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (unsigned word = 0; word < PORT_BITS; word++) {
        if ((words >> word & 1) == 0) {
            continue;
        }
        for (unsigned port = word * PORT_BITS; port < word * PORT_BITS + PORT_BITS; port++) {
            if (bit_is_set(shared->evtchn_pending, port) && !bit_is_set(shared->evtchn_mask, port)) {
                bit_clear(shared->evtchn_pending, port);
                event_note(cpu, port);
            }
        }
    }
}

static void event_irq(unsigned irq)
{
    unsigned cpu = cpu_id();

    (void)irq;
    event_log[cpu].upcalls++;
    if (event_upcall != NULL) {
        event_upcall(cpu);
    }
}

void event_init_cpu(void)
{
    irq_enable(EVENT_IRQ);
}

void event_init(void)
{
    irq_init();
    irq_handle(EVENT_IRQ, event_irq);
    event_connect();
    event_init_cpu();
}

void event_forget(void)
{
    memset(event_log, 0, sizeof(event_log));
}

void event_window(void)
{
    irq_on();
    isb();
    spin_a_little();
    irq_off();
}

void event_say(const char *name, unsigned cpu)
{
    const struct event_log *log = &event_log[cpu];
    char text[CONSOLE_LINE_MAX] = "";
    unsigned used = 0;

    for (unsigned i = 0; i < log->count && i < EVENT_LOG_MAX && used < sizeof(text) - 12; i++) {
        format_to(text + used, sizeof(text) - used, " %u", log->ports[i]);
        while (text[used] != '\0') {
            used++;
        }
    }
    say("%s: cpu %u, %u upcalls, ports%s\n", name, cpu, log->upcalls, log->count == 0 ? " none" : text);
}

int64_t event_alloc(uint16_t domid, uint16_t remote)
{
    struct evtchn_alloc_unbound a = { .dom = domid, .remote_dom = remote };
    int64_t result = event_op(EVTCHNOP_alloc_unbound, &a);

    return result != 0 ? result : (int64_t)a.port;
}

int64_t event_bind(uint16_t remote, uint32_t remote_port)
{
    struct evtchn_bind_interdomain a = { .remote_dom = remote, .remote_port = remote_port };
    int64_t result = event_op(EVTCHNOP_bind_interdomain, &a);

    return result != 0 ? result : (int64_t)a.local_port;
}

int64_t event_bind_virq(uint32_t virq, uint32_t vcpu)
{
    struct evtchn_bind_virq a = { .virq = virq, .vcpu = vcpu };
    int64_t result = event_op(EVTCHNOP_bind_virq, &a);

    return result != 0 ? result : (int64_t)a.port;
}

int64_t event_bind_ipi(uint32_t vcpu)
{
    struct evtchn_bind_ipi a = { .vcpu = vcpu };
    int64_t result = event_op(EVTCHNOP_bind_ipi, &a);

    return result != 0 ? result : (int64_t)a.port;
}

int64_t event_close(uint32_t port) { return event_op(EVTCHNOP_close, &(struct evtchn_close){ .port = port }); }
int64_t event_send(uint32_t port) { return event_op(EVTCHNOP_send, &(struct evtchn_send){ .port = port }); }
int64_t event_unmask(uint32_t port) { return event_op(EVTCHNOP_unmask, &(struct evtchn_unmask){ .port = port }); }

/* "hold=1" takes the first port, as a PV console has it, which stays when the domain resets its ports. */
static void hold_first(void)
{
    if (arg_number("hold", 0) != 0) {
        event_alloc(DOMID_SELF, DOMID_SELF);
    }
}

int64_t event_reset(void)
{
    int64_t result = event_op(EVTCHNOP_reset, &(struct evtchn_reset){ .dom = DOMID_SELF });

    hold_first();
    return result;
}

void event_find_first(void)
{
    int64_t port;

    hold_first();
    port = event_alloc(DOMID_SELF, DOMID_SELF);
    if (port > 0) {
        event_port_base = (uint32_t)port - 1;
        event_close((uint32_t)port);
    }
}

int64_t event_bind_vcpu(uint32_t port, uint32_t vcpu)
{
    return event_op(EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){ .port = port, .vcpu = vcpu });
}

/* The side with role 1 offers its first port; the other one tries until it is there, and says so by a first signal. */
bool peer_meet(void)
{
    uint64_t end = now() + ticks_from_us(MEET_LIMIT_US);
    int64_t port;

    role = (unsigned)arg_number("role", 1);
    peer = (unsigned)arg_number("peer", 3 - role);
    if (shared_info_map() == NULL) {
        return false;
    }
    if (role == 1) {
        port = event_alloc(DOMID_SELF, (uint16_t)peer);
        if (port < 0 || port > MEET_PORT_MAX) {
            say("no port to meet at: %ld\n", port);
            return false;
        }
        peer_port = (uint32_t)port;
        return peer_wait();
    }
    do {
        for (uint32_t remote = 1; remote <= MEET_PORT_MAX; remote++) {
            port = event_bind((uint16_t)peer, remote);
            if (port > 0) {
                peer_port = (uint32_t)port;
                bit_clear(shared->evtchn_pending, peer_port);
                peer_signal();
                return true;
            }
        }
        delay_us(1000);
    } while (now() < end);
    say("no peer: %ld\n", port);
    return false;
}

void peer_signal(void)
{
    event_send(peer_port);
}

bool peer_wait(void)
{
    uint64_t end = now() + ticks_from_us(MEET_LIMIT_US);

    while (!bit_is_set(shared->evtchn_pending, peer_port)) {
        if (now() > end) {
            say("peer is silent: yes\n");
            return false;
        }
        sched_op(SCHEDOP_yield, NULL);
        delay_us(100);
    }
    bit_clear(shared->evtchn_pending, peer_port);
    return true;
}
