/* SPDX-License-Identifier: Apache-2.0 */
#include "cr_policy.h"

#include "cpu_registers.h"
#include "cpuid_policy.h"

/* The feature that a bit of CR4 belongs to, as a bit of CPUID. */
static const struct need {
    bool is_known;
    uint8_t word, bit;
} needs[] = {
    [0] = { true, CPUID_1_EDX, 1 },    /* VME */
    [1] = { true, CPUID_1_EDX, 1 },    /* PVI: VME */
    [2] = { true, CPUID_1_EDX, 4 },    /* TSD: TSC */
    [3] = { true, CPUID_1_EDX, 2 },    /* DE */
    [4] = { true, CPUID_1_EDX, 3 },    /* PSE */
    [5] = { true, CPUID_1_EDX, 6 },    /* PAE */
    [6] = { true, CPUID_1_EDX, 7 },    /* MCE */
    [7] = { true, CPUID_1_EDX, 13 },   /* PGE */
    [8] = { true, CPUID_1_EDX, 5 },    /* PCE, for which there is no bit: MSR. RDPMC exits */
    [9] = { true, CPUID_1_EDX, 24 },   /* OSFXSR: FXSR */
    [10] = { true, CPUID_1_EDX, 25 },  /* OSXMMEXCPT: SSE */
    [11] = { true, CPUID_7_ECX, 2 },   /* UMIP */
    [12] = { true, CPUID_7_ECX, 16 },  /* LA57 */
    [16] = { true, CPUID_7_EBX, 0 },   /* FSGSBASE */
    [17] = { true, CPUID_1_ECX, 17 },  /* PCIDE: PCID */
    [18] = { true, CPUID_1_ECX, 26 },  /* OSXSAVE: XSAVE */
    [20] = { true, CPUID_7_EBX, 7 },   /* SMEP */
    [21] = { true, CPUID_7_EBX, 20 },  /* SMAP */
    [22] = { true, CPUID_7_ECX, 3 },   /* PKE: PKU */
};

#define CR3_PCID 0xfffUL

/* Req: BH-CPUID-008 */
bool cr_policy_cr4_is_valid(const struct cr_state *s, uint64_t value)
{
    uint64_t added = value & ~s->cr4;
    bool is_long = (s->efer & EFER_LMA) != 0;

    if (added >> ARRAY_COUNT(needs) != 0) {
        return false;
    }
    for (uint64_t left = added; left != 0; left &= left - 1) {
        const struct need *n = &needs[__builtin_ctzl(left)];

        if (!n->is_known || !cpuid_policy_has((enum cpuid_word)n->word, n->bit)) {
            return false;
        }
    }
    /* Long mode keeps its paging; process contexts begin in it, with the one of number 0. */
    if (is_long && ((value & CR4_PAE) == 0 || ((value ^ s->cr4) & CR4_LA57) != 0)) {
        return false;
    }
    return (added & CR4_PCIDE) == 0 || (is_long && (s->cr3 & CR3_PCID) == 0);
}

bool cr_policy_cr4_flushes(uint64_t before, uint64_t value)
{
    return ((before ^ value) & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE | CR4_LA57)) != 0;
}
