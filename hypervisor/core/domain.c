/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains: the list of them, how they are made, run and begin to die. The reaper (bh/reaper.h) does the rest.
 */
#include "bh/domain.h"

#include "arch/arch.h"
#include "bh/boot_affinity.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpu.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/page_alloc.h"
#include "bh/physmap.h"
#include "bh/reaper.h"
#include "bh/vcpu.h"
#include "bh/wallclock.h"
#include "lib/string.h"

struct domain *domain_table[CONFIG_MAX_DOMAINS];

/* [atomic] 1 + the numbers of those in domain_table; 0: there is none. For who knows that one stays. */
static uint16_t ids[CONFIG_MAX_DOMAINS];

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_DOMLIST);
static uint16_t next_id = 1; /* [lock list_lock] */
static unsigned alive;       /* [lock list_lock] domains in the table */
static bool end_with_last;   /* [atomic] the board goes off when the table is empty */

void domain_list_lock(void) NO_LOCK_ANALYSIS
{
    spin_lock(&list_lock);
}

void domain_list_unlock(void) NO_LOCK_ANALYSIS
{
    spin_unlock(&list_lock);
}

static struct domain *find(uint16_t id, bool running_only)
{
    struct domain *found = NULL;

    spin_lock(&list_lock);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && found == NULL; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && d->id == id) {
            uint8_t phase = __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE);

            if (phase == DOMAIN_RUNNING || (phase == DOMAIN_DYING && !running_only)) {
                __atomic_fetch_add(&d->users, 1, __ATOMIC_ACQUIRE);
                found = d;
            }
        }
    }
    spin_unlock(&list_lock);
    return found;
}

struct domain *domain_get(uint16_t id)
{
    return find(id, true);
}

struct domain *domain_get_any(uint16_t id)
{
    return find(id, false);
}

struct domain *domain_get_next(uint16_t from)
{
    struct domain *next = NULL;

    spin_lock(&list_lock);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && d->id >= from && (next == NULL || d->id < next->id) &&
            __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) != DOMAIN_BUILDING) {
            next = d;
        }
    }
    if (next != NULL) {
        __atomic_fetch_add(&next->users, 1, __ATOMIC_ACQUIRE);
    }
    spin_unlock(&list_lock);
    return next;
}

unsigned domain_count(void)
{
    unsigned count;

    spin_lock(&list_lock);
    count = alive;
    spin_unlock(&list_lock);
    return count;
}

/*
 * Before D is counted out it may not have begun to die yet, and afterwards it may be freed. So what is asked is whether
 * any domain dies: who makes one die counts it, and then itself out. Of two that are counted out the second one sees
 * what the first one did, and calls the reaper.
 */
void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->users, 1, __ATOMIC_ACQ_REL) == 0) {
        reaper_notice();
    }
}

void domain_pages_changed(struct domain *d, int64_t count)
{
    __atomic_fetch_add(&d->page_count, (uint64_t)count, __ATOMIC_RELAXED);
}

mfn_t domain_place(const struct domain *d, gfn_t g)
{
    for (unsigned i = 0; domain_is_placed(d) && i < d->place_count; i++) {
        const struct domain_place *p = &d->place[i];

        if (g.n >= p->g.n && g.n - p->g.n < p->count) {
            return mfn_add(p->m, g.n - p->g.n);
        }
    }
    return MFN_INVALID;
}

static bool id_is_taken(uint16_t id) REQUIRES(list_lock)
{
    bool taken = false;

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        taken = taken || (domain_table[i] != NULL && domain_table[i]->id == id);
    }
    return taken;
}

/* The next id that no domain has. Bound: ids in use, and one. */
static uint16_t take_id(void) REQUIRES(list_lock)
{
    uint16_t id;

    do {
        id = next_id;
        next_id = next_id + 1 == DOMID_FIRST_RESERVED ? 1 : next_id + 1;
    } while (id_is_taken(id));
    return id;
}

/* Req: BH-LIFE-005 */
static const char *reason_name(unsigned reason)
{
    static const char names[][16] = {
        [SHUTDOWN_poweroff] = "powered off", [SHUTDOWN_reboot] = "reboot",    [SHUTDOWN_suspend] = "suspended",
        [SHUTDOWN_crash] = "crashed",        [SHUTDOWN_watchdog] = "watchdog", [SHUTDOWN_soft_reset] = "soft reset",
    };

    return reason < ARRAY_COUNT(names) ? names[reason] : "unknown reason";
}

static void name_slot(unsigned slot, unsigned name)
{
    if (CONFIG_CONTROL) {
        __atomic_store_n(&ids[slot], (uint16_t)name, __ATOMIC_RELEASE);
    }
}

