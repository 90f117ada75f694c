/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulkhead-image: a system's description in, what a boot loader needs out. First everything is read and checked;
 * then everything is written. See docs/bulkhead-image.1.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpus.h"
#include "diag.h"
#include "fdt_out.h"
#include "place.h"
#include "qemu.h"

#ifndef BULKHEAD_VERSION
#define BULKHEAD_VERSION "unknown"
#endif

#define TREE_NAME "bulkhead.dtb"

struct options {
    const char *output;
    const char *board;
    const char *bootargs;
    const char *hypervisor;
    struct qemu_options qemu;
};

/* All that is read and decided; freed as a whole. */
struct system {
    struct board board;
    struct partition *partitions;
    unsigned count;
    struct module_file *files;
    struct blob hypervisor;
    struct kernel_info hypervisor_info;
    struct placement placement;
    struct blob tree;
};

static const char help_text[] =
    "usage: bulkhead-image -o DIR (--board FILE.dtb | --machine MACHINE) [option]... DOMAIN.cfg...\n"
    "\n"
    "Turns xl domain configuration files into a device tree with Xen's dom0less partitions, their kernels and\n"
    "ramdisks placed in memory, and a QEMU command line that boots them.\n"
    "\n"
    "  -o, --output DIR       folder for the results; it is made if it does not exist\n"
    "  -b, --board FILE.dtb   the board, as a device tree\n"
    "  -M, --machine MACHINE  the board, as QEMU's -machine takes it: virt,gic-version=3\n"
    "      --smp N            CPUs of that machine (4)\n"
    "      --memory SIZE      its RAM, in MiB or with a suffix: 2048, 4G (2048)\n"
    "      --cpu MODEL        its CPU model (cortex-a57)\n"
    "      --hypervisor FILE  the hypervisor's image: QEMU gets it as -kernel, and its size is known\n"
    "      --bootargs STRING  the hypervisor's command line\n"
    "      --qemu PROGRAM     the QEMU to ask and to start (qemu-system-aarch64)\n"
    "      --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Keys of a domain configuration: name, kernel, ramdisk, extra, cmdline, memory, vcpus, cpus, cpu_weight, vuart.\n"
    "The exit status is 0, or 1 if anything was refused. See bulkhead-image(1).\n";

enum long_option {
    OPTION_SMP = 256,
    OPTION_MEMORY,
    OPTION_CPU,
    OPTION_HYPERVISOR,
    OPTION_BOOTARGS,
    OPTION_QEMU,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"board", required_argument, NULL, 'b'},
    {"machine", required_argument, NULL, 'M'},
    {"smp", required_argument, NULL, OPTION_SMP},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"hypervisor", required_argument, NULL, OPTION_HYPERVISOR},
    {"bootargs", required_argument, NULL, OPTION_BOOTARGS},
    {"qemu", required_argument, NULL, OPTION_QEMU},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Ends the program for --help, --version and what getopt refuses. */
static void parse_options(int argc, char **argv, struct options *out)
{
    int option;

    out->qemu.program = diag_strdup("qemu-system-aarch64");
    while ((option = getopt_long(argc, argv, "o:b:M:", long_options, NULL)) != -1) {
        switch (option) {
        case 'o':
            out->output = optarg;
            break;
        case 'b':
            out->board = optarg;
            break;
        case 'M':
            qemu_set(&out->qemu.machine, diag_strdup(optarg));
            break;
        case OPTION_SMP:
            qemu_set(&out->qemu.smp, diag_strdup(optarg));
            break;
        case OPTION_MEMORY:
            qemu_set(&out->qemu.memory, diag_strdup(optarg));
            break;
        case OPTION_CPU:
            qemu_set(&out->qemu.cpu, diag_strdup(optarg));
            break;
        case OPTION_HYPERVISOR:
            out->hypervisor = optarg;
            break;
        case OPTION_BOOTARGS:
            out->bootargs = optarg;
            break;
        case OPTION_QEMU:
            qemu_set(&out->qemu.program, diag_strdup(optarg));
            break;
        case OPTION_HELP:
            fputs(help_text, stdout);
            exit(0);
        case OPTION_VERSION:
            puts("bulkhead-image (Bulkhead) " BULKHEAD_VERSION);
            exit(0);
        default:
            fputs("bulkhead-image --help lists the options.\n", stderr);
            exit(1);
        }
    }
}

