/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the buffer: hvm_start_info, the module, the memory map, the command line, ACPI tables.
 */
#include "guest_start_info.h"

#include "lib/string.h"

#define START_INFO_VERSION 1

/* IBM PC: video memory and ROMs. There are none, and kernels do not take it for RAM. */
#define HOLE_START 0xa0000
#define HOLE_END   MIB(1)

/* Offsets in the buffer. */
struct layout {
    uint64_t module, map, arguments, acpi, size;
};

static struct layout lay_out(const struct guest_start_info *in)
{
    struct layout l = { .module = sizeof(struct hvm_start_info) };

    l.map = l.module + sizeof(struct hvm_modlist_entry);
    l.arguments = l.map + GUEST_MEMORY_MAP_COUNT * sizeof(struct hvm_memmap_table_entry);
    l.acpi = ALIGN_UP(l.arguments + in->bootargs_size + 1, GUEST_ACPI_ALIGN);
    l.size = l.acpi + guest_acpi_size(&in->acpi);
    return l;
}

/* Adds [START, END) in front of what begins later. False: there is no room. */
static bool add_range(struct guest_memory_map *m, uint64_t start, uint64_t end, uint32_t type)
{
    unsigned i = m->count;

    if (start >= end) {
        return true;
    }
    if (m->count == GUEST_MEMORY_MAP_COUNT) {
        return false;
    }
    for (; i > 0 && m->entry[i - 1].addr > start; i--) {
        m->entry[i] = m->entry[i - 1];
    }
    m->entry[i] = (struct hvm_memmap_table_entry){ .addr = start, .size = end - start, .type = type };
    m->count++;
    return true;
}

/* Req: BH-PVH-004 */
/* RAM without the hole and without OWN, our own pages, which are behind the hole; then these two. */
bool guest_memory_map_make(const struct memory_range *ram, unsigned ram_count, const struct memory_range *own,
                           const struct shared_share *shares, unsigned share_count, struct guest_memory_map *m)
{
    bool fits;

    m->count = 0;
    fits = add_range(m, HOLE_START, HOLE_END, XEN_HVM_MEMMAP_TYPE_RESERVED) &&
                add_range(m, own->start, own->end, XEN_HVM_MEMMAP_TYPE_ACPI);

    for (unsigned i = 0; i < ram_count && fits; i++) {
        uint64_t start = ram[i].start, end = ram[i].end;

        fits = add_range(m, start, MIN(end, HOLE_START), XEN_HVM_MEMMAP_TYPE_RAM) &&
               add_range(m, MAX(start, HOLE_END), MIN(end, own->start), XEN_HVM_MEMMAP_TYPE_RAM) &&
               add_range(m, MAX(start, own->end), end, XEN_HVM_MEMMAP_TYPE_RAM);
    }
    /* Req: BH-SHM-005 */
    for (unsigned i = 0; i < share_count && fits; i++) {
        fits = add_range(m, shares[i].gpa, shares[i].gpa + shares[i].size, XEN_HVM_MEMMAP_TYPE_RESERVED);
    }
    return fits;
}

/* Req: BH-PVH-004 */
int guest_start_info_write(const struct guest_start_info *in, uint64_t address, void *buffer, size_t size, size_t *used)
{
    struct guest_memory_map map;
    struct hvm_start_info info = { .magic = XEN_HVM_START_MAGIC_VALUE, .version = START_INFO_VERSION };
    struct hvm_modlist_entry module = { .paddr = in->ramdisk_start, .size = in->ramdisk_end - in->ramdisk_start };
    struct memory_range own;
    struct layout l;
    char *b = buffer;

    if (in->acpi.vcpu_count == 0 || in->acpi.vcpu_count > GUEST_ACPI_VCPU_MAX || (address & (PAGE_SIZE - 1)) != 0 ||
        address < HOLE_END || address >= GIB(4) || size > GIB(4) - address) {
        return -XEN_EINVAL;
    }
    if (in->bootargs_size >= size) {
        return -XEN_ENOSPC;
    }
    l = lay_out(in);
    if (l.size > size) {
        return -XEN_ENOSPC;
    }
    own = (struct memory_range){ .start = address, .end = ALIGN_UP(address + l.size, PAGE_SIZE) };
    if (!guest_memory_map_make(in->ram, in->ram_count, &own, in->acpi.shares, in->acpi.share_count, &map)) {
        return -XEN_EINVAL;
    }
    info.flags = in->is_initial ? SIF_INITDOMAIN | SIF_PRIVILEGED : 0;
    info.nr_modules = module.size != 0 ? 1 : 0;
    info.modlist_paddr = module.size != 0 ? address + l.module : 0;
    info.cmdline_paddr = address + l.arguments;
    info.rsdp_paddr = address + l.acpi;
    info.memmap_paddr = address + l.map;
    info.memmap_entries = map.count;
    memset(b, 0, l.size);
    memcpy(b, &info, sizeof(info));
    if (module.size != 0) {
        memcpy(b + l.module, &module, sizeof(module));
    }
    memcpy(b + l.map, map.entry, map.count * sizeof(map.entry[0]));
    if (in->bootargs != NULL) {
        memcpy(b + l.arguments, in->bootargs, in->bootargs_size);
    }
    guest_acpi_write(&in->acpi, address + l.acpi, b + l.acpi);
    *used = l.size;
    return 0;
}
