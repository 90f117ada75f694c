/* SPDX-License-Identifier: Apache-2.0 */
#include "map_svg_parts.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "map_text.h"
#include "svg.h"

#define CPU_WIDTH   72
#define CPU_HEIGHT  58
#define CPU_STEP    80
#define CPUS_A_ROW  8
#define TIME_HEIGHT 40

/* ---- Partitions ---- */

/* "; waits 30 s for pilot"; to be freed. */
static char *start_text(const struct domain_config *config)
{
    if (config->after == NULL) {
        return diag_strdup("");
    }
    return config->after_timeout == 0
               ? diag_printf("; waits for %s", config->after)
               : diag_printf("; waits %u s for %s", config->after_timeout, config->after);
}

double map_svg_partitions(struct drawing *d, double x, double y)
{
    svg_text(d->out, x, y, MAP_SVG_COLUMN, SVG_START, "h2", "#212121", "Partitions");
    y += 14;
    for (unsigned i = 0; i < d->system->count; i++) {
        const struct domain_config *config = &d->system->partitions[i].config;
        const char *fill = map_svg_colour(d->system, config);
        char *cpus = map_text_cpus(config), *start = start_text(config);
        char *words = diag_printf("%s; %u vCPU%s %s%s%s", map_size(config->memory_mib << 20), config->vcpu_count,
                                  config->vcpu_count == 1 ? "" : "s", cpus,
                                  config->has_watchdog ? "; watchdog" : "", start);

        svg_rect(d->out, x, y, 120, 21, fill, NULL);
        svg_text(d->out, x + 60, y + 15, 114, SVG_MIDDLE, "b", svg_ink(fill), config->name);
        svg_text(d->out, x + 130, y + 15, MAP_SVG_COLUMN - 130, SVG_START, "t", "#212121", words);
        free(words);
        free(start);
        free(cpus);
        y += 24;
    }
    return y + 44;
}

/* ---- CPUs ---- */

/* Strips, one above the other, of the partitions that share it. */
static void draw_sharers(struct drawing *d, double x, double y, unsigned cpu)
{
    unsigned count = 0, done = 0;
    double height;

    for (unsigned i = 0; i < d->system->count; i++) {
        count += map_shares_cpu(d->system, &d->system->partitions[i].config, cpu);
    }
    height = count != 0 ? 18.0 / count : 0;
    for (unsigned i = 0; i < d->system->count; i++) {
        const struct domain_config *config = &d->system->partitions[i].config;

        if (map_shares_cpu(d->system, config, cpu)) {
            svg_rect(d->out, x, y + height * done++, CPU_WIDTH, height, map_svg_colour(d->system, config),
                     config->name);
        }
    }
}

static void draw_windows(struct drawing *d, double x, double y, double width, double height, const struct schedule *s,
                         bool has_names)
{
    for (unsigned i = 0; i < s->window_count; i++) {
        const struct schedule_window *w = &s->window[i];
        double left = x + width * w->offset / s->frame, wide = width * w->duration / s->frame;
        const char *fill = "#ffffff";
        char *tip = diag_printf("%s: %u to %u us", w->partition, w->offset, w->offset + w->duration);

        for (unsigned k = 0; k < d->system->count; k++) {
            if (strcmp(d->system->partitions[k].config.name, w->partition) == 0) {
                fill = map_svg_colour(d->system, &d->system->partitions[k].config);
            }
        }
        svg_rect(d->out, left, y, wide, height, fill, tip);
        if (has_names && svg_text_width("b", w->partition) + 6 < wide) {
            svg_text(d->out, left + wide / 2, y + height / 2 + 4, wide, SVG_MIDDLE, "b", svg_ink(fill), w->partition);
        }
        free(tip);
    }
}

static void draw_cpu(struct drawing *d, double x, double y, unsigned cpu)
{
    struct map_cpu found = map_cpu(d->system, cpu);
    const char *fill = found.owner != NULL ? map_svg_colour(d->system, found.owner) : "#ffffff";
    char *number = diag_printf("CPU %u", cpu), *words = NULL;

    svg_rect(d->out, x, y, CPU_WIDTH, CPU_HEIGHT, fill, NULL);
    svg_text(d->out, x + CPU_WIDTH / 2, y + 17, CPU_WIDTH, SVG_MIDDLE, "t", svg_ink(fill), number);
    if (found.owner != NULL) {
        words = diag_strdup(found.owner->name);
    } else if (found.schedule != 0) {
        words = diag_printf("schedule %u", found.schedule);
        draw_windows(d, x, y + CPU_HEIGHT - 18, CPU_WIDTH, 18, &d->system->schedules[found.schedule - 1], false);
    } else {
        words = diag_strdup("shared");
        draw_sharers(d, x, y + CPU_HEIGHT - 18, cpu);
    }
    svg_text(d->out, x + CPU_WIDTH / 2, y + 33, CPU_WIDTH - 2, SVG_MIDDLE, found.owner != NULL ? "b" : "s", svg_ink(fill),
             words);
    free(words);
    free(number);
}

double map_svg_cpus(struct drawing *d, double x, double y)
{
    unsigned count = map_cpu_count(d->system);

    svg_text(d->out, x, y, MAP_SVG_COLUMN, SVG_START, "h2", "#212121", "CPUs");
    y += 14;
    for (unsigned cpu = 0; cpu < count; cpu++) {
        draw_cpu(d, x + CPU_STEP * (cpu % CPUS_A_ROW), y + (CPU_HEIGHT + 8) * (cpu / CPUS_A_ROW), cpu);
    }
    if (count == 0) {
        svg_text(d->out, x, y + 12, MAP_SVG_COLUMN, SVG_START, "t", "#546e7a", "How many there are is not known.");
        return y + 68;
    }
    return y + (CPU_HEIGHT + 8) * ((count + CPUS_A_ROW - 1) / CPUS_A_ROW) + 36;
}

/* ---- Time ---- */

/* Marks at quarters of a frame. */
static void draw_scale(struct drawing *d, double x, double y, const struct schedule *s)
{
    for (unsigned i = 0; i <= 4; i++) {
        double at = x + MAP_SVG_COLUMN * i / 4.0;
        char *text = diag_printf("%g ms", s->frame * i / 4.0 / 1000);

        svg_line(d->out, at, y, at, y + 5);
        svg_text(d->out, at, y + 17, 120, i == 0 ? SVG_START : i == 4 ? SVG_END : SVG_MIDDLE, "s", "#546e7a", text);
        free(text);
    }
}

double map_svg_time(struct drawing *d, double x, double y)
{
    for (unsigned i = 0; i < d->system->schedule_count; i++) {
        const struct schedule *s = &d->system->schedules[i];
        char *title = diag_printf("Time: schedule %u", i + 1), *words = diag_strdup("on CPUs");

        for (unsigned k = 0; k < s->cpu_count; k++) {
            char *longer = diag_printf("%s%s %u", words, k == 0 ? "" : ",", s->cpus[k]);

            free(words);
            words = longer;
        }
        svg_text(d->out, x, y, 300, SVG_START, "h2", "#212121", title);
        svg_text(d->out, x + MAP_SVG_COLUMN, y, 320, SVG_END, "t", "#546e7a", words);
        free(title);
        free(words);
        y += 14;
        svg_rect(d->out, x, y, MAP_SVG_COLUMN, TIME_HEIGHT, "#f5f5f5", "nobody's time");
        draw_windows(d, x, y, MAP_SVG_COLUMN, TIME_HEIGHT, s, true);
        draw_scale(d, x, y + TIME_HEIGHT, s);
        y += TIME_HEIGHT + 54;
    }
    return y;
}
