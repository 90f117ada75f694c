/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu_op_x86.h"

#include "arch/arch.h"
#include "arch/arch_vlapic.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_struct.h"
#include "bh/runstate.h"
#include "clock.h"
#include "pvclock.h"
#include "vcpu_start.h"

#define PERIOD_MIN_NS 1000000UL
#define PERIOD_MAX_NS (30UL * 24 * 3600 * 1000000000)

void vcpu_timers_init(struct vcpu *v)
{
    timer_init(&v->arch.singleshot, TIMER_SINGLESHOT, v);
    timer_init(&v->arch.periodic, TIMER_PERIODIC, v);
}

/* After it nothing arms V's periodic timer but V: an action that was under way, and saw the old period, may have. */
static void stop_periodic(struct vcpu *v)
{
    __atomic_store_n(&v->arch.period, 0, __ATOMIC_SEQ_CST);
    timer_cancel(&v->arch.periodic);
    timer_cancel(&v->arch.periodic);
}

void vcpu_timers_stop(struct vcpu *v)
{
    timer_cancel(&v->arch.singleshot);
    stop_periodic(v);
}

/* Req: BH-PC-052 */
void vcpu_timer_expired(struct vcpu *v, enum timer_kind kind)
{
    if (CONFIG_EVTCHN) {
        evtchn_virq(v, VIRQ_TIMER);
    }
    if (kind == TIMER_PERIODIC) {
        uint64_t period = __atomic_load_n(&v->arch.period, __ATOMIC_SEQ_CST);
        uint64_t now = arch_time_now(), next = v->arch.periodic.deadline + period;

        if (period != 0) {
            /* What was missed is not made up for. */
            timer_set(&v->arch.periodic, next > now ? next : now + period);
        }
    }
}

static int64_t set_singleshot(struct vcpu *v, struct guest_handle arg)
{
    struct vcpu_set_singleshot_timer a;
    uint64_t deadline;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_vcpu_set_singleshot_timer);

    if (err != 0) {
        return err;
    }
    deadline = arch_time_of_domain(v->domain, a.timeout_abs_ns);
    if ((a.flags & VCPU_SSHOTTMR_future) != 0 && deadline < arch_time_now()) {
        return -XEN_ETIME;
    }
    timer_set(&v->arch.singleshot, deadline);
    return 0;
}

static int64_t set_periodic(struct vcpu *v, struct guest_handle arg)
{
    struct vcpu_set_periodic_timer a;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err != 0) {
        return err;
    }
    if (a.period_ns < PERIOD_MIN_NS || a.period_ns > PERIOD_MAX_NS) {
        return -XEN_EINVAL;
    }
    stop_periodic(v);
    __atomic_store_n(&v->arch.period, clock_ticks(a.period_ns), __ATOMIC_SEQ_CST);
    timer_set(&v->arch.periodic, arch_time_now() + v->arch.period);
    return 0;
}

static int64_t register_time(struct vcpu *v, struct guest_handle arg)
{
    struct vcpu_register_time_memory_area a;
    struct vcpu_time_info info;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_vcpu_register_time_memory_area);

    if (err == 0) {
        pvclock_fill(v->domain, &info);
        err = guest_copy_to(v, guest_handle((uint64_t)a.addr.h.p), &info, sizeof(info));
    }
    return err;
}

static int64_t get_runstate(struct vcpu *v, struct vcpu *target, struct guest_handle arg)
{
    struct vcpu_runstate_info info;

    runstate_read(target, &info);
    return guest_struct_to(v, arg, &info, sizeof(info), STRUCT_vcpu_runstate_info);
}

int64_t arch_vcpu_op(struct vcpu *v, struct vcpu *target, unsigned command, struct guest_handle arg)
{
    switch (command) {
    case VCPUOP_initialise:
        return vcpu_start_initialise(v, target, arg);
    case VCPUOP_up:
        return vcpu_start_up(target);
    case VCPUOP_get_runstate_info:
        return get_runstate(v, target, arg);
    case VCPUOP_send_nmi:
        if (arg.address != 0) {
            return -XEN_EINVAL;
        }
        arch_vlapic_nmi(target);
        return 0;
    case VCPUOP_is_up:
        return __atomic_load_n(&target->state, __ATOMIC_RELAXED) != VCPU_OFFLINE;
    case VCPUOP_down:
        /* Xen takes it for any vCPU of the domain; so that no state is taken from under one that runs, for itself here. */
        if (target != v) {
            return -XEN_EINVAL;
        }
        vcpu_offline_current();
        return 0;
    case VCPUOP_set_singleshot_timer:
        return target != v ? -XEN_EINVAL : set_singleshot(v, arg);
    case VCPUOP_stop_singleshot_timer:
        if (target != v) {
            return -XEN_EINVAL;
        }
        timer_set(&v->arch.singleshot, TIMER_NEVER);
        return 0;
    case VCPUOP_set_periodic_timer:
        return target != v ? -XEN_EINVAL : set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer:
        if (target != v) {
            return -XEN_EINVAL;
        }
        stop_periodic(v);
        return 0;
    case VCPUOP_register_vcpu_time_memory_area:
        return target != v ? -XEN_EINVAL : register_time(v, arg);
    case VCPUOP_get_physid:
        return -XEN_EINVAL;
    default:
        return ARCH_UNKNOWN_VCPU_OP;
    }
}
