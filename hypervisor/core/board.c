/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as its device tree describes it: memory, reservations, CPUs, console path (Devicetree Specification v0.4,
 * chapter 3).
 */
#include "bh/board.h"

#include "bh/boot_config.h"
#include "bh/console.h"
#include "lib/string.h"

#define MEMORY_MAX  FRAME_BANK_COUNT

/* Removes entry I of the COUNT ranges at R. */
static unsigned drop(struct memory_range *r, unsigned count, unsigned i)
{
    for (count--; i < count; i++) {
        r[i] = r[i + 1];
    }
    return count;
}

/* Adds a bank, keeping the list in order and joining what overlaps or touches. False: there is no room. */
static bool add_memory(struct board *b, uint64_t start, uint64_t end)
{
    struct memory_range *m = b->memory;
    unsigned i = 0;

    while (i < b->memory_count) {
        if (m[i].start <= end && start <= m[i].end) {
            start = MIN(start, m[i].start);
            end = MAX(end, m[i].end);
            b->memory_count = drop(m, b->memory_count, i);
        } else {
            i++;
        }
    }
    if (b->memory_count == MEMORY_MAX) {
        return false;
    }
    for (i = b->memory_count; i > 0 && m[i - 1].start > start; i--) {
        m[i] = m[i - 1];
    }
    m[i] = (struct memory_range){ .start = start, .end = end };
    b->memory_count++;
    return true;
}

void board_add_node(struct board *b, uint64_t start, uint64_t end, uint32_t node)
{
    if (node == 0 || start >= end) {
        return;
    }
    if (b->node_range_count == BOARD_NODE_RANGE_COUNT) {
        log_warning("memory of node %u at 0x%lx: taken for node 0's", node, (unsigned long)start);
        return;
    }
    b->node_range[b->node_range_count++] = (struct board_node_range){ .start = start, .end = end, .node = node };
}

static void read_memory(const struct fdt *t, const struct fdt_node *node, struct board *b)
{
    uint64_t address, size;
    struct fdt_property p;
    uint32_t numa = 0;
    int err = -XEN_EINVAL;

    if (!fdt_find_property(t, node, "reg", &p)) {
        boot_config_report(LOG_ERROR, t, node, "reg", "missing; expected addresses and sizes of memory");
        return;
    }
    for (uint32_t i = 0; (err = fdt_property_reg(&p, node, i, &address, &size)) == 0; i++) {
        uint64_t start = ALIGN_UP(MIN(address, BOARD_MEMORY_LIMIT), PAGE_SIZE);
        uint64_t end = ALIGN_DOWN(MIN(address + size, BOARD_MEMORY_LIMIT), PAGE_SIZE);

        if (address + size > BOARD_MEMORY_LIMIT) {
            boot_config_report(LOG_WARNING, t, node, "reg", "memory beyond 16 TiB is not used");
        }
        /* Devicetree bindings of Linux, numa.txt. */
        if (CONFIG_NUMA && fdt_u32(t, node, "numa-node-id", &numa) == 0) {
            board_add_node(b, start, end, numa);
        }
        if (start < end && !add_memory(b, start, end)) {
            boot_config_report(LOG_WARNING, t, node, "reg", "0x%llx is not used: at most %u banks are",
                               (unsigned long long)address, MEMORY_MAX);
        }
    }
    if (err == -XEN_EINVAL) {
        boot_config_report(LOG_ERROR, t, node, "reg", "malformed; expected pairs of an address and a size");
    }
}

/*
 * Adds a reserved range. When the list is full it joins the range that it makes grow least: too much is reserved then,
 * never too little.
 * Req: BH-BOOT-019
 */
static void add_reserved(struct board *b, uint64_t address, uint64_t size)
{
    struct memory_range *r = b->reserved;
    uint64_t start = ALIGN_DOWN(MIN(address, BOARD_MEMORY_LIMIT), PAGE_SIZE);
    uint64_t end = ALIGN_UP(MIN(address + size, BOARD_MEMORY_LIMIT), PAGE_SIZE);
    uint64_t best_growth = UINT64_MAX;
    unsigned best = 0;

    if (start >= end) {
        return;
    }
    if (b->reserved_count < BOARD_RESERVED_COUNT) {
        r[b->reserved_count++] = (struct memory_range){ .start = start, .end = end };
        return;
    }
    for (unsigned i = 0; i < b->reserved_count; i++) {
        uint64_t growth = MAX(end, r[i].end) - MIN(start, r[i].start) - (r[i].end - r[i].start);

        if (growth < best_growth) {
            best_growth = growth;
            best = i;
        }
    }
    r[best].start = MIN(start, r[best].start);
    r[best].end = MAX(end, r[best].end);
}

/* The memory reservation block: ranges that wrap reach to the end of memory. */
static void read_reservations(const struct fdt *t, struct board *b)
{
    uint64_t address, size;

    for (uint32_t i = 0; fdt_reservation(t, i, &address, &size); i++) {
        add_reserved(b, address, MIN(size, UINT64_MAX - address));
    }
}

