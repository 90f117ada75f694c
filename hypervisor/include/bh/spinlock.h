/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket spinlocks. Entered in order of arrival, so a wait is bounded by (CPUs - 1) critical sections. The wait
 * itself is the architecture's (WFE on arm64): a CPU never burns instructions while another one holds a lock.
 *
 * Lock order is the enumeration below: a lock may be taken only when every lock already held has a lower level;
 * of two locks of one level, the one of the lower domain id first. Debug and host builds check it.
 */
#ifndef BH_SPINLOCK_H
#define BH_SPINLOCK_H

#include "arch/arch_inline.h"
#include "bh/types.h"

enum lock_level {
    LOCK_DOMLIST = 1,  /* the list of domains */
    LOCK_DOMAIN,       /* one domain's life cycle */
    LOCK_PV_CONSOLE,   /* one domain's PV console ring */
    LOCK_ARGO,         /* one domain's rings; two */
    LOCK_GRANT,        /* one domain's grant table; two */
    LOCK_EVTCHN,       /* one domain's event channels; two */
    LOCK_EVTCHN_FIFO,  /* one domain's queues of events */
    LOCK_DEVICE,       /* whose the registers of devices are */
    LOCK_P2M,          /* one domain's stage-2 tables */
    LOCK_VUART,        /* one domain's virtual UART, or its watchdog */
    LOCK_DEVICE_LINE,  /* whose the interrupts of devices are */
    LOCK_VGIC,         /* one domain's virtual interrupt controller */
    LOCK_GIC,          /* registers of the physical interrupt controller that several interrupts share */
    LOCK_SCHED,        /* the run queue */
    LOCK_TIMER,        /* one CPU's timer queue */
    LOCK_VMID,         /* who has which VMID */
    LOCK_HEAP,         /* the hypervisor's own objects */
    LOCK_PAGE_ALLOC,   /* the free lists */
    LOCK_CONSOLE,      /* the console ring */
};

struct LOCK_TYPE spinlock {
    uint16_t next;   /* [atomic] the ticket that the next arrival gets */
    uint16_t owner;  /* [atomic] the ticket that holds the lock */
    uint16_t level;  /* enum lock_level */
};

#define SPINLOCK_INIT(l) { .next = 0, .owner = 0, .level = (l) }

static inline void spinlock_init(struct spinlock *l, enum lock_level level)
{
    *l = (struct spinlock)SPINLOCK_INIT((uint16_t)level);
}

/* Debug builds: panics unless LEVEL may be taken now; remembers it. */
void lock_order_enter(const struct spinlock *l);
void lock_order_enter_second(const struct spinlock *l);
void lock_order_leave(const struct spinlock *l);

static ALWAYS_INLINE void spin_wait(struct spinlock *l)
{
    uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket)) {
        arch_spin_wait(&l->owner, ticket);
    }
}

static ALWAYS_INLINE void spin_lock(struct spinlock *l) ACQUIRES(*l) NO_LOCK_ANALYSIS
{
    if (CONFIG_DEBUG) {
        lock_order_enter(l);
    }
    spin_wait(l);
}

/* L is of the level of the lock taken last, and its domain has the higher id. */
static ALWAYS_INLINE void spin_lock_second(struct spinlock *l) ACQUIRES(*l) NO_LOCK_ANALYSIS
{
    if (CONFIG_DEBUG) {
        lock_order_enter_second(l);
    }
    spin_wait(l);
}

/* Does somebody hold L, or wait for it? A hint. */
static inline bool spin_is_taken(const struct spinlock *l)
{
    return __atomic_load_n(&l->owner, __ATOMIC_RELAXED) != __atomic_load_n(&l->next, __ATOMIC_RELAXED);
}

static ALWAYS_INLINE void spin_unlock(struct spinlock *l) RELEASES(*l) NO_LOCK_ANALYSIS
{
    if (CONFIG_DEBUG) {
        lock_order_leave(l);
    }
    __atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

/*
 * Takes L and never gives it back: whoever wants it later waits for good. After TRIES looks it goes on without, as the
 * holder may be this CPU itself.
 */
static inline void spin_seize(struct spinlock *l, unsigned tries)
{
    uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket && tries != 0) {
        tries--;
    }
}

#endif
