/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of x86 instructions against a disassembler, libcapstone: both must find the same instruction of the same
 * length with the same operands, or none of those that we know. The first byte of the input is the mode, the others are
 * the code.
 */
#include "support/fuzz.h"

#include <capstone/capstone.h>

#include "instruction.h"

static csh handles[3];

static void open_handles(void)
{
    static const cs_mode modes[3] = { CS_MODE_16, CS_MODE_32, CS_MODE_64 };

    if (handles[0] != 0) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        CHECK(cs_open(CS_ARCH_X86, modes[i], &handles[i]) == CS_ERR_OK);
        CHECK(cs_option(handles[i], CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK);
    }
}

/* By our numbering: 0 to 15, or INSTRUCTION_NO_REGISTER. IS_HIGH: AH to BH. */
static unsigned register_number(x86_reg r, bool *is_high)
{
    static const struct { x86_reg names[5]; } registers[16] = {
        { { X86_REG_AL, X86_REG_AX, X86_REG_EAX, X86_REG_RAX, X86_REG_AH } },
        { { X86_REG_CL, X86_REG_CX, X86_REG_ECX, X86_REG_RCX, X86_REG_CH } },
        { { X86_REG_DL, X86_REG_DX, X86_REG_EDX, X86_REG_RDX, X86_REG_DH } },
        { { X86_REG_BL, X86_REG_BX, X86_REG_EBX, X86_REG_RBX, X86_REG_BH } },
        { { X86_REG_SPL, X86_REG_SP, X86_REG_ESP, X86_REG_RSP } },
        { { X86_REG_BPL, X86_REG_BP, X86_REG_EBP, X86_REG_RBP } },
        { { X86_REG_SIL, X86_REG_SI, X86_REG_ESI, X86_REG_RSI } },
        { { X86_REG_DIL, X86_REG_DI, X86_REG_EDI, X86_REG_RDI } },
        { { X86_REG_R8B, X86_REG_R8W, X86_REG_R8D, X86_REG_R8 } },
        { { X86_REG_R9B, X86_REG_R9W, X86_REG_R9D, X86_REG_R9 } },
        { { X86_REG_R10B, X86_REG_R10W, X86_REG_R10D, X86_REG_R10 } },
        { { X86_REG_R11B, X86_REG_R11W, X86_REG_R11D, X86_REG_R11 } },
        { { X86_REG_R12B, X86_REG_R12W, X86_REG_R12D, X86_REG_R12 } },
        { { X86_REG_R13B, X86_REG_R13W, X86_REG_R13D, X86_REG_R13 } },
        { { X86_REG_R14B, X86_REG_R14W, X86_REG_R14D, X86_REG_R14 } },
        { { X86_REG_R15B, X86_REG_R15W, X86_REG_R15D, X86_REG_R15 } },
    };

    *is_high = false;
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned k = 0; k < 5; k++) {
            if (r != X86_REG_INVALID && registers[i].names[k] == r) {
                *is_high = k == 4;
                return i;
            }
        }
    }
    return INSTRUCTION_NO_REGISTER;
}

static int operation_of(unsigned id)
{
    switch (id) {
    case X86_INS_MOV: case X86_INS_MOVABS: case X86_INS_MOVZX: case X86_INS_MOVSX: case X86_INS_MOVSXD:
        return INSTRUCTION_MOVE;
    case X86_INS_XCHG:
        return INSTRUCTION_EXCHANGE;
    case X86_INS_ADD:
        return INSTRUCTION_ADD;
    case X86_INS_OR:
        return INSTRUCTION_OR;
    case X86_INS_AND:
        return INSTRUCTION_AND;
    case X86_INS_SUB:
        return INSTRUCTION_SUBTRACT;
    case X86_INS_XOR:
        return INSTRUCTION_XOR;
    case X86_INS_CMP:
        return INSTRUCTION_COMPARE;
    case X86_INS_TEST:
        return INSTRUCTION_TEST;
    }
    return -1;
}

