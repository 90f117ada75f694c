/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as its device tree describes it, as far as no architecture is concerned: memory, what of it is taken, the
 * CPUs, and where the console is. Filled once at boot. What cannot be used is reported and left out.
 */
#ifndef BH_BOARD_H
#define BH_BOARD_H

#include "bh/frame.h"
#include "bh/types.h"
#include "lib/fdt.h"

#define BOARD_RESERVED_COUNT 32
#define BOARD_MODULE_COUNT (1 + 2 * CONFIG_MAX_DOMAINS)
/* Frame numbers have 32 bits: memory beyond 16 TiB is not used. */
#define BOARD_MEMORY_LIMIT (1ULL << (32 + PAGE_SHIFT))

/* Memory that firmware says is of a NUMA node: bytes; what it says nothing of is node 0's. */
struct board_node_range {
    uint64_t start, end;
    uint32_t node;
};
#define BOARD_NODE_RANGE_COUNT (CONFIG_NUMA ? 16 : 1)

struct board {
    struct memory_range memory[FRAME_BANK_COUNT];       /* whole pages, ascending, apart from each other */
    struct memory_range reserved[BOARD_RESERVED_COUNT]; /* whole pages; may overlap memory in any way */
    uint64_t cpu_id[CONFIG_MAX_CPUS];  /* what the architecture calls them: reg; boot CPU first, then as in the tree */
    struct memory_range module[BOARD_MODULE_COUNT]; /* in the boot loader's order, where it numbers them; bytes */
    struct board_node_range node_range[BOARD_NODE_RANGE_COUNT];
    unsigned memory_count, reserved_count, cpu_count, module_count, node_range_count;
    bool has_chosen, has_stdout;
    struct fdt_node chosen;            /* /chosen */
    struct fdt_node stdout_node;       /* what /chosen/stdout-path names */
};

/*
 * Reads T. BOOT_CPU is the reg of the CPU that runs this. -XEN_ENODEV: there is no memory.
 * Bound: a few walks of the tree, and the square of the ranges found.
 */
MUST_USE int board_read(const struct fdt *t, uint64_t boot_cpu, struct board *b);

/* Only the chosen node of T and what it names: for a tree that describes partitions and no board. */
void board_find_chosen(const struct fdt *t, struct board *b);

/* START up to END is of NODE. What there is no room for counts as node 0's, as a message says. */
void board_add_node(struct board *b, uint64_t start, uint64_t end, uint32_t node);

/* Bytes of memory in all, reserved or not. */
uint64_t board_memory_size(const struct board *b);
/* Is all of the SIZE bytes at START in one bank of memory? */
bool board_has_memory(const struct board *b, uint64_t start, uint64_t size);

#endif
