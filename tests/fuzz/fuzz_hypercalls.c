/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of hypercalls, sleeps, wake-ups, allocations that fail and shutdowns, by two domains with several vCPUs on
 * three CPUs. After each step everything is counted again: who owns which frame, how many references keep it, that the
 * free lists hold the rest, and that no window is open. In the end all memory is back.
 */
#include "support/fuzz.h"

#include "abi/arm_layout.h"
#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/page_alloc.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "hypervisor/arch/host/host.h"

#define CPUS    3
#define RAM_MIB 8
#define PAGES   24
#define BASE    GUEST_RAM0_BASE
#define STEPS   200
#define FRAMES  (MIB(RAM_MIB) >> PAGE_SHIFT)

static const uint8_t *input;
static size_t input_left;
static uint64_t free_at_start;
static uint32_t mapped[FRAMES];  /* how often the tables say so */
static uint32_t foreign[FRAMES]; /* of them, as a grant */
static uint32_t held[FRAMES];    /* references that are no mappings: pins, event areas, grant tables */
static uint32_t granted[FRAMES]; /* mappings that live pins allow */

/* Calls of Argo that were stopped, for anybody to go on with. */
static uint64_t stopped[4][5];
static unsigned stopped_count;

static unsigned byte(void)
{
    if (input_left == 0) {
        return 0;
    }
    input_left--;
    return *input++;
}

static uint64_t number(void)
{
    uint64_t n = 0;
    unsigned size = byte() % 9;

    for (unsigned i = 0; i < size; i++) {
        n = n << 8 | byte();
    }
    return n;
}

/* ---- The audit ---- */

static void count_table(mfn_t t, unsigned level, unsigned *tables)
{
    const uint64_t *entry = host_peek(t);

    CHECK(frame_lookup(t) != NULL && frame_lookup(t)->type == FRAME_P2M && frame_lookup(t)->references == 1);
    (*tables)++;
    for (unsigned i = 0; i < 512; i++) {
        mfn_t m = arch_pte_mfn(entry[i]);

        if (!arch_pte_is_valid(entry[i])) {
            continue;
        }
        if (arch_pte_is_table(entry[i], level)) {
            count_table(m, level + 1, tables);
        } else if (arch_pte_type(entry[i]) != P2M_MMIO) {
            enum p2m_type type = arch_pte_type(entry[i]);

            for (uint64_t k = 0; k < 1UL << (9 * (3 - level)); k++) {
                mapped[m.n + k - HOST_RAM_MFN]++;
                foreign[m.n + k - HOST_RAM_MFN] += type == P2M_GRANT || type == P2M_GRANT_RO;
            }
        }
    }
    host_peek_end(t);
}

static const struct domain *owner_of(const struct frame *f)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL && domain_table[i]->id == f->owner) {
            return domain_table[i];
        }
    }
    return NULL;
}

static void hold(mfn_t m)
{
    held[m.n - HOST_RAM_MFN]++;
}

/* What a domain's event channels keep. */
static void count_events(const struct domain *d)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        const struct vcpu *v = d->vcpus[i];

        if (v != NULL && v->evtchn.info_registered) {
            hold(paddr_to_mfn(paddr(v->evtchn.info)));
        }
        if (v != NULL && v->evtchn.fifo_control != 0) {
            hold(paddr_to_mfn(paddr(v->evtchn.fifo_control)));
        }
    }
    for (uint32_t i = 0; d->evtchn.fifo != NULL && i < d->evtchn.fifo->page_count; i++) {
        hold(d->evtchn.fifo->array[i]);
    }
    /* Bound channels name each other. */
    for (uint32_t port = 0; port < d->evtchn.port_count; port++) {
        const struct evtchn *c = evtchn_at(&d->evtchn, port);

        if (c->state == EVTCHN_INTERDOMAIN) {
            const struct evtchn *r = evtchn_at(&c->remote->evtchn, c->remote_port);

            CHECK(r != NULL && r->state == EVTCHN_INTERDOMAIN && r->remote == d && r->remote_port == port);
        }
        CHECK(c->state == EVTCHN_FREE || d->vcpus[c->vcpu] != NULL);
    }
}