/* Req: BH-LIFE-006 */
int domain_create(const struct boot_domain *config, struct domain **out)
{
    struct domain *d = heap_alloc(sizeof(*d), FRAME_NO_DOMAIN);
    unsigned slot = 0;
    int err = 0;

    if (d == NULL) {
        return -XEN_ENOMEM;
    }
    spin_lock(&list_lock);
    while (slot < CONFIG_MAX_DOMAINS && domain_table[slot] != NULL) {
        slot++;
    }
    if (CONFIG_CONTROL && config->wanted_id != 0 && id_is_taken(config->wanted_id)) {
        err = -XEN_EEXIST;
    } else if (slot == CONFIG_MAX_DOMAINS) {
        err = -XEN_ENOSPC;
    } else {
        /* There is one initial domain, and it comes first. */
        d->id = CONFIG_CONTROL && config->wanted_id != 0 ? config->wanted_id : config->is_initial ? 0 : take_id();
        domain_table[slot] = d;
        name_slot(slot, d->id + 1U);
        alive++;
    }
    spin_unlock(&list_lock);
    if (err != 0) {
        heap_free(d, sizeof(*d));
        return err;
    }
    d->slot = (uint16_t)slot;
    err = domain_prepare(d, config);
    if (err != 0) {
        /* Nothing ran: the reaper's steps undo what was done, at once. */
        while (!reaper_step(d)) {
        }
        return err;
    }
    *out = d;
    return 0;
}

int domain_prepare(struct domain *d, const struct boot_domain *config)
{
    int err;

    d->is_initial = config->is_initial;
    if (CONFIG_SHARED_MEMORY) {
        d->shared_first = config->shared_first;
        d->shared_count = config->shared_count;
    }
    if (CONFIG_PLACEMENT) {
        d->is_direct = config->is_direct;
    }
    if (CONFIG_CONTROL) {
        d->capabilities = config->capabilities;
        d->target = FRAME_NO_DOMAIN;
    }
    spinlock_init(&d->lock, LOCK_DOMAIN);
    d->vcpu_count = (uint16_t)config->vcpu_count;
    d->weight = config->weight != 0 ? (uint16_t)config->weight : SCHED_WEIGHT_DEFAULT;
    if (CONFIG_START_ORDER) {
        timer_init(&d->start.timer, TIMER_START, d);
        d->ready_port = config->start.ready_port;
    }
    if (CONFIG_TIME_WINDOWS) {
        d->schedule = config->schedule;
        d->schedule_place = config->schedule_place;
    }
    d->page_limit = config->memory_kib >> (PAGE_SHIFT - 10);
    for (unsigned i = 0; i < DOMAIN_WATCHDOG_COUNT; i++) {
        timer_init(&d->watchdog[i], TIMER_WATCHDOG, d);
    }
    if (CONFIG_EVTCHN) {
        evtchn_domain_init(d);
    }
    (void)string_copy(d->name, sizeof(d->name), config->name, sizeof(config->name));
    err = PAGE_HAS_AFFINITY ? boot_affinity_apply(d->id, config) : 0;
    if (err == 0) {
        err = p2m_init(&d->p2m, d->id, (uint32_t)P2M_TABLE_LIMIT(d->page_limit));
    }
    if (err == 0) {
        d->has_p2m = true;
        err = CONFIG_SEAL ? p2m_fill_reserve(&d->p2m) : 0;
    }
    if (err == 0) {
        err = arch_domain_create(d, config);
    }
    if (err == 0) {
        d->shared_info_place = PHYSMAP_NOWHERE;
        err = frame_alloc_shared(d->id, &d->shared_info);
        d->has_shared_info = err == 0;
    }
    return err;
}

void domain_start_paused(struct domain *d)
{
    arch_domain_start(d);
    spin_lock(&d->lock);
    if (CONFIG_CONTROL) {
        wallclock_tell(d);
    }
    d->phase = DOMAIN_RUNNING;
    spin_unlock(&d->lock);
}

void domain_start(struct domain *d)
{
    domain_start_paused(d);
    d->has_run = true;
    (void)sched_wake(d->vcpus[0], VCPU_OFFLINE);
}

/* D begins to die. Counted as one that has it loaded: the reaper stays away until all vCPUs were told. */
static void begin_to_die(struct domain *d) REQUIRES(d->lock)
{
    __atomic_fetch_add(&d->users, 1, __ATOMIC_RELAXED);
    reaper_expect();
    d->phase = DOMAIN_DYING;
    if (CONFIG_CONTROL) {
        (void)!page_alloc_claim(&d->claim, 0);
    }
}

static void stop_vcpus(struct domain *d)
{
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            sched_stop(d->vcpus[i]);
        }
    }
    __atomic_fetch_sub(&d->users, 1, __ATOMIC_ACQ_REL);
    this_cpu()->work |= WORK_REAP;
}

static void shut_down(struct domain *d, unsigned reason) REQUIRES(d->lock)
{
    d->shutdown_reason = d->has_shutdown_code ? d->shutdown_code : (uint8_t)reason;
    log_info("%s: %s", d->name, reason_name(d->shutdown_reason));
}

