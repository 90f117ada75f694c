/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead-image: a system's description in, what a boot loader needs out. First everything is read and checked;
 * then everything is written. See docs/bulkhead-image.1.
 */
#include <errno.h>
#include <getopt.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "diag.h"
#include "explain.h"
#include "fdt_out.h"
#include "nodes.h"
#include "order.h"
#include "output.h"
#include "partial_tree.h"
#include "pc.h"
#include "ports.h"
#include "static_memory.h"
#include "system_file.h"

static void read_partitions(struct system *system, char **files, unsigned count)
{
    unsigned i, j;

    system->partitions = diag_alloc(count, sizeof(system->partitions[0]));
    system->count = count;
    for (i = 0; i < count; i++) {
        struct domain_config *config = &system->partitions[i].config;

        if (config_read(files[i], system->arch, config)) {
            module_read_all(system->arch, &system->partitions[i], &system->files);
        }
        for (j = 0; j < i && config->name != NULL; j++) {
            const struct domain_config *other = &system->partitions[j].config;

            if (other->name != NULL && strcmp(other->name, config->name) == 0) {
                diag_error(config->file, config_line(config, KEY_NAME), "name '%s' is already taken in %s:%u",
                           config->name, other->file, config_line(other, KEY_NAME));
                break;
            }
        }
    }
}

/* Multiboot 2 specification 2.0, 3.1: a header begins in the first 32 KiB, at a multiple of 8. */
static bool has_multiboot2(const struct blob *blob)
{
    static const uint8_t magic[] = {0xd6, 0x50, 0x52, 0xe8};
    size_t at;

    for (at = 0; at + sizeof(magic) <= blob->size && at < 32768; at += 8) {
        if (memcmp(blob->data + at, magic, sizeof(magic)) == 0) {
            return true;
        }
    }
    return false;
}

static void read_hypervisor(struct system *system, const char *file)
{
    const char *why = blob_read(file, BLOB_LIMIT, &system->hypervisor);

    if (why == NULL) {
        why = kernel_recognise(system->arch, &system->hypervisor, &system->hypervisor_info);
    }
    if (why == NULL && system->arch == ARCH_ARM64 && strcmp(system->hypervisor_info.kind, "Image") != 0) {
        why = "is no arm64 Image";
    }
    if (why == NULL && system->arch == ARCH_X86_64 && !has_multiboot2(&system->hypervisor)) {
        why = "has no Multiboot 2 header";
    }
    if (why != NULL) {
        diag_error(file, 0, "hypervisor: %s", why);
    }
}

/* The tree of a QEMU machine goes through a file in a temporary folder. */
static bool read_machine(struct system *system, struct options *options)
{
    const char *temporary = getenv("TMPDIR");
    char *folder, *file;
    bool good = false;

    if (!qemu_complete(system->arch, &options->qemu)) {
        return false;
    }
    folder = diag_printf("%s/bulkhead-image.XXXXXX", temporary != NULL && temporary[0] == '/' ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL) {
        diag_error(folder, 0, "can't be made: %s", strerror(errno));
        free(folder);
        return false;
    }
    file = diag_printf("%s/board.dtb", folder);
    if (qemu_dump_tree(&options->qemu, file)) {
        good = board_read(file, options->qemu.machine, &system->board);
    }
    unlink(file);
    rmdir(folder);
    free(file);
    free(folder);
    return good;
}

static bool read_board(struct system *system, struct options *options)
{
    if (options->board == NULL) {
        return read_machine(system, options);
    }
    if (!board_read(options->board, options->board, &system->board)) {
        return false;
    }
    qemu_derive(&options->qemu, &system->board);
    return options->qemu.machine == NULL || qemu_complete(system->arch, &options->qemu);
}

static bool read_pc(struct system *system, struct options *options)
{
    if (options->qemu.machine != NULL && !qemu_complete(system->arch, &options->qemu)) {
        return false;
    }
    return pc_make(&options->qemu, &system->board);
}

/* The tree names the modules' addresses, and its own size decides where they can be: so it is built twice. */
static bool decide_places(struct system *system, bool forget_random_seeds, const struct kernel_info *hypervisor)
{
    struct blob draft;

    if (!fdt_out_build(system, forget_random_seeds, &draft)) {
        return false;
    }
    place_all(&system->board, hypervisor, draft.size, &system->shared, system->partitions, system->count,
              &system->placement);
    blob_free(&draft);
    return diag_error_count() == 0 &&
           fdt_out_build(system, forget_random_seeds, &system->tree);
}

/* What partitions have of the board's devices: arm64, where its tree says what there is. */
static void check_devices(struct system *system)
{
    if (system->arch == ARCH_ARM64) {
        board_devices_read(&system->board, &system->devices);
        claims_collect(&system->board, &system->devices, system->partitions, system->count, &system->claims);
    }
}

