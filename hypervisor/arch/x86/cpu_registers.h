/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU's registers by name (AMD APM volume 2; Intel SDM volumes 3 and 4) and the instructions that reach them.
 */
#ifndef BH_X86_CPU_REGISTERS_H
#define BH_X86_CPU_REGISTERS_H

#include "bh/types.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)

#define CR4_PSE        BIT(4)
#define CR4_PAE        BIT(5)
#define CR4_MCE        BIT(6)
#define CR4_PGE        BIT(7)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_PCIDE      BIT(17)
#define CR4_OSXSAVE    BIT(18)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)
#define CR4_PKE        BIT(22)

#define RFLAGS_ONE BIT(1)
#define RFLAGS_CF  BIT(0)
#define RFLAGS_PF  BIT(2)
#define RFLAGS_AF  BIT(4)
#define RFLAGS_ZF  BIT(6)
#define RFLAGS_SF  BIT(7)
#define RFLAGS_TF  BIT(8)
#define RFLAGS_IF  BIT(9)
#define RFLAGS_OF  BIT(11)
#define RFLAGS_RF  BIT(16)
#define RFLAGS_VM  BIT(17)
#define RFLAGS_AC  BIT(18)
/* All that are bits of a state, but for virtual-8086 mode and its interrupts. */
#define RFLAGS_KNOWN 0x257fd5UL

#define EFER_SCE   BIT(0)
#define EFER_LME   BIT(8)
#define EFER_LMA   BIT(10)
#define EFER_NXE   BIT(11)
#define EFER_SVME  BIT(12)
#define EFER_LMSLE BIT(13)
#define EFER_FFXSR BIT(14)

#define XCR0_X87 BIT(0)
#define XCR0_SSE BIT(1)
#define XCR0_AVX BIT(2)

#define MSR_TSC              0x10
#define MSR_PLATFORM_ID      0x17
#define MSR_APIC_BASE        0x1b
#define MSR_TSC_ADJUST       0x3b
#define MSR_SPEC_CTRL        0x48
#define MSR_PRED_CMD         0x49
#define MSR_MICROCODE        0x8b
#define MSR_MTRR_CAP         0xfe
#define MSR_ARCH_CAPS        0x10a
#define MSR_SYSENTER_CS      0x174
#define MSR_SYSENTER_ESP     0x175
#define MSR_SYSENTER_EIP     0x176
#define MSR_MCG_CAP          0x179
#define MSR_MCG_STATUS       0x17a
#define MSR_MISC_ENABLE      0x1a0
#define MSR_DEBUGCTL         0x1d9
#define MSR_PAT              0x277
#define MSR_MTRR_DEF_TYPE    0x2ff
#define MSR_MC0_CTL          0x400
#define MSR_TSC_DEADLINE     0x6e0
#define MSR_X2APIC           0x800
#define MSR_XSS              0xda0
#define MSR_EFER             0xc0000080
#define MSR_STAR             0xc0000081
#define MSR_LSTAR            0xc0000082
#define MSR_CSTAR            0xc0000083
#define MSR_SFMASK           0xc0000084
#define MSR_FS_BASE          0xc0000100
#define MSR_GS_BASE          0xc0000101
#define MSR_KERNEL_GS_BASE   0xc0000102
#define MSR_TSC_AUX          0xc0000103
#define MSR_SYSCFG           0xc0010010
#define MSR_HWCR             0xc0010015
#define MSR_NB_CFG           0xc001001f
#define MSR_VM_CR            0xc0010114
#define MSR_VM_HSAVE_PA      0xc0010117
#define MSR_PATCH_LEVEL      0x0000008b

#define VM_CR_SVMDIS BIT(4)

#define EXCEPTION_DB 1
#define EXCEPTION_NMI 2
#define EXCEPTION_BP 3
#define EXCEPTION_OF 4
#define EXCEPTION_UD 6
#define EXCEPTION_DF 8
#define EXCEPTION_TS 10
#define EXCEPTION_NP 11
#define EXCEPTION_SS 12
#define EXCEPTION_GP 13
#define EXCEPTION_PF 14
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18

static ALWAYS_INLINE uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static ALWAYS_INLINE void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define CONTROL_REGISTER(n) \
static ALWAYS_INLINE uint64_t cr##n##_read(void) \
{ \
    uint64_t value; \
    __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value)); \
    return value; \
} \
static ALWAYS_INLINE void cr##n##_write(uint64_t value) \
{ \
    __asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory"); \
}
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
#undef CONTROL_REGISTER

static ALWAYS_INLINE void xcr0_write(uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static ALWAYS_INLINE uint64_t tsc_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static ALWAYS_INLINE void tlb_forget_here(uint64_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

#endif
