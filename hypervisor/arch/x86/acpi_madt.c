/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs, interrupt controllers, and what is near to what: MADT (ACPI 6.4, 5.2.12) and SRAT (5.2.16).
 */
#include "acpi.h"
#include "acpi_table.h"
#include "bh/console.h"

/* Neither of the two fields has this. */
#define POLARITY_RESERVED 0x2
#define TRIGGER_RESERVED  0x8

/* Table 5.57: entries of the SRAT begin here. Tables 5.58 to 5.60: their types and lengths. */
#define SRAT_ENTRIES     48
#define SRAT_CPU         0
#define SRAT_CPU_SIZE    16
#define SRAT_MEMORY      1
#define SRAT_MEMORY_SIZE 40
#define SRAT_X2APIC      2
#define SRAT_X2APIC_SIZE 24
#define SRAT_ENABLED     BIT(0)
#define SRAT_PLUGGABLE   BIT(1)

static struct acpi_cpu *find_cpu(struct acpi_board *board, uint32_t apic_id)
{
    for (unsigned i = 0; i < board->cpu_count; i++) {
        if (board->cpu[i].apic_id == apic_id) {
            return &board->cpu[i];
        }
    }
    return NULL;
}

/* Req: BH-ACPI-002 */
static void add_cpu(struct acpi_board *board, uint32_t apic_id, uint32_t all, uint32_t uid, uint32_t flags)
{
    if ((flags & (MADT_CPU_ENABLED | MADT_CPU_ONLINE_CAPABLE)) == 0 || apic_id == all ||
        board->cpu_total == ACPI_CPU_MAX) {
        return;
    }
    if (find_cpu(board, apic_id) != NULL) {
        log_warning("ACPI: MADT: APIC id 0x%x twice", apic_id);
        return;
    }
    board->cpu_total++;
    if (board->cpu_count < CONFIG_MAX_CPUS) {
        board->cpu[board->cpu_count++] = (struct acpi_cpu){
            .apic_id = apic_id,
            .uid = uid,
            .enabled = (flags & MADT_CPU_ENABLED) != 0,
        };
    }
}

static void add_ioapic(struct acpi_board *board, const struct acpi_bytes *e)
{
    struct acpi_ioapic new = {
        .id = acpi_get8(e, 2),
        .address = acpi_get32(e, 4),
        .interrupt_base = acpi_get32(e, 8),
    };

    if (new.address == 0 || (new.address & 0xf) != 0) {
        log_warning("ACPI: MADT: an I/O APIC at 0x%lx, left out", new.address);
        return;
    }
    for (unsigned i = 0; i < board->ioapic_count; i++) {
        if (board->ioapic[i].address == new.address || board->ioapic[i].interrupt_base == new.interrupt_base) {
            log_warning("ACPI: MADT: the I/O APIC at 0x%lx, or its interrupts, twice", new.address);
            return;
        }
    }
    if (board->ioapic_count == ACPI_IOAPIC_COUNT) {
        log_warning("ACPI: MADT: more than %u I/O APICs", ACPI_IOAPIC_COUNT);
        return;
    }
    board->ioapic[board->ioapic_count++] = new;
}

/* Req: BH-ACPI-003 */
static void add_override(struct acpi_board *board, const struct acpi_bytes *e)
{
    uint8_t bus = acpi_get8(e, 2), source = acpi_get8(e, 3);
    uint16_t flags = acpi_get16(e, 8);

    if (bus != 0 || source >= ACPI_ISA_COUNT || (flags & INTERRUPT_POLARITY) == POLARITY_RESERVED ||
        (flags & INTERRUPT_TRIGGER) == TRIGGER_RESERVED) {
        log_warning("ACPI: MADT: an override of interrupt %u of bus %u, flags 0x%x, left out", source, bus, flags);
        return;
    }
    board->isa[source] = (struct acpi_isa){
        .interrupt = acpi_get32(e, 4),
        .is_level = (flags & INTERRUPT_TRIGGER) == INTERRUPT_LEVEL,
        .is_low = (flags & INTERRUPT_POLARITY) == INTERRUPT_LOW,
    };
    board->override_count++;
}

/* Length that an entry of TYPE has at least; 0: it is of no use to us. */
static uint8_t madt_entry_size(uint8_t type)
{
    switch (type) {
    case MADT_CPU:
        return MADT_CPU_SIZE;
    case MADT_IOAPIC:
        return MADT_IOAPIC_SIZE;
    case MADT_OVERRIDE:
        return MADT_OVERRIDE_SIZE;
    case MADT_ADDRESS:
        return MADT_ADDRESS_SIZE;
    case MADT_X2APIC:
        return MADT_X2APIC_SIZE;
    default:
        return 0;
    }
}

