/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: which vCPU runs on which CPU. One interface, a policy in each file:
 *
 *   sched_pinned.c  a vCPU that owns its CPU: nothing else runs there, no tick, WFI is not even trapped
 *   sched_windows.c CPUs whose time is divided among partitions by the clock
 *   sched_fair.c    all others share the CPUs that are left, by weight
 *   sched_cap.c     how much a domain gets of them at most
 *
 * Which CPUs a vCPU may use is sched_affinity.c's. A policy only ranks; the states of vCPUs change here (sched.c), under
 * one lock.
 */
#ifndef BH_SCHED_H
#define BH_SCHED_H

#include "bh/spinlock.h"
#include "bh/timer.h"
#include "bh/types.h"

struct cpu;
struct domain;
struct vcpu;

/* A set of physical CPUs. */
#define CPUSET_WORDS ((CONFIG_MAX_CPUS + 63) / 64)
typedef struct { uint64_t word[CPUSET_WORDS]; } cpuset_t;

static inline bool cpuset_has(const cpuset_t *s, unsigned cpu)
{
    return (s->word[cpu / 64] & BIT(cpu % 64)) != 0;
}

static inline void cpuset_add(cpuset_t *s, unsigned cpu)
{
    s->word[cpu / 64] |= BIT(cpu % 64);
}

static inline cpuset_t cpuset_and(const cpuset_t *a, const cpuset_t *b)
{
    cpuset_t both;

    for (unsigned i = 0; i < CPUSET_WORDS; i++) {
        both.word[i] = a->word[i] & b->word[i];
    }
    return both;
}

/* The pool of CPUs that are in none: nothing runs there. */
#define SCHED_NO_POOL UINT8_MAX

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535

/* What the current vCPU wants when it leaves its CPU; settled by sched_switch(). */
enum sched_intent {
    INTENT_RUN,     /* go on */
    INTENT_YIELD,   /* go on, after others */
    INTENT_BLOCK,   /* sleep until an interrupt */
    INTENT_OFFLINE, /* stop until vcpu_online() */
};

/* The scheduler's part of a vCPU. */
struct sched_unit {
    struct cpu *cpu;           /* where it runs or ran last */
    struct vcpu *next, *prev;  /* run queue, ordered by vtime; of one in a schedule NEXT: its partition's vCPUs */
    uint64_t vtime;            /* weighted ticks consumed: the smaller, the sooner it runs */
    uint64_t started;          /* when it was last charged */
    cpuset_t affinity;         /* CPUs that it may use: */
    cpuset_t asked;            /* what it was told to use, as far as that is in its pool; if nothing is, all of the pool */
    cpuset_t preferred;        /* of those, CPUs where it goes if they are idle */
    struct cpu *sole;          /* in a pool without sharing: the CPU that it has there; NULL: it waits for one */
    uint16_t weight;
    uint8_t pool;              /* its domain's */
    uint8_t intent;            /* [cpu] enum sched_intent */
    bool is_capped;            /* its domain has a cap, and it shares CPUs */
    bool queued;
    bool loaded;               /* [atomic] a CPU has its registers, though it may have lost that CPU already */
    uint16_t passed_over_by;   /* [atomic] the CPU that would have taken it but for that, plus 1; 0: none */
    bool owns_cpu;             /* [boot] pinned: sched.cpu is its own */
    bool is_apart;             /* [boot] that, or it is in a schedule: sched.cpu is where it runs, and nowhere else */
    uint8_t place;             /* [boot] its partition's in the schedule; 0: it is in none */
};

/* The scheduler's part of a domain: its cap. */
struct sched_cap {
    uint16_t percent;          /* of one CPU's time, for all its vCPUs that share CPUs; 0: all that they get */
    bool is_spent;             /* it runs no more in this period, and is in the list of those */
    int64_t budget;            /* ticks left in this period; negative: taken from the next ones */
    uint64_t refill_at;        /* when the next period begins */
    struct domain *next;       /* in that list */
};

