/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit guests of a 64-bit hypervisor are narrow, in two ways. A vCPU is, for each hypercall that it makes from 32-bit
 * code: its arguments have 32 bits and its structures the layouts of guest_struct.h. A domain is, once it has told so:
 * what lies in its memory all the time has the layouts of narrow_shared.h. Where ARCH_GUEST_HAS_NARROW is 0 nobody is.
 */
#ifndef BH_GUEST_WIDTH_H
#define BH_GUEST_WIDTH_H

#include "bh/domain.h"
#include "bh/narrow_shared.h"
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

/*
 * A narrow caller of D begins hypercall NUMBER with arguments A: they get what the last try could not say in 32 bits;
 * and it will go on with it, when A are its arguments again. Bound: NARROW_RESTARTS.
 */
void guest_width_resume(struct domain *d, uint64_t number, uint64_t *a);
void guest_width_keep(struct domain *d, uint64_t number, const uint64_t *a);

#endif
