/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XENMEM_memory_map: the memory map of the start_info again, for kernels that ask for it (Xen's public memory.h).
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/guest_struct.h"
#include "bh/vcpu.h"
#include "guest_start_info.h"

/* An entry as the PC's firmware has it (ACPI 6.3, table 15-374: INT 15H, E820); types are those of the start_info. */
struct e820_entry {
    uint64_t address, size;
    uint32_t type;
} __attribute__((packed));

static int64_t memory_map(struct vcpu *v, struct guest_handle arg)
{
    static const uint64_t base[] = ARCH_GUEST_RAM_BASES;
    const struct domain *owner = v->domain;
    const struct arch_domain *d = &owner->arch;
    const struct shared_share *shares = CONFIG_SHARED_MEMORY ? shared_memory_share(owner->shared_first) : NULL;
    const struct memory_range own = { .start = d->description, .end = d->description_end };
    struct memory_range ram[ARCH_GUEST_RAM_BANKS];
    struct e820_entry entries[GUEST_MEMORY_MAP_COUNT];
    struct guest_memory_map map;
    struct xen_memory_map a;
    int err = guest_struct_from(v, &a, arg, sizeof(a), STRUCT_xen_memory_map);

    if (err != 0) {
        return err;
    }
    for (unsigned i = 0; i < ARCH_GUEST_RAM_BANKS; i++) {
        ram[i] = (struct memory_range){ .start = base[i], .end = d->ram_end[i] };
    }
    if (!guest_memory_map_make(ram, ARCH_GUEST_RAM_BANKS, &own, shares, owner->shared_count, &map)) {
        return -XEN_ENOSYS;
    }
    a.nr_entries = MIN(a.nr_entries, map.count);
    for (unsigned i = 0; i < a.nr_entries; i++) {
        entries[i] = (struct e820_entry){ .address = map.entry[i].addr, .size = map.entry[i].size,
                                          .type = map.entry[i].type };
    }
    err = guest_copy_to(v, guest_handle((uint64_t)a.buffer.p), entries, a.nr_entries * sizeof(entries[0]));
    return err != 0 ? err : guest_struct_to(v, arg, &a, sizeof(a), STRUCT_xen_memory_map);
}

/* Req: BH-PC-055 */
int64_t arch_memory_op(struct vcpu *v, unsigned command, struct guest_handle arg)
{
    return command == XENMEM_memory_map ? memory_map(v, arg) : -XEN_ENOSYS;
}
