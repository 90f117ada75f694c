/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree that a partition is given. Node by node what Xen 4.17 generates for a dom0less domain; the bindings
 * are in Linux, Documentation/devicetree/bindings.
 */
#include "guest_tree.h"

#include "bh/sbsa_watchdog.h"
#include "lib/fdt_writer.h"
#include "lib/string.h"
#include "partial_tree.h"

/* The phandle of the interrupt controller: Xen's GUEST_PHANDLE_GIC. */
#define PHANDLE_GIC 65000
/* Bytes for our own names of properties, where a partial tree has some, too. */
#define OWN_NAMES 2048U

static uint32_t gic_phandle(const struct guest_tree *g)
{
    return CONFIG_DEVICES && g->partial != NULL ? partial_tree_gic_phandle(g->partial, PHANDLE_GIC) : PHANDLE_GIC;
}

/* interrupt-controller/arm,gic.yaml: first cell, and the trigger in the third, with the CPUs of a PPI above it. */
#define GIC_SPI          0
#define GIC_PPI          1
#define IRQ_LEVEL_HIGH   4
#define IRQ_LEVEL_LOW    8
#define IRQ_PPI_ALL_CPUS 0xf00

static void write_ppi(uint32_t *cells, unsigned intid)
{
    cells[0] = GIC_PPI;
    cells[1] = intid - 16;
    cells[2] = IRQ_PPI_ALL_CPUS | IRQ_LEVEL_LOW;
}

/* Req: BH-BOOT-017, BH-BOOT-018 */
void guest_tree_write_chosen(struct fdt_writer *w, const struct guest_tree *g)
{
    fdt_writer_begin_node(w, "chosen");
    if (g->bootargs != NULL) {
        fdt_writer_text(w, "bootargs", g->bootargs, g->bootargs_size);
    }
    if (g->ramdisk_start != g->ramdisk_end) {
        fdt_writer_u64(w, "linux,initrd-start", g->ramdisk_start);
        fdt_writer_u64(w, "linux,initrd-end", g->ramdisk_end);
    }
    if (g->has_vpl011) {
        fdt_writer_string(w, "stdout-path", "/sbsa-uart@22000000");
    }
    fdt_writer_end_node(w);
}

