/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch/x86/cpuid_*.c: two hosts that have everything there is, one of AMD's and one of Intel's, and what of it guests
 * see; hosts that lack something; topologies.
 */
#include "test.h"

#include <string.h>

#include "cpuid_features.h"
#include "cpuid_policy.h"

/* ---- The host ---- */

static struct {
    bool is_intel;
    uint32_t basic_last, extended_last;
    uint32_t features;   /* every word of them */
    uint64_t xcr0;
    uint32_t avx512_size;
} host;

/* Offset and size of each component, as CPUs have them. */
static const struct { uint32_t size, offset, flags; } components[19] = {
    [2] = { 256, 576, 0 }, [3] = { 64, 960, 0 }, [4] = { 64, 1024, 0 }, [5] = { 64, 1088, 0 }, [6] = { 512, 1152, 2 },
    [7] = { 1024, 1664, 2 }, [9] = { 8, 2688, 0 }, [17] = { 64, 2752, 2 }, [18] = { 8192, 2816, 6 },
};

static void host_component(uint32_t n, struct cpuid_leaf *out)
{
    if (n < ARRAY_COUNT(components) && (host.xcr0 >> n & 1) != 0) {
        *out = (struct cpuid_leaf){ components[n].size, components[n].offset, components[n].flags, 0 };
        out->eax = n == 7 ? host.avx512_size : out->eax;
    }
}

/* L1 data, L1 code, L2, L3. */
static const uint32_t cache_types[4] = { 0x121, 0x122, 0x143, 0x163 };

static void host_cache(uint32_t n, struct cpuid_leaf *out)
{
    if (n < 4) { /* shared by many, in a package of 64 cores */
        *out = (struct cpuid_leaf){ 0xfc0fc000 | cache_types[n], 0x01c0003f, 63, 0xfffffff8 | 4 };
    }
}

void cpuid_read(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
    /* What Intel's CPUs answer to leaves that they do not have, or anything else that must not be seen. */
    memset(out, 0xa5, sizeof(*out));
    if (leaf == 0) {
        *out = (struct cpuid_leaf){ host.basic_last, 0x68747541, 0x444d4163, 0x69746e65 };
        out->ebx = host.is_intel ? 0x756e6547 : out->ebx;
    } else if (leaf == 0x80000000) {
        *out = (struct cpuid_leaf){ host.extended_last, 0x68747541, 0x444d4163, 0x69746e65 };
    } else if (leaf == 1) {
        *out = (struct cpuid_leaf){ 0x00a20f10, 0x2a400800, host.features, host.features };
    } else if (leaf == 4) {
        *out = (struct cpuid_leaf){ 0 };
        host_cache(subleaf, out);
    } else if (leaf == 7 && subleaf == 0) {
        *out = (struct cpuid_leaf){ 2, host.features, host.features, host.features };
    } else if (leaf == 0xd && subleaf == 0) {
        *out = (struct cpuid_leaf){ (uint32_t)host.xcr0, 0x1234, 0x5678, (uint32_t)(host.xcr0 >> 32) };
    } else if (leaf == 0xd && subleaf > 1) {
        *out = (struct cpuid_leaf){ 0 };
        host_component(subleaf, out);
    } else if (leaf == 0x80000008) {
        *out = (struct cpuid_leaf){ 0x00343930, host.features, 0x703f, 0x00010007 };
    } else if (leaf == 7 || leaf == 0xd || (leaf >= 0x80000001 && leaf <= host.extended_last)) {
        *out = (struct cpuid_leaf){ host.features, host.features, host.features, host.features };
    }
}

static void boot(bool is_intel, uint32_t switched)
{
    host.is_intel = is_intel;
    host.basic_last = 0x20;
    host.extended_last = 0x80000028;
    host.features = ~0u;
    host.xcr0 = 0x602ff;
    host.avx512_size = 1024;
    cpuid_platform.tsc_khz = 3000000;
    cpuid_platform.switched = switched;
    cpuid_policy_init();
}

static struct cpuid_leaf ask_as(const struct cpuid_vcpu *v, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_leaf out;

    memset(&out, 0x5a, sizeof(out));
    cpuid_policy_answer(v, leaf, subleaf, &out);
    return out;
}

