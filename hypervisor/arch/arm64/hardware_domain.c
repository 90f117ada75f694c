/* SPDX-License-Identifier: Apache-2.0 */
#include "hardware_domain.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "bh/partition.h"
#include "gic.h"
#include "hardware_devices.h"
#include "hardware_tree.h"

/* Of a redistributor: two frames of 64 KiB. */
#define REDISTRIBUTOR_SIZE 0x20000

bool hardware_domain_take(struct domain *d)
{
    return device_owner() == NULL && hardware_devices_find(gic_interrupt_count()) != NULL && device_give(d);
}

static int add_gicv3(struct domain *d)
{
    const struct board_arm *arm = hardware_devices_arm();
    int err;

    if (arm->gicr[0].size / REDISTRIBUTOR_SIZE < d->vcpu_count) {
        log_error("%s: the board's first region of redistributors is for %llu vCPUs at most", d->name,
                  (unsigned long long)(arm->gicr[0].size / REDISTRIBUTOR_SIZE));
        return -XEN_EINVAL;
    }
    err = mmio_add(&d->mmio, arm->gicd.address, arm->gicd.size, MMIO_VGIC_DIST);
    return err != 0 ? err : mmio_add(&d->mmio, arm->gicr[0].address, arm->gicr[0].size, MMIO_VGIC_REDIST);
}

/* Req: BH-DEV-011 */
int hardware_domain_add_gic(struct domain *d)
{
    const struct board_arm *arm = hardware_devices_arm();
    uint64_t size = ALIGN_DOWN(MIN(arm->gicc.size, arm->gicv.size), PAGE_SIZE);
    int err;

    if (gic_version() == 3) {
        return add_gicv3(d);
    }
    err = mmio_add(&d->mmio, arm->gicd.address, arm->gicd.size, MMIO_VGIC_DIST);
    if (err == 0) {
        err = p2m_map_range(&d->p2m, gfn(arm->gicc.address >> PAGE_SHIFT),
                            paddr_to_mfn(paddr(arm->gicv.address)), size >> PAGE_SHIFT, P2M_MMIO);
    }
    return err;
}

size_t arch_hardware_description_max(void)
{
    return hardware_tree_size_max(hardware_devices_find(gic_interrupt_count()));
}

int hardware_domain_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                             size_t *used)
{
    struct hardware_tree h = {
        .board = hardware_devices_find(gic_interrupt_count()), .arm = hardware_devices_arm(), .memory = layout->ram,
        .guest = {
            .vcpu_count = d->vcpu_count,
            .ramdisk_start = layout->ramdisk_start,
            .ramdisk_end = layout->ramdisk_end,
            .bootargs = layout->config->bootargs,
            .bootargs_size = layout->config->bootargs_size,
            .has_xen = CONFIG_XEN_GUEST,
        },
    };
    int err;

    while (h.memory_count < PARTITION_BANKS && h.memory[h.memory_count].start != h.memory[h.memory_count].end) {
        h.memory_count++;
    }
    err = hardware_tree_find_regions(hardware_devices_board(), &h);
    if (err != 0) {
        log_error("%s: no addresses are free for its grant table", d->name);
        return err;
    }
    return hardware_tree_write(&h, buffer, size, used);
}
