/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC's contract over arrays, and the part of the hardware that a guest sees.
 */
#include "arch/host_vgic.h"

#include "bh/console.h"
#include "bh/cpu.h"

#define EOI_COUNT_MAX 31

struct host_vgic host_vgic[CONFIG_MAX_CPUS];
unsigned host_vgic_lr_count = 4;
bool host_vgic_physical_active[1024];
struct host_vgic_line host_vgic_line[1024];

static struct host_vgic *here(void)
{
    return &host_vgic[this_cpu()->id];
}

void host_vgic_reset(unsigned count)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++) {
        host_vgic[i] = (struct host_vgic){ 0 };
    }
    for (unsigned i = 0; i < ARRAY_COUNT(host_vgic_physical_active); i++) {
        host_vgic_physical_active[i] = false;
        host_vgic_line[i] = (struct host_vgic_line){ .cpu = 0 };
    }
    host_vgic_lr_count = count;
}

unsigned arch_vgic_lr_count(void)
{
    return host_vgic_lr_count;
}

uint64_t arch_vgic_lr_read(unsigned i)
{
    return here()->lr[i];
}

void arch_vgic_lr_write(unsigned i, uint64_t lr)
{
    here()->lr[i] = lr;
}

void arch_vgic_maintenance_set(uint32_t bits)
{
    here()->maintenance = bits;
    here()->eoi_count = 0;
}

unsigned arch_vgic_eoi_count(void)
{
    return here()->eoi_count;
}

void arch_vgic_lines_enable(unsigned first, uint32_t mask, bool on)
{
    for (unsigned i = 0; i < 32; i++) {
        if ((mask >> i & 1) != 0) {
            host_vgic_line[first + i].is_enabled = on;
        }
    }
}

void arch_vgic_line_configure(unsigned pirq, bool is_edge)
{
    if (host_vgic_line[pirq].is_enabled) {
        panic("host: interrupt %u changes its trigger while it is enabled", pirq);
    }
    host_vgic_line[pirq].is_edge = is_edge;
}

void arch_vgic_line_route(unsigned pirq, const struct cpu *cpu)
{
    host_vgic_line[pirq].cpu = cpu->id;
}

void arch_vgic_hw_deactivate(unsigned pirq)
{
    if (pirq < 32) {
        here()->physical_active[pirq] = false;
    } else {
        host_vgic_physical_active[pirq % 1024] = false;
    }
}

unsigned host_vgic_acknowledge(struct host_vgic_guest *g)
{
    struct host_vgic *h = here();
    unsigned best = host_vgic_lr_count;
    unsigned best_priority = g->depth == 0 ? 0xff : g->priority[g->depth - 1];

    for (unsigned i = 0; i < host_vgic_lr_count; i++) {
        unsigned priority = (unsigned)(h->lr[i] >> LR_PRIORITY_SHIFT) & 0xff;

        if (LR_STATE(h->lr[i]) == 1 && priority < best_priority) {
            best = i;
            best_priority = priority;
        }
    }
    if (best == host_vgic_lr_count || g->depth == HOST_VGIC_DEPTH) {
        return HOST_VGIC_SPURIOUS;
    }
    h->lr[best] ^= LR_PENDING | LR_ACTIVE;
    g->priority[g->depth] = (uint8_t)best_priority;
    g->irq[g->depth] = (uint32_t)h->lr[best];
    return g->irq[g->depth++];
}

void host_vgic_end(struct host_vgic_guest *g)
{
    struct host_vgic *h = here();
    unsigned irq;

    if (g->depth == 0) {
        return;
    }
    irq = g->irq[--g->depth];
    for (unsigned i = 0; i < host_vgic_lr_count; i++) {
        if ((h->lr[i] & LR_ACTIVE) != 0 && (uint32_t)h->lr[i] == irq) {
            h->lr[i] &= ~LR_ACTIVE;
            if ((h->lr[i] & LR_HW) != 0) {
                arch_vgic_hw_deactivate((unsigned)(h->lr[i] >> LR_PIRQ_SHIFT) & 0x1fff);
            }
            return;
        }
    }
    h->eoi_count = MIN(h->eoi_count + 1, EOI_COUNT_MAX);
}

bool host_vgic_maintenance(void)
{
    const struct host_vgic *h = here();
    unsigned valid = 0;
    unsigned pending = 0;
    bool ended = false;

    for (unsigned i = 0; i < host_vgic_lr_count; i++) {
        valid += LR_STATE(h->lr[i]) != 0 ? 1 : 0;
        pending += LR_STATE(h->lr[i]) == 1 ? 1 : 0;
        ended = ended || (LR_STATE(h->lr[i]) == 0 && (h->lr[i] & LR_HW) == 0 && (h->lr[i] & LR_EOI) != 0);
    }
    return ended || ((h->maintenance & VGIC_MAINTENANCE_UNDERFLOW) != 0 && valid <= 1) ||
           ((h->maintenance & VGIC_MAINTENANCE_NOT_FOUND) != 0 && h->eoi_count != 0) ||
           ((h->maintenance & VGIC_MAINTENANCE_NONE_LEFT) != 0 && pending == 0);
}
