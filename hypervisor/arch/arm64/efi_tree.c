/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying a device tree with changes (Devicetree Specification v0.4, chapter 5). The blocks are in the order of the
 * specification: header, reservations, structure, strings; the strings are the old ones and two of our own behind them.
 */
#include "efi_tree.h"

#include "lib/string.h"

#define BEGIN_NODE 1
#define END_NODE   2
#define PROP       3
#define END        9

#define HEADER_CELLS 10

/* Behind the strings of the old tree. */
static const char new_strings[] = "reg\0device_type";
#define NAME_REG         0
#define NAME_DEVICE_TYPE 4

struct writing {
    fdt_cell_t *at, *end;
    bool is_full;
};

static void put(struct writing *w, uint32_t value)
{
    if (w->at == w->end) {
        w->is_full = true;
    } else {
        *w->at++ = __builtin_bswap32(value);
    }
}

/* VALUE in COUNT cells: one or two. */
static void put_number(struct writing *w, uint64_t value, unsigned count)
{
    if (count == 2) {
        put(w, (uint32_t)(value >> 32));
    }
    put(w, (uint32_t)value);
}

/* COUNT cells as they are. */
static void put_cells(struct writing *w, const fdt_cell_t *cells, uint64_t count)
{
    if (count > (uint64_t)(w->end - w->at)) {
        w->is_full = true;
    } else {
        memcpy(w->at, cells, count * sizeof(*cells));
        w->at += count;
    }
}

static bool cells_are_good(const struct fdt_node *node)
{
    return node->address_cells >= 1 && node->address_cells <= 2 && node->size_cells >= 1 && node->size_cells <= 2;
}

unsigned efi_tree_modules(const struct fdt *t, struct efi_module *out, unsigned max)
{
    struct fdt_node chosen, domain, module;
    unsigned count = 0;

    if (!fdt_find_path(t, "/chosen", 7, &chosen)) {
        return 0;
    }
    for (bool more = fdt_first_child(t, &chosen, &domain); more; more = fdt_next_sibling(t, &domain, &domain)) {
        if (!fdt_is_compatible(t, &domain, "xen,domain")) {
            continue;
        }
        for (bool m = fdt_first_child(t, &domain, &module); m; m = fdt_next_sibling(t, &module, &module)) {
            const char *file;

            if (fdt_text(t, &module, BOOT_FILE_PROPERTY, &file, NULL) != 0) {
                continue;
            }
            if (count < max) {
                out[count] = (struct efi_module){ .file = file, .node = module };
                boot_config_cells(t, &domain, &chosen, &out[count].node);
            }
            count++;
        }
    }
    return count;
}

uint64_t efi_tree_address_limit(const struct efi_module *m)
{
    return !cells_are_good(&m->node) ? 0 : m->node.address_cells == 1 ? GIB(4) : BOARD_MEMORY_LIMIT;
}

uint64_t efi_tree_room(const struct fdt *t, unsigned module_count, uint64_t descriptor_count)
{
    /* For each descriptor a reservation and an entry of "reg"; for the rest more than it takes. */
    return ALIGN_UP((uint64_t)t->size + module_count * 32UL + descriptor_count * 32 + 512, 8);
}

/* ---- Memory ---- */

static uint64_t descriptor_count(const struct efi_memory_map *map)
{
    return map->size / map->descriptor_size;
}

/* Descriptor I as a range; false: an empty one, or one that wraps round. */
static bool read_range(const struct efi_memory_map *map, uint64_t i, struct efi_memory_descriptor *d,
                       struct memory_range *r)
{
    memcpy(d, map->descriptors + i * map->descriptor_size, sizeof(*d));
    if (d->page_count == 0 || d->page_count > (UINT64_MAX - d->start) >> PAGE_SHIFT) {
        return false;
    }
    *r = (struct memory_range){ .start = d->start, .end = d->start + (d->page_count << PAGE_SHIFT) };
    return true;
}

static bool is_firmware(uint32_t type)
{
    return type == EFI_RUNTIME_SERVICES_CODE || type == EFI_RUNTIME_SERVICES_DATA || type == EFI_ACPI_RECLAIM_MEMORY ||
           type == EFI_ACPI_MEMORY_NVS;
}

