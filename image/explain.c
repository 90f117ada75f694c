/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "map.h"
#include "map_text.h"

typedef unsigned long long number; /* for printf() */

/* Numbers the steps. */
static void begin(unsigned *step, const char *what, FILE *out)
{
    fprintf(out, "%s%u. %s\n", *step == 0 ? "" : "\n", *step + 1, what);
    *step += 1;
}

static void explain_load(const struct system *system, FILE *out)
{
    const struct module_file *file;
    unsigned number_of, kind;

    if (system->arch == ARCH_X86_64) {
        fprintf(out, "   module 0: the device tree, %s\n", map_size(system->tree.size));
        for (number_of = 1; (file = module_number(system->files, number_of)) != NULL; number_of++) {
            fprintf(out, "   module %u: %s, %s\n", number_of, file->output, map_size(file->blob.size));
        }
        return;
    }
    fprintf(out, "   0x%llx: the hypervisor, at most %s\n", (number)system->placement.hypervisor.start,
            map_size(system->placement.hypervisor.size));
    fprintf(out, "   0x%llx: the device tree, %s\n", (number)system->placement.tree.start, map_size(system->tree.size));
    for (unsigned i = 0; i < system->count; i++) {
        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            const struct module *m = &system->partitions[i].module[kind];

            if (m->file != NULL) {
                fprintf(out, "   0x%llx: %s, %s, from '%s'\n", (number)m->address, m->file->output,
                        map_size(m->file->blob.size), m->file->path);
            }
        }
    }
}

static void explain_board(const struct system *system, FILE *out)
{
    const struct board *board = &system->board;
    const struct placement *p = &system->placement;

    if (system->bootargs != NULL) {
        fprintf(out, "   its command line is '%s'\n", system->bootargs);
    }
    if (board->ram_size == 0) {
        fputs("   what the board has, it learns from ACPI and the boot loader: nothing is known of it here\n", out);
        return;
    }
    fprintf(out, "   the board has %u CPU%s and %s of memory", board->cpu_count, board->cpu_count == 1 ? "" : "s",
            map_size(board->ram_size));
    if (board->gic_version != 0) {
        fprintf(out, ", and a GICv%u", board->gic_version);
    }
    fprintf(out, "\n   reserved, loaded or shared: %s; the hypervisor's own tables: %s or more; left: "
            "%llu MiB\n", map_size(p->taken), map_size(p->overhead),
            (number)(board->ram_size - p->taken - p->overhead) >> 20);
}

/* Where its memory is. */
static void explain_memory(const struct domain_config *config, FILE *out)
{
    fprintf(out, "      memory: %s", map_size(config->memory_mib << 20));
    for (unsigned i = 0; i < config->place_count; i++) {
        fprintf(out, "%s 0x%llx to 0x%llx", i == 0 ? "," : " and", (number)config->place[i].start,
                (number)(config->place[i].start + config->place[i].size - 1));
    }
    fputs(config->is_direct ? ", at these addresses in the partition, too" : config->place_count == 0 ? ", anywhere" : "",
          out);
    if (config->has_colours) {
        char *text = colours_text(config->colour);

        fprintf(out, ", of colours %s", text);
        free(text);
    }
    for (unsigned k = 0, found = 0; k < CONFIG_NODE_LIMIT && config->has_nodes; k++) {
        if (config->node[k]) {
            fprintf(out, "%s %u", found++ == 0 ? ", of nodes" : ",", k);
        }
    }
    fputc('\n', out);
}

static void explain_devices(const struct system *system, const struct domain_config *config, FILE *out)
{
    for (unsigned i = 0; i < system->claims.count; i++) {
        const struct claim *c = &system->claims.claim[i];

        if (c->config != config) {
            continue;
        }
        if (c->is_line) {
            fprintf(out, "      interrupt %u of %s\n", c->number, c->device->path);
        } else {
            fprintf(out, "      registers 0x%llx to 0x%llx%s%s, which it sees at 0x%llx\n", (number)c->start,
                    (number)(c->start + c->size - 1), c->device != NULL ? " of " : "",
                    c->device != NULL ? c->device->path : "", (number)c->at);
        }
    }
    for (unsigned i = 0; i < config->port_count; i++) {
        fprintf(out, "      I/O ports %x to %x\n", config->port[i].first,
                config->port[i].first + config->port[i].count - 1);
    }
    for (unsigned i = 0; i < config->irq_count; i++) {
        fprintf(out, "      ISA interrupt %u\n", config->irq[i].first);
    }
}

