/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "tree.h"

#define PAGE_SIZE 4096u

bool range_overlaps(const struct range *a, const struct range *b)
{
    return a->start < b->start + b->size && b->start < a->start + a->size;
}

/* The path of a node, for messages; valid until the next call. */
static const char *path_of(const void *tree, int node)
{
    static char path[512];

    return fdt_get_path(tree, node, path, sizeof(path)) == 0 ? path : fdt_get_name(tree, node, NULL);
}

bool board_is_disabled(const void *tree, int node)
{
    int length;
    const char *status = fdt_getprop(tree, node, "status", &length);

    return status != NULL && strcmp(status, "okay") != 0 && strcmp(status, "ok") != 0;
}

static bool has_string(const void *tree, int node, const char *property, const char *expected)
{
    return fdt_stringlist_search(tree, node, property, expected) >= 0;
}

uint64_t board_read_cells(const void *cells, int count)
{
    const fdt32_t *cell = cells;
    uint64_t value = 0;
    int i;

    for (i = 0; i < count; i++) {
        value = (value << 32) | fdt32_to_cpu(cell[i]);
    }
    return value;
}

static unsigned numa_node(const void *tree, int node)
{
    int length;
    const fdt32_t *cell = fdt_getprop(tree, node, "numa-node-id", &length);

    return cell != NULL && length == 4 ? fdt32_to_cpu(*cell) : 0;
}

/*
 * Appends what the property "reg" of `node` lists to `list`; returns false after reporting what is wrong. `parent`
 * gives the number of cells.
 */
static bool read_reg(struct board *board, int parent, int node, struct range *list, unsigned *count)
{
    const void *tree = board->tree.data;
    int address_cells = fdt_address_cells(tree, parent), size_cells = fdt_size_cells(tree, parent), length, i;
    const fdt32_t *reg = fdt_getprop(tree, node, "reg", &length);
    int entry = (address_cells + size_cells) * 4;

    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2) {
        diag_error(board->file, 0, "%s: #address-cells and #size-cells must be 1 or 2", path_of(tree, parent));
        return false;
    }
    if (reg == NULL || length == 0 || length % entry != 0) {
        diag_error(board->file, 0, "%s: reg must be a list of pairs of address (%d cells) and size (%d cells)",
                   path_of(tree, node), address_cells, size_cells);
        return false;
    }
    for (i = 0; i < length / entry; i++) {
        uint64_t start = board_read_cells(reg, address_cells), size = board_read_cells(reg + address_cells, size_cells);

        reg += address_cells + size_cells;
        if (size == 0) {
            continue;
        }
        if (start >= (uint64_t)1 << 52 || size > ((uint64_t)1 << 52) - start) {
            diag_error(board->file, 0, "%s: reg: 0x%llx + 0x%llx is beyond any physical address", path_of(tree, node),
                       (unsigned long long)start, (unsigned long long)size);
            return false;
        }
        if (*count == BOARD_RANGE_LIMIT) {
            diag_error(board->file, 0, "%s: reg: more than %d ranges", path_of(tree, node), BOARD_RANGE_LIMIT);
            return false;
        }
        list[*count] = (struct range){start, size, diag_strdup(path_of(tree, node)), numa_node(tree, node)};
        *count += 1;
    }
    return true;
}

static int compare_ranges(const void *a, const void *b)
{
    uint64_t left = ((const struct range *)a)->start, right = ((const struct range *)b)->start;

    return left < right ? -1 : left > right;
}

