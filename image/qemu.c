/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "process.h"

#define DUMP_SECONDS 30

/*
 * A CPU with SVM and all that QEMU emulates. Its TSC keeps its pace, which QEMU does not promise unless it is told to.
 */
#define PC_CPU "max,x-force-features=on,invtsc=on"

/* QEMU's own escape: a comma in a value is written twice. */
static char *double_commas(const char *text)
{
    char *out = diag_alloc(2 * strlen(text) + 1, 1);
    size_t length = 0;

    for (; *text != '\0'; text++) {
        out[length++] = *text;
        if (*text == ',') {
            out[length++] = ',';
        }
    }
    return out;
}

static bool is_virt(const char *machine)
{
    return strncmp(machine, "virt", 4) == 0 && (machine[4] == '\0' || machine[4] == ',' || machine[4] == '-');
}

void qemu_set(char **member, char *value)
{
    free(*member);
    *member = value;
}

void qemu_free(struct qemu_options *options)
{
    free(options->program);
    free(options->machine);
    free(options->cpu);
    free(options->smp);
    free(options->memory);
}

static void set_default(char **member, const char *value)
{
    if (*member == NULL) {
        *member = diag_strdup(value);
    }
}

/* The EL2 that a hypervisor needs. */
static bool complete_virt(struct qemu_options *options)
{
    static const char el2[] = ",virtualization=";
    const char *value = strstr(options->machine, el2);

    if (value == NULL) {
        qemu_set(&options->machine, diag_printf("%s%son", options->machine, el2));
        return true;
    }
    value += strlen(el2);
    if (strncmp(value, "on", 2) != 0 && strncmp(value, "true", 4) != 0 && strncmp(value, "yes", 3) != 0) {
        diag_error(DIAG_TOOL, 0, "--machine: without virtualization=on the board has no EL2 for a hypervisor");
        return false;
    }
    return true;
}

bool qemu_complete(enum arch arch, struct qemu_options *options)
{
    set_default(&options->cpu, arch == ARCH_X86_64 ? PC_CPU : "cortex-a57");
    set_default(&options->smp, "4");
    set_default(&options->memory, "2048");
    if (strstr(options->machine, "dumpdtb=") != NULL) {
        diag_error(DIAG_TOOL, 0, "--machine: dumpdtb is set by the tool itself");
        return false;
    }
    if (strspn(options->smp, "0") == strlen(options->smp)) {
        diag_error(DIAG_TOOL, 0, "--smp: a board has at least one CPU");
        return false;
    }
    return arch == ARCH_X86_64 || !is_virt(options->machine) || complete_virt(options);
}

void qemu_derive(struct qemu_options *options, const struct board *board)
{
    if (options->machine == NULL && board->is_qemu_virt) {
        options->machine = diag_printf("virt,gic-version=%u,virtualization=on", board->gic_version);
    }
    if (options->smp == NULL) {
        options->smp = diag_printf("%u", board->cpu_count);
    }
    if (options->memory == NULL) {
        options->memory = diag_printf("%lluK", (unsigned long long)(board->ram_size >> 10));
    }
    if (board->cpu_model[0] != '\0') {
        set_default(&options->cpu, board->cpu_model);
    }
}

static void add_machine(struct arguments *list, const struct qemu_options *options, const char *machine)
{
    arguments_add(list, "-nodefaults");
    arguments_add(list, "-display");
    arguments_add(list, "none");
    arguments_add(list, "-machine");
    arguments_add(list, machine);
    arguments_add(list, "-cpu");
    arguments_add(list, options->cpu);
    arguments_add(list, "-smp");
    arguments_add(list, options->smp);
    arguments_add(list, "-m");
    arguments_add(list, options->memory);
}

bool qemu_dump_tree(const struct qemu_options *options, const char *path)
{
    char *escaped = double_commas(path), *machine = diag_printf("%s,dumpdtb=%s", options->machine, escaped);
    struct arguments list = {.count = 0};
    char words[2048];
    bool good;
    int status;

    arguments_add(&list, options->program);
    add_machine(&list, options, machine);
    arguments_add(&list, "-S");
    status = process_run(&list, DUMP_SECONDS, words, sizeof(words));
    good = process_is_good(status);
    if (good && access(path, R_OK) == 0) {
        goto out;
    }
    process_quote(options->program, words);
    if (process_is_late(status)) {
        diag_error(DIAG_TOOL, 0, "--machine %s: QEMU has no device tree for it; give one by --board", options->machine);
    } else {
        diag_error(DIAG_TOOL, 0, "--machine %s: QEMU gave no device tree, see above", options->machine);
    }
    good = false;
out:
    arguments_free(&list);
    free(machine);
    free(escaped);
    return good;
}

