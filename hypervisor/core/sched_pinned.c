/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU that owns its CPU: nothing else ever runs there, so there is nothing to rank and no slice to end. Its WFI is
 * not trapped; the CPU enters the hypervisor only for what the guest itself asks, and for interrupts.
 */
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

/* Req: BH-SCHED-005, BH-SCHED-006 */
struct vcpu *sched_pinned_pick(const struct cpu *cpu, struct vcpu *old, bool old_goes_on)
{
    struct vcpu *owner = cpu->sched.owner;

    if (owner == NULL) {
        return NULL;
    }
    if (old == owner) {
        return old_goes_on ? old : NULL;
    }
    return owner->state == VCPU_RUNNABLE && (!CONFIG_CONTROL || domain_may_run(owner->domain)) ? owner : NULL;
}