/* Shrinks the banks to whole pages and drops what is left empty. */
static void align_ram(struct board *board)
{
    unsigned i, kept = 0;

    for (i = 0; i < board->ram_count; i++) {
        struct range bank = board->ram[i];
        uint64_t start = (bank.start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
        uint64_t end = (bank.start + bank.size) & ~(uint64_t)(PAGE_SIZE - 1);

        if (start < end) {
            board->ram[kept++] = (struct range){start, end - start, bank.what, bank.node};
            board->ram_size += end - start;
        } else {
            free(bank.what);
        }
    }
    board->ram_count = kept;
}

static void read_ram(struct board *board)
{
    const void *tree = board->tree.data;
    unsigned i;
    int node;

    fdt_for_each_subnode(node, tree, 0)
    {
        if (has_string(tree, node, "device_type", "memory") && !board_is_disabled(tree, node) &&
            !read_reg(board, 0, node, board->ram, &board->ram_count)) {
            return;
        }
    }
    qsort(board->ram, board->ram_count, sizeof(board->ram[0]), compare_ranges);
    for (i = 1; i < board->ram_count; i++) {
        if (range_overlaps(&board->ram[i - 1], &board->ram[i])) {
            diag_error(board->file, 0, "%s: reg: 0x%llx is in two banks of RAM", board->ram[i].what,
                       (unsigned long long)board->ram[i].start);
        }
    }
    align_ram(board);
    if (board->ram_count == 0) {
        diag_error(board->file, 0, "no RAM: no node with device_type \"memory\" and a reg that is not empty");
    }
}

static void read_reserved(struct board *board)
{
    const void *tree = board->tree.data;
    int parent = fdt_path_offset(tree, "/reserved-memory"), count = fdt_num_mem_rsv(tree), i, node;

    for (i = 0; i < count; i++) {
        uint64_t start, size;

        if (fdt_get_mem_rsv(tree, i, &start, &size) != 0 || size == 0) {
            continue;
        }
        if (start > UINT64_MAX - size || board->reserved_count == BOARD_RANGE_LIMIT) {
            diag_error(board->file, 0, "memory reservation %d: damaged, or one too many", i);
            return;
        }
        board->reserved[board->reserved_count++] = (struct range){start, size, diag_printf("memory reservation %d", i), 0};
    }
    if (parent < 0) {
        return;
    }
    fdt_for_each_subnode(node, tree, parent)
    {
        /* A node with "size" instead of "reg" leaves the place to the operating system. */
        if (fdt_getprop(tree, node, "reg", NULL) != NULL && !board_is_disabled(tree, node) &&
            !read_reg(board, parent, node, board->reserved, &board->reserved_count)) {
            return;
        }
    }
}

static void read_cpus(struct board *board)
{
    const void *tree = board->tree.data;
    int parent = fdt_path_offset(tree, "/cpus"), node;

    if (parent >= 0) {
        fdt_for_each_subnode(node, tree, parent)
        {
            if (!has_string(tree, node, "device_type", "cpu") || board_is_disabled(tree, node)) {
                continue;
            }
            if (board->cpu_count == 0) {
                const char *model = fdt_stringlist_get(tree, node, "compatible", 0, NULL);
                const char *comma = model != NULL ? strchr(model, ',') : NULL;

                snprintf(board->cpu_model, sizeof(board->cpu_model), "%s", comma != NULL ? comma + 1 : "");
            }
            board->cpu_count++;
        }
    }
    if (board->cpu_count == 0) {
        diag_error(board->file, 0, "/cpus: no node with device_type \"cpu\"");
    }
}

static void read_gic(struct board *board)
{
    static const char *const version2[] = {"arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a9-gic",
                                           "arm,cortex-a7-gic"};
    const void *tree = board->tree.data;
    int node;
    unsigned i;

    for (node = fdt_next_node(tree, -1, NULL); node >= 0 && board->gic_version == 0;
         node = fdt_next_node(tree, node, NULL)) {
        if (board_is_disabled(tree, node)) {
            continue;
        }
        if (has_string(tree, node, "compatible", "arm,gic-v3")) {
            board->gic_version = 3;
        }
        for (i = 0; i < sizeof(version2) / sizeof(version2[0]) && board->gic_version == 0; i++) {
            board->gic_version = has_string(tree, node, "compatible", version2[i]) ? 2 : 0;
        }
    }
    if (board->gic_version == 0) {
        diag_error(board->file, 0, "no interrupt controller that is compatible with arm,gic-v3 or a GICv2");
    }
}

/* A tree that describes partitions already is an output, not a board. */
static void check_no_domains(const struct board *board)
{
    const void *tree = board->tree.data;
    int parent = fdt_path_offset(tree, "/chosen"), node;

    if (parent < 0) {
        return;
    }
    fdt_for_each_subnode(node, tree, parent)
    {
        if (has_string(tree, node, "compatible", "xen,domain") ||
            has_string(tree, node, "compatible", "multiboot,module") ||
            has_string(tree, node, "compatible", "xen,multiboot-module")) {
            diag_error(board->file, 0, "%s: the board's tree holds a partition or a module already",
                       path_of(tree, node));
        }
    }
}

/* Req: BH-TOOL-009 */
bool board_read(const char *file, const char *name, struct board *out)
{
    unsigned errors_before = diag_error_count();
    const char *why;

    memset(out, 0, sizeof(*out));
    out->file = name;
    why = blob_read(file, BOARD_TREE_LIMIT, &out->tree);
    if (why != NULL) {
        diag_error(name, 0, "%s", why);
        return false;
    }
    why = tree_check(&out->tree);
    if (why != NULL) {
        diag_error(name, 0, "not a device tree, or a damaged one: %s", why);
        return false;
    }
    read_ram(out);
    read_reserved(out);
    read_cpus(out);
    read_gic(out);
    check_no_domains(out);
    out->is_qemu_virt = has_string(out->tree.data, 0, "compatible", "linux,dummy-virt");
    return diag_error_count() == errors_before;
}

void board_free(struct board *board)
{
    unsigned i;

    for (i = 0; i < board->ram_count; i++) {
        free(board->ram[i].what);
    }
    for (i = 0; i < board->reserved_count; i++) {
        free(board->reserved[i].what);
    }
    blob_free(&board->tree);
}

bool board_has_ram(const struct board *board, uint64_t start, uint64_t size)
{
    /* Banks that adjoin each other come one after the other. */
    for (unsigned i = 0; i < board->ram_count; i++) {
        const struct range *bank = &board->ram[i];

        if (start >= bank->start && start - bank->start < bank->size) {
            uint64_t here = bank->size - (start - bank->start);

            if (size <= here) {
                return true;
            }
            start += here;
            size -= here;
        }
    }
    return false;
}
