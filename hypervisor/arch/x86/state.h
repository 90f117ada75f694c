/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU's state. It lives in frames of its own, which are mapped at CPU_STATE_VA of the CPU that runs the vCPU and
 * nowhere else: these registers, the control block of the virtualization extension, the extended state (XSAVE). Assembly
 * knows that r[] comes first and what follows it.
 */
#ifndef BH_X86_STATE_H
#define BH_X86_STATE_H

#include "bh/frame.h"
#include "bh/types.h"
#include "layout.h"

/* General registers in the order of their encodings. The control block has RSP; RAX is here while no guest runs. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGISTER_COUNT };

/*
 * A walk of long mode's tables that was made before. It is right as long as the entries that it met are what they were,
 * which is looked at each time, and none of their pages was mapped to another frame, so that they are where they were.
 */
#define WALK_LEVELS 5
struct walk_memo {
    uint64_t page;         /* 1 + the number of the virtual page; 0: none */
    uint64_t cr3;
    uint64_t changes;      /* the domain's p2m.arch.walk_changes then */
    uint64_t rights, no_execute; /* of all levels */
    uint64_t gpa;          /* of the page */
    mfn_t m;               /* its frame; MFN_INVALID: none, or no plain RAM */
    uint32_t plain;        /* WALK_*: what a kernel may do there whatever other registers hold; 0: M is invalid */
    uint32_t level_count;
    /* For each table a window's entry, the place in that window, and what was there. */
    struct { uint64_t window; const uint64_t *at; uint64_t entry; } level[WALK_LEVELS];
} __attribute__((aligned(256))); /* so that one is found by a shift */
#define WALK_MEMO_COUNT 8

struct vcpu_regs {
    uint64_t r[REGISTER_COUNT];
    uint64_t block_pa;      /* physical address of its control block */
    uint64_t host_block_pa; /* ... and of the block of this CPU's own segments */
    uint64_t dr[4];         /* DR0 to DR3; DR6 and DR7 are in the control block */
    uint64_t xcr0, xss;
    uint64_t tsc_aux;
    uint64_t mtrr_def_type;
    uint64_t misc_enable;
    struct walk_memo walk[WALK_MEMO_COUNT]; /* by the last bits of the page's number */
};

_Static_assert(sizeof(struct vcpu_regs) <= PAGE_SIZE, "a vCPU's registers fit one frame");

/* A constant of 64 bits, once: as part of each address that begins with it, it would be an instruction each time. */
static ALWAYS_INLINE uint64_t in_register(uint64_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

/* Of the vCPU that is loaded on this CPU. */
#define LOADED_STATE    ((struct vcpu_regs *)in_register(CPU_STATE_VA))
#define LOADED_BLOCK_VA (CPU_STATE_VA + PAGE_SIZE)
#define LOADED_EXTENDED_VA (CPU_STATE_VA + 2 * PAGE_SIZE)

#endif
