/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug register accesses always trap. Values are kept in the state page; they go into the CPU only while the guest
 * has MDSCR_EL1.MDE or SS set, so that the common case, a guest that debugs nothing, switches one register.
 */
#include "debug.h"

#include "bh/cpu.h"
#include "state.h"
#include "sysreg.h"

#define MDSCR_SS   BIT(0)
#define MDSCR_KDE  BIT(13)
#define MDSCR_MDE  BIT(15)
#define MDSCR_WRITABLE (MDSCR_SS | BIT(12) | MDSCR_KDE | MDSCR_MDE)

/* Breakpoints and watchpoints cannot be indexed at run time. */
#define FOR_EACH_16(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static unsigned breakpoint_count(void)
{
    return (unsigned)(sysreg_read(id_aa64dfr0_el1) >> 12 & 0xf) + 1;
}

static unsigned watchpoint_count(void)
{
    return (unsigned)(sysreg_read(id_aa64dfr0_el1) >> 20 & 0xf) + 1;
}

/* Breakpoint control: no privileged-mode-control for EL2 (HMC) nor security state, nothing linked to other contexts. */
#define BCR_WRITABLE (BIT(0) | (3UL << 1) | (0xfUL << 5) | (0xfUL << 16) | (0xfUL << 20))
#define WCR_WRITABLE (BIT(0) | (3UL << 1) | (3UL << 3) | (0xffUL << 5) | (0xfUL << 16) | BIT(20) | (0x1fUL << 24))

static void hardware_write(const struct vcpu_regs *s)
{
    unsigned b = breakpoint_count(), w = watchpoint_count();

#define X(n) if (n < b) { sysreg_write(dbgbvr##n##_el1, s->dbgbvr[n]); sysreg_write(dbgbcr##n##_el1, s->dbgbcr[n]); }
    FOR_EACH_16(X)
#undef X
#define X(n) if (n < w) { sysreg_write(dbgwvr##n##_el1, s->dbgwvr[n]); sysreg_write(dbgwcr##n##_el1, s->dbgwcr[n]); }
    FOR_EACH_16(X)
#undef X
}

static void hardware_clear(void)
{
    unsigned b = breakpoint_count(), w = watchpoint_count();

#define X(n) if (n < b) { sysreg_write(dbgbcr##n##_el1, 0); }
    FOR_EACH_16(X)
#undef X
#define X(n) if (n < w) { sysreg_write(dbgwcr##n##_el1, 0); }
    FOR_EACH_16(X)
#undef X
}

static bool in_use(const struct vcpu_regs *s)
{
    return CONFIG_GUEST_DEBUG && (s->mdscr & MDSCR_MDE) != 0;
}

void debug_load(const struct vcpu_regs *s)
{
    sysreg_write(mdscr_el1, s->mdscr);
    if (unlikely(in_use(s))) {
        hardware_write(s);
    }
}

void debug_unload(struct vcpu_regs *s)
{
    if (unlikely(in_use(s))) {
        hardware_clear();
    }
}

static void write_mdscr(struct vcpu_regs *s, uint64_t value)
{
    if (in_use(s)) {
        hardware_clear();
    }
    s->mdscr = value & (CONFIG_GUEST_DEBUG ? MDSCR_WRITABLE : BIT(12));
    debug_load(s);
}

/* A value or control register of one break- or watchpoint; changes reach the hardware if it is in use. */
static void access_point(struct vcpu_regs *s, uint64_t *slot, uint64_t writable, bool is_read, uint64_t *value)
{
    if (is_read) {
        *value = *slot;
    } else {
        *slot = *value & writable;
        if (in_use(s)) {
            hardware_write(s);
        }
    }
}

/* Req: BH-TRAP-008 */
bool debug_access(uint32_t reg, bool is_read, uint64_t *value)
{
    struct vcpu_regs *s = LOADED_STATE;
    unsigned op0 = reg >> 20 & 3, op2 = reg >> 17 & 7, op1 = reg >> 14 & 7, crn = reg >> 10 & 0xf, crm = reg >> 1 & 0xf;

    if (op0 == 2 && op1 == 3 && crn == 0 && crm == 1 && op2 == 0) { /* MDCCSR_EL0: nothing was sent or received */
        *value = 0;
        return is_read;
    }
    if (op0 != 2 || op1 != 0) {
        return false;
    }
    if (crn == 0) {
        switch (op2) {
        case 4:
            if (crm < breakpoint_count()) {
                access_point(s, &s->dbgbvr[crm], UINT64_MAX & ~3UL, is_read, value);
                return true;
            }
            return false;
        case 5:
            if (crm < breakpoint_count()) {
                access_point(s, &s->dbgbcr[crm], BCR_WRITABLE, is_read, value);
                return true;
            }
            return false;
        case 6:
            if (crm < watchpoint_count()) {
                access_point(s, &s->dbgwvr[crm], UINT64_MAX & ~3UL, is_read, value);
                return true;
            }
            return false;
        case 7:
            if (crm < watchpoint_count()) {
                access_point(s, &s->dbgwcr[crm], WCR_WRITABLE, is_read, value);
                return true;
            }
            return false;
        case 2:
            if (crm == 2) { /* MDSCR_EL1 */
                if (is_read) {
                    *value = s->mdscr;
                } else {
                    write_mdscr(s, *value);
                }
                return true;
            }
            /* MDCCINT_EL1 (crm 0), OSDTRTX_EL1 (3): no external debugger is there for a guest. */
            if (is_read) {
                *value = 0;
            }
            return crm == 0 || crm == 3 || crm == 6;
        case 0: /* OSDTRRX_EL1 */
            if (is_read) {
                *value = 0;
            }
            return crm == 0;
        default:
            return false;
        }
    }
    if (crn == 1) {
        switch (crm << 3 | op2) {
        case 0 << 3 | 4: /* OSLAR_EL1 */
            if (is_read) {
                return false;
            }
            s->os_locked = (*value & 1) != 0;
            return true;
        case 1 << 3 | 4: /* OSLSR_EL1: implemented, OSLM 0b10 */
            *value = BIT(3) | (s->os_locked ? BIT(1) : 0);
            return is_read;
        case 3 << 3 | 4: /* OSDLR_EL1 */
        case 4 << 3 | 4: /* DBGPRCR_EL1 */
            if (is_read) {
                *value = 0;
            }
            return true;
        case 0 << 3 | 0: /* MDRAR_EL1: no ROM table */
            *value = 0;
            return is_read;
        default:
            return false;
        }
    }
    if (crn == 7) {
        /* DBGCLAIMSET_EL1, DBGCLAIMCLR_EL1, DBGAUTHSTATUS_EL1: nothing claimed, no external debug. */
        if (is_read) {
            *value = 0;
        }
        return op2 == 6 && (crm == 8 || crm == 9 || (crm == 14 && is_read));
    }
    return false;
}
