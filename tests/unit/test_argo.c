/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/argo*.c: rings and messages of domains that trust nobody. After each test every frame is back.
 */
#include "argo_domains.h"

#include "bh/physmap.h"

/* Req: BH-ARGO-001, BH-ARGO-010 */
static void test_register(void **state)
{
    struct xen_argo_register_ring r = { .aport = PORT, .partner_id = ANY, .len = 64, .pad = 1 };
    struct xen_argo_unregister_ring u = { .aport = PORT, .partner_id = ANY, .pad = 1 };
    uint64_t g;

    (void)state;
    init();
    assert_int_equal(op(one, 0, 0, 0, 0, 0), -XEN_EOPNOTSUPP);
    assert_int_equal(op(one, 5, 0, 0, 0, 0), -XEN_EOPNOTSUPP);
    /* Numbers are of 32 bits. */
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1UL << 32, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 1UL << 32), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 4097, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 2), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, NOWHERE, LIST, 1, 0), -XEN_EFAULT);
    put(one, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 0), -XEN_EINVAL);
    assert_int_equal(enter(one, PORT, ANY, 0, RINGS, 0), -XEN_EINVAL);
    assert_int_equal(enter(one, PORT, ANY, 32, RINGS, 0), -XEN_EINVAL);
    assert_int_equal(enter(one, PORT, ANY, 72, RINGS, 0), -XEN_EINVAL);
    assert_int_equal(enter(one, PORT, ANY, 0x1000000, RINGS, 0), -XEN_EINVAL); /* it has 4097 pages */
    assert_int_equal(enter(one, PORT, ANY, 0xfffffff0, RINGS, 0), -XEN_EINVAL);
    r = (struct xen_argo_register_ring){ .aport = PORT, .partner_id = ANY, .len = 64 };
    put(one, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 0, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, NOWHERE, 1, 0), -XEN_EFAULT);
    assert_int_equal(enter(one, PORT, UNUSED, 64, RINGS, 0), -XEN_ESRCH);
    assert_int_equal(enter(one, PORT, DOMID_SELF, 64, RINGS, 0), -XEN_ESRCH);
    /* The last page is none, or not RAM. */
    assert_int_equal(enter(one, PORT, ANY, 3 * PAGE_SIZE, PAGES - 3, 0), -XEN_EINVAL);
    assert_int_equal(references(one, PAGES - 1), 1);
    g = 0x38000;
    assert_int_equal(physmap_map_shared_info(one, gfn(g)), 0);
    put(one, LIST, &g, sizeof(g));
    put(one, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 0), -XEN_EINVAL);
    g = UINT64_MAX;
    put(one, LIST, &g, sizeof(g));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 1, 0), -XEN_EINVAL);
    assert_int_equal(one->argo->slot_end, 0);
    /* The smallest. */
    assert_int_equal(enter(one, PORT, ANY, 48, RINGS, 0), 0);
    assert_int_equal(references(one, RINGS), 2);
    assert_int_equal(enter(one, PORT, two->id, 3 * PAGE_SIZE - 64, RINGS + 1, 0), 0);
    assert_int_equal(enter(one, PORT, one->id, 64, RINGS + 4, 0), 0);
    /* A page that it gives up stays until the ring goes. */
    assert_int_equal(physmap_unmap(one, gfn(TEST_RAM_GFN + RINGS + 4), PHYSMAP_NOT_GRANTED), 0);
    assert_int_equal(one->page_count, PAGES);
    put(one, ARGUMENTS, &u, sizeof(u));
    assert_int_equal(op(one, XEN_ARGO_OP_unregister_ring, ARGUMENTS, 0, 0, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_unregister_ring, NOWHERE, 0, 0, 0), -XEN_EFAULT);
    assert_int_equal(op(one, XEN_ARGO_OP_unregister_ring, ARGUMENTS, 1, 0, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_unregister_ring, ARGUMENTS, 0, 1, 0), -XEN_EINVAL);
    assert_int_equal(op(one, XEN_ARGO_OP_unregister_ring, ARGUMENTS, 0, 0, 1), -XEN_EINVAL);
    assert_int_equal(quit(one, PORT, three->id), -XEN_ENOENT);
    assert_int_equal(quit(one, PORT + 1, ANY), -XEN_ENOENT);
    assert_int_equal(quit(two, PORT, ANY), -XEN_ENOENT);
    assert_int_equal(quit(one, PORT, one->id), 0);
    assert_int_equal(one->page_count, PAGES - 1);
    assert_int_equal(quit(one, PORT, ANY), 0);
    assert_int_equal(quit(one, PORT, ANY), -XEN_ENOENT);
    assert_int_equal(quit(one, PORT, two->id), 0);
    assert_int_equal(references(one, RINGS), 1);
    assert_int_equal(one->argo->slot_end, 0);
    finish();
}