static unsigned segment_of(x86_reg r, unsigned otherwise)
{
    switch (r) {
    case X86_REG_ES:
        return INSTRUCTION_ES;
    case X86_REG_CS:
        return INSTRUCTION_CS;
    case X86_REG_SS:
        return INSTRUCTION_SS;
    case X86_REG_DS:
        return INSTRUCTION_DS;
    case X86_REG_FS:
        return INSTRUCTION_FS;
    case X86_REG_GS:
        return INSTRUCTION_GS;
    default:
        return otherwise;
    }
}

/*
 * Code that the disassembler reads otherwise than CPUs do. Of prefixes in one group CPUs heed the last, REX counts only
 * directly before the opcode, and REP before what is no string instruction means nothing; capstone has its own opinion
 * of each of these, so no more than one prefix of each group is compared, none of REP, and REX only where it counts.
 * Our own decoder's say on them is in test_instruction.c.
 */
static bool has_usual_prefixes(const uint8_t *code, size_t size, enum instruction_mode mode, bool *has_lock)
{
    unsigned segments = 0, operand = 0, address = 0, locks = 0, rex = 0;

    for (size_t i = 0; i < size; i++) {
        uint8_t b = code[i];

        if (mode == INSTRUCTION_64 && (b & 0xf0) == 0x40) {
            rex++;
            continue;
        }
        if (b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65) {
            segments++;
        } else if (b == 0x66) {
            operand++;
        } else if (b == 0x67) {
            address++;
        } else if (b == 0xf0) {
            locks++;
        } else if (b == 0xf2 || b == 0xf3) {
            return false;
        } else {
            *has_lock = locks != 0;
            return segments <= 1 && operand <= 1 && address <= 1 && locks <= 1 && rex <= 1;
        }
        if (rex != 0) {
            return false;
        }
    }
    return false;
}

static const cs_x86_op *memory_of(const cs_x86 *x)
{
    for (unsigned i = 0; i < x->op_count; i++) {
        if (x->operands[i].type == X86_OP_MEM) {
            return &x->operands[i];
        }
    }
    return NULL;
}

static void compare_memory(const struct instruction_memory *m, const x86_op_mem *mem, enum instruction_mode mode)
{
    bool high, is_ip = mem->base == X86_REG_RIP || mem->base == X86_REG_EIP;
    unsigned bits = 64 - 8u * m->address_size;
    unsigned segment = segment_of(mem->segment, INSTRUCTION_NO_REGISTER);

    CHECK(m->is_rip_relative == is_ip);
    CHECK(m->base == (is_ip ? INSTRUCTION_NO_REGISTER : register_number(mem->base, &high)));
    CHECK(m->index == register_number(mem->index, &high));
    CHECK(m->index == INSTRUCTION_NO_REGISTER || 1 << m->scale == mem->scale);
    CHECK((uint64_t)m->displacement << bits == (uint64_t)mem->disp << bits);
    /* It names overrides only, and in 64-bit code some that mean nothing. */
    if (segment != INSTRUCTION_NO_REGISTER && (mode != INSTRUCTION_64 || segment >= INSTRUCTION_FS)) {
        CHECK(m->segment == segment);
    } else {
        CHECK(m->segment == (m->base == 4 || (m->base == 5) ? INSTRUCTION_SS : INSTRUCTION_DS));
    }
}

static void compare_access(const struct instruction_access *a, const cs_insn *insn, enum instruction_mode mode)
{
    const cs_x86 *x = &insn->detail->x86;
    const cs_x86_op *mem = memory_of(x);
    const cs_x86_op *other;
    bool high = false;

    CHECK(insn->size == a->length);
    CHECK(operation_of(insn->id) == a->operation);
    CHECK(mem != NULL && x->op_count == 2);
    CHECK(mem->size == a->size);
    compare_memory(&a->memory, &mem->mem, mode);
    other = mem == &x->operands[0] ? &x->operands[1] : &x->operands[0];
    if (other->type == X86_OP_IMM) {
        unsigned bits = 64 - 8u * a->size;

        CHECK(a->reg == INSTRUCTION_NO_REGISTER);
        CHECK(a->immediate << bits == (uint64_t)other->imm << bits);
    } else {
        CHECK(other->type == X86_OP_REG);
        CHECK(register_number(other->reg, &high) == a->reg && high == a->is_high_byte);
        /* capstone reads MOVSXD without REX.W as one that extends to 64 bits; it copies 32. */
        CHECK(other->size == (a->to_register ? a->destination_size : a->size) || x->opcode[0] == 0x63);
    }
    /* The operands of XCHG and TEST have no order that means anything. */
    if (a->operation != INSTRUCTION_EXCHANGE && a->operation != INSTRUCTION_TEST) {
        CHECK(a->to_register == (mem == &x->operands[1]));
    }
    CHECK(a->is_signed == (insn->id == X86_INS_MOVSX || insn->id == X86_INS_MOVSXD));
}

