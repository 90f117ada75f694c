/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do for each class of exception that a guest takes to EL2 (Arm ARM D17.2.37, ESR_EL2). Runs with interrupts
 * masked, to completion; vcpu_leave() is the only way back.
 */
#include "trap.h"

#include "bh/console.h"
#include "bh/counters.h"
#include "bh/cpu.h"
#include "bh/device.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/hyp_audit.h"
#include "bh/hypercall.h"
#include "bh/mmio.h"
#include "bh/psci.h"
#include "bh/vcpu.h"
#include "decode.h"
#include "state.h"
#include "sysreg.h"

/* Xen's tag in the immediate of HVC. */
#define HVC_XEN 0xea1

void trap_skip_instruction(void)
{
    sysreg_write(elr_el2, sysreg_read(elr_el2) + 4);
}

/* Req: BH-TRAP-005 */
/* Takes an exception with syndrome ESR to the guest's EL1. */
static void take_to_el1(uint64_t esr)
{
    uint64_t spsr = sysreg_read(spsr_el2);
    unsigned offset;

    if ((spsr & PSR_AARCH32) != 0) {
        offset = 0x600;
    } else if ((spsr & PSR_MODE_MASK) == PSR_MODE_EL1H) {
        offset = 0x200;
    } else if ((spsr & PSR_MODE_MASK) == PSR_MODE_EL1T) {
        offset = 0;
    } else {
        offset = 0x400;
    }
    sysreg_write(elr_el1, sysreg_read(elr_el2));
    sysreg_write(spsr_el1, spsr);
    sysreg_write(esr_el1, esr);
    sysreg_write(elr_el2, sysreg_read(vbar_el1) + offset);
    /* PAN is set as SCTLR_EL1.SPAN asks (FEAT_PAN), the condition flags and DIT stay. */
    spsr &= (0xfUL << 28) | BIT(24) | PSR_PAN;
    if ((sysreg_read(sctlr_el1) & BIT(23)) == 0 && (sysreg_read(id_aa64mmfr1_el1) >> 20 & 0xf) != 0) {
        spsr |= PSR_PAN;
    }
    sysreg_write(spsr_el2, spsr | PSR_D | PSR_A | PSR_I | PSR_F | PSR_MODE_EL1H);
}

void inject_undefined(uint64_t esr)
{
    take_to_el1((esr & ESR_IL) | (uint64_t)EC_UNKNOWN << 26);
}

void inject_external_abort(uint64_t esr, uint64_t far)
{
    bool from_el0 = (sysreg_read(spsr_el2) & (PSR_MODE_MASK & ~PSR_AARCH32)) == PSR_MODE_EL0T ||
                    (sysreg_read(spsr_el2) & PSR_AARCH32) != 0;
    bool is_fetch = ESR_EC(esr) == EC_IABT_LOW;
    unsigned ec = is_fetch ? (from_el0 ? EC_IABT_LOW : EC_IABT_SAME) : (from_el0 ? EC_DABT_LOW : EC_DABT_SAME);

    sysreg_write(far_el1, far);
    /* DFSC 0x10: synchronous external abort, not on a translation table walk; WnR as it was. */
    take_to_el1((esr & ESR_IL) | (uint64_t)ec << 26 | (is_fetch ? 0 : esr & BIT(6)) | 0x10);
}

static void unexpected(uint64_t esr)
{
    log_debug("%s: vCPU %u: trap class %x, iss %x", this_cpu()->current->domain->name, this_cpu()->current->id,
              ESR_EC(esr), ESR_ISS(esr));
    inject_undefined(esr);
}

static void wait_trap(uint64_t esr)
{
    trap_skip_instruction();
    if ((esr & 1) == 0) {
        vcpu_block_current();
    } else {
        vcpu_yield_current();
    }
}

/* Req: BH-TRAP-004, BH-ABI-012 */
static void hvc_trap(uint64_t esr)
{
    struct vcpu_regs *s = LOADED_STATE;
    unsigned imm = (unsigned)esr & 0xffff;

    if (CONFIG_XEN_GUEST && likely(imm == HVC_XEN)) {
        int64_t answer = hypercall_dispatch(this_cpu()->current, s->x[16], s->x);

        if (unlikely(answer == HYPERCALL_RESTART)) {
            sysreg_write(elr_el2, sysreg_read(elr_el2) - 4);
        } else {
            s->x[0] = (uint64_t)answer;
        }
    } else if (imm == 0) {
        smccc_call(this_cpu()->current, s->x);
    } else {
        /* An undefined instruction returns to itself; HVC's own return address is already behind it. */
        sysreg_write(elr_el2, sysreg_read(elr_el2) - 4);
        inject_undefined(esr);
    }
}

