/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small xenstore (io/xs_wire.h) for the partitions that "bulkhead,serve" nodes name: "clients=N", and for each
 * "domidI=D portI=P", I from 1 on. What the protocol is used for by guests' drivers and libraries is there: a tree of
 * values, watches, transactions without isolation; permissions are taken and not looked at. Ends when all clients have.
 */
#include "xen_guest.h"

#include <xen/io/xs_wire.h>

#define CLIENT_MAX 4
#define NODE_MAX   128
#define WATCH_MAX  32
#define TEXT_MAX   256
#define BODY_MAX   1024
#define RING_GFN   (GRANT_GFN + 0x200)
#define RING_WINDOW 32
#define LOOK_AFTER_NS 500000000

void *memcpy(void *to, const void *from, size_t size);

struct text { char c[TEXT_MAX]; };
static struct node { bool used; struct text path; unsigned size; char value[TEXT_MAX]; } nodes[NODE_MAX];
static struct watch { struct client *owner; struct text path, token; bool relative; } watches[WATCH_MAX];
static struct client {
    struct xenstore_domain_interface *ring;
    uint32_t port;
    unsigned domid, requests;
    struct xsd_sockmsg head;
    char body[BODY_MAX + 1];
    unsigned have;               /* bytes of HEAD, then of BODY */
} clients[CLIENT_MAX];
static unsigned client_count;

/* ---- Texts ---- */

