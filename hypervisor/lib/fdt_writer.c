/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writer of flattened device trees. The blocks are in the order of the specification (5.1): header, reservations (none),
 * structure, strings. As nobody knows where the structure will end, the strings wait at the end of the buffer.
 */
#include "lib/fdt_writer.h"

#include "abi/xen.h"
#include "lib/fdt.h"
#include "lib/format.h"
#include "lib/string.h"

#define BEGIN_NODE 1
#define END_NODE   2
#define PROP       3
#define END        9

#define HEADER_CELLS       10
#define RESERVATIONS_START (HEADER_CELLS * sizeof(fdt_cell_t))
#define STRUCTURE_START    (RESERVATIONS_START + 16)

static void fail(struct fdt_writer *w, int error)
{
    if (w->error == 0) {
        w->error = error;
    }
}

static void store(struct fdt_writer *w, size_t offset, uint32_t value)
{
    *(fdt_cell_t *)(w->buffer + offset) = __builtin_bswap32(value);
}

/* Room for SIZE bytes of structure, zeros behind them up to a whole cell; NULL: none. */
static uint8_t *take(struct fdt_writer *w, size_t size)
{
    size_t whole = (size + 3) & ~(size_t)3;
    uint8_t *p = w->buffer + w->at;

    if (w->error != 0) {
        return NULL;
    }
    if (whole < size || whole > w->limit - w->at) {
        fail(w, -XEN_ENOSPC);
        return NULL;
    }
    if (whole > size) {
        *(fdt_cell_t *)(p + whole - 4) = 0;
    }
    w->at += whole;
    return p;
}

static void put_cell(struct fdt_writer *w, uint32_t value)
{
    fdt_cell_t *p = (fdt_cell_t *)take(w, sizeof(*p));

    if (p != NULL) {
        *p = __builtin_bswap32(value);
    }
}

/* Offset of NAME in the strings block, which it is added to if it is new. Bound: the names there are. */
static uint32_t string_offset(struct fdt_writer *w, const char *name)
{
    char *strings = (char *)w->buffer + w->limit;
    size_t at = 0, length;

    for (unsigned i = 0; i < w->name_count; i++) {
        at = w->name[i];
        if (string_equal(strings + at, name)) {
            return (uint32_t)at;
        }
    }
    /* From the last of those on, which is none of them. */
    while (at < w->strings_size) {
        if (string_equal(strings + at, name)) {
            return (uint32_t)at;
        }
        at += strlen(strings + at) + 1;
    }
    length = strlen(name) + 1;
    if (length > w->strings_room - at) {
        fail(w, -XEN_ENOSPC);
        return 0;
    }
    if (w->name_count < FDT_WRITER_NAME_COUNT) {
        w->name[w->name_count++] = (uint32_t)at;
    }
    memcpy(strings + at, name, length);
    w->strings_size += length;
    return (uint32_t)at;
}

/* The head of a property of SIZE bytes; returns where its value goes, or NULL. */
static uint8_t *begin_property(struct fdt_writer *w, const char *name, size_t size)
{
    if (w->depth == 0 || size > FDT_SIZE_MAX) {
        fail(w, -XEN_EINVAL);
    }
    if (w->error != 0) {
        return NULL;
    }
    put_cell(w, PROP);
    put_cell(w, (uint32_t)size);
    put_cell(w, string_offset(w, name));
    return take(w, size);
}

void fdt_writer_begin(struct fdt_writer *w, void *buffer, size_t size)
{
    fdt_writer_begin_large(w, buffer, size, FDT_WRITER_STRINGS_SIZE);
}

void fdt_writer_begin_large(struct fdt_writer *w, void *buffer, size_t size, size_t room)
{
    *w = (struct fdt_writer){ .buffer = buffer, .at = STRUCTURE_START, .strings_room = room };
    size = size < FDT_SIZE_MAX ? size & ~(size_t)7 : FDT_SIZE_MAX;
    if (room > size || size - room < STRUCTURE_START) {
        fail(w, -XEN_ENOSPC);
    } else if (((uintptr_t)buffer & 7) != 0) {
        fail(w, -XEN_EINVAL);
    } else {
        w->limit = size - room;
        memset(buffer, 0, STRUCTURE_START);
    }
}

