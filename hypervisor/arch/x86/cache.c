/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The geometry of the caches: CPUID leaf 4 (Intel SDM 2A, CPUID), or 0x8000001d, which has the same layout (AMD APM 3,
 * appendix E).
 */
#include "arch/arch.h"
#include "cpuid_policy.h"

#define CACHE_LEAF_INTEL 4
#define CACHE_LEAF_AMD   0x8000001d
#define CACHE_COUNT      8

/* Of the cache of the highest level that LEAF knows. */
static uint64_t way_size(uint32_t leaf)
{
    uint64_t size = 0;
    unsigned highest = 0;

    for (unsigned i = 0; i < CACHE_COUNT; i++) {
        struct cpuid_leaf l;
        unsigned level;

        cpuid_read(leaf, i, &l);
        level = (l.eax >> 5) & 7;
        if ((l.eax & 0x1f) != 0 && level > highest) {
            highest = level;
            size = (uint64_t)((l.ebx & 0xfff) + 1) * (((l.ebx >> 12) & 0x3ff) + 1) * ((uint64_t)l.ecx + 1);
        }
    }
    return size;
}

uint64_t arch_cache_way_size(void)
{
    struct cpuid_leaf basic, extended;
    uint64_t size;

    cpuid_read(0, 0, &basic);
    cpuid_read(0x80000000, 0, &extended);
    size = basic.eax >= CACHE_LEAF_INTEL ? way_size(CACHE_LEAF_INTEL) : 0;
    return size == 0 && extended.eax >= CACHE_LEAF_AMD ? way_size(CACHE_LEAF_AMD) : size;
}