/* What a domain's grant table keeps, and lets others map. */
static void count_grants(const struct domain *d)
{
    const struct grant_table *t = d->grant;
    uint32_t live = 0;

    if (t == NULL) {
        return;
    }
    for (uint32_t i = 0; i < t->frame_count; i++) {
        hold(t->frame[i]);
    }
    for (uint32_t i = 0; i < t->status_count; i++) {
        hold(t->status[i]);
    }
    for (unsigned i = 0; i < GRANT_ACTIVE_PAGES; i++) {
        for (unsigned k = 0; t->active[i] != NULL && k < GRANT_ACTIVE_PER_PAGE; k++) {
            const struct grant_active *a = &t->active[i][k];

            CHECK(a->pin.writes <= a->pin.uses);
            if (a->pin.uses != 0) {
                live++;
                hold(mfn(a->frame));
                granted[a->frame - HOST_RAM_MFN] += a->pin.uses;
                CHECK(frame_lookup(mfn(a->frame))->owner == d->id);
            }
        }
    }
    CHECK(live == t->live);
}

/* What a domain's rings keep. */
static void count_rings(const struct domain *d)
{
    const struct argo_domain *a = d->argo;

    for (uint32_t i = 0; a != NULL && i < CONFIG_MAX_ARGO_RINGS; i++) {
        const struct argo_ring *r = a->slot[i].ring;

        if (r == NULL) {
            continue;
        }
        CHECK(i < a->slot_end && r->page_count <= r->page_limit && r->waiting_count <= ARGO_WAITING_MAX);
        CHECK(a->slot[i].state != ARGO_LIVE || r->page_count == r->page_limit);
        CHECK(r->tx < r->length && r->tx % XEN_ARGO_MSG_SLOT_SIZE == 0);
        CHECK(r->partial.done <= r->partial.length);
        for (uint32_t k = 0; k < r->page_count; k++) {
            hold(mfn(r->page[k]));
        }
        for (unsigned k = 0; k < r->waiting_count; k++) {
            struct domain *waits = domain_get_any(r->waiting[k].domid);

            /* Nobody who is gone. */
            CHECK(waits != NULL);
            domain_put(waits);
        }
    }
}

static void audit(void)
{
    struct cpu *before = this_cpu();
    uint64_t used = 0;

    page_alloc_audit();
    for (unsigned i = 0; i < CPUS; i++) {
        host_run_on(i);
        CHECK(window_count() == 0 && this_cpu()->held_count == 0);
    }
    host_this_cpu = before;
    memset(mapped, 0, sizeof(mapped));
    memset(foreign, 0, sizeof(foreign));
    memset(held, 0, sizeof(held));
    memset(granted, 0, sizeof(granted));
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];
        unsigned tables = 0;

        if (d != NULL) {
            count_events(d);
            count_grants(d);
            count_rings(d);
            if (d->has_shared_info) {
                hold(d->shared_info);
            }
        }
        if (d != NULL && d->has_p2m) {
            for (unsigned k = 0; k < 1U << ARCH_P2M_ROOT_ORDER; k++) {
                count_table(mfn_add(d->p2m.root, k), 1, &tables);
            }
            CHECK(tables == d->p2m.table_count);
        }
    }
    for (uint64_t i = 0; i < FRAMES; i++) {
        const struct frame *f = frame_lookup(mfn(HOST_RAM_MFN + i));
        const struct domain *d = owner_of(f);

        if (f->type == FRAME_NONE || f->type == FRAME_FREE) {
            CHECK(mapped[i] == 0);
            continue;
        }
        used++;
        CHECK(f->mappings == mapped[i]);
        /* Nobody has another's page but by a grant that it uses. */
        CHECK(foreign[i] <= granted[i]);
        if (f->type == FRAME_RAM) {
            CHECK(d != NULL && mapped[i] - foreign[i] <= 1 && f->references == mapped[i] + held[i]);
        } else if (f->type == FRAME_SHARED) {
            CHECK(d == NULL && foreign[i] == 0 && f->references == mapped[i] + held[i]);
        } else {
            CHECK(mapped[i] == 0 && held[i] == 0 && f->references == 1);
        }
    }
    CHECK(used + page_alloc_free_count() == FRAMES);
}

