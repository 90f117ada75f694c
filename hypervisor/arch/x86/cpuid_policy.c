/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID leaf by leaf. What does not depend on the vCPU is computed at boot.
 *
 * A guest's topology: one package, one thread a core, the APIC ID is the vCPU's number. A leaf beyond the last one
 * reads as zero, as on AMD's CPUs; Intel's answer by the last one, which no software wants.
 *
 * Leaves from 0x40000000 on: Xen's public header arch-x86/cpuid.h.
 */
#include "cpuid_policy.h"

#include "abi/x86_cpuid.h"
#include "cpuid_features.h"

#define BASIC_LAST_AMD      0x0du
#define BASIC_LAST_INTEL    0x1fu
#define EXTENDED_FIRST      0x80000000u
#define EXTENDED_LAST_AMD   0x80000021u
#define EXTENDED_LAST_INTEL 0x80000008u
#define XEN_LAST            (XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES)
#define XEN_VERSION_4_17    (4u << 16 | 17)
#define XEN_MSR_BASE        0x40000000u /* where the hypercall page is asked for */

#define CR4_OSXSAVE       BIT(18)
#define CR4_PKE           BIT(22)
#define OSXSAVE           (1u << 27) /* leaf 1, ECX */
#define OSPKE             (1u << 4)  /* leaf 7, ECX */
#define HTT               (1u << 28) /* leaf 1, EDX: more than one logical processor in the package */
#define CMP_LEGACY        (1u << 1)  /* leaf 0x80000001, ECX: AMD's word for cores rather than threads */
#define RDTSCP_BIT        27         /* leaf 0x80000001, EDX */
#define INVARIANT_TSC_BIT 8          /* leaf 0x80000007, EDX */
#define ARAT              (1u << 2)  /* leaf 6, EAX: the APIC timer never stops */

#define TSC_RELIABLE   (1u << 1) /* Xen leaf 3, EAX */
#define TSC_HAS_RDTSCP (1u << 2)

#define LEVEL_THREAD (1u << 8) /* leaf 0xb, ECX */
#define LEVEL_CORE   (2u << 8)

#define CACHES           8 /* of leaf 4 */
#define CACHE_TYPE(eax)  ((eax)&0x1f)
#define CACHE_LEVEL(eax) ((eax) >> 5 & 7)
#define CACHE_KEPT       0x3fffu /* EAX but who shares it, and how many cores there are */

#define COMPONENTS        10        /* of the XSAVE area that guests may have, 0 to 9 */
#define XSAVE_HEADER      576u      /* the legacy region and the header (SDM 1, 13.4) */
#define COMPONENT_ALIGNED (1u << 1) /* leaf 0xd, ECX: in the compacted format at a multiple of 64 */

struct cpuid_platform cpuid_platform = { .switched = CPUID_SWITCHED_XSAVE | CPUID_SWITCHED_TSC_AUX };

/* What all guests see. [boot] */
static struct policy {
    bool is_intel;
    uint32_t basic_last, extended_last;
    uint32_t words[CPUID_WORD_COUNT];
    struct cpuid_leaf basic[3]; /* the host's leaves 0 to 2 */
    struct cpuid_leaf cache[CACHES];
    struct cpuid_leaf component[COMPONENTS]; /* of leaf 0xd */
    struct cpuid_leaf extended[9];           /* the host's leaves from 0x80000000 on */
    uint64_t xcr0;
    uint32_t xsave_size; /* of all components */
    uint32_t tsc_multiplier;
    int8_t tsc_shift;
} policy;

/* ---- Boot ---- */

static uint32_t host_last(uint32_t first)
{
    struct cpuid_leaf l;

    cpuid_read(first, 0, &l);
    return l.eax < first || l.eax > first + 0xffff ? first : l.eax;
}

static uint32_t xsave_size(uint64_t xcr0)
{
    uint32_t size = XSAVE_HEADER;

    for (unsigned i = 2; i < COMPONENTS; i++) {
        if ((xcr0 >> i & 1) != 0) {
            size = MAX(size, policy.component[i].ebx + policy.component[i].eax);
        }
    }
    return size;
}

