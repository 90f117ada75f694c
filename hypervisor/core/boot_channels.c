/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_channels.h"

#include "bh/console.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/policy.h"
#include "bh/pv_backend.h"
#include "bh/restart.h"
#include "lib/string.h"

/* What is read, for every function here. */
struct reading {
    const struct fdt *t;
    const struct boot_config *c;
    struct domain *const *built;
};

/* ---- Event channels ---- */

/* One end: its node, and what that says. */
struct end {
    struct fdt_node node;
    unsigned partition;      /* index in the configuration */
    uint32_t port, peer;     /* PEER: a handle */
};

static bool is_same(const struct fdt_node *a, const struct fdt_node *b)
{
    return a->cell == b->cell;
}

/* Which partition NODE lies in; false: in none that is started. */
static bool find_partition(const struct reading *r, const struct fdt_node *node, unsigned *out)
{
    for (unsigned i = 0; i < r->c->domain_count; i++) {
        struct fdt_node child;

        for (bool more = fdt_first_child(r->t, &r->c->domain[i].node, &child); more;
             more = fdt_next_sibling(r->t, &child, &child)) {
            if (is_same(&child, node)) {
                *out = i;
                return true;
            }
        }
    }
    return false;
}

/* The two cells of an end. */
static bool read_end(const struct reading *r, struct end *e)
{
    struct fdt_property p;

    if (!fdt_find_property(r->t, &e->node, "xen,evtchn", &p) || p.size != 2 * sizeof(fdt_cell_t)) {
        boot_config_report(LOG_ERROR, r->t, &e->node, "xen,evtchn", "expected two cells: a port and a handle");
        return false;
    }
    e->port = fdt_cell(&p, 0);
    e->peer = fdt_cell(&p, 1);
    return true;
}

/* Req: BH-BOOT-030 */
static void read_evtchn(const struct reading *r, unsigned partition, const struct fdt_node *node)
{
    struct end near = { .node = *node, .partition = partition }, far;
    struct fdt_node back;
    int err;

    if (!read_end(r, &near)) {
        return;
    }
    if (!fdt_find_phandle(r->t, near.peer, &far.node) || !fdt_is_compatible(r->t, &far.node, "xen,evtchn-v1") ||
        !find_partition(r, &far.node, &far.partition)) {
        boot_config_report(LOG_ERROR, r->t, node, "xen,evtchn", "the handle is no event channel of another partition");
        return;
    }
    /* Each pair is made once, by its first end in the tree; the other one reports its own mistakes. */
    if (far.node.cell < node->cell || !read_end(r, &far)) {
        return;
    }
    if (!fdt_find_phandle(r->t, far.peer, &back) || !is_same(&back, node)) {
        boot_config_report(LOG_ERROR, r->t, &far.node, "xen,evtchn", "its handle does not lead back");
        return;
    }
    if (r->built[near.partition] == NULL || r->built[far.partition] == NULL) {
        return;
    }
    err = evtchn_bind_static(r->built[near.partition], near.port, r->built[far.partition], far.port);
    if (err == 0 && CONFIG_RESTART) {
        err = restart_keep_evtchn(r->built[near.partition], near.port, r->built[far.partition], far.port);
    }
    if (err != 0) {
        boot_config_report(LOG_ERROR, r->t, node, "xen,evtchn",
                           err == -XEN_EBUSY ? "one of the ports is in use" : "the ports cannot be bound (error %d)",
                           -err);
    }
}

static void read_evtchns(const struct reading *r, unsigned partition)
{
    struct fdt_node child;

    for (bool more = fdt_first_child(r->t, &r->c->domain[partition].node, &child); more;
         more = fdt_next_sibling(r->t, &child, &child)) {
        if (fdt_is_compatible(r->t, &child, "xen,evtchn-v1")) {
            read_evtchn(r, partition, &child);
        }
    }
}

/* ---- Policy ---- */

/* The partition that PROPERTY of NODE names; NULL: none, or none that was built. */
static struct domain *named(const struct reading *r, const struct fdt_node *node, const char *property)
{
    const char *name;
    uint32_t length;

    if (fdt_text(r->t, node, property, &name, &length) != 0) {
        boot_config_report(LOG_ERROR, r->t, node, property, "expected the name of a partition");
        return NULL;
    }
    for (unsigned i = 0; i < r->c->domain_count; i++) {
        if (strcmp(r->c->domain[i].name, name) == 0) {
            return r->built[i];
        }
    }
    boot_config_report(LOG_ERROR, r->t, node, property, "no partition of that name is started");
    return NULL;
}

