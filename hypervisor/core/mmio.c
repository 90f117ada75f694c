/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated device registers. A domain has a handful of regions, fixed before it runs, so a look-up needs no lock.
 */
#include "bh/mmio.h"

#include "bh/domain.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"
#include "bh/vpl011.h"

static int (*const access_by_device[MMIO_DEVICE_COUNT])(struct vcpu *v, struct mmio_access *a) = {
    [MMIO_VGIC_DIST] = CONFIG_VGIC ? vgic_dist_access : NULL,
    [MMIO_VGIC_REDIST] = CONFIG_VGIC ? vgic_redist_access : NULL,
    [MMIO_VPL011] = CONFIG_VPL011 ? vpl011_access : NULL,
    [MMIO_WATCHDOG_REFRESH] = CONFIG_SBSA_WATCHDOG ? sbsa_watchdog_refresh_access : NULL,
    [MMIO_WATCHDOG_CONTROL] = CONFIG_SBSA_WATCHDOG ? sbsa_watchdog_control_access : NULL,
};

int mmio_add(struct mmio_map *map, uint64_t base, uint64_t size, enum mmio_device device)
{
    if (map->count == MMIO_REGION_COUNT) {
        return -XEN_ENOSPC;
    }
    for (unsigned i = 0; i < map->count; i++) {
        if (base < map->region[i].base + map->region[i].size && map->region[i].base < base + size) {
            return -XEN_EINVAL;
        }
    }
    map->region[map->count].base = base;
    map->region[map->count].size = size;
    map->region[map->count].device = device;
    map->count++;
    return 0;
}

int mmio_dispatch(struct vcpu *v, uint64_t gpa, struct mmio_access *a)
{
    const struct mmio_map *map = &v->domain->mmio;
    const struct mmio_region *end = map->region + map->count;

    for (const struct mmio_region *r = map->region; r < end; r++) {
        uint64_t offset = gpa - r->base;

        if (offset < r->size) {
            a->offset = offset;
            return access_by_device[r->device](v, a);
        }
    }
    return -XEN_ENXIO;
}
