/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_memory.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "diag.h"
#include "layout.h"
#include "static_memory.h"

#define SYNTAX "\"id=NAME,at=ADDRESS,size=SIZE[,role=owner][,offset=N][,readonly][,place=ADDRESS]\""

typedef unsigned long long number; /* for printf() */

/* ---- One configuration ---- */

/* The numbers of a share, by name. */
enum { NUMBER_AT, NUMBER_SIZE, NUMBER_OFFSET, NUMBER_PLACE, NUMBER_COUNT };
static const char *const number_names[NUMBER_COUNT] = { "at", "size", "offset", "place" };

static uint64_t *number_of(struct config_share *s, unsigned i)
{
    uint64_t *const numbers[NUMBER_COUNT] = { &s->at, &s->size, &s->offset, &s->place };

    return numbers[i];
}

/* What was said of a share so far. */
struct saying {
    bool number[NUMBER_COUNT], id, role, readonly;
};

/* Takes `*said`; was it said before? */
static const char *say(bool *said)
{
    const char *why = *said ? "said twice" : NULL;

    *said = true;
    return why;
}

/* "NAME=VALUE" or "readonly"; takes `item` apart. NULL, or what is wrong with it. */
static const char *read_item(char *item, struct config_share *s, struct saying *said)
{
    char *value = strchr(item, '=');

    if (value == NULL) {
        s->is_read_only = strcmp(item, "readonly") == 0;
        return s->is_read_only ? say(&said->readonly) : "expected " SYNTAX;
    }
    *value++ = '\0';
    if (strcmp(item, "id") == 0) {
        size_t length = strlen(value);

        if (length == 0 || length > CONFIG_SHARE_ID_LENGTH) {
            return "expected a name of 1 to 19 characters";
        }
        memcpy(s->id, value, length + 1);
        return say(&said->id);
    }
    if (strcmp(item, "role") == 0) {
        s->is_owner = strcmp(value, "owner") == 0;
        return s->is_owner || strcmp(value, "borrower") == 0 ? say(&said->role) : "expected owner or borrower";
    }
    for (unsigned i = 0; i < NUMBER_COUNT; i++) {
        if (strcmp(item, number_names[i]) == 0) {
            return bytes_parse(value, number_of(s, i)) ? say(&said->number[i]) : "expected " BYTES_SYNTAX;
        }
    }
    return "expected " SYNTAX;
}

/* Reads the text of a share. False after reporting what is wrong. */
static bool parse(const char *text, struct config_share *s)
{
    char *copy = diag_strdup(text), *next = copy, *item;
    struct saying said = { .id = false };
    const char *why = NULL;

    /* Not strtok_r(): nothing between two commas is a mistake. */
    while (why == NULL && (item = strsep(&next, ",")) != NULL) {
        why = read_item(item, s, &said);
    }
    free(copy);
    if (why == NULL && !(said.id && said.number[NUMBER_AT] && said.number[NUMBER_SIZE])) {
        why = "id, at or size is missing";
    }
    if (why != NULL) {
        diag_error(s->file, s->line, "'shared_memory': '%s': %s", text, why);
        return false;
    }
    s->has_place = said.number[NUMBER_PLACE];
    return true;
}

/* NULL, or what can't be, whatever others say. */
static const char *check_numbers(enum arch arch, const struct config_share *s)
{
    if (s->size == 0 || (s->at | s->size | s->offset | s->place) % BYTES_PAGE != 0) {
        return "expected whole pages of 4 KiB, one or more";
    }
    if (s->size > layout_end(arch) || s->at > layout_end(arch) - s->size || s->offset > layout_end(arch) - s->size ||
        s->place > UINT64_MAX - s->offset - s->size) {
        return "beyond all addresses";
    }
    if (s->has_place && s->place == 0) {
        return "place=0x0 is not in the board's memory";
    }
    return s->is_owner && s->offset != 0 ? "an owner sees all of its region: no offset" : NULL;
}

/* Is there nothing else where the partition sees it? Reports what is. */
static bool check_address(enum arch arch, const struct domain_config *config, const struct config_share *s)
{
    const struct layout_range *device = layout_find_device(arch, s->at, s->size);
    number start = s->at, end = s->at + s->size - 1;

    if (device != NULL) {
        diag_error(s->file, s->line,
                   "'shared_memory': 0x%llx to 0x%llx: a partition has virtual devices from 0x%llx to 0x%llx",
                   start, end, (number)device->start, (number)(device->start + device->size - 1));
        return false;
    }
    if (layout_has_memory(arch, config, s->at, s->size)) {
        diag_error(s->file, s->line,
                   "'shared_memory': 0x%llx to 0x%llx: the partition has its memory there, see %s:%u", start, end,
                   config->file, config_line(config, config->is_direct ? KEY_STATIC_MEMORY : KEY_MEMORY));
        return false;
    }
    for (unsigned i = 0; i < config->share_count; i++) {
        const struct config_share *other = &config->share[i];

        if (bytes_overlap(s->at, s->size, other->at, other->size)) {
            diag_error(s->file, s->line, "'shared_memory': 0x%llx to 0x%llx overlaps 0x%llx to 0x%llx in %s:%u",
                       start, end, (number)other->at, (number)(other->at + other->size - 1), other->file, other->line);
            return false;
        }
    }
    return true;
}

/* Req: BH-TOOL-021 */
void shared_memory_add(struct domain_config *config, enum arch arch, const char *text, const char *file, unsigned line)
{
    struct config_share s = { .file = file, .line = line };
    const char *why;

    if (!parse(text, &s)) {
        return;
    }
    why = check_numbers(arch, &s);
    if (why != NULL) {
        diag_error(file, line, "'shared_memory': '%s': %s", text, why);
    } else if (config->share_count == CONFIG_SHARE_LIMIT) {
        diag_error(file, line, "'shared_memory': '%s' has %d shares already, see %s:%u", config->name,
                   CONFIG_SHARE_LIMIT, config->share[0].file, config->share[0].line);
    } else if (check_address(arch, config, &s)) {
        config->share[config->share_count++] = s;
    }
}

