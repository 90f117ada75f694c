/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables after boot: shared mappings, roots for the other CPUs, windows.
 *
 * A table is itself only reachable through a window, except those of this CPU's own slot, which map themselves.
 * Shared tables are changed at boot by one CPU, later (heap) under the heap's lock.
 */
#include "mmu.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/window.h"
#include "lib/string.h"
#include "sysreg.h"

extern char image_start[];
extern uint64_t boot_root[PT_ENTRIES];

#define OWN_PAGE(i) ((uint64_t *)(CPU_VA + (uint64_t)(i) * PAGE_SIZE))

/* Tables for what is mapped before there is a page allocator. */
#define BOOT_TABLE_COUNT 8
static uint64_t boot_table[BOOT_TABLE_COUNT][PT_ENTRIES] __attribute__((aligned(4096)));
static unsigned boot_table_used;
static uint64_t device_next = DEVICE_VA;

paddr_t image_to_paddr(const void *p)
{
    return paddr((uint64_t)p - (uint64_t)image_start + image_paddr);
}

/* No ISB: whoever uses the place again has one when it has mapped something there, and the guest has its ERET. */
static ALWAYS_INLINE void tlb_forget_here(uint64_t va)
{
    dsb(nshst);
    __asm__ volatile("tlbi vae2, %0" : : "r"(va >> PAGE_SHIFT) : "memory");
    dsb(nsh);
}

/* ---- Windows ---- */

static ALWAYS_INLINE uint64_t *window_slot(unsigned slot)
{
    return OWN_PAGE(CPU_PAGE_TABLE3) + CPU_PAGE_WINDOW + slot;
}

void *arch_window_map(unsigned slot, mfn_t m, bool writable)
{
    *(volatile uint64_t *)window_slot(slot) = mfn_to_paddr(m).a | (writable ? PTE_RW : PTE_R) | PTE_TABLE;
    dsb(nshst);
    isb();
    return OWN_PAGE(CPU_PAGE_WINDOW + slot);
}

void arch_window_unmap(unsigned slot)
{
    *(volatile uint64_t *)window_slot(slot) = 0;
    tlb_forget_here((uint64_t)OWN_PAGE(CPU_PAGE_WINDOW + slot));
}

void *arch_block_window_map(unsigned slot, mfn_t m)
{
    uint64_t va = CPU_VA + (CPU_BLOCK_WINDOW + slot) * MIB(2);

    OWN_PAGE(CPU_PAGE_TABLE2)[CPU_BLOCK_WINDOW + slot] = ALIGN_DOWN(mfn_to_paddr(m).a, MIB(2)) | PTE_RW;
    dsb(nshst);
    isb();
    return (void *)va;
}

void arch_block_window_unmap(unsigned slot)
{
    OWN_PAGE(CPU_PAGE_TABLE2)[CPU_BLOCK_WINDOW + slot] = 0;
    tlb_forget_here(CPU_VA + (CPU_BLOCK_WINDOW + slot) * MIB(2));
}

/* Req: BH-SEC-002 */
void state_map(mfn_t m)
{
    *(volatile uint64_t *)(OWN_PAGE(CPU_PAGE_TABLE3) + CPU_PAGE_STATE) = mfn_to_paddr(m).a | PTE_RW | PTE_TABLE;
    dsb(nshst);
    isb();
}

void state_unmap(void)
{
    *(volatile uint64_t *)(OWN_PAGE(CPU_PAGE_TABLE3) + CPU_PAGE_STATE) = 0;
    tlb_forget_here(CPU_STATE_VA);
}

/* ---- Shared mappings ---- */

static int table_alloc(mfn_t *out)
{
    if (boot_table_used < BOOT_TABLE_COUNT) {
        *out = paddr_to_mfn(image_to_paddr(boot_table[boot_table_used++]));
        return 0;
    }
    return frame_alloc_table(out);
}

