/* SPDX-License-Identifier: Apache-2.0 */
#include "board_devices.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define DEPTH_LIMIT 64

/* Devices that do not reach memory by themselves. */
static const char *const without_dma[] = {
    "arm,pl011", "arm,sbsa-uart", "arm,pl031", "arm,pl061", "arm,sp804", "arm,sp805", "arm,sbsa-gwdt", "ns16550a",
    "snps,dw-apb-uart", "snps,dw-apb-gpio", "arm,pl022", "arm,pl050", "brcm,bcm2835-aux-uart", "xlnx,xuartps",
    "cdns,uart-r1p8", "cdns,uart-r1p12", "brcm,bcm2711-gpio", "gpio-keys", "fixed-clock", "syscon",
};
/* Devices that do, whether their node says so or not. */
static const char *const with_dma[] = {
    "virtio,mmio", "arm,pl330", "arm,pl180", "pci-host-ecam-generic", "pci-host-cam-generic", "generic-ahci",
    "generic-ehci", "generic-ohci", "generic-xhci", "snps,dwc3", "cdns,gem", "cdns,macb", "xlnx,zynqmp-gem",
    "snps,dwmac", "brcm,bcm2711-emmc2", "brcm,bcm2711-genet-v5", "qemu,fw-cfg-mmio", "arm,sdhci",
};
static const char *const of_interrupts[] = { "arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
                                             "arm,cortex-a7-gic", "arm,gic-v3-its", "arm,gic-v2m-frame" };
static const char *const of_iommus[] = { "arm,smmu-v3", "arm,mmu-500", "arm,smmu-v2", "arm,smmu-v1" };
static const char *const of_firmware[] = { "arm,armv8-timer", "arm,armv7-timer", "arm,psci", "arm,psci-0.2",
                                           "arm,psci-1.0", "arm,armv8-pmuv3" };
static const char *const of_consoles[] = { "arm,pl011", "arm,sbsa-uart", "cdns,uart-r1p12", "cdns,uart-r1p8",
                                           "xlnx,xuartps" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(const void *tree, int node, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fdt_stringlist_search(tree, node, "compatible", names[i]) >= 0) {
            return true;
        }
    }
    return false;
}

static bool has(const void *tree, int node, const char *property)
{
    return fdt_getprop(tree, node, property, NULL) != NULL;
}

/* The address, on the bus that `bus` is, as a CPU sees it. False: it does not. Bound: the depth of the tree. */
static bool translate(const void *tree, int bus, uint64_t *address)
{
    for (unsigned depth = 0; bus > 0 && depth < DEPTH_LIMIT; depth++) {
        int parent = fdt_parent_offset(tree, bus), length;
        const fdt32_t *ranges = fdt_getprop(tree, bus, "ranges", &length);
        int child_cells = fdt_address_cells(tree, bus), size_cells = fdt_size_cells(tree, bus);
        int parent_cells = parent >= 0 ? fdt_address_cells(tree, parent) : -1, entry, i;

        if (ranges == NULL || parent < 0) {
            return false;
        }
        if (length != 0) {
            if (child_cells < 1 || child_cells > 2 || parent_cells < 1 || parent_cells > 2 || size_cells < 1 ||
                size_cells > 2) {
                return false;
            }
            entry = child_cells + parent_cells + size_cells;
            for (i = 0; i + entry <= length / 4; i += entry) {
                uint64_t from = board_read_cells(ranges + i, child_cells);
                uint64_t size = board_read_cells(ranges + i + child_cells + parent_cells, size_cells);

                if (*address >= from && *address - from < size) {
                    *address += board_read_cells(ranges + i + child_cells, parent_cells) - from;
                    break;
                }
            }
            if (i + entry > length / 4) {
                return false;
            }
        }
        bus = parent;
    }
    return bus == 0;
}

static void read_registers(const void *tree, int parent, struct board_device *d)
{
    int a = fdt_address_cells(tree, parent), z = fdt_size_cells(tree, parent), length;
    const fdt32_t *reg = fdt_getprop(tree, d->node, "reg", &length);

    if (reg == NULL || a < 1 || a > 2 || z < 1 || z > 2) {
        return;
    }
    for (int i = 0; i + a + z <= length / 4 && d->reg_count < BOARD_DEVICE_REGS; i += a + z) {
        uint64_t start = board_read_cells(reg + i, a), size = board_read_cells(reg + i + a, z);

        if (size != 0 && translate(tree, parent, &start) && start < (uint64_t)1 << 52 && size <= (uint64_t)1 << 52) {
            d->reg[d->reg_count].start = start;
            d->reg[d->reg_count++].size = size;
        }
    }
}

/* The handle of what takes the node's interrupts; 0: nothing says. */
static uint32_t interrupt_parent(const void *tree, int node)
{
    for (unsigned depth = 0; node >= 0 && depth < DEPTH_LIMIT; depth++) {
        int length;
        const fdt32_t *parent = fdt_getprop(tree, node, "interrupt-parent", &length);

        if (parent != NULL && length == 4) {
            return fdt32_to_cpu(*parent);
        }
        node = fdt_parent_offset(tree, node);
    }
    return 0;
}

/* Those of the GIC that are shared: a type that is 0, a number, flags. */
static void read_interrupts(const void *tree, const struct board_devices *devices, struct board_device *d)
{
    int length, each = devices->gic_cells;
    const fdt32_t *cell = fdt_getprop(tree, d->node, "interrupts", &length);
    uint32_t parent;

    if (has(tree, d->node, "interrupts-extended")) {
        d->has_other_interrupts = true;
        return;
    }
    if (cell == NULL) {
        return;
    }
    parent = interrupt_parent(tree, d->node);
    /* Where nothing says, the hypervisor takes its own controller. */
    if ((parent != 0 && parent != devices->gic_handle) || each < 3) {
        d->has_other_interrupts = true;
        return;
    }
    for (int i = 0; i + each <= length / 4 && d->line_count < BOARD_DEVICE_LINES; i += each) {
        if (fdt32_to_cpu(cell[i]) == 0) {
            d->line[d->line_count++] = BOARD_LINE_FIRST + fdt32_to_cpu(cell[i + 1]);
        }
    }
}

