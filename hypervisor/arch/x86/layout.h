/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's virtual addresses: 48 bits, one root page a CPU (level 0, 512 slots of 512 GiB). Plain numbers: the
 * assembler and the linker script read this file too.
 *
 *   slot 256..287  frame table: 16 bytes a frame, indexed by frame number, backed only where there is RAM
 *   slot 508       heap: the hypervisor's objects, shared by all CPUs
 *   slot 509       device registers, firmware's tables, and the boot device tree while it is read
 *   slot 510       this CPU's own pages; every CPU has other frames here
 *   slot 511       the image, in the last 2 GiB
 *
 * There is no map of RAM.
 */
#ifndef BH_X86_LAYOUT_H
#define BH_X86_LAYOUT_H

/* Where the boot loader puts the image, and where it is linked. It is smaller than 2 MiB. */
#define IMAGE_PADDR     0x200000
#define IMAGE_VA        0xffffffff80200000
#define IMAGE_OFFSET    0xffffffff80000000

#define FRAME_TABLE_VA  0xffff800000000000
#define HEAP_VA         0xfffffe0000000000
#define DEVICE_VA       0xfffffe8000000000
#define BOOT_TREE_VA    0xfffffe8040000000
#define CPU_VA          0xffffff0000000000

#define ROOT_SLOT_CPU   510
#define ROOT_SLOT_IMAGE 511

/* Pages of slot 510. The vCPU's state begins where the stack ends: at an exit RSP points at both. */
#define CPU_PAGE_STACK       1 /* two pages, an unmapped one below */
#define CPU_PAGE_STACK_COUNT 2
#define CPU_PAGE_STATE       3 /* state of the loaded vCPU: registers, control block, extended state */
#define CPU_PAGE_STATE_COUNT 3 /* an unmapped one behind */
#define CPU_PAGE_FAULT       7 /* stack of double faults and of the exception report, an unmapped one below */
#define CPU_PAGE_NMI         9
#define CPU_PAGE_MACHINE_CHECK 11
#define CPU_PAGE_OWN         12 /* struct cpu_own, see descriptors.h */
#define CPU_PAGE_TABLE3      13 /* the level 3 table of these pages: windows are opened through it */
#define CPU_PAGE_TABLE2      14
#define CPU_PAGE_ROOT        15
#define CPU_PAGE_WINDOW      16
#define CPU_BLOCK_WINDOW     1  /* first 2 MiB window: index into the level 2 table */

#define CPU_PAGE_VA(i)       (CPU_VA + (i) * 0x1000)
#define CPU_STACK_TOP        CPU_PAGE_VA(CPU_PAGE_STATE)
#define CPU_STATE_VA         CPU_PAGE_VA(CPU_PAGE_STATE)
#define CPU_OWN_VA           CPU_PAGE_VA(CPU_PAGE_OWN)

/* Segments of the hypervisor's descriptor tables. */
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TASK 0x18

/* Vectors of its own interrupts: the first of all, and those that have a meaning. */
#define VECTOR_FIRST    0x20
#define VECTOR_ISA      0x20 /* to 0x2f: ISA interrupts that are partitions' */
#define VECTOR_UART     0x30
#define VECTOR_TIMER    0xf0
#define VECTOR_KICK     0xf1
#define VECTOR_SPURIOUS 0xff

/* Where the other CPUs start, in real mode: a page of low memory. */
#define TRAMPOLINE_PADDR 0x8000

#endif
