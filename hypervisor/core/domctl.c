/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: decides what is asked, of whom, and whether the caller may; one operation at a time on the whole board, so
 * that those of several control clients cannot meet in one domain.
 */
#include "bh/domctl.h"

#include "bh/control.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "lib/string.h"

enum subject {
    SUBJECT_NONE,    /* the domain is not there yet */
    SUBJECT_ANY,     /* it may be dying */
    SUBJECT_NEXT,    /* the same, or else the one with the next number */
    SUBJECT_RUNNING,
};

/* An operation on devices, if the build has it. */
#define DEVICE(operation) CONFIG_HARDWARE_DOMAIN ? (operation) : NULL

#define VUART(operation) CONFIG_VUART ? (operation) : NULL

static const struct row {
    domctl_operation *perform;
    uint8_t right;    /* enum control_right */
    uint8_t subject;  /* enum subject */
    bool has_result;  /* the caller's structure is written */
} rows[] = {
    [XEN_DOMCTL_createdomain] = { domctl_createdomain, CONTROL_LIFE, SUBJECT_NONE, true },
    [XEN_DOMCTL_destroydomain] = { domctl_destroydomain, CONTROL_LIFE, SUBJECT_ANY, false },
    [XEN_DOMCTL_pausedomain] = { domctl_pausedomain, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_unpausedomain] = { domctl_unpausedomain, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_resumedomain] = { domctl_resumedomain, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_getdomaininfo] = { domctl_getdomaininfo, CONTROL_SEE, SUBJECT_NEXT, true },
    [XEN_DOMCTL_setdomainhandle] = { domctl_setdomainhandle, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_settimeoffset] = { domctl_settimeoffset, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_set_target] = { domctl_set_target, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_set_virq_handler] = { domctl_set_virq_handler, CONTROL_PLUMB, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_max_mem] = { domctl_max_mem, CONTROL_MEMORY, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_cacheflush] = { domctl_cacheflush, CONTROL_MEMORY, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_set_paging_mempool_size] = { domctl_set_paging_mempool_size, CONTROL_MEMORY, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_get_paging_mempool_size] = { domctl_get_paging_mempool_size, CONTROL_MEMORY, SUBJECT_RUNNING, true },
    [XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_set_address_size] = { domctl_set_address_size, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_get_address_size] = { domctl_get_address_size, CONTROL_CPU, SUBJECT_RUNNING, true },
    [XEN_DOMCTL_setvcpucontext] = { domctl_setvcpucontext, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_getvcpucontext] = { domctl_getvcpucontext, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_getvcpuinfo] = { domctl_getvcpuinfo, CONTROL_SEE, SUBJECT_RUNNING, true },
    [XEN_DOMCTL_setvcpuaffinity] = { domctl_setvcpuaffinity, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_getvcpuaffinity] = { domctl_getvcpuaffinity, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_setnodeaffinity] = { domctl_setnodeaffinity, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_getnodeaffinity] = { domctl_getnodeaffinity, CONTROL_CPU, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_iomem_permission] = { DEVICE(domctl_iomem_permission), CONTROL_MEMORY, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_memory_mapping] = { DEVICE(domctl_memory_mapping), CONTROL_MEMORY, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_irq_permission] = { DEVICE(domctl_irq_permission), CONTROL_PLUMB, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_bind_pt_irq] = { DEVICE(domctl_bind_pt_irq), CONTROL_PLUMB, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_unbind_pt_irq] = { DEVICE(domctl_unbind_pt_irq), CONTROL_PLUMB, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_vuart_op] = { VUART(domctl_vuart_op), CONTROL_PLUMB, SUBJECT_RUNNING, true },
    [XEN_DOMCTL_soft_reset] = { domctl_soft_reset, CONTROL_LIFE, SUBJECT_RUNNING, false },
    [XEN_DOMCTL_scheduler_op] = { domctl_scheduler_op, CONTROL_CPU, SUBJECT_RUNNING, true },
};