/* ---- The board and its domains ---- */

static void add_domain(const char *name, unsigned vcpus)
{
    struct boot_domain config = { .vcpu_count = (uint16_t)vcpus, .memory_kib = PAGES * 4 };
    cpuset_t all = { { 0 } };
    struct domain *d;

    memcpy(config.name, name, strlen(name));
    for (unsigned i = 0; i < CPUS; i++) {
        cpuset_add(&all, i);
    }
    CHECK(domain_create(&config, &d) == 0);
    for (unsigned i = 0; i < PAGES; i++) {
        mfn_t m;

        CHECK(frame_alloc_ram(d->id, 0, &m) == 0);
        CHECK(p2m_map(&d->p2m, gfn((BASE >> PAGE_SHIFT) + i), m, ORDER_4K, P2M_RAM) == 0);
        d->page_count++;
    }
    for (unsigned i = 0; i < vcpus; i++) {
        struct vcpu *v;

        CHECK(vcpu_create(d, i, NULL, &all, &v) == 0);
    }
    domain_start(d);
    for (unsigned i = 1; i < vcpus; i++) {
        CHECK(vcpu_online(d->vcpus[i]) == 0);
    }
}

static bool is_any_left(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            return true;
        }
    }
    return false;
}

static void begin(void)
{
    static bool is_there;

    if (!is_there) {
        is_there = true;
        host_board_init(CPUS, RAM_MIB);
        free_at_start = page_alloc_free_count();
    }
    host_run_on(0);
    add_domain("one", 3);
    add_domain("two", 2);
    policy_allow(domain_table[0], domain_table[1], POLICY_ARGO);
    policy_allow(domain_table[1], domain_table[0], POLICY_ARGO);
    stopped_count = 0;
    host_interrupt_is_pending = false;
    host_settle();
}

static void finish(void)
{
    host_fail_allocation(0);
    host_run_on(0);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            domain_shutdown(domain_table[i], SHUTDOWN_poweroff);
        }
    }
    for (unsigned i = 0; i < 100 && is_any_left(); i++) {
        host_settle();
        host_run_until(host_now + 10000000);
    }
    CHECK(!is_any_left());
    CHECK(page_alloc_free_count() == free_at_start && host_heap_mapped() == 0);
    page_alloc_audit();
}

/* ---- Steps ---- */

static struct vcpu *any_vcpu(void)
{
    struct domain *d = domain_table[byte() % 2];
    unsigned i = byte();

    return d != NULL && d->vcpu_count != 0 ? d->vcpus[i % d->vcpu_count] : NULL;
}

/* Mostly frames that the domain has or could have. */
static uint64_t frame_number(void)
{
    unsigned kind = byte();

    return kind < 200 ? (BASE >> PAGE_SHIFT) + kind % (PAGES + 8) : kind < 230 ? (uint64_t)kind << 10 : number();
}

