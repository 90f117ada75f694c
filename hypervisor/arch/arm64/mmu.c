/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the hypervisor's page tables is a CPU's own: windows, the loaded vCPU's state, roots for the other CPUs. Only
 * the tables of this CPU's slot are mapped (by themselves); core/hyp_map.c changes the shared ones through windows.
 */
#include "mmu.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/window.h"
#include "bh/vcpu.h"
#include "lib/string.h"
#include "plant.h"
#include "sysreg.h"

extern char image_start[], __image_end[];

#define OWN_PAGE(i) ((uint64_t *)(CPU_VA + (uint64_t)(i) * PAGE_SIZE))

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

_Static_assert(ARCH_DEVICE_VA == DEVICE_VA && ARCH_DEVICE_VA_END == BOOT_TREE_VA &&
               ARCH_FRAME_TABLE_VA == FRAME_TABLE_VA && ARCH_IMAGE_VA == IMAGE_VA &&
               ARCH_CPU_VA == CPU_VA && ARCH_WINDOW_PAGE == CPU_PAGE_WINDOW, "layout.h");

mfn_t arch_hyp_root(void)
{
    return paddr_to_mfn(paddr(sysreg_read(ttbr0_el2) & PTE_ADDRESS));
}

uint64_t arch_hyp_pte_leaf(paddr_t p, enum hyp_right right, unsigned level)
{
    static const uint64_t bits[] = {
        [HYP_R] = PTE_R, [HYP_RW] = PTE_RW, [HYP_RX] = PTE_RX, [HYP_DEVICE] = PTE_DEVICE,
        [HYP_RWX] = PTE_NORMAL,
    };

    return p.a | bits[right] | (level == 3 ? PTE_TABLE : 0);
}

uint64_t arch_hyp_pte_table(paddr_t p)
{
    return p.a | PTE_VALID | PTE_TABLE;
}

bool arch_hyp_pte_is_valid(uint64_t pte)
{
    return (pte & PTE_VALID) != 0;
}

paddr_t arch_hyp_pte_address(uint64_t pte)
{
    return paddr(pte & PTE_ADDRESS);
}

bool arch_hyp_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte & PTE_TABLE) != 0;
}

bool arch_hyp_pte_is_writable_code(uint64_t pte)
{
    return (pte & (PTE_RO | PTE_XN)) == 0;
}

#define SCTLR_WXN BIT(19)

void arch_hyp_audit(void)
{
    if (CONFIG_AUDIT_SELFTEST) {
        plant_due();
    }
    if ((sysreg_read(sctlr_el2) & SCTLR_WXN) == 0) {
        panic("audit: writable pages can be executable");
    }
}

bool arch_vcpu_state_is_at(const struct vcpu *v, uint64_t va, mfn_t m)
{
    return va == CPU_STATE_VA && v->arch.state.n == m.n;
}

void arch_hyp_publish(void)
{
    dsb(ishst);
    isb();
}

void arch_hyp_forget(uint64_t va)
{
    dsb(ishst);
    __asm__ volatile("tlbi vae2is, %0" : : "r"(va >> PAGE_SHIFT) : "memory");
    dsb(ish);
    isb();
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

/* Req: BH-MEM-027 */
void image_move(void)
{
    int err = hyp_move((uint64_t)image_start, (uint64_t)(__image_end - image_start));

    if (err == 0) {
        err = hyp_move((uint64_t)OWN_PAGE(CPU_PAGE_STACK), CPU_PAGE_STACK_COUNT * PAGE_SIZE);
    }
    if (err == 0) {
        err = hyp_move((uint64_t)OWN_PAGE(CPU_PAGE_EMERGENCY), PAGE_SIZE);
    }
    if (err != 0) {
        panic("memory: too little of the hypervisor's colours");
    }
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