/* Can all of COMPONENTS, of those the host has, be kept? Then they are read. */
static void component_group(uint64_t host, uint64_t components)
{
    struct cpuid_leaf l[COMPONENTS] = { 0 };

    if ((host & components) != components) {
        return;
    }
    for (unsigned i = 2; i < COMPONENTS; i++) {
        if ((components >> i & 1) == 0) {
            continue;
        }
        cpuid_read(0xd, i, &l[i]);
        l[i].ecx &= COMPONENT_ALIGNED;
        l[i].edx = 0;
        if (l[i].eax == 0 || l[i].ebx < XSAVE_HEADER || l[i].ebx > CPUID_XSAVE_AREA_MAX ||
            l[i].eax > CPUID_XSAVE_AREA_MAX - l[i].ebx) {
            return;
        }
    }
    for (unsigned i = 2; i < COMPONENTS; i++) {
        if ((components >> i & 1) != 0) {
            policy.component[i] = l[i];
        }
    }
    policy.xcr0 |= components;
}

/* Req: BH-CPUID-006 */
static void read_xsave(void)
{
    struct cpuid_leaf l;
    uint64_t host;

    cpuid_read(1, 0, &l);
    if ((cpuid_platform.switched & CPUID_SWITCHED_XSAVE) == 0 || host_last(0) < 0xd || (l.ecx >> 26 & 1) == 0) {
        return;
    }
    cpuid_read(0xd, 0, &l);
    host = (uint64_t)l.edx << 32 | l.eax;
    policy.xcr0 = XSAVE_X87 | XSAVE_SSE;
    component_group(host, XSAVE_AVX);
    component_group(host, XSAVE_PKRU);
    if ((policy.xcr0 & XSAVE_AVX) != 0) {
        component_group(host, XSAVE_AVX512);
    }
    policy.xsave_size = xsave_size(policy.xcr0);
}

static void read_caches(void)
{
    if (!policy.is_intel || policy.basic_last < 4) {
        return;
    }
    for (unsigned i = 0; i < CACHES; i++) {
        cpuid_read(4, i, &policy.cache[i]);
        if (CACHE_TYPE(policy.cache[i].eax) == 0) {
            policy.cache[i] = (struct cpuid_leaf){ 0 };
            return;
        }
        policy.cache[i].eax &= CACHE_KEPT;
        policy.cache[i].edx &= 7;
    }
}

/* Nanoseconds of a tick as Xen has them: ticks, shifted left by the shift, times the multiplier / 2^32. */
static void scale_tsc(void)
{
    uint64_t khz = cpuid_platform.tsc_khz, ns = 1000000;

    if (khz == 0) {
        return;
    }
    /* NS / KHZ to between 1/2 and 1. Bound: khz has 32 bits. */
    for (; ns >= khz; khz <<= 1) {
        policy.tsc_shift++;
    }
    for (; ns * 2 < khz; ns <<= 1) {
        policy.tsc_shift--;
    }
    policy.tsc_multiplier = (uint32_t)((ns << 32) / khz);
}

void cpuid_policy_init(void)
{
    struct cpuid_leaf zero = { 0 };

    policy = (struct policy){ 0 };
    cpuid_read(0, 0, &policy.basic[0]);
    policy.is_intel = policy.basic[0].ebx == 0x756e6547; /* "Genu" */
    policy.basic_last = MIN(host_last(0), policy.is_intel ? BASIC_LAST_INTEL : BASIC_LAST_AMD);
    policy.extended_last = MIN(host_last(EXTENDED_FIRST), policy.is_intel ? EXTENDED_LAST_INTEL : EXTENDED_LAST_AMD);
    for (uint32_t i = 1; i < ARRAY_COUNT(policy.basic) && i <= policy.basic_last; i++) {
        cpuid_read(i, 0, &policy.basic[i]);
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(policy.extended) && EXTENDED_FIRST + i <= policy.extended_last; i++) {
        cpuid_read(EXTENDED_FIRST + i, 0, &policy.extended[i]);
    }
    if (!policy.is_intel) {
        policy.basic[2] = zero;
    }
    read_caches();
    read_xsave();
    cpuid_features_compute(cpuid_platform.switched, policy.xcr0, policy.words);
    scale_tsc();
}

bool cpuid_policy_has(enum cpuid_word word, unsigned bit)
{
    return (policy.words[word] >> bit & 1) != 0;
}

uint64_t cpuid_policy_xcr0(void)
{
    return policy.xcr0;
}

/* ---- Answers ---- */

/* The bits of an APIC ID that COUNT processors need. */
static unsigned id_bits(unsigned count)
{
    return count <= 1 ? 0 : 32 - (unsigned)__builtin_clz(count - 1);
}

