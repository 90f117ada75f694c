/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead-image: a system's description in, what a boot loader needs out. First everything is read and checked;
 * then everything is written. See docs/bulkhead-image.1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpus.h"
#include "diag.h"
#include "fdt_out.h"
#include "output.h"
#include "pc.h"
#include "static_memory.h"

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

static void read_schedules(struct system *system, const struct options *options)
{
    for (unsigned i = 0; i < options->system_count; i++) {
        schedule_read(options->systems[i], &system->schedules[system->schedule_count++]);
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
static bool decide_places(struct system *system, const struct fdt_options *fdt, const struct kernel_info *hypervisor)
{
    struct blob draft;

    if (!fdt_out_build(&system->board, fdt, system->partitions, system->count, &draft)) {
        return false;
    }
    place_all(&system->board, hypervisor, draft.size, &system->shared, system->partitions, system->count,
              &system->placement);
    blob_free(&draft);
    return diag_error_count() == 0 &&
           fdt_out_build(&system->board, fdt, system->partitions, system->count, &system->tree);
}

/* Everything that can be refused; afterwards only writing can fail. */
static bool decide(struct system *system, struct options *options)
{
    struct fdt_options fdt = {
        .arch = system->arch, .bootargs = options->bootargs, .schedules = system->schedules,
        .schedule_count = system->schedule_count, .forget_random_seeds = options->board == NULL};
    const struct kernel_info *hypervisor = options->hypervisor != NULL ? &system->hypervisor_info : NULL;

    if (options->hypervisor != NULL) {
        read_hypervisor(system, options->hypervisor);
    }
    if (!(system->arch == ARCH_X86_64 ? read_pc(system, options) : read_board(system, options))) {
        return false;
    }
    schedule_check(&system->board, system->schedules, system->schedule_count, system->partitions, system->count);
    cpus_check(&system->board, system->schedules, system->schedule_count, system->partitions, system->count);
    static_memory_check(&system->board, system->partitions, system->count);
    shared_memory_check(&system->board, system->partitions, system->count, &system->shared);
    if (diag_error_count() != 0) {
        return false;
    }
    if (system->arch == ARCH_ARM64) {
        return decide_places(system, &fdt, hypervisor);
    }
    return fdt_out_build(&system->board, &fdt, system->partitions, system->count, &system->tree) &&
           pc_check_memory(&system->board, hypervisor, &system->tree, system->files, &system->shared,
                           system->partitions, system->count, &system->placement.left);
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
    struct options options = {0};

    options_parse(argc, argv, &options);
    if (options_check(&options, argc - optind)) {
        system.arch = options.arch;
        read_partitions(&system, argv + optind, (unsigned)(argc - optind));
        read_schedules(&system, &options);
        if (decide(&system, &options)) {
            output_write(&system, &options);
        }
        free_system(&system);
    }
    qemu_free(&options.qemu);
    /* A result that could not be shown was not delivered. */
    if (fflush(stdout) != 0) {
        diag_error(DIAG_TOOL, 0, "the summary can't be written: %s", strerror(errno));
    }
    return diag_error_count() == 0 ? 0 : 1;
}
