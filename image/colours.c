/* SPDX-License-Identifier: Apache-2.0 */
#include "colours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "diag.h"

#define WAYS_MAX 1024

/* xl's key is a string; a list of such strings says the same. */
static const char *read_set(const struct config_source *source, const char *name, bool colour[CONFIG_COLOUR_LIMIT])
{
    XLU_ConfigList *list;
    const char *text, *why = NULL;
    int entries;

    if (xlu_cfg_get_list(source->xlu, name, &list, &entries, 1) == 0) {
        for (int i = 0; i < entries && why == NULL; i++) {
            text = xlu_cfg_get_listitem(list, i);
            why = text == NULL ? "expected a string" : config_list_set(text, CONFIG_COLOUR_LIMIT, colour);
        }
        return entries < 1 ? "expected numbers and ranges like \"0-3,6\"" : why;
    }
    if (xlu_cfg_get_string(source->xlu, name, &text, 1) == 0) {
        return config_list_set(text, CONFIG_COLOUR_LIMIT, colour);
    }
    return "expected a string like \"0-3,6\"";
}

/* The hypervisor wants two adjoining frames for a stage-2 table's root. */
static bool has_pair(const bool colour[CONFIG_COLOUR_LIMIT])
{
    for (unsigned i = 0; i < CONFIG_COLOUR_LIMIT; i += 2) {
        if (colour[i] && colour[i + 1]) {
            return true;
        }
    }
    return false;
}

/* Req: BH-TOOL-024 */
void colours_read(struct domain_config *config, enum arch arch, const struct config_source *source)
{
    unsigned line = config->line[KEY_LLC_COLORS];
    const char *why;

    if (line == 0) {
        return;
    }
    why = read_set(source, "llc_colors", config->colour);
    if (why == NULL && arch == ARCH_ARM64 && !has_pair(config->colour)) {
        why = "expected an even colour and the next one among them, which its page tables take";
    }
    if (why != NULL) {
        diag_error(config->file, line, "'llc_colors': %s", why);
    } else if (config->line[KEY_STATIC_MEMORY] != 0) {
        diag_error(config->file, line, "'llc_colors' can't be chosen beside 'static_memory' in %s:%u, which has its own",
                   config->file, config->line[KEY_STATIC_MEMORY]);
    } else {
        config->has_colours = true;
    }
}

static void read_size(struct colours *c, const struct config_source *source)
{
    const char *text;

    if (xlu_cfg_get_string(source->xlu, "llc_size", &text, 1) != 0 || !bytes_parse(text, &c->size) || c->size == 0 ||
        c->size > (uint64_t)1 << 40 || (c->size & (c->size - 1)) != 0) {
        diag_error(c->file, c->size_line, "'llc_size' must be a power of two: " BYTES_SYNTAX);
        c->size = 0;
    }
}

static void read_ways(struct colours *c, const struct config_source *source)
{
    long ways;

    if (xlu_cfg_get_long(source->xlu, "llc_ways", &ways, 1) != 0 || ways < 1 || ways > WAYS_MAX) {
        diag_error(c->file, c->ways_line, "'llc_ways' must be from 1 to %d", WAYS_MAX);
    } else {
        c->ways = (unsigned)ways;
    }
}

/* Req: BH-TOOL-024 */
void colours_read_system(struct colours *c, const struct config_source *source)
{
    unsigned first = c->size_line != 0 ? c->size_line : c->ways_line != 0 ? c->ways_line : c->own_line;
    const char *why;

    if (first == 0) {
        return;
    }
    c->file = source->file;
    if ((c->size_line == 0) != (c->ways_line == 0)) {
        diag_error(c->file, first, "'llc_size' and 'llc_ways' say nothing without each other");
        return;
    }
    if (c->size_line != 0) {
        read_size(c, source);
        read_ways(c, source);
    }
    if (c->size != 0 && c->ways != 0) {
        uint64_t count = c->size / c->ways / BYTES_PAGE;

        if (count < 2 || count > CONFIG_COLOUR_LIMIT || (count & (count - 1)) != 0) {
            diag_error(c->file, c->size_line, "%llu KiB in %u ways (%s:%u) make %llu colours: expected a power of two "
                       "from 2 to %d", (unsigned long long)c->size >> 10, c->ways, c->file, c->ways_line,
                       (unsigned long long)count, CONFIG_COLOUR_LIMIT);
        } else {
            c->count = (unsigned)count;
        }
    }
    why = c->own_line != 0 ? read_set(source, "xen_llc_colors", c->own) : NULL;
    if (why != NULL) {
        diag_error(c->file, c->own_line, "'xen_llc_colors': %s", why);
        c->own_line = 0;
    }
}

/* Who has a colour. */
struct owner {
    const char *name; /* NULL: the hypervisor */
    const char *file; /* NULL: nobody has it */
    unsigned line;
};

