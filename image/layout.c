/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include "bytes.h"
#include "static_memory.h"

#define DEVICE_LIMIT 4
#define BANK_LIMIT   2

/*
 * The hypervisor's arch_types.h. arm64: GIC, UART, watchdog and what is Xen's, then memory; public/arch-arm.h, GUEST_*_BASE and
 * _SIZE. x86-64: the first MiB and the last 256 MiB below 4 GiB are a PC's devices, all else is memory.
 */
static const struct {
    struct layout_range device[DEVICE_LIMIT], bank[BANK_LIMIT];
    uint64_t end;
} layouts[] = {
    [ARCH_ARM64] = { { { 0x3001000, 0x101f000 }, { 0x22000000, 0x1000 }, { 0x22010000, 0x11000 }, { 0x38000000, 0x2000000 } },
                     { { 0x40000000, 0xc0000000 }, { 0x200000000, 0xfe00000000 } },
                     (uint64_t)1 << 40 },
    [ARCH_X86_64] = { { { 0, 0x100000 }, { 0xf0000000, 0x10000000 } },
                      { { 0, 0xf0000000 }, { 0x100000000, 0x7f00000000 } },
                      (uint64_t)1 << 39 },
};

const struct layout_range *layout_find_device(enum arch arch, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < DEVICE_LIMIT; i++) {
        const struct layout_range *r = &layouts[arch].device[i];

        if (r->size != 0 && bytes_overlap(r->start, r->size, start, size)) {
            return r;
        }
    }
    return NULL;
}

bool layout_has_memory(enum arch arch, const struct domain_config *config, uint64_t start, uint64_t size)
{
    uint64_t left = config->memory_mib << 20;

    if (config->is_direct) {
        return static_memory_find(config, start, size) != NULL;
    }
    for (unsigned i = 0; i < BANK_LIMIT; i++) {
        const struct layout_range *bank = &layouts[arch].bank[i];
        uint64_t here = left < bank->size ? left : bank->size;

        if (here != 0 && bytes_overlap(bank->start, here, start, size)) {
            return true;
        }
        left -= here;
    }
    return false;
}

uint64_t layout_end(enum arch arch)
{
    return layouts[arch].end;
}
