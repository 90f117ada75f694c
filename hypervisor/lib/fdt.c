/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of flattened device trees: opening a blob and walking its nodes. Values of properties: fdt_value.c.
 */
#include "lib/fdt.h"

#include "abi/xen.h"
#include "lib/string.h"

/* Devicetree Specification v0.4, 5.2 and 5.4.1. */
#define FDT_MAGIC      0xd00dfeed
#define FDT_VERSION    17
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4
#define FDT_END        9

/* Cells of the header. */
enum { H_MAGIC, H_SIZE, H_STRUCTURE, H_STRINGS, H_RESERVATIONS, H_VERSION, H_COMPATIBLE_VERSION, H_CPU, H_STRINGS_SIZE,
       H_STRUCTURE_SIZE, H_COUNT };
#define HEADER_SIZE (H_COUNT * sizeof(fdt_cell_t))

/* 2.3.5: what a node without these properties says of its children. */
#define ADDRESS_CELLS_DEFAULT 2
#define SIZE_CELLS_DEFAULT    1

static inline uint32_t cell(const fdt_cell_t *p)
{
    return __builtin_bswap32(*p);
}

/* Is one of the four bytes zero? */
static inline bool has_terminator(uint32_t word)
{
    return ((word - 0x01010101) & ~word & 0x80808080) != 0;
}

static int refuse(struct fdt *t, size_t offset, const char *problem, const char *node)
{
    t->problem = problem;
    t->problem_offset = (uint32_t)offset;
    t->problem_node = node;
    return -XEN_EINVAL;
}

/* Checks all tokens between the cells START and END of the blob. */
static int check_structure(struct fdt *t, const fdt_cell_t *blob, const fdt_cell_t *end)
{
    const fdt_cell_t *names[FDT_DEPTH_MAX];
    const fdt_cell_t *p = t->structure;
    const char *problem = "the structure block ends without an end token";
    unsigned depth = 0;
    bool root_seen = false, in_properties = false;

    while (p < end) {
        uint32_t token = cell(p++);

        if (token == FDT_PROP) {
            uint32_t size;

            if (!in_properties) {
                problem = "a property outside a node, or behind a subnode";
                break;
            }
            if (end - p < 2) {
                problem = "a property is cut short";
                break;
            }
            size = cell(p);
            if (cell(p + 1) >= t->strings_size) {
                problem = "the name of a property is outside the strings block";
                break;
            }
            p += 2;
            if (size > (size_t)(end - p) * sizeof(*p)) {
                problem = "a property reaches beyond the structure block";
                break;
            }
            p += (size + 3) / 4;
        } else if (token == FDT_BEGIN_NODE) {
            if (depth == 0 && root_seen) {
                problem = "a second root node";
                break;
            }
            if (depth == FDT_DEPTH_MAX) {
                problem = "nodes are nested too deep: at most 16 levels are read";
                break;
            }
            names[depth] = p;
            while (p < end && !has_terminator(*p)) {
                p++;
            }
            if (p == end) {
                problem = "the name of a node is not terminated";
                break;
            }
            p++;
            depth++;
            root_seen = true;
            in_properties = true;
        } else if (token == FDT_END_NODE) {
            if (depth == 0) {
                problem = "the end of a node outside any node";
                break;
            }
            depth--;
            in_properties = false;
        } else if (token == FDT_END) {
            if (depth != 0 || !root_seen) {
                problem = "an end token inside a node, or without a root node";
                break;
            }
            t->structure_cells = (uint32_t)(p - t->structure);
            return 0;
        } else if (token != FDT_NOP) {
            problem = "an unknown token in the structure block";
            break;
        }
    }
    return refuse(t, (size_t)(p - blob) * sizeof(*p), problem, depth > 0 ? (const char *)names[depth - 1] : NULL);
}

/* Counts the entries of the memory reservation block (5.3.2), which ends with one of two zeros. */
static int check_reservations(struct fdt *t, const fdt_cell_t *blob, uint32_t offset)
{
    const fdt_cell_t *p = blob + offset / sizeof(*p);
    const fdt_cell_t *end = blob + t->size / sizeof(*p);

    t->reservations = p;
    for (; end - p >= 4; p += 4) {
        if ((p[0] | p[1] | p[2] | p[3]) == 0) {
            t->reservation_count = (uint32_t)(p - t->reservations) / 4;
            return 0;
        }
    }
    return refuse(t, offset, "the memory reservation block has no end", NULL);
}

