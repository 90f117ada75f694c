/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt_out.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdt_parts.h"

static const char *const module_compatible[MODULE_KIND_COUNT] = {
    [MODULE_KERNEL] = "multiboot,kernel",
    [MODULE_RAMDISK] = "multiboot,ramdisk",
    [MODULE_DEVICE_TREE] = "multiboot,device-tree",
};

/* Req: BH-TOOL-011 */
/* Says where a module is: its address and size, or its number. Returns 0 or a libfdt error. */
static int add_place(void *tree, int node, enum arch arch, const struct module *module)
{
    fdt64_t reg[2] = {cpu_to_fdt64(module->address), cpu_to_fdt64(module->file->blob.size)};

    return arch == ARCH_X86_64 ? fdt_setprop_u32(tree, node, "module-index", module->file->number)
                               : fdt_setprop(tree, node, "reg", reg, sizeof(reg));
}

/* Adds the node of a module. Returns 0 or a libfdt error. */
static int add_module(void *tree, int parent, enum arch arch, const struct partition *p, enum module_kind kind)
{
    const struct module *module = &p->module[kind];
    char name[32];
    int node, err;

    if (arch == ARCH_X86_64) {
        snprintf(name, sizeof(name), "module-%u", module->file->number);
    } else {
        snprintf(name, sizeof(name), "module@%llx", (unsigned long long)module->address);
    }
    node = fdt_add_subnode(tree, parent, name);
    if (node < 0) {
        return node;
    }
    err = fdt_setprop_string(tree, node, "compatible", module_compatible[kind]);
    if (err == 0) {
        err = fdt_appendprop_string(tree, node, "compatible", "multiboot,module");
    }
    if (err == 0) {
        err = add_place(tree, node, arch, module);
    }
    if (err == 0 && kind == MODULE_KERNEL) {
        err = fdt_setprop_string(tree, node, "bootargs", p->config.command_line);
    }
    return err;
}

static const char *const action_properties[CAUSE_COUNT] = {
    [CAUSE_POWEROFF] = "bulkhead,on-poweroff", [CAUSE_REBOOT] = "bulkhead,on-reboot",
    [CAUSE_CRASH] = "bulkhead,on-crash",       [CAUSE_WATCHDOG] = "bulkhead,on-watchdog",
};

static int add_own_properties(void *tree, int node, const struct domain_config *config)
{
    fdt32_t cpus[CONFIG_CPU_LIMIT];
    unsigned i;
    int err = fdt_setprop_string(tree, node, "bulkhead,name", config->name);

    for (i = 0; i < config->cpu_count; i++) {
        cpus[i] = cpu_to_fdt32(config->cpus[i]);
    }
    if (err == 0 && config->cpu_count != 0) {
        err = fdt_setprop(tree, node, "bulkhead,cpus", cpus, (int)(config->cpu_count * sizeof(cpus[0])));
    }
    if (err == 0 && config->weight != 0) {
        err = fdt_setprop_u32(tree, node, "bulkhead,weight", config->weight);
    }
    for (i = 0; i < CAUSE_COUNT; i++) {
        if (err == 0 && strcmp(config->action[i], "destroy") != 0) {
            err = fdt_setprop_string(tree, node, action_properties[i], config->action[i]);
        }
    }
    if (err == 0 && config->restart_limit != 0) {
        fdt32_t limit[] = { cpu_to_fdt32(config->restart_limit), cpu_to_fdt32(config->restart_seconds) };

        err = fdt_setprop(tree, node, "bulkhead,restart-limit", limit, sizeof(limit));
    }
    return err == 0 && config->has_watchdog ? fdt_setprop_string(tree, node, "bulkhead,watchdog", "sbsa") : err;
}

/* Req: BH-TOOL-026 */
static int add_order(void *tree, int node, const struct domain_config *config)
{
    int err = 0;

    if (config->ready_port != 0) {
        err = fdt_setprop_u32(tree, node, "bulkhead,ready", config->ready_port);
    }
    if (err == 0 && config->after != NULL) {
        err = fdt_setprop_string(tree, node, "bulkhead,after", config->after);
    }
    if (err == 0 && config->after_timeout != 0) {
        err = fdt_setprop_u32(tree, node, "bulkhead,after-timeout", config->after_timeout);
    }
    if (err == 0 && config->line[KEY_AFTER_ACTION] != 0) {
        err = fdt_setprop_string(tree, node, "bulkhead,after-action", config->after_action);
    }
    return err;
}

/* Req: BH-TOOL-023, BH-TOOL-024, BH-TOOL-025 */
static int add_resources(void *tree, int node, const struct domain_config *config)
{
    int err = 0;

    for (unsigned i = 0; i < CONFIG_NODE_LIMIT && err == 0; i++) {
        err = config->has_nodes && config->node[i] ? fdt_appendprop_u32(tree, node, "bulkhead,nodes", i) : 0;
    }
    for (unsigned i = 0; i < config->port_count && err == 0; i++) {
        err = fdt_appendprop_u32(tree, node, "bulkhead,ioports", config->port[i].first);
        err = err == 0 ? fdt_appendprop_u32(tree, node, "bulkhead,ioports", config->port[i].count) : err;
    }
    for (unsigned i = 0; i < config->irq_count && err == 0; i++) {
        err = fdt_appendprop_u32(tree, node, "bulkhead,irqs", config->irq[i].first);
    }
    if (err == 0 && config->has_colours) {
        char *text = colours_text(config->colour);

        err = fdt_setprop_string(tree, node, "llc-colors", text);
        free(text);
    }
    return err;
}

