/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define MIB ((uint64_t)1 << 20)

/* QEMU, hw/arm/boot.c: its start-up code takes the first page, and an image that says "at the start" moves up. */
#define QEMU_LOADER_SIZE 4096u
#define QEMU_TREE_OFFSET (128 * MIB)

/*
 * What a hypervisor takes at least beside its image: 16 bytes for each 4 KiB frame, its objects, and page tables and
 * objects for each partition. A rough floor, to refuse what can't work.
 */
#define OVERHEAD_FIXED        MIB
#define OVERHEAD_OF_RAM(size) ((size) / 256)
#define OVERHEAD_OF_PARTITION ((uint64_t)256 << 10)

/* Ranges taken: everything reserved, hypervisor, tree, what is shared, and each partition's modules and memory. */
#define BUSY_LIMIT                                                                                                     \
    (BOARD_RANGE_LIMIT + 2 + SHARED_REGION_LIMIT + CONFIG_DOMAIN_LIMIT * (MODULE_KIND_COUNT + CONFIG_PLACE_LIMIT))

struct busy {
    struct range range[BUSY_LIMIT];
    unsigned count;
    unsigned board_count; /* of the first ones, which are not the partitions' */
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

static const struct range *first_overlap(const struct busy *busy, unsigned count, const struct range *wanted)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (range_overlaps(&busy->range[i], wanted)) {
            return &busy->range[i];
        }
    }
    return NULL;
}

/* Takes a range that has only one possible place. */
static void take_fixed(const struct board *board, struct busy *busy, const struct range *wanted)
{
    const struct range *bank = &board->ram[0], *other = first_overlap(busy, busy->count, wanted);

    if (wanted->start - bank->start > bank->size || wanted->size > bank->size - (wanted->start - bank->start)) {
        diag_error(board->file, 0, "%s (0x%llx, %llu KiB) does not fit in the first bank of RAM", wanted->what,
                   (unsigned long long)wanted->start, (unsigned long long)(wanted->size >> 10));
    } else if (other != NULL) {
        diag_error(board->file, 0, "%s (0x%llx, %llu KiB) overlaps %s (0x%llx, %llu KiB)", wanted->what,
                   (unsigned long long)wanted->start, (unsigned long long)(wanted->size >> 10), other->what,
                   (unsigned long long)other->start, (unsigned long long)(other->size >> 10));
    }
    busy->range[busy->count++] = *wanted;
}

/* Takes what is set apart, which is RAM and no other partition's, for what line `line` of `file` says. */
static void take_apart(const struct board *board, struct busy *busy, const char *file, unsigned line, const struct range *wanted)
{
    const struct range *other = first_overlap(busy, busy->board_count, wanted);

    if (other != NULL) {
        diag_error(file, line, "0x%llx to 0x%llx overlaps %s, 0x%llx to 0x%llx, see %s", (unsigned long long)wanted->start,
                   (unsigned long long)(wanted->start + wanted->size - 1), other->what,
                   (unsigned long long)other->start, (unsigned long long)(other->start + other->size - 1), board->file);
    }
    busy->range[busy->count++] = *wanted;
}

/* Req: BH-TOOL-020 */
/* Takes what is set apart for a partition. Returns how many bytes that are. */
static uint64_t take_static(const struct board *board, struct busy *busy, const struct domain_config *config)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < config->place_count; i++) {
        const struct config_place *place = &config->place[i];
        struct range wanted = {place->start, place->size, (char *)"memory of a partition", 0};

        take_apart(board, busy, config->file, place->line, &wanted);
        /* What is not in memory is refused elsewhere, and takes none. */
        sum += board_has_ram(board, place->start, place->size) ? place->size : 0;
    }
    return sum;
}

/* Req: BH-TOOL-021 */
static void take_shared(const struct board *board, struct busy *busy, const struct shared_region *region)
{
    const struct shared_view *v = &region->first;
    struct range wanted = {v->share->place, region->size, (char *)"memory that partitions share", 0};

    if (v->share->has_place) {
        take_apart(board, busy, v->share->file, v->share->line, &wanted);
    }
}

/* Req: BH-TOOL-005 */
/* The lowest free place for `size` bytes, or false. Every step passes a busy range, so there are at most as many. */
static bool take_lowest(const struct board *board, struct busy *busy, uint64_t size, uint64_t *address)
{
    unsigned i;

    for (i = 0; i < board->ram_count; i++) {
        const struct range *bank = &board->ram[i], *other;
        struct range wanted = {align_up(bank->start, PLACE_ALIGN), size, (char *)"a module", 0};

        while ((other = first_overlap(busy, busy->count, &wanted)) != NULL) {
            wanted.start = align_up(other->start + other->size, PLACE_ALIGN);
        }
        if (wanted.start - bank->start <= bank->size && size <= bank->size - (wanted.start - bank->start)) {
            busy->range[busy->count++] = wanted;
            *address = wanted.start;
            return true;
        }
    }
    return false;
}

