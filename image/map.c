/* SPDX-License-Identifier: Apache-2.0 */
#include "map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* Interrupts of a device in a line. */
#define LINES_TEXT 64

/* A list that grows. */
struct list {
    struct map_range *range;
    unsigned count, room;
};

static void add(struct list *list, uint64_t start, uint64_t size, enum map_kind kind,
                const struct domain_config *owner, char *what)
{
    if (size == 0) {
        free(what);
        return;
    }
    if (list->count == list->room) {
        struct map_range *larger;

        list->room = list->room != 0 ? 2 * list->room : 64;
        larger = diag_alloc(list->room, sizeof(*larger));
        if (list->count != 0) {
            memcpy(larger, list->range, list->count * sizeof(*larger));
        }
        free(list->range);
        list->range = larger;
    }
    list->range[list->count++] = (struct map_range){ start, size, what, kind, owner };
}

static int compare(const void *a, const void *b)
{
    const struct map_range *left = a, *right = b;

    if (left->start != right->start) {
        return left->start < right->start ? -1 : 1;
    }
    return left->size < right->size ? -1 : left->size > right->size;
}

/* ---- Memory ---- */

static void add_partition(struct list *list, const struct partition *p)
{
    static const char *const names[MODULE_KIND_COUNT] = { "kernel", "ramdisk", "device tree" };

    for (unsigned k = 0; k < p->config.place_count; k++) {
        add(list, p->config.place[k].start, p->config.place[k].size, MAP_MEMORY, &p->config,
            diag_strdup(p->config.is_direct ? "memory, at its machine addresses" : "memory"));
    }
    for (unsigned kind = 0; kind < MODULE_KIND_COUNT; kind++) {
        if (p->module[kind].file != NULL) {
            add(list, p->module[kind].address, p->module[kind].file->blob.size, MAP_MODULE, &p->config,
                diag_strdup(names[kind]));
        }
    }
}

/* What of the banks nothing is in: `list` is sorted, and gets it at its end. */
static void add_gaps(struct list *list, const struct board *board)
{
    unsigned count = list->count;

    for (unsigned i = 0; i < board->ram_count; i++) {
        uint64_t at = board->ram[i].start, end = at + board->ram[i].size;

        for (unsigned k = 0; k < count; k++) {
            uint64_t start = list->range[k].start, stop = start + list->range[k].size;

            if (stop <= at || start >= end) {
                continue;
            }
            /* Smaller ones come of alignment. */
            add(list, at, start > at && start - at >= PLACE_ALIGN ? start - at : 0, MAP_FREE, NULL, diag_strdup("free"));
            at = stop > at ? stop : at;
        }
        add(list, at, at < end ? end - at : 0, MAP_FREE, NULL, diag_strdup("free"));
    }
}

static void make_memory(const struct system *system, struct list *list)
{
    const struct board *board = &system->board;

    if (system->arch == ARCH_X86_64) {
        return;
    }
    add(list, system->placement.hypervisor.start, system->placement.hypervisor.size, MAP_HYPERVISOR, NULL,
        diag_strdup("image"));
    add(list, system->placement.tree.start, system->placement.tree.size, MAP_HYPERVISOR, NULL,
        diag_strdup("device tree"));
    for (unsigned i = 0; i < board->reserved_count; i++) {
        add(list, board->reserved[i].start, board->reserved[i].size, MAP_BOARD, NULL,
            diag_strdup(board->reserved[i].what));
    }
    for (unsigned i = 0; i < system->count; i++) {
        add_partition(list, &system->partitions[i]);
    }
    for (unsigned i = 0; i < system->shared.count; i++) {
        const struct shared_region *r = &system->shared.region[i];

        if (r->first.share->has_place) {
            add(list, r->first.share->place, r->size, MAP_COMMON, r->owner.config, diag_strdup(r->first.share->id));
        }
    }
    qsort(list->range, list->count, sizeof(list->range[0]), compare);
    add_gaps(list, board);
    qsort(list->range, list->count, sizeof(list->range[0]), compare);
}

/* ---- Devices ---- */

/* "PATH, interrupt 34"; to be freed. */
static char *device_text(const struct board_device *d, unsigned reg)
{
    char lines[LINES_TEXT] = "";
    size_t length = 0;

    for (unsigned i = 0; i < d->line_count && reg == 0 && length + 16 < sizeof(lines); i++) {
        length += (size_t)snprintf(lines + length, sizeof(lines) - length, "%s%u",
                                   i == 0 ? d->line_count > 1 ? ", interrupts " : ", interrupt " : " ", d->line[i]);
    }
    return diag_printf("%s%s", d->path, lines);
}

static const struct claim *find_claim(const struct claims *claims, const struct board_device *d)
{
    for (unsigned i = 0; i < claims->count; i++) {
        if (claims->claim[i].device == d) {
            return &claims->claim[i];
        }
    }
    return NULL;
}

