/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start, and the facts that a guest needs of its start info (Xen's hvm/start_info.h) and of the ACPI tables that it
 * names (ACPI 6.3, 5.2: RSDP, XSDT, MADT).
 */
#include "xen_guest.h"

#include <xen/arch-x86/hvm/start_info.h>

#define RSDP_REVISION 15
#define RSDP_WITH_XSDT 2
#define RSDP_XSDT 24        /* offset of the XSDT's address */
#define TABLE_LENGTH 4
#define TABLE_HEADER 36
#define MADT_ENTRIES 44
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED 1u

struct board board;
uint64_t boot_counter;
uintptr_t start_info;

void guest_start(void);
void xen_find(void);

static uint32_t get32(const uint8_t *p) { return *(const uint32_t *)p; }

static bool text_is(const uint8_t *p, const char *text)
{
    while (*text != '\0' && *p == (uint8_t)*text) {
        p++;
        text++;
    }
    return *text == '\0';
}

static void cpu_found(uint32_t apic_id)
{
    if (board.cpu_count < CPU_MAX) {
        board.apic_ids[board.cpu_count++] = apic_id;
    }
}

static void madt_read(const uint8_t *madt)
{
    const uint8_t *end = madt + get32(madt + TABLE_LENGTH);

    for (const uint8_t *at = madt + MADT_ENTRIES; at + 2 <= end && at[1] >= 2; at += at[1]) {
        if (at[0] == MADT_LOCAL_APIC && (get32(at + 4) & MADT_ENABLED) != 0) {
            cpu_found(at[3]);
        } else if (at[0] == MADT_LOCAL_X2APIC && (get32(at + 8) & MADT_ENABLED) != 0) {
            cpu_found(get32(at + 4));
        }
    }
}

static void acpi_read(uint64_t rsdp)
{
    const uint8_t *xsdt;

    if (rsdp == 0 || !text_is((const uint8_t *)(uintptr_t)rsdp, "RSD PTR ") ||
        ((const uint8_t *)(uintptr_t)rsdp)[RSDP_REVISION] < RSDP_WITH_XSDT) {
        return;
    }
    xsdt = (const uint8_t *)(uintptr_t)*(const uint64_t *)(uintptr_t)(rsdp + RSDP_XSDT);
    for (unsigned at = TABLE_HEADER; at + 8 <= get32(xsdt + TABLE_LENGTH); at += 8) {
        const uint8_t *table = (const uint8_t *)(uintptr_t)*(const uint64_t *)(xsdt + at);

        if (text_is(table, "APIC")) {
            madt_read(table);
        }
    }
}

static void region_found(uint64_t address, uint64_t size, uint32_t type)
{
    if (type == XEN_HVM_MEMMAP_TYPE_RAM && (uintptr_t)_head - address < size) {
        board.memory_base = address;
        board.memory_size = size;
    }
}

/* The start info of Xen's initial domain comes without a map: it is asked for. */
static void map_ask(void)
{
    static struct map_entry entries[MAP_ENTRIES];
    struct xen_memory_map map = { .nr_entries = MAP_ENTRIES };

    set_xen_guest_handle(map.buffer, (void *)entries);
    if (memory_op(XENMEM_memory_map, &map) != 0) {
        return;
    }
    for (unsigned i = 0; i < map.nr_entries && i < MAP_ENTRIES; i++) {
        region_found(entries[i].address, entries[i].size, entries[i].type);
    }
}

/* What a loader put at ADDRESS; QEMU puts some into the first page, which is not mapped. */
static const void *loaded(uint64_t address)
{
    return address < PAGE ? (uint8_t *)window_page(0, WINDOW_READ_ONLY, 0) + address : (void *)(uintptr_t)address;
}

static void start_info_read(const struct hvm_start_info *info)
{
    const struct hvm_memmap_table_entry *map = loaded(info->memmap_paddr);

    if (info->magic != XEN_HVM_START_MAGIC_VALUE) {
        return;
    }
    if (info->cmdline_paddr != 0) {
        format_to(board.bootargs, sizeof(board.bootargs), "%s", (const char *)(uintptr_t)info->cmdline_paddr);
    }
    for (uint32_t i = 0; info->version >= 1 && i < info->memmap_entries; i++) {
        region_found(map[i].addr, map[i].size, map[i].type);
    }
    if (board.memory_size == 0) {
        map_ask();
    }
    acpi_read(info->rsdp_paddr);
}

void guest_start(void)
{
    machine_tables_load();
    xen_find();
    start_info_read((const struct hvm_start_info *)start_info);
    if (board.cpu_count == 0) {
        cpu_found(cpuid_read(1, 0).b >> 24);
    }
    guest_main();
    guest_end();
}

void board_say(void)
{
    say("apic: version 0x%x\n", apic_read(APIC_VERSION) & 0xff);
}

uint64_t board_device(void) { return APIC_ADDRESS; }
uint32_t board_device_word(void) { return apic_read(APIC_VERSION); }
