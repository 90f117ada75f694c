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

static const struct fdt *tree;        /* [boot] NULL: there is none any more */
static const struct board *board;     /* [boot] */
static const struct board_arm *arm;   /* [boot] */

void hardware_domain_begin(const struct fdt *t, const struct board *b, const struct board_arm *a)
{
    tree = t;
    board = b;
    arm = a;
}

void hardware_domain_end(void)
{
    tree = NULL;
}

bool hardware_domain_take(struct domain *d)
{
    if (tree == NULL || device_owner() != NULL) {
        return false;
    }
    hardware_devices_read(tree, board, arm, gic_interrupt_count());
    return device_give(d);
}

static int add_gicv3(struct domain *d)
{
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
    uint64_t size = ALIGN_DOWN(MIN(arm->gicc.size, arm->gicv.size), PAGE_SIZE);
    int err;

    if (gic_version() == 3) {
        return add_gicv3(d);
    }
    err = mmio_add(&d->mmio, arm->gicd.address, arm->gicd.size, MMIO_VGIC_DIST);
    if (err == 0) {
        err = p2m_map_range(&d->p2m, gfn(arm->gicc.address >> PAGE_SHIFT),
                            paddr_to_mfn(paddr(gic_guest_interface())), size >> PAGE_SHIFT, P2M_MMIO);
    }
    return err;
}

size_t arch_hardware_description_max(void)
{
    return hardware_tree_size_max(tree);
}

int hardware_domain_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                             size_t *used)
{
    struct hardware_tree h = {
        .board = tree, .arm = arm, .memory = layout->ram,
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
    err = hardware_tree_find_regions(board, &h);
    if (err != 0) {
        log_error("%s: no addresses are free for its grant table", d->name);
        return err;
    }
    return hardware_tree_write(&h, buffer, size, used);
}
