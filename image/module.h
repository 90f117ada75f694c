/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules: the kernel and ramdisk files of the partitions, read and checked, and later placed in the board's RAM.
 */
#ifndef BH_IMAGE_MODULE_H
#define BH_IMAGE_MODULE_H

#include "config.h"
#include "kernel.h"

enum module_kind {
    MODULE_KERNEL,
    MODULE_RAMDISK,
    MODULE_KIND_COUNT,
};

/* A file, read once however many partitions use it as the same kind. */
struct module_file {
    const char *path; /* as written in the configuration */
    enum module_kind kind;
    struct blob blob;        /* a kernel is unpacked here */
    struct kernel_info info; /* of a kernel */
    char *output;            /* its name in the output folder */
    char *why;               /* the reason why it can't be used, or NULL */
    struct module_file *next;
};

/* Addresses before placing differ from each other and are the longest to write: a draft of the tree is no smaller. */
#define MODULE_NOT_PLACED UINT64_MAX

/* Every partition has its own copy in RAM: the hypervisor may give a module's memory back on its own. */
struct module {
    const struct module_file *file; /* NULL: the partition has none of this kind */
    uint64_t address;               /* physical, 2 MiB aligned */
};

struct partition {
    struct domain_config config;
    struct module module[MODULE_KIND_COUNT];
};

/*
 * Reads the files that `p` names and checks that they fit in its memory; `files` is the list of those read so far.
 * Errors go to diag.h with the line of the key.
 */
void module_read_all(struct partition *p, struct module_file **files);
void module_free_all(struct module_file *files);

#endif
