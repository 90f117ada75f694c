/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's virtual addresses: 39 bits, one root page a CPU (level 1, 512 slots of 1 GiB). Plain numbers:
 * the assembler and the linker script read this file too.
 *
 *   slot 384..447  frame table: 16 bytes a frame, indexed by frame number, backed only where there is RAM
 *   slot 508       the image, at the same addresses wherever it was loaded
 *   slot 509       heap: the hypervisor's objects, shared by all CPUs
 *   slot 510       device registers, and the boot device tree while it is read
 *   slot 511       this CPU's own pages; every CPU has other frames here
 *
 * There is no map of RAM.
 */
#ifndef BH_ARM64_LAYOUT_H
#define BH_ARM64_LAYOUT_H

#define VA_BITS        39
#define FRAME_TABLE_VA 0x6000000000
#define IMAGE_VA       0x7f00000000
#define HEAP_VA        0x7f40000000
#define DEVICE_VA      0x7f80000000
#define BOOT_TREE_VA   0x7f90000000
#define CPU_VA         0x7fc0000000

/* Pages of slot 511. The vCPU state page begins where the stack ends: at a trap SP points at both. */
#define CPU_PAGE_STACK       1 /* two pages, an unmapped one below */
#define CPU_PAGE_STACK_COUNT 2
#define CPU_PAGE_STATE       3 /* state of the loaded vCPU, an unmapped page behind */
#define CPU_PAGE_EMERGENCY   5 /* stack of the exception report */
#define CPU_PAGE_TABLE3      7 /* the level 3 table of these pages: windows are opened through it */
#define CPU_PAGE_TABLE2      8
#define CPU_PAGE_ROOT        9
#define CPU_PAGE_WINDOW      16
#define CPU_BLOCK_WINDOW     1 /* first 2 MiB window: index into the level 2 table */

#define CPU_STACK_TOP     (CPU_VA + 0x3000)
#define CPU_STATE_VA      (CPU_VA + 0x3000)
#define CPU_EMERGENCY_TOP (CPU_VA + 0x6000)

/* MAIR_EL2: index 0 device nGnRE, index 1 normal write-back, index 2 normal non-cacheable. */
#define MAIR_VALUE   0x44ff04
#define MAIR_DEVICE  0
#define MAIR_NORMAL  1

#endif
