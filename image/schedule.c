/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

static void read_cpus(struct schedule *s, XLU_Config *xlu)
{
    const char *text, *why = "expected a string like \"2-3\"";

    if (s->cpus_line == 0) {
        diag_error(s->file, 1, "'schedule_cpus' is missing");
        return;
    }
    if (xlu_cfg_get_string(xlu, "schedule_cpus", &text, 1) == 0) {
        why = config_parse_cpus(text, s->cpus, &s->cpu_count);
        if (why == NULL && s->cpu_count == 0) {
            why = "expected CPU numbers: not all of them";
        }
    }
    if (why != NULL) {
        diag_error(s->file, s->cpus_line, "'schedule_cpus': %s", why);
    }
}

static void read_frame(struct schedule *s, XLU_Config *xlu)
{
    long frame;

    if (s->frame_line == 0) {
        diag_error(s->file, 1, "'schedule_frame' is missing");
    } else if (xlu_cfg_get_long(xlu, "schedule_frame", &frame, 1) != 0 || frame < SCHEDULE_WINDOW_MIN ||
               frame > SCHEDULE_FRAME_MAX) {
        diag_error(s->file, s->frame_line, "'schedule_frame' must be a number of microseconds from %d to %d",
                   SCHEDULE_WINDOW_MIN, SCHEDULE_FRAME_MAX);
    } else {
        s->frame = (unsigned)frame;
    }
}

/* Req: BH-TOOL-018 */
static void take_window(void *context, char *text, unsigned line)
{
    struct schedule *s = context;
    struct schedule_window w = {.line = line};
    char name[CONFIG_NAME_LENGTH + 1], offset[10], duration[10];
    int end = 0;

    if (sscanf(text, "%31[^,],offset=%9[0-9],duration=%9[0-9]%n", name, offset, duration, &end) != 3 ||
        text[end] != '\0') {
        diag_error(s->file, line, "a window of 'schedule' must be \"NAME,offset=N,duration=N\", in microseconds");
        return;
    }
    w.offset = (unsigned)strtoul(offset, NULL, 10);
    w.duration = (unsigned)strtoul(duration, NULL, 10);
    if (w.duration < SCHEDULE_WINDOW_MIN) {
        diag_error(s->file, line, "the window of '%s' lasts %u us: %d are the least", name, w.duration,
                   SCHEDULE_WINDOW_MIN);
    }
    if (s->frame != 0 && w.offset + w.duration > s->frame) {
        diag_error(s->file, line, "the window of '%s' ends at %u us, beyond the frame's %u in %s:%u", name,
                   w.offset + w.duration, s->frame, s->file, s->frame_line);
    }
    for (unsigned i = 0; i < s->window_count; i++) {
        const struct schedule_window *other = &s->window[i];

        if (w.offset < other->offset + other->duration && other->offset < w.offset + w.duration) {
            diag_error(s->file, line, "the window of '%s' overlaps that of '%s' in %s:%u", name, other->partition,
                       s->file, other->line);
            break;
        }
    }
    w.partition = diag_strdup(name);
    s->window[s->window_count++] = w;
}

void schedule_read(const struct config_source *source, const unsigned lines[3], struct schedule *out)
{
    memset(out, 0, sizeof(*out));
    out->file = source->file;
    out->cpus_line = lines[0];
    out->frame_line = lines[1];
    out->windows_line = lines[2];
    read_cpus(out, source->xlu);
    read_frame(out, source->xlu);
    if (out->windows_line == 0) {
        diag_error(out->file, 1, "'schedule' is missing");
    }
    config_list_each(source, "schedule", out->windows_line, SCHEDULE_WINDOW_LIMIT, "windows", take_window, out);
}

void schedule_free(struct schedule *schedule)
{
    for (unsigned i = 0; i < schedule->window_count; i++) {
        free(schedule->window[i].partition);
    }
}

/* The other schedule, or the partition, that has CPU as well: its file, and the line in `*line`; NULL: none. */
static const char *find_other(const struct schedule *schedules, unsigned number, const struct partition *partitions,
                              unsigned count, unsigned cpu, unsigned *line)
{
    for (unsigned i = 0; i < number; i++) {
        for (unsigned k = 0; k < schedules[i].cpu_count; k++) {
            if (schedules[i].cpus[k] == cpu) {
                *line = schedules[i].cpus_line;
                return schedules[i].file;
            }
        }
    }
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        for (unsigned k = 0; config->cpu_count == config->vcpu_count && k < config->cpu_count; k++) {
            if (config->cpus[k] == cpu) {
                *line = config_line(config, KEY_CPUS);
                return config->file;
            }
        }
    }
    return NULL;
}

static void check_window(const struct schedule *schedules, unsigned number, const struct schedule_window *w,
                         struct partition *partitions, unsigned count)
{
    const struct schedule *s = &schedules[number - 1];
    struct domain_config *config = NULL;

    for (unsigned i = 0; i < count; i++) {
        if (partitions[i].config.name != NULL && strcmp(partitions[i].config.name, w->partition) == 0) {
            config = &partitions[i].config;
        }
    }
    if (config == NULL) {
        diag_error(s->file, w->line, "there is no partition '%s'", w->partition);
    } else if (config->cpu_count != 0) {
        diag_error(s->file, w->line, "'%s' has CPUs of its own: it can't be in a schedule beside 'cpus' in %s:%u",
                   w->partition, config->file, config_line(config, KEY_CPUS));
    } else if (config->schedule != 0 && config->schedule != number) {
        diag_error(s->file, w->line, "'%s' is in another schedule, see %s:%u", w->partition,
                   schedules[config->schedule - 1].file, schedules[config->schedule - 1].windows_line);
    } else {
        config->schedule = number;
    }
}

/* Req: BH-TOOL-018 */
void schedule_check(const struct board *board, const struct schedule *schedules, unsigned schedule_count,
                    struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < schedule_count; i++) {
        const struct schedule *s = &schedules[i];

        for (unsigned k = 0; k < s->cpu_count; k++) {
            unsigned line;
            const char *other = find_other(schedules, i, partitions, count, s->cpus[k], &line);

            if (board->cpu_count != 0 && s->cpus[k] >= board->cpu_count) {
                diag_error(s->file, s->cpus_line, "CPU %u is not there: the board's CPUs are 0 to %u, see %s",
                           s->cpus[k], board->cpu_count - 1, board->file);
            } else if (other != NULL) {
                diag_error(s->file, s->cpus_line, "CPU %u is taken already, see %s:%u", s->cpus[k], other, line);
            }
        }
        for (unsigned k = 0; k < s->window_count; k++) {
            check_window(schedules, i + 1, &s->window[k], partitions, count);
        }
    }
}
