/* SPDX-License-Identifier: Apache-2.0 */
#include "map_svg_parts.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "svg.h"

/* Rows are higher the larger the range is, as long as there are not too many of them. */
#define ROW        24
#define ROWS_LARGE 48

/* What lies in a row: a bar with the owner's name, then words, addresses and the size. */
#define BAR_WIDTH   120
#define WORDS_X     130
#define WORDS_WIDTH 250
#define ADDRESS_X   385
#define SIZE_X      MAP_SVG_COLUMN

const char *map_svg_colour(const struct system *system, const struct domain_config *config)
{
    static const char *const colours[] = { "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948",
                                           "#b07aa1", "#ff9da7", "#9c755f", "#3d6b35", "#d4a6c8", "#8cd17d" };

    for (unsigned i = 0; i < system->count; i++) {
        if (&system->partitions[i].config == config) {
            return colours[i % (sizeof(colours) / sizeof(colours[0]))];
        }
    }
    return "#ffffff";
}

const char *map_svg_fill(const struct system *system, const struct map_range *range)
{
    switch (range->kind) {
    case MAP_HYPERVISOR:
        return MAP_SVG_HYPERVISOR;
    case MAP_BOARD:
        return "url(#board)";
    case MAP_COMMON:
        return "url(#shared)";
    case MAP_FREE:
        return "#ffffff";
    default:
        return map_svg_colour(system, range->owner);
    }
}

char *map_svg_tip(const struct map_range *range)
{
    char *owner = map_owner_name(range);
    char *tip = diag_printf("%s%s%s: 0x%llx to 0x%llx, %s", owner, owner[0] != '\0' ? ", " : "", range->what,
                            (unsigned long long)range->start, (unsigned long long)(range->start + range->size - 1),
                            map_size(range->size));

    free(owner);
    return tip;
}

/* 24 to 60 pixels: 6 more each time that a range is four times as large. */
static double height_of(const struct map_range *range, unsigned count)
{
    double height = ROW;

    for (uint64_t size = range->size >> 22; size != 0 && height < 60 && count <= ROWS_LARGE; size >>= 2) {
        height += 6;
    }
    return height;
}

static void draw_row(struct drawing *d, double x, double y, double height, const struct map_range *r)
{
    const char *fill = map_svg_fill(d->system, r);
    char *owner = map_owner_name(r), *tip = map_svg_tip(r);
    char *addresses = diag_printf("0x%08llx-%08llx", (unsigned long long)r->start,
                                  (unsigned long long)(r->start + r->size - 1));
    double middle = y + height / 2 + 3;

    svg_rect(d->out, x, y, BAR_WIDTH, height - 3, fill, tip);
    /* A pattern is no ground for letters. */
    if (fill[0] != '#') {
        svg_rect(d->out, x + 30, y + height / 2 - 9, BAR_WIDTH - 60, 15, "#ffffff", NULL);
    }
    svg_text(d->out, x + BAR_WIDTH / 2, middle, BAR_WIDTH - 6, SVG_MIDDLE, "b", svg_ink(fill), owner);
    svg_text(d->out, x + WORDS_X, middle, WORDS_WIDTH, SVG_START, "t", r->kind == MAP_FREE ? "#78909c" : "#212121",
             r->what);
    svg_text(d->out, x + ADDRESS_X, middle, 170, SVG_START, "m", "#546e7a", addresses);
    svg_text(d->out, x + SIZE_X, middle, 80, SVG_END, "t", "#212121", map_size(r->size));
    free(owner);
    free(tip);
    free(addresses);
}

/* Memory that the hypervisor chooses itself. */
static double draw_anywhere(struct drawing *d, double x, double y, const struct domain_config *config)
{
    const char *colour = map_svg_colour(d->system, config);
    char *colours = config->has_colours ? colours_text(config->colour) : NULL;
    char *words = colours != NULL ? diag_printf("memory, of colours %s", colours) : diag_strdup("memory");

    svg_dashed_rect(d->out, x + 1, y + 1, BAR_WIDTH - 2, ROW - 5, colour);
    svg_text(d->out, x + BAR_WIDTH / 2, y + ROW / 2 + 3, BAR_WIDTH - 6, SVG_MIDDLE, "b", "#212121", config->name);
    svg_text(d->out, x + WORDS_X, y + ROW / 2 + 3, WORDS_WIDTH, SVG_START, "t", "#212121", words);
    svg_text(d->out, x + ADDRESS_X, y + ROW / 2 + 3, 170, SVG_START, "t", "#546e7a", "anywhere that is free");
    svg_text(d->out, x + SIZE_X, y + ROW / 2 + 3, 80, SVG_END, "t", "#212121", map_size(config->memory_mib << 20));
    free(colours);
    free(words);
    return y + ROW;
}

double map_svg_memory(struct drawing *d, double x, double y)
{
    svg_text(d->out, x, y, MAP_SVG_COLUMN, SVG_START, "h2", "#212121", "Memory");
    y += 14;
    for (unsigned i = 0; i < d->map->memory_count; i++) {
        double height = height_of(&d->map->memory[i], d->map->memory_count);

        draw_row(d, x, y, height, &d->map->memory[i]);
        y += height;
    }
    for (unsigned i = 0; i < d->system->count; i++) {
        if (d->system->partitions[i].config.place_count == 0) {
            y = draw_anywhere(d, x, y, &d->system->partitions[i].config);
        }
    }
    return y + 44;
}

/* A PC's ports and interrupts. */
static double draw_ports(struct drawing *d, double x, double y, const struct domain_config *config)
{
    for (unsigned k = 0; k < config->port_count + config->irq_count; k++) {
        const struct config_ports *p = k < config->port_count ? &config->port[k] : &config->irq[k - config->port_count];
        char *words = k < config->port_count ? diag_printf("I/O ports %x to %x", p->first, p->first + p->count - 1)
                                             : diag_printf("ISA interrupt %u", p->first);
        const char *fill = map_svg_colour(d->system, config);

        svg_rect(d->out, x, y, BAR_WIDTH, ROW - 3, fill, NULL);
        svg_text(d->out, x + BAR_WIDTH / 2, y + ROW / 2 + 3, BAR_WIDTH - 6, SVG_MIDDLE, "b", svg_ink(fill), config->name);
        svg_text(d->out, x + WORDS_X, y + ROW / 2 + 3, WORDS_WIDTH, SVG_START, "t", "#212121", words);
        free(words);
        y += ROW;
    }
    return y;
}

double map_svg_devices(struct drawing *d, double x, double y)
{
    double first = y + 14;

    svg_text(d->out, x, y, MAP_SVG_COLUMN, SVG_START, "h2", "#212121", "Devices");
    y = first;
    for (unsigned i = 0; i < d->map->device_count; i++) {
        draw_row(d, x, y, ROW, &d->map->device[i]);
        y += ROW;
    }
    for (unsigned i = 0; i < d->system->count; i++) {
        y = draw_ports(d, x, y, &d->system->partitions[i].config);
    }
    if (y == first) {
        svg_text(d->out, x, y + 12, MAP_SVG_COLUMN, SVG_START, "t", "#546e7a", "No partition has one.");
        y += ROW;
    }
    return y + 44;
}