static struct cpuid_leaf ask(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_vcpu v = { .apic_id = 2, .vcpu_count = 4, .domain_id = 7, .xcr0 = 1 };

    return ask_as(&v, leaf, subleaf);
}

static void assert_zero(struct cpuid_leaf l)
{
    assert_int_equal(l.eax | l.ebx | l.ecx | l.edx, 0);
}

/* ---- Features ---- */

static void check_words(const uint32_t expected[CPUID_WORD_COUNT])
{
    assert_int_equal(ask(1, 0).ecx, expected[CPUID_1_ECX]);
    assert_int_equal(ask(1, 0).edx, expected[CPUID_1_EDX] | 1u << 28);
    assert_int_equal(ask(7, 0).ebx, expected[CPUID_7_EBX]);
    assert_int_equal(ask(7, 0).ecx, expected[CPUID_7_ECX]);
    assert_int_equal(ask(7, 0).edx, expected[CPUID_7_EDX]);
    assert_int_equal(ask(7, 1).eax, expected[CPUID_7_1_EAX]);
    assert_int_equal(ask(7, 1).edx, expected[CPUID_7_1_EDX]);
    assert_int_equal(ask(7, 1).ebx | ask(7, 1).ecx, 0);
    assert_int_equal(ask(0xd, 1).eax, expected[CPUID_D_1_EAX]);
    assert_int_equal(ask(0x80000001, 0).ecx, expected[CPUID_80000001_ECX] | (host.is_intel ? 0 : 2));
    assert_int_equal(ask(0x80000001, 0).edx, expected[CPUID_80000001_EDX]);
    assert_int_equal(ask(0x80000007, 0).edx, expected[CPUID_80000007_EDX]);
    assert_int_equal(ask(0x80000008, 0).ebx, expected[CPUID_80000008_EBX]);
    assert_int_equal(ask(0x80000021, 0).eax, host.is_intel ? 0 : expected[CPUID_80000021_EAX]);
    for (unsigned w = 0; w < CPUID_WORD_COUNT; w++) {
        for (unsigned b = 0; b < 32; b++) {
            assert_int_equal(cpuid_policy_has((enum cpuid_word)w, b), expected[w] >> b & 1);
        }
    }
}

/* Of a host with every bit set; written down once more, by hand. */
static const uint32_t all_switched[CPUID_WORD_COUNT] = {
    [CPUID_1_ECX] = 0xf7fa3203,        [CPUID_1_EDX] = 0x0f8bfbff,        [CPUID_7_EBX] = 0xfdbf27e9,
    [CPUID_7_ECX] = 0x1a415f4f,        [CPUID_7_EDX] = 0x8c80451c,        [CPUID_7_1_EAX] = 0x00801c37,
    [CPUID_7_1_EDX] = 0x00004430,      [CPUID_D_1_EAX] = 0x0000000f,      [CPUID_80000001_ECX] = 0x002109f1,
    [CPUID_80000001_EDX] = 0xefd3fbff, [CPUID_80000007_EDX] = 0x00000100,
    [CPUID_80000008_EBX] = 0x751fd205, [CPUID_80000021_EAX] = 0x38000045,
};

/* Req: BH-CPUID-001 */
static void test_features(void **state)
{
    (void)state;
    boot(false, CPUID_SWITCHED_ALL);
    check_words(all_switched);
    boot(true, CPUID_SWITCHED_ALL);
    check_words(all_switched);
    /* Nested virtualization, MONITOR, tracing and their like, whatever the table says. */
    assert_false(cpuid_policy_has(CPUID_1_ECX, 3) || cpuid_policy_has(CPUID_1_ECX, 5) ||
                 cpuid_policy_has(CPUID_1_ECX, 15) || cpuid_policy_has(CPUID_1_EDX, 21));
    assert_false(cpuid_policy_has(CPUID_7_EBX, 2) || cpuid_policy_has(CPUID_7_EBX, 14) ||
                 cpuid_policy_has(CPUID_7_EBX, 25) || cpuid_policy_has(CPUID_7_ECX, 7) ||
                 cpuid_policy_has(CPUID_7_EDX, 20) || cpuid_policy_has(CPUID_7_EDX, 24));
    assert_false(cpuid_policy_has(CPUID_80000001_ECX, 2) || cpuid_policy_has(CPUID_80000001_ECX, 23) ||
                 cpuid_policy_has(CPUID_80000001_ECX, 29));
    /* A host that has nothing: what is ours. */
    host.features = 0;
    host.xcr0 = 0;
    cpuid_policy_init();
    for (unsigned w = 0; w < CPUID_WORD_COUNT; w++) {
        for (unsigned b = 0; b < 32; b++) {
            bool is_ours = (w == CPUID_1_ECX && (b == 21 || b == 24 || b == 31)) || (w == CPUID_1_EDX && b == 9);

            assert_int_equal(cpuid_policy_has((enum cpuid_word)w, b), is_ours);
        }
    }
}

