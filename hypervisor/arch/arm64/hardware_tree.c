/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's tree is copied node by node, so that phandles, interrupt parents, ranges and the order stay what they are.
 * What refers to nodes that are not there is left out: IOMMUs, MSIs. The interrupt controller keeps its
 * node, with the first two of its ranges of registers, where the virtual one is.
 */
#include "hardware_tree.h"

#include "arch/arch_types.h"
#include "bh/domain.h"
#include "bh/memory_map.h"
#include "lib/fdt_writer.h"
#include "lib/string.h"

/* Bytes for the names of properties of any tree, and for what is in the tree beside the board's. */
#define STRINGS_SIZE (32U << 10)
#define OWN_SIZE     (48U << 10)
/* The smallest region that is worth an entry, and what the grant table may take. Regions are whole blocks of 2 MiB. */
#define REGION_MIN       MIB(4)
#define GRANT_TABLE_SIZE MAX(MIB(2), ALIGN_UP((uint64_t)CONFIG_MAX_GRANT_FRAMES << PAGE_SHIFT, MIB(2)))
#define REG_COUNT        MAX(MAX(DOMAIN_PLACE_COUNT, HARDWARE_REGIONS), BOARD_RESERVED_COUNT)

/* As in guest_tree.c: a PPI of all CPUs, active low. */
#define SPECIFIER_CELLS_MAX 4
#define PPI                 1
#define PPI_FLAGS           0xf08

struct writing {
    const struct hardware_tree *h;
    struct fdt_writer w;
    uint32_t gic;                 /* its phandle */
    unsigned address_cells, size_cells; /* of nodes in the root */
};

size_t hardware_tree_size_max(const struct fdt *board)
{
    return MIN(ALIGN_UP((size_t)board->size + STRINGS_SIZE + OWN_SIZE, PAGE_SIZE), FDT_SIZE_MAX);
}

/* ---- Regions ---- */

/* What is reserved by nodes and RAM. What there is no room for is no memory to the guest, and reserved all the same. */
static void find_reserved(const struct board *b, struct hardware_tree *h)
{
    struct hardware_reserved r = { .has_begun = false };

    h->reserved_count = 0;
    while (h->reserved_count < BOARD_RESERVED_COUNT && hardware_next_reserved(h->board, &r)) {
        if (board_has_memory(b, r.range.start, r.range.end - r.range.start)) {
            h->reserved[h->reserved_count++] = r.range;
        }
    }
}

int hardware_tree_find_regions(const struct board *b, struct hardware_tree *h)
{
    struct memory_range taken[BOARD_RESERVED_COUNT + DOMAIN_PLACE_COUNT];
    struct memory_range gaps[BOARD_RESERVED_COUNT + DOMAIN_PLACE_COUNT + FRAME_BANK_COUNT];
    unsigned taken_count = 0, count;

    for (unsigned i = 0; i < h->memory_count; i++) {
        taken[taken_count++] = h->memory[i];
    }
    for (unsigned i = 0; i < b->reserved_count; i++) {
        taken[taken_count++] = b->reserved[i];
    }
    count = memory_gaps(b->memory, b->memory_count, taken, taken_count, gaps, ARRAY_COUNT(gaps));
    find_reserved(b, h);
    h->region_count = 0;
    for (unsigned i = 0; i < count && h->region_count < HARDWARE_REGIONS; i++) {
        struct memory_range r = { ALIGN_UP(gaps[i].start, MIB(2)),
                                  MIN(ALIGN_DOWN(gaps[i].end, MIB(2)), 1ULL << ARCH_P2M_ADDRESS_BITS) };

        if (h->region_count == 0 && r.end > r.start && r.end - r.start >= GRANT_TABLE_SIZE) {
            h->region[h->region_count++] = (struct memory_range){ r.start, r.start + GRANT_TABLE_SIZE };
            r.start += GRANT_TABLE_SIZE;
        }
        if (h->region_count != 0 && h->region_count < HARDWARE_REGIONS && r.end > r.start &&
            r.end - r.start >= REGION_MIN) {
            h->region[h->region_count++] = r;
        }
    }
    return h->region_count != 0 ? 0 : -XEN_ENOMEM;
}

/* ---- Own nodes ---- */

