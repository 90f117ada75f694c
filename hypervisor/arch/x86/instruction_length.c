/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that make a CPU exit: whether the bytes are the one that is expected, and where it ends; and what
 * accesses control and debug registers. Opcodes: Intel SDM volume 2D, tables; AMD APM volume 3,
 * appendix A.
 */
#include "instruction.h"

#include "instruction_parts.h"

enum shape {
    SHAPE_PLAIN,     /* opcode bytes and nothing else */
    SHAPE_REPEATED,  /* the same behind 0xf3 */
    SHAPE_MEMORY,    /* 0x0f 0x01, ModRM with DIGIT in its reg field, and a memory operand */
    SHAPE_WORD,      /* the same, or a register */
    SHAPE_REGISTERS, /* 0x0f, opcode, ModRM whose mod field means nothing */
};

struct pattern {
    uint8_t shape;
    uint8_t opcode_count;
    uint8_t opcode[4]; /* the rest zero */
    uint8_t digit;
} __attribute__((aligned(8))); /* so that one is found by a shift */

static const struct pattern patterns[INSTRUCTION_EXIT_COUNT] = {
    [INSTRUCTION_CPUID] = { SHAPE_PLAIN, 2, { 0x0f, 0xa2 }, 0 },
    [INSTRUCTION_RDMSR] = { SHAPE_PLAIN, 2, { 0x0f, 0x32 }, 0 },
    [INSTRUCTION_WRMSR] = { SHAPE_PLAIN, 2, { 0x0f, 0x30 }, 0 },
    [INSTRUCTION_VMMCALL] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xd9 }, 0 },
    [INSTRUCTION_VMCALL] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xc1 }, 0 },
    [INSTRUCTION_HLT] = { SHAPE_PLAIN, 1, { 0xf4 }, 0 },
    [INSTRUCTION_PAUSE] = { SHAPE_REPEATED, 1, { 0x90 }, 0 },
    [INSTRUCTION_INVD] = { SHAPE_PLAIN, 2, { 0x0f, 0x08 }, 0 },
    [INSTRUCTION_WBINVD] = { SHAPE_PLAIN, 2, { 0x0f, 0x09 }, 0 },
    [INSTRUCTION_XSETBV] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xd1 }, 0 },
    [INSTRUCTION_RDTSC] = { SHAPE_PLAIN, 2, { 0x0f, 0x31 }, 0 },
    [INSTRUCTION_RDTSCP] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xf9 }, 0 },
    [INSTRUCTION_RDPMC] = { SHAPE_PLAIN, 2, { 0x0f, 0x33 }, 0 },
    [INSTRUCTION_RDPRU] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xfd }, 0 },
    [INSTRUCTION_MONITOR] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xc8 }, 0 },
    [INSTRUCTION_MWAIT] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xc9 }, 0 },
    [INSTRUCTION_MONITORX] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xfa }, 0 },
    [INSTRUCTION_MWAITX] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xfb }, 0 },
    [INSTRUCTION_VMRUN] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xd8 }, 0 },
    [INSTRUCTION_VMLOAD] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xda }, 0 },
    [INSTRUCTION_VMSAVE] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xdb }, 0 },
    [INSTRUCTION_STGI] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xdc }, 0 },
    [INSTRUCTION_CLGI] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xdd }, 0 },
    [INSTRUCTION_SKINIT] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xde }, 0 },
    [INSTRUCTION_INVLPGA] = { SHAPE_PLAIN, 3, { 0x0f, 0x01, 0xdf }, 0 },
    [INSTRUCTION_INVLPG] = { SHAPE_MEMORY, 2, { 0x0f, 0x01 }, 7 },
    [INSTRUCTION_RSM] = { SHAPE_PLAIN, 2, { 0x0f, 0xaa }, 0 },
    [INSTRUCTION_ICEBP] = { SHAPE_PLAIN, 1, { 0xf1 }, 0 },
    [INSTRUCTION_CLTS] = { SHAPE_PLAIN, 2, { 0x0f, 0x06 }, 0 },
    [INSTRUCTION_LMSW] = { SHAPE_WORD, 2, { 0x0f, 0x01 }, 6 },
    [INSTRUCTION_SMSW] = { SHAPE_WORD, 2, { 0x0f, 0x01 }, 4 },
    [INSTRUCTION_MOV_FROM_CR] = { SHAPE_REGISTERS, 2, { 0x0f, 0x20 }, 0 },
    [INSTRUCTION_MOV_TO_CR] = { SHAPE_REGISTERS, 2, { 0x0f, 0x22 }, 0 },
    [INSTRUCTION_MOV_FROM_DR] = { SHAPE_REGISTERS, 2, { 0x0f, 0x21 }, 0 },
    [INSTRUCTION_MOV_TO_DR] = { SHAPE_REGISTERS, 2, { 0x0f, 0x23 }, 0 },
};

