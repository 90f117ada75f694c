/* SPDX-License-Identifier: Apache-2.0 */
#include "grub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "process.h"

#define PROGRAM     "grub-mkrescue"
#define ISO_SECONDS 120
#define CONFIG_NAME "grub.cfg"
#define BOOT_FOLDER "/boot"
#define HYPERVISOR  "bulkhead"

/* Names have no character that GRUB would take for its own, see check_name() in config.c. */
static void print_config(const struct system *system, FILE *out)
{
    const struct module_file *file;
    unsigned number;

    fputs("# Written by bulkhead-image, for GRUB 2 on x86-64: the files are in " BOOT_FOLDER ".\n"
          "# The order counts: the device tree names the modules by their number. They are handed on as they are.\n"
          "set timeout=0\n"
          "menuentry \"Bulkhead\" {\n"
          "    multiboot2 " BOOT_FOLDER "/" HYPERVISOR "\n"
          "    module2 --nounzip " BOOT_FOLDER "/" TREE_NAME "\n",
          out);
    for (number = 1; (file = module_number(system->files, number)) != NULL; number++) {
        fprintf(out, "    module2 --nounzip " BOOT_FOLDER "/%s\n", file->output);
    }
    fputs("}\n", out);
}

/* Req: BH-TOOL-015 */
bool grub_write(const struct system *system, const char *folder)
{
    char *path = diag_printf("%s/" CONFIG_NAME, folder), *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *why = "out of memory";

    if (out != NULL) {
        print_config(system, out);
        /* fclose() completes the text of a memory stream. */
        why = fclose(out) == 0 ? blob_write(path, text, size, 0666) : why;
    }
    if (why != NULL) {
        diag_error(path, 0, "can't be written: %s", why);
    }
    free(text);
    free(path);
    return why == NULL;
}

/* xorriso's own escape in TARGET=SOURCE: a backslash before each of these. */
static void add_file(struct arguments *list, const char *target, const char *source)
{
    char *argument = diag_alloc(strlen(target) + 2 * strlen(source) + 2, 1), *end = stpcpy(argument, target);

    *end++ = '=';
    for (; *source != '\0'; source++) {
        if (*source == '=' || *source == '\\') {
            *end++ = '\\';
        }
        *end++ = *source;
    }
    arguments_add(list, argument);
    free(argument);
}

static void add_output(struct arguments *list, const char *target, const char *folder, const char *name)
{
    char *full_target = diag_printf("%s/%s", target, name), *source = diag_printf("%s/%s", folder, name);

    add_file(list, full_target, source);
    free(source);
    free(full_target);
}

/* Req: BH-TOOL-015 */
bool grub_make_iso(const struct system *system, const char *folder, const char *hypervisor, const char *path)
{
    struct arguments list = {.count = 0};
    char *temporary = diag_printf("%s.new", path), words[4096];
    const struct module_file *file;
    bool good;
    int status;

    arguments_add(&list, PROGRAM);
    arguments_add(&list, "-o");
    arguments_add(&list, temporary);
    add_output(&list, BOOT_FOLDER "/grub", folder, CONFIG_NAME);
    add_file(&list, BOOT_FOLDER "/" HYPERVISOR, hypervisor);
    add_output(&list, BOOT_FOLDER, folder, TREE_NAME);
    for (file = system->files; file != NULL; file = file->next) {
        add_output(&list, BOOT_FOLDER, folder, file->output);
    }
    status = process_run(&list, ISO_SECONDS, words, sizeof(words));
    good = process_is_good(status);
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
    arguments_free(&list);
    free(temporary);
    return good;
}