static void add_loader(struct arguments *list, const char *folder, const struct module *module)
{
    char *path, *escaped, *value;

    if (module->file == NULL) {
        return;
    }
    path = diag_printf("%s/%s", folder, module->file->output);
    escaped = double_commas(path);
    value = diag_printf("loader,file=%s,addr=0x%llx,force-raw=on", escaped, (unsigned long long)module->address);
    arguments_add(list, "-device");
    arguments_add(list, value);
    free(value);
    free(escaped);
    free(path);
}

/* arm64: the tree, and each module at its address. */
static void add_placed(struct arguments *list, const struct system *system, const char *folder)
{
    char *tree = diag_printf("%s/" TREE_NAME, folder);
    unsigned i, kind;

    arguments_add(list, "-dtb");
    arguments_add(list, tree);
    for (i = 0; i < system->count; i++) {
        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            add_loader(list, folder, &system->partitions[i].module[kind]);
        }
    }
    free(tree);
}

/*
 * x86-64: a list of Multiboot modules, the tree first. QEMU splits it at commas that are not doubled, and takes what
 * follows a space for a module's arguments (QEMU, hw/i386/multiboot.c).
 */
static void add_listed(struct arguments *list, const struct system *system, const char *folder)
{
    char *escaped = double_commas(folder), *value = diag_printf("%s/" TREE_NAME, escaped);
    const struct module_file *file;
    unsigned number;

    for (number = 1; (file = module_number(system->files, number)) != NULL; number++) {
        qemu_set(&value, diag_printf("%s,%s/%s", value, escaped, file->output));
    }
    arguments_add(list, "-initrd");
    arguments_add(list, value);
    free(value);
    free(escaped);
}

bool qemu_can_read(enum arch arch, const char *folder)
{
    return strchr(folder, '\n') == NULL && (arch == ARCH_ARM64 || strchr(folder, ' ') == NULL);
}

/* For the shell: in single quotes, or as it is if that is safe. */
static void quote(FILE *out, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%";

    if (text[0] != '\0' && text[strspn(text, safe)] == '\0') {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            fputc(*text, out);
        }
    }
    fputc('\'', out);
}

static void print_args(FILE *out, const struct arguments *list)
{
    unsigned i;

    for (i = 0; i < list->count; i++) {
        fprintf(out, "%s\n", list->value[i]);
    }
}

/* An option and its value share a line. */
static void print_script(FILE *out, const struct qemu_options *options, const struct arguments *list, bool has_kernel)
{
    unsigned i;

    fputs("#!/bin/sh\n"
          "# Written by bulkhead-image. Starts the partitions under QEMU; further arguments are QEMU's.\n"
          "# Ctrl-] x leaves QEMU, Ctrl-] c switches to its monitor and back.\n",
          out);
    fputs("exec ", out);
    quote(out, options->program);
    for (i = 0; i < list->count; i++) {
        fputs(list->value[i][0] == '-' ? " \\\n    " : " ", out);
        quote(out, list->value[i]);
    }
    if (!has_kernel) {
        fputs(" \\\n    -kernel \"${HYPERVISOR:?set it to the path of the hypervisor}\"", out);
    }
    fputs(" \\\n    -chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console -echr 0x1d"
          " \\\n    \"$@\"\n",
          out);
}

static bool write_text(const char *folder, const char *name, unsigned mode, const char *text, size_t size)
{
    char *path = diag_printf("%s/%s", folder, name);
    const char *why = blob_write(path, text, size, mode);

    if (why != NULL) {
        diag_error(path, 0, "can't be written: %s", why);
    }
    free(path);
    return why == NULL;
}

bool qemu_write(const struct qemu_options *options, const struct system *system, const char *folder,
                const char *hypervisor)
{
    struct arguments list = {.count = 0};
    char *args_text = NULL, *script_text = NULL;
    size_t args_size = 0, script_size = 0;
    FILE *args, *script;
    bool good = false;

    add_machine(&list, options, options->machine);
    if (hypervisor != NULL) {
        arguments_add(&list, "-kernel");
        arguments_add(&list, hypervisor);
    }
    if (system->arch == ARCH_X86_64) {
        add_listed(&list, system, folder);
    } else {
        add_placed(&list, system, folder);
    }
    args = open_memstream(&args_text, &args_size);
    script = open_memstream(&script_text, &script_size);
    if (args == NULL || script == NULL) {
        diag_error(DIAG_TOOL, 0, "out of memory");
    } else {
        print_args(args, &list);
        print_script(script, options, &list, hypervisor != NULL);
    }
    /* fclose() completes the text of a memory stream. */
    if (args != NULL && script != NULL && fclose(args) == 0 && fclose(script) == 0) {
        good = write_text(folder, "qemu.args", 0666, args_text, args_size) &&
               write_text(folder, "run-qemu.sh", 0777, script_text, script_size);
    }
    free(args_text);
    free(script_text);
    arguments_free(&list);
    return good;
}