/* Req: BH-ARGO-002, BH-ARGO-006 */
static void test_register_again(void **state)
{
    uint32_t tx;

    (void)state;
    init();
    fill(two, 5);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, XEN_ARGO_REGISTER_FLAG_FAIL_EXIST), 0);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, XEN_ARGO_REGISTER_FLAG_FAIL_EXIST), -XEN_EEXIST);
    assert_int_equal(enter(one, PORT, ANY, 272, RINGS, 0), -XEN_EEXIST);
    assert_int_equal(send(two, one, PORT, 20), 20);
    assert_int_equal(tx_of(one, RINGS), 48);
    /* The owner may write there, and it means nothing. */
    tx = 3;
    put(one, ring_at(RINGS) + 4, &tx, sizeof(tx));
    assert_int_equal(send(two, one, PORT, 4), 4);
    assert_int_equal(tx_of(one, RINGS), 80);
    check_message(one, RINGS, 256, 48, two, 4, 5);
    /* A page that is none: the ring is as before. */
    assert_int_equal(enter(one, PORT, ANY, 256, PAGES, 0), -XEN_EINVAL);
    assert_int_equal(send(two, one, PORT, 4), 4);
    assert_int_equal(tx_of(one, RINGS), 112);
    /* The same memory: it goes on there. Other memory: where that says, or where it is read, or at 0. */
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    assert_int_equal(references(one, RINGS), 2);
    assert_int_equal(tx_of(one, RINGS), 112);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS + 1, 0), 0);
    assert_int_equal(references(one, RINGS), 1);
    assert_int_equal(send(two, one, PORT, 1), 1);
    assert_int_equal(tx_of(one, RINGS + 1), 32);
    tx = 256;
    put(one, ring_at(RINGS) + 4, &tx, sizeof(tx));
    set_rx(one, RINGS, 33);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    assert_int_equal(tx_of(one, RINGS), 48);
    tx = 24;
    put(one, ring_at(RINGS) + 4, &tx, sizeof(tx));
    set_rx(one, RINGS, 250);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    assert_int_equal(tx_of(one, RINGS), 0);
    finish();
}

/* Req: BH-ARGO-009 */
static void test_limits(void **state)
{
    uint64_t g = TEST_RAM_GFN + RINGS;
    struct xen_argo_register_ring r = { .partner_id = ANY, .len = 0xffffc0 };

    (void)state;
    init();
    for (uint32_t i = 0; i < CONFIG_MAX_ARGO_RINGS; i++) {
        assert_int_equal(enter(one, i, ANY, 64, RINGS + i % 32, 0), 0);
    }
    assert_int_equal(enter(one, 9999, ANY, 64, RINGS, 0), -XEN_ENOSPC);
    assert_int_equal(quit(one, 3, ANY), 0);
    assert_int_equal(enter(one, 9999, ANY, 64, RINGS, 0), 0);
    assert_int_equal(send(two, one, 9999, 1), 1);
    /* The largest ring, all in one page; it is its owner's own affair. */
    for (uint64_t i = 0; i < 4096; i++) {
        put(two, LIST + i * 8, &g, sizeof(g));
    }
    put(two, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(two, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 4096, 0), 0);
    assert_int_equal(references(two, RINGS), 4097);
    assert_int_equal(send(one, two, 0, DATA_SIZE), DATA_SIZE);
    assert_int_equal(quit(two, 0, ANY), 0);
    assert_int_equal(references(two, RINGS), 1);
    finish();
}

