/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control over other domains: who may do what to whom, in one table, and what all operations for control domains need.
 * The operations are in domctl*.c, sysctl.c and platform_op.c, and among those on memory, channels and parameters.
 */
#ifndef BH_CONTROL_H
#define BH_CONTROL_H

#include "bh/domain.h"
#include "bh/types.h"
#include "bh/vcpu.h"

/* What a domain may be allowed to do to another one, or to the board. */
enum control_right {
    CONTROL_SEE,    /* be told what it is and does */
    CONTROL_LIFE,   /* make, name, pause and end it */
    CONTROL_CPU,    /* its registers, and when and where it runs */
    CONTROL_MEMORY, /* give it memory and take it, map its pages */
    CONTROL_PLUMB,  /* its channels, its parameters, its grant table */
    CONTROL_BOARD,  /* the board: its console's text, its clock, its scheduler */
};

/* Has WHO the right to do that to WHOM (NULL: to the board, or to a domain that is not there yet)? */
bool control_may(const struct domain *who, const struct domain *whom, enum control_right right);
/* Has it any right beyond its own affairs? If not, an operation of control tells it nothing but that. */
bool control_is_any(const struct domain *who);

/*
 * The domain that ID names for an operation by V, if V may; until domain_put(). DOMID_SELF is V's own, which needs the
 * right too. To see it, or for its life: it may be dying. -XEN_EPERM; -XEN_ESRCH: there is none, and V may ask.
 */
MUST_USE int control_get(struct vcpu *v, uint16_t id, enum control_right right, struct domain **out);
/*
 * The same for an operation that every domain may do to itself, until control_put(). Who may do it to nobody else
 * learns who is there.
 */
MUST_USE int control_get_or_self(struct vcpu *v, uint16_t id, enum control_right right, struct domain **out);
static inline void control_put(const struct vcpu *v, struct domain *d)
{
    /* A domain is not counted for its own operations: it runs. */
    if (CONFIG_CONTROL && d != v->domain) {
        domain_put(d);
    }
}

/*
 * Control domains, and those with the store, reach D, and it them: a guest's PV devices and rings. So do domains that
 * control domains made, or joined to the store, each other: one may serve another's devices.
 */
void control_join(struct domain *d);
/* These reach control domains only (Xen's command line, "xsm=silo"). Before any is there. */
void control_set_silo(void);
/*
 * GONE leaves the table: nobody has a right over it any more, and no interrupt is its. The next one with its number is
 * another domain. The lock of the table is held. Bound: all domains.
 */
void control_forget(const struct domain *gone);

/*
 * D is to have the store as soon as the domain that has it says where (Xen's init-dom0less): until then
 * HVM_PARAM_STORE_PFN is ~0, and an event of HVM_PARAM_STORE_EVTCHN tells that it changed. Before D runs. -XEN_ENOENT:
 * no other domain has the store. -XEN_ENOSPC, -XEN_ENOMEM.
 */
MUST_USE int control_promise_store(struct domain *d);

/* Control operations are done one at a time. False: one goes on, and this one is to be tried again. */
MUST_USE bool control_begin(void);
void control_end(void);

/*
 * An operation that has begun something waits for its end: it is tried again (HYPERCALL_RESTART), and knows then that
 * it did begin, if the caller leaves the second argument as it is. WHAT is what it waits for.
 */
int64_t control_wait(struct vcpu *v, uint64_t *arguments, uint64_t what);
bool control_has_waited(struct vcpu *v, const uint64_t *arguments, uint64_t what);
/* The call ends: whoever finds its arguments in the registers has waited for nothing. */
void control_wait_end(uint64_t *arguments);

/* The control domain that takes global virtual interrupt VIRQ is told. No lock is held. */
void control_virq(unsigned virq);
/* From now on that is D. -XEN_EINVAL: it is no global one. -XEN_EBUSY: somebody else's, who has bound it. */
MUST_USE int control_set_virq_handler(const struct domain *d, unsigned virq);

#endif
