/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of Argo: three domains that send each other messages. "one" and "two" may, "three" may send to "one" only.
 */
#ifndef BH_TEST_ARGO_DOMAINS_H
#define BH_TEST_ARGO_DOMAINS_H

#include "partition.h"

#include "arch/arch.h"
#include "bh/argo.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define PAGES     64
#define RAM       (TEST_RAM_GFN << PAGE_SHIFT)
#define ARGUMENTS RAM                     /* of the operation */
#define IOVS      (RAM + 0x800)
#define LIST      (RAM + PAGE_SIZE)       /* pages of a ring: 8 pages of numbers */
#define DATA      (RAM + 10 * PAGE_SIZE)  /* what is sent: 22 pages */
#define DATA_SIZE (22 * PAGE_SIZE)
#define RINGS     32                      /* first page of those that rings are in */
#define PORT      7
#define ANY       XEN_ARGO_DOMID_ANY
#define NOWHERE   (0x1000UL << PAGE_SHIFT)
#define UNUSED    0x1234                  /* no domain's number */

static struct domain *one, *two, *three;
static uint32_t virq_port[CONFIG_MAX_DOMAINS];
static uint64_t free_at_start;

static inline void init(void)
{
    host_board_init(4, 16);
    free_at_start = page_alloc_free_count();
    one = make_domain("one", 2, 0, all_cpus(), PAGES);
    two = make_domain("two", 1, 0, all_cpus(), PAGES);
    three = make_domain("three", 1, 0, all_cpus(), PAGES);
    policy_allow(one, two, POLICY_ARGO);
    policy_allow(two, one, POLICY_ARGO);
    policy_allow(three, one, POLICY_ARGO);
    start_domain(one);
    start_domain(two);
    start_domain(three);
}

static inline void finish(void)
{
    host_interrupt_is_pending = false;
    end_all();
    assert_int_equal(page_alloc_free_count(), free_at_start);
    page_alloc_audit();
}

static inline void put(struct domain *d, uint64_t at, const void *from, size_t size)
{
    assert_int_equal(guest_copy_to(d->vcpus[0], guest_handle(at), from, size), 0);
}

static inline void get(struct domain *d, uint64_t at, void *to, size_t size)
{
    assert_int_equal(guest_copy_from(d->vcpus[0], to, guest_handle(at), size), 0);
}

/* One try. */
static inline int64_t try(struct vcpu *v, uint64_t *a)
{
    int64_t result = hypercall_dispatch(v, __HYPERVISOR_argo_op, a);

    assert_int_equal(window_count(), 0);
    assert_int_equal(this_cpu()->held_count, 0);
    return result;
}

static inline int64_t op(struct domain *d, uint64_t command, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
    uint64_t a[5] = { command, a1, a2, a3, a4 };
    int64_t result;

    do {
        result = try(d->vcpus[0], a);
    } while (result == HYPERCALL_RESTART);
    assert_int_equal(a[3] >> 32, a3 >> 32);
    return result;
}

/* ---- What guests do ---- */

