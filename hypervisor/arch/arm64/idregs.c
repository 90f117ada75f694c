/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ID registers that guests see (Arm ARM D17.2.61 and on): a feature is shown only if all the state it brings is
 * switched, or if it brings none. Every field that is not listed reads as zero: "not there".
 */
#include "arch/arch.h"
#include "context.h"
#include "gic.h"
#include "sysreg.h"
#include "trap.h"

#define FIELD(shift) (0xfUL << (shift))

/* Fields of the host's register that are passed on as they are. */
#define PFR0_PASS   (FIELD(0) | FIELD(4) | FIELD(16) | FIELD(20) | FIELD(48) | FIELD(56) | FIELD(60)) /* EL0 EL1 FP SIMD DIT CSV2 CSV3 */
#define PFR1_PASS   (FIELD(0) | FIELD(4))                       /* BT SSBS */
#define ISAR0_PASS  (~(FIELD(0) | FIELD(24) | FIELD(60)))        /* all but TME and RNDR */
#define ISAR1_KEYS  (FIELD(4) | FIELD(8) | FIELD(24) | FIELD(28)) /* APA API GPA GPI */
#define ISAR1_PASS  (FIELD(0) | FIELD(12) | FIELD(16) | FIELD(20) | FIELD(32) | FIELD(36) | FIELD(40) | FIELD(44) | \
                     FIELD(48) | FIELD(52)) /* DPB JSCVT FCMA LRCPC FRINTTS SB SPECRES BF16 DGH I8MM */
#define MMFR0_PASS  (FIELD(4) | FIELD(8) | FIELD(12) | FIELD(16) | FIELD(20) | FIELD(24) | FIELD(28) | FIELD(44))
#define MMFR1_PASS  (FIELD(0) | FIELD(4) | FIELD(12) | FIELD(20) | FIELD(28)) /* HAFDBS VMIDBits HPDS PAN XNX */
#define MMFR2_PASS  (FIELD(0) | FIELD(4) | FIELD(8) | FIELD(16) | FIELD(28) | FIELD(32) | FIELD(60))

/* Req: BH-TRAP-002 */
uint64_t idreg_value(unsigned crm, unsigned op2)
{
    uint64_t v;

    switch (crm << 3 | op2) {
    case 4 << 3 | 0: /* ID_AA64PFR0_EL1: EL2 and EL3 not there, GIC system registers as this guest has them */
        v = sysreg_read(id_aa64pfr0_el1);
        /* CSV2 2 would bring the SCXTNUM registers, which are not switched. */
        if ((v >> 56 & 0xf) > 1) {
            v = (v & ~FIELD(56)) | BIT(56);
        }
        return (v & PFR0_PASS) | (gic_version() == 3 ? v & FIELD(24) : 0);
    case 4 << 3 | 1:
        return sysreg_read(id_aa64pfr1_el1) & PFR1_PASS;
    case 5 << 3 | 0: /* ID_AA64DFR0_EL1: version and break- and watchpoints; no PMU, trace, SPE */
        v = sysreg_read(id_aa64dfr0_el1);
        return 6 | (v & (FIELD(12) | FIELD(20) | FIELD(28)));
    case 6 << 3 | 0:
        return sysreg_read(id_aa64isar0_el1) & ISAR0_PASS;
    case 6 << 3 | 1:
        v = sysreg_read(id_aa64isar1_el1);
        return v & (ISAR1_PASS | (context_has_pauth() ? ISAR1_KEYS : 0));
    case 7 << 3 | 0: /* ID_AA64MMFR0_EL1: 40 bits of physical address, as stage 2 has */
        v = sysreg_read(id_aa64mmfr0_el1);
        return (v & MMFR0_PASS) | MIN(v & 0xf, 2UL);
    case 7 << 3 | 1:
        return sysreg_read(id_aa64mmfr1_el1) & MMFR1_PASS;
    case 7 << 3 | 2:
        return sysreg_read(s3_0_c0_c7_2) & MMFR2_PASS;
    case 1 << 3 | 0: /* AArch32 at EL0: what the CPU has */
        return sysreg_read(id_pfr0_el1) & 0xffff;
    case 1 << 3 | 1: /* ID_PFR1_EL1: the timer, whose counter EL0 reads; the rest is 0 if EL1 cannot use AArch32 */
        return sysreg_read(id_pfr1_el1) & FIELD(16);
    case 1 << 3 | 2: /* ID_DFR0_EL1: the version of debug that ID_AA64DFR0_EL1 shows, as Armv8 demands; no PMU */
        return MIN(sysreg_read(id_dfr0_el1) & 0xf, 6UL);
    case 1 << 3 | 4:
        return sysreg_read(id_mmfr0_el1);
    case 1 << 3 | 5:
        return sysreg_read(id_mmfr1_el1);
    case 1 << 3 | 6:
        return sysreg_read(id_mmfr2_el1);
    case 1 << 3 | 7:
        return sysreg_read(id_mmfr3_el1);
    case 2 << 3 | 0:
        return sysreg_read(id_isar0_el1);
    case 2 << 3 | 1:
        return sysreg_read(id_isar1_el1);
    case 2 << 3 | 2:
        return sysreg_read(id_isar2_el1);
    case 2 << 3 | 3:
        return sysreg_read(id_isar3_el1);
    case 2 << 3 | 4:
        return sysreg_read(id_isar4_el1);
    case 2 << 3 | 5:
        return sysreg_read(id_isar5_el1);
    case 3 << 3 | 0:
        return sysreg_read(mvfr0_el1);
    case 3 << 3 | 1:
        return sysreg_read(mvfr1_el1);
    case 3 << 3 | 2:
        return sysreg_read(mvfr2_el1);
    default: /* reserved registers of this space read as zero (D17.2.61, "unallocated") */
        return 0;
    }
}
