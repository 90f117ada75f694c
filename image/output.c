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
#include "uboot.h"

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

/* How U-Boot starts what was made. */
static void print_uboot(const struct options *options, const struct map *map)
{
    struct stat st;

    if (options->uboot_script != NULL) {
        printf("%s boots it, from U-Boot\n", options->uboot_script);
    }
    if (options->fit != NULL && stat(options->fit, &st) == 0) {
        uint64_t address = uboot_fit_address(map, (uint64_t)st.st_size);

        if (address == 0) {
            printf("%s boots it, from U-Boot: load it where nothing else is, setenv fdt_high 0xffffffffffffffff, and bootm\n",
                   options->fit);
        } else {
            printf("%s boots it, from U-Boot: load it to 0x%llx, setenv fdt_high 0xffffffffffffffff, and bootm 0x%llx\n",
                   options->fit, (unsigned long long)address, (unsigned long long)address);
        }
    }
}

static void print_summary(const struct system *system, const struct options *options, const struct map *map,
                          const char *folder)
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
    print_uboot(options, map);
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

/* What is written, for the functions below. */
struct output {
    const struct system *system;
    const struct options *options;
    const struct map *map;
    const char *folder;     /* absolute */
    const char *hypervisor; /* absolute, or NULL */
};

static void print_map_text(const struct output *o, FILE *out)
{
    map_text_print(o->system, o->map, out);
}

static void print_map_svg(const struct output *o, FILE *out)
{
    map_svg_print(o->system, o->map, out);
}

static void print_uboot_script(const struct output *o, FILE *out)
{
    uboot_print_script(o->system, out);
}

static void print_uboot_fit(const struct output *o, FILE *out)
{
    uboot_print_fit(o->system, o->hypervisor, out);
}

static void write_text(const struct output *o, const char *name, void (*print)(const struct output *o, FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out != NULL) {
        print(o, out);
    }
    /* fclose() completes the text of a memory stream. */
    if (out == NULL || fclose(out) != 0) {
        diag_error(DIAG_TOOL, 0, "out of memory");
    } else {
        write_file(o->folder, name, &(struct blob){ (uint8_t *)text, size });
    }
    free(text);
}

/* For the boot loaders. */
static void write_starters(const struct output *o)
{
    if (o->options->qemu.machine != NULL) {
        qemu_write(&o->options->qemu, o->system, o->folder, o->hypervisor);
    }
    if (o->system->arch == ARCH_X86_64) {
        grub_write(o->system, o->folder);
        return;
    }
    write_text(o, UBOOT_SCRIPT, print_uboot_script);
    if (o->hypervisor != NULL) {
        write_text(o, UBOOT_FIT, print_uboot_fit);
    }
}

/* Images are made of files that have to be there. */
static void make_images(const struct output *o)
{
    const struct options *options = o->options;

    if (options->iso != NULL && diag_error_count() == 0) {
        grub_make_iso(o->system, o->folder, o->hypervisor, options->iso);
    }
    if (options->uboot_script != NULL && diag_error_count() == 0) {
        uboot_make_script(o->folder, options->uboot_script);
    }
    if (options->fit != NULL && diag_error_count() == 0) {
        uboot_make_fit(o->folder, options->fit);
    }
}

static void write_all(const struct output *o)
{
    const struct module_file *file;

    for (file = o->system->files; file != NULL; file = file->next) {
        write_file(o->folder, file->output, &file->blob);
    }
    write_file(o->folder, TREE_NAME, &o->system->tree);
    write_text(o, "map.txt", print_map_text);
    write_text(o, "map.svg", print_map_svg);
    write_starters(o);
    make_images(o);
    if (diag_error_count() == 0) {
        print_summary(o->system, o->options, o->map, o->folder);
        if (o->options->qemu.machine != NULL) {
            print_script(o->folder);
        }
    }
}

void output_write(const struct system *system, const struct options *options)
{
    bool is_for_qemu = system->arch == ARCH_ARM64 || options->qemu.machine != NULL;
    char *folder, *hypervisor;
    struct map map;

    if (!make_folder(options->output)) {
        return;
    }
    folder = realpath(options->output, NULL);
    hypervisor = options->hypervisor != NULL ? realpath(options->hypervisor, NULL) : NULL;
    if (folder == NULL || (is_for_qemu && !qemu_can_read(system->arch, folder))) {
        diag_error(options->output, 0, "can't be used as a folder%s",
                   folder != NULL ? ": QEMU can't load modules from one of that name" : "");
    } else if (options->hypervisor != NULL && hypervisor == NULL) {
        diag_error(options->hypervisor, 0, "hypervisor: %s", strerror(errno));
    } else {
        map_make(system, &map);
        write_all(&(struct output){ system, options, &map, folder, hypervisor });
        map_free(&map);
    }
    free(hypervisor);
    free(folder);
}