/* Req: BH-CPUID-003, BH-CPUID-004 */
static void answer_1(const struct cpuid_vcpu *v, struct cpuid_leaf *out)
{
    const struct cpuid_leaf *host = &policy.basic[1];
    uint32_t count = MIN(v->vcpu_count, 255u);

    out->eax = host->eax;
    out->ebx = (host->ebx & 0xffff) | count << 16 | v->apic_id << 24;
    out->ecx = policy.words[CPUID_1_ECX] | ((v->cr4 & CR4_OSXSAVE) != 0 ? OSXSAVE : 0);
    out->edx = policy.words[CPUID_1_EDX] | (v->vcpu_count > 1 ? HTT : 0);
}

/* Req: BH-CPUID-004 */
/* First and second level caches are a core's own, further ones the package's. */
static void answer_4(const struct cpuid_vcpu *v, uint32_t subleaf, struct cpuid_leaf *out)
{
    uint32_t ids = 1u << id_bits(v->vcpu_count);

    if (subleaf >= CACHES || policy.cache[subleaf].eax == 0) {
        return;
    }
    *out = policy.cache[subleaf];
    out->eax |= (MIN(ids, 64u) - 1) << 26;
    out->eax |= CACHE_LEVEL(out->eax) >= 3 ? (MIN(ids, 4096u) - 1) << 14 : 0;
}

/* Req: BH-CPUID-003 */
static void answer_7(const struct cpuid_vcpu *v, uint32_t subleaf, struct cpuid_leaf *out)
{
    if (subleaf == 0) {
        out->eax = 1;
        out->ebx = policy.words[CPUID_7_EBX];
        out->ecx = policy.words[CPUID_7_ECX] | ((v->cr4 & CR4_PKE) != 0 ? OSPKE : 0);
        out->edx = policy.words[CPUID_7_EDX];
    } else if (subleaf == 1) {
        out->eax = policy.words[CPUID_7_1_EAX];
        out->edx = policy.words[CPUID_7_1_EDX];
    }
}

/* Req: BH-CPUID-004 */
static void answer_topology(const struct cpuid_vcpu *v, uint32_t subleaf, struct cpuid_leaf *out)
{
    out->ecx = subleaf & 0xff;
    out->edx = v->apic_id;
    if (subleaf == 0) {
        out->ebx = 1;
        out->ecx |= LEVEL_THREAD;
    } else if (subleaf == 1) {
        out->eax = id_bits(v->vcpu_count);
        out->ebx = v->vcpu_count;
        out->ecx |= LEVEL_CORE;
    }
}

/* Of COMPONENTS in the compacted format (SDM 1, 13.4.3). */
static uint32_t compacted_size(uint64_t components)
{
    uint32_t size = XSAVE_HEADER;

    for (unsigned i = 2; i < COMPONENTS; i++) {
        if ((components >> i & 1) != 0) {
            size = (policy.component[i].ecx & COMPONENT_ALIGNED) != 0 ? (uint32_t)ALIGN_UP(size, 64u) : size;
            size += policy.component[i].eax;
        }
    }
    return size;
}

/* Req: BH-CPUID-006 */
static void answer_xsave(const struct cpuid_vcpu *v, uint32_t subleaf, struct cpuid_leaf *out)
{
    if (policy.xcr0 == 0) {
        return;
    }
    if (subleaf == 0) {
        out->eax = (uint32_t)policy.xcr0;
        out->ebx = xsave_size(v->xcr0 & policy.xcr0);
        out->ecx = policy.xsave_size;
        out->edx = (uint32_t)(policy.xcr0 >> 32);
    } else if (subleaf == 1) {
        /* Components of IA32_XSS there are none. */
        out->eax = policy.words[CPUID_D_1_EAX];
        out->ebx = (out->eax & 0xa) != 0 ? compacted_size((v->xcr0 | v->xss) & policy.xcr0) : 0;
    } else if (subleaf < COMPONENTS) {
        *out = policy.component[subleaf];
    }
}