static void place_hypervisor(const struct board *board, const struct kernel_info *hypervisor, struct placement *out)
{
    uint64_t base = board->ram[0].start, size = PLACE_HYPERVISOR_DEFAULT;

    if (hypervisor != NULL) {
        uint64_t offset = hypervisor->text_offset;

        offset += offset < QEMU_LOADER_SIZE ? 2 * MIB : 0;
        size = offset + hypervisor->memory_size;
    }
    out->hypervisor = (struct range){base, align_up(base + size, PLACE_ALIGN) - base, (char *)"the hypervisor", 0};
}

static void place_tree(const struct board *board, size_t tree_size, struct placement *out)
{
    uint64_t base = board->ram[0].start;
    uint64_t half = board->ram[0].size / 2, offset = half < QEMU_TREE_OFFSET ? half : QEMU_TREE_OFFSET;
    uint64_t start = align_up(base + offset, PLACE_ALIGN);
    /* QEMU doubles the tree, to have room for changes, and passes it on so. */
    uint64_t size = align_up(2 * ((uint64_t)tree_size + 10000), PLACE_ALIGN);

    if (start < base + out->hypervisor.size) {
        start = base + out->hypervisor.size;
    }
    out->tree = (struct range){start, size, (char *)"the device tree", 0};
}

/* Bytes of RAM that are in one of the busy ranges; those are disjoint but for reservations, counted as they come. */
static uint64_t busy_in_ram(const struct board *board, const struct busy *busy)
{
    uint64_t sum = 0;
    unsigned i, j;

    for (i = 0; i < board->ram_count; i++) {
        const struct range *bank = &board->ram[i];

        for (j = 0; j < busy->count; j++) {
            const struct range *range = &busy->range[j];
            uint64_t start = range->start > bank->start ? range->start : bank->start;
            uint64_t end = range->start + range->size < bank->start + bank->size ? range->start + range->size
                                                                                 : bank->start + bank->size;

            sum += start < end ? align_up(end - start, QEMU_LOADER_SIZE) : 0;
        }
    }
    return sum;
}

uint64_t place_need(const struct domain_config *config)
{
    return config->memory_mib * MIB + OVERHEAD_OF_PARTITION;
}

bool place_check_memory(const struct board *board, const struct partition *partitions, unsigned count,
                        struct placement *out)
{
    unsigned errors_before = diag_error_count(), i;
    uint64_t left;

    out->overhead = OVERHEAD_FIXED + OVERHEAD_OF_RAM(board->ram_size);
    left = board->ram_size > out->taken + out->overhead ? board->ram_size - out->taken - out->overhead : 0;
    for (i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;
        uint64_t need = place_need(config);

        if (need > left) {
            diag_error(config->file, config_line(config, KEY_MEMORY),
                       "%llu MiB of memory do not fit in the board: of its %llu MiB, %llu MiB are left, see %s",
                       (unsigned long long)config->memory_mib, (unsigned long long)(board->ram_size / MIB),
                       (unsigned long long)(left / MIB), board->file);
        } else {
            left -= need;
        }
    }
    out->left = left;
    return diag_error_count() == errors_before;
}

/* Req: BH-TOOL-004 */
bool place_all(const struct board *board, const struct kernel_info *hypervisor, size_t tree_size,
               const struct shared_regions *shared, struct partition *partitions, unsigned count, struct placement *out)
{
    unsigned errors_before = diag_error_count(), i, kind;
    struct busy *busy = diag_alloc(1, sizeof(*busy));
    uint64_t set_apart = 0;

    memcpy(busy->range, board->reserved, board->reserved_count * sizeof(busy->range[0]));
    busy->count = board->reserved_count;
    place_hypervisor(board, hypervisor, out);
    take_fixed(board, busy, &out->hypervisor);
    place_tree(board, tree_size, out);
    take_fixed(board, busy, &out->tree);
    busy->board_count = busy->count;
    for (i = 0; i < count; i++) {
        set_apart += take_static(board, busy, &partitions[i].config);
    }
    for (i = 0; i < shared->count; i++) {
        take_shared(board, busy, &shared->region[i]);
    }
    for (i = 0; i < count; i++) {
        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            struct module *module = &partitions[i].module[kind];

            if (module->file != NULL && !take_lowest(board, busy, module->file->blob.size, &module->address)) {
                diag_error(partitions[i].config.file, config_line(&partitions[i].config, module_key(kind)),
                           "'%s' (%llu KiB) does not fit in the board's RAM, see %s", module->file->path,
                           (unsigned long long)(module->file->blob.size + 1023) >> 10, board->file);
            }
        }
    }
    /* What is set apart for partitions is part of their memory. */
    out->taken = busy_in_ram(board, busy);
    out->taken = (out->taken > set_apart ? out->taken - set_apart : 0) + shared_memory_size(shared, false);
    place_check_memory(board, partitions, count, out);
    free(busy);
    return diag_error_count() == errors_before;
}
