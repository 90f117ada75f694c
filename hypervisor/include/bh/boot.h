/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a board's memory and a description of partitions to running partitions: the steps of boot that no architecture
 * does differently, in the order in which they are taken. On the boot CPU. Each step says what it lacks, if it lacks
 * something, and stops the board; a mistake in one partition's description costs that partition only.
 */
#ifndef BH_BOOT_H
#define BH_BOOT_H

#include "bh/board.h"
#include "bh/boot_config.h"
#include "bh/types.h"

/* Memory of which nothing is needed once the partitions are built. */
#define BOOT_ONLY __attribute__((section(".bss.boot")))
/* Code that runs at boot only, where an architecture gives that back; in two parts of a page, around what is aligned. */
#define BOOT_CODE      __attribute__((section(".text.boot"), noinline))
#define BOOT_CODE_MORE __attribute__((section(".text.boot_more"), noinline))

/* B is what is known of the board; what it reserves is taken. */
void boot_begin(const struct board *b);
/* [START, END) is in use: it does not become free memory. A few times only: the image, what the boot loader left. */
void boot_take(uint64_t start, uint64_t end);
/* Reads which partitions to start, and the hypervisor's own options, from T. Their modules are taken. */
void boot_read_config(const struct fdt *t);
/* The same without a tree: one partition, of what is in D. ARGUMENTS are the hypervisor's, or NULL. */
void boot_set_partition(const struct boot_domain *d, const char *arguments, size_t size);
/* The frame table and the page allocator, from what is not taken. */
void boot_make_memory(void);
/* Partitions, and what connects them as T says, unless it is NULL. */
void boot_build_partitions(const struct fdt *t);
/* The modules and [START, END), which the boot loader left for us to read, are memory like any other from here on. */
void boot_give_back(uint64_t start, uint64_t end);
/* Partitions run as soon as CPUs go to their guests. UNCOUNTED: bytes of the image that are given back after this. */
void boot_start_partitions(uint64_t uncounted);

#endif
