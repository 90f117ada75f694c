/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine control block of AMD SVM (AMD APM volume 2, appendix B), its intercepts and exit codes (appendix C).
 */
#ifndef BH_X86_SVM_VMCB_H
#define BH_X86_SVM_VMCB_H

#include "bh/types.h"

struct vmcb_segment {
    uint16_t selector, attributes;
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    uint32_t intercept_cr;        /* reads in the lower half, writes in the upper */
    uint32_t intercept_dr;
    uint32_t intercept_exceptions;
    uint32_t intercept1, intercept2, intercept3;
    uint8_t reserved1[0x03c - 0x018];
    uint16_t pause_threshold, pause_count;
    uint64_t io_map, msr_map;
    uint64_t tsc_offset;
    uint32_t asid;
    uint8_t tlb_control, reserved2[3];
    uint64_t virtual_interrupt;
    uint64_t interrupt_shadow;
    uint64_t exit_code, exit_info1, exit_info2;
    uint64_t exit_interrupt;      /* the event whose delivery the exit interrupted */
    uint64_t nested_control;
    uint8_t reserved3[0x0a8 - 0x098];
    uint64_t event;               /* to be injected */
    uint64_t nested_cr3;
    uint64_t lbr_control;
    uint32_t clean, reserved4;
    uint64_t next_rip;
    uint8_t fetched, instruction[15];
    uint8_t reserved5[0x400 - 0x0e0];

    struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    uint8_t reserved6[0x4cb - 0x4a0];
    uint8_t cpl;
    uint32_t reserved7;
    uint64_t efer;
    uint8_t reserved8[0x548 - 0x4d8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved9[0x5d8 - 0x580];
    uint64_t rsp;
    uint8_t reserved10[0x5f8 - 0x5e0];
    uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, cr2;
    uint8_t reserved11[0x668 - 0x648];
    uint64_t pat, debugctl;
    uint8_t reserved12[0x1000 - 0x678];
};
_Static_assert(sizeof(struct vmcb) == 4096 && offsetof(struct vmcb, cpl) == 0x4cb && offsetof(struct vmcb, rax) == 0x5f8 &&
               offsetof(struct vmcb, event) == 0x0a8 && offsetof(struct vmcb, rip) == 0x578 &&
               offsetof(struct vmcb, pat) == 0x668, "layout of the VMCB");

#define INTERCEPT_CR4_WRITE   (1U << (16 + 4))
#define INTERCEPT_CR8_WRITE   (1U << (16 + 8))
/* intercept1 */
#define INTERCEPT_INTR        BIT(0)
#define INTERCEPT_NMI         BIT(1)
#define INTERCEPT_INIT        BIT(3)
#define INTERCEPT_VINTR       BIT(4)
#define INTERCEPT_RDPMC       BIT(15)
#define INTERCEPT_CPUID       BIT(18)
#define INTERCEPT_INVD        BIT(22)
#define INTERCEPT_PAUSE       BIT(23)
#define INTERCEPT_HLT         BIT(24)
#define INTERCEPT_INVLPGA     BIT(26)
#define INTERCEPT_IO          BIT(27)
#define INTERCEPT_MSR         BIT(28)
#define INTERCEPT_TASK_SWITCH BIT(29)
#define INTERCEPT_SHUTDOWN    BIT(31)
/* intercept2 */
#define INTERCEPT_VMRUN       BIT(0)
#define INTERCEPT_VMMCALL     BIT(1)
#define INTERCEPT_VMLOAD      BIT(2)
#define INTERCEPT_VMSAVE      BIT(3)
#define INTERCEPT_STGI        BIT(4)
#define INTERCEPT_CLGI        BIT(5)
#define INTERCEPT_SKINIT      BIT(6)
#define INTERCEPT_ICEBP       BIT(8)
#define INTERCEPT_WBINVD      BIT(9)
#define INTERCEPT_MONITOR     BIT(10)
#define INTERCEPT_MWAIT       BIT(11)
#define INTERCEPT_XSETBV      BIT(13)
#define INTERCEPT_RDPRU       BIT(14)

#define NESTED_PAGING BIT(0)
#define TLB_FLUSH_ALL 1

#define VIRTUAL_TPR_MASK     0xffUL
#define VIRTUAL_IRQ          BIT(8)
#define VIRTUAL_IGNORE_TPR   BIT(20)
#define VIRTUAL_MASKING      BIT(24)

#define SHADOW_INTERRUPT BIT(0)

/* event and exit_interrupt: APM volume 2, 15.20. */
#define EVENT_VALID       BIT(31)
#define EVENT_ERROR       BIT(11)
#define EVENT_TYPE_SHIFT  8
#define EVENT_TYPE(e)     ((unsigned)((e) >> EVENT_TYPE_SHIFT) & 7)
#define EVENT_INTERRUPT   0UL
#define EVENT_NMI         2UL
#define EVENT_EXCEPTION   3UL
#define EVENT_SOFTWARE    4UL
#define EVENT_ERROR_SHIFT 32

enum vmexit {
    VMEXIT_CR0_READ = 0x000,
    VMEXIT_CR0_WRITE = 0x010,
    VMEXIT_DR0_READ = 0x020,
    VMEXIT_EXCEPTION = 0x040,
    VMEXIT_INTR = 0x060,
    VMEXIT_NMI = 0x061,
    VMEXIT_INIT = 0x063,
    VMEXIT_VINTR = 0x064,
    VMEXIT_RDPMC = 0x06f,
    VMEXIT_CPUID = 0x072,
    VMEXIT_INVD = 0x076,
    VMEXIT_PAUSE = 0x077,
    VMEXIT_HLT = 0x078,
    VMEXIT_INVLPGA = 0x07a,
    VMEXIT_IOIO = 0x07b,
    VMEXIT_MSR = 0x07c,
    VMEXIT_TASK_SWITCH = 0x07d,
    VMEXIT_SHUTDOWN = 0x07f,
    VMEXIT_VMRUN = 0x080,
    VMEXIT_VMMCALL = 0x081,
    VMEXIT_VMLOAD = 0x082,
    VMEXIT_VMSAVE = 0x083,
    VMEXIT_STGI = 0x084,
    VMEXIT_CLGI = 0x085,
    VMEXIT_SKINIT = 0x086,
    VMEXIT_ICEBP = 0x088,
    VMEXIT_WBINVD = 0x089,
    VMEXIT_MONITOR = 0x08a,
    VMEXIT_MWAIT = 0x08b,
    VMEXIT_MWAIT_CONDITIONAL = 0x08c,
    VMEXIT_XSETBV = 0x08d,
    VMEXIT_RDPRU = 0x08e,
    VMEXIT_COUNT = 0x090,
    VMEXIT_NPF = 0x400,
};

/* exit_info1 of VMEXIT_IOIO. */
#define IO_IN          BIT(0)
#define IO_STRING      BIT(2)
#define IO_SIZE_SHIFT  4 /* a bit each for 1, 2 and 4 bytes */
#define IO_PORT_SHIFT  16

/* exit_info1 of VMEXIT_NPF: a page fault's error code, and: */
#define NPF_WRITE      BIT(1)
#define NPF_FETCH      BIT(4)
#define NPF_FINAL      BIT(32)
#define NPF_TABLES     BIT(33)

#endif
