/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains (partitions): what one is, and its life from creation to the return of its last frame.
 */
#ifndef BH_DOMAIN_H
#define BH_DOMAIN_H

#include "arch/arch_types.h"
#include "bh/argo.h"
#include "bh/console.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/grant.h"
#include "bh/mmio.h"
#include "bh/p2m.h"
#include "bh/page_alloc.h"
#include "bh/policy.h"
#include "bh/restart.h"
#include "bh/sched.h"
#include "bh/spinlock.h"
#include "bh/timer.h"
#include "bh/types.h"
#include "bh/vuart.h"

struct vcpu;

#define DOMAIN_NAME_SIZE 32
#define DOMAIN_WATCHDOG_COUNT 2

/* A hypercall of 32-bit code that was stopped: the upper half of one of its arguments (guest_width.c). */
#define NARROW_RESTARTS 4
struct narrow_restart {
    uint32_t number;
    uint32_t low[5];     /* of all its arguments */
    uint32_t high;       /* of ARGUMENT; 0: there is none */
    uint8_t argument;
};

/* What a domain may beyond its own affairs (Xen's dom0less binding: capabilities). What that gives: bh/control.h. */
#define DOMAIN_CONTROL  1U /* over all domains */
#define DOMAIN_HARDWARE 2U /* the board's devices are its, and the board ends with it */
#define DOMAIN_XENSTORE 4U /* told of all domains */

enum domain_phase {
    DOMAIN_BUILDING, /* not started: only its builder touches it */
    DOMAIN_RUNNING,
    DOMAIN_DYING,    /* shut down: its vCPUs stop, then the reaper takes it apart in bounded steps */
};

/* Memory of a domain that is where it is for good: COUNT pages from G on are the frames from M on. */
struct domain_place {
    gfn_t g;
    mfn_t m;
    uint64_t count;
};
#define DOMAIN_HAS_PLACES (CONFIG_HARDWARE_DOMAIN || CONFIG_PLACEMENT)
/* Pieces of it. */
#define DOMAIN_PLACE_COUNT (DOMAIN_HAS_PLACES ? 32 : 1)

