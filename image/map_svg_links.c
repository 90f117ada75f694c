/* SPDX-License-Identifier: Apache-2.0 */
#include "map_svg_parts.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "map_text.h"
#include "svg.h"

#define BOX_WIDTH 120
#define ROW       36

static const char *colour_of(struct drawing *d, const char *name)
{
    for (unsigned i = 0; i < d->system->count; i++) {
        if (strcmp(d->system->partitions[i].config.name, name) == 0) {
            return map_svg_colour(d->system, &d->system->partitions[i].config);
        }
    }
    return "#ffffff";
}

static void draw_box(struct drawing *d, double x, double y, const char *fill, const char *name)
{
    svg_rect(d->out, x, y, BOX_WIDTH, 24, fill, NULL);
    if (fill[0] != '#') {
        svg_rect(d->out, x + 16, y + 5, BOX_WIDTH - 32, 15, "#ffffff", NULL);
    }
    svg_text(d->out, x + BOX_WIDTH / 2, y + 16, BOX_WIDTH - (fill[0] != '#' ? 36 : 6), SVG_MIDDLE, "b", svg_ink(fill), name);
}

/* Two boxes, a line with arrow heads, and words above it. Returns where the next row begins. */
static double draw_row(struct drawing *d, double x, double y, const char *from, const char *to, const char *to_fill,
                       bool at_start, bool at_end, const char *words)
{
    double first = x + BOX_WIDTH + 4, last = x + MAP_SVG_COLUMN - BOX_WIDTH - 4;

    draw_box(d, x, y, colour_of(d, from), from);
    draw_box(d, x + MAP_SVG_COLUMN - BOX_WIDTH, y, to_fill, to);
    svg_arrow(d->out, first, last, y + 17, at_start, at_end);
    svg_text(d->out, (first + last) / 2, y + 11, last - first - 10, SVG_MIDDLE, "s", "#212121", words);
    return y + ROW;
}

static double draw_rules(struct drawing *d, double x, double y, const struct policy_rules *rules, const char *verb,
                         const char *(*name_of)(unsigned i))
{
    for (unsigned i = 0; i < rules->count; i++) {
        const struct policy_rule *rule = &rules->rule[i];
        char *kinds = map_text_kinds(rule->kinds, name_of), *words = diag_printf("%s %s", verb, kinds);

        y = draw_row(d, x, y, rule->from, rule->to, colour_of(d, rule->to), false, true, words);
        free(words);
        free(kinds);
    }
    return y;
}

static double draw_shares(struct drawing *d, double x, double y)
{
    for (unsigned i = 0; i < d->system->count; i++) {
        const struct domain_config *config = &d->system->partitions[i].config;

        for (unsigned k = 0; k < config->share_count; k++) {
            const struct config_share *s = &config->share[k];
            char *words = diag_printf("%s %s at 0x%llx", s->is_read_only ? "reads" : "reads and writes",
                                      map_size(s->size), (unsigned long long)s->at);

            y = draw_row(d, x, y, config->name, s->id, "url(#shared)", true, !s->is_read_only, words);
            free(words);
        }
    }
    return y;
}

double map_svg_links(struct drawing *d, double x, double y)
{
    double first = y + 14;

    svg_text(d->out, x, y, MAP_SVG_COLUMN, SVG_START, "h2", "#212121", "Between partitions");
    y = first;
    for (unsigned i = 0; i < d->system->channels.count; i++) {
        const struct channel_end *end = d->system->channels.channel[i].end;
        char *words = diag_printf("event channel: port %u, port %u", end[0].port, end[1].port);

        y = draw_row(d, x, y, end[0].name, end[1].name, colour_of(d, end[1].name), true, true, words);
        free(words);
    }
    y = draw_shares(d, x, y);
    y = draw_rules(d, x, y, &d->system->policy.serve, "serves", policy_ring_name);
    y = draw_rules(d, x, y, &d->system->policy.allow, "at run time:", policy_kind_name);
    if (y == first) {
        svg_text(d->out, x, y + 12, MAP_SVG_COLUMN, SVG_START, "t", "#546e7a", "No partition reaches another.");
        y += ROW;
    }
    return y + 36;
}
