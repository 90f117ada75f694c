/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of flattened device trees (Devicetree Specification v0.4, chapter 5: "flattened format"), of blobs that
 * nobody vouches for. fdt_open() looks at every token once; what it accepted can be walked without further checks,
 * as long as nobody changes the blob. Nothing is copied or allocated, and no pointer stored in the image is
 * followed, so that it also works with the MMU off.
 *
 * A node is found by walking; each function states its bound in tokens of the structure block (of which a blob of
 * FDT_SIZE_MAX has at most 2^19) or in properties of a node. Of two properties of one name the first counts.
 */
#ifndef BH_LIB_FDT_H
#define BH_LIB_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nodes inside nodes; the root is at depth 1. */
#define FDT_DEPTH_MAX 16
/* Bytes of the largest tree: what the arm64 boot protocol allows (Linux, Documentation/arm64/booting.rst, 2). */
#define FDT_SIZE_MAX (2UL << 20)
/* Bytes for the path of a node, cut if it is longer. */
#define FDT_PATH_SIZE 128

/* The big-endian unit of the format. */
typedef uint32_t __attribute__((may_alias)) fdt_cell_t;

/* An opened tree. */
struct fdt {
    const fdt_cell_t *structure;   /* its first token */
    const char *strings;
    const fdt_cell_t *reservations; /* pairs of address and size, two cells each */
    uint32_t structure_cells;      /* up to and with FDT_END */
    uint32_t strings_size;
    uint32_t reservation_count;
    uint32_t size;                 /* bytes of the whole blob */
    uint32_t problem_offset;       /* after a failed fdt_open(): where in the blob */
    const char *problem;           /* ... what was wrong and what was expected */
    const char *problem_node;      /* ... name of the innermost node there, or NULL */
};

struct fdt_node {
    uint32_t cell;          /* index of the first token behind its name */
    uint32_t name;          /* index of the cell where its name begins */
    uint8_t depth;          /* 1: the root */
    uint8_t address_cells;  /* of its parent, so of its reg; FDT_CELLS_BAD: the parent's property is malformed */
    uint8_t size_cells;
};
#define FDT_CELLS_BAD 0xff

struct fdt_property {
    const char *name;
    const fdt_cell_t *value;
    uint32_t size;   /* bytes */
    uint32_t next;   /* index of the token behind it */
};

/*
 * Checks the blob at BLOB, of which SIZE bytes may be read: header, bounds of the blocks, each token, terminators,
 * depth, one root, properties ahead of subnodes, the end. -XEN_EINVAL: something is wrong, T->problem says what.
 * Bound: the tokens of the blob, each looked at once; no byte outside the blocks is touched.
 */
int fdt_open(struct fdt *t, const void *blob, size_t size);

/* ---- Nodes ---- */

/* The root node; always there, true. */
bool fdt_root(const struct fdt *t, struct fdt_node *root);
/* The first node in PARENT; false: none. OUT may be PARENT. Bound: PARENT's properties. */
bool fdt_first_child(const struct fdt *t, const struct fdt_node *parent, struct fdt_node *out);
/* The next node with the same parent; false: none. OUT may be NODE. Bound: NODE's own tokens. */
bool fdt_next_sibling(const struct fdt *t, const struct fdt_node *node, struct fdt_node *out);

/* All nodes, parents first; a whole walk looks at every token once. */
struct fdt_walk {
    struct fdt_node node;                      /* where it is */
    struct fdt_node path[FDT_DEPTH_MAX + 1];   /* [d]: the node at depth d on the way here, node included */
};
/* Stands at the root. */
void fdt_walk_begin(const struct fdt *t, struct fdt_walk *w);
/* Goes on to the next node; false: that was the last one. */
bool fdt_walk_next(const struct fdt *t, struct fdt_walk *w);
/* The same, leaving out the nodes inside the current one. */
bool fdt_walk_skip(const struct fdt *t, struct fdt_walk *w);

/* Its name with the unit address, terminated; "" for most roots. */
const char *fdt_node_name(const struct fdt *t, const struct fdt_node *node);
/* Is that NAME, or NAME@ and a unit address? */
bool fdt_node_is(const struct fdt *t, const struct fdt_node *node, const char *name);
/* Writes NODE's path, cut to SIZE > 0 bytes, odd characters shown as '?'. Bound: one walk. */
void fdt_node_path(const struct fdt *t, const struct fdt_node *node, char *buffer, size_t size);

