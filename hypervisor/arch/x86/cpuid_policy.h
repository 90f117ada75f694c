/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUID tells a guest: of what the host has, what is safe and switched between vCPUs, and a topology of its own.
 * What no table or case here names reads as zero (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
 */
#ifndef BH_X86_CPUID_POLICY_H
#define BH_X86_CPUID_POLICY_H

#include "bh/types.h"

struct cpuid_leaf {
    uint32_t eax, ebx, ecx, edx;
};

/* What this host's CPUID says. The architecture's; tests have their own. */
void cpuid_read(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out);

/* What a vCPU's registers are that show in CPUID, and who it is. */
struct cpuid_vcpu {
    uint32_t apic_id;    /* the number of the vCPU, too */
    uint16_t vcpu_count; /* of its domain, at least 1; all APIC IDs are below */
    uint16_t domain_id;
    uint64_t xcr0, xss, cr4;
    bool is_initial;     /* of the domain that manages the others: no answer depends on it */
};

/* What the hypervisor switches between vCPUs, or hands through, so that a guest may use what depends on it. */
#define CPUID_SWITCHED_XSAVE     (1u << 0) /* XCR0, and the XSAVE area up to CPUID_XSAVE_AREA_MAX */
#define CPUID_SWITCHED_TSC_AUX   (1u << 1)
#define CPUID_SWITCHED_XSS       (1u << 2) /* IA32_XSS */
#define CPUID_SWITCHED_SPEC_CTRL (1u << 3) /* IA32_SPEC_CTRL */
#define CPUID_SWITCHED_PRED_CMD  (1u << 4) /* writes to IA32_PRED_CMD */
#define CPUID_SWITCHED_ALL       0x1fu

#define CPUID_XSAVE_AREA_MAX 4096u

/* Set before cpuid_policy_init(). [boot] */
struct cpuid_platform {
    uint32_t tsc_khz;  /* of the guests' time-stamp counters; 0: not known */
    uint32_t switched; /* CPUID_SWITCHED_*; at first XSAVE and TSC_AUX */
};
extern struct cpuid_platform cpuid_platform;

/* Words of feature bits. */
enum cpuid_word {
    CPUID_1_ECX,
    CPUID_1_EDX,
    CPUID_7_EBX,
    CPUID_7_ECX,
    CPUID_7_EDX,
    CPUID_7_1_EAX,
    CPUID_7_1_EDX,
    CPUID_D_1_EAX,
    CPUID_80000001_ECX,
    CPUID_80000001_EDX,
    CPUID_80000007_EDX,
    CPUID_80000008_EBX,
    CPUID_80000021_EAX,
    CPUID_WORD_COUNT,
};

/* Reads the host and computes what guests may see. Once at boot; every CPU has what the boot CPU has. */
void cpuid_policy_init(void);
/* What LEAF says to V. Bound: a look at each component of the XSAVE area. */
void cpuid_policy_answer(const struct cpuid_vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out);

/* May guests use feature BIT of WORD? For what must agree with it: CR4, MSRs. OSXSAVE and OSPKE are never set here. */
bool cpuid_policy_has(enum cpuid_word word, unsigned bit);
/* The bits of XCR0 that a guest may set. */
uint64_t cpuid_policy_xcr0(void);
/* Is VALUE one that a guest may write to XCR0 (SDM volume 1, 13.3)? */
bool cpuid_policy_xcr0_is_valid(uint64_t value);

#endif
