/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argo: rings that a partition offers to itself, messages into them, and what is refused. Debian's Xen 4.17 is built
 * without Argo, so there is nothing to compare with: what the public header (argo.h) and Xen's answers elsewhere lead
 * to expect is stated here, and a line that differs says so.
 *
 * With "role=1 peer=N" it offers a ring to partition N, which has "role=2 peer=M" and sends more than fits at a time.
 */
#include "xen_guest.h"

#define PORT 7
#define RING_BYTES 4032u /* a page less the ring's header: one page in all */
#define HEADER sizeof(struct xen_argo_ring_message_header)

void *memset(void *to, int value, size_t size);

static uint8_t ring_pages[2][PAGE] PAGES;
static xen_argo_ring_t *const ring = (xen_argo_ring_t *)ring_pages;
static xen_argo_gfn_t gfns[4] PAGES;
static uint8_t message[8192] PAGES;
static uint16_t self;

static void expect(const char *name, int64_t got, int64_t expected)
{
    if (got == expected) {
        say("%s: %ld\n", name, got);
    } else {
        say("%s: %ld, expected %ld\n", name, got, expected);
    }
}

static int64_t argo(uint64_t op, const void *a, const void *b, uint64_t c, uint64_t d)
{
    return hypercall5(__HYPERVISOR_argo_op, op, (uint64_t)a, (uint64_t)b, c, d);
}

static int64_t register_ring(uint16_t partner, uint32_t length, uint64_t pages, uint64_t flags, uint16_t pad)
{
    xen_argo_register_ring_t r = { .aport = PORT, .partner_id = partner, .len = length, .pad = pad };

    return argo(XEN_ARGO_OP_register_ring, &r, gfns, pages, flags);
}

static int64_t unregister_ring(uint16_t partner, uint16_t pad)
{
    xen_argo_unregister_ring_t r = { .aport = PORT, .partner_id = partner, .pad = pad };

    return argo(XEN_ARGO_OP_unregister_ring, &r, NULL, 0, 0);
}

static int64_t send(uint16_t domid, uint32_t port, uint32_t length, uint64_t count)
{
    xen_argo_send_addr_t address = { .src = { .aport = 3, .domain_id = XEN_ARGO_DOMID_ANY },
                                     .dst = { .aport = port, .domain_id = domid } };
    xen_argo_iov_t parts[XEN_ARGO_MAXIOV + 1] = { 0 };

    for (unsigned i = 0; i < count && i < ARRAY_COUNT(parts); i++) {
        set_xen_guest_handle(parts[i].iov_hnd, message);
        parts[i].iov_len = length;
    }
    return argo(XEN_ARGO_OP_sendv, &address, parts, count, 0x1234);
}

