/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/start_order.h"
#include "lib/string.h"

/* What is read, and which partitions of it are refused. */
struct reading {
    const struct fdt *t;
    struct boot_config *c;
    bool refused[CONFIG_MAX_DOMAINS];
};

#define order_error(r, i, property, ...)                                                             \
    do {                                                                                             \
        (r)->refused[i] = true;                                                                      \
        boot_config_report(LOG_ERROR, (r)->t, &(r)->c->domain[i].node, property, __VA_ARGS__);       \
    } while (0)

static void read_action(struct reading *r, unsigned i)
{
    static const char names[START_ACTION_COUNT][12] = {
        [START_ANYWAY] = "start", [START_NEVER] = "destroy", [START_HALT_BOARD] = "halt-board",
    };
    struct boot_domain *d = &r->c->domain[i];
    const char *text;
    int err = fdt_text(r->t, &d->node, "bulkhead,after-action", &text, NULL);

    if (err == -XEN_ENOENT) {
        return;
    }
    for (unsigned k = 0; err == 0 && k < START_ACTION_COUNT; k++) {
        if (string_equal(text, names[k])) {
            d->start.action = (uint8_t)k;
            return;
        }
    }
    order_error(r, i, "bulkhead,after-action", "expected \"start\", \"destroy\" or \"halt-board\"");
}

static void read_keys(struct reading *r, unsigned i)
{
    struct boot_domain *d = &r->c->domain[i];
    uint32_t value = 0, length = 0;
    const char *after;
    int err = fdt_u32(r->t, &d->node, "bulkhead,ready", &value);

    d->start = (struct start_rules){ .ready_port = value };
    if (err != -XEN_ENOENT && (err != 0 || value == 0 || value > CONFIG_MAX_EVTCHN_PORT)) {
        order_error(r, i, "bulkhead,ready", "expected a port, 1 to %u", CONFIG_MAX_EVTCHN_PORT);
    }
    err = fdt_text(r->t, &d->node, "bulkhead,after", &after, &length);
    if (err == 0 && length != 0 && length < sizeof(d->start.after)) {
        (void)string_copy(d->start.after, sizeof(d->start.after), after, sizeof(d->start.after));
    } else if (err != -XEN_ENOENT) {
        order_error(r, i, "bulkhead,after", "expected the name of a partition");
    }
    err = fdt_u32(r->t, &d->node, "bulkhead,after-timeout", &value);
    if (err != -XEN_ENOENT && (err != 0 || value == 0 || value > UINT16_MAX)) {
        order_error(r, i, "bulkhead,after-timeout", "expected a number of seconds, 1 to %u", UINT16_MAX);
    } else if (err == 0) {
        d->start.timeout = (uint16_t)value;
    }
    read_action(r, i);
}

/* The partition that number I waits for; domain_count: none that is started. */
static unsigned find_after(const struct reading *r, unsigned i)
{
    unsigned k = 0;

    while (k < r->c->domain_count && (r->refused[k] || !string_equal(r->c->domain[k].name, r->c->domain[i].start.after))) {
        k++;
    }
    return k;
}

/* Does number I, through others, wait for itself? Those that wait for such are refused when these are. */
static bool is_in_circle(const struct reading *r, unsigned i)
{
    unsigned at = i;

    for (unsigned steps = 0; steps < r->c->domain_count && at < r->c->domain_count; steps++) {
        if (r->c->domain[at].start.after[0] == '\0') {
            return false;
        }
        at = find_after(r, at);
        if (at == i) {
            return true;
        }
    }
    return false;
}

/* True: number I is refused now. */
static bool check(struct reading *r, unsigned i)
{
    const struct boot_domain *d = &r->c->domain[i];
    unsigned after;

    if (r->refused[i] || d->start.after[0] == '\0') {
        return false;
    }
    after = find_after(r, i);
    if (after == r->c->domain_count) {
        order_error(r, i, "bulkhead,after", "no partition of that name is started");
    } else if (r->c->domain[after].start.ready_port == 0) {
        order_error(r, i, "bulkhead,after", "%s has no \"bulkhead,ready\"", r->c->domain[after].name);
    }
    return r->refused[i];
}

/* Req: BH-LIFE-019 */
unsigned start_order_read(const struct fdt *t, struct boot_config *c)
{
    struct reading r = { .t = t, .c = c };
    unsigned kept = 0, all = c->domain_count;
    bool circle[CONFIG_MAX_DOMAINS], again = true;

    for (unsigned i = 0; i < all; i++) {
        read_keys(&r, i);
    }
    for (unsigned i = 0; i < all; i++) {
        circle[i] = is_in_circle(&r, i);
    }
    for (unsigned i = 0; i < all; i++) {
        if (circle[i]) {
            order_error(&r, i, "bulkhead,after", "%s waits for itself, through \"%s\"", c->domain[i].name,
                        c->domain[i].start.after);
        }
    }
    /* Bound: each time one more is refused, or it ends. */
    while (again) {
        again = false;
        for (unsigned i = 0; i < all; i++) {
            again = check(&r, i) || again;
        }
    }
    for (unsigned i = 0; i < all; i++) {
        if (r.refused[i]) {
            boot_config_report(LOG_ERROR, t, &c->domain[i].node, NULL, "this partition is not started");
        } else {
            c->domain[kept++] = c->domain[i];
        }
    }
    c->domain_count = kept;
    return all - kept;
}