/* Req: BH-ARGO-004, BH-ARGO-008 */
static void test_send_refused(void **state)
{
    struct xen_argo_send_addr address = { .src = { .domain_id = ANY }, .dst = { .aport = PORT } };
    uint32_t lengths[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct xen_argo_iov v = { .iov_len = 1 };

    (void)state;
    init();
    fill(two, 1);
    address.dst.domain_id = one->id;
    put(two, ARGUMENTS, &address, sizeof(address));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, NOWHERE, IOVS, 1, 0), -XEN_EFAULT);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, NOWHERE, 9, 0), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, NOWHERE, 1, 0), -XEN_EFAULT);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1UL << 33, 0), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 1UL << 32), -XEN_EINVAL);
    address.src.pad = 1;
    put(two, ARGUMENTS, &address, sizeof(address));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EINVAL);
    address.src.pad = 0;
    address.dst.pad = 1;
    put(two, ARGUMENTS, &address, sizeof(address));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EINVAL);
    address.dst.pad = 0;
    address.src.domain_id = one->id;
    put(two, ARGUMENTS, &address, sizeof(address));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EPERM);
    address.src.domain_id = two->id;
    address.dst.domain_id = UNUSED;
    put(two, ARGUMENTS, &address, sizeof(address));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_ESRCH);
    /* Policy, whether there is a ring or not. */
    assert_int_equal(send(two, three, PORT, 1), -XEN_EPERM);
    assert_int_equal(enter(three, PORT, two->id, 256, RINGS, 0), 0);
    assert_int_equal(enter(three, PORT, ANY, 256, RINGS + 1, 0), 0);
    assert_int_equal(send(two, three, PORT, 1), -XEN_EPERM);
    assert_int_equal(two->policy.refused[POLICY_ARGO], 2);
    assert_int_equal(tx_of(three, RINGS) + tx_of(three, RINGS + 1), 0);
    /* No ring. */
    assert_int_equal(send(two, one, PORT, 1), -XEN_ECONNREFUSED);
    assert_int_equal(enter(one, PORT, three->id, 256, RINGS, 0), 0);
    assert_int_equal(send(two, one, PORT, 1), -XEN_ECONNREFUSED);
    assert_int_equal(send(two, one, PORT, 0x1000000), -XEN_ECONNREFUSED);
    /* What is wrong with the lengths. */
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS + 1, 0), 0);
    assert_int_equal(send(two, one, PORT, 0xffffe1), -XEN_EINVAL);
    assert_int_equal(send(two, one, PORT, 0xffffe0), -XEN_EMSGSIZE);
    assert_int_equal(send(two, one, PORT, 225), -XEN_EMSGSIZE);
    lengths[0] = lengths[1] = 0x800000;
    describe(two, one, PORT, lengths, 2);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 2, 0), -XEN_EMSGSIZE);
    v.pad = 1;
    put(two, IOVS, &v, sizeof(v));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EINVAL);
    /* Data that are not there: what was there before stays the last message. */
    v = (struct xen_argo_iov){ .iov_len = 100 };
    v.iov_hnd.p = (void *)(uintptr_t)(RAM + PAGES * PAGE_SIZE - 50);
    put(two, IOVS, &v, sizeof(v));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EFAULT);
    v.iov_hnd.p = (void *)(uintptr_t)(UINT64_MAX - 10);
    put(two, IOVS, &v, sizeof(v));
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), -XEN_EFAULT);
    assert_int_equal(tx_of(one, RINGS + 1), 0);
    /* The largest message; pieces, some of them empty; no data at all. */
    assert_int_equal(send(two, one, PORT, 224), 224);
    check_message(one, RINGS + 1, 256, 0, two, 224, 1);
    set_rx(one, RINGS + 1, 240);
    lengths[0] = 1;
    lengths[1] = 0;
    describe(two, one, PORT, lengths, 8);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 8, 77), 34);
    check_message(one, RINGS + 1, 256, 240, two, 34, 1);
    assert_int_equal(op(two, XEN_ARGO_OP_sendv, ARGUMENTS, NOWHERE, 0, 77), 0);
    check_message(one, RINGS + 1, 256, 48, two, 0, 1);
    assert_int_equal(tx_of(one, RINGS + 1), 64);
    finish();
}

/* Req: BH-ARGO-003 */
static void test_match(void **state)
{
    (void)state;
    init();
    fill(two, 2);
    fill(three, 3);
    assert_int_equal(enter(one, PORT, ANY, 512, RINGS, 0), 0);
    assert_int_equal(enter(one, PORT, two->id, 512, RINGS + 1, 0), 0);
    assert_int_equal(enter(one, PORT + 1, ANY, 512, RINGS + 2, 0), 0);
    assert_int_equal(send(two, one, PORT, 40), 40);
    check_message(one, RINGS + 1, 512, 0, two, 40, 2);
    assert_int_equal(tx_of(one, RINGS), 0);
    assert_int_equal(send(three, one, PORT, 30), 30);
    check_message(one, RINGS, 512, 0, three, 30, 3);
    assert_int_equal(tx_of(one, RINGS + 1), 64);
    assert_int_equal(send(one, one, PORT, 9), 9);
    assert_int_equal(tx_of(one, RINGS), 80);
    assert_int_equal(send(two, one, PORT + 1, 9), 9);
    assert_int_equal(tx_of(one, RINGS + 2), 32);
    assert_int_equal(quit(one, PORT, two->id), 0);
    assert_int_equal(send(two, one, PORT, 8), 8);
    assert_int_equal(tx_of(one, RINGS), 112);
    finish();
}

