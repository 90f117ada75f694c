/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition has on arm64: virtual GIC, UART, timers' offset, and the device tree that says so.
 */
#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/console.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "guest_tree.h"
#include "bh/partition.h"
#include "bh/pv_console.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "gic.h"
#include "hardware_devices.h"
#include "hardware_domain.h"
#include "partial_tree.h"
#include "sysreg.h"

_Static_assert(ARCH_GUEST_DESCRIPTION_MAX == GUEST_TREE_SIZE_MAX, "room for the device tree");
_Static_assert(ARCH_GUEST_SPI_COUNT == VGIC_SPI_MAX, "what guests may have");

/* Req: BH-GIC-001 */
static int add_gic(struct domain *d, const struct boot_domain *config)
{
    int err;

    if (CONFIG_HARDWARE_DOMAIN && (config->capabilities & DOMAIN_HARDWARE) != 0 && hardware_domain_take(d)) {
        return hardware_domain_add_gic(d);
    }
    if (gic_version() == 3) {
        err = mmio_add(&d->mmio, GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE, MMIO_VGIC_DIST);
        return err != 0 ? err
                        : mmio_add(&d->mmio, GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE, MMIO_VGIC_REDIST);
    }
    err = mmio_add(&d->mmio, GUEST_GICD_BASE, GUEST_GICD_SIZE, MMIO_VGIC_DIST);
    if (err == 0) {
        /* The guest's CPU interface is the hardware's virtual one. */
        err = p2m_map_range(&d->p2m, gfn(GUEST_GICC_BASE >> PAGE_SHIFT),
                            paddr_to_mfn(paddr(gic_guest_interface())), GUEST_GICC_SIZE >> PAGE_SHIFT, P2M_MMIO);
    }
    return err;
}

int arch_domain_add_uart(struct domain *d)
{
    int err;

    if (d->arch.has_vpl011 || (CONFIG_DEVICES && vgic_line_is_attached(d, GUEST_VPL011_SPI))) {
        return -XEN_EINVAL;
    }
    err = mmio_add(&d->mmio, GUEST_PL011_BASE, GUEST_PL011_SIZE, MMIO_VPL011);
    if (err == 0) {
        vpl011_init(d);
        d->arch.has_vpl011 = true;
    }
    return err;
}

/* Req: BH-WDT-005 */
static int add_watchdog(struct domain *d)
{
    int err = mmio_add(&d->mmio, SBSA_WATCHDOG_REFRESH_BASE, SBSA_WATCHDOG_FRAME_SIZE, MMIO_WATCHDOG_REFRESH);

    if (err == 0) {
        err = mmio_add(&d->mmio, SBSA_WATCHDOG_CONTROL_BASE, SBSA_WATCHDOG_FRAME_SIZE, MMIO_WATCHDOG_CONTROL);
    }
    if (err == 0) {
        sbsa_watchdog_init(d);
    }
    return err;
}

/* Who may have devices of the board's has its interrupts, whatever their numbers. */
static unsigned spi_count(const struct boot_domain *config)
{
    bool has_devices = CONFIG_DEVICES && ((CONFIG_HARDWARE_DOMAIN && (config->capabilities & DOMAIN_HARDWARE) != 0) ||
                                          config->device_tree.size != 0);

    return has_devices ? MAX(config->spi_count, gic_interrupt_count() - DEVICE_LINE_FIRST) : config->spi_count;
}

int arch_domain_create(struct domain *d, const struct boot_domain *config)
{
    int err = vgic_domain_init(d, gic_version(), spi_count(config));

    /* Looked up in this order: the UART, which is asked for each character, first. */
    if (err == 0 && CONFIG_VPL011 && config->vpl011) {
        err = arch_domain_add_uart(d);
    }
    err = err != 0 ? err : add_gic(d, config);
    return err == 0 && CONFIG_SBSA_WATCHDOG && config->watchdog ? add_watchdog(d) : err;
}

/* Req: BH-TIMER-006, BH-TIMER-008 */
void arch_domain_start(struct domain *d)
{
    d->arch.counter_offset = arch_time_now();
    if (CONFIG_SBSA_WATCHDOG) {
        sbsa_watchdog_start(d, d->arch.counter_offset);
    }
}

void arch_domain_destroy(struct domain *d)
{
    vgic_domain_release(d);
}

void arch_domain_console_input(struct domain *d, char c)
{
    if (CONFIG_VPL011 && d->arch.has_vpl011 && !(CONFIG_VUART && d->vuart.is_there)) {
        (void)vpl011_receive(d, c);
    } else if (CONFIG_PV_CONSOLE && d->pv_console.is_there) {
        pv_console_input(d, c);
    }
}

void arch_domain_console_ready(struct domain *d)
{
    if (CONFIG_VPL011 && d->arch.has_vpl011) {
        vpl011_transmit_ready(d);
    }
}

/* Opens L's partial device tree. */
static int open_partial(const struct domain *d, const struct partition_layout *l, struct fdt *t)
{
    int err = fdt_open(t, l->partial, l->config->device_tree.size);

    if (err != 0) {
        log_error("%s: partial device tree: %s", d->name, t->problem != NULL ? t->problem : "it cannot be read");
    }
    return err;
}

int arch_guest_find_devices(struct domain *d, const struct partition_layout *l)
{
    const struct fdt *board = hardware_devices_find(gic_interrupt_count());
    struct fdt partial;
    int err = open_partial(d, l, &partial);

    if (err == 0 && board == NULL) {
        err = -XEN_ENOENT;
    }
    return err != 0 ? err : partial_tree_assign(&partial, board, hardware_devices_arm(), d);
}

int arch_guest_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                        size_t *used)
{
    struct guest_tree tree = {
        .vcpu_count = d->vcpu_count,
        .gic_version = gic_version(),
        .ramdisk_start = layout->ramdisk_start,
        .ramdisk_end = layout->ramdisk_end,
        .bootargs = layout->config->bootargs,
        .bootargs_size = layout->config->bootargs_size,
        .has_vpl011 = CONFIG_VPL011 && layout->config->vpl011,
        .has_watchdog = CONFIG_SBSA_WATCHDOG && layout->config->watchdog,
        .has_xen = CONFIG_XEN_GUEST,
    };
    struct fdt partial;

    if (CONFIG_HARDWARE_DOMAIN && d->has_hardware) {
        return hardware_domain_describe(d, layout, buffer, size, used);
    }
    if (CONFIG_SHARED_MEMORY && d->shared_count != 0) {
        tree.shares = shared_memory_share(d->shared_first);
        tree.share_count = d->shared_count;
    }
    for (unsigned i = 0; i < PARTITION_BANKS; i++) {
        tree.memory[i] = layout->ram[i];
    }
    if (CONFIG_DEVICES && layout->partial != NULL) {
        int err = open_partial(d, layout, &partial);

        if (err != 0) {
            return err;
        }
        tree.partial = &partial;
    }
    return guest_tree_write(&tree, buffer, size, used);
}

void arch_guest_start(struct domain *d, const struct partition_layout *layout)
{
    arch_vcpu_reset(d->vcpus[0], layout->entry, layout->description);
}