/* The table that entry INDEX of table T points to, made if it is missing. */
static int next_table(mfn_t t, unsigned index, mfn_t *out)
{
    uint64_t *table = window_open(t);
    uint64_t pte = table[index];
    int err = 0;

    if ((pte & PTE_VALID) != 0) {
        *out = paddr_to_mfn(paddr(pte & PTE_ADDRESS));
    } else {
        err = table_alloc(out);
        if (err == 0) {
            *(volatile uint64_t *)&table[index] = mfn_to_paddr(*out).a | PTE_VALID | PTE_TABLE;
        }
    }
    window_close(table);
    return err;
}

static mfn_t root_mfn(void)
{
    return paddr_to_mfn(paddr(sysreg_read(ttbr0_el2) & PTE_ADDRESS));
}

int hyp_map(uint64_t va, uint64_t pa, uint64_t size, uint64_t pte)
{
    uint64_t end = va + size;
    int err = 0;

    while (va < end && err == 0) {
        mfn_t table2, table3;

        err = next_table(root_mfn(), PT_INDEX(va, 1), &table2);
        if (err != 0) {
            break;
        }
        if (((va | pa) & (MIB(2) - 1)) == 0 && end - va >= MIB(2)) {
            uint64_t *t = window_open(table2);

            t[PT_INDEX(va, 2)] = pa | pte;
            window_close(t);
            va += MIB(2);
            pa += MIB(2);
            continue;
        }
        err = next_table(table2, PT_INDEX(va, 2), &table3);
        if (err == 0) {
            uint64_t *t = window_open(table3);

            do {
                t[PT_INDEX(va, 3)] = pa | pte | PTE_TABLE;
                va += PAGE_SIZE;
                pa += PAGE_SIZE;
            } while (va < end && PT_INDEX(va, 3) != 0);
            window_close(t);
        }
    }
    dsb(ishst);
    isb();
    return err;
}

/* Clears the level 3 entry of VA and returns what it held. */
static uint64_t unmap_page(uint64_t va)
{
    uint64_t pte = 0;
    mfn_t t = root_mfn();

    for (unsigned level = 1; level <= 3; level++) {
        uint64_t *table = window_open(t);

        pte = table[PT_INDEX(va, level)];
        if (level == 3) {
            *(volatile uint64_t *)&table[PT_INDEX(va, level)] = 0;
        }
        window_close(table);
        if ((pte & PTE_VALID) == 0) {
            break;
        }
        t = paddr_to_mfn(paddr(pte & PTE_ADDRESS));
    }
    dsb(ishst);
    __asm__ volatile("tlbi vae2is, %0" : : "r"(va >> PAGE_SHIFT) : "memory");
    dsb(ish);
    isb();
    return pte;
}

void hyp_unmap(uint64_t va, uint64_t size)
{
    for (uint64_t end = va + size; va < end; va += PAGE_SIZE) {
        (void)unmap_page(va);
    }
}

void hyp_give_back(void *p, size_t size)
{
    mfn_t m = paddr_to_mfn(image_to_paddr(p));

    hyp_unmap((uint64_t)p, size);
    page_alloc_add(m.n, m.n + (size >> PAGE_SHIFT));
}

void hyp_give_back_tables(void)
{
    unsigned used = boot_table_used;

    boot_table_used = BOOT_TABLE_COUNT;
    hyp_give_back(boot_table[used], (BOOT_TABLE_COUNT - used) * PAGE_SIZE);
}

void *device_map(uint64_t pa, uint64_t size)
{
    uint64_t offset = pa & (PAGE_SIZE - 1);
    uint64_t va = device_next;

    size = ALIGN_UP(size + offset, PAGE_SIZE);
    if (size > BOOT_TREE_VA - va || hyp_map(va, pa - offset, size, PTE_DEVICE) != 0) {
        return NULL;
    }
    device_next += size;
    return (void *)(va + offset);
}

void *arch_heap_address(size_t page)
{
    return (void *)(HEAP_VA + page * PAGE_SIZE);
}

