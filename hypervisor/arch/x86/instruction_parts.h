/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of an instruction's encoding, which the decoders share: prefixes, opcode, ModRM, SIB, displacement.
 */
#ifndef BH_X86_INSTRUCTION_PARTS_H
#define BH_X86_INSTRUCTION_PARTS_H

#include "instruction.h"

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

/* What was read so far. An error stays, and what is read after it is zero. */
struct instruction_parts {
    const uint8_t *bytes;
    unsigned count, position;
    int error;
    enum instruction_mode mode;
    uint8_t rex;         /* 0: there is none; 0x40 to 0x4f */
    uint8_t repeat;      /* the last of 0xf2 and 0xf3; 0: none */
    uint8_t segment;     /* of the last override; INSTRUCTION_NO_REGISTER: none */
    bool has_operand_size, has_address_size, has_lock;
    uint8_t operand_size, address_size; /* bytes */
    uint8_t modrm;
};

/* Reads the prefixes; the opcode is next. */
void instruction_prefixes(struct instruction_parts *p, const uint8_t *bytes, unsigned count,
                          enum instruction_mode mode);
uint8_t instruction_byte(struct instruction_parts *p);
/* BYTES (1, 2, 4 or 8) of a number with a sign. */
int64_t instruction_number(struct instruction_parts *p, unsigned bytes);
/* Reads the memory operand that P->modrm begins; its mod field is not 3. */
void instruction_memory_operand(struct instruction_parts *p, struct instruction_memory *m);
/* The segment of an operand whose default is SEGMENT. */
uint8_t instruction_segment_or(const struct instruction_parts *p, enum instruction_segment segment);

static inline unsigned instruction_mod(const struct instruction_parts *p)
{
    return p->modrm >> 6;
}

/* The reg field alone, as it extends an opcode. */
static inline unsigned instruction_digit(const struct instruction_parts *p)
{
    return p->modrm >> 3 & 7;
}

/* The reg and the r/m field as numbers of registers. */
static inline uint8_t instruction_reg(const struct instruction_parts *p)
{
    return (uint8_t)(instruction_digit(p) | ((p->rex & REX_R) != 0 ? 8 : 0));
}

static inline uint8_t instruction_rm(const struct instruction_parts *p)
{
    return (uint8_t)((p->modrm & 7) | ((p->rex & REX_B) != 0 ? 8 : 0));
}

#endif
