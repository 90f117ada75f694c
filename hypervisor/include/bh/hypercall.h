/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen hypercalls: the table of operations by number (xen.h, __HYPERVISOR_*). docs/abi.md lists each with its limits.
 */
#ifndef BH_HYPERCALL_H
#define BH_HYPERCALL_H

#include "bh/types.h"

struct vcpu;

/*
 * Performs hypercall NUMBER for V with ARGUMENTS (five; the handler may look at those that its operation has).
 * Returns what the guest gets: not negative, or a negative Xen error number; -XEN_ENOSYS for an unknown number.
 */
int64_t hypercall_dispatch(struct vcpu *v, uint64_t number, uint64_t *arguments);

/*
 * The answer of an operation on many elements that stops between two of them: the vCPU goes back to the instruction
 * that made the call, with the ARGUMENTS as they are now, which say where to go on. Each try does one element at least.
 */
#define HYPERCALL_RESTART INT32_MIN
/* Is something waiting for this CPU: an interrupt, a request? Asked between elements. */
bool hypercall_must_yield(void);

/* The operations, each in the file of its name. As hypercall_dispatch(). */
int64_t hypercall_xen_version(struct vcpu *v, uint64_t *a);  /* version.c */
int64_t hypercall_memory_op(struct vcpu *v, uint64_t *a);    /* memory_op.c */
int64_t hypercall_vcpu_op(struct vcpu *v, uint64_t *a);      /* vcpu_op.c */
int64_t hypercall_sched_op(struct vcpu *v, uint64_t *a);     /* sched_op.c */
int64_t hypercall_hvm_op(struct vcpu *v, uint64_t *a);       /* hvm_op.c */
int64_t hypercall_vm_assist(struct vcpu *v, uint64_t *a);    /* vm_assist.c */
int64_t hypercall_event_channel_op(struct vcpu *v, uint64_t *a); /* evtchn_op.c */
int64_t hypercall_grant_table_op(struct vcpu *v, uint64_t *a); /* grant.c */
int64_t hypercall_argo_op(struct vcpu *v, uint64_t *a);      /* argo.c */
int64_t hypercall_multicall(struct vcpu *v, uint64_t *a);    /* multicall.c */
int64_t hypercall_console_io(struct vcpu *v, uint64_t *a);   /* console_io.c */
int64_t hypercall_domctl(struct vcpu *v, uint64_t *a);       /* domctl.c */
int64_t hypercall_sysctl(struct vcpu *v, uint64_t *a);       /* sysctl.c */
int64_t hypercall_platform_op(struct vcpu *v, uint64_t *a);  /* platform_op.c */
int64_t hypercall_hypfs_op(struct vcpu *v, uint64_t *a);     /* hypfs.c */

#endif
