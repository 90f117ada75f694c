/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual CPUs on arm64: reset state, and the switch of everything that belongs to a guest. State goes straight
 * between the CPU's registers and the state page mapped at CPU_STATE_VA.
 */
#include "context.h"

#include "arch/arch.h"
#include "arch/arch_psci.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "debug.h"
#include "gic.h"
#include "mmu.h"
#include "stage2.h"
#include "state.h"
#include "sysreg.h"
#include "vtimer.h"

#define HCR_GUEST (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_BSU_IS | HCR_FB | HCR_TID3 | \
                   HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TLOR | HCR_TERR | HCR_RW)

void fp_save(uint64_t *q);
void fp_load(const uint64_t *q);

static bool has_pauth; /* [boot] */

void context_init(void)
{
    uint64_t isar1 = sysreg_read(id_aa64isar1_el1);

    has_pauth = ((isar1 >> 4) & 0xff) != 0 || ((isar1 >> 24) & 0xff) != 0;
}

bool context_has_pauth(void)
{
    return has_pauth;
}

void context_cpu_init(void)
{
    sysreg_write(hcr_el2, HCR_GUEST);
    sysreg_write(vtcr_el2, stage2_vtcr());
    sysreg_write(cptr_el2, CPTR_GUEST);
    sysreg_write(hstr_el2, 0);
    sysreg_write(mdcr_el2, MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TPM | MDCR_TPMCR | MDCR_TPMS | MDCR_TTRF);
    sysreg_write(cnthctl_el2, CNTHCTL_EL1PCTEN);
    sysreg_write(cntv_ctl_el0, 0);
    sysreg_write(vpidr_el2, sysreg_read(midr_el1));
    isb();
}

int arch_vcpu_create(struct vcpu *v)
{
    int err = vgic_vcpu_init(v);

    if (err == 0) {
        err = frame_alloc_state(v->domain->id, &v->arch.state);
    }
    if (err != 0) {
        return err;
    }
    /* Affinity as Xen numbers it: 16 vCPUs a cluster, so that an SGI's target list reaches all of a cluster. */
    v->arch.vmpidr = BIT(31) | (v->id & 0xfU) | ((uint64_t)(v->id >> 4) << 8);
    vtimer_init(v);
    return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    vtimer_stop(v);
    frame_put(v->arch.state);
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t argument)
{
    struct vcpu_regs *s = window_open(v->arch.state);

    arch_memory_clear(s, PAGE_SIZE);
    s->x[0] = argument;
    s->elr = entry;
    s->spsr = PSR_D | PSR_A | PSR_I | PSR_F | PSR_MODE_EL1H;
    s->sctlr_el1 = SCTLR_GUEST_INIT;
    window_close(s);
    vgic_vcpu_reset(v);
    vtimer_reset(v);
    v->arch.hcr = HCR_GUEST | (has_pauth ? HCR_API | HCR_APK : 0) | (v->sched.owns_cpu ? 0 : HCR_TWI | HCR_TWE);
    v->arch.gic_vmcr = gic_reset_vmcr();
}

/* Keys in pairs of registers; named by encoding, as the assembler's default architecture has no names for them. */
#define PAUTH_KEYS(X) \
    X(0, s3_0_c2_c1_0) X(1, s3_0_c2_c1_1) X(2, s3_0_c2_c1_2) X(3, s3_0_c2_c1_3) X(4, s3_0_c2_c2_0) \
    X(5, s3_0_c2_c2_1) X(6, s3_0_c2_c2_2) X(7, s3_0_c2_c2_3) X(8, s3_0_c2_c3_0) X(9, s3_0_c2_c3_1)

void arch_vcpu_unload(struct vcpu *v)
{
    struct vcpu_regs *s = LOADED_STATE;

    s->elr = sysreg_read(elr_el2);
    s->spsr = sysreg_read(spsr_el2);
#define X(name) s->name = sysreg_read(name);
    STATE_SYSREGS(X)
#undef X
    if (has_pauth) {
#define X(i, name) s->pauth_key[i] = sysreg_read(name);
        PAUTH_KEYS(X)
#undef X
    }
    s->fpcr = sysreg_read(fpcr);
    s->fpsr = sysreg_read(fpsr);
    fp_save(s->q);
    debug_unload(s);
    /* The virtual GIC first: only then is it known whether the virtual timer's interrupt is still in flight. */
    gic_unload(v);
    vtimer_unload(v);
    state_unmap();
}

