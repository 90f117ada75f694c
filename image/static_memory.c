/* SPDX-License-Identifier: Apache-2.0 */
#include "static_memory.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "config_keys.h"
#include "diag.h"
#include "layout.h"

#define MIB ((uint64_t)1 << 20)

typedef unsigned long long number; /* for printf() */

const struct config_place *static_memory_find(const struct domain_config *config, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < config->place_count; i++) {
        if (bytes_overlap(config->place[i].start, config->place[i].size, start, size)) {
            return &config->place[i];
        }
    }
    return NULL;
}

/* "ADDRESS,SIZE" */
static bool parse(const char *text, struct config_place *out)
{
    char *copy = diag_strdup(text), *comma = strchr(copy, ',');
    bool good = false;

    if (comma != NULL) {
        *comma = '\0';
        good = bytes_parse(copy, &out->start) && bytes_parse(comma + 1, &out->size);
    }
    free(copy);
    return good;
}

/* Returns false after reporting what is wrong. */
static bool read_place(struct domain_config *config, const char *text, unsigned line)
{
    struct config_place place = { .line = line };
    const struct config_place *other;

    if (text == NULL || !parse(text, &place)) {
        diag_error(config->file, line, "a range of 'static_memory' must be \"ADDRESS,SIZE\": " BYTES_SYNTAX);
        return false;
    }
    if (place.size == 0 || (place.start | place.size) % BYTES_PAGE != 0) {
        diag_error(config->file, line, "'static_memory': '%s' is not whole pages of 4 KiB, one or more", text);
        return false;
    }
    if (place.start > UINT64_MAX - place.size) {
        diag_error(config->file, line, "'static_memory': '%s' is beyond all addresses", text);
        return false;
    }
    other = static_memory_find(config, place.start, place.size);
    if (other != NULL) {
        diag_error(config->file, line, "'static_memory': 0x%llx to 0x%llx overlaps 0x%llx to 0x%llx in %s:%u",
                   (number)place.start, (number)(place.start + place.size - 1), (number)other->start,
                   (number)(other->start + other->size - 1), config->file, other->line);
        return false;
    }
    config->place[config->place_count++] = place;
    return true;
}

static void read_places(struct domain_config *config, XLU_Config *xlu, const struct blob *text)
{
    unsigned line = config->line[KEY_STATIC_MEMORY];
    XLU_ConfigList *list;
    uint64_t sum = 0;
    bool good = true;
    int entries;

    if (xlu_cfg_get_list(xlu, "static_memory", &list, &entries, 1) != 0 || entries < 1 ||
        entries > CONFIG_PLACE_LIMIT) {
        diag_error(config->file, line, "'static_memory' must be a list of 1 to %d ranges", CONFIG_PLACE_LIMIT);
        return;
    }
    for (int i = 0; i < entries; i++) {
        unsigned at = config_keys_entry_line((const char *)text->data, text->size, line, (unsigned)i);

        good = read_place(config, xlu_cfg_get_listitem(list, i), at) && good;
    }
    for (unsigned i = 0; i < config->place_count; i++) {
        sum += config->place[i].size;
    }
    if (good && config->memory_mib != 0 && sum != config->memory_mib * MIB) {
        diag_error(config->file, line, "'static_memory' has %llu KiB in all, and 'memory' in %s:%u says %llu KiB",
                   (number)(sum >> 10), config->file, config_line(config, KEY_MEMORY), (number)config->memory_mib << 10);
    }
}

/* Req: BH-TOOL-014, BH-TOOL-020 */
static void check_direct(const struct domain_config *config, enum arch arch)
{
    if (arch == ARCH_X86_64) {
        diag_error(config->file, config->line[KEY_DIRECT_MAP],
                   "'direct_map' is for arm64: on x86_64 a partition's memory begins at 0");
    } else if (config->line[KEY_STATIC_MEMORY] == 0) {
        diag_error(config->file, config->line[KEY_DIRECT_MAP], "'direct_map' needs 'static_memory'");
    }
    for (unsigned i = 0; i < config->place_count && arch == ARCH_ARM64; i++) {
        const struct config_place *place = &config->place[i];
        const struct layout_range *device = layout_find_device(arch, place->start, place->size);

        if (device != NULL) {
            diag_error(config->file, place->line,
                       "0x%llx to 0x%llx can't be at its machine addresses ('direct_map' in %s:%u): a partition has "
                       "virtual devices from 0x%llx to 0x%llx", (number)place->start,
                       (number)(place->start + place->size - 1), config->file, config->line[KEY_DIRECT_MAP],
                       (number)device->start, (number)(device->start + device->size - 1));
        }
    }
}

/* Req: BH-TOOL-020 */
void static_memory_read(struct domain_config *config, enum arch arch, XLU_Config *xlu, const struct blob *text)
{
    if (config->line[KEY_STATIC_MEMORY] != 0) {
        read_places(config, xlu, text);
    }
    if (config->is_direct) {
        check_direct(config, arch);
    }
}

static void check_place(const struct board *board, const struct domain_config *config, const struct config_place *place,
                        const struct partition *others, unsigned count)
{
    if (board->ram_count != 0 && !board_has_ram(board, place->start, place->size)) {
        diag_error(config->file, place->line, "0x%llx to 0x%llx is not in the board's memory, see %s",
                   (number)place->start, (number)(place->start + place->size - 1), board->file);
    }
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *owner = &others[i].config;
        const struct config_place *other = static_memory_find(owner, place->start, place->size);

        if (other != NULL) {
            diag_error(config->file, place->line, "0x%llx to 0x%llx overlaps 0x%llx to 0x%llx in %s:%u",
                       (number)place->start, (number)(place->start + place->size - 1), (number)other->start,
                       (number)(other->start + other->size - 1), owner->file, other->line);
        }
    }
}

/* Req: BH-TOOL-020 */
void static_memory_check(const struct board *board, const struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        for (unsigned k = 0; k < config->place_count; k++) {
            check_place(board, config, &config->place[k], partitions, i);
        }
    }
}