/* The hypervisor's command line: what is said, or is in the board's tree, and what colours need. NULL: nothing changes. */
static char *decide_bootargs(const struct system *system, const struct options *options)
{
    char *colours = colours_options(&system->colours, system->partitions, system->count), *text = NULL;
    const void *tree = system->board.tree.data;
    const char *before = options->bootargs;
    int chosen = fdt_path_offset(tree, "/chosen");

    if (before == NULL && colours[0] != '\0' && chosen >= 0) {
        before = fdt_stringlist_get(tree, chosen, "xen,xen-bootargs", 0, NULL);
    }
    if (before != NULL && strstr(before, "llc-coloring") != NULL) {
        text = diag_strdup(before);
    } else if (colours[0] != '\0') {
        text = before != NULL ? diag_printf("%s%s", before, colours) : diag_strdup(colours + 1);
    } else if (before != NULL) {
        text = diag_strdup(before);
    }
    free(colours);
    return text;
}

/* Req: BH-TOOL-030 */
/* What else is wrong beside what makes a tree impossible: what does not fit in memory anyway. */
static void check_rest(struct system *system, const struct kernel_info *hypervisor)
{
    if (system->arch == ARCH_ARM64) {
        place_all(&system->board, hypervisor, system->board.tree.size, &system->shared, system->partitions,
                  system->count, &system->placement);
    } else {
        pc_check_memory(&system->board, hypervisor, &system->tree, system->files, &system->shared, system->partitions,
                        system->count, &system->placement);
    }
}

/* Everything that can be refused; afterwards only writing can fail. */
static bool decide(struct system *system, struct options *options)
{
    bool forget_random_seeds = options->board == NULL;
    const struct kernel_info *hypervisor = options->hypervisor != NULL ? &system->hypervisor_info : NULL;

    if (options->hypervisor != NULL) {
        read_hypervisor(system, options->hypervisor);
    }
    if (!(system->arch == ARCH_X86_64 ? read_pc(system, options) : read_board(system, options))) {
        return false;
    }
    check_devices(system);
    schedule_check(&system->board, system->schedules, system->schedule_count, system->partitions, system->count);
    cpus_check(&system->board, system->schedules, system->schedule_count, system->partitions, system->count);
    static_memory_check(&system->board, system->partitions, system->count);
    shared_memory_check(&system->board, system->partitions, system->count, &system->shared);
    system->colours.is_said_elsewhere = options->bootargs != NULL && strstr(options->bootargs, "llc-coloring") != NULL;
    colours_check(&system->board, &system->colours, system->partitions, system->count);
    nodes_check(&system->board, system->partitions, system->count);
    ports_check(system->partitions, system->count);
    order_check(system->partitions, system->count);
    channels_check(&system->channels, system->arch, system->partitions, system->count);
    policy_check(&system->policy, &system->channels, system->partitions, system->count);
    if (diag_error_count() != 0) {
        check_rest(system, hypervisor);
        return false;
    }
    partial_tree_make(&system->board, &system->claims, system->partitions, system->count, &system->files);
    system->bootargs = decide_bootargs(system, options);
    if (system->arch == ARCH_ARM64) {
        return decide_places(system, forget_random_seeds, hypervisor);
    }
    return fdt_out_build(system, forget_random_seeds, &system->tree) &&
           pc_check_memory(&system->board, hypervisor, &system->tree, system->files, &system->shared,
                           system->partitions, system->count, &system->placement);
}

/* Nothing is wrong: does what is asked for. */
static void finish(const struct system *system, const struct options *options)
{
    if (options->is_check) {
        printf("%u partition%s for %s: nothing is wrong\n", system->count, system->count == 1 ? "" : "s",
               system->board.file);
    }
    if (options->is_explain) {
        explain_print(system, stdout);
    }
    if (options->output != NULL) {
        output_write(system, options);
    }
}

static void free_system(struct system *system)
{
    unsigned i;

    for (i = 0; i < system->count; i++) {
        config_free(&system->partitions[i].config);
    }
    for (i = 0; i < system->schedule_count; i++) {
        schedule_free(&system->schedules[i]);
    }
    for (i = 0; i < SYSTEM_STRINGS; i++) {
        free(system->said[i]);
    }
    free(system->bootargs);
    claims_free(&system->claims);
    board_devices_free(&system->devices);
    free(system->partitions);
    module_free_all(system->files);
    blob_free(&system->hypervisor);
    blob_free(&system->tree);
    board_free(&system->board);
}

/* Req: BH-TOOL-002 */
int main(int argc, char **argv)
{
    static struct system system;
    static struct system_file system_files[SCHEDULE_LIMIT];
    struct options options = {0};

    options_parse(argc, argv, &options);
    system_file_read_options(system_files, &system, &options);
    if (options_check(&options, argc - optind)) {
        system.arch = options.arch;
        read_partitions(&system, argv + optind, (unsigned)(argc - optind));
        system_file_read(system_files, &system);
        if (decide(&system, &options)) {
            finish(&system, &options);
        }
    }
    free_system(&system);
    qemu_free(&options.qemu);
    /* A result that could not be shown was not delivered. */
    if (fflush(stdout) != 0) {
        diag_error(DIAG_TOOL, 0, "the summary can't be written: %s", strerror(errno));
    }
    return diag_error_count() == 0 ? 0 : 1;
}
