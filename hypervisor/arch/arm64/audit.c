/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit of the live tables. What it needs to look at a table is a window; these are the only ones open meanwhile.
 */
#include "audit.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "mmu.h"
#include "sysreg.h"

#define SCTLR_WXN BIT(19)

static void audit_leaf(uint64_t va, uint64_t pte)
{
    mfn_t m = paddr_to_mfn(paddr(pte & PTE_ADDRESS));
    const struct frame *f = frame_lookup(m);

    if ((pte & (PTE_RO | PTE_XN)) == 0) {
        panic("audit: %lx is writable and executable", va);
    }
    if (f == NULL) {
        return;
    }
    if (f->type == FRAME_RAM) {
        panic("audit: %lx maps frame %lx of domain %u", va, m.n, f->owner);
    }
    if (f->type == FRAME_STATE && (va != CPU_STATE_VA || this_cpu()->current == NULL ||
                                   this_cpu()->current->arch.state.n != m.n)) {
        panic("audit: %lx maps a vCPU's state, frame %lx", va, m.n);
    }
}

/* The pages from VA on, of table M. */
static void audit_pages(uint64_t va, mfn_t m)
{
    const uint64_t *t = window_open_read(m);
    uint64_t windows = CPU_VA + CPU_PAGE_WINDOW * PAGE_SIZE;

    for (unsigned i = 0; i < PT_ENTRIES; i++, va += PAGE_SIZE) {
        if ((t[i] & PTE_VALID) == 0) {
            continue;
        }
        if (va < windows || va >= CPU_VA + MIB(2)) {
            audit_leaf(va, t[i]);
        } else if ((va - windows) / PAGE_SIZE >= window_count()) {
            panic("audit: window %lu is not closed", (va - windows) / PAGE_SIZE);
        }
    }
    window_close(t);
}

/* The blocks and tables from VA on, of table M. */
static void audit_blocks(uint64_t va, mfn_t m)
{
    const uint64_t *t = window_open_read(m);

    for (unsigned i = 0; i < PT_ENTRIES; i++, va += MIB(2)) {
        if ((t[i] & PTE_VALID) == 0) {
            continue;
        }
        if ((t[i] & PTE_TABLE) != 0) {
            audit_pages(va, paddr_to_mfn(paddr(t[i] & PTE_ADDRESS)));
        } else if (va >= CPU_VA) {
            panic("audit: block window %u is not closed", i - CPU_BLOCK_WINDOW);
        } else {
            audit_leaf(va, t[i]);
        }
    }
    window_close(t);
}

/* Req: BH-SEC-005, BH-SEC-008 */
void mmu_audit(void)
{
    const uint64_t *root = (const uint64_t *)(CPU_VA + CPU_PAGE_ROOT * PAGE_SIZE);

    if (CONFIG_AUDIT_SELFTEST) {
        plant_due();
    }
    if (window_count() != 0) {
        panic("audit: %u windows are open at a trap", window_count());
    }
    if ((sysreg_read(sctlr_el2) & SCTLR_WXN) == 0) {
        panic("audit: writable pages can be executable");
    }
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        if ((root[i] & PTE_VALID) != 0) {
            audit_blocks((uint64_t)i << 30, paddr_to_mfn(paddr(root[i] & PTE_ADDRESS)));
        }
    }
}
