/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "diag.h"
#include "tree.h"

#define MIB ((uint64_t)1 << 20)
/* What the hypervisor tells a kernel of its machine takes part of a partition's RAM as well. */
#define TREE_SIZE ((uint64_t)64 << 10)

/*
 * Where a partition's memory begins, and how much of it is there before it goes on elsewhere. arm64: public/arch-arm.h,
 * GUEST_RAM0_BASE and GUEST_RAM0_SIZE. x86-64: up to the devices below 4 GiB.
 */
static const struct {
    uint64_t base, size;
} guest_ram[] = {[ARCH_ARM64] = {0x40000000, 0xc0000000}, [ARCH_X86_64] = {0, 0xf0000000}};

enum config_key module_key(enum module_kind kind)
{
    static const enum config_key key_of[MODULE_KIND_COUNT] = {
        [MODULE_KERNEL] = KEY_KERNEL, [MODULE_RAMDISK] = KEY_RAMDISK, [MODULE_DEVICE_TREE] = KEY_DEVICE_TREE};

    return key_of[kind];
}

const struct domain_config *partition_find(const struct partition *partitions, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count && name != NULL; i++) {
        if (partitions[i].config.name != NULL && strcmp(partitions[i].config.name, name) == 0) {
            return &partitions[i].config;
        }
    }
    return NULL;
}

static struct module_file *find(struct module_file *files, const char *path, enum module_kind kind)
{
    while (files != NULL && (files->kind != kind || strcmp(files->path, path) != 0)) {
        files = files->next;
    }
    return files;
}

/* Req: BH-TOOL-019 */
/* Is it a partial device tree? NULL, or why not. */
static const char *check_tree(const struct blob *blob)
{
    if (blob->size > MODULE_TREE_LIMIT) {
        return "is larger than 64 KiB";
    }
    if (tree_check(blob) != NULL) {
        return "is not a device tree, or a damaged one";
    }
    return fdt_path_offset(blob->data, "/passthrough") < 0 ? "is a device tree without a node /passthrough" : NULL;
}

/* A new file of the list, for the partition's module. */
static struct module_file *new_file(const struct partition *p, enum module_kind kind, const char *path,
                                    struct module_file **files)
{
    struct module_file *file = diag_alloc(1, sizeof(*file));

    file->path = path;
    file->kind = kind;
    file->output = diag_printf("%s.%s", p->config.name, config_key_name(module_key(kind)));
    file->number = (*files != NULL ? (*files)->number : 0) + 1;
    file->next = *files;
    *files = file;
    return file;
}

void module_add_tree(struct partition *p, const struct blob *blob, struct module_file **files)
{
    struct module_file *file = new_file(p, MODULE_DEVICE_TREE, "the partial device tree", files);

    file->blob = *blob;
    p->module[MODULE_DEVICE_TREE] =
        (struct module){ .file = file, .address = MODULE_NOT_PLACED - MODULE_DEVICE_TREE };
}

static void read_module(enum arch arch, struct partition *p, enum module_kind kind, const char *path,
                        struct module_file **files)
{
    struct module_file *file = find(*files, path, kind);
    const char *name = config_key_name(module_key(kind)), *why;

    if (file == NULL) {
        file = new_file(p, kind, path, files);
        why = blob_read(path, BLOB_LIMIT, &file->blob);
        if (why == NULL && kind == MODULE_KERNEL) {
            why = kernel_recognise(arch, &file->blob, &file->info);
        } else if (why == NULL && kind == MODULE_DEVICE_TREE) {
            why = check_tree(&file->blob);
        }
        file->why = why != NULL ? diag_strdup(why) : NULL;
    }
    if (file->why != NULL) {
        diag_error(p->config.file, config_line(&p->config, module_key(kind)), "%s '%s' %s%s", name, path,
                   strncmp(file->why, "is ", 3) == 0 || strncmp(file->why, "can't", 5) == 0 ? "" : "can't be read: ",
                   file->why);
    } else {
        p->module[kind].file = file;
        p->module[kind].address = MODULE_NOT_PLACED - kind;
    }
}

