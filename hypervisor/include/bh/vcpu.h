/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual CPUs: what one is, how it blocks, wakes, goes on and off line, and the only way out of the hypervisor.
 *
 * The registers of a vCPU are not in here: they live in frames of their own (arch_vcpu.state), mapped by the CPU
 * that runs the vCPU and by no other.
 */
#ifndef BH_VCPU_H
#define BH_VCPU_H

#include "arch/arch_types.h"
#include "bh/cpu.h"
#include "bh/evtchn.h"
#include "bh/runstate.h"
#include "bh/sched.h"
#include "bh/types.h"

struct cpu;
struct domain;

/* As the guest is told of them. */
enum vcpu_state {
    VCPU_RUNNING = RUNSTATE_running,   /* its state is loaded on vcpu.sched.cpu */
    VCPU_RUNNABLE = RUNSTATE_runnable, /* could run; no CPU is about to run it */
    VCPU_BLOCKED = RUNSTATE_blocked,   /* waits for an interrupt */
    VCPU_OFFLINE = RUNSTATE_offline,   /* not started, or turned itself off; only vcpu_online() brings it back */
};

struct vcpu {
    struct domain *domain;   /* [boot] */
    uint16_t id;             /* [boot] index in domain.vcpus */
    uint8_t state;           /* enum vcpu_state; changed under the scheduler's lock, read [atomic] */
    bool kicked;             /* [atomic] something was posted since it last looked, see vcpu_block_current() */
    bool is_narrow;          /* [cpu] the hypercall that it makes is one of 32-bit code */
    struct sched_unit sched; /* [lock sched] */
    struct runstate runstate;
    struct evtchn_vcpu evtchn;
    struct timer poll_timer; /* ends its SCHEDOP_poll */
    struct arch_vcpu arch;
};

/* Does V run on one CPU for life, sched.cpu, because it owns that or is in a schedule? */
static inline bool sched_is_apart(const struct vcpu *v)
{
    return CONFIG_TIME_WINDOWS ? v->sched.is_apart : v->sched.owns_cpu;
}

/* Is it time for V, which may be in a schedule? For the CPU that has it; for others a hint. */
static inline bool sched_is_time(const struct vcpu *v)
{
    return !CONFIG_TIME_WINDOWS || v->sched.place == 0 || v->sched.cpu->sched.open_place == v->sched.place;
}

/* May V run on CPU, if nobody owns that? A hint without the scheduler's lock. */
static inline bool sched_may_use(const struct vcpu *v, const struct cpu *cpu)
{
    return cpuset_has(&v->sched.affinity, cpu->id);
}

/*
 * New vCPU of D, off line, scheduled as sched_vcpu_init() says. On success it is in D->vcpus[ID].
 * -XEN_ENOMEM: no memory. -XEN_EINVAL: ID is beyond D's limit, or no CPU may run it. -XEN_EEXIST: ID is in use.
 */
MUST_USE int vcpu_create(struct domain *d, unsigned id, struct cpu *own_cpu, const cpuset_t *affinity,
                         struct vcpu **out);
/* Frees V and its state frames. V must not be running. */
void vcpu_destroy(struct vcpu *v);

/* Let an off-line vCPU run from the state that arch_vcpu_reset() gave it. -XEN_EBUSY: it is not off line. */
MUST_USE int vcpu_online(struct vcpu *v);
/* The current vCPU turns itself off; takes effect in vcpu_leave(). */
void vcpu_offline_current(void);
/* The current vCPU waits for an interrupt; takes effect in vcpu_leave(), which finds one that came meanwhile. */
void vcpu_block_current(void);
/*
 * The current vCPU waits for one of PORT_COUNT event channels, or until DEADLINE (TIMER_NEVER: for ever), or for an
 * interrupt. Takes effect in vcpu_leave(). -XEN_EINVAL: a port is not there.
 */
MUST_USE int vcpu_poll_current(const uint32_t *ports, unsigned port_count, uint64_t deadline);
/* The current vCPU lets others go first. */
void vcpu_yield_current(void);

/*
 * Something was posted to V (an interrupt, a shutdown): make sure that V, or the CPU that runs it, notices. The
 * posting store must come before the call. Any locks below LOCK_SCHED may be held.
 */
void vcpu_kick(struct vcpu *v);

/* The only way out to a guest: settles pending work and names the next vCPU; returns when one is loaded. */
void vcpu_leave_slow(struct cpu *cpu);

static ALWAYS_INLINE void vcpu_leave(struct cpu *cpu)
{
    if (unlikely(cpu->work != 0)) {
        vcpu_leave_slow(cpu);
    }
}

#endif
