/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/instruction*.c: instructions as an assembler encodes them, every prefix of each, and what is none.
 */
#include "test.h"

#include <string.h>

#include "instruction.h"

#define M16 INSTRUCTION_16
#define M32 INSTRUCTION_32
#define M64 INSTRUCTION_64
#define NONE INSTRUCTION_NO_REGISTER

struct access_case {
    enum instruction_mode mode;
    const char *bytes;
    unsigned count;
    struct instruction_access is;
};

#define CODE(s) s, sizeof(s) - 1

#define MEMORY(b, i, s, a, seg, disp)                                                                                  \
    { .base = (b), .index = (i), .scale = (s), .address_size = (a), .segment = INSTRUCTION_##seg,                      \
      .displacement = (disp) }

static void check_access(const struct access_case *c)
{
    const struct instruction_access *e = &c->is;
    struct instruction_access a;
    uint8_t bytes[20];

    memset(bytes, 0xcc, sizeof(bytes));
    memcpy(bytes, c->bytes, c->count);
    for (unsigned count = 0; count < c->count; count++) {
        assert_int_equal(instruction_decode_access(bytes, count, c->mode, &a), -XEN_EFAULT);
    }
    for (unsigned count = c->count; count <= sizeof(bytes); count++) {
        memset(&a, 0xa5, sizeof(a));
        assert_int_equal(instruction_decode_access(bytes, count, c->mode, &a), 0);
        assert_int_equal(a.length, c->count);
        assert_int_equal(a.operation, e->operation);
        assert_int_equal(a.size, e->size);
        assert_int_equal(a.destination_size, e->destination_size == 0 ? e->size : e->destination_size);
        assert_int_equal(a.reg, e->reg);
        assert_int_equal(a.is_high_byte, e->is_high_byte);
        assert_int_equal(a.is_read, e->is_read);
        assert_int_equal(a.is_write, e->is_write);
        assert_int_equal(a.to_register, e->to_register);
        assert_int_equal(a.is_signed, e->is_signed);
        assert_int_equal(a.is_locked, e->is_locked);
        assert_true(a.immediate == e->immediate);
        assert_int_equal(a.memory.base, e->memory.base);
        assert_int_equal(a.memory.index, e->memory.index);
        assert_int_equal(a.memory.scale, e->memory.scale);
        assert_int_equal(a.memory.address_size, e->memory.address_size);
        assert_int_equal(a.memory.segment, e->memory.segment);
        assert_int_equal(a.memory.is_rip_relative, e->memory.is_rip_relative);
        assert_true(a.memory.displacement == e->memory.displacement);
    }
}

#define READS  .is_read = true
#define WRITES .is_write = true
#define LOADS  .is_read = true, .to_register = true