void fdt_writer_begin_node(struct fdt_writer *w, const char *name)
{
    size_t length = strlen(name) + 1;
    uint8_t *p;

    put_cell(w, BEGIN_NODE);
    p = take(w, length);
    if (p != NULL) {
        memcpy(p, name, length);
        w->depth++;
    }
}

void fdt_writer_begin_node_at(struct fdt_writer *w, const char *name, uint64_t address)
{
    char full[48];

    format_print(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
    fdt_writer_begin_node(w, full);
}

void fdt_writer_end_node(struct fdt_writer *w)
{
    if (w->depth == 0) {
        fail(w, -XEN_EINVAL);
        return;
    }
    w->depth--;
    put_cell(w, END_NODE);
}

void fdt_writer_empty(struct fdt_writer *w, const char *name)
{
    begin_property(w, name, 0);
}

void fdt_writer_bytes(struct fdt_writer *w, const char *name, const void *value, size_t size)
{
    uint8_t *p = begin_property(w, name, size);

    if (p != NULL) {
        memcpy(p, value, size);
    }
}

void fdt_writer_cells(struct fdt_writer *w, const char *name, const uint32_t *cells, size_t count)
{
    fdt_cell_t *p = (fdt_cell_t *)begin_property(w, name, count * sizeof(*cells));

    for (size_t i = 0; p != NULL && i < count; i++) {
        p[i] = __builtin_bswap32(cells[i]);
    }
}

void fdt_writer_u32(struct fdt_writer *w, const char *name, uint32_t value)
{
    fdt_writer_cells(w, name, &value, 1);
}

void fdt_writer_u64(struct fdt_writer *w, const char *name, uint64_t value)
{
    fdt_writer_pairs(w, name, &value, 1);
}

void fdt_writer_pairs(struct fdt_writer *w, const char *name, const uint64_t *values, size_t count)
{
    fdt_cell_t *p = (fdt_cell_t *)begin_property(w, name, count * sizeof(*values));

    for (size_t i = 0; p != NULL && i < count; i++) {
        p[2 * i] = __builtin_bswap32((uint32_t)(values[i] >> 32));
        p[2 * i + 1] = __builtin_bswap32((uint32_t)values[i]);
    }
}

void fdt_writer_string(struct fdt_writer *w, const char *name, const char *text)
{
    fdt_writer_text(w, name, text, strlen(text));
}

void fdt_writer_text(struct fdt_writer *w, const char *name, const char *text, size_t length)
{
    uint8_t *p = begin_property(w, name, length + 1);

    if (p != NULL) {
        memcpy(p, text, length);
        p[length] = '\0';
    }
}

int fdt_writer_finish(struct fdt_writer *w, size_t *size)
{
    size_t structure_size;

    if (w->depth != 0 || w->at == STRUCTURE_START) {
        fail(w, -XEN_EINVAL);
    }
    put_cell(w, END);
    if (w->error != 0) {
        return w->error;
    }
    structure_size = w->at - STRUCTURE_START;
    memmove(w->buffer + w->at, w->buffer + w->limit, w->strings_size);
    /* 5.2: magic, sizes and offsets, version 17, compatible with 16, boot CPU 0. */
    store(w, 0, 0xd00dfeed);
    store(w, 4, (uint32_t)(w->at + w->strings_size));
    store(w, 8, STRUCTURE_START);
    store(w, 12, (uint32_t)w->at);
    store(w, 16, RESERVATIONS_START);
    store(w, 20, 17);
    store(w, 24, 16);
    store(w, 28, 0);
    store(w, 32, (uint32_t)w->strings_size);
    store(w, 36, (uint32_t)structure_size);
    *size = w->at + w->strings_size;
    return 0;
}