/* COUNT ranges as a "reg" of a node in the root. What does not fit its cells is left out. */
static void write_reg(struct writing *c, const struct memory_range *r, unsigned count)
{
    uint32_t cells[REG_COUNT * 4];
    size_t used = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t size = r[i].end - r[i].start;

        if ((c->address_cells == 1 && r[i].end > 1ULL << 32) || (c->size_cells == 1 && size >> 32 != 0)) {
            continue;
        }
        if (c->address_cells == 2) {
            cells[used++] = (uint32_t)(r[i].start >> 32);
        }
        cells[used++] = (uint32_t)r[i].start;
        if (c->size_cells == 2) {
            cells[used++] = (uint32_t)(size >> 32);
        }
        cells[used++] = (uint32_t)size;
    }
    fdt_writer_cells(&c->w, "reg", cells, used);
}

static void write_ppis(struct writing *c, const unsigned *intid, unsigned count)
{
    uint32_t cells[3 * SPECIFIER_CELLS_MAX] = { 0 };
    unsigned each = c->h->arm->gic_cells;

    for (unsigned i = 0; i < count; i++) {
        cells[i * each] = PPI;
        cells[i * each + 1] = intid[i] - 16;
        cells[i * each + 2] = PPI_FLAGS;
    }
    fdt_writer_cells(&c->w, "interrupts", cells, (size_t)count * each);
    fdt_writer_u32(&c->w, "interrupt-parent", c->gic);
}

/* The phandle of the board's CPU number INDEX, in the order of the tree, which others name as that vCPU's; 0: none. */
static uint32_t cpu_phandle(const struct fdt *t, unsigned index)
{
    struct fdt_node root, cpus, cpu;
    uint32_t handle = 0;

    fdt_root(t, &root);
    for (bool more = fdt_first_child(t, &root, &cpus); more; more = fdt_next_sibling(t, &cpus, &cpus)) {
        if (!fdt_node_is(t, &cpus, "cpus")) {
            continue;
        }
        for (more = fdt_first_child(t, &cpus, &cpu); more; more = fdt_next_sibling(t, &cpu, &cpu)) {
            if (fdt_node_is(t, &cpu, "cpu") && index-- == 0) {
                (void)fdt_u32(t, &cpu, "phandle", &handle);
                break;
            }
        }
        break;
    }
    return handle;
}

static void write_cpus(struct writing *c)
{
    struct fdt_writer *w = &c->w;

    fdt_writer_begin_node(w, "cpus");
    fdt_writer_u32(w, "#address-cells", 1);
    fdt_writer_u32(w, "#size-cells", 0);
    for (unsigned id = 0; id < c->h->guest.vcpu_count; id++) {
        uint64_t affinity = guest_tree_affinity(id);
        uint32_t handle = cpu_phandle(c->h->board, id);

        fdt_writer_begin_node_at(w, "cpu", affinity);
        fdt_writer_string(w, "device_type", "cpu");
        fdt_writer_string(w, "compatible", "arm,armv8");
        fdt_writer_string(w, "enable-method", "psci");
        fdt_writer_u32(w, "reg", (uint32_t)affinity);
        if (handle != 0) {
            fdt_writer_u32(w, "phandle", handle);
        }
        fdt_writer_end_node(w);
    }
    fdt_writer_end_node(w);
}

static void write_memory(struct writing *c, const struct memory_range *r, unsigned count)
{
    fdt_writer_begin_node_at(&c->w, "memory", r[0].start);
    fdt_writer_string(&c->w, "device_type", "memory");
    write_reg(c, r, count);
    fdt_writer_end_node(&c->w);
}

static void write_timer(struct writing *c)
{
    static const unsigned ppis[] = { GUEST_TIMER_PHYS_S_PPI, GUEST_TIMER_PHYS_NS_PPI, GUEST_TIMER_VIRT_PPI };

    fdt_writer_begin_node(&c->w, "timer");
    fdt_writer_string(&c->w, "compatible", "arm,armv8-timer");
    write_ppis(c, ppis, ARRAY_COUNT(ppis));
    if (c->h->guest.timer_frequency != 0) {
        fdt_writer_u32(&c->w, "clock-frequency", c->h->guest.timer_frequency);
    }
    fdt_writer_end_node(&c->w);
}

/* Req: BH-DEV-010 */
/* docs/misc/arm/device-tree/guest.txt: the region of the grant table, then unused ones. */
static void write_hypervisor(struct writing *c)
{
    static const unsigned ppis[] = { GUEST_EVTCHN_PPI };

    fdt_writer_begin_node(&c->w, "hypervisor");
    fdt_writer_list(&c->w, "compatible", "xen,xen-4.17\0xen,xen");
    write_reg(c, c->h->region, c->h->region_count);
    write_ppis(c, ppis, ARRAY_COUNT(ppis));
    fdt_writer_end_node(&c->w);
}