/* Is the block at OFFSET, of SIZE bytes, in the blob, behind its header, and aligned to ALIGNMENT? */
static bool block_fits(const struct fdt *t, uint32_t offset, uint32_t size, uint32_t alignment)
{
    return (offset & (alignment - 1)) == 0 && offset >= HEADER_SIZE && offset <= t->size && size <= t->size - offset;
}

/* Req: BH-BOOT-020 */
int fdt_open(struct fdt *t, const void *blob, size_t size)
{
    const fdt_cell_t *h = blob;
    uint32_t structure_size;
    int err;

    *t = (struct fdt){ .size = 0 };
    if (((uintptr_t)blob & 7) != 0) {
        return refuse(t, 0, "its address is not a multiple of 8", NULL);
    }
    if (size < HEADER_SIZE || cell(h + H_MAGIC) != FDT_MAGIC) {
        return refuse(t, 0, "no device tree: 0xd00dfeed expected", NULL);
    }
    t->size = cell(h + H_SIZE);
    if (t->size < HEADER_SIZE || t->size > size || t->size > FDT_SIZE_MAX) {
        return refuse(t, H_SIZE * sizeof(*h), "its size is more than there is, or more than 2 MiB", NULL);
    }
    if (cell(h + H_VERSION) < FDT_VERSION || cell(h + H_COMPATIBLE_VERSION) > FDT_VERSION) {
        return refuse(t, H_VERSION * sizeof(*h), "a tree of version 17, or compatible with it, is expected", NULL);
    }
    t->strings_size = cell(h + H_STRINGS_SIZE);
    if (!block_fits(t, cell(h + H_STRINGS), t->strings_size, 1)) {
        return refuse(t, H_STRINGS * sizeof(*h), "the strings block is outside the blob", NULL);
    }
    t->strings = (const char *)blob + cell(h + H_STRINGS);
    if (t->strings_size > 0 && t->strings[t->strings_size - 1] != '\0') {
        return refuse(t, cell(h + H_STRINGS), "the strings block does not end with a terminator", NULL);
    }
    if (!block_fits(t, cell(h + H_RESERVATIONS), 0, 8)) {
        return refuse(t, H_RESERVATIONS * sizeof(*h), "the memory reservation block is outside the blob, or not at a "
                      "multiple of 8", NULL);
    }
    err = check_reservations(t, h, cell(h + H_RESERVATIONS));
    if (err != 0) {
        return err;
    }
    structure_size = cell(h + H_STRUCTURE_SIZE);
    if (!block_fits(t, cell(h + H_STRUCTURE), structure_size, 4)) {
        return refuse(t, H_STRUCTURE * sizeof(*h), "the structure block is outside the blob, or not at a multiple of 4",
                      NULL);
    }
    t->structure = h + cell(h + H_STRUCTURE) / sizeof(*h);
    return check_structure(t, h, t->structure + structure_size / sizeof(*h));
}

/* From here on the blob is known to be well formed. */

static inline const fdt_cell_t *skip_property(const fdt_cell_t *p)
{
    return p + 2 + (cell(p) + 3) / 4;
}

static inline const fdt_cell_t *skip_name(const fdt_cell_t *p)
{
    while (!has_terminator(*p)) {
        p++;
    }
    return p + 1;
}

/* Describes the node whose name is at P, in a parent that says CELLS. */
static void make_node(const struct fdt *t, const fdt_cell_t *p, unsigned depth, uint8_t address_cells,
                      uint8_t size_cells, struct fdt_node *out)
{
    out->name = (uint32_t)(p - t->structure);
    out->cell = (uint32_t)(skip_name(p) - t->structure);
    out->depth = (uint8_t)depth;
    out->address_cells = address_cells;
    out->size_cells = size_cells;
}

/* The one cell of the property at P, if it can be a count of cells. */
static uint8_t read_cells(const fdt_cell_t *p)
{
    return cell(p) == 4 && cell(p + 2) < FDT_CELLS_BAD ? (uint8_t)cell(p + 2) : FDT_CELLS_BAD;
}

bool fdt_root(const struct fdt *t, struct fdt_node *root)
{
    const fdt_cell_t *p = t->structure;

    while (cell(p) != FDT_BEGIN_NODE) {
        p++;
    }
    make_node(t, p + 1, 1, ADDRESS_CELLS_DEFAULT, SIZE_CELLS_DEFAULT, root);
    return true;
}

/*
 * Goes over PARENT's properties. True: OUT is its first child. False: there is none; *END is behind the token that ends
 * PARENT.
 */
