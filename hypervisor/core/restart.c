/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/restart.h"

#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/heap.h"
#include "bh/page_alloc.h"
#include "bh/partition.h"
#include "bh/pv_backend.h"
#include "bh/vcpu.h"
#include "lib/string.h"

/* ---- What is kept ---- */

/* A channel of the boot description. Domains by number: those that start again keep theirs. */
struct channel {
    uint16_t a, b;           /* of a ring: the client, the server; 0: no channel any more */
    uint8_t is_ring;
    uint8_t ring;            /* enum pv_ring */
    uint32_t port_a, port_b; /* of an event channel */
};

#define CHANNEL_COUNT ((PAGE_SIZE - 2 * sizeof(uint64_t)) / sizeof(struct channel))
static struct channels {
    struct channels *next;
    uint64_t count;
    struct channel channel[CHANNEL_COUNT];
} *channels, *last_channels; /* [boot], then [reaper]; in the order in which they were made */

/* What is read when the tree is gone: the configuration, and behind it what that points to. */
struct kept {
    struct boot_domain config;
    fdt_cell_t cpus[CONFIG_MAX_CPUS];
    char bootargs[BOOT_ARGS_SIZE];
};

static bool may_restart(const struct boot_domain *config)
{
    bool may = false;

    for (unsigned i = 0; i < RESTART_CAUSE_COUNT; i++) {
        may = may || config->restart.action[i] == RESTART_AGAIN;
    }
    return may;
}

int restart_keep(struct domain *d, const struct boot_domain *config)
{
    struct kept *k;

    d->restart.rules = config->restart;
    if (!may_restart(config)) {
        return 0;
    }
    k = heap_alloc(sizeof(*k), FRAME_NO_DOMAIN);
    if (k == NULL) {
        return -XEN_ENOMEM;
    }
    k->config = *config;
    k->config.cpus = k->cpus;
    for (unsigned i = 0; i < config->cpu_count; i++) {
        k->cpus[i] = config->cpus[i];
    }
    if (config->bootargs != NULL) {
        k->config.bootargs = k->bootargs;
        k->config.bootargs_size = MIN(config->bootargs_size, (uint32_t)BOOT_ARGS_SIZE - 1);
        memcpy(k->bootargs, config->bootargs, k->config.bootargs_size);
    }
    d->restart.config = &k->config;
    return 0;
}

void restart_forget(struct domain *d)
{
    /* Its number may be another domain's one day. */
    for (struct channels *list = channels; list != NULL; list = list->next) {
        for (unsigned i = 0; i < list->count; i++) {
            struct channel *c = &list->channel[i];

            if (c->a == d->id || c->b == d->id) {
                *c = (struct channel){ .a = 0 };
            }
        }
    }
    /* The configuration is the first member. */
    heap_free((void *)(uintptr_t)d->restart.config, sizeof(struct kept));
}

bool restart_needs(uint64_t start, uint64_t end)
{
    bool needed = false;

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        const struct boot_domain *config = domain_table[i] != NULL ? domain_table[i]->restart.config : NULL;

        needed = needed || (config != NULL && boot_domain_uses(config, start, end));
    }
    return needed;
}

static int keep_channel(const struct domain *a, const struct domain *b, struct channel c)
{
    if (a->restart.config == NULL && b->restart.config == NULL) {
        return 0;
    }
    if (last_channels == NULL || last_channels->count == CHANNEL_COUNT) {
        struct channels *more = heap_alloc(sizeof(*more), FRAME_NO_DOMAIN);

        if (more == NULL) {
            return -XEN_ENOMEM;
        }
        if (last_channels == NULL) {
            channels = more;
        } else {
            last_channels->next = more;
        }
        last_channels = more;
    }
    c.a = a->id;
    c.b = b->id;
    last_channels->channel[last_channels->count++] = c;
    return 0;
}

int restart_keep_evtchn(const struct domain *a, uint32_t port_a, const struct domain *b, uint32_t port_b)
{
    return keep_channel(a, b, (struct channel){ .port_a = port_a, .port_b = port_b });
}

int restart_keep_ring(const struct domain *client, const struct domain *server, enum pv_ring ring)
{
    return keep_channel(client, server, (struct channel){ .is_ring = true, .ring = (uint8_t)ring });
}

/* ---- What is next ---- */

