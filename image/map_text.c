/* SPDX-License-Identifier: Apache-2.0 */
#include "map_text.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

typedef unsigned long long number; /* for printf() */

static void print_ranges(const struct map_range *range, unsigned count, FILE *out)
{
    for (unsigned i = 0; i < count; i++) {
        char *owner = map_owner_name(&range[i]);

        fprintf(out, "  0x%010llx to 0x%010llx  %10s  %-*s  %s\n", (number)range[i].start,
                (number)(range[i].start + range[i].size - 1), map_size(range[i].size), 16, owner, range[i].what);
        free(owner);
    }
}

/* What has no place of its own. */
static void print_anywhere(const struct system *system, FILE *out)
{
    static const char somewhere[] = "  anywhere                    ";

    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;
        char *colours = config->has_colours ? colours_text(config->colour) : NULL;

        if (config->place_count == 0) {
            fprintf(out, "%s  %10s  %-16s  memory%s%s", somewhere, map_size(config->memory_mib << 20), config->name,
                    colours != NULL ? ", colours " : "", colours != NULL ? colours : "");
            for (unsigned k = 0, found = 0; k < CONFIG_NODE_LIMIT && config->has_nodes; k++) {
                if (config->node[k]) {
                    fprintf(out, "%s%u", found++ == 0 ? ", nodes " : ", ", k);
                }
            }
            fputc('\n', out);
        }
        free(colours);
    }
    for (unsigned i = 0; i < system->shared.count; i++) {
        const struct shared_region *r = &system->shared.region[i];

        if (!r->first.share->has_place) {
            fprintf(out, "%s  %10s  %-16s  %s\n", somewhere, map_size(r->size), "shared", r->first.share->id);
        }
    }
}

static void print_cpus(const struct system *system, FILE *out)
{
    unsigned count = map_cpu_count(system);

    fputs("\nCPUs\n", out);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        struct map_cpu found = map_cpu(system, cpu);
        unsigned sharers = 0;

        fprintf(out, "  %-4u  ", cpu);
        if (found.owner != NULL) {
            fprintf(out, "%s alone", found.owner->name);
        } else if (found.schedule != 0) {
            fprintf(out, "schedule %u", found.schedule);
        }
        for (unsigned i = 0; i < system->count; i++) {
            if (map_shares_cpu(system, &system->partitions[i].config, cpu)) {
                fprintf(out, "%s%s", sharers++ == 0 ? "shared by " : ", ", system->partitions[i].config.name);
            }
        }
        fputs(found.owner == NULL && found.schedule == 0 && sharers == 0 ? "nobody\n" : "\n", out);
    }
    if (count == 0) {
        fputs("  not known\n", out);
    }
}

static void print_schedule(const struct schedule *s, unsigned number_of, FILE *out)
{
    unsigned at = 0;

    fprintf(out, "\nTime: schedule %u, CPUs", number_of);
    for (unsigned i = 0; i < s->cpu_count; i++) {
        fprintf(out, "%s %u", i == 0 ? "" : ",", s->cpus[i]);
    }
    fprintf(out, ", a frame of %u us\n", s->frame);
    /* In order of time: the next one is the earliest that is not over. */
    for (unsigned done = 0; done <= s->window_count; done++) {
        const struct schedule_window *next = NULL;

        for (unsigned i = 0; i < s->window_count; i++) {
            const struct schedule_window *w = &s->window[i];

            if (w->offset >= at && (next == NULL || w->offset < next->offset)) {
                next = w;
            }
        }
        if (next != NULL ? next->offset > at : at < s->frame) {
            fprintf(out, "  %8u to %8u us  nobody\n", at, next != NULL ? next->offset : s->frame);
        }
        if (next != NULL) {
            fprintf(out, "  %8u to %8u us  %s\n", next->offset, next->offset + next->duration, next->partition);
            at = next->offset + next->duration;
        } else {
            at = s->frame;
        }
    }
}

char *map_text_kinds(unsigned kinds, const char *(*name_of)(unsigned i))
{
    char *text = diag_strdup("");

    for (unsigned i = 0; name_of(i) != NULL; i++) {
        if ((kinds & 1u << i) != 0) {
            char *longer = diag_printf("%s%s%s", text, text[0] != '\0' ? ", " : "", name_of(i));

            free(text);
            text = longer;
        }
    }
    return text;
}

