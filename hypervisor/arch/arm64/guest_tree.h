/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree that a partition on arm64 is given: what Xen 4.17 generates for its dom0less domains, at the
 * addresses of Xen's public header arch-arm.h.
 */
#ifndef BH_ARM64_GUEST_TREE_H
#define BH_ARM64_GUEST_TREE_H

#include "abi/arm_layout.h"
#include "bh/partition.h"
#include "bh/shared_memory.h"
#include "bh/types.h"

/* Bytes of the largest tree, with the longest command line and the most vCPUs. */
#define GUEST_TREE_SIZE_MAX (32U << 10)

struct fdt;

struct guest_tree {
    unsigned vcpu_count;
    unsigned gic_version;                          /* 2 or 3 */
    struct memory_range memory[PARTITION_BANKS];   /* an empty one ends the list */
    uint64_t ramdisk_start, ramdisk_end;           /* the same: there is none */
    const char *bootargs;                          /* NULL: none */
    size_t bootargs_size;                          /* characters */
    uint32_t timer_frequency;                      /* Hz; 0: the guest reads it from the counter's register */
    const struct shared_share *shares;             /* memory that it shares with others */
    unsigned share_count;                          /* up to SHARED_PER_PARTITION */
    const struct fdt *partial;                     /* nodes of the board's devices that it has; NULL: none */
    bool has_vpl011;
    bool has_watchdog;
    bool has_xen;                                  /* the hypervisor node */
};

/*
 * Writes the tree to SIZE bytes at BUFFER, a multiple of 8; its size goes to *TREE_SIZE. -XEN_ENOSPC: it does not fit,
 * which GUEST_TREE_SIZE_MAX with a command line within BOOT_ARGS_SIZE rules out.
 */
MUST_USE int guest_tree_write(const struct guest_tree *g, void *buffer, size_t size, size_t *tree_size);

/* Nodes that every tree has: for nodes that follow the properties of the root. */
struct fdt_writer;
void guest_tree_write_chosen(struct fdt_writer *w, const struct guest_tree *g);
void guest_tree_write_psci(struct fdt_writer *w);

/* The affinity fields of vCPU ID's MPIDR_EL1: 16 to a cluster, as GICv2 and v3's target lists need it. */
static inline uint64_t guest_tree_affinity(unsigned id)
{
    return (id & 0xf) | (uint64_t)(id >> 4) << 8;
}

#endif
