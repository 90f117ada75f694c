/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that access memory once, and have a register or an immediate as their other operand. Opcodes: Intel SDM
 * volume 2D, tables.
 */
#include "instruction.h"

#include "instruction_parts.h"

/* What follows the opcode, and what is done with it. Bit 0 of an opcode clear means bytes, unless said otherwise. */
enum form {
    FORM_NONE,        /* not one of ours */
    FORM_TO_MEMORY,   /* ModRM: r/m is the first operand, reg the second */
    FORM_TO_REGISTER, /* ModRM: reg is the first operand, r/m the second */
    FORM_EXTEND,      /* ModRM: the same; r/m is a byte or a word */
    FORM_EXTEND_LONG, /* ModRM: the same; r/m is a doubleword; 64-bit code only */
    FORM_IMMEDIATE,   /* ModRM: r/m, then an immediate; reg is 0 */
    FORM_GROUP,       /* ModRM: r/m, then an immediate; reg says the operation */
    FORM_GROUP_BYTE,  /* the same with an immediate byte */
    FORM_LOAD,        /* an address: to the accumulator */
    FORM_STORE,       /* an address: from the accumulator */
};

struct opcode {
    uint8_t form, operation;
};

#define ARITHMETIC(first, op)                                                                                 \
    [(first)] = { FORM_TO_MEMORY, op }, [(first) + 1] = { FORM_TO_MEMORY, op },                               \
    [(first) + 2] = { FORM_TO_REGISTER, op }, [(first) + 3] = { FORM_TO_REGISTER, op }
#define PAIR(first, form, op) [(first)] = { form, op }, [(first) + 1] = { form, op }

static const struct opcode one_byte[256] = {
    ARITHMETIC(0x00, INSTRUCTION_ADD),
    ARITHMETIC(0x08, INSTRUCTION_OR),
    ARITHMETIC(0x20, INSTRUCTION_AND),
    ARITHMETIC(0x28, INSTRUCTION_SUBTRACT),
    ARITHMETIC(0x30, INSTRUCTION_XOR),
    ARITHMETIC(0x38, INSTRUCTION_COMPARE),
    ARITHMETIC(0x88, INSTRUCTION_MOVE),
    [0x63] = { FORM_EXTEND_LONG, INSTRUCTION_MOVE },
    PAIR(0x80, FORM_GROUP, INSTRUCTION_ADD), /* until ModRM says which */
    [0x83] = { FORM_GROUP_BYTE, INSTRUCTION_ADD },
    PAIR(0x84, FORM_TO_MEMORY, INSTRUCTION_TEST),
    PAIR(0x86, FORM_TO_MEMORY, INSTRUCTION_EXCHANGE),
    PAIR(0xa0, FORM_LOAD, INSTRUCTION_MOVE),
    PAIR(0xa2, FORM_STORE, INSTRUCTION_MOVE),
    PAIR(0xc6, FORM_IMMEDIATE, INSTRUCTION_MOVE),
    PAIR(0xf6, FORM_IMMEDIATE, INSTRUCTION_TEST),
};

/* After 0x0f: 0xb6 and 0xb7 extend by zeros, 0xbe and 0xbf by the sign. */
static struct opcode two_byte(uint8_t opcode)
{
    bool extends = (opcode & 0xf6) == 0xb6;

    return (struct opcode){ extends ? FORM_EXTEND : FORM_NONE, INSTRUCTION_MOVE };
}

/* Opcode group 1 by its reg field; ADC and SBB are not ours. */
#define NOT_OURS 0xff
static const uint8_t group[8] = { INSTRUCTION_ADD, INSTRUCTION_OR, NOT_OURS, NOT_OURS,
                                  INSTRUCTION_AND, INSTRUCTION_SUBTRACT, INSTRUCTION_XOR, INSTRUCTION_COMPARE };

static void use_register(const struct instruction_parts *p, struct instruction_access *a)
{
    a->reg = instruction_reg(p);
    /* Without REX, numbers 4 to 7 of byte registers are AH to BH. */
    if (a->destination_size == 1 && p->rex == 0 && a->reg >= 4) {
        a->reg -= 4;
        a->is_high_byte = true;
    }
}