/* What entries are read into. */
struct reading {
    struct domain_config *config;
    enum arch arch;
};

static void take_share(void *context, char *text, unsigned line)
{
    struct reading *r = context;

    shared_memory_add(r->config, r->arch, text, r->config->file, line);
}

void shared_memory_read(struct domain_config *config, enum arch arch, const struct config_source *source)
{
    struct reading r = { config, arch };

    config_list_each(source, "shared_memory", config->line[KEY_SHARED_MEMORY], CONFIG_SHARE_LIMIT, "shares", take_share,
                     &r);
}

/* ---- All of them ---- */

static struct shared_region *find_region(struct shared_regions *regions, const struct shared_view *v)
{
    for (unsigned i = 0; i < regions->count; i++) {
        if (strcmp(regions->region[i].first.share->id, v->share->id) == 0) {
            return &regions->region[i];
        }
    }
    if (regions->count == SHARED_REGION_LIMIT) {
        diag_error(v->share->file, v->share->line, "region '%s' of shared memory is one too many: %d are the most",
                   v->share->id, SHARED_REGION_LIMIT);
        return NULL;
    }
    regions->region[regions->count].first = *v;
    return &regions->region[regions->count++];
}

/* One more share of `r`. */
static void add_share(struct shared_region *r, const struct shared_view *v)
{
    const struct config_share *s = v->share, *first = r->first.share;

    if (s->has_place != first->has_place || s->place != first->place) {
        diag_error(v->share->file, s->line, "region '%s' of shared memory has another 'place' here than in %s:%u",
                   s->id, r->first.share->file, first->line);
    }
    if (s->is_owner && r->owner.share != NULL) {
        diag_error(v->share->file, s->line, "region '%s' of shared memory has an owner already, see %s:%u", s->id,
                   r->owner.share->file, r->owner.share->line);
    } else if (s->is_owner) {
        r->owner = *v;
    }
    r->size = s->offset + s->size > r->size ? s->offset + s->size : r->size;
}

/* Does the share, of a region whose owner is known by now, end within that? */
static void check_end(const struct shared_region *r, const struct shared_view *v)
{
    const struct config_share *s = v->share;

    if (r->owner.share != NULL && s->offset + s->size > r->owner.share->size) {
        diag_error(v->share->file, s->line,
                   "up to byte 0x%llx of region '%s' is more than its owner has, 0x%llx bytes in %s:%u",
                   (number)(s->offset + s->size - 1), s->id, (number)r->owner.share->size, r->owner.share->file,
                   r->owner.share->line);
    }
}

/* Is the whole region where it can be? */
static void check_place(const struct board *board, const struct partition *partitions, unsigned count,
                        const struct shared_regions *regions, const struct shared_region *r)
{
    const struct config_share *s = r->first.share;
    const char *file = r->first.share->file;
    number start = s->place, end = s->place + r->size - 1;

    if (!s->has_place) {
        if (r->size > SHARED_BLOCK_LIMIT) {
            diag_error(file, s->line, "region '%s' of shared memory is larger than 1 GiB: it needs a 'place'", s->id);
        }
        return;
    }
    if (board->ram_count != 0 && !board_has_ram(board, s->place, r->size)) {
        diag_error(file, s->line, "0x%llx to 0x%llx is not in the board's memory, see %s", start, end, board->file);
    }
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;
        const struct config_place *other = static_memory_find(config, s->place, r->size);

        if (other != NULL) {
            diag_error(file, s->line, "0x%llx to 0x%llx overlaps 0x%llx to 0x%llx in %s:%u", start, end,
                       (number)other->start, (number)(other->start + other->size - 1), config->file, other->line);
        }
    }
    for (const struct shared_region *other = regions->region; other < r; other++) {
        const struct config_share *o = other->first.share;

        if (o->has_place && bytes_overlap(s->place, r->size, o->place, other->size)) {
            diag_error(file, s->line, "0x%llx to 0x%llx overlaps 0x%llx to 0x%llx in %s:%u", start, end,
                       (number)o->place, (number)(o->place + other->size - 1), other->first.share->file, o->line);
        }
    }
}

/* Req: BH-TOOL-021 */
void shared_memory_check(const struct board *board, const struct partition *partitions, unsigned count,
                         struct shared_regions *out)
{
    struct shared_view view[SHARED_SHARE_LIMIT];
    struct shared_region *region[SHARED_SHARE_LIMIT];
    unsigned view_count = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        for (unsigned k = 0; k < config->share_count; k++) {
            struct shared_view v = { config, &config->share[k] };
            struct shared_region *r;

            if (view_count == SHARED_SHARE_LIMIT) {
                diag_error(v.share->file, v.share->line, "'shared_memory': one share too many: %d are the most",
                           SHARED_SHARE_LIMIT);
                return;
            }
            r = find_region(out, &v);
            if (r != NULL) {
                add_share(r, &v);
                view[view_count] = v;
                region[view_count++] = r;
            }
        }
    }
    for (unsigned i = 0; i < view_count; i++) {
        check_end(region[i], &view[i]);
    }
    for (unsigned i = 0; i < out->count; i++) {
        check_place(board, partitions, count, out, &out->region[i]);
    }
}

uint64_t shared_memory_size(const struct shared_regions *regions, bool with_placed)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < regions->count; i++) {
        sum += with_placed || !regions->region[i].first.share->has_place ? regions->region[i].size : 0;
    }
    return sum;
}