/* Req: BH-CPUID-002 */
static void test_switched(void **state)
{
    uint32_t expected[CPUID_WORD_COUNT];

    (void)state;
    memcpy(expected, all_switched, sizeof(expected));
    boot(false, CPUID_SWITCHED_XSAVE | CPUID_SWITCHED_TSC_AUX);
    expected[CPUID_7_EDX] &= ~0x8c000000u;
    expected[CPUID_D_1_EAX] &= ~8u;
    expected[CPUID_80000008_EBX] &= ~0x511fd000u | 1u << 20;
    expected[CPUID_80000021_EAX] &= ~0x18000000u;
    check_words(expected);
    boot(false, CPUID_SWITCHED_XSAVE);
    expected[CPUID_7_ECX] &= ~(1u << 22);
    expected[CPUID_80000001_EDX] &= ~(1u << 27);
    check_words(expected);
    boot(false, 0);
    expected[CPUID_1_ECX] &= ~0x34001000u;
    expected[CPUID_7_EBX] &= ~0xdc230020u;
    expected[CPUID_7_ECX] &= ~0x00005e4au;
    expected[CPUID_7_EDX] &= ~0x0080010cu;
    expected[CPUID_7_1_EAX] &= ~0x00800037u;
    expected[CPUID_7_1_EDX] &= ~0x00000430u;
    expected[CPUID_D_1_EAX] = 0;
    expected[CPUID_80000001_ECX] &= ~0x00010800u;
    check_words(expected);
    assert_zero(ask(0xd, 0));
    assert_true(cpuid_policy_xcr0() == 0);
    /* One of the two that IBRS needs in leaf 7 */
    boot(false, CPUID_SWITCHED_PRED_CMD);
    assert_false(cpuid_policy_has(CPUID_7_EDX, 26));
    assert_true(cpuid_policy_has(CPUID_80000008_EBX, 12));
    assert_false(cpuid_policy_has(CPUID_80000008_EBX, 14));
}

/* Req: BH-CPUID-003 */
static void test_cr4(void **state)
{
    struct cpuid_vcpu v = { .apic_id = 0, .vcpu_count = 1 };

    (void)state;
    boot(false, CPUID_SWITCHED_ALL);
    assert_int_equal(ask_as(&v, 1, 0).ecx >> 27 & 1, 0);
    assert_int_equal(ask_as(&v, 7, 0).ecx >> 4 & 1, 0);
    v.cr4 = 1u << 18;
    assert_int_equal(ask_as(&v, 1, 0).ecx >> 27 & 1, 1);
    assert_int_equal(ask_as(&v, 7, 0).ecx >> 4 & 1, 0);
    v.cr4 = 1u << 22;
    assert_int_equal(ask_as(&v, 1, 0).ecx >> 27 & 1, 0);
    assert_int_equal(ask_as(&v, 7, 0).ecx >> 4 & 1, 1);
}

/* ---- Topology ---- */