/* Req: BH-ARGO-005, BH-ARGO-008 */
static void test_around_the_end(void **state)
{
    const uint32_t length = 2 * PAGE_SIZE - 64 + 16; /* of three pages, 16 bytes in the last */
    uint32_t at = 0;

    (void)state;
    init();
    fill(two, 9);
    assert_int_equal(enter(one, PORT, ANY, length, RINGS, 0), 0);
    for (uint32_t size = 1; size < 6000; size += 397) {
        assert_int_equal(send(two, one, PORT, size), size);
        check_message(one, RINGS, length, at, two, size, 9);
        at = (at + 16 + ALIGN_UP(size, 16)) % length;
        assert_int_equal(tx_of(one, RINGS), at);
        set_rx(one, RINGS, at);
    }
    /* A message out of the ring that it goes to. */
    describe(one, one, PORT, (const uint32_t[]){ 5000 }, 1);
    for (unsigned i = 0; i < 20; i++) {
        struct xen_argo_iov v = { .iov_len = 5000 };

        v.iov_hnd.p = (void *)(uintptr_t)(ring_at(RINGS) + i * 100);
        put(one, IOVS, &v, sizeof(v));
        assert_int_equal(op(one, XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 0), 5000);
        set_rx(one, RINGS, tx_of(one, RINGS));
    }
    finish();
}

static struct xen_argo_ring_data_ent ask(struct domain *d, struct domain *about, uint32_t port, uint32_t space,
                                         int64_t expected)
{
    struct xen_argo_ring_data data = { .nent = 1 };
    struct xen_argo_ring_data_ent e = { .ring = { .aport = port, .domain_id = about->id }, .flags = 0xffff,
                                        .space_required = space, .max_message_size = 4711 };

    put(d, ARGUMENTS, &data, sizeof(data));
    put(d, ARGUMENTS + 8, &e, sizeof(e));
    assert_int_equal(op(d, XEN_ARGO_OP_notify, ARGUMENTS, 0, 0, 0), expected);
    get(d, ARGUMENTS + 8, &e, sizeof(e));
    return e;
}

/* Req: BH-ARGO-007 */
static void test_full(void **state)
{
    (void)state;
    init();
    bind_virq(one);
    bind_virq(two);
    bind_virq(three);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    assert_int_equal(send(two, one, PORT, 100), 100);
    assert_true(told(one));
    assert_int_equal(send(two, one, PORT, 112), -XEN_EAGAIN);
    assert_int_equal(send(two, one, PORT, 104), -XEN_EAGAIN); /* the larger one counts */
    assert_int_equal(send(three, one, PORT, 200), -XEN_EAGAIN);
    assert_int_equal(one->argo->slot[0].ring->waiting_count, 2);
    assert_false(told(one));
    /* One slot stays free. */
    assert_int_equal(send(two, one, PORT, 97), -XEN_EAGAIN);
    assert_int_equal(send(two, one, PORT, 96), 96);
    assert_int_equal(tx_of(one, RINGS), 240);
    assert_true(told(one));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_false(told(two) || told(three));
    /* The first message is read: room for 112 bytes and their header. */
    set_rx(one, RINGS, 128);
    assert_false(told(two));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_true(told(two));
    assert_false(told(three));
    assert_int_equal(send(two, one, PORT, 112), 112);
    /* All are read. */
    set_rx(one, RINGS, tx_of(one, RINGS));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_true(told(three));
    assert_false(told(two));
    assert_int_equal(one->argo->slot[0].ring->waiting_count, 0);
    /* Who waits stays so when the ring is registered again. */
    assert_int_equal(send(two, one, PORT, 100), 100);
    assert_int_equal(send(two, one, PORT, 200), -XEN_EAGAIN);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    set_rx(one, RINGS, tx_of(one, RINGS));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_true(told(two));
    finish();
}

/* Req: BH-ARGO-009 */
static void test_many_wait(void **state)
{
    struct domain *d[ARGO_WAITING_MAX + 1];
    uint16_t flags;

    (void)state;
    init();
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS, 0), 0);
    assert_int_equal(send(one, one, PORT, 200), 200);
    for (unsigned i = 0; i < ARRAY_COUNT(d); i++) {
        d[i] = make_domain("more", 1, 0, all_cpus(), 11);
        policy_allow(d[i], one, POLICY_ARGO);
        start_domain(d[i]);
        assert_int_equal(send(d[i], one, PORT, 100), i < ARGO_WAITING_MAX ? -XEN_EAGAIN : -XEN_EBUSY);
    }
    flags = ask(d[ARGO_WAITING_MAX], one, PORT, 100, 0).flags;
    assert_int_equal(flags, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_SHARED | XEN_ARGO_RING_EBUSY);
    /* One that ends makes a place. */
    domain_shutdown(d[5], SHUTDOWN_poweroff);
    for (unsigned i = 0; i < 1000; i++) {
        host_settle();
    }
    assert_int_equal(one->argo->slot[0].ring->waiting_count, ARGO_WAITING_MAX - 1);
    assert_int_equal(send(d[ARGO_WAITING_MAX], one, PORT, 100), -XEN_EAGAIN);
    set_rx(one, RINGS, tx_of(one, RINGS));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_int_equal(one->argo->slot[0].ring->waiting_count, 0);
    finish();
}

