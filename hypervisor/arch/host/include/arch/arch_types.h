/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: the types that core embeds by value.
 */
#ifndef BH_ARCH_ARCH_TYPES_H
#define BH_ARCH_ARCH_TYPES_H

#include "abi/arm_layout.h"
#include "bh/sbsa_watchdog.h"
#include "bh/timer.h"
#include "bh/types.h"
#include "bh/vgic.h"
#include "bh/vioapic.h"
#include "bh/vlapic.h"
#include "bh/vpl011.h"

#define ARCH_GUEST_DESCRIPTION_MAX (32U << 10)

/* A CPU's own pages, and which of them is the first window. Are addresses signed? */
#define ARCH_CPU_VA         0x7fc0000000
#define ARCH_WINDOW_PAGE    16
#define ARCH_HYP_IS_SIGNED  0
#define ARCH_HYP_TOP_LEVEL 0
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
#define ARCH_P2M_REMEMBERS_PAGES 1

/* Where a guest's memory begins: banks, filled in this order, the place and room of each, and of all together. */
#define ARCH_GUEST_RAM_BANKS GUEST_RAM_BANKS
#define ARCH_GUEST_RAM_BASES GUEST_RAM_BANK_BASES
#define ARCH_GUEST_RAM_SIZES GUEST_RAM_BANK_SIZES
#define ARCH_GUEST_RAM_MAX   GUEST_RAM_MAX
#define ARCH_GUEST_SPI_COUNT 988 /* shared interrupts: VGIC_SPI_MAX */
#define ARCH_GUEST_CAN_BE_DIRECT true
#define ARCH_GUEST_FIXED_RANGES { { GUEST_GNTTAB_BASE, GUEST_MAGIC_BASE + GUEST_MAGIC_SIZE } }
/* Where the pages of PV rings are: the console's, then the store's. */
#define ARCH_GUEST_PV_PAGES  GUEST_MAGIC_BASE

/* The rules for kernels, bh/kernel_load.h: those that a test chose (at first arm64's), and all of which there is code. */
extern unsigned host_kernel_rules;
#define ARCH_KERNEL_RULES       host_kernel_rules
#define ARCH_KERNEL_RULES_BUILT (BIT(KERNEL_RULES_ARM64) | BIT(KERNEL_RULES_PVH))

#define ARCH_CAPABILITY "host"
#define ARCH_FEATURES   0U
#define ARCH_VIRT_START 0
#define ARCH_GUEST_SETS_CALLBACK 1
/* Is there 32-bit code in guests that makes hypercalls? */
#define ARCH_GUEST_HAS_NARROW    1
/* There are operations of vcpu_op, hvm_op and memory_op of the architecture's own, and a clock in the event area. */
#define ARCH_GUEST_HAS_OWN_OPS   0
#define ARCH_GUEST_HAS_CLOCK     0
/* Are run states told by the clock that the domain sees? */
#define ARCH_RUNSTATE_BY_DOMAIN 0

/* A test chooses. */
extern bool host_moves_pages;
#define ARCH_GUEST_MOVES_PAGES host_moves_pages

#define ARCH_UNKNOWN_VCPU_OP (-XEN_ENOSYS)

struct cpu;

struct arch_cpu {
    uint64_t timer;      /* what arch_timer_program() was told */
    unsigned kicks;      /* calls of arch_cpu_kick() */
};

struct arch_p2m {
    unsigned invalidations;
    bool is_live;        /* between arch_p2m_init() and arch_p2m_retire() */
};

struct arch_vcpu {
    mfn_t state;
    bool has_state;
    uint64_t entry, argument; /* of the last reset */
    bool event;          /* what arch_vcpu_has_event() says */
    uint64_t resets;
    struct cpu *loaded_on;
    unsigned upcalls;    /* calls of arch_vcpu_upcall() */
    unsigned loads, syncs; /* calls of arch_vcpu_load() and arch_vcpu_sync() */
    struct timer timer;
    struct vgic_cpu vgic;
    struct vlapic vlapic;
    uint64_t tsc_offset;
    bool is_watched;     /* what arch_vioapic_watch() was told last */
    unsigned nmis, inits, startups; /* calls of arch_vlapic_nmi() and its like */
    uint8_t startup_vector; /* of the last of them */
};

struct arch_domain {
    struct vgic_dist vgic;
    struct vpl011 vpl011;
    struct sbsa_watchdog watchdog;
    struct vioapic vioapic;
    bool has_vpl011;
    char input[64];      /* what arch_domain_console_input() got */
    unsigned input_count;
    unsigned width_changes; /* calls of arch_domain_width_changed() */
};

#endif
