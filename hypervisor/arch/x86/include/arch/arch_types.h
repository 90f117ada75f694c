/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86: the types that core embeds by value and never looks into.
 */
#ifndef BH_ARCH_ARCH_TYPES_H
#define BH_ARCH_ARCH_TYPES_H

#include "bh/timer.h"
#include "bh/types.h"
#include "bh/vioapic.h"
#include "bh/vlapic.h"

#define ARCH_GUEST_DESCRIPTION_MAX (64U << 10)

/* The hypervisor's addresses (layout.h): its root table is of level 0. */
/* A CPU's own pages, and which of them is the first window. Are addresses signed? */
#define ARCH_CPU_VA         0xffffff0000000000
#define ARCH_WINDOW_PAGE    16
#define ARCH_HYP_IS_SIGNED  1
#define ARCH_HYP_TOP_LEVEL  0
#define ARCH_DEVICE_VA      0xfffffe8000000000
#define ARCH_DEVICE_VA_END  0xfffffe8040000000
#define ARCH_IMAGE_VA       0xffffffff80200000
#define ARCH_FRAME_TABLE_VA 0xffff800000000000

/*
 * Where a guest's memory begins: banks, filled in this order, the place and room of each, and of all together. Below
 * 4 GiB there is room for devices' registers, as Xen leaves it.
 */
#define ARCH_GUEST_RAM_BANKS 2
#define ARCH_GUEST_RAM_BASES { 0, GIB(4) }
#define ARCH_GUEST_RAM_SIZES { 0xf0000000, GIB(508) }
#define ARCH_GUEST_RAM_MAX   (0xf0000000 + GIB(508))
#define ARCH_GUEST_SPI_COUNT 0
/* A PVH guest's memory begins at 0, where the board has firmware. */
#define ARCH_GUEST_CAN_BE_DIRECT false
#define ARCH_GUEST_FIXED_RANGES { { 0, MIB(1) }, { 0xf0000000, GIB(4) } }
/* Where the pages of PV rings are: the console's, then the store's. In the area of Xen's special pages. */
#define ARCH_GUEST_PV_PAGES  0xfeff8000

/* Is what was posted to a vCPU found before its CPU enters its guest, without WORK_VIRQ? */
#define ARCH_VIRQ_IS_FOUND 1

/* Does an atomic change of a word succeed whatever others do to it meanwhile? */
#define ARCH_ATOMICS_SUCCEED 1

/* Bits of guest physical address that the tables cover: three levels under a root that has one entry for each domain. */
#define ARCH_P2M_ADDRESS_BITS 39
#define ARCH_P2M_ROOT_ORDER   0
/* Must an entry of stage 2 be taken away, and forgotten by all CPUs, before another one takes its place? */
#define ARCH_P2M_BREAKS_BEFORE_MAKE 0
/* Are pages that were looked up remembered, for walks of the guest's own tables by software? */
#define ARCH_P2M_REMEMBERS_PAGES 1

/* Which kernels can be loaded, as bh/kernel_load.h has it, and of what rules this build has the code. */
#define ARCH_KERNEL_RULES       KERNEL_RULES_PVH
#define ARCH_KERNEL_RULES_BUILT BIT(KERNEL_RULES_PVH)

/* What xen_version says of this architecture. */
#define ARCH_CAPABILITY "x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64"
#define ARCH_FEATURES   (1U << XENFEAT_hvm_callback_vector | 1U << XENFEAT_hvm_safe_pvclock | 1U << XENFEAT_not_direct_mapped)
/* What it says of where the hypervisor is: HYPERVISOR_VIRT_START of arch-x86/xen-x86_64.h. */
#define ARCH_VIRT_START 0xffff800000000000

/* Are run states told by the clock that the domain sees? */
#define ARCH_RUNSTATE_BY_DOMAIN 1

/* Does a page of the hypervisor's that a guest maps a second time move there? If not, that is refused. As Xen has it. */
#define ARCH_GUEST_MOVES_PAGES 1

/* Answer to a vcpu_op that this architecture does not have, as Xen gives it. */
#define ARCH_UNKNOWN_VCPU_OP (-XEN_ENOSYS)

