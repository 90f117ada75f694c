/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the hypervisor's page tables is a CPU's own: windows, the loaded vCPU's state, roots for the other CPUs. Only
 * the tables of this CPU's slot are mapped (by themselves); core/hyp_map.c changes the shared ones through windows.
 */
#include "mmu.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/console.h"
#include "bh/frame.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "cpu_registers.h"
#include "lib/string.h"
#include "tlb.h"

_Static_assert(ARCH_DEVICE_VA == DEVICE_VA && ARCH_DEVICE_VA_END == BOOT_TREE_VA &&
               ARCH_FRAME_TABLE_VA == FRAME_TABLE_VA && ARCH_IMAGE_VA == IMAGE_VA &&
               ARCH_CPU_VA == CPU_VA && ARCH_WINDOW_PAGE == CPU_PAGE_WINDOW, "layout.h");
_Static_assert(CPU_PAGE_STATE_COUNT == ARCH_STATE_FRAMES, "layout.h");

extern char image_start[], __image_end[], __fixed_start[], __fixed_end[];

#define OWN_PAGE(i) ((uint64_t *)CPU_PAGE_VA((uint64_t)(i)))

paddr_t image_to_paddr(const void *p)
{
    return paddr((uint64_t)p - IMAGE_OFFSET);
}

/* ---- Windows ---- */

void *arch_window_map(unsigned slot, mfn_t m, bool writable)
{
    own_map(CPU_PAGE_WINDOW + slot, mfn_to_paddr(m).a | (writable ? PTE_RW : PTE_R));
    return OWN_PAGE(CPU_PAGE_WINDOW + slot);
}

void arch_window_unmap(unsigned slot)
{
    own_unmap(CPU_PAGE_WINDOW + slot);
}

void *arch_block_window_map(unsigned slot, mfn_t m)
{
    OWN_PAGE(CPU_PAGE_TABLE2)[CPU_BLOCK_WINDOW + slot] = ALIGN_DOWN(mfn_to_paddr(m).a, MIB(2)) | PTE_RW | PTE_PS;
    __asm__ volatile("" ::: "memory");
    return (void *)(CPU_VA + (CPU_BLOCK_WINDOW + slot) * MIB(2));
}

void arch_block_window_unmap(unsigned slot)
{
    OWN_PAGE(CPU_PAGE_TABLE2)[CPU_BLOCK_WINDOW + slot] = 0;
    tlb_forget_here(CPU_VA + (CPU_BLOCK_WINDOW + slot) * MIB(2));
}

/* Req: BH-SEC-002 */
void state_map(const mfn_t *frames)
{
    for (unsigned i = 0; i < CPU_PAGE_STATE_COUNT; i++) {
        own_map(CPU_PAGE_STATE + i, mfn_to_paddr(frames[i]).a | PTE_RW);
    }
}

void state_unmap(void)
{
    for (unsigned i = 0; i < CPU_PAGE_STATE_COUNT; i++) {
        own_unmap(CPU_PAGE_STATE + i);
    }
}

/* ---- Shared mappings ---- */

mfn_t arch_hyp_root(void)
{
    return paddr_to_mfn(paddr(cr3_read() & PTE_ADDRESS));
}

uint64_t arch_hyp_pte_leaf(paddr_t p, enum hyp_right right, unsigned level)
{
    static const uint64_t bits[] = {
        [HYP_R] = PTE_R, [HYP_RW] = PTE_RW, [HYP_RX] = PTE_RX, [HYP_DEVICE] = PTE_DEVICE,
        [HYP_RWX] = PTE_RW & ~PTE_NX,
    };

    return p.a | bits[right] | (level == 3 ? 0 : PTE_PS);
}

uint64_t arch_hyp_pte_table(paddr_t p)
{
    return p.a | PTE_TABLE;
}

bool arch_hyp_pte_is_valid(uint64_t pte)
{
    return (pte & PTE_P) != 0;
}

paddr_t arch_hyp_pte_address(uint64_t pte)
{
    return paddr(pte & PTE_ADDRESS);
}

bool arch_hyp_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte & PTE_PS) == 0;
}

bool arch_hyp_pte_is_writable_code(uint64_t pte)
{
    return (pte & (PTE_W | PTE_NX)) == PTE_W;
}

