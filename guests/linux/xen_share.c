/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program that shares pages and channels with another partition by Debian's libxengnttab and libxenevtchn, that
 * is through /dev/xen/gntalloc, gntdev and evtchn.
 *
 *   xen_share export DOMAIN [COUNT]               exports COUNT pages and channels, prints the numbers of the first
 *                                                 ones, waits for the answers and until they are not used any more
 *   xen_share hold DOMAIN [COUNT]                 the same, but never ends
 *   xen_share use DOMAIN REFERENCE PORT [COUNT]   the other side: reads and answers, and ends
 *   xen_share stay DOMAIN REFERENCE PORT [COUNT]  the same, but never ends
 *   xen_share try DOMAIN REFERENCE PORT           prints with which errors each of it is refused, 0 if it is not
 *
 * Page 0 lists the grant references, page 1 (of more than one) the ports. Every page ends in its own number and a word
 * for the answer.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint32_t))
#define COUNT_MAX 1000
#define WAIT_MS 60000

/* The last words of each page. */
enum { WORD_NUMBER = PAGE_WORDS - 2, WORD_ANSWER = PAGE_WORDS - 1 };

static uint32_t reference[COUNT_MAX], owner[COUNT_MAX], port[COUNT_MAX];

static _Noreturn void fail(const char *what)
{
    printf("share: %s: error %d (%s)\n", what, errno, strerror(errno));
    exit(1);
}

static uint32_t number_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 0);
}

static uint32_t number_written(uint32_t page)
{
    return 0xb01d0000u + page;
}

/* Word WORD of page PAGE of MEMORY. */
static volatile uint32_t *word_at(void *memory, uint32_t page, uint32_t word)
{
    return (volatile uint32_t *)memory + page * PAGE_WORDS + word;
}

static xenevtchn_handle *open_channels(void)
{
    xenevtchn_handle *channels = xenevtchn_open(NULL, 0);

    if (channels == NULL) {
        fail("/dev/xen/evtchn");
    }
    return channels;
}

/* Waits for COUNT events, on whatever ports. */
static void await(xenevtchn_handle *channels, uint32_t count)
{
    while (count-- != 0) {
        struct pollfd wanted = { .fd = xenevtchn_fd(channels), .events = POLLIN };
        int pending;

        if (poll(&wanted, 1, WAIT_MS) != 1) {
            errno = ETIMEDOUT;
            fail("waiting for an event");
        }
        pending = xenevtchn_pending(channels);
        if (pending < 0 || xenevtchn_unmask(channels, (evtchn_port_t)pending) != 0) {
            fail("taking an event");
        }
    }
}

static void notify(xenevtchn_handle *channels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (xenevtchn_notify(channels, port[i]) != 0) {
            fail("notify");
        }
    }
}

/* Keeps what it has; the words of the last page show that it is there. */
static _Noreturn void stay(void *memory, uint32_t count)
{
    for (;;) {
        ++*word_at(memory, count - 1, WORD_NUMBER);
        sleep(1);
    }
}

