/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message channel between two partitions, from nothing but memory that the boot description lets them share and an
 * event channel that it binds. Each has a region of its own, "own=ADDRESS", that the other one, "peer=ADDRESS", only reads:
 * nobody can spoil what somebody else wrote. The sender's has a ring of messages and how many it sent, the receiver's how
 * many it took. "port=N" is the doorbell, "role=send" or "role=receive", "messages=N".
 */
#include "xen_guest.h"

#define SLOTS 32
#define WORDS 14

/* What the two agree on. A region that nobody has written to is zero. */
struct region {
    volatile uint32_t count;          /* messages sent, or taken, modulo 2^32 */
    uint32_t unused[15];
    struct message {
        uint32_t number, sum;
        uint32_t words[WORDS];
    } slots[SLOTS];
};

static struct region *mine, *theirs;
static uint32_t port;

static uint32_t sum_of(const struct message *m)
{
    uint32_t sum = m->number;

    for (unsigned i = 0; i < WORDS; i++) {
        sum = sum * 31 + m->words[i];
    }
    return sum;
}

/* Until the peer has counted on from COUNT; its doorbell ends the sleep. */
static void wait_beyond(uint32_t count)
{
    while (theirs->count == count) {
        evtchn_port_t ports[] = { port };
        struct sched_poll poll = { .nr_ports = 1 };

        set_xen_guest_handle(poll.ports, ports);
        sched_op(SCHEDOP_poll, &poll);
        event_forget();
        event_window();
    }
    dsb();
}

static void publish(uint32_t count)
{
    dsb();
    mine->count = count;
    event_send(port);
}

static void send_all(uint32_t messages)
{
    uint32_t taken = theirs->count;

    for (uint32_t n = 0; n < messages; n++) {
        struct message m = { .number = n };

        /* The slot's last message was taken. What is waited beyond is what was looked at: the peer counts meanwhile. */
        while (n >= SLOTS && (int32_t)(taken - (n - SLOTS)) <= 0) {
            wait_beyond(taken);
            taken = theirs->count;
        }
        for (unsigned i = 0; i < WORDS; i++) {
            m.words[i] = n * 0x9e3779b9u + i;
        }
        m.sum = sum_of(&m);
        mine->slots[n % SLOTS] = m;
        publish(n + 1);
    }
    while ((taken = theirs->count) != messages) {
        wait_beyond(taken);
    }
    say("sent: %u, all taken\n", messages);
}

static void receive_all(uint32_t messages)
{
    uint32_t wrong = 0;

    for (uint32_t n = 0; n < messages; n++) {
        struct message m;

        if (theirs->count == n) {
            wait_beyond(n);
        }
        m = theirs->slots[n % SLOTS];
        wrong += m.number != n || m.sum != sum_of(&m);
        publish(n + 1);
    }
    say("received: %u, wrong: %u\n", messages, wrong);
}

/* What is the peer's cannot be written, whatever the guest's own tables say. */
static void try_to_write(void)
{
    volatile uint32_t *word = &theirs->unused[0];
    struct caught c;

    catch_begin();
    *word = 0x600d;
    say("write to the peer's: %s\n", catch_end(&c) ? "refused" : *word == 0x600d ? "done" : "ignored");
}

void guest_main(void)
{
    mine = (struct region *)(uintptr_t)arg_number("own", 0);
    theirs = (struct region *)(uintptr_t)arg_number("peer", 0);
    port = (uint32_t)arg_number("port", 0);
    event_init();
    shared_info_map();
    event_connect();
    try_to_write();
    if (arg_is("role", "send")) {
        send_all((uint32_t)arg_number("messages", 1000));
    } else {
        receive_all((uint32_t)arg_number("messages", 1000));
    }
}
