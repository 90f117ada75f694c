/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "diag.h"
#include "layout.h"

typedef unsigned long long number; /* for printf() */

/* Where devices go in a partition that has something else at their machine address: between its GIC and its UART. */
#define WINDOW_START 0x10000000u
#define WINDOW_END   0x22000000u

/* What is read, for every function here. */
struct reading {
    const struct board *board;
    const struct board_devices *devices;
    struct claims *out;
};

static void add(struct claims *claims, const struct claim *claim)
{
    if (claims->count == claims->room) {
        unsigned room = claims->room != 0 ? 2 * claims->room : 64;
        struct claim *larger = diag_alloc(room, sizeof(*larger));

        if (claims->count != 0) {
            memcpy(larger, claims->claim, claims->count * sizeof(*larger));
        }
        free(claims->claim);
        claims->claim = larger;
        claims->room = room;
    }
    claims->claim[claims->count++] = *claim;
}

void claims_free(struct claims *claims)
{
    for (unsigned i = 0; i < claims->count; i++) {
        free(claims->claim[i].what);
    }
    free(claims->claim);
}

/* Does the partition have nothing there yet? */
static bool is_free(const struct claims *claims, const struct domain_config *config, uint64_t at, uint64_t size)
{
    if (layout_find_device(ARCH_ARM64, at, size) != NULL || layout_has_memory(ARCH_ARM64, config, at, size)) {
        return false;
    }
    for (unsigned i = 0; i < config->share_count; i++) {
        if (bytes_overlap(config->share[i].at, config->share[i].size, at, size)) {
            return false;
        }
    }
    for (unsigned i = 0; i < config->registers_count; i++) {
        if (bytes_overlap(config->registers[i].at, config->registers[i].size, at, size)) {
            return false;
        }
    }
    for (unsigned i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->claim[i];

        if (c->config == config && !c->is_line && bytes_overlap(c->at, c->size, at, size)) {
            return false;
        }
    }
    return true;
}

const struct claim *claims_find_page(const struct claims *claims, unsigned count, const struct domain_config *config,
                                     uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < count; i++) {
        const struct claim *c = &claims->claim[i];

        if (c->config == config && !c->is_line && c->start == start && c->size == size) {
            return c;
        }
    }
    return NULL;
}

/*
 * Where another device of the same pages is, the machine address if it can be, or the lowest that is free in the window; its
 * end if none is.
 */
static uint64_t choose_address(const struct claims *claims, const struct domain_config *config, uint64_t start,
                               uint64_t size)
{
    const struct claim *same = claims_find_page(claims, claims->count, config, start, size);
    uint64_t at = start;

    if (same != NULL) {
        return same->at;
    }
    if (start + size <= layout_end(ARCH_ARM64) && is_free(claims, config, start, size)) {
        return start;
    }
    for (at = WINDOW_START; at < WINDOW_END && !is_free(claims, config, at, size); at += BYTES_PAGE) {
    }
    return at;
}

/* The pages of range `k` of a device. */
static void pages_of(const struct board_device *d, unsigned k, struct claim *c)
{
    uint64_t end = d->reg[k].start + d->reg[k].size;

    c->start = d->reg[k].start & ~(uint64_t)(BYTES_PAGE - 1);
    c->size = ((end + BYTES_PAGE - 1) & ~(uint64_t)(BYTES_PAGE - 1)) - c->start;
}

static void add_lines(struct reading *r, const struct claim *like)
{
    for (unsigned k = 0; like->device != NULL && k < like->device->line_count; k++) {
        struct claim c = *like;

        c.is_line = true;
        c.number = like->device->line[k];
        c.what = like->what != NULL ? diag_strdup(like->what) : NULL;
        add(r->out, &c);
    }
}

/* ---- dtdev ---- */

/* NULL, or why a partition can't have it by its path alone. */
static const char *check_kind(const struct board_device *d)
{
    return !d->is_enabled ? "is disabled"
           : d->reg_count == 0 ? "has no registers that a CPU reaches"
           : d->has_other_interrupts ? "has interrupts that do not go to the GIC alone: it takes a 'device_tree' by hand"
                                     : NULL;
}

/* Req: BH-TOOL-022 */
static void claim_device(struct reading *r, const struct domain_config *config, const struct config_device *named)
{
    struct claim c = { .config = config, .key = KEY_DTDEV, .line = named->line };
    const char *why;

    c.device = board_devices_find(r->board, r->devices, named->path);
    if (c.device == NULL) {
        diag_error(config->file, named->line, "'dtdev': '%s' is no device of the board, see %s", named->path,
                   r->board->file);
        return;
    }
    why = check_kind(c.device);
    if (why != NULL) {
        diag_error(config->file, named->line, "'dtdev': '%s' %s, see %s", named->path, why, r->board->file);
        return;
    }
    if (c.device->dma != DMA_NONE && !named->has_no_dma && !config->is_direct && c.device->hypervisors == NULL) {
        diag_error(config->file, named->line,
                   "'dtdev': '%s' %s, and there is neither an IOMMU that holds it nor 'direct_map' in %s:%u%s",
                   named->path, c.device->dma == DMA_YES ? "does DMA" : "may do DMA", config->file,
                   config_line(config, KEY_NAME),
                   c.device->dma == DMA_YES ? "" : " (or \"PATH,dma=none\", if it has no DMA)");
    }
    for (unsigned k = 0; k < c.device->reg_count; k++) {
        c.number = k;
        pages_of(c.device, k, &c);
        c.at = choose_address(r->out, config, c.start, c.size);
        if (c.at == WINDOW_END) {
            diag_error(config->file, named->line, "'dtdev': '%s': its registers, 0x%llx to 0x%llx, have no place in the "
                       "partition beside its memory, see %s:%u", named->path, (number)c.start,
                       (number)(c.start + c.size - 1), config->file, config_line(config, KEY_MEMORY));
            return;
        }
        add(r->out, &c);
    }
    add_lines(r, &c);
}

