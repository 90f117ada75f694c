/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: what a control domain does to one domain (domctl.h). The table of operations is in domctl.c; they are in
 * domctl_life.c (making, pausing, ending, memory), domctl_vcpu.c (vCPUs, registers, scheduling), domctl_device.c, and
 * vuart.c.
 */
#ifndef BH_DOMCTL_H
#define BH_DOMCTL_H

#include "abi/control.h"
#include "bh/types.h"

struct domain;
struct vcpu;

/*
 * One operation of V's on D (NULL: on none yet), which is held by domain_get(), with the rights for it, and nobody else
 * does one. OP is a copy; what it says afterwards is what the caller gets. A is the hypercall's arguments. Returns what
 * the hypercall does, HYPERCALL_RESTART too.
 */
typedef int64_t domctl_operation(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a);

domctl_operation domctl_createdomain, domctl_destroydomain, domctl_pausedomain, domctl_unpausedomain,
    domctl_resumedomain, domctl_getdomaininfo, domctl_max_mem, domctl_setdomainhandle, domctl_settimeoffset,
    domctl_set_target, domctl_set_virq_handler, domctl_set_address_size, domctl_get_address_size, domctl_cacheflush,
    domctl_set_paging_mempool_size, domctl_get_paging_mempool_size;
domctl_operation domctl_max_vcpus, domctl_setvcpucontext, domctl_getvcpucontext, domctl_getvcpuinfo,
    domctl_setvcpuaffinity, domctl_getvcpuaffinity, domctl_setnodeaffinity, domctl_getnodeaffinity,
    domctl_scheduler_op;
domctl_operation domctl_iomem_permission, domctl_memory_mapping, domctl_irq_permission, domctl_bind_pt_irq,
    domctl_unbind_pt_irq;
domctl_operation domctl_soft_reset, domctl_vuart_op;

/* What there is to tell of D, which may be dying. */
void domctl_describe(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* ---- Bitmaps of CPUs and nodes, as the tools give them (xen.h, struct xenctl_bitmap) ---- */

/* The first BITS bits of B to WORDS, zeros where B has fewer; at most 4,096. -XEN_EFAULT; -XEN_EINVAL: B has too many. */
MUST_USE int domctl_bitmap_from(struct vcpu *v, const struct xenctl_bitmap *b, uint64_t *words, unsigned bits);
/* The other way; what B has beyond BITS becomes zero. */
MUST_USE int domctl_bitmap_to(struct vcpu *v, const struct xenctl_bitmap *b, const uint64_t *words, unsigned bits);

#endif
