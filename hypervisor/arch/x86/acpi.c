/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the root pointer to the tables: ACPI 6.4, 5.2.5 to 5.2.8. The root table is walked once, and the first table of
 * each kind is remembered; then they are read in the order of KINDS.
 */
#include "acpi.h"

#include "acpi_table.h"
#include "bh/console.h"
#include "lib/string.h"

#define RSDP_STEP     16
#define RSDP_SIZE_MAX 4096

/* Physical addresses have 52 bits at most: AMD APM volume 2, 5.1. */
#define ADDRESS_LIMIT BIT(52)

static void take_dmar(const struct acpi_bytes *t, struct acpi_board *board)
{
    board->dmar.size = t->size;
}

static void take_ivrs(const struct acpi_bytes *t, struct acpi_board *board)
{
    board->ivrs.size = t->size;
}

enum kind { KIND_MADT, KIND_SRAT, KIND_FADT, KIND_HPET, KIND_MCFG, KIND_DMAR, KIND_IVRS, KIND_COUNT };

/* MINIMUM: bytes that a table of this kind has at least. */
static const struct {
    char signature[5];
    uint16_t minimum;
    void (*read)(const struct acpi_bytes *t, struct acpi_board *board);
} kinds[KIND_COUNT] = {
    [KIND_MADT] = { "APIC", 44, acpi_read_madt },
    [KIND_SRAT] = { "SRAT", 48, acpi_read_srat },
    [KIND_FADT] = { "FACP", 116, acpi_read_fadt }, /* that of ACPI 1.0 */
    [KIND_HPET] = { "HPET", 56, acpi_read_hpet },
    [KIND_MCFG] = { "MCFG", 44, acpi_read_mcfg },
    [KIND_DMAR] = { "DMAR", 48, take_dmar },
    [KIND_IVRS] = { "IVRS", 48, take_ivrs },
};

/* Do all bytes sum up to 0? ACPI 5.2.3.2 */
static bool sum_is_right(const uint8_t *bytes, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum == 0;
}

static const void *map(uint64_t address, uint64_t size)
{
    return address != 0 && address < ADDRESS_LIMIT && size <= ADDRESS_LIMIT - address ? acpi_map(address, size) : NULL;
}

/* Is there a root pointer in the SIZE bytes at BYTES? Only the part that version 1 has is looked at. */
static bool is_rsdp(const uint8_t *bytes, size_t size)
{
    return size >= RSDP_SIZE_1 && memcmp(bytes, RSDP_SIGNATURE, sizeof(RSDP_SIGNATURE) - 1) == 0 &&
           sum_is_right(bytes, RSDP_SIZE_1);
}

/* Req: BH-ACPI-001 */
uint64_t acpi_find_rsdp(const void *bytes, size_t size, uint64_t address)
{
    const uint8_t *b = bytes;

    for (size_t at = 0; at < size; at += RSDP_STEP) {
        if (is_rsdp(b + at, size - at)) {
            return address + at;
        }
    }
    return 0;
}

/* Maps the table NAME at ADDRESS, whole; its bytes go to *OUT, and the caller unmaps OUT->at. False, and a message. */
static bool open_table(uint64_t address, const char *name, uint32_t minimum, struct acpi_bytes *out)
{
    const uint8_t *p = map(address, ACPI_HEADER_SIZE);
    struct acpi_bytes header = { p, ACPI_HEADER_SIZE };
    uint32_t size;

    if (p == NULL) {
        log_warning("ACPI: %s: no memory at 0x%lx", name, address);
        return false;
    }
    size = acpi_get32(&header, ACPI_OFFSET_LENGTH);
    if (memcmp(p, name, 4) != 0) {
        size = 0;
    }
    acpi_unmap(p);
    if (size < minimum || size > ACPI_TABLE_MAX) {
        log_warning("ACPI: %s: %u bytes; expected a table of %u to %lu", name, size, minimum, ACPI_TABLE_MAX);
        return false;
    }
    p = map(address, size);
    if (p == NULL) {
        log_warning("ACPI: %s: no memory at 0x%lx for its %u bytes", name, address, size);
        return false;
    }
    if (!sum_is_right(p, size)) {
        acpi_unmap(p);
        log_warning("ACPI: %s: wrong checksum, left out", name);
        return false;
    }
    *out = (struct acpi_bytes){ p, size };
    return true;
}

/* Req: BH-ACPI-004 */
static void read_table(enum kind k, uint64_t address, struct acpi_board *board)
{
    struct acpi_bytes t;

    if (address != 0 && open_table(address, kinds[k].signature, kinds[k].minimum, &t)) {
        kinds[k].read(&t, board);
        acpi_unmap(t.at);
    }
}