/* The parts after the opcode. False: not one of ours. */
static bool operands(struct instruction_parts *p, enum form form, struct instruction_access *a)
{
    unsigned immediate_size = 0;

    if (form == FORM_LOAD || form == FORM_STORE) {
        a->reg = 0;
        a->memory = (struct instruction_memory){
            .base = INSTRUCTION_NO_REGISTER, .index = INSTRUCTION_NO_REGISTER, .address_size = p->address_size,
            .segment = instruction_segment_or(p, INSTRUCTION_DS),
            .displacement = instruction_number(p, p->address_size),
        };
        return true;
    }
    p->modrm = instruction_byte(p);
    if (p->error != 0) {
        return true;
    }
    if (instruction_mod(p) == 3) {
        return false;
    }
    switch (form) {
    case FORM_IMMEDIATE:
        immediate_size = MIN(a->size, 4);
        if (instruction_digit(p) != 0) {
            return false;
        }
        break;
    case FORM_GROUP:
    case FORM_GROUP_BYTE:
        immediate_size = form == FORM_GROUP ? MIN(a->size, 4) : 1;
        a->operation = group[instruction_digit(p)];
        if (a->operation == NOT_OURS) {
            return false;
        }
        break;
    default:
        use_register(p, a);
        break;
    }
    instruction_memory_operand(p, &a->memory);
    if (immediate_size != 0) {
        a->immediate = (uint64_t)instruction_number(p, immediate_size);
    }
    return true;
}

static void set_direction(struct instruction_access *a, enum form form)
{
    bool is_compare = a->operation == INSTRUCTION_COMPARE || a->operation == INSTRUCTION_TEST;

    a->to_register = form == FORM_TO_REGISTER || form == FORM_EXTEND || form == FORM_EXTEND_LONG || form == FORM_LOAD;
    a->is_write = !a->to_register && !is_compare;
    a->is_read = a->to_register || a->operation != INSTRUCTION_MOVE;
}

static void set_sizes(const struct instruction_parts *p, uint8_t opcode, enum form form, struct instruction_access *a)
{
    a->destination_size = p->operand_size;
    switch (form) {
    case FORM_EXTEND:
        a->size = (opcode & 1) == 0 ? 1 : 2;
        a->is_signed = (opcode & 8) != 0;
        break;
    case FORM_EXTEND_LONG:
        a->size = 4;
        a->is_signed = true;
        break;
    default:
        a->size = (opcode & 1) == 0 ? 1 : p->operand_size;
        a->destination_size = a->size;
        break;
    }
}

/* Req: BH-INSN-001, BH-INSN-002, BH-INSN-003 */
int instruction_decode_access(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                              struct instruction_access *out)
{
    struct instruction_access a = { .reg = INSTRUCTION_NO_REGISTER };
    struct instruction_parts p;
    struct opcode o;
    uint8_t opcode;

    instruction_prefixes(&p, bytes, count, mode);
    opcode = instruction_byte(&p);
    o = one_byte[opcode];
    if (opcode == 0x0f) {
        opcode = instruction_byte(&p);
        o = two_byte(opcode);
    }
    if (p.error != 0) {
        return p.error;
    }
    /* With an operand size of 2 the makers do not agree how much memory is read. */
    if (o.form == FORM_NONE || (o.form == FORM_EXTEND_LONG && (mode != INSTRUCTION_64 || p.operand_size == 2))) {
        return -XEN_EINVAL;
    }
    a.operation = o.operation;
    set_sizes(&p, opcode, o.form, &a);
    if (!operands(&p, o.form, &a)) {
        return -XEN_EINVAL;
    }
    set_direction(&a, o.form);
    /* LOCK is for what reads and writes memory; elsewhere it is an undefined instruction (SDM 2A, LOCK). */
    if (p.has_lock && !(a.is_read && a.is_write)) {
        return -XEN_EINVAL;
    }
    if (p.error != 0) {
        return p.error;
    }
    a.is_locked = p.has_lock;
    a.length = (uint8_t)p.position;
    *out = a;
    return 0;
}