/* Req: BH-TOOL-020 */
static int add_static_memory(void *tree, int node, const struct domain_config *config)
{
    fdt64_t reg[2 * CONFIG_PLACE_LIMIT];
    int err = 0;

    for (unsigned i = 0; i < config->place_count; i++) {
        reg[2 * i] = cpu_to_fdt64(config->place[i].start);
        reg[2 * i + 1] = cpu_to_fdt64(config->place[i].size);
    }
    if (config->place_count != 0) {
        err = fdt_setprop(tree, node, "xen,static-mem", reg, (int)(2 * config->place_count * sizeof(reg[0])));
    }
    return err == 0 && config->is_direct ? fdt_setprop_empty(tree, node, "direct-map") : err;
}

/* Req: BH-TOOL-021 */
static int add_share(void *tree, int parent, const struct config_share *s, unsigned number)
{
    fdt64_t range[] = {cpu_to_fdt64(s->place), cpu_to_fdt64(s->at), cpu_to_fdt64(s->size)};
    unsigned skip = s->has_place ? 0 : 1;
    char name[32];
    int node, err;

    snprintf(name, sizeof(name), "shared-memory-%u", number);
    node = fdt_add_subnode(tree, parent, name);
    if (node < 0) {
        return node;
    }
    err = fdt_setprop_string(tree, node, "compatible", "xen,domain-shared-memory-v1");
    if (err == 0) {
        err = fdt_setprop_string(tree, node, "role", s->is_owner ? "owner" : "borrower");
    }
    if (err == 0) {
        err = fdt_setprop_string(tree, node, "xen,shm-id", s->id);
    }
    if (err == 0) {
        err = fdt_setprop(tree, node, "xen,shared-mem", range + skip, (int)(sizeof(range) - skip * sizeof(range[0])));
    }
    if (err == 0 && s->offset != 0) {
        err = fdt_setprop_u64(tree, node, "xen,offset", s->offset);
    }
    return err == 0 && s->is_read_only ? fdt_setprop_empty(tree, node, "bulkhead,read-only") : err;
}

/* Req: BH-TOOL-027 */
/* The ends of a channel that are the partition's. `handle` is that of the first end, and the next one of the second. */
static int add_channel(void *tree, int parent, const struct channel *c, unsigned number,
                       const struct domain_config *config, uint32_t handle)
{
    int err = 0;

    for (unsigned k = 2; k > 0 && err == 0; k--) {
        fdt32_t cells[] = { cpu_to_fdt32(c->end[k - 1].port), cpu_to_fdt32(handle + (k == 1 ? 1 : 0)) };
        char name[32];
        int node;

        if (c->end[k - 1].config != config) {
            continue;
        }
        snprintf(name, sizeof(name), "channel-%u-%c", number, k == 1 ? 'a' : 'b');
        node = fdt_add_subnode(tree, parent, name);
        if (node < 0) {
            return node;
        }
        err = fdt_setprop_string(tree, node, "compatible", "xen,evtchn-v1");
        if (err == 0) {
            err = fdt_setprop(tree, node, "xen,evtchn", cells, sizeof(cells));
        }
        if (err == 0) {
            err = fdt_setprop_u32(tree, node, "phandle", handle + k - 1);
        }
    }
    return err;
}

int fdt_partition_add(void *tree, int chosen, const struct system *system, unsigned number, uint32_t handle)
{
    const struct partition *p = &system->partitions[number - 1];
    enum arch arch = system->arch;
    char name[32];
    int node, err;

    snprintf(name, sizeof(name), "domU%u", number);
    node = fdt_add_subnode(tree, chosen, name);
    if (node < 0) {
        return node;
    }
    err = fdt_setprop_string(tree, node, "compatible", "xen,domain");
    if (err == 0) {
        err = fdt_setprop_u32(tree, node, "#address-cells", 2);
    }
    if (err == 0) {
        err = fdt_setprop_u32(tree, node, "#size-cells", 2);
    }
    if (err == 0) {
        err = fdt_setprop_u64(tree, node, "memory", p->config.memory_mib * 1024);
    }
    if (err == 0) {
        err = fdt_setprop_u32(tree, node, "cpus", p->config.vcpu_count);
    }
    if (err == 0 && arch == ARCH_ARM64) {
        err = fdt_setprop_empty(tree, node, "vpl011");
    }
    if (err == 0) {
        err = add_own_properties(tree, node, &p->config);
    }
    if (err == 0) {
        err = add_static_memory(tree, node, &p->config);
    }
    if (err == 0) {
        err = add_order(tree, node, &p->config);
    }
    if (err == 0) {
        err = add_resources(tree, node, &p->config);
    }
    /* libfdt puts a new node before its siblings: last things first. */
    for (unsigned i = system->channels.count; i > 0 && err == 0; i--) {
        err = add_channel(tree, node, &system->channels.channel[i - 1], i, &p->config, handle + 2 * (i - 1));
    }
    for (unsigned i = p->config.share_count; i > 0 && err == 0; i--) {
        err = add_share(tree, node, &p->config.share[i - 1], i);
    }
    for (unsigned kind = MODULE_KIND_COUNT; kind > 0 && err == 0; kind--) {
        if (p->module[kind - 1].file != NULL) {
            err = add_module(tree, node, arch, p, kind - 1);
        }
    }
    return err;
}