static unsigned length(const char *s)
{
    unsigned n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

static bool equal(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

/* Is A at B or below it? */
static bool is_below(const char *a, const char *b)
{
    unsigned n = length(b);

    for (unsigned i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return a[n] == '\0' || a[n] == '/' || (n == 1 && b[0] == '/');
}

static void append(struct text *t, const char *s)
{
    unsigned at = length(t->c), n = length(s);

    n = at + n < TEXT_MAX ? n : TEXT_MAX - 1 - at;
    memcpy(t->c + at, s, n);
    t->c[at + n] = '\0';
}

static void append_number(struct text *t, unsigned n)
{
    char digit[2] = { (char)('0' + n % 10), '\0' };

    if (n >= 10) {
        append_number(t, n / 10);
    }
    append(t, digit);
}

static struct text home_of(unsigned domid)
{
    struct text t = { "/local/domain/" };

    append_number(&t, domid);
    return t;
}

/* What CLIENT calls PATH, from the root. */
static struct text absolute(const struct client *client, const char *path)
{
    struct text t = { "" };

    if (path[0] != '/' && path[0] != '@') {
        t = home_of(client->domid);
        append(&t, "/");
    }
    append(&t, path);
    return t;
}

/* ---- The ring ---- */

static void put(struct client *client, const void *bytes, unsigned size)
{
    struct xenstore_domain_interface *r = client->ring;
    const char *b = bytes;

    for (unsigned i = 0; i < size; i++) {
        uint32_t prod = r->rsp_prod;

        while (prod - __atomic_load_n(&r->rsp_cons, __ATOMIC_ACQUIRE) >= XENSTORE_RING_SIZE) {
            event_send(client->port);
            sched_op(SCHEDOP_yield, NULL);
        }
        r->rsp[MASK_XENSTORE_IDX(prod)] = b[i];
        __atomic_store_n(&r->rsp_prod, prod + 1, __ATOMIC_RELEASE);
    }
}

static void say_back(struct client *client, uint32_t type, const void *bytes, unsigned size)
{
    struct xsd_sockmsg head = { .type = type, .req_id = client->head.req_id, .tx_id = client->head.tx_id, .len = size };

    put(client, &head, sizeof(head));
    put(client, bytes, size);
    event_send(client->port);
}

static void refuse(struct client *client, const char *error)
{
    say_back(client, XS_ERROR, error, length(error) + 1);
}

static void agree(struct client *client)
{
    say_back(client, client->head.type, "OK", 3);
}

/* ---- The tree ---- */

static struct node *find(const char *path)
{
    for (unsigned i = 0; i < NODE_MAX; i++) {
        if (nodes[i].used && equal(nodes[i].path.c, path)) {
            return &nodes[i];
        }
    }
    return NULL;
}

static struct node *make(const char *path)
{
    struct node *n = find(path);

    for (unsigned i = 0; i < NODE_MAX && n == NULL; i++) {
        if (!nodes[i].used) {
            n = &nodes[i];
            n->used = true;
            n->size = 0;
            n->path = (struct text){ "" };
            append(&n->path, path);
        }
    }
    return n;
}

static bool exists(const char *path)
{
    for (unsigned i = 0; i < NODE_MAX; i++) {
        if (nodes[i].used && is_below(nodes[i].path.c, path)) {
            return true;
        }
    }
    return false;
}

static void tell(const struct watch *w, const char *path)
{
    struct text home = home_of(w->owner->domid);
    struct client *client = w->owner;
    struct xsd_sockmsg head = { .type = XS_WATCH_EVENT };
    char text[2 * TEXT_MAX];
    unsigned n;

    if (w->relative && is_below(path, home.c) && !equal(path, home.c)) {
        path += length(home.c) + 1;
    }
    n = length(path) + 1;
    memcpy(text, path, n);
    memcpy(text + n, w->token.c, length(w->token.c) + 1);
    head.len = n + length(w->token.c) + 1;
    put(client, &head, sizeof(head));
    put(client, text, head.len);
    event_send(client->port);
}

static void changed(const char *path)
{
    for (unsigned i = 0; i < WATCH_MAX; i++) {
        if (watches[i].owner != NULL && is_below(path, watches[i].path.c)) {
            tell(&watches[i], path);
        }
    }
}

/* The names right below PATH, each once. */
static void list(struct client *client, const char *path)
{
    static char names[BODY_MAX];
    unsigned size = 0, skip = equal(path, "/") ? 1 : length(path) + 1;

    for (unsigned i = 0; i < NODE_MAX; i++) {
        struct text name = { "" };
        bool known = false;

        if (!nodes[i].used || !is_below(nodes[i].path.c, path) || equal(nodes[i].path.c, path)) {
            continue;
        }
        append(&name, nodes[i].path.c + skip);
        for (unsigned k = 0; name.c[k] != '\0'; k++) {
            if (name.c[k] == '/') {
                name.c[k] = '\0';
                break;
            }
        }
        for (unsigned at = 0; at < size; at += length(names + at) + 1) {
            known = known || equal(names + at, name.c);
        }
        if (!known && size + length(name.c) + 1 <= BODY_MAX) {
            memcpy(names + size, name.c, length(name.c) + 1);
            size += length(name.c) + 1;
        }
    }
    say_back(client, client->head.type, names, size);
}

/* ---- Requests ---- */

static void watch(struct client *client, const char *path, const char *token)
{
    for (unsigned i = 0; i < WATCH_MAX; i++) {
        struct watch *w = &watches[i];

        if (w->owner == NULL) {
            w->owner = client;
            w->path = absolute(client, path);
            w->token = (struct text){ "" };
            append(&w->token, token);
            w->relative = path[0] != '/' && path[0] != '@';
            agree(client);
            tell(w, w->path.c);
            return;
        }
    }
    refuse(client, "ENOSPC");
}

static void unwatch(struct client *client, const char *path, const char *token)
{
    struct text full = absolute(client, path);

    for (unsigned i = 0; i < WATCH_MAX; i++) {
        if (watches[i].owner == client && (path[0] == '\0' || (equal(watches[i].path.c, full.c) &&
                                                              equal(watches[i].token.c, token)))) {
            watches[i].owner = NULL;
        }
    }
    agree(client);
}

static void serve(struct client *client)
{
    struct text path = absolute(client, client->body);
    unsigned at = length(client->body) + 1, size = client->head.len > at ? client->head.len - at : 0;
    struct node *n;

    client->requests++;
    switch (client->head.type) {
    case XS_READ:
        n = find(path.c);
        if (n != NULL) {
            say_back(client, XS_READ, n->value, n->size);
        } else if (exists(path.c)) {
            say_back(client, XS_READ, "", 0);
        } else {
            refuse(client, "ENOENT");
        }
        break;
    case XS_WRITE:
    case XS_MKDIR:
        n = size <= TEXT_MAX ? make(path.c) : NULL;
        if (n == NULL) {
            refuse(client, "ENOSPC");
            break;
        }
        if (client->head.type == XS_WRITE) {
            memcpy(n->value, client->body + at, size);
            n->size = size;
        }
        agree(client);
        changed(path.c);
        break;
    case XS_RM:
        for (unsigned i = 0; i < NODE_MAX; i++) {
            nodes[i].used = nodes[i].used && !is_below(nodes[i].path.c, path.c);
        }
        agree(client);
        changed(path.c);
        break;
    case XS_DIRECTORY:
        if (exists(path.c)) {
            list(client, path.c);
        } else {
            refuse(client, "ENOENT");
        }
        break;
    case XS_WATCH:
        watch(client, client->body, client->body + at);
        break;
    case XS_UNWATCH:
        unwatch(client, client->body, client->body + at);
        break;
    case XS_RESET_WATCHES:
        unwatch(client, "", "");
        break;
    case XS_GET_DOMAIN_PATH:
        say_back(client, XS_GET_DOMAIN_PATH, home_of(client->domid).c, length(home_of(client->domid).c) + 1);
        break;
    case XS_TRANSACTION_START:
        say_back(client, XS_TRANSACTION_START, "1", 2);
        break;
    case XS_TRANSACTION_END:
    case XS_SET_PERMS:
        agree(client);
        break;
    default:
        refuse(client, "EINVAL");
        break;
    }
}

/* Takes what CLIENT has put on its ring. */
static void take(struct client *client)
{
    struct xenstore_domain_interface *r = client->ring;

    while (r->req_cons != __atomic_load_n(&r->req_prod, __ATOMIC_ACQUIRE)) {
        char byte = r->req[MASK_XENSTORE_IDX(r->req_cons)];
        unsigned head = sizeof(client->head);

        __atomic_store_n(&r->req_cons, r->req_cons + 1, __ATOMIC_RELEASE);
        if (client->have < head) {
            ((char *)&client->head)[client->have] = byte;
        } else if (client->have - head < BODY_MAX) {
            client->body[client->have - head] = byte;
        }
        client->have++;
        if (client->have >= head && client->have - head == client->head.len) {
            client->body[client->head.len < BODY_MAX ? client->head.len : BODY_MAX] = '\0';
            client->have = 0;
            event_send(client->port);
            if (client->head.len <= BODY_MAX) {
                serve(client);
            } else {
                refuse(client, "E2BIG");
            }
        }
    }
}

static bool is_there(const struct client *client)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = client->port };

    return event_op(EVTCHNOP_status, &status) == 0 && status.status == EVTCHNSTAT_interdomain;
}

/* The client's ring and channel; false: with a line that says which it is not. */
static bool connect(struct client *client, unsigned i)
{
    struct gnttab_map_grant_ref m = { .host_addr = (RING_GFN + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
                                      .ref = GNTTAB_RESERVED_XENSTORE, .dom = (domid_t)client->domid, .status = 1 };
    int64_t port = event_bind((uint16_t)client->domid, client->port);
    struct text path, domid = { "" };
    struct node *n;

    if (port < 0 || grant_op(GNTTABOP_map_grant_ref, &m, 1) != 0 || m.status != GNTST_okay) {
        say("store: domain %u: port %ld, mapping %d\n", client->domid, port, m.status);
        return false;
    }
    /* What a toolstack writes, and libraries ask for. */
    path = home_of(client->domid);
    append(&path, "/domid");
    n = make(path.c);
    append_number(&domid, client->domid);
    n->size = length(domid.c);
    memcpy(n->value, domid.c, n->size);
    client->ring = window_page(RING_WINDOW + i, WINDOW_READ_WRITE, RING_GFN + i);
    client->port = (uint32_t)port;
    return true;
}

void guest_main(void)
{
    static const char *const domid_name[] = { "domid1", "domid2", "domid3", "domid4" };
    static const char *const port_name[] = { "port1", "port2", "port3", "port4" };
    evtchn_port_t ports[CLIENT_MAX];
    struct sched_poll poll;
    unsigned left, turns = 0;

    client_count = (unsigned)arg_number("clients", 1);
    if (shared_info_map() == NULL || client_count > CLIENT_MAX) {
        return;
    }
    for (unsigned i = 0; i < client_count; i++) {
        clients[i].domid = (unsigned)arg_number(domid_name[i], i + 1);
        clients[i].port = (uint32_t)arg_number(port_name[i], 1);
        if (!connect(&clients[i], i)) {
            return;
        }
        ports[i] = clients[i].port;
    }
    say("store: %u clients\n", client_count);
    do {
        left = 0;
        turns++;
        /* Nobody tells that a client is gone. */
        poll = (struct sched_poll){ .nr_ports = client_count, .timeout = system_time() + LOOK_AFTER_NS };
        set_xen_guest_handle(poll.ports, ports);
        sched_op(SCHEDOP_poll, &poll);
        for (unsigned i = 0; i < client_count; i++) {
            bit_clear(shared->evtchn_pending, ports[i]);
            take(&clients[i]);
            left += is_there(&clients[i]);
        }
    } while (left != 0);
    say("store: looked %u times\n", turns);
    for (unsigned i = 0; i < client_count; i++) {
        say("store: domain %u: %u requests\n", clients[i].domid, clients[i].requests);
    }
}
