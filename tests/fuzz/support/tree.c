/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads all of a device tree in every way there is.
 */
#include "fuzz.h"

#include "lib/fdt.h"

/* Every function on a property must keep to its bytes; the sanitizer sees to that. */
static void read_property(const struct fdt *t, const struct fdt_walk *w, const struct fdt_property *p)
{
    struct fdt_node found;
    const char *text;
    uint32_t u32, length;
    uint64_t a = 0, s = 0;

    (void)fdt_property_u32(p, &u32);
    (void)fdt_property_number(p, &a);
    (void)fdt_property_has_string(p, "arm,pl011");
    text = fdt_property_string_at(p, 1);
    CHECK(text == NULL || strlen(text) < p->size);
    if (fdt_property_string(p, &text, &length) == 0) {
        CHECK(strlen(text) == length && length + 1 == p->size);
        (void)fdt_find_path(t, text, length, &found);
    }
    for (uint32_t i = 0; i < 4 && fdt_property_reg(p, &w->node, i, &a, &s) == 0; i++) {
        CHECK(a + s >= a);
        for (unsigned depth = w->node.depth; depth > 1; depth--) {
            if (fdt_translate(t, &w->path[depth - 1], &w->path[depth], &a, s) != 0) {
                break;
            }
            CHECK(a + s >= a);
        }
    }
}

void fuzz_read_tree(const struct fdt *t)
{
    struct fdt_node stack[FDT_DEPTH_MAX + 1], found;
    struct fdt_walk w;
    unsigned depth = 1, nodes = 0, properties = 0;
    uint64_t a, s;

    /* Children and siblings, and the walk beside: they see the same nodes. */
    fdt_walk_begin(t, &w);
    CHECK(fdt_root(t, &stack[1]));
    while (depth > 0) {
        struct fdt_property p, same;
        char path[FDT_PATH_SIZE];

        CHECK(stack[depth].cell == w.node.cell && w.node.depth == depth);
        CHECK(stack[depth].address_cells == w.node.address_cells && stack[depth].size_cells == w.node.size_cells);
        nodes++;
        if (nodes < 64) {
            fdt_node_path(t, &w.node, path, sizeof(path));
            CHECK(path[0] == '/' && strlen(path) < sizeof(path));
        }
        for (bool more = fdt_first_property(t, &w.node, &p); more; more = fdt_next_property(t, &p, &p)) {
            if (++properties < 256) {
                read_property(t, &w, &p);
                CHECK(fdt_find_property(t, &w.node, p.name, &same) && same.next <= p.next);
            }
        }
        if (fdt_first_child(t, &stack[depth], &stack[depth + 1])) {
            depth++;
            CHECK(depth <= FDT_DEPTH_MAX && fdt_walk_next(t, &w));
            continue;
        }
        while (depth > 0 && !fdt_next_sibling(t, &stack[depth], &stack[depth])) {
            depth--;
        }
        CHECK(fdt_walk_next(t, &w) == (depth > 0));
    }
    (void)fdt_find_phandle(t, 1, &found);
    for (uint32_t i = 0; fdt_reservation(t, i, &a, &s); i++) {
        CHECK(i < t->reservation_count);
    }
}
