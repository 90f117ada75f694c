/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules: the kernel, ramdisk and partial device tree files of the partitions, read and checked. On arm64 they are
 * placed in the board's RAM later; on x86-64 the boot loader does that, and they are named by their number in its list.
 */
#ifndef BH_IMAGE_MODULE_H
#define BH_IMAGE_MODULE_H

#include "config.h"
#include "kernel.h"

/* A partial device tree is no larger (bytes); the hypervisor's BOOT_PARTIAL_TREE_MAX. */
#define MODULE_TREE_LIMIT ((size_t)64 << 10)

enum module_kind {
    MODULE_KERNEL,
    MODULE_RAMDISK,
    MODULE_DEVICE_TREE, /* a partial one: arm64 */
    MODULE_KIND_COUNT,
};

/* A file, read once however many partitions use it as the same kind. */
struct module_file {
    const char *path; /* as written in the configuration */
    enum module_kind kind;
    struct blob blob;        /* a kernel is unpacked here */
    struct kernel_info info; /* of a kernel */
    char *output;            /* its name in the output folder */
    unsigned number;         /* in the order of reading, from 1; in a boot loader's list the device tree is 0 */
    char *why;               /* the reason why it can't be used, or NULL */
    struct module_file *next;
};

/* Addresses before placing differ from each other and are the longest to write: a draft of the tree is no smaller. */
#define MODULE_NOT_PLACED UINT64_MAX

/* Placed, every partition has its own copy in RAM: the hypervisor may give a module's memory back on its own. */
struct module {
    const struct module_file *file; /* NULL: the partition has none of this kind */
    uint64_t address;               /* arm64: physical, 2 MiB aligned */
};

struct partition {
    struct domain_config config;
    struct module module[MODULE_KIND_COUNT];
};

/* The partition of that name, or NULL; `name` may be NULL. */
const struct domain_config *partition_find(const struct partition *partitions, unsigned count, const char *name);

/*
 * Reads the files that `p` names and checks that they fit in its memory; `files` is the list of those read so far, the
 * last one first.
 * Errors go to diag.h with the line of the key.
 */
void module_read_all(enum arch arch, struct partition *p, struct module_file **files);
/* Gives the partition a partial device tree that was made for it; `blob` is the list's from then on. */
void module_add_tree(struct partition *p, const struct blob *blob, struct module_file **files);
/* The key that names a module. */
enum config_key module_key(enum module_kind kind);
/* The file of that number, or NULL. */
const struct module_file *module_number(const struct module_file *files, unsigned number);

void module_free_all(struct module_file *files);

#endif
