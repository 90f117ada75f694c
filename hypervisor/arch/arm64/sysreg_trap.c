/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trapped system registers (Arm ARM D17.2.37, ISS encoding for EC 0x18): the ones that are emulated are listed here;
 * all others are UNDEFINED for the guest, as they are on a CPU without that feature.
 */
#include "bh/cpu.h"
#include "bh/vcpu.h"
#include "debug.h"
#include "gic.h"
#include "state.h"
#include "sysreg.h"
#include "trap.h"
#include "vtimer.h"

/* op0, op1, CRn, CRm, op2 as the syndrome has them. */
#define SYS(op0, op1, crn, crm, op2) \
    ((uint32_t)(op0) << 20 | (uint32_t)(op2) << 17 | (uint32_t)(op1) << 14 | (uint32_t)(crn) << 10 | (uint32_t)(crm) << 1)
#define SYS_MASK SYS(3, 7, 15, 15, 7)
#define ISS_RT(iss)  ((iss) >> 5 & 0x1f)
#define ISS_READ     1U

#define SYS_ICC_SGI1R  SYS(3, 0, 12, 11, 5)
#define SYS_ICC_ASGI1R SYS(3, 0, 12, 11, 6)
#define SYS_ICC_SGI0R  SYS(3, 0, 12, 11, 7)
#define SYS_CNTP_TVAL  SYS(3, 3, 14, 2, 0)
#define SYS_CNTP_CTL   SYS(3, 3, 14, 2, 1)
#define SYS_CNTP_CVAL  SYS(3, 3, 14, 2, 2)
#define SYS_ACTLR      SYS(3, 0, 1, 0, 1)

static uint64_t operand(uint32_t iss)
{
    return LOADED_STATE->x[ISS_RT(iss)];
}

static void answer(uint32_t iss, uint64_t value)
{
    LOADED_STATE->x[ISS_RT(iss)] = value;
    LOADED_STATE->x[31] = 0;
}

static bool at_el0(void)
{
    return (sysreg_read(spsr_el2) & (PSR_MODE_MASK & ~1UL)) == PSR_MODE_EL0T;
}

static bool ptimer_trap(struct vcpu *v, uint32_t iss, enum ptimer_register r)
{
    /* EL0 may use the physical timer only if EL1 let it (CNTKCTL_EL1.EL0PTEN). */
    if (at_el0() && (sysreg_read(cntkctl_el1) & BIT(9)) == 0) {
        return false;
    }
    if ((iss & ISS_READ) != 0) {
        answer(iss, ptimer_read(v, r));
    } else {
        ptimer_write(v, r, operand(iss));
    }
    return true;
}

/* ID registers: op0 3, op1 0, CRn 0, CRm 1 to 7; only reads trap. */
static bool is_id_register(uint32_t reg)
{
    unsigned crm = reg >> 1 & 0xf;

    return (reg & SYS(3, 7, 15, 0, 0)) == SYS(3, 0, 0, 0, 0) && crm >= 1 && crm <= 7;
}

static bool emulate(struct vcpu *v, uint32_t iss)
{
    uint32_t reg = iss & SYS_MASK;
    bool is_read = (iss & ISS_READ) != 0;
    uint64_t value;

    switch (reg) {
    case SYS_ICC_ASGI1R:
    case SYS_ICC_SGI0R:
        /* SGIs of group 0 are not there (docs/abi.md): such an SGI has no receiver. */
        return !is_read && gic_version() == 3;
    case SYS_CNTP_TVAL:
        return ptimer_trap(v, iss, PTIMER_TVAL);
    case SYS_CNTP_CTL:
        return ptimer_trap(v, iss, PTIMER_CTL);
    case SYS_CNTP_CVAL:
        return ptimer_trap(v, iss, PTIMER_CVAL);
    case SYS_ACTLR:
        /* Implementation defined: no bit of it does anything for a guest. */
        if (is_read) {
            answer(iss, 0);
        }
        return true;
    default:
        break;
    }
    if (is_id_register(reg) && is_read) {
        answer(iss, idreg_value(reg >> 1 & 0xf, reg >> 17 & 7));
        return true;
    }
    value = is_read ? 0 : operand(iss);
    if (debug_access(reg, is_read, &value)) {
        if (is_read) {
            answer(iss, value);
        }
        return true;
    }
    return false;
}

/* Req: BH-TRAP-001 */
void sysreg_trap(uint64_t esr)
{
    uint32_t iss = ESR_ISS(esr);
    struct vcpu *v = this_cpu()->current;

    /* The hot one first: an SGI. */
    if (likely((iss & SYS_MASK) == SYS_ICC_SGI1R && (iss & ISS_READ) == 0 && gic_version() == 3)) {
        vgic_send_sgi(v, operand(iss));
        trap_skip_instruction();
        return;
    }
    if (emulate(v, iss)) {
        trap_skip_instruction();
    } else {
        inject_undefined(esr);
    }
}
