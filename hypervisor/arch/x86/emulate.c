/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate.h"

#include "bh/domain.h"
#include "bh/vioapic.h"
#include "bh/vlapic.h"
#include "cpu_registers.h"
#include "guest_walk.h"
#include "hvm.h"
#include "instruction.h"
#include "state.h"

#define ARITHMETIC_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static uint64_t mask_of(unsigned size)
{
    return size == 8 ? UINT64_MAX : (1UL << 8 * size) - 1;
}

static uint64_t register_read(const struct instruction_access *i)
{
    uint64_t value = hvm_register_read(i->reg);

    return i->is_high_byte ? value >> 8 : value;
}

/* As the CPU writes part of a register: 32 bits clear the upper half, less leaves it. */
static void register_write(const struct instruction_access *i, unsigned size, uint64_t value)
{
    uint64_t mask = mask_of(size), before = hvm_register_read(i->reg);

    if (i->is_high_byte) {
        hvm_register_write(i->reg, (before & ~0xff00UL) | (value & 0xff) << 8);
    } else if (size == 4) {
        hvm_register_write(i->reg, (uint32_t)value);
    } else {
        hvm_register_write(i->reg, (before & ~mask) | (value & mask));
    }
}

/* The result of OPERATION on A and B of SIZE bytes; *FLAGS as the CPU leaves them (APM volume 1, 3.1.4). */
static uint64_t compute(enum instruction_operation operation, uint64_t a, uint64_t b, unsigned size, uint64_t *flags)
{
    uint64_t mask = mask_of(size), sign = 1UL << (8 * size - 1), result = 0, carry = 0, overflow = 0;

    a &= mask;
    b &= mask;
    switch (operation) {
    case INSTRUCTION_ADD:
        result = (a + b) & mask;
        carry = result < a;
        overflow = ~(a ^ b) & (a ^ result) & sign;
        break;
    case INSTRUCTION_SUBTRACT:
    case INSTRUCTION_COMPARE:
        result = (a - b) & mask;
        carry = a < b;
        overflow = (a ^ b) & (a ^ result) & sign;
        break;
    case INSTRUCTION_OR:
        result = a | b;
        break;
    case INSTRUCTION_AND:
    case INSTRUCTION_TEST:
        result = a & b;
        break;
    case INSTRUCTION_XOR:
        result = a ^ b;
        break;
    default:
        *flags = 0;
        return b;
    }
    *flags = (carry != 0 ? RFLAGS_CF : 0) | (overflow != 0 ? RFLAGS_OF : 0) | (result == 0 ? RFLAGS_ZF : 0) |
             ((result & sign) != 0 ? RFLAGS_SF : 0) | ((__builtin_popcountll(result & 0xff) & 1) == 0 ? RFLAGS_PF : 0) |
             (((a ^ b ^ result) & 0x10) != 0 ? RFLAGS_AF : 0);
    return result;
}

bool emulate_is_device(const struct vcpu *v, uint64_t gpa)
{
    return gpa - VLAPIC_PAGE_ADDRESS < PAGE_SIZE && (v->arch.vlapic.base & BIT(11)) != 0;
}

/* Req: BH-PORT-005 */
/* Registers are accessed as 32 bits (82093AA, 3.1). */
static bool access_vioapic(struct vcpu *v, unsigned offset, bool is_write, unsigned size, uint64_t *value)
{
    uint32_t word = (uint32_t)*value;
    int err = size != 4 ? -XEN_EINVAL : is_write ? vioapic_write(v, offset, word) : vioapic_read(v, offset, &word);

    *value = word;
    return err == 0;
}

/* One access to memory that is none. */
static bool access(struct vcpu *v, uint64_t gpa, bool is_write, unsigned size, uint64_t *value)
{
    uint64_t offset = gpa - VLAPIC_PAGE_ADDRESS;
    uint32_t word = (uint32_t)*value;
    int err;

    if (!emulate_is_device(v, gpa)) {
        if (CONFIG_IOPORTS && v->domain->arch.vioapic.is_there && gpa - VIOAPIC_ADDRESS < PAGE_SIZE) {
            return access_vioapic(v, (unsigned)(gpa - VIOAPIC_ADDRESS), is_write, size, value);
        }
        *value = UINT64_MAX;
        return true;
    }
    /* SDM volume 3, 10.4.1: registers are accessed as 32 bits; what is read of one otherwise is undefined. */
    if ((offset & 3) != 0 || size != 4) {
        return false;
    }
    if ((offset & 0xf) != 0) {
        *value = 0;
        return true;
    }
    hvm_fetch_task_priority(v);
    err = is_write ? vlapic_write(v, (unsigned)offset, word) : vlapic_read(v, (unsigned)offset, &word);
    hvm_store_task_priority(v);
    if (err != 0) {
        *value = UINT64_MAX;
        return true;
    }
    *value = word;
    return true;
}

/* Req: BH-PC-041 */
static bool perform(struct vcpu *v, uint64_t gpa, const struct instruction_access *i)
{
    uint64_t memory = 0, other = i->reg == INSTRUCTION_NO_REGISTER ? i->immediate : register_read(i), flags = 0, result;

    if (i->is_read && !access(v, gpa, false, i->size, &memory)) {
        return false;
    }
    if (i->operation == INSTRUCTION_MOVE && i->to_register) {
        unsigned unused = 64 - 8U * i->size;

        result = i->is_signed ? (uint64_t)((int64_t)(memory << unused) >> unused) : memory & mask_of(i->size);
        register_write(i, i->destination_size, result);
        return true;
    }
    result = i->to_register ? compute(i->operation, other, memory, i->size, &flags)
                            : compute(i->operation, memory, other, i->size, &flags);
    if (i->is_write && !access(v, gpa, true, i->size, &result)) {
        return false;
    }
    if (i->operation == INSTRUCTION_EXCHANGE) {
        register_write(i, i->size, memory);
    } else if (i->operation != INSTRUCTION_MOVE) {
        if (i->to_register && i->operation != INSTRUCTION_COMPARE && i->operation != INSTRUCTION_TEST) {
            register_write(i, i->size, result);
        }
        hvm_set_rflags((hvm_rflags() & ~ARITHMETIC_FLAGS) | flags);
    }
    return true;
}

void emulate_access(struct vcpu *v, uint64_t gpa, bool is_write)
{
    uint8_t bytes[GUEST_FETCH_SIZE];
    struct instruction_access i;
    unsigned bits = hvm_code_bits(), count;
    enum instruction_mode mode = bits == 64 ? INSTRUCTION_64 : bits == 32 ? INSTRUCTION_32 : INSTRUCTION_16;

    count = guest_fetch(v, hvm_code_address(), bytes);
    /* Another CPU may have changed the instruction since it was executed: it must still do what has trapped. */
    if (instruction_decode_access(bytes, count, mode, &i) != 0 || (is_write && !i.is_write) ||
        (gpa & (PAGE_SIZE - 1)) + i.size > PAGE_SIZE || !perform(v, gpa, &i)) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    hvm_skip(i.length);
}
