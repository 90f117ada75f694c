/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

#ifndef BULKHEAD_VERSION
#define BULKHEAD_VERSION "unknown"
#endif

static const char help_text[] =
    "usage: bulkhead-image -o DIR (--board FILE.dtb | --machine MACHINE) [option]... DOMAIN.cfg...\n"
    "       bulkhead-image -o DIR --arch x86_64 [option]... DOMAIN.cfg...\n"
    "\n"
    "Turns xl domain configuration files into a device tree with Xen's dom0less partitions, their kernels and\n"
    "ramdisks, placed in memory or in a boot loader's list, and a QEMU command line that boots them.\n"
    "\n"
    "  -o, --output DIR       folder for the results; it is made if it does not exist\n"
    "  -a, --arch ARCH        arm64 or x86_64 (arm64)\n"
    "  -b, --board FILE.dtb   the board, as a device tree (arm64)\n"
    "  -M, --machine MACHINE  the board, as QEMU's -machine takes it: virt,gic-version=3; q35\n"
    "      --smp N            CPUs of that machine (4)\n"
    "      --memory SIZE      its RAM, in MiB or with a suffix: 2048, 4G (2048)\n"
    "      --cpu MODEL        its CPU model (cortex-a57; x86_64: max)\n"
    "      --hypervisor FILE  the hypervisor's image: QEMU gets it as -kernel, and its size is known\n"
    "      --bootargs STRING  the hypervisor's command line\n"
    "      --qemu PROGRAM     the QEMU to ask and to start (qemu-system-aarch64, qemu-system-x86_64)\n"
    "      --system FILE      what is no partition's own: board, schedule, channels, policy; up to 8 times\n"
    "      --check            only says what is wrong, each side of a conflict with file and line\n"
    "      --explain          says what the hypervisor will do, step by step, and how much memory is left\n"
    "      --iso FILE.iso     makes a bootable ISO image by grub-mkrescue (x86_64)\n"
    "      --uboot-script FILE.scr\n"
    "                         makes a script for U-Boot by mkimage (arm64)\n"
    "      --fit FILE.itb     makes a FIT image for U-Boot by mkimage: all in one file (arm64)\n"
    "      --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Keys of a domain configuration: name, kernel, ramdisk, extra, cmdline, memory, vcpus, cpus, cpu_weight, vuart,\n"
    "on_poweroff, on_reboot, on_crash, on_watchdog, restart_limit, static_memory, direct_map, shared_memory, device_tree,\n"
    "dtdev, iomem, ioports, irqs, llc_colors, nodes, watchdog, ready, after, after_timeout, after_action.\n"
    "Of a system file: arch, board, machine, smp, ram, cpu, hypervisor, bootargs, schedule_cpus, schedule_frame, schedule,\n"
    "channels, allow, serve, forbid, shared_memory, llc_size, llc_ways, xen_llc_colors.\n"
    "The exit status is 0, or 1 if anything was refused. See bulkhead-image(1).\n";

enum long_option {
    OPTION_SMP = 256,
    OPTION_MEMORY,
    OPTION_CPU,
    OPTION_HYPERVISOR,
    OPTION_BOOTARGS,
    OPTION_QEMU,
    OPTION_ISO,
    OPTION_UBOOT_SCRIPT,
    OPTION_FIT,
    OPTION_SYSTEM,
    OPTION_CHECK,
    OPTION_EXPLAIN,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"arch", required_argument, NULL, 'a'},
    {"output", required_argument, NULL, 'o'},
    {"board", required_argument, NULL, 'b'},
    {"machine", required_argument, NULL, 'M'},
    {"smp", required_argument, NULL, OPTION_SMP},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"hypervisor", required_argument, NULL, OPTION_HYPERVISOR},
    {"bootargs", required_argument, NULL, OPTION_BOOTARGS},
    {"qemu", required_argument, NULL, OPTION_QEMU},
    {"iso", required_argument, NULL, OPTION_ISO},
    {"uboot-script", required_argument, NULL, OPTION_UBOOT_SCRIPT},
    {"fit", required_argument, NULL, OPTION_FIT},
    {"system", required_argument, NULL, OPTION_SYSTEM},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"explain", no_argument, NULL, OPTION_EXPLAIN},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