/* ---- A partial tree ---- */

static void claim_sets(struct reading *r, const void *tree, int node, struct claim *like)
{
    int parent = fdt_parent_offset(tree, node), a = fdt_address_cells(tree, parent), z = fdt_size_cells(tree, parent);
    const struct domain_config *config = like->config;
    int length, each = 2 * a + z;
    const fdt32_t *cell = fdt_getprop(tree, node, "xen,reg", &length);

    if (cell == NULL) {
        return;
    }
    if (a < 1 || a > 2 || z < 1 || z > 2 || length == 0 || length % (each * 4) != 0) {
        diag_error(config->file, like->line, "'%s': %s: xen,reg must be sets of an address (%d cells), a size (%d cells) "
                   "and an address", config->device_tree, like->what, a, z);
        return;
    }
    for (int i = 0; i < length / 4; i += each) {
        struct claim c = *like;

        c.start = board_read_cells(cell + i, a);
        c.size = board_read_cells(cell + i + a, z);
        c.at = board_read_cells(cell + i + a + z, a);
        if (c.size == 0 || (c.start | c.size | c.at) % BYTES_PAGE != 0 || c.size > layout_end(ARCH_ARM64) ||
            c.at > layout_end(ARCH_ARM64) - c.size || c.start > ((uint64_t)1 << 52) - c.size) {
            diag_error(config->file, like->line, "'%s': %s: xen,reg: 0x%llx, 0x%llx bytes at 0x%llx: expected whole "
                       "pages of 4 KiB, one or more", config->device_tree, like->what, (number)c.start, (number)c.size,
                       (number)c.at);
            continue;
        }
        c.what = diag_strdup(like->what);
        add(r->out, &c);
    }
}

/* Req: BH-TOOL-022 */
static void claim_node(struct reading *r, const struct domain_config *config, const void *tree, int node)
{
    struct claim c = { .config = config, .key = KEY_DEVICE_TREE, .line = config_line(config, KEY_DEVICE_TREE) };
    const char *path = fdt_stringlist_get(tree, node, "xen,path", 0, NULL);
    char text[1024];

    c.what = fdt_get_path(tree, node, text, sizeof(text)) == 0 ? text : (char *)"?";
    c.device = path != NULL ? board_devices_find(r->board, r->devices, path) : NULL;
    if (path != NULL && fdt_path_offset(r->board->tree.data, path) < 0) {
        diag_error(config->file, c.line, "'%s': %s: xen,path: '%s' is no node of the board, see %s",
                   config->device_tree, c.what, path, r->board->file);
    }
    if (path != NULL && fdt_getprop(tree, node, "xen,force-assign-without-iommu", NULL) == NULL) {
        diag_error(config->file, c.line, "'%s': %s: no IOMMU protects '%s' (%s): expected "
                   "xen,force-assign-without-iommu", config->device_tree, c.what, path, r->board->file);
    }
    if (c.device != NULL && c.device->dma == DMA_YES && !config->is_direct && c.device->hypervisors == NULL) {
        diag_error(config->file, c.line, "'%s': %s: '%s' (%s) does DMA, and there is neither an IOMMU that holds it nor "
                   "'direct_map' in %s:%u", config->device_tree, c.what, path, r->board->file, config->file,
                   config_line(config, KEY_NAME));
    }
    claim_sets(r, tree, node, &c);
    add_lines(r, &c);
}

static void claim_tree(struct reading *r, const struct partition *p)
{
    const struct module_file *file = p->module[MODULE_DEVICE_TREE].file;
    const void *tree = file != NULL ? file->blob.data : NULL;
    int top = tree != NULL ? fdt_path_offset(tree, "/passthrough") : -1, depth = 0, node;

    for (node = top; node >= 0 && depth >= 0; node = fdt_next_node(tree, node, &depth)) {
        /* It comes back to the node's own level with the next sibling. */
        if (node != top && depth == 0) {
            break;
        }
        if (node != top) {
            claim_node(r, &p->config, tree, node);
        }
    }
}

/* ---- All of them ---- */

void claims_collect(const struct board *board, const struct board_devices *devices, const struct partition *partitions,
                    unsigned count, struct claims *out)
{
    struct reading r = { board, devices, out };

    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        claim_tree(&r, &partitions[i]);
        for (unsigned k = 0; k < config->registers_count; k++) {
            const struct config_registers *named = &config->registers[k];
            struct claim c = { .config = config, .key = KEY_IOMEM, .line = named->line, .number = k,
                               .start = named->start, .size = named->size, .at = named->at };

            add(out, &c);
        }
        for (unsigned k = 0; k < config->device_count; k++) {
            claim_device(&r, config, &config->device[k]);
        }
    }
    claims_check(board, devices, out);
}