/* The domain that OP is about, which V may do that to, or NULL: it is about none yet. */
static int find_subject(struct vcpu *v, const struct row *row, const struct xen_domctl *op, struct domain **d)
{
    *d = NULL;
    if (row->subject == SUBJECT_NONE) {
        return control_may(v->domain, NULL, row->right) ? 0 : -XEN_EPERM;
    }
    if (row->subject != SUBJECT_NEXT || op->domain == DOMID_SELF) {
        return control_get(v, op->domain, row->right, d);
    }
    *d = op->domain < DOMID_FIRST_RESERVED ? domain_get_next(op->domain) : NULL;
    if (*d != NULL && !control_may(v->domain, *d, row->right)) {
        domain_put(*d);
        *d = NULL;
        return -XEN_EPERM;
    }
    return *d != NULL ? 0 : op->domain < DOMID_FIRST_RESERVED ? -XEN_ESRCH : -XEN_EINVAL;
}

static int64_t perform(struct vcpu *v, const struct row *row, struct xen_domctl *op, uint64_t *a)
{
    struct domain *d;
    int64_t result = find_subject(v, row, op, &d);

    if (result != 0) {
        /* The end of a domain that this call waited for. */
        return row->perform == domctl_destroydomain && result == -XEN_ESRCH && control_may(v->domain, NULL, row->right) &&
               control_has_waited(v, a, op->domain) ? 0 : result;
    }
    if (row->subject == SUBJECT_RUNNING && d->phase != DOMAIN_RUNNING) {
        result = -XEN_ESRCH;
    }
    if (result == 0) {
        result = row->perform(v, d, op, a);
    }
    if (d != NULL) {
        domain_put(d);
    }
    return result;
}

/* Req: BH-CTL-010 */
int64_t hypercall_domctl(struct vcpu *v, uint64_t *a)
{
    struct guest_handle arg = guest_handle(a[0]);
    const struct row *row;
    struct xen_domctl op;
    int64_t result;

    if (!control_is_any(v->domain)) {
        return -XEN_EPERM;
    }
    result = guest_copy_from(v, &op, arg, sizeof(op));
    if (result != 0) {
        return result;
    }
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        return -XEN_EACCES;
    }
    if (op.cmd >= ARRAY_COUNT(rows) || rows[op.cmd].perform == NULL) {
        return -XEN_ENOSYS;
    }
    row = &rows[op.cmd];
    if (row->has_result && guest_copy_to(v, arg, &op, sizeof(op)) != 0) {
        /* What cannot be told is not done. */
        return -XEN_EFAULT;
    }
    if (!control_begin()) {
        return HYPERCALL_RESTART;
    }
    result = perform(v, row, &op, a);
    control_end();
    if (result != HYPERCALL_RESTART) {
        control_wait_end(a);
    }
    if (result >= 0 && row->has_result && guest_copy_to(v, arg, &op, sizeof(op)) != 0) {
        result = -XEN_EFAULT;
    }
    return result;
}

/* ---- Bitmaps ---- */

#define BITMAP_BITS_MAX 32768 /* of a caller's; the hypervisor looks at 4,096 */

int domctl_bitmap_from(struct vcpu *v, const struct xenctl_bitmap *b, uint64_t *words, unsigned bits)
{
    unsigned given = MIN(b->nr_bits, bits);
    int err;

    if (b->nr_bits > BITMAP_BITS_MAX) {
        return -XEN_EINVAL;
    }
    memset(words, 0, (bits + 63) / 64 * sizeof(*words));
    err = guest_copy_from(v, words, guest_handle((uint64_t)b->bitmap.p), (given + 7) / 8);
    if (err == 0 && given % 64 != 0) {
        words[given / 64] &= BIT(given % 64) - 1;
    }
    return err;
}

int domctl_bitmap_to(struct vcpu *v, const struct xenctl_bitmap *b, const uint64_t *words, unsigned bits)
{
    static const char zeros[64];
    uint64_t at = (uint64_t)b->bitmap.p, end = at + (b->nr_bits + 7) / 8;
    unsigned size = (MIN(b->nr_bits, bits) + 7) / 8;
    int err;

    if (b->nr_bits > BITMAP_BITS_MAX) {
        return -XEN_EINVAL;
    }
    err = guest_copy_to(v, guest_handle(at), words, size);
    for (at += size; at < end && err == 0; at += size) {
        size = (unsigned)MIN(end - at, (uint64_t)sizeof(zeros));
        err = guest_copy_to(v, guest_handle(at), zeros, size);
    }
    return err;
}