/* Req: BH-CTL-005 */
/* D stays as it is until a control domain says what becomes of it. */
static COLD void shut_down_managed(struct domain *d, unsigned reason)
{
    bool first;

    spin_lock(&d->lock);
    first = d->phase == DOMAIN_RUNNING && !d->is_shut_down;
    if (first) {
        shut_down(d, reason);
        d->is_shut_down = true;
        sched_pause(d);
    }
    spin_unlock(&d->lock);
    if (first) {
        control_virq(VIRQ_DOM_EXC);
    }
}

/* Req: BH-LIFE-001 */
void domain_shutdown(struct domain *d, unsigned reason)
{
    bool first;

    if (CONFIG_CONTROL && d->is_managed) {
        shut_down_managed(d, reason);
        return;
    }
    spin_lock(&d->lock);
    first = d->phase == DOMAIN_RUNNING;
    if (first) {
        begin_to_die(d);
        shut_down(d, reason);
        if (CONFIG_RESTART) {
            restart_decide(d, d->shutdown_reason);
        }
    }
    spin_unlock(&d->lock);
    if (first) {
        stop_vcpus(d);
    }
}

bool domain_kill(struct domain *d)
{
    bool first;

    spin_lock(&d->lock);
    first = d->phase == DOMAIN_RUNNING;
    if (first) {
        begin_to_die(d);
    }
    spin_unlock(&d->lock);
    if (first) {
        stop_vcpus(d);
    }
    return first;
}

int domain_resume(struct domain *d)
{
    bool was_shut_down;

    spin_lock(&d->lock);
    was_shut_down = d->phase == DOMAIN_RUNNING && d->is_shut_down;
    d->is_shut_down = d->is_shut_down && !was_shut_down;
    d->has_shutdown_code = d->has_shutdown_code && !was_shut_down;
    if (was_shut_down) {
        (void)sched_unpause(d);
    }
    spin_unlock(&d->lock);
    return was_shut_down ? 0 : -XEN_EINVAL;
}

int domain_unpause(struct domain *d)
{
    bool may;

    spin_lock(&d->lock);
    may = d->pauses > (d->is_shut_down ? 1U : 0U);
    if (may) {
        d->has_run = true;
        (void)sched_unpause(d);
    }
    spin_unlock(&d->lock);
    return may ? 0 : -XEN_EINVAL;
}

/* ---- Pages that control domains have mapped ---- */

struct domain *domain_lender(uint16_t id)
{
    unsigned slot = 0;

    while (slot < CONFIG_MAX_DOMAINS - 1 && __atomic_load_n(&ids[slot], __ATOMIC_ACQUIRE) != id + 1U) {
        slot++;
    }
    return domain_table[slot];
}

void domain_lend(struct domain *d)
{
    __atomic_fetch_add(&d->lent, 1, __ATOMIC_RELAXED);
}

void domain_lend_end(struct domain *d)
{
    if (__atomic_sub_fetch(&d->lent, 1, __ATOMIC_ACQ_REL) == 0) {
        reaper_notice();
    }
}

/* Req: BH-LIFE-009 */
void domain_watchdog_expired(struct domain *d)
{
    log_warning("%s: watchdog expired", d->name);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

void domain_crash(struct domain *d, const char *why)
{
    log_error("%s: %s", d->name, why);
    domain_shutdown(d, SHUTDOWN_crash);
}

void domain_abandon(struct domain *d)
{
    spin_lock(&d->lock);
    reaper_expect();
    d->phase = DOMAIN_DYING;
    spin_unlock(&d->lock);
}

bool domain_leave_list(struct domain *d) NO_LOCK_ANALYSIS
{
    name_slot(d->slot, 0);
    domain_table[d->slot] = NULL;
    if (CONFIG_XEN_GUEST) {
        policy_forget(d);
    }
    if (CONFIG_CONTROL) {
        control_forget(d);
    }
    return --alive == 0 && end_with_last;
}

void domain_watch_last(void)
{
    bool none;

    spin_lock(&list_lock);
    end_with_last = true;
    none = alive == 0;
    spin_unlock(&list_lock);
    if (none) {
        log_error("no domain was started: nothing to do");
        arch_power_off();
    }
}

bool domain_gfn_is_ram(struct domain *d, gfn_t g)
{
    mfn_t m;

    spin_lock(&d->p2m.lock);
    m = p2m_ram(&d->p2m, g);
    spin_unlock(&d->p2m.lock);
    return mfn_valid(m);
}

int domain_get_page(struct domain *d, gfn_t g, mfn_t *m)
{
    mfn_t there;
    int err;

    spin_lock(&d->p2m.lock);
    there = p2m_ram(&d->p2m, g);
    err = mfn_valid(there) ? frame_get(there, d->id) : -XEN_ENOENT;
    spin_unlock(&d->p2m.lock);
    if (err == 0) {
        *m = there;
    }
    return err;
}

void domain_put_page(struct domain *d, mfn_t m)
{
    if (frame_put(m)) {
        domain_pages_changed(d, -1);
    }
}
