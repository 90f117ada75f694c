/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_ports.h"

#include "arch/arch.h"

#define PORTS "bulkhead,ioports"
#define IRQS  "bulkhead,irqs"

static bool has_port(const struct boot_domain *d, uint32_t first, uint32_t count)
{
    bool has = false;

    for (unsigned i = 0; i < d->port_count; i++) {
        has = has || (d->ports[i].first < first + count && first < d->ports[i].first + d->ports[i].count);
    }
    return has;
}

/* Req: BH-PORT-001, BH-PORT-002 */
static bool read_range(const struct fdt *t, const struct boot_config *c, struct boot_domain *d, uint32_t first,
                       uint32_t count)
{
    const char *holder;

    if (count == 0 || first >= BOOT_PORT_END || count > BOOT_PORT_END - first) {
        boot_config_report(LOG_ERROR, t, &d->node, PORTS, "0x%x, %u of them; expected ports below 0x10000, one or more",
                           first, count);
        return false;
    }
    if (has_port(d, first, count)) {
        boot_config_report(LOG_ERROR, t, &d->node, PORTS, "0x%x to 0x%x: some are named twice", first, first + count - 1);
        return false;
    }
    holder = arch_ports_holder(first, count);
    for (unsigned i = 0; i < c->domain_count && holder == NULL; i++) {
        holder = has_port(&c->domain[i], first, count) ? c->domain[i].name : NULL;
    }
    if (holder != NULL) {
        boot_config_report(LOG_ERROR, t, &d->node, PORTS, "0x%x to 0x%x for %s: %s has some of them", first,
                           first + count - 1, d->name, holder);
        return false;
    }
    d->ports[d->port_count++] = (struct boot_port_range){ .first = (uint16_t)first, .count = count };
    return true;
}

static bool read_ports(const struct fdt *t, const struct boot_config *c, struct boot_domain *d)
{
    struct fdt_property p;
    uint32_t count;
    bool is_good = true;

    if (!fdt_find_property(t, &d->node, PORTS, &p)) {
        return true;
    }
    count = p.size / (2 * sizeof(fdt_cell_t));
    if (p.size % (2 * sizeof(fdt_cell_t)) != 0 || count == 0 || count > BOOT_PORT_RANGES) {
        boot_config_report(LOG_ERROR, t, &d->node, PORTS, "expected 1 to %u pairs of a port and a number",
                           BOOT_PORT_RANGES);
        return false;
    }
    for (uint32_t i = 0; i < count && is_good; i++) {
        is_good = read_range(t, c, d, fdt_cell(&p, 2 * i), fdt_cell(&p, 2 * i + 1));
    }
    return is_good;
}

/* Req: BH-PORT-001, BH-PORT-002 */
static bool read_irq(const struct fdt *t, const struct boot_config *c, struct boot_domain *d, uint32_t irq)
{
    const char *holder;

    if (irq >= BOOT_IRQ_COUNT || (d->irqs & BIT(irq)) != 0) {
        boot_config_report(LOG_ERROR, t, &d->node, IRQS, "%u; expected ISA interrupts below %u, each once", irq,
                           BOOT_IRQ_COUNT);
        return false;
    }
    holder = arch_isa_holder(irq);
    for (unsigned i = 0; i < c->domain_count && holder == NULL; i++) {
        holder = (c->domain[i].irqs & BIT(irq)) != 0 ? c->domain[i].name : NULL;
    }
    if (holder != NULL) {
        boot_config_report(LOG_ERROR, t, &d->node, IRQS, "%u for %s: %s has it", irq, d->name, holder);
        return false;
    }
    d->irqs |= (uint16_t)BIT(irq);
    return true;
}

static bool read_irqs(const struct fdt *t, const struct boot_config *c, struct boot_domain *d)
{
    struct fdt_property p;
    bool is_good = true;

    if (!fdt_find_property(t, &d->node, IRQS, &p)) {
        return true;
    }
    if (p.size % sizeof(fdt_cell_t) != 0 || p.size == 0 || p.size > BOOT_IRQ_COUNT * sizeof(fdt_cell_t)) {
        boot_config_report(LOG_ERROR, t, &d->node, IRQS, "expected 1 to %u ISA interrupts", BOOT_IRQ_COUNT);
        return false;
    }
    for (uint32_t i = 0; i < p.size / sizeof(fdt_cell_t) && is_good; i++) {
        is_good = read_irq(t, c, d, fdt_cell(&p, i));
    }
    return is_good;
}

bool boot_ports_read(const struct fdt *t, const struct boot_config *c, struct boot_domain *d)
{
    return read_ports(t, c, d) && read_irqs(t, c, d);
}