static bool check_options(const struct options *options, int domain_count)
{
    if (options->output == NULL) {
        diag_error(DIAG_TOOL, 0, "no output folder: -o DIR is missing");
    }
    if (options->board == NULL && options->qemu.machine == NULL) {
        diag_error(DIAG_TOOL, 0, "no board: --board FILE.dtb or --machine MACHINE is missing");
    }
    if (options->board != NULL && (options->qemu.smp != NULL || options->qemu.memory != NULL)) {
        diag_error(DIAG_TOOL, 0, "--smp and --memory can't change the board that --board describes");
    }
    if (domain_count == 0) {
        diag_error(DIAG_TOOL, 0, "no domain configuration file");
    } else if (domain_count > CONFIG_DOMAIN_LIMIT) {
        diag_error(DIAG_TOOL, 0, "more than %d domain configuration files", CONFIG_DOMAIN_LIMIT);
    }
    return diag_error_count() == 0;
}

static void read_partitions(struct system *system, char **files, unsigned count)
{
    unsigned i, j;

    system->partitions = diag_alloc(count, sizeof(system->partitions[0]));
    system->count = count;
    for (i = 0; i < count; i++) {
        struct domain_config *config = &system->partitions[i].config;

        if (config_read(files[i], config)) {
            module_read_all(&system->partitions[i], &system->files);
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

static void read_hypervisor(struct system *system, const char *file)
{
    const char *why = blob_read(file, BLOB_LIMIT, &system->hypervisor);

    if (why == NULL) {
        why = kernel_recognise(&system->hypervisor, &system->hypervisor_info);
    }
    if (why == NULL && strcmp(system->hypervisor_info.kind, "Image") != 0) {
        why = "is no arm64 Image";
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

    if (!qemu_complete(&options->qemu)) {
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
    return options->qemu.machine == NULL || qemu_complete(&options->qemu);
}

/* Everything that can be refused; afterwards only writing can fail. */
static bool decide(struct system *system, struct options *options)
{
    struct fdt_options fdt = {options->bootargs, options->board == NULL};
    struct blob draft;

    if (options->hypervisor != NULL) {
        read_hypervisor(system, options->hypervisor);
    }
    if (!read_board(system, options)) {
        return false;
    }
    cpus_check(&system->board, system->partitions, system->count);
    /* The tree names the modules' addresses, and its own size decides where they can be: so it is built twice. */
    if (diag_error_count() != 0 || !fdt_out_build(&system->board, &fdt, system->partitions, system->count, &draft)) {
        return false;
    }
    place_all(&system->board, options->hypervisor != NULL ? &system->hypervisor_info : NULL, draft.size,
              system->partitions, system->count, &system->placement);
    blob_free(&draft);
    return diag_error_count() == 0 &&
           fdt_out_build(&system->board, &fdt, system->partitions, system->count, &system->tree);
}

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

static void print_summary(const struct system *system, const struct options *options, const char *folder)
{
    unsigned i, kind;

    printf("%s: %u partition%s for %s (%u CPUs, %llu MiB, GICv%u); %llu MiB of RAM left\n", folder, system->count,
           system->count == 1 ? "" : "s", system->board.file, system->board.cpu_count,
           (unsigned long long)(system->board.ram_size >> 20), system->board.gic_version,
           (unsigned long long)(system->placement.left >> 20));
    print_range("hypervisor", system->placement.hypervisor.start, system->placement.hypervisor.size);
    print_range(TREE_NAME, system->placement.tree.start, system->tree.size);
    for (i = 0; i < system->count; i++) {
        for (kind = 0; kind < MODULE_KIND_COUNT; kind++) {
            const struct module *module = &system->partitions[i].module[kind];

            if (module->file != NULL) {
                print_range(module->file->output, module->address, module->file->blob.size);
            }
        }
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

static void write_all(struct system *system, const struct options *options)
{
    char *folder, *hypervisor = NULL, *tree;
    const struct module_file *file;

    if (!make_folder(options->output)) {
        return;
    }
    folder = realpath(options->output, NULL);
    if (folder == NULL || strchr(folder, '\n') != NULL) {
        diag_error(options->output, 0, "can't be used as a folder");
        free(folder);
        return;
    }
    for (file = system->files; file != NULL; file = file->next) {
        write_file(folder, file->output, &file->blob);
    }
    write_file(folder, TREE_NAME, &system->tree);
    if (options->qemu.machine != NULL) {
        hypervisor = options->hypervisor != NULL ? realpath(options->hypervisor, NULL) : NULL;
        tree = diag_printf("%s/" TREE_NAME, folder);
        qemu_write(&options->qemu, folder, hypervisor, tree, system->partitions, system->count);
        free(tree);
        free(hypervisor);
    }
    if (diag_error_count() == 0) {
        print_summary(system, options, folder);
        if (options->qemu.machine != NULL) {
            print_script(folder);
        }
    }
    free(folder);
}

static void free_system(struct system *system)
{
    unsigned i;

    for (i = 0; i < system->count; i++) {
        config_free(&system->partitions[i].config);
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

    parse_options(argc, argv, &options);
    if (check_options(&options, argc - optind)) {
        read_partitions(&system, argv + optind, (unsigned)(argc - optind));
        if (decide(&system, &options)) {
            write_all(&system, &options);
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
