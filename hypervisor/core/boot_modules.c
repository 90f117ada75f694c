/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a partition is started from: where the boot loader put them, in memory that is nobody else's.
 */
#include "bh/boot.h"
#include "bh/boot_known.h"
#include "bh/boot_placement.h"
#include "bh/boot_reading.h"
#include "bh/shared_memory.h"

static bool ranges_overlap(const struct boot_module *m, uint64_t start, uint64_t size)
{
    return m->start < start + size && start < m->start + m->size;
}

/* True if a module at START collides with one of D, or its memory. Partitions may share a file, but only the whole of it. */
static bool collides(const struct boot_domain *d, uint64_t start, uint64_t size)
{
    const struct boot_module *m;

    for (unsigned i = 0; (m = boot_domain_module(d, i)) != NULL; i++) {
        if (ranges_overlap(m, start, size) && !(m->start == start && m->size == size)) {
            return true;
        }
    }
    return boot_placement_overlaps(d, start, start + size);
}

/* What "reg" of NODE says, or which of the boot loader's modules it names; false: that cannot be read. */
static bool read_range(struct boot_reading *r, const struct fdt_node *node, uint64_t *start, uint64_t *size)
{
    struct fdt_node n = *node;
    struct fdt_property p;
    uint32_t index;

    if (r->board->module_count != 0 && fdt_find_property(r->t, node, BOOT_INDEX_PROPERTY, &p)) {
        if (fdt_property_u32(&p, &index) != 0 || index >= r->board->module_count) {
            boot_reading_error(r, node, BOOT_INDEX_PROPERTY, "expected a number below %u, how many modules there are",
                               r->board->module_count);
            return false;
        }
        *start = r->board->module[index].start;
        *size = r->board->module[index].end - *start;
        return true;
    }
    boot_config_cells(r->t, &r->d->node, &r->board->chosen, &n);
    if (fdt_find_property(r->t, node, BOOT_FILE_PROPERTY, &p) && !fdt_find_property(r->t, node, "reg", &p)) {
        boot_reading_error(r, node, BOOT_FILE_PROPERTY, "the file is not loaded; expected a start as an EFI program that "
                           "finds it, or \"reg\"");
        return false;
    }
    if (!fdt_find_property(r->t, &n, "reg", &p) || fdt_property_reg(&p, &n, 0, start, size) != 0 ||
        p.size != (n.address_cells + (uint32_t)n.size_cells) * sizeof(fdt_cell_t) || *size == 0) {
        boot_reading_error(r, node, "reg", "expected one address and a size that is not 0, in %u and %u cells",
                           n.address_cells, n.size_cells);
        return false;
    }
    return true;
}

/* Req: BH-BOOT-011 */
/* Where the module of NODE is; false: nowhere it can be. */
static BOOT_CODE_MORE bool read_place(struct boot_reading *r, const struct fdt_node *node, struct boot_module *out)
{
    uint64_t start, size;

    if (!read_range(r, node, &start, &size)) {
        return false;
    }
    if (!board_has_memory(r->board, start, size)) {
        boot_reading_error(r, node, "reg", "0x%llx, 0x%llx bytes; expected a range in the board's memory",
                           (unsigned long long)start, (unsigned long long)size);
        return false;
    }
    for (unsigned i = 0; i < r->taken_count; i++) {
        if (r->taken[i].start < start + size && start < r->taken[i].end) {
            boot_reading_error(r, node, "reg", "overlaps the hypervisor or the device tree; expected a range of its own");
            return false;
        }
    }
    if (CONFIG_SHARED_MEMORY && shared_memory_overlaps(start, start + size)) {
        boot_reading_error(r, node, "reg", "overlaps memory that partitions share; expected a range of its own");
        return false;
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        if (collides(&r->config->domain[i], start, size)) {
            boot_reading_error(r, node, "reg", "overlaps a module or memory of %s; expected a range of its own",
                               r->config->domain[i].name);
            return false;
        }
    }
    if (boot_domain_uses(r->d, start, start + size) || boot_placement_overlaps(r->d, start, start + size)) {
        boot_reading_error(r, node, "reg", "overlaps another module, or its memory; expected a range of its own");
        return false;
    }
    *out = (struct boot_module){ .start = start, .size = size };
    return true;
}

static void read_kernel(struct boot_reading *r, const struct fdt_node *node)
{
    struct boot_domain *d = r->d;
    int err;

    if (d->kernel.size != 0) {
        boot_reading_error(r, node, NULL, "a second kernel; expected one");
        return;
    }
    (void)read_place(r, node, &d->kernel);
    err = fdt_text(r->t, node, "bootargs", &d->bootargs, &d->bootargs_size);
    if (err != -XEN_ENOENT && (err != 0 || d->bootargs_size >= BOOT_ARGS_SIZE)) {
        boot_reading_error(r, node, "bootargs", "expected one terminated string of less than %u characters", BOOT_ARGS_SIZE);
    }
}

static void read_ramdisk(struct boot_reading *r, const struct fdt_node *node)
{
    if (!CONFIG_RAMDISK) {
        boot_reading_error(r, node, NULL, "this build has no support for ramdisks");
    } else if (r->d->ramdisk.size != 0) {
        boot_reading_error(r, node, NULL, "a second ramdisk; expected one at most");
    } else {
        (void)read_place(r, node, &r->d->ramdisk);
    }
}

/* Req: BH-BOOT-046 */
static void read_device_tree(struct boot_reading *r, const struct fdt_node *node)
{
    if (r->d->device_tree.size != 0) {
        boot_reading_error(r, node, NULL, "a second device tree; expected one at most");
    } else if (read_place(r, node, &r->d->device_tree) && r->d->device_tree.size > BOOT_PARTIAL_TREE_MAX) {
        boot_reading_error(r, node, "reg", "expected at most %u bytes", BOOT_PARTIAL_TREE_MAX);
    }
}

bool boot_modules_read(struct boot_reading *r, const struct fdt_node *node)
{
    bool is_kernel = fdt_is_compatible(r->t, node, "multiboot,kernel") ||
                     fdt_is_compatible(r->t, node, "xen,linux-zimage");
    bool is_ramdisk = fdt_is_compatible(r->t, node, "multiboot,ramdisk") ||
                      fdt_is_compatible(r->t, node, "xen,linux-initrd");
    bool is_tree = CONFIG_DEVICES && fdt_is_compatible(r->t, node, "multiboot,device-tree");

    if (!is_kernel && !is_ramdisk && !is_tree) {
        return false;
    }
    boot_known_check(r->t, node, BOOT_KNOWN_MODULE);
    if (is_kernel) {
        read_kernel(r, node);
    } else if (is_ramdisk) {
        read_ramdisk(r, node);
    } else {
        read_device_tree(r, node);
    }
    return true;
}
