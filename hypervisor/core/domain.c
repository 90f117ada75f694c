/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains, from creation to the return of the last frame.
 *
 * A dying domain is taken apart by the reaper: any CPU that finds WORK_REAP set, one CPU at a time, in steps of at
 * most 2 MiB of memory. Steps begin when no CPU holds a vCPU of the domain any more, so they need no lock against it.
 */
#include "bh/domain.h"

#include "arch/arch.h"
#include "bh/argo.h"
#include "bh/boot_affinity.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpu.h"
#include "bh/device.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/page_alloc.h"
#include "bh/partition_devices.h"
#include "bh/physmap.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "bh/wallclock.h"
#include "lib/string.h"

struct domain *domain_table[CONFIG_MAX_DOMAINS];

/* [atomic] 1 + the numbers of those in domain_table; 0: there is none. For who knows that one stays. */
static uint16_t ids[CONFIG_MAX_DOMAINS];

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_DOMLIST);
static uint16_t next_id = 1;   /* [lock list_lock] */
static unsigned alive;         /* [lock list_lock] domains in the table */
static bool end_with_last;     /* [atomic] the board goes off when the table is empty */
static uint32_t dying;         /* [atomic] domains that wait for the reaper, or will */
static uint32_t reaping;       /* [atomic] a CPU takes steps now */

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
    if (__atomic_sub_fetch(&d->users, 1, __ATOMIC_ACQ_REL) == 0 &&
        unlikely(__atomic_load_n(&dying, __ATOMIC_RELAXED) != 0)) {
        this_cpu()->work |= WORK_REAP;
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
        while (!domain_reap_step(d)) {
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
    __atomic_fetch_add(&dying, 1, __ATOMIC_RELAXED);
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
    if (__atomic_sub_fetch(&d->lent, 1, __ATOMIC_ACQ_REL) == 0 && __atomic_load_n(&dying, __ATOMIC_RELAXED) != 0) {
        this_cpu()->work |= WORK_REAP;
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

/* Req: BH-LIFE-010 */
/* Are pages of D, of which nothing else is left, still used by others? They will say when it is over. */
static bool is_waiting(struct domain *d)
{
    return !d->has_p2m && ((CONFIG_GRANT && grant_is_pinned(d)) ||
                           (CONFIG_CONTROL && __atomic_load_n(&d->lent, __ATOMIC_ACQUIRE) != 0));
}

bool domain_waits_for_others(struct domain *d)
{
    return d->phase == DOMAIN_DYING && is_waiting(d);
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

    spin_lock(&list_lock);
    policy = d->policy;
    memset(d, 0, sizeof(*d));
    d->id = id;
    d->slot = slot;
    d->restart = restart;
    d->policy = policy;
    spin_unlock(&list_lock);
}

static NORETURN void power_down(bool to_reset)
{
    if (to_reset) {
        arch_power_reset();
    }
    arch_power_off();
}

/* Req: BH-CTL-006 */
static COLD NORETURN void end_board(const struct domain *d)
{
    log_info("%s had the hardware: the board ends with it", d->name);
    power_down(d->shutdown_reason == SHUTDOWN_reboot);
}

/* Req: BH-LIFE-002, BH-LIFE-003, BH-LIFE-011 */
bool domain_reap_step(struct domain *d)
{
    bool last, to_reset, was_managed;

    /* Req: BH-LIFE-016 */
    if (CONFIG_RESTART && d->restart.action == RESTART_HALT_BOARD) {
        log_error("%s has ended: the board halts", d->name);
        arch_power_off();
    }
    if (CONFIG_CONTROL && (d->capabilities & DOMAIN_HARDWARE) != 0 && d->phase == DOMAIN_DYING) {
        end_board(d);
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
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            vcpu_destroy(d->vcpus[i]);
            return false;
        }
    }
    if (CONFIG_XEN_GUEST && DOMAIN_HAS_PLACES && d->has_p2m && !physmap_forget_kept(d)) {
        return false;
    }
    if (d->has_p2m) {
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
    spin_lock(&list_lock);
    if (__atomic_load_n(&d->users, __ATOMIC_ACQUIRE) != 0 || is_waiting(d)) {
        spin_unlock(&list_lock);
        return false;
    }
    if (CONFIG_RESTART && restart_is_wanted(d)) {
        /* From now on nobody finds it. */
        __atomic_store_n(&d->phase, (uint8_t)DOMAIN_BUILDING, __ATOMIC_RELEASE);
        __atomic_fetch_sub(&dying, 1, __ATOMIC_RELAXED);
        spin_unlock(&list_lock);
        free_parts(d);
        renew(d);
        return true;
    }
    name_slot(d->slot, 0);
    domain_table[d->slot] = NULL;
    if (d->phase == DOMAIN_DYING) {
        __atomic_fetch_sub(&dying, 1, __ATOMIC_RELAXED);
    }
    if (CONFIG_XEN_GUEST) {
        policy_forget(d);
    }
    if (CONFIG_CONTROL) {
        control_forget(d);
    }
    last = --alive == 0 && end_with_last;
    spin_unlock(&list_lock);
    was_managed = d->is_managed;
    to_reset = d->is_initial && d->shutdown_reason == SHUTDOWN_reboot;
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
    return true;
}

/* A dying domain that no CPU holds any more. */
static struct domain *find_dead(void)
{
    struct domain *dead = NULL;

    spin_lock(&list_lock);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && dead == NULL; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && __atomic_load_n(&d->phase, __ATOMIC_ACQUIRE) == DOMAIN_DYING &&
            __atomic_load_n(&d->users, __ATOMIC_ACQUIRE) == 0 && !is_waiting(d)) {
            dead = d;
        }
    }
    spin_unlock(&list_lock);
    return dead;
}

#define REAPING      1U
#define REAP_AGAIN   2U

void domain_abandon(struct domain *d)
{
    spin_lock(&d->lock);
    __atomic_fetch_add(&dying, 1, __ATOMIC_RELAXED);
    d->phase = DOMAIN_DYING;
    spin_unlock(&d->lock);
}

bool domain_reap(void)
{
    bool done = false;
    struct domain *d;

    /* One CPU at a time; who comes in between leaves word, and the one at work looks again. */
    if ((__atomic_fetch_or(&reaping, REAPING | REAP_AGAIN, __ATOMIC_ACQ_REL) & REAPING) != 0) {
        return false;
    }
    __atomic_fetch_and(&reaping, ~REAP_AGAIN, __ATOMIC_ACQ_REL);
    d = __atomic_load_n(&dying, __ATOMIC_ACQUIRE) != 0 ? find_dead() : NULL;
    if (d != NULL) {
        (void)domain_reap_step(d);
        done = true;
    } else if (CONFIG_RESTART) {
        done = restart_step();
    }
    return (__atomic_exchange_n(&reaping, 0, __ATOMIC_ACQ_REL) & REAP_AGAIN) != 0 || done;
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
