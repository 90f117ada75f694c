/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC of a vCPU (Intel SDM volume 3A, chapter 10; AMD APM volume 2, chapter 16), in xAPIC and in
 * x2APIC mode. An APIC ID is the vCPU's number. All interrupts are edges here; TMR says what the I/O APIC says of them, if
 * there is one (bh/vioapic.h), which looks itself whether one has ended.
 *
 * Who may touch what: other CPUs only set bits of IRR and of the errors to come, and read what decides whether an
 * interrupt is for this APIC. All else belongs to the CPU that runs the vCPU. There is no lock.
 */
#ifndef BH_VLAPIC_H
#define BH_VLAPIC_H

#include "bh/timer.h"
#include "bh/types.h"

struct vcpu;

#define VLAPIC_MSR_BASE         0x1bu  /* IA32_APIC_BASE */
#define VLAPIC_MSR_TSC_DEADLINE 0x6e0u /* IA32_TSC_DEADLINE */
#define VLAPIC_MSR_X2APIC_FIRST 0x800u
#define VLAPIC_MSR_X2APIC_LAST  0x8ffu
#define VLAPIC_MSR_EOI          0x80bu
#define VLAPIC_MSR_ICR          0x830u
/* Where the page of registers is in xAPIC mode; it cannot be moved. */
#define VLAPIC_PAGE_ADDRESS     0xfee00000u
/* A periodic timer's expiries are at least this far apart, whatever the guest asks for. */
#define VLAPIC_MINIMUM_PERIOD_NS 10000u

/* Entries of the local vector table, in the order of their registers. */
enum vlapic_lvt {
    VLAPIC_LVT_TIMER,
    VLAPIC_LVT_THERMAL,
    VLAPIC_LVT_PERFORMANCE,
    VLAPIC_LVT_LINT0,
    VLAPIC_LVT_LINT1,
    VLAPIC_LVT_ERROR,
    VLAPIC_LVT_COUNT,
};

struct vlapic {
    uint32_t irr_words;     /* [atomic] bit N: irr[N] may have bits; never clear while it has */
    uint32_t irr[8];        /* [atomic] requested; set from any CPU, cleared by its own */
    uint32_t isr_words;     /* [cpu] bit N: isr[N] has bits */
    uint32_t isr[8];        /* [cpu] in service */
    uint8_t tpr;            /* [cpu] task priority */
    bool is_enabled;        /* [atomic] by IA32_APIC_BASE and by SVR; written by its own CPU */
    uint16_t lowest_next;   /* [cpu] where its search for a lowest-priority target begins */
    uint64_t base;          /* [atomic] IA32_APIC_BASE, written by its own CPU */
    uint64_t icr;           /* [cpu] */
    uint32_t svr;           /* [cpu] */
    uint32_t lvt[VLAPIC_LVT_COUNT]; /* [atomic] written by its own CPU */
    uint32_t esr;           /* [cpu] as the guest reads it */
    uint32_t errors;        /* [atomic] since the guest last wrote to ESR */
    uint32_t ldr, dfr;      /* [atomic] of xAPIC mode, written by its own CPU */
    /*
     * The timer. Its action runs on whatever CPU armed it last. The vCPU's CPU takes the timer before it changes any of
     * this; then no action runs, and none is armed.
     */
    bool timer_is_taken;    /* [atomic] the action is to leave it unarmed */
    uint32_t timer_divide;  /* [cpu] divide configuration register */
    uint32_t timer_initial; /* [cpu] initial count register */
    uint64_t timer_period;  /* ticks of the initial count */
    uint64_t timer_deadline;     /* [atomic] in ticks of arch_time_now(); TIMER_NEVER: stopped */
    uint64_t timer_tsc_deadline; /* [atomic] IA32_TSC_DEADLINE; 0: none */
    struct timer timer;
};

/* The APIC ID of V. */
uint32_t vlapic_id(const struct vcpu *v);

/* Once, before any other call; V is in the state of vlapic_reset() then. */
void vlapic_init(struct vcpu *v);
/*
 * The state after power-up (SDM 3A 10.4.7.1): xAPIC mode, enabled by IA32_APIC_BASE and disabled by SVR, nothing
 * pending, timer stopped. By the CPU that runs V, or while V is off line.
 */
void vlapic_reset(struct vcpu *v);
/* The same for INIT: IA32_APIC_BASE stays as it is (SDM 3A 10.4.7.3, 10.12.5.1). */
void vlapic_reset_by_init(struct vcpu *v);
/* Stops V's timer for good; its action does not run after that. V runs nowhere. */
void vlapic_stop(struct vcpu *v);

/*
 * The current vCPU accesses register OFFSET of its page, 32 bits. What is no register reads as zero, ignores writes and
 * is an error for ESR. -XEN_EINVAL: not in xAPIC mode, when nobody has that page, or OFFSET is no multiple of 16 in it.
 */
MUST_USE int vlapic_read(struct vcpu *v, unsigned offset, uint32_t *value);
/* The same. Bound of a write to ICR: a look at each vCPU of the domain. */
MUST_USE int vlapic_write(struct vcpu *v, unsigned offset, uint32_t value);
/*
 * The current vCPU accesses MSR, one of those above. -XEN_EINVAL: #GP(0), for a register that is not there or not in
 * this mode, reserved bits, or a change of mode that there is not.
 */
MUST_USE int vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
MUST_USE int vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value);

/*
 * An edge of interrupt VECTOR for V, from any CPU; V is kicked. It is kept while the APIC is disabled by software. A
 * vector below 16 is an error for V's ESR instead.
 */
void vlapic_post(struct vcpu *v, uint8_t vector);
/*
 * The vector to inject now: the highest that is requested, if its class is above the processor priority. -1: there is
 * none, or the APIC is disabled. By V's own CPU, or as a hint. One load when nothing is requested.
 */
int vlapic_pending(const struct vcpu *v);
/* The highest vector that is requested, if nothing but the task priority keeps it away; else -1. By V's own CPU. */
int vlapic_kept_by_task_priority(const struct vcpu *v);
/* V takes VECTOR, of vlapic_pending(): it is in service now. */
void vlapic_accept(struct vcpu *v, uint8_t vector);

/* Is VECTOR neither requested nor in service? By V's own CPU. */
bool vlapic_has_ended(const struct vcpu *v, uint8_t vector);
/*
 * The first of D's vCPUs from number FROM on, with an APIC that listens, whom an I/O APIC's entry names by ID: its number
 * (all, if that is 0xff), or a logical destination of 8 bits. NULL: there is none. Bound: a look at each vCPU.
 */
struct domain;
struct vcpu *vlapic_find_named(const struct domain *d, uint32_t id, bool is_logical, unsigned from);

/* TIMER_VLAPIC of V is due. Any CPU, by the timer's action only. */
void vlapic_timer_expired(struct vcpu *v);

#endif
