/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three domains on a simulated board, and what makes hypercalls of an input's bytes for them. "first" and "second" may
 * reach each other by every kind of channel; "third" is nobody's peer. A domain that has died is replaced.
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

/* ---- The board and its domains (board.c) ---- */

#define ROLES 3
enum { FIRST, SECOND, THIRD };
unsigned role_of(const struct domain *d);
/* A running domain of that role, or NULL. */
struct domain *domain_of(unsigned role);
/* May domains of these roles reach each other? */
bool are_peers(unsigned a, unsigned b);
void board_begin(void);
/* Adds what domains are missing, if there is room. */
void board_replace(void);
/* All end; then everything is back. */
void board_finish(void);

/* ---- The audit (audit.c) ---- */

void audit(void);
/* No byte of the third domain's secret is in another's memory. */
void audit_secret(void);
/* What the third domain's last page holds. */
extern const char secret[16];

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

uint16_t any_domid(const struct domain *d);
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
/* V is a 32-bit caller: the call's structures get its layouts. */
void narrow_call(struct vcpu *v, struct call *c);  /* narrow.c */

#endif