/* Req: BH-ARGO-014 */
static void test_notify(void **state)
{
    struct xen_argo_ring_data data = { .nent = ARGO_NOTIFY_MAX + 1 };
    struct xen_argo_ring_data_ent e;

    (void)state;
    init();
    bind_virq(two);
    assert_int_equal(op(two, XEN_ARGO_OP_notify, 0, 1, 0, 0), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_notify, 0, 0, 1, 0), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_notify, 0, 0, 0, 1), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_notify, 0, 0, 1UL << 32, 0), -XEN_EINVAL);
    assert_int_equal(op(two, XEN_ARGO_OP_notify, NOWHERE, 0, 0, 0), -XEN_EFAULT);
    put(two, ARGUMENTS, &data, sizeof(data));
    assert_int_equal(op(two, XEN_ARGO_OP_notify, ARGUMENTS, 0, 0, 0), -XEN_EACCES);
    data.nent = 2;
    put(two, RAM + PAGES * PAGE_SIZE - 28, &data, sizeof(data));
    e = (struct xen_argo_ring_data_ent){ .ring = { .domain_id = UNUSED }, .flags = 0xffff };
    put(two, RAM + PAGES * PAGE_SIZE - 20, &e, sizeof(e));
    assert_int_equal(op(two, XEN_ARGO_OP_notify, RAM + PAGES * PAGE_SIZE - 28, 0, 0, 0), -XEN_EFAULT);
    get(two, RAM + PAGES * PAGE_SIZE - 20, &e, sizeof(e));
    assert_int_equal(e.flags, 0);
    /* No ring; one for somebody else. */
    e = ask(two, one, PORT, 1, 0);
    assert_int_equal(e.flags, 0);
    assert_int_equal(e.max_message_size, 4711);
    assert_int_equal(enter(one, PORT, three->id, 256, RINGS, 0), 0);
    assert_int_equal(ask(two, one, PORT, 1, 0).flags, 0);
    /* Not allowed: nothing is told. */
    assert_int_equal(enter(three, PORT, ANY, 256, RINGS, 0), 0);
    e = ask(two, three, PORT, 1, -XEN_EPERM);
    assert_int_equal(e.flags, 0xffff);
    e = ask(three, one, PORT, 224, 0);
    assert_int_equal(e.flags, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_EMPTY | XEN_ARGO_RING_SUFFICIENT);
    assert_int_equal(e.max_message_size, 224);
    assert_int_equal(enter(one, PORT, ANY, 512, RINGS + 1, 0), 0);
    e = ask(two, one, PORT, 481, 0);
    assert_int_equal(e.flags, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_EMPTY | XEN_ARGO_RING_SHARED |
                     XEN_ARGO_RING_EMSGSIZE);
    assert_int_equal(e.max_message_size, 480);
    assert_int_equal(send(two, one, PORT, 100), 100);
    e = ask(two, one, PORT, 353, 0);
    assert_int_equal(e.flags, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_SHARED);
    assert_int_equal(one->argo->slot[1].ring->waiting_count, 1);
    /* Enough for less: it does not wait any more. */
    e = ask(two, one, PORT, 352, 0);
    assert_int_equal(e.flags, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_SHARED | XEN_ARGO_RING_SUFFICIENT);
    assert_int_equal(one->argo->slot[1].ring->waiting_count, 0);
    e = ask(two, one, PORT, 353, 0);
    set_rx(one, RINGS + 1, 128);
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    assert_true(told(two));
    /* Many at a time, with and without interrupts. */
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        host_interrupt_is_pending = interrupt != 0;
        data.nent = 150;
        put(two, ARGUMENTS, &data, sizeof(data));
        for (unsigned i = 0; i < 150; i++) {
            e = (struct xen_argo_ring_data_ent){ .ring = { .aport = PORT + i % 3, .domain_id = one->id }, .flags = 9 };
            put(two, ARGUMENTS + 8 + i * sizeof(e), &e, sizeof(e));
        }
        assert_int_equal(op(two, XEN_ARGO_OP_notify, ARGUMENTS, 0, 0, 0), 0);
        for (unsigned i = 0; i < 150; i++) {
            get(two, ARGUMENTS + 8 + i * sizeof(e), &e, sizeof(e));
            assert_int_equal((e.flags & XEN_ARGO_RING_EXISTS) != 0, i % 3 == 0);
        }
    }
    finish();
}

