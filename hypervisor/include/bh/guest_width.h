/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit guests of a 64-bit hypervisor are narrow, in two ways. A vCPU is, for each hypercall that it makes from 32-bit
 * code: its arguments have 32 bits and its structures the layouts of guest_struct.h. A domain is, once it has told so:
 * what lies in its memory all the time has the layouts below. Where ARCH_GUEST_HAS_NARROW is 0 nobody is.
 */
#ifndef BH_GUEST_WIDTH_H
#define BH_GUEST_WIDTH_H

#include "bh/domain.h"
#include "bh/types.h"
#include "bh/vcpu.h"

/* Is the hypercall that V makes now one of 32-bit code? */
static ALWAYS_INLINE bool guest_is_narrow(const struct vcpu *v)
{
    return ARCH_GUEST_HAS_NARROW && unlikely(v->is_narrow);
}

/* Are D's shared page, event areas and runstate areas those of a 32-bit guest? */
static ALWAYS_INLINE bool domain_is_narrow(const struct domain *d)
{
    return ARCH_GUEST_HAS_NARROW && unlikely(__atomic_load_n(&d->is_narrow, __ATOMIC_RELAXED));
}

/* D, whose vCPU has said what Xen takes for that, is as wide as that vCPU's code: NARROW or not. */
void domain_set_width(struct domain *d, bool narrow);

/* xen.h: shared_info, as 32-bit code has it: where the events' masks begin; and how many ports have a bit. */
#define NARROW_EVTCHN_MASK_AT 2176
#define NARROW_EVTCHN_PORTS   1024
/* ... where the wall clock begins, and where the upper half of its seconds is. */
#define NARROW_WALL_CLOCK_AT  2304
#define NARROW_WC_SEC_HI_AT   2340

/* The beginning of vcpu_info. Both have 64 bytes on x86, with the clock in the second half. */
struct narrow_vcpu_info {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    uint32_t evtchn_pending_sel;
};

/*
 * A narrow caller of D begins hypercall NUMBER with arguments A: they get what the last try could not say in 32 bits;
 * and it will go on with it, when A are its arguments again. Bound: NARROW_RESTARTS.
 */
void guest_width_resume(struct domain *d, uint64_t number, uint64_t *a);
void guest_width_keep(struct domain *d, uint64_t number, const uint64_t *a);

#endif
