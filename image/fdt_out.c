/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt_out.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "fdt_parts.h"

/* What one partition adds beside its strings and its list of CPUs: generously, it is packed in the end. */
#define PARTITION_SIZE 8192u
/* And a share of memory. */
#define SHARE_SIZE 384u
/* And an end of a channel, and a rule. */
#define CHANNEL_SIZE 192u
#define RULE_SIZE    384u
/* And a schedule. */
#define SCHEDULE_SIZE (SCHEDULE_WINDOW_LIMIT * 192u + CONFIG_CPU_LIMIT * 4u + 512u)

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

static int build(void *tree, size_t room, const struct system *system, bool are_random_seeds_forgotten)
{
    int err = fdt_open_into(system->board.tree.data, tree, (int)room), chosen;
    uint32_t handle = 0;
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
    if (are_random_seeds_forgotten) {
        err = forget_random_seeds(tree, chosen);
    }
    if (err == 0 && system->bootargs != NULL) {
        err = fdt_setprop_string(tree, chosen, "xen,xen-bootargs", system->bootargs);
    }
    if (err == 0) {
        err = fdt_system_add(tree, chosen, system);
    }
    if (err == 0) {
        err = fdt_find_max_phandle(tree, &handle);
    }
    if (err == 0 && handle >= FDT_MAX_PHANDLE - 2 * CHANNEL_LIMIT) {
        return -FDT_ERR_NOPHANDLES;
    }
    for (i = system->count; i > 0 && err == 0; i--) {
        err = fdt_partition_add(tree, chosen, system, i, handle + 1);
    }
    return err != 0 ? err : fdt_pack(tree);
}

/* Room for what the board's tree grows by, generously. */
static size_t room_for(const struct system *system)
{
    size_t room = system->board.tree.size + (system->bootargs != NULL ? strlen(system->bootargs) : 0) + 4096;

    room += system->schedule_count * SCHEDULE_SIZE + system->channels.count * 2 * CHANNEL_SIZE;
    room += (system->policy.allow.count + system->policy.serve.count) * RULE_SIZE;
    for (unsigned i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;

        room += config->share_count * SHARE_SIZE;
        room += PARTITION_SIZE + strlen(config->command_line) + CONFIG_CPU_LIMIT * sizeof(fdt32_t);
    }
    return room;
}

/* Req: BH-TOOL-008 */
bool fdt_out_build(const struct system *system, bool are_random_seeds_forgotten, struct blob *out)
{
    const char *file = system->board.file;
    size_t room = room_for(system);
    struct blob tree;
    int err;

    if (room > BLOB_LIMIT) {
        diag_error(file, 0, "the final device tree would be too large");
        return false;
    }
    tree.data = diag_alloc(room, 1);
    err = build(tree.data, room, system, are_random_seeds_forgotten);
    if (err != 0) {
        diag_error(file, 0, "the partitions can't be added to the device tree: %s", fdt_strerror(err));
        blob_free(&tree);
        return false;
    }
    tree.size = fdt_totalsize(tree.data);
    if (tree.size > BOARD_TREE_LIMIT) {
        diag_error(file, 0, "the final device tree is too large: %zu KiB of at most %zu KiB", tree.size >> 10,
                   BOARD_TREE_LIMIT >> 10);
        blob_free(&tree);
        return false;
    }
    *out = tree;
    return true;
}