/* Req: BH-CPUID-004 */
static void test_topology(void **state)
{
    static const struct { uint16_t count; uint8_t bits; } sizes[] = {
        { 1, 0 }, { 2, 1 }, { 3, 2 }, { 4, 2 }, { 5, 3 }, { 64, 6 }, { 65, 7 }, { 128, 7 }, { 255, 8 }, { 256, 8 },
        { 257, 9 }, { 512, 9 }, { 1000, 10 },
    };

    (void)state;
    for (unsigned vendor = 0; vendor < 2; vendor++) {
        boot(vendor == 1, CPUID_SWITCHED_ALL);
        for (unsigned i = 0; i < ARRAY_COUNT(sizes); i++) {
            struct cpuid_vcpu v = { .apic_id = sizes[i].count - 1u, .vcpu_count = sizes[i].count };
            uint32_t ids = 1u << sizes[i].bits;
            struct cpuid_leaf l = ask_as(&v, 1, 0);

            assert_int_equal(l.eax, 0x00a20f10);
            assert_int_equal(l.ebx >> 24, v.apic_id & 0xff);
            assert_int_equal(l.ebx >> 16 & 0xff, MIN(v.vcpu_count, 255));
            assert_int_equal(l.ebx & 0xffff, 0x0800);
            assert_int_equal(l.edx >> 28 & 1, v.vcpu_count > 1);
            for (uint32_t leaf = 0xb; leaf <= 0x1f; leaf += 0x14) {
                if (leaf == 0x1f && vendor == 0) {
                    assert_zero(ask_as(&v, leaf, 0));
                    continue;
                }
                l = ask_as(&v, leaf, 0);
                assert_true(l.eax == 0 && l.ebx == 1 && l.ecx == 0x100 && l.edx == v.apic_id);
                l = ask_as(&v, leaf, 1);
                assert_true(l.eax == sizes[i].bits && l.ebx == v.vcpu_count && l.ecx == 0x201 && l.edx == v.apic_id);
                l = ask_as(&v, leaf, 2);
                assert_true(l.eax == 0 && l.ebx == 0 && l.ecx == 2 && l.edx == v.apic_id);
                l = ask_as(&v, leaf, 0x12345678);
                assert_true(l.eax == 0 && l.ebx == 0 && l.ecx == 0x78 && l.edx == v.apic_id);
            }
            l = ask_as(&v, 0x80000008, 0);
            assert_int_equal(l.eax, 0x3930);
            assert_int_equal(l.ecx, vendor == 1 ? 0 : sizes[i].bits << 12 | (MIN(v.vcpu_count, 256u) - 1));
            assert_int_equal(l.edx, 0);
            assert_int_equal(ask_as(&v, 0x80000001, 0).ecx >> 1 & 1, vendor == 0 && v.vcpu_count > 1);
            for (unsigned cache = 0; cache < 4; cache++) {
                l = ask_as(&v, 4, cache);
                if (vendor == 0) {
                    assert_zero(l);
                    continue;
                }
                assert_int_equal(l.eax >> 26, MIN(ids, 64) - 1);
                assert_int_equal(l.eax >> 14 & 0xfff, cache == 3 ? ids - 1 : 0);
                assert_int_equal(l.eax & 0x3fff, cache_types[cache]);
                assert_true(l.ebx == 0x01c0003f && l.ecx == 63 && l.edx == 4);
            }
            assert_zero(ask_as(&v, 4, 4));
            assert_zero(ask_as(&v, 4, UINT32_MAX));
        }
    }
}

/* ---- Leaves ---- */

