/* SPDX-License-Identifier: Apache-2.0 */
#include "map_svg.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "map_svg_parts.h"
#include "svg.h"

#define WIDTH  1400
#define MARGIN 40

/* Chips of the legend, in as many lines as they need. Returns where what follows begins. */
static double draw_chip(struct drawing *d, double *x, double y, const char *fill, const char *name)
{
    double width = 22 + svg_text_width("t", name) + 16;

    if (*x + width > WIDTH - MARGIN && *x > MARGIN) {
        *x = MARGIN;
        y += 24;
    }
    svg_rect(d->out, *x, y, 15, 15, fill, NULL);
    svg_text(d->out, *x + 22, y + 12, width, SVG_START, "t", "#212121", name);
    *x += width;
    return y;
}

static double draw_head(struct drawing *d)
{
    const struct system *system = d->system;
    char *title = diag_printf("%u partition%s on %s", system->count, system->count == 1 ? "" : "s", system->board.file);
    char *facts = diag_strdup("CPUs and memory of the board are not known");
    double x = MARGIN, y = 100;

    if (system->board.ram_size != 0) {
        free(facts);
        facts = diag_printf("%u CPUs, %s of memory, of which %s are left", system->board.cpu_count,
                            map_size(system->board.ram_size), map_size(system->placement.left));
    }
    svg_text(d->out, MARGIN, 52, WIDTH - 2 * MARGIN, SVG_START, "h1", "#212121", title);
    svg_text(d->out, MARGIN, 78, WIDTH - 2 * MARGIN, SVG_START, "t", "#546e7a", facts);
    for (unsigned i = 0; i < system->count; i++) {
        y = draw_chip(d, &x, y, map_svg_colour(system, &system->partitions[i].config), system->partitions[i].config.name);
    }
    y = draw_chip(d, &x, y, MAP_SVG_HYPERVISOR, "hypervisor");
    y = draw_chip(d, &x, y, "url(#board)", "reserved by the board");
    y = draw_chip(d, &x, y, "url(#shared)", "shared memory");
    y = draw_chip(d, &x, y, "#ffffff", "free");
    free(title);
    free(facts);
    return y + 54;
}

/* The banks side by side, each range as wide as it is large. */
static double draw_strip(struct drawing *d, double y)
{
    const struct board *board = &d->system->board;
    double gap = 10, room = WIDTH - 2 * MARGIN - gap * (board->ram_count - 1), x = MARGIN;

    if (d->map->memory_count == 0 || room < 100) {
        return y;
    }
    svg_text(d->out, MARGIN, y, 600, SVG_START, "h2", "#212121", "Memory, to scale");
    y += 14;
    for (unsigned i = 0; i < board->ram_count; i++) {
        const struct range *bank = &board->ram[i];
        double scale = room * (double)bank->size / (double)board->ram_size / (double)bank->size;
        double width = scale * (double)bank->size;

        svg_rect(d->out, x, y, width, 44, "#ffffff", NULL);
        for (unsigned k = 0; k < d->map->memory_count; k++) {
            const struct map_range *r = &d->map->memory[k];
            double left = x + scale * (double)(r->start - bank->start), wide = scale * (double)r->size;
            char *name = map_owner_name(r), *tip = map_svg_tip(r);
            const char *fill = map_svg_fill(d->system, r);

            if (r->start >= bank->start && r->start - bank->start < bank->size && r->kind != MAP_FREE) {
                svg_rect(d->out, left, y, wide < 1.5 ? 1.5 : wide, 44, fill, tip);
                if (svg_text_width("t", name) + 8 < wide && fill[0] == '#') {
                    svg_text(d->out, left + wide / 2, y + 27, wide, SVG_MIDDLE, "t", svg_ink(fill), name);
                }
            }
            free(name);
            free(tip);
        }
        if (width > 220) {
            char *first = diag_printf("0x%llx", (unsigned long long)bank->start);
            char *last = diag_printf("0x%llx", (unsigned long long)(bank->start + bank->size - 1));

            svg_text(d->out, x, y + 59, width / 2, SVG_START, "m", "#546e7a", first);
            svg_text(d->out, x + width, y + 59, width / 2, SVG_END, "m", "#546e7a", last);
            free(first);
            free(last);
        }
        x += width + gap;
    }
    return y + 92;
}

/* Req: BH-TOOL-033 */
void map_svg_print(const struct system *system, const struct map *map, FILE *out)
{
    char *body = NULL;
    size_t size = 0;
    struct drawing d = { system, map, open_memstream(&body, &size) };
    double left, right;

    if (d.out == NULL) {
        diag_error(DIAG_TOOL, 0, "out of memory");
        return;
    }
    /* How high it is is known once it is drawn. */
    left = draw_head(&d);
    left = draw_strip(&d, left);
    right = left;
    left = map_svg_memory(&d, MARGIN, left);
    left = map_svg_devices(&d, MARGIN, left);
    right = map_svg_partitions(&d, WIDTH - MARGIN - MAP_SVG_COLUMN, right);
    right = map_svg_cpus(&d, WIDTH - MARGIN - MAP_SVG_COLUMN, right);
    right = map_svg_time(&d, WIDTH - MARGIN - MAP_SVG_COLUMN, right);
    right = map_svg_links(&d, WIDTH - MARGIN - MAP_SVG_COLUMN, right);
    if (fclose(d.out) == 0) {
        svg_begin(out, WIDTH, (unsigned)(left > right ? left : right) + 10, "Map of a system");
        fwrite(body, 1, size, out);
        svg_end(out);
    }
    free(body);
}
