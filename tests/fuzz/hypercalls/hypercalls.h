/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some domains on a simulated board, and what makes hypercalls of an input's bytes for them. Which domains there are,
 * and who may reach whom, each target says. A domain that has died is replaced.
 */
#ifndef BH_FUZZ_HYPERCALLS_H
#define BH_FUZZ_HYPERCALLS_H

#include "support/fuzz.h"

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "hypervisor/arch/host/host.h"

#define CPUS    3
#define RAM_MIB 16
#define FRAMES  (MIB(RAM_MIB) >> PAGE_SHIFT)

/* A domain's address space: its pages begin with some for arguments; PLACE is where nothing is at first. */
#define BASE           0x40000000UL
#define BASE_GFN       (BASE >> PAGE_SHIFT)
#define PAGES          32
#define ARGUMENT_PAGES 4
#define PLACE_GFN      0x38000UL
#define PLACES         64

/* ---- The input (board.c) ---- */

extern const uint8_t *input;
extern size_t input_left;
unsigned byte(void);
/* Up to 8 bytes. */
uint64_t number(void);
/* True once in N times. */
bool once_in(unsigned n);

/* ---- What is a target's own (fuzz_hypercalls.c, fuzz_control.c) ---- */

extern const struct role {
    char name[8];
    uint8_t vcpu_count, capabilities;
    bool has_console, is_managed;
    bool last_is_narrow; /* its last vCPU is 32-bit code. Its domain is what the last one said that set a parameter. */
    const struct role *target; /* what it is a device model of */
} roles[];
extern const unsigned role_count;
/* There is a domain that controls others, and calls are about others more often. */
extern const bool has_control;
/* May these reach each other? */
bool are_peers(const struct domain *a, const struct domain *b);
/* The domain's last page has the secret; nobody writes it meanwhile. */
bool is_secretive(const struct domain *d);
/* Whom D would name. */
uint16_t any_domid(const struct domain *d);
/* A call by V is made now, and was made with that result. CALM: nobody changed its arguments meanwhile. */
struct call;
void call_begins(struct vcpu *v, const struct call *c, bool calm);
void call_ends(struct vcpu *v, const struct call *c, bool calm, int64_t result);
/* What else is true after each step. */
void audit_more(void);

/* ---- The board and its domains (board.c) ---- */

/* role_count if it has none: another domain made it. */
unsigned role_of(const struct domain *d);
/* A running domain of that role, or NULL. */
struct domain *domain_of(unsigned role);
/* The domain ID in the table, whatever its phase, or NULL. */
struct domain *domain_by_id(uint16_t id);
void board_begin(void);
/* Adds what domains are missing, if there is room. */
void board_replace(void);
/* All end; then everything is back. */
void board_finish(void);

/* ---- Steps (step.c) ---- */

/* A vCPU that runs, on the CPU that is said or the next one that has any; or NULL. */
struct vcpu *run_some(unsigned cpu);
/* Gives D's pages for arguments back to it: without them it can do nothing any more. */
void step_repair(struct domain *d);
/* What one input says, but for the end of the domains. */
void steps(const uint8_t *data, size_t size);

/* ---- The audit (audit.c) ---- */

void audit(void);
/* No byte of a secretive domain's secret is in another's memory. */
void audit_secret(void);
extern const char secret[16];
/* How many mappings others have of pages of D, that they need no grant for. As audit() counted them. */
unsigned audit_lent(const struct domain *d);

/* ---- Calls (call.c) ---- */

struct call {
    uint64_t number, a[6];
    /* A list whose elements have a status each: where the first is; 0: none. */
    uint64_t status_at;
    unsigned status_stride, status_count;
};

/* Room for SIZE bytes of arguments, mostly a good one. */
uint64_t room(size_t size);
/* Writes the guest's memory. */
void put(struct vcpu *v, uint64_t at, const void *from, size_t size);
/* Room with SIZE bytes from FROM in it. */
uint64_t put_new(struct vcpu *v, const void *from, size_t size);
/* Makes the call for V, or goes on with one that was stopped; true: it was made, to its end. */
bool call_make(struct vcpu *v, const struct call *c);
/* V makes some call. */
void call_any(struct vcpu *v);
void call_forget_stopped(void);
/* How many calls were made, and with what result; TO_STDERR each operation. */
extern uint64_t call_count;
void call_statistics(void);

/* ---- Numbers that a guest would use (call.c) ---- */

/* Mostly the caller itself, and another one once in N times. */
uint16_t own_domid(const struct domain *d, unsigned n);
/* A page of the domain's, or where one could be. */
uint64_t any_page(void);
/* A page of D's RAM, if a look at a few finds one, but not one for arguments. */
uint64_t any_ram(struct domain *d);
/* The same where nothing is. */
uint64_t any_hole(struct domain *d);
uint64_t any_place(void);

/* ---- By subject: one call each, and what guests write without a call ---- */

void event_call(struct vcpu *v, struct call *c);   /* events.c */
void event_write(struct vcpu *v);
void event_fill(struct vcpu *v);
void grant_call(struct vcpu *v, struct call *c);   /* grants.c */
void grant_write(struct vcpu *v);
void memory_call(struct vcpu *v, struct call *c);  /* memory.c */
void argo_call(struct vcpu *v, struct call *c);    /* argo.c */
void argo_write(struct vcpu *v);
void vcpu_call(struct vcpu *v, struct call *c);    /* others.c: also hvm_op, vm_assist, xen_version, console_io */
void sched_call(struct vcpu *v, struct call *c);
void small_call(struct vcpu *v, struct call *c);
void console_write(struct vcpu *v);
void control_call(struct vcpu *v, struct call *c); /* control.c: domctl, sysctl, platform_op */
/* V makes a domain, or a part of one. */
void control_build(struct vcpu *v);
/* V is a 32-bit caller: the call's structures get its layouts. */
void narrow_call(struct vcpu *v, struct call *c);  /* narrow.c */

#endif
