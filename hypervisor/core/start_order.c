/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition that waits is built and has a name, but does not run: DOMAIN_BUILDING, as nobody has started it. Who finds
 * that it need not wait any more (the one it waits for, or its timer) takes its `waits` away; only one of them can.
 */
#include "bh/start_order.h"

#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"

void start_order_wait(struct domain *d, const struct boot_domain *config, const struct domain *after)
{
    d->start.after_id = after != NULL ? after->id : FRAME_NO_DOMAIN;
    d->start.action = config->start.action;
    d->start.waits = true;
    log_info("%s: starts when %s is ready", d->name, config->start.after);
    if (config->start.timeout != 0) {
        timer_set(&d->start.timer, arch_time_now() + config->start.timeout * arch_time_frequency());
    }
}

static bool take(struct domain *d)
{
    return __atomic_exchange_n(&d->start.waits, false, __ATOMIC_ACQ_REL);
}

/* One of those that wait for domain ID, which does so no more from here on; NULL: there is none. */
static struct domain *take_next(uint16_t id)
{
    struct domain *found = NULL;

    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && found == NULL; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && d->start.after_id == id && __atomic_load_n(&d->start.waits, __ATOMIC_RELAXED) && take(d)) {
            found = d;
        }
    }
    domain_list_unlock();
    return found;
}

/* Req: BH-LIFE-017 */
void start_order_ready(struct domain *d)
{
    struct domain *next;

    if (__atomic_exchange_n(&d->ready_port, 0, __ATOMIC_RELAXED) == 0) {
        return;
    }
    log_info("%s: ready", d->name);
    /* What is taken here stays: nobody else starts it, and what is not started does not end. */
    while ((next = take_next(d->id)) != NULL) {
        domain_start(next);
    }
}

/* Req: BH-LIFE-018 */
void start_order_expired(struct domain *d)
{
    if (!take(d)) {
        return;
    }
    switch ((enum start_action)d->start.action) {
    case START_NEVER:
        log_error("%s: what it waits for is not ready: it does not start", d->name);
        domain_abandon(d);
        this_cpu()->work |= WORK_REAP;
        break;
    case START_HALT_BOARD:
        log_error("%s: what it waits for is not ready: the board halts", d->name);
        arch_power_off();
        break;
    default:
        log_warning("%s: what it waits for is not ready: it starts all the same", d->name);
        domain_start(d);
        break;
    }
}
