/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/cr_policy.c: each bit of CR4 with and without its feature, and what depends on the mode.
 */
#include "test.h"

#include "cpu_registers.h"
#include "cpuid_policy.h"
#include "cr_policy.h"

static uint32_t offered[CPUID_WORD_COUNT];

/* In the place of the real one, of which test_cpuid_policy.c is. */
bool cpuid_policy_has(enum cpuid_word word, unsigned bit)
{
    return (offered[word] >> bit & 1) != 0;
}

static const struct cr_state protected_mode, long_mode = { .cr4 = CR4_PAE, .efer = EFER_LMA | EFER_LME };

/* Names by the SDM, volume 3A, 2.5, and their features by volume 2A, CPUID. */
static const struct { unsigned bit; enum cpuid_word word; unsigned feature; } bits[] = {
    { 0, CPUID_1_EDX, 1 },   { 1, CPUID_1_EDX, 1 },   { 2, CPUID_1_EDX, 4 },   { 3, CPUID_1_EDX, 2 },
    { 4, CPUID_1_EDX, 3 },   { 5, CPUID_1_EDX, 6 },   { 6, CPUID_1_EDX, 7 },   { 7, CPUID_1_EDX, 13 },
    { 8, CPUID_1_EDX, 5 },   { 9, CPUID_1_EDX, 24 },  { 10, CPUID_1_EDX, 25 }, { 11, CPUID_7_ECX, 2 },
    { 12, CPUID_7_ECX, 16 }, { 16, CPUID_7_EBX, 0 },  { 18, CPUID_1_ECX, 26 }, { 20, CPUID_7_EBX, 7 },
    { 21, CPUID_7_EBX, 20 }, { 22, CPUID_7_ECX, 3 },
};

static void offer_all(bool all)
{
    for (unsigned i = 0; i < CPUID_WORD_COUNT; i++) {
        offered[i] = all ? ~0u : 0;
    }
}

/* Req: BH-CPUID-008 */
static void each_bit_needs_its_feature(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < ARRAY_COUNT(bits); i++) {
        offer_all(false);
        offered[bits[i].word] = 1u << bits[i].feature;
        assert_true(cr_policy_cr4_is_valid(&protected_mode, BIT(bits[i].bit)));
        offer_all(true);
        offered[bits[i].word] &= ~(1u << bits[i].feature);
        assert_false(cr_policy_cr4_is_valid(&protected_mode, BIT(bits[i].bit)));
    }
}

/* VMXE, SMXE, CET, PKS, UINTR, LAM and FRED among them: features that are not offered. */
static void no_other_bit_can_be_set(void **unused)
{
    uint64_t known = CR4_PCIDE;

    (void)unused;
    offer_all(true);
    for (unsigned i = 0; i < ARRAY_COUNT(bits); i++) {
        known |= BIT(bits[i].bit);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((known >> bit & 1) == 0) {
            assert_false(cr_policy_cr4_is_valid(&protected_mode, BIT(bit)));
        }
    }
}

static void bits_may_always_be_cleared(void **unused)
{
    struct cr_state all = { .cr4 = ~0UL };

    (void)unused;
    offer_all(false);
    assert_true(cr_policy_cr4_is_valid(&all, 0));
    assert_true(cr_policy_cr4_is_valid(&all, ~0UL));
}

static void long_mode_keeps_its_paging(void **unused)
{
    (void)unused;
    offer_all(true);
    assert_true(cr_policy_cr4_is_valid(&long_mode, CR4_PAE | CR4_PGE));
    assert_false(cr_policy_cr4_is_valid(&long_mode, CR4_PGE));
    assert_false(cr_policy_cr4_is_valid(&long_mode, CR4_PAE | CR4_LA57));
    assert_true(cr_policy_cr4_is_valid(&protected_mode, CR4_PAE | CR4_LA57));
}

static void process_contexts_begin_in_long_mode_with_the_first(void **unused)
{
    struct cr_state other = long_mode;

    (void)unused;
    offer_all(true);
    assert_false(cr_policy_cr4_is_valid(&protected_mode, CR4_PAE | CR4_PCIDE));
    assert_true(cr_policy_cr4_is_valid(&long_mode, CR4_PAE | CR4_PCIDE));
    other.cr3 = 0x1005;
    assert_false(cr_policy_cr4_is_valid(&other, CR4_PAE | CR4_PCIDE));
    other.cr4 |= CR4_PCIDE;
    assert_true(cr_policy_cr4_is_valid(&other, CR4_PAE | CR4_PCIDE));
    offered[CPUID_1_ECX] &= ~(1u << 17);
    assert_false(cr_policy_cr4_is_valid(&long_mode, CR4_PAE | CR4_PCIDE));
}

static void what_translations_depend_on_makes_the_cpu_forget_them(void **unused)
{
    (void)unused;
    assert_true(cr_policy_cr4_flushes(CR4_PGE, 0) && cr_policy_cr4_flushes(0, CR4_PAE));
    assert_true(cr_policy_cr4_flushes(0, CR4_SMEP) && cr_policy_cr4_flushes(CR4_PCIDE, 0));
    assert_false(cr_policy_cr4_flushes(CR4_PGE, CR4_PGE | CR4_OSFXSR | CR4_MCE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bit_needs_its_feature),
        cmocka_unit_test(no_other_bit_can_be_set),
        cmocka_unit_test(bits_may_always_be_cleared),
        cmocka_unit_test(long_mode_keeps_its_paging),
        cmocka_unit_test(process_contexts_begin_in_long_mode_with_the_first),
        cmocka_unit_test(what_translations_depend_on_makes_the_cpu_forget_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
