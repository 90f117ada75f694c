/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a partition has on x86: TSCs that begin with it, a PV console, and the start_info that says what its machine is.
 */
#include "partition_x86.h"

#include "arch/arch.h"
#include "bh/boot_config.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/partition.h"
#include "bh/pv_console.h"
#include "bh/vcpu.h"
#include "clock.h"
#include "context.h"
#include "guest_start_info.h"
#include "hvm.h"
#include "isa_line.h"
#include "pvclock.h"

_Static_assert(ARCH_GUEST_DESCRIPTION_MAX >= GUEST_START_INFO_SIZE_MAX, "room for the start_info");

/* Image, tables and per-CPU memory; and a share of the rest, for the frame table and nested tables. */
#define KEEP_BYTES MIB(16)
#define KEEP_SHARE 32

uint64_t partition_default_memory(const struct board *b)
{
    uint64_t size = board_memory_size(b);

    for (unsigned i = 0; i < b->module_count; i++) {
        size -= MIN(size, b->module[i].end - b->module[i].start);
    }
    size -= MIN(size, KEEP_BYTES + size / KEEP_SHARE);
    return ALIGN_DOWN(MIN(size, ARCH_GUEST_RAM_MAX), MIB(2));
}

/* Req: BH-PORT-003, BH-PORT-004 */
int arch_domain_create(struct domain *d, const struct boot_domain *config)
{
    int err = 0;

    if (!CONFIG_IOPORTS) {
        return 0;
    }
    for (unsigned i = 0; i < config->port_count && err == 0; i++) {
        err = hvm_open_ports(d, config->ports[i].first, config->ports[i].count);
    }
    if (err == 0 && config->irqs != 0) {
        isa_line_give(d, config->irqs);
    }
    return err;
}

void arch_domain_close_lines(struct domain *d)
{
    isa_line_end(d);
}

void arch_domain_destroy(struct domain *d)
{
    if (CONFIG_IOPORTS) {
        hvm_close_ports(d);
    }
}

/* Req: BH-TIMER-006 */
void arch_domain_start(struct domain *d)
{
    d->arch.tsc_start = arch_time_now();
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            d->vcpus[i]->arch.tsc_offset = -d->arch.tsc_start;
            /* What was before its clock began is no time of a run state. */
            d->vcpus[i]->runstate.entered = d->arch.tsc_start;
        }
    }
    pvclock_publish(d);
}

uint64_t arch_time_of_domain(const struct domain *d, uint64_t ns)
{
    uint64_t ticks = ns <= CLOCK_NS_MAX ? clock_ticks(ns) : TIMER_NEVER;

    return ticks >= TIMER_NEVER - d->arch.tsc_start ? TIMER_NEVER : d->arch.tsc_start + ticks;
}

void arch_domain_console_input(struct domain *d, char c)
{
    if (CONFIG_PV_CONSOLE && d->pv_console.is_there) {
        pv_console_input(d, c);
    }
}

void arch_domain_console_ready(struct domain *d)
{
    (void)d;
}

/* Where PCs have serial ports, and by which interrupts. */
static const struct {
    uint16_t port, irq;
} serial_ports[GUEST_SERIAL_COUNT] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

static bool has_ports(const struct boot_domain *config, uint32_t first, uint32_t count)
{
    bool has = false;

    for (unsigned i = 0; i < config->port_count; i++) {
        const struct boot_port_range *r = &config->ports[i];

        has = has || (first >= r->first && first + count <= (uint32_t)r->first + r->count);
    }
    return has;
}

/* Req: BH-PORT-004 */
/* What the guest has to find of its interrupts, and of its serial ports: drivers of other devices know where these are. */
static void describe_lines(const struct boot_domain *config, struct guest_acpi *acpi)
{
    acpi->irqs = config->irqs;
    for (unsigned irq = 0; irq < ACPI_ISA_COUNT; irq++) {
        acpi->isa[irq] = *isa_line_of(irq);
    }
    for (unsigned i = 0; i < GUEST_SERIAL_COUNT; i++) {
        if (has_ports(config, serial_ports[i].port, GUEST_SERIAL_PORTS) && (config->irqs & BIT(serial_ports[i].irq)) != 0) {
            acpi->serial[i].port = serial_ports[i].port;
            acpi->serial[i].irq = (uint8_t)serial_ports[i].irq;
        }
    }
}

int arch_guest_describe(struct domain *d, const struct partition_layout *layout, void *buffer, size_t size,
                        size_t *used)
{
    struct guest_start_info info = {
        .acpi = { .vcpu_count = d->vcpu_count },
        .ram = layout->ram,
        .ram_count = ARCH_GUEST_RAM_BANKS,
        .ramdisk_start = layout->ramdisk_start,
        .ramdisk_end = layout->ramdisk_end,
        .bootargs = layout->config->bootargs,
        .bootargs_size = layout->config->bootargs_size,
        .is_initial = layout->config->is_initial,
    };
    int err;

    if (CONFIG_IOPORTS) {
        describe_lines(layout->config, &info.acpi);
    }
    if (CONFIG_SHARED_MEMORY && d->shared_count != 0) {
        info.acpi.shares = shared_memory_share(d->shared_first);
        info.acpi.share_count = d->shared_count;
    }
    err = guest_start_info_write(&info, layout->description, buffer, size, used);

    if (err == 0) {
        for (unsigned i = 0; i < ARCH_GUEST_RAM_BANKS; i++) {
            d->arch.ram_end[i] = layout->ram[i].end;
        }
        d->arch.description = layout->description;
        d->arch.description_end = ALIGN_UP(layout->description + *used, PAGE_SIZE);
    }
    return err;
}

void arch_guest_start(struct domain *d, const struct partition_layout *layout)
{
    arch_vcpu_reset(d->vcpus[0], layout->entry, layout->description);
}

void arch_vcpu_info_init(struct vcpu *v, struct vcpu_info *info)
{
    pvclock_fill(v->domain, &info->time);
}

/* Req: BH-PC-054 */
int64_t arch_hvm_op(struct vcpu *v, unsigned command, struct guest_handle arg)
{
    struct xen_hvm_evtchn_upcall_vector a;
    struct domain *d = v->domain;
    int err;

    if (command != HVMOP_set_evtchn_upcall_vector) {
        return -XEN_ENOSYS;
    }
    err = guest_copy_from(v, &a, arg, sizeof(a));
    if (err != 0) {
        return err;
    }
    if (a.vector < 0x10) {
        return -XEN_EINVAL;
    }
    if (a.vcpu >= d->vcpu_count || d->vcpus[a.vcpu] == NULL) {
        return -XEN_ENOENT;
    }
    __atomic_store_n(&d->vcpus[a.vcpu]->arch.upcall_vector, a.vector, __ATOMIC_SEQ_CST);
    /* What became pending before is told now, once, as Xen does: no further event would. */
    arch_vcpu_upcall(d->vcpus[a.vcpu]);
    return 0;
}
