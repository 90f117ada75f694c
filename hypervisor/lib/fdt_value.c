/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of flattened device trees: what properties say (Devicetree Specification v0.4, 2.2.4 and 2.3).
 */
#include "abi/xen.h"
#include "lib/fdt.h"
#include "lib/string.h"

#define CELL_SIZE sizeof(fdt_cell_t)
/* Cells of an address or a size that fit 64 bits. */
#define CELLS_MAX 2

int fdt_property_u32(const struct fdt_property *p, uint32_t *out)
{
    if (p->size != CELL_SIZE) {
        return -XEN_EINVAL;
    }
    *out = fdt_cell(p, 0);
    return 0;
}

int fdt_property_number(const struct fdt_property *p, uint64_t *out)
{
    if (p->size == CELL_SIZE) {
        *out = fdt_cell(p, 0);
    } else if (p->size == 2 * CELL_SIZE) {
        *out = fdt_cell_pair(p, 0);
    } else {
        return -XEN_EINVAL;
    }
    return 0;
}

int fdt_property_string(const struct fdt_property *p, const char **out, uint32_t *length)
{
    const char *text = (const char *)p->value;

    if (p->size == 0 || strnlen(text, p->size) != p->size - 1) {
        return -XEN_EINVAL;
    }
    *out = text;
    if (length != NULL) {
        *length = p->size - 1;
    }
    return 0;
}

const char *fdt_property_string_at(const struct fdt_property *p, uint32_t index)
{
    const char *text = (const char *)p->value;
    uint32_t at = 0;

    while (at < p->size) {
        uint32_t length = (uint32_t)strnlen(text + at, p->size - at);

        if (length == p->size - at) {
            break; /* not terminated */
        }
        if (index == 0) {
            return text + at;
        }
        index--;
        at += length + 1;
    }
    return NULL;
}

bool fdt_property_has_string(const struct fdt_property *p, const char *text)
{
    const char *list = (const char *)p->value;
    const char *end = list + p->size;

    while (list < end) {
        const char *t = text;

        while (list < end && *list == *t && *t != '\0') {
            list++;
            t++;
        }
        if (list < end && *list == *t) {
            return true;
        }
        while (list < end && *list != '\0') {
            list++;
        }
        list++;
    }
    return false;
}

int fdt_u32(const struct fdt *t, const struct fdt_node *node, const char *name, uint32_t *out)
{
    struct fdt_property p;

    return fdt_find_property(t, node, name, &p) ? fdt_property_u32(&p, out) : -XEN_ENOENT;
}

int fdt_number(const struct fdt *t, const struct fdt_node *node, const char *name, uint64_t *out)
{
    struct fdt_property p;

    return fdt_find_property(t, node, name, &p) ? fdt_property_number(&p, out) : -XEN_ENOENT;
}

int fdt_text(const struct fdt *t, const struct fdt_node *node, const char *name, const char **out, uint32_t *length)
{
    struct fdt_property p;

    return fdt_find_property(t, node, name, &p) ? fdt_property_string(&p, out, length) : -XEN_ENOENT;
}

bool fdt_is_compatible(const struct fdt *t, const struct fdt_node *node, const char *compatible)
{
    struct fdt_property p;

    return fdt_find_property(t, node, "compatible", &p) && fdt_property_has_string(&p, compatible);
}

bool fdt_is_enabled(const struct fdt *t, const struct fdt_node *node)
{
    struct fdt_property p;

    return !fdt_find_property(t, node, "status", &p) || fdt_property_has_string(&p, "okay") ||
           fdt_property_has_string(&p, "ok");
}

static uint64_t read_cells(const struct fdt_property *p, uint32_t at, unsigned count)
{
    return count == 0 ? 0 : count == 1 ? fdt_cell(p, at) : fdt_cell_pair(p, at);
}

int fdt_property_reg(const struct fdt_property *p, const struct fdt_node *node, uint32_t index, uint64_t *address,
                     uint64_t *size)
{
    unsigned entry = (unsigned)node->address_cells + node->size_cells;
    uint64_t a, s;

    if (node->address_cells == 0 || node->address_cells > CELLS_MAX || node->size_cells > CELLS_MAX || p->size == 0 ||
        p->size % (entry * CELL_SIZE) != 0) {
        return -XEN_EINVAL;
    }
    if (index >= p->size / (entry * CELL_SIZE)) {
        return -XEN_ENOENT;
    }
    a = read_cells(p, index * entry, node->address_cells);
    s = read_cells(p, index * entry + node->address_cells, node->size_cells);
    if (a + s < a) {
        return -XEN_EINVAL;
    }
    *address = a;
    *size = s;
    return 0;
}

int fdt_reg(const struct fdt *t, const struct fdt_node *node, uint32_t index, uint64_t *address, uint64_t *size)
{
    struct fdt_property p;

    return fdt_find_property(t, node, "reg", &p) ? fdt_property_reg(&p, node, index, address, size) : -XEN_ENOENT;
}

int fdt_translate(const struct fdt *t, const struct fdt_node *bus, const struct fdt_node *child, uint64_t *address,
                  uint64_t size)
{
    unsigned inner = child->address_cells, outer = bus->address_cells, length = child->size_cells;
    unsigned entry = inner + outer + length;
    struct fdt_property p;

    if (!fdt_find_property(t, bus, "ranges", &p)) {
        return -XEN_ENOENT;
    }
    if (p.size == 0) {
        return 0; /* 2.3.8: the same addresses inside and outside */
    }
    if (inner == 0 || inner > CELLS_MAX || outer == 0 || outer > CELLS_MAX || length == 0 || length > CELLS_MAX ||
        p.size % (entry * CELL_SIZE) != 0) {
        return -XEN_EINVAL;
    }
    for (uint32_t at = 0; at < p.size / CELL_SIZE; at += entry) {
        uint64_t from = read_cells(&p, at, inner);
        uint64_t to = read_cells(&p, at + inner, outer);
        uint64_t range = read_cells(&p, at + inner + outer, length);

        if (*address >= from && *address - from < range && size <= range - (*address - from)) {
            uint64_t result = to + (*address - from);

            if (result < to || result + size < result) {
                return -XEN_EINVAL;
            }
            *address = result;
            return 0;
        }
    }
    return -XEN_ENOENT;
}