/* The opcode and, where there is one, ModRM. False: another instruction. */
static bool read_opcode(struct instruction_parts *p, const struct pattern *t)
{
    for (unsigned i = 0; i < t->opcode_count; i++) {
        if (instruction_byte(p) != t->opcode[i] && p->error == 0) {
            return false;
        }
    }
    if (t->shape == SHAPE_PLAIN || t->shape == SHAPE_REPEATED) {
        return t->shape == SHAPE_PLAIN || p->repeat == 0xf3;
    }
    p->modrm = instruction_byte(p);
    if (p->error != 0 || t->shape == SHAPE_REGISTERS) {
        return true;
    }
    return instruction_digit(p) == t->digit && !(t->shape == SHAPE_MEMORY && instruction_mod(p) == 3);
}

/* MOV CR0 with LOCK is CR8 (APM 3, MOV CRn); nothing else here may have it. */
static bool lock_is_legal(const struct instruction_parts *p, enum instruction_exit kind)
{
    return !p->has_lock || ((kind == INSTRUCTION_MOV_FROM_CR || kind == INSTRUCTION_MOV_TO_CR) &&
                            (p->error != 0 || instruction_reg(p) == 0));
}

/* Reads all of it; its memory operand goes to M. */
static int read_instruction(struct instruction_parts *p, const uint8_t *bytes, unsigned count,
                            enum instruction_mode mode, enum instruction_exit kind, struct instruction_memory *m)
{
    const struct pattern *t = &patterns[kind];

    instruction_prefixes(p, bytes, count, mode);
    if (!read_opcode(p, t)) {
        return p->error != 0 ? p->error : -XEN_EINVAL;
    }
    if (!lock_is_legal(p, kind)) {
        return -XEN_EINVAL;
    }
    if ((t->shape == SHAPE_MEMORY || t->shape == SHAPE_WORD) && p->error == 0 && instruction_mod(p) != 3) {
        instruction_memory_operand(p, m);
    }
    return p->error;
}

static COLD int length_behind_prefixes(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                                       enum instruction_exit expected, unsigned *length)
{
    struct instruction_memory memory;
    struct instruction_parts p;
    int err = read_instruction(&p, bytes, count, mode, expected, &memory);

    if (err == 0) {
        *length = p.position;
    }
    return err;
}

/* Req: BH-INSN-004 */
int instruction_length_of(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                          enum instruction_exit expected, unsigned *length)
{
    const struct pattern *t = &patterns[expected];

    /* The common case: no prefix. None of these opcodes begins like one. */
    if (likely(t->shape == SHAPE_PLAIN && count >= sizeof(t->opcode))) {
        uint32_t is, should;

        __builtin_memcpy(&is, bytes, sizeof(is));
        __builtin_memcpy(&should, t->opcode, sizeof(should));
        if (likely((is ^ should) << (32 - 8 * t->opcode_count) == 0)) {
            *length = t->opcode_count;
            return 0;
        }
    }
    return length_behind_prefixes(bytes, count, mode, expected, length);
}

/* Which of them it may be, by its second opcode byte; the reg field tells LMSW and SMSW apart. */
static int control_kind(const struct instruction_parts *at, enum instruction_exit *kind)
{
    struct instruction_parts p = *at;
    uint8_t first = instruction_byte(&p), second = instruction_byte(&p);

    if (p.error != 0 || first != 0x0f) {
        return p.error != 0 && (p.position == at->position || first == 0x0f) ? p.error : -XEN_EINVAL;
    }
    if (second != 0x01) {
        for (unsigned k = INSTRUCTION_CLTS; k < INSTRUCTION_EXIT_COUNT; k++) {
            if (patterns[k].opcode[1] == second) {
                *kind = (enum instruction_exit)k;
                return 0;
            }
        }
        return -XEN_EINVAL;
    }
    p.modrm = instruction_byte(&p);
    *kind = instruction_digit(&p) == patterns[INSTRUCTION_LMSW].digit ? INSTRUCTION_LMSW : INSTRUCTION_SMSW;
    return p.error;
}

/* Req: BH-INSN-005 */
int instruction_decode_control(const uint8_t *bytes, unsigned count, enum instruction_mode mode,
                               struct instruction_control *out)
{
    struct instruction_control c = { .reg = INSTRUCTION_NO_REGISTER };
    enum instruction_exit kind = INSTRUCTION_CLTS;
    struct instruction_parts p;
    int err;

    instruction_prefixes(&p, bytes, count, mode);
    err = p.error != 0 ? p.error : control_kind(&p, &kind);
    if (err == 0) {
        err = read_instruction(&p, bytes, count, mode, kind, &c.memory);
    }
    if (err != 0) {
        return err;
    }
    switch (patterns[kind].shape) {
    case SHAPE_WORD:
        /* SMSW stores as much of CR0 as its register holds, to memory 16 bits. */
        c.size = kind == INSTRUCTION_SMSW && instruction_mod(&p) == 3 ? p.operand_size : 2;
        c.reg = instruction_mod(&p) == 3 ? instruction_rm(&p) : INSTRUCTION_NO_REGISTER;
        break;
    case SHAPE_REGISTERS:
        /* Always the whole register, whatever the operand size (SDM 2B, MOV). */
        c.size = mode == INSTRUCTION_64 ? 8 : 4;
        c.reg = instruction_rm(&p);
        c.number = p.has_lock ? 8 : instruction_reg(&p);
        break;
    }
    c.kind = (uint8_t)kind;
    c.length = (uint8_t)p.position;
    *out = c;
    return 0;
}
