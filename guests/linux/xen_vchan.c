/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program that sends and receives by Debian's libxenvchan. The ends find each other through xenstore, at PATH.
 *
 *   xen_vchan server DOMAIN PATH    sends back what comes, in upper case
 *   xen_vchan client DOMAIN PATH    sends lines, and counts what comes back as it should
 */
#include <ctype.h>
#include <errno.h>
#include <libxenvchan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200
#define MESSAGE_BYTES 60 /* not a divisor of the rings' sizes: they wrap within a message */
#define RING_BYTES 1024

static _Noreturn void fail(const char *what)
{
    printf("vchan: %s: error %d (%s)\n", what, errno, strerror(errno));
    exit(1);
}

static void serve(int domain, const char *path)
{
    struct libxenvchan *channel = libxenvchan_server_init(NULL, domain, path, RING_BYTES, RING_BYTES);

    if (channel == NULL) {
        fail("offering");
    }
    channel->blocking = 1;
    printf("vchan: offered\n");
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
    libxenvchan_close(channel);
    printf("vchan: served %d\n", ROUNDS);
}

static void ask(int domain, const char *path)
{
    struct libxenvchan *channel = libxenvchan_client_init(NULL, domain, path);
    int good = 0;

    if (channel == NULL) {
        fail("connecting");
    }
    channel->blocking = 1;
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
    libxenvchan_close(channel);
    printf("vchan: %d of %d came back\n", good, ROUNDS);
}

int main(int argument_count, char **argument)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argument_count == 4 && strcmp(argument[1], "server") == 0) {
        serve(atoi(argument[2]), argument[3]);
    } else if (argument_count == 4 && strcmp(argument[1], "client") == 0) {
        ask(atoi(argument[2]), argument[3]);
    } else {
        fprintf(stderr, "usage: xen_vchan server|client DOMAIN PATH\n");
        return 2;
    }
    return 0;
}