static void hypercall(struct vcpu *v)
{
    static const unsigned calls[] = { __HYPERVISOR_memory_op, __HYPERVISOR_xen_version, __HYPERVISOR_vm_assist,
                                      __HYPERVISOR_vcpu_op, __HYPERVISOR_sched_op, __HYPERVISOR_hvm_op };
    unsigned which = byte();
    uint64_t at = (frame_number() << PAGE_SHIFT) + (byte() % 4 == 0 ? PAGE_SIZE - byte() % 64 : byte() & ~7u);
    uint64_t a[5] = { byte() % 16, at, at, number(), number() };
    struct xen_add_to_physmap physmap = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info };
    struct vcpu_register_vcpu_info info = { .offset = (byte() % 64) * 8 };
    struct xen_hvm_param parameter = { .domid = DOMID_SELF, .index = byte() };
    char raw[32];

    switch (which % 8) {
    case 0:
        a[0] = XENMEM_add_to_physmap;
        physmap.gpfn = frame_number();
        (void)!guest_copy_to(v, guest_handle(at), &physmap, sizeof(physmap));
        break;
    case 3:
        a[1] = byte() % 4;
        info.mfn = frame_number();
        if (byte() % 2 == 0) {
            a[0] = VCPUOP_register_vcpu_info;
            (void)!guest_copy_to(v, guest_handle(at), &info, sizeof(info));
        } else {
            uint64_t where = (frame_number() << PAGE_SHIFT) + (byte() & ~7u);

            a[0] = VCPUOP_register_runstate_memory_area;
            (void)!guest_copy_to(v, guest_handle(at), &where, sizeof(where));
        }
        break;
    case 4:
        a[0] = byte() % 8 == 0 ? SCHEDOP_shutdown : byte() % 2 == 0 ? SCHEDOP_block : SCHEDOP_yield;
        break;
    case 5:
        a[0] = HVMOP_get_param;
        (void)!guest_copy_to(v, guest_handle(at), &parameter, sizeof(parameter));
        break;
    case 6:
        for (unsigned i = 0; i < sizeof(raw); i++) {
            raw[i] = (char)byte();
        }
        (void)!guest_copy_to(v, guest_handle(at), raw, sizeof(raw));
        break;
    default:
        break;
    }
    (void)hypercall_dispatch(v, which % 8 < 6 ? calls[which % 8] : number(), a);
}

/* A domain's number, or everybody, or nobody. */
static uint16_t domid(void)
{
    const struct domain *d = domain_table[byte() % 2];
    unsigned kind = byte();

    return kind < 64 ? XEN_ARGO_DOMID_ANY : kind < 72 ? (uint16_t)number() : d != NULL ? d->id : 0;
}

