/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "diag.h"

static void key_found(void *context, const char *name, unsigned line)
{
    struct schedule *s = context;

    if (strcmp(name, "schedule_cpus") == 0) {
        s->cpus_line = line;
    } else if (strcmp(name, "schedule_frame") == 0) {
        s->frame_line = line;
    } else if (strcmp(name, "schedule") == 0) {
        s->windows_line = line;
    } else {
        diag_error(s->file, line, "unknown key '%s'", name);
    }
}

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
static void read_window(struct schedule *s, const char *text, unsigned line)
{
    struct schedule_window w = {.line = line};
    char name[CONFIG_NAME_LENGTH + 1], offset[10], duration[10];
    int end = 0;

    if (text == NULL ||
        sscanf(text, "%31[^,],offset=%9[0-9],duration=%9[0-9]%n", name, offset, duration, &end) != 3 ||
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
        diag_error(s->file, line, "the window of '%s' ends at %u us, beyond the frame's %u", name, w.offset + w.duration,
                   s->frame);
    }
    for (unsigned i = 0; i < s->window_count; i++) {
        const struct schedule_window *other = &s->window[i];

        if (w.offset < other->offset + other->duration && other->offset < w.offset + w.duration) {
            diag_error(s->file, line, "the window of '%s' overlaps that of '%s' in line %u", name, other->partition,
                       other->line);
            break;
        }
    }
    w.partition = diag_strdup(name);
    s->window[s->window_count++] = w;
}

static void read_windows(struct schedule *s, XLU_Config *xlu, const struct blob *text)
{
    XLU_ConfigList *list;
    int entries;

    if (s->windows_line == 0) {
        diag_error(s->file, 1, "'schedule' is missing");
        return;
    }
    if (xlu_cfg_get_list(xlu, "schedule", &list, &entries, 1) != 0 || entries < 1) {
        diag_error(s->file, s->windows_line, "'schedule' must be a list of windows");
        return;
    }
    for (int i = 0; i < entries; i++) {
        unsigned line = config_keys_entry_line((const char *)text->data, text->size, s->windows_line,
                                               (unsigned)i);

        if (s->window_count == SCHEDULE_WINDOW_LIMIT) {
            diag_error(s->file, line, "more than %d windows", SCHEDULE_WINDOW_LIMIT);
            return;
        }
        read_window(s, xlu_cfg_get_listitem(list, i), line);
    }
}

void schedule_read(const char *file, struct schedule *out)
{
    struct blob text;
    XLU_Config *xlu;

    memset(out, 0, sizeof(*out));
    out->file = file;
    xlu = config_open(file, &text);
    if (xlu == NULL) {
        return;
    }
    config_keys_scan((const char *)text.data, text.size, key_found, out);
    read_cpus(out, xlu);
    read_frame(out, xlu);
    read_windows(out, xlu, &text);
    xlu_cfg_destroy(xlu);
    blob_free(&text);
}

void schedule_free(struct schedule *schedule)
{
    for (unsigned i = 0; i < schedule->window_count; i++) {
        free(schedule->window[i].partition);
    }
}

/* The other schedule, or the partition, that has CPU as well; NULL: none. */
static const char *find_other(const struct schedule *schedules, unsigned number, const struct partition *partitions,
                              unsigned count, unsigned cpu)
{
    for (unsigned i = 0; i < number; i++) {
        for (unsigned k = 0; k < schedules[i].cpu_count; k++) {
            if (schedules[i].cpus[k] == cpu) {
                return schedules[i].file;
            }
        }
    }
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config;

        for (unsigned k = 0; config->cpu_count == config->vcpu_count && k < config->cpu_count; k++) {
            if (config->cpus[k] == cpu) {
                return config->file;
            }
        }
    }
    return NULL;
}

static void check_window(const struct schedule *s, unsigned number, const struct schedule_window *w,
                         struct partition *partitions, unsigned count)
{
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
        diag_error(s->file, w->line, "'%s' is in another schedule", w->partition);
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
            const char *other = find_other(schedules, i, partitions, count, s->cpus[k]);

            if (board->cpu_count != 0 && s->cpus[k] >= board->cpu_count) {
                diag_error(s->file, s->cpus_line, "CPU %u is not there: the board's CPUs are 0 to %u", s->cpus[k],
                           board->cpu_count - 1);
            } else if (other != NULL) {
                diag_error(s->file, s->cpus_line, "CPU %u is taken already, see %s", s->cpus[k], other);
            }
        }
        for (unsigned k = 0; k < s->window_count; k++) {
            check_window(s, i + 1, &s->window[k], partitions, count);
        }
    }
}