static void refused(void)
{
    xen_argo_register_ring_t good = { .aport = PORT, .partner_id = self, .len = RING_BYTES };
    struct bad_pointer bad;

    expect("operation 0", argo(0, NULL, NULL, 0, 0), -XEN_EOPNOTSUPP);
    expect("operation 5", argo(5, NULL, NULL, 0, 0), -XEN_EOPNOTSUPP);
    /* 32-bit code has no room for these. */
    if (sizeof(void *) == 8) {
        expect("a third argument of 2^32", argo(0, NULL, NULL, 1ull << 32, 0), -XEN_EINVAL);
        expect("a fourth argument of 2^32", argo(0, NULL, NULL, 0, 1ull << 32), -XEN_EINVAL);
    }
    expect("register with an unknown flag", register_ring(self, RING_BYTES, 1, 2, 0), -XEN_EINVAL);
    expect("register 4097 pages", register_ring(self, RING_BYTES, 4097, 0, 0), -XEN_EINVAL);
    expect("register two pages for one", register_ring(self, RING_BYTES, 2, 0, 0), -XEN_EINVAL);
    expect("register one page for two", register_ring(self, RING_BYTES + 16, 1, 0, 0), -XEN_EINVAL);
    expect("register no pages", register_ring(self, RING_BYTES, 0, 0, 0), -XEN_EINVAL);
    expect("register 32 bytes", register_ring(self, 32, 1, 0, 0), -XEN_EINVAL);
    expect("register 4024 bytes", register_ring(self, 4024, 1, 0, 0), -XEN_EINVAL);
    expect("register 2^32 - 16 bytes", register_ring(self, 0xfffffff0, 4096, 0, 0), -XEN_EINVAL);
    expect("register with padding", register_ring(self, RING_BYTES, 1, 0, 1), -XEN_EINVAL);
    expect("register for no domain", register_ring(DOMID_UNUSED, RING_BYTES, 1, 0, 0), -XEN_ESRCH);
    expect("register for DOMID_SELF", register_ring(DOMID_SELF, RING_BYTES, 1, 0, 0), -XEN_ESRCH);
    /* As Xen with argo=mac-permissive: who may send is said for each sender. */
    expect("register for all", register_ring(XEN_ARGO_DOMID_ANY, RING_BYTES, 1, 0, 0), 0);
    expect("unregister what is for all", unregister_ring(XEN_ARGO_DOMID_ANY, 0), 0);
    gfns[0] = 0xf00000;
    expect("register no memory", register_ring(self, RING_BYTES, 1, 0, 0), -XEN_EINVAL);
    gfns[0] = gfn_of(ring_pages[0]);
    for (unsigned i = 0; (bad = bad_input(i, &good, sizeof(good))).name != NULL; i++) {
        say("structure at %s: ", bad.name);
        expect("register", argo(XEN_ARGO_OP_register_ring, bad.address, gfns, 1, 0), -XEN_EFAULT);
        bad = bad_input(i, gfns, sizeof(gfns[0]));
        say("gfns at %s: ", bad.name);
        expect("register", argo(XEN_ARGO_OP_register_ring, &good, bad.address, 1, 0), -XEN_EFAULT);
        bad = bad_input(i, &good, sizeof(xen_argo_unregister_ring_t));
        say("structure at %s: ", bad.name);
        expect("unregister", argo(XEN_ARGO_OP_unregister_ring, bad.address, NULL, 0, 0), -XEN_EFAULT);
    }
    expect("unregister what is not there", unregister_ring(self, 0), -XEN_ENOENT);
    expect("unregister with padding", unregister_ring(self, 1), -XEN_EINVAL);
    expect("unregister with a second argument", argo(XEN_ARGO_OP_unregister_ring, &good, gfns, 0, 0), -XEN_EINVAL);
    expect("unregister with a third", argo(XEN_ARGO_OP_unregister_ring, &good, NULL, 1, 0), -XEN_EINVAL);
    expect("send to nobody's ring", send(self, PORT, 16, 1), -XEN_ECONNREFUSED);
    expect("send to no domain", send(DOMID_UNUSED, PORT, 16, 1), -XEN_ESRCH);
    expect("send to DOMID_SELF", send(DOMID_SELF, PORT, 16, 1), -XEN_ESRCH);
    expect("notify of nothing", argo(XEN_ARGO_OP_notify, NULL, NULL, 0, 0), 0);
    expect("notify with a second argument", argo(XEN_ARGO_OP_notify, NULL, gfns, 0, 0), -XEN_EINVAL);
}

static void ask(const char *name, uint32_t port, uint32_t space, unsigned expected_flags)
{
    static struct { uint32_t count, pad; xen_argo_ring_data_ent_t entry; } data;
    int64_t result;

    memset(&data, 0, sizeof(data));
    data.count = 1;
    data.entry.ring.aport = port;
    data.entry.ring.domain_id = self;
    data.entry.space_required = space;
    data.entry.flags = 0x5555;
    result = argo(XEN_ARGO_OP_notify, &data, NULL, 0, 0);
    say("%s: %ld, flags 0x%x%s, most %u\n", name, result, data.entry.flags,
        data.entry.flags == expected_flags ? "" : ", expected others", data.entry.max_message_size);
}

