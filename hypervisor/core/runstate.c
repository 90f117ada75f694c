/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/runstate.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_struct.h"
#include "bh/vcpu.h"

void runstate_enter(struct vcpu *v, unsigned state, uint64_t now)
{
    struct runstate *r = &v->runstate;

    r->total[r->state] += now - r->entered;
    r->entered = now;
    r->state = (uint8_t)state;
}

uint64_t runstate_ticks_to_ns(uint64_t ticks)
{
    uint64_t f = arch_time_frequency();

    return ticks / f * 1000000000 + ticks % f * 1000000000 / f;
}

/* R of D's vCPU as the guest is told: times by the clock that the domain sees on x86, as Xen has it, by the board's on Arm. */
static struct vcpu_runstate_info told(const struct domain *d, const struct runstate *r)
{
    uint64_t start = ARCH_RUNSTATE_BY_DOMAIN ? arch_time_of_domain(d, 0) : 0;
    struct vcpu_runstate_info info = {
        .state = r->state, .state_entry_time = runstate_ticks_to_ns(r->entered > start ? r->entered - start : 0),
    };

    for (unsigned i = 0; i < ARRAY_COUNT(r->total); i++) {
        info.time[i] = runstate_ticks_to_ns(r->total[i]);
    }
    return info;
}

void runstate_read(struct vcpu *v, struct vcpu_runstate_info *info)
{
    struct runstate r;
    uint64_t now;

    sched_runstate(v, &r);
    now = arch_time_now();
    /* The present state's time goes on. */
    r.total[r.state] += now > r.entered ? now - r.entered : 0;
    *info = told(v->domain, &r);
}

/* Bytes OFFSET to OFFSET + SIZE of V's copy. */
static int write_part(struct vcpu *v, unsigned offset, const void *from, unsigned size)
{
    const struct runstate *r = &v->runstate;
    unsigned here = offset < r->first_size ? MIN(size, r->first_size - offset) : 0;
    int err = here != 0 ? guest_copy_to_gpa(v->domain, r->gpa + offset, from, here) : 0;

    if (err == 0 && here < size) {
        err = guest_copy_to_gpa(v->domain, r->second_gpa + offset + here - r->first_size, (const char *)from + here,
                                size - here);
    }
    return err;
}

/* Req: BH-COMPAT-005 */
static ALWAYS_INLINE size_t copy_size(const struct runstate *r)
{
    return ARCH_GUEST_HAS_NARROW && r->is_narrow ? guest_struct_narrow_size(STRUCT_vcpu_runstate_info)
                                                 : sizeof(struct vcpu_runstate_info);
}

/* All of INFO. */
static ALWAYS_INLINE int write_whole(struct vcpu *v, const struct vcpu_runstate_info *info)
{
    char narrow[GUEST_STRUCT_NARROW_MAX];

    if (ARCH_GUEST_HAS_NARROW && unlikely(v->runstate.is_narrow)) {
        guest_struct_narrow(STRUCT_vcpu_runstate_info, narrow, info);
        return write_part(v, 0, narrow, (unsigned)copy_size(&v->runstate));
    }
    return write_part(v, 0, info, sizeof(*info));
}

/* Where STATE_ENTRY_TIME is. */
static ALWAYS_INLINE unsigned entry_time_at(const struct runstate *r)
{
    size_t at = offsetof(struct vcpu_runstate_info, state_entry_time), size;

    if (ARCH_GUEST_HAS_NARROW && unlikely(r->is_narrow)) {
        at = guest_struct_narrow_field(STRUCT_vcpu_runstate_info, at, &size);
    }
    return (unsigned)at;
}

/* Req: BH-ABI-010 */
/* The fields in the order of the structure; STATE_ENTRY_TIME carries the flag while the rest changes. */
static int write_copy(struct vcpu *v)
{
    const struct runstate *r = &v->runstate;
    bool flagged = (v->domain->assists & (1U << VMASST_TYPE_runstate_update_flag)) != 0;
    struct vcpu_runstate_info info = told(v->domain, r);
    const unsigned at = entry_time_at(r);
    uint64_t marked = info.state_entry_time | XEN_RUNSTATE_UPDATE;
    int err = 0;

    if (flagged) {
        err = write_part(v, at, &marked, sizeof(marked));
        info.state_entry_time = marked;
    }
    if (err == 0) {
        err = write_whole(v, &info);
    }
    if (err == 0 && flagged) {
        marked &= ~XEN_RUNSTATE_UPDATE;
        err = write_part(v, at, &marked, sizeof(marked));
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
    struct runstate *r = &v->runstate;
    int err;

    r->is_registered = false;
    if (address == 0) {
        return 0;
    }
    r->is_narrow = domain_is_narrow(v->domain);
    r->first_size = (uint32_t)MIN(PAGE_SIZE - (address & (PAGE_SIZE - 1)), copy_size(r));
    err = arch_guest_translate(v, address, true, &r->gpa);
    if (err == 0 && r->first_size < copy_size(r)) {
        err = arch_guest_translate(v, address + r->first_size, true, &r->second_gpa);
    }
    if (err == 0) {
        err = write_copy(v);
        r->is_registered = err == 0;
    }
    return err;
}
