/* SPDX-License-Identifier: Apache-2.0 */
#include "partial_tree.h"

#include "arch/arch_types.h"
#include "bh/console.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "bh/partition_devices.h"
#include "hardware_devices.h"
#include "lib/fdt_writer.h"
#include "lib/string.h"

/* In the root: what is the guest's, and what names its nodes. */
static const char given[][12] = { "passthrough", "aliases" };
/* What is for us, not for the guest. */
static const char ours[][32] = { "xen,reg", "xen,path", "xen,force-assign-without-iommu" };

/* Sets of "xen,reg" of a node that are looked at. */
#define SET_LIMIT 16

/* What is read, for every function here. */
struct reading {
    const struct fdt *partial, *board;
    const struct board_arm *arm;
    struct domain *d;
};

/* Says what is wrong with NODE; ERR. */
#define refuse(r, node, err, ...) (report(r, node, __VA_ARGS__), err)
static void report(const struct reading *r, const struct fdt_node *node, const char *why, uint64_t number)
{
    char path[FDT_PATH_SIZE];

    fdt_node_path(r->partial, node, path, sizeof(path));
    log_error("%s: partial device tree: %s: %s (0x%llx)", r->d->name, path, why, (unsigned long long)number);
}

static bool is_given(const struct fdt *t, const struct fdt_node *node, unsigned count)
{
    bool is = false;

    for (unsigned i = 0; i < count; i++) {
        is = is || string_equal(fdt_node_name(t, node), given[i]);
    }
    return is;
}

uint32_t partial_tree_gic_phandle(const struct fdt *partial, uint32_t otherwise)
{
    struct fdt_node gic;
    uint32_t handle;

    return fdt_find_path(partial, "/gic", 4, &gic) && fdt_u32(partial, &gic, "phandle", &handle) == 0 ? handle
                                                                                                       : otherwise;
}

/* ---- What is assigned ---- */

static uint64_t number(const struct fdt_property *p, uint32_t at, unsigned cells)
{
    return cells == 2 ? fdt_cell_pair(p, at) : fdt_cell(p, at);
}

static const char *assign_problem(int err)
{
    return err == -XEN_EPERM ? "the board has no device there, or it is the hypervisor's"
           : err == -XEN_EBUSY ? "another domain has it" : "too many, or none that a partition can have";
}

static int assign_range(const struct reading *r, const struct fdt_node *node, uint64_t from, uint64_t size, uint64_t to)
{
    static const struct memory_range fixed[] = ARCH_GUEST_FIXED_RANGES;
    int err;

    if (size == 0 || (from | size | to) % PAGE_SIZE != 0 || size > UINT64_MAX - to ||
        (to + size) >> ARCH_P2M_ADDRESS_BITS != 0) {
        return refuse(r, node, -XEN_EINVAL, "xen,reg: expected whole pages, one or more", from);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
        if (to < fixed[i].end && fixed[i].start < to + size) {
            return refuse(r, node, -XEN_EINVAL, "xen,reg: the partition has virtual devices there", to);
        }
    }
    err = partition_devices_add_registers(r->d, gfn(to >> PAGE_SHIFT), from >> PAGE_SHIFT, size >> PAGE_SHIFT);
    return err == 0 ? 0 : refuse(r, node, err, assign_problem(err), from);
}

/* Req: BH-DEV-014 */
static int assign_registers(const struct reading *r, const struct fdt_node *node)
{
    unsigned a = node->address_cells, z = node->size_cells, each = 2 * a + z;
    struct fdt_property p;
    uint32_t count;
    int err = 0;

    if (!fdt_find_property(r->partial, node, "xen,reg", &p)) {
        return 0;
    }
    count = p.size / sizeof(fdt_cell_t);
    if (a < 1 || a > 2 || z < 1 || z > 2 || count == 0 || p.size % (each * sizeof(fdt_cell_t)) != 0 ||
        count / each > SET_LIMIT) {
        return refuse(r, node, -XEN_EINVAL, "xen,reg: expected sets of an address, a size and an address; cells", each);
    }
    for (uint32_t at = 0; at < count && err == 0; at += each) {
        err = assign_range(r, node, number(&p, at, a), number(&p, at + a, z), number(&p, at + a + z, a));
    }
    return err;
}

/* Req: BH-DEV-015 */
static int assign_interrupts(const struct reading *r, const struct fdt_node *node)
{
    struct fdt_node device;
    struct fdt_property p;
    const char *path;
    uint32_t length, at = 0;
    unsigned line;
    int err = fdt_text(r->partial, node, "xen,path", &path, &length);

    if (err == -XEN_ENOENT) {
        return 0;
    }
    if (err != 0 || !fdt_find_path(r->board, path, length, &device)) {
        return refuse(r, node, -XEN_EINVAL, "xen,path: no node of the board", 0);
    }
    if (!fdt_find_property(r->partial, node, "xen,force-assign-without-iommu", &p)) {
        return refuse(r, node, -XEN_EINVAL, "no IOMMU protects it; expected xen,force-assign-without-iommu", 0);
    }
    /* Bound: the cells of the property. */
    while (err == 0 && hardware_next_line(r->board, r->arm, &device, &at, &line)) {
        err = partition_devices_add_line(r->d, line);
    }
    return err == 0 || err == -XEN_ENOENT ? 0 : refuse(r, node, err, assign_problem(err), line);
}

int partial_tree_assign(const struct fdt *partial, const struct fdt *board, const struct board_arm *arm,
                        struct domain *d)
{
    struct reading r = { .partial = partial, .board = board, .arm = arm, .d = d };
    struct fdt_walk w;
    int err = 0;

    fdt_walk_begin(partial, &w);
    while (err == 0 && fdt_walk_next(partial, &w)) {
        if (is_given(partial, &w.path[2], 1)) {
            err = assign_registers(&r, &w.node);
            err = err == 0 ? assign_interrupts(&r, &w.node) : err;
        }
    }
    return err;
}

/* ---- What the guest sees ---- */

static void copy_properties(struct fdt_writer *w, const struct fdt *t, const struct fdt_node *node)
{
    struct fdt_property p;

    for (bool more = fdt_first_property(t, node, &p); more; more = fdt_next_property(t, &p, &p)) {
        bool is_ours = false;

        for (unsigned i = 0; i < ARRAY_COUNT(ours); i++) {
            is_ours = is_ours || string_equal(p.name, ours[i]);
        }
        if (!is_ours) {
            fdt_writer_bytes(w, p.name, p.value, p.size);
        }
    }
}

/* Req: BH-DEV-016 */
void partial_tree_write(struct fdt_writer *w, const struct fdt *partial)
{
    struct fdt_walk walk;
    unsigned depth = 1;

    fdt_walk_begin(partial, &walk);
    while (fdt_walk_next(partial, &walk)) {
        if (!is_given(partial, &walk.path[2], ARRAY_COUNT(given))) {
            continue;
        }
        for (; depth >= walk.node.depth; depth--) {
            fdt_writer_end_node(w);
        }
        fdt_writer_begin_node(w, fdt_node_name(partial, &walk.node));
        depth = walk.node.depth;
        copy_properties(w, partial, &walk.node);
    }
    for (; depth > 1; depth--) {
        fdt_writer_end_node(w);
    }
}