static void messages(void)
{
    struct xen_argo_ring_message_header *first = (void *)ring->ring;
    int64_t virq = event_bind_virq(VIRQ_ARGO, 0);
    unsigned count = 0;
    int64_t result;

    for (unsigned i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)(i * 5 + 1);
    }
    ring->tx_ptr = ring->rx_ptr = 0;
    expect("register", register_ring(self, RING_BYTES, 1, 0, 0), 0);
    expect("register again", register_ring(self, RING_BYTES, 1, 0, 0), 0);
    expect("register again, if new", register_ring(self, RING_BYTES, 1, XEN_ARGO_REGISTER_FLAG_FAIL_EXIST, 0),
           -XEN_EEXIST);
    expect("register it smaller", register_ring(self, RING_BYTES - 16, 1, 0, 0), -XEN_EEXIST);
    ask("ask", PORT, 16, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_EMPTY | XEN_ARGO_RING_SUFFICIENT);
    ask("ask for too much", PORT, RING_BYTES, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_EMPTY | XEN_ARGO_RING_EMSGSIZE);
    ask("ask for another port", PORT + 1, 16, 0);
    event_window();
    event_forget();
    expect("send 20 bytes", send(self, PORT, 20, 1), 20);
    event_window();
    say("the virq: %s\n",
        virq > 0 && event_log[0].count == 1 && event_log[0].ports[0] == virq ? "came" : "did not come");
    event_forget();
    expect("transmit pointer", ring->tx_ptr, (int64_t)(HEADER + 32));
    expect("length", first->len, (int64_t)(HEADER + 20));
    expect("port of the source", first->source.aport, 3);
    expect("domain of the source is ours", first->source.domain_id == self, true);
    expect("type", first->message_type, 0x1234);
    expect("first byte", first->data[0], message[0]);
    expect("last byte", first->data[19], message[19]);
    expect("send eight parts", send(self, PORT, 8, 8), 64);
    expect("send nine parts", send(self, PORT, 8, 9), -XEN_EINVAL);
    expect("send no parts", send(self, PORT, 8, 0), 0);
    expect("send what never fits", send(self, PORT, RING_BYTES, 1), -XEN_EMSGSIZE);
    do {
        result = send(self, PORT, 496, 1);
        count++;
    } while (result == 496 && count < 100);
    expect("messages until there is no room", count - 1, 7);
    expect("then", result, -XEN_EAGAIN);
    ask("ask when full", PORT, 496, XEN_ARGO_RING_EXISTS);
    event_window();
    event_forget();
    ring->rx_ptr = ring->tx_ptr;
    dsb();
    ask("ask when read", PORT, 496, XEN_ARGO_RING_EXISTS | XEN_ARGO_RING_EMPTY | XEN_ARGO_RING_SUFFICIENT);
    expect("send across the end", send(self, PORT, 1000, 1), 1000);
    say("the transmit pointer has wrapped: %s\n", ring->tx_ptr < ring->rx_ptr ? "yes" : "no");
    ring->rx_ptr = 3;
    ring->tx_ptr = 0x12345;
    dsb();
    result = send(self, PORT, 16, 1);
    say("send with pointers that cannot be: %s\n", result == 16 || result < 0 ? "an answer" : "no answer");
    expect("unregister", unregister_ring(self, 0), 0);
    expect("unregister again", unregister_ring(self, 0), -XEN_ENOENT);
    expect("send to what was", send(self, PORT, 16, 1), -XEN_ECONNREFUSED);
}

/* ---- Two partitions ---- */

#define MESSAGES 300
#define MEET_LIMIT_US 5000000

static uint32_t message_length(uint32_t number)
{
    return 4 + number * 37 % 1200;
}

/* Byte I of message NUMBER; the first four are the number itself. */
static uint8_t message_byte(uint32_t number, uint32_t i)
{
    return i < 4 ? (uint8_t)(number >> 8 * i) : (uint8_t)(number * 7 + i);
}

static bool is_right(uint32_t number, uint16_t sender)
{
    uint32_t at = ring->rx_ptr;
    const struct xen_argo_ring_message_header *h = (void *)&ring->ring[at];
    bool right = h->len == HEADER + message_length(number) && h->source.domain_id == sender && h->source.aport == 3;

    for (uint32_t i = 0; right && i < message_length(number); i++) {
        right = ring->ring[(at + HEADER + i) % RING_BYTES] == message_byte(number, i);
    }
    return right;
}

