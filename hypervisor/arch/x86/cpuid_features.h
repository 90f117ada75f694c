/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of features that guests may see.
 */
#ifndef BH_X86_CPUID_FEATURES_H
#define BH_X86_CPUID_FEATURES_H

#include "cpuid_policy.h"

/* Components of the XSAVE area, of XCR0 (SDM 1, 13.1). */
#define XSAVE_X87      BIT(0)
#define XSAVE_SSE      BIT(1)
#define XSAVE_AVX      BIT(2)
#define XSAVE_AVX512   (BIT(5) | BIT(6) | BIT(7)) /* all or none */
#define XSAVE_PKRU     BIT(9)

/*
 * Fills WORDS: of what the host has, what guests may see if SWITCHED (CPUID_SWITCHED_*) is switched, and the components
 * XCR0 of the XSAVE area can be kept.
 */
void cpuid_features_compute(uint32_t switched, uint64_t xcr0, uint32_t words[CPUID_WORD_COUNT]);

#endif