/* The same where the partition's RAM is at its machine addresses. */
static void check_direct_address(const struct partition *p, const struct kernel_info *info)
{
    uint64_t end = info->address + info->memory_size;
    bool is_there = !info->has_address;

    for (unsigned i = 0; i < p->config.place_count; i++) {
        const struct config_place *place = &p->config.place[i];

        is_there = is_there || (info->address >= place->start && end <= place->start + place->size);
    }
    if (!is_there) {
        diag_error(p->config.file, config_line(&p->config, KEY_KERNEL),
                   "kernel '%s' wants addresses from 0x%llx to 0x%llx, which are in no range of 'static_memory' in "
                   "%s:%u", p->config.kernel, (unsigned long long)info->address, (unsigned long long)(end - 1),
                   p->config.file, config_line(&p->config, KEY_STATIC_MEMORY));
    }
}

/* A kernel that runs at one address only has to find its partition's RAM there. */
static void check_address(enum arch arch, const struct partition *p, const struct kernel_info *info)
{
    uint64_t base = guest_ram[arch].base, size = guest_ram[arch].size;

    if (p->config.is_direct) {
        check_direct_address(p, info);
        return;
    }
    size = p->config.memory_mib * MIB < size ? p->config.memory_mib * MIB : size;
    if (info->has_address &&
        (info->address < base || info->address - base > size || info->memory_size > size - (info->address - base))) {
        diag_error(
            p->config.file, config_line(&p->config, KEY_KERNEL),
            "kernel '%s' wants addresses from 0x%llx to 0x%llx, and the partition's RAM is from 0x%llx to 0x%llx, see %s:%u",
            p->config.kernel, (unsigned long long)info->address,
            (unsigned long long)(info->address + info->memory_size - 1), (unsigned long long)base,
            (unsigned long long)(base + size - 1), p->config.file, config_line(&p->config, KEY_MEMORY));
    }
}

static void check_size(enum arch arch, const struct partition *p)
{
    const struct module_file *kernel = p->module[MODULE_KERNEL].file, *ramdisk = p->module[MODULE_RAMDISK].file;
    const struct module_file *tree = p->module[MODULE_DEVICE_TREE].file;
    uint64_t need;

    if (kernel == NULL || p->config.memory_mib == 0) {
        return;
    }
    need = kernel->info.text_offset + kernel->info.memory_size + (ramdisk != NULL ? ramdisk->blob.size : 0) + TREE_SIZE;
    need += tree != NULL ? 2 * tree->blob.size : 0;
    if (need > p->config.memory_mib * MIB) {
        diag_error(p->config.file, config_line(&p->config, KEY_MEMORY),
                   "%llu MiB of memory are not enough: kernel and ramdisk alone take %llu MiB, see %s:%u",
                   (unsigned long long)p->config.memory_mib, (unsigned long long)((need + MIB - 1) / MIB),
                   p->config.file, config_line(&p->config, KEY_KERNEL));
    } else {
        check_address(arch, p, &kernel->info);
    }
}

/* Req: BH-TOOL-016 */
void module_read_all(enum arch arch, struct partition *p, struct module_file **files)
{
    if (p->config.kernel != NULL && p->config.kernel[0] != '\0') {
        read_module(arch, p, MODULE_KERNEL, p->config.kernel, files);
    }
    if (p->config.ramdisk != NULL && p->config.ramdisk[0] != '\0') {
        read_module(arch, p, MODULE_RAMDISK, p->config.ramdisk, files);
    }
    if (p->config.device_tree != NULL && p->config.device_tree[0] != '\0') {
        read_module(arch, p, MODULE_DEVICE_TREE, p->config.device_tree, files);
    }
    check_size(arch, p);
}

const struct module_file *module_number(const struct module_file *files, unsigned number)
{
    while (files != NULL && files->number != number) {
        files = files->next;
    }
    return files;
}

void module_free_all(struct module_file *files)
{
    while (files != NULL) {
        struct module_file *next = files->next;

        blob_free(&files->blob);
        free(files->output);
        free(files->why);
        free(files);
        files = next;
    }
}