/* One partition; `left` is what remained before it. Returns what remains behind it. */
static uint64_t explain_partition(const struct system *system, const struct partition *p, uint64_t left, FILE *out)
{
    const struct domain_config *config = &p->config;
    const struct module_file *kernel = p->module[MODULE_KERNEL].file;
    char *cpus = map_text_cpus(config);

    fprintf(out, "   %s (%s)\n", config->name, config->file);
    explain_memory(config, out);
    fprintf(out, "      %u vCPU%s, %s", config->vcpu_count, config->vcpu_count == 1 ? "" : "s", cpus);
    free(cpus);
    if (config->weight != 0) {
        fprintf(out, ", weight %u", config->weight);
    }
    fprintf(out, "\n      kernel: an %s of %s%s%s; command line '%s'\n", kernel->info.kind, map_size(kernel->blob.size),
            p->module[MODULE_RAMDISK].file != NULL ? ", and a ramdisk of " : "",
            p->module[MODULE_RAMDISK].file != NULL ? map_size(p->module[MODULE_RAMDISK].file->blob.size) : "",
            config->command_line);
    explain_devices(system, config, out);
    if (config->has_watchdog) {
        fputs("      an SBSA generic watchdog\n", out);
    }
    for (unsigned i = 0; i < config->share_count; i++) {
        const struct config_share *s = &config->share[i];

        fprintf(out, "      shared memory '%s', %s at 0x%llx%s\n", s->id, map_size(s->size), (number)s->at,
                s->is_read_only ? ", to read only" : "");
    }
    if (system->board.ram_size == 0) {
        return 0;
    }
    left -= place_need(config);
    fprintf(out, "      left behind it: %llu MiB\n", (number)left >> 20);
    return left;
}

static void explain_start(const struct system *system, FILE *out)
{
    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config, *after;

        after = partition_find(system->partitions, system->count, config->after);
        if (after == NULL) {
            fprintf(out, "   %s starts at once", config->name);
        } else {
            fprintf(out, "   %s waits for %s's first event on port %u", config->name, after->name, after->ready_port);
        }
        if (after != NULL && config->after_timeout == 0) {
            fputs(", for ever", out);
        } else if (after != NULL) {
            fprintf(out, ", %u seconds at most; then %s", config->after_timeout,
                    strcmp(config->after_action, "start") == 0     ? "it starts all the same"
                    : strcmp(config->after_action, "destroy") == 0 ? "it does not start"
                                                                   : "the board is powered off");
        }
        fputc('\n', out);
    }
}

static void explain_end(const struct domain_config *config, FILE *out)
{
    static const char *const causes[CAUSE_COUNT] = { "powers off", "reboots", "crashes", "forgets its watchdog" };
    bool restarts = false;

    fprintf(out, "   %s: ", config->name);
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        const char *action = config->action[i];

        restarts = restarts || strcmp(action, "restart") == 0;
        fprintf(out, "%s%s: %s", i == 0 ? "" : "; ", causes[i],
                strcmp(action, "destroy") == 0   ? "it is gone"
                : strcmp(action, "restart") == 0 ? "it starts again"
                                                 : "the board is powered off");
    }
    if (restarts && config->restart_limit != 0) {
        fprintf(out, "; %u times in %u seconds at most", config->restart_limit, config->restart_seconds);
    }
    fputc('\n', out);
}

/* Req: BH-TOOL-032 */
void explain_print(const struct system *system, FILE *out)
{
    uint64_t left = system->board.ram_size - system->placement.taken - system->placement.overhead;
    unsigned step = 0, i;

    begin(&step, "The boot loader loads", out);
    explain_load(system, out);
    begin(&step, "The hypervisor starts", out);
    explain_board(system, out);
    begin(&step, "It builds the partitions, one after the other", out);
    for (i = 0; i < system->count; i++) {
        left = explain_partition(system, &system->partitions[i], left, out);
    }
    if (system->schedule_count != 0) {
        begin(&step, "It divides time", out);
        for (i = 0; i < system->schedule_count; i++) {
            const struct schedule *s = &system->schedules[i];

            fprintf(out, "   schedule %u: CPUs", i + 1);
            for (unsigned k = 0; k < s->cpu_count; k++) {
                fprintf(out, "%s %u", k == 0 ? "" : ",", s->cpus[k]);
            }
            fprintf(out, "; each %u us", s->frame);
            for (unsigned k = 0; k < s->window_count; k++) {
                fprintf(out, "%s %u us from %u on for %s", k == 0 ? ":" : ",", s->window[k].duration,
                        s->window[k].offset, s->window[k].partition);
            }
            fputc('\n', out);
        }
    }
    begin(&step, "It joins them", out);
    map_text_print_links(system, "   ", out);
    begin(&step, "They start", out);
    explain_start(system, out);
    begin(&step, "When one ends", out);
    for (i = 0; i < system->count; i++) {
        explain_end(&system->partitions[i].config, out);
    }
    if (system->board.ram_size != 0) {
        fprintf(out, "\n%llu MiB of memory are left, of %s; more when the files of partitions that do not start again are "
                "free\n", (number)system->placement.left >> 20, map_size(system->board.ram_size));
    }
}
