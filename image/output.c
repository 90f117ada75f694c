/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "grub.h"
#include "map_svg.h"
#include "map_text.h"

/* Makes a folder and those above it; one that is there already is fine. */
static bool make_folder(const char *path)
{
    char *copy = diag_strdup(path), *slash = copy;
    bool good = true;

    while (good && slash != NULL) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            diag_error(copy, 0, "can't be made: %s", strerror(errno));
            good = false;
        }
        if (slash != NULL) {
            *slash = '/';
        }
    }
    free(copy);
    return good;
}

static void write_file(const char *folder, const char *name, const struct blob *blob)
{
    char *path = diag_printf("%s/%s", folder, name);
    const char *why = blob_write(path, blob->data, blob->size, 0666);

    if (why != NULL) {
        diag_error(path, 0, "can't be written: %s", why);
    }
    free(path);
}

static void print_range(const char *what, uint64_t start, uint64_t size)
{
    printf("  0x%010llx  %8llu KiB  %s\n", (unsigned long long)start, (unsigned long long)((size + 1023) >> 10), what);
}

/* arm64: what lies where. */
static void print_places(const struct system *system)
{
    unsigned i, kind;

    printf("%u CPUs, %llu MiB, GICv%u); %llu MiB of RAM left\n", system->board.cpu_count,
           (unsigned long long)(system->board.ram_size >> 20), system->board.gic_version,
           (unsigned long long)(system->placement.left >> 20));
    print_range("hypervisor", system->placement.hypervisor.start, system->placement.hypervisor.size);
    print_range(TREE_NAME, system->placement.tree.start, system->tree.size);
    for (i = 0; i < system->count; i++) {
        const struct domain_config *config = &system->partitions[i].config;

        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            const struct module *module = &system->partitions[i].module[kind];

            if (module->file != NULL) {
                print_range(module->file->output, module->address, module->file->blob.size);
            }
        }
        for (unsigned k = 0; k < config->place_count; k++) {
            char *what = diag_printf("memory of %s", config->name);

            print_range(what, config->place[k].start, config->place[k].size);
            free(what);
        }
    }
}

/* x86-64: the boot loader's list. */
static void print_list(const struct system *system)
{
    const struct module_file *file;
    unsigned number;

    if (system->board.ram_size != 0) {
        printf("%u CPUs, %llu MiB); %llu MiB of RAM left\n", system->board.cpu_count,
               (unsigned long long)(system->board.ram_size >> 20), (unsigned long long)(system->placement.left >> 20));
    } else {
        printf("CPUs and RAM not known)\n");
    }
    printf("  module 0    %8zu KiB  " TREE_NAME "\n", (system->tree.size + 1023) >> 10);
    for (number = 1; (file = module_number(system->files, number)) != NULL; number++) {
        printf("  module %-3u  %8zu KiB  %s\n", number, (file->blob.size + 1023) >> 10, file->output);
    }
}

static void print_summary(const struct system *system, const struct options *options, const char *folder)
{
    printf("%s: %u partition%s for %s (", folder, system->count, system->count == 1 ? "" : "s", system->board.file);
    if (system->arch == ARCH_X86_64) {
        print_list(system);
    } else {
        print_places(system);
    }
    if (options->iso != NULL) {
        printf("%s boots it, from BIOS and UEFI\n", options->iso);
    }
    if (options->qemu.machine != NULL) {
        printf("%s/run-qemu.sh boots it:\n", folder);
    }
}

/* The script is what was printed: show it as it is, without its comments. */
static void print_script(const char *folder)
{
    char *path = diag_printf("%s/run-qemu.sh", folder);
    FILE *script = fopen(path, "r");
    char line[PATH_MAX + 256];

    while (script != NULL && fgets(line, sizeof(line), script) != NULL) {
        if (line[0] != '#') {
            fputs(line, stdout);
        }
    }
    if (script != NULL) {
        fclose(script);
    }
    free(path);
}

/* For people. */
static void write_map(const struct system *system, const struct map *map, const char *folder, const char *name,
                      void (*print)(const struct system *system, const struct map *map, FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out != NULL) {
        print(system, map, out);
    }
    /* fclose() completes the text of a memory stream. */
    if (out == NULL || fclose(out) != 0) {
        diag_error(DIAG_TOOL, 0, "out of memory");
    } else {
        write_file(folder, name, &(struct blob){ (uint8_t *)text, size });
    }
    free(text);
}

/* For the boot loaders; what they are given by path is absolute. */
static void write_starters(const struct system *system, const struct options *options, const char *folder)
{
    char *hypervisor = options->hypervisor != NULL ? realpath(options->hypervisor, NULL) : NULL;

    if (options->hypervisor != NULL && hypervisor == NULL) {
        diag_error(options->hypervisor, 0, "hypervisor: %s", strerror(errno));
    }
    if (options->qemu.machine != NULL) {
        qemu_write(&options->qemu, system, folder, hypervisor);
    }
    if (system->arch == ARCH_X86_64) {
        grub_write(system, folder);
    }
    /* The image is made of files that have to be there. */
    if (options->iso != NULL && hypervisor != NULL && diag_error_count() == 0) {
        grub_make_iso(system, folder, hypervisor, options->iso);
    }
    free(hypervisor);
}

void output_write(const struct system *system, const struct options *options)
{
    const struct module_file *file;
    bool is_for_qemu;
    struct map map;
    char *folder;

    if (!make_folder(options->output)) {
        return;
    }
    folder = realpath(options->output, NULL);
    is_for_qemu = system->arch == ARCH_ARM64 || options->qemu.machine != NULL;
    if (folder == NULL || (is_for_qemu && !qemu_can_read(system->arch, folder))) {
        diag_error(options->output, 0, "can't be used as a folder%s",
                   folder != NULL ? ": QEMU can't load modules from one of that name" : "");
        free(folder);
        return;
    }
    for (file = system->files; file != NULL; file = file->next) {
        write_file(folder, file->output, &file->blob);
    }
    write_file(folder, TREE_NAME, &system->tree);
    map_make(system, &map);
    write_map(system, &map, folder, "map.txt", map_text_print);
    write_map(system, &map, folder, "map.svg", map_svg_print);
    map_free(&map);
    write_starters(system, options, folder);
    if (diag_error_count() == 0) {
        print_summary(system, options, folder);
        if (options->qemu.machine != NULL) {
            print_script(folder);
        }
    }
    free(folder);
}
