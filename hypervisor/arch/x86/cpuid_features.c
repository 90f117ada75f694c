/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Features by words: which bits a guest sees if the host has them, which it sees always, and what they need. A bit that
 * is in no row is never seen. Among these are: nested virtualization (VMX, SVM, SKINIT), SMX, SGX, MONITOR and MWAIT,
 * everything of performance monitoring, tracing and branch records, TSX, MPX, CET, AMX, key locker, user interrupts,
 * resource control, TSC_ADJUST and other MSRs that do not exist for guests.
 *
 * Names and numbers: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E.
 */
#include "cpuid_features.h"

/* Beyond CPUID_SWITCHED_*: components of the XSAVE area. */
#define NEEDS_NOTHING 0u
#define NEEDS_XSAVE   CPUID_SWITCHED_XSAVE
#define NEEDS_TSC_AUX CPUID_SWITCHED_TSC_AUX
#define NEEDS_XSS     (CPUID_SWITCHED_XSAVE | CPUID_SWITCHED_XSS)
#define NEEDS_SPEC    CPUID_SWITCHED_SPEC_CTRL
#define NEEDS_PRED    CPUID_SWITCHED_PRED_CMD
#define NEEDS_AVX     (1u << 16)
#define NEEDS_AVX512  (1u << 17)
#define NEEDS_PKRU    (1u << 18)
/* Not a need: guests see it whatever the host has, since it is the hypervisor's. */
#define OURS          (1u << 31)

struct row {
    uint8_t word;
    uint32_t bits;
    uint32_t needs;
};

#define B(n) (1u << (n))