static void write_own(struct writing *c)
{
    guest_tree_write_chosen(&c->w, &c->h->guest);
    guest_tree_write_psci(&c->w);
    write_cpus(c);
    write_memory(c, c->h->memory, c->h->memory_count);
    /* As Xen has it: some kernels take only what is memory, too, for what /reserved-memory says. */
    if (c->h->reserved_count != 0) {
        write_memory(c, c->h->reserved, c->h->reserved_count);
    }
    write_timer(c);
    if (c->h->guest.has_xen) {
        write_hypervisor(c);
    }
}

/* ---- The board's nodes ---- */

/* Properties that name what is not there. */
static const char dropped[][20] = {
    "iommus", "iommu-map", "iommu-map-mask", "msi-parent", "msi-map", "msi-map-mask", "xen,passthrough",
};
/* The same of the interrupt controller: what its virtual one does not have, or is written anew. */
static const char dropped_gic[][24] = {
    "reg", "interrupts", "interrupts-extended", "#redistributor-regions", "redistributor-stride", "msi-controller",
    "mbi-ranges", "mbi-alias",
};

static bool is_dropped(const char *name, bool is_gic)
{
    for (unsigned i = 0; i < ARRAY_COUNT(dropped); i++) {
        if (string_equal(name, dropped[i])) {
            return true;
        }
    }
    for (unsigned i = 0; is_gic && i < ARRAY_COUNT(dropped_gic); i++) {
        if (string_equal(name, dropped_gic[i])) {
            return true;
        }
    }
    return false;
}

static void copy_properties(struct writing *c, const struct fdt_node *node, bool is_gic)
{
    const struct fdt *t = c->h->board;
    struct fdt_property p;

    for (bool more = fdt_first_property(t, node, &p); more; more = fdt_next_property(t, &p, &p)) {
        if (!is_dropped(p.name, is_gic)) {
            fdt_writer_bytes(&c->w, p.name, p.value, p.size);
        }
    }
}

/* Req: BH-DEV-011 */
static void copy_gic(struct writing *c, const struct fdt_node *node)
{
    uint32_t size = 2 * (node->address_cells + (uint32_t)node->size_cells) * sizeof(fdt_cell_t), handle;
    struct fdt_property p;

    copy_properties(c, node, true);
    if (fdt_find_property(c->h->board, node, "reg", &p)) {
        fdt_writer_bytes(&c->w, "reg", p.value, MIN(size, p.size));
    }
    if (c->h->arm->gic_version == 3) {
        fdt_writer_u32(&c->w, "#redistributor-regions", 1);
    }
    if (fdt_u32(c->h->board, node, "phandle", &handle) != 0) {
        fdt_writer_u32(&c->w, "phandle", c->gic);
    }
}

/* The cells of the root's children, one or two each: others are none that addresses can be written in. */
static int read_cells(struct writing *c)
{
    struct fdt_node root, child;

    fdt_root(c->h->board, &root);
    if (!fdt_first_child(c->h->board, &root, &child)) {
        return -XEN_EINVAL;
    }
    c->address_cells = child.address_cells;
    c->size_cells = child.size_cells;
    return c->address_cells < 1 || c->address_cells > 2 || c->size_cells < 1 || c->size_cells > 2 ? -XEN_EINVAL : 0;
}

/* Req: BH-DEV-012 */
int hardware_tree_write(const struct hardware_tree *h, void *buffer, size_t size, size_t *tree_size)
{
    struct writing c = { .h = h, .gic = hardware_gic_phandle(h->board, h->arm) };
    struct hardware_walk walk;
    unsigned depth = 1;

    if (read_cells(&c) != 0) {
        return -XEN_EINVAL;
    }
    fdt_writer_begin_large(&c.w, buffer, size, STRINGS_SIZE);
    hardware_walk_begin(h->board, h->arm, &walk);
    fdt_writer_begin_node(&c.w, "");
    copy_properties(&c, &walk.w.node, false);
    write_own(&c);
    while (hardware_walk_next(h->board, h->arm, &walk)) {
        const struct fdt_node *node = &walk.w.node;

        for (; depth >= node->depth; depth--) {
            fdt_writer_end_node(&c.w);
        }
        if (walk.use == HARDWARE_GIVEN || node->cell == h->arm->gic_cell) {
            fdt_writer_begin_node(&c.w, fdt_node_name(h->board, node));
            depth = node->depth;
            if (walk.use == HARDWARE_GIC) {
                copy_gic(&c, node);
            } else {
                copy_properties(&c, node, false);
            }
        }
    }
    for (; depth > 0; depth--) {
        fdt_writer_end_node(&c.w);
    }
    return fdt_writer_finish(&c.w, tree_size);
}