/* Req: BH-LIFE-012 */
static enum restart_action action_for(const struct domain *d, unsigned reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff: return d->restart.rules.action[RESTART_POWEROFF];
    case SHUTDOWN_reboot: return d->restart.rules.action[RESTART_REBOOT];
    case SHUTDOWN_crash: return d->restart.rules.action[RESTART_CRASH];
    case SHUTDOWN_watchdog: return d->restart.rules.action[RESTART_WATCHDOG];
    default: return RESTART_DESTROY;
    }
}

/* Req: BH-LIFE-014 */
/* Has D started again as often as it may? The time of the oldest of those that count is what matters. */
static bool has_had_enough(const struct domain *d, uint64_t now)
{
    const struct restart *r = &d->restart;
    uint64_t window = r->rules.seconds * arch_time_frequency();

    return r->rules.limit != 0 && r->count >= r->rules.limit &&
           now - r->at[(r->count - r->rules.limit) % RESTART_LIMIT_MAX] < window;
}

void restart_decide(struct domain *d, unsigned reason)
{
    struct restart *r = &d->restart;
    uint64_t now = arch_time_now();

    r->action = action_for(d, reason);
    if (r->action == RESTART_AGAIN && has_had_enough(d, now)) {
        log_error("%s: started again %u times in %u s, and does so no more", d->name, r->rules.limit, r->rules.seconds);
        r->action = RESTART_DESTROY;
    }
    if (r->action == RESTART_AGAIN) {
        r->at[r->count++ % RESTART_LIMIT_MAX] = now;
    }
}

bool restart_is_wanted(const struct domain *d)
{
    return d->restart.action == RESTART_AGAIN;
}

/* ---- The new life ---- */

static struct domain *renewed; /* [reaper] the domain that is built; NULL: none */

/* The next that is taken apart, and is to be built. */
static struct domain *find_next(void)
{
    struct domain *found = NULL;

    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && found == NULL; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) == DOMAIN_BUILDING && restart_is_wanted(d)) {
            found = d;
        }
    }
    domain_list_unlock();
    return found;
}

/* Makes channel C of D again, if the other one runs. It makes it if it starts again later. */
static void open_channel(struct domain *d, const struct channel *c)
{
    bool is_a = c->a == d->id;
    struct domain *peer = c->a == c->b ? d : domain_get(is_a ? c->b : c->a);
    uint32_t port;
    int err = 0;

    if (peer == NULL) {
        return;
    }
    if (CONFIG_EVTCHN && !c->is_ring) {
        err = evtchn_bind_static(d, is_a ? c->port_a : c->port_b, peer, is_a ? c->port_b : c->port_a);
    } else if (CONFIG_PV_BACKEND && c->is_ring && is_a) {
        err = pv_backend_offer(d, peer, c->ring, &port);
    }
    if (err != 0) {
        log_warning("%s: its channel to %s is not made again (error %d)", d->name, peer->name, -err);
    }
    if (peer != d) {
        domain_put(peer);
    }
}

/* Req: BH-LIFE-013, BH-LIFE-015 */
static void begin_life(struct domain *d)
{
    for (const struct channels *list = channels; list != NULL; list = list->next) {
        for (unsigned i = 0; i < list->count; i++) {
            if (list->channel[i].a == d->id || list->channel[i].b == d->id) {
                open_channel(d, &list->channel[i]);
            }
        }
    }
    if (CONFIG_CONTROL && d->restart.config->wants_store && control_promise_store(d) != 0) {
        log_warning("%s: no domain has a xenstore for it any more", d->name);
    }
    d->restart.action = RESTART_DESTROY;
    domain_start(d);
    log_info("%s: started again", d->name);
    console_input_first(d);
}

/* It cannot be: taken apart again, and this time for good. */
static void give_up(struct domain *d)
{
    log_error("%s: does not start again", d->name);
    d->restart.action = RESTART_DESTROY;
    domain_abandon(d);
}

bool restart_step(void)
{
    int err;

    page_alloc_admit(true);
    if (renewed == NULL) {
        renewed = find_next();
        if (renewed == NULL) {
            page_alloc_admit(false);
            return false;
        }
        err = domain_prepare(renewed, renewed->restart.config);
        if (err == 0) {
            partition_begin(renewed, renewed->restart.config, ORDER_2M);
            err = PARTITION_GO_ON;
        }
    } else {
        err = partition_step();
    }
    if (err == 0) {
        begin_life(renewed);
    } else if (err < 0) {
        give_up(renewed);
    }
    page_alloc_admit(false);
    if (err != PARTITION_GO_ON) {
        renewed = NULL;
    }
    return true;
}