struct domain {
    uint16_t id;                   /* [boot] domid */
    uint16_t slot;                 /* [boot] its place in domain_table */
    uint16_t vcpu_count;           /* [boot] */
    bool has_p2m, has_shared_info; /* [boot], then [reaper] */
    bool is_closed;                /* [reaper] nothing of others' leads to it any more */
    bool is_initial;               /* [boot] what guests know as dom0 */
    uint8_t capabilities;          /* [boot] DOMAIN_* */
    bool is_open;                  /* [boot] others that are may reach it, and it them, unless control_set_silo() */
    bool is_managed;               /* [boot] when it shuts down it stays, until a control domain destroys it */
    bool has_run;                  /* [lock lock] or may have, since it was made */
    bool is_shut_down;             /* [lock lock] so it did, for SHUTDOWN_REASON */
    uint16_t target;               /* [atomic] the domain that this one may control too, or FRAME_NO_DOMAIN */
    uint32_t pauses;               /* [lock sched] how often it was paused and not unpaused */
    bool is_held;                  /* [lock sched] it was, or it has spent its cap: see domain_hold() */
    int64_t time_offset;           /* [lock lock] seconds that its time of day differs from the board's */
    uint8_t handle[16];            /* [atomic] for its owner's use: xen_domain_handle_t */
    uint8_t phase;                 /* [lock lock] enum domain_phase, read [atomic] */
    uint8_t shutdown_reason;       /* [lock lock] SHUTDOWN_*, once dying, or shut down */
    char name[DOMAIN_NAME_SIZE];   /* [boot] */
    struct spinlock lock;          /* LOCK_DOMAIN */
    struct vcpu *vcpus[CONFIG_MAX_VCPUS]; /* [boot] */
    uint16_t weight;               /* [boot] share of CPU time; 256 is normal */
    uint8_t pool;                  /* [lock sched] bh/cpupool.h */
    uint8_t schedule;              /* [boot] bh/sched_windows.h: the number of its schedule; 0: it is in none */
    uint8_t schedule_place;        /* [boot] and its place in that */
    struct sched_cap cap;          /* [lock sched] */
    uint32_t users;                /* [atomic] who keeps the reaper away: CPUs with a vCPU of it, and domain_get() */
    uint64_t page_count;           /* [atomic] frames charged to the domain */
    uint32_t lent;                 /* [atomic] mappings of its pages that control domains have */
    uint64_t page_limit;           /* [atomic] */
    struct page_claim claim;       /* what it is yet to get of what is free; set under the lock */
    uint32_t assists;              /* [atomic] VMASST_TYPE_* that the guest enabled */
    mfn_t shared_info;             /* [boot] its shared info page */
    uint64_t shared_info_place;    /* [atomic] the guest page where it is mapped, or PHYSMAP_NOWHERE; set under the lock */
    bool has_shutdown_code;        /* [lock lock] the guest said why it will end */
    uint8_t shutdown_code;         /* [lock lock] SHUTDOWN_* */
    struct {
        uint64_t callback_irq, store_pfn, store_evtchn, console_pfn, console_evtchn, monitor_ring_pfn;
    } parameter;                   /* [atomic] HVM_PARAM_* of the same names; 0: none */
    struct {
        struct spinlock lock;      /* LOCK_PV_CONSOLE */
        bool is_there;             /* [boot] */
    } pv_console;
    struct vuart vuart;            /* who serves its virtual UART, if another domain does */
    bool has_hardware;             /* [boot] the board's devices are its */
    bool is_direct;                /* [boot] its memory is at its machine addresses */
    bool has_lines;                /* [lock device line] interrupts of devices are its, or may be */
    unsigned place_count;          /* [boot] of these; 0: its memory is anywhere, and comes and goes */
    struct domain_place place[DOMAIN_PLACE_COUNT]; /* [boot] */
    uint16_t shared_first, shared_count; /* [boot] its shares of memory: bh/shared_memory.h */
    uint64_t kept_count;           /* [atomic] frames of these that are not mapped, and are kept for it */
    uint64_t kept_next;            /* [reaper] pages of these that were looked at */
    struct p2m p2m;                /* [lock p2m.lock] */
    struct mmio_map mmio;          /* [boot] emulated device regions */
    struct evtchn_domain evtchn;   /* [lock evtchn.lock] */
    struct grant_table *grant;     /* [atomic] made when it is first asked for */
    struct argo_domain *argo;      /* [atomic] made when it first registers a ring */
    uint32_t extent_restarts;      /* [atomic] memory operations that were stopped within an extent, to go on */
    uint32_t argo_restarts;        /* [atomic] operations of Argo that were stopped, to go on */
    bool is_narrow;                /* [atomic] what it shares with us has the layouts of 32-bit code */
    uint8_t narrow_restart_next;   /* [lock lock] place for the next of these: */
    struct narrow_restart narrow_restarts[ARCH_GUEST_HAS_NARROW ? NARROW_RESTARTS : 1]; /* [lock lock] */
    uint32_t argo_close_from;      /* [reaper] domains before this place have nothing of it any more */
    struct policy_set policy;      /* [boot] whom it may reach */
    struct restart restart;        /* [boot], [lock lock] what is next when it has ended */
    uint32_t ready_port;           /* [atomic] its first event there says that it is ready (bh/start_order.h); 0: none does */
    struct {
        struct timer timer;
        uint16_t after_id;         /* [boot] the domain that it waits for, */
        bool waits;                /* [atomic] while it does */
        uint8_t action;            /* [boot] enum start_action */
    } start;
    struct timer watchdog[DOMAIN_WATCHDOG_COUNT]; /* [lock lock] */
    uint32_t watchdogs_used;       /* [lock lock] bit N: watchdog[N] is set */
    struct console_line console;   /* [lock console] output of the current line */
    struct arch_domain arch;
};

/* Do its vCPUs run, as far as it goes? A hint without the scheduler's lock. */
static inline bool domain_may_run(const struct domain *d)
{
    return d->phase == DOMAIN_RUNNING && (!CONFIG_CONTROL || !d->is_held);
}

/* D's pauses have changed, or whether it has spent its cap. With the scheduler's lock, or before anybody knows D. */
static inline void domain_hold(struct domain *d)
{
    d->is_held = d->pauses != 0 || d->cap.is_spent;
}

