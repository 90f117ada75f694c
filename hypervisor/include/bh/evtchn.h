/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels (event_channel.h): one bit each that a domain is told of, from another domain, another vCPU of its
 * own, or the hypervisor. How the bit gets to the guest is the ABI that the domain chose: evtchn_2l.c, evtchn_fifo.c.
 *
 * A domain's channels change under its lock; a pair of bound channels under both, in the order of the domains' ids.
 * Who sends holds the lock of the sending domain only: a bound channel stays bound while one of its ends is locked.
 */
#ifndef BH_EVTCHN_H
#define BH_EVTCHN_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;
struct vcpu;

enum evtchn_state {
    EVTCHN_FREE = 0,
    EVTCHN_UNBOUND,     /* REMOTE_ID may bind to it */
    EVTCHN_INTERDOMAIN, /* to REMOTE_PORT of REMOTE */
    EVTCHN_VIRQ,        /* virtual interrupt VIRQ, from the hypervisor */
    EVTCHN_IPI,
    EVTCHN_CONSUMED,    /* sent on, it tells the hypervisor: see evtchn_consumer */
};

/* Who in the hypervisor is told. */
enum evtchn_consumer {
    CONSUMER_CONSOLE,   /* the PV console's ring has changed */
    CONSUMER_VUART,     /* the ring of a UART that another domain serves has */
};

struct evtchn {
    uint8_t state;          /* enum evtchn_state */
    uint8_t priority;       /* FIFO: of its queue */
    uint8_t fifo_priority;  /* [lock fifo] the queue that it was linked into last */
    bool pending;           /* FIFO: pending, and the guest has no place for its word yet */
    uint16_t vcpu;          /* [atomic] the vCPU that is told */
    uint16_t fifo_vcpu;     /* [lock fifo] as fifo_priority */
    uint16_t remote_id;     /* EVTCHN_UNBOUND: who may bind. EVTCHN_CONSUMED: enum evtchn_consumer */
    uint16_t virq;          /* IS_OURS: enum evtchn_consumer */
    uint32_t remote_port;
    struct domain *remote;
    bool is_ours;           /* EVTCHN_UNBOUND, _INTERDOMAIN: the hypervisor's end, see evtchn_listen() */
    uint8_t reserved[7];
};

#define EVTCHN_BUCKET       (PAGE_SIZE / sizeof(struct evtchn))
#define EVTCHN_BUCKET_COUNT ((CONFIG_MAX_EVTCHN_PORT + EVTCHN_BUCKET) / EVTCHN_BUCKET)

/* What a domain has with the FIFO ABI. */
#define EVTCHN_FIFO_WORDS (PAGE_SIZE / sizeof(event_word_t))
struct evtchn_fifo {
    struct spinlock lock;   /* LOCK_EVTCHN_FIFO: tails, and which queue an event is in */
    uint32_t page_count;    /* [atomic] of ARRAY */
    uint32_t adopted;       /* [lock evtchn] ports below have no event that came before their word */
    mfn_t array[EVTCHN_FIFO_NR_CHANNELS / EVTCHN_FIFO_WORDS]; /* [lock evtchn] each with a reference */
};

/* A domain's part. */
struct evtchn_domain {
    struct spinlock lock;                        /* LOCK_EVTCHN */
    struct evtchn *bucket[EVTCHN_BUCKET_COUNT];  /* [lock lock] ports are made a bucket at a time, from 0 on */
    uint32_t port_count;                         /* [lock lock] that were made */
    uint32_t free_from;                          /* [lock lock] no port below is free */
    uint32_t closing;                            /* [reaper] evtchn_domain_close(): all below are free */
    bool closed;                                 /* [lock lock] the domain dies: no channel is made any more */
    uint32_t pollers;                            /* [atomic] vCPUs that wait in SCHEDOP_poll */
    struct evtchn_fifo *fifo;                    /* [lock lock, atomic] NULL: the 2-level ABI */
};