void guest_tree_write_psci(struct fdt_writer *w)
{
    fdt_writer_begin_node(w, "psci");
    fdt_writer_list(w, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    fdt_writer_string(w, "method", "hvc");
    /* What an operating system that knows only PSCI 0.1 calls. */
    fdt_writer_u32(w, "cpu_off", 0x84000002);
    fdt_writer_u32(w, "cpu_on", 0xc4000003);
    fdt_writer_end_node(w);
}

static void write_cpus(struct fdt_writer *w, const struct guest_tree *g)
{
    fdt_writer_begin_node(w, "cpus");
    fdt_writer_u32(w, "#address-cells", 1);
    fdt_writer_u32(w, "#size-cells", 0);
    for (unsigned id = 0; id < g->vcpu_count; id++) {
        uint64_t affinity = guest_tree_affinity(id);

        fdt_writer_begin_node_at(w, "cpu", affinity);
        fdt_writer_string(w, "device_type", "cpu");
        fdt_writer_string(w, "compatible", "arm,armv8");
        fdt_writer_string(w, "enable-method", "psci");
        fdt_writer_u32(w, "reg", (uint32_t)affinity);
        fdt_writer_end_node(w);
    }
    fdt_writer_end_node(w);
}

static void write_memory(struct fdt_writer *w, const struct guest_tree *g)
{
    uint64_t reg[2 * PARTITION_BANKS];
    size_t count = 0;

    while (count < PARTITION_BANKS && g->memory[count].start != g->memory[count].end) {
        reg[2 * count] = g->memory[count].start;
        reg[2 * count + 1] = g->memory[count].end - g->memory[count].start;
        count++;
    }
    fdt_writer_begin_node_at(w, "memory", g->memory[0].start);
    fdt_writer_string(w, "device_type", "memory");
    fdt_writer_pairs(w, "reg", reg, 2 * count);
    fdt_writer_end_node(w);
}

/* Req: BH-SHM-005 */
/* Linux, reserved-memory/xen,shared-memory.txt; no memory of the guest's, so that it may be mapped by user space, too. */
static void write_shared(struct fdt_writer *w, const struct guest_tree *g)
{
    if (!CONFIG_SHARED_MEMORY || g->share_count == 0) {
        return;
    }
    fdt_writer_begin_node(w, "reserved-memory");
    fdt_writer_u32(w, "#address-cells", 2);
    fdt_writer_u32(w, "#size-cells", 2);
    fdt_writer_empty(w, "ranges");
    for (unsigned i = 0; i < g->share_count; i++) {
        const struct shared_share *s = &g->shares[i];
        const uint64_t reg[] = { s->gpa, s->size };

        fdt_writer_begin_node_at(w, "xen-shmem", s->gpa);
        fdt_writer_string(w, "compatible", "xen,shared-memory-v1");
        fdt_writer_pairs(w, "reg", reg, 2);
        fdt_writer_string(w, "xen,id", shared_memory_id(s));
        if (!s->is_owner) {
            fdt_writer_u64(w, "xen,offset", s->offset);
        }
        if (s->is_read_only) {
            fdt_writer_empty(w, "bulkhead,read-only");
        }
        fdt_writer_end_node(w);
    }
    fdt_writer_end_node(w);
}

static void write_gic(struct fdt_writer *w, const struct guest_tree *g)
{
    static const uint64_t reg2[] = { GUEST_GICD_BASE, GUEST_GICD_SIZE, GUEST_GICC_BASE, GUEST_GICC_SIZE };
    static const uint64_t reg3[] = { GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE, GUEST_GICV3_GICR0_BASE,
                                     GUEST_GICV3_GICR0_SIZE };
    bool is_v3 = g->gic_version == 3;

    fdt_writer_begin_node_at(w, "interrupt-controller", is_v3 ? GUEST_GICV3_GICD_BASE : GUEST_GICD_BASE);
    fdt_writer_string(w, "compatible", is_v3 ? "arm,gic-v3" : "arm,gic-400");
    fdt_writer_u32(w, "#address-cells", 0);
    fdt_writer_u32(w, "#interrupt-cells", 3);
    fdt_writer_empty(w, "interrupt-controller");
    if (is_v3) {
        fdt_writer_u32(w, "#redistributor-regions", GUEST_GICV3_RDIST_REGIONS);
    }
    fdt_writer_pairs(w, "reg", is_v3 ? reg3 : reg2, 4);
    fdt_writer_u32(w, "linux,phandle", gic_phandle(g));
    fdt_writer_u32(w, "phandle", gic_phandle(g));
    fdt_writer_end_node(w);
}

static void write_timer(struct fdt_writer *w, const struct guest_tree *g)
{
    uint32_t interrupts[9];

    write_ppi(interrupts, GUEST_TIMER_PHYS_S_PPI);
    write_ppi(interrupts + 3, GUEST_TIMER_PHYS_NS_PPI);
    write_ppi(interrupts + 6, GUEST_TIMER_VIRT_PPI);
    fdt_writer_begin_node(w, "timer");
    fdt_writer_string(w, "compatible", "arm,armv8-timer");
    fdt_writer_cells(w, "interrupts", interrupts, 9);
    fdt_writer_u32(w, "interrupt-parent", gic_phandle(g));
    if (g->timer_frequency != 0) {
        fdt_writer_u32(w, "clock-frequency", g->timer_frequency);
    }
    fdt_writer_end_node(w);
}

static void write_vpl011(struct fdt_writer *w, const struct guest_tree *g)
{
    static const uint64_t reg[] = { GUEST_PL011_BASE, GUEST_PL011_SIZE };
    static const uint32_t interrupts[] = { GIC_SPI, GUEST_VPL011_SPI - 32, IRQ_LEVEL_HIGH };

    fdt_writer_begin_node_at(w, "sbsa-uart", GUEST_PL011_BASE);
    fdt_writer_string(w, "compatible", "arm,sbsa-uart");
    fdt_writer_pairs(w, "reg", reg, 2);
    fdt_writer_cells(w, "interrupts", interrupts, 3);
    fdt_writer_u32(w, "interrupt-parent", gic_phandle(g));
    fdt_writer_u32(w, "current-speed", 115200);
    fdt_writer_end_node(w);
}

/* Req: BH-WDT-005 */
/* watchdog/arm,sbsa-gwdt.yaml */
static void write_watchdog(struct fdt_writer *w, const struct guest_tree *g)
{
    static const uint64_t reg[] = { SBSA_WATCHDOG_CONTROL_BASE, SBSA_WATCHDOG_FRAME_SIZE, SBSA_WATCHDOG_REFRESH_BASE,
                                    SBSA_WATCHDOG_FRAME_SIZE };
    static const uint32_t interrupts[] = { GIC_SPI, SBSA_WATCHDOG_SPI - 32, IRQ_LEVEL_HIGH };

    fdt_writer_begin_node_at(w, "watchdog", SBSA_WATCHDOG_CONTROL_BASE);
    fdt_writer_string(w, "compatible", "arm,sbsa-gwdt");
    fdt_writer_pairs(w, "reg", reg, 4);
    fdt_writer_cells(w, "interrupts", interrupts, 3);
    fdt_writer_u32(w, "interrupt-parent", gic_phandle(g));
    fdt_writer_end_node(w);
}

/* Req: BH-ABI-014 */
static void write_hypervisor(struct fdt_writer *w, const struct guest_tree *g)
{
    static const uint64_t reg[] = { GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE };
    uint32_t interrupts[3];

    write_ppi(interrupts, GUEST_EVTCHN_PPI);
    fdt_writer_begin_node(w, "hypervisor");
    fdt_writer_list(w, "compatible", "xen,xen-4.17\0xen,xen");
    fdt_writer_pairs(w, "reg", reg, 2);
    fdt_writer_cells(w, "interrupts", interrupts, 3);
    fdt_writer_u32(w, "interrupt-parent", gic_phandle(g));
    fdt_writer_end_node(w);
}

/* Req: BH-ABI-013 */
int guest_tree_write(const struct guest_tree *g, void *buffer, size_t size, size_t *tree_size)
{
    struct fdt_writer w;

    if (CONFIG_DEVICES && g->partial != NULL) {
        fdt_writer_begin_large(&w, buffer, size, OWN_NAMES + ALIGN_UP((size_t)g->partial->size, 8));
    } else {
        fdt_writer_begin(&w, buffer, size);
    }
    fdt_writer_begin_node(&w, "");
    fdt_writer_u32(&w, "#address-cells", 2);
    fdt_writer_u32(&w, "#size-cells", 2);
    fdt_writer_u32(&w, "interrupt-parent", gic_phandle(g));
    guest_tree_write_chosen(&w, g);
    guest_tree_write_psci(&w);
    write_cpus(&w, g);
    write_memory(&w, g);
    write_shared(&w, g);
    write_gic(&w, g);
    write_timer(&w, g);
    if (g->has_vpl011) {
        write_vpl011(&w, g);
    }
    if (CONFIG_SBSA_WATCHDOG && g->has_watchdog) {
        write_watchdog(&w, g);
    }
    if (g->has_xen) {
        write_hypervisor(&w, g);
    }
    if (CONFIG_DEVICES && g->partial != NULL) {
        partial_tree_write(&w, g->partial);
    }
    fdt_writer_end_node(&w);
    return fdt_writer_finish(&w, tree_size);
}
