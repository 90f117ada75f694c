/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical CPUs. One struct cpu each, reached by its own CPU through this_cpu(); others read the id and post
 * requests, nothing else.
 */
#ifndef BH_CPU_H
#define BH_CPU_H

#include "arch/arch_types.h"
#include "bh/sched.h"
#include "bh/timer.h"
#include "bh/types.h"

struct vcpu;

/* What vcpu_leave() has to settle before the CPU may go back to a guest. */
#define WORK_RESCHED BIT(0) /* another vCPU may deserve this CPU, or the current one may not go on */
#define WORK_VIRQ    BIT(1) /* interrupts were posted to the current vCPU from elsewhere */
#define WORK_REAP    BIT(2) /* a domain is waiting to be taken apart */

/* What is counted, with CONFIG_COUNTERS: bh/counters.h. */
enum cpu_counter {
    COUNTER_TRAPS,      /* a guest's instructions that came to the hypervisor */
    COUNTER_INTERRUPTS, /* that took the CPU from a guest */
    COUNTER_SWITCHES,   /* from one vCPU, or idleness, to another */
    CPU_COUNTER_COUNT,
};

struct cpu {
    struct vcpu *current;   /* [cpu] whose state is loaded; NULL: idle */
    uint32_t work;          /* [cpu] WORK_*, settled by vcpu_leave() */
    uint32_t requests;      /* [atomic] WORK_*, posted by other CPUs before they kick this one */
    uint16_t id;            /* [boot] 0 .. cpu_count - 1, in the order of the device tree, boot CPU first */
    bool online;            /* [atomic] has reached the scheduler */
    struct timer_queue timers; /* [lock timers.lock] */
    struct sched_cpu sched;    /* [lock sched] */
    uint8_t window_count;       /* [cpu] windows open now; they close in reverse order */
    uint8_t block_window_count; /* [cpu] */
    uint16_t held_level[8]; /* [cpu] debug: levels of the locks held, in order */
    uint8_t held_count;
    uint32_t counters[CONFIG_COUNTERS ? CPU_COUNTER_COUNT : 1]; /* [cpu], read [atomic] */
    struct arch_cpu arch;
};

/* Indexed by CPU id. [boot] */
extern struct cpu *cpu_table[CONFIG_MAX_CPUS];
extern unsigned cpu_count;

static ALWAYS_INLINE struct cpu *this_cpu(void)
{
    return arch_this_cpu();
}

static inline cpuset_t cpuset_all(void)
{
    cpuset_t all = { { 0 } };

    for (unsigned i = 0; i < cpu_count; i++) {
        cpuset_add(&all, i);
    }
    return all;
}

/* Is CPU not shared, because it has an owner or a schedule? */
static inline bool cpu_is_apart(const struct cpu *cpu)
{
    return CONFIG_TIME_WINDOWS ? cpu->sched.is_apart : cpu->sched.owner != NULL;
}

static inline bool cpu_is_idle(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) == NULL && __atomic_load_n(&cpu->online, __ATOMIC_RELAXED);
}

/* A struct for CPU number ID, in cpu_table; not online yet. NULL: no memory, or too many. Boot only. */
struct cpu *cpu_create(unsigned id);
/* The same for the boot CPU, whose struct exists before there is a heap. */
void cpu_init(struct cpu *cpu, unsigned id);

/*
 * Ask CPU to settle WORK soon: at its next exit, or at once by an interrupt if it runs a guest or sleeps.
 * May be called with locks held. For the calling CPU itself it only sets the bits.
 */
void cpu_request(struct cpu *cpu, uint32_t work);

#endif