static void take(struct owner owner[CONFIG_COLOUR_LIMIT], const struct colours *c,
                 const bool colour[CONFIG_COLOUR_LIMIT], const struct owner *me)
{
    for (unsigned i = 0; i < CONFIG_COLOUR_LIMIT; i++) {
        if (!colour[i]) {
            continue;
        }
        if (c->count != 0 && i >= c->count) {
            diag_error(me->file, me->line, "colour %u is not there: the cache's are 0 to %u, see %s:%u", i,
                       c->count - 1, c->file, c->size_line);
            return;
        }
        if (owner[i].file != NULL && owner[i].name == NULL) {
            diag_error(me->file, me->line, "colour %u is the hypervisor's, see %s:%u", i, owner[i].file, owner[i].line);
            return;
        }
        if (owner[i].file != NULL) {
            diag_error(me->file, me->line, "colour %u belongs to '%s' already, see %s:%u", i, owner[i].name,
                       owner[i].file, owner[i].line);
            return;
        }
        owner[i] = *me;
    }
}

static unsigned count_of(const bool colour[CONFIG_COLOUR_LIMIT])
{
    unsigned count = 0;

    for (unsigned i = 0; i < CONFIG_COLOUR_LIMIT; i++) {
        count += colour[i];
    }
    return count;
}

/* A partition without colours has pages of all of them, and its memory is no smaller than its share of the board's. */
static void check_memory(const struct board *board, const struct colours *c, const struct domain_config *config,
                         const struct domain_config *first)
{
    uint64_t most;

    if (!config->has_colours) {
        diag_error(config->file, config_line(config, KEY_NAME),
                   "'%s' has no 'llc_colors': it would have pages of those that belong to '%s', see %s:%u",
                   config->name, first->name, first->file, config_line(first, KEY_LLC_COLORS));
        return;
    }
    most = c->count != 0 ? board->ram_size / c->count * count_of(config->colour) : UINT64_MAX;
    if (board->ram_size != 0 && config->memory_mib << 20 > most) {
        diag_error(config->file, config_line(config, KEY_LLC_COLORS),
                   "%u of %u colours (%s:%u) are %llu MiB of the board's memory: 'memory' in %s:%u says %llu MiB",
                   count_of(config->colour), c->count, c->file, c->size_line, (unsigned long long)(most >> 20),
                   config->file, config_line(config, KEY_MEMORY), (unsigned long long)config->memory_mib);
    }
}

/* Req: BH-TOOL-024 */
void colours_check(const struct board *board, const struct colours *c, const struct partition *partitions,
                   unsigned count)
{
    struct owner *owner = diag_alloc(CONFIG_COLOUR_LIMIT, sizeof(*owner));
    const struct domain_config *first = NULL;

    for (unsigned i = 0; i < count && c->own_line == 0 && !c->is_said_elsewhere; i++) {
        if (partitions[i].config.has_colours && partitions[i].config.colour[0]) {
            diag_error(partitions[i].config.file, config_line(&partitions[i].config, KEY_LLC_COLORS),
                       "colour 0 is the hypervisor's, where no 'xen_llc_colors' of a system file says another");
        }
    }
    if (c->own_line != 0) {
        take(owner, c, c->own, &(struct owner){ NULL, c->file, c->own_line });
    }
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        if (config->has_colours) {
            first = first != NULL ? first : config;
            take(owner, c, config->colour,
                 &(struct owner){ config->name, config->file, config_line(config, KEY_LLC_COLORS) });
        }
    }
    for (unsigned i = 0; i < count && first != NULL; i++) {
        const struct domain_config *config = &partitions[i].config;

        /* What is set apart is where it is. */
        if (config->place_count == 0) {
            check_memory(board, c, config, first);
        } else {
            diag_note(config->file, config_line(config, KEY_STATIC_MEMORY),
                      "this memory has all colours, also those of '%s' in %s:%u", first->name, first->file,
                      config_line(first, KEY_LLC_COLORS));
        }
    }
    free(owner);
}

char *colours_text(const bool colour[CONFIG_COLOUR_LIMIT])
{
    char *text = diag_strdup("");

    for (unsigned i = 0; i < CONFIG_COLOUR_LIMIT; i++) {
        unsigned last = i;
        char *longer;

        if (!colour[i]) {
            continue;
        }
        while (last + 1 < CONFIG_COLOUR_LIMIT && colour[last + 1]) {
            last++;
        }
        longer = last != i ? diag_printf("%s%s%u-%u", text, text[0] != '\0' ? "," : "", i, last)
                           : diag_printf("%s%s%u", text, text[0] != '\0' ? "," : "", i);
        free(text);
        text = longer;
        i = last;
    }
    return text;
}

/* Req: BH-TOOL-024 */
char *colours_options(const struct colours *c, const struct partition *partitions, unsigned count)
{
    bool are_used = c->size_line != 0 || c->own_line != 0;
    char *geometry, *own, *text;

    for (unsigned i = 0; i < count; i++) {
        are_used = are_used || partitions[i].config.has_colours;
    }
    if (!are_used) {
        return diag_strdup("");
    }
    geometry = c->count != 0 ? diag_printf(" llc-size=%lluK llc-nr-ways=%u", (unsigned long long)c->size >> 10, c->ways)
                             : diag_strdup("");
    own = c->own_line != 0 ? colours_text(c->own) : diag_strdup("");
    text = diag_printf(" llc-coloring=on%s%s%s", geometry, own[0] != '\0' ? " xen-llc-colors=" : "", own);
    free(geometry);
    free(own);
    return text;
}
