/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested page tables (AMD APM volume 2, 15.25): entries as long mode has them, all of them user's. Hardware walks four
 * levels; a domain's tables have three under a root of one entry, which covers 512 GiB of guest memory.
 */
#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/window.h"
#include "guest_walk.h"
#include "mmu.h"
#include "tlb.h"

/* Bits that hardware ignores say what a mapping is for. */
#define NPT_TYPE_SHIFT 52
#define NPT_COMMON     (PTE_P | PTE_U | PTE_A | PTE_D)

uint64_t arch_pte_leaf(mfn_t m, enum p2m_type type, unsigned level)
{
    static const uint64_t bits[P2M_TYPE_COUNT] = {
        [P2M_RAM] = NPT_COMMON | PTE_W,
        [P2M_RAM_RO] = NPT_COMMON,
        [P2M_MMIO] = NPT_COMMON | PTE_W | PTE_NX | PTE_PCD | PTE_PWT,
        [P2M_RESERVED] = NPT_COMMON | PTE_W | PTE_NX,
        [P2M_SHARED] = NPT_COMMON | PTE_W | PTE_NX,
        [P2M_GRANT] = NPT_COMMON | PTE_W | PTE_NX,
        [P2M_GRANT_RO] = NPT_COMMON | PTE_NX,
        [P2M_FOREIGN] = NPT_COMMON | PTE_W | PTE_NX,
    };

    return mfn_to_paddr(m).a | bits[type] | (uint64_t)type << NPT_TYPE_SHIFT | (level == 3 ? 0 : PTE_PS);
}

uint64_t arch_pte_table(mfn_t m)
{
    return mfn_to_paddr(m).a | PTE_P | PTE_W | PTE_U | PTE_A;
}

bool arch_pte_is_valid(uint64_t pte)
{
    return (pte & PTE_P) != 0;
}

bool arch_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte & (PTE_P | PTE_PS)) == PTE_P;
}

mfn_t arch_pte_mfn(uint64_t pte)
{
    return paddr_to_mfn(paddr(pte & PTE_ADDRESS));
}

enum p2m_type arch_pte_type(uint64_t pte)
{
    return (enum p2m_type)((pte >> NPT_TYPE_SHIFT) & 0xf);
}

void arch_pte_store(uint64_t *slot, uint64_t pte)
{
    __atomic_store_n(slot, pte, __ATOMIC_RELEASE);
}

/* Req: BH-PC-020 */
void arch_p2m_invalidate(struct p2m *p, gfn_t g, unsigned order)
{
    guest_walk_page_changes(p, g, order);
    /* A vCPU that enters from now on finds the count changed, and takes an ASID that nothing was cached for. */
    __atomic_fetch_add(&p->arch.changes, 1, __ATOMIC_SEQ_CST);
    tlb_leave_guests(mfn_to_paddr(p->arch.top).a);
}

int arch_p2m_init(struct p2m *p)
{
    int err = frame_alloc_p2m(p->domid, 0, &p->arch.top);

    if (err == 0) {
        uint64_t *t = window_open(p->arch.top);

        t[0] = arch_pte_table(p->root);
        window_close(t);
    }
    return err;
}

void arch_p2m_retire(struct p2m *p)
{
    arch_p2m_invalidate(p, gfn(0), ORDER_1G);
    (void)frame_put(p->arch.top);
}