/* Req: BH-ARGO-005 */
/* The owner writes what it likes while others send; nothing but its ring changes. */
static void test_hostile_owner(void **state)
{
    const uint32_t length = PAGE_SIZE - 64 + 512;
    uint8_t before[64], after[64];

    (void)state;
    init();
    srand(1);
    fill(two, 4);
    memset(before, 0xa5, sizeof(before));
    put(one, ring_at(RINGS) - sizeof(before), before, sizeof(before));
    put(one, ring_at(RINGS + 1) + 512, before, sizeof(before));
    assert_int_equal(enter(one, PORT, ANY, length, RINGS, 0), 0);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t pointers[2] = { (uint32_t)rand() * 2u + (uint32_t)rand() % 2, (uint32_t)rand() * 2u };
        uint32_t tx = one->argo->slot[0].ring->tx, size = (uint32_t)rand() % 5000;
        int64_t result;

        if (i % 2 == 0) {
            pointers[0] %= length + 32;
        }
        put(one, ring_at(RINGS), pointers, sizeof(pointers));
        result = send(two, one, PORT, size);
        if (result >= 0) {
            assert_int_equal(result, size);
            assert_int_equal(one->argo->slot[0].ring->tx, (tx + 16 + ALIGN_UP(size, 16)) % length);
        } else {
            assert_true(result == -XEN_EAGAIN || result == -XEN_EMSGSIZE);
            assert_int_equal(one->argo->slot[0].ring->tx, tx);
        }
        assert_true(one->argo->slot[0].ring->tx < length && one->argo->slot[0].ring->tx % 16 == 0);
        (void)ask(two, one, PORT, size, 0);
        (void)op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0);
    }
    get(one, ring_at(RINGS) - sizeof(after), after, sizeof(after));
    assert_memory_equal(before, after, sizeof(after));
    get(one, ring_at(RINGS + 1) + 512, after, sizeof(after));
    assert_memory_equal(before, after, sizeof(after));
    finish();
}

/* Req: BH-ARGO-011 */
static void test_steps(void **state)
{
    const uint32_t length = 30 * PAGE_SIZE, size = 20 * PAGE_SIZE + 5;
    uint64_t a[5];
    unsigned tries = 0;
    int64_t result;

    (void)state;
    init();
    fill(two, 6);
    fill(three, 8);
    assert_int_equal(enter(one, PORT, ANY, length, RINGS, 0), 0);
    host_interrupt_is_pending = true;
    describe(two, one, PORT, &size, 1);
    memcpy(a, (uint64_t[]){ XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 77 }, sizeof(a));
    while ((result = try(two->vcpus[0], a)) == HYPERCALL_RESTART) {
        assert_int_equal(tx_of(one, RINGS), 0);
        tries++;
    }
    assert_int_equal(result, size);
    assert_int_equal(tries, 1);
    check_message(one, RINGS, length, 0, two, size, 6);
    set_rx(one, RINGS, tx_of(one, RINGS));
    /* Another message comes first: the long one begins again, behind it. */
    a[3] = 1;
    describe(two, one, PORT, &size, 1);
    assert_int_equal(try(two->vcpus[0], a), HYPERCALL_RESTART);
    assert_int_equal(send(three, one, PORT, 1000), 1000);
    check_message(one, RINGS, length, 16 + size - 5 + 16, three, 1000, 8);
    set_rx(one, RINGS, tx_of(one, RINGS));
    assert_int_equal(try(two->vcpus[0], a), HYPERCALL_RESTART);
    assert_int_equal(try(two->vcpus[0], a), size);
    check_message(one, RINGS, length, 16 + size - 5 + 16 + 16 + 1008, two, size, 6);
    set_rx(one, RINGS, tx_of(one, RINGS));
    /* The ring is registered again, or is gone, meanwhile. */
    a[3] = 1;
    describe(two, one, PORT, &size, 1);
    assert_int_equal(try(two->vcpus[0], a), HYPERCALL_RESTART);
    assert_int_equal(enter(one, PORT, ANY, length, RINGS, 0), 0);
    assert_int_equal(try(two->vcpus[0], a), HYPERCALL_RESTART);
    assert_int_equal(quit(one, PORT, ANY), 0);
    assert_int_equal(try(two->vcpus[0], a), -XEN_ECONNREFUSED);
    finish();
}