/* Req: BH-TRAP-007, BH-TRAP-010 */
void arch_vcpu_load(struct vcpu *v)
{
    struct vcpu_regs *s = LOADED_STATE;

    state_map(v->arch.state);
    stage2_load(&v->domain->p2m);
    sysreg_write(hcr_el2, v->arch.hcr);
    sysreg_write(vmpidr_el2, v->arch.vmpidr);
    sysreg_write(elr_el2, s->elr);
    sysreg_write(spsr_el2, s->spsr);
#define X(name) sysreg_write(name, s->name);
    STATE_SYSREGS(X)
#undef X
    if (has_pauth) {
#define X(i, name) sysreg_write(name, s->pauth_key[i]);
        PAUTH_KEYS(X)
#undef X
    }
    sysreg_write(fpcr, s->fpcr);
    sysreg_write(fpsr, s->fpsr);
    fp_load(s->q);
    debug_load(s);
    gic_load(v);
    vtimer_load(v);
    isb();
}

void arch_vcpu_sync(struct vcpu *v)
{
    vgic_sync(v);
}

/* Req: BH-EVT-009 */
void arch_vcpu_upcall(struct vcpu *v)
{
    vgic_pulse(v, GUEST_EVTCHN_PPI);
}

bool arch_vcpu_has_event(struct vcpu *v)
{
    bool loaded = this_cpu()->current == v;

    return vgic_has_pending(v, loaded ? gic_read_vmcr() : v->arch.gic_vmcr) || vtimer_is_due(v, loaded);
}

/* PAR_EL1 after the instruction AT, which leaves no trace of it for the guest. */
#define TRANSLATE(operation, address) ({ \
    uint64_t guest_par_ = sysreg_read(par_el1), par_; \
    __asm__ volatile("at " operation ", %0" : : "r"(address) : "memory"); \
    isb(); \
    par_ = sysreg_read(par_el1); \
    sysreg_write(par_el1, guest_par_); \
    par_; \
})
#define PAR_FAULT 1UL
#define PAR_ADDRESS 0x0000fffffffff000UL
#define PAR_ATTR_NORMAL_SHIFT 60 /* ATTR, bits 63:56, as in MAIR_EL1: 0b0000xxxx is device memory */

static COLD uint64_t first_stage(uint64_t address, bool to_write)
{
    return to_write ? TRANSLATE("s1e1w", address) : TRANSLATE("s1e1r", address);
}

int arch_guest_translate(struct vcpu *v, uint64_t address, bool to_write, uint64_t *gpa)
{
    uint64_t par = first_stage(address, to_write);

    if (unlikely((par & PAR_FAULT) != 0)) {
        /* Its own tables may have been in a block that another CPU was taking apart: not while the lock is held. */
        spin_lock(&v->domain->p2m.lock);
        par = first_stage(address, to_write);
        spin_unlock(&v->domain->p2m.lock);
    }
    if ((par & PAR_FAULT) != 0) {
        return -XEN_EFAULT;
    }
    *gpa = (par & PAR_ADDRESS) | (address & (PAGE_SIZE - 1));
    return 0;
}

int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory)
{
    uint64_t par = to_write ? TRANSLATE("s12e1w", address) : TRANSLATE("s12e1r", address);

    (void)v;
    if ((par & PAR_FAULT) != 0) {
        return -XEN_EFAULT;
    }
    *m = paddr_to_mfn(paddr(par & PAR_ADDRESS));
    /* Both stages together are a device's if either is, and the second one is for all that is no memory (D8.6.5). */
    *is_memory = par >> PAR_ATTR_NORMAL_SHIFT != 0;
    return 0;
}