/* The scheduler's part of a CPU. */
struct sched_cpu {
    struct vcpu *owner;        /* the vCPU that owns this CPU, or NULL */
    struct scheduled_cpu *schedule; /* [boot] its part in the schedule that has it (sched_windows.c), or NULL */
    bool is_apart;             /* one of both: it is not shared */
    uint8_t open_place;        /* in a schedule: whose window it is; 0: nobody's */
    uint8_t pool;              /* the pool that it is in (bh/cpupool.h), or SCHED_NO_POOL */
    struct vcpu *sole_of;      /* in a pool without sharing: who has it */
    struct timer slice;        /* [cpu] ends the current vCPU's turn; armed when somebody waits for this CPU */
    struct timer refill;       /* [cpu] a domain that has spent its cap may run again */
    bool contended;            /* [atomic] somebody waited at the last pick: the turn that begins there has an end */
    bool slice_is_over;        /* [cpu] it fired since the last pick */
    uint8_t postponed;         /* [cpu] how often the present turn was prolonged, see sched_slice_expired() */
    bool same_domain;          /* [cpu] what it has let go and what it runs are one domain's: its users stay the same */
    uint64_t idle_since;       /* [lock sched] ticks: nothing ran from then on, if nothing runs; before that, */
    uint64_t idle;             /* [lock sched] ticks without anything to run */
    struct cpu *heir;          /* [cpu] who should look at the vCPU that this CPU has just let go, or NULL */
};

/* For each CPU before it runs. */
void sched_cpu_init(struct cpu *cpu);

/*
 * New vCPU V, off line. OWN_CPU: it owns that CPU, or NULL: it shares those in AFFINITY by WEIGHT.
 * -XEN_EINVAL: AFFINITY holds no CPU of this board. -XEN_EBUSY: the CPU is owned already.
 */
MUST_USE int sched_vcpu_init(struct vcpu *v, struct cpu *own_cpu, const cpuset_t *affinity, uint16_t weight);
/* Is there a CPU that V may use and that nobody else owns? After all vCPUs are there. */
bool sched_can_run(const struct vcpu *v);
void sched_vcpu_remove(struct vcpu *v);
/* How long V was in which state up to the last change. */
struct runstate;
void sched_runstate(const struct vcpu *v, struct runstate *out);

/* V is to run if it is in state FROM: true if it was. May preempt what runs on some CPU. */
bool sched_wake(struct vcpu *v, uint8_t from);

/*
 * The way from one vCPU to the next, on the calling CPU: picks what runs next and says whether it is another than
 * before. If so the caller unloads the old one, calls sched_release() for it, and loads the new one.
 */
bool sched_pick(struct cpu *cpu, struct vcpu **next);
/*
 * The vCPU that was picked is loaded: its turn begins now. Not earlier, or a CPU that had to wait for the scheduler's
 * lock longer than a slice would never run anything.
 */
void sched_begin_turn(struct cpu *cpu);
/* The registers of V, which the calling CPU ran before the last sched_pick(), are saved: others may take it. */
void sched_release(struct vcpu *v);

/*
 * V's domain is dying: V will not be picked again. What runs on another CPU is asked to stop; sched_release() will
 * count it out.
 */
void sched_stop(struct vcpu *v);

/*
 * D does not run until it was unpaused as often as it was paused. Its vCPUs leave their CPUs soon after: they have when
 * sched_domain_is_loaded() says no. Bound: D's vCPUs.
 */
void sched_pause(struct domain *d);
/* False: D was not paused. */
bool sched_unpause(struct domain *d);
/* Has some CPU the registers of a vCPU of D? */
bool sched_domain_is_loaded(const struct domain *d);

/* Where V may run, and where it should. */
void sched_affinity(const struct vcpu *v, cpuset_t *may, cpuset_t *preferred);
/*
 * V runs on the CPUs MAY from now on, and on PREFERRED ones among them while they are idle. -XEN_EINVAL: nobody shares a
 * CPU of MAY, or none of PREFERRED is there. -XEN_EBUSY: V owns its CPU.
 */
MUST_USE int sched_set_affinity(struct vcpu *v, const cpuset_t *may, const cpuset_t *preferred);
/* D's share of CPU time, in vCPUs' weights. Bound: its vCPUs. */
void sched_set_weight(struct domain *d, uint16_t weight);
/* D's vCPUs that share CPUs get PERCENT of the time of one at most, all together; 0: as much as they can. */
void sched_set_cap(struct domain *d, uint16_t percent);
/* CPU's timer for that: domains whose next period has begun run again. Bound: these, and their vCPUs. */
void sched_refill(struct cpu *cpu);
/*
 * D is in pool POOL from now on, and its vCPUs may use all CPUs of that. -XEN_EBUSY: one of them owns its CPU.
 * Bound: its vCPUs.
 */
MUST_USE int sched_move_domain(struct domain *d, uint8_t pool);
/* CPU, which nobody owns, is in POOL from now on; what runs there that may not any more leaves it soon. */
void sched_move_cpu(struct cpu *cpu, uint8_t pool);
/* CPUs came to D's pool or went: which of them its vCPUs may use is found anew. Bound: its vCPUs. */
void sched_pool_changed(struct domain *d);
/* In POOL, which has no domain yet, each vCPU has a CPU that no other one of it has, or waits for one; or not. */
void sched_set_sole(uint8_t pool, bool is);
/* How long nothing ran on CPU, in nanoseconds. */
uint64_t sched_idle_ns(const struct cpu *cpu);