/* Has D's memory a place for good? */
static inline bool domain_is_placed(const struct domain *d)
{
    return DOMAIN_HAS_PLACES && d->place_count != 0;
}

/* The frame that D has at page G for good, mapped or not, or MFN_INVALID. */
mfn_t domain_place(const struct domain *d, gfn_t g);

/* All domains. An entry goes when the domain's last frame is back. [lock domlist] */
extern struct domain *domain_table[CONFIG_MAX_DOMAINS];
/* While it is held no domain comes or goes. LOCK_DOMLIST. */
void domain_list_lock(void);
void domain_list_unlock(void);

/*
 * The running domain ID; it stays until domain_put(). NULL: there is none. Bound: a look at each domain.
 */
struct domain *domain_get(uint16_t id);
/* The same for a dying one too, as long as it is there. */
struct domain *domain_get_any(uint16_t id);
/* The one with the lowest number from FROM on, which may be dying. */
struct domain *domain_get_next(uint16_t from);
/* How many there are. */
unsigned domain_count(void);
void domain_put(struct domain *d);
/* COUNT frames of D's memory were freed, or added: what D pays for. */
void domain_pages_changed(struct domain *d, int64_t count);

/*
 * New domain in phase DOMAIN_BUILDING, no vCPU, no memory. Its number is 0 if CONFIG says that it is the initial one,
 * what CONFIG wants, or the next one from 1 on that nobody has.
 * -XEN_ENOMEM. -XEN_ENOSPC: CONFIG_MAX_DOMAINS are there. -XEN_EEXIST: another one has that number.
 */
struct boot_domain;
MUST_USE int domain_create(const struct boot_domain *config, struct domain **out);
/* What domain_create() does for D, which has a number and a place already, and nothing else. -XEN_ENOMEM. */
MUST_USE int domain_prepare(struct domain *d, const struct boot_domain *config);
/* Its vCPUs may run from now on. */
void domain_start(struct domain *d);
/* The same without a first vCPU that does: a control domain makes them, and lets it go by sched_unpause(). */
void domain_start_paused(struct domain *d);
/*
 * D ends, for REASON (SHUTDOWN_* of sched.h): its vCPUs stop, then the reaper frees it in bounded steps. The caller may
 * be one of its vCPUs: it does not go back to its guest. Idempotent.
 */
void domain_shutdown(struct domain *d, unsigned reason);
/* A domain that is managed ends for good: as domain_shutdown() of one that is not. False: it does already. */
bool domain_kill(struct domain *d);
/* A control domain takes back that it paused D. -XEN_EINVAL: it did not. */
MUST_USE int domain_unpause(struct domain *d);
/* One that has shut down goes on. -XEN_EINVAL: it has not. */
MUST_USE int domain_resume(struct domain *d);
/* D did what it may not and cannot go on. Says why on the console and shuts it down as crashed. */
void domain_crash(struct domain *d, const char *why);
/* D, which was being built while others run, cannot be: what there is of it is the reaper's. */
void domain_abandon(struct domain *d);
/*
 * D leaves the list, which the caller has locked, and what others know of it by its number goes. True: it was the last, and
 * domain_watch_last() was called.
 */
bool domain_leave_list(struct domain *d);
/* When the last domain ends, the board goes off. Called once, after all boot domains were started. */
void domain_watch_last(void);
/* A reference to the frame of D's own RAM at G, until domain_put_page(). -XEN_ENOENT: there is none. -XEN_EBUSY. */
MUST_USE int domain_get_page(struct domain *d, gfn_t g, mfn_t *m);
/* Drops it; a page that D had given up meanwhile is freed. */
void domain_put_page(struct domain *d, mfn_t m);
/*
 * The domain ID, which stays because some page of its is in use by the caller (domain_lend()), without a lock. Bound: a
 * look at each domain.
 */
struct domain *domain_lender(uint16_t id);
/* A page of D's is in use by another domain: D stays in the table until that says domain_lend_end(). */
void domain_lend(struct domain *d);
void domain_lend_end(struct domain *d);
/* D's watchdog was not set anew in time. */
void domain_watchdog_expired(struct domain *d);
/* Is G mapped as RAM of D? */
bool domain_gfn_is_ram(struct domain *d, gfn_t g);

#endif