static uint32_t message_space(uint32_t number)
{
    return (uint32_t)HEADER + (message_length(number) + 15) / 16 * 16;
}

/* Is a ring that holds the bytes up to TX, and message NUMBER at its beginning, too full for the message that follows? */
static bool is_full(uint32_t tx, uint32_t number)
{
    uint32_t used = (tx + RING_BYTES - ring->rx_ptr) % RING_BYTES;

    for (uint32_t read = 0; read < used; number++) {
        read += message_space(number);
    }
    return number == MESSAGES || used + message_space(number) >= RING_BYTES;
}

/* Reads only when no message more has room, and a little later, so that the sender has tried in vain. */
static void receive_all(uint16_t peer_domid)
{
    uint64_t end = now() + ticks_from_us(MEET_LIMIT_US);
    uint32_t count = 0, wrong = 0;

    expect("register for the peer", register_ring(peer_domid, RING_BYTES, 1, 0, 0), 0);
    while (count < MESSAGES && now() < end) {
        uint32_t tx = __atomic_load_n(&ring->tx_ptr, __ATOMIC_ACQUIRE);

        if (!is_full(tx, count)) {
            sched_op(SCHEDOP_yield, NULL);
            delay_us(100);
            continue;
        }
        delay_us(2000);
        /* All that is there, then room for more is announced. */
        while (tx != ring->rx_ptr && count < MESSAGES) {
            wrong += !is_right(count, peer_domid);
            __atomic_store_n(&ring->rx_ptr, (ring->rx_ptr + message_space(count)) % RING_BYTES, __ATOMIC_RELEASE);
            count++;
        }
        argo(XEN_ARGO_OP_notify, NULL, NULL, 0, 0);
    }
    say("received: %u, wrong %u\n", count, wrong);
    say("send to the peer: %ld\n", send(peer_domid, PORT, 16, 1));
}

static void send_all(uint16_t peer_domid)
{
    uint64_t end = now() + ticks_from_us(MEET_LIMIT_US);
    int64_t virq = event_bind_virq(VIRQ_ARGO, 0), result = 0;
    unsigned full = 0, told = 0;
    uint32_t count = 0;

    while (count < MESSAGES && now() < end) {
        for (uint32_t i = 0; i < message_length(count); i++) {
            message[i] = message_byte(count, i);
        }
        event_forget();
        result = send(peer_domid, PORT, message_length(count), 1);
        if (result == (int64_t)message_length(count)) {
            count++;
            continue;
        }
        if (result != -XEN_ECONNREFUSED && result != -XEN_ESRCH && result != -XEN_EAGAIN) {
            break;
        }
        /* Full: the next try is when we are told that there is room. Else nobody offers the ring yet. */
        full += result == -XEN_EAGAIN;
        do {
            sched_op(SCHEDOP_yield, NULL);
            delay_us(100);
            event_window();
        } while (result == -XEN_EAGAIN && event_log[0].count == 0 && now() < end);
        told += result == -XEN_EAGAIN && event_log[0].count != 0 && event_log[0].ports[0] == virq;
    }
    if (count == 0) {
        say("send to the peer: %ld\n", result);
    }
    say("sent: %u, was told of room each time: %s\n", count, full == told ? "yes" : "no");
    say("the ring was full: %s\n", full != 0 ? "yes" : "no");
}

void guest_main(void)
{
    uint64_t two = arg_number("role", 0);
    uint16_t other = (uint16_t)arg_number("peer", 0);
    int64_t there;

    self = own_domid();
    gfns[0] = gfn_of(ring_pages[0]);
    gfns[1] = gfn_of(ring_pages[1]);
    there = argo(XEN_ARGO_OP_notify, NULL, NULL, 0, 0);
    if (there == -XEN_ENOSYS || there == -XEN_EOPNOTSUPP) {
        say("argo: %ld\n", there);
        return;
    }
    event_init();
    shared_info_map();
    if (two != 0) {
        if (two == 1) {
            receive_all(other);
        } else {
            send_all(other);
        }
        return;
    }
    refused();
    messages();
}
