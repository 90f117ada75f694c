/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of a vCPU by hypercall, in a state that its domain chooses (public/hvm/hvm_vcpu.h): any state that a CPU can
 * be in, 32-bit without or with paging, or 64-bit.
 */
#ifndef BH_X86_VCPU_START_H
#define BH_X86_VCPU_START_H

#include "bh/guest_copy.h"
#include "bh/vcpu.h"

/*
 * VCPUOP_initialise of TARGET by V of the same domain: the state in the vcpu_hvm_context at ARG. It stays off line.
 * -XEN_EEXIST: it has started before. -XEN_EINVAL: no CPU can be in that state. -XEN_EFAULT.
 */
MUST_USE int64_t vcpu_start_initialise(struct vcpu *v, struct vcpu *target, struct guest_handle arg);
/* VCPUOP_up of TARGET. -XEN_EINVAL: it has no state to start in. */
MUST_USE int64_t vcpu_start_up(struct vcpu *target);

#endif