/* Req: BH-TRAP-004 */
static void smc_trap(uint64_t esr)
{
    /* Unlike HVC, a trapped SMC leaves ELR_EL2 on the instruction. */
    if ((esr & 0xffff) != 0) {
        inject_undefined(esr);
        return;
    }
    trap_skip_instruction();
    smccc_call(this_cpu()->current, LOADED_STATE->x);
}

/* Data abort syndrome (ISS encoding for exceptions from a data abort). */
#define DABT_ISV  BIT(24)
#define DABT_SAS(esr) ((unsigned)((esr) >> 22) & 3)
#define DABT_SSE  BIT(21)
#define DABT_SRT(esr) ((unsigned)((esr) >> 16) & 0x1f)
#define DABT_SF   BIT(15)
#define DABT_FNV  BIT(10)
#define DABT_CM   BIT(8)
#define DABT_S1PTW BIT(7)
#define DABT_WNR  BIT(6)
/* Fault status 0b0001xx or 0b0011xx: translation or permission, at any level. */
#define DABT_FAULT_MASK   0x34
#define DABT_FAULT_STAGE2 0x04
/* 0b0001xx: translation. */
#define DABT_FAULT_KIND_MASK   0x3c
#define DABT_FAULT_TRANSLATION 0x04

/* Req: BH-MEM-019 */
/*
 * The guest's access, which needs RIGHTS and is no device's, cannot be done: it takes an abort. Unless another CPU was
 * changing the entry for its page: then it tries again. Only a translation fault can be such a one, and it says which page
 * it was (Arm ARM, D17.2.62, HPFAR_EL2). A walk of the guest's own tables reads, whatever it is for.
 */
static COLD void refuse_access(uint64_t esr, unsigned rights)
{
    gfn_t g = gfn((sysreg_read(hpfar_el2) & 0x0ffffffffff0UL) >> 4);

    if ((esr & DABT_S1PTW) != 0) {
        rights = P2M_READ;
    } else if (CONFIG_HARDWARE_DOMAIN && (esr & DABT_FAULT_KIND_MASK) == DABT_FAULT_TRANSLATION &&
               device_fault(this_cpu()->current->domain, g)) {
        return;
    }
    if ((esr & DABT_FAULT_KIND_MASK) != DABT_FAULT_TRANSLATION ||
        !p2m_permits(&this_cpu()->current->domain->p2m, g, rights)) {
        inject_external_abort(esr, sysreg_read(far_el2));
    }
}

/* Req: BH-TRAP-006 */
/* A device's value, no wider than the access, as a signed load extends it. */
static COLD uint64_t sign_extend(uint64_t esr, uint64_t value)
{
    unsigned unused = 64 - (8U << DABT_SAS(esr));

    value = (uint64_t)((int64_t)(value << unused) >> unused);
    return (esr & DABT_SF) != 0 ? value : (uint32_t)value;
}

/* The stack pointer that the guest's instruction uses. */
static uint64_t guest_sp_read(uint64_t spsr)
{
    return (spsr & PSR_MODE_MASK) == PSR_MODE_EL1H ? sysreg_read(sp_el1) : sysreg_read(sp_el0);
}

static void guest_sp_write(uint64_t spsr, uint64_t value)
{
    if ((spsr & PSR_MODE_MASK) == PSR_MODE_EL1H) {
        sysreg_write(sp_el1, value);
    } else {
        sysreg_write(sp_el0, value);
    }
}

/* Req: BH-TRAP-009 */
/*
 * The access to a device at GPA of an instruction that hardware does not describe, if its text does: then it is done,
 * base register and all. -XEN_EFAULT: it could not be read. -XEN_EINVAL: it is none that is emulated, or not (any more)
 * the one that trapped.
 */