/* Req: BH-CPUID-005 */
static void test_range(void **state)
{
    static const uint32_t known[] = { 0, 1, 6, 7, 0xb, 0xd };
    static const uint32_t zero[] = { 3, 5, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x12, 0x14, 0x15, 0x16, 0x1e, 0x20, 0x24,
                                     0x3fffffff, 0x80000009, 0x8000000a, 0x8000001d, 0x8000001e, 0x8000001f, 0x80000022,
                                     0x80000026, 0x80000028, 0x80000029, 0x8fffffff, 0xc0000000, 0xffffffff };

    (void)state;
    for (unsigned vendor = 0; vendor < 2; vendor++) {
        boot(vendor == 1, CPUID_SWITCHED_ALL);
        assert_int_equal(ask(0, 0).eax, vendor == 1 ? 0x1f : 0xd);
        assert_int_equal(ask(0, 9).ecx, 0x444d4163);
        assert_int_equal(ask(0x80000000, 0).eax, vendor == 1 ? 0x80000008 : 0x80000021);
        for (unsigned i = 0; i < ARRAY_COUNT(zero); i++) {
            for (uint32_t sub = 0; sub < 3; sub++) {
                assert_zero(ask(zero[i], sub));
            }
        }
        assert_int_equal(ask(6, 0).eax, 4);
        assert_int_equal(ask(6, 0).ecx | ask(6, 0).ebx | ask(6, 0).edx, 0);
        assert_zero(ask(7, 2));
        assert_zero(ask(7, UINT32_MAX));
        assert_int_equal(ask(2, 0).eax, vendor == 1 ? 0xa5a5a5a5 : 0);
        for (uint32_t leaf = 0x80000002; leaf <= 0x80000006; leaf++) {
            assert_int_equal(ask(leaf, 0).ecx, ~0u);
        }
        assert_int_equal(ask(0x80000007, 0).eax | ask(0x80000007, 0).ebx | ask(0x80000007, 0).ecx, 0);
        assert_int_equal(ask(0x80000021, 0).ebx | ask(0x80000021, 0).ecx | ask(0x80000021, 0).edx, 0);
    }
    /* Old hosts: no leaf that they do not have, and nothing of what they answer instead. */
    boot(false, CPUID_SWITCHED_ALL);
    host.basic_last = 1;
    host.extended_last = 0;
    cpuid_policy_init();
    assert_int_equal(ask(0, 0).eax, 1);
    for (unsigned i = 2; i < ARRAY_COUNT(known); i++) {
        assert_zero(ask(known[i], 0));
    }
    assert_int_equal(ask(0x80000000, 0).eax, 0x80000000);
    assert_zero(ask(0x80000001, 0));
    for (unsigned b = 0; b < 32; b++) {
        assert_false(cpuid_policy_has(CPUID_7_EBX, b) || cpuid_policy_has(CPUID_7_1_EAX, b) ||
                     cpuid_policy_has(CPUID_80000001_EDX, b) || cpuid_policy_has(CPUID_80000021_EAX, b));
    }
}

/* Req: BH-CPUID-006 */
static void test_xsave(void **state)
{
    struct cpuid_vcpu v = { .vcpu_count = 1, .xcr0 = 1 };
    struct cpuid_leaf l;

    (void)state;
    boot(false, CPUID_SWITCHED_ALL);
    assert_true(cpuid_policy_xcr0() == 0x2e7); /* no MPX, no AMX */
    l = ask_as(&v, 0xd, 0);
    assert_true(l.eax == 0x2e7 && l.ebx == 576 && l.ecx == 2696 && l.edx == 0);
    v.xcr0 = 7;
    assert_int_equal(ask_as(&v, 0xd, 0).ebx, 832);
    v.xcr0 = 0x207;
    assert_int_equal(ask_as(&v, 0xd, 0).ebx, 2696);
    assert_int_equal(ask_as(&v, 0xd, 1).ebx, 576 + 256 + 8);
    v.xcr0 = 0xe7;
    assert_int_equal(ask_as(&v, 0xd, 0).ebx, 2688);
    assert_int_equal(ask_as(&v, 0xd, 1).ebx, 576 + 256 + 64 + 512 + 1024);
    v.xcr0 = UINT64_MAX; /* what cannot be is not counted */
    v.xss = UINT64_MAX;
    assert_int_equal(ask_as(&v, 0xd, 0).ebx, 2696);
    assert_int_equal(ask_as(&v, 0xd, 1).ebx, 576 + 256 + 64 + 512 + 1024 + 8);
    assert_int_equal(ask_as(&v, 0xd, 1).ecx | ask_as(&v, 0xd, 1).edx, 0);
    l = ask_as(&v, 0xd, 2);
    assert_true(l.eax == 256 && l.ebx == 576 && l.ecx == 0 && l.edx == 0);
    l = ask_as(&v, 0xd, 6);
    assert_true(l.eax == 512 && l.ebx == 1152 && l.ecx == 2 && l.edx == 0);
    assert_zero(ask_as(&v, 0xd, 3));
    assert_zero(ask_as(&v, 0xd, 4));
    assert_zero(ask_as(&v, 0xd, 8));
    assert_zero(ask_as(&v, 0xd, 18));
    assert_zero(ask_as(&v, 0xd, 62));
    assert_zero(ask_as(&v, 0xd, UINT32_MAX));
    /* AVX-512 that does not fit: all of it goes, the others stay. */
    host.avx512_size = 4096 - 1664 + 1;
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 0x207);
    assert_false(cpuid_policy_has(CPUID_7_EBX, 16));
    assert_true(cpuid_policy_has(CPUID_1_ECX, 28));
    host.avx512_size--;
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 0x2e7);
    assert_int_equal(ask_as(&v, 0xd, 0).ecx, 4096);
    host.avx512_size = UINT32_MAX;
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 0x207);
    /* A part of it is none; without AVX there is none; PKU needs its component. */
    host.xcr0 = 0x67;
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 7);
    assert_false(cpuid_policy_has(CPUID_7_ECX, 3));
    host.xcr0 = 0xe3;
    host.avx512_size = 1024;
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 3);
    assert_false(cpuid_policy_has(CPUID_1_ECX, 28));
    assert_true(cpuid_policy_has(CPUID_1_ECX, 26));
    /* No XSAVE. */
    host.features = ~(1u << 26);
    cpuid_policy_init();
    assert_true(cpuid_policy_xcr0() == 0);
    assert_false(cpuid_policy_has(CPUID_1_ECX, 26) || cpuid_policy_has(CPUID_D_1_EAX, 0));
    assert_zero(ask_as(&v, 0xd, 0));
}

