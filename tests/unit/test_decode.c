/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arm64/decode.c: each kind of instruction as the assembler encodes it, and that nothing else is taken for one.
 */
#include "test.h"

#include "abi/xen.h"
#include "decode.h"

static bool same(const struct a64_access *a, const struct a64_access *b)
{
    return a->size == b->size && a->rt == b->rt && a->rn == b->rn && a->offset == b->offset &&
           a->is_write == b->is_write && a->is_signed == b->is_signed && a->is_wide == b->is_wide &&
           a->is_pre == b->is_pre;
}

/* Req: BH-TRAP-009 */
static void test_instructions(void **state)
{
    static const struct { uint32_t word; struct a64_access is; } cases[] = {
        /* size, rt, rn, offset, is_write, is_signed, is_wide, is_pre */
        { 0x38001422, { 1, 2, 1, 1, true, false, false, false } },       /* strb w2, [x1], #1 */
        { 0x385ff422, { 1, 2, 1, -1, false, false, false, false } },     /* ldrb w2, [x1], #-1 */
        { 0x388ff422, { 1, 2, 1, 255, false, true, true, false } },      /* ldrsb x2, [x1], #255 */
        { 0x38d00c22, { 1, 2, 1, -256, false, true, false, true } },     /* ldrsb w2, [x1, #-256]! */
        { 0x780027ff, { 2, 31, 31, 2, true, false, false, false } },     /* strh wzr, [sp], #2 */
        { 0x78402fbe, { 2, 30, 29, 2, false, false, false, true } },     /* ldrh w30, [x29, #2]! */
        { 0x789fe483, { 2, 3, 4, -2, false, true, true, false } },       /* ldrsh x3, [x4], #-2 */
        { 0x78c04c83, { 2, 3, 4, 4, false, true, false, true } },        /* ldrsh w3, [x4, #4]! */
        { 0xb8004420, { 4, 0, 1, 4, true, false, false, false } },       /* str w0, [x1], #4 */
        { 0xb8004c20, { 4, 0, 1, 4, true, false, false, true } },        /* str w0, [x1, #4]! */
        { 0xb8404420, { 4, 0, 1, 4, false, false, false, false } },      /* ldr w0, [x1], #4 */
        { 0xb85f0fe0, { 4, 0, 31, -16, false, false, false, true } },    /* ldr w0, [sp, #-16]! */
        { 0xb88084c5, { 4, 5, 6, 8, false, true, true, false } },        /* ldrsw x5, [x6], #8 */
        { 0xb8808cc5, { 4, 5, 6, 8, false, true, true, true } },         /* ldrsw x5, [x6, #8]! */
        { 0xf81f8507, { 8, 7, 8, -8, true, false, true, false } },       /* str x7, [x8], #-8 */
        { 0xf8008d07, { 8, 7, 8, 8, true, false, true, true } },         /* str x7, [x8, #8]! */
        { 0xf84107e7, { 8, 7, 31, 16, false, false, true, false } },     /* ldr x7, [sp], #16 */
        { 0xf84f8d07, { 8, 7, 8, 248, false, false, true, true } },      /* ldr x7, [x8, #248]! */
        { 0xf84087ff, { 8, 31, 31, 8, false, false, true, false } },     /* ldr xzr, [sp], #8 */
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
        struct a64_access a;

        assert_int_equal(a64_decode_access(cases[i].word, &a), 0);
        assert_true(same(&a, &cases[i].is));
    }
}

static void test_others(void **state)
{
    static const uint32_t words[] = {
        0xb9400420, /* ldr w0, [x1, #4] */
        0xb85fc020, /* ldur w0, [x1, #-4] */
        0xb8404820, /* ldtr w0, [x1, #4] */
        0xb8626820, /* ldr w0, [x1, x2] */
        0x28c10820, /* ldp w0, w2, [x1], #8 */
        0xbc404420, /* ldr s0, [x1], #4 */
        0x3cc10c20, /* ldr q0, [x1, #16]! */
        0x885f7c20, /* ldxr w0, [x1] */
        0xb8200022, /* ldadd w0, w2, [x1] */
        0xf9800020, /* prfm pldl1keep, [x1] */
        0x88dffc20, /* ldar w0, [x1] */
        0xf8201c20, /* ldraa x0, [x1, #8]! */
        0xb8c04420, /* size 2, opc 3: unallocated */
        0xf8804420, /* size 3, opc 2: unallocated */
        0xf8c04420, /* size 3, opc 3: unallocated */
        0xb8404421, /* ldr w1, [x1], #4: unpredictable */
        0xb8004c21, /* str w1, [x1, #4]!: unpredictable */
        0xd503201f, /* nop */
        0, 0xffffffff,
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        struct a64_access a;

        assert_int_equal(a64_decode_access(words[i], &a), -XEN_EINVAL);
    }
}

/* Req: BH-TRAP-006 */
static void test_extension(void **state)
{
    struct a64_access a = { .size = 1, .is_signed = true, .is_wide = true };

    (void)state;
    assert_int_equal(a64_extend(&a, 0x80), 0xffffffffffffff80);
    assert_int_equal(a64_extend(&a, 0x7f), 0x7f);
    a.is_wide = false;
    assert_int_equal(a64_extend(&a, 0x80), 0xffffff80);
    a.size = 2;
    assert_int_equal(a64_extend(&a, 0x8000), 0xffff8000);
    a.size = 4;
    a.is_wide = true;
    assert_int_equal(a64_extend(&a, 0x80000000), 0xffffffff80000000);
    a.is_signed = false;
    assert_int_equal(a64_extend(&a, 0x80000000), 0x80000000);
    a.size = 8;
    assert_int_equal(a64_extend(&a, 0x8000000000000000), 0x8000000000000000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instructions), cmocka_unit_test(test_others), cmocka_unit_test(test_extension),
    };

    return RUN_TESTS(tests);
}
