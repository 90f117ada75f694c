/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the firmware: whatever they say, nothing beyond what was mapped is read, and what comes of them is
 * what the interface promises. The input is a byte and then memory from MEMORY on, where the root pointer is. If the
 * byte is odd, all checksums are right, whatever the memory says: else few inputs would be looked at at all.
 */
#include "support/fuzz.h"

#include "acpi.h"

#define MEMORY 0x1000

static const uint8_t *memory;
static size_t memory_size;
static bool sums_are_right;
static const void *mapped[2];
static unsigned mapped_count;

/* Sets the byte at SUM so that SIZE bytes sum up to 0. */
static void fix(uint8_t *bytes, size_t size, size_t sum)
{
    uint8_t total = 0;

    for (size_t i = 0; i < size; i++) {
        total = (uint8_t)(total + bytes[i]);
    }
    bytes[sum] = (uint8_t)(bytes[sum] - total);
}

const void *acpi_map(uint64_t address, size_t size)
{
    uint8_t *copy;

    CHECK(mapped_count < 2 && size != 0 && size <= ACPI_TABLE_MAX);
    if (address < MEMORY || address - MEMORY > memory_size || size > memory_size - (address - MEMORY)) {
        return NULL;
    }
    copy = malloc(size);
    memcpy(copy, memory + (address - MEMORY), size);
    if (sums_are_right && size >= 20 && memcmp(copy, "RSD PTR ", 8) == 0) {
        fix(copy, 20, 8);
        if (size >= 36) {
            fix(copy, size, 32);
        }
    } else if (sums_are_right && size >= 36) {
        fix(copy, size, 9);
    }
    mapped[mapped_count++] = copy;
    return copy;
}

void acpi_unmap(const void *p)
{
    CHECK(mapped_count > 0 && mapped[mapped_count - 1] == p);
    mapped_count--;
    free((void *)p);
}

static void check_register(const struct acpi_register *r)
{
    CHECK(r->address == 0 || r->bits != 0);
    CHECK(!r->is_port || r->address + r->bits / 8 <= 0x10000);
}

static void check(const struct acpi_board *b)
{
    CHECK(b->cpu_count <= CONFIG_MAX_CPUS && b->cpu_count <= b->cpu_total && b->cpu_total <= ACPI_CPU_MAX);
    for (unsigned i = 0; i < b->cpu_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            CHECK(b->cpu[i].apic_id != b->cpu[k].apic_id);
        }
    }
    CHECK(b->ioapic_count <= ACPI_IOAPIC_COUNT);
    for (unsigned i = 0; i < b->ioapic_count; i++) {
        CHECK(b->ioapic[i].address != 0);
    }
    CHECK(b->segment_count <= ACPI_SEGMENT_COUNT);
    for (unsigned i = 0; i < b->segment_count; i++) {
        CHECK(b->segment[i].first_bus <= b->segment[i].last_bus && b->segment[i].address != 0);
    }
    CHECK(b->memory_count <= ACPI_MEMORY_COUNT);
    for (unsigned i = 0; i < b->memory_count; i++) {
        CHECK(b->memory[i].start < b->memory[i].end);
    }
    CHECK((b->local_apic & 0xfff) == 0 && (b->hpet & 0x3ff) == 0);
    check_register(&b->pm_timer);
    check_register(&b->reset);
    check_register(&b->pm1a_control);
    check_register(&b->pm1b_control);
    check_register(&b->sleep_control);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acpi_board board;
    uint64_t found;

    if (size < 1) {
        return 0;
    }
    sums_are_right = (data[0] & 1) != 0;
    memory = data + 1;
    memory_size = size - 1;
    if (acpi_read(MEMORY, &board) == 0) {
        check(&board);
    }
    CHECK(mapped_count == 0);
    found = acpi_find_rsdp(memory, memory_size, MEMORY);
    CHECK(found == 0 || (found >= MEMORY && found % 16 == 0 && found - MEMORY + 20 <= memory_size));
    return 0;
}