/* Req: BH-ARGO-011, BH-ARGO-002 */
static void test_register_in_steps(void **state)
{
    struct xen_argo_register_ring r = { .aport = PORT, .partner_id = ANY, .len = 2000 * PAGE_SIZE };
    uint64_t g = TEST_RAM_GFN + RINGS, none = 0x1000, a[5], b[5];
    unsigned tries = 0;

    (void)state;
    init();
    host_interrupt_is_pending = true;
    for (uint64_t i = 0; i < 2001; i++) {
        put(one, LIST + i * 8, &g, sizeof(g));
    }
    put(one, ARGUMENTS, &r, sizeof(r));
    memcpy(a, (uint64_t[]){ XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0 }, sizeof(a));
    while (try(one->vcpus[0], a) == HYPERCALL_RESTART) {
        assert_int_equal(send(two, one, PORT, 1), -XEN_ECONNREFUSED);
        tries++;
        assert_int_equal(references(one, RINGS), 1 + tries * ARGO_STEP_PAGES);
    }
    assert_int_equal(tries, 2001 / ARGO_STEP_PAGES);
    assert_int_equal(a[3], 2001);
    assert_int_equal(references(one, RINGS), 2002);
    /* Again: the old one goes when the new one is there. */
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0), 0);
    assert_int_equal(references(one, RINGS), 2002);
    /* The last page is none: its other pages go back, and the old ring is there. */
    put(one, LIST + 2000 * 8, &none, sizeof(none));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0), -XEN_EINVAL);
    assert_int_equal(references(one, RINGS), 2002);
    assert_int_equal(one->argo->slot_end, 2);
    put(one, LIST + 2000 * 8, &g, sizeof(g));
    assert_int_equal(quit(one, PORT, ANY), 0);
    assert_int_equal(references(one, RINGS), 1);
    /* One vCPU does not come back to it; another one registers the ring; the first comes back late. */
    put(one, ARGUMENTS, &r, sizeof(r));
    memcpy(a, (uint64_t[]){ XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0 }, sizeof(a));
    memcpy(b, a, sizeof(b));
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(try(one->vcpus[0], a), HYPERCALL_RESTART);
    }
    while (try(one->vcpus[1], b) == HYPERCALL_RESTART) {
    }
    assert_int_equal(references(one, RINGS), 2002);
    while (try(one->vcpus[0], a) == HYPERCALL_RESTART) {
    }
    assert_int_equal(references(one, RINGS), 2002);
    /* A ring that is being closed is none. */
    memcpy(a, (uint64_t[]){ XEN_ARGO_OP_unregister_ring, ARGUMENTS, 0, 0, 0 }, sizeof(a));
    put(one, ARGUMENTS, &(struct xen_argo_unregister_ring){ .aport = PORT, .partner_id = ANY },
        sizeof(struct xen_argo_unregister_ring));
    assert_int_equal(try(one->vcpus[0], a), HYPERCALL_RESTART);
    assert_int_equal(send(two, one, PORT, 1), -XEN_ECONNREFUSED);
    assert_int_equal(quit(one, PORT, ANY), -XEN_ENOENT);
    assert_int_equal(enter(one, PORT, ANY, 64, RINGS + 1, 0), 0);
    put(one, ARGUMENTS, &(struct xen_argo_unregister_ring){ .aport = PORT, .partner_id = ANY },
        sizeof(struct xen_argo_unregister_ring));
    while (try(one->vcpus[0], a) == HYPERCALL_RESTART) {
    }
    assert_int_equal(references(one, RINGS), 1);
    assert_int_equal(references(one, RINGS + 1), 2);
    /* Made-up progress, while some operation was really stopped. */
    put(one, LIST + 2000 * 8, &g, sizeof(g));
    r.aport++;
    put(one, ARGUMENTS, &r, sizeof(r));
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(a, (uint64_t[]){ XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0 }, sizeof(a));
        (void)try(one->vcpus[0], a);
        memcpy(a, (uint64_t[]){ 1 + (unsigned)rand() % 4, ARGUMENTS, i % 2 == 0 ? LIST : 0,
                                (uint64_t)rand() << (33 - i % 20) | (i % 4 == 0 ? 2001 : 0), 0 }, sizeof(a));
        (void)try(one->vcpus[0], a);
    }
    finish();
}

static void settle_all(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        host_settle();
    }
}

