/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables (AMD APM volume 2, 5.3: long mode, four levels): one root a CPU; slots shared by all
 * CPUs point to the same tables in every root. Writable pages are never executable.
 */
#ifndef BH_X86_MMU_H
#define BH_X86_MMU_H

#include "bh/hyp_map.h"
#include "bh/types.h"
#include "bh/window.h"
#include "cpu_registers.h"
#include "layout.h"

/* Of what hardware is told the physical address, which stays: whole pages. */
#define IMAGE_FIXED __attribute__((section(".bss.fixed")))
/* CONFIG_CACHE_COLOURS: the image and this CPU's own pages go to frames of the hypervisor's colours, if it has any. */
void image_move(void);

#define PTE_P       BIT(0)
#define PTE_W       BIT(1)
#define PTE_U       BIT(2)
#define PTE_PWT     BIT(3)
#define PTE_PCD     BIT(4)
#define PTE_A       BIT(5)
#define PTE_D       BIT(6)
#define PTE_PS      BIT(7)
#define PTE_NX      BIT(63)
#define PTE_ADDRESS 0x000ffffffffff000UL

#define PTE_R      (PTE_P | PTE_A | PTE_NX)
#define PTE_RW     (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)
#define PTE_RX     (PTE_P | PTE_A)
#define PTE_DEVICE (PTE_RW | PTE_PCD | PTE_PWT)
#define PTE_TABLE  (PTE_P | PTE_W | PTE_A)

/* Makes a root for another CPU, with its own pages. -XEN_ENOMEM. */
struct cpu;
MUST_USE int hyp_root_create(struct cpu *cpu);

/*
 * Entries of this CPU's table for its own pages. What was not mapped is in no TLB, so mapping needs no invalidation (APM
 * volume 2, 5.5.2).
 */
static ALWAYS_INLINE void own_map(unsigned page, uint64_t pte)
{
    ((volatile uint64_t *)CPU_PAGE_VA((uint64_t)CPU_PAGE_TABLE3))[page] = pte;
}

static ALWAYS_INLINE void own_unmap(unsigned page)
{
    own_map(page, 0);
    tlb_forget_here(CPU_PAGE_VA((uint64_t)page));
}

/* The word at AT, in the leaf window (bh/window.h), when that has the entry PTE: opened for one look. */
#define LEAF_VA CPU_PAGE_VA((uint64_t)CPU_PAGE_WINDOW + WINDOW_LEAF)
static ALWAYS_INLINE uint64_t leaf_peek(uint64_t pte, const uint64_t *at)
{
    uint64_t word;

    own_map(CPU_PAGE_WINDOW + WINDOW_LEAF, pte);
    word = *(const volatile uint64_t *)at;
    own_unmap(CPU_PAGE_WINDOW + WINDOW_LEAF);
    return word;
}

/* Puts the state frames of a vCPU at CPU_STATE_VA of this CPU, or takes them away. */
void state_map(const mfn_t *frames);
void state_unmap(void);

#endif