/* Req: BH-CPUID-004, BH-CPUID-005 */
static void answer_extended(const struct cpuid_vcpu *v, uint32_t leaf, struct cpuid_leaf *out)
{
    const struct cpuid_leaf *host;

    if (leaf > policy.extended_last) {
        return;
    }
    if (leaf == EXTENDED_LAST_AMD) {
        out->eax = policy.words[CPUID_80000021_EAX];
    }
    if (leaf - EXTENDED_FIRST >= ARRAY_COUNT(policy.extended)) {
        return;
    }
    host = &policy.extended[leaf - EXTENDED_FIRST];
    switch (leaf - EXTENDED_FIRST) {
    case 0:
        *out = *host;
        out->eax = policy.extended_last;
        break;
    case 1:
        out->eax = host->eax;
        out->ebx = host->ebx;
        out->ecx = policy.words[CPUID_80000001_ECX] | (!policy.is_intel && v->vcpu_count > 1 ? CMP_LEGACY : 0);
        out->edx = policy.words[CPUID_80000001_EDX];
        break;
    case 2: /* the CPU's name; caches and translation buffers */
    case 3:
    case 4:
    case 5:
    case 6:
        *out = *host;
        break;
    case 7:
        out->edx = policy.words[CPUID_80000007_EDX];
        break;
    case 8:
        /* Widths of addresses: the CPU checks them, so they are the host's. */
        out->eax = host->eax & 0xffff;
        out->ebx = policy.words[CPUID_80000008_EBX];
        out->ecx = policy.is_intel ? 0 : (MIN(v->vcpu_count, 256u) - 1) | id_bits(v->vcpu_count) << 12;
        break;
    }
}

/* Req: BH-CPUID-007 */
static void answer_xen(const struct cpuid_vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
    bool has_rdtscp = cpuid_policy_has(CPUID_80000001_EDX, RDTSCP_BIT);

    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        *out =
            (struct cpuid_leaf){ XEN_LAST, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX };
        break;
    case 1:
        out->eax = XEN_VERSION_4_17;
        break;
    case 2:
        out->eax = 1;
        out->ebx = XEN_MSR_BASE;
        break;
    case 3:
        if (subleaf == 0) {
            /* Mode 0: the counter is never emulated here. */
            out->eax = (cpuid_policy_has(CPUID_80000007_EDX, INVARIANT_TSC_BIT) ? TSC_RELIABLE : 0) |
                       (has_rdtscp ? TSC_HAS_RDTSCP : 0);
            out->ecx = cpuid_platform.tsc_khz;
        } else if (subleaf == 1) {
            out->ecx = policy.tsc_multiplier;
            out->edx = (uint32_t)policy.tsc_shift;
        } else if (subleaf == 2) {
            out->eax = cpuid_platform.tsc_khz;
        }
        break;
    case 4:
        if (subleaf == 0) {
            out->eax = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT | XEN_HVM_CPUID_EXT_DEST_ID |
                       XEN_HVM_CPUID_UPCALL_VECTOR;
            out->ebx = v->apic_id;
            out->ecx = v->domain_id;
        }
        break;
    }
}

/* Req: BH-CPUID-001, BH-CPUID-005 */
static void answer_basic(const struct cpuid_vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
    if (leaf > policy.basic_last) {
        return;
    }
    switch (leaf) {
    case 0:
        *out = policy.basic[0];
        out->eax = policy.basic_last;
        break;
    case 1:
        answer_1(v, out);
        break;
    case 2:
        *out = policy.basic[2];
        break;
    case 4:
        answer_4(v, subleaf, out);
        break;
    case 6:
        out->eax = ARAT;
        break;
    case 7:
        answer_7(v, subleaf, out);
        break;
    case 0xb:
    case 0x1f:
        answer_topology(v, subleaf, out);
        break;
    case 0xd:
        answer_xsave(v, subleaf, out);
        break;
    }
}

void cpuid_policy_answer(const struct cpuid_vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
    *out = (struct cpuid_leaf){ 0 };
    if (leaf < XEN_CPUID_FIRST_LEAF) {
        answer_basic(v, leaf, subleaf, out);
    } else if (leaf >= EXTENDED_FIRST) {
        answer_extended(v, leaf, out);
    } else {
        answer_xen(v, leaf, subleaf, out);
    }
}

/* Req: BH-CPUID-006 */
bool cpuid_policy_xcr0_is_valid(uint64_t value)
{
    /* x87 is always on; AVX needs SSE, and the three parts of AVX-512 need AVX and each other. */
    const uint64_t sse = 1u << 1, avx = 1u << 2, avx512 = 7u << 5;

    if ((value & 1) == 0 || (value & ~cpuid_policy_xcr0()) != 0) {
        return false;
    }
    if ((value & avx) != 0 && (value & sse) == 0) {
        return false;
    }
    return (value & avx512) == 0 || ((value & avx512) == avx512 && (value & avx) != 0);
}
