/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_op: a vCPU's say in its own scheduling, and a domain's in its own end (sched.h).
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

#define POLL_PORTS_MAX 128

/* Req: BH-ABI-011 */
static int64_t shutdown_op(struct vcpu *v, struct guest_handle arg)
{
    struct sched_shutdown a;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.reason > SHUTDOWN_MAX) {
        return -XEN_EINVAL;
    }
    domain_shutdown(v->domain, a.reason);
    return 0;
}

/* Why the domain will have ended, when it ends. */
static int64_t shutdown_code(struct vcpu *v, struct guest_handle arg)
{
    struct domain *d = v->domain;
    struct sched_shutdown a;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    spin_lock(&d->lock);
    if (d->phase == DOMAIN_RUNNING) {
        d->shutdown_code = a.reason > SHUTDOWN_MAX ? SHUTDOWN_crash : (uint8_t)a.reason;
        d->has_shutdown_code = true;
    }
    spin_unlock(&d->lock);
    return 0;
}

/* For control domains; DOMID_SELF is nobody's number. */
static int64_t remote_shutdown(struct vcpu *v, struct guest_handle arg)
{
    struct sched_remote_shutdown a;
    struct domain *d;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    d = domain_get(a.domain_id);
    if (d == NULL) {
        return -XEN_ESRCH;
    }
    domain_put(d);
    return -XEN_EPERM;
}

/* Req: BH-EVT-007 */
static int64_t poll(struct vcpu *v, struct guest_handle arg)
{
    uint32_t ports[POLL_PORTS_MAX];
    struct sched_poll a;
    uint64_t deadline = TIMER_NEVER;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_sched_poll);

    if (err != 0) {
        return err;
    }
    if (a.nr_ports > POLL_PORTS_MAX) {
        return -XEN_EINVAL;
    }
    err = guest_copy_from(v, ports, guest_handle((uint64_t)a.ports.p), a.nr_ports * sizeof(ports[0]));
    if (err != 0) {
        return err;
    }
    if (a.timeout != 0) {
        deadline = arch_time_of_domain(v->domain, a.timeout);
    }
    return vcpu_poll_current(ports, a.nr_ports, deadline);
}

/* Req: BH-LIFE-009 */
/* Id 0 asks for a new one; a time of 0 takes one back. */
static int64_t watchdog(struct vcpu *v, struct guest_handle arg)
{
    struct domain *d = v->domain;
    struct sched_watchdog a;
    unsigned i;
    int64_t result = 0;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.id > DOMAIN_WATCHDOG_COUNT) {
        return -XEN_EINVAL;
    }
    spin_lock(&d->lock);
    i = a.id - 1;
    if (a.id == 0) {
        for (i = 0; i < DOMAIN_WATCHDOG_COUNT && (d->watchdogs_used & BIT(i)) != 0; i++) {
        }
        if (a.timeout == 0) {
            result = -XEN_EINVAL;
        } else if (i == DOMAIN_WATCHDOG_COUNT) {
            result = -XEN_ENOSPC;
        } else {
            result = i + 1;
        }
    } else if ((d->watchdogs_used & BIT(i)) == 0) {
        result = -XEN_EINVAL;
    }
    if (result >= 0 && d->phase == DOMAIN_RUNNING) {
        if (a.timeout == 0) {
            d->watchdogs_used &= ~(uint32_t)BIT(i);
            timer_set(&d->watchdog[i], TIMER_NEVER);
        } else {
            d->watchdogs_used |= (uint32_t)BIT(i);
            timer_set(&d->watchdog[i], arch_time_now() + (uint64_t)a.timeout * arch_time_frequency());
        }
    }
    spin_unlock(&d->lock);
    return result;
}

int64_t hypercall_sched_op(struct vcpu *v, uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case SCHEDOP_yield:
        vcpu_yield_current();
        return 0;
    case SCHEDOP_block:
        vcpu_block_current();
        return 0;
    case SCHEDOP_shutdown:
        return shutdown_op(v, guest_handle(a[1]));
    case SCHEDOP_poll:
        return poll(v, guest_handle(a[1]));
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(v, guest_handle(a[1]));
    case SCHEDOP_shutdown_code:
        return shutdown_code(v, guest_handle(a[1]));
    case SCHEDOP_watchdog:
        return watchdog(v, guest_handle(a[1]));
    case SCHEDOP_pin_override:
        return -XEN_EPERM;
    default:
        return -XEN_ENOSYS;
    }
}
