/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage-2 descriptors (Arm ARM D8.3.1, D8.5.5), VMIDs and invalidation.
 *
 * VMIDs: a domain gets one when its tables are made and keeps it until they are retired, when every CPU forgets what
 * it cached under it. There are never more domains than VMIDs (CONFIG_MAX_DOMAINS), so none is ever taken from a
 * domain that runs, and no switch ever has to flush.
 */
#include "stage2.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "mmu.h"
#include "sysreg.h"

#define S2_MEM_NORMAL (0xfUL << 2) /* outer and inner write-back */
#define S2_MEM_DEVICE (0x1UL << 2) /* nGnRE */
#define S2_READ       BIT(6)
#define S2_WRITE      BIT(7)
#define S2_XN         BIT(54)
/* Software bits 55..58 say what a mapping is for. */
#define S2_TYPE_SHIFT 55

static struct spinlock vmid_lock = SPINLOCK_INIT(LOCK_VMID);
static uint64_t vmid_used[4] = { 1 }; /* [lock vmid_lock] bit N: VMID N is some domain's; 0 is the hypervisor's own */

/* VTCR_EL2: 40 bits of address, 4 KiB granule, walks start at level 1, inner shareable write-back. */
uint64_t stage2_vtcr(void)
{
    uint64_t range = sysreg_read(id_aa64mmfr0_el1) & 0xf;

    return BIT(31) | (64 - ARCH_P2M_ADDRESS_BITS) | (1UL << 6) | (1UL << 8) | (1UL << 10) | (3UL << 12) |
           (MIN(range, 5UL) << 16);
}

uint64_t arch_pte_leaf(mfn_t m, enum p2m_type type, unsigned level)
{
    static const uint64_t bits[P2M_TYPE_COUNT] = {
        [P2M_RAM] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_WRITE,
        [P2M_RAM_RO] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ,
        [P2M_MMIO] = S2_MEM_DEVICE | S2_READ | S2_WRITE | S2_XN,
        [P2M_RESERVED] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_WRITE | S2_XN,
        [P2M_SHARED] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_WRITE | S2_XN,
        [P2M_GRANT] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_WRITE | S2_XN,
        [P2M_GRANT_RO] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_XN,
        [P2M_FOREIGN] = S2_MEM_NORMAL | PTE_SH_IS | S2_READ | S2_WRITE | S2_XN,
    };

    return mfn_to_paddr(m).a | bits[type] | PTE_AF | PTE_VALID | ((uint64_t)type << S2_TYPE_SHIFT) |
           (level == 3 ? PTE_TABLE : 0);
}

uint64_t arch_pte_table(mfn_t m)
{
    return mfn_to_paddr(m).a | PTE_VALID | PTE_TABLE;
}

bool arch_pte_is_valid(uint64_t pte)
{
    return (pte & PTE_VALID) != 0;
}

bool arch_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

mfn_t arch_pte_mfn(uint64_t pte)
{
    return paddr_to_mfn(paddr(pte & PTE_ADDRESS));
}

enum p2m_type arch_pte_type(uint64_t pte)
{
    return (enum p2m_type)((pte >> S2_TYPE_SHIFT) & 0xf);
}

void arch_pte_store(uint64_t *slot, uint64_t pte)
{
    *(volatile uint64_t *)slot = pte;
    dsb(ishst);
}

/* The maintenance instructions act on the VMID in VTTBR_EL2: P's is put there for a moment. */
static uint64_t vttbr_borrow(const struct p2m *p)
{
    uint64_t before = sysreg_read(vttbr_el2);

    sysreg_write(vttbr_el2, mfn_to_paddr(p->root).a | (p->arch.vmid << 48));
    isb();
    return before;
}

void arch_p2m_invalidate(struct p2m *p, gfn_t g, unsigned order)
{
    uint64_t before;

    before = vttbr_borrow(p);
    if (order == ORDER_4K) {
        __asm__ volatile("tlbi ipas2e1is, %0\n\tdsb ish\n\ttlbi vmalle1is" : : "r"(g.n) : "memory");
    } else {
        __asm__ volatile("tlbi vmalls12e1is" ::: "memory");
    }
    dsb(ish);
    isb();
    sysreg_write(vttbr_el2, before);
    isb();
}

int arch_p2m_init(struct p2m *p)
{
    int err = -XEN_ENOSPC;

    spin_lock(&vmid_lock);
    for (unsigned i = 0; i < ARRAY_COUNT(vmid_used) && err != 0; i++) {
        if (vmid_used[i] != UINT64_MAX) {
            unsigned bit = (unsigned)__builtin_ctzll(~vmid_used[i]);

            vmid_used[i] |= BIT(bit);
            p->arch.vmid = i * 64 + bit;
            err = 0;
        }
    }
    spin_unlock(&vmid_lock);
    return err;
}

void arch_p2m_retire(struct p2m *p)
{
    arch_p2m_invalidate(p, gfn(0), ORDER_1G);
    spin_lock(&vmid_lock);
    vmid_used[p->arch.vmid / 64] &= ~BIT(p->arch.vmid % 64);
    spin_unlock(&vmid_lock);
}

void stage2_load(const struct p2m *p)
{
    sysreg_write(vttbr_el2, mfn_to_paddr(p->root).a | (p->arch.vmid << 48));
}