static enum board_dma dma_of(const void *tree, int node)
{
    static const char *const signs[] = { "iommus", "dma-coherent", "dma-ranges", "memory-region" };
    const char *type = fdt_getprop(tree, node, "device_type", NULL);

    for (size_t i = 0; i < COUNT(signs); i++) {
        if (has(tree, node, signs[i])) {
            return DMA_YES;
        }
    }
    if ((type != NULL && strcmp(type, "pci") == 0) || is_one_of(tree, node, with_dma, COUNT(with_dma))) {
        return DMA_YES;
    }
    return is_one_of(tree, node, without_dma, COUNT(without_dma)) ? DMA_NONE : DMA_UNKNOWN;
}

/* The console's node: /chosen/stdout-path, up to a colon, or else the first UART that is known. */
static int find_console(const void *tree)
{
    int chosen = fdt_path_offset(tree, "/chosen"), node;
    const char *path = chosen >= 0 ? fdt_getprop(tree, chosen, "stdout-path", NULL) : NULL;

    if (path != NULL) {
        node = fdt_path_offset_namelen(tree, path, (int)strcspn(path, ":"));
        if (node >= 0 && is_one_of(tree, node, of_consoles, COUNT(of_consoles))) {
            return node;
        }
    }
    for (node = fdt_next_node(tree, -1, NULL); node >= 0; node = fdt_next_node(tree, node, NULL)) {
        if (is_one_of(tree, node, of_consoles, COUNT(of_consoles)) && !board_is_disabled(tree, node)) {
            return node;
        }
    }
    return -1;
}

static const char *use_of(const void *tree, int node, int console)
{
    const char *type = fdt_getprop(tree, node, "device_type", NULL);

    if (node == console) {
        return "console";
    }
    if (type != NULL && (strcmp(type, "memory") == 0 || strcmp(type, "cpu") == 0)) {
        return type;
    }
    if (is_one_of(tree, node, of_interrupts, COUNT(of_interrupts))) {
        return "interrupt controller";
    }
    if (is_one_of(tree, node, of_iommus, COUNT(of_iommus))) {
        return "IOMMU";
    }
    return is_one_of(tree, node, of_firmware, COUNT(of_firmware)) ? "timer or firmware" : NULL;
}

static void find_gic(const void *tree, struct board_devices *out)
{
    int node, length;

    for (node = fdt_next_node(tree, -1, NULL); node >= 0; node = fdt_next_node(tree, node, NULL)) {
        /* Its parts, which come behind it, are no controllers of wired interrupts. */
        if (is_one_of(tree, node, of_interrupts, 5) && !board_is_disabled(tree, node)) {
            const fdt32_t *cells = fdt_getprop(tree, node, "#interrupt-cells", &length);

            out->gic_handle = fdt_get_phandle(tree, node);
            out->gic_cells = cells != NULL && length == 4 ? (int)fdt32_to_cpu(*cells) : 0;
            return;
        }
    }
}

static bool is_below(const void *tree, int node, const char *path)
{
    int top = fdt_path_offset(tree, path);

    for (unsigned depth = 0; node > 0 && depth < DEPTH_LIMIT; depth++) {
        if (node == top) {
            return true;
        }
        node = fdt_parent_offset(tree, node);
    }
    return false;
}

void board_devices_read(const struct board *board, struct board_devices *out)
{
    const void *tree = board->tree.data;
    int console = find_console(tree), node;
    char path[1024];
    unsigned room = 0;

    memset(out, 0, sizeof(*out));
    find_gic(tree, out);
    for (node = fdt_next_node(tree, -1, NULL); node >= 0; node = fdt_next_node(tree, node, NULL)) {
        room += has(tree, node, "reg") || has(tree, node, "interrupts") || has(tree, node, "interrupts-extended");
    }
    out->device = diag_alloc(room, sizeof(out->device[0]));
    for (node = fdt_next_node(tree, -1, NULL); node >= 0 && out->count < room; node = fdt_next_node(tree, node, NULL)) {
        struct board_device *d = &out->device[out->count];

        if ((!has(tree, node, "reg") && !has(tree, node, "interrupts") && !has(tree, node, "interrupts-extended")) ||
            is_below(tree, node, "/reserved-memory") || is_below(tree, node, "/cpus") ||
            fdt_get_path(tree, node, path, sizeof(path)) != 0) {
            continue;
        }
        d->node = node;
        d->path = diag_strdup(path);
        read_registers(tree, fdt_parent_offset(tree, node), d);
        read_interrupts(tree, out, d);
        d->is_enabled = !board_is_disabled(tree, node);
        d->hypervisors = use_of(tree, node, console);
        d->dma = dma_of(tree, node);
        out->count++;
    }
}

void board_devices_free(struct board_devices *devices)
{
    for (unsigned i = 0; i < devices->count; i++) {
        free(devices->device[i].path);
    }
    free(devices->device);
}

const struct board_device *board_devices_find(const struct board *board, const struct board_devices *devices,
                                              const char *path)
{
    int node = fdt_path_offset(board->tree.data, path);

    for (unsigned i = 0; i < devices->count && node >= 0; i++) {
        if (devices->device[i].node == node) {
            return &devices->device[i];
        }
    }
    return NULL;
}
