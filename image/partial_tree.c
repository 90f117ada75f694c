/* SPDX-License-Identifier: Apache-2.0 */
#include "partial_tree.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* The handle of the partition's interrupt controller, as Xen has it, and those of clocks behind it. */
#define GIC_HANDLE 65000u

/*
 * Properties that refer to other nodes, which are not there, or say where the device is, which is said anew. What ends as one
 * of the second list does so, too.
 */
static const char *const left_out[] = {
    "phandle", "linux,phandle", "reg", "ranges", "status", "interrupt-parent", "iommus", "iommu-map", "power-domains",
    "resets", "reset-names", "dmas", "dma-names", "memory-region", "msi-parent", "msi-map", "phy-handle", "phys",
    "phy-names", "clocks", "clock-names", "assigned-clocks", "assigned-clock-rates", "assigned-clock-parents",
    "interconnects", "interconnect-names", "xen,path", "xen,reg", "xen,passthrough", "xen,force-assign-without-iommu",
    "gpios", "operating-points-v2", "#address-cells", "#size-cells",
};
static const char *const left_out_ends[] = { "-supply", "-gpios", "-gpio" };

/* What is written, for every function here. */
struct writing {
    const void *board;
    void *tree;
    int passthrough;
    uint32_t handle; /* the next one */
    int err;         /* of libfdt, the first one */
};

static void note(struct writing *w, int err)
{
    w->err = w->err == 0 && err < 0 ? err : w->err;
}

