/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System registers: access by name, and the bits that this port uses (Arm ARM, DDI 0487, chapter D17).
 */
#ifndef BH_ARM64_SYSREG_H
#define BH_ARM64_SYSREG_H

#include "bh/types.h"

#define sysreg_read(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define sysreg_write(name, value) \
    do { uint64_t w_ = (uint64_t)(value); __asm__ volatile("msr " #name ", %x0" : : "rZ"(w_) : "memory"); } while (0)

#define isb()      __asm__ volatile("isb" ::: "memory")
#define dsb(scope) __asm__ volatile("dsb " #scope ::: "memory")
#define wfi()      __asm__ volatile("wfi" ::: "memory")

#define HCR_VM    BIT(0)
#define HCR_SWIO  BIT(1)
#define HCR_PTW   BIT(2)
#define HCR_FMO   BIT(3)
#define HCR_IMO   BIT(4)
#define HCR_AMO   BIT(5)
#define HCR_VSE   BIT(8)
#define HCR_FB    BIT(9)
#define HCR_BSU_IS BIT(10)
#define HCR_TWI   BIT(13)
#define HCR_TWE   BIT(14)
#define HCR_TID3  BIT(18)
#define HCR_TSC   BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR  BIT(21)
#define HCR_RW    BIT(31)
#define HCR_TLOR  BIT(35)
#define HCR_TERR  BIT(36)
#define HCR_APK   BIT(40)
#define HCR_API   BIT(41)

/* CPTR_EL2 with HCR_EL2.E2H 0: RES1 bits, trap SVE and trace, let FP and SIMD be. */
#define CPTR_GUEST (0x33ffUL | BIT(20))

#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)
#define MDCR_TPMS  BIT(14)
#define MDCR_TTRF  BIT(19)

#define CNTHCTL_EL1PCTEN BIT(0)

/* Timer control registers. */
#define TIMER_CTL_ENABLE  BIT(0)
#define TIMER_CTL_IMASK   BIT(1)
#define TIMER_CTL_ISTATUS BIT(2)

/* ESR_ELx. */
#define ESR_EC(esr)  ((unsigned)((esr) >> 26) & 0x3f)
#define ESR_IL       BIT(25)
#define ESR_ISS(esr) ((uint32_t)(esr) & 0x1ffffff)
#define EC_UNKNOWN     0x00
#define EC_WFX         0x01
#define EC_CP15_32     0x03
#define EC_CP15_64     0x04
#define EC_CP14_32     0x05
#define EC_CP14_LS     0x06
#define EC_FP          0x07
#define EC_CP10        0x08
#define EC_PAUTH       0x09
#define EC_CP14_64     0x0c
#define EC_BTI         0x0d
#define EC_ILLEGAL     0x0e
#define EC_SVC32       0x11
#define EC_HVC32       0x12
#define EC_SMC32       0x13
#define EC_SVC64       0x15
#define EC_HVC64       0x16
#define EC_SMC64       0x17
#define EC_SYSREG      0x18
#define EC_SVE         0x19
#define EC_ERET        0x1a
#define EC_IABT_LOW    0x20
#define EC_IABT_SAME   0x21
#define EC_PC_ALIGN    0x22
#define EC_DABT_LOW    0x24
#define EC_DABT_SAME   0x25
#define EC_SP_ALIGN    0x26
#define EC_SERROR      0x2f
#define EC_BRK64       0x3c
#define EC_COUNT       64

/* SPSR_ELx / PSTATE. */
#define PSR_MODE_MASK 0x1fUL
#define PSR_MODE_EL0T 0x0UL
#define PSR_MODE_EL1T 0x4UL
#define PSR_MODE_EL1H 0x5UL
#define PSR_AARCH32   BIT(4)
#define PSR_F BIT(6)
#define PSR_I BIT(7)
#define PSR_A BIT(8)
#define PSR_D BIT(9)
#define PSR_IL BIT(20)
#define PSR_SS BIT(21)
#define PSR_PAN BIT(22)

#endif
