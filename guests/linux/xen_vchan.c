/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program that sends and receives by Debian's libxenvchan. That library finds the other end through xenstore;
 * where there is none, this does the meeting instead: it lays out the shared page as Xen's public header
 * io/libxenvchan.h says, and the numbers come by argument. All that is read and written goes through the library.
 *
 *   xen_vchan server DOMAIN                   prints reference and port, then sends back what comes, in upper case
 *   xen_vchan client DOMAIN REFERENCE PORT    sends lines, and prints what comes back
 */
#include <ctype.h>
#include <errno.h>
#include <libxenvchan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROUNDS 200
#define MESSAGE_BYTES 60 /* not a divisor of the rings' sizes: they wrap within a message */
/* Both rings lie in the shared page itself: at their size from its start. */
#define LEFT_ORDER 10
#define RIGHT_ORDER 11

static _Noreturn void fail(const char *what)
{
    printf("vchan: %s: error %d (%s)\n", what, errno, strerror(errno));
    exit(1);
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 0);
}

static struct libxenvchan_ring ring_at(struct vchan_interface *page, struct ring_shared *shared, int order)
{
    return (struct libxenvchan_ring){ .shr = shared, .buffer = (char *)page + (1 << order), .order = order };
}

static void open_channels(struct libxenvchan *channel)
{
    channel->blocking = 1;
    channel->event = xenevtchn_open(NULL, 0);
    if (channel->event == NULL) {
        fail("/dev/xen/evtchn");
    }
}

/* "left" is what the client writes, "right" what the server writes. */
static void serve(struct libxenvchan *channel, uint32_t domain)
{
    struct vchan_interface *page;
    uint32_t reference;
    int port;

    channel->is_server = 1;
    channel->gntshr = xengntshr_open(NULL, 0);
    page = channel->gntshr == NULL ? NULL : xengntshr_share_pages(channel->gntshr, domain, 1, &reference, 1);
    port = xenevtchn_bind_unbound_port(channel->event, domain);
    if (page == NULL || port < 0) {
        fail("offering");
    }
    memset(page, 0, 4096);
    page->left_order = LEFT_ORDER;
    page->right_order = RIGHT_ORDER;
    page->cli_live = 2;
    page->srv_live = 1;
    page->cli_notify = VCHAN_NOTIFY_WRITE;
    channel->ring = page;
    channel->event_port = (uint32_t)port;
    channel->read = ring_at(page, &page->left, LEFT_ORDER);
    channel->write = ring_at(page, &page->right, RIGHT_ORDER);
    printf("vchan: reference %u port %d.\n", reference, port);
    for (int round = 0; round < ROUNDS; round++) {
        char message[MESSAGE_BYTES];

        if (libxenvchan_recv(channel, message, sizeof(message)) != sizeof(message)) {
            fail("receiving");
        }
        for (size_t i = 0; i < sizeof(message); i++) {
            message[i] = (char)toupper((unsigned char)message[i]);
        }
        if (libxenvchan_send(channel, message, sizeof(message)) != sizeof(message)) {
            fail("sending");
        }
    }
    while (libxenvchan_is_open(channel) == 1) {
        (void)libxenvchan_wait(channel);
    }
    printf("vchan: served %d\n", ROUNDS);
}

static void ask(struct libxenvchan *channel, uint32_t domain, uint32_t reference, uint32_t offered)
{
    struct vchan_interface *page;
    int port, good = 0;

    channel->gnttab = xengnttab_open(NULL, 0);
    page = channel->gnttab == NULL ? NULL :
        xengnttab_map_grant_ref(channel->gnttab, domain, reference, PROT_READ | PROT_WRITE);
    port = xenevtchn_bind_interdomain(channel->event, domain, offered);
    if (page == NULL || port < 0) {
        fail("connecting");
    }
    channel->ring = page;
    channel->event_port = (uint32_t)port;
    channel->read = ring_at(page, &page->right, page->right_order);
    channel->write = ring_at(page, &page->left, page->left_order);
    page->cli_live = 1;
    page->srv_notify = VCHAN_NOTIFY_WRITE;
    for (int round = 0; round < ROUNDS; round++) {
        char sent[MESSAGE_BYTES + 1], back[MESSAGE_BYTES];

        snprintf(sent, sizeof(sent), "%-*d", MESSAGE_BYTES, round);
        memcpy(sent + MESSAGE_BYTES - 5, "hello", 5);
        if (libxenvchan_send(channel, sent, MESSAGE_BYTES) != MESSAGE_BYTES ||
            libxenvchan_recv(channel, back, sizeof(back)) != sizeof(back)) {
            fail("asking");
        }
        good += atoi(back) == round && memcmp(back + MESSAGE_BYTES - 5, "HELLO", 5) == 0;
    }
    page->cli_live = 0;
    (void)xenevtchn_notify(channel->event, channel->event_port);
    printf("vchan: %d of %d came back\n", good, ROUNDS);
}

int main(int argument_count, char **argument)
{
    struct libxenvchan channel;

    memset(&channel, 0, sizeof(channel));
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argument_count == 3 && strcmp(argument[1], "server") == 0) {
        open_channels(&channel);
        serve(&channel, number_of(argument[2]));
    } else if (argument_count == 5 && strcmp(argument[1], "client") == 0) {
        open_channels(&channel);
        ask(&channel, number_of(argument[2]), number_of(argument[3]), number_of(argument[4]));
    } else {
        fprintf(stderr, "usage: xen_vchan server DOMAIN, or client DOMAIN REFERENCE PORT\n");
        return 2;
    }
    return 0;
}