static void read_reserved_memory(const struct fdt *t, const struct fdt_node *parent, struct board *b)
{
    struct fdt_node node;
    struct fdt_property p;
    uint64_t address, size;

    for (bool more = fdt_first_child(t, parent, &node); more; more = fdt_next_sibling(t, &node, &node)) {
        int err;

        if (!fdt_is_enabled(t, &node)) {
            continue;
        }
        if (!fdt_find_property(t, &node, "reg", &p)) {
            boot_config_report(LOG_WARNING, t, &node, NULL, "no fixed address: nothing is reserved");
            continue;
        }
        for (uint32_t i = 0; (err = fdt_property_reg(&p, &node, i, &address, &size)) == 0; i++) {
            add_reserved(b, address, size);
        }
        if (err == -XEN_EINVAL) {
            boot_config_report(LOG_ERROR, t, &node, "reg", "malformed; expected pairs of an address and a size");
        }
    }
}

static void add_cpu(const struct fdt *t, const struct fdt_node *node, struct board *b)
{
    uint64_t id, size;
    const char *method;

    if (fdt_reg(t, node, 0, &id, &size) != 0) {
        boot_config_report(LOG_ERROR, t, node, "reg", "missing or malformed; expected the CPU's id");
        return;
    }
    for (unsigned i = 0; i < b->cpu_count; i++) {
        if (b->cpu_id[i] == id) {
            /* Entry 0, the boot CPU, was there before its node was read. */
            if (i != 0) {
                boot_config_report(LOG_ERROR, t, node, "reg", "0x%llx is another CPU's as well; expected one of its own",
                                   (unsigned long long)id);
            }
            return;
        }
    }
    if (fdt_text(t, node, "enable-method", &method, NULL) != 0 || !string_equal(method, "psci")) {
        boot_config_report(LOG_WARNING, t, node, "enable-method", "this CPU is not used; expected \"psci\"");
        return;
    }
    if (b->cpu_count == CONFIG_MAX_CPUS) {
        boot_config_report(LOG_WARNING, t, node, NULL, "this CPU is not used: at most %u are", CONFIG_MAX_CPUS);
        return;
    }
    b->cpu_id[b->cpu_count++] = id;
}

static void read_cpus(const struct fdt *t, const struct fdt_node *parent, struct board *b)
{
    struct fdt_node node;
    const char *type;

    for (bool more = fdt_first_child(t, parent, &node); more; more = fdt_next_sibling(t, &node, &node)) {
        if (fdt_text(t, &node, "device_type", &type, NULL) == 0 && string_equal(type, "cpu") &&
            fdt_is_enabled(t, &node)) {
            add_cpu(t, &node, b);
        }
    }
}

static void read_chosen(const struct fdt *t, const struct fdt_node *node, struct board *b)
{
    const char *path;
    uint32_t length = 0;
    int err = fdt_text(t, node, "stdout-path", &path, NULL);

    b->chosen = *node;
    b->has_chosen = true;
    if (err == -XEN_ENOENT) {
        return;
    }
    /* 3.6: what follows a colon are options of the device. */
    while (err == 0 && path[length] != '\0' && path[length] != ':') {
        length++;
    }
    if (err == 0 && fdt_find_path(t, path, length, &b->stdout_node)) {
        b->has_stdout = true;
    } else {
        boot_config_report(LOG_WARNING, t, node, "stdout-path", "leads nowhere; expected an alias or a path");
    }
}

void board_find_chosen(const struct fdt *t, struct board *b)
{
    struct fdt_node node;

    if (fdt_find_path(t, "/chosen", strlen("/chosen"), &node)) {
        read_chosen(t, &node, b);
    }
}

int board_read(const struct fdt *t, uint64_t boot_cpu, struct board *b)
{
    struct fdt_node root, node;

    *b = (struct board){ .cpu_id = { boot_cpu }, .cpu_count = 1 };
    read_reservations(t, b);
    fdt_root(t, &root);
    for (bool more = fdt_first_child(t, &root, &node); more; more = fdt_next_sibling(t, &node, &node)) {
        if (fdt_node_is(t, &node, "cpus")) {
            read_cpus(t, &node, b);
        } else if (fdt_node_is(t, &node, "chosen")) {
            if (!b->has_chosen) {
                read_chosen(t, &node, b);
            }
        } else if (fdt_node_is(t, &node, "reserved-memory")) {
            read_reserved_memory(t, &node, b);
        } else if (fdt_node_is(t, &node, "memory") && fdt_is_enabled(t, &node)) {
            read_memory(t, &node, b);
        }
    }
    if (b->memory_count == 0) {
        boot_config_report(LOG_ERROR, t, &root, NULL, "no memory; expected a node \"memory\"");
        return -XEN_ENODEV;
    }
    return 0;
}

uint64_t board_memory_size(const struct board *b)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < b->memory_count; i++) {
        size += b->memory[i].end - b->memory[i].start;
    }
    return size;
}

bool board_has_memory(const struct board *b, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < b->memory_count; i++) {
        if (start >= b->memory[i].start && start <= b->memory[i].end && size <= b->memory[i].end - start) {
            return true;
        }
    }
    return false;
}
