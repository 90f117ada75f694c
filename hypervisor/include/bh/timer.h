/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Software timers: one queue a CPU, ordered by deadline, over the CPU's one-shot hardware timer. Deadlines are
 * absolute, in ticks of the system counter.
 */
#ifndef BH_TIMER_H
#define BH_TIMER_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct cpu;

#define TIMER_NEVER UINT64_MAX

/* What happens at the deadline. */
enum timer_kind {
    TIMER_SLICE,     /* the current vCPU's slice ends; owner: struct cpu */
    TIMER_REFILL,    /* a domain that has spent its cap may run again; owner: struct cpu */
    TIMER_WINDOW,    /* a window of a schedule ends, or a turn in it; owner: struct cpu */
    TIMER_WATCHDOG,  /* a domain's watchdog; owner: struct domain */
    TIMER_SBSA_WATCHDOG, /* a domain's SBSA watchdog; the same */
    TIMER_START,     /* a domain has waited long enough for another; owner: struct domain */
    /* Those of vCPUs come last. */
    TIMER_VTIMER,    /* a descheduled vCPU's virtual timer; owner: struct vcpu */
    TIMER_PTIMER,    /* a vCPU's emulated physical timer; owner: struct vcpu */
    TIMER_VLAPIC,    /* a vCPU's local APIC timer; owner: struct vcpu */
    TIMER_SINGLESHOT, /* a vCPU's single-shot timer of vcpu_op; owner: struct vcpu */
    TIMER_PERIODIC,  /* its periodic one; the same */
    TIMER_POLL,      /* ends a vCPU's SCHEDOP_poll; owner: struct vcpu */
};

struct timer {
    uint64_t deadline;   /* [lock queue] */
    struct timer *next, *prev; /* [lock queue] */
    struct timer_queue *queue; /* [lock queue] where it is armed; NULL: it is not */
    void *owner;         /* [boot] */
    uint8_t kind;        /* [boot] enum timer_kind */
    bool running;        /* [atomic] its action runs now */
};

struct timer_queue {
    struct spinlock lock;
    struct timer *first;
};

void timer_init(struct timer *t, enum timer_kind kind, void *owner);
/*
 * Arms T on the calling CPU, moving it from where it was; TIMER_NEVER disarms it. A deadline in the past fires as soon
 * as interrupts are taken again. Bound: one look at each timer armed on this CPU, at most three a vCPU, four
 * a domain, and three more.
 */
void timer_set(struct timer *t, uint64_t deadline);
/*
 * After it returns, T's action does not run and does not start any more: waits for one that runs on another CPU. Not
 * from T's own action. Two CPUs never set or cancel one timer at a time.
 */
void timer_cancel(struct timer *t);
/* The hardware timer of this CPU fired: runs what is due, at most as many as were armed; re-arms the hardware. */
void timer_expire(struct cpu *cpu);

#endif
