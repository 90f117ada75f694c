/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64: the types that core embeds by value and never looks into.
 */
#ifndef BH_ARCH_ARCH_TYPES_H
#define BH_ARCH_ARCH_TYPES_H

#include "abi/arm_layout.h"
#include "bh/sbsa_watchdog.h"
#include "bh/timer.h"
#include "bh/types.h"
#include "bh/vgic.h"
#include "bh/vpl011.h"

#define ARCH_GUEST_DESCRIPTION_MAX (32U << 10)

/* 39 bits of address: the hypervisor's root table is of level 1. Where device registers are mapped (layout.h). */
/* A CPU's own pages, and which of them is the first window. Are addresses signed? */
#define ARCH_CPU_VA         0x7fc0000000
#define ARCH_WINDOW_PAGE    16
#define ARCH_HYP_IS_SIGNED  0
#define ARCH_HYP_TOP_LEVEL 1
#define ARCH_DEVICE_VA     0x7f80000000
#define ARCH_DEVICE_VA_END 0x7f90000000
/* Where the image and the frame table are mapped. */
#define ARCH_IMAGE_VA       0x7f00000000
#define ARCH_FRAME_TABLE_VA 0x6000000000

/* Is what was posted to a vCPU found before its CPU enters its guest, without WORK_VIRQ? */
#define ARCH_VIRQ_IS_FOUND 0

/* Does an atomic change of a word succeed whatever others do to it meanwhile? */
#define ARCH_ATOMICS_SUCCEED 0

/* Bits of guest physical address that the tables cover, and frames of the root table (log2). */
#define ARCH_P2M_ADDRESS_BITS 40
#define ARCH_P2M_ROOT_ORDER   1
/* Must an entry of stage 2 be taken away, and forgotten by all CPUs, before another one takes its place? */
#define ARCH_P2M_BREAKS_BEFORE_MAKE 1
/* Are pages that were looked up remembered, for walks of the guest's own tables by software? */
#define ARCH_P2M_REMEMBERS_PAGES 0

/* Where a guest's memory begins: banks, filled in this order, the place and room of each, and of all together. */
#define ARCH_GUEST_RAM_BANKS GUEST_RAM_BANKS
#define ARCH_GUEST_RAM_BASES GUEST_RAM_BANK_BASES
#define ARCH_GUEST_RAM_SIZES GUEST_RAM_BANK_SIZES
#define ARCH_GUEST_RAM_MAX   GUEST_RAM_MAX
/* The shared interrupts that it may have: VGIC_SPI_MAX. */
#define ARCH_GUEST_SPI_COUNT (CONFIG_DEVICES ? 988 : 64)
/* May its memory be at its machine addresses? Not where its virtual devices and pages of Xen's ABI are. */
#define ARCH_GUEST_CAN_BE_DIRECT true
#define ARCH_GUEST_FIXED_RANGES                                                                                        \
    { { GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICR0_BASE + GUEST_GICV3_GICR0_SIZE },                                      \
      { GUEST_PL011_BASE, GUEST_PL011_BASE + GUEST_PL011_SIZE },                                                       \
      { SBSA_WATCHDOG_REFRESH_BASE, SBSA_WATCHDOG_CONTROL_BASE + SBSA_WATCHDOG_FRAME_SIZE },                           \
      { GUEST_GNTTAB_BASE, GUEST_MAGIC_BASE + GUEST_MAGIC_SIZE } }
/* Where the pages of PV rings are: the console's, then the store's. */
#define ARCH_GUEST_PV_PAGES  GUEST_MAGIC_BASE

/* Which kernels can be loaded, as bh/kernel_load.h has it, and of what rules this build has the code. */
#define ARCH_KERNEL_RULES       KERNEL_RULES_ARM64
#define ARCH_KERNEL_RULES_BUILT BIT(KERNEL_RULES_ARM64)

/* What xen_version says of this architecture. */
#define ARCH_CAPABILITY "aarch64"
#define ARCH_FEATURES   (1U << XENFEAT_ARM_SMCCC_supported | 1U << XENFEAT_not_direct_mapped)
#define ARCH_VIRT_START 0

/* Are run states told by the clock that the domain sees? */
#define ARCH_RUNSTATE_BY_DOMAIN 0

/* Does a page of the hypervisor's that a guest maps a second time move there? If not, that is refused. As Xen has it. */
#define ARCH_GUEST_MOVES_PAGES 0

/* Answer to a vcpu_op that this architecture does not have, as Xen gives it. */
#define ARCH_UNKNOWN_VCPU_OP (-XEN_EINVAL)

/* May a guest say how its vCPUs are interrupted for events? Here it is a fixed interrupt. */
#define ARCH_GUEST_SETS_CALLBACK 0
/* Is there 32-bit code in guests that makes hypercalls? */
#define ARCH_GUEST_HAS_NARROW    0
/* There are operations of vcpu_op, hvm_op and memory_op of the architecture's own, and a clock in the event area. */
#define ARCH_GUEST_HAS_OWN_OPS   0
#define ARCH_GUEST_HAS_CLOCK     0

struct arch_cpu {
    uint64_t mpidr;       /* [boot] affinity fields of MPIDR_EL1 */
    uint64_t root;        /* [boot] physical address of its root table */
    uint64_t gic_target;  /* [boot] GICv2: its bit in GICD_ITARGETSR; GICv3: its affinity as ICC_SGI1R_EL1 has it */
    uintptr_t gicr;       /* [boot] GICv3: its redistributor */
};

struct arch_p2m {
    uint64_t vmid;        /* [boot] 1..255 */
};

struct arch_vcpu {
    mfn_t state;              /* [boot] the frame of struct vcpu_regs, see state.h */
    uint64_t hcr;             /* [boot] HCR_EL2 while it runs */
    uint64_t vmpidr;          /* [boot] */
    struct timer vtimer;      /* wakes it for its virtual timer while it is off its CPU */
    struct timer ptimer;      /* its physical timer, emulated */
    uint64_t vtimer_deadline; /* [cpu] when it was unloaded: its virtual timer's deadline, or TIMER_NEVER */
    uint64_t ptimer_cval;     /* [cpu] CNTP_CVAL_EL0 */
    uint32_t ptimer_ctl;      /* [cpu] CNTP_CTL_EL0, without ISTATUS */
    uint32_t gic_vmcr;        /* [cpu] GIC virtual machine control, while it is not loaded */
    struct vgic_cpu vgic;
};

struct arch_domain {
    uint64_t counter_offset;  /* [boot] CNTVOFF_EL2 */
    struct vgic_dist vgic;
    bool has_vpl011;          /* [boot] */
    struct vpl011 vpl011;
    struct sbsa_watchdog watchdog;
};

#endif
