/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"

#define DUMP_SECONDS   30
#define ARGUMENT_LIMIT (32 + 2 * CONFIG_DOMAIN_LIMIT * MODULE_KIND_COUNT)

struct arguments {
    char *value[ARGUMENT_LIMIT + 1];
    unsigned count;
};

static void add(struct arguments *list, const char *text)
{
    if (list->count < ARGUMENT_LIMIT) {
        list->value[list->count++] = diag_strdup(text);
    }
}

static void free_arguments(struct arguments *list)
{
    unsigned i;

    for (i = 0; i < list->count; i++) {
        free(list->value[i]);
    }
}

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

bool qemu_complete(struct qemu_options *options)
{
    static const char el2[] = ",virtualization=";
    const char *value = strstr(options->machine, el2);

    set_default(&options->cpu, "cortex-a57");
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
    if (!is_virt(options->machine)) {
        return true;
    }
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
    add(list, "-nodefaults");
    add(list, "-display");
    add(list, "none");
    add(list, "-machine");
    add(list, machine);
    add(list, "-cpu");
    add(list, options->cpu);
    add(list, "-smp");
    add(list, options->smp);
    add(list, "-m");
    add(list, options->memory);
}

/* The child's side of running QEMU: its words go into the pipe. Never returns. */
static void become_qemu(char *const *argv, int words)
{
    static const char failed[] = "can't be started\n";
    ssize_t ignored;

    dup2(words, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    /* A machine without a tree of its own would wait for ever; an alarm outlives execvp(). */
    alarm(DUMP_SECONDS);
    execvp(argv[0], argv);
    ignored = write(words, failed, sizeof(failed) - 1);
    (void)ignored;
    _exit(127);
}

/* Runs `argv`; returns its wait status, or -1. Up to `size` - 1 bytes of what it says end up in `words`. */
static int run(char *const *argv, char *words, size_t size)
{
    int pipes[2], status = -1;
    size_t length = 0;
    ssize_t got;
    pid_t child;
    char rest[512];

    if (pipe(pipes) != 0) {
        return -1;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        close(pipes[0]);
        become_qemu(argv, pipes[1]);
    }
    close(pipes[1]);
    if (child > 0) {
        do {
            bool full = length + 1 >= size;

            got = read(pipes[0], full ? rest : words + length, full ? sizeof(rest) : size - 1 - length);
            length += got > 0 && !full ? (size_t)got : 0;
        } while (got > 0 || (got < 0 && errno == EINTR));
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(pipes[0]);
    words[length] = '\0';
    return status;
}

bool qemu_dump_tree(const struct qemu_options *options, const char *path)
{
    char *escaped = double_commas(path), *machine = diag_printf("%s,dumpdtb=%s", options->machine, escaped);
    struct arguments list = {.count = 0};
    char words[2048], *line, *next = NULL;
    bool good;
    int status;

    add(&list, options->program);
    add_machine(&list, options, machine);
    add(&list, "-S");
    status = run(list.value, words, sizeof(words));
    good = status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (good && access(path, R_OK) == 0) {
        goto out;
    }
    for (line = strtok_r(words, "\n", &next); line != NULL; line = strtok_r(NULL, "\n", &next)) {
        diag_note(options->program, 0, "%s", line);
    }
    if (!good && status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        diag_error(DIAG_TOOL, 0, "--machine %s: QEMU has no device tree for it; give one by --board", options->machine);
    } else {
        diag_error(DIAG_TOOL, 0, "--machine %s: QEMU gave no device tree, see above", options->machine);
    }
    good = false;
out:
    free_arguments(&list);
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
    add(list, "-device");
    add(list, value);
    free(value);
    free(escaped);
    free(path);
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

bool qemu_write(const struct qemu_options *options, const char *folder, const char *hypervisor, const char *tree,
                const struct partition *partitions, unsigned count)
{
    struct arguments list = {.count = 0};
    char *args_text = NULL, *script_text = NULL;
    size_t args_size = 0, script_size = 0;
    FILE *args, *script;
    unsigned i, kind;
    bool good = false;

    add_machine(&list, options, options->machine);
    add(&list, "-dtb");
    add(&list, tree);
    if (hypervisor != NULL) {
        add(&list, "-kernel");
        add(&list, hypervisor);
    }
    for (i = 0; i < count; i++) {
        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            add_loader(&list, folder, &partitions[i].module[kind]);
        }
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
    free_arguments(&list);
    return good;
}
