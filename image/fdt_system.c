/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt_parts.h"

#include <libfdt.h>
#include <stdio.h>

/* Req: BH-TOOL-018 */
static int add_window(void *tree, int parent, const struct schedule_window *w, unsigned number)
{
    char name[32];
    int node, err;

    snprintf(name, sizeof(name), "window-%u", number);
    node = fdt_add_subnode(tree, parent, name);
    if (node < 0) {
        return node;
    }
    err = fdt_setprop_string(tree, node, "partition", w->partition);
    if (err == 0) {
        err = fdt_setprop_u32(tree, node, "offset", w->offset);
    }
    return err != 0 ? err : fdt_setprop_u32(tree, node, "duration", w->duration);
}

static int add_schedule(void *tree, int chosen, const struct schedule *s, unsigned number)
{
    fdt32_t cpus[CONFIG_CPU_LIMIT];
    char name[32];
    int node, err;

    snprintf(name, sizeof(name), "schedule-%u", number);
    node = fdt_add_subnode(tree, chosen, name);
    if (node < 0) {
        return node;
    }
    for (unsigned i = 0; i < s->cpu_count; i++) {
        cpus[i] = cpu_to_fdt32(s->cpus[i]);
    }
    err = fdt_setprop_string(tree, node, "compatible", "bulkhead,schedule");
    if (err == 0) {
        err = fdt_setprop(tree, node, "cpus", cpus, (int)(s->cpu_count * sizeof(cpus[0])));
    }
    if (err == 0) {
        err = fdt_setprop_u32(tree, node, "frame", s->frame);
    }
    for (unsigned i = s->window_count; i > 0 && err == 0; i--) {
        err = add_window(tree, node, &s->window[i - 1], i);
    }
    return err;
}

/* Req: BH-TOOL-028 */
/* A rule of `kind` ("allow", "serve"): two names and a list. */
static int add_rule(void *tree, int chosen, const char *kind, const char *const names[3],
                    const char *(*name_of)(unsigned i), const struct policy_rule *rule, unsigned number)
{
    char text[32];
    int node, err;

    snprintf(text, sizeof(text), "%s-%u", kind, number);
    node = fdt_add_subnode(tree, chosen, text);
    if (node < 0) {
        return node;
    }
    snprintf(text, sizeof(text), "bulkhead,%s", kind);
    err = fdt_setprop_string(tree, node, "compatible", text);
    if (err == 0) {
        err = fdt_setprop_string(tree, node, names[0], rule->from);
    }
    if (err == 0) {
        err = fdt_setprop_string(tree, node, names[1], rule->to);
    }
    for (unsigned i = 0; err == 0 && name_of(i) != NULL; i++) {
        err = (rule->kinds & 1u << i) != 0 ? fdt_appendprop_string(tree, node, names[2], name_of(i)) : 0;
    }
    return err;
}

int fdt_system_add(void *tree, int chosen, const struct system *system)
{
    static const char *const of_allow[] = { "from", "to", "kinds" }, *const of_serve[] = { "server", "client", "rings" };
    const struct policy_rules *allow = &system->policy.allow, *serve = &system->policy.serve;
    int err = 0;

    for (unsigned i = serve->count; i > 0 && err == 0; i--) {
        err = add_rule(tree, chosen, "serve", of_serve, policy_ring_name, &serve->rule[i - 1], i);
    }
    for (unsigned i = allow->count; i > 0 && err == 0; i--) {
        err = add_rule(tree, chosen, "allow", of_allow, policy_kind_name, &allow->rule[i - 1], i);
    }
    for (unsigned i = system->schedule_count; i > 0 && err == 0; i--) {
        err = add_schedule(tree, chosen, &system->schedules[i - 1], i);
    }
    return err;
}