static inline bool enter(const struct fdt *t, const struct fdt_node *parent, struct fdt_node *out,
                         const fdt_cell_t **end)
{
    const fdt_cell_t *p = t->structure + parent->cell;
    const fdt_cell_t *address_cells = NULL, *size_cells = NULL;

    for (;;) {
        uint32_t token = cell(p++);

        if (token == FDT_PROP) {
            const char *name = t->strings + cell(p + 1);

            if (name[0] == '#') {
                if (address_cells == NULL && string_equal(name, "#address-cells")) {
                    address_cells = p;
                } else if (size_cells == NULL && string_equal(name, "#size-cells")) {
                    size_cells = p;
                }
            }
            p = skip_property(p);
        } else if (token == FDT_BEGIN_NODE) {
            make_node(t, p, parent->depth + 1U, address_cells != NULL ? read_cells(address_cells) : ADDRESS_CELLS_DEFAULT,
                      size_cells != NULL ? read_cells(size_cells) : SIZE_CELLS_DEFAULT, out);
            return true;
        } else if (token == FDT_END_NODE) {
            *end = p;
            return false;
        }
    }
}

bool fdt_first_child(const struct fdt *t, const struct fdt_node *parent, struct fdt_node *out)
{
    const fdt_cell_t *end;

    return enter(t, parent, out, &end);
}

bool fdt_next_sibling(const struct fdt *t, const struct fdt_node *node, struct fdt_node *out)
{
    const fdt_cell_t *p = t->structure + node->cell;
    unsigned depth = 1;

    for (;;) {
        uint32_t token = cell(p++);

        if (token == FDT_PROP) {
            p = skip_property(p);
        } else if (token == FDT_BEGIN_NODE) {
            if (depth == 0) {
                make_node(t, p, node->depth, node->address_cells, node->size_cells, out);
                return true;
            }
            depth++;
            p = skip_name(p);
        } else if (token == FDT_END_NODE) {
            if (depth == 0) {
                return false;
            }
            depth--;
        } else if (token == FDT_END) {
            return false; /* NODE was the root */
        }
    }
}

void fdt_walk_begin(const struct fdt *t, struct fdt_walk *w)
{
    fdt_root(t, &w->node);
    w->path[1] = w->node;
}

/*
 * Goes on from the tokens at P, LEVEL nodes deep, to the next node that begins there. At the current node's DEPTH or
 * deeper it is one inside the current node, and passed over.
 */
static bool walk_on(const struct fdt *t, struct fdt_walk *w, const fdt_cell_t *p, unsigned level)
{
    const unsigned depth = w->node.depth;

    for (;;) {
        uint32_t token = cell(p++);

        if (token == FDT_PROP) {
            p = skip_property(p);
        } else if (token == FDT_BEGIN_NODE) {
            if (level < depth) {
                const struct fdt_node *before = &w->path[level + 1];

                make_node(t, p, level + 1, before->address_cells, before->size_cells, &w->node);
                w->path[level + 1] = w->node;
                return true;
            }
            level++;
            p = skip_name(p);
        } else if (token == FDT_END_NODE) {
            level--;
        } else if (token == FDT_END) {
            return false;
        }
    }
}

bool fdt_walk_next(const struct fdt *t, struct fdt_walk *w)
{
    const fdt_cell_t *end;

    if (enter(t, &w->node, &w->node, &end)) {
        w->path[w->node.depth] = w->node;
        return true;
    }
    return walk_on(t, w, end, w->node.depth - 1U);
}

bool fdt_walk_skip(const struct fdt *t, struct fdt_walk *w)
{
    return walk_on(t, w, t->structure + w->node.cell, w->node.depth);
}

const char *fdt_node_name(const struct fdt *t, const struct fdt_node *node)
{
    return (const char *)(t->structure + node->name);
}

/* Is NAME the LENGTH characters at TEXT, with its unit address or, if TEXT has none, without? */
static bool name_matches(const char *name, const char *text, size_t length)
{
    bool has_unit = false;

    for (size_t i = 0; i < length; i++) {
        if (name[i] != text[i]) {
            return false; /* NAME may have ended here: TEXT holds no terminator */
        }
        has_unit |= text[i] == '@';
    }
    return name[length] == '\0' || (name[length] == '@' && !has_unit);
}

bool fdt_node_is(const struct fdt *t, const struct fdt_node *node, const char *name)
{
    const char *own = fdt_node_name(t, node);

    while (*name != '\0' && *name == *own) {
        name++;
        own++;
    }
    return *name == '\0' && (*own == '\0' || *own == '@');
}