bool options_parse_arch(const char *text, enum arch *out)
{
    bool is_x86 = strcmp(text, "x86_64") == 0;

    *out = is_x86 ? ARCH_X86_64 : ARCH_ARM64;
    return is_x86 || strcmp(text, "arm64") == 0;
}

void options_default(char **member, const char *text)
{
    if (*member == NULL) {
        *member = diag_strdup(text);
    }
}

void options_parse(int argc, char **argv, struct options *out)
{
    int option;

    while ((option = getopt_long(argc, argv, "a:o:b:M:", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            out->has_arch = true;
            if (!options_parse_arch(optarg, &out->arch)) {
                diag_error(DIAG_TOOL, 0, "--arch %s: expected arm64 or x86_64", optarg);
            }
            break;
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
        case OPTION_ISO:
            out->iso = optarg;
            break;
        case OPTION_UBOOT_SCRIPT:
            out->uboot_script = optarg;
            break;
        case OPTION_FIT:
            out->fit = optarg;
            break;
        case OPTION_SYSTEM:
            if (out->system_count == SCHEDULE_LIMIT) {
                diag_error(DIAG_TOOL, 0, "more than %d system files", SCHEDULE_LIMIT);
            } else {
                out->systems[out->system_count++] = optarg;
            }
            break;
        case OPTION_CHECK:
            out->is_check = true;
            break;
        case OPTION_EXPLAIN:
            out->is_explain = true;
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

static void check_arm64(const struct options *options)
{
    if (options->board == NULL && options->qemu.machine == NULL) {
        diag_error(DIAG_TOOL, 0, "no board: --board FILE.dtb or --machine MACHINE is missing");
    }
    if (options->board != NULL && (options->qemu.smp != NULL || options->qemu.memory != NULL)) {
        diag_error(DIAG_TOOL, 0, "--smp and --memory can't change the board that --board describes");
    }
    if (options->iso != NULL) {
        diag_error(DIAG_TOOL, 0, "--iso is for --arch x86_64 only");
    }
    if (options->fit != NULL && options->hypervisor == NULL) {
        diag_error(DIAG_TOOL, 0, "--fit: --hypervisor FILE is missing");
    }
}

static void check_x86_64(const struct options *options)
{
    const struct qemu_options *qemu = &options->qemu;

    if (options->board != NULL) {
        diag_error(DIAG_TOOL, 0, "--board is for arm64: on x86_64 the boot loader and ACPI say what the board has");
    }
    if (qemu->machine == NULL && (qemu->smp != NULL || qemu->memory != NULL || qemu->cpu != NULL)) {
        diag_error(DIAG_TOOL, 0, "--smp, --memory and --cpu mean nothing without --machine");
    }
    if (options->fit != NULL || options->uboot_script != NULL) {
        diag_error(DIAG_TOOL, 0, "--fit and --uboot-script are for --arch arm64 only");
    }
    if (options->iso != NULL && options->hypervisor == NULL) {
        diag_error(DIAG_TOOL, 0, "--iso: --hypervisor FILE is missing");
    }
}

bool options_check(struct options *options, int domain_count)
{
    options_default(&options->qemu.program,
                    options->arch == ARCH_X86_64 ? "qemu-system-x86_64" : "qemu-system-aarch64");
    if (options->output == NULL && (options->iso != NULL || options->fit != NULL || options->uboot_script != NULL)) {
        diag_error(DIAG_TOOL, 0, "no output folder: -o DIR is missing, which images are made from");
    } else if (options->output == NULL && !options->is_check && !options->is_explain) {
        diag_error(DIAG_TOOL, 0, "no output folder: -o DIR is missing");
    }
    if (options->arch == ARCH_X86_64) {
        check_x86_64(options);
    } else {
        check_arm64(options);
    }
    if (domain_count == 0) {
        diag_error(DIAG_TOOL, 0, "no domain configuration file");
    } else if (domain_count > CONFIG_DOMAIN_LIMIT) {
        diag_error(DIAG_TOOL, 0, "more than %d domain configuration files", CONFIG_DOMAIN_LIMIT);
    }
    return diag_error_count() == 0;
}