/* Req: BH-CPUID-001, BH-CPUID-002 */
static const struct row rows[] = {
    /* SSE3, PCLMULQDQ, SSSE3, CX16; PCID, SSE4.1, SSE4.2; MOVBE, POPCNT, AES, RDRAND */
    { CPUID_1_ECX, B(0) | B(1) | B(9) | B(13), NEEDS_NOTHING },
    { CPUID_1_ECX, B(17) | B(19) | B(20), NEEDS_NOTHING },
    { CPUID_1_ECX, B(22) | B(23) | B(25) | B(30), NEEDS_NOTHING },
    { CPUID_1_ECX, B(26), NEEDS_XSAVE },                  /* XSAVE */
    { CPUID_1_ECX, B(12) | B(28) | B(29), NEEDS_AVX },    /* FMA, AVX, F16C */
    { CPUID_1_ECX, B(21) | B(24) | B(31), OURS },         /* X2APIC, TSC_DEADLINE, HYPERVISOR */
    /* FPU to CX8 (0 to 8); SEP, MTRR, PGE, MCA, CMOV, PAT, PSE36; CLFSH; MMX, FXSR, SSE, SSE2, SS */
    { CPUID_1_EDX, 0x1ff, NEEDS_NOTHING },
    { CPUID_1_EDX, B(11) | B(12) | B(13) | B(14) | B(15) | B(16) | B(17), NEEDS_NOTHING },
    { CPUID_1_EDX, B(19) | B(23) | B(24) | B(25) | B(26) | B(27), NEEDS_NOTHING },
    { CPUID_1_EDX, B(9), OURS },                          /* APIC */
    /* FSGSBASE, BMI1, FDP_EXCPTN_ONLY, SMEP, BMI2, ERMS, INVPCID, no FCS and FDS */
    { CPUID_7_EBX, B(0) | B(3) | B(6) | B(7) | B(8) | B(9) | B(10) | B(13), NEEDS_NOTHING },
    /* RDSEED, ADX, SMAP, CLFLUSHOPT, CLWB, SHA */
    { CPUID_7_EBX, B(18) | B(19) | B(20) | B(23) | B(24) | B(29), NEEDS_NOTHING },
    { CPUID_7_EBX, B(5), NEEDS_AVX },                     /* AVX2 */
    /* AVX512 F, DQ, IFMA, PF, ER, CD, BW, VL */
    { CPUID_7_EBX, B(16) | B(17) | B(21) | B(26) | B(27) | B(28) | B(30) | B(31), NEEDS_AVX512 },
    /* PREFETCHWT1, UMIP, GFNI, LA57, CLDEMOTE, MOVDIRI, MOVDIR64B */
    { CPUID_7_ECX, B(0) | B(2) | B(8) | B(16) | B(25) | B(27) | B(28), NEEDS_NOTHING },
    { CPUID_7_ECX, B(3), NEEDS_PKRU },                    /* PKU */
    { CPUID_7_ECX, B(9) | B(10), NEEDS_AVX },             /* VAES, VPCLMULQDQ */
    /* AVX512 VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ */
    { CPUID_7_ECX, B(1) | B(6) | B(11) | B(12) | B(14), NEEDS_AVX512 },
    { CPUID_7_ECX, B(22), NEEDS_TSC_AUX },                /* RDPID */
    { CPUID_7_EDX, B(4) | B(10) | B(14), NEEDS_NOTHING }, /* FSRM, MD_CLEAR, SERIALIZE */
    /* AVX512 4VNNIW, 4FMAPS, VP2INTERSECT, FP16 */
    { CPUID_7_EDX, B(2) | B(3) | B(8) | B(23), NEEDS_AVX512 },
    { CPUID_7_EDX, B(26), NEEDS_SPEC | NEEDS_PRED },      /* IBRS and IBPB */
    { CPUID_7_EDX, B(27) | B(31), NEEDS_SPEC },           /* STIBP, SSBD */
    { CPUID_7_1_EAX, B(10) | B(11) | B(12), NEEDS_NOTHING }, /* FZRM, FSRS, FSRC */
    /* SHA512, SM3, SM4, AVX_VNNI, AVX_IFMA */
    { CPUID_7_1_EAX, B(0) | B(1) | B(2) | B(4) | B(23), NEEDS_AVX },
    { CPUID_7_1_EAX, B(5), NEEDS_AVX512 },                /* AVX512_BF16 */
    { CPUID_7_1_EDX, B(4) | B(5) | B(10), NEEDS_AVX },    /* AVX_VNNI_INT8, AVX_NE_CONVERT, AVX_VNNI_INT16 */
    { CPUID_7_1_EDX, B(14), NEEDS_NOTHING },              /* PREFETCHI */
    { CPUID_D_1_EAX, B(0) | B(1) | B(2), NEEDS_XSAVE },   /* XSAVEOPT, XSAVEC, XGETBV with ECX 1 */
    { CPUID_D_1_EAX, B(3), NEEDS_XSS },                   /* XSAVES */
    /* LAHF, CR8 by LOCK, LZCNT, SSE4A, MISALIGNSSE, PREFETCHW, TBM */
    { CPUID_80000001_ECX, B(0) | B(4) | B(5) | B(6) | B(7) | B(8) | B(21), NEEDS_NOTHING },
    { CPUID_80000001_ECX, B(11) | B(16), NEEDS_AVX },     /* XOP, FMA4 */
    /* AMD's copy of leaf 1; SYSCALL, NX, MMXEXT, FFXSR, 1 GiB pages, LM, 3DNOWEXT, 3DNOW */
    { CPUID_80000001_EDX, 0x0183f3ff, NEEDS_NOTHING },
    { CPUID_80000001_EDX, B(11) | B(20) | B(22) | B(25) | B(26) | B(29) | B(30) | B(31), NEEDS_NOTHING },
    { CPUID_80000001_EDX, B(27), NEEDS_TSC_AUX },         /* RDTSCP */
    { CPUID_80000007_EDX, B(8), NEEDS_NOTHING },          /* invariant TSC */
    /* CLZERO, XSAVEERPTR, WBNOINVD, no LMSLE, SSB_NO, BTC_NO */
    { CPUID_80000008_EBX, B(0) | B(2) | B(9) | B(20) | B(26) | B(29), NEEDS_NOTHING },
    { CPUID_80000008_EBX, B(12) | B(30), NEEDS_PRED },    /* IBPB, and that it flushes return addresses */
    /* IBRS, STIBP, both always on, IBRS preferred, IBRS of the same mode, SSBD, PSFD */
    { CPUID_80000008_EBX, B(14) | B(15) | B(16) | B(17) | B(18) | B(19) | B(24) | B(28), NEEDS_SPEC },
    /* No nested data breakpoints, LFENCE serializes, null selectors clear the base, SRSO_NO */
    { CPUID_80000021_EAX, B(0) | B(2) | B(6) | B(29), NEEDS_NOTHING },
    { CPUID_80000021_EAX, B(27) | B(28), NEEDS_PRED },    /* SBPB, IBPB flushes branch types */
};

