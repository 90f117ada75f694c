/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between acpi.c and the files that know one kind of tables each. A table was checked as a whole: its length is that of
 * what is mapped, and the sum of its bytes is right. What stands beyond its end reads as zero, as ACPI has it for
 * fields that are newer than a table.
 */
#ifndef BH_X86_ACPI_TABLE_H
#define BH_X86_ACPI_TABLE_H

#include "acpi.h"
#include "acpi_layout.h"
#include "bh/types.h"
#include "lib/string.h"

struct acpi_bytes {
    const uint8_t *at;
    uint32_t size;
};

/* SIZE bytes, 8 at most, little endian. */
static inline uint64_t acpi_get(const struct acpi_bytes *b, uint32_t offset, uint32_t size)
{
    uint64_t value = 0;

    if (offset <= b->size && size <= b->size - offset) {
        memcpy(&value, b->at + offset, size);
    }
    return value;
}

static inline uint8_t acpi_get8(const struct acpi_bytes *b, uint32_t offset)
{
    return (uint8_t)acpi_get(b, offset, 1);
}

static inline uint16_t acpi_get16(const struct acpi_bytes *b, uint32_t offset)
{
    return (uint16_t)acpi_get(b, offset, 2);
}

static inline uint32_t acpi_get32(const struct acpi_bytes *b, uint32_t offset)
{
    return (uint32_t)acpi_get(b, offset, 4);
}

static inline uint64_t acpi_get64(const struct acpi_bytes *b, uint32_t offset)
{
    return acpi_get(b, offset, 8);
}

/*
 * MADT and SRAT are a head and then entries: type, length, what the type has. Gives the entry at *OFFSET and moves on;
 * false at the end, and for one that is malformed, behind which nothing can be found. NAME is for the message.
 */
bool acpi_next_entry(const struct acpi_bytes *table, uint32_t *offset, struct acpi_bytes *entry, const char *name);

/* Tables into *BOARD. MADT comes before SRAT, which is about its CPUs. */
void acpi_read_madt(const struct acpi_bytes *t, struct acpi_board *board);
void acpi_read_srat(const struct acpi_bytes *t, struct acpi_board *board);
void acpi_read_fadt(const struct acpi_bytes *t, struct acpi_board *board);
void acpi_read_hpet(const struct acpi_bytes *t, struct acpi_board *board);
void acpi_read_mcfg(const struct acpi_bytes *t, struct acpi_board *board);

#endif