static bool is_left_out(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
        if (strcmp(name, left_out[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(left_out_ends) / sizeof(left_out_ends[0]); i++) {
        size_t end = strlen(left_out_ends[i]);

        if (length > end && strcmp(name + length - end, left_out_ends[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "pinctrl-", 8) == 0;
}

static void copy_properties(struct writing *w, int from, int to)
{
    int property, length;

    fdt_for_each_property_offset(property, w->board, from)
    {
        const char *name;
        const void *value = fdt_getprop_by_offset(w->board, property, &name, &length);

        if (value != NULL && !is_left_out(name)) {
            note(w, fdt_setprop(w->tree, to, name, value, length));
        }
    }
}

/* A fixed clock, copied. Returns its handle, or 0: there is no room for it. */
static uint32_t copy_clock(struct writing *w, int from)
{
    uint32_t handle = w->handle++;
    char name[32];
    int node;

    snprintf(name, sizeof(name), "clock-%u", handle - GIC_HANDLE);
    node = fdt_add_subnode(w->tree, w->passthrough, name);
    if (node < 0) {
        note(w, node);
        return 0;
    }
    copy_properties(w, from, node);
    note(w, fdt_setprop_u32(w->tree, node, "phandle", handle));
    return handle;
}

/*
 * Fills `clocks` with copies of the device's clocks. Returns their number; 0 if there are none, or one is not fixed: then a
 * driver has to do without.
 */
static int copy_clocks(struct writing *w, const struct claim *c, fdt32_t clocks[8])
{
    int length, count = 0;
    const fdt32_t *cell = fdt_getprop(w->board, c->device->node, "clocks", &length);

    for (int i = 0; cell != NULL && i < length / 4; i++) {
        int node = fdt_node_offset_by_phandle(w->board, fdt32_to_cpu(cell[i]));

        if (i == 8 || node < 0 || fdt_node_check_compatible(w->board, node, "fixed-clock") != 0) {
            diag_note(c->config->file, c->line, "'%s': its clocks are not all fixed ones: the partition does not see them",
                      c->device->path);
            return 0;
        }
        clocks[count++] = fdt32_to_cpu(cell[i]);
    }
    for (int i = 0; i < count; i++) {
        clocks[i] = cpu_to_fdt32(copy_clock(w, fdt_node_offset_by_phandle(w->board, clocks[i])));
    }
    return count;
}

static int begin_node(struct writing *w, const char *base, uint64_t at)
{
    char name[64];
    int node;

    snprintf(name, sizeof(name), "%.*s@%llx", (int)strcspn(base, "@"), base, (unsigned long long)at);
    node = fdt_add_subnode(w->tree, w->passthrough, name);
    note(w, node);
    return node;
}

/* Registers: where the guest sees them, and what the hypervisor maps there, unless an earlier device has the same page. */
static void add_set(struct writing *w, int node, const struct claims *claims, uint64_t seen, uint64_t size,
                    const struct claim *c)
{
    bool is_first = claims_find_page(claims, (unsigned)(c - claims->claim), c->config, c->start, c->size) == NULL;
    fdt64_t reg[] = { cpu_to_fdt64(seen), cpu_to_fdt64(size) };
    fdt64_t set[] = { cpu_to_fdt64(c->start), cpu_to_fdt64(c->size), cpu_to_fdt64(c->at) };

    note(w, fdt_appendprop(w->tree, node, "reg", reg, sizeof(reg)));
    note(w, is_first ? fdt_appendprop(w->tree, node, "xen,reg", set, sizeof(set)) : 0);
}

/* Req: BH-TOOL-022 */
static void add_device(struct writing *w, const struct claims *claims, unsigned first)
{
    const struct claim *c = &claims->claim[first];
    const struct board_device *d = c->device;
    const char *names;
    fdt32_t clocks[8];
    int count = copy_clocks(w, c, clocks), length, node;

    node = begin_node(w, strrchr(d->path, '/') + 1, c->at + d->reg[0].start - c->start);
    if (node < 0) {
        return;
    }
    copy_properties(w, d->node, node);
    for (unsigned i = first; i < claims->count; i++) {
        const struct claim *o = &claims->claim[i];

        if (o->config == c->config && o->device == d && o->line == c->line && !o->is_line) {
            add_set(w, node, claims, o->at + d->reg[o->number].start - o->start, d->reg[o->number].size, o);
        }
    }
    if (d->line_count != 0) {
        note(w, fdt_setprop_u32(w->tree, node, "interrupt-parent", GIC_HANDLE));
    }
    if (count != 0) {
        note(w, fdt_setprop(w->tree, node, "clocks", clocks, count * 4));
        names = fdt_getprop(w->board, d->node, "clock-names", &length);
        note(w, names != NULL ? fdt_setprop(w->tree, node, "clock-names", names, length) : 0);
    }
    note(w, fdt_setprop_string(w->tree, node, "xen,path", d->path));
    /* The check has made sure that it has no DMA, or that its partition is where it believes to be. */
    note(w, fdt_setprop_empty(w->tree, node, "xen,force-assign-without-iommu"));
}

static void add_registers(struct writing *w, const struct claims *claims, const struct claim *c)
{
    int node = begin_node(w, "registers", c->at);

    if (node >= 0) {
        add_set(w, node, claims, c->at, c->size, c);
    }
}

static void add_frame(struct writing *w)
{
    int gic;

    note(w, fdt_setprop_u32(w->tree, 0, "#address-cells", 2));
    note(w, fdt_setprop_u32(w->tree, 0, "#size-cells", 2));
    gic = fdt_add_subnode(w->tree, 0, "gic");
    note(w, gic);
    note(w, fdt_setprop_u32(w->tree, gic, "#interrupt-cells", 3));
    note(w, fdt_setprop_empty(w->tree, gic, "interrupt-controller"));
    note(w, fdt_setprop_u32(w->tree, gic, "phandle", GIC_HANDLE));
    w->passthrough = fdt_add_subnode(w->tree, 0, "passthrough");
    note(w, w->passthrough);
    note(w, fdt_setprop_string(w->tree, w->passthrough, "compatible", "simple-bus"));
    note(w, fdt_setprop_empty(w->tree, w->passthrough, "ranges"));
    note(w, fdt_setprop_u32(w->tree, w->passthrough, "#address-cells", 2));
    note(w, fdt_setprop_u32(w->tree, w->passthrough, "#size-cells", 2));
}

static void make(const struct board *board, const struct claims *claims, const struct domain_config *config,
                 struct blob *out)
{
    struct writing w = { .board = board->tree.data, .tree = diag_alloc(2 * MODULE_TREE_LIMIT, 1),
                         .handle = GIC_HANDLE + 1 };

    note(&w, fdt_create_empty_tree(w.tree, 2 * MODULE_TREE_LIMIT));
    add_frame(&w);
    for (unsigned i = claims->count; i > 0; i--) {
        const struct claim *c = &claims->claim[i - 1];

        if (c->config == config && !c->is_line && c->key == KEY_IOMEM) {
            add_registers(&w, claims, c);
        } else if (c->config == config && !c->is_line && c->key == KEY_DTDEV && c->number == 0) {
            add_device(&w, claims, i - 1);
        }
    }
    note(&w, fdt_pack(w.tree));
    if (w.err != 0 || fdt_totalsize(w.tree) > MODULE_TREE_LIMIT) {
        diag_error(config->file, config_line(config, config->device_count != 0 ? KEY_DTDEV : KEY_IOMEM),
                   "the partial device tree of its devices is larger than %zu KiB, or can't be made",
                   MODULE_TREE_LIMIT >> 10);
    }
    out->data = w.tree;
    out->size = w.err == 0 ? fdt_totalsize(w.tree) : 0;
}

void partial_tree_make(const struct board *board, const struct claims *claims, struct partition *partitions,
                       unsigned count, struct module_file **files)
{
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;
        struct blob blob;

        if (config->device_count + config->registers_count != 0) {
            make(board, claims, config, &blob);
            module_add_tree(&partitions[i], &blob, files);
        }
    }
}