/* A vCPU's places in its domain's memory for what it is told, and what it waits for in SCHEDOP_poll. */
struct evtchn_vcpu {
    uint64_t info;           /* [atomic] physical address of its vcpu_info; 0: it has none, and is told nothing */
    uint64_t fifo_control;   /* [atomic] of its FIFO control block; 0: none. Its frame has a reference */
    bool info_registered;    /* [lock evtchn] INFO is in the domain's own memory; its frame has a reference */
    bool poll_over;          /* [atomic] it was told what it waited for, or waited long enough */
    uint32_t poll_port;      /* [atomic] the port that it waits for; 0: none; EVTCHN_POLL_MANY: any */
    uint32_t fifo_tail[16];  /* [lock fifo] last event of each queue, or 0 */
    uint32_t virq_port[24];  /* [lock evtchn] of VIRQ_*, or 0 */
};
#define EVTCHN_POLL_MANY UINT32_MAX

/* ---- Life ---- */

void evtchn_domain_init(struct domain *d);
/* D's first vCPU-info lives in its shared info page. When V is created. */
void evtchn_vcpu_init(struct vcpu *v);
/* Closes some of dying D's channels; true: none is left. Bound: EVTCHN_CLOSE_STEP ports. */
#define EVTCHN_CLOSE_STEP 64
bool evtchn_domain_close(struct domain *d);
/* Gives back what V holds of its domain's memory; after evtchn_domain_close(). */
void evtchn_vcpu_free(struct vcpu *v);
void evtchn_domain_free(struct domain *d);

/* ---- From the hypervisor ---- */

/* Is VIRQ one of the whole domain, told to a single one by the hypervisor? */
bool evtchn_virq_is_global(uint32_t virq);
/* Virtual interrupt VIRQ of V (of a global one: V is vCPU 0), if the guest bound it. */
void evtchn_virq(struct vcpu *v, unsigned virq);
/* Does V listen to it? Of a global one vCPU 0 answers. */
bool evtchn_virq_is_bound(struct vcpu *v, unsigned virq);
/*
 * A channel of D whose other end is the hypervisor's: CONSUMER is told when the guest sends. *PORT is D's.
 * -XEN_ENOSPC, -XEN_ENOMEM. Before D runs.
 */
MUST_USE int evtchn_bind_consumer(struct domain *d, enum evtchn_consumer consumer, uint32_t *port);
/*
 * *PORT of D, one of evtchn_bind_consumer(), or, if it is 0, a free one, waits for the domain REMOTE_ID to bind to it.
 * -XEN_ENOSPC, -XEN_ENOMEM. Before D runs.
 */
MUST_USE int evtchn_offer(struct domain *d, uint32_t *port, uint16_t remote_id);
/*
 * The same for a port of D's that is the hypervisor's and not the guest's: what REMOTE_ID sends tells CONSUMER.
 * -XEN_ESRCH: D dies.
 */
MUST_USE int evtchn_listen(struct domain *d, uint32_t *port, uint16_t remote_id, enum evtchn_consumer consumer);
/* Tells the other end of PORT, one of evtchn_listen(), if there is any. */
void evtchn_tell_peer(struct domain *d, uint32_t port);
/* Tells D on PORT, one of evtchn_bind_consumer(). */
void evtchn_notify(struct domain *d, uint32_t port);
/*
 * Binds PORT_A of A to PORT_B of B before one of them runs, as the boot description says. -XEN_EBUSY: one is in use, and
 * does not wait for the other.
 */
MUST_USE int evtchn_bind_static(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b);

/* ---- For the vCPU's own operations ---- */

/*
 * V's vcpu_info is at OFFSET of its domain's page G from now on; what was pending there moves along.
 * -XEN_EINVAL: it is registered already, or G is not RAM.
 */
MUST_USE int evtchn_register_vcpu_info(struct vcpu *v, gfn_t g, unsigned offset);
/*
 * V, the current vCPU, is about to wait for PORT_COUNT ports at PORTS. 1: one of them is pending, do not wait.
 * -XEN_EINVAL: a port is not there. Bound: PORT_COUNT.
 */
MUST_USE int evtchn_poll(struct vcpu *v, const uint32_t *ports, unsigned port_count);
/* V has waited long enough. */
void evtchn_poll_expired(struct vcpu *v);

/* ---- Between the files of the event channels; D's lock is held ---- */

/* Port PORT of D if it was made, else NULL. */
static inline struct evtchn *evtchn_at(const struct evtchn_domain *e, uint32_t port)
{
    return port < e->port_count ? &e->bucket[port / EVTCHN_BUCKET][port % EVTCHN_BUCKET] : NULL;
}