/*
 * The node at PATH, of LENGTH characters, from the root ("/") or from an alias (a property of /aliases). A part
 * without a unit address finds the first node of that name. False: none. Bound: three walks.
 */
bool fdt_find_path(const struct fdt *t, const char *path, size_t length, struct fdt_node *out);
/* The node whose phandle is HANDLE. False: none. Bound: one walk. */
bool fdt_find_phandle(const struct fdt *t, uint32_t handle, struct fdt_node *out);

/* ---- Properties; each look-up by name is bounded by the node's properties ---- */

bool fdt_first_property(const struct fdt *t, const struct fdt_node *node, struct fdt_property *out);
/* OUT may be P. */
bool fdt_next_property(const struct fdt *t, const struct fdt_property *p, struct fdt_property *out);
bool fdt_find_property(const struct fdt *t, const struct fdt_node *node, const char *name, struct fdt_property *out);

/* Cell INDEX of P; the caller has checked that P->size covers it. */
static inline uint32_t fdt_cell(const struct fdt_property *p, uint32_t index)
{
    return __builtin_bswap32(p->value[index]);
}

/* Cells INDEX and INDEX + 1 as one number. */
static inline uint64_t fdt_cell_pair(const struct fdt_property *p, uint32_t index)
{
    return (uint64_t)fdt_cell(p, index) << 32 | fdt_cell(p, index + 1);
}

/* The value, if P is exactly one cell, or exactly one or two cells. -XEN_EINVAL: it is not. */
int fdt_property_u32(const struct fdt_property *p, uint32_t *out);
int fdt_property_number(const struct fdt_property *p, uint64_t *out);
/* The text, if P is exactly one terminated string. -XEN_EINVAL: it is not. LENGTH (may be NULL): without terminator. */
int fdt_property_string(const struct fdt_property *p, const char **out, uint32_t *length);
/* String INDEX of a list of terminated strings; NULL: there are not so many, or it is not terminated. */
const char *fdt_property_string_at(const struct fdt_property *p, uint32_t index);
/* Is TEXT one of the strings of the list P? */
bool fdt_property_has_string(const struct fdt_property *p, const char *text);

/* The same by name. -XEN_ENOENT: NODE has no such property. */
int fdt_u32(const struct fdt *t, const struct fdt_node *node, const char *name, uint32_t *out);
int fdt_number(const struct fdt *t, const struct fdt_node *node, const char *name, uint64_t *out);
int fdt_text(const struct fdt *t, const struct fdt_node *node, const char *name, const char **out, uint32_t *length);
/* Is COMPATIBLE in NODE's "compatible"? */
bool fdt_is_compatible(const struct fdt *t, const struct fdt_node *node, const char *compatible);
/* False if NODE's "status" is there and neither "okay" nor "ok". */
bool fdt_is_enabled(const struct fdt *t, const struct fdt_node *node);

/*
 * Entry INDEX of P, a "reg" of NODE: address and size by the parent's #address-cells and #size-cells; without size
 * cells SIZE is 0. -XEN_ENOENT: fewer entries. -XEN_EINVAL: P is not a whole number of entries, the cell counts are
 * none that fit 64 bits, or the range wraps round.
 */
int fdt_property_reg(const struct fdt_property *p, const struct fdt_node *node, uint32_t index, uint64_t *address,
                     uint64_t *size);
/* The same of NODE's own "reg". -XEN_ENOENT also: it has none. */
int fdt_reg(const struct fdt *t, const struct fdt_node *node, uint32_t index, uint64_t *address, uint64_t *size);
/*
 * Turns *ADDRESS, of SIZE bytes, from the addresses inside the bus node BUS (as CHILD, a node in it, writes them) into
 * those outside, by BUS's "ranges". -XEN_ENOENT: no range covers it, or there is no such property.
 * -XEN_EINVAL: the property is malformed. Bound: the entries of the property.
 */
int fdt_translate(const struct fdt *t, const struct fdt_node *bus, const struct fdt_node *child, uint64_t *address,
                  uint64_t size);

/* Entry INDEX of the memory reservation block; false: there are not so many. */
bool fdt_reservation(const struct fdt *t, uint32_t index, uint64_t *address, uint64_t *size);

#endif