/* May a guest say how its vCPUs are interrupted for events? */
#define ARCH_GUEST_SETS_CALLBACK 1
/* Is there 32-bit code in guests that makes hypercalls? */
#define ARCH_GUEST_HAS_NARROW    1
/* There are operations of vcpu_op, hvm_op and memory_op of the architecture's own, and a clock in the event area. */
#define ARCH_GUEST_HAS_OWN_OPS   1
#define ARCH_GUEST_HAS_CLOCK     1

struct arch_cpu {
    uint32_t apic_id;        /* [boot] of its local APIC */
    uint64_t root;           /* [boot] physical address of its root table */
    uint64_t host_area;      /* [boot] physical address of what VMRUN saves of the hypervisor */
    uint64_t host_block;     /* [boot] physical address of the control block with the hypervisor's segments */
    uint32_t turns;          /* [atomic] odd: in a guest, or asleep; counts up at each entry and exit */
    uint32_t tlb_seen;       /* [cpu] the hypervisor's own mappings that it may have cached are no older */
    uint32_t next_asid;      /* [cpu] */
    uint64_t asid_round;     /* [cpu] how often the ASIDs began anew */
    uint16_t last_domain;    /* [cpu] whose vCPU ran last */
    uint32_t latched;        /* [cpu] vector that was taken before its time; 0: none */
    uint64_t guest_root;     /* [atomic] nested tables of the vCPU that is loaded; 0: none */
};

/* Pages that remembered walks of guests' own tables met (guest_walk.c), by the last bits of their numbers. */
#define WALKED_PAGES 512

struct arch_p2m {
    mfn_t top;               /* [boot] the root as hardware has it: one entry, for p2m.root */
    uint64_t changes;        /* [atomic] translations went away so often */
    uint64_t walk_changes;   /* [lock p2m] ... and such that a remembered walk may have met */
    uint64_t walked[WALKED_PAGES / 64]; /* [lock p2m] a bit for each page that was met since */
};

#define ARCH_STATE_FRAMES 3

/* What waits for a vCPU beside interrupts of its local APIC. */
#define ARCH_EVENT_NMI    (1U << 0)
#define ARCH_EVENT_INIT   (1U << 1) /* an INIT has come while it was on line */
#define ARCH_EVENT_END    (1U << 3) /* it may have ended an interrupt that its I/O APIC waits for */
#define ARCH_EVENT_UPCALL (1U << 2) /* its event area may say that something is pending */

struct arch_vcpu {
    mfn_t state[ARCH_STATE_FRAMES]; /* [boot] its frames: struct vcpu_regs, control block, extended state */
    struct cpu *asid_cpu;    /* [cpu] the CPU that its ASID is of */
    uint64_t asid_round;     /* [cpu] ... and in which round */
    uint64_t changes_seen;   /* [cpu] p2m changes before its ASID; UINT64_MAX: it needs another one */
    uint32_t events;         /* [atomic] ARCH_EVENT_* */
    uint8_t upcall_vector;   /* [atomic] HVMOP_set_evtchn_upcall_vector; 0: none */
    bool waits_for_sipi;     /* [lock domain] */
    bool has_started;        /* [lock domain] since it was made */
    bool is_halted;          /* [lock domain] with interrupts masked */
    uint64_t tsc_offset;     /* [cpu] */
    struct timer singleshot, periodic; /* VCPUOP_set_singleshot_timer, _set_periodic_timer */
    uint64_t period;         /* [atomic] of the latter, 0: it is off; in ticks of arch_time_now() */
    struct vlapic vlapic;
};

struct arch_domain {
    uint64_t tsc_start;      /* [boot] arch_time_now() when its clocks began */
    uint64_t wall_seconds;   /* [boot] the wall clock's beginning, since 1970, and */
    uint32_t wall_nanoseconds; /* [boot] of the next second */
    uint64_t ram_end[ARCH_GUEST_RAM_BANKS];   /* [boot] of each bank; 0: it is empty */
    uint64_t description, description_end;    /* [boot] pages of what its kernel was told, which are in the RAM */
    bool has_io_map;         /* [boot] it has I/O ports of the board */
    mfn_t io_map;            /* [boot] which ones, as hardware has it */
    struct vioapic vioapic;  /* if it has interrupts of the board */
};

#endif