/* The board's devices that are somebody's, and registers that are claimed alone. */
static void make_devices(const struct system *system, struct list *list)
{
    for (unsigned i = 0; i < system->devices.count; i++) {
        const struct board_device *d = &system->devices.device[i];
        const struct claim *c = find_claim(&system->claims, d);
        bool is_memory = d->hypervisors != NULL && strcmp(d->hypervisors, "memory") == 0;

        for (unsigned k = 0; k < d->reg_count && !is_memory && (c != NULL || d->hypervisors != NULL); k++) {
            add(list, d->reg[k].start, d->reg[k].size, c != NULL ? MAP_DEVICE : MAP_HYPERVISOR,
                c != NULL ? c->config : NULL, device_text(d, k));
        }
    }
    for (unsigned i = 0; i < system->claims.count; i++) {
        const struct claim *c = &system->claims.claim[i];

        if (c->device == NULL && !c->is_line) {
            add(list, c->start, c->size, MAP_DEVICE, c->config, diag_strdup(c->what != NULL ? c->what : "registers"));
        }
    }
    if (list->count != 0) {
        qsort(list->range, list->count, sizeof(list->range[0]), compare);
    }
}

void map_make(const struct system *system, struct map *out)
{
    struct list memory = { NULL, 0, 0 }, device = { NULL, 0, 0 };

    make_memory(system, &memory);
    make_devices(system, &device);
    *out = (struct map){ memory.range, device.range, memory.count, device.count };
}

void map_free(struct map *map)
{
    for (unsigned i = 0; i < map->memory_count; i++) {
        free(map->memory[i].what);
    }
    for (unsigned i = 0; i < map->device_count; i++) {
        free(map->device[i].what);
    }
    free(map->memory);
    free(map->device);
}

char *map_owner_name(const struct map_range *range)
{
    switch (range->kind) {
    case MAP_HYPERVISOR:
        return diag_strdup("hypervisor");
    case MAP_BOARD:
        return diag_strdup("board");
    case MAP_COMMON:
        return diag_strdup("shared");
    case MAP_FREE:
        return diag_strdup("");
    default:
        return diag_strdup(range->owner != NULL ? range->owner->name : "");
    }
}

/* ---- CPUs ---- */

struct map_cpu map_cpu(const struct system *system, unsigned cpu)
{
    struct map_cpu found = { NULL, 0 };

    for (unsigned i = 0; i < system->schedule_count; i++) {
        for (unsigned k = 0; k < system->schedules[i].cpu_count; k++) {
            found.schedule = system->schedules[i].cpus[k] == cpu ? i + 1 : found.schedule;
        }
    }
    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;

        for (unsigned k = 0; k < config->cpu_count && config->cpu_count == config->vcpu_count; k++) {
            found.owner = config->cpus[k] == cpu ? config : found.owner;
        }
    }
    return found;
}

bool map_shares_cpu(const struct system *system, const struct domain_config *config, unsigned cpu)
{
    struct map_cpu found = map_cpu(system, cpu);

    if (found.owner != NULL || found.schedule != 0 || config->schedule != 0 ||
        (config->cpu_count != 0 && config->cpu_count == config->vcpu_count)) {
        return false;
    }
    for (unsigned k = 0; k < config->cpu_count; k++) {
        if (config->cpus[k] == cpu) {
            return true;
        }
    }
    return config->cpu_count == 0;
}

unsigned map_cpu_count(const struct system *system)
{
    unsigned count = system->board.cpu_count;

    for (unsigned i = 0; i < system->count && system->board.cpu_count == 0; i++) {
        for (unsigned k = 0; k < system->partitions[i].config.cpu_count; k++) {
            unsigned cpu = system->partitions[i].config.cpus[k];

            count = cpu >= count ? cpu + 1 : count;
        }
    }
    for (unsigned i = 0; i < system->schedule_count && system->board.cpu_count == 0; i++) {
        for (unsigned k = 0; k < system->schedules[i].cpu_count; k++) {
            unsigned cpu = system->schedules[i].cpus[k];

            count = cpu >= count ? cpu + 1 : count;
        }
    }
    return count;
}

const char *map_size(uint64_t size)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    static char texts[4][64];
    static unsigned next;
    char *text = texts[next++ % 4];
    unsigned unit = 0;
    uint64_t scale = 1;

    while (unit < 4 && size / scale >= 1024) {
        scale *= 1024;
        unit++;
    }
    if (size % scale == 0) {
        snprintf(text, sizeof(texts[0]), "%llu %s", (unsigned long long)(size / scale), units[unit]);
    } else {
        snprintf(text, sizeof(texts[0]), "%llu.%llu %s", (unsigned long long)(size / scale),
                 (unsigned long long)(size % scale * 10 / scale), units[unit]);
    }
    return text;
}
