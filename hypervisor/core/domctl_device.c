/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl: registers and interrupts of devices for other domains. Who asks must have the hardware.
 */
#include "bh/device.h"
#include "bh/domctl.h"
#include "bh/vcpu.h"

/* Pages of one memory_mapping, as with Xen; the tools ask for fewer when they are told. */
#define MAPPING_COUNT_MAX 64

/* No range at all, one that wraps round, or one that leaves the address space. */
static bool is_bad(uint64_t first, uint64_t count, unsigned bits)
{
    return count == 0 || count - 1 > UINT64_MAX - first || (first + count - 1) >> (bits - PAGE_SHIFT) != 0;
}

/* Req: BH-CTL-027 */
int64_t domctl_iomem_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;

    (void)a;
    if (is_bad(p->first_mfn, p->nr_mfns, 64)) {
        return -XEN_EINVAL;
    }
    return device_permit(v->domain, d, p->first_mfn, p->nr_mfns, p->allow_access != 0);
}

/* Req: BH-CTL-027 */
int64_t domctl_memory_mapping(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
    uint64_t done = 0;
    int err = 0;

    (void)a;
    if (is_bad(m->first_mfn, m->nr_mfns, ARCH_P2M_ADDRESS_BITS) ||
        is_bad(m->first_gfn, m->nr_mfns, ARCH_P2M_ADDRESS_BITS)) {
        return -XEN_EINVAL;
    }
    if (m->nr_mfns > MAPPING_COUNT_MAX) {
        return -XEN_E2BIG;
    }
    for (; done < m->nr_mfns && err == 0; done += err == 0) {
        gfn_t g = gfn(m->first_gfn + done);
        mfn_t frame = mfn(m->first_mfn + done);

        err = m->add_mapping != 0 ? device_map_page(v->domain, d, g, frame) : device_unmap_page(v->domain, d, g, frame);
    }
    /* All of it is mapped or nothing. */
    while (err != 0 && m->add_mapping != 0 && done != 0) {
        done--;
        (void)!device_unmap_page(v->domain, d, gfn(m->first_gfn + done), mfn(m->first_mfn + done));
    }
    return err;
}

/* Req: BH-CTL-028 */
int64_t domctl_irq_permission(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

    (void)a;
    if (p->pirq >= DEVICE_LINE_COUNT) {
        return -XEN_EINVAL;
    }
    return device_line_permit(v->domain, d, p->pirq, p->allow_access != 0);
}

/* The interrupt that OP names, which has the same number for the guest; 0: it is none that can be. */
static unsigned interrupt_of(const struct xen_domctl *op)
{
    const struct xen_domctl_bind_pt_irq *b = &op->u.bind_pt_irq;

    return b->irq_type == PT_IRQ_TYPE_SPI && b->u.spi.spi == b->machine_irq && b->machine_irq < DEVICE_LINE_COUNT ?
           b->machine_irq : 0;
}

/* Req: BH-CTL-028 */
int64_t domctl_bind_pt_irq(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    unsigned line = interrupt_of(op);

    (void)a;
    return line < DEVICE_LINE_FIRST ? -XEN_EINVAL : device_line_bind(v->domain, d, line);
}

int64_t domctl_unbind_pt_irq(struct vcpu *v, struct domain *d, struct xen_domctl *op, uint64_t *a)
{
    unsigned line = interrupt_of(op);

    (void)a;
    return line < DEVICE_LINE_FIRST ? -XEN_EINVAL : device_line_unbind(v->domain, d, line);
}
