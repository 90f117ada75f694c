/* SPDX-License-Identifier: Apache-2.0 */
#include "isa_line.h"

#include "arch/arch.h"
#include "arch/arch_vioapic.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/spinlock.h"
#include "bh/uart.h"
#include "bh/vcpu.h"
#include "bh/vioapic.h"
#include "board_ports.h"
#include "ioapic.h"
#include "layout.h"

static struct spinlock lock = SPINLOCK_INIT(LOCK_DEVICE_LINE);
static const struct acpi_board *board;         /* [boot] */
static struct domain *users[ACPI_ISA_COUNT]; /* [lock lock] NULL: nobody */

void isa_line_init(const struct acpi_board *acpi)
{
    board = acpi;
}

const struct acpi_isa *isa_line_of(unsigned irq)
{
    return &board->isa[irq];
}

const char *arch_ports_holder(uint32_t first, uint32_t count)
{
    return board_ports_holder(board, uart_is_ready(), first, count);
}

const char *arch_isa_holder(unsigned irq)
{
    return ioapic_has_isa(board, irq) ? board_isa_holder(board, uart_is_ready(), irq) : "no I/O APIC";
}

/* Req: BH-PORT-004 */
void isa_line_give(struct domain *d, uint16_t irqs)
{
    vioapic_init(d);
    spin_lock(&lock);
    for (unsigned irq = 0; irq < ACPI_ISA_COUNT; irq++) {
        if ((irqs & BIT(irq)) != 0) {
            vioapic_wire(d, irq, board->isa[irq].is_level);
            users[irq] = d;
        }
    }
    spin_unlock(&lock);
}

/* Req: BH-PORT-008 */
void isa_line_end(struct domain *d)
{
    spin_lock(&lock);
    for (unsigned irq = 0; irq < ACPI_ISA_COUNT; irq++) {
        users[irq] = users[irq] == d ? NULL : users[irq];
    }
    spin_unlock(&lock);
    vioapic_end(d);
}

void isa_line_came(unsigned irq)
{
    spin_lock(&lock);
    if (users[irq] != NULL) {
        vioapic_came(users[irq], irq);
    }
    spin_unlock(&lock);
}

void arch_vioapic_open(unsigned pin, bool open)
{
    ioapic_open_isa(pin, (uint8_t)(VECTOR_ISA + pin), this_cpu()->arch.apic_id, open);
}

void arch_vioapic_watch(struct vcpu *v, bool watch)
{
    if (watch) {
        __atomic_fetch_or(&v->arch.events, ARCH_EVENT_END, __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_and(&v->arch.events, ~ARCH_EVENT_END, __ATOMIC_SEQ_CST);
    }
}
