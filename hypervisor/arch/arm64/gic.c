/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which driver serves. A build with one driver pays nothing for the choice: the condition is then a constant.
 */
#include "gic.h"

#include "arch/arch.h"
#include "arch/arch_vgic.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/spinlock.h"
#include "bh/vcpu.h"
#include "gic_drivers.h"
#include "state.h"
#include "sysreg.h"

static bool v3;                 /* [boot] */
static unsigned maintenance;    /* [boot] */
static uint64_t guest_interface; /* [boot] */
static struct spinlock config_lock = SPINLOCK_INIT(LOCK_GIC);

/* Calls the driver's NAME with the arguments that follow. */
#define DRIVER(name, ...) \
    (CONFIG_GICV3 && (!CONFIG_GICV2 || v3) ? gicv3_##name(__VA_ARGS__) : gicv2_##name(__VA_ARGS__))

/* Req: BH-BOOT-001 */
int gic_init(const struct gic_board *board)
{
    if ((board->version == 3 && !CONFIG_GICV3) || (board->version == 2 && !CONFIG_GICV2)) {
        log_error("interrupt controller: this build has no driver for GICv%u", board->version);
        return -XEN_EINVAL;
    }
    v3 = board->version == 3;
    maintenance = board->maintenance;
    guest_interface = board->vcpu;
    return DRIVER(init, board, &guest_interface);
}

int gic_prepare(struct cpu *cpu)
{
    return DRIVER(prepare, cpu);
}

int gic_cpu_init(struct cpu *cpu)
{
    return DRIVER(cpu_init, cpu);
}

unsigned gic_version(void)
{
    return v3 ? 3 : 2;
}

unsigned gic_interrupt_count(void)
{
    return DRIVER(interrupt_count);
}

unsigned gic_maintenance_irq(void)
{
    return maintenance;
}

uint64_t gic_guest_interface(void)
{
    return guest_interface;
}

uint32_t gic_acknowledge(void)
{
    return DRIVER(acknowledge);
}

void gic_drop_priority(uint32_t iar)
{
    DRIVER(drop_priority, iar);
}

void gic_deactivate(uint32_t iar)
{
    DRIVER(deactivate, iar);
}

void gic_enable(unsigned irq, bool level)
{
    DRIVER(enable, irq, level);
}

void gic_disable(unsigned irq)
{
    DRIVER(disable, irq);
}

void gic_private_activate(uint32_t mask)
{
    DRIVER(private_activate, mask);
}

void gic_private_deactivate(uint32_t mask)
{
    DRIVER(private_deactivate, mask);
}

void gic_send_kick(const struct cpu *cpu)
{
    /* What the receiver is to look at is stored before the interrupt goes out. */
    dsb(ishst);
    DRIVER(send_kick, cpu);
}

void gic_load(struct vcpu *v)
{
    uint32_t hw = vgic_hw_private(&v->arch.vgic);

    DRIVER(load, LOADED_STATE, v->arch.gic_vmcr);
    if (hw != 0) {
        gic_private_activate(hw);
    }
    vgic_load(v);
}

/* Req: BH-TIMER-005 */
void gic_unload(struct vcpu *v)
{
    uint32_t hw;

    v->arch.gic_vmcr = gic_read_vmcr();
    vgic_save(v);
    DRIVER(unload, LOADED_STATE);
    hw = vgic_hw_private(&v->arch.vgic);
    if (hw != 0) {
        gic_private_deactivate(hw);
    }
}

uint32_t gic_read_vmcr(void)
{
    return DRIVER(read_vmcr);
}

uint32_t gic_reset_vmcr(void)
{
    return 0;
}

unsigned arch_vgic_lr_count(void)
{
    return DRIVER(lr_count);
}

uint64_t arch_vgic_lr_read(unsigned i)
{
    return DRIVER(lr_read, i);
}

void arch_vgic_lr_write(unsigned i, uint64_t lr)
{
    DRIVER(lr_write, i, lr);
}

void arch_vgic_maintenance_set(uint32_t bits)
{
    DRIVER(maintenance_set, bits);
}

unsigned arch_vgic_eoi_count(void)
{
    return DRIVER(eoi_count);
}

void arch_vgic_hw_deactivate(unsigned pirq)
{
    DRIVER(deactivate_any, pirq);
}

void arch_vgic_lines_enable(unsigned first, uint32_t mask, bool on)
{
    if (mask != 0) {
        DRIVER(lines_enable, first, mask, on);
    }
}

void arch_vgic_line_configure(unsigned pirq, bool is_edge)
{
    spin_lock(&config_lock);
    DRIVER(line_configure, pirq, !is_edge);
    spin_unlock(&config_lock);
}

void arch_vgic_line_route(unsigned pirq, const struct cpu *cpu)
{
    DRIVER(line_route, pirq, cpu);
}

void arch_cpu_kick(const struct cpu *cpu)
{
    gic_send_kick(cpu);
}

unsigned gic_reset_shared(uintptr_t base)
{
    unsigned count = MIN(32 * ((gic_read32(base, GICD_TYPER) & 0x1f) + 1), 1020U);

    for (unsigned i = 32; i < count; i += 32) {
        gic_write32(base, GICD_ICENABLER + i / 8, UINT32_MAX);
        gic_write32(base, GICD_ICACTIVER + i / 8, UINT32_MAX);
    }
    for (unsigned i = 32; i < count; i += 4) {
        gic_write32(base, GICD_IPRIORITYR + i, GIC_PRIORITY * 0x01010101U);
    }
    return count;
}

void gic_configure(uintptr_t base, unsigned irq, bool level)
{
    unsigned offset = GICD_ICFGR + irq / 16 * 4, shift = irq % 16 * 2;
    uint32_t value = gic_read32(base, offset) & ~(3U << shift);

    gic_write32(base, offset, value | (level ? 0U : 2U << shift));
}