/* Is it one that we should have known? */
static bool is_access(const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;
    const cs_x86_op *mem = memory_of(x);
    bool high;

    if (operation_of(insn->id) < 0 || mem == NULL || x->op_count != 2) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) { /* segment registers are none of ours */
        if (x->operands[i].type == X86_OP_REG &&
            register_number(x->operands[i].reg, &high) == INSTRUCTION_NO_REGISTER) {
            return false;
        }
    }
    return true;
}

/* More bytes or fewer say the same. */
static void check_prefixes_of(const uint8_t *code, enum instruction_mode mode, const struct instruction_access *a)
{
    struct instruction_access again;

    for (unsigned n = 0; n < a->length; n++) {
        CHECK(instruction_decode_access(code, n, mode, &again) == -XEN_EFAULT);
    }
    CHECK(instruction_decode_access(code, a->length, mode, &again) == 0 && again.length == a->length);
}

static void check_properties(const struct instruction_access *a)
{
    CHECK(a->length >= 2 && a->length <= INSTRUCTION_LENGTH_MAX);
    CHECK(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
    CHECK(a->destination_size >= a->size && a->destination_size <= 8);
    CHECK(a->reg < 16 || a->reg == INSTRUCTION_NO_REGISTER);
    CHECK(!a->is_high_byte || (a->reg < 4 && a->size == 1));
    CHECK(a->is_read || a->is_write);
    CHECK(!a->is_locked || (a->is_read && a->is_write));
    CHECK(!a->to_register || (a->reg < 16 && !a->is_write));
}

static void fuzz_access(const uint8_t *code, unsigned size, enum instruction_mode mode, const cs_insn *insn)
{
    struct instruction_access a;
    int err = instruction_decode_access(code, size, mode, &a);
    bool has_lock = false;

    CHECK(err == 0 || err == -XEN_EINVAL || (err == -XEN_EFAULT && size < INSTRUCTION_LENGTH_MAX));
    if (err == 0) {
        check_properties(&a);
        check_prefixes_of(code, mode, &a);
    }
    if (!has_usual_prefixes(code, size, mode, &has_lock)) {
        return;
    }
    if (err == 0) {
        CHECK(insn != NULL);
        compare_access(&a, insn, mode);
        CHECK(a.is_locked == has_lock);
    } else if (insn != NULL && is_access(insn)) {
        const uint8_t *opcode = insn->detail->x86.opcode;

        CHECK(err == -XEN_EINVAL);
        /*
         * LOCK where it must not be: capstone knows of some. MOVSXD to 16 bits, and opcode 0x82, which CPUs have in
         * 32-bit code and nobody uses, are not ours; TEST with digit 1 is in no manual.
         */
        CHECK(has_lock || opcode[0] == 0x63 || opcode[0] == 0x82 || (opcode[0] & 0xfe) == 0xf6);
    }
}

static unsigned exit_id(enum instruction_exit e)
{
    static const uint16_t ids[INSTRUCTION_EXIT_COUNT] = {
        [INSTRUCTION_CPUID] = X86_INS_CPUID,     [INSTRUCTION_RDMSR] = X86_INS_RDMSR,
        [INSTRUCTION_WRMSR] = X86_INS_WRMSR,     [INSTRUCTION_VMMCALL] = X86_INS_VMMCALL,
        [INSTRUCTION_VMCALL] = X86_INS_VMCALL,   [INSTRUCTION_HLT] = X86_INS_HLT,
        [INSTRUCTION_INVD] = X86_INS_INVD,       [INSTRUCTION_WBINVD] = X86_INS_WBINVD,
        [INSTRUCTION_XSETBV] = X86_INS_XSETBV,   [INSTRUCTION_RDTSC] = X86_INS_RDTSC,
        [INSTRUCTION_RDTSCP] = X86_INS_RDTSCP,   [INSTRUCTION_RDPMC] = X86_INS_RDPMC,
        [INSTRUCTION_MONITOR] = X86_INS_MONITOR, [INSTRUCTION_MWAIT] = X86_INS_MWAIT,
        [INSTRUCTION_VMRUN] = X86_INS_VMRUN,     [INSTRUCTION_VMLOAD] = X86_INS_VMLOAD,
        [INSTRUCTION_VMSAVE] = X86_INS_VMSAVE,   [INSTRUCTION_STGI] = X86_INS_STGI,
        [INSTRUCTION_CLGI] = X86_INS_CLGI,       [INSTRUCTION_SKINIT] = X86_INS_SKINIT,
        [INSTRUCTION_INVLPGA] = X86_INS_INVLPGA, [INSTRUCTION_INVLPG] = X86_INS_INVLPG,
        [INSTRUCTION_RSM] = X86_INS_RSM,         [INSTRUCTION_ICEBP] = X86_INS_INT1,
        [INSTRUCTION_CLTS] = X86_INS_CLTS,       [INSTRUCTION_LMSW] = X86_INS_LMSW,
        [INSTRUCTION_SMSW] = X86_INS_SMSW,
    };

    return ids[e]; /* 0: capstone does not know it, or not by a name of its own */
}

static void fuzz_exits(const uint8_t *code, unsigned size, enum instruction_mode mode, const cs_insn *insn)
{
    bool has_lock = false, is_usual = has_usual_prefixes(code, size, mode, &has_lock);
    unsigned found = 0;

    for (unsigned e = 0; e < INSTRUCTION_EXIT_COUNT; e++) {
        struct instruction_control c;
        unsigned length = 0, again = 0;
        int err = instruction_length_of(code, size, mode, (enum instruction_exit)e, &length);

        CHECK(err == 0 || err == -XEN_EINVAL || (err == -XEN_EFAULT && size < INSTRUCTION_LENGTH_MAX));
        if (err == 0) {
            CHECK(length >= 1 && length <= INSTRUCTION_LENGTH_MAX && length <= size);
            CHECK(instruction_length_of(code, length, mode, (enum instruction_exit)e, &again) == 0 && again == length);
            CHECK(instruction_length_of(code, length - 1, mode, (enum instruction_exit)e, &again) == -XEN_EFAULT);
            found++;
            err = instruction_decode_control(code, size, mode, &c);
            CHECK((err == 0 && c.kind == e && c.length == length) || (err == -XEN_EINVAL && e < INSTRUCTION_CLTS));
        }
        if (is_usual && !has_lock && exit_id((enum instruction_exit)e) != 0) {
            bool is_it = insn != NULL && insn->id == exit_id((enum instruction_exit)e);

            CHECK(is_it == (length != 0));
            CHECK(!is_it || insn->size == length);
        }
    }
    CHECK(found <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum instruction_mode mode;
    cs_insn *insn = NULL;
    size_t count;

    if (size < 2) {
        return 0;
    }
    open_handles();
    mode = (enum instruction_mode)(data[0] % 3);
    data++;
    size = MIN(size - 1, 20);
    count = cs_disasm(handles[mode], data, MIN(size, INSTRUCTION_LENGTH_MAX), 0x1000, 1, &insn);
    fuzz_access(data, (unsigned)size, mode, count != 0 ? insn : NULL);
    fuzz_exits(data, (unsigned)size, mode, count != 0 ? insn : NULL);
    if (count != 0) {
        cs_free(insn, count);
    }
    return 0;
}