/* Req: BH-ARGO-012, BH-ARGO-013 */
static void test_deaths(void **state)
{
    uint64_t a[5] = { XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 31, 0 };
    struct xen_argo_register_ring r = { .aport = PORT + 5, .len = 30 * PAGE_SIZE };

    (void)state;
    init();
    bind_virq(one);
    assert_int_equal(enter(one, PORT, two->id, 20 * PAGE_SIZE, RINGS, 0), 0);
    assert_int_equal(enter(one, PORT, ANY, 256, RINGS + 22, 0), 0);
    assert_int_equal(enter(two, PORT, one->id, 256, RINGS, 0), 0);
    assert_int_equal(enter(two, PORT, ANY, 256, RINGS + 1, 0), 0);
    assert_int_equal(send(one, one, PORT, 200), 200);
    assert_int_equal(send(three, one, PORT, 100), -XEN_EAGAIN);
    assert_int_equal(ask(two, one, PORT + 1, 100, 0).flags, 0);
    /* A ring for two is being registered. */
    host_interrupt_is_pending = true;
    r.partner_id = two->id;
    for (uint64_t i = 0; i < 31; i++) {
        uint64_t g = TEST_RAM_GFN + RINGS + i;

        put(one, LIST + i * 8, &g, sizeof(g));
    }
    put(one, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(try(one->vcpus[0], a), HYPERCALL_RESTART);
    host_interrupt_is_pending = false;
    domain_shutdown(two, SHUTDOWN_poweroff);
    settle_all();
    assert_null(domain_get(r.partner_id));
    assert_int_equal(try(one->vcpus[0], a), -XEN_ESRCH);
    assert_int_equal(references(one, RINGS), 1);
    assert_int_equal(references(one, RINGS + 22), 2);
    assert_int_equal(one->argo->slot[1].ring->waiting_count, 1);
    assert_int_equal(one->argo->slot_end, 2);
    /* Who waits dies; then the owner. */
    domain_shutdown(three, SHUTDOWN_poweroff);
    settle_all();
    assert_int_equal(one->argo->slot[1].ring->waiting_count, 0);
    set_rx(one, RINGS + 22, tx_of(one, RINGS + 22));
    assert_int_equal(op(one, XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
    domain_shutdown(one, SHUTDOWN_poweroff);
    settle_all();
    finish();
}

/* A receiver that dies while a message is on its way, with rings that take many steps to close. */
static void test_receiver_dies(void **state)
{
    struct xen_argo_register_ring r = { .aport = PORT, .partner_id = ANY, .len = 2000 * PAGE_SIZE };
    uint64_t g = TEST_RAM_GFN + RINGS, a[5] = { XEN_ARGO_OP_sendv, ARGUMENTS, IOVS, 1, 77 };
    const uint32_t size = DATA_SIZE;

    (void)state;
    init();
    for (uint64_t i = 0; i < 2001; i++) {
        put(one, LIST + i * 8, &g, sizeof(g));
        put(two, LIST + i * 8, &g, sizeof(g));
    }
    put(one, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(one, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0), 0);
    r.partner_id = one->id;
    put(two, ARGUMENTS, &r, sizeof(r));
    assert_int_equal(op(two, XEN_ARGO_OP_register_ring, ARGUMENTS, LIST, 2001, 0), 0);
    host_interrupt_is_pending = true;
    describe(two, one, PORT, &size, 1);
    assert_int_equal(try(two->vcpus[0], a), HYPERCALL_RESTART);
    domain_shutdown(one, SHUTDOWN_poweroff);
    assert_int_equal(try(two->vcpus[0], a), -XEN_ESRCH);
    host_interrupt_is_pending = false;
    settle_all();
    assert_int_equal(references(two, RINGS), 1);
    assert_int_equal(two->argo->slot_end, 0);
    finish();
}

/* Each operation with its first, second, third... allocation made to fail: an error, and nothing is lost. */
/* Req: BH-ARGO-002 */
static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 8; n++) {
        int64_t result;

        init();
        host_fail_allocation(n);
        result = enter(one, PORT, ANY, 20 * PAGE_SIZE, RINGS, 0);
        host_fail_allocation(0);
        assert_true(result == 0 || result == -XEN_ENOMEM);
        assert_int_equal(references(one, RINGS), result == 0 ? 2 : 1);
        assert_int_equal(send(two, one, PORT, 1), result == 0 ? 1 : -XEN_ECONNREFUSED);
        finish();
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register),          cmocka_unit_test(test_register_again),
        cmocka_unit_test(test_limits),            cmocka_unit_test(test_send_refused),
        cmocka_unit_test(test_match),             cmocka_unit_test(test_around_the_end),
        cmocka_unit_test(test_full),              cmocka_unit_test(test_many_wait),
        cmocka_unit_test(test_notify),            cmocka_unit_test(test_hostile_owner),
        cmocka_unit_test(test_steps),             cmocka_unit_test(test_register_in_steps),
        cmocka_unit_test(test_deaths),            cmocka_unit_test(test_receiver_dies),
        cmocka_unit_test(test_no_memory),
    };

    return RUN_TESTS_APART(tests);
}
