/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit of the live tables. What it needs to look at a table is a window; one a level is open meanwhile, and no other.
 */
#include "bh/hyp_audit.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/hyp_map.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define LEVEL_COUNT 4
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * (3 - (level)))

/* Where the walk is in the table of a level. */
struct place {
    const uint64_t *table;
    uint64_t va;    /* that its first entry is for */
    unsigned index; /* of the next entry */
};

static void audit_frame(uint64_t va, mfn_t m)
{
    const struct frame *f = frame_lookup(m);

    if (f == NULL) {
        return;
    }
    if (f->type == FRAME_RAM) {
        panic("audit: %lx maps frame %lx of domain %u", (unsigned long)va, (unsigned long)m.n, f->owner);
    }
    if (f->type == FRAME_STATE && (this_cpu()->current == NULL || !arch_vcpu_state_is_at(this_cpu()->current, va, m))) {
        panic("audit: %lx maps a vCPU's state, frame %lx", (unsigned long)va, (unsigned long)m.n);
    }
}

static void audit_leaf(uint64_t va, uint64_t pte, unsigned level)
{
    uint64_t windows = ARCH_CPU_VA + ARCH_WINDOW_PAGE * PAGE_SIZE;

    if (level == 3 && va >= windows && va < ARCH_CPU_VA + MIB(2)) {
        if ((va - windows) / PAGE_SIZE >= window_count()) {
            panic("audit: window %lu is not closed", (unsigned long)((va - windows) / PAGE_SIZE));
        }
        return;
    }
    if (level < 3 && va >= ARCH_CPU_VA && va < ARCH_CPU_VA + GIB(1)) {
        panic("audit: block window %lu is not closed", (unsigned long)((va - ARCH_CPU_VA) / MIB(2)) - 1);
    }
    if (arch_hyp_pte_is_writable_code(pte)) {
        panic("audit: %lx is writable and executable", (unsigned long)va);
    }
    audit_frame(va, paddr_to_mfn(arch_hyp_pte_address(pte)));
}

/* Addresses are signed: the highest bit that the tables cover goes on in those above. */
static uint64_t canonical(uint64_t va)
{
    unsigned unused = 64 - 9 - LEVEL_SHIFT(ARCH_HYP_TOP_LEVEL);

    return ARCH_HYP_IS_SIGNED ? (uint64_t)((int64_t)(va << unused) >> unused) : va;
}

/* Req: BH-SEC-005, BH-SEC-008 */
void hyp_audit(void)
{
    struct place place[LEVEL_COUNT];
    unsigned level = ARCH_HYP_TOP_LEVEL;

    arch_hyp_audit();
    if (window_count() != 0) {
        panic("audit: %u windows are open at a trap", window_count());
    }
    place[level] = (struct place){ .table = window_open_read(arch_hyp_root()) };
    /* Bound: the entries of all tables. */
    for (;;) {
        struct place *p = &place[level];
        uint64_t pte, va;

        if (p->index == PT_ENTRIES) {
            window_close(p->table);
            if (level == ARCH_HYP_TOP_LEVEL) {
                return;
            }
            level--;
            continue;
        }
        pte = p->table[p->index];
        va = canonical(p->va + ((uint64_t)p->index << LEVEL_SHIFT(level)));
        p->index++;
        if (!arch_hyp_pte_is_valid(pte)) {
            continue;
        }
        if (arch_hyp_pte_is_table(pte, level)) {
            level++;
            place[level] = (struct place){ .table = window_open_read(paddr_to_mfn(arch_hyp_pte_address(pte))), .va = va };
        } else {
            audit_leaf(va, pte, level);
        }
    }
}