/* Sorts the table at ADDRESS by its signature. False: there is no memory. */
static bool sort_table(uint64_t address, uint64_t *places)
{
    const char *p = map(address, ACPI_HEADER_SIZE);

    if (p == NULL) {
        return false;
    }
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        if (memcmp(p, kinds[k].signature, 4) == 0 && places[k] == 0) {
            places[k] = address;
        }
    }
    acpi_unmap(p);
    return true;
}

/* Walks the root table NAME at ADDRESS, whose entries have SIZE bytes each. False: it cannot be used. */
static bool walk_root(uint64_t address, const char *name, uint32_t size, uint64_t *places)
{
    struct acpi_bytes root;
    unsigned lost = 0;

    if (!open_table(address, name, ACPI_HEADER_SIZE, &root)) {
        return false;
    }
    /* Bound: ACPI_TABLE_MAX / 4. */
    for (uint32_t at = ACPI_HEADER_SIZE; root.size - at >= size; at += size) {
        uint64_t table = acpi_get(&root, at, size);

        if (table != 0 && !sort_table(table, places)) {
            lost++;
        }
    }
    acpi_unmap(root.at);
    if (lost != 0) {
        log_warning("ACPI: %s: %u tables are nowhere in memory", name, lost);
    }
    return true;
}

/* Reads the root pointer: where the root tables are; 0: there is none of that kind. */
static bool read_rsdp(uint64_t address, uint64_t *rsdt, uint64_t *xsdt)
{
    const uint8_t *p = map(address, RSDP_SIZE_1);
    struct acpi_bytes b = { p, RSDP_SIZE_1 };
    uint32_t size;
    bool is_good;

    if (p == NULL) {
        return false;
    }
    is_good = is_rsdp(p, RSDP_SIZE_1);
    *rsdt = acpi_get32(&b, RSDP_RSDT);
    *xsdt = 0;
    size = acpi_get8(&b, RSDP_REVISION) >= 2 ? RSDP_SIZE_2 : RSDP_SIZE_1;
    acpi_unmap(p);
    if (!is_good || size == RSDP_SIZE_1) {
        return is_good;
    }
    p = map(address, RSDP_SIZE_2);
    if (p == NULL) {
        return true;
    }
    b = (struct acpi_bytes){ p, RSDP_SIZE_2 };
    size = acpi_get32(&b, RSDP_LENGTH);
    *xsdt = acpi_get64(&b, RSDP_XSDT);
    acpi_unmap(p);
    p = size >= RSDP_SIZE_2 && size <= RSDP_SIZE_MAX ? map(address, size) : NULL;
    if (p == NULL || !sum_is_right(p, size)) {
        log_warning("ACPI: RSDP: wrong length or checksum of version 2; version 1 is used");
        *xsdt = 0;
    }
    if (p != NULL) {
        acpi_unmap(p);
    }
    return true;
}

/* Req: BH-ACPI-001, BH-ACPI-004 */
int acpi_read(uint64_t rsdp, struct acpi_board *out)
{
    uint64_t rsdt, xsdt, places[KIND_COUNT] = { 0 };

    if (!read_rsdp(rsdp, &rsdt, &xsdt)) {
        log_error("ACPI: no RSDP with a right checksum at 0x%lx", rsdp);
        return -XEN_EINVAL;
    }
    if ((xsdt == 0 || !walk_root(xsdt, "XSDT", 8, places)) && (rsdt == 0 || !walk_root(rsdt, "RSDT", 4, places))) {
        log_error("ACPI: neither an XSDT nor an RSDT that can be used");
        return -XEN_EINVAL;
    }
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < ACPI_ISA_COUNT; i++) {
        out->isa[i].interrupt = i;
    }
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        read_table(k, places[k], out);
    }
    out->dmar.address = out->dmar.size != 0 ? places[KIND_DMAR] : 0;
    out->ivrs.address = out->ivrs.size != 0 ? places[KIND_IVRS] : 0;
    return 0;
}

bool acpi_next_entry(const struct acpi_bytes *table, uint32_t *offset, struct acpi_bytes *entry, const char *name)
{
    uint32_t left = table->size - *offset;
    uint8_t size;

    if (left == 0) {
        return false;
    }
    size = acpi_get8(table, *offset + 1);
    if (size < 2 || size > left) {
        log_warning("ACPI: %s: malformed at byte %u; the rest is left out", name, *offset);
        return false;
    }
    *entry = (struct acpi_bytes){ table->at + *offset, size };
    *offset += size;
    return true;
}
