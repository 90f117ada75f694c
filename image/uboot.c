/* SPDX-License-Identifier: Apache-2.0 */
#include "uboot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "process.h"

#define PROGRAM      "mkimage"
#define MAKE_SECONDS 120

typedef unsigned long long number; /* for printf() */

uint64_t uboot_image_address(const struct system *system)
{
    uint64_t offset = system->hypervisor.data != NULL ? system->hypervisor_info.text_offset : 0;

    /* As QEMU does, so that the same room is kept. */
    return system->placement.hypervisor.start + (offset < 4096 ? PLACE_ALIGN : offset);
}

uint64_t uboot_fit_address(const struct map *map, uint64_t size)
{
    for (unsigned i = 0; i < map->memory_count; i++) {
        const struct map_range *r = &map->memory[i];
        uint64_t start = (r->start + PLACE_ALIGN - 1) & ~(PLACE_ALIGN - 1);

        if (r->kind == MAP_FREE && start - r->start < r->size && size <= r->size - (start - r->start)) {
            return start;
        }
    }
    return 0;
}

/* ---- The script ---- */

static void print_load(FILE *out, uint64_t address, const char *name)
{
    fprintf(out, "load ${devtype} ${bulkhead_from} 0x%llx ${prefix}%s && ", (number)address, name);
}

/* Req: BH-TOOL-034 */
void uboot_print_script(const struct system *system, FILE *out)
{
    fputs("# Written by bulkhead-image, for U-Boot on arm64 at EL2. In the output folder:\n"
          "#   mkimage -A arm64 -T script -C none -d " UBOOT_SCRIPT " boot.scr\n"
          "# The files are beside it on the disk, the hypervisor as '" UBOOT_HYPERVISOR "'. Where that is, U-Boot's own search\n"
          "# for scripts says; otherwise: the first virtio disk.\n"
          "test -n \"${devtype}\" || setenv devtype virtio\n"
          "test -n \"${devnum}\" || setenv devnum 0\n"
          "setenv bulkhead_from ${devnum}\n"
          "test -n \"${distro_bootpart}\" && setenv bulkhead_from ${devnum}:${distro_bootpart}\n"
          "# The device tree stays where it is.\n"
          "setenv fdt_high 0xffffffffffffffff\n",
          out);
    for (unsigned i = 0; i < system->count; i++) {
        for (unsigned kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            const struct module *m = &system->partitions[i].module[kind];

            if (m->file != NULL) {
                print_load(out, m->address, m->file->output);
            }
        }
    }
    print_load(out, system->placement.tree.start, TREE_NAME);
    print_load(out, uboot_image_address(system), UBOOT_HYPERVISOR);
    fprintf(out, "booti 0x%llx - 0x%llx\n", (number)uboot_image_address(system), (number)system->placement.tree.start);
}

/* ---- The FIT ---- */

/* A string of a device tree's source. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_image(FILE *out, const char *name, const char *path, const char *type, uint64_t address, bool has_entry)
{
    fprintf(out, "        %s {\n            description = ", name);
    print_quoted(out, strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path);
    fputs(";\n            data = /incbin/(", out);
    print_quoted(out, path);
    fprintf(out, ");\n            type = \"%s\";\n            arch = \"arm64\";\n            os = \"linux\";\n"
            "            compression = \"none\";\n            load = <0x%llx 0x%llx>;\n", type, (number)address >> 32,
            (number)address & 0xffffffff);
    if (has_entry) {
        fprintf(out, "            entry = <0x%llx 0x%llx>;\n", (number)address >> 32, (number)address & 0xffffffff);
    }
    fputs("            hash-1 {\n                algo = \"sha256\";\n            };\n        };\n", out);
}

/* Req: BH-TOOL-034 */
void uboot_print_fit(const struct system *system, const char *hypervisor, FILE *out)
{
    unsigned count = 0;

    fputs("/* Written by bulkhead-image. In the output folder: mkimage -f " UBOOT_FIT " bulkhead.itb */\n"
          "/dts-v1/;\n\n/ {\n    description = \"Bulkhead and its partitions\";\n    #address-cells = <2>;\n\n"
          "    images {\n",
          out);
    print_image(out, "hypervisor", hypervisor, "kernel", uboot_image_address(system), true);
    print_image(out, "tree", TREE_NAME, "flat_dt", system->placement.tree.start, false);
    for (unsigned i = 0; i < system->count; i++) {
        for (unsigned kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            const struct module *m = &system->partitions[i].module[kind];
            char name[32];

            if (m->file != NULL) {
                snprintf(name, sizeof(name), "module-%u", ++count);
                print_image(out, name, m->file->output, "firmware", m->address, false);
            }
        }
    }
    fputs("    };\n\n    configurations {\n        default = \"partitions\";\n\n        partitions {\n"
          "            description = \"All of them\";\n            kernel = \"hypervisor\";\n            fdt = \"tree\";\n"
          "            loadables = ",
          out);
    for (unsigned i = 1; i <= count; i++) {
        fprintf(out, "%s\"module-%u\"", i == 1 ? "" : ", ", i);
    }
    fputs(";\n        };\n    };\n};\n", out);
}

/* ---- mkimage ---- */

/* Runs it; what it makes has another name until it is complete. */
static bool make(struct arguments *list, const char *temporary, const char *path)
{
    char words[4096];
    int status = process_run(list, MAKE_SECONDS, words, sizeof(words));
    bool good = process_is_good(status);

    if (!good) {
        process_quote(PROGRAM, words);
        diag_error(path, 0, "can't be made: " PROGRAM " %s",
                   process_is_late(status) ? "takes too long" : "failed, see above");
    } else if (rename(temporary, path) != 0) {
        diag_error(path, 0, "can't be written: %s", strerror(errno));
        good = false;
    }
    if (!good) {
        unlink(temporary);
    }
    return good;
}

bool uboot_make_script(const char *folder, const char *path)
{
    static const char *const options[] = { PROGRAM, "-A", "arm64", "-T", "script", "-C", "none", "-n", "Bulkhead", "-d" };
    char *temporary = diag_printf("%s.new", path), *source = diag_printf("%s/" UBOOT_SCRIPT, folder);
    struct arguments list = { .count = 0 };
    bool good;

    for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        arguments_add(&list, options[i]);
    }
    arguments_add(&list, source);
    arguments_add(&list, temporary);
    good = make(&list, temporary, path);
    arguments_free(&list);
    free(temporary);
    free(source);
    return good;
}

/* The paths in the source are those of the output folder, where dtc looks for them beside the source itself. */
bool uboot_make_fit(const char *folder, const char *path)
{
    /* mkimage itself starts dtc by a shell, and puts names between double quotes. */
    static const char harmful[] = "\"$`\\";
    char *temporary = diag_printf("%s.new", path), *source = diag_printf("%s/" UBOOT_FIT, folder);
    struct arguments list = { .count = 0 };
    bool good = strpbrk(folder, harmful) == NULL && strpbrk(path, harmful) == NULL;

    if (!good) {
        diag_error(path, 0, "can't be made: " PROGRAM " takes no name with one of %s", harmful);
        free(temporary);
        free(source);
        return false;
    }
    arguments_add(&list, PROGRAM);
    arguments_add(&list, "-f");
    arguments_add(&list, source);
    arguments_add(&list, temporary);
    good = make(&list, temporary, path);
    arguments_free(&list);
    free(temporary);
    free(source);
    return good;
}