/*
 * What the firmware keeps counts as memory too, and is reserved: memory in few large banks is what a board can have,
 * and there is more room for reservations.
 */
static bool is_memory(const struct efi_memory_descriptor *d)
{
    return (d->attributes & EFI_MEMORY_WRITE_BACK) != 0 &&
           ((d->type >= EFI_LOADER_CODE && d->type <= EFI_CONVENTIONAL_MEMORY) || is_firmware(d->type));
}

/* The lowest bank of memory that begins at FROM or above; false: there is none. */
static bool next_bank(const struct efi_memory_map *map, uint64_t from, struct memory_range *bank)
{
    struct efi_memory_descriptor d;
    struct memory_range r;
    bool grows = false;

    for (uint64_t i = 0; i < descriptor_count(map); i++) {
        if (read_range(map, i, &d, &r) && is_memory(&d) && r.start >= from && (!grows || r.start < bank->start)) {
            *bank = r;
            grows = true;
        }
    }
    if (!grows) {
        return false;
    }
    /* Each round joins at least one descriptor, or is the last one. */
    while (grows) {
        grows = false;
        for (uint64_t i = 0; i < descriptor_count(map); i++) {
            if (read_range(map, i, &d, &r) && is_memory(&d) && r.start <= bank->end && r.end > bank->end &&
                r.start >= bank->start) {
                bank->end = r.end;
                grows = true;
            }
        }
    }
    return true;
}

static void put_reservations(struct writing *w, const struct fdt *t, const struct efi_memory_map *map)
{
    struct efi_memory_descriptor d;
    struct memory_range r;

    put_cells(w, t->reservations, t->reservation_count * 4UL);
    for (uint64_t i = 0; i < descriptor_count(map); i++) {
        if (read_range(map, i, &d, &r) && is_firmware(d.type)) {
            put_number(w, r.start, 2);
            put_number(w, r.end - r.start, 2);
        }
    }
    put_number(w, 0, 2);
    put_number(w, 0, 2);
}

/* The string "memory". */
static void put_memory(struct writing *w)
{
    put(w, 0x6d656d6f);
    put(w, 0x72790000);
}

/* NODE has the cell counts of the root's children. A bank that they cannot name is cut to what they can. */
static void put_memory_node(struct writing *w, const struct fdt *t, const struct fdt_node *node,
                            const struct efi_memory_map *map)
{
    uint64_t limit = node->address_cells == 1 ? GIB(4) : UINT64_MAX;
    uint64_t size_limit = node->size_cells == 1 ? GIB(4) - PAGE_SIZE : UINT64_MAX;
    struct memory_range bank = { .end = 0 };
    fdt_cell_t *size;

    put(w, BEGIN_NODE);
    put_memory(w);
    put(w, PROP);
    put(w, sizeof("memory"));
    put(w, t->strings_size + NAME_DEVICE_TYPE);
    put_memory(w);
    put(w, PROP);
    size = w->at;
    put(w, 0);
    put(w, t->strings_size + NAME_REG);
    while (next_bank(map, bank.end, &bank)) {
        uint64_t end = MIN(bank.end, limit);

        for (uint64_t at = bank.start; at < end && !w->is_full; at += MIN(end - at, size_limit)) {
            put_number(w, at, node->address_cells);
            put_number(w, MIN(end - at, size_limit), node->size_cells);
        }
    }
    if (!w->is_full) {
        *size = __builtin_bswap32((uint32_t)((w->at - size - 2) * (ptrdiff_t)sizeof(*size)));
    }
    put(w, END_NODE);
}

/* ---- Structure ---- */

static void put_reg(struct writing *w, const struct fdt *t, const struct efi_module *m)
{
    put(w, PROP);
    put(w, (m->node.address_cells + m->node.size_cells) * 4U);
    put(w, t->strings_size + NAME_REG);
    put_number(w, m->start, m->node.address_cells);
    put_number(w, m->size, m->node.size_cells);
}