int arch_heap_map(size_t page, mfn_t m)
{
    return hyp_map(HEAP_VA + page * PAGE_SIZE, mfn_to_paddr(m).a, PAGE_SIZE, PTE_RW);
}

mfn_t arch_heap_unmap(size_t page)
{
    return paddr_to_mfn(paddr(unmap_page(HEAP_VA + page * PAGE_SIZE) & PTE_ADDRESS));
}

/* ---- Roots of the other CPUs ---- */

int hyp_root_create(struct cpu *cpu)
{
    mfn_t root, table2, table3, page;
    uint64_t *own = OWN_PAGE(CPU_PAGE_ROOT);
    uint64_t *t, *stack;
    int err = 0;

    if (frame_alloc_table(&root) != 0 || frame_alloc_table(&table2) != 0 || frame_alloc_table(&table3) != 0) {
        return -XEN_ENOMEM;
    }
    t = window_open(root);
    for (unsigned i = 0; i < PT_INDEX(CPU_VA, 1); i++) {
        t[i] = own[i];
    }
    t[PT_INDEX(CPU_VA, 1)] = mfn_to_paddr(table2).a | PTE_VALID | PTE_TABLE;
    window_close(t);

    t = window_open(table2);
    t[0] = mfn_to_paddr(table3).a | PTE_VALID | PTE_TABLE;
    window_close(t);

    t = window_open(table3);
    for (unsigned i = 0; i < CPU_PAGE_STACK_COUNT + 1U && err == 0; i++) {
        bool is_stack = i < CPU_PAGE_STACK_COUNT;

        err = frame_alloc_table(&page);
        if (err == 0) {
            t[is_stack ? CPU_PAGE_STACK + i : CPU_PAGE_EMERGENCY] = mfn_to_paddr(page).a | PTE_RW | PTE_TABLE;
        }
        if (err == 0 && i == CPU_PAGE_STACK_COUNT - 1U) {
            /* head.S takes the CPU's struct from under the top of its stack. */
            stack = window_open(page);
            stack[PT_ENTRIES - 2] = (uint64_t)cpu;
            window_close(stack);
        }
    }
    t[CPU_PAGE_TABLE3] = mfn_to_paddr(table3).a | PTE_RW | PTE_TABLE;
    t[CPU_PAGE_TABLE2] = mfn_to_paddr(table2).a | PTE_RW | PTE_TABLE;
    t[CPU_PAGE_ROOT] = mfn_to_paddr(root).a | PTE_RW | PTE_TABLE;
    window_close(t);
    cpu->arch.root = mfn_to_paddr(root).a;
    return err;
}

/* ---- Memory and caches ---- */

void arch_memory_clear(void *p, size_t size)
{
    uint64_t dczid = sysreg_read(dczid_el0);
    char *c = p, *end = c + size;

    if ((dczid & 0x1f) != 4) { /* prohibited, or not in blocks of 64 bytes */
        memset(p, 0, size);
        return;
    }
    for (; end - c >= 512; c += 512) {
        __asm__ volatile("dc zva, %0\n\tdc zva, %1\n\tdc zva, %2\n\tdc zva, %3"
                         : : "r"(c), "r"(c + 64), "r"(c + 128), "r"(c + 192) : "memory");
        __asm__ volatile("dc zva, %0\n\tdc zva, %1\n\tdc zva, %2\n\tdc zva, %3"
                         : : "r"(c + 256), "r"(c + 320), "r"(c + 384), "r"(c + 448) : "memory");
    }
    for (; c < end; c += 64) {
        __asm__ volatile("dc zva, %0" : : "r"(c) : "memory");
    }
}

void arch_memory_publish(const void *p, size_t size)
{
    uint64_t line = 4UL << ((sysreg_read(ctr_el0) >> 16) & 0xf);
    uint64_t at = ALIGN_DOWN((uint64_t)p, line), end = (uint64_t)p + size;

    for (; at < end; at += line) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    dsb(ish);
    __asm__ volatile("ic ialluis" ::: "memory");
    dsb(ish);
    isb();
}