static void export_pages(uint32_t domain, uint32_t count, int stays)
{
    xenevtchn_handle *channels = open_channels();
    xengntshr_handle *sharing = xengntshr_open(NULL, 0);
    uint32_t answers = 0;
    void *memory;

    if (sharing == NULL) {
        fail("/dev/xen/gntalloc");
    }
    memory = xengntshr_share_pages(sharing, domain, (int)count, reference, 1);
    if (memory == NULL) {
        fail("exporting");
    }
    for (uint32_t i = 0; i < count; i++) {
        int got = xenevtchn_bind_unbound_port(channels, domain);

        if (got < 0) {
            fail("offering a channel");
        }
        port[i] = (uint32_t)got;
        *word_at(memory, 0, i) = reference[i];
        if (count > 1) {
            *word_at(memory, 1, i) = port[i];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        *word_at(memory, i, WORD_NUMBER) = number_written(i);
    }
    printf("share: exported %u, reference %u port %u.\n", count, reference[0], port[0]);
    await(channels, count);
    for (uint32_t i = 0; i < count; i++) {
        answers += *word_at(memory, i, WORD_ANSWER) == ~number_written(i);
    }
    printf("share: %u events, %u answers\n", count, answers);
    notify(channels, count);
    if (stays) {
        stay(memory, count);
    }
    await(channels, 1);
    if (xengntshr_unshare(sharing, memory, count) != 0) {
        fail("unsharing");
    }
    xengntshr_close(sharing);
    xenevtchn_close(channels);
    printf("share: no longer exported\n");
}

/* The pages and channels of DOMAIN, of which page 0 and port 0 are known. Returns the mapped pages. */
static void *attach(xengnttab_handle *table, xenevtchn_handle *channels, uint32_t domain, uint32_t count)
{
    void *first = xengnttab_map_grant_ref(table, domain, reference[0], PROT_READ | PROT_WRITE), *memory;

    if (first == NULL) {
        fail("mapping");
    }
    for (uint32_t i = 0; i < count; i++) {
        reference[i] = *word_at(first, 0, i);
        owner[i] = domain;
    }
    if (xengnttab_unmap(table, first, 1) != 0) {
        fail("unmapping");
    }
    memory = xengnttab_map_grant_refs(table, count, owner, reference, PROT_READ | PROT_WRITE);
    if (memory == NULL) {
        fail("mapping all");
    }
    for (uint32_t i = 0; i < count; i++) {
        int got = xenevtchn_bind_interdomain(channels, domain, i == 0 ? port[0] : *word_at(memory, 1, i));

        if (got < 0) {
            fail("binding");
        }
        port[i] = (uint32_t)got;
    }
    return memory;
}

static void use_pages(uint32_t domain, uint32_t count, int stays)
{
    xenevtchn_handle *channels = open_channels();
    xengnttab_handle *table = xengnttab_open(NULL, 0);
    uint32_t good = 0;
    void *memory;

    if (table == NULL) {
        fail("/dev/xen/gntdev");
    }
    memory = attach(table, channels, domain, count);
    for (uint32_t i = 0; i < count; i++) {
        good += *word_at(memory, i, WORD_NUMBER) == number_written(i);
        *word_at(memory, i, WORD_ANSWER) = ~number_written(i);
    }
    printf("share: mapped %u, %u as they should be\n", count, good);
    /* Binding has made each channel pending once already. */
    await(channels, count);
    notify(channels, count);
    await(channels, count);
    printf("share: told %u times\n", count);
    if (stays) {
        stay(memory, count);
    }
    if (xengnttab_unmap(table, memory, count) != 0) {
        fail("unmapping");
    }
    printf("share: unmapped\n");
    notify(channels, 1);
    xengnttab_close(table);
    xenevtchn_close(channels);
}

/* The channels' own refusal, and then the pages'. */
static void try_both(uint32_t domain)
{
    xenevtchn_handle *channels = open_channels();
    xengnttab_handle *table = xengnttab_open(NULL, 0);

    if (table == NULL) {
        fail("/dev/xen/gntdev");
    }
    errno = 0;
    printf("share: offering: %d", xenevtchn_bind_unbound_port(channels, domain) < 0 ? errno : 0);
    errno = 0;
    printf(", binding: %d", xenevtchn_bind_interdomain(channels, domain, port[0]) < 0 ? errno : 0);
    errno = 0;
    printf(", mapping: %d\n",
           xengnttab_map_grant_ref(table, domain, reference[0], PROT_READ | PROT_WRITE) == NULL ? errno : 0);
}

int main(int argument_count, char **argument)
{
    const char *what = argument_count > 2 ? argument[1] : "";
    uint32_t domain = argument_count > 2 ? number_of(argument[2]) : 0, count = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argument_count > 4) {
        reference[0] = number_of(argument[3]);
        port[0] = number_of(argument[4]);
        count = argument_count > 5 ? number_of(argument[5]) : 1;
    } else if (argument_count > 3) {
        count = number_of(argument[3]);
    }
    if (count == 0 || count > COUNT_MAX) {
        count = COUNT_MAX;
    }
    if (strcmp(what, "export") == 0 || strcmp(what, "hold") == 0) {
        export_pages(domain, count, strcmp(what, "hold") == 0);
    } else if (strcmp(what, "use") == 0 || strcmp(what, "stay") == 0) {
        use_pages(domain, count, strcmp(what, "stay") == 0);
    } else if (strcmp(what, "try") == 0) {
        try_both(domain);
    } else {
        fprintf(stderr, "usage: xen_share export|hold|use|stay|try DOMAIN ...\n");
        return 2;
    }
    return 0;
}
