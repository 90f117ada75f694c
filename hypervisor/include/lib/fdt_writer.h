/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writer of flattened device trees (Devicetree Specification v0.4, chapter 5), from the root to the end in one go,
 * into a buffer of fixed size. An error sticks: after the first one calls do nothing, and fdt_writer_finish() reports
 * it, so the calls between need no checks.
 */
#ifndef BH_LIB_FDT_WRITER_H
#define BH_LIB_FDT_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes set aside for the names of properties, each kept once. */
#define FDT_WRITER_STRINGS_SIZE 1024
/* Names whose places are known; more are looked for. */
#define FDT_WRITER_NAME_COUNT 32

struct fdt_writer {
    uint8_t *buffer;
    size_t limit;        /* where the structure block must end */
    size_t at;           /* where its next token goes */
    size_t strings_size; /* the strings are at LIMIT until the end */
    size_t strings_room; /* no more than that */
    uint32_t name[FDT_WRITER_NAME_COUNT]; /* where the first names are in the strings */
    unsigned name_count;
    unsigned depth;      /* open nodes */
    int error;
};

/* Begins a tree in SIZE bytes at BUFFER, a multiple of 8. */
void fdt_writer_begin(struct fdt_writer *w, void *buffer, size_t size);
/* The same with ROOM bytes, a multiple of 8, set aside for names. */
void fdt_writer_begin_large(struct fdt_writer *w, void *buffer, size_t size, size_t room);
/* The root's name is "". With an address: NAME@ and the address in hexadecimal. */
void fdt_writer_begin_node(struct fdt_writer *w, const char *name);
void fdt_writer_begin_node_at(struct fdt_writer *w, const char *name, uint64_t address);
void fdt_writer_end_node(struct fdt_writer *w);

/* Properties of the node that was begun last; no node may have begun or ended in it. */
void fdt_writer_empty(struct fdt_writer *w, const char *name);
void fdt_writer_bytes(struct fdt_writer *w, const char *name, const void *value, size_t size);
void fdt_writer_cells(struct fdt_writer *w, const char *name, const uint32_t *cells, size_t count);
void fdt_writer_u32(struct fdt_writer *w, const char *name, uint32_t value);
void fdt_writer_u64(struct fdt_writer *w, const char *name, uint64_t value);
/* COUNT numbers of two cells each: a "reg" of addresses and sizes. */
void fdt_writer_pairs(struct fdt_writer *w, const char *name, const uint64_t *values, size_t count);
void fdt_writer_string(struct fdt_writer *w, const char *name, const char *text);
/* LENGTH characters at TEXT and a terminator. */
void fdt_writer_text(struct fdt_writer *w, const char *name, const char *text, size_t length);

/* A list of strings that is a literal: "a\0b". */
#define fdt_writer_list(w, name, literal) fdt_writer_bytes(w, name, literal, sizeof(literal))

/*
 * Ends the tree; *SIZE is that of the whole blob. -XEN_ENOSPC: the buffer or the room for names is too small.
 * -XEN_EINVAL: nodes and properties were not nested as a tree.
 */
int fdt_writer_finish(struct fdt_writer *w, size_t *size);

#endif