static bool find_question(const char *name, enum policy_question *out)
{
    for (unsigned i = 0; i < POLICY_QUESTION_COUNT; i++) {
        if (strcmp(policy_question_name(i), name) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Req: BH-BOOT-031 */
static void read_allow(const struct reading *r, const struct fdt_node *node)
{
    struct domain *from = named(r, node, "from"), *to = named(r, node, "to");
    enum policy_question question;
    struct fdt_property kinds;
    const char *kind;

    if (from == NULL || to == NULL) {
        return;
    }
    if (!fdt_find_property(r->t, node, "kinds", &kinds) || fdt_property_string_at(&kinds, 0) == NULL) {
        boot_config_report(LOG_ERROR, r->t, node, "kinds", "expected a list of strings");
        return;
    }
    /* Bound: the characters of the property. */
    for (uint32_t i = 0; (kind = fdt_property_string_at(&kinds, i)) != NULL; i++) {
        if (find_question(kind, &question)) {
            policy_allow(from, to, question);
        } else {
            boot_config_report(LOG_ERROR, r->t, node, "kinds", "expected \"event\", \"grant\", \"argo\" or \"memory\"");
        }
    }
}

/* ---- PV rings ---- */

static bool find_ring(const char *name, enum pv_ring *out)
{
    for (unsigned i = 0; i < PV_RING_COUNT; i++) {
        if (strcmp(pv_ring_name(i), name) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void serve(const struct reading *r, const struct fdt_node *node, struct domain *client, struct domain *server,
                  enum pv_ring ring)
{
    uint32_t port;
    int err = pv_backend_offer(client, server, ring, &port);

    if (err == 0 && CONFIG_RESTART) {
        err = restart_keep_ring(client, server, ring);
    }
    if (err == 0) {
        log_info("%s: %s by %s: domain %u, port %u", client->name, pv_ring_name(ring), server->name, client->id, port);
    } else if (err == -XEN_EBUSY) {
        boot_config_report(LOG_ERROR, r->t, node, "rings", "\"%s\" is served already", pv_ring_name(ring));
    } else {
        boot_config_report(LOG_ERROR, r->t, node, "rings", "\"%s\" cannot be made (error %d)", pv_ring_name(ring), -err);
    }
}

/* Req: BH-BOOT-033 */
static void read_serve(const struct reading *r, const struct fdt_node *node)
{
    struct domain *server = named(r, node, "server"), *client = named(r, node, "client");
    struct fdt_property rings;
    enum pv_ring ring;
    const char *name;

    if (server == NULL || client == NULL) {
        return;
    }
    if (server == client) {
        boot_config_report(LOG_ERROR, r->t, node, "client", "expected another partition than the server");
        return;
    }
    if (!fdt_find_property(r->t, node, "rings", &rings) || fdt_property_string_at(&rings, 0) == NULL) {
        boot_config_report(LOG_ERROR, r->t, node, "rings", "expected a list of strings");
        return;
    }
    /* Bound: the characters of the property. */
    for (uint32_t i = 0; (name = fdt_property_string_at(&rings, i)) != NULL; i++) {
        if (find_ring(name, &ring)) {
            serve(r, node, client, server, ring);
        } else {
            boot_config_report(LOG_ERROR, r->t, node, "rings", "expected \"console\" or \"xenstore\"");
        }
    }
}

void boot_channels_make(const struct fdt *t, const struct board *b, const struct boot_config *c,
                        struct domain *const *built)
{
    struct reading r = { .t = t, .c = c, .built = built };
    struct fdt_node node;

    if (!b->has_chosen) {
        return;
    }
    for (unsigned i = 0; i < c->domain_count; i++) {
        read_evtchns(&r, i);
    }
    for (bool more = fdt_first_child(t, &b->chosen, &node); more; more = fdt_next_sibling(t, &node, &node)) {
        if (fdt_is_compatible(t, &node, "bulkhead,allow")) {
            read_allow(&r, &node);
        } else if (CONFIG_PV_BACKEND && fdt_is_compatible(t, &node, "bulkhead,serve")) {
            read_serve(&r, &node);
        }
    }
}
