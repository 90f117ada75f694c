/* SPDX-License-Identifier: Apache-2.0 */
#include "cpus.h"

#include <stddef.h>

#include "diag.h"

/* The partition that owns each CPU, or NULL; or the schedule that has it. */
struct ownership {
    const struct domain_config *owner[CONFIG_CPU_LIMIT];
    const struct schedule *schedule[CONFIG_CPU_LIMIT];
};

static bool owns_cpus(const struct domain_config *config)
{
    return config->cpu_count != 0 && config->cpu_count == config->vcpu_count;
}

static void check_numbers(const struct board *board, const struct domain_config *config)
{
    /* GICv2 has eight CPU interfaces; a partition's virtual GIC is of the board's version. x86-64 has none. */
    unsigned limit = board->gic_version == 2 ? 8 : board->gic_version == 3 ? 128 : CONFIG_VCPU_LIMIT, i;

    if (config->vcpu_count > limit) {
        diag_error(config->file, config_line(config, KEY_VCPUS), "%u vCPUs are too many: GICv%u has room for %u, see %s",
                   config->vcpu_count, board->gic_version, limit, board->file);
    }
    for (i = 0; i < config->cpu_count; i++) {
        if (board->cpu_count != 0 && config->cpus[i] >= board->cpu_count) {
            diag_error(config->file, config_line(config, KEY_CPUS), "CPU %u is not there: the board's CPUs are 0 to %u, see %s",
                       config->cpus[i], board->cpu_count - 1, board->file);
        }
    }
}

static void take_own(struct ownership *ownership, const struct domain_config *config)
{
    unsigned i;

    for (i = 0; i < config->cpu_count; i++) {
        const struct domain_config **owner = &ownership->owner[config->cpus[i]];

        if (*owner != NULL) {
            diag_error(config->file, config_line(config, KEY_CPUS), "CPU %u belongs to '%s' already, see %s:%u",
                       config->cpus[i], (*owner)->name, (*owner)->file, config_line(*owner, KEY_CPUS));
        } else {
            *owner = config;
        }
    }
}

/* A partition that owns no CPU needs at least one that nobody owns. */
static void check_share(const struct board *board, const struct ownership *ownership,
                        const struct domain_config *config)
{
    const struct domain_config *owner = NULL;
    const struct schedule *schedule = NULL;
    unsigned all = board->cpu_count != 0 ? board->cpu_count : CONFIG_CPU_LIMIT;
    unsigned count = config->cpu_count != 0 ? config->cpu_count : all, i;

    for (i = 0; i < count; i++) {
        unsigned cpu = config->cpu_count != 0 ? config->cpus[i] : i;

        if (cpu >= CONFIG_CPU_LIMIT || (ownership->owner[cpu] == NULL && ownership->schedule[cpu] == NULL)) {
            return;
        }
        owner = ownership->owner[cpu] != NULL ? ownership->owner[cpu] : owner;
        schedule = ownership->schedule[cpu] != NULL ? ownership->schedule[cpu] : schedule;
    }
    if (schedule != NULL) {
        diag_error(config->file, config_line(config, KEY_CPUS),
                   "no CPU is left for it: each one belongs to another partition or to a schedule, as in %s:%u", schedule->file,
                   schedule->cpus_line);
        return;
    }
    diag_error(config->file, config_line(config, KEY_CPUS),
               "no CPU is left for it: each one belongs to another partition, as to '%s' in %s:%u", owner->name,
               owner->file, config_line(owner, KEY_CPUS));
}

void cpus_check(const struct board *board, const struct schedule *schedules, unsigned schedule_count,
                const struct partition *partitions, unsigned count)
{
    struct ownership ownership = {{NULL}, {NULL}};
    unsigned i, k;

    for (i = 0; i < schedule_count; i++) {
        for (k = 0; k < schedules[i].cpu_count; k++) {
            ownership.schedule[schedules[i].cpus[k]] = &schedules[i];
        }
    }

    for (i = 0; i < count; i++) {
        check_numbers(board, &partitions[i].config);
        if (owns_cpus(&partitions[i].config)) {
            take_own(&ownership, &partitions[i].config);
        }
    }
    for (i = 0; i < count; i++) {
        if (!owns_cpus(&partitions[i].config) && partitions[i].config.schedule == 0) {
            check_share(board, &ownership, &partitions[i].config);
        }
    }
}