/* D's ring of LENGTH bytes, in its pages from FIRST on. */
static inline int64_t enter(struct domain *d, uint32_t port, uint16_t partner, uint32_t length, unsigned first,
                            uint64_t flags)
{
    struct xen_argo_register_ring r = { .aport = port, .partner_id = partner, .len = length };
    uint64_t count = (length + 64 + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for (uint64_t i = 0; i < count && i < 32; i++) {
        uint64_t g = TEST_RAM_GFN + first + i;

        put(d, LIST + i * 8, &g, sizeof(g));
    }
    put(d, ARGUMENTS, &r, sizeof(r));
    return op(d, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, count, flags);
}

static inline int64_t quit(struct domain *d, uint32_t port, uint16_t partner)
{
    struct xen_argo_unregister_ring r = { .aport = port, .partner_id = partner };

    put(d, ARGUMENTS, &r, sizeof(r));
    return op(d, XEN_ARGO_OP_unregister_ring, ARGUMENTS, 0, 0, 0);
}

static inline void describe(struct domain *d, struct domain *to, uint32_t port, const uint32_t *lengths, unsigned count)
{
    struct xen_argo_send_addr address = { .src = { .aport = 1000u + d->id, .domain_id = ANY },
                                          .dst = { .aport = port, .domain_id = to->id } };
    uint64_t at = DATA;

    put(d, ARGUMENTS, &address, sizeof(address));
    for (unsigned i = 0; i < count; i++) {
        struct xen_argo_iov v = { .iov_len = lengths[i] };

        v.iov_hnd.p = (void *)(uintptr_t)at;
        put(d, IOVS + i * sizeof(v), &v, sizeof(v));
        at += lengths[i];
    }
}

static inline int64_t send(struct domain *d, struct domain *to, uint32_t port, uint32_t length)
{
    describe(d, to, port, &length, 1);
    return op(d, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 77);
}

/* Fills what D sends with bytes that only SEED makes. */
static inline void fill(struct domain *d, uint8_t seed)
{
    static uint8_t page[PAGE_SIZE];

    for (uint64_t i = 0; i < DATA_SIZE; i += PAGE_SIZE) {
        for (unsigned k = 0; k < PAGE_SIZE; k++) {
            page[k] = (uint8_t)(seed + (i + k) * 13 + (i + k) / 251);
        }
        put(d, DATA + i, page, PAGE_SIZE);
    }
}

static inline uint64_t ring_at(unsigned first)
{
    return RAM + first * PAGE_SIZE;
}

static inline uint32_t tx_of(struct domain *d, unsigned first)
{
    uint32_t tx;

    get(d, ring_at(first) + 4, &tx, sizeof(tx));
    return tx;
}

static inline void set_rx(struct domain *d, unsigned first, uint32_t rx)
{
    put(d, ring_at(first), &rx, sizeof(rx));
}

/* Byte AT of the ring's messages goes round. */
static inline uint8_t ring_byte(struct domain *d, unsigned first, uint32_t length, uint32_t at)
{
    uint8_t b;

    get(d, ring_at(first) + 64 + at % length, &b, 1);
    return b;
}

/* The message at AT is LENGTH bytes of what FROM has filled with SEED. */
static inline void check_message(struct domain *d, unsigned first, uint32_t ring_length, uint32_t at,
                                 struct domain *from, uint32_t length, uint8_t seed)
{
    struct xen_argo_ring_message_header h;

    get(d, ring_at(first) + 64 + at, &h, sizeof(h));
    assert_int_equal(h.len, length + 16);
    assert_int_equal(h.source.domain_id, from->id);
    assert_int_equal(h.source.aport, 1000 + from->id);
    assert_int_equal(h.source.pad, 0);
    assert_int_equal(h.message_type, 77);
    for (uint32_t i = 0; i < length; i++) {
        assert_int_equal(ring_byte(d, first, ring_length, at + 16 + i), (uint8_t)(seed + i * 13 + i / 251));
    }
}

static inline void bind_virq(struct domain *d)
{
    struct evtchn_bind_virq b = { .virq = VIRQ_ARGO };
    uint64_t a[5] = { EVTCHNOP_bind_virq, ARGUMENTS };

    put(d, ARGUMENTS, &b, sizeof(b));
    assert_int_equal(hypercall_dispatch(d->vcpus[0], __HYPERVISOR_event_channel_op, a), 0);
    get(d, ARGUMENTS, &b, sizeof(b));
    virq_port[d->slot] = b.port;
}

/* Was D told since it was asked last? */
static inline bool told(struct domain *d)
{
    bool is_pending = evtchn_2l_is_pending(d, virq_port[d->slot]);

    evtchn_2l_clear_pending(d, virq_port[d->slot]);
    return is_pending;
}

static inline uint32_t references(struct domain *d, unsigned page)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m;

    spin_lock(&d->p2m.lock);
    assert_int_equal(p2m_lookup(&d->p2m, gfn(TEST_RAM_GFN + page), &m, &type, &order), 0);
    spin_unlock(&d->p2m.lock);
    return frame_lookup(m)->references;
}

#endif
