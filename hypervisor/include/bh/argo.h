/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argo (argo.h of Xen): messages that the hypervisor copies from one domain's memory into a ring in another's. A ring
 * is in pages that its owner named when it registered it, each of which has a reference until the ring is closed.
 *
 * The owner says in its ring how far it has read; that is the owner's to write at any time, so it is read once for each
 * use and never trusted to be more than a number. How far the ring is written is remembered here, and only told to the
 * owner.
 *
 * One lock a domain, LOCK_ARGO, for the rings that it owns; whoever sends takes the receiver's. Two at a time are never
 * needed. It is held for at most ARGO_STEP_PAGES pages of copying, or ARGO_CLOSE_STEP of giving back.
 */
#ifndef BH_ARGO_H
#define BH_ARGO_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;
struct vcpu;

/* Domains that wait for room in a ring; entries of one notify. As Xen has them. */
#define ARGO_WAITING_MAX 32
#define ARGO_NOTIFY_MAX  256
/* Pages that are looked up or copied, and pages that are given back, in one step. */
#define ARGO_STEP_PAGES  16
#define ARGO_CLOSE_STEP  256

/* DOMID is told when a message of LENGTH bytes has room. */
struct argo_waiting {
    uint32_t length;
    uint16_t domid;
    uint16_t reserved;
};

/* A message that is being copied in more than one step. Any other message that arrives first ends it. */
struct argo_partial {
    uint32_t length;         /* of the message */
    uint32_t done;           /* bytes of it; 0: there is none */
    uint16_t domid, vcpu;    /* who sends it */
};

struct argo_ring {
    uint32_t length;         /* bytes of messages that go around */
    uint32_t tx;             /* where the next message begins */
    uint32_t page_count;     /* of PAGE, each with a reference */
    uint32_t page_limit;     /* what PAGE has room for: the pages of a ring of LENGTH */
    uint16_t builder;        /* ARGO_BUILDING: the vCPU that registers it */
    uint16_t waiting_count;  /* of WAITING */
    struct argo_partial partial;
    struct argo_waiting waiting[ARGO_WAITING_MAX];
    uint32_t page[];         /* machine frames */
};

enum argo_state {
    ARGO_BUILDING, /* its pages are being looked up; nobody can send to it */
    ARGO_LIVE,
    ARGO_CLOSING,  /* its pages are being given back; nobody can find it */
};

struct argo_slot {
    struct argo_ring *ring;  /* NULL: free */
    uint32_t port;
    uint16_t partner;        /* who may send, or XEN_ARGO_DOMID_ANY */
    uint8_t state;           /* enum argo_state */
};

/* A domain's part; made when it first registers a ring. [lock lock] */
struct argo_domain {
    struct spinlock lock;    /* LOCK_ARGO */
    uint32_t slot_end;       /* no slot from here on is in use */
    struct argo_slot slot[CONFIG_MAX_ARGO_RINGS];
};

/* ---- Life ---- */

/*
 * Closes some of dying D's rings, and of the others' that only D may send to; takes D off the lists of who waits. True:
 * nothing is left. Bound: the rings of one domain, ARGO_CLOSE_STEP pages.
 */
bool argo_domain_close(struct domain *d);
void argo_domain_free(struct domain *d);

/* ---- Between the files of Argo ---- */

/* A ring of D's by its place, for D's lock is held: NULL if no live one is there. */
static inline struct argo_ring *argo_live_at(const struct argo_domain *a, uint32_t index)
{
    return index < a->slot_end && a->slot[index].state == ARGO_LIVE ? a->slot[index].ring : NULL;
}

/*
 * The place of the ring that a message from SENDER to PORT goes to: one that is for SENDER only, else one for all.
 * ARGO_NO_SLOT: there is none. The lock is held. Bound: a look at each slot.
 */
#define ARGO_NO_SLOT UINT32_MAX
uint32_t argo_match(const struct argo_domain *a, uint32_t port, uint16_t sender);
/*
 * Operation A of V stops here, to go on at PROGRESS, which says something to the operation only. The answer is
 * HYPERCALL_RESTART.
 */
int64_t argo_restart(struct vcpu *v, uint64_t *a, uint32_t progress);

/*
 * The running domain ID, if SENDER may send to it, until domain_put(). -XEN_ESRCH: there is none. -XEN_EPERM: policy.
 */
MUST_USE int argo_get_receiver(struct domain *sender, uint16_t id, struct domain **receiver);
/* Where ring R is read, as its owner says in window W on its first page; always a place where a message can begin. */
struct xen_argo_ring;
uint32_t argo_read_position(const struct argo_ring *r, const struct xen_argo_ring *w);
/* Bytes from where R is written to where it is read. */
uint32_t argo_room(const struct argo_ring *r, uint32_t read_position);
/* Has a message of LENGTH bytes room there? It never fills a ring, or a full one would look like an empty one. */
bool argo_fits(uint32_t room, uint32_t length);
/* DOMID waits for room for LENGTH bytes. -XEN_EBUSY: ARGO_WAITING_MAX others do. */
MUST_USE int argo_wait(struct argo_ring *r, uint16_t domid, uint32_t length);
/* DOMID does not wait any more. */
void argo_wait_end(struct argo_ring *r, uint16_t domid);

/* XEN_ARGO_OP_sendv and _notify of V with arguments A, from PROGRESS on (0: from the start). As a hypercall. */
int64_t argo_send(struct vcpu *v, uint64_t *a, uint32_t progress);
int64_t argo_notify(struct vcpu *v, uint64_t *a, uint32_t progress);

#endif