static void argo(struct vcpu *v)
{
    uint64_t page = BASE + (uint64_t)(byte() % 4) * PAGE_SIZE, second = page + 2048, a[5] = { 1 + byte() % 4, page };
    unsigned count = 1 + byte() % 24;

    if (a[0] == XEN_ARGO_OP_register_ring) {
        struct xen_argo_register_ring r = { .aport = byte() % 2, .partner_id = domid() };

        r.len = (uint32_t)(byte() % 4 != 0 ? count * PAGE_SIZE - 64 - byte() % 4 * 16 : number());
        (void)!guest_copy_to(v, guest_handle(page), &r, sizeof(r));
        for (unsigned i = 0; i < count; i++) {
            uint64_t g = (BASE >> PAGE_SHIFT) + i % (PAGES - 4) + 4;

            g = byte() % 64 == 0 ? frame_number() : g;
            (void)!guest_copy_to(v, guest_handle(second + i * sizeof(g)), &g, sizeof(g));
        }
        a[2] = second;
        a[3] = byte() % 16 != 0 ? count : number();
        a[4] = byte() % 4 == 0;
    } else if (a[0] == XEN_ARGO_OP_unregister_ring) {
        struct xen_argo_unregister_ring r = { .aport = byte() % 2, .partner_id = domid() };

        (void)!guest_copy_to(v, guest_handle(page), &r, sizeof(r));
    } else if (a[0] == XEN_ARGO_OP_sendv) {
        struct xen_argo_send_addr address = { .src = { .domain_id = XEN_ARGO_DOMID_ANY },
                                              .dst = { .aport = byte() % 2, .domain_id = domid() } };

        a[2] = second;
        a[3] = byte() % 10;
        (void)!guest_copy_to(v, guest_handle(page), &address, sizeof(address));
        for (uint64_t i = 0; i < a[3]; i++) {
            struct xen_argo_iov iov = { .iov_len = (uint32_t)(byte() % 8 != 0 ? byte() << byte() % 9 : number()) };

            iov.iov_hnd.p = (void *)(uintptr_t)((frame_number() << PAGE_SHIFT) + byte() * 16);
            (void)!guest_copy_to(v, guest_handle(second + i * sizeof(iov)), &iov, sizeof(iov));
        }
    } else {
        struct { struct { uint32_t nent, pad; } count; struct xen_argo_ring_data_ent entry[4]; } data;

        memset(&data, 0, sizeof(data));
        data.count.nent = byte() % 5;
        for (unsigned i = 0; i < data.count.nent; i++) {
            data.entry[i].ring = (struct xen_argo_addr){ .aport = byte() % 2, .domain_id = domid() };
            data.entry[i].space_required = (uint32_t)number();
        }
        (void)!guest_copy_to(v, guest_handle(page), &data, sizeof(data));
    }
    if (stopped_count != 0 && byte() % 2 == 0) {
        memcpy(a, stopped[--stopped_count], sizeof(a));
        a[3] += byte() % 16 == 0 ? number() << 32 : 0;
    }
    if (byte() % 8 == 0) {
        /* The owner writes its positions. */
        uint32_t positions[2] = { (uint32_t)number(), (uint32_t)number() };

        (void)!guest_copy_to(v, guest_handle(BASE + (4 + byte() % 8) * PAGE_SIZE), positions, sizeof(positions));
    }
    host_interrupt_is_pending = byte() % 2 == 0;
    if (hypercall_dispatch(v, __HYPERVISOR_argo_op, a) == HYPERCALL_RESTART && stopped_count < 4) {
        memcpy(stopped[stopped_count++], a, sizeof(a));
    }
    host_interrupt_is_pending = false;
}

static void step(void)
{
    unsigned action = byte(), cpu = byte() % CPUS;
    struct vcpu *v, *other;

    host_run_on(cpu);
    v = this_cpu()->current;
    switch (action % 16) {
    case 0:
        host_run_until(host_now + 1000 * (1 + number() % 20000));
        return;
    case 1:
        other = any_vcpu();
        if (other != NULL) {
            other->arch.event = byte() % 2 == 0;
            vcpu_kick(other);
        }
        break;
    case 2:
        other = any_vcpu();
        if (other != NULL) {
            (void)!vcpu_online(other);
        }
        break;
    case 3:
        host_fail_allocation(byte() % 8);
        break;
    case 4:
        console_input((char)byte());
        break;
    case 5:
        if (v != NULL) {
            v->arch.event = false;
            timer_set(&v->arch.timer, host_now + number() % 10000000);
            vcpu_block_current();
        }
        break;
    case 6:
        if (v != NULL && byte() % 4 == 0) {
            domain_crash(v->domain, "fuzz");
        }
        break;
    case 7:
        if (v != NULL) {
            vcpu_offline_current();
        }
        break;
    case 8:
        if (v != NULL) {
            char text[8];

            for (unsigned i = 0; i < sizeof(text); i++) {
                text[i] = (char)byte();
            }
            console_domain_write(v->domain, text, sizeof(text));
        }
        break;
    case 9: case 10: case 11:
        if (v != NULL) {
            argo(v);
        }
        break;
    default:
        if (v != NULL) {
            hypercall(v);
        }
        break;
    }
    if (this_cpu()->work != 0 || this_cpu()->current == NULL) {
        (void)host_leave();
    }
    /* Now and then the others look later. */
    if (action < 192) {
        host_settle();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = data;
    input_left = size;
    begin();
    for (unsigned i = 0; i < STEPS && input_left != 0; i++) {
        step();
        audit();
        (void)host_uart_take();
    }
    finish();
    return 0;
}