/* The loaded module whose properties begin at token CELL, or NULL. */
static const struct efi_module *find_module(const struct efi_module *modules, unsigned count, uint32_t cell)
{
    for (unsigned i = 0; i < count; i++) {
        if (modules[i].node.cell == cell && modules[i].size != 0) {
            return &modules[i];
        }
    }
    return NULL;
}

static void put_structure(struct writing *w, const struct fdt *t, const struct efi_module *modules, unsigned count,
                          const struct fdt_node *first, const struct efi_memory_map *map)
{
    const struct efi_module *module = NULL; /* whose properties come */
    const fdt_cell_t *p = t->structure;
    unsigned depth = 0, left_out = 0; /* the depth of the node that is left out; 0: none */
    bool reg_is_put = false;

    for (;;) {
        const fdt_cell_t *token = p;
        uint32_t kind = __builtin_bswap32(*p++);
        struct fdt_node node;

        if (kind == BEGIN_NODE) {
            node = (struct fdt_node){ .name = (uint32_t)(p - t->structure) };
            p += strlen((const char *)p) / sizeof(*p) + 1;
            depth++;
            if (left_out == 0 && depth == 2 && fdt_node_is(t, &node, "memory")) {
                left_out = depth;
            }
            module = find_module(modules, count, (uint32_t)(p - t->structure));
            reg_is_put = false;
        } else if (kind == PROP) {
            const char *name = t->strings + __builtin_bswap32(p[1]);

            p += 2 + (__builtin_bswap32(p[0]) + 3) / 4;
            if (module != NULL && (string_equal(name, BOOT_FILE_PROPERTY) || string_equal(name, "reg"))) {
                if (!reg_is_put) {
                    put_reg(w, t, module);
                    reg_is_put = true;
                }
                continue;
            }
        } else if (kind == END_NODE) {
            module = NULL;
            if (depth == 1) {
                put_memory_node(w, t, first, map);
            }
            depth--;
            if (depth + 1 == left_out) {
                left_out = 0;
                continue;
            }
        }
        if (left_out == 0) {
            put_cells(w, token, (uint64_t)(p - token));
        }
        if (kind == END) {
            return;
        }
    }
}

/* Req: BH-BOOT-026, BH-BOOT-027 */
int efi_tree_write(const struct fdt *t, const struct efi_module *modules, unsigned module_count,
                   const struct efi_memory_map *map, void *out, uint64_t room)
{
    fdt_cell_t *blob = out;
    struct writing w = { .at = blob + HEADER_CELLS, .end = blob + room / sizeof(*blob) };
    uint32_t structure, strings, strings_size = t->strings_size + (uint32_t)sizeof(new_strings);
    struct fdt_node root, first;

    if (room < HEADER_CELLS * sizeof(*blob)) {
        return -XEN_ENOSPC;
    }
    fdt_root(t, &root);
    if (!fdt_first_child(t, &root, &first) || !cells_are_good(&first)) {
        return -XEN_EINVAL;
    }
    put_reservations(&w, t, map);
    structure = (uint32_t)(w.at - blob) * (uint32_t)sizeof(*blob);
    put_structure(&w, t, modules, module_count, &first, map);
    strings = (uint32_t)(w.at - blob) * (uint32_t)sizeof(*blob);
    if (w.is_full || strings_size > (uint64_t)(w.end - w.at) * sizeof(*w.at)) {
        return -XEN_ENOSPC;
    }
    memcpy(w.at, t->strings, t->strings_size);
    memcpy((char *)w.at + t->strings_size, new_strings, sizeof(new_strings));

    /* 5.2: magic, sizes and offsets, version 17, compatible with 16. */
    w = (struct writing){ .at = blob, .end = blob + HEADER_CELLS };
    put(&w, 0xd00dfeed);
    put(&w, strings + strings_size);
    put(&w, structure);
    put(&w, strings);
    put(&w, HEADER_CELLS * sizeof(*blob));
    put(&w, 17);
    put(&w, 16);
    put(&w, 0);
    put(&w, strings_size);
    put(&w, strings - structure);
    return 0;
}
