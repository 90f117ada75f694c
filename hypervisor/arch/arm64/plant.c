/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on purpose, to see that they are found: CONFIG_AUDIT_SELFTEST and the boot option "plant" (docs/boot.md).
 */
#include "arch/arch.h"
#include "plant.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/p2m.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "lib/string.h"
#include "mmu.h"
#include "sysreg.h"

/* Traps of the boot CPU before the fault: guests run by then. */
#define TRAPS_BEFORE 100

/* Where nothing is mapped after boot. */
#define UNUSED_VA BOOT_TREE_VA

enum plant { PLANT_NOTHING, PLANT_WINDOW, PLANT_STALE, PLANT_FRAME, PLANT_STATE, PLANT_EXECUTABLE, PLANT_ACCESS, PLANT_STACK };

static enum plant planned; /* [boot] */
static unsigned traps;     /* [cpu] the boot CPU's */

void arch_plant_fault(const char *name)
{
    static const struct { char name[12]; enum plant plant; } known[] = {
        { "window", PLANT_WINDOW }, { "stale", PLANT_STALE },           { "frame", PLANT_FRAME },
        { "state", PLANT_STATE },   { "executable", PLANT_EXECUTABLE }, { "access", PLANT_ACCESS },
        { "stack", PLANT_STACK },
    };

    for (unsigned i = 0; i < ARRAY_COUNT(known); i++) {
        if (string_equal(name, known[i].name)) {
            planned = known[i].plant;
            return;
        }
    }
    log_warning("command line: plant=%s: no such fault", name);
}

/* The first frame of the partition whose vCPU runs here. */
static mfn_t guest_frame(void)
{
    struct p2m *p = &this_cpu()->current->domain->p2m;
    enum p2m_type type;
    unsigned order;
    mfn_t m = { 0 };

    spin_lock(&p->lock);
    if (p2m_lookup(p, gfn(GUEST_RAM0_BASE >> PAGE_SHIFT), &m, &type, &order) != 0) {
        log_error("plant: the partition has no memory");
    }
    spin_unlock(&p->lock);
    return m;
}

static void map(mfn_t m, enum hyp_right right)
{
    if (hyp_map(UNUSED_VA, mfn_to_paddr(m).a, PAGE_SIZE, right) != 0) {
        log_error("plant: no memory");
    }
}

/* Not inlined: its name is looked for in the back trace. */
static __attribute__((noinline)) void plant_now(void)
{
    switch (planned) {
    case PLANT_NOTHING:
        break;
    case PLANT_WINDOW:
        (void)window_open(guest_frame());
        break;
    case PLANT_STALE:
        (void)arch_window_map(5, guest_frame(), true);
        break;
    case PLANT_FRAME:
        map(guest_frame(), HYP_R);
        break;
    case PLANT_STATE:
        map(this_cpu()->current->arch.state, HYP_R);
        break;
    case PLANT_EXECUTABLE:
        map(paddr_to_mfn(image_to_paddr(&planned)), HYP_RWX);
        break;
    case PLANT_ACCESS:
        *(volatile uint32_t *)UNUSED_VA = 0;
        break;
    case PLANT_STACK:
        __asm__ volatile("sub sp, sp, %0\n\tstr xzr, [sp]" : : "r"(CPU_PAGE_STACK_COUNT * PAGE_SIZE) : "memory");
        break;
    }
}

void plant_due(void)
{
    struct cpu *cpu = this_cpu();

    if (planned != PLANT_NOTHING && cpu->id == 0 && cpu->current != NULL && traps++ == TRAPS_BEFORE) {
        plant_now();
    }
}
