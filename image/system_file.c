/* SPDX-License-Identifier: Apache-2.0 */
#include "system_file.h"

#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "diag.h"

static const char *const key_names[SYSTEM_KEY_COUNT] = {
    "arch",       "board",          "machine",  "smp",      "ram",    "cpu",   "hypervisor", "bootargs",
    "schedule_cpus", "schedule_frame", "schedule", "channels", "allow", "serve", "forbid", "shared_memory",
    "llc_size",   "llc_ways",       "xen_llc_colors",
};

static void key_found(void *context, const char *name, unsigned line)
{
    struct system_file *f = context;

    for (unsigned i = 0; i < SYSTEM_KEY_COUNT; i++) {
        if (strcmp(name, key_names[i]) == 0) {
            f->line[i] = line;
            return;
        }
    }
    diag_error(f->source.file, line, "unknown key '%s'", name);
}

/* ---- Options ---- */

/* Where an option was said, so that it is said once. */
struct said {
    const char *file;
    unsigned line;
};

static void read_option(const struct system_file *r, enum system_key key, struct said *said, struct system *system,
                        struct options *options)
{
    const char *text;
    char **place = &system->said[key];

    if (xlu_cfg_get_string(r->source.xlu, key_names[key], &text, 1) != 0 || text[0] == '\0') {
        diag_error(r->source.file, r->line[key], "'%s' must be a string", key_names[key]);
        return;
    }
    if (said[key].file != NULL) {
        diag_error(r->source.file, r->line[key], "'%s' is said already, see %s:%u", key_names[key], said[key].file,
                   said[key].line);
        return;
    }
    said[key] = (struct said){ r->source.file, r->line[key] };
    *place = diag_strdup(text);
    switch (key) {
    case SYSTEM_ARCH:
        if (!options->has_arch && !options_parse_arch(text, &options->arch)) {
            diag_error(r->source.file, r->line[key], "'arch' must be \"arm64\" or \"x86_64\"");
        }
        break;
    case SYSTEM_BOARD:
        options->board = options->board == NULL && options->qemu.machine == NULL ? *place : options->board;
        break;
    case SYSTEM_MACHINE:
        options_default(&options->qemu.machine, text);
        break;
    case SYSTEM_SMP:
        options_default(&options->qemu.smp, text);
        break;
    case SYSTEM_RAM:
        options_default(&options->qemu.memory, text);
        break;
    case SYSTEM_CPU:
        options_default(&options->qemu.cpu, text);
        break;
    case SYSTEM_HYPERVISOR:
        options->hypervisor = options->hypervisor == NULL ? *place : options->hypervisor;
        break;
    default:
        options->bootargs = options->bootargs == NULL ? *place : options->bootargs;
        break;
    }
}

/* Req: BH-TOOL-029 */
void system_file_read_options(struct system_file files[SCHEDULE_LIMIT], struct system *system, struct options *options)
{
    struct said said[SYSTEM_SCHEDULE_CPUS] = { { NULL, 0 } };
    bool has_machine = options->qemu.machine != NULL || options->board != NULL;

    for (unsigned i = 0; i < options->system_count; i++) {
        struct system_file *f = &files[i];

        f->is_open = config_open(options->systems[i], &f->source);
        if (!f->is_open) {
            continue;
        }
        config_keys_scan((const char *)f->source.text.data, f->source.text.size, key_found, f);
        for (unsigned key = 0; key < SYSTEM_SCHEDULE_CPUS; key++) {
            /* A board of the command line comes with its own sizes. */
            if (f->line[key] != 0 && !(has_machine && key >= SYSTEM_BOARD && key <= SYSTEM_CPU)) {
                read_option(f, key, said, system, options);
            }
        }
    }
}

/* ---- All else ---- */

/* What entries are read into. */
struct reading {
    const struct system_file *f;
    struct system *system;
};

static void take_share(void *context, char *text, unsigned line)
{
    static const char start[] = "partition=";
    struct reading *r = context;
    char *comma = strchr(text, ',');
    struct domain_config *config = NULL;

    if (strncmp(text, start, strlen(start)) != 0 || comma == NULL) {
        diag_error(r->f->source.file, line, "'shared_memory' of a system file: expected \"partition=NAME,id=NAME,...\"");
        return;
    }
    *comma = '\0';
    for (unsigned i = 0; i < r->system->count; i++) {
        char *name = r->system->partitions[i].config.name;

        if (name != NULL && strcmp(name, text + strlen(start)) == 0) {
            config = &r->system->partitions[i].config;
        }
    }
    if (config == NULL) {
        diag_error(r->f->source.file, line, "'shared_memory': there is no partition '%s'", text + strlen(start));
    } else {
        shared_memory_add(config, r->system->arch, comma + 1, r->f->source.file, line);
    }
}

static void read_schedule(const struct system_file *f, struct system *system)
{
    const unsigned *line = &f->line[SYSTEM_SCHEDULE_CPUS];

    if (line[0] != 0 || line[1] != 0 || line[2] != 0) {
        schedule_read(&f->source, line, &system->schedules[system->schedule_count++]);
    }
}

static void read_colours(const struct system_file *f, struct system *system)
{
    struct colours *c = &system->colours;
    unsigned line = 0;

    for (unsigned key = SYSTEM_LLC_SIZE; key <= SYSTEM_XEN_LLC_COLORS; key++) {
        line = line != 0 ? line : f->line[key];
    }
    if (line != 0 && c->file != NULL) {
        diag_error(f->source.file, line, "colours of the cache are said already, see %s:%u", c->file,
                   c->size_line != 0 ? c->size_line : c->own_line);
    } else if (line != 0) {
        c->size_line = f->line[SYSTEM_LLC_SIZE];
        c->ways_line = f->line[SYSTEM_LLC_WAYS];
        c->own_line = f->line[SYSTEM_XEN_LLC_COLORS];
        colours_read_system(c, &f->source);
    }
}

/* Req: BH-TOOL-029 */
void system_file_read(struct system_file files[SCHEDULE_LIMIT], struct system *system)
{
    for (unsigned i = 0; i < SCHEDULE_LIMIT; i++) {
        struct system_file *f = &files[i];
        struct reading r = { f, system };

        if (!f->is_open) {
            continue;
        }
        read_schedule(f, system);
        channels_read(&system->channels, &f->source, f->line[SYSTEM_CHANNELS]);
        policy_read(&system->policy, &f->source, f->line[SYSTEM_ALLOW], f->line[SYSTEM_SERVE], f->line[SYSTEM_FORBID]);
        config_list_each(&f->source, "shared_memory", f->line[SYSTEM_SHARED_MEMORY], SHARED_SHARE_LIMIT, "shares",
                         take_share, &r);
        read_colours(f, system);
        config_close(&f->source);
    }
}
