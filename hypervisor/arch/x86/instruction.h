/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest's instruction is, from its bytes, where the CPU does not say: an access to a page of registers, and the
 * length of what caused an exit. Encodings are of the Intel SDM, volume 2, chapter 2 and appendix A, and of the AMD
 * APM, volume 3. Pure functions: what a register or a segment holds is for the caller to know.
 *
 * The bytes are the guest's, and may be others than those that the CPU executed. What is decoded is a legal encoding of
 * one of the instructions here, and nothing else.
 *
 * All functions: -XEN_EFAULT: COUNT bytes are the beginning of an instruction that is longer. -XEN_EINVAL: whatever
 * follows, it is none of those. Never -XEN_EFAULT for 15 bytes or more, which is the longest that an instruction is.
 * Their work is bounded by these 15 bytes.
 */
#ifndef BH_X86_INSTRUCTION_H
#define BH_X86_INSTRUCTION_H

#include "bh/types.h"

#define INSTRUCTION_LENGTH_MAX  15
#define INSTRUCTION_NO_REGISTER 0xff

/* The size of code, by CS: operands and addresses have its default sizes. */
enum instruction_mode { INSTRUCTION_16, INSTRUCTION_32, INSTRUCTION_64 };

enum instruction_segment {
    INSTRUCTION_ES,
    INSTRUCTION_CS,
    INSTRUCTION_SS,
    INSTRUCTION_DS,
    INSTRUCTION_FS,
    INSTRUCTION_GS,
};

/*
 * A memory operand. Its offset is the sum of base, index shifted by SCALE, DISPLACEMENT, and the address of the next
 * instruction if IS_RIP_RELATIVE, modulo 2^(8 * ADDRESS_SIZE). In 64-bit code only the bases of FS and GS are added.
 */
struct instruction_memory {
    uint8_t base, index;  /* 0 to 15, or INSTRUCTION_NO_REGISTER */
    uint8_t scale;        /* 0 to 3 */
    uint8_t address_size; /* 2, 4 or 8 bytes */
    uint8_t segment;      /* enum instruction_segment; override or default */
    bool is_rip_relative;
    int64_t displacement;
};

enum instruction_operation {
    INSTRUCTION_MOVE,
    INSTRUCTION_EXCHANGE,
    INSTRUCTION_ADD,
    INSTRUCTION_OR,
    INSTRUCTION_AND,
    INSTRUCTION_SUBTRACT,
    INSTRUCTION_XOR,
    INSTRUCTION_COMPARE, /* SUBTRACT and AND of which only the flags are kept */
    INSTRUCTION_TEST,
};

/*
 * An instruction with one memory operand; the other one is a register or an immediate. The memory operand is the first
 * one, the destination, unless TO_REGISTER.
 */
struct instruction_access {
    uint8_t length;           /* bytes of the instruction */
    uint8_t operation;        /* enum instruction_operation */
    uint8_t size;             /* bytes of memory: 1, 2, 4 or 8 */
    uint8_t destination_size; /* bytes of the destination; more than SIZE for a move that extends */
    uint8_t reg;              /* 0 to 15; INSTRUCTION_NO_REGISTER: there is an immediate */
    bool is_high_byte;        /* of register REG, 0 to 3: bits 15:8 */
    bool is_read, is_write;   /* what is done to memory */
    bool to_register;         /* the first operand is the register; what is computed goes there */
    bool is_signed;           /* a move that extends the sign, not zeros */
    bool is_locked;
    uint64_t immediate;       /* sign extended */
    struct instruction_memory memory;
};

MUST_USE int instruction_decode_access(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                                       struct instruction_access *out);

/* What a CPU exits for, of those instructions whose end it may not say. */
enum instruction_exit {
    INSTRUCTION_CPUID,
    INSTRUCTION_RDMSR,
    INSTRUCTION_WRMSR,
    INSTRUCTION_VMMCALL,
    INSTRUCTION_VMCALL,
    INSTRUCTION_HLT,
    INSTRUCTION_PAUSE,
    INSTRUCTION_INVD,
    INSTRUCTION_WBINVD, /* or WBNOINVD */
    INSTRUCTION_XSETBV,
    INSTRUCTION_RDTSC,
    INSTRUCTION_RDTSCP,
    INSTRUCTION_RDPMC,
    INSTRUCTION_RDPRU,
    INSTRUCTION_MONITOR,
    INSTRUCTION_MWAIT,
    INSTRUCTION_MONITORX,
    INSTRUCTION_MWAITX,
    INSTRUCTION_VMRUN,
    INSTRUCTION_VMLOAD,
    INSTRUCTION_VMSAVE,
    INSTRUCTION_STGI,
    INSTRUCTION_CLGI,
    INSTRUCTION_SKINIT,
    INSTRUCTION_INVLPGA,
    INSTRUCTION_INVLPG,
    INSTRUCTION_RSM,
    INSTRUCTION_ICEBP,
    INSTRUCTION_CLTS,
    INSTRUCTION_LMSW,
    INSTRUCTION_SMSW,
    INSTRUCTION_MOV_FROM_CR,
    INSTRUCTION_MOV_TO_CR,
    INSTRUCTION_MOV_FROM_DR,
    INSTRUCTION_MOV_TO_DR,
    INSTRUCTION_EXIT_COUNT,
};

/* The length of the instruction at BYTES, which is EXPECTED, after any prefixes that it may have. */
MUST_USE int instruction_length_of(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                                   enum instruction_exit expected, unsigned *length);

/* An instruction that accesses a control or debug register. */
struct instruction_control {
    uint8_t length;
    uint8_t kind;   /* INSTRUCTION_CLTS to INSTRUCTION_MOV_TO_DR */
    uint8_t number; /* of the control or debug register, 0 to 15 */
    uint8_t reg;    /* the general register; INSTRUCTION_NO_REGISTER: CLTS, or a word of memory */
    uint8_t size;   /* bytes of the general register or of memory; 0: CLTS */
    struct instruction_memory memory; /* of LMSW and SMSW without a register */
};

/* LOCK MOV CR0 is CR8, as AMD's CPUs have it. */
MUST_USE int instruction_decode_control(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                                        struct instruction_control *out);

#endif