void fdt_node_path(const struct fdt *t, const struct fdt_node *node, char *buffer, size_t size)
{
    struct fdt_walk w;
    size_t length = 0;

    fdt_walk_begin(t, &w);
    while (w.node.cell != node->cell && fdt_walk_next(t, &w)) {
    }
    for (unsigned depth = 2; depth <= node->depth; depth++) {
        const char *name = fdt_node_name(t, &w.path[depth]);

        if (length + 1 < size) {
            buffer[length++] = '/';
        }
        for (; *name != '\0' && length + 1 < size; name++) {
            buffer[length++] = *name > ' ' && *name < 0x7f ? *name : '?';
        }
    }
    if (length == 0 && size > 1) {
        buffer[length++] = '/';
    }
    buffer[length] = '\0';
}

/* Goes down from NODE along the LENGTH characters at PATH. */
static bool descend(const struct fdt *t, struct fdt_node *node, const char *path, size_t length)
{
    size_t at = 0;

    while (at < length) {
        size_t part = 0;
        bool found;

        if (path[at] == '/') {
            at++;
            continue;
        }
        while (at + part < length && path[at + part] != '/') {
            part++;
        }
        found = fdt_first_child(t, node, node);
        while (found && !name_matches(fdt_node_name(t, node), path + at, part)) {
            found = fdt_next_sibling(t, node, node);
        }
        if (!found) {
            return false;
        }
        at += part;
    }
    return true;
}

bool fdt_find_path(const struct fdt *t, const char *path, size_t length, struct fdt_node *out)
{
    struct fdt_node node;
    struct fdt_property p;
    size_t alias = 0;

    length = strnlen(path, length);
    if (length == 0) {
        return false;
    }
    fdt_root(t, &node);
    while (alias < length && path[alias] != '/') {
        alias++;
    }
    if (alias > 0) {
        const char *target;
        uint32_t target_length;
        bool found = descend(t, &node, "aliases", 7) && fdt_first_property(t, &node, &p);

        while (found && !(strncmp(p.name, path, alias) == 0 && p.name[alias] == '\0')) {
            found = fdt_next_property(t, &p, &p);
        }
        if (!found || fdt_property_string(&p, &target, &target_length) != 0 || target[0] != '/') {
            return false;
        }
        fdt_root(t, &node);
        if (!descend(t, &node, target, target_length)) {
            return false;
        }
    }
    if (!descend(t, &node, path + alias, length - alias)) {
        return false;
    }
    *out = node;
    return true;
}

bool fdt_find_phandle(const struct fdt *t, uint32_t handle, struct fdt_node *out)
{
    struct fdt_walk w;
    uint32_t value;

    fdt_walk_begin(t, &w);
    do {
        if (fdt_u32(t, &w.node, "phandle", &value) == 0 && value == handle) {
            *out = w.node;
            return true;
        }
    } while (fdt_walk_next(t, &w));
    return false;
}

/* The property whose token is at cell AT or behind no-ops there. */
static bool property_at(const struct fdt *t, uint32_t at, struct fdt_property *out)
{
    const fdt_cell_t *p = t->structure + at;

    while (cell(p) == FDT_NOP) {
        p++;
    }
    if (cell(p) != FDT_PROP) {
        return false;
    }
    p++;
    out->name = t->strings + cell(p + 1);
    out->size = cell(p);
    out->value = p + 2;
    out->next = (uint32_t)(skip_property(p) - t->structure);
    return true;
}

bool fdt_first_property(const struct fdt *t, const struct fdt_node *node, struct fdt_property *out)
{
    return property_at(t, node->cell, out);
}

bool fdt_next_property(const struct fdt *t, const struct fdt_property *p, struct fdt_property *out)
{
    return property_at(t, p->next, out);
}

bool fdt_find_property(const struct fdt *t, const struct fdt_node *node, const char *name, struct fdt_property *out)
{
    const fdt_cell_t *p = t->structure + node->cell;
    const char first = name[0];

    for (;;) {
        uint32_t token = cell(p);

        if (token == FDT_PROP) {
            const char *own = t->strings + cell(p + 2);

            if (*own == first && string_equal(own, name)) {
                return property_at(t, (uint32_t)(p - t->structure), out);
            }
            p = skip_property(p + 1);
        } else if (token == FDT_NOP) {
            p++;
        } else {
            return false;
        }
    }
}

bool fdt_reservation(const struct fdt *t, uint32_t index, uint64_t *address, uint64_t *size)
{
    struct fdt_property p = { .value = t->reservations };

    if (index >= t->reservation_count) {
        return false;
    }
    *address = fdt_cell_pair(&p, index * 4);
    *size = fdt_cell_pair(&p, index * 4 + 2);
    return true;
}