static void take_madt_entry(struct acpi_board *board, const struct acpi_bytes *e)
{
    switch (acpi_get8(e, 0)) {
    case MADT_CPU:
        add_cpu(board, acpi_get8(e, 3), APIC_ID_ALL, acpi_get8(e, 2), acpi_get32(e, 4));
        break;
    case MADT_IOAPIC:
        add_ioapic(board, e);
        break;
    case MADT_OVERRIDE:
        add_override(board, e);
        break;
    case MADT_ADDRESS:
        board->local_apic = acpi_get64(e, 4);
        break;
    case MADT_X2APIC:
        add_cpu(board, acpi_get32(e, 4), X2APIC_ID_ALL, acpi_get32(e, 12), acpi_get32(e, 8));
        break;
    }
}

void acpi_read_madt(const struct acpi_bytes *t, struct acpi_board *board)
{
    uint32_t offset = MADT_ENTRIES;
    struct acpi_bytes e;

    board->has_madt = true;
    board->has_8259 = (acpi_get32(t, MADT_FLAGS) & MADT_FLAG_8259) != 0;
    board->local_apic = acpi_get32(t, MADT_LOCAL_APIC);
    while (acpi_next_entry(t, &offset, &e, "MADT")) {
        if (e.size < madt_entry_size(e.at[0])) {
            log_warning("ACPI: MADT: an entry of type %u has %u bytes, left out", e.at[0], e.size);
            continue;
        }
        take_madt_entry(board, &e);
    }
    if (board->cpu_total > board->cpu_count) {
        log_warning("ACPI: MADT: %u CPUs; %u are used", board->cpu_total, board->cpu_count);
    }
    if ((board->local_apic & (PAGE_SIZE - 1)) != 0) {
        log_warning("ACPI: MADT: local APICs at 0x%lx", board->local_apic);
        board->local_apic = 0;
    }
}

static void add_memory(struct acpi_board *board, const struct acpi_bytes *e, uint32_t proximity)
{
    uint64_t start = acpi_get64(e, 8), size = acpi_get64(e, 16);

    if (size == 0 || start > UINT64_MAX - size) {
        log_warning("ACPI: SRAT: 0x%lx bytes of memory at 0x%lx, left out", size, start);
    } else if (board->memory_count == ACPI_MEMORY_COUNT) {
        log_warning("ACPI: SRAT: more than %u ranges of memory", ACPI_MEMORY_COUNT);
    } else {
        board->memory[board->memory_count++] = (struct acpi_memory){
            .start = start,
            .end = start + size,
            .proximity = proximity,
            .can_be_plugged = (acpi_get32(e, 28) & SRAT_PLUGGABLE) != 0,
        };
    }
}

static void set_proximity(struct acpi_board *board, uint32_t apic_id, uint32_t proximity)
{
    struct acpi_cpu *cpu = find_cpu(board, apic_id);

    if (cpu != NULL) {
        cpu->proximity = proximity;
    }
}

void acpi_read_srat(const struct acpi_bytes *t, struct acpi_board *board)
{
    /* Domains had 8 bits in revision 1, and what are the others now was reserved. */
    uint32_t mask = acpi_get8(t, ACPI_OFFSET_REVISION) < 2 ? 0xff : UINT32_MAX;
    uint32_t offset = SRAT_ENTRIES;
    struct acpi_bytes e;

    while (acpi_next_entry(t, &offset, &e, "SRAT")) {
        uint8_t type = e.at[0];

        if (type == SRAT_CPU && e.size >= SRAT_CPU_SIZE) {
            uint32_t high = acpi_get32(&e, 8) & 0xffffff00; /* behind the local SAPIC EID */

            if ((acpi_get32(&e, 4) & SRAT_ENABLED) != 0) {
                set_proximity(board, acpi_get8(&e, 3), (high | acpi_get8(&e, 2)) & mask);
            }
        } else if (type == SRAT_X2APIC && e.size >= SRAT_X2APIC_SIZE) {
            if ((acpi_get32(&e, 12) & SRAT_ENABLED) != 0) {
                set_proximity(board, acpi_get32(&e, 8), acpi_get32(&e, 4));
            }
        } else if (type == SRAT_MEMORY && e.size >= SRAT_MEMORY_SIZE) {
            if ((acpi_get32(&e, 28) & SRAT_ENABLED) != 0) {
                add_memory(board, &e, acpi_get32(&e, 2) & mask);
            }
        } else if (type <= SRAT_X2APIC) {
            log_warning("ACPI: SRAT: an entry of type %u has %u bytes, left out", type, e.size);
        }
    }
}