static COLD int access_by_text(uint64_t esr, uint64_t far, uint64_t gpa)
{
    struct vcpu *v = this_cpu()->current;
    struct vcpu_regs *s = LOADED_STATE;
    uint64_t spsr = sysreg_read(spsr_el2), base, moved;
    struct a64_access text;
    struct mmio_access a;
    uint32_t word;
    int err;

    if ((esr & (DABT_ISV | DABT_S1PTW | DABT_CM | DABT_FAULT_MASK)) != DABT_FAULT_STAGE2 ||
        (spsr & PSR_AARCH32) != 0) {
        return -XEN_EINVAL;
    }
    err = guest_copy_from(v, &word, guest_handle(sysreg_read(elr_el2)), sizeof(word));
    if (err == 0) {
        err = a64_decode_access(word, &text);
    }
    if (err != 0) {
        return err;
    }
    base = text.rn == A64_SP ? guest_sp_read(spsr) : s->x[text.rn];
    moved = base + (uint64_t)(int64_t)text.offset;
    a.size = text.size;
    a.is_write = text.is_write;
    a.value = s->x[text.rt];
    if (text.is_write != ((esr & DABT_WNR) != 0) || (((text.is_pre ? moved : base) ^ far) & (PAGE_SIZE - 1)) != 0 ||
        (gpa & (text.size - 1U)) != 0) {
        return -XEN_EINVAL;
    }
    err = mmio_dispatch(v, gpa, &a);
    if (err != 0) {
        return err;
    }
    if (!text.is_write) {
        s->x[text.rt] = a64_extend(&text, a.value);
        s->x[31] = 0;
    }
    if (text.rn == A64_SP) {
        guest_sp_write(spsr, moved);
    } else {
        s->x[text.rn] = moved;
    }
    trap_skip_instruction();
    return 0;
}

/* Req: BH-TRAP-003 */
static void data_abort_trap(uint64_t esr)
{
    uint64_t far = sysreg_read(far_el2);
    uint64_t gpa = (sysreg_read(hpfar_el2) & 0x0ffffffffff0UL) << 8 | (far & (PAGE_SIZE - 1));
    struct vcpu_regs *s = LOADED_STATE;
    unsigned rt = DABT_SRT(esr), rights = (esr & DABT_WNR) != 0 ? P2M_WRITE : P2M_READ;
    struct mmio_access a;

    /* Only a described, plain access that met no mapping or no right to it is surely a device's. */
    if (unlikely((esr & (DABT_ISV | DABT_S1PTW | DABT_CM | DABT_FAULT_MASK)) != (DABT_ISV | DABT_FAULT_STAGE2))) {
        if (!CONFIG_MMIO_DECODE || access_by_text(esr, far, gpa) != 0) {
            refuse_access(esr, (esr & DABT_CM) != 0 ? P2M_READ : rights);
        }
        return;
    }
    a.size = (uint8_t)(1U << DABT_SAS(esr));
    a.is_write = (esr & DABT_WNR) != 0;
    a.value = s->x[rt]; /* x[31] is the zero register */
    if (unlikely((gpa & (a.size - 1U)) != 0 || mmio_dispatch(this_cpu()->current, gpa, &a) != 0)) {
        refuse_access(esr, rights);
        return;
    }
    if (!a.is_write) {
        s->x[rt] = likely((esr & DABT_SSE) == 0) ? a.value : sign_extend(esr, a.value);
        s->x[31] = 0;
    }
    trap_skip_instruction();
}

static void fetch_abort_trap(uint64_t esr)
{
    refuse_access(esr, P2M_READ | P2M_EXECUTE);
}

typedef void trap_handler(uint64_t esr);

static trap_handler *const handler[EC_COUNT] = {
    [EC_UNKNOWN] = unexpected,
    [EC_WFX] = wait_trap,
    [EC_WFX + 1 ... EC_HVC64 - 1] = unexpected,
    [EC_HVC64] = hvc_trap,
    [EC_SMC64] = smc_trap,
    [EC_SYSREG] = sysreg_trap,
    [EC_SYSREG + 1 ... EC_IABT_LOW - 1] = unexpected,
    [EC_IABT_LOW] = fetch_abort_trap,
    [EC_IABT_LOW + 1 ... EC_DABT_LOW - 1] = unexpected,
    [EC_DABT_LOW] = data_abort_trap,
    [EC_DABT_LOW + 1 ... EC_COUNT - 1] = unexpected,
};

/* Req: BH-SEC-004 */
void trap_sync(uint64_t esr)
{
    if (CONFIG_AUDIT) {
        hyp_audit();
    }
    counter_add(this_cpu(), COUNTER_TRAPS);
    handler[ESR_EC(esr)](esr);
    vcpu_leave(this_cpu());
}

void trap_serror(uint64_t esr)
{
    struct vcpu *v = this_cpu()->current;

    /*
     * An asynchronous external abort while a guest ran: taken from its own accesses to devices or memory, as far as
     * hardware can say. It gets it back as a virtual SError; nobody else notices.
     */
    counter_add(this_cpu(), COUNTER_INTERRUPTS);
    log_warning("%s: vCPU %u: SError, syndrome %lx", v->domain->name, v->id, esr);
    sysreg_write(hcr_el2, sysreg_read(hcr_el2) | HCR_VSE);
    vcpu_leave(this_cpu());
}