/* The locks of A and of B, which may be the same. */
void evtchn_lock_both(struct domain *a, struct domain *b);
void evtchn_unlock_both(struct domain *a, struct domain *b);
/* A free port, the lowest; never 0. -XEN_ENOSPC, -XEN_ENOMEM; -XEN_ESRCH: D dies. Bound: a look at each port. */
MUST_USE int evtchn_find_free(struct domain *d, uint32_t *port);
/* PORT of D becomes STATE, told to vCPU 0. What was pending of its last use is forgotten. */
struct evtchn *evtchn_occupy(struct domain *d, uint32_t port, enum evtchn_state state);
/* PORT_A of A is bound to PORT_B of B, as far as A is concerned. Both locks are held. */
void evtchn_pair(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b);
/*
 * Closes PORT of D; BY_GUEST: not one that the hypervisor listens to. No lock is held. -XEN_EINVAL: there is nothing to
 * close. -XEN_EAGAIN: it was bound anew meanwhile.
 */
MUST_USE int evtchn_close_port(struct domain *d, uint32_t port, bool by_guest);
/* Closes EVTCHN_CLOSE_STEP ports from *FROM on, passing over those that are free; true: all were looked at. */
MUST_USE bool evtchn_close_some(struct domain *d, uint32_t *from, bool by_guest);
/* PORT becomes pending. Any lock up to LOCK_EVTCHN is held, of whatever domain keeps D there. */
void evtchn_set_pending(struct domain *d, uint32_t port, struct evtchn *c);
struct vcpu_info;
/* V's vcpu_info in the leaf window, or NULL: it has none. */
struct vcpu_info *evtchn_open_info(const struct vcpu *v);
/* Says in INFO that something is pending; true: it did not say so before, and the vCPU's interrupt is to be raised. */
bool evtchn_mark_upcall(struct vcpu_info *info);

/* The ABIs. FIFO only if the domain has it (evtchn_domain.fifo). */
/* So many ports have a bit in D's shared page. */
uint32_t evtchn_2l_port_limit(const struct domain *d);
/* All words of ports may have news, INFO says. */
void evtchn_2l_select_all(const struct domain *d, struct vcpu_info *info);
/* False: it was pending already, so there is nothing that anybody has to be told. */
bool evtchn_2l_set_pending(struct domain *d, uint32_t port, const struct evtchn *c);
void evtchn_2l_clear_pending(struct domain *d, uint32_t port);
void evtchn_2l_unmask(struct domain *d, uint32_t port, const struct evtchn *c);
bool evtchn_2l_is_pending(struct domain *d, uint32_t port);
/* The bits of EVTCHN_2L_WORD ports from PORT on, a multiple of that. */
#define EVTCHN_2L_WORD (sizeof(xen_ulong_t) * 8)
xen_ulong_t evtchn_2l_pending_word(struct domain *d, uint32_t port);
void evtchn_fifo_set_pending(struct domain *d, uint32_t port, struct evtchn *c);
void evtchn_fifo_clear_pending(struct domain *d, uint32_t port);
void evtchn_fifo_unmask(struct domain *d, uint32_t port, struct evtchn *c);
bool evtchn_fifo_is_pending(struct domain *d, uint32_t port);
/* The first free port from FROM on that is in none of the guest's queues, as its word says; or how many there are. */
uint32_t evtchn_fifo_find_free(const struct domain *d, uint32_t from);
/*
 * EVTCHNOP_init_control, _expand_array of the current domain; as the ABI says. EVTCHN_GO_ON: the page is there, but
 * not all events that came before it were looked at; to be called again with the same page. Bound: EVTCHN_CLOSE_STEP
 * events, and a look at each port.
 */
#define EVTCHN_GO_ON 1
struct evtchn_init_control;
struct evtchn_expand_array;
MUST_USE int evtchn_fifo_init_control(struct domain *d, struct evtchn_init_control *a);
MUST_USE int evtchn_fifo_expand_array(struct domain *d, const struct evtchn_expand_array *a);
/* D has just switched to FIFO: what is pending in the 2-level bits, and no sender adds to them any more, moves along. */
void evtchn_fifo_adopt(struct domain *d);
/* Back to the 2-level ABI; gives back all memory of the guest's. */
void evtchn_fifo_reset(struct domain *d);

#endif
