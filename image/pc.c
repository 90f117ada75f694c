/* SPDX-License-Identifier: Apache-2.0 */
#include "pc.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "place.h"

#define PAGE_SIZE       4096u
#define LOW_MEMORY      ((uint64_t)1 << 20) /* firmware's, and where CPUs start */
#define EMPTY_TREE_SIZE 1024u

/* A number of CPUs, and then what else -smp knows. Returns 0 for anything else. */
static unsigned parse_cpus(const char *text)
{
    char *end;
    unsigned long count = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

    return count != 0 && count <= CONFIG_CPU_LIMIT && (*end == '\0' || *end == ',') ? (unsigned)count : 0;
}

/* Mebibytes, or a number with one of QEMU's suffixes. Returns 0 for anything else. */
static uint64_t parse_memory(const char *text)
{
    static const char suffixes[] = "kKmMgGtT";
    char *end;
    unsigned long size = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    const char *suffix;
    unsigned shift = 20;

    if (size == 0) {
        return 0;
    }
    if (*end != '\0') {
        suffix = strchr(suffixes, *end);
        if (suffix == NULL || end[1] != '\0') {
            return 0;
        }
        shift = 10 * (1 + (unsigned)(suffix - suffixes) / 2);
    }
    return size >> (52 - shift) == 0 ? (uint64_t)size << shift : 0;
}

/* Returns a libfdt error. */
static int make_tree(struct blob *out)
{
    int err;

    out->data = diag_alloc(EMPTY_TREE_SIZE, 1);
    err = fdt_create_empty_tree(out->data, EMPTY_TREE_SIZE);
    if (err == 0) {
        err = fdt_setprop_u32(out->data, 0, "#size-cells", 2);
    }
    if (err == 0) {
        err = fdt_setprop_u32(out->data, 0, "#address-cells", 2);
    }
    if (err == 0) {
        err = fdt_pack(out->data);
    }
    out->size = err == 0 ? fdt_totalsize(out->data) : 0;
    return err;
}

bool pc_make(const struct qemu_options *options, struct board *out)
{
    unsigned errors_before = diag_error_count();
    int err;

    memset(out, 0, sizeof(*out));
    out->file = options->machine != NULL ? options->machine : "x86_64";
    err = make_tree(&out->tree);
    if (err != 0) {
        diag_error(DIAG_TOOL, 0, "no device tree can be made: %s", fdt_strerror(err));
    }
    if (options->machine != NULL) {
        out->cpu_count = parse_cpus(options->smp);
        out->ram_size = parse_memory(options->memory);
        if (out->cpu_count == 0) {
            diag_error(DIAG_TOOL, 0, "--smp %s: expected a number from 1 to %d", options->smp, CONFIG_CPU_LIMIT);
        }
        if (out->ram_size == 0) {
            diag_error(DIAG_TOOL, 0, "--memory %s: expected a number, of MiB or with a suffix", options->memory);
        }
    }
    return diag_error_count() == errors_before;
}

static uint64_t whole_pages(uint64_t size)
{
    return (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

/* Req: BH-TOOL-005 */
bool pc_check_memory(const struct board *board, const struct kernel_info *hypervisor, const struct blob *tree,
                     const struct module_file *files, const struct shared_regions *shared,
                     const struct partition *partitions, unsigned count, struct placement *out)
{
    out->taken = LOW_MEMORY + whole_pages(tree->size) + shared_memory_size(shared, true);
    out->taken += hypervisor != NULL ? whole_pages(hypervisor->memory_size) : 0;
    for (; files != NULL; files = files->next) {
        out->taken += whole_pages(files->blob.size);
    }
    return board->ram_size == 0 || place_check_memory(board, partitions, count, out);
}