/* May CPU take a step to take a domain apart? If not it is another's. */
bool sched_may_reap(const struct cpu *cpu);
/* CPU has work left that can wait (cpu->work) and a guest that can't: sees to it that the work goes on soon. */
void sched_defer_work(struct cpu *cpu);

/* The slice of CPU's current vCPU ended. */
void sched_slice_expired(struct cpu *cpu);

/* ---- Between sched.c, sched_affinity.c and the policies; each call with the scheduler's lock held ---- */

/* LOCK_SCHED: the states of vCPUs, the run queue, and who has which CPU. */
extern struct spinlock sched_lock;

/* Each CPU of CPUS is to look at what it should run; also without the lock. */
void sched_request_all(const cpuset_t *cpus);
/* Finds which CPUs V may use: of those that it was told to, the ones in its pool; or else all of that. Bound: CPUs. */
void sched_confine(struct vcpu *v);

/* V waits, and may use no CPU: has it found one in a pool without sharing? Bound: CPUs. */
bool sched_find_sole(struct vcpu *v);
/* V goes: another may have the CPU that it had in such a pool. Who is to look is added to TARGETS. Bound: who waits. */
void sched_forget_sole(struct vcpu *v, cpuset_t *targets);

/* What runs next on a CPU that has an owner; OLD runs there now (or NULL), and may go on if OLD_GOES_ON. */
struct vcpu *sched_pinned_pick(const struct cpu *cpu, struct vcpu *old, bool old_goes_on);

/* The counter's frequency is known. */
void sched_fair_init(void);
/* Charges the time since V was last charged. True: to a cap of its domain's too. */
bool sched_fair_charge(struct vcpu *v, uint64_t now);
/* V slept and will wait for TARGET, or for another CPU: gives it a virtual time among those that are there. */
void sched_fair_rank(struct vcpu *v, const struct cpu *target, uint64_t now);
/* WINNER was preferred to LOSER: it was not denied more than two of LOSER's turns. WINNER is not queued any longer. */
void sched_fair_level(struct vcpu *winner, const struct vcpu *loser);
/* V waits. At most one look at each that does. */
void sched_fair_enqueue(struct vcpu *v);
void sched_fair_dequeue(struct vcpu *v);
/* The best queued vCPU for CPU, or NULL. At most one look at each that waits. */
extern struct vcpu *sched_fair_first;
struct vcpu *sched_fair_find(const struct cpu *cpu);
static inline struct vcpu *sched_fair_best(const struct cpu *cpu)
{
    return sched_fair_first == NULL ? NULL : sched_fair_find(cpu);
}
/* Does WAITING deserve the CPU that RUNNING has now? EXPIRED: RUNNING's slice is over, or it yields. */
bool sched_fair_preempts(const struct vcpu *waiting, const struct vcpu *running, bool expired);
/* Where V, which wakes up, should go: a CPU to be asked to reschedule, or NULL when there is none. */
struct cpu *sched_fair_place(const struct vcpu *v);
/* V lost the calling CPU to another: a different one that is idle, or does not know yet that somebody waits; or NULL. */
struct cpu *sched_fair_place_again(const struct vcpu *v);
/* A CPU other than OTHER_THAN that is idle while a vCPU waits that may use it, or NULL. */
struct cpu *sched_fair_idle(const struct cpu *other_than);
/* Ticks of one turn. */
uint64_t sched_fair_slice(void);

/* D has a new cap, and the whole of it. */
void sched_cap_set(struct domain *d, uint16_t percent, uint64_t now);
/* A vCPU of D, which has a cap, ran so many ticks. */
void sched_cap_charge(struct domain *d, uint64_t ran);
/* Has D, which has a cap, just spent it? Then it is in the list of those: its vCPUs may not run. */
bool sched_cap_is_reached(struct domain *d, uint64_t now);
/* D is in that list no more, if it was. Bound: those in it. */
void sched_cap_forget(struct domain *d);
/* Takes one from the list that may run again; NULL: there is none. */
struct domain *sched_cap_next(uint64_t now);
/* When the next one may; TIMER_NEVER: the list is empty. */
uint64_t sched_cap_earliest(void);
/* How long a turn of D's may last that would last TURN ticks. A hint without the lock. */
uint64_t sched_cap_turn(const struct domain *d, uint64_t turn);

#endif