/* Req: BH-INSN-001 */
static void test_moves(void **state)
{
    static const struct access_case cases[] = {
        /* mov %eax,(%rdi) */
        { M64, CODE("\x89\x07"), { .size = 4, .reg = 0, WRITES, .memory = MEMORY(7, NONE, 0, 8, DS, 0) } },
        /* mov %r9d,0xb0(%r12) */
        { M64, CODE("\x45\x89\x8c\x24\xb0\x00\x00\x00"),
          { .size = 4, .reg = 9, WRITES, .memory = MEMORY(12, NONE, 0, 8, DS, 0xb0) } },
        /* mov 0x20(%rip),%ecx */
        { M64, CODE("\x8b\x0d\x20\x00\x00\x00"),
          { .size = 4, .reg = 1, LOADS,
            .memory = { NONE, NONE, 0, 8, INSTRUCTION_DS, true, 0x20 } } },
        /* addr32 mov -2(%eip),%ecx */
        { M64, CODE("\x67\x8b\x0d\xfe\xff\xff\xff"),
          { .size = 4, .reg = 1, LOADS, .memory = { NONE, NONE, 0, 4, INSTRUCTION_DS, true, -2 } } },
        /* mov 0xfffffffffee000b0,%eax with SIB: no base, no index */
        { M64, CODE("\x8b\x04\x25\xb0\x00\xe0\xfe"),
          { .size = 4, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 8, DS, (int32_t)0xfee000b0) } },
        /* mov %rax,-8(%rbp,%r12,8): r12 may be an index */
        { M64, CODE("\x4a\x89\x44\xe5\xf8"),
          { .size = 8, .reg = 0, WRITES, .memory = MEMORY(5, 12, 3, 8, SS, -8) } },
        /* mov %ax,(%rsp) */
        { M64, CODE("\x66\x89\x04\x24"), { .size = 2, .reg = 0, WRITES, .memory = MEMORY(4, NONE, 0, 8, SS, 0) } },
        /* mov 0(%r13),%r15b; mov %spl,(%rax); mov %ah,(%rax) */
        { M64, CODE("\x45\x8a\x7d\x00"), { .size = 1, .reg = 15, LOADS, .memory = MEMORY(13, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x40\x88\x20"), { .size = 1, .reg = 4, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x88\x20"),
          { .size = 1, .reg = 0, .is_high_byte = true, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        /* movl $0x1ff,0xf0(%rax); movq $-1,(%rax); movw $-2,(%rax); movb $0x80,(%rax) */
        { M64, CODE("\xc7\x80\xf0\x00\x00\x00\xff\x01\x00\x00"),
          { .size = 4, .reg = NONE, .immediate = 0x1ff, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0xf0) } },
        { M64, CODE("\x48\xc7\x00\xff\xff\xff\xff"),
          { .size = 8, .reg = NONE, .immediate = UINT64_MAX, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x66\xc7\x00\xfe\xff"),
          { .size = 2, .reg = NONE, .immediate = (uint64_t)-2, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\xc6\x00\x80"),
          { .size = 1, .reg = NONE, .immediate = (uint64_t)-128, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        /* The accumulator and an address. */
        { M64, CODE("\xa1\xb0\x00\xe0\xfe\x00\x00\x00\x00"),
          { .size = 4, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 8, DS, 0xfee000b0) } },
        { M64, CODE("\x48\xa3\x08\x07\x06\x05\x04\x03\x02\x81"),
          { .size = 8, .reg = 0, WRITES, .memory = MEMORY(NONE, NONE, 0, 8, DS, (int64_t)0x8102030405060708) } },
        { M64, CODE("\x67\xa0\x08\x07\x06\x05"),
          { .size = 1, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 4, DS, 0x05060708) } },
        { M32, CODE("\x65\xa3\xb0\x00\xe0\xfe"),
          { .size = 4, .reg = 0, WRITES, .memory = MEMORY(NONE, NONE, 0, 4, GS, (int32_t)0xfee000b0) } },
        { M16, CODE("\xa1\x34\x12"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 2, DS, 0x1234) } },
        /* movzbl (%rax),%ecx; movswq; movzww; movsbw %ch is a register's form elsewhere; movslq */
        { M64, CODE("\x0f\xb6\x08"),
          { .size = 1, .destination_size = 4, .reg = 1, LOADS, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x4c\x0f\xbf\x20"),
          { .size = 2, .destination_size = 8, .reg = 12, LOADS, .is_signed = true,
            .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M32, CODE("\x66\x0f\xb7\x00"),
          { .size = 2, .destination_size = 2, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 4, DS, 0) } },
        { M32, CODE("\x66\x0f\xbe\x28"),
          { .size = 1, .destination_size = 2, .reg = 5, LOADS, .is_signed = true,
            .memory = MEMORY(0, NONE, 0, 4, DS, 0) } },
        { M64, CODE("\x48\x63\x11"),
          { .size = 4, .destination_size = 8, .reg = 2, LOADS, .is_signed = true,
            .memory = MEMORY(1, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x63\x11"),
          { .size = 4, .destination_size = 4, .reg = 2, LOADS, .is_signed = true,
            .memory = MEMORY(1, NONE, 0, 8, DS, 0) } },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        check_access(&cases[i]);
    }
}

/* Req: BH-INSN-001 */
static void test_prefixes_and_addresses(void **state)
{
    static const struct access_case cases[] = {
        /* Addresses of 16 bits. */
        { M16, CODE("\x8b\x00"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(3, 6, 0, 2, DS, 0) } },
        { M16, CODE("\x8b\x41\xff"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(3, 7, 0, 2, DS, -1) } },
        { M16, CODE("\x8b\x92\x00\x80"), { .size = 2, .reg = 2, LOADS, .memory = MEMORY(5, 6, 0, 2, SS, -32768) } },
        { M16, CODE("\x8b\x03"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(5, 7, 0, 2, SS, 0) } },
        { M16, CODE("\x8b\x04"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(6, NONE, 0, 2, DS, 0) } },
        { M16, CODE("\x8b\x05"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(7, NONE, 0, 2, DS, 0) } },
        { M16, CODE("\x8b\x06\x34\x12"),
          { .size = 2, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 2, DS, 0x1234) } },
        { M16, CODE("\x8b\x46\x00"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(5, NONE, 0, 2, SS, 0) } },
        { M16, CODE("\x8b\x07"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(3, NONE, 0, 2, DS, 0) } },
        { M32, CODE("\x67\x8b\x07"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(3, NONE, 0, 2, DS, 0) } },
        { M16, CODE("\x67\x66\x8b\x07"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(7, NONE, 0, 4, DS, 0) } },
        /* mov %fs:0x10(%ebp),%eax: overrides, the last one counts */
        { M32, CODE("\x3e\x64\x8b\x45\x10"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(5, NONE, 0, 4, FS, 16) } },
        { M32, CODE("\x26\x8b\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 4, ES, 0) } },
        { M32, CODE("\x2e\x8b\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 4, CS, 0) } },
        { M32, CODE("\x36\x8b\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 4, SS, 0) } },
        { M32, CODE("\x3e\x8b\x45\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(5, NONE, 0, 4, DS, 0) } },
        /* In 64-bit code only FS and GS count. */
        { M64, CODE("\x26\x8b\x45\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(5, NONE, 0, 8, SS, 0) } },
        { M64, CODE("\x65\x3e\x8b\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 8, GS, 0) } },
        /* [disp32] of 32-bit code is not relative to anything; (%ebp,%eax,2) needs a displacement, (,%eax,2) has one */
        { M32, CODE("\x8b\x05\x04\x03\x02\x81"),
          { .size = 4, .reg = 0, LOADS, .memory = MEMORY(NONE, NONE, 0, 4, DS, (int32_t)0x81020304) } },
        { M32, CODE("\x8b\x44\x45\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(5, 0, 1, 4, SS, 0) } },
        { M32, CODE("\x8b\x04\x45\x10\x00\x00\x00"),
          { .size = 4, .reg = 0, LOADS, .memory = MEMORY(NONE, 0, 1, 4, DS, 16) } },
        /* REX before another prefix does not count; REX.W wins over 0x66; REP means nothing. */
        { M64, CODE("\x48\x66\x8b\x00"), { .size = 2, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x66\x48\x8b\x00"), { .size = 8, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\xf3\x8b\x00"), { .size = 4, .reg = 0, LOADS, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x89\x00"),
          { .size = 2, .reg = 0, WRITES, .memory = MEMORY(0, NONE, 0, 8, DS, 0) } },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        check_access(&cases[i]);
    }
}

/* Req: BH-INSN-001 */
static void test_arithmetic(void **state)
{
    static const struct { uint8_t first, digit, operation; } families[] = {
        { 0x00, 0, INSTRUCTION_ADD }, { 0x08, 1, INSTRUCTION_OR },  { 0x20, 4, INSTRUCTION_AND },
        { 0x28, 5, INSTRUCTION_SUBTRACT }, { 0x30, 6, INSTRUCTION_XOR }, { 0x38, 7, INSTRUCTION_COMPARE },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(families); i++) {
        uint8_t first = families[i].first, modrm = (uint8_t)(families[i].digit << 3 | 1);
        bool compares = families[i].operation == INSTRUCTION_COMPARE;
        struct access_case c = { M32, NULL, 2, { .operation = families[i].operation, .reg = 2, .is_read = true,
                                                 .memory = MEMORY(1, NONE, 0, 4, DS, 0) } };
        char code[8] = { 0, 0x11 };

        c.bytes = code;
        for (unsigned form = 0; form < 4; form++) {
            code[0] = (char)(first + form);
            c.is.size = form % 2 == 0 ? 1 : 4;
            c.is.to_register = form >= 2;
            c.is.is_write = form < 2 && !compares;
            check_access(&c);
        }
        c.is.reg = NONE;
        c.is.to_register = false;
        c.is.is_write = !compares;
        c.is.size = 1;
        c.is.immediate = (uint64_t)-3;
        c.count = 3;
        memcpy(code, (char[]){ (char)0x80, (char)modrm, (char)-3 }, 3);
        check_access(&c);
        code[0] = (char)0x83;
        c.is.size = 4;
        check_access(&c);
        memcpy(code, (char[]){ (char)0x81, (char)modrm, 4, 3, 2, 1 }, 6);
        c.is.immediate = 0x01020304;
        c.count = 6;
        check_access(&c);
    }
}

static void test_test_and_exchange(void **state)
{
    static const struct access_case cases[] = {
        { M32, CODE("\x84\x23"), { .operation = INSTRUCTION_TEST, .size = 1, .reg = 0, .is_high_byte = true, READS,
                                   .memory = MEMORY(3, NONE, 0, 4, DS, 0) } },
        { M32, CODE("\x85\x23"), { .operation = INSTRUCTION_TEST, .size = 4, .reg = 4, READS,
                                   .memory = MEMORY(3, NONE, 0, 4, DS, 0) } },
        { M32, CODE("\xf6\x03\x10"), { .operation = INSTRUCTION_TEST, .size = 1, .reg = NONE, READS, .immediate = 16,
                                       .memory = MEMORY(3, NONE, 0, 4, DS, 0) } },
        { M16, CODE("\xf7\x07\x00\x10"), { .operation = INSTRUCTION_TEST, .size = 2, .reg = NONE, READS,
                                           .immediate = 0x1000, .memory = MEMORY(3, NONE, 0, 2, DS, 0) } },
        { M64, CODE("\x87\x07"), { .operation = INSTRUCTION_EXCHANGE, .size = 4, .reg = 0, READS, WRITES,
                                   .memory = MEMORY(7, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\xf0\x87\x07"), { .operation = INSTRUCTION_EXCHANGE, .size = 4, .reg = 0, READS, WRITES,
                                       .is_locked = true, .memory = MEMORY(7, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\xf0\x86\x1f"), { .operation = INSTRUCTION_EXCHANGE, .size = 1, .reg = 3, READS, WRITES,
                                       .is_locked = true, .memory = MEMORY(7, NONE, 0, 8, DS, 0) } },
        { M64, CODE("\xf0\x48\x83\x0f\x01"), { .operation = INSTRUCTION_OR, .size = 8, .reg = NONE, READS, WRITES,
                                               .is_locked = true, .immediate = 1,
                                               .memory = MEMORY(7, NONE, 0, 8, DS, 0) } },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        check_access(&cases[i]);
    }
}

static int decode(enum instruction_mode mode, const char *bytes, unsigned count)
{
    struct instruction_access a;

    return instruction_decode_access((const uint8_t *)bytes, count, mode, &a);
}

/* Req: BH-INSN-002, BH-INSN-003 */
static void test_refused(void **state)
{
    static const struct { enum instruction_mode mode; const char *bytes; unsigned count; } cases[] = {
        { M64, CODE("\x89\xc0") },         /* registers only */
        { M64, CODE("\x48\x8b\xe4") },
        { M64, CODE("\x0f\xb6\xc0") },
        { M64, CODE("\xc7\xc0") },
        { M64, CODE("\x87\xc8") },
        { M64, CODE("\xf0\x89\x00") },     /* LOCK where there must be none */
        { M64, CODE("\xf0\x8b") },         /* .. whatever follows */
        { M64, CODE("\xf0\x03\x00") },
        { M64, CODE("\xf0\x38\x00") },
        { M64, CODE("\xf0\x85\x00") },
        { M64, CODE("\xf0\x83\x38\x01") },
        { M64, CODE("\xf0\xa1") },
        { M64, CODE("\xf0\x0f\xb6\x00") },
        { M64, CODE("\xf0\xc7\x00") },
        { M64, CODE("\xc7\x08") },         /* no such digit */
        { M64, CODE("\xf7\x10") },         /* not */
        { M64, CODE("\x81\x10") },         /* adc, sbb */
        { M64, CODE("\x83\x18") },
        { M64, CODE("\x11\x00") },
        { M64, CODE("\x82\x00\x00") },
        { M64, CODE("\x66\x63\x00") },     /* movsxd to 16 bits */
        { M32, CODE("\x63\x00") },         /* arpl */
        { M64, CODE("\xff\x00") },         /* inc */
        { M64, CODE("\x8f\x00") },
        { M64, CODE("\xa4") },             /* movsb */
        { M64, CODE("\x0f\xb8\x00") },
        { M64, CODE("\x0f\xc1\x00") },     /* xadd */
        { M64, CODE("\x0f\x28\x00") },
        { M64, CODE("\xc5\xf9\x6f\x00") },
        { M64, CODE("\x62\x00") },
        { M32, CODE("\x48\x8b\x00") },     /* dec %eax there */
        { M64, CODE("\xcc") },
        { M64, CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x89\x00") }, /* too long */
        { M64, CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66") },
        { M64, CODE("\x66\x66\x66\x66\x66\x66\x66\x66\xc7\x80\x00\x00\x00\x00\x00\x00\x00") },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        if (decode(cases[i].mode, cases[i].bytes, cases[i].count) != -XEN_EINVAL) {
            fail_msg("case %u", i);
        }
    }
    /* Here one more byte may make it one. */
    assert_int_equal(decode(M64, "", 0), -XEN_EFAULT);
    assert_int_equal(decode(M64, "\xf0\x81", 2), -XEN_EFAULT);
    assert_int_equal(decode(M64, "\x0f", 1), -XEN_EFAULT);
}

/* ---- Exits ---- */

struct exit_case {
    enum instruction_exit exit;
    const char *bytes;
    unsigned count;
};

static const struct exit_case exits[] = {
    { INSTRUCTION_CPUID, CODE("\x0f\xa2") },        { INSTRUCTION_RDMSR, CODE("\x0f\x32") },
    { INSTRUCTION_WRMSR, CODE("\x0f\x30") },        { INSTRUCTION_VMMCALL, CODE("\x0f\x01\xd9") },
    { INSTRUCTION_VMCALL, CODE("\x0f\x01\xc1") },   { INSTRUCTION_HLT, CODE("\xf4") },
    { INSTRUCTION_PAUSE, CODE("\xf3\x90") },        { INSTRUCTION_INVD, CODE("\x0f\x08") },
    { INSTRUCTION_WBINVD, CODE("\x0f\x09") },       { INSTRUCTION_XSETBV, CODE("\x0f\x01\xd1") },
    { INSTRUCTION_RDTSC, CODE("\x0f\x31") },        { INSTRUCTION_RDTSCP, CODE("\x0f\x01\xf9") },
    { INSTRUCTION_RDPMC, CODE("\x0f\x33") },        { INSTRUCTION_RDPRU, CODE("\x0f\x01\xfd") },
    { INSTRUCTION_MONITOR, CODE("\x0f\x01\xc8") },  { INSTRUCTION_MWAIT, CODE("\x0f\x01\xc9") },
    { INSTRUCTION_MONITORX, CODE("\x0f\x01\xfa") }, { INSTRUCTION_MWAITX, CODE("\x0f\x01\xfb") },
    { INSTRUCTION_VMRUN, CODE("\x0f\x01\xd8") },    { INSTRUCTION_VMLOAD, CODE("\x0f\x01\xda") },
    { INSTRUCTION_VMSAVE, CODE("\x0f\x01\xdb") },   { INSTRUCTION_STGI, CODE("\x0f\x01\xdc") },
    { INSTRUCTION_CLGI, CODE("\x0f\x01\xdd") },     { INSTRUCTION_SKINIT, CODE("\x0f\x01\xde") },
    { INSTRUCTION_INVLPGA, CODE("\x0f\x01\xdf") },  { INSTRUCTION_INVLPG, CODE("\x0f\x01\x38") },
    { INSTRUCTION_RSM, CODE("\x0f\xaa") },          { INSTRUCTION_ICEBP, CODE("\xf1") },
    { INSTRUCTION_CLTS, CODE("\x0f\x06") },         { INSTRUCTION_LMSW, CODE("\x0f\x01\xf0") },
    { INSTRUCTION_SMSW, CODE("\x0f\x01\xe0") },     { INSTRUCTION_MOV_FROM_CR, CODE("\x0f\x20\xc0") },
    { INSTRUCTION_MOV_TO_CR, CODE("\x0f\x22\xc0") }, { INSTRUCTION_MOV_FROM_DR, CODE("\x0f\x21\xf8") },
    { INSTRUCTION_MOV_TO_DR, CODE("\x0f\x23\xf8") },
};

static int length_of(enum instruction_mode mode, enum instruction_exit expected, const char *bytes, unsigned count,
                     unsigned *length)
{
    return instruction_length_of((const uint8_t *)bytes, count, mode, expected, length);
}

static void expect_length(enum instruction_mode mode, enum instruction_exit expected, const char *bytes,
                          unsigned count)
{
    unsigned length = 0;

    for (unsigned n = 0; n < count; n++) {
        assert_int_equal(length_of(mode, expected, bytes, n, &length), -XEN_EFAULT);
        assert_int_equal(length, 0);
    }
    assert_int_equal(length_of(mode, expected, bytes, count, &length), 0);
    assert_int_equal(length, count);
}

/* Req: BH-INSN-004 */
static void test_exits(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_COUNT(exits), INSTRUCTION_EXIT_COUNT);
    for (unsigned i = 0; i < ARRAY_COUNT(exits); i++) {
        for (enum instruction_mode mode = M16; mode <= M64; mode++) {
            char code[15] = { 0x66, 0x2e, 0x67 };
            unsigned length;

            expect_length(mode, exits[i].exit, exits[i].bytes, exits[i].count);
            memcpy(code + 3, exits[i].bytes, exits[i].count);
            expect_length(mode, exits[i].exit, code, exits[i].count + 3);
            code[2] = 0x48; /* REX in 64-bit code, else another instruction */
            if (exits[i].exit != INSTRUCTION_PAUSE && mode == M64) {
                expect_length(mode, exits[i].exit, code, exits[i].count + 3);
            } else if (mode != M64) {
                assert_int_equal(length_of(mode, exits[i].exit, code, 15, &length), -XEN_EINVAL);
            }
            code[2] = (char)0xf0;
            if (exits[i].exit != INSTRUCTION_MOV_FROM_CR && exits[i].exit != INSTRUCTION_MOV_TO_CR) {
                assert_int_equal(length_of(mode, exits[i].exit, code, 15, &length), -XEN_EINVAL);
            }
            for (unsigned k = 0; k < ARRAY_COUNT(exits); k++) {
                if (k != i) { /* none is taken for another */
                    memcpy(code, exits[k].bytes, exits[k].count);
                    assert_int_equal(length_of(mode, exits[i].exit, code, 15, &length), -XEN_EINVAL);
                }
            }
        }
    }
}

/* Req: BH-INSN-004 */
static void test_exit_operands(void **state)
{
    unsigned length;

    (void)state;
    expect_length(M64, INSTRUCTION_INVLPG, CODE("\x0f\x01\x3d\x00\x00\x00\x00"));
    expect_length(M64, INSTRUCTION_INVLPG, CODE("\x65\x41\x0f\x01\x7c\x24\x10"));
    expect_length(M16, INSTRUCTION_INVLPG, CODE("\x0f\x01\x3e\x00\x10"));
    expect_length(M32, INSTRUCTION_LMSW, CODE("\x0f\x01\x35\x00\x10\x00\x00"));
    expect_length(M32, INSTRUCTION_SMSW, CODE("\x0f\x01\x65\x08"));
    /* Their mod field means nothing: there is no displacement. */
    expect_length(M32, INSTRUCTION_MOV_TO_CR, CODE("\x0f\x22\x85"));
    expect_length(M32, INSTRUCTION_MOV_FROM_DR, CODE("\x0f\x21\x04"));
    assert_int_equal(length_of(M64, INSTRUCTION_INVLPG, CODE("\x0f\x01\xf8"), &length), -XEN_EINVAL); /* swapgs */
    assert_int_equal(length_of(M64, INSTRUCTION_PAUSE, CODE("\x90"), &length), -XEN_EINVAL);
    assert_int_equal(length_of(M64, INSTRUCTION_PAUSE, CODE("\xf3\xf2\x90"), &length), -XEN_EINVAL);
    assert_int_equal(length_of(M64, INSTRUCTION_HLT,
                               CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xf4"), &length), 0);
    assert_int_equal(length, 15);
    assert_int_equal(length_of(M64, INSTRUCTION_HLT,
                               CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xf4"), &length),
                     -XEN_EINVAL);
    assert_int_equal(length_of(M64, INSTRUCTION_INVLPG,
                               CODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x01\x3d\x00\x00\x00\x00"), &length),
                     -XEN_EINVAL);
}

/* Req: BH-INSN-005 */
static void test_control(void **state)
{
    static const struct control_case {
        enum instruction_mode mode;
        const char *bytes;
        unsigned count;
        struct instruction_control is;
    } cases[] = {
        /* length, kind, number, reg, size */
        { M64, CODE("\x0f\x06"), { 2, INSTRUCTION_CLTS, 0, NONE, 0, { 0 } } },
        { M64, CODE("\x0f\x20\xd8"), { 3, INSTRUCTION_MOV_FROM_CR, 3, 0, 8, { 0 } } },
        { M64, CODE("\x41\x0f\x22\xdf"), { 4, INSTRUCTION_MOV_TO_CR, 3, 15, 8, { 0 } } },
        { M64, CODE("\x44\x0f\x22\xc1"), { 4, INSTRUCTION_MOV_TO_CR, 8, 1, 8, { 0 } } },
        { M32, CODE("\xf0\x0f\x20\xc1"), { 4, INSTRUCTION_MOV_FROM_CR, 8, 1, 4, { 0 } } },
        { M16, CODE("\x0f\x22\xc5"), { 3, INSTRUCTION_MOV_TO_CR, 0, 5, 4, { 0 } } },
        { M64, CODE("\x66\x0f\x21\xfe"), { 4, INSTRUCTION_MOV_FROM_DR, 7, 6, 8, { 0 } } },
        { M64, CODE("\x0f\x23\xf2"), { 3, INSTRUCTION_MOV_TO_DR, 6, 2, 8, { 0 } } },
        { M64, CODE("\x41\x0f\x01\xf1"), { 4, INSTRUCTION_LMSW, 0, 9, 2, { 0 } } },
        { M64, CODE("\x48\x0f\x01\xe3"), { 4, INSTRUCTION_SMSW, 0, 3, 8, { 0 } } },
        { M32, CODE("\x66\x0f\x01\xe3"), { 4, INSTRUCTION_SMSW, 0, 3, 2, { 0 } } },
        { M32, CODE("\x0f\x01\x65\x08"), { 4, INSTRUCTION_SMSW, 0, NONE, 2, MEMORY(5, NONE, 0, 4, SS, 8) } },
        { M16, CODE("\x0f\x01\x36\x00\x10"),
          { 5, INSTRUCTION_LMSW, 0, NONE, 2, MEMORY(NONE, NONE, 0, 2, DS, 0x1000) } },
    };
    struct instruction_control c;

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        const struct instruction_control *e = &cases[i].is;

        for (unsigned n = 0; n < cases[i].count; n++) {
            assert_int_equal(instruction_decode_control(bytes, n, cases[i].mode, &c), -XEN_EFAULT);
        }
        assert_int_equal(instruction_decode_control(bytes, cases[i].count, cases[i].mode, &c), 0);
        assert_int_equal(c.length, e->length);
        assert_int_equal(c.kind, e->kind);
        assert_int_equal(c.number, e->number);
        assert_int_equal(c.reg, e->reg);
        assert_int_equal(c.size, e->size);
        assert_int_equal(c.memory.base, e->memory.base);
        assert_int_equal(c.memory.address_size, e->memory.address_size);
        assert_int_equal(c.memory.segment, e->memory.segment);
        assert_true(c.memory.displacement == e->memory.displacement);
    }
    assert_int_equal(instruction_decode_control((const uint8_t *)"\x0f\x01\xf8", 3, M64, &c), -XEN_EINVAL);
    assert_int_equal(instruction_decode_control((const uint8_t *)"\x0f\x24\xc0", 3, M64, &c), -XEN_EINVAL);
    assert_int_equal(instruction_decode_control((const uint8_t *)"\x89", 1, M64, &c), -XEN_EINVAL);
    assert_int_equal(instruction_decode_control((const uint8_t *)"\xf0\x0f\x22\xd8", 4, M64, &c), -XEN_EINVAL);
    assert_int_equal(instruction_decode_control((const uint8_t *)"\xf0\x0f\x06", 3, M64, &c), -XEN_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_prefixes_and_addresses),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_test_and_exchange),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_exit_operands),
        cmocka_unit_test(test_control),
    };

    return RUN_TESTS(tests);
}