/* Req: BH-CPUID-007 */
static void test_xen_leaves(void **state)
{
    static const uint32_t khz[] = { 1, 999, 1000000, 2499998, 3000000, 5000000, 0xffffffff };
    struct cpuid_leaf l;

    (void)state;
    boot(false, CPUID_SWITCHED_ALL);
    l = ask(0x40000000, 0);
    assert_int_equal(l.eax, 0x40000005);
    assert_memory_equal(&l.ebx, "XenVMMXenVMM", 12);
    l = ask(0x40000001, 0);
    assert_true(l.eax == 0x00040011 && (l.ebx | l.ecx | l.edx) == 0);
    l = ask(0x40000002, 0);
    assert_true(l.eax == 1 && l.ebx == 0x40000000 && l.ecx == 0 && l.edx == 0);
    l = ask(0x40000003, 0);
    assert_true(l.eax == 6 && l.ebx == 0 && l.ecx == 3000000 && l.edx == 0);
    l = ask(0x40000003, 2);
    assert_true(l.eax == 3000000 && (l.ebx | l.ecx | l.edx) == 0);
    assert_zero(ask(0x40000003, 3));
    l = ask(0x40000004, 0);
    assert_true(l.eax == 0x78 && l.ebx == 2 && l.ecx == 7 && l.edx == 0);
    assert_zero(ask(0x40000004, 1));
    assert_zero(ask(0x40000005, 0));
    assert_zero(ask(0x40000006, 0));
    assert_zero(ask(0x40000100, 0));
    assert_zero(ask(0x7fffffff, 0));
    /* A second of ticks is a second, to one in 10^9; the multiplier has its top bit. */
    for (unsigned i = 0; i < ARRAY_COUNT(khz); i++) {
        double ns;

        cpuid_platform.tsc_khz = khz[i];
        cpuid_policy_init();
        l = ask(0x40000003, 1);
        assert_true(l.eax == 0 && l.ebx == 0);
        assert_true(l.ecx >> 31 == 1);
        ns = khz[i] * 1000.0 * l.ecx / 4294967296.0;
        for (int32_t shift = (int32_t)l.edx; shift != 0; shift += shift < 0 ? 1 : -1) {
            ns = shift < 0 ? ns / 2 : ns * 2;
        }
        assert_true(ns > 999999999.0 - 1 && ns < 1000000001.0);
    }
    cpuid_platform.tsc_khz = 0;
    host.features = 0;
    cpuid_policy_init();
    assert_zero(ask(0x40000003, 0));
    assert_zero(ask(0x40000003, 1));
    assert_zero(ask(0x40000003, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_switched),
        cmocka_unit_test(test_cr4),
        cmocka_unit_test(test_topology),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_xsave),
        cmocka_unit_test(test_xen_leaves),
    };

    return RUN_TESTS(tests);
}
