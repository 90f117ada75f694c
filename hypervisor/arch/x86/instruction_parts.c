/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes, ModRM, SIB and displacement: Intel SDM volume 2A, 2.1 and 2.2.1; AMD APM volume 3, 1.2 to 1.5.
 */
#include "instruction_parts.h"

uint8_t instruction_byte(struct instruction_parts *p)
{
    if (p->error != 0) {
        return 0;
    }
    if (p->position == INSTRUCTION_LENGTH_MAX || p->position == p->count) {
        p->error = p->position == INSTRUCTION_LENGTH_MAX ? -XEN_EINVAL : -XEN_EFAULT;
        return 0;
    }
    return p->bytes[p->position++];
}

int64_t instruction_number(struct instruction_parts *p, unsigned bytes)
{
    unsigned unused = 64 - 8 * bytes;
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)instruction_byte(p) << (8 * i);
    }
    return (int64_t)(value << unused) >> unused;
}

/* False: BYTE is no prefix, but the opcode. */
static bool take_prefix(struct instruction_parts *p, uint8_t byte)
{
    if (p->mode == INSTRUCTION_64 && (byte & 0xf0) == 0x40) {
        p->rex = byte;
        return true;
    }
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e:
        /* Those of ES to DS are there in 64-bit code and mean nothing; an override of FS or GS before them stays. */
        if (p->mode != INSTRUCTION_64) {
            p->segment = byte >> 3 & 3;
        }
        break;
    case 0x64:
        p->segment = INSTRUCTION_FS;
        break;
    case 0x65:
        p->segment = INSTRUCTION_GS;
        break;
    case 0x66:
        p->has_operand_size = true;
        break;
    case 0x67:
        p->has_address_size = true;
        break;
    case 0xf0:
        p->has_lock = true;
        break;
    case 0xf2: case 0xf3:
        p->repeat = byte;
        break;
    default:
        return false;
    }
    /* REX counts only directly before the opcode. */
    p->rex = 0;
    return true;
}

void instruction_prefixes(struct instruction_parts *p, const uint8_t *bytes, unsigned count,
                          enum instruction_mode mode)
{
    *p = (struct instruction_parts){ .bytes = bytes, .count = count, .mode = mode,
                                     .segment = INSTRUCTION_NO_REGISTER };
    /* Bound: the longest instruction. */
    while (take_prefix(p, instruction_byte(p)) && p->error == 0) {
    }
    if (p->error != 0) {
        return;
    }
    p->position--; /* the opcode is read again by who knows what it is */
    p->operand_size = p->has_operand_size != (mode == INSTRUCTION_16) ? 2 : 4;
    if (mode == INSTRUCTION_64) {
        p->address_size = p->has_address_size ? 4 : 8;
    } else {
        p->address_size = p->has_address_size != (mode == INSTRUCTION_16) ? 2 : 4;
    }
    if ((p->rex & REX_W) != 0) {
        p->operand_size = 8;
    }
}

uint8_t instruction_segment_or(const struct instruction_parts *p, enum instruction_segment segment)
{
    return p->segment != INSTRUCTION_NO_REGISTER ? p->segment : (uint8_t)segment;
}

/* Table 2-1. */
static void memory_operand_16(struct instruction_parts *p, struct instruction_memory *m)
{
    enum { NONE = INSTRUCTION_NO_REGISTER, BX = 3, BP = 5, SI = 6, DI = 7 };
    static const uint8_t base[8] = { BX, BX, BP, BP, SI, DI, BP, BX };
    static const uint8_t index[8] = { SI, DI, SI, DI, NONE, NONE, NONE, NONE };
    unsigned mod = instruction_mod(p), rm = p->modrm & 7;

    m->base = base[rm];
    m->index = index[rm];
    if (mod == 0 && rm == 6) {
        m->base = INSTRUCTION_NO_REGISTER;
        m->displacement = instruction_number(p, 2);
    } else if (mod != 0) {
        m->displacement = instruction_number(p, mod == 1 ? 1 : 2);
    }
    m->segment = instruction_segment_or(p, m->base == BP ? INSTRUCTION_SS : INSTRUCTION_DS);
}

/* Table 2-3. */
static void index_byte(struct instruction_parts *p, struct instruction_memory *m)
{
    uint8_t sib = instruction_byte(p);

    m->scale = sib >> 6;
    m->index = (uint8_t)((sib >> 3 & 7) | ((p->rex & REX_X) != 0 ? 8 : 0));
    m->base = (uint8_t)((sib & 7) | ((p->rex & REX_B) != 0 ? 8 : 0));
    if (m->index == 4) {
        m->index = INSTRUCTION_NO_REGISTER;
        m->scale = 0;
    }
    if ((sib & 7) == 5 && instruction_mod(p) == 0) {
        m->base = INSTRUCTION_NO_REGISTER;
    }
}

/* Table 2-2; 2.2.1.6 for addresses that are relative to the next instruction. */
void instruction_memory_operand(struct instruction_parts *p, struct instruction_memory *m)
{
    unsigned mod = instruction_mod(p), rm = p->modrm & 7;

    *m = (struct instruction_memory){ .base = INSTRUCTION_NO_REGISTER, .index = INSTRUCTION_NO_REGISTER,
                                      .address_size = p->address_size };
    if (p->address_size == 2) {
        memory_operand_16(p, m);
        return;
    }
    if (rm == 4) {
        index_byte(p, m);
    } else if (rm == 5 && mod == 0) {
        m->is_rip_relative = p->mode == INSTRUCTION_64;
    } else {
        m->base = instruction_rm(p);
    }
    if (mod != 0) {
        m->displacement = instruction_number(p, mod == 1 ? 1 : 4);
    } else if (m->base == INSTRUCTION_NO_REGISTER) {
        m->displacement = instruction_number(p, 4);
    }
    m->segment = instruction_segment_or(p, m->base == 4 || m->base == 5 ? INSTRUCTION_SS : INSTRUCTION_DS);
}
