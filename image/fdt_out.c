/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt_out.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* What one partition adds beside its strings and its list of CPUs: generously, it is packed in the end. */
#define PARTITION_SIZE 2048u
/* And a share of memory. */
#define SHARE_SIZE 384u
/* And a schedule. */
#define SCHEDULE_SIZE (SCHEDULE_WINDOW_LIMIT * 192u + CONFIG_CPU_LIMIT * 4u + 512u)

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

static int add_partition(void *tree, int chosen, enum arch arch, const struct partition *p, unsigned number)
{
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
    /* libfdt puts a new node before its siblings: last things first. */
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

/*
 * Random numbers belong into memory, not into a file. QEMU draws a new rng-seed into the tree that it loads at each
 * reset, but only over a property that is there: that one stays, with zeros. A kaslr-seed stays as it is: it goes.
 * Req: BH-TOOL-007
 */
static int forget_random_seeds(void *tree, int chosen)
{
    int length, err;
    uint8_t *seed = fdt_getprop_w(tree, chosen, "rng-seed", &length);

    if (seed != NULL) {
        memset(seed, 0, (size_t)length);
    }
    err = fdt_delprop(tree, chosen, "kaslr-seed");
    return err == -FDT_ERR_NOTFOUND ? 0 : err;
}

static int build(void *tree, size_t room, const struct board *board, const struct fdt_options *options,
                 const struct partition *partitions, unsigned count)
{
    int err = fdt_open_into(board->tree.data, tree, (int)room), chosen;
    unsigned i;

    if (err != 0) {
        return err;
    }
    chosen = fdt_path_offset(tree, "/chosen");
    if (chosen == -FDT_ERR_NOTFOUND) {
        chosen = fdt_add_subnode(tree, 0, "chosen");
    }
    if (chosen < 0) {
        return chosen;
    }
    if (options->forget_random_seeds) {
        err = forget_random_seeds(tree, chosen);
    }
    if (err == 0 && options->bootargs != NULL) {
        err = fdt_setprop_string(tree, chosen, "xen,xen-bootargs", options->bootargs);
    }
    for (i = options->schedule_count; i > 0 && err == 0; i--) {
        err = add_schedule(tree, chosen, &options->schedules[i - 1], i);
    }
    for (i = count; i > 0 && err == 0; i--) {
        err = add_partition(tree, chosen, options->arch, &partitions[i - 1], i);
    }
    return err != 0 ? err : fdt_pack(tree);
}

/* Req: BH-TOOL-008 */
bool fdt_out_build(const struct board *board, const struct fdt_options *options, const struct partition *partitions,
                   unsigned count, struct blob *out)
{
    size_t room = board->tree.size + (options->bootargs != NULL ? strlen(options->bootargs) : 0) + 4096;
    struct blob tree;
    unsigned i;
    int err;

    room += options->schedule_count * SCHEDULE_SIZE;
    for (i = 0; i < count; i++) {
        room += partitions[i].config.share_count * SHARE_SIZE;
        room += PARTITION_SIZE + strlen(partitions[i].config.command_line) + CONFIG_CPU_LIMIT * sizeof(fdt32_t);
    }
    if (room > BLOB_LIMIT) {
        diag_error(board->file, 0, "the final device tree would be too large");
        return false;
    }
    tree.data = diag_alloc(room, 1);
    err = build(tree.data, room, board, options, partitions, count);
    if (err != 0) {
        diag_error(board->file, 0, "the partitions can't be added to the device tree: %s", fdt_strerror(err));
        blob_free(&tree);
        return false;
    }
    tree.size = fdt_totalsize(tree.data);
    if (tree.size > BOARD_TREE_LIMIT) {
        diag_error(board->file, 0, "the final device tree is too large: %zu KiB of at most %zu KiB", tree.size >> 10,
                   BOARD_TREE_LIMIT >> 10);
        blob_free(&tree);
        return false;
    }
    *out = tree;
    return true;
}