/* Where each word is. */
static const struct { uint32_t leaf, subleaf; uint8_t reg; } places[CPUID_WORD_COUNT] = {
    [CPUID_1_ECX] = { 1, 0, 2 },
    [CPUID_1_EDX] = { 1, 0, 3 },
    [CPUID_7_EBX] = { 7, 0, 1 },
    [CPUID_7_ECX] = { 7, 0, 2 },
    [CPUID_7_EDX] = { 7, 0, 3 },
    [CPUID_7_1_EAX] = { 7, 1, 0 },
    [CPUID_7_1_EDX] = { 7, 1, 3 },
    [CPUID_D_1_EAX] = { 0xd, 1, 0 },
    [CPUID_80000001_ECX] = { 0x80000001, 0, 2 },
    [CPUID_80000001_EDX] = { 0x80000001, 0, 3 },
    [CPUID_80000007_EDX] = { 0x80000007, 0, 3 },
    [CPUID_80000008_EBX] = { 0x80000008, 0, 1 },
    [CPUID_80000021_EAX] = { 0x80000021, 0, 0 },
};

/* A word of the host, zero if its leaf is beyond the last one, which Intel's CPUs answer by another's. */
static uint32_t host_word(enum cpuid_word word)
{
    uint32_t leaf = places[word].leaf;
    struct cpuid_leaf l;

    cpuid_read(leaf & 0x80000000, 0, &l);
    if (l.eax < leaf) {
        return 0;
    }
    if (leaf == 7 && places[word].subleaf != 0) {
        cpuid_read(7, 0, &l);
        if (l.eax < places[word].subleaf) {
            return 0;
        }
    }
    cpuid_read(leaf, places[word].subleaf, &l);
    return places[word].reg == 0 ? l.eax : places[word].reg == 1 ? l.ebx : places[word].reg == 2 ? l.ecx : l.edx;
}

void cpuid_features_compute(uint32_t switched, uint64_t xcr0, uint32_t words[CPUID_WORD_COUNT])
{
    uint32_t there = switched & CPUID_SWITCHED_ALL;

    /* XSAVE without its two first components is none. */
    there &= (xcr0 & XSAVE_SSE) != 0 ? ~0u : ~(CPUID_SWITCHED_XSAVE | CPUID_SWITCHED_XSS);
    there |= (xcr0 & XSAVE_AVX) != 0 ? NEEDS_AVX : 0;
    there |= (xcr0 & XSAVE_AVX512) == XSAVE_AVX512 ? NEEDS_AVX512 : 0;
    there |= (xcr0 & XSAVE_PKRU) != 0 ? NEEDS_PKRU : 0;
    for (unsigned i = 0; i < CPUID_WORD_COUNT; i++) {
        words[i] = 0;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *r = &rows[i];

        if (r->needs == OURS) {
            words[r->word] |= r->bits;
        } else if ((r->needs & ~there) == 0) {
            words[r->word] |= r->bits & host_word((enum cpuid_word)r->word);
        }
    }
}