static void print_region(const struct system *system, const struct shared_region *r, const char *indent, FILE *out)
{
    unsigned found = 0;

    fprintf(out, "%s%s, %s of shared memory: ", indent, r->first.share->id, map_size(r->size));
    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;

        for (unsigned k = 0; k < config->share_count; k++) {
            if (strcmp(config->share[k].id, r->first.share->id) == 0) {
                fprintf(out, "%s%s %s it at 0x%llx", found++ == 0 ? "" : ", ", config->name,
                        config->share[k].is_read_only ? "reads" : "reads and writes", (number)config->share[k].at);
            }
        }
    }
    fputc('\n', out);
}

void map_text_print_links(const struct system *system, const char *indent, FILE *out)
{
    const struct policy *policy = &system->policy;
    unsigned i;

    for (i = 0; i < system->channels.count; i++) {
        const struct channel_end *end = system->channels.channel[i].end;

        fprintf(out, "%sport %u of %s and port %u of %s are joined\n", indent, end[0].port, end[0].name, end[1].port,
                end[1].name);
    }
    for (i = 0; i < system->shared.count; i++) {
        print_region(system, &system->shared.region[i], indent, out);
    }
    for (i = 0; i < policy->serve.count; i++) {
        char *rings = map_text_kinds(policy->serve.rule[i].kinds, policy_ring_name);

        fprintf(out, "%s%s serves %s's %s\n", indent, policy->serve.rule[i].from, policy->serve.rule[i].to, rings);
        free(rings);
    }
    for (i = 0; i < policy->allow.count; i++) {
        char *kinds = map_text_kinds(policy->allow.rule[i].kinds, policy_kind_name);

        fprintf(out, "%s%s may reach %s: %s\n", indent, policy->allow.rule[i].from, policy->allow.rule[i].to, kinds);
        free(kinds);
    }
    if (system->channels.count + system->shared.count + policy->serve.count + policy->allow.count == 0) {
        fprintf(out, "%sno partition reaches another\n", indent);
    }
}

char *map_text_cpus(const struct domain_config *config)
{
    char *text;

    if (config->schedule != 0) {
        return diag_printf("in its windows of schedule %u", config->schedule);
    }
    if (config->cpu_count == 0) {
        return diag_strdup("on all CPUs that nobody owns");
    }
    text = diag_printf("on CPU%s", config->cpu_count == 1 ? "" : "s");
    for (unsigned i = 0; i < config->cpu_count; i++) {
        char *longer = diag_printf("%s%s %u", text, i == 0 ? "" : ",", config->cpus[i]);

        free(text);
        text = longer;
    }
    if (config->cpu_count == config->vcpu_count) {
        char *longer = diag_printf("%s, its own", text);

        free(text);
        text = longer;
    }
    return text;
}

/* Req: BH-TOOL-031 */
void map_text_print(const struct system *system, const struct map *map, FILE *out)
{
    fprintf(out, "%u partition%s on %s\n\nMemory\n", system->count, system->count == 1 ? "" : "s", system->board.file);
    print_ranges(map->memory, map->memory_count, out);
    print_anywhere(system, out);
    if (system->board.ram_size != 0) {
        fprintf(out, "  %10s of %s are left\n", map_size(system->placement.left), map_size(system->board.ram_size));
    }
    fputs("\nDevices\n", out);
    print_ranges(map->device, map->device_count, out);
    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;

        for (unsigned k = 0; k < config->port_count; k++) {
            fprintf(out, "  ports %x to %x  %s\n", config->port[k].first,
                    config->port[k].first + config->port[k].count - 1, config->name);
        }
        for (unsigned k = 0; k < config->irq_count; k++) {
            fprintf(out, "  interrupt %u  %s\n", config->irq[k].first, config->name);
        }
    }
    print_cpus(system, out);
    for (unsigned i = 0; i < system->schedule_count; i++) {
        print_schedule(&system->schedules[i], i + 1, out);
    }
    fputs("\nBetween partitions\n", out);
    map_text_print_links(system, "  ", out);
}
