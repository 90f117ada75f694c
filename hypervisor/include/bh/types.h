/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that every file uses: address spaces as types, sizes, attributes. An address of one space cannot be
 * passed for another's: each is a struct of one member, built and opened by name.
 */
#ifndef BH_TYPES_H
#define BH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bh/config.h"
#include "abi/xen.h"

/* A machine frame number: physical address >> PAGE_SHIFT. */
typedef struct { uint64_t n; } mfn_t;
/* A guest frame number: intermediate physical address >> PAGE_SHIFT. */
typedef struct { uint64_t n; } gfn_t;
/* A machine physical address, in bytes. */
typedef struct { uint64_t a; } paddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
/* Orders (log2 of pages) of the block sizes that page tables can hold. */
#define ORDER_4K 0
#define ORDER_2M 9
#define ORDER_1G 18

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

static inline mfn_t mfn(uint64_t n) { return (mfn_t){ n }; }
static inline gfn_t gfn(uint64_t n) { return (gfn_t){ n }; }
static inline paddr_t paddr(uint64_t a) { return (paddr_t){ a }; }
static inline mfn_t mfn_add(mfn_t m, uint64_t pages) { return mfn(m.n + pages); }
static inline gfn_t gfn_add(gfn_t g, uint64_t pages) { return gfn(g.n + pages); }
static inline paddr_t mfn_to_paddr(mfn_t m) { return paddr(m.n << PAGE_SHIFT); }
static inline mfn_t paddr_to_mfn(paddr_t p) { return mfn(p.a >> PAGE_SHIFT); }
#define MFN_INVALID ((mfn_t){ ~0ULL })
static inline bool mfn_valid(mfn_t m) { return m.n != ~0ULL; }

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define ALIGN_UP(x, a)   (((x) + ((a) - 1)) & ~((uint64_t)(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((uint64_t)(a) - 1))
#define BIT(n) (1ULL << (n))

#define MUST_USE __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define COLD __attribute__((cold, noinline))
#define NOINLINE __attribute__((noinline))
/* With all that it calls but what is COLD or NOINLINE: a short way that most calls take. */
#define FLAT __attribute__((flatten))

/* What clang's thread-safety analysis reads; nothing to other compilers. */
#if defined(__clang__)
#define LOCK_TYPE      __attribute__((capability("mutex")))
#define REQUIRES(...)  __attribute__((requires_capability(__VA_ARGS__)))
#define ACQUIRES(...)  __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)  __attribute__((release_capability(__VA_ARGS__)))
#define NO_LOCK_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define LOCK_TYPE
#define REQUIRES(...)
#define ACQUIRES(...)
#define RELEASES(...)
#define NO_LOCK_ANALYSIS
#endif

#endif
