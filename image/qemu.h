/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU: asked for the device tree of a machine, and given the command line that starts the result.
 */
#ifndef BH_IMAGE_QEMU_H
#define BH_IMAGE_QEMU_H

#include "system.h"

/* Strings of its own, see qemu_set(); `program` is never NULL. */
struct qemu_options {
    char *program;
    char *machine; /* as for -machine; NULL: none known, so no command line */
    char *cpu;     /* as for -cpu, -smp and -m */
    char *smp;
    char *memory;
};

/* Replaces a member by `value`, which is the member's from then on. */
void qemu_set(char **member, char *value);
void qemu_free(struct qemu_options *options);

/*
 * Makes the options of a machine of `arch` complete: what is NULL gets a default, and a "virt" machine the EL2 that a
 * hypervisor needs. Reports what can't work; true if there was nothing.
 */
bool qemu_complete(enum arch arch, struct qemu_options *options);

/*
 * Fills in what is NULL from the tree of a board: the machine only if the tree is that of QEMU's "virt", CPU model
 * and sizes if there is a machine.
 */
void qemu_derive(struct qemu_options *options, const struct board *board);

/*
 * Runs QEMU (at most half a minute) until it has written the machine's device tree to `path`. Reports what goes
 * wrong, with QEMU's own words; true on success.
 */
bool qemu_dump_tree(const struct qemu_options *options, const char *path);

/* Can QEMU be told to load modules from `folder`? A space in its name is too much for a Multiboot module. */
bool qemu_can_read(enum arch arch, const char *folder);

/*
 * Writes `folder`/qemu.args (one argument a line, console left to the caller), and `folder`/run-qemu.sh (with a
 * console, for people). `folder` is absolute; `hypervisor` may be NULL.
 */
bool qemu_write(const struct qemu_options *options, const struct system *system, const char *folder,
                const char *hypervisor);

#endif
