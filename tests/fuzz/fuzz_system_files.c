/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations and system files as bulkhead-image reads them: whatever they say, it ends in a report or in a system that
 * can be drawn and explained. The input is three files with a line "--" between them, of the system and two partitions; its
 * first byte chooses the machine.
 */
#include "support/fuzz.h"
#include "tests/fuzz/image/quiet_diag.h"

#include <libfdt.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpus.h"
#include "diag.h"
#include "explain.h"
#include "fdt_out.h"
#include "map_svg.h"
#include "map_text.h"
#include "nodes.h"
#include "order.h"
#include "image/partial_tree.h"
#include "ports.h"
#include "static_memory.h"
#include "system_file.h"
#include "uboot.h"

#define PARTITIONS 2
#define TREE_ROOM  8192u

/* What libxlutil itself forgets when it stops at a mistake. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libxlutil\n";
}

/* ---- A board with a clock, an interrupt controller and a device with DMA ---- */

static int add(void *tree, int parent, const char *name, const char *compatible, uint64_t start, uint64_t size)
{
    fdt64_t reg[] = { cpu_to_fdt64(start), cpu_to_fdt64(size) };
    int node = fdt_add_subnode(tree, parent, name);

    CHECK(node >= 0 && fdt_setprop(tree, node, "reg", reg, sizeof(reg)) == 0 &&
          fdt_setprop_string(tree, node, "compatible", compatible) == 0);
    return node;
}

static void make_board(struct board *board)
{
    fdt32_t line[] = { cpu_to_fdt32(0), cpu_to_fdt32(2), cpu_to_fdt32(4) };
    void *tree = diag_alloc(TREE_ROOM, 1);
    int node;

    CHECK(fdt_create_empty_tree(tree, TREE_ROOM) == 0 && fdt_setprop_u32(tree, 0, "#address-cells", 2) == 0 &&
          fdt_setprop_u32(tree, 0, "#size-cells", 2) == 0 && fdt_setprop_u32(tree, 0, "interrupt-parent", 1) == 0);
    node = add(tree, 0, "intc@8000000", "arm,gic-v3", 0x8000000, 0x10000);
    CHECK(fdt_setprop_u32(tree, node, "phandle", 1) == 0 && fdt_setprop_u32(tree, node, "#interrupt-cells", 3) == 0);
    node = add(tree, 0, "rtc@9010000", "arm,pl031", 0x9010000, 0x1000);
    CHECK(fdt_setprop(tree, node, "interrupts", line, sizeof(line)) == 0);
    node = add(tree, 0, "dma@a000000", "arm,pl330", 0xa000000, 0x200);
    *board = (struct board){ .file = "board.dtb", .tree = { tree, fdt_totalsize(tree) }, .ram_count = 1,
                             .ram_size = (uint64_t)1 << 30, .cpu_count = 4, .gic_version = 3,
                             .ram = { { 0x40000000, (uint64_t)1 << 30, diag_strdup("memory"), 0 } } };
}

/* ---- The files ---- */

/* A file with these bytes; its path, to be freed, and what to close. */
static char *make_file(const uint8_t *data, size_t size, int *fd)
{
    *fd = memfd_create("fuzz", 0);
    CHECK(*fd >= 0 && write(*fd, data, size) == (ssize_t)size);
    return diag_printf("/proc/self/fd/%d", *fd);
}

/* The bytes up to a line "--"; the rest stays. */
static size_t cut(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memmem(*data, *size, "\n--\n", 4);
    size_t length = end != NULL ? (size_t)(end - *data) + 1 : *size;

    *data += end != NULL ? length + 3 : length;
    *size -= end != NULL ? length + 3 : length;
    return length;
}

/* As the tool's main() does, but for files that are not there. */
static void check(struct system *s)
{
    if (s->arch == ARCH_ARM64) {
        board_devices_read(&s->board, &s->devices);
        claims_collect(&s->board, &s->devices, s->partitions, s->count, &s->claims);
    }
    schedule_check(&s->board, s->schedules, s->schedule_count, s->partitions, s->count);
    cpus_check(&s->board, s->schedules, s->schedule_count, s->partitions, s->count);
    static_memory_check(&s->board, s->partitions, s->count);
    shared_memory_check(&s->board, s->partitions, s->count, &s->shared);
    colours_check(&s->board, &s->colours, s->partitions, s->count);
    nodes_check(&s->board, s->partitions, s->count);
    ports_check(s->partitions, s->count);
    order_check(s->partitions, s->count);
    channels_check(&s->channels, s->arch, s->partitions, s->count);
    policy_check(&s->policy, &s->channels, s->partitions, s->count);
    place_all(&s->board, NULL, 4096, &s->shared, s->partitions, s->count, &s->placement);
}

/* What is good can be shown. */
static void show(struct system *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct map map;

    partial_tree_make(&s->board, &s->claims, s->partitions, s->count, &s->files);
    s->bootargs = colours_options(&s->colours, s->partitions, s->count);
    if (fdt_out_build(s, false, &s->tree)) {
        CHECK(fdt_check_full(s->tree.data, s->tree.size) == 0);
        map_make(s, &map);
        map_text_print(s, &map, out);
        map_svg_print(s, &map, out);
        uboot_print_script(s, out);
        uboot_print_fit(s, "bulkhead", out);
        map_free(&map);
    }
    fclose(out);
    free(text);
}

/* Req: BH-TOOL-009 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct system system;
    static struct system_file files[SCHEDULE_LIMIT];
    struct options options = { .system_count = 1 };
    char *path[PARTITIONS + 1];
    int fd[PARTITIONS + 1];

    if (size < 1) {
        return 0;
    }
    system = (struct system){ .arch = (data[0] & 1) != 0 ? ARCH_X86_64 : ARCH_ARM64, .count = PARTITIONS };
    memset(files, 0, sizeof(files));
    quiet_diag_reset();
    data++;
    size--;
    for (unsigned i = 0; i <= PARTITIONS; i++) {
        const uint8_t *start = data;

        path[i] = make_file(start, cut(&data, &size), &fd[i]);
    }
    make_board(&system.board);
    options.systems[0] = path[0];
    system_file_read_options(files, &system, &options);
    system.partitions = diag_alloc(PARTITIONS, sizeof(system.partitions[0]));
    for (unsigned i = 0; i < PARTITIONS; i++) {
        config_read(path[i + 1], system.arch, &system.partitions[i].config);
    }
    system_file_read(files, &system);
    check(&system);
    if (diag_error_count() == 0) {
        show(&system);
    }
    for (unsigned i = 0; i < PARTITIONS; i++) {
        config_free(&system.partitions[i].config);
    }
    for (unsigned i = 0; i < system.schedule_count; i++) {
        schedule_free(&system.schedules[i]);
    }
    for (unsigned i = 0; i < SYSTEM_STRINGS; i++) {
        free(system.said[i]);
    }
    for (unsigned i = 0; i <= PARTITIONS; i++) {
        free(path[i]);
        close(fd[i]);
    }
    free(system.bootargs);
    free(system.partitions);
    claims_free(&system.claims);
    board_devices_free(&system.devices);
    module_free_all(system.files);
    blob_free(&system.tree);
    board_free(&system.board);
    qemu_free(&options.qemu);
    return 0;
}
