/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/reaper.h"

#include "arch/arch.h"
#include "bh/argo.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/heap.h"
#include "bh/page_affinity.h"
#include "bh/page_alloc.h"
#include "bh/partition_devices.h"
#include "bh/physmap.h"
#include "bh/policy.h"
#include "bh/restart.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "lib/string.h"

uint32_t reaper_dying;
static uint32_t reaping; /* [atomic] a CPU takes steps now */
#define REAPING    1U
#define REAP_AGAIN 2U

/* Req: BH-LIFE-010 */
/* Are pages of D, of which nothing else is left, still used by others? They will say when it is over. */
static bool is_waiting(struct domain *d)
{
    return !d->has_p2m && ((CONFIG_GRANT && grant_is_pinned(d)) ||
                           (CONFIG_CONTROL && __atomic_load_n(&d->lent, __ATOMIC_ACQUIRE) != 0));
}

bool reaper_waits_for_others(struct domain *d)
{
    return d->phase == DOMAIN_DYING && is_waiting(d);
}

static NORETURN void power_down(bool to_reset)
{
    if (to_reset) {
        arch_power_reset();
    }
    arch_power_off();
}

/* Req: BH-LIFE-016, BH-CTL-006 */
/* Does the board end with D? */
static void end_board(const struct domain *d)
{
    if (CONFIG_RESTART && d->restart.action == RESTART_HALT_BOARD) {
        log_error("%s has ended: the board halts", d->name);
        arch_power_off();
    }
    if (CONFIG_CONTROL && (d->capabilities & DOMAIN_HARDWARE) != 0 && d->phase == DOMAIN_DYING) {
        log_info("%s had the hardware: the board ends with it", d->name);
        power_down(d->shutdown_reason == SHUTDOWN_reboot);
    }
}

/* What could still tell D something, which is for good. False: not all at once. */
static bool close_ends(struct domain *d)
{
    if (d->is_closed) {
        return true;
    }
    for (unsigned i = 0; i < DOMAIN_WATCHDOG_COUNT; i++) {
        timer_cancel(&d->watchdog[i]);
    }
    if (CONFIG_SBSA_WATCHDOG) {
        sbsa_watchdog_stop(d);
    }
    if (CONFIG_START_ORDER) {
        timer_cancel(&d->start.timer);
    }
    if (CONFIG_IOPORTS) {
        arch_domain_close_lines(d);
    }
    if ((CONFIG_EVTCHN && !evtchn_domain_close(d)) || (CONFIG_GRANT && !grant_domain_close(d)) ||
        (CONFIG_ARGO && !argo_domain_close(d))) {
        return false;
    }
    if (CONFIG_DEVICES && d->has_lines) {
        device_line_end(d);
    }
    d->is_closed = true;
    return true;
}

/* Its vCPUs, then its memory. False: there is more. */
static bool take_apart(struct domain *d)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            vcpu_destroy(d->vcpus[i]);
            return false;
        }
    }
    if (!d->has_p2m) {
        return true;
    }
    if (CONFIG_XEN_GUEST && DOMAIN_HAS_PLACES && !physmap_forget_kept(d)) {
        return false;
    }
    d->has_p2m = !p2m_teardown(&d->p2m);
    if (!d->has_p2m) {
        if (CONFIG_DEVICES) {
            device_range_end(d);
        }
        /* Now, since what follows may have to wait for others. */
        console_domain_gone(d);
    }
    return false;
}

static void free_parts(struct domain *d)
{
    if (d->has_shared_info) {
        (void)frame_put(d->shared_info);
    }
    arch_domain_destroy(d);
    if (CONFIG_EVTCHN) {
        evtchn_domain_free(d);
    }
    if (CONFIG_GRANT) {
        grant_domain_free(d);
    }
    if (CONFIG_ARGO) {
        argo_domain_free(d);
    }
}

/* D, of which nothing is left, is ready for domain_prepare(). Under the lock, as others look at all in the table. */
static void renew(struct domain *d)
{
    struct restart restart = d->restart;
    uint16_t id = d->id, slot = d->slot;
    struct policy_set policy;

    free_parts(d);
    domain_list_lock();
    policy = d->policy;
    memset(d, 0, sizeof(*d));
    d->id = id;
    d->slot = slot;
    d->restart = restart;
    d->policy = policy;
    domain_list_unlock();
}

/* D has left the list. LAST: nobody is there any more, and the board goes off. */
static void bury(struct domain *d, bool last)
{
    bool was_managed = d->is_managed, to_reset = d->is_initial && d->shutdown_reason == SHUTDOWN_reboot;

    free_parts(d);
    if (CONFIG_DEVICES) {
        partition_devices_forget(d->id);
    }
    if (PAGE_HAS_AFFINITY) {
        (void)!page_affinity_set(d->id, NULL);
    }
    if (CONFIG_RESTART) {
        restart_forget(d);
    }
    heap_free(d, sizeof(*d));
    if (last) {
        log_info("the last domain has ended, %lu KiB are free",
                 (unsigned long)(page_alloc_free_count() << (PAGE_SHIFT - 10)));
        power_down(to_reset);
    }
    if (CONFIG_CONTROL && was_managed) {
        control_virq(VIRQ_DOM_EXC);
    }
}

/* Req: BH-LIFE-002, BH-LIFE-003, BH-LIFE-011 */
bool reaper_step(struct domain *d)
{
    bool again, last = false;

    end_board(d);
    if (!close_ends(d) || !take_apart(d)) {
        return false;
    }
    domain_list_lock();
    if (__atomic_load_n(&d->users, __ATOMIC_ACQUIRE) != 0 || is_waiting(d)) {
        domain_list_unlock();
        return false;
    }
    if (d->phase == DOMAIN_DYING) {
        __atomic_fetch_sub(&reaper_dying, 1, __ATOMIC_RELAXED);
    }
    again = CONFIG_RESTART && restart_is_wanted(d);
    if (again) {
        /* From now on nobody finds it. */
        __atomic_store_n(&d->phase, (uint8_t)DOMAIN_BUILDING, __ATOMIC_RELEASE);
    } else {
        last = domain_leave_list(d);
    }
    domain_list_unlock();
    if (again) {
        renew(d);
    } else {
        bury(d, last);
    }
    return true;
}

/* A dying domain that no CPU holds any more. */
static struct domain *find_dead(void)
{
    struct domain *dead = NULL;

    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && dead == NULL; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) == DOMAIN_DYING &&
            __atomic_load_n(&d->users, __ATOMIC_ACQUIRE) == 0 && !is_waiting(d)) {
            dead = d;
        }
    }
    domain_list_unlock();
    return dead;
}

bool reaper_run(void)
{
    bool done = false;
    struct domain *d;

    /* One CPU at a time; who comes in between leaves word, and the one at work looks again. */
    if ((__atomic_fetch_or(&reaping, REAPING | REAP_AGAIN, __ATOMIC_ACQ_REL) & REAPING) != 0) {
        return false;
    }
    __atomic_fetch_and(&reaping, ~REAP_AGAIN, __ATOMIC_ACQ_REL);
    d = __atomic_load_n(&reaper_dying, __ATOMIC_ACQUIRE) != 0 ? find_dead() : NULL;
    if (d != NULL) {
        (void)reaper_step(d);
        done = true;
    } else if (CONFIG_RESTART) {
        done = restart_step();
    }
    return (__atomic_exchange_n(&reaping, 0, __ATOMIC_ACQ_REL) & REAP_AGAIN) != 0 || done;
}
