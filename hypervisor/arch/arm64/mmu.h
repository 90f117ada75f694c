/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables (Arm ARM D8.3, stage 1 of EL2, 4 KiB granule): one root a CPU; slots shared by
 * all CPUs point to the same level 2 tables in every root. Writable pages are never executable.
 */
#ifndef BH_ARM64_MMU_H
#define BH_ARM64_MMU_H

#include "bh/hyp_map.h"
#include "bh/types.h"
#include "layout.h"

/* CONFIG_CACHE_COLOURS: the image and this CPU's own pages go to frames of the hypervisor's colours, if it has any. */
void image_move(void);

#define PTE_VALID   BIT(0)
#define PTE_TABLE   BIT(1) /* levels 1 and 2: next table; level 3: page */
#define PTE_ATTR(i) ((uint64_t)(i) << 2)
#define PTE_AP1     BIT(6) /* RES1 at EL2 */
#define PTE_RO      BIT(7)
#define PTE_SH_IS   (3UL << 8)
#define PTE_AF      BIT(10)
#define PTE_XN      BIT(54)
#define PTE_ADDRESS 0x0000fffffffff000UL

#define PTE_NORMAL (PTE_VALID | PTE_ATTR(MAIR_NORMAL) | PTE_AP1 | PTE_SH_IS | PTE_AF)
#define PTE_RW     (PTE_NORMAL | PTE_XN)
#define PTE_R      (PTE_NORMAL | PTE_XN | PTE_RO)
#define PTE_RX     (PTE_NORMAL | PTE_RO)
#define PTE_DEVICE (PTE_VALID | PTE_ATTR(MAIR_DEVICE) | PTE_AP1 | PTE_SH_IS | PTE_AF | PTE_XN)

/* Makes the level 1 entries of the shared slots and a root for another CPU. -XEN_ENOMEM. */
struct cpu;
MUST_USE int hyp_root_create(struct cpu *cpu);

/* Puts the vCPU state page M at CPU_STATE_VA of this CPU, or takes it away. */
void state_map(mfn_t m);
void state_unmap(void);

#endif
