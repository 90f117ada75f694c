/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line.
 */
#ifndef BH_IMAGE_OPTIONS_H
#define BH_IMAGE_OPTIONS_H

#include "qemu.h"
#include "schedule.h"

struct options {
    enum arch arch;
    bool has_arch, is_check, is_explain; /* --arch, --check, --explain */
    const char *output;
    const char *board;
    const char *bootargs;
    const char *hypervisor;
    const char *iso;
    const char *uboot_script;
    const char *fit;
    const char *systems[SCHEDULE_LIMIT];
    unsigned system_count;
    struct qemu_options qemu;
};

/* Reads the options; what is no option is behind `optind` then. Ends the program for --help, --version and mistakes. */
void options_parse(int argc, char **argv, struct options *out);

/* False: it is the name of no architecture. */
bool options_parse_arch(const char *text, enum arch *out);
/* Sets a string of struct qemu_options that is NULL. */
void options_default(char **member, const char *text);

/*
 * Checks that they make sense together, for `domain_count` files, and chooses QEMU's program. Reports through diag.h; true if
 * they do.
 */
bool options_check(struct options *options, int domain_count);

#endif
