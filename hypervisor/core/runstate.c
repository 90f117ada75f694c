/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/runstate.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/vcpu.h"

void runstate_enter(struct vcpu *v, unsigned state, uint64_t now)
{
    struct runstate *r = &v->runstate;

    r->total[r->state] += now - r->entered;
    r->entered = now;
    r->state = (uint8_t)state;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
    uint64_t f = arch_time_frequency();

    return ticks / f * 1000000000 + ticks % f * 1000000000 / f;
}

/* Req: BH-ABI-010 */
/* The fields in the order of the structure; STATE_ENTRY_TIME carries the flag while the rest changes. */
static int write_copy(struct vcpu *v)
{
    const struct runstate *r = &v->runstate;
    bool flagged = (v->domain->assists & (1U << VMASST_TYPE_runstate_update_flag)) != 0;
    struct vcpu_runstate_info info = { .state = r->state, .state_entry_time = ticks_to_ns(r->entered) };
    uint64_t at = r->gpa + offsetof(struct vcpu_runstate_info, state_entry_time);
    uint64_t marked = info.state_entry_time | XEN_RUNSTATE_UPDATE;
    int err = 0;

    for (unsigned i = 0; i < ARRAY_COUNT(r->total); i++) {
        info.time[i] = ticks_to_ns(r->total[i]);
    }
    if (flagged) {
        err = guest_copy_to_gpa(v->domain, at, &marked, sizeof(marked));
        info.state_entry_time = marked;
    }
    if (err == 0) {
        err = guest_copy_to_gpa(v->domain, r->gpa, &info, sizeof(info));
    }
    if (err == 0 && flagged) {
        marked &= ~XEN_RUNSTATE_UPDATE;
        err = guest_copy_to_gpa(v->domain, at, &marked, sizeof(marked));
    }
    return err;
}

/* Req: BH-ABI-009 */
void runstate_publish(struct vcpu *v)
{
    /* A guest that took the memory away gets no more copies: its own choice. */
    if (v->runstate.is_registered && write_copy(v) != 0) {
        v->runstate.is_registered = false;
    }
}

int runstate_register(struct vcpu *v, uint64_t address)
{
    uint64_t gpa;
    int err;

    v->runstate.is_registered = false;
    if (address == 0) {
        return 0;
    }
    err = arch_guest_translate(v, address, true, &gpa);
    if (err == 0 && (gpa & (PAGE_SIZE - 1)) + sizeof(struct vcpu_runstate_info) > PAGE_SIZE) {
        /* An area across two pages would need two places; Linux and others align it. */
        err = -XEN_EFAULT;
    }
    if (err == 0) {
        v->runstate.gpa = gpa;
        err = write_copy(v);
        v->runstate.is_registered = err == 0;
    }
    return err;
}
