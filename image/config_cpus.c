/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* One number of a CPU range. Returns false if there is none. */
static bool parse_cpu(const char **text, unsigned long *cpu)
{
    char *end;

    if (**text < '0' || **text > '9') {
        return false;
    }
    errno = 0;
    *cpu = strtoul(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* One part between commas: N, N-M, ^N, ^N-M, all. */
static const char *parse_cpu_range(const char *text, bool chosen[CONFIG_CPU_LIMIT], bool *all)
{
    bool is_not = text[0] == '^';
    unsigned long first, last, i;

    text += is_not ? 1 : 0;
    if (strcmp(text, "all") == 0) {
        *all = true;
        return is_not ? "'^all' leaves no CPU" : NULL;
    }
    if (strncmp(text, "node", 4) == 0) {
        return "NUMA nodes are not supported by this version";
    }
    if (!parse_cpu(&text, &first)) {
        return "expected a CPU number, a range like 0-3, '^' before one, or 'all'";
    }
    last = first;
    if (*text == '-') {
        text++;
        if (!parse_cpu(&text, &last)) {
            return "expected a CPU number behind '-'";
        }
    }
    if (*text != '\0') {
        return "expected a CPU number, a range like 0-3, '^' before one, or 'all'";
    }
    if (last < first) {
        return "the range of CPUs runs backwards";
    }
    if (last >= CONFIG_CPU_LIMIT) {
        return "a CPU number is too large";
    }
    for (i = first; i <= last; i++) {
        chosen[i] = !is_not;
    }
    return NULL;
}

/* Req: BH-TOOL-010 */
const char *config_parse_cpus(const char *text, uint16_t cpus[CONFIG_CPU_LIMIT], unsigned *count)
{
    bool chosen[CONFIG_CPU_LIMIT] = {false};
    char *copy = diag_strdup(text), *next = NULL, *part;
    const char *why = NULL;
    bool all = false;
    unsigned i, found = 0;

    for (part = strtok_r(copy, ",", &next); part != NULL && why == NULL; part = strtok_r(NULL, ",", &next)) {
        why = parse_cpu_range(part, chosen, &all);
    }
    if (why == NULL && all && strcmp(text, "all") != 0) {
        why = "'all' can't be combined with other CPUs";
    }
    for (i = 0; i < CONFIG_CPU_LIMIT; i++) {
        if (chosen[i]) {
            cpus[found++] = (uint16_t)i;
        }
    }
    if (why == NULL && !all && found == 0) {
        why = "no CPU is left";
    }
    free(copy);
    if (why == NULL) {
        *count = found;
    }
    return why;
}

/* xl's list form: entry i holds the CPUs of vCPU i. The device tree can say one CPU for each vCPU, no more. */
static const char *read_cpu_list(struct domain_config *config, const XLU_ConfigList *list, unsigned entries)
{
    unsigned i, j;

    if (entries != config->vcpu_count) {
        return "the list must have one entry for each vCPU";
    }
    for (i = 0; i < entries; i++) {
        const char *text = xlu_cfg_get_listitem(list, (int)i);
        uint16_t cpus[CONFIG_CPU_LIMIT];
        unsigned count = 0;
        const char *why = text == NULL ? "an entry of the list is not a string" : config_parse_cpus(text, cpus, &count);

        if (why != NULL) {
            return why;
        }
        if (count != 1) {
            return "an entry of a list must name one CPU: other lists are not supported by this version";
        }
        for (j = 0; j < i; j++) {
            if (config->cpus[j] == cpus[0]) {
                return "two vCPUs share a CPU in a list: not supported by this version (a string can say it)";
            }
        }
        config->cpus[i] = cpus[0];
    }
    config->cpu_count = entries;
    return NULL;
}

void config_read_cpus(struct domain_config *config, XLU_Config *xlu)
{
    XLU_ConfigList *list;
    const char *why, *text;
    int entries;

    if (config->line[KEY_CPUS] == 0) {
        return;
    }
    if (xlu_cfg_get_list(xlu, "cpus", &list, &entries, 1) == 0) {
        why = read_cpu_list(config, list, entries < 0 ? 0 : (unsigned)entries);
    } else if (xlu_cfg_get_string(xlu, "cpus", &text, 1) == 0) {
        why = config_parse_cpus(text, config->cpus, &config->cpu_count);
    } else {
        why = "expected a string or a list of strings";
    }
    if (why != NULL) {
        diag_error(config->file, config->line[KEY_CPUS], "'cpus': %s", why);
    }
}