void arch_hyp_audit(void)
{
    if ((cr0_read() & CR0_WP) == 0 || (msr_read(MSR_EFER) & EFER_NXE) == 0) {
        panic("audit: read-only pages can be written, or data executed");
    }
}

bool arch_vcpu_state_is_at(const struct vcpu *v, uint64_t va, mfn_t m)
{
    uint64_t page = (va - CPU_STATE_VA) >> PAGE_SHIFT;

    return page < ARCH_STATE_FRAMES && v->arch.state[page].n == m.n;
}

void arch_hyp_publish(void)
{
    __asm__ volatile("" ::: "memory");
}

void arch_hyp_forget(uint64_t va)
{
    tlb_forget_everywhere(va);
}

void *arch_heap_address(size_t page)
{
    return (void *)(HEAP_VA + page * PAGE_SIZE);
}

int arch_heap_map(size_t page, mfn_t m)
{
    return hyp_map(HEAP_VA + page * PAGE_SIZE, mfn_to_paddr(m).a, PAGE_SIZE, HYP_RW);
}

mfn_t arch_heap_unmap(size_t page)
{
    return paddr_to_mfn(hyp_unmap_page(HEAP_VA + page * PAGE_SIZE));
}

/* What of a CPU's own pages is no table and no window. */
static const uint8_t own_pages[] = {
    CPU_PAGE_STACK, CPU_PAGE_STACK + 1, CPU_PAGE_FAULT, CPU_PAGE_NMI, CPU_PAGE_MACHINE_CHECK, CPU_PAGE_OWN,
};

/* Req: BH-MEM-027 */
void image_move(void)
{
    uint64_t fixed = (uint64_t)__fixed_start, behind = (uint64_t)__fixed_end;
    int err = hyp_move((uint64_t)image_start, fixed - (uint64_t)image_start);

    if (err == 0) {
        err = hyp_move(behind, (uint64_t)__image_end - behind);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(own_pages) && err == 0; i++) {
        err = hyp_move((uint64_t)OWN_PAGE(own_pages[i]), PAGE_SIZE);
    }
    if (err != 0) {
        panic("memory: too little of the hypervisor's colours");
    }
}

/* ---- Roots of the other CPUs ---- */

int hyp_root_create(struct cpu *cpu)
{
    mfn_t root, table1, table2, table3, page;
    uint64_t *own = OWN_PAGE(CPU_PAGE_ROOT), *t;
    int err = 0;

    if (frame_alloc_table(&root) != 0 || frame_alloc_table(&table1) != 0 || frame_alloc_table(&table2) != 0 ||
        frame_alloc_table(&table3) != 0) {
        return -XEN_ENOMEM;
    }
    t = window_open(root);
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        t[i] = own[i];
    }
    t[ROOT_SLOT_CPU] = mfn_to_paddr(table1).a | PTE_TABLE;
    window_close(t);
    t = window_open(table1);
    t[0] = mfn_to_paddr(table2).a | PTE_TABLE;
    window_close(t);
    t = window_open(table2);
    t[0] = mfn_to_paddr(table3).a | PTE_TABLE;
    window_close(t);
    t = window_open(table3);
    for (unsigned i = 0; i < ARRAY_COUNT(own_pages) && err == 0; i++) {
        err = frame_alloc_table(&page);
        if (err == 0) {
            t[own_pages[i]] = mfn_to_paddr(page).a | PTE_RW;
        }
    }
    t[CPU_PAGE_TABLE3] = mfn_to_paddr(table3).a | PTE_RW;
    t[CPU_PAGE_TABLE2] = mfn_to_paddr(table2).a | PTE_RW;
    t[CPU_PAGE_ROOT] = mfn_to_paddr(root).a | PTE_RW;
    window_close(t);
    cpu->arch.root = mfn_to_paddr(root).a;
    return err;
}

/* ---- Memory and caches ---- */

void arch_memory_clear(void *p, size_t size)
{
    size_t count = size / sizeof(uint64_t);

    __asm__ volatile("rep stosq" : "+D"(p), "+c"(count) : "a"(0) : "memory");
}

void arch_memory_publish(const void *p, size_t size)
{
    /* Caches are coherent for all that a guest does, fetches and tables included. */
    (void)p;
    (void)size;
}
